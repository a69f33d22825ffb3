"""Worked days, and days counted from a stay's ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.bounds import Bound, read_bound
from policies.calendar import WORKDAYS_MAX, Calendar, CalendarError
from policies.facts import Facts

# The spring festival of 2027: a week off, two weekend days worked in its place.
FESTIVAL = Calendar(
    holidays=frozenset(date(2027, 2, day) for day in range(5, 12)),
    workdays=frozenset({date(2027, 2, 13), date(2027, 2, 14)}),
)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
FEW_DAYS = st.frozensets(st.dates(date(2027, 1, 1), date(2027, 3, 31)), max_size=20)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2027, 2, 4), True),
        (date(2027, 2, 5), False),
        (date(2027, 2, 13), True),
        (date(2027, 2, 14), True),
        (date(2027, 2, 20), False),
    ],
)
def test_weekdays_are_worked_save_the_exceptions(day: date, worked: bool):
    assert FESTIVAL.is_workday(day) is worked


def test_a_day_that_is_both_is_a_holiday():
    day = date(2027, 2, 13)
    assert not Calendar(frozenset({day}), frozenset({day})).is_workday(day)


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (date(2027, 3, 1), -3, date(2027, 2, 24)),  # over a weekend
        (date(2027, 2, 12), -3, date(2027, 2, 2)),  # over the festival
        (date(2027, 2, 12), 3, date(2027, 2, 15)),  # through a worked weekend
        (date(2027, 2, 6), 0, date(2027, 2, 6)),  # no shift, no search for a worked day
    ],
)
def test_shift_workdays(day: date, count: int, found: date):
    assert FESTIVAL.shift_workdays(day, count) == found


@given(DAYS, st.integers(-60, 60), FEW_DAYS, FEW_DAYS)
def test_exactly_that_many_worked_days_lie_between(
    day: date, count: int, holidays: frozenset[date], workdays: frozenset[date]
):
    calendar = Calendar(holidays, workdays)
    found = calendar.shift_workdays(day, count)
    step = 1 if count > 0 else -1
    between = [day + timedelta(days=step * (i + 1)) for i in range(abs((found - day).days))]
    assert sum(map(calendar.is_workday, between)) == abs(count)
    assert count == 0 or calendar.is_workday(found)


def test_shifts_are_bounded():
    with pytest.raises(CalendarError):
        FESTIVAL.shift_workdays(date(2027, 1, 1), WORKDAYS_MAX + 1)
    with pytest.raises(CalendarError):
        FESTIVAL.shift_workdays(date(1, 1, 3), -5)
    with pytest.raises(CalendarError):
        FESTIVAL.shift_days(date.max, 1)
    never = Calendar(holidays=frozenset(date(2027, 1, 1) + timedelta(days=i) for i in range(5_000)))
    with pytest.raises(CalendarError, match="2027-01-01"):
        never.shift_workdays(date(2027, 1, 1), 1)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("arrival", Bound("arrival", 0, "days")),
        ("departure + 1 day", Bound("departure", 1, "days")),
        ("arrival - 3 workdays", Bound("arrival", -3, "workdays")),
        (" departure+2 days ", Bound("departure", 2, "days")),
    ],
)
def test_bounds_read(text: str, bound: Bound):
    assert read_bound("opens", text) == bound


@pytest.mark.parametrize(
    "text", ["", "today", "arrival 3 days", "arrival - days", "arrival - 3 weeks", "arrival - ３ days"]
)
def test_bounds_that_are_none(text: str):
    assert not isinstance(read_bound("opens", text), Bound)


def test_the_length_of_a_stay_counts_both_ends():
    def days(departure: date | None) -> int:
        return Facts("s", "d", ("d",), "p", "k", "a", date(2027, 3, 1), departure).days

    assert [days(date(2027, 3, 31)), days(date(2027, 3, 1)), days(date(2027, 2, 1)), days(None)] == [31, 1, 0, -1]
