"""Backup and restore by the command line: real processes, real panels, and at no moment is a card that was revoked after
the backup on any of them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import TARGETS, Journey, card, until

PEOPLE = range(1, 9)
REVOKED, LOST, LATE = 2, 3, 20


@pytest.fixture
def archive(journey: Journey) -> Path:
    """Eight people proved; a backup while the hub works; then one revoked, one card lost, one more arrived; kill -9."""
    journey.emulate()
    hub = journey.serve()
    journey.ready(journey.take(PEOPLE))
    path = journey.folder / "hub.tar"
    journey.foyer("backup", path)
    journey.ready(journey.take(range(LATE, LATE + 1)))
    journey.foyer("card", "lost", card(LOST))
    journey.foyer("revoke", f"J{REVOKED:04}", "--reason", "left", "--wait")
    until(lambda: not {card(REVOKED), card(LOST)} & set(journey.campus.cards("a-1")))
    # What takes away is copied outside at once, and what came before it with it; all else within a minute.
    until(lambda: "person.revoked" in _tail(journey))
    hub.kill()
    return path


def test_nothing_revoked_after_the_backup_opens_again(journey: Journey, archive: Path):
    whole = json.loads(journey.foyer("backup", "check", archive, "--json"))
    assert whole["campus"] == "small"
    said = journey.foyer("restore", archive, "--data", journey.data)
    assert "in place" in said
    with _watched(journey) as seen:
        journey.serve()
        until(lambda: all(target["read"] and not target["dirty"] for target in journey.get("/targets")))
        until(lambda: set(journey.campus.cards("a-1")) == {card(nth) for nth in PEOPLE} - {card(REVOKED), card(LOST)})
    assert not {card(REVOKED), card(LOST)} & seen
    era = journey.asked("era", "show")
    assert (era["recovering"], era["whole"], era["why"]) == (False, True, [])
    assert {each["no"] for each in era["again"]} == {f"J{LATE:04}"}
    assert _verified(journey)
    assert f"J{LATE:04}" in journey.foyer("era")
    assert "J0002" in journey.foyer("--lang", "zh", "person", "show", "J0002")


def test_without_the_tail_two_people_decide(journey: Journey, archive: Path):
    for path in (journey.data / "tail").iterdir():
        path.unlink()
    assert "--without-tail" in journey.foyer("restore", archive, "--data", journey.data, status=1)
    assert "尾部" in journey.foyer("--lang", "zh", "restore", archive, "--data", journey.data, status=1)
    journey.foyer("restore", archive, "--data", journey.data, "--without-tail")
    before = {target: set(journey.campus.cards(target)) for target in TARGETS}
    with _watched(journey) as seen:
        journey.serve()
        until(lambda: not journey.asked("era", "show", status=5)["unread"])
        assert "era.recovering" in journey.alarms()
        for target in TARGETS:
            assert set(journey.campus.cards(target)) <= before[target], "only erasures went out"
        journey.foyer("revoke", "J0001", "--reason", "left", "--wait")
    assert not {card(REVOKED), card(LOST)} & seen
    system, security = _administrators(journey)
    assert "one more" in journey.foyer("era", "accept", "--token-file", security)
    assert "accepted this already" in journey.foyer("era", "accept", "--token-file", security, status=1)
    journey.foyer("era", "accept", "--token-file", system)
    assert not journey.asked("era", "show", "--token-file", system)["recovering"]
    kept = {card(nth) for nth in PEOPLE} - {card(1)}
    until(lambda: set(journey.campus.cards("a-1")) == kept, why=lambda: str(journey.campus.cards("a-1")))


def test_a_restore_over_a_hub_that_runs_is_refused(journey: Journey):
    journey.serve()
    path = journey.folder / "hub.tar"
    journey.foyer("backup", path)
    assert "Stop it first" in journey.foyer("restore", path, "--data", journey.data, status=1)
    assert "already" in journey.foyer("backup", path, status=1)


def _verified(journey: Journey) -> bool:
    """An auditor asks."""
    token = journey.asked("operator", "add", "the-auditor", "--role", "auditor")["token"]
    return journey.asked("audit", "verify", "--token", token)["ok"]


def _tail(journey: Journey) -> str:
    return "".join(path.read_text("utf-8") for path in (journey.data / "tail").iterdir())


def _administrators(journey: Journey) -> tuple[Path, Path]:
    """A system and a security administrator, and the files that hold their tokens."""
    found = []
    for role in ("system", "security"):
        token = journey.asked("operator", "add", f"the-{role}", "--role", role)["token"]
        path = journey.folder / f"{role}.token"
        path.write_text(token)
        found.append(path)
    return found[0], found[1]


@contextmanager
def _watched(journey: Journey) -> Generator[set[int]]:
    """Every card that any panel ever held in the meantime, as often as one can ask."""
    seen: set[int] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            for target in TARGETS:
                seen.update(journey.campus.cards(target))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def test_a_backup_leaves_no_part_of_one_where_it_fails(journey: Journey):
    journey.serve()
    folder = journey.folder / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    status: Any = 1
    if os.geteuid() != 0:
        journey.foyer("backup", folder / "hub.tar", status=status)
    journey.foyer("backup", journey.folder / "none" / "hub.tar", status=status)
    assert list(folder.iterdir()) == []
    assert not (journey.folder / "none").exists()
