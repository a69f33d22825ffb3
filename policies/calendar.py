"""Which days are worked on this campus. Local dates only: a day is a name here, not an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from policies.says import PolicyError

WORKDAYS_MAX = 1_000
WALK_DAYS_MAX = 4_000
_SATURDAY = 5
_DAY = timedelta(days=1)

SPANS_MAX = 3
"""Spans that one part of a schedule has at most: as many as a panel's time profile."""
DAY_MINUTES = 1_440

Span = tuple[int, int]
"""Minutes of a local day, from the first to the one that is no part of it any more: (480, 1080) is 08:00 to 18:00."""
Spans = tuple[Span, ...]
Week = tuple[bool, bool, bool, bool, bool, bool, bool]
"""Monday first."""


class CalendarError(PolicyError):
    """No day lies {count} {unit} away from {day}. Look at the dates of the stay, and at the calendar's holidays."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Monday to Friday are worked, save `holidays`; so are `workdays`, the weekend days put in their place (调休).

    A day named in both is a holiday.
    """

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Whether `day` is worked."""
        return day not in self.holidays and (day.weekday() < _SATURDAY or day in self.workdays)

    def shift_days(self, day: date, count: int) -> date:
        """The day `count` calendar days after `day`, or before it if negative; CalendarError beyond the calendar."""
        try:
            return day + timedelta(days=count)
        except OverflowError:
            raise CalendarError(count=count, unit="days", day=day.isoformat()) from None

    def shift_workdays(self, day: date, n: int) -> date:
        """The n-th worked day after `day`, or before it if `n` is negative; `day` itself if `n` is 0, worked or not.

        CalendarError past WORKDAYS_MAX, or where WALK_DAYS_MAX days do not hold that many worked ones.
        """
        left, step = abs(n), timedelta(days=1 if n > 0 else -1)
        last = date.max if n > 0 else date.min
        found = day
        for _ in range(WALK_DAYS_MAX):
            if left == 0:
                return found
            if found == last or left > WORKDAYS_MAX:
                break
            found += step
            left -= self.is_workday(found)
        raise CalendarError(count=n, unit="workdays", day=day.isoformat())


@dataclass(frozen=True, slots=True)
class Part:
    """Spans that hold on these weekdays from day `opens` to day `closes`, inclusive; None: with no end."""

    opens: date
    closes: date | None
    weekdays: Week
    spans: Spans


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something may be open: spans for each weekday, Monday first, and for each of the `days` that go by others.

    `number` is under which a target keeps it, the first of as many as it has parts; new content has new numbers. `since` is
    the day from which that content was laid down: nothing before it is part of it.
    """

    id: str
    number: int
    week: tuple[Spans, ...]
    days: Mapping[date, Spans] = field(default_factory=dict)
    since: date = date(2000, 1, 1)
    name: Mapping[str, str] = field(default_factory=dict)

    def spans(self, day: date) -> Spans:
        """The spans of a day."""
        return self.days.get(day, self.week[day.weekday()])

    def parts(self) -> tuple[Part, ...]:
        """The same as parts that only add up: no part takes from another, for a panel's profiles cannot. A day that goes
        by other hours than its weekday divides what would go over it."""
        odd = {
            day: spans
            for day, spans in sorted(self.days.items())
            if day >= self.since and joined(spans) != joined(self.week[day.weekday()])
        }
        found = [*_weekly(self.week, odd, self.since), *_daily(odd)]
        return tuple(
            Part(part.opens, part.closes, part.weekdays, part.spans[at : at + SPANS_MAX])
            for part in found
            for at in range(0, len(part.spans), SPANS_MAX)
        )


def odd_days(calendar: Calendar, holiday: Spans, workday: Spans, since: date) -> dict[date, Spans]:
    """The days of a calendar that go by other hours than their weekday: holidays, and weekend days worked in their place."""
    worked = {day for day in calendar.workdays if day.weekday() >= _SATURDAY} - calendar.holidays
    days = dict.fromkeys(calendar.holidays, holiday) | dict.fromkeys(worked, workday)
    return {day: days[day] for day in sorted(days) if day >= since}


def joined(spans: Iterable[Span]) -> Spans:
    """The same minutes in the fewest spans, in order."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return tuple(found)


def _weekly(week: tuple[Spans, ...], odd: Mapping[date, Spans], since: date) -> Iterator[Part]:
    alike: dict[Spans, set[int]] = {}
    for weekday, spans in enumerate(week):
        alike.setdefault(joined(spans), set()).add(weekday)
    for spans, weekdays in alike.items():
        if not spans:
            continue
        begins = since
        for day in [*(day for day in odd if day.weekday() in weekdays), None]:
            ends = None if day is None else day - _DAY
            if ends is None or any(one.weekday() in weekdays for one in _first_week(begins, ends)):
                yield Part(begins, ends, _mask(weekdays), spans)
            begins = begins if day is None else day + _DAY


def _daily(odd: Mapping[date, Spans]) -> Iterator[Part]:
    begun: Part | None = None
    for day, told in odd.items():
        spans = joined(told)
        if begun is not None and begun.closes == day - _DAY and begun.spans == spans:
            begun = Part(begun.opens, day, begun.weekdays, spans)
            continue
        if begun is not None and begun.spans:
            yield begun
        begun = Part(day, day, _mask(range(7)), spans)
    if begun is not None and begun.spans:
        yield begun


def _first_week(begins: date, ends: date) -> Iterator[date]:
    day = begins
    while day <= ends and (day - begins).days < 7:
        yield day
        day += _DAY


def _mask(weekdays: Iterable[int]) -> Week:
    a, b, c, d, e, f, g = (day in set(weekdays) for day in range(7))
    return a, b, c, d, e, f, g
