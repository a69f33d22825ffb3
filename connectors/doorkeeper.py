"""The doorkeeper of one line: what its readers tell becomes a decision, a strike that opens or does not, a light for whoever
stands there, and a passage on the gateway's disk. It asks no hub.

A passage is on the disk before the strike is told to open: a gateway that is killed in between has told of somebody who may
have come in, and never keeps silent about one who did. Each reader has a task, so nobody waits for another's strike.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors import osdp_words as words
from connectors.bell import Bell
from connectors.contract import EdgeError, Heard, Later, PassageKind
from connectors.deciding import Decided, Deciding
from connectors.doorway import Doorway, Strike
from connectors.kept_list import After, KeptList
from connectors.osdp_settings import Door, OsdpSettings
from connectors.pins import DIGITS_MAX
from connectors.reader_keys import ReaderKeys
from connectors.strikes import RELAY_S_MAX, Away, Strikes
from connectors.troubles import Troubles
from connectors.visit import end_tasks
from devices.clock import Clock
from devices.osdp.bus import Bus, LineTrouble, ReaderWire, Signal
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
from policies.passage import Asked, Mode, Pin
from policies.passage_reasons import Reason

KEY_BYTES = 16
CARD_NUMBER_MAX = (1 << 63) - 1
"""What a database counts to; longer ones are read as no card."""
QUEUE_MAX = 64
"""So much of what one reader tells waits for its task; a reader that tells more is broken, or somebody plays with it."""
STALE_S = 5.0
"""A card that waited longer than this opens nothing: whoever held it there has gone."""
PIN_S = 10.0
"""For so long after a card, and after each key, a PIN is waited for."""
LOOK_S = 1.0

_log = logging.getLogger(__name__)
OpenBus = Callable[..., Bus]


@dataclass(slots=True)
class _Typing:
    """A card that waits for its PIN."""

    card: int
    digits: str
    until: float


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
        self._lists, self._clock = own.lists, own.clock
        self._doorways = {door.number: Doorway(door.number) for door in settings.doors}
        self._doors = {door.number: door for door in settings.doors}
        self._sides = {address: (door, entering) for address, door, entering in settings.readers()}
        self._queues = {address: asyncio.Queue[tuple[float, Told]](QUEUE_MAX) for address in self._sides}
        self._typing: dict[int, _Typing] = {}
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
        await self._keep(self._told(PassageKind.OTHER, way.key, words.ORDERED, granted=True))
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
            typing = self._typing.get(address)
            wait_s = None if typing is None else max(0.0, typing.until - self._clock.monotonic())
            try:
                async with asyncio.timeout(wait_s):
                    heard_at, told = await queue.get()
            except TimeoutError:
                await self._guarded(self._typed(address))
                continue
            await self._guarded(self._take(address, heard_at, told))

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - a fault over one card keeps nobody else standing before a shut door
            _log.exception("%s: a fault of the doorkeeper's own", self.line)

    async def _take(self, address: int, heard_at: float, told: Told) -> None:
        door, entering = self._sides[address]
        if isinstance(told, CardRead):
            fresh = told.fresh and self._clock.monotonic() - heard_at <= STALE_S
            if address in self._typing:
                await self._typed(address)
            await self._answer(address, Asked(door.number, _card(told), entering, Pin.NONE, fresh))
        elif isinstance(told, Keys) and told.fresh:
            await self._type(address, told.digits)
        elif isinstance(told, Input):
            await self._input(address, told)
        elif isinstance(told, Online | Offline):
            await self._come_or_go(address, told)
        elif isinstance(told, Tamper) and told.active:
            await self._note(self._told(PassageKind.TAMPER, self._key(door), words.LID_OPEN))
        elif isinstance(told, Power) and told.failed:
            await self._note(self._told(PassageKind.OTHER, self._key(door), words.POWER_FAILED))

    async def _answer(self, address: int, asked: Asked) -> None:
        """Decide about a card, and do as decided."""
        door, _ = self._sides[address]
        at = self._clock.now()
        decided = self.deciding.decide(asked, at)
        verdict = decided.verdict
        if verdict.ask_pin and asked.card is not None:
            self._typing[address] = _Typing(asked.card, "", self._clock.monotonic() + PIN_S)
            await self._strikes.show(address, Signal.WAITING)
            return
        kind = PassageKind.PASSED if verdict.granted else PassageKind.DENIED
        told = Heard(0, kind, self._key(door), asked.card, at, verdict.granted, str(verdict.reason), asked.entering)
        if verdict.granted:
            await self._let_in(address, told, decided)
        else:
            signal = Signal.SHUT if verdict.reason is Reason.LOCKDOWN else Signal.DENIED
            await asyncio.gather(self._strikes.show(address, signal), self._note(told))

    async def _let_in(self, address: int, told: Heard, decided: Decided) -> None:
        door, _ = self._sides[address]
        way = self._doorways[door.number]
        if way.strike in {Strike.FREE, Strike.LATCHED}:
            way.released(self._clock.monotonic() + RELAY_S_MAX)
            await asyncio.gather(self._strikes.show(address, Signal.GRANTED), self._note(told, decided.after))
            return
        try:
            await self._keep(told, decided.after)
        except EdgeError as error:
            _log.error("%s: %s stays shut, for the passage cannot be noted: %s", self.line, way.key, error)
            self.deciding.remember(decided.before, self._clock.now())
            denied = replace(told, kind=PassageKind.DENIED, granted=False, reason=words.NOT_NOTED)
            self._lists.owe(self.line, denied)
            await self._strikes.show(address, Signal.DENIED)
            return
        try:
            await self._strikes.release(way, door)
        except WireError as error:
            _log.warning("%s: %s did not open: %s", self.line, way.key, error)
            self.deciding.remember(decided.before, self._clock.now())
            await self._note(self._told(PassageKind.OTHER, way.key, words.NO_STRIKE), decided.before)
            await self._strikes.show(address, Signal.DENIED)
            return
        await self._strikes.show(address, Signal.GRANTED)

    async def _type(self, address: int, digits: str) -> None:
        typing = self._typing.get(address)
        if typing is None:
            return
        for digit in digits:
            if digit == "*":
                typing.digits = ""
            elif digit != "#":
                typing.digits += digit
            if digit == "#" or len(typing.digits) >= DIGITS_MAX:
                await self._typed(address)
                return
        typing.until = self._clock.monotonic() + PIN_S

    async def _typed(self, address: int) -> None:
        """Decide about a card with what was typed for it."""
        typing = self._typing.pop(address)
        door, entering = self._sides[address]
        pin = self.deciding.pin(typing.card, typing.digits) if typing.digits else Pin.NONE
        asked = Asked(door.number, typing.card, entering, pin)
        if pin is not Pin.NONE:
            await self._answer(address, asked)
            return
        # Nobody typed anything: the card is turned away, and not asked again.
        told = Heard(
            0, PassageKind.DENIED, self._key(door), typing.card, self._clock.now(), False, Reason.PIN_WANTED, entering
        )
        await asyncio.gather(self._strikes.show(address, Signal.DENIED), self._note(told))

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
            await self._note(self._told(PassageKind.BUTTON, way.key, words.BUTTON, granted=opened))
        elif told.number == CONTACT and address == door.reader:
            kind = way.contact(is_open=told.active, now=self._clock.monotonic(), free=self._free(door))
            if kind is not None:
                reason = words.FORCED if kind is PassageKind.FORCED else words.SHUT
                await self._note(self._told(kind, way.key, reason))

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
        if await self._lists.settle(self.line):
            self._own.bell.ring(self.line)

    async def _tend_door(self, door: Door) -> None:
        way, now = self._doorways[door.number], self._clock.monotonic()
        await self._strikes.hold(way, door)
        ruled = self.deciding.ruled(door.number)
        held_open_s = door.held_open_s if ruled is None else ruled.held_open_s
        if way.held(now=now, held_open_s=held_open_s, free=self._free(door)):
            await self._note(self._told(PassageKind.HELD, way.key, words.HELD_OPEN))

    async def _tend_reader(self, address: int) -> None:
        if self._line_told is not None:
            return
        door, _ = self._sides[address]
        for word in self._troubles.look(address, self._bus.reader(address), self._clock.monotonic()):
            await self._note(self._told(PassageKind.OTHER, self._key(door), word))

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
        await self._note(self._told(PassageKind.OTHER, words.LINE, word))

    # What is noted and shown

    def _free(self, door: Door) -> bool:
        return self.deciding.mode(door.number, self._clock.now()) is Mode.FREE

    def _key(self, door: Door) -> str:
        return self._doorways[door.number].key

    def _told(self, kind: PassageKind, key: str, reason: str, *, granted: bool = False) -> Heard:
        return Heard(0, kind, key, None, self._clock.now(), granted, reason, None)

    async def _keep(self, told: Heard, after: After | None = None) -> None:
        await self._lists.keep(self.line, told, after)
        self._own.bell.ring(self.line)

    async def _note(self, told: Heard, after: After | None = None) -> None:
        """Keep what has happened, now or as soon as the disk takes it."""
        try:
            await self._keep(told, after)
        except EdgeError as error:
            _log.warning("%s: %s", self.line, error)
            self._lists.owe(self.line, told)


def _card(told: CardRead) -> int | None:
    """Its number, where it is one that anybody could have."""
    return told.number if 0 < told.number <= CARD_NUMBER_MAX else None
