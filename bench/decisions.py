"""How many cards a second the edge decides on, from a list of 10,000 cards with doors, hours, PINs and all that is asked,
against a bare look into a dict of as many."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bench.ground import Figure
from policies.calendar import Schedule
from policies.passage import Asked, DoorRules, Entry, Now, Pin, Window, decide
from provisioning.compose import dice

CARDS = 10_000
DOORS = 8
DECISIONS = 200_000
DECISION_US_MAX = 50.0
"""Eight readers on a bus hold up a card a second each; the bound leaves the processor to the bus."""

_ZONE = ZoneInfo("Asia/Shanghai")
_AT = datetime(2027, 3, 2, 2, tzinfo=UTC)
_OFFICE = ((510, 720), (780, 1080))


def measure() -> list[Figure]:
    """The time of one decision, and how often it lets somebody in."""
    chance = dice(11)
    entries = {number: _entry(number, chance.randrange(DOORS)) for number in range(1, CARDS + 1)}
    doors = {number: _rules(number) for number in range(1, DOORS + 1)}
    now = Now(_AT, _ZONE, schedules=_schedules(), inside=False, first_done=True)
    asked = [
        Asked(
            chance.randrange(DOORS) + 1,
            chance.randrange(CARDS * 11 // 10) + 1,
            entering=True,
            pin=chance.choice((Pin.NONE, Pin.RIGHT, Pin.RIGHT)),
        )
        for _ in range(DECISIONS)
    ]
    began = time.perf_counter()
    granted = sum(decide(one, entries.get(one.card or 0), doors[one.door], now).granted for one in asked)
    ours_s = time.perf_counter() - began
    began = time.perf_counter()
    found = sum(entries.get(one.card or 0) is not None for one in asked)
    bare_s = time.perf_counter() - began
    each_us = ours_s / DECISIONS * 1e6
    yardstick = (
        f"{DECISIONS / ours_s:,.0f} decisions a second, {granted / DECISIONS:.0%} let in; a bare look into a dict "
        f"{DECISIONS / bare_s:,.0f} a second, {found / DECISIONS:.0%} found"
    )
    return [Figure(f"a decision at the edge, {CARDS} cards", each_us, "µs", DECISION_US_MAX, yardstick)]


def _entry(number: int, door: int) -> Entry:
    opens, closes = _AT - timedelta(days=number % 40), _AT + timedelta(days=number % 30)
    windows = tuple(
        Window((door + nth) % DOORS + 1, opens, None if nth % 2 else closes, 2 if number % 3 else None)
        for nth in range(DOORS - 2)
    )
    return Entry(number, windows, pin=number % 2 == 0, first=number % 50 == 0)


def _rules(number: int) -> DoorRules:
    return DoorRules(
        number,
        pin=3 if number % 4 == 0 else None,
        antipassback=number % 2 == 0,
        interlock=frozenset({number % DOORS + 1}),
        first_person=2 if number % 8 == 0 else None,
    )


def _schedules() -> dict[int, Schedule]:
    """Office hours with a year's holidays, and all hours."""
    holidays = frozenset((_AT + timedelta(days=nth)).date() for nth in range(9, 365, 11))
    since = (_AT - timedelta(days=60)).date()
    office = Schedule("office", 2, (*[_OFFICE] * 5, (), ()), dict.fromkeys(holidays, ()), since)
    return {2: office, 3: Schedule("always", 3, (((0, 1440),),) * 7)}
