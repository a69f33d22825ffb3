"""A rehire that was told before the leaving: it waits, and takes effect by itself once the stay before it has an end."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.clock import SetClock
from provisioning.nouns.people import Move, Standing, StayState
from tests.provisioning.conftest import START
from tests.provisioning.housed import Housed, housing
from tests.provisioning.told import Desk, shown


@pytest.fixture
def desk(housed: Housed) -> Desk:
    return Desk(housed)


def at(minutes: int) -> datetime:
    return START - timedelta(days=2) + timedelta(minutes=minutes)


def waits(desk: Desk) -> None:
    """Somebody is in post without an end, and is announced once more."""
    desk.take(desk.announced("A1", "2026-02-01", at(0)))
    rehired = desk.announced("A1", "2026-06-01", at(1), phone="15400000001", card=7)
    assert desk.one(rehired).standing is Standing.WAITING


def dates(desk: Desk) -> list[tuple[date, date | None]]:
    return [(stay.arrival, stay.departure) for stay in desk.stays("A1")]


OLD = (date(2026, 2, 1), date(2026, 5, 31))
NEW = (date(2026, 6, 1), None)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("left", {"day": "2026-05-31"}),
        ("extended", {"departure": "2026-05-31"}),
        ("date-changed", {"was": "2026-02-01", "departure": "2026-05-31"}),
        ("announced", {"arrival": "2026-02-01", "departure": "2026-05-31"}),
    ],
)
def test_the_end_of_the_stay_before_lets_the_rehire_in(desk: Desk, kind: str, data: dict[str, Any]):
    waits(desk)
    if kind == "announced":
        answer = desk.one(desk.announced("A1", data["arrival"], departure=data["departure"]))
    else:
        answer = desk.one(desk.event(kind, "A1", **data))
    assert dates(desk) == [OLD, NEW]
    assert {one.standing for one in desk.notices("A1")} == {Standing.APPLIED}
    assert {one.reason is None for one in desk.notices("A1")} == {True}
    begun = desk.housed.story("stay.announced")[-1]
    assert (begun["trace"], begun["data"]["arrival"]) == (answer.notice, "2026-06-01")
    with desk.housed.house.store.reading() as tx:
        assert [card.number for card in desk.housed.house.cards.of(tx, desk.housed.person("A1").id)] == [7]


def test_a_cancellation_of_the_stay_before_lets_it_in_too(desk: Desk):
    desk.take(desk.announced("A1", "2026-02-01"), desk.announced("A1", "2026-03-10"))
    desk.take(desk.event("cancelled", "A1", arrival="2026-02-01"))
    assert dates(desk) == [(date(2026, 2, 1), date(2026, 3, 2)), (date(2026, 3, 10), None)]


def test_a_merger_lets_it_in_too(desk: Desk):
    waits(desk)
    desk.take(desk.announced("A2", "2025-01-01", departure="2025-02-01"), desk.event("merged", "A1", into="A2"))
    assert NEW not in dates(desk)
    desk.take(desk.event("left", "A2", day="2026-05-31", arrival="2026-02-01"))
    assert dates(desk)[1:] == [OLD, NEW]


def test_what_was_told_of_the_rehire_meanwhile_takes_effect_with_it(desk: Desk):
    waits(desk)
    desk.take(
        desk.event("moved", "A1", day="2026-07-01", area="south", arrival="2026-06-01"),
        desk.event("extended", "A1", departure="2026-12-31", arrival="2026-06-01"),
        desk.event("left", "A1", day="2026-05-31", arrival="2026-02-01"),
    )
    assert dates(desk) == [OLD, (date(2026, 6, 1), date(2026, 12, 31))]
    assert desk.stays("A1")[1].moves == (Move(date(2026, 7, 1), "finance", "科员", "公务员", "south"),)


def test_a_cancellation_of_what_waits_counts_from_the_day_on_which_it_was_told(desk: Desk):
    waits(desk)
    desk.take(desk.event("cancelled", "A1", arrival="2026-06-01"))
    desk.housed.later(hours=24 * 100)
    desk.take(desk.event("left", "A1", day="2026-05-31", arrival="2026-02-01"))
    assert dates(desk) == [OLD]
    assert {one.standing for one in desk.notices("A1")} == {Standing.APPLIED}


def test_an_old_cancellation_never_undoes_what_was_announced_after_it(desk: Desk):
    desk.take(desk.event("cancelled", "A1", at(2), arrival="2026-06-01"))
    desk.take(desk.announced("A1", "2026-02-01", at(1)), desk.announced("A1", "2026-06-01", at(3)))
    desk.take(desk.event("left", "A1", at(4), day="2026-05-31"))
    assert dates(desk) == [OLD, NEW]
    assert [one.standing for one in desk.notices("A1")].count(Standing.WAITING) == 1


def test_a_later_word_stands_against_what_is_taken_up_late(desk: Desk):
    waits(desk)
    desk.take(desk.event("corrected", "A1", phone="15400000002", name="新名字"))
    desk.take(desk.event("left", "A1", day="2026-05-31"))
    private = desk.private("A1")
    assert private is not None and (private.name, private.phone) == ("新名字", "15400000002")
    assert dates(desk) == [OLD, NEW]


def test_it_does_not_revise_a_stay_that_was_announced_after_it(desk: Desk):
    desk.take(
        desk.announced("A1", "2026-02-01", departure="2026-12-31"),
        desk.announced("A1", "2026-06-01", department="justice"),
        desk.announced("A1", "2027-01-01"),
        desk.event("left", "A1", day="2026-05-31", arrival="2026-02-01"),
    )
    assert dates(desk) == [OLD, (date(2027, 1, 1), None)]
    assert [one.standing for one in desk.notices("A1")].count(Standing.WAITING) == 1
    desk.take(desk.event("cancelled", "A1", arrival="2027-01-01"))
    assert dates(desk) == [OLD, NEW]


def test_after_a_revocation_it_opens_nothing(desk: Desk):
    waits(desk)
    desk.housed.revoke(desk.housed.person("A1"))
    desk.housed.later(minutes=1)
    desk.take(desk.event("left", "A1", day="2026-05-31"), desk.event("arrived", "A1", day="2026-02-02"))
    assert [(stay.arrival, stay.state) for stay in desk.stays("A1")] == [(date(2026, 2, 1), StayState.REVOKED)]
    assert desk.grants("A1") == {}
    (left,) = [one for one in desk.notices("A1") if one.standing is Standing.WAITING]
    assert left.reason is not None and "was revoked" in str(left.reason["template"])
    desk.take(desk.announced("A1", "2026-06-01"))
    assert dates(desk)[1:] == [NEW]


def test_every_order_of_coming_gives_one_life_with_a_rehire_that_waits(tmp_path: Path):
    told = (
        ("announced", {"arrival": "2026-02-01"}),
        ("announced", {"arrival": "2026-06-01", "area": "south"}),
        ("moved", {"day": "2026-07-01", "department": "justice", "arrival": "2026-06-01"}),
        ("left", {"day": "2026-05-31", "arrival": "2026-02-01"}),
    )
    seen = []
    with housing(tmp_path / "hub", SetClock(START)) as housed:
        desk = Desk(housed)
        for nth, order in enumerate(itertools.permutations(range(len(told)))):
            no = f"P{nth}"
            events = []
            for place, (kind, data) in enumerate(told):
                more = dict(data)
                comes = kind == "announced"
                events.append(
                    desk.announced(no, more.pop("arrival"), at(place), **more)
                    if comes
                    else desk.event(kind, no, at(place), **more)
                )
            housed.later(hours=6)
            for place in order:
                with housed.house.store.writing() as tx:
                    housed.house.notices.take(tx, desk.sender, [events[place]])
            seen.append(shown(desk.stays(no)))
            assert {one.standing for one in desk.notices(no)} == {Standing.APPLIED}
    assert all(life == seen[0] for life in seen)
    assert [life[:2] for life in seen[0]] == [OLD, (date(2026, 6, 1), date.max)]
