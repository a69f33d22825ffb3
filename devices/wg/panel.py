"""A WG panel as typed verbs, over `uhppoted`'s async client, by UDP or TCP. Only `WireError`s leave this file.

Every reply's serial is checked, since the client lets another panel's pass; silence is asked again a bounded number of
times, which each verb here bears. All sockets are opened through the running loop, and none outlives a question that got
no answer. The late copy of a request is the gateway's to guard against, by TCP as by UDP: a connection keeps its own bytes
in order, but each request has its own, and one that was given up may lie unread with a panel that stalls.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from ipaddress import IPv4Address
from typing import Any, Literal

from uhppoted.errors import InvalidResponse

from devices.wg.client import Client
from devices.wire import DeviceError, ProtocolError, Unreachable

TIMEOUT_S = 0.5
TRIES_MAX = 3
SLOTS_MAX = 100_000
FRUITLESS_SLOTS_MAX = 64
NUMBER_MAX = 0xFFFFFFFE
PIN_MAX = 999_999
YEAR_MIN, YEAR_MAX = 2000, 2099

Transport = Literal["udp", "tcp"]

_NO_CARD = 0
_DELETED = 0xFFFFFFFF
_NO_EVENT = 0x00
_OVERWRITTEN = 0xFF
_UNREADABLE = (ValueError, TypeError, LookupError, OverflowError, struct.error, InvalidResponse)


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card on a panel: both dates inclusive, per door 0 (never), 1 (always) or the id of a time profile.

    A panel may hold a card with a date that is none; it reads as None here, and cannot be put.
    """

    number: int
    opens: date | None
    closes: date | None
    doors: tuple[int, int, int, int]
    pin: int = 0


@dataclass(frozen=True, slots=True)
class PanelIdentity:
    """What a panel says about itself."""

    serial: int
    mac: str
    version: str
    built: date | None
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class PanelStatus:
    """The state of a panel. `at` is its own clock, None where that shows no time; `event_index` its newest event."""

    at: datetime | None
    event_index: int
    relays: int
    inputs: int
    error: int


@dataclass(frozen=True, slots=True)
class PanelEvent:
    """Something that a panel kept. Where it is `overwritten`, nothing else is known of it."""

    index: int
    kind: int
    granted: bool
    door: int
    direction: int
    card: int
    at: datetime | None
    reason: int
    overwritten: bool = False


@dataclass(frozen=True, slots=True)
class DoorMode:
    """How a door is driven: 1 normally open, 2 normally closed, 3 controlled; and how long it stays unlocked."""

    mode: int
    delay_s: int


class Panel:
    """One panel at "host:port". `zone` is where it hangs: the panel keeps local time, the verbs speak UTC.

    Each try may take `timeout_s`, and there are at most `tries_max` of them. Every verb raises `Unreachable` after
    that, and `ProtocolError` for an answer that is not the panel's, or none at all.
    """

    def __init__(
        self,
        serial: int,
        address: str,
        *,
        timeout_s: float = TIMEOUT_S,
        tries_max: int = TRIES_MAX,
        cards_max: int | None = None,
        zone: tzinfo = UTC,
        transport: Transport = "udp",
    ) -> None:
        self.serial = serial
        self.address = address
        self._timeout_s = timeout_s
        self._tries_max = tries_max
        self._cards_max = cards_max
        self._slots_max = max(SLOTS_MAX, cards_max or 0)
        self._zone = zone
        self._controller = (serial, address, transport)
        self._client = Client(address)

    def close(self) -> None:
        """Leave nothing open. Whoever asks again opens it anew."""
        self._client.hang_up()

    async def identity(self) -> PanelIdentity:
        """Who answers."""
        told = await self._ask(self._client.get_controller)
        return PanelIdentity(told.controller, told.mac_address, told.version, told.date, told.ip_address)

    async def status(self) -> PanelStatus:
        """The state of the panel."""
        told = await self._ask(self._client.get_status)
        shows_time = told.system_date is not None and told.system_time is not None
        at = self._utc(datetime.combine(told.system_date, told.system_time)) if shows_time else None
        return PanelStatus(at, told.event_index, told.relays, told.inputs, told.system_error)

    async def time(self) -> datetime:
        """What the panel's clock shows, in UTC, to the second."""
        told = self._utc((await self._ask(self._client.get_time)).datetime)
        if told is None:
            raise ProtocolError(f"the clock of {self} shows no time")
        return told

    async def set_time(self, at: datetime) -> datetime:
        """Put the clock; returns what it shows now. The panel drops parts of a second."""
        told = self._utc((await self._ask(self._client.set_time, at.astimezone(self._zone))).datetime)
        if told is None:
            raise ProtocolError(f"the clock of {self} shows no time")
        return told

    async def count(self) -> int:
        """How many cards it holds."""
        return (await self._ask(self._client.get_cards)).cards

    async def card(self, number: int) -> CardEntry | None:
        """The card of this number; None where it is not held."""
        told = await self._ask(self._client.get_card, number)
        if told.card_number == _NO_CARD:
            return None
        if told.card_number != number:
            self._client.hang_up()
            raise ProtocolError(f"{self} was asked for card {number} and told of card {told.card_number}")
        return _entry(told)

    async def card_at(self, index: int) -> CardEntry | None:
        """The card in a slot, counted from 1; None where the slot is a hole, or was never used."""
        told = await self._ask(self._client.get_card_by_index, index)
        return None if told.card_number in (_NO_CARD, _DELETED) else _entry(told)

    async def cards(self) -> AsyncIterator[CardEntry]:
        """Every card, one request each, in the order of the slots; others' writes may come between.

        The panel counts live cards while its slots have holes, so slots are read until all counted cards were seen.
        A slot never used ends the list; some are passed over, in case a firmware leaves gaps. Raises `ProtocolError`
        where the cards that it counts cannot be found.
        """
        expected = await self.count()
        seen: set[int] = set()
        index = fruitless = 0
        while len(seen) < expected and fruitless < FRUITLESS_SLOTS_MAX and index < self._slots_max:
            index += 1
            told = await self._ask(self._client.get_card_by_index, index)
            if told.card_number == _NO_CARD or told.card_number in seen:
                fruitless += 1
                continue
            fruitless = 0
            if told.card_number != _DELETED:
                seen.add(told.card_number)
                yield _entry(told)
        if len(seen) < expected and len(seen) < (held := await self.count()):
            raise ProtocolError(f"{self} counts {held} cards, but {len(seen)} were found in its first {index} slots")

    async def put(self, entry: CardEntry) -> None:
        """Store a card, over the one of the same number. Raises `DeviceError` where the panel will not, or must not."""
        _check(entry)
        told = await self._ask(self._client.put_card, entry.number, entry.opens, entry.closes, *entry.doors, entry.pin)
        if not told.stored:
            if self._cards_max is not None and (held := await self.count()) >= self._cards_max:
                raise DeviceError(f"{self} is full: it holds {held} cards and takes no more")
            raise DeviceError(f"{self} refused card {entry.number}")

    async def delete(self, number: int) -> None:
        """Take a card out. Raises `DeviceError` where the panel says no, as it does to a card that it has not.

        A retry that finds the card gone because the reply to the first try was lost is told no, too.
        """
        if not (await self._ask(self._client.delete_card, number)).deleted:
            raise DeviceError(f"{self} did not delete card {number}: it is not there, or the panel keeps it")

    async def event(self, index: int) -> PanelEvent | None:
        """The event of an index (0: the oldest, 0xFFFFFFFF: the newest); None where there is none."""
        told = await self._ask(self._client.get_event, index)
        if told.event_type == _NO_EVENT:
            return None
        if told.event_type == _OVERWRITTEN:
            return PanelEvent(index, _OVERWRITTEN, False, 0, 0, 0, None, 0, overwritten=True)
        return PanelEvent(
            told.index, told.event_type, told.access_granted, told.door, told.direction, told.card,
            self._utc(told.timestamp), told.reason,
        )  # fmt: skip

    async def event_index(self) -> int:
        """The index that was last set by `set_event_index`."""
        return (await self._ask(self._client.get_event_index)).event_index

    async def set_event_index(self, index: int) -> bool:
        """Keep an index on the panel; False where it was there already, or lies past the newest event."""
        return (await self._ask(self._client.set_event_index, index)).updated

    async def door(self, door: int) -> DoorMode:
        """How a door, 1 to 4, is driven."""
        told = await self._ask(self._client.get_door_control, _door(door))
        return self._mode_of(told, door)

    async def set_door(self, door: int, mode: DoorMode) -> DoorMode:
        """Drive a door like this; returns how it is driven now."""
        if mode.mode not in (1, 2, 3) or not 0 <= mode.delay_s <= 255:
            raise DeviceError(f"a panel's door has mode 1, 2 or 3 and a delay up to 255 s, not {mode}")
        told = await self._ask(self._client.set_door_control, _door(door), mode.mode, mode.delay_s)
        return self._mode_of(told, door)

    def __str__(self) -> str:
        return f"panel {self.serial} at {self.address}"

    async def _ask(self, verb: Callable[..., Awaitable[Any]], *told: Any) -> Any:
        why = "no answer"
        for _ in range(self._tries_max):
            try:
                reply = await verb(self._controller, *told, timeout=self._timeout_s)
            except TimeoutError:
                continue
            except EOFError:
                why = "it closes the connection without an answer"
                continue
            except (OSError, RuntimeError) as error:
                why = str(error)
                continue
            except _UNREADABLE as error:
                raise ProtocolError(f"{self} sent an answer that cannot be read: {error}") from None
            if reply is None:
                raise ProtocolError(f"{self} sent an answer that cannot be read")
            if reply.controller != self.serial:
                raise ProtocolError(f"{self} answered as panel {reply.controller}")
            return reply
        raise Unreachable(f"{self}: {why} within {self._timeout_s:g} s, {self._tries_max} times")

    def _utc(self, local: datetime | None) -> datetime | None:
        return None if local is None else local.replace(tzinfo=self._zone).astimezone(UTC)

    def _mode_of(self, told: Any, door: int) -> DoorMode:
        if told.door != door:
            raise ProtocolError(f"{self} was asked about door {door} and told of door {told.door}")
        return DoorMode(told.mode, told.delay)


def _entry(told: Any) -> CardEntry:
    doors = (told.door_1, told.door_2, told.door_3, told.door_4)
    return CardEntry(told.card_number, told.start_date, told.end_date, doors, told.pin)


def _door(door: int) -> int:
    if not 1 <= door <= 4:
        raise DeviceError(f"a panel has doors 1 to 4, not {door}")
    return door


def _check(entry: CardEntry) -> None:
    """What real panels store wrongly, or not at all, never leaves."""
    if not 1 <= entry.number <= NUMBER_MAX:
        raise DeviceError(f"a panel cannot hold card number {entry.number}: it takes 1 to {NUMBER_MAX}")
    for day in (entry.opens, entry.closes):
        if day is None or not YEAR_MIN <= day.year <= YEAR_MAX:
            raise DeviceError(f"a panel cannot hold the date {day}: it takes years {YEAR_MIN} to {YEAR_MAX}")
    if not all(0 <= right <= 254 for right in entry.doors):
        raise DeviceError(f"a panel's doors take 0, 1 or a profile from 2 to 254, not {entry.doors}")
    if not 0 <= entry.pin <= PIN_MAX:
        raise DeviceError(f"a panel mangles a PIN above {PIN_MAX}")
