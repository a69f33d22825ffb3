"""How a process ends what it does at a serial line by itself, so that another may begin there: its doors are kept no more,
and what they reported is handed in. Only then may it be said that the line was let go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from connectors.edge import Edge
from devices.clock import Clock

REST_S = 10.0
"""Who is not asked for so long whether it is over keeps the doors again: nobody may be out of reach of both."""
PATIENCE_S = 60.0
"""What could not be handed in by then is not waited for: a disk that fails must not hold up who takes its place."""


@dataclass(slots=True)
class _Parting:
    since: float
    until: float


class Partings:
    """Of one process. `handed_in` tells whether the hub has all that a target reported."""

    def __init__(self, edge: Edge, handed_in: Callable[[str], Awaitable[bool]], clock: Clock) -> None:
        self._edge = edge
        self._handed_in = handed_in
        self._clock = clock
        self._partings: dict[str, _Parting] = {}

    def rests(self, target: str) -> bool:
        """Whether the doors of a target are not to be kept just now."""
        parting = self._partings.get(target)
        return parting is not None and self._clock.monotonic() < parting.until

    async def over(self, target: str, line: str) -> bool:
        """Whether nobody here keeps the doors of a target any more, and the hub has what they reported; to be asked until it
        is."""
        now = self._clock.monotonic()
        parting = self._partings.get(target)
        if parting is None or parting.until <= now:
            self._partings[target] = _Parting(now, now + REST_S)
            return False
        parting.until = now + REST_S
        if self._edge.keeper(line) is not None:
            return False
        return now >= parting.since + PATIENCE_S or await self._handed_in(target)
