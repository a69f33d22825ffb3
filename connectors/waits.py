"""How long work waits after it did not succeed, so that nothing is hammered and nothing urgent waits long: the same beside
the hub and at a gateway far from it."""

from __future__ import annotations

from collections.abc import Callable

from connectors.contract import SETTLING, Later

BACKOFF_S_MAX = 900.0
REFUSED_AGAIN_S = 900.0
REACH_BACKOFF_S = 1.0
REACH_BACKOFF_S_MAX = 60.0
URGENT_BACKOFF_S_MAX = 5.0
PARKED_S = 30.0
"""After a fault of the gateway's own."""
DOUBLINGS_MAX = 20
"""Far beyond every longest wait, and small enough that no count of tries, however long a device is off, overflows."""
SHARES = 256


def doubled_s(first_s: float, tries: int, longest_s: float) -> float:
    """How long to wait after so many tries before this one."""
    return min(longest_s, first_s * 2.0 ** min(tries, DOUBLINGS_MAX))


def later_s(later: Later, attempts: int) -> tuple[float, int]:
    """How long a task waits that was tried so often before, and how often it was tried by then. Settling ends at a known
    instant; any other wait doubles, so that one bad record never hammers a device."""
    if later.reason == SETTLING:
        return later.after_s, attempts
    return doubled_s(later.after_s, attempts, BACKOFF_S_MAX), attempts + 1


def reach_s(tries: int, *, urgent: bool) -> float:
    """How long a target out of reach waits after so many tries before this one. Somebody revoked there may still pass: such
    a target is asked more often than one that merely owes."""
    return doubled_s(REACH_BACKOFF_S, tries, URGENT_BACKOFF_S_MAX if urgent else REACH_BACKOFF_S_MAX)


class Backoff:
    """Waits that double, each cut by chance."""

    def __init__(self, first_s: float, longest_s: float, random_bytes: Callable[[int], bytes]) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._random = random_bytes
        self._tries = 0

    def over(self) -> None:
        """It went well."""
        self._tries = 0

    def next_s(self) -> float:
        """How long to wait this time."""
        whole_s = doubled_s(self._first_s, self._tries, self._longest_s)
        self._tries += 1
        return whole_s * (0.5 + self._random(1)[0] / SHARES / 2)
