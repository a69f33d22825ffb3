"""A running hub and running panels, each by itself, and what happens to both: wires that fail, hands that tamper, cards
that are lost. One town for all of these; each has people of its own, and leaves the panels as it found them."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from uhppoted.errors import CardDeleted
from uhppoted.uhppote import Uhppote

from tests.journeys.conftest import SEATED, TARGETS, Journey, card, started_journey, today, until

LISTENING_S = 30.0
HELD = """
    SELECT held ->> 'number', held ->> 'opens', held ->> 'closes', held -> 'doors' FROM record
    WHERE target = ? AND held IS NOT NULL AND key LIKE 'card:%'
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """`foyer emulate` and `foyer serve`, with nobody in it yet."""
    with started_journey(tmp_path_factory.mktemp("town")) as journey:
        journey.emulate()
        journey.serve()
        yield journey


def needs(town: Journey, batch: str) -> dict[str, set[str]]:
    """The states of a batch's needs, by target."""
    found: dict[str, set[str]] = {}
    for need in town.get("/readiness", batch=batch)["needs"]:
        found.setdefault(need["target"], set()).add(need["state"])
    return found


def all_but(town: Journey, batch: str, target: str) -> bool:
    found = needs(town, batch)
    return all(states == {"proved"} for at, states in found.items() if at != target)


@contextmanager
def suffering(town: Journey, target: str, **faults: float) -> Generator[None]:
    """A panel whose wire is bad until the block ends; the hub has then found it well again."""
    town.campus.hands(target, "faults", **faults)
    try:
        yield
    finally:
        town.campus.hands(target, "faults")
        until(lambda: town.target(target)["unreachable"] is None and town.target(target)["dirty"] == 0, 70)


def test_a_panel_that_was_off_catches_up_by_itself(town: Journey):
    before = town.take(range(100, 101))
    town.ready(before)
    town.campus.hands("d-1", "power", on=False)
    try:
        batch = town.take(range(101, 104))
        until(lambda: all_but(town, batch, "d-1"))
        percent = town.percent(batch)
        assert percent is not None
        assert 0 < percent < 100
        assert needs(town, batch)["d-1"] <= {"wanted", "sent"}
        answer = town.post("/persons/J0100/revoke", json={"reason": "left"})
        assert answer.status_code == 200, answer.text
        away = until(lambda: town.target("d-1")["unreachable"])
        assert "does not answer" in away

        def others_gone() -> list[dict[str, Any]] | None:
            lines = town.get("/revocations/" + answer.json()["id"])["lines"]
            return lines if sum(line["state"] == "proved_gone" for line in lines) == len(SEATED) - 1 else None

        (exposed,) = [line for line in until(others_gone) if line["state"] != "proved_gone"]
        assert (exposed["target"], exposed["state"], exposed["receipt"]) == ("d-1", "exposed", None)
        bound = datetime.fromisoformat(exposed["exposed_until"]).date()
        assert today() < bound <= today() + timedelta(days=30)
        assert card(100) in town.campus.cards("d-1"), "it is still there: that is what the certificate says"
    finally:
        town.campus.hands("d-1", "power", on=True)
    until(lambda: town.get("/revocations/" + answer.json()["id"])["settled"], 70)
    town.ready(batch)
    assert {card(101), card(102), card(103)} <= set(town.campus.cards("d-1"))
    assert card(100) not in town.campus.cards("d-1")


def test_tampering_is_seen_told_and_put_right(town: Journey):
    town.ready(town.take(range(110, 113)))
    proved = {number: town.campus.cards("a-1")[number] for number in (card(110), card(111), card(112))}
    foreign = proved[card(110)] | {"number": 99_110}
    town.campus.hands("a-1", "put", **foreign)
    town.campus.hands("a-1", "alter", number=card(111), doors=[1, 0, 0, 0], to="2098-12-31")
    town.campus.hands("a-1", "remove", number=card(112))
    assert town.asked("swipe", 99_110, "a-1-east")["open"]
    town.foyer("targets", "read", "a-1")
    wanted = {("card:99110", "foreign"), (f"card:{card(111)}", "altered"), (f"card:{card(112)}", "missing")}

    def righted() -> bool:
        mine = [each for each in town.drifts() if (each["key"], each["kind"]) in wanted and each["target"] == "a-1"]
        return len(mine) == 3 and all(each["righted"] for each in mine)

    until(righted, LISTENING_S, lambda: str(town.drifts()))
    cards = town.campus.cards("a-1")
    assert 99_110 not in cards
    assert {number: cards[number] for number in proved} == proved
    assert {"drift.foreign", "drift.altered", "drift.missing"} <= set(town.alarms())
    assert "card:99110" in town.foyer("drift")
    assert not town.asked("swipe", 99_110, "a-1-east", status=1)["open"]


def test_a_number_is_free_again_only_after_every_panel_proved_it_gone(town: Journey):
    town.ready(town.take(range(120, 122)))
    said = town.foyer("card", "assign", "J0121", card(120), status=1)
    assert "in the hands of staff number J0120" in said
    assert "foyer card lost" in said
    with suffering(town, "e-1", drop=1.0):
        town.foyer("card", "lost", card(120))
        until(lambda: all(card(120) not in town.campus.cards(target) for target in TARGETS if target != "e-1"))
        until(lambda: town.target("e-1")["unreachable"])
        said = town.foyer("card", "assign", "J0121", card(120), status=1)
        assert "not yet proved gone" in said
        ask = {"params": {"dry_run": True}, "json": {"number": card(120)}}
        until(lambda: "gone from e-1: " in town.post("/persons/J0121/cards", **ask).json().get("detail", ""))
    assert town.asked("card", "assign", "J0121", card(120))["effect"]["records_written"] == 8
    until(lambda: all(card(120) in town.campus.cards(target) for target in TARGETS))
    town.foyer("card", "replace", card(121), 799_121)
    until(lambda: town.get("/readiness", person="J0121")["percent"] == 100.0)
    until(lambda: all(card(121) not in town.campus.cards(target) for target in TARGETS))
    assert town.asked("swipe", 799_121, "e-1-main")["open"]
    assert not town.asked("swipe", card(121), "e-1-main", status=1)["open"]


@pytest.mark.parametrize(
    ("target", "people", "fault"), [("b-1", range(130, 132), "garbage"), ("f-1", range(132, 134), "wrong_serial")]
)
def test_a_panel_that_answers_nonsense_is_in_trouble_alone(town: Journey, target: str, people: range, fault: str):
    with suffering(town, target, **{fault: 1.0}):
        batch = town.take(people)
        until(lambda: all_but(town, batch, target), why=lambda: str(needs(town, batch)))
        trouble = until(lambda: town.target(target)["unreachable"])
        assert trouble.startswith("The device ")
        assert "campus file" in trouble
        assert trouble in town.foyer("targets", "show", target)
        assert {at["id"] for at in town.get("/targets") if at["unreachable"]} == {target}
    town.ready(batch)


def test_the_panels_hold_what_the_hub_says_as_a_third_party_reads_it(town: Journey):
    town.ready(town.take(range(140, 146), kind="事业编", department="司法局"))
    until(lambda: all(target["dirty"] == 0 for target in town.get("/targets")))
    with closing(sqlite3.connect(f"file:{town.data / 'hub.sqlite3'}?mode=ro", uri=True)) as hub:
        for target in TARGETS:
            rows = hub.execute(HELD, (target,)).fetchall()
            said = {number: (opens, closes, doors) for number, opens, closes, doors in rows}
            assert {card(nth) for nth in range(140, 146)} <= set(said)
            assert _read_by_uhppoted(town, target) == said


def _read_by_uhppoted(town: Journey, target: str) -> dict[int, tuple[object, ...]]:
    """Every card of a panel, by the client of its own makers' friends."""
    client: Any = Uhppote(bind="127.0.0.1")
    panel = (town.campus.serial(target), town.campus.address(target), "udp")
    found: dict[int, tuple[object, ...]] = {}
    index = 0
    while len(found) < client.get_cards(panel, timeout=5).cards:
        index += 1
        try:
            one = client.get_card_by_index(panel, index, timeout=5)
        except CardDeleted:
            continue
        doors = f"[{one.door_1},{one.door_2},{one.door_3},{one.door_4}]"
        found[one.card_number] = (str(one.start_date), str(one.end_date), doors)
    return found
