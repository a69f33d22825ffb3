"""Where a gateway far from the hub hands in what doors report: `connectors.desk.PassageDesk` by the line. Nothing is kept
here: what was not taken yet stands in the targets' own memories, and is handed in from there once the hub answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from connectors.contract import Mark
from connectors.desk import Passed, Watch
from connectors.messages import (
    DEAF,
    OVERHEARD,
    PASSED,
    WATCH,
    Deaf,
    Marks,
    Overheard,
    PassedBy,
    Watching,
    WatchTold,
    watch_of,
)
from connectors.remote_line import HubAway, Line
from connectors.remote_sync import Pace
from connectors.waits import Backoff
from devices.clock import Clock

WATCH_S = 15.0
"""So often it is asked whose passages to follow, beside each time that the gateway's targets change."""
FOREIGN_S = 1.0
NOBODY = Watch("", ZoneInfo("UTC"), ())
"""Whom to follow where no target is left."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class RemotePassageDesk:
    """Called from the gateway's loop. While the hub is away its calls wait, and so do what was heard and its mark."""

    def __init__(
        self,
        line: Line,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        ready: Callable[[], bool],
        pace: Pace | None = None,
    ) -> None:
        """`ready` tells whether enough is known of the site to speak to its devices."""
        self._line = line
        self._clock = clock
        self._random = random_bytes
        self._pace = pace or Pace()
        self._ready = ready
        self._watch_at = 0.0

    def look(self) -> None:
        """The gateway's targets have changed: ask at once whose passages to follow."""
        self._watch_at = 0.0

    async def watch(self, since: str | None) -> Watch | None:
        """Whose passages to follow; None where that is still what it was at the version `since`."""
        now = self._clock.monotonic()
        if not self._ready():
            return None if since in {None, NOBODY.version} else NOBODY
        if since is not None and now < self._watch_at:
            return None
        self._watch_at = now + WATCH_S
        return watch_of(await self._patiently(lambda: self._line.call(WATCH, Watching(since=since), WatchTold)))

    async def passed(self, told: Sequence[Passed]) -> Sequence[Mark]:
        """Hand in, in one step; for each the newest that the hub has now."""
        message = PassedBy(told=tuple(told))
        marks = (await self._patiently(lambda: self._line.call(PASSED, message, Marks))).marks
        if None in marks:
            self.look()
            await asyncio.sleep(FOREIGN_S)
        return [one.after if mark is None else mark for one, mark in zip(told, marks, strict=True)]

    async def overheard(self, address: str, serial: int) -> None:
        """Say that somebody unknown speaks as a device would."""
        await self._patiently(lambda: self._line.tell(OVERHEARD, Overheard(address=address, serial=serial)))

    async def deaf(self, listen: str, why: str | None) -> None:
        """Say why nothing can be heard there; None: it is heard again."""
        await self._patiently(lambda: self._line.tell(DEAF, Deaf(listen=listen, why=why)))

    async def _patiently(self, call: Callable[[], Awaitable[_T]]) -> _T:
        backoff = Backoff(self._pace.backoff_s, self._pace.backoff_s_max, self._random)
        while True:
            try:
                return await call()
            except HubAway as error:
                _log.debug("passages wait for the hub: %s", error)
                await asyncio.sleep(backoff.next_s())
