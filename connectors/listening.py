"""Where a gateway listens: at each address at which one of its targets tells, and nowhere else. Addresses are tried again
and again, and one at which nothing can be heard is told to the hub once, and so is that it is heard again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from devices.clock import Clock
from devices.wg.ear import Ear
from devices.wire import Unreachable

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Deaf:
    """An address at which nothing can be heard, since when (monotonic seconds), and whether that was told."""

    since: float
    told: bool = False


class Listening:
    """Opens and shuts an ear."""

    def __init__(
        self, ear: Ear, tell: Callable[[str, str | None], Awaitable[None]], clock: Clock, deaf_s: float
    ) -> None:
        """`tell` is told an address and why nothing is heard there (None: it is again), after `deaf_s` seconds: at a
        hand-over on one machine the process that had it before leaves it within them."""
        self._ear = ear
        self._tell = tell
        self._clock = clock
        self._deaf_s = deaf_s
        self._deaf: dict[str, _Deaf] = {}

    async def keep(self, wanted: AbstractSet[str]) -> None:
        """Listen at these addresses, as far as that is possible just now."""
        listening = self._ear.listening
        for gone in listening - wanted:
            self._ear.close(gone)
        for gone in self._deaf.keys() - wanted:
            del self._deaf[gone]
        for address in sorted(wanted - listening):
            await self._open(address)

    async def _open(self, address: str) -> None:
        try:
            await self._ear.listen(address)
        except (Unreachable, ValueError) as error:
            now = self._clock.monotonic()
            deaf = self._deaf.setdefault(address, _Deaf(now))
            if not deaf.told and now >= deaf.since + self._deaf_s:
                deaf.told = True
                _log.warning("%s", error)
                await self._tell(address, str(error))
            return
        deaf_before = self._deaf.pop(address, None)
        if deaf_before is not None and deaf_before.told:
            await self._tell(address, None)
