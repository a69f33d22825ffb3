"""What the doorkeeper of one line notes: on the gateway's disk at once, or else as soon as the disk takes it."""

from __future__ import annotations

import logging

from connectors.bell import Bell
from connectors.contract import EdgeError, Heard, PassageKind
from connectors.kept_list import After, KeptList
from devices.clock import Clock

_log = logging.getLogger(__name__)


class Noting:
    """Notes what happens at the doors of one line, and wakes whoever hands it on."""

    def __init__(self, line: str, lists: KeptList, clock: Clock, bell: Bell) -> None:
        self._line = line
        self._lists = lists
        self._clock = clock
        self._bell = bell

    async def keep(self, told: Heard, after: After | None = None) -> None:
        """Have it on the disk. Raises `EdgeError` where the disk does not take it."""
        await self._lists.keep(self._line, told, after)
        self._bell.ring(self._line)

    async def note(self, told: Heard, after: After | None = None) -> None:
        """Keep what has happened, now or as soon as the disk takes it."""
        try:
            await self.keep(told, after)
        except EdgeError as error:
            _log.warning("%s: %s", self._line, error)
            self.owe(told)

    async def happened(
        self, kind: PassageKind, key: str, reason: str, *, granted: bool = False, after: After | None = None
    ) -> None:
        """Note what happens now, and by no card."""
        await self.note(self.told(kind, key, reason, granted=granted), after)

    def told(self, kind: PassageKind, key: str, reason: str, *, granted: bool = False) -> Heard:
        """What happens now, and by no card."""
        return Heard(0, kind, key, None, self._clock.now(), granted, reason, None)

    def owe(self, told: Heard) -> None:
        """Keep it as soon as the disk takes it."""
        self._lists.owe(self._line, told)

    async def settle(self) -> None:
        """Keep by now what is owed, where the disk takes it again."""
        if await self._lists.settle(self._line):
            self._bell.ring(self._line)
