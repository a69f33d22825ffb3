"""All that an emulated register keeps: who has which unit, the cards of its lock, and how often anything has changed.

A change is a line first: whatever alters a state goes through `apply`, so that reading the lines of a journal back gives
the same state. `lines` is the shortest journal of a state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

Line = dict[str, Any]
Told = dict[str, Any]

REF_CHARS_MAX = 64
NUMBER_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a unit, as the wire has it: `occupant` is a mapping or None, `cards` are mappings in order of number."""

    occupant: Told | None = None
    cards: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit: what is in it, and the number of the change that made it so."""

    content: Content
    change: int


NOTHING = Entry(Content(), 0)


class State:
    """The memory of one register. `mark` is drawn once for each memory, so that no two ever give the same ETag."""

    def __init__(self, units: Iterable[str], mark: str) -> None:
        self.units: dict[str, Entry] = dict.fromkeys(sorted(units), NOTHING)
        self.mark = mark
        self.change = 0

    def etag(self, unit: str) -> str:
        """The tag of a unit's present state."""
        return f'"{self.mark}-{self.units[unit].change}"'

    def apply(self, line: Line) -> None:
        """Carry out a line; one on a unit that is here no more only counts. Raises KeyError, ValueError or TypeError
        where it is none."""
        if line["op"] == "memory":
            self.mark, self.change = str(line["mark"]), int(line["change"])
            return
        if line["op"] != "unit":
            raise ValueError(f"there is no operation {line['op']!r}")
        content, change = read_content(line), int(line["change"])
        if line["id"] in self.units:
            self.units[line["id"]] = Entry(content, change)
        self.change = max(self.change, change)

    def lines(self) -> Iterator[Line]:
        """The lines that make this state out of a blank one."""
        yield {"op": "memory", "mark": self.mark, "change": self.change}
        for unit, entry in self.units.items():
            if entry.change:
                yield unit_line(unit, entry.content, entry.change)


def unit_line(unit: str, content: Content, change: int) -> Line:
    """A unit is so from now on."""
    return {"op": "unit", "id": unit, "change": change} | shown(content)


def shown(content: Content) -> Told:
    """A content as the wire has it."""
    return {"occupant": content.occupant, "cards": list(content.cards)}


def read_content(told: Told) -> Content:
    """The content that a mapping tells of. Raises KeyError, ValueError or TypeError, with what is wrong."""
    occupant, cards = told["occupant"], told["cards"]
    if not isinstance(cards, list):
        raise TypeError("cards must be a list")
    kept = sorted((_card(card) for card in cards), key=lambda card: card["number"])
    if len({card["number"] for card in kept}) < len(kept):
        raise ValueError("a card stands there twice")
    return Content(None if occupant is None else _occupant(occupant), tuple(kept))


def _occupant(told: Any) -> Told:
    if not isinstance(told, dict):
        raise TypeError("occupant must be an object or null")
    first, last = _day(told["from"]), None if told["to"] is None else _day(told["to"])
    return {"ref": _ref(told["ref"])} | _span(first, last)


def _card(told: Any) -> Told:
    if not isinstance(told, dict):
        raise TypeError("a card must be an object")
    number = told["number"]
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= NUMBER_MAX:
        raise ValueError(f"a card's number is from 1 to {NUMBER_MAX}")
    return {"number": number, "ref": _ref(told["ref"])} | _span(_day(told["from"]), _day(told["to"]))


def _span(first: date, last: date | None) -> Told:
    if last is not None and last < first:
        raise ValueError("a last day lies before its first")
    return {"from": first.isoformat(), "to": None if last is None else last.isoformat()}


def _ref(told: Any) -> str:
    if not isinstance(told, str) or not 1 <= len(told) <= REF_CHARS_MAX or not told.isprintable():
        raise ValueError(f"a ref is 1 to {REF_CHARS_MAX} characters that can be printed")
    return told


def _day(told: Any) -> date:
    # Other ways of writing a day, such as 20270301, would come back in another form than they were sent.
    if not isinstance(told, str) or len(told) != len("2027-03-01"):
        raise ValueError("a day is written as 2027-03-01")
    return date.fromisoformat(told)
