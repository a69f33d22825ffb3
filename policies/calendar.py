"""Which days are worked on this campus. Local dates only: a day is a name here, not an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from policies.says import PolicyError

WORKDAYS_MAX = 1_000
WALK_DAYS_MAX = 4_000
_SATURDAY = 5


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
