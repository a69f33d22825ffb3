"""A full reading of one target, in pieces, so that a panel with many cards keeps neither a worker nor its own work waiting.
It is kept between visits; whatever makes its pieces worthless (another device, a fault, another gateway) begins it anew."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from connectors.contract import Connector
from connectors.desk import Found
from devices.clock import Clock
from devices.wire import ProtocolError

FOUND_MAX = 1_000_000


class Reading:
    """What was found so far. It began at `started`, and by the monotonic clock at `began`."""

    def __init__(self, connector: Connector, clock: Clock) -> None:
        self.started = clock.now()
        self.began = clock.monotonic()
        self.pieces = 0
        self.doubtful = False
        """Whether it came to its end although the device's own count disagreed."""
        self.found: list[Found] = []
        self._connector = connector
        self._clock = clock
        self._items = connector.read_all()

    async def some(self, piece_s_max: float) -> bool:
        """Read on for so long; whether that was all. Raises `WireError`."""
        self.pieces += 1
        over = self._clock.monotonic() + piece_s_max
        try:
            async for key, body in self._items:
                self.found.append(Found(key, body, self._connector.rank(key)))
                if len(self.found) > FOUND_MAX:
                    raise ProtocolError(f"it shows more than {FOUND_MAX} records")
                if self._clock.monotonic() > over:
                    return False
        except ProtocolError:
            # What comes and goes between two pieces may be counted and not found, or found and not counted.
            if self.pieces == 1:
                raise
            self.doubtful = True
        return True

    async def end(self) -> None:
        """Read no more."""
        if isinstance(self._items, AsyncGenerator):
            await self._items.aclose()
