"""The whole campus for measurements: xiongan's panels and registers in one process, a hub in another, and two operators
who ask it over HTTP as any client would."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from devices.campus import Document, Wire, read, wires
from provisioning.campus.campuses import shipped

NAME = "xiongan"
START_S_MAX = 60.0
WAIT_S_MAX = 900.0
POLL_S = 0.1
ASK_TIMEOUT_S = 300.0


class TooLong(Exception):
    """What was waited for did not come in time."""


def town_text() -> str:
    """The campus at addresses of its own, so that a demonstration that runs beside is not measured with it; without its
    serial lines, whose readers nobody pairs here."""
    panels, _, _ = shipped(NAME).read_text("utf-8").partition("  # Serial lines")
    return panels.replace("127.61.", "127.66.")


@contextmanager
def devices(text: str, memory: Path | None = None, fill: Callable[[Wire], None] | None = None) -> Generator[Document]:
    """All devices of the campus, by `foyer emulate` in a process of its own; with empty memories, unless `fill` was to
    write some into the folder `memory`."""
    document = read(text, NAME)
    if fill is not None:
        for wire in wires(document):
            fill(wire)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as heard:
        path = Path(folder) / f"{NAME}.yaml"
        path.write_text(text, "utf-8")
        remembering = [] if memory is None else ["--memory", str(memory)]
        with _process(["emulate", str(path), *remembering], heard):
            _until(lambda: b"emulated" in _so_far(heard), START_S_MAX)
            yield document


@dataclass(frozen=True)
class Town:
    """A hub that serves the campus, and two people who may ask it."""

    data: Path
    first: httpx2.Client
    second: httpx2.Client

    def post(self, path: str, who: httpx2.Client | None = None, **rest: Any) -> dict[str, Any]:
        """Ask, and have an answer that is no refusal."""
        answer = (who or self.first).post(path, **rest)
        if answer.is_error:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def hand_in(self, name: str, sheet: bytes) -> dict[str, Any]:
        """Hand a sheet in: the report, which names the hold as which a part of it waits."""
        return self.post("/hr/batches", files={"file": (name, sheet)})

    def approve(self, hold: str) -> None:
        """The second operator lets go what waits."""
        self.post(f"/holds/{hold}/approve", self.second)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the hub's database, without a part in its work."""
        with closing(sqlite3.connect(f"file:{self.data / 'hub.sqlite3'}?mode=ro", uri=True)) as base:
            return base.execute(query, values).fetchall()

    def outstanding(self) -> int:
        """How many records are not as wanted."""
        return self.ask("SELECT count(*) FROM record WHERE dirty")[0][0]

    def undecided(self) -> int:
        """How many people are still to be looked at now."""
        soon = (time.time() + 60) * 1_000_000
        return self.ask("SELECT count(*) FROM person WHERE due < ?", int(soon))[0][0]

    def settled(self) -> float:
        """Wait until everybody was looked at and every record is as wanted; seconds."""
        return _until(lambda: not self.outstanding() and not self.undecided(), WAIT_S_MAX)

    def sealed(self) -> float:
        """Wait until a checkpoint covers all that was told, so that what was done before is measured with nothing else;
        seconds."""
        whole = "SELECT coalesce((SELECT max(size) FROM checkpoint), 0) >= (SELECT count(*) FROM event)"
        return _until(lambda: self.ask(whole)[0][0], WAIT_S_MAX)

    def wanted(self) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """(key, body) of every record that is wanted, by target."""
        found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for target, key, body in self.ask(
            "SELECT target, key, wanted FROM record WHERE wanted IS NOT NULL ORDER BY key"
        ):
            found.setdefault(target, []).append((key, json.loads(body)))
        return found


@contextmanager
def town(text: str, *, apart: bool = False) -> Generator[Town]:
    """`foyer serve` on a new folder, every target read once, and a second operator beside the first. `apart` has a gateway
    in a process of its own work every target."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        heard = stack.enter_context(tempfile.TemporaryFile())
        path = Path(folder) / f"{NAME}.yaml"
        path.write_text(text, "utf-8")
        port = _free_port()
        words = ["serve", "--campus", str(path), "--port", str(port), "--data", folder]
        stack.enter_context(_process(words, heard))
        data = Path(folder) / NAME
        _until(lambda: b"serves at" in _so_far(heard), START_S_MAX)
        first = stack.enter_context(_client(port, (data / "operator.token").read_text().strip()))
        second = stack.enter_context(_client(port, _added(first)))
        found = Town(data, first, second)
        if apart:
            stack.enter_context(_gateway(found, port, sites_of(text)))
        _until(lambda: not found.ask("SELECT 1 FROM target WHERE active AND read IS NULL"), WAIT_S_MAX)
        yield found


def sites_of(text: str) -> list[str]:
    """The campus's sites."""
    return [site["id"] for site in read(text, NAME).value["sites"]]


@contextmanager
def _gateway(town: Town, port: int, sites: list[str]) -> Generator[None]:
    """A gateway of its own that has all targets."""
    code = town.post("/gateways", json={"name": "apart"})["code"]
    words = ["gateway", "--hub", f"http://127.0.0.1:{port}", "--code", code, "--data", str(town.data / "apart")]
    with tempfile.TemporaryFile() as heard, _process(words, heard):
        _until(lambda: b"This is gateway" in _so_far(heard), START_S_MAX)
        for site in sites:
            town.post("/gateways/hand", json={"what": site, "to": "apart"})
        _until(lambda: not town.ask("SELECT 1 FROM target WHERE active AND gateway IS NULL"), WAIT_S_MAX)
        yield


def _added(first: httpx2.Client) -> str:
    """The token of a second operator."""
    added = first.post("/operators", json={"name": "second", "roles": ["hr"]})
    if added.is_error:
        raise AssertionError(added.text)
    return added.json()["token"]


def _client(port: int, token: str) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, verify=False, timeout=ASK_TIMEOUT_S
    )


@contextmanager
def _process(words: list[str], heard: Any) -> Generator[None]:
    command = [sys.executable, "-m", "provisioning.cli.main", *words]
    environment = os.environ | {"NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(command, stdout=heard, stderr=heard, env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=START_S_MAX)


def _so_far(heard: Any) -> bytes:
    return os.pread(heard.fileno(), 1 << 20, 0)


def _until(reached: Callable[[], object], most_s: float) -> float:
    began = time.perf_counter()
    while not reached():
        if time.perf_counter() - began > most_s:
            raise TooLong
        time.sleep(POLL_S)
    return time.perf_counter() - began


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return door.getsockname()[1]
