"""WG / UHPPOTE door panels: the rights of a holder become one card record per card, read back from the panel's own list.

A panel knows dates without hours, and one pair of them for all doors of a card. So a record says what holds now, until
the next change; where nothing holds yet, what holds next. It never says a union.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import IPv4Address
from itertools import pairwise
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator, model_validator

from connectors.contract import (
    Card,
    Compiled,
    Done,
    Fingerprint,
    Holder,
    Outcome,
    Record,
    Refused,
    Right,
    Settings,
    later,
)
from devices.wg.panel import CardEntry, Panel, Transport
from devices.wire import DeviceError, WireError

DOORS = 4
RANK_CARD = 1
"""Time profiles will be 0: written before the cards that name them, erased after."""
CARD_NUMBER_MAX = 0xFFFFFFFE
TIMEOUT_S = 0.5
TRIES_MAX = 3

REFUSED_FULL = "The panel's card list is full. Take cards off it that nobody needs, or use a panel with more room."
REFUSED_BY_PANEL = "The panel refuses this card. Read the panel and compare its model with the campus file."
REFUSED_NUMBER = "A panel cannot hold this card number: it takes 1 to 4294967294. Give the person another card."
REFUSED_DELETE = "The panel refuses to delete this card. Read the panel and compare its model with the campus file."

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_ALWAYS = datetime.max.replace(tzinfo=UTC)


class Name(BaseModel, frozen=True, extra="forbid", strict=True):
    """What people call a thing, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Door(BaseModel, frozen=True, extra="forbid", strict=True):
    """One door of a panel, and the zones that it belongs to."""

    number: int = Field(ge=1, le=DOORS)
    id: str = Field(min_length=1)
    name: Name
    zones: Annotated[tuple[str, ...], Field(strict=False)]


class WgSettings(Settings, frozen=True):
    """What a panel is told about itself."""

    serial: int = Field(ge=1, le=0xFFFFFFFF)
    address: str
    model: str = Field(min_length=1)
    cards_max: int = Field(ge=1, le=1_000_000)
    transport: Transport = "udp"
    doors: Annotated[tuple[Door, ...], Field(strict=False, min_length=1, max_length=DOORS)]

    @field_validator("address")
    @classmethod
    def _address_has_port(cls, address: str) -> str:
        host, _, port = address.partition(":")
        IPv4Address(host)
        if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
            raise ValueError("an address is written as IP:PORT, such as 192.168.1.100:60000")
        return address

    @model_validator(mode="after")
    def _doors_differ(self) -> WgSettings:
        if len({door.number for door in self.doors}) < len(self.doors):
            raise ValueError("two doors have the same number")
        if len({door.id for door in self.doors}) < len(self.doors):
            raise ValueError("two doors have the same id")
        return self


PanelOf = Callable[[WgSettings], Panel]


def panel_of(settings: WgSettings) -> Panel:
    """The panel that these settings speak of, on the real network."""
    return Panel(
        settings.serial, settings.address, timeout_s=TIMEOUT_S, tries_max=TRIES_MAX, transport=settings.transport
    )


class WgDoors:
    """One panel."""

    kind: ClassVar[str] = "wg"
    Settings: ClassVar[type[Settings]] = WgSettings
    sees: ClassVar[frozenset[str]] = frozenset()
    settle_s: ClassVar[float] = 5.0

    def __init__(self, settings: WgSettings, zone: ZoneInfo, panel: PanelOf = panel_of) -> None:
        self._settings = settings
        self._zone = zone
        self._panel = panel(settings)
        self._opened_by: dict[str, int] = {}
        for door in settings.doors:
            for name in door.zones:
                resource = f"zone:{name}"
                self._opened_by[resource] = self._opened_by.get(resource, 0) | 1 << (door.number - 1)

    @property
    def verb_s_max(self) -> float:
        """Every try may use its whole time-out, and a no is asked about once."""
        return TIMEOUT_S * (TRIES_MAX + 1)

    def resources(self) -> frozenset[str]:
        """The zones that any door here belongs to."""
        return frozenset(self._opened_by)

    def records(self, holder: Holder) -> Compiled:
        """One record for each card that opens something now, or from a coming midnight before the horizon."""
        rights = [right for right in holder.rights if right.resource in self._opened_by]
        if not rights or not holder.cards:
            return Compiled({}, None)
        if (alike := self._alike(rights, holder)) is not None:
            return alike
        windows: dict[int, list[_Window]] = {}
        for card in holder.cards:
            windows.setdefault(card.number, []).extend(self._windows(card, rights, holder.now))
        records: dict[str, Record] = {}
        again: list[datetime] = []
        for number, its in windows.items():
            record, look_again = _record(number, its, holder)
            if record is not None:
                records[record.key] = record
            if look_again is not None:
                again.append(look_again)
        return Compiled(records, min(again, default=None))

    def exposed_until(self, body: str) -> datetime:
        """The end of the record's last date on the panel's own calendar."""
        closes = json.loads(body)["closes"]
        if closes is None:
            return _NEVER
        return datetime.combine(date.fromisoformat(closes) + _DAY, time.min, self._zone).astimezone(UTC)

    async def probe(self) -> Fingerprint:
        """Serial, MAC and firmware version; the panel's newest event counts."""
        identity = await self._panel.identity()
        status = await self._panel.status()
        return Fingerprint(f"wg/{identity.serial}/{identity.mac}/{identity.version}", status.event_index)

    async def read(self, key: str) -> str | None:
        """The card of this key on the panel, as it is there."""
        entry = await self._panel.card(_number(key))
        return None if entry is None else _body_of(entry)

    async def read_all(self) -> AsyncIterator[tuple[str, str]]:
        """Every card on the panel, one request each."""
        async for entry in self._panel.cards():
            yield _key(entry.number), _body_of(entry)

    async def write(self, record: Record) -> Outcome:
        """Put a card; the panel overwrites what it holds under that number."""
        if not 1 <= _number(record.key) <= CARD_NUMBER_MAX:
            return Refused(REFUSED_NUMBER)
        entry = _entry_of(record.body)
        try:
            await self._panel.put(entry)
        except DeviceError:
            return await self._refusal()
        except WireError as error:
            return later(error)
        return Done()

    async def erase(self, key: str) -> Outcome:
        """Delete a card. A panel says no both to an absent card and to one that it keeps, so a no is asked about."""
        number = _number(key)
        try:
            await self._panel.delete(number)
        except DeviceError:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    kept = await self._panel.card(number)
            except (WireError, TimeoutError) as error:
                return later(error)
            return Done() if kept is None else Refused(REFUSED_DELETE)
        except WireError as error:
            return later(error)
        return Done()

    async def close(self) -> None:
        """Hang up."""
        self._panel.close()

    async def _refusal(self) -> Outcome:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                count = await self._panel.count()
        except (WireError, TimeoutError) as error:
            return later(error)
        return Refused(REFUSED_FULL if count >= self._settings.cards_max else REFUSED_BY_PANEL)

    def _alike(self, rights: list[Right], holder: Holder) -> Compiled | None:
        """What most people need, at a fraction of the cost: one card, and rights that open and close as one. None where
        it is not so simple."""
        first = rights[0]
        opens, closes = first.opens, first.closes or _ALWAYS
        if len(holder.cards) != 1 or any(
            right.opens != opens or (right.closes or _ALWAYS) != closes for right in rights
        ):
            return None
        (card,) = holder.cards
        begins, ends = max(opens, card.opens), min(closes, card.closes or _ALWAYS)
        if not holder.now < ends or not begins < ends:
            return Compiled({}, None)
        doors = 0
        for right in rights:
            doors |= self._opened_by[right.resource]
        grants = tuple(sorted(right.grant for right in rights))
        record, look_again = _segment_record(card.number, _Segment(begins, ends, doors), ends, ends, grants, holder)
        return Compiled({} if record is None else {record.key: record}, look_again)

    def _windows(self, card: Card, rights: list[Right], now: datetime) -> list[_Window]:
        """When which doors are open to a card, without what is over."""
        windows: list[_Window] = []
        card_closes = card.closes or _ALWAYS
        for right in rights:
            opens = max(right.opens, card.opens)
            closes = min(right.closes or _ALWAYS, card_closes)
            if closes > now and closes > opens:
                windows.append(_Window(opens, closes, self._opened_by[right.resource], right.grant))
        return windows


@dataclass(slots=True)
class _Window:
    opens: datetime
    closes: datetime
    doors: int
    grant: str


@dataclass(slots=True)
class _Segment:
    """A span of time in which the open doors do not change."""

    begins: datetime
    ends: datetime
    doors: int


def _record(number: int, windows: list[_Window], holder: Holder) -> tuple[Record | None, datetime | None]:
    """The record of one card, if there is one by now, and when to look again."""
    segment = _present_or_next(windows, holder.now)
    if segment is None:
        return None, None
    covering = [window for window in windows if window.opens < segment.ends and window.closes > segment.begins]
    grants = tuple(sorted({window.grant for window in covering}))
    changes = min(segment.ends, *(window.closes for window in covering))
    covered = max(segment.ends, _covered_until(segment, covering))
    return _segment_record(number, segment, changes, covered, grants, holder)


def _segment_record(
    number: int, segment: _Segment, changes: datetime, covered: datetime, grants: tuple[str, ...], holder: Holder
) -> tuple[Record | None, datetime | None]:
    """It opens what the present (or else the next) segment opens, and nothing more. Its last date is that of the door
    which is `covered` least long, so a hub that is down when more doors come shuts none of those that are open."""
    now, zone = holder.now, holder.zone
    coming = segment.begins > now
    first = segment.begins.astimezone(zone).date()
    if coming and (segment.begins - _TICK).astimezone(zone).date() == first:
        # A panel would open from midnight: before the right begins. It gets the record when it does.
        return None, segment.begins
    look_again = None if changes == _ALWAYS else changes
    last = _last_date(covered, holder)
    if last < first or last < now.astimezone(zone).date():
        return None, segment.begins if coming else look_again
    body = _body(number, first, last, [segment.doors >> door & 1 for door in range(DOORS)], 0)
    return Record(_key(number), body, RANK_CARD, grants, look_again), look_again


def _covered_until(segment: _Segment, covering: Sequence[_Window]) -> datetime:
    """Until when every door of a segment is covered by some window that holds at its beginning."""
    if all(window.closes == segment.ends for window in covering):
        return segment.ends
    begun = [window for window in covering if window.opens <= segment.begins]
    return min(
        max((window.closes for window in begun if window.doors >> door & 1), default=segment.ends)
        for door in range(DOORS)
        if segment.doors >> door & 1
    )


def _present_or_next(windows: list[_Window], now: datetime) -> _Segment | None:
    """The segment that holds `now` where it opens anything, else the next one that does; equal neighbours are one."""
    cuts = sorted({cut for window in windows for cut in (window.opens, window.closes)})
    found: _Segment | None = None
    for begins, ends in pairwise(cuts):
        doors = 0
        for window in windows:
            if window.opens <= begins and window.closes >= ends:
                doors |= window.doors
        if found is not None and found.doors == doors and found.ends == begins:
            found.ends = ends
        elif found is not None and found.ends > now:
            return found
        elif doors:
            found = _Segment(begins, ends, doors)
    return found


def _last_date(ends: datetime, holder: Holder) -> date:
    """The inclusive last date for an exclusive end: at the latest the last whole day before the horizon."""
    bound = holder.horizon.astimezone(holder.zone).date() - _DAY
    if ends >= holder.horizon:
        return bound
    return min((ends - _TICK).astimezone(holder.zone).date(), bound)


def _body(number: int, opens: date | None, closes: date | None, doors: Sequence[int], pin: int) -> str:
    # As `canonical` would write it, at a fifth of its cost: a batch comes through here thousands of times.
    first = "null" if opens is None else f'"{opens.isoformat()}"'
    last = "null" if closes is None else f'"{closes.isoformat()}"'
    flags = ",".join(map(str, doors))
    return f'{{"closes":{last},"doors":[{flags}],"number":{number},"opens":{first},"pin":{pin}}}'


def _body_of(entry: CardEntry) -> str:
    return _body(entry.number, entry.opens, entry.closes, entry.doors, entry.pin)


def _entry_of(body: str) -> CardEntry:
    told = json.loads(body)
    a, b, c, d = told["doors"]
    return CardEntry(
        number=told["number"],
        opens=date.fromisoformat(told["opens"]),
        closes=date.fromisoformat(told["closes"]),
        doors=(a, b, c, d),
        pin=told["pin"],
    )


def _key(number: int) -> str:
    return f"card:{number}"


def _number(key: str) -> int:
    name, _, number = key.partition(":")
    if name != "card":
        raise ValueError(f"{key!r} is no key of a WG panel")
    return int(number)
