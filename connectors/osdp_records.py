"""What the list of a serial line says: cards with their windows to the second, schedules, doors, readers.

The gateway decides from it, so unlike a panel's it can say all that a holder may do until the horizon, each window for
itself. It never says a union of what does not hold at once: windows of one door are joined only where they touch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.contract import Card, Compiled, Conditions, Holder, Json, Record, Right, canonical, schedule_key
from connectors.osdp_settings import Door, OsdpSettings
from policies.calendar import Schedule, Spans

RANK_CARD, RANK_PROFILE, RANK_READER, RANK_DOOR = 1, 0, -700, -800
"""Written ascending: what a card names before it; what shuts a door first of all."""
CONTROLLED, FREE, LOCKED = "controlled", "free", "locked"
MODES = {"controlled": CONTROLLED, "normally-open": FREE, "normally-closed": LOCKED}

_RANKS = {"card": RANK_CARD, "profile": RANK_PROFILE, "reader": RANK_READER, "door": RANK_DOOR}
_SECOND = timedelta(seconds=1)
INSIDE = timedelta(hours=24)
"""For so long it counts where a card was last seen: whoever went out unseen is let in again on the next day."""
_NEVER = datetime.min.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]


class Cards:
    """What the doors of one line make of rights."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors
        self._passback = any(door.anti_passback for door in doors)
        self._asks_for_pins = any(door.pin is not None for door in doors)
        self._zones: dict[str, list[int]] = {}
        self._firsts: dict[str, list[int]] = {}
        for door in doors:
            for zone in door.zones:
                self._zones.setdefault(f"zone:{zone}", []).append(door.number)
            if door.first_person is not None:
                self._firsts.setdefault(f"zone:{door.first_person.zone}", []).append(door.number)

    def resources(self) -> frozenset[str]:
        """The zones that any door belongs to, or waits for."""
        return frozenset(self._zones) | frozenset(self._firsts)

    def records(self, holder: Holder) -> Compiled:
        """One record for each card that opens anything from now to the horizon."""
        rights = [right for right in holder.rights if right.resource in self._zones or right.resource in self._firsts]
        by_number: dict[int, list[Card]] = {}
        for card in holder.cards:
            by_number.setdefault(card.number, []).append(card)
        records: dict[str, Record] = {}
        again: list[datetime] = []
        for number, cards in by_number.items():
            record, look_again = self._record(number, cards, rights, holder)
            if record is not None:
                records[record.key] = record
            if look_again is not None:
                again.append(look_again)
        return Compiled(records, min(again, default=None))

    def _record(
        self, number: int, cards: Sequence[Card], rights: Sequence[Right], holder: Holder
    ) -> tuple[Record | None, datetime | None]:
        opened: dict[int, list[Span]] = {}
        firsts: dict[int, list[Span]] = {}
        grants: set[str] = set()
        again: list[datetime] = []
        for card, right in ((card, right) for card in cards for right in rights):
            opens, closes = _meet(card, right)
            if closes is not None and (closes <= holder.now or closes <= opens):
                continue
            again += [opens] if opens >= holder.horizon else [] if closes is None else [closes]
            span = (opens, holder.horizon if closes is None else min(closes, holder.horizon))
            if span[0] >= span[1]:
                continue
            grants.add(right.grant)
            for into, doors in ((opened, self._zones), (firsts, self._firsts)):
                for door in doors.get(right.resource, ()):
                    into.setdefault(door, []).append(span)
        by_door = {each.number: self._told(each, opened.get(each.number, ()), holder) for each in self._doors}
        told: dict[str, Json] = {str(door): windows for door, windows in by_door.items() if windows}
        if not told:
            return None, _first(again, holder.now)
        pin = _pin(cards, holder.now) if self._asks_for_pins else None
        body: dict[str, Json] = {"doors": told, "number": number, "pin": pin}
        if self._passback and (forgets := _forgets(holder)) is not None:
            body["forgiven"], again = forgets[0], [*again, forgets[1]]
        if firsts:
            body["first"] = {str(door): [[*span, None] for span in _joined(spans)] for door, spans in firsts.items()}
        look_again = _first(again, holder.now)
        return Record(f"card:{number}", canonical(body), RANK_CARD, tuple(sorted(grants)), look_again), look_again

    def _told(self, door: Door, spans: Iterable[Span], holder: Holder) -> list[Json]:
        schedule = None if door.schedule is None else holder.schedules.get(door.schedule)
        if door.schedule is not None and schedule is None:
            # Its hours are not known yet, so it stays shut.
            return []
        return [[*span, schedule] for span in _joined(spans)]


def _forgets(holder: Holder) -> tuple[str, datetime] | None:
    """Until when it does not count where a holder was seen, to the second and never less than was forgiven; and when that
    need not be said any more. None: nothing is forgiven."""
    if holder.forgiven is None or holder.now >= holder.forgiven + INSIDE:
        return None
    return _text(holder.forgiven + _SECOND), holder.forgiven + INSIDE


def _first(again: Iterable[datetime], now: datetime) -> datetime | None:
    return min((at for at in again if at > now), default=None)


def _meet(card: Card, right: Right) -> tuple[datetime, datetime | None]:
    closes = [one for one in (card.closes, right.closes) if one is not None]
    return max(card.opens, right.opens), min(closes, default=None)


def _pin(cards: Sequence[Card], now: datetime) -> str | None:
    """The PIN of whoever has the card now, else of who has it last."""
    in_hands = [card for card in cards if card.opens <= now and (card.closes is None or now < card.closes)]
    return max(in_hands or cards, key=lambda card: card.opens).pin


def _joined(spans: Iterable[Span]) -> Iterator[tuple[str, str]]:
    found: list[Span] = []
    for opens, closes in sorted(spans):
        if found and opens <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], closes))
        else:
            found.append((opens, closes))
    # To the second, and never more than was granted.
    for opens, closes in found:
        begins = opens if opens.microsecond == 0 else opens.replace(microsecond=0) + _SECOND
        if begins < closes.replace(microsecond=0):
            yield _text(begins), _text(closes)


def fixtures(settings: OsdpSettings, conditions: Conditions) -> Compiled:
    """The schedules that doors go by, how each door stands under the conditions in force, and the readers there are. The
    hours of a door are in its record, so that it changes by them without the hub."""
    by_id = {one.id: one for one in conditions.schedules}
    records = [_profile(by_id[id_]) for id_ in sorted(settings.schedules()) if id_ in by_id]
    records += [_door(door, by_id, conditions) for door in settings.doors]
    for address, door, entering in settings.readers():
        told: dict[str, Json] = {"door": door.number, "way": "in" if entering else "out"}
        records.append(Record(f"reader:{address}", canonical(told), RANK_READER, ()))
    return Compiled({record.key: record for record in records}, None)


def _profile(schedule: Schedule) -> Record:
    told: dict[str, Json] = {
        "days": {day.isoformat(): _spans_told(spans) for day, spans in schedule.days.items()},
        "since": schedule.since.isoformat(),
        "week": [_spans_told(spans) for spans in schedule.week],
    }
    return Record(schedule_key(schedule.number), canonical(told), RANK_PROFILE, ())


def _door(door: Door, by_id: dict[str, Schedule], conditions: Conditions) -> Record:
    zones = frozenset(door.zones)
    freed = bool(zones & conditions.freed)
    locked = not freed and bool(zones & conditions.locked)
    first = None if door.first_person is None else door.first_person.schedule
    told: dict[str, Json] = {
        "delay": door.delay_s,
        "fire": freed,
        "first": _number(first, by_id),
        "held": door.held_open_s,
        "interlock": [*sorted(door.interlock)],
        "lockdown": locked,
        "mode": FREE if freed else LOCKED if locked else MODES[door.mode],
        "passback": door.anti_passback,
        "pin": _number(door.pin, by_id),
        "unlocked": None if freed or locked else _number(door.unlocked, by_id),
    }
    return Record(f"door:{door.number}", canonical(told), RANK_DOOR, ())


def _number(id_: str | None, by_id: dict[str, Schedule]) -> int | None:
    # 0 is no schedule's number: what goes by one that is not known yet goes by the stricter side.
    return None if id_ is None else by_id[id_].number if id_ in by_id else 0


def schedule_of(number: int, body: str) -> Schedule:
    """The schedule of a record's body."""
    told: dict[str, Any] = json.loads(body)
    days = {date.fromisoformat(day): _spans(spans) for day, spans in told["days"].items()}
    return Schedule("", number, tuple(_spans(spans) for spans in told["week"]), days, date.fromisoformat(told["since"]))


def spans_of(told: Iterable[Sequence[Any]]) -> Iterator[tuple[datetime, datetime | None, int | None]]:
    """The windows of a card's body: opens, closes and the number of a schedule."""
    for opens, closes, schedule in told:
        yield datetime.fromisoformat(opens), None if closes is None else datetime.fromisoformat(closes), schedule


def exposed_until(body: str) -> datetime:
    """The end of a card's last window. A setting alone lets nobody in."""
    told: dict[str, Any] = json.loads(body)
    windows = [span for spans in told.get("doors", {}).values() for span in spans_of(spans)]
    return max((closes for _, closes, _ in windows if closes is not None), default=_NEVER)


def needs(body: str) -> frozenset[str]:
    """The schedules that a card names: without them it would open nothing, and somebody would stand before a shut door."""
    told: dict[str, Any] = json.loads(body)
    if "number" not in told:
        return frozenset()
    windows = (window for spans in told["doors"].values() for window in spans)
    return frozenset(schedule_key(schedule) for _, _, schedule in windows if schedule is not None)


def kind_of(key: str) -> str:
    """Of what kind a key is. Raises ValueError for one that no line has."""
    kind, colon, number = key.partition(":")
    if kind not in _RANKS or not colon or not (number.isascii() and number.isdecimal()):
        raise ValueError(f"{key!r} is no key of a line of readers")
    return kind


def number_of(key: str) -> int:
    """The number in a key."""
    return int(key.partition(":")[2])


def rank_of(key: str) -> int:
    """Where it stands in the order of work."""
    return _RANKS[kind_of(key)]


def _spans_told(spans: Spans) -> list[Json]:
    return [[begins, ends] for begins, ends in spans]


def _spans(told: Iterable[Sequence[int]]) -> Spans:
    return tuple((begins, ends) for begins, ends in told)


def _text(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()}Z"
