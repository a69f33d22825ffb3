"""May this card pass this door now? Decided at the edge, for doors whose readers keep no cards. Pure, and total: it never
raises, and what cannot be decided stays shut.

The checks, in this order; the first that speaks gives the answer. Whatever denies wins over whatever grants.

| check | answer |
|---|---|
| fire has released the door | opens, and nothing else is asked |
| the card was read while the reader was out of reach | `STALE` |
| the gateway's term is over | `TERM_OVER` |
| door, settings and clock do not fit together | `UNDECIDED` |
| the door is free at this hour | opens, whoever it is |
| no card; one that is not on the list | `NO_CARD`; `UNKNOWN_CARD` |
| no window on this door; none that holds at this second | `NO_RIGHT`; `NOT_YET`, `OVER` |
| no such window that is open at this hour | `HOLIDAY`, `OUT_OF_HOURS`, `HOURS_UNKNOWN` |
| a PIN was wrong; none is set, or none was typed, where one is wanted | `WRONG_PIN`; `NO_PIN`, `PIN_WANTED` |
| the door is locked, and the card is not exempt | `LOCKDOWN` |
| nobody has come yet who may be the first | `FIRST_MISSING` |
| the card was last seen on the side to which it asks to go | `PASSBACK` |
| another door of the lock stands open | `INTERLOCK` |

So a locked door says `LOCKDOWN` only to a card that would have passed otherwise, as panels do. A schedule that is named and
not known wants what it would want at its strictest: no right by it, a PIN, a first person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from policies.calendar import Schedule, joined
from policies.passage_reasons import OPENS, Reason


class Mode(StrEnum):
    """How a door stands just now, by its hours and by conditions."""

    CONTROLLED = "controlled"
    FREE = "free"
    LOCKED = "locked"


class Pin(StrEnum):
    """What became of the digits that were typed; whoever keeps the list has compared them."""

    NONE = "none"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Window:
    """A card may pass `door` in [opens, closes), closes None: with no end; and then only by the hours of the schedule with
    this number, None: at all hours. Aware instants."""

    door: int
    opens: datetime
    closes: datetime | None
    schedule: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the list holds for one card. `pin`: one is set. `exempt`: it passes locked doors, by its windows. `first`: it
    counts as a first person."""

    card: int
    windows: tuple[Window, ...]
    pin: bool = False
    exempt: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What a door asks beside a right. `pin` and `first_person` are the numbers of the schedules within which it wants a
    PIN, and a first person before others; None: never. `interlock` are the doors that must be shut."""

    number: int
    pin: int | None = None
    antipassback: bool = False
    interlock: frozenset[int] = frozenset()
    first_person: int | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """How things stand. `at` is aware; `zone` the site's, by which schedules go. `inside` is where the card was last seen,
    None: not known or forgiven. `first_done`: the first person of these hours has come (`first_hours` tells which hours).
    `term_over`: the gateway may only shut."""

    at: datetime
    zone: ZoneInfo
    mode: Mode = Mode.CONTROLLED
    fire: bool = False
    open_doors: frozenset[int] = frozenset()
    inside: bool | None = None
    first_done: bool = False
    term_over: bool = False
    schedules: Mapping[int, Schedule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A card at a door. `entering` is the side to which it asks to go, None where the reader does not tell. `fresh`: it was
    read just now, and not while the reader was out of reach."""

    door: int
    card: int | None
    entering: bool | None = None
    pin: Pin = Pin.NONE
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and how things stand after it: where the card is taken to be, and whether the first person has come.
    `ask_pin`: it may pass once its PIN is typed as well."""

    granted: bool
    reason: Reason
    inside: bool | None
    first_done: bool
    ask_pin: bool


def decide(asked: Asked, entry: Entry | None, rules: DoorRules, now: Now) -> Verdict:
    """Whether the door opens, and why. `entry` is what the list holds for the card, None: nothing. Never raises."""
    try:
        reason = Reason.FIRE if now.fire else _reason(asked, entry, rules, now)
        begins = reason is Reason.CARD and entry is not None and entry.first and _wanted(rules.first_person, now)
    except Exception:  # noqa: BLE001 - a door whose settings or list are broken stays shut, whatever is wrong with them
        reason, begins = Reason.UNDECIDED, False
    granted = reason in OPENS
    inside = asked.entering if granted and asked.entering is not None else now.inside
    return Verdict(granted, reason, inside, now.first_done or begins, reason is Reason.PIN_WANTED)


def open_at(schedule: Schedule, at: datetime, zone: ZoneInfo) -> bool:
    """Whether a schedule's hours hold at an instant, by the site's wall clock."""
    day, minute = _local(at, zone)
    return day >= schedule.since and any(begins <= minute < ends for begins, ends in schedule.spans(day))


def first_hours(rules: DoorRules, now: Now) -> tuple[date, int] | None:
    """The local day, and the minute of it, at which those hours began in which this door wants a first person; None outside
    of them. Who keeps `first_done` keeps it for these hours alone: the next ones want a first person of their own."""
    schedule = _known(rules.first_person, now)
    day, minute = _local(now.at, now.zone)
    if schedule is None or day < schedule.since:
        return None
    return next(((day, begins) for begins, ends in joined(schedule.spans(day)) if begins <= minute < ends), None)


def _reason(asked: Asked, entry: Entry | None, rules: DoorRules, now: Now) -> Reason:
    if not asked.fresh:
        return Reason.STALE
    if now.term_over:
        return Reason.TERM_OVER
    if asked.door != rules.number or now.at.utcoffset() is None:
        return Reason.UNDECIDED
    if now.mode is Mode.FREE:
        return Reason.FREE
    if asked.card is None:
        return Reason.NO_CARD
    if entry is None or entry.card != asked.card:
        return Reason.UNKNOWN_CARD
    return (
        _no_right(asked.door, entry.windows, now)
        or _no_pin(asked.pin, entry, rules, now)
        or _shut_out(asked, entry, rules, now)
        or Reason.CARD
    )


def _no_right(door: int, windows: Iterable[Window], now: Now) -> Reason | None:
    """Why no window lets the card pass this door now; None where one does."""
    here = [window for window in windows if window.door == door]
    if not here:
        return Reason.NO_RIGHT
    # Two instants with one zone would be compared by their wall clocks, which show an hour twice when summer ends.
    at = now.at.astimezone(UTC)
    holding = [each for each in here if each.opens <= at and (each.closes is None or at < each.closes)]
    if not holding:
        return Reason.NOT_YET if any(at < each.opens for each in here) else Reason.OVER
    closed = {_closed(number, now) for number in {each.schedule for each in holding}}
    if None in closed:
        return None
    return next(reason for reason in (Reason.HOLIDAY, Reason.OUT_OF_HOURS, Reason.HOURS_UNKNOWN) if reason in closed)


def _closed(number: int | None, now: Now) -> Reason | None:
    """Why the hours of the schedule with this number do not hold now; None where they do."""
    if number is None:
        return None
    schedule = _known(number, now)
    if schedule is None:
        return Reason.HOURS_UNKNOWN
    if open_at(schedule, now.at, now.zone):
        return None
    day, minute = _local(now.at, now.zone)
    usual = any(begins <= minute < ends for begins, ends in schedule.week[day.weekday()])
    return Reason.HOLIDAY if usual and day in schedule.days else Reason.OUT_OF_HOURS


def _no_pin(pin: Pin, entry: Entry, rules: DoorRules, now: Now) -> Reason | None:
    if pin is Pin.WRONG:
        return Reason.WRONG_PIN
    if not _wanted(rules.pin, now):
        return None
    if not entry.pin:
        return Reason.NO_PIN
    return None if pin is Pin.RIGHT else Reason.PIN_WANTED


def _shut_out(asked: Asked, entry: Entry, rules: DoorRules, now: Now) -> Reason | None:
    """What keeps somebody out who has a right and has proved who they are; None: nothing."""
    if now.mode is not Mode.CONTROLLED and not entry.exempt:
        return Reason.LOCKDOWN
    if not entry.first and not now.first_done and _wanted(rules.first_person, now):
        return Reason.FIRST_MISSING
    if rules.antipassback and asked.entering is not None and asked.entering == now.inside:
        return Reason.PASSBACK
    return Reason.INTERLOCK if rules.interlock & now.open_doors - {rules.number} else None


def _wanted(number: int | None, now: Now) -> bool:
    """Whether something is wanted now that goes by the hours of the schedule with this number; None: never."""
    if number is None:
        return False
    schedule = _known(number, now)
    return schedule is None or open_at(schedule, now.at, now.zone)


def _known(number: int | None, now: Now) -> Schedule | None:
    return None if number is None else now.schedules.get(number)


def _local(at: datetime, zone: ZoneInfo) -> tuple[date, int]:
    """The day and the minute of it that clocks at the site show."""
    local = at.astimezone(zone)
    return local.date(), local.hour * 60 + local.minute
