"""YAML as plain values, and where each of them stands. No tag, no key twice, no key but text; a file that unfolds without
end runs into a bound before it costs memory.

The text is taken event by event from libyaml, which keeps line and column at a tenth of the cost of a reader that keeps
comments. A plain word means what YAML 1.2 says it means, and a day a day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from yaml import CBaseLoader, YAMLError, parse
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

NODES_MAX = 500_000
DEPTH_MAX = 32

Loc = tuple[int | str, ...]
Place = tuple[int, int]

TOO_MUCH = ("This is too deep, or too much.", "Write it out without aliases.")
NO_TEXT = ("A key is no text.", "Put it in quotation marks.")
STRANGE = ("This is a tag, or a value of a kind that has no place here.", "Write plain text or numbers.")
TWICE = ("The key {key} stands here a second time.", "Take one of the two away.")
NO_YAML = ("This is not YAML: {why}.", "Look at the line, and the one before it.")
NOT_AT_ALL = ("This is not YAML: {why}.", "Write the file as YAML.")

_MERGE = "<<"
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_BEGINS = frozenset("+-.0123456789")
_WHOLE = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*")
_BASED = re.compile(r"0(?P<base>[box])(?P<digits>[0-9a-fA-F]+)")
_BASES = {"b": 2, "o": 8, "x": 16}
_FRACTION = re.compile(
    r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?"
)


class Misread(Exception):
    """The text cannot be taken, for what stands at `place`. `says` and `cure` are templates of `fields`."""

    def __init__(self, place: Place, told: tuple[str, str], **fields: str) -> None:
        super().__init__(told[0])
        self.place, (self.says, self.cure), self.fields = place, told, tuple(fields.items())


def values(text: str) -> tuple[Any, dict[Loc, Place]]:
    """What a text holds, None where it holds nothing, and the place of every key and item. Raises `Misread`."""
    building = _Building(_events(text))
    return building.whole(), building.places


def _events(text: str) -> list[Event]:
    """All that the text says, bounded in number and depth. Raises `Misread`."""
    events: list[Event] = []
    depth = 0
    try:
        for event in parse(text, Loader=CBaseLoader):
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                depth += 1
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                depth -= 1
            events.append(event)
            if depth > DEPTH_MAX or len(events) > 2 * NODES_MAX:
                raise Misread(_place(event), TOO_MUCH)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        raise Misread(place, NO_YAML, why=_first_line(error.problem or error)) from None
    except (YAMLError, ValueError) as error:
        raise Misread((1, 1), NOT_AT_ALL, why=_first_line(error)) from None
    return events


class _Building:
    """Walks the events; an alias walks those of its anchor again."""

    def __init__(self, events: list[Event]) -> None:
        self.places: dict[Loc, Place] = {}
        self._events = events
        self._at = 0
        self._anchors: dict[str, int] = {}

    def whole(self) -> Any:
        """The value of the one document. Raises `Misread`."""
        begins = [event for event in self._events if isinstance(event, DocumentStartEvent)]
        if not begins:
            return None
        if len(begins) > 1:
            raise Misread(_place(begins[1]), NO_YAML, why="it holds more than one document")
        self._at = 2
        return self._value(())

    def _value(self, loc: Loc) -> Any:
        event = self._next()
        if len(loc) > DEPTH_MAX or len(self.places) > NODES_MAX:
            raise Misread(self.places.get(loc, (1, 1)), TOO_MUCH)
        if isinstance(event, AliasEvent):
            return self._again(event, loc)
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = self._at - 1
        if isinstance(event, ScalarEvent):
            return self._scalar(event, self.places.get(loc, (1, 1)))
        if getattr(event, "tag", None) is not None:
            raise Misread(self.places.get(loc, (1, 1)), STRANGE)
        return self._mapping(loc) if isinstance(event, MappingStartEvent) else self._sequence(loc)

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(self._events[self._at], MappingEndEvent):
            event = self._next()
            place = _place(event)
            key = self._scalar(event, place) if isinstance(event, ScalarEvent) else None
            if not isinstance(key, str):
                raise Misread(place, NO_TEXT)
            if key in found:
                raise Misread(place, TWICE, key=key)
            self.places[*loc, key] = place
            value = self._value((*loc, key))
            if key == _MERGE and isinstance(value, dict):
                merged |= value
            else:
                found[key] = value
        self._at += 1
        for key in merged.keys() - found.keys():
            # A key that came by a merge has no place of its own.
            self.places[*loc, key] = self.places[*loc, _MERGE]
        return merged | found

    def _sequence(self, loc: Loc) -> list[Any]:
        found: list[Any] = []
        while not isinstance(self._events[self._at], SequenceEndEvent):
            where = (*loc, len(found))
            self.places[where] = _place(self._events[self._at])
            found.append(self._value(where))
        self._at += 1
        return found

    def _again(self, alias: AliasEvent, loc: Loc) -> Any:
        anchored = self._anchors.get(alias.anchor)
        if anchored is None:
            raise Misread(_place(alias), NO_YAML, why=f"there is no anchor {alias.anchor}")
        back, self._at = self._at, anchored
        value = self._value(loc)
        self._at = back
        return value

    def _scalar(self, event: ScalarEvent, place: Place) -> Any:
        if event.tag is not None:
            raise Misread(place, STRANGE)
        if not event.implicit[0]:
            return event.value
        try:
            return _plain(event.value)
        except ValueError as error:
            raise Misread(place, NO_YAML, why=_first_line(error)) from None

    def _next(self) -> Event:
        event = self._events[self._at]
        self._at += 1
        return event


def _plain(word: str) -> Any:
    """What a word without quotation marks means. Raises ValueError: a day that no calendar has."""
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in _NUMBER_BEGINS:
        return word
    if _WHOLE.fullmatch(word):
        return int(word)
    if _DAY.fullmatch(word):
        return date.fromisoformat(word)
    if _INSTANT.fullmatch(word):
        return datetime.fromisoformat(word)
    if (based := _BASED.fullmatch(word)) is not None:
        return int(based["digits"], _BASES[based["base"]])
    if _FRACTION.fullmatch(word):
        return float(word.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return word


def _place(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _first_line(error: object) -> str:
    return next(iter(str(error).splitlines()), "").rstrip(".")
