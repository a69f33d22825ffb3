"""A first day at full size, from an empty folder: 120 panels, two registers, 2,000 people in place, batches of arrivals
until a Hold stops them, a second person, a second start, a revocation. It takes minutes, so `./foyer test` passes it over
(its name is no test's name): `make town`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.campus.campuses import shipped
from tests.journeys.conftest import Campus, Journey, until

NET = "127.65"
PANELS, LINES = 120, 5
IN_PLACE = 2000
FIRST_BATCHES, THEN_BATCHES = 20, 60
RUN_S_MAX = 1500.0
SETTLE_S_MAX = 600.0
LOOK_EVERY_S = 1.0


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Journey]:
    """The campus that ships, on a net of its own; nothing runs yet."""
    path = tmp_path / "xiongan.yaml"
    path.write_text(shipped("xiongan").read_text("utf-8").replace("127.61.", f"{NET}."), "utf-8")
    journey = Journey(tmp_path, Campus(path, NET))
    try:
        yield journey
    finally:
        journey.end()


@pytest.mark.timeout(3600)
def test_a_first_day_at_full_size(town: Journey):
    began = time.monotonic()
    hub = _run(town, FIRST_BATCHES)
    assert "Going on" not in hub.said
    _told(began, "opening load and first batches proved")
    batches = town.get("/hr/batches", limit="500")
    assert (len(batches), batches[-1]["taken"]) == (1 + FIRST_BATCHES, IN_PLACE)
    assert _counts(town) == (PANELS + LINES + 2, 0, 0)
    assert town.get("/holds") == []
    assert hub.interrupt(60) == 0, hub.said

    hub = _run(town, THEN_BATCHES)
    assert "Going on where it stopped" in hub.said
    assert "Large changes that wait for a second person" in hub.said
    assert len(town.get("/hr/batches", limit="500")) == 1 + FIRST_BATCHES + THEN_BATCHES
    _told(began, "second start and more batches")
    _let_go(town)
    until(lambda: _counts(town) == (PANELS + LINES + 2, 0, 0), SETTLE_S_MAX, lambda: str(_counts(town)), LOOK_EVERY_S)
    assert {town.percent(batch["id"]) for batch in town.get("/hr/batches", limit="500")} <= {100.0, None}
    _told(began, "held arrivals approved and proved")

    no = town.get("/persons", limit="1")["people"][0]["no"]
    certificate = town.asked("revoke", no, "--reason", "left", "--wait")
    assert certificate["settled"]
    assert len(certificate["lines"]) > 1
    assert all(line["state"] == "proved_gone" and line["receipt"] for line in certificate["lines"])
    _told(began, f"revoked on {len(certificate['lines'])} targets")
    assert hub.interrupt(60) == 0, hub.said
    assert "Traceback" not in hub.said


def _run(town: Journey, batches: int) -> Any:
    """`foyer run`, until it has said all that it has to say."""
    hub = town.start("run", "--campus", town.campus.path, "--batches", batches, "--port", 0)
    town.url = hub.says(r"Status page \(this link opens it once\): (http://[^/]+)/", RUN_S_MAX)[1]
    hub.says("Ctrl-C stops it; the next start goes on from here")
    return hub


def _counts(town: Journey) -> tuple[int, int, int]:
    """How many targets are in reach, and how many records are owing and refused on all of them."""
    targets = town.get("/targets")
    reached = sum(target["unreachable"] is None for target in targets)
    return reached, sum(target["dirty"] for target in targets), sum(target["refused"] for target in targets)


def _let_go(town: Journey) -> None:
    """A second operator approves all that waits; the first may not."""
    holds = town.asked("hold", "list")
    assert holds
    assert "nobody approves their own proposal" in town.foyer("hold", "approve", holds[0]["id"], status=4)
    token = town.asked("operator", "add", "second", "--role", "hr", "--role", "security")["token"]
    for hold in holds:
        town.foyer("hold", "approve", hold["id"], "--token", token)
    assert town.asked("hold", "list") == []


def _told(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {what}")
