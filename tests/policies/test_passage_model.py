"""A door's decision against a small model that says the same by itself, and what must hold for every one of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendar import Schedule
from policies.passage import Asked, DoorRules, Entry, Mode, Now, Pin, Verdict, Window, decide, open_at
from policies.passage_reasons import OPENS, Reason

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
TICKS = [timedelta(), timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)]
# A year's end, both changes of the clock in Berlin, and a day like any other.
MIDDLES = [
    datetime(2026, 12, 31, 23, tzinfo=UTC),
    datetime(2027, 3, 28, 1, tzinfo=UTC),
    datetime(2027, 10, 31, 1, tzinfo=UTC),
    datetime(2027, 6, 8, 4, tzinfo=UTC),
]
SPANS = [(), ((0, 1440),), ((480, 1080),), ((0, 61), (120, 180)), ((130, 700), (690, 1439)), ((1380, 1440),)]
numbers = st.sampled_from([2, 3, 9])
doors = st.frozensets(st.integers(1, 3), max_size=2)
near = st.tuples(st.sampled_from(MIDDLES), st.integers(-40, 40), st.sampled_from(TICKS), st.sampled_from([-1, 1]))
instants = near.map(lambda told: told[0] + timedelta(hours=told[1]) + told[3] * told[2])


def pool(dice: random.Random) -> list[Schedule]:
    """Schedules at hand, for to draw each anew takes longer than to decide by it."""
    days = sorted({middle.date() + timedelta(days=n) for middle in MIDDLES for n in (-1, 0, 1)})
    return [
        Schedule(
            str(nth),
            2,
            tuple(dice.choice(SPANS) for _ in range(7)),
            {day: dice.choice(SPANS) for day in dice.sample(days, nth % 5)},
            dice.choice([date(2000, 1, 1), date(2027, 1, 1), date(2027, 10, 31)]),
        )
        for nth in range(60)
    ]


POOL = pool(random.Random(5))
PARTS = {id(each): each.parts() for each in POOL}
schedules = st.fixed_dictionaries({2: st.sampled_from(POOL), 3: st.sampled_from(POOL)})


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens = draw(instants)
    closes = draw(st.none() | st.integers(0, 60).map(lambda n: opens + timedelta(hours=n)))
    return Window(draw(st.sampled_from([1, 1, 1, 2])), opens, closes, draw(st.none() | numbers))


several = st.lists(windows(), max_size=4).map(tuple)
entries = st.builds(Entry, st.sampled_from([7, 7, 7, 8]), several, st.booleans(), st.booleans(), st.booleans())
rules = st.builds(DoorRules, st.just(1), st.none() | numbers, st.booleans(), doors, st.none() | numbers)
nows = st.builds(
    Now, instants, st.sampled_from(ZONES), st.sampled_from([Mode.CONTROLLED, *Mode]), st.sampled_from([False] * 7 + [True]),
    doors, st.sampled_from([None, True, False]), st.booleans(), st.sampled_from([False] * 7 + [True]), schedules,
)  # fmt: skip
asked = st.builds(
    Asked, st.sampled_from([1] * 7 + [2]), st.sampled_from([7] * 7 + [None]), st.sampled_from([None, True, False]),
    st.sampled_from([*Pin, Pin.RIGHT]), st.sampled_from([True] * 7 + [False]),
)  # fmt: skip
maybe = st.one_of(entries, entries, entries, entries, st.none())
Case = tuple[Asked, Entry | None, DoorRules, Now]
cases = st.tuples(asked, maybe, rules, nows)
every = settings(max_examples=300, deadline=None)


def holds(number: int | None, now: Now, *, unknown: bool) -> bool:
    """Whether hours hold now, by the schedule's parts as panels have them; `unknown` where there is no such schedule."""
    if number not in now.schedules:
        return unknown
    local = now.at.astimezone(now.zone)
    return any(
        part.opens <= local.date()
        and (part.closes is None or local.date() <= part.closes)
        and part.weekdays[local.weekday()]
        and any(begins * 60 <= local.hour * 3600 + local.minute * 60 + local.second < ends * 60
                for begins, ends in part.spans)
        for part in PARTS[id(now.schedules[number])]
    )  # fmt: skip


def may(asked: Asked, entry: Entry | None, rules: DoorRules, now: Now) -> bool:
    """The model: all that must be so at once, in no order."""
    if now.fire:
        return True
    alive = asked.fresh and not now.term_over and asked.door == rules.number
    if not alive or now.mode is Mode.FREE:
        return alive
    if entry is None or asked.card is None or asked.card != entry.card:
        return False
    right = any(
        each.door == asked.door
        and each.opens <= now.at
        and not (each.closes is not None and each.closes <= now.at)
        and (each.schedule is None or holds(each.schedule, now, unknown=False))
        for each in entry.windows
    )
    pin_wanted = rules.pin is not None and holds(rules.pin, now, unknown=True)
    proved = asked.pin is not Pin.WRONG and not (pin_wanted and not (entry.pin and asked.pin is Pin.RIGHT))
    first_wanted = rules.first_person is not None and holds(rules.first_person, now, unknown=True)
    barred = [
        now.mode is Mode.LOCKED and not entry.exempt,
        first_wanted and not (now.first_done or entry.first),
        rules.antipassback and (asked.entering, now.inside) in {(True, True), (False, False)},
        any(door in now.open_doors for door in rules.interlock if door != rules.number),
    ]
    return right and proved and not any(barred)


@every
@given(cases)
def test_a_door_opens_where_the_model_says(case: Case):
    assert decide(*case).granted is may(*case)


@every
@given(cases)
def test_nobody_passes_outside_a_window(case: Case):
    asked, entry, _, now = case
    verdict = decide(*case)
    if verdict.granted and not now.fire and now.mode is not Mode.FREE:
        assert entry is not None
        holding = [
            each
            for each in entry.windows
            if each.door == asked.door
            and each.opens <= now.at
            and (each.closes is None or now.at < each.closes)
            and (
                each.schedule is None
                or (each.schedule in now.schedules and open_at(now.schedules[each.schedule], now.at, now.zone))
            )
        ]
        assert holding
        assert decide(asked, replace(entry, windows=tuple(holding)), *case[2:]).granted
        assert not decide(asked, replace(entry, windows=()), *case[2:]).granted


@every
@given(cases)
def test_a_lockdown_denies_all_but_the_exempt(case: Case):
    asked, entry, rules, now = case
    verdict = decide(asked, entry, rules, replace(now, mode=Mode.LOCKED, fire=False))
    if entry is None or not entry.exempt:
        assert not verdict.granted
    elif verdict.granted:
        assert decide(asked, entry, rules, replace(now, mode=Mode.CONTROLLED, fire=False)).granted


@every
@given(cases, windows())
def test_what_takes_away_never_opens(case: Case, more: Window):
    asked, entry, rules, now = case
    if now.fire or now.mode is Mode.FREE or decide(*case).granted:
        return
    assert not decide(asked, entry, replace(rules, antipassback=True), now).granted
    assert not decide(asked, entry, replace(rules, pin=9), now).granted
    assert not decide(asked, entry, replace(rules, first_person=9), replace(now, first_done=False)).granted
    assert not decide(asked, entry, rules, replace(now, term_over=True)).granted
    assert not decide(asked, entry, rules, replace(now, open_doors=now.open_doors | {2, 3})).granted
    assert not decide(asked, entry, rules, replace(now, schedules={})).granted or rules.pin is not None
    assert not decide(replace(asked, fresh=False), entry, rules, now).granted
    assert not decide(replace(asked, pin=Pin.WRONG), entry, rules, now).granted
    if entry is not None:
        fewer = replace(entry, windows=entry.windows[1:], exempt=False, first=False)
        assert not decide(asked, fewer, rules, now).granted
        added = decide(asked, replace(entry, windows=(*entry.windows, more)), rules, now)
        assert not added.granted or more.door == asked.door


@every
@given(cases)
def test_a_verdict_says_what_follows_from_it(case: Case):
    asked, entry, _, now = case
    verdict = decide(*case)
    assert verdict.granted is (verdict.reason in OPENS)
    assert verdict.ask_pin is (verdict.reason is Reason.PIN_WANTED)
    moved = verdict.granted and asked.entering is not None
    assert verdict.inside is (asked.entering if moved else now.inside)
    assert verdict.first_done >= now.first_done
    if verdict.first_done and not now.first_done:
        assert verdict.reason is Reason.CARD
        assert entry is not None
        assert entry.first
    if verdict.ask_pin:
        again = decide(replace(asked, pin=Pin.RIGHT), *case[1:])
        assert again.reason not in {Reason.PIN_WANTED, Reason.WRONG_PIN, Reason.NO_PIN}
        assert decide(replace(asked, pin=Pin.WRONG), *case[1:]).reason is Reason.WRONG_PIN


@every
@given(cases, st.randoms())
def test_neither_the_order_of_windows_nor_the_zone_in_which_the_clock_is_told_matters(case: Case, dice):
    asked, entry, rules, now = case
    mixed = entry and replace(entry, windows=tuple(dice.sample(entry.windows, len(entry.windows))))
    elsewhere = replace(now, at=now.at.astimezone(now.zone))
    assert decide(asked, mixed, rules, elsewhere) == decide(*case)


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.floats(), st.datetimes(), st.binary(max_size=3),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.integers(), st.none(), max_size=2),
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(cases, st.sampled_from(["asked", "entry", "rules", "now"]), st.integers(0, 8), junk)
def test_no_value_makes_it_raise(case: Case, part: str, nth: int, value: object):
    told: dict[str, Any] = dict(zip(("asked", "entry", "rules", "now"), case, strict=True))
    one = told[part]
    if one is None:
        return
    names = type(one).__slots__
    told[part] = replace(one, **{names[nth % len(names)]: value})
    verdict = decide(**told)
    assert isinstance(verdict, Verdict)
    assert verdict.granted is (verdict.reason in OPENS)
