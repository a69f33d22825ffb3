"""What a process drives by itself: serial lines with their doorkeepers, and what they keep on its disk. It works on whether
or not anybody visits a line, and whether or not there is a hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connectors.bell import Bell
from connectors.contract import Json
from connectors.doorkeeper import Doorkeeper, Own
from connectors.kept_list import KeptList
from connectors.osdp_settings import OsdpSettings
from connectors.reader_keys import ReaderKeys
from devices.clock import Clock

LIST, KEYS = "list.sqlite", "readers.sqlite"
LOOK_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that this process is to drive. `term_until`: from then on it only shuts, None: never; `pin_key`: by which PINs
    are compared, None: none is right."""

    settings: Mapping[str, Json]
    zone: ZoneInfo
    term_until: datetime | None = None
    pin_key: bytes | None = None


Lines = Callable[[], Awaitable[Sequence[Line]]]


class Edge:
    """The lines of one process. Whoever makes it closes it."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        """`folder` is where it keeps things, and below which relative lines are; nothing is made there before a line is
        driven."""
        self.bell = Bell()
        self._world = (clock, random_bytes, hop)
        self._folder = folder
        self._made: Own | None = None
        self._why: str | None = None
        self._keepers: dict[str, Doorkeeper] = {}
        self._told: frozenset[str] | None = None
        self._turn = asyncio.Lock()

    @property
    def lists(self) -> KeptList:
        """What is kept of all lines. Raises `WorkUnusable`, `KeyExposed`."""
        return self._own.lists

    def keeper(self, line: str) -> Doorkeeper | None:
        """Who keeps the doors of a line; None: it is not driven here, or not yet."""
        return self._keepers.get(line)

    async def drive(self, lines: Sequence[Line]) -> None:
        """Drive these lines and no others. What has not changed goes on undisturbed."""
        async with self._turn:
            wanted: dict[str, tuple[OsdpSettings, Line]] = {}
            for line in lines:
                try:
                    settings = OsdpSettings.model_validate(dict(line.settings))
                except ValidationError as error:
                    _log.warning("a line is not driven, for its settings do not fit: %s", error)
                else:
                    wanted[settings.line] = (settings, line)
            for name in self._keepers.keys() - wanted.keys():
                await self._keepers.pop(name).close()
            for name, (settings, line) in wanted.items():
                keeper = self._keepers.get(name)
                if keeper is None or (keeper.settings, keeper.zone) != (settings, line.zone):
                    keeper = await self._begin(name, settings, line.zone)
                keeper.deciding.term_until, keeper.deciding.pin_key = line.term_until, line.pin_key

    async def run(self, stop: asyncio.Event, lines: Lines) -> None:
        """Drive whatever lines there are, until told to stop."""
        try:
            while not stop.is_set():
                await self._drive(lines)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await stop.wait()
        finally:
            await self.drive(())

    def close(self) -> None:
        """Let go of what is kept; no line is driven any more by then."""
        own, self._made = self._made, None
        if own is not None:
            own.lists.close()
            own.keys.close()

    @property
    def _own(self) -> Own:
        if self._made is None:
            clock, random_bytes, hop = self._world
            keys = ReaderKeys(self._folder / KEYS, clock, random_bytes, hop)
            try:
                lists = KeptList(self._folder / LIST, clock, random_bytes, hop)
            except BaseException:
                keys.close()
                raise
            self._made = Own(self._folder, lists, keys, clock, self.bell, random_bytes)
        return self._made

    async def _drive(self, lines: Lines) -> None:
        try:
            told = await lines()
            await self.drive(told)
            await self._forget(frozenset(str(line.settings.get("line")) for line in told))
            self._why = None
        except Exception as error:  # noqa: BLE001 - whatever ails the hub or the disk, the doors must be kept again
            if str(error) != self._why:
                _log.exception("the lines of this gateway cannot be driven as they should; it is tried again")
            self._why = str(error)

    async def _forget(self, told: frozenset[str]) -> None:
        """Empty the lists of lines that are nobody's here any more: should one come back, what was on its list by then may
        long have been taken away."""
        if told == self._told:
            return
        if self._made is not None or (self._folder / LIST).exists():
            for line in self.lists.lines() - told:
                await self.lists.forget(line)
        self._told = told

    async def _begin(self, name: str, settings: OsdpSettings, zone: ZoneInfo) -> Doorkeeper:
        before = self._keepers.pop(name, None)
        if before is not None:
            await before.close()
        keeper = self._keepers[name] = Doorkeeper(settings, zone, self._own)
        keeper.start()
        return keeper
