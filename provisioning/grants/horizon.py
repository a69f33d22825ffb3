"""How far ahead a date in any record may lie. That distance is what bounds the exposure of a device out of reach."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

HORIZON_DAYS = 30
ROLL_DAYS = 7
MIDNIGHTS_MAX = 4_096
"""Midnights that are remembered: a batch of people asks for few different ones, many times."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The instant at which every date of a person's records ends, and when to roll it forward."""

    ends: datetime
    rolls: datetime


def horizon_of(person: str, now: datetime, zone: ZoneInfo) -> Horizon:
    """The person's horizon: 24 to 30 days ahead. It stands still for a week, since each step rewrites every record,
    and each person's step falls on their own weekday, so that panels are not flooded on one night."""
    today = now.astimezone(zone).date()
    furthest = today.toordinal() + HORIZON_DAYS
    past = (furthest + zlib.crc32(person.encode())) % ROLL_DAYS
    ends = date.fromordinal(furthest - past)
    return Horizon(midnight(ends, zone), midnight(today + timedelta(days=ROLL_DAYS - past), zone))


@lru_cache(MIDNIGHTS_MAX)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins at the site."""
    return datetime.combine(day, time.min, zone).astimezone(_UTC)


_UTC = ZoneInfo("UTC")
