"""The rights of a holder as a panel's card records, one per card.

A panel knows dates without hours, and one pair of them for all doors of a card. So a record says what holds now, until
the next change; where nothing holds yet, what holds next. It never says a union. Of `bits`, 0 to 3 are the doors that a
right opens, 4 to 7 those at which it is a first card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from connectors.contract import Card, Compiled, Holder, Record, Right
from connectors.wg_settings import DOORS, Door
from devices.wg.panel import CardEntry

RANK_CARD = 1
"""Above all that a panel is set to: a card is written after what it names, and erased before."""
ALWAYS_OPEN = 1
"""What a door says of a card that opens it at all hours; above it stands the number of a time profile."""

_DOOR_BITS = (1 << DOORS) - 1
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_ALWAYS = datetime.max.replace(tzinfo=UTC)


class Cards:
    """What the doors of one panel make of rights."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self.opened_by: dict[str, int] = {}
        self._schedules = {door.number - 1: door.schedule for door in doors if door.schedule is not None}
        for door in doors:
            for name in door.zones:
                self._add(f"zone:{name}", door.number - 1)
            if door.first_card is not None:
                self._add(f"zone:{door.first_card.zone}", DOORS + door.number - 1)

    def records(self, holder: Holder) -> Compiled:
        """One record for each card that opens something now, or from a coming midnight before the horizon."""
        rights = [right for right in holder.rights if right.resource in self.opened_by]
        if not rights or not holder.cards:
            return Compiled({}, None)
        hours = self._hours(holder.schedules)
        mask = sum(1 << door for door, hour in enumerate(hours) if hour) | _DOOR_BITS << DOORS
        if (alike := self._alike(rights, holder, hours, mask)) is not None:
            return alike
        windows: dict[int, list[_Window]] = {}
        for card in holder.cards:
            windows.setdefault(card.number, []).extend(self._windows(card, rights, holder.now, mask))
        records: dict[str, Record] = {}
        again: list[datetime] = []
        for number, its in windows.items():
            record, look_again = _record(number, its, holder, hours)
            if record is not None:
                records[record.key] = record
            if look_again is not None:
                again.append(look_again)
        return Compiled(records, min(again, default=None))

    def _add(self, resource: str, bit: int) -> None:
        self.opened_by[resource] = self.opened_by.get(resource, 0) | 1 << bit

    def _hours(self, numbers: Mapping[str, int]) -> tuple[int, ...]:
        """What each door says of a card that opens it; 0 where its schedule is not known yet, so that it stays shut."""
        if not self._schedules:
            return (ALWAYS_OPEN,) * DOORS
        return tuple(
            numbers.get(self._schedules[door], 0) if door in self._schedules else ALWAYS_OPEN for door in range(DOORS)
        )

    def _alike(self, rights: list[Right], holder: Holder, hours: tuple[int, ...], mask: int) -> Compiled | None:
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
        bits = 0
        for right in rights:
            bits |= self.opened_by[right.resource] & mask
        if not bits & _DOOR_BITS:
            return Compiled({}, None)
        grants = tuple(sorted(right.grant for right in rights))
        segment = _Segment(begins, ends, bits)
        record, look_again = _segment_record(card.number, segment, ends, ends, grants, holder, hours)
        return Compiled({} if record is None else {record.key: record}, look_again)

    def _windows(self, card: Card, rights: list[Right], now: datetime, mask: int) -> list[_Window]:
        """When what is open to a card, without what is over."""
        windows: list[_Window] = []
        card_closes = card.closes or _ALWAYS
        for right in rights:
            opens = max(right.opens, card.opens)
            closes = min(right.closes or _ALWAYS, card_closes)
            if closes > now and closes > opens:
                windows.append(_Window(opens, closes, self.opened_by[right.resource] & mask, right.grant))
        return windows


def exposed_until(body: str, zone: ZoneInfo) -> datetime:
    """The end of a card's last date on the panel's own calendar. A setting alone lets nobody in."""
    closes = json.loads(body).get("closes")
    if closes is None:
        return _NEVER
    return datetime.combine(date.fromisoformat(closes) + _DAY, time.min, zone).astimezone(UTC)


@dataclass(slots=True)
class _Window:
    opens: datetime
    closes: datetime
    bits: int
    grant: str


@dataclass(slots=True)
class _Segment:
    """A span of time in which the open doors do not change."""

    begins: datetime
    ends: datetime
    bits: int


def _record(
    number: int, windows: list[_Window], holder: Holder, hours: tuple[int, ...]
) -> tuple[Record | None, datetime | None]:
    """The record of one card, if there is one by now, and when to look again."""
    segment = _present_or_next(windows, holder.now)
    if segment is None:
        return None, None
    covering = [window for window in windows if window.opens < segment.ends and window.closes > segment.begins]
    grants = tuple(sorted({window.grant for window in covering}))
    changes = min(segment.ends, *(window.closes for window in covering))
    covered = max(segment.ends, _covered_until(segment, covering))
    return _segment_record(number, segment, changes, covered, grants, holder, hours)


def _segment_record(
    number: int,
    segment: _Segment,
    changes: datetime,
    covered: datetime,
    grants: tuple[str, ...],
    holder: Holder,
    hours: tuple[int, ...],
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
    doors = [hours[door] if segment.bits >> door & 1 else 0 for door in range(DOORS)]
    body = _body(number, first, last, doors, 0, segment.bits >> DOORS)
    return Record(f"card:{number}", body, RANK_CARD, grants, look_again), look_again


def _covered_until(segment: _Segment, covering: Sequence[_Window]) -> datetime:
    """Until when every door of a segment is covered by some window that holds at its beginning."""
    if all(window.closes == segment.ends for window in covering):
        return segment.ends
    begun = [window for window in covering if window.opens <= segment.begins]
    return min(
        max((window.closes for window in begun if window.bits >> bit & 1), default=segment.ends)
        for bit in range(2 * DOORS)
        if segment.bits >> bit & 1
    )


def _present_or_next(windows: list[_Window], now: datetime) -> _Segment | None:
    """The segment that holds `now` where it opens anything, else the next one that does; equal neighbours are one."""
    cuts = sorted({cut for window in windows for cut in (window.opens, window.closes)})
    found: _Segment | None = None
    for begins, ends in pairwise(cuts):
        bits = 0
        for window in windows:
            if window.opens <= begins and window.closes >= ends:
                bits |= window.bits
        if found is not None and found.bits == bits and found.ends == begins:
            found.ends = ends
        elif found is not None and found.ends > now:
            return found
        elif bits & _DOOR_BITS:
            found = _Segment(begins, ends, bits)
    return found


def _last_date(ends: datetime, holder: Holder) -> date:
    """The inclusive last date for an exclusive end: at the latest the last whole day before the horizon."""
    bound = holder.horizon.astimezone(holder.zone).date() - _DAY
    if ends >= holder.horizon:
        return bound
    return min((ends - _TICK).astimezone(holder.zone).date(), bound)


def body_of(entry: CardEntry) -> str:
    """A card as a record's body."""
    return _body(entry.number, entry.opens, entry.closes, entry.doors, entry.pin, entry.first_card)


def entry_of(body: str) -> CardEntry:
    """The card of a record's body."""
    told = json.loads(body)
    a, b, c, d = told["doors"]
    return CardEntry(
        number=told["number"],
        opens=date.fromisoformat(told["opens"]),
        closes=date.fromisoformat(told["closes"]),
        doors=(a, b, c, d),
        pin=told["pin"],
        first_card=told.get("first", 0),
    )


def _body(number: int, opens: date | None, closes: date | None, doors: Sequence[int], pin: int, first_card: int) -> str:
    # As `canonical` would write it, at a fifth of its cost: a batch comes through here thousands of times.
    first = "null" if opens is None else f'"{opens.isoformat()}"'
    last = "null" if closes is None else f'"{closes.isoformat()}"'
    flags = ",".join(map(str, doors))
    begins = f'"first":{first_card},' if first_card else ""
    return f'{{"closes":{last},"doors":[{flags}],{begins}"number":{number},"opens":{first},"pin":{pin}}}'
