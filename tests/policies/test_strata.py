"""Lives of several placements, pauses, units and points: against an oracle that asks day by day."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.calendar import Calendar
from policies.decide import Entitlement, decide, decide_life, decide_unit
from policies.explain import Holding, explain, explain_unheld, explain_unit, without_units
from policies.facts import Facts, UnitFacts
from policies.points import points_of
from policies.rules import RuleSet, read_rules
from policies.windows import cut, joined, without
from tests.policies.test_properties import CALENDARS, CONDITIONS, DATES, FACTS, rule_sets

NONE = Calendar()
FIRST, LAST = date(2026, 6, 1), date(2028, 12, 31)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days)]
SPANS = st.tuples(DATES, st.none() | DATES)
PAUSES = st.lists(SPANS, max_size=3).map(tuple)
WINDOWS = SPANS.filter(lambda span: span[1] is None or span[0] < span[1])
SEAT = UnitFacts("seat", "a-301-02", "a-301", "a-3-office", "a", "north")


def days_of(windows: Iterable[tuple[date, date | None]]) -> set[date]:
    """The days of windows, one by one."""
    return {day for opens, closes in windows for day in DAYS if opens <= day and (closes is None or day < closes)}


def rights(entitlements: Iterable[Entitlement]) -> dict[tuple[str, str], set[date]]:
    found: dict[tuple[str, str], set[date]] = {}
    for each in entitlements:
        days = found.setdefault((each.rule, each.resource), set())
        mine = days_of([(each.opens, each.closes)])
        assert not days & mine, "no day twice"
        days |= mine
    return {key: days for key, days in found.items() if days}


@given(WINDOWS, PAUSES)
def test_pauses_are_taken_out_day_by_day(window: tuple[date, date | None], pauses: tuple):
    left = without(window, pauses)
    assert days_of(left) == days_of([window]) - days_of(pauses)
    for (_, closes), (opens, _) in pairwise(left):
        assert closes is not None and closes < opens, "in order, and apart"


@given(st.lists(WINDOWS, max_size=5))
def test_windows_are_joined_day_by_day(windows: list):
    found = joined(windows)
    assert days_of(found) == days_of(windows)
    for (_, closes), (opens, _) in pairwise(found):
        assert closes is not None and closes < opens, "as few as may be"


@given(WINDOWS, st.none() | DATES, st.none() | DATES)
def test_windows_are_cut_day_by_day(window: tuple[date, date | None], first: date | None, end: date | None):
    found = cut(window, first, end)
    wanted = {day for day in days_of([window]) if (first is None or day >= first) and (end is None or day < end)}
    assert days_of([] if found is None else [found]) == wanted


LIVES = st.tuples(FACTS, st.lists(st.tuples(DATES, FACTS), max_size=3, unique_by=lambda move: move[0]), PAUSES)


def placements(drawn: tuple) -> list[Facts]:
    """The facts of a life: as on arrival, then as each move has them, all with the dates of the stay."""
    first, moves, pauses = drawn
    moves = sorted(moves, key=lambda move: move[0])
    bounds = [None, *(day for day, _ in moves), None]
    return [
        replace(facts, arrival=first.arrival, departure=first.departure, since=since, until=until, pauses=pauses)
        for facts, since, until in zip([first, *(facts for _, facts in moves)], bounds[:-1], bounds[1:], strict=True)
    ]


@given(LIVES, rule_sets(CONDITIONS), CALENDARS)
def test_a_life_is_decided_as_each_of_its_days_is(drawn: tuple, rules: RuleSet, calendar: Calendar):
    life = placements(drawn)
    paused = days_of(life[0].pauses)
    wanted: dict[tuple[str, str], set[date]] = {}
    for facts in life:
        plain = replace(facts, since=None, until=None, pauses=())
        for each in decide(plain, rules, calendar).entitlements:
            days = {
                day
                for day in days_of([(each.opens, each.closes)])
                if (facts.since is None or day >= facts.since) and (facts.until is None or day < facts.until)
            }
            wanted.setdefault((each.rule, each.resource), set()).update(days - (set() if each.asks else paused))
    decision = decide_life(life, rules, calendar)
    assert rights(decision.entitlements) == {key: days for key, days in wanted.items() if days}
    broken = {(fault.rule, fault.cause) for facts in life for fault in decide(facts, rules, calendar).faults}
    assert {(fault.rule, fault.cause) for fault in decision.faults} == broken


@given(LIVES, rule_sets(CONDITIONS), CALENDARS, st.randoms(use_true_random=False))
def test_the_order_of_placements_is_no_argument(drawn: tuple, rules: RuleSet, calendar: Calendar, dice: random.Random):
    life = placements(drawn)
    shuffled = list(life)
    dice.shuffle(shuffled)
    assert decide_life(shuffled, rules, calendar) == decide_life(life, rules, calendar)


def test_what_goes_on_beyond_a_move_is_one_right(shipped: RuleSet, stay: Callable[..., Facts]):
    moved = date(2027, 3, 15)
    life = [stay(until=moved), stay(since=moved, department="justice", departments=("justice",), area="south")]
    found = {each.resource: (each.opens, each.closes) for each in decide_life(life, shipped, NONE).entitlements}
    whole = (date(2027, 2, 24), date(2027, 4, 1))
    assert found["zone:canteen"] == found["seat:near-department"] == whole
    assert found["zone:north-offices"] == (whole[0], moved)
    assert found["zone:south-offices"] == found["zone:archive"] == (moved, whole[1])


def test_a_pause_shuts_doors_and_takes_no_unit_away(shipped: RuleSet, stay: Callable[..., Facts]):
    facts = stay(pauses=((date(2027, 3, 10), date(2027, 3, 12)), (date(2027, 3, 20), None)))
    found = decide(facts, shipped, NONE).entitlements
    assert [(each.opens, each.closes) for each in found if each.resource == "zone:canteen"] == [
        (date(2027, 2, 24), date(2027, 3, 10)),
        (date(2027, 3, 12), date(2027, 3, 20)),
    ]
    assert [(each.opens, each.closes) for each in found if each.asks] == [(date(2027, 2, 24), date(2027, 4, 1))]


def test_the_door_of_the_office_follows_the_seat(shipped: RuleSet, stay: Callable[..., Facts]):
    opens, closes = date(2027, 3, 5), date(2027, 3, 20)
    (door,) = decide_unit(stay(), SEAT, opens, closes, shipped, NONE).entitlements
    assert (door.resource, door.opens, door.closes, door.rule) == ("zone:a-3-office", opens, closes, "office-door")
    assert decide_unit(stay(), replace(SEAT, zone=""), opens, closes, shipped, NONE).entitlements == ()
    paused = stay(pauses=((date(2027, 3, 8), date(2027, 3, 9)),))
    pieces = decide_unit(paused, SEAT, opens, closes, shipped, NONE).entitlements
    assert [(each.opens, each.closes) for each in pieces] == [
        (opens, date(2027, 3, 8)),
        (date(2027, 3, 9), closes),
    ]
    assert decide_unit(stay(until=opens), SEAT, opens, closes, shipped, NONE).entitlements == ()


def test_lock_and_staircase_follow_the_flat(shipped: RuleSet, stay: Callable[..., Facts]):
    flat = UnitFacts("flat", "h1-1-101", "h1-1", "h1-1-door", "h1", tier="one-room")
    found = decide_unit(stay(), flat, date(2027, 3, 1), None, shipped, NONE).entitlements
    assert {each.resource for each in found} == {"lock:h1-1-101", "zone:h1-1-door"}
    assert {each.closes for each in found} == {date(2027, 4, 1)}, "not past the stay"


@given(FACTS, WINDOWS, PAUSES)
def test_what_follows_from_a_unit_holds_only_while_it_is_held(
    facts: Facts, held: tuple[date, date | None], pauses: tuple
):
    rules = read_rules(
        "rules:\n  - {id: door, version: 1, for: seat, clause: c, title: {zh: 门, en: d}, when: 'unit.area == stay.area',"
        " grant: ['zone:${unit.zone}'], opens: arrival - 3 days, closes: departure}\n"
    )
    found = decide_unit(replace(facts, pauses=pauses), SEAT, held[0], held[1], rules, NONE).entitlements
    (rule,) = rules
    window = rule.window(facts, NONE)
    wanted = days_of([window] if window else []) & days_of([held]) - days_of(pauses)
    assert days_of((each.opens, each.closes) for each in found) == (wanted if facts.area == "north" else set())


def test_the_second_stratum_is_explained(shipped: RuleSet, stay: Callable[..., Facts]):
    (door,) = explain_unit(stay(), Holding(SEAT, date(2027, 3, 5), None), shipped, NONE, None)
    assert door.verdict == "granted"
    assert "grants zone:a-3-office from 2027-03-05 to the end of 2027-03-31" in door.says[0].text
    (none,) = explain_unit(stay(), Holding(replace(SEAT, zone=""), date(2027, 3, 5), None), shipped, NONE, None)
    assert (none.verdict, none.demands[0].facts) == ("unmet", (("unit.zone", ""),))
    lock, stairs = explain_unheld("flat", shipped, None)
    assert (lock.verdict, stairs.verdict) == ("no_unit", "no_unit")
    assert "speaks of who holds a flat; this stay holds none" in lock.says[0].text
    assert explain_unheld("flat", shipped, "zone:canteen") != (), "a zone of a unit may be any zone"
    assert explain_unheld("seat", shipped, "lock:h1") == ()


def test_an_ask_that_no_campus_answers_is_explained(shipped: RuleSet, stay: Callable[..., Facts]):
    (seat,) = explain(stay(), shipped, NONE, "seat:near-department")
    assert without_units(seat, frozenset({"flat:one-room"})) == seat
    none = without_units(seat, frozenset({"seat:near-department"}))
    assert (none.verdict, none.entitlements) == ("no_units", ())
    assert "asks for seat:near-department, but this campus has no such unit" in none.says[0].text


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({}, 0),
        ({"departure": None}, 10),
        ({"kind": "借调"}, 20),
        ({"kind": "公务员", "post": "处长", "departure": None}, 40),
        ({"post": "试用期科员", "departments": ("network", "it-centre")}, 15),
    ],
)
def test_points_are_the_sum_of_what_holds(
    shipped: RuleSet, stay: Callable[..., Facts], changes: dict[str, object], points: int
):
    counted = points_of(stay(**changes), shipped)
    assert (counted.total, counted.faults) == (points, ())
    assert sum(merit.points for merit in counted.merits) == points


def test_points_that_break_count_nothing_and_are_a_fault(rule: Callable[..., str], stay: Callable[..., Facts]):
    entry = "  - {{clause: {}, title: {{zh: 分, en: p}}, when: '{}', points: 7}}\n"
    rules = read_rules(
        rule() + "points:\n" + entry.format("一", "1 / (stay.days - 31) == 1") + entry.format("二", "true")
    )
    counted = points_of(stay(), rules)
    assert (counted.total, [fault.clause for fault in counted.faults]) == (7, ["一"])
    assert "divide by zero" in counted.faults[0].cause.text
