"""The day on which a right begins or ends, written relative to the stay: arrival|departure [± N days|workdays]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from policies.calendar import WORKDAYS_MAX, Calendar
from policies.facts import Facts
from policies.says import Said, Sentence, say

DAYS_MAX = 3_660
WALKS_KEPT_MAX = 4_096
_BOUND = re.compile(r"(arrival|departure)(?:\s*([+-])\s*([0-9]{1,9})\s+(day|workday)s?)?")

Anchor = Literal["arrival", "departure"]
Unit = Literal["days", "workdays"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A day counted from the stay's first or last day."""

    anchor: Anchor
    count: int
    unit: Unit

    def day(self, facts: Facts, calendar: Calendar) -> date | None:
        """The day meant, or None where it hangs on a departure that is not known; CalendarError beyond the calendar."""
        start = facts.arrival if self.anchor == "arrival" else facts.departure
        if start is None or self.count == 0:
            return start
        return (
            _workdays(calendar, start, self.count)
            if self.unit == "workdays"
            else calendar.shift_days(start, self.count)
        )


@lru_cache(maxsize=WALKS_KEPT_MAX)
def _workdays(calendar: Calendar, day: date, count: int) -> date:
    # A batch arrives on few days, and most rules count alike from them: each walk is made once.
    return calendar.shift_workdays(day, count)


def read_bound(key: str, text: str) -> Bound | Said:
    """The bound that `text` writes, or the sentence that says why it is none. `key` names it in that sentence."""
    found = _BOUND.fullmatch(text.strip())
    if found is None:
        return say(Sentence.BAD_BOUND, key=key, text=text)
    count = int(found[3] or 0)
    unit: Unit = "workdays" if found[4] == "workday" else "days"
    limit = WORKDAYS_MAX if unit == "workdays" else DAYS_MAX
    if count > limit:
        return say(Sentence.FAR_BOUND, key=key, count=count, unit=unit, limit=limit)
    anchor: Anchor = "arrival" if found[1] == "arrival" else "departure"
    return Bound(anchor, -count if found[2] == "-" else count, unit)
