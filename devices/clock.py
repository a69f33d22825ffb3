"""Time is handed in: nothing in the house asks the machine what time it is, except the clock that stands here."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What tells the time. Timers sleep with `asyncio.sleep`, which runs on the loop's own time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for leases and time-outs; their zero means nothing."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed point of this boot."""
        return time.monotonic()


class SetClock:
    """A clock that stands where it is put, for tests and rehearsals."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """The instant it was last put to."""
        return self._now

    def monotonic(self) -> float:
        """Seconds moved forward since it was made."""
        return self._elapsed_s

    def put(self, now: datetime) -> None:
        """Move it to another instant; the monotonic side only ever goes forward."""
        self._elapsed_s += max(0.0, (now - self._now).total_seconds())
        self._now = now
