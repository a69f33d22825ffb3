"""Schedules as parts that only add up, against what each day says."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from policies.calendar import DAY_MINUTES, SPANS_MAX, Calendar, Part, Schedule, Spans, joined, odd_days

FIRST = date(2027, 1, 1)
DAYS = 120
OFFICE: Spans = ((480, 1080),)
WEEK = (*[OFFICE] * 5, (), ())

span = st.tuples(st.integers(0, DAY_MINUTES - 2), st.integers(2, DAY_MINUTES)).map(
    lambda told: (told[0], min(told[0] + told[1], DAY_MINUTES))
)
spans = st.lists(span, max_size=5).map(tuple)
days = st.frozensets(st.integers(0, DAYS).map(lambda n: FIRST + timedelta(days=n)), max_size=12)


def open_by_parts(parts: tuple[Part, ...], day: date, minute: int) -> bool:
    return any(
        part.opens <= day
        and (part.closes is None or day <= part.closes)
        and part.weekdays[day.weekday()]
        and any(begins <= minute < ends for begins, ends in part.spans)
        for part in parts
    )


def open_by_word(
    week: tuple[Spans, ...], calendar: Calendar, holiday: Spans, workday: Spans, day: date, at: int
) -> bool:
    """The rule as people say it, by itself."""
    if day in calendar.holidays:
        told = holiday
    elif calendar.is_workday(day) and day.weekday() >= 5:
        told = workday
    else:
        told = week[day.weekday()]
    return any(begins <= at < ends for begins, ends in told)


@settings(max_examples=150, deadline=None)
@example(
    (OFFICE,) * 5 + ((), ()),
    frozenset({FIRST, FIRST + timedelta(days=3)}),
    frozenset({date(2027, 1, 9)}),
    (),
    OFFICE,
    0,
)
@given(st.tuples(*[spans] * 7), days, days, spans, spans, st.integers(0, 40))
def test_parts_are_the_schedule_and_nothing_more(
    week: tuple[Spans, ...],
    holidays: frozenset[date],
    worked: frozenset[date],
    holiday: Spans,
    workday: Spans,
    late: int,
):
    calendar, since = Calendar(holidays, worked), FIRST + timedelta(days=late)
    parts = Schedule("s", 2, week, odd_days(calendar, holiday, workday, since), since).parts()
    edges = {0, DAY_MINUTES - 1}
    for told in (*week, holiday, workday):
        edges |= {edge for ends in told for at in ends for edge in (at - 1, at) if 0 <= edge < DAY_MINUTES}
    for n in range(DAYS):
        day = since + timedelta(days=n)
        for minute in edges:
            assert open_by_parts(parts, day, minute) == open_by_word(week, calendar, holiday, workday, day, minute)
    assert not open_by_parts(parts, since - timedelta(days=1), 600)


@given(st.lists(span, max_size=8))
def test_joined_spans_are_the_same_minutes_in_order(told: list[tuple[int, int]]):
    found = joined(told)
    assert all(one[1] < two[0] for one, two in pairwise(found))
    assert {m for a, b in told for m in range(a, b)} == {m for a, b in found for m in range(a, b)}


def test_a_year_of_office_hours_takes_few_parts():
    holidays = [date(2027, 1, 1), date(2027, 5, 3), *(date(2027, 10, day) for day in range(1, 8))]
    calendar = Calendar(frozenset(holidays), frozenset({date(2027, 9, 26)}))
    parts = Schedule("s", 2, WEEK, odd_days(calendar, (), OFFICE, FIRST), FIRST).parts()
    assert len(parts) == 4
    assert parts[-1] == Part(date(2027, 9, 26), date(2027, 9, 26), (True,) * 7, OFFICE)


def test_many_spans_are_divided():
    told = tuple((hour * 60, hour * 60 + 10) for hour in range(2 * SPANS_MAX + 1))
    parts = Schedule("s", 2, (told, *[()] * 6)).parts()
    assert [len(part.spans) for part in parts] == [SPANS_MAX, SPANS_MAX, 1]
