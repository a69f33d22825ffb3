"""One door as its contact and its strike tell of it: shut, opened by whoever may, forced, or held open for too long."""

from __future__ import annotations

from enum import Enum

from connectors.contract import PassageKind

GRACE_S = 1.0
"""A contact may tell of the opening a little after the strike has fallen back."""


class Strike(Enum):
    """How a strike is held beside the moments for which it is released."""

    UNKNOWN = "unknown"
    OFF = "off"
    FREE = "free"
    LATCHED = "latched"


class Doorway:
    """One door. Instants are monotonic seconds."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.key = f"door:{number}"
        self.strike = Strike.UNKNOWN
        self.renewed_at = float("-inf")
        """When the strike of a free door was last told to stay so, and until when it then does."""
        self.stays_until = float("-inf")
        self._is_open: bool | None = None
        self._released_until = float("-inf")
        self._opened_at = 0.0
        self._told = False

    def is_open(self, now: float) -> bool:
        """Whether it stands open, or may at any moment: what an interlock goes by."""
        return bool(self._is_open) or now < self._released_until

    def released(self, until: float) -> None:
        """Somebody may open it until then."""
        self._released_until = max(self._released_until, until)

    def contact(self, *, is_open: bool, now: float, free: bool) -> PassageKind | None:
        """What its contact tells of: FORCED, or CLOSED; None: nothing."""
        before, self._is_open = self._is_open, is_open
        if before is is_open:
            return None
        if not is_open:
            return None if before is None else PassageKind.CLOSED
        self._opened_at, self._told = now, False
        # Of a door that stood open when we came nobody knows who opened it.
        if before is None or free or now <= self._released_until + GRACE_S:
            return None
        self._told = True
        return PassageKind.FORCED

    def held(self, *, now: float, held_open_s: float, free: bool) -> bool:
        """Whether it is to be told now that the door stands open for too long; once for each time."""
        since = max(self._opened_at, min(self._released_until, now))
        if not self._is_open or free or self._told or now < since + held_open_s:
            return False
        self._told = True
        return True
