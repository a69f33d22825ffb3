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
from connectors.doorkeeper import Doorkeeper, OpenBus, Own
from connectors.kept_list import KeptList
from connectors.osdp_settings import OsdpSettings
from connectors.reader_keys import ReaderKeys
from connectors.visit import end_tasks
from devices.clock import Clock
from devices.osdp.bus import Bus

LIST, KEYS = "list.sqlite", "readers.sqlite"
LOOK_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that this process is to drive, by the name of its target. `term_until`: from then on it only shuts, None:
    never; `pin_key`: by which PINs are compared, None: none is right. While it `rests` its doors are not kept, and its list
    is."""

    target: str
    settings: Mapping[str, Json]
    zone: ZoneInfo
    term_until: datetime | None = None
    pin_key: bytes | None = None
    rests: bool = False


Lines = Callable[[], Awaitable[Sequence[Line] | None]]
"""The lines that a process is to drive; None: nobody knows yet."""
Back = Callable[[str], Awaitable[None]]
Away = Callable[[str, Sequence[str]], Awaitable[None]]


class Edge:
    """The lines of one process. Whoever makes it closes it."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        bus: OpenBus = Bus,
    ) -> None:
        """`folder` is where it keeps things, and below which relative lines are; nothing is made there before a line is
        driven. `bus` makes what speaks to a line."""
        self.bell = Bell()
        self._world = (clock, random_bytes, hop)
        self._bus = bus
        self._folder = folder
        self._made: Own | None = None
        self._why: str | None = None
        self._keepers: dict[str, Doorkeeper] = {}
        self._targets: dict[str, str] = {}
        self._came: set[str] = set()
        self._someone_came = asyncio.Event()
        self._away: dict[str, Mapping[int, str | None]] = {}
        """The readers of each line that were told to be away, and why they were."""
        self._told: frozenset[str] | None = None
        self._turn = asyncio.Lock()

    @property
    def lists(self) -> KeptList:
        """What is kept of all lines. Raises `WorkUnusable`, `KeyExposed`."""
        return self._own.lists

    def keeper(self, line: str) -> Doorkeeper | None:
        """Who keeps the doors of a line; None: it is not driven here, or not yet."""
        return self._keepers.get(line)

    def tell_anew(self, line: str) -> None:
        """Whoever was told may have forgotten it: tell anew which readers of a line are away."""
        self._away.pop(line, None)

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

    async def run(self, stop: asyncio.Event, lines: Lines, back: Back, away: Away) -> None:
        """Drive whatever lines there are, until told to stop. `back` is told each target one of whose readers came back, so
        that what waited for it waits no longer; `away` each that lost some for a while, with the keys of all that are away,
        so that what was proved of them is looked at again."""
        telling = asyncio.create_task(self._tell(back, away))
        try:
            while not stop.is_set():
                await self._drive(lines)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await stop.wait()
        finally:
            await end_tasks(telling)
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
            self._made = Own(self._folder, lists, keys, clock, self.bell, random_bytes, self._bus, self._come)
        return self._made

    def _come(self, line: str) -> None:
        self._came.add(line)
        self._someone_came.set()

    async def _tell(self, back: Back, away: Away) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._someone_came.wait()
            self._someone_came.clear()
            for line, target in [*self._targets.items()]:
                try:
                    await self._tell_who_went(line, target, away)
                except Exception:  # noqa: BLE001 - it is told anew with the next look
                    _log.exception("%s: a reader is away, and nobody could be told so yet", target)
            came, self._came = self._came, set()
            for target in [self._targets[line] for line in came if line in self._targets]:
                try:
                    await back(target)
                except Exception:  # noqa: BLE001 - it is only tried later then, as it would have been anyway
                    _log.exception("%s: a reader came back, and what waited for it waits on", target)

    async def _tell_who_went(self, line: str, target: str, away: Away) -> None:
        keeper, before = self._keepers.get(line), self._away.get(line, {})
        now = dict[int, str | None]() if keeper is None else keeper.away()
        gone = [address for address, why in sorted(now.items()) if why is not None]
        if gone and now != before:
            await away(target, [f"reader:{address}" for address in gone])
        if any(now.get(address) != why for address, why in before.items()):
            # Readers may come online before their line is known to be back, and be in another trouble than before: what was
            # tried in between waits no longer.
            self._came.add(line)
        self._away[line] = now

    async def _drive(self, lines: Lines) -> None:
        try:
            if (told := await lines()) is None:
                return
            self._targets = {str(line.settings.get("line")): line.target for line in told}
            await self.drive([line for line in told if not line.rests])
            await self._forget(frozenset(self._targets))
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
