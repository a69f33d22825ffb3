"""A gateway in a process of its own: it carries out what the hub wants, goes on without it, survives blows of any kind, and
what it opens ends with its credential."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from tests.journeys.conftest import TARGETS, Journey, Process, card, until

SITE = ("a-1", "a-2", "b-1", "b-2")
PEOPLE = range(1, 5)
HEARD_S = 3.0


class Far:
    """A hub at a port that it keeps, and a gateway by itself that has some of its panels."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.folder = journey.folder / "edge"
        path, listener = journey.campus.path, f"{journey.campus.net}.32:60001"
        text, found = re.subn(r"(\{id: [ab], .*at: \[.*\])", rf"\1, listener: {listener}", path.read_text("utf-8"))
        assert found == 2
        path.write_text(text, "utf-8")
        journey.emulate()
        self.hub = journey.serve()
        added = journey.asked("gateway", "add", "site-a")
        self.gateway = self.join(added["code"])
        for target in SITE:
            journey.foyer("gateway", "hand", target, "--to", "site-a")
        until(lambda: self.targets() == len(SITE))

    def join(self, code: str | None = None) -> Process:
        words: tuple[Any, ...] = () if code is None else ("--code", code)
        gateway = self.journey.start("gateway", "--hub", self.journey.url, "--data", self.folder, *words)
        gateway.says("This is gateway")
        return gateway

    def serve(self) -> None:
        port = self.journey.url.rpartition(":")[2]
        self.hub = self.journey.start("serve", "--campus", self.journey.campus.path, "--port", port)
        self.hub.says("serves at")

    def targets(self) -> int:
        (found,) = self.journey.get("/gateways")
        return len(found["targets"])

    def held(self) -> list[set[int]]:
        return [set(self.journey.campus.cards(target)) for target in SITE]


@pytest.fixture
def far(journey: Journey) -> Far:
    return Far(journey)


def test_what_hr_tells_is_proved_at_the_site_and_what_is_revoked_goes(far: Far):
    journey = far.journey
    journey.ready(journey.take(PEOPLE))
    assert far.held() == [{card(nth) for nth in PEOPLE}] * len(SITE)
    certificate = journey.post("/persons/J0001/revoke", json={"reason": "left"}).json()
    settled = until(lambda: (found := journey.get(f"/revocations/{certificate['id']}"))["settled"] and found)
    assert {line["state"] for line in settled["lines"]} == {"proved_gone"}
    assert far.held() == [{card(nth) for nth in PEOPLE if nth != 1}] * len(SITE)
    assert far.gateway.interrupt() == 0


def test_a_revocation_goes_out_from_disk_while_the_hub_lies_dead(far: Far):
    journey = far.journey
    journey.ready(journey.take(PEOPLE))
    for target in SITE:
        journey.campus.hands(target, "power", on=False)
    certificate = journey.post("/persons/J0001/revoke", json={"reason": "left"}).json()
    until(lambda: _owed(far, 1))
    far.hub.kill()
    far.gateway.kill()
    for target in SITE:
        journey.campus.hands(target, "power", on=True)
    far.gateway = far.join()
    far.gateway.says("does not answer")
    until(lambda: far.held() == [{card(nth) for nth in PEOPLE if nth != 1}] * len(SITE))
    far.serve()
    settled = until(lambda: (found := journey.get(f"/revocations/{certificate['id']}"))["settled"] and found)
    assert len({line["receipt"] for line in settled["lines"]}) == len(settled["lines"])


def test_passages_are_heard_at_the_site_and_arrive_once_and_in_order_also_from_days_without_a_hub(far: Far):
    journey = far.journey
    journey.ready(journey.take(PEOPLE))
    tries = 1
    while not _heard(journey, tries):
        tries += 1
    far.hub.kill()
    for nth in (2, 3, 4):
        journey.campus.hands("a-1", "swipe", card=card(nth), door=1)
    far.gateway.kill()
    far.gateway = far.join()
    journey.campus.hands("a-1", "swipe", card=card(2), door=1)
    far.serve()
    until(lambda: len(_passages(journey)) >= tries + 4, why=lambda: str(_passages(journey)))
    far.gateway.kill()
    far.gateway = far.join()
    journey.campus.hands("a-1", "swipe", card=card(3), door=1)
    until(lambda: len(_passages(journey)) >= tries + 5, why=lambda: str(_passages(journey)))
    assert _passages(journey) == [card(nth) for nth in (*[1] * tries, 2, 3, 4, 2, 3)]
    assert not [kind for kind in journey.alarms() if kind.startswith("passages.")]


@pytest.mark.parametrize("blows", [3])
def test_whatever_falls_whenever_all_is_equal_in_the_end(far: Far, blows: int):
    journey = far.journey
    for nth in range(blows):
        journey.take(range(1 + 10 * nth, 11 + 10 * nth))
        until(lambda nth=nth: any(card(1 + 10 * nth) in held for held in far.held()), every_s=0.005)
        far.gateway.kill()
        if nth % 2:
            far.hub.kill()
        far.gateway = far.join()
        if nth % 2:
            far.serve()
    until(journey.settled, why=lambda: str(journey.get("/targets")))
    everybody = {card(nth) for nth in range(1, 1 + 10 * blows)}
    assert [set(journey.campus.cards(target)) for target in TARGETS] == [everybody] * len(TARGETS)
    assert not [kind for kind in journey.alarms() if kind.startswith("drift")]


def test_who_is_revoked_at_the_hub_is_told_so_and_enrols_anew(far: Far):
    journey = far.journey
    journey.foyer("gateway", "revoke", "site-a")
    far.gateway.says("revoked")
    assert far.gateway.interrupt() == 0
    far.gateway = far.join(journey.asked("gateway", "add", "site-b")["code"])
    far.gateway.says("The hub answers")


def test_a_restored_hub_takes_nothing_back_that_was_taken_away(far: Far):
    journey = far.journey
    journey.ready(journey.take(PEOPLE))
    archive = journey.folder / "hub.tar"
    journey.foyer("backup", archive)
    journey.foyer("revoke", "J0002", "--reason", "left", "--wait")
    until(lambda: "person.revoked" in "".join(path.read_text("utf-8") for path in (journey.data / "tail").iterdir()))
    far.hub.kill()
    journey.foyer("restore", archive, "--data", journey.data)
    far.serve()
    seen: set[int] = set()

    def equal() -> bool:
        held = far.held()
        seen.update(*held)
        return all(
            target["read"] and not target["dirty"] for target in journey.get("/targets") if target["kind"] == "wg"
        )

    until(equal, every_s=0.05)
    assert card(2) not in seen
    assert far.held() == [{card(nth) for nth in PEOPLE if nth != 2}] * len(SITE)
    assert journey.post("/persons/J0003/revoke", json={"reason": "left"}).is_success
    until(lambda: far.held() == [{card(nth) for nth in PEOPLE if nth not in (2, 3)}] * len(SITE))
    until(journey.settled)


def test_a_site_is_handed_back_to_the_hubs_own_gateway(far: Far):
    journey = far.journey
    journey.ready(journey.take(PEOPLE))
    journey.foyer("gateway", "hand", "a-1", "--to", "embedded")
    until(lambda: far.targets() == len(SITE) - 1)
    far.gateway.kill()
    certificate = journey.post("/persons/J0001/revoke", json={"reason": "left"}).json()
    until(lambda: card(1) not in journey.campus.cards("a-1"))
    assert card(1) in journey.campus.cards("a-2"), "nobody else works it while its gateway may"
    far.gateway = far.join()
    until(lambda: journey.get(f"/revocations/{certificate['id']}")["settled"])


def _owed(far: Far, least: int) -> bool:
    """Whether the gateway has what is to be taken away on its own disk, on every panel."""
    with closing(sqlite3.connect(f"file:{far.folder / 'work.sqlite3'}?mode=ro", uri=True)) as work:
        rows = work.execute(
            "SELECT target, count(*) FROM task WHERE body IS NULL AND done = 0 GROUP BY target"
        ).fetchall()
    return len(rows) == len(SITE) and all(count >= least for _, count in rows)


def _heard(journey: Journey, nth: int) -> bool:
    """Whether a passage arrives of a panel that answers nothing: then it was heard, for it could not be fetched. Where it
    was not, it is fetched afterwards."""
    journey.campus.hands("a-1", "faults", drop=1.0)
    journey.campus.hands("a-1", "swipe", card=card(1), door=1)
    end = time.monotonic() + HEARD_S
    while not (arrived := len(_passages(journey)) == nth) and time.monotonic() < end:
        time.sleep(0.05)
    journey.campus.hands("a-1", "faults")
    until(lambda: len(_passages(journey)) == nth)
    return arrived


def _passages(journey: Journey) -> list[int]:
    found = journey.get("/passages", target="a-1")
    rows = found if isinstance(found, list) else found["passages"]
    return [one["card"] for one in reversed(rows) if one["card"]]
