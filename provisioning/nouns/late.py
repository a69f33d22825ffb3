"""Openings that came late: what was to be open, and was not proved when its time had come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Late:
    """One grant on one target whose opening came before its proof. `since` is when it was to be open, or could first be, if
    that was later: it was told of, and there was the unit or the card that it needs. `proved` is when it was read back as
    open, None while it is not; `late_s` how many seconds lie, or by now lie, between; `reason` why it still is late, an
    English template, where anything is known."""

    no: str
    grant: str
    resource: str
    target: str
    key: str
    since: datetime
    proved: datetime | None
    late_s: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Lateness:
    """What is late by now, the longest first, and what came late within the last day, the latest proof first. `more` where
    either list was cut."""

    now: tuple[Late, ...]
    proved: tuple[Late, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the dates of what a target holds by itself reach: the last date of the record that ends first, and of the one
    that ends last; None where it holds nothing with dates. Both are exclusive instants."""

    first: datetime | None
    last: datetime | None
