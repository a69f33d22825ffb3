"""What the list of one line says, as the decision takes it: in memory, so that nobody at a door waits for a disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.osdp_records import kind_of, number_of, schedule_of, spans_of
from policies.calendar import Schedule
from policies.passage import DoorRules, Entry, Mode, Window


@dataclass(frozen=True, slots=True)
class Carded:
    """A card on the list. `first` are the windows within which it is a first person, by their doors; `pin` the digest of
    its PIN, None: it has none. Where it was seen up to `forgiven` says no more where it is."""

    entry: Entry
    first: tuple[Window, ...]
    pin: str | None
    forgiven: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """How a door is set. `unlocked` is the number of the schedule within which it stands open, None: never. Seconds."""

    rules: DoorRules
    mode: Mode
    fire: bool
    unlocked: int | None
    delay_s: int
    held_open_s: int


class Roll:
    """Cards, doors and schedules of one line; where cards are, and which first hours have had their first person."""

    def __init__(self) -> None:
        self.cards: dict[int, Carded] = {}
        self.doors: dict[int, Ruled] = {}
        self.schedules: dict[int, Schedule] = {}
        self.inside: dict[int, tuple[bool, datetime]] = {}
        self.firsts: dict[int, str] = {}

    def put(self, key: str, body: str | None) -> None:
        """Take in what a record says now; None: there is none."""
        kind, number = kind_of(key), number_of(key)
        if kind == "card":
            _keep(self.cards, number, None if body is None else _carded(number, json.loads(body)))
        elif kind == "door":
            _keep(self.doors, number, None if body is None else _ruled(number, json.loads(body)))
        elif kind == "profile":
            _keep(self.schedules, number, None if body is None else schedule_of(number, body))

    def narrows(self, key: str, body: str) -> bool:
        """Whether a record opens nothing that is not open by now."""
        if kind_of(key) != "card":
            return True
        number = number_of(key)
        before = self.cards.get(number)
        if before is None:
            return False
        after = _carded(number, json.loads(body))
        return after.pin in {None, before.pin} and all(
            any(_within(one, old) for old in its)
            for each, its in ((after.entry.windows, before.entry.windows), (after.first, before.first))
            for one in each
        )

    def narrow(self, key: str, body: str) -> None:
        """Take in what a record takes away, and nothing that it gives. A door and a schedule are what the hub says."""
        number = number_of(key)
        if kind_of(key) != "card":
            self.put(key, body)
        elif (before := self.cards.get(number)) is not None:
            after = _carded(number, json.loads(body))
            windows = tuple(_common(before.entry.windows, after.entry.windows))
            pin = None if before.pin is None else after.pin
            first = tuple(_common(before.first, after.first))
            self.cards[number] = Carded(Entry(number, windows, pin is not None), first, pin, before.forgiven)


def _keep(into: dict[int, Any], number: int, made: object | None) -> None:
    if made is None:
        into.pop(number, None)
    else:
        into[number] = made


def _carded(number: int, told: Mapping[str, Any]) -> Carded:
    pin = told["pin"]
    entry = Entry(number, tuple(_windows(told["doors"])), pin is not None)
    forgiven = None if (at := told.get("forgiven")) is None else datetime.fromisoformat(at)
    return Carded(entry, tuple(_windows(told.get("first", {}))), pin, forgiven)


def _windows(told: Mapping[str, Any]) -> Iterator[Window]:
    for door, spans in told.items():
        for opens, closes, schedule in spans_of(spans):
            yield Window(int(door), opens, closes, schedule)


def _ruled(number: int, told: Mapping[str, Any]) -> Ruled:
    rules = DoorRules(number, told["pin"], told["passback"], frozenset(told["interlock"]), told["first"])
    return Ruled(rules, Mode(told["mode"]), told["fire"], told["unlocked"], told["delay"], told["held"])


def _within(one: Window, other: Window) -> bool:
    return (
        (one.door, one.schedule) == (other.door, other.schedule)
        and one.opens >= other.opens
        and (other.closes is None or (one.closes is not None and one.closes <= other.closes))
    )


def _common(some: Iterable[Window], others: Iterable[Window]) -> Iterator[Window]:
    """What both say. Where the hours differ nobody knows which are the narrower, so nothing is left."""
    others = tuple(others)
    for one in some:
        for other in others:
            opens = max(one.opens, other.opens)
            closes = min((each for each in (one.closes, other.closes) if each is not None), default=None)
            same = (one.door, one.schedule) == (other.door, other.schedule)
            if same and (closes is None or opens < closes):
                yield Window(one.door, opens, closes, one.schedule)
