"""What the list of a serial line says for a holder: decided by, it opens when and where a grant is in force, never else."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors import registry
from connectors.contract import Card, Compiled, Conditions, Holder, Right
from connectors.osdp_doors import NoEdge, OsdpDoors
from connectors.osdp_settings import OsdpSettings
from connectors.roll import Roll
from connectors.wg_passages import _REASONS
from policies.calendar import Calendar, Schedule, odd_days
from policies.passage import Asked, DoorRules, Now, decide
from policies.passage_reasons import Reason
from tests.connectors.osdp_line import SCHEDULES, ZONE

NOW = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
HORIZON = datetime(2027, 3, 30, 16, 0, tzinfo=UTC)
OFFICE = Schedule("office", 5, (*[((480, 1080),)] * 5, (), ()), {}, date(2027, 1, 1))

instants = st.integers(-40 * 86_400, 60 * 86_400).map(lambda s: NOW + timedelta(seconds=s))
ends = st.none() | instants


def told(*doors: dict[str, Any], **more: Any) -> OsdpSettings:
    its = [
        {"number": n, "id": f"d{n}", "name": {"zh": "门", "en": "Door"}, "zones": [f"z{n}"], "reader": n, **door}
        for n, door in enumerate(doors, 1)
    ]
    return OsdpSettings.model_validate({"line": "lines/g-1", "doors": its, **more})


def holder(cards: tuple[Card, ...], rights: tuple[Right, ...], **schedules: int) -> Holder:
    return Holder("per_1", cards, rights, NOW, HORIZON, ZONE, schedules)


def compiled(its: OsdpSettings, cards: tuple[Card, ...], rights: tuple[Right, ...], **schedules: int) -> Compiled:
    return OsdpDoors(its, ZONE).records(holder(cards, rights, **schedules))


def passes(made: Compiled, card: int, door: int, at: datetime, *schedules: Schedule) -> bool:
    roll = Roll()
    for record in made.records.values():
        roll.put(record.key, record.body)
    carded = roll.cards.get(card)
    now = Now(at, ZONE, schedules={one.number: one for one in schedules})
    return decide(Asked(door, card), None if carded is None else carded.entry, DoorRules(door), now).granted


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.builds(Card, st.integers(1, 2), instants, ends), max_size=3),
    st.lists(
        st.builds(Right, st.sampled_from("abc"), st.sampled_from(["zone:z1", "zone:z2", "zone:x"]), instants, ends),
        max_size=4,
    ),
    st.lists(instants.filter(lambda at: at >= NOW), min_size=1, max_size=20),
)
def test_a_door_opens_exactly_when_card_and_right_hold_until_the_horizon(
    cards: list[Card], rights: list[Right], asked: list[datetime]
) -> None:
    made = compiled(told({}, {}), tuple(cards), tuple(rights))
    edges = [at for one in (*cards, *rights) for at in (one.opens, one.closes) if at is not None and at >= NOW]
    for at in (*asked, *edges, *(edge - timedelta(seconds=1) for edge in edges if edge > NOW)):
        for number in (1, 2):
            for door in (1, 2):
                held = at < HORIZON and any(
                    _holds(card, at) and _holds(right, at) and right.resource == f"zone:z{door}"
                    for card in cards if card.number == number
                    for right in rights
                )  # fmt: skip
                assert passes(made, number, door, at) == held


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.builds(Card, st.just(1), instants, ends), max_size=2),
    st.lists(
        st.builds(Right, st.sampled_from("abcd"), st.just("zone:z1"), instants, ends),
        max_size=4,
        unique_by=lambda one: one.grant,
    ),
)
def test_a_record_lists_the_grants_that_cover_it_and_is_looked_at_again_when_one_ends(
    cards: list[Card], rights: list[Right]
) -> None:
    made = compiled(told({}), tuple(cards), tuple(rights))
    assert made.look_again is None or made.look_again > NOW
    for record in made.records.values():
        live = {right.grant for right in rights if right.closes is None or right.closes > NOW}
        assert set(record.grants) <= live
        closings = [right.closes for right in rights if right.grant in record.grants and right.closes is not None]
        assert not closings or (made.look_again is not None and made.look_again <= min(closings))
        assert OsdpDoors(told({}), ZONE).exposed_until(record.body) <= HORIZON


def test_a_pin_goes_only_where_a_door_asks_for_one():
    cards, right = (Card(7, NOW, None, "7:ab"),), Right("g", "zone:z1", NOW, None)
    bodies = [
        json.loads(compiled(told(*its), cards, (right,)).records["card:7"].body) for its in (({},), ({}, {"pin": "x"}))
    ]
    assert [body["pin"] for body in bodies] == [None, "7:ab"]


def test_windows_are_to_the_second_and_never_wider_than_granted():
    right = Right(
        "g", "zone:z1", NOW.replace(microsecond=500_000), (NOW + timedelta(hours=1)).replace(microsecond=900_000)
    )
    made = compiled(told({}), (Card(7, NOW - timedelta(days=1), None),), (right,))
    body = json.loads(made.records["card:7"].body)
    assert body["doors"] == {"1": [["2027-03-01T04:00:01Z", "2027-03-01T05:00:00Z", None]]}


def test_hours_of_a_door_stand_in_its_cards_and_one_that_is_not_known_stays_shut():
    its = told({"schedule": "office"})
    cards, rights = (Card(7, NOW, None),), (Right("g", "zone:z1", NOW - timedelta(days=9), None),)
    assert compiled(its, cards, rights).records == {}
    made = compiled(its, cards, rights, office=5)
    assert OsdpDoors(its, ZONE).needs(made.records["card:7"].body) == {"profile:5"}
    assert passes(made, 7, 1, NOW, OFFICE)
    assert not passes(made, 7, 1, NOW + timedelta(hours=7), OFFICE), "19:00 in Shanghai"
    assert not passes(made, 7, 1, NOW), "without its schedule it opens nothing"


def test_who_may_be_first_is_so_at_the_door_that_waits_for_them_alone():
    its = told({"first_person": {"zone": "chiefs", "schedule": "office"}}, {})
    card = Card(7, NOW - timedelta(days=1), None)
    rights = tuple(Right(zone, f"zone:{zone}", NOW - timedelta(days=1), None) for zone in ("z1", "z2", "chiefs"))
    roll = Roll()
    for record in compiled(its, (card,), rights).records.values():
        roll.put(record.key, record.body)
    assert [window.door for window in roll.cards[7].first] == [1]
    assert compiled(its, (card,), rights[2:]).records == {}, "whoever may be first has still no right to come in"


def conditions(**told: Any) -> Conditions:
    its: dict[str, Any] = {"locked": frozenset(), "freed": frozenset(), "listener": None} | told
    return Conditions(Calendar(), (*SCHEDULES, OFFICE), now=NOW, horizon=HORIZON, zone=ZONE, **its)


def test_doors_under_conditions_schedules_and_readers():
    its = told(
        {"unlocked": "office", "exit": 9}, {"mode": "normally-closed", "pin": "always"}, {"mode": "normally-open"}
    )
    doors = OsdpDoors(its, ZONE)
    usual = {key: json.loads(record.body) for key, record in doors.fixtures(conditions()).records.items()}
    assert set(usual) == {
        "door:1",
        "door:2",
        "door:3",
        "profile:2",
        "profile:5",
        "reader:1",
        "reader:2",
        "reader:3",
        "reader:9",
    }
    assert [usual[f"door:{n}"]["mode"] for n in (1, 2, 3)] == ["controlled", "locked", "free"]
    assert (usual["door:1"]["unlocked"], usual["door:2"]["pin"], usual["reader:9"]) == (5, 2, {"door": 1, "way": "out"})
    zones = frozenset({"z1", "z3"})
    locked = doors.fixtures(conditions(locked=zones)).records
    assert [json.loads(locked[f"door:{n}"].body)["mode"] for n in (1, 3)] == ["locked", "locked"]
    assert json.loads(locked["door:1"].body)["unlocked"] is None
    freed = doors.fixtures(conditions(locked=zones, freed=frozenset({"z3"}))).records
    assert json.loads(freed["door:3"].body) | {"fire": True, "mode": "free"} == json.loads(freed["door:3"].body)
    ranks = [doors.rank(key) for key in ("door:1", "reader:1", "profile:2", "card:1")]
    assert ranks == sorted(ranks)
    assert ranks[:3] == [rank for rank in ranks if rank <= 0], "a setting lets nobody in"


def test_a_schedule_reads_back_as_it_was_told_holidays_and_all():
    days = odd_days(
        Calendar(frozenset({date(2027, 3, 3)}), frozenset({date(2027, 3, 6)})), (), ((600, 660),), date(2027, 1, 1)
    )
    spring = Schedule("spring", 7, OFFICE.week, days, date(2027, 1, 1))
    under = Conditions(Calendar(), (spring,), frozenset(), frozenset(), None, NOW, HORIZON, ZONE)
    made = OsdpDoors(told({"schedule": "spring"}), ZONE).fixtures(under).records["profile:7"]
    roll = Roll()
    roll.put(made.key, made.body)
    first = date(2027, 2, 25)
    assert all(
        roll.schedules[7].spans(day) == spring.spans(day) for day in (first + timedelta(days=n) for n in range(30))
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"doors": []}, "at least 1"),
        ({"line": "../etc/passwd"}, "plain path"),
        ({"line": "lines//g"}, "plain path"),
        ({"baud": 1200}, "baud"),
        ({"extra": 1}, "extra"),
    ],
)
def test_settings_that_do_not_fit_are_named(wrong: dict[str, Any], says: str):
    good = json.loads(told({}).model_dump_json())
    with pytest.raises((ValidationError, registry.SettingsWrong), match=says):
        OsdpSettings.model_validate(good | wrong)


@pytest.mark.parametrize(
    ("doors", "says"),
    [
        (({"reader": 5}, {"reader": 5}), "same address"),
        (({"exit": 1},), "same address"),
        (({"id": "x"}, {"id": "x"}), "same id"),
        (({"number": 2}, {"number": 2}), "same number"),
        (({"interlock": [7]},), "not on this line"),
        (({"interlock": [1]},), "with itself"),
        (({"anti_passback": True},), "reader on each side"),
        (({"reader": 127},), "126"),
    ],
)
def test_doors_that_contradict_each_other_are_named(doors: tuple[dict[str, Any], ...], says: str):
    with pytest.raises(ValidationError, match=says):
        told(*doors)


@pytest.mark.parametrize("key", ["door", "card:x", "tasks", "lock:1", "card:-1"])
def test_a_key_that_no_line_has_is_an_error(key: str):
    with pytest.raises(ValueError, match="no key"):
        OsdpDoors(told({}), ZONE).rank(key)


def test_a_process_that_drives_no_line_says_so():
    doors = OsdpDoors(told({}), ZONE)
    with pytest.raises(NoEdge, match="gateway that drives it"):
        asyncio.run(doors.probe())
    with pytest.raises(NoEdge):
        asyncio.run(doors.erase("card:1"))


def test_reasons_are_those_that_panels_give_where_they_mean_the_same():
    shared = {
        Reason.NO_RIGHT,
        Reason.WRONG_PIN,
        Reason.PASSBACK,
        Reason.LOCKDOWN,
        Reason.INTERLOCK,
        Reason.UNKNOWN_CARD,
    }
    assert {str(one) for one in shared} <= set(_REASONS.values())


def _holds(one: Card | Right, at: datetime) -> bool:
    return one.opens <= at and (one.closes is None or at < one.closes)


def test_forgiveness_is_told_for_a_day_and_only_where_a_door_remembers():
    right = Right("g", "zone:z1", NOW - timedelta(days=9), None)
    card = Card(7, NOW - timedelta(days=9), None)

    def made(now: datetime, **door: Any) -> Compiled:
        its = OsdpDoors(told({"exit": 5, **door}), ZONE)
        return its.records(Holder("per_1", (card,), (right,), now, HORIZON, ZONE, {}, NOW))

    remembers = made(NOW, anti_passback=True)
    assert json.loads(remembers.records["card:7"].body)["forgiven"] == "2027-03-01T04:00:01Z"
    assert remembers.look_again == NOW + timedelta(hours=24)
    assert "forgiven" not in json.loads(made(NOW).records["card:7"].body)
    later = made(NOW + timedelta(hours=24), anti_passback=True)
    assert "forgiven" not in json.loads(later.records["card:7"].body)
