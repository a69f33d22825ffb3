"""What journeys share: real processes of the installed command, on addresses and folders of their own. Everything is
waited for by asking, never by sleeping a fixed time, and every wait ends."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx2
import pytest

from devices.wg.control import act
from provisioning.campus.campuses import shipped

FOYER = Path(sys.executable).parent / "foyer"
WAIT_S_MAX = 60.0
ASK_SOON_S, ASK_LATE_S, ASK_LATER = 0.02, 0.3, 1.2
"""One asks soon at first and then ever later: what takes long takes no longer for being asked about all the time."""
TARGETS = ("a-1", "a-2", "b-1", "b-2", "c-1", "d-1", "e-1", "f-1")
# Where somebody has records who is given a seat: on each panel, and in the register of seats.
SEATED = (*TARGETS, "seats")
REGISTERS = {"seats": 20, "flats": 21}
SERIAL = "  # A serial line"
HEADERS = "姓名,工号,部门,职务,人员类别,到岗日期,离岗日期,门禁卡号,办公区"
NETS = count()
CLAIM = 254
"""The host that is bound for as long as a net is somebody's."""

T = TypeVar("T")


@dataclass
class Campus:
    """The demonstration campus on a net of its own; a target's address and control port by its id."""

    path: Path
    net: str

    def host(self, target: str) -> str:
        return f"{self.net}.{TARGETS.index(target) + 1}"

    def address(self, target: str) -> str:
        return f"{self.host(target)}:60000"

    def serial(self, target: str) -> int:
        found = re.search(rf"- id: {target}\n.*?serial: (\d+)", self.path.read_text("utf-8"), re.DOTALL)
        assert found
        return int(found[1])

    def hands(self, target: str, deed: str, **told: Any) -> dict[str, Any]:
        """Do something to an emulated panel or register, by its control port."""
        host = REGISTERS.get(target)
        control = f"{self.host(target)}:60100" if host is None else f"{self.net}.{host}:8090"
        return asyncio.run(act(control, deed, **told))

    def unit(self, target: str, unit: str) -> dict[str, Any]:
        """What an emulated register holds of a unit: its occupant, and the cards of its lock."""
        return self.hands(target, "unit", unit=unit)

    def cards(self, target: str) -> dict[int, dict[str, Any]]:
        """What an emulated panel holds, as it sees it itself."""
        return {card["number"]: card for card in self.hands(target, "cards")["cards"]}


@dataclass
class Process:
    """One running command; what it says goes to a file."""

    popen: subprocess.Popen[bytes]
    said_in: Path

    @property
    def said(self) -> str:
        return self.said_in.read_text("utf-8", "replace")

    def says(self, pattern: str, within_s: float = WAIT_S_MAX) -> re.Match[str]:
        """Wait until it has said this; a process that ends before is a failure."""

        def found() -> re.Match[str] | None:
            ended = self.popen.poll()
            match = re.search(pattern, self.said)
            assert match or ended is None, f"ended with {ended}:\n{self.said}"
            return match

        return until(found, within_s, lambda: f"it never said {pattern}:\n{self.said}")

    def interrupt(self, within_s: float = 15.0) -> int:
        """Ctrl-C; its exit status."""
        self.popen.send_signal(signal.SIGINT)
        return self.popen.wait(within_s)

    def kill(self) -> None:
        """kill -9, at once."""
        self.popen.kill()
        self.popen.wait(WAIT_S_MAX)


@dataclass
class Journey:
    """A folder, the processes started for it, and its hub."""

    folder: Path
    campus: Campus
    started: list[Process] = field(default_factory=list)
    url: str = "http://127.0.0.1:9"
    more: dict[str, str] = field(default_factory=dict)
    """What else stands in the environment of what is started."""

    @property
    def data(self) -> Path:
        return self.folder / "var" / self.campus.path.stem

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOYER_", "LC_", "LANG"))}
        told = {
            "FOYER_DATA": str(self.folder / "var"),
            "FOYER_URL": self.url,
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }
        return kept | told | self.more

    def start(self, *words: object) -> Process:
        said_in = self.folder / f"{len(self.started)}-{words[0]}.txt"
        with said_in.open("wb") as out:
            popen = subprocess.Popen(
                [FOYER, *map(str, words)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=self.environment(), cwd=self.folder,
            )  # fmt: skip
        self.started.append(Process(popen, said_in))
        return self.started[-1]

    def emulate(self, campus: Path | None = None, *more: object) -> Process:
        """The panels by themselves."""
        panels = self.start("emulate", campus or self.campus.path, *more)
        panels.says("devices are emulated")
        return panels

    def serve(self) -> Process:
        """Hub and gateway by themselves, on a free port."""
        hub = self.start("serve", "--campus", self.campus.path, "--port", 0)
        self.url = hub.says(r"serves at (http://\S+)\.")[1]
        return hub

    def foyer(self, *words: object, status: int = 0) -> str:
        """Run a command to its end; what it printed."""
        done = subprocess.run(
            [FOYER, *map(str, words)],
            check=False, capture_output=True, env=self.environment(), cwd=self.folder, timeout=WAIT_S_MAX,
        )  # fmt: skip
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == status, f"{words} ended with {done.returncode}:\n{said}"
        return said

    def asked(self, *words: object, status: int = 0) -> Any:
        """The same with --json, understood."""
        return json.loads(self.foyer(*words, "--json", status=status))

    def get(self, path: str, **query: str | bool) -> Any:
        """Ask the API itself, which is quicker than a command."""
        answer = httpx2.get(
            self.url + path, params=query, headers=self.bearer, trust_env=False, verify=False, timeout=20
        )
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, **rest: Any) -> httpx2.Response:
        return httpx2.post(self.url + path, headers=self.bearer, trust_env=False, verify=False, timeout=60, **rest)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {(self.data / 'operator.token').read_text().strip()}"}

    def take(self, people: range, **changes: str) -> str:
        """Import these people by the API; the batch."""
        answer = self.post("/hr/batches", files={"file": ("people.csv", sheet(people, **changes).encode())})
        assert answer.status_code == 200, answer.text
        assert answer.json()["counts"]["refused"] == 0, answer.text
        return answer.json()["batch"]

    def percent(self, batch: str) -> float | None:
        return self.get("/readiness", batch=batch, needs=False)["percent"]

    def ready(self, batch: str) -> None:
        """Wait until everything that counts of a batch is proved."""
        until(lambda: self.percent(batch) == 100.0, why=lambda: str(self.get("/targets")))

    def target(self, target: str) -> dict[str, Any]:
        return self.get(f"/targets/{target}")

    def settled(self) -> bool:
        """Whether nothing is owing to any target."""
        return all(target["dirty"] == 0 for target in self.get("/targets"))

    def seats(self) -> dict[str, str]:
        """Whose each seat is: staff number → seat."""
        return {one["no"]: one["unit"] for one in self.get("/seats") if one["no"]}

    def drifts(self) -> list[dict[str, Any]]:
        return self.get("/drift")

    def alarms(self) -> list[str]:
        return sorted(alarm["kind"] for alarm in self.get("/alarms"))

    def end(self) -> None:
        for process in reversed(self.started):
            if process.popen.poll() is None:
                process.kill()


def until(
    ask: Callable[[], T | None],
    within_s: float = WAIT_S_MAX,
    why: Callable[[], str] = str,
    every_s: float | None = None,
) -> T:
    """What `ask` says once it says something true; asked every `every_s` where that is told."""
    end = time.monotonic() + within_s
    pause_s = ASK_SOON_S
    while not (answer := ask()):
        assert time.monotonic() < end, f"waited {within_s:g} s in vain: {why()}"
        time.sleep(pause_s if every_s is None else every_s)
        pause_s = min(pause_s * ASK_LATER, ASK_LATE_S)
    return answer


def sheet(people: range, **changes: str) -> str:
    """A sheet of staff of the finance bureau, who came yesterday. Number n is J0000 + n with card 700000 + n."""
    told = {"department": "财政局", "kind": "公务员", "arrival": day(-1), "departure": "", "area": "北办公区"} | changes
    rows = [
        f"测试员,J{nth:04},{told['department']},科员,{told['kind']},{told['arrival']},{told['departure']},"
        f"{700_000 + nth},{told['area']}"
        for nth in people
    ]
    return "\n".join([HEADERS, *rows]) + "\n"


def day(later: int) -> str:
    """A day at the site, so many days from today."""
    return str(today() + timedelta(days=later))


def today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def card(nth: int) -> int:
    return 700_000 + nth


@contextmanager
def started_journey(folder: Path, *, serial: bool = False) -> Generator[Journey]:
    """A journey on a folder of its own. Nothing runs yet; whatever is started ends with the block. Only with `serial` has
    the campus its serial doors, whose readers somebody must pair first."""
    path = folder / "small.yaml"
    with _own_net() as net:
        text = shipped("small").read_text("utf-8").replace("127.60.0", net)
        panels, mark, _ = text.partition(SERIAL)
        assert mark, "the serial line stands last in the file"
        path.write_text(text if serial else panels, "utf-8")
        journey = Journey(folder, Campus(path, net))
        try:
            yield journey
        finally:
            journey.end()


@pytest.fixture
def journey(tmp_path: Path) -> Iterator[Journey]:
    """A journey for one test."""
    with started_journey(tmp_path) as journey:
        yield journey


@contextmanager
def _own_net() -> Generator[str]:
    """A net on which nobody answers, and which nobody else takes until the block ends: other tests run beside these."""
    start = os.getpid() * 7 + next(NETS)
    for nth in range(250):
        net = f"127.64.{(start + nth) % 250 + 1}"
        with socket(AF_INET, SOCK_DGRAM) as claim:
            try:
                claim.bind((f"{net}.{CLAIM}", 60000))
            except OSError:
                continue
            if all(_free(f"{net}.{host}") for host in range(1, len(TARGETS) + 1)):
                yield net
                return
    pytest.fail("no net is free")


def _free(host: str) -> bool:
    try:
        with socket(AF_INET, SOCK_DGRAM) as wire, socket(AF_INET, SOCK_STREAM) as control:
            wire.bind((host, 60000))
            control.bind((host, 60100))
    except OSError:
        return False
    return True
