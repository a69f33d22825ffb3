"""Both strata on a real house: units and what follows from them, moves, pauses, and when each grant held by what is known
now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.contract import Json
from devices.clock import SetClock
from provisioning.nouns.answers import Effect
from provisioning.nouns.people import Move, Pause, Person, Stay
from provisioning.nouns.rights import Grant, NeedState
from provisioning.nouns.units import Allotment
from provisioning.space.asks import UnitKind
from provisioning.store import people as people_store
from provisioning.store import rights, tables
from provisioning.store import units as unit_rows
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, Housed, housing
from tests.provisioning.test_grants_timer import run_until_idle

SEAT = "seat:near-department"
SECONDEE = {"kind": "借调", "departure": "2027-03-01"}
NOTHING = Effect(0, 0, 0, 0, 0, 0)


@pytest.fixture
def whole(tmp_path: Path, clock: SetClock) -> Iterator[Housed]:
    """A house with all rules that ship."""
    with housing(tmp_path / "whole", clock, units=True) as housed:
        yield housed


def stay_of(housed: Housed, person: Person) -> Stay:
    with housed.house.store.reading() as tx:
        (stay,) = housed.house.persons.stays(tx, person.id)
    return stay


def change(housed: Housed, person: Person, **fields: object) -> Effect:
    """What a notice of HR does to the one stay of a person, who is then looked at."""
    with housed.house.store.writing() as tx:
        people_store.change_stays(tx, [replace(stay_of(housed, person), **fields)])  # type: ignore[arg-type] - fields as the test names them
    return housed.look(person)


def every_grant(housed: Housed, person: Person) -> list[Grant]:
    with housed.house.store.reading() as tx:
        return rights.grants_of(tx, person.id, 1_000, everything=True)


def by_resource(housed: Housed, person: Person) -> dict[str, list[Grant]]:
    found: dict[str, list[Grant]] = {}
    for grant in sorted(housed.grants(person), key=lambda grant: grant.opens):
        found.setdefault(grant.resource, []).append(grant)
    return found


def allotted(housed: Housed, person: Person) -> dict[str, Allotment]:
    with housed.house.store.reading() as tx:
        rows = unit_rows.allotments_of(tx, [person.id])
    return {row.ask: row for row in rows if row.ended is None}


def wanted(housed: Housed, person: Person, target: str) -> dict[str, dict[str, Json]]:
    return {
        key: json.loads(row.wanted)
        for (at, key), row in housed.records(person).items()
        if at == target and row.wanted is not None
    }


def at(text: str) -> datetime:
    """An instant by Beijing's clock."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def test_a_seat_is_allotted_registered_and_opens_its_office(whole: Housed):
    person = whole.come("E1", 1001)
    unit = allotted(whole, person)[SEAT].unit
    assert unit is not None and unit.startswith("a-30"), "an office of the finance bureau"
    doors = by_resource(whole, person)["zone:north-offices"]
    assert {grant.rule for grant in doors} == {"office-area", "office-door"}
    assert list(wanted(whole, person, "seats")) == [f"seat:{unit}/{person.id}"]
    (need,) = [need for need in whole.ready(person).needs if need.target == "seats"]
    assert (need.resource, need.state) == (f"seat:{unit}", NeedState.WANTED)
    assert whole.look(person) == NOTHING, "looking again writes nothing"
    assert whole.alarms() == []


def test_a_seat_needs_no_card(whole: Housed):
    person = whole.come("E1")
    assert len(wanted(whole, person, "seats")) == 1
    states = {need.resource.partition(":")[0]: need.state for need in whole.ready(person).needs}
    assert states == {"zone": NeedState.MISSING, "seat": NeedState.WANTED}


def test_a_flat_is_waited_for_offered_and_then_opens_its_lock_and_staircase(whole: Housed):
    first, second = whole.come("E1", 1001, **SECONDEE), whole.come("E2", 1002, **SECONDEE)
    (need,) = [need for need in whole.ready(second).needs if need.resource == "flat:one-room"]
    assert need.state is NeedState.WAITING
    assert need.said is not None
    assert need.said.text == "No flat is free yet: place 2 in the queue, by points."
    run_until_idle(whole)  # the timer, which offers what is vacant to the first of the queue
    (need,) = [need for need in whole.ready(first).needs if need.resource == "flat:one-room"]
    assert need.said is not None
    assert "is offered until 2026-03-09 09:31, and waits to be accepted" in need.said.text
    assert whole.ready(first).counts[NeedState.MISSING] == 0
    unit = accept(whole, first)
    whole.look(first)
    flat = by_resource(whole, first)
    assert [grant.rule for grant in flat[f"lock:{unit}"]] == ["flat-lock"]
    assert "flat-staircase" in {grant.rule for grants in flat.values() for grant in grants}
    assert list(wanted(whole, first, "flats")) == [f"flat:{unit}/{first.id}", f"lock:{unit}/1001"]


def test_who_let_an_offer_pass_is_told_so_while_the_next_has_theirs(whole: Housed):
    first, second = whole.come("E1", 1001, **SECONDEE), whole.come("E2", 1002, **SECONDEE)
    leave_vacant(whole, 1)
    run_until_idle(whole)
    whole.later(days=7)
    run_until_idle(whole)
    (need,) = [need for need in whole.ready(first).needs if need.resource == "flat:one-room"]
    assert need.said is not None
    assert need.said.text == (
        "An offer was not accepted in time, so who let none pass comes first: place 1 in the queue."
    )
    (need,) = [need for need in whole.ready(second).needs if need.resource == "flat:one-room"]
    assert need.said is not None
    assert "is offered until 2026-03-16" in need.said.text


def leave_vacant(housed: Housed, count: int) -> None:
    """Close all flats of one room but these first."""
    with housed.house.store.writing() as tx:
        campus = housed.house.campuses.current(tx)
        for flat in [flat for flat, block in campus.flats.items() if block.tier == "one-room"][count:]:
            housed.house.allotments.close(tx, campus, UnitKind.FLAT, flat, "painted", BOSS)


def accept(housed: Housed, person: Person) -> str:
    """The offer, accepted as `foyer flat accept` does it."""
    with housed.house.store.writing() as tx:
        taken = housed.house.allotments.accept(tx, person, BOSS)
    assert taken.unit is not None
    return taken.unit


def test_who_leaves_leaves_the_unit_at_midnight(whole: Housed):
    person = whole.come("E1", 1001, departure="2026-03-06")
    assert SEAT in allotted(whole, person)
    whole.clock.put(at("2026-03-07T00:00"))
    assert whole.look_due() == 1
    assert allotted(whole, person) == {}
    assert wanted(whole, person, "seats") == {}
    assert {grant.ended for grant in every_grant(whole, person)} == {None}, "all ran out by their own dates"
    assert whole.look(person) == NOTHING


def test_a_seat_across_the_room_is_no_other_door_and_another_office_is(whole: Housed):
    person = whole.come("E1", 1001)
    before = by_resource(whole, person)
    whole.later(days=2)
    seat(whole, person, "a-301-06" if allotted(whole, person)[SEAT].unit != "a-301-06" else "a-301-05")
    assert by_resource(whole, person) == before, "the same door, the same grant"
    whole.later(days=1)
    seat(whole, person, "d-101-01")
    after = by_resource(whole, person)
    (south,) = after["zone:south-offices"]
    assert (south.rule, south.opens) == ("office-door", at("2026-03-05T00:00"))
    assert [grant.rule for grant in after["zone:north-offices"]] == ["office-area"]
    (ended,) = [grant for grant in every_grant(whole, person) if grant.ended is not None]
    assert (ended.rule, ended.valid_to) == ("office-door", whole.clock.now())
    assert list(wanted(whole, person, "seats")) == [f"seat:d-101-01/{person.id}"]


def test_a_register_is_told_from_which_day_somebody_has_a_unit_and_never_of_days_before(whole: Housed):
    early, late = whole.come("E1", arrival="2026-01-05"), whole.come("E2", arrival="2026-06-01")
    own = f"seat:{allotted(whole, early)[SEAT].unit}/{early.id}"
    assert wanted(whole, early, "seats")[own]["from"] == "2026-03-02", "it was vacant until the person was known"
    (coming,) = wanted(whole, late, "seats").values()
    assert coming["from"] == "2026-05-27", "three working days before the arrival, as the rule has it"
    whole.later(days=3)
    seat(whole, early, "e-301-04")
    assert wanted(whole, early, "seats") == {
        f"seat:e-301-04/{early.id}": {"from": "2026-03-05", "to": None, "unit": "e-301-04"}
    }
    assert whole.look(early) == NOTHING
    whole.later(days=1)
    assert whole.look(early) == NOTHING, "the next day changes nothing of it"


def seat(housed: Housed, person: Person, unit: str) -> None:
    with housed.house.store.writing() as tx:
        campus = housed.house.campuses.current(tx)
        housed.house.allotments.move(tx, campus, person, unit, BOSS)
        housed.house.grants.look(tx, [person.id], BOSS)


def test_a_campus_without_units_grants_none_and_raises_no_alarm(whole: Housed):
    with whole.house.store.reading() as tx:
        text = whole.house.campuses.text(tx)
    assert text is not None
    bare = without_units(text)
    with whole.house.store.writing() as tx:
        whole.house.campuses.apply(tx, bare, "bare.yaml", BOSS)
    person = whole.come("E1", 1001, **SECONDEE)
    assert not [grant for grant in whole.grants(person) if grant.resource.startswith(("seat:", "flat:"))]
    assert whole.alarms() == []
    with whole.house.store.reading() as tx:
        (why,) = whole.house.grants.why(tx, person, SEAT)
    assert [finding.verdict for finding in why.findings] == ["no_units"]
    assert "this campus has no such unit" in why.findings[0].says[0].text


def without_units(text: str) -> str:
    """The campus file without its offices, blocks and registers."""
    head, _, rest = text.partition("# Seats are numbered")
    _, _, targets = rest.partition("\ntargets:\n")
    kept = [one for one in targets.split("  - id: ") if "kind: seats" not in one and "kind: flats" not in one]
    return head + "targets:\n" + "  - id: ".join(kept)


def test_why_tells_of_both_strata(whole: Housed):
    person = whole.come("E1", 1001)
    with whole.house.store.reading() as tx:
        (why,) = whole.house.grants.why(tx, person, "zone:north-offices")
    verdicts = {finding.rule: finding.verdict for finding in why.findings}
    assert verdicts["office-area"] == verdicts["office-door"] == "granted"
    assert verdicts["flat-staircase"] == "no_unit"
    (door,) = [finding for finding in why.findings if finding.rule == "office-door"]
    assert "grants zone:north-offices from 2026-03-02 with no end" in door.says[0].text.replace(",", "")


def test_on_the_day_of_a_move_one_loses_the_old_and_gains_the_new_and_keeps_the_rest(housed: Housed):
    person = housed.come("E1", 1001)
    before = by_resource(housed, person)
    change(housed, person, moves=(Move(date(2026, 3, 9), "justice", "科员", "公务员", "south"),))
    after = by_resource(housed, person)
    assert after["zone:canteen"] == before["zone:canteen"], "what stays the same is one grant throughout"
    (north,), (south,) = after["zone:north-offices"], after["zone:south-offices"]
    assert north.closes == south.opens == at("2026-03-09T00:00")
    assert wanted(housed, person, "b-1")["card:1001"]["doors"] == [1, 1, 1, 0]
    housed.clock.put(at("2026-03-09T00:00") - timedelta(seconds=1))
    housed.look_due()
    assert wanted(housed, person, "b-1")["card:1001"]["doors"] == [1, 1, 1, 0]
    housed.later(seconds=1)
    assert housed.look_due() == 1
    assert wanted(housed, person, "b-1")["card:1001"]["doors"] == [1, 1, 0, 0]
    assert wanted(housed, person, "e-1")["card:1001"]["doors"] == [1, 1, 1, 0]
    assert by_resource(housed, person) == after, "the midnight itself opens and ends no grant"


def test_the_suspended_find_doors_shut_on_those_days_and_open_on_the_day_of_return(whole: Housed):
    person = whole.come("E1", 1001)
    unit = allotted(whole, person)[SEAT].unit
    change(whole, person, pauses=(Pause(date(2026, 3, 5), date(2026, 3, 9)),))
    assert wanted(whole, person, "c-1")["card:1001"]["closes"] == "2026-03-04"
    whole.clock.put(at("2026-03-05T00:00"))
    assert whole.look_due() == 1
    # The panel has the day of return beforehand, so the doors open on it though the hub were down.
    assert wanted(whole, person, "c-1")["card:1001"]["opens"] == "2026-03-09"
    assert allotted(whole, person)[SEAT].unit == unit, "the seat is kept"
    assert list(wanted(whole, person, "seats")) == [f"seat:{unit}/{person.id}"]
    assert {need.state for need in whole.ready(person).needs} <= {NeedState.WANTED, NeedState.WAITING}
    whole.clock.put(at("2026-03-09T00:00"))
    whole.look_due()
    assert wanted(whole, person, "c-1")["card:1001"]["opens"] == "2026-03-09"


def test_who_is_suspended_without_an_end_has_nothing_until_resumed(housed: Housed):
    person = housed.come("E1", 1001)
    change(housed, person, pauses=(Pause(date(2026, 3, 2), None),))
    assert {row.wanted for row in housed.records(person).values()} == {None}
    housed.later(days=3)
    change(housed, person, pauses=(Pause(date(2026, 3, 2), date(2026, 3, 5)),))
    assert wanted(housed, person, "c-1")["card:1001"]["opens"] == "2026-03-05"


def times(grants: list[Grant]) -> list[tuple[datetime, datetime | None, bool]]:
    return [(grant.valid_from, grant.valid_to, grant.ended is not None) for grant in grants]


def of(grants: list[Grant], resource: str) -> list[Grant]:
    return sorted((each for each in grants if each.resource == resource), key=lambda each: (each.recorded, each.opens))


def test_a_grant_holds_by_what_is_known_as_its_dates_say(housed: Housed):
    person = housed.come("E1", 1001, departure="2026-06-30")
    (canteen,) = of(every_grant(housed, person), "zone:canteen")
    assert (canteen.valid_from, canteen.valid_to) == (canteen.opens, canteen.closes)


def test_a_departure_told_too_late_shortens_what_held_and_not_what_was_believed(housed: Housed):
    person = housed.come("E1", 1001, departure="2026-06-30")
    housed.later(days=10)
    change(housed, person, departure=date(2026, 3, 6))
    old, new = of(every_grant(housed, person), "zone:canteen")
    assert old.valid_from == old.valid_to, "by what is known now, that window never was"
    assert (old.recorded, old.ended) == (START, housed.clock.now()), "but it was believed in until now"
    assert (new.recorded, new.valid_from, new.valid_to) == (housed.clock.now(), old.opens, at("2026-03-07T00:00"))
    assert new.ended is None
    assert housed.look(person) == NOTHING


def test_a_new_law_holds_from_now_on(housed: Housed):
    person = housed.come("E1", 1001)
    housed.later(days=3)
    housed.apply_rules(housed.rules().replace("id: canteen-door\n    version: 1", "id: canteen-door\n    version: 2"))
    housed.look(person)
    old, new = of(every_grant(housed, person), "zone:canteen")
    now = housed.clock.now()
    assert (old.valid_from, old.valid_to) == (old.opens, now)
    assert (new.opens, new.valid_from, new.valid_to) == (old.opens, now, None)
    housed.later(days=1)
    change(housed, person, departure=date(2026, 6, 30))
    first, second, third = of(every_grant(housed, person), "zone:canteen")
    assert times([first])[0][:2] == (old.opens, now)
    assert second.valid_from == second.valid_to
    assert (third.valid_from, third.valid_to) == (now, at("2026-07-01T00:00")), "the law had held since it changed"


def test_what_ends_before_it_opens_never_held(housed: Housed):
    person = housed.come("E1", 1001, arrival="2026-04-01")
    housed.revoke(person)
    for grant in every_grant(housed, person):
        assert grant.ended is not None
        assert grant.valid_to == grant.valid_from


def test_a_cancelled_right_held_until_now(housed: Housed):
    person = housed.come("E1", 1001)
    housed.later(hours=5)
    housed.revoke(person)
    assert {grant.valid_to for grant in every_grant(housed, person)} == {housed.clock.now()}


@pytest.mark.parametrize("days", [1, 400])
def test_whatever_day_it_is_at_no_instant_two_rows_of_one_right_hold(housed: Housed, days: int):
    """By what is known now and by what was believed: windows of one (stay, resource, rule, version) never overlap."""
    person = housed.come("E1", 1001, departure="2026-06-30")
    changes: list[Callable[[], Effect]] = [
        lambda: change(housed, person, departure=date(2026, 9, 30)),
        lambda: change(housed, person, pauses=(Pause(date(2026, 3, 20), date(2026, 3, 25)),)),
        lambda: change(housed, person, moves=(Move(date(2026, 4, 1), "justice", "科员", "公务员", "south"),)),
        lambda: change(housed, person, departure=date(2026, 7, 31)),
        lambda: change(housed, person, departure=None),
    ]
    for each in changes:
        housed.later(days=days)
        each()
    rows = every_grant(housed, person)
    forever = datetime.max.replace(tzinfo=UTC)
    for one in rows:
        for other in rows:
            same = (one.resource, one.rule, one.version) == (other.resource, other.rule, other.version)
            if one.id < other.id and same:
                apart = (one.valid_to or forever) <= other.valid_from or (other.valid_to or forever) <= one.valid_from
                empty = one.valid_from == one.valid_to or other.valid_from == other.valid_to
                assert apart or empty, (one, other)
    with housed.house.store.reading() as tx:
        kept = tx.run(select(tables.grant.c.id)).all()
    assert len(kept) == len(rows), "no grant is ever deleted"
