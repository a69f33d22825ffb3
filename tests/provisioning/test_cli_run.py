"""`foyer run`, `serve` and `emulate` as real processes on loopback: from an empty folder to doors that open and shut."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest

from provisioning.campus.campuses import shipped

LINES_MAX = 400
PEOPLE = 6
ASKED_MAX = 150


@pytest.fixture
def campus(tmp_path: Path) -> Path:
    """The demonstration campus on addresses of this test alone: panels of one machine share its loopback."""
    own = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 250}."
    path = tmp_path / "campus.yaml"
    path.write_text(shipped("small").read_text("utf-8").replace("127.60.0.", own), "utf-8")
    return path


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def environment(tmp_path: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1",
        "FOYER_DATA": str(tmp_path / "var"), "FOYER_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip


COMMAND = [sys.executable, "-m", "provisioning.cli.main"]


@contextlib.contextmanager
def going(words, environment) -> Generator[subprocess.Popen[str]]:
    """A command that goes on until Ctrl-C, which must end it cleanly."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0, rest
        assert "Traceback" not in rest, rest
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def until(process, text) -> str:
    """All lines up to the one that holds a text."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
        assert len(lines) < LINES_MAX
    raise AssertionError(f"{text!r} never came:\n{''.join(lines)}")


def foyer(environment, *words):
    done = subprocess.run(
        [*COMMAND, *map(str, words)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_run_fills_an_empty_house_and_the_next_start_goes_on(campus, environment, port):
    run = ("run", "--campus", campus, "--port", port, "--people", PEOPLE)
    with going((*run, "--batches", 2), environment) as hub:
        told = until(hub, "Ctrl-C stops it")
        assert re.search(r"2 batches handed in: \d+ arrivals taken, 0 held, 0 refused; batches left: 398\.", told)
        assert "8 emulated panels with 32 doors answer." in told
        assert "Emulated serial lines below " in told
        assert "4 emulated readers were given keys of their own." in told
        assert re.search(r"Card \d+ opened door a-1-link on serial line lines/g-1: its gateway decided, \d+ ms", told)
        assert "Rights decided 100 %" in told
        assert "Proved on the panels 100 %" in told
        assert "First card proved on a panel" in told
        swipe = re.search(r"swipe (\d+) (\S+)\n", told)
        revoke = re.search(r"revoke (\S+) ", told)
        assert swipe
        assert revoke
        link = re.search(r"(http://\S+/enter\?key=\S+)", told)
        assert link
        with httpx2.Client(trust_env=False, verify=False, follow_redirects=True) as browser:
            assert "a-1" in browser.get(link[1]).text
            with browser.stream("GET", f"http://127.0.0.1:{port}/live") as live:
                assert next(live.iter_lines()) == "event: board"
        assert foyer(environment, "swipe", *swipe.groups()) == (0, f"Door {swipe[2]} opens for card {swipe[1]}.\n")
        status, out = foyer(environment, "revoke", revoke[1], "--reason", "left", "--wait")
        assert (status, "are proved gone." in out) == (0, True)
        assert foyer(environment, "swipe", *swipe.groups())[0] == 1
        refused = "stays shut for card 1: its gateway does not let the card in."
        status, out = foyer(environment, "swipe", 1, "a-3-reading")
        assert (status, refused in out) == (1, True), out
        status, out = foyer(environment, "run", "--campus", campus, "--port", port)
        assert (status, f"Port {port} on 127.0.0.1 is in use" in out, "--port" in out) == (1, True, True)
        status, out = foyer(environment, "run", "--campus", campus, "--port", 0)
        assert (status, "Another hub already serves" in out) == (1, True)
    with going((*run, "--batches", 1), environment) as hub:
        told = until(hub, "Ctrl-C stops it")
        assert "Going on where it stopped: batch-002." in told
        assert "batches left: 397." in told
        assert "Importing" not in told
        assert "were given keys" not in told, "readers keep theirs, and so does their gateway"
        assert "did not open door" not in told
        assert len(json.loads(foyer(environment, "hr", "batches", "--json")[1])) == 4
        assert foyer(environment, "swipe", *swipe.groups())[0] == 1


def test_a_restored_house_says_that_it_recovers(campus, environment, port, tmp_path):
    run, backup = ("run", "--campus", campus, "--port", port, "--people", PEOPLE, "--batches", 1), tmp_path / "hub.tar"
    with going(run, environment) as hub:
        until(hub, "Ctrl-C stops it")
        assert foyer(environment, "backup", backup)[0] == 0
    shutil.rmtree(next((tmp_path / "var").rglob("tail")))
    status, out = foyer(environment, "restore", backup)
    assert (status, "add --without-tail" in out) == (1, True), out
    assert foyer(environment, "restore", backup, "--without-tail")[0] == 0
    with going(run, environment) as hub:
        told = until(hub, "Ctrl-C stops it")
        assert "Recovering since " in told
        assert "foyer era show" in told
        assert "Proved on the panels" not in told, "nothing is written, so nothing is watched"


def test_hub_and_panels_are_separate_processes(campus, environment, port, tmp_path):
    with going(("emulate", campus, "--memory", tmp_path / "panels"), environment) as panels:
        assert "a-1" in until(panels, "11 devices are emulated")
        with going(("serve", "--campus", campus, "--port", port), environment) as hub:
            until(hub, "The hub serves at")
            for words in (("a-1-link",), ("a-3-stacks",), ("a-3-stacks", "--exit"), ("a-3-reading",)):
                status, out = foyer(environment, "door", "pair", *words, "--reason", "new readers")
                assert (status, out) == (0, f"The reader of {words[0]} has its key, and speaks by it alone.\n")
            assert foyer(environment, "door", "pair", "a-1-east", "--reason", "x")[0] == 1
            sheet = tmp_path / "people.xlsx"
            sheet.write_bytes(_sample(campus))
            assert foyer(environment, "hr", "import", sheet)[0] == 0
            batch = json.loads(foyer(environment, "hr", "batches", "--json")[1])[0]["id"]
            status, out = foyer(environment, "readiness", "--batch", batch, "--watch")
            assert (status, "100 % proved ready" in out) == (0, True), out
            for _ in range(ASKED_MAX):
                owing = [one for one in json.loads(foyer(environment, "targets", "--json")[1]) if one["dirty"]]
                if not owing:
                    break
            assert owing == [], "settings of panels are no needs of anybody, so readiness does not wait for them"
        status, out = foyer(environment, "targets")
        assert (status, "No hub answers" in out) == (3, True)
        with going(("serve", "--port", port), environment) as hub:
            until(hub, "The hub serves at")
            assert foyer(environment, "readiness", "--batch", batch)[0] == 0


def test_what_cannot_start_says_why_before_anything_is_made(environment, tmp_path, campus):
    broken = tmp_path / "broken.yaml"
    broken.write_text(campus.read_text("utf-8").replace("serial: 405419911", "serial: 405419896"), "utf-8")
    for words, said in (
        (("serve",), "No hub lives under"),
        (("run", "--campus", broken, "--port", 0), "broken.yaml"),
        (("run", "--campus", tmp_path / "none.yaml", "--port", 0), "cannot be read"),
        (("run", "--campus", campus, "--port", 70_000), "cannot listen"),
        (("run", "--campus", campus, "--host", "203.0.113.9", "--port", 0), "cannot listen"),
        (("emulate", broken), "broken.yaml"),
    ):
        status, out = foyer(environment, *words)
        assert (status, said in out) == (1, True), (words, out)
    assert not list((tmp_path / "var").glob("**/*"))


def _sample(campus: Path) -> bytes:
    from datetime import UTC, datetime

    from provisioning.campus.file import read_campus
    from provisioning.compose import dice
    from provisioning.intake.sample import sample

    read = read_campus(campus.read_text("utf-8"), campus.name)
    return sample(PEOPLE, dice(3), read, datetime.now(UTC).astimezone(read.zone).date())
