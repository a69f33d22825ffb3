"""The doorkeeper of one line: it hears what its readers tell, has whoever stands there answered (`answering.py`), and sees
that each door stands as it is to. It asks no hub. Each reader has a task, so nobody waits for another's strike.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors import osdp_words as words
from connectors.answering import Answering
from connectors.bell import Bell
from connectors.contract import Later, PassageKind
from connectors.deciding import Deciding
from connectors.doorway import Doorway, Strike
from connectors.kept_list import KeptList
from connectors.noting import Noting
from connectors.osdp_settings import Door, OsdpSettings
from connectors.reader_keys import ReaderKeys
from connectors.strikes import Away, Strikes
from connectors.troubles import Troubles
from connectors.visit import end_tasks
from devices.clock import Clock
from devices.osdp.bus import Bus, LineTrouble, ReaderWire
from devices.osdp.events import (
    CONTACT,
    EXIT_BUTTON,
    SENTENCES,
    CardRead,
    Input,
    Keys,
    Offline,
    Online,
    Power,
    Tamper,
    Told,
)
from devices.wire import WireError
from policies.passage import Mode

KEY_BYTES = 16
CARD_NUMBER_MAX = (1 << 63) - 1
"""What a database counts to; longer ones are read as no card."""
QUEUE_MAX = 64
"""So much of what one reader tells waits for its task; a reader that tells more is broken, or somebody plays with it."""
STALE_S = 5.0
"""A card that waited longer than this opens nothing: whoever held it there has gone."""
LOOK_S = 1.0

_log = logging.getLogger(__name__)
OpenBus = Callable[..., Bus]


@dataclass(frozen=True, slots=True)
class Own:
    """What the doorkeepers of one process share."""

    folder: Path
    lists: KeptList
    keys: ReaderKeys
    clock: Clock
    bell: Bell
    random_bytes: Callable[[int], bytes]
    bus: OpenBus
    came: Callable[[str], None]


class Doorkeeper:
    """Keeps the doors of one line."""

    def __init__(self, settings: OsdpSettings, zone: ZoneInfo, own: Own) -> None:
        self.line = settings.line
        self.settings = settings
        self.zone = zone
        self._own = own
        self._clock = own.clock
        self._doorways = {door.number: Doorway(door.number) for door in settings.doors}
        self._doors = {door.number: door for door in settings.doors}
        self._sides = {address: (door, entering) for address, door, entering in settings.readers()}
        self._queues = {address: asyncio.Queue[tuple[float, Told]](QUEUE_MAX) for address in self._sides}
        self._troubles = Troubles()
        self._line_told: str | None = None
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        keys = own.keys
        wires = [ReaderWire(each, keys.of(self.line, each), keys.identity_of(self.line, each)) for each in self._sides]
        path = own.folder / settings.line
        self._bus = own.bus(path, settings.baud, wires, own.clock, self._hear, random_bytes=own.random_bytes)
        self.deciding = Deciding(own.lists.roll(self.line), self._doorways, zone, own.clock)
        self._strikes = Strikes(self._bus, self.deciding, own.clock)
        self._noting = Noting(self.line, own.lists, own.clock, own.bell)
        self._answering = Answering(
            self.line, self._sides, self._doorways, self.deciding, self._strikes, self._noting, own.clock
        )
        self._opened = False

    def start(self) -> None:
        """Begin to keep the doors; a line that is not there is waited for."""
        self._tasks = [asyncio.create_task(self._serve(address)) for address in self._sides]
        self._tasks.append(asyncio.create_task(self._look()))

    async def close(self) -> None:
        """Let go of the line."""
        await end_tasks(*self._tasks)
        await self._bus.close()

    def stir(self) -> None:
        """The list has changed: see how the doors are to stand."""
        self._stirred.set()

    def why_not(self, address: int) -> str | None:
        """Why a reader does not work, in a sentence; None: it does."""
        if self._line_told is not None:
            return self._line_told
        trouble = self._bus.reader(address)
        return None if trouble is None else SENTENCES[trouble]

    def away(self) -> dict[int, str | None]:
        """Why the readers do not work of which that was told, alone or with the line; None: one does by now."""
        told = self._troubles.told() if self._line_told is None else self._sides
        return {address: self.why_not(address) for address in told}

    async def stand(self, number: int) -> Later | None:
        """Have a door stand as it is to by now. None: it does, or does nothing but stay shut; else why nobody knows."""
        way, door = self._doorways[number], self._doors[number]
        await self._strikes.hold(way, door)
        why = self._strikes.doubt(way)
        if why is None:
            return None
        return Later(why.after_s, self.why_not(door.reader) or why.reason)

    async def open(self, number: int) -> None:
        """Release a door once, by order. Raises `WireError` where it may not have opened, `EdgeError` where that cannot be
        noted: then it stays shut."""
        door, way = self._doors[number], self._doorways[number]
        if (why := self.why_not(door.reader)) is not None:
            raise Away(why)
        await self._noting.keep(self._noting.told(PassageKind.OTHER, way.key, words.ORDERED, granted=True))
        await self._strikes.release(way, door)

    async def pair(self, address: int) -> None:
        """Give a reader in install mode a key of its own. Raises `WireError` where it did not take it, `EdgeError`."""
        keys = self._own.keys
        before, whose = keys.of(self.line, address), keys.identity_of(self.line, address)
        # With a kept key nobody came yet: it may be the reader's, whose answer was lost.
        key = before if before is not None and whose is None else self._own.random_bytes(KEY_BYTES)
        # Kept before the reader has it: a key that only the reader knows would cost a walk there.
        await keys.put(self.line, address, key)
        try:
            await self._bus.pair(address, key)
        except WireError:
            if before is not None:
                await keys.put(self.line, address, before, whose)
            raise

    # What readers tell

    def _hear(self, told: Told) -> None:
        queue = self._queues.get(told.address)
        if queue is None or queue.full():
            _log.warning("%s: nobody takes what reader %s tells", self.line, told.address)
            return
        queue.put_nowait((self._clock.monotonic(), told))

    async def _serve(self, address: int) -> None:
        queue = self._queues[address]
        while True:
            try:
                async with asyncio.timeout(self._answering.waits_s(address)):
                    heard_at, told = await queue.get()
            except TimeoutError:
                await self._guarded(self._answering.typed(address))
                continue
            await self._guarded(self._take(address, heard_at, told))

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - a fault over one card keeps nobody else standing before a shut door
            _log.exception("%s: a fault of the doorkeeper's own", self.line)

    async def _take(self, address: int, heard_at: float, told: Told) -> None:
        door, _ = self._sides[address]
        if isinstance(told, CardRead):
            fresh = told.fresh and self._clock.monotonic() - heard_at <= STALE_S
            await self._answering.card(address, _card(told), fresh=fresh)
        elif isinstance(told, Keys) and told.fresh:
            await self._answering.keys(address, told.digits)
        elif isinstance(told, Input):
            await self._input(address, told)
        elif isinstance(told, Online | Offline):
            await self._come_or_go(address, told)
        elif isinstance(told, Tamper) and told.active:
            await self._noting.happened(PassageKind.TAMPER, self._key(door), words.LID_OPEN)
        elif isinstance(told, Power) and told.failed:
            await self._noting.happened(PassageKind.OTHER, self._key(door), words.POWER_FAILED)

    async def _input(self, address: int, told: Input) -> None:
        door, _ = self._sides[address]
        way = self._doorways[door.number]
        if told.number == EXIT_BUTTON and told.active:
            # Whoever leaves is never asked, and never waits for a disk.
            try:
                await self._strikes.release(way, door)
                opened = True
            except WireError:
                opened = False
            await self._noting.happened(PassageKind.BUTTON, way.key, words.BUTTON, granted=opened)
        elif told.number == CONTACT and address == door.reader:
            kind = way.contact(is_open=told.active, now=self._clock.monotonic(), free=self._free(door))
            if kind is not None:
                reason = words.FORCED if kind is PassageKind.FORCED else words.SHUT
                await self._noting.happened(kind, way.key, reason)

    async def _come_or_go(self, address: int, told: Online | Offline) -> None:
        door, _ = self._sides[address]
        if address == door.reader:
            # Its relay may have fallen back, or not: it is told anew.
            self._doorways[door.number].strike = Strike.UNKNOWN
        if isinstance(told, Online):
            await self._own.keys.met(self.line, address, told.identity)
            await self._strikes.hold(self._doorways[door.number], door)
            await self._strikes.light(address, door, anew=True)
            self._own.came(self.line)
        await self._tend_reader(address)

    # By the clock

    async def _look(self) -> None:
        while True:
            await self._guarded(self._tend())
            self._stirred.clear()
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._stirred.wait()
            except TimeoutError:
                pass

    async def _tend(self) -> None:
        await self._plug()
        await asyncio.gather(*(self._tend_door(door) for door in self.settings.doors))
        for address in self._sides:
            await self._tend_reader(address)
        await self._noting.settle()

    async def _tend_door(self, door: Door) -> None:
        way, now = self._doorways[door.number], self._clock.monotonic()
        await self._strikes.hold(way, door)
        ruled = self.deciding.ruled(door.number)
        held_open_s = door.held_open_s if ruled is None else ruled.held_open_s
        if way.held(now=now, held_open_s=held_open_s, free=self._free(door)):
            await self._noting.happened(PassageKind.HELD, way.key, words.HELD_OPEN)

    async def _tend_reader(self, address: int) -> None:
        if self._line_told is not None:
            return
        door, _ = self._sides[address]
        for word in self._troubles.look(address, self._bus.reader(address), self._clock.monotonic()):
            await self._noting.happened(PassageKind.OTHER, self._key(door), word)

    async def _plug(self) -> None:
        """Open the line where that is still to do, and tell where it cannot be used."""
        if not self._opened:
            self._opened = True
            # One that is not there is looked for by the bus itself from now on.
            with suppress(LineTrouble):
                await self._bus.open()
        await self._tell_line(None if (trouble := self._bus.line_trouble) is None else str(trouble))

    async def _tell_line(self, trouble: str | None) -> None:
        before, self._line_told = self._line_told, trouble
        if trouble == before:
            return
        if trouble is not None:
            _log.warning("%s: %s", self.line, trouble)
        word = words.LINE_BACK if trouble is None else words.LINE_DOWN
        await self._noting.happened(PassageKind.OTHER, words.LINE, word)

    def _free(self, door: Door) -> bool:
        return self.deciding.mode(door.number, self._clock.now()) is Mode.FREE

    def _key(self, door: Door) -> str:
        return self._doorways[door.number].key


def _card(told: CardRead) -> int | None:
    """Its number, where it is one that anybody could have."""
    return told.number if 0 < told.number <= CARD_NUMBER_MAX else None
