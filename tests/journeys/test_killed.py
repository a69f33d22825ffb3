"""kill -9 while a sheet is being taken and carried to the panels: nothing is lost, nothing is done twice, and what was
left under way is found and finished by the next start."""

from __future__ import annotations

import random
import sqlite3
import threading
from contextlib import closing, suppress

import httpx2
import pytest

from provisioning.compose import opened
from provisioning.settings import Settings
from tests.journeys.conftest import SEATED, TARGETS, Journey, card, sheet, until

PEOPLE = range(1, 41)
KILLS = 2
SETTINGS = 2
"""Records of each panel beside cards: where it tells of passages, and of which."""
# What a story tells of one import: the house's beginning, arrivals, the batch, decisions, receipts.
EVENTS = 3 + len(PEOPLE) + 1 + len(PEOPLE) + len(PEOPLE) * len(SEATED)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_the_moment_the_next_start_goes_on(journey: Journey, seed: int):
    chance = random.Random(seed)
    journey.emulate()
    data = sheet(PEOPLE).encode()
    for moment in (0, *sorted(chance.randrange(EVENTS) for _ in range(KILLS))):
        hub = journey.serve()
        sending = threading.Thread(target=_send, args=(journey, data))
        sending.start()
        until(lambda moment=moment: _told(journey) >= moment, every_s=0.002)
        hub.kill()
        sending.join(20)
    journey.serve()
    counts = journey.post("/hr/batches", files={"file": ("people.csv", data)}).json()["counts"]
    assert counts["new"] + counts["same"] == len(PEOPLE), counts
    assert (counts["changed"], counts["refused"]) == (0, 0)
    until(lambda: _settled(journey), why=lambda: str(journey.get("/targets")))
    ready = [journey.get("/readiness", person=f"J{nth:04}", needs=False)["percent"] for nth in (1, 20, 40)]
    assert ready == [100.0] * 3
    for target in TARGETS:
        assert set(journey.campus.cards(target)) == {card(nth) for nth in PEOPLE}
    again = journey.post("/hr/batches", files={"file": ("people.csv", data)}).json()["counts"]
    assert again == {"new": 0, "same": len(PEOPLE), "changed": 0, "held": 0, "refused": 0}
    assert not [kind for kind in journey.alarms() if kind.startswith("drift")], "what was under way is no drift"
    journey.started[-1].interrupt()
    _whole(journey)


def test_a_revocation_outlives_the_hub_that_took_it(journey: Journey):
    journey.emulate()
    hub = journey.serve()
    journey.ready(journey.take(range(1, 3)))
    certificate = journey.post("/persons/J0001/revoke", json={"reason": "left"}).json()
    hub.kill()
    assert not certificate["settled"]
    journey.serve()
    settled = until(lambda: (found := journey.get(f"/revocations/{certificate['id']}"))["settled"] and found)
    assert {line["state"] for line in settled["lines"]} == {"proved_gone"}
    assert len({line["receipt"] for line in settled["lines"]}) == len(SEATED)
    for target in TARGETS:
        assert set(journey.campus.cards(target)) == {card(2)}


def _settled(journey: Journey) -> bool:
    """Whether each panel, and the register of seats, holds everybody, and nothing is owing."""
    found = {target["id"]: target for target in journey.get("/targets")}
    full = all(found[target]["records"] == len(PEOPLE) + SETTINGS * (target in TARGETS) for target in SEATED)
    return full and all(target["dirty"] == 0 for target in found.values())


def _told(journey: Journey) -> int:
    """How far the story has come, whoever writes it."""
    with closing(sqlite3.connect(f"file:{journey.data / 'hub.sqlite3'}?mode=ro", uri=True)) as hub:
        return hub.execute("SELECT count(*) FROM event").fetchone()[0]


def _send(journey: Journey, data: bytes) -> None:
    """A client that may lose its hub at any moment."""
    with suppress(httpx2.TransportError):
        journey.post("/hr/batches", files={"file": ("people.csv", data)})


def _whole(journey: Journey) -> None:
    """The story as it was written and signed, whatever the blows."""
    with opened(Settings(data=journey.data)) as house, house.store.reading() as tx:
        verdict = house.proofs.verify(tx)
    assert verdict.ok, verdict
