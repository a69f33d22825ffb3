"""What a panel keeps when its power goes: cards in slots, events in a row, a journal file that outlives the process.

Cards and events are plain state. The journal takes whole JSON lines, and a line is on its way to the disk before the
reply that depends on it leaves.
"""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from devices.wire import WireError

Line = dict[str, Any]


class MemoryDamaged(WireError):
    """The memory file {path} of an emulated panel is damaged at line {line}: remove the file to start that panel
    empty."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(" ".join(str(type(self).__doc__).split()).format(path=path, line=line))


@dataclass(frozen=True, slots=True)
class Card:
    """A card as a panel keeps it: dates inclusive, per door 0 (never), 1 (always) or the id of a time profile."""

    number: int
    opens: date | None
    closes: date | None
    doors: tuple[int, int, int, int]
    pin: int = 0
    first_card: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in the panel's own local time."""

    index: int
    kind: int
    granted: bool
    door: int
    direction: int
    card: int
    at: datetime
    reason: int


class Cards:
    """Numbered slots. A deleted card leaves a hole, which the next new card fills; slots count from 1."""

    def __init__(self, cards_max: int) -> None:
        self._cards_max = cards_max
        self._slots: list[Card | None] = []
        self._where: dict[int, int] = {}
        self._holes: list[int] = []

    def __len__(self) -> int:
        return len(self._where)

    def slots(self) -> Iterator[Card | None]:
        """What every used slot holds, in order; a hole is None."""
        return iter(self._slots)

    def get(self, number: int) -> Card | None:
        """The card of this number, if it is here."""
        slot = self._where.get(number)
        return None if slot is None else self._slots[slot]

    def has_slot(self, index: int) -> bool:
        """Whether this slot was ever used since the list was last emptied."""
        return 1 <= index <= len(self._slots)

    def at(self, index: int) -> Card | None:
        """The card in a used slot; None is a hole."""
        return self._slots[index - 1]

    def has_room(self, number: int) -> bool:
        """Whether a card of this number can be put."""
        return number in self._where or len(self._where) < self._cards_max

    def put(self, card: Card) -> None:
        """Take a card in, over the one of the same number; whoever puts has asked `has_room`."""
        slot = self._where.get(card.number)
        if slot is None and self._holes:
            slot = heapq.heappop(self._holes)
        if slot is None:
            slot = len(self._slots)
            self._slots.append(None)
        self._slots[slot] = card
        self._where[card.number] = slot

    def append(self, card: Card | None) -> None:
        """Add a slot at the end, with a card or as a hole, as a list read back from the journal has them."""
        if card is None:
            heapq.heappush(self._holes, len(self._slots))
        else:
            self._where[card.number] = len(self._slots)
        self._slots.append(card)

    def delete(self, number: int) -> bool:
        """Take a card out; False where it was not here."""
        slot = self._where.pop(number, None)
        if slot is None:
            return False
        self._slots[slot] = None
        heapq.heappush(self._holes, slot)
        return True

    def clear(self) -> None:
        """Empty the list and forget its holes."""
        self._slots.clear()
        self._where.clear()
        self._holes.clear()

    def page(self, first: int, limit: int) -> list[Card | None]:
        """Up to `limit` used slots from slot `first`, holes as None."""
        return self._slots[first - 1 : first - 1 + limit]


class Events:
    """The event store, numbered from 1. When it is full, the oldest `chunk` go at once (uhppote-simulator)."""

    def __init__(self, events_max: int, chunk: int) -> None:
        self._events: list[Event] = []
        self._events_max = events_max
        self._chunk = chunk

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    @property
    def last(self) -> Event | None:
        """The newest event."""
        return self._events[-1] if self._events else None

    @property
    def first(self) -> Event | None:
        """The oldest event that is still here."""
        return self._events[0] if self._events else None

    def get(self, index: int) -> Event | None:
        """The event of this index, if it is here."""
        if not self._events or not self._events[0].index <= index <= self._events[-1].index:
            return None
        return self._events[index - self._events[0].index]

    def add(self, event: Event) -> None:
        """Take an event in; where that makes too many, the oldest go."""
        self._events.append(event)
        if len(self._events) > self._events_max:
            self.drop(self._chunk)

    def drop(self, count: int) -> None:
        """Lose so many of the oldest; the newest always stays."""
        del self._events[: min(count, len(self._events) - 1)]

    def clear(self) -> None:
        """Lose all of them; the next is number 1 again."""
        self._events.clear()


class Journal:
    """A file of JSON lines. What `append` returned from is with the operating system; a torn last line is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file = -1
        self._size = 0

    def read(self) -> list[Line]:
        """All whole lines, oldest first. Raises `MemoryDamaged` where one before the last is not whole."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        whole, _, _torn = raw.rpartition(b"\n")
        lines: list[Line] = []
        for number, text in enumerate(whole.splitlines(), 1):
            try:
                line = json.loads(text)
            except ValueError:
                raise MemoryDamaged(self.path, number) from None
            if not isinstance(line, dict):
                raise MemoryDamaged(self.path, number)
            lines.append(line)
        return lines

    def rewrite(self, lines: Iterable[Line]) -> None:
        """Put these lines in place of all that is there, in one step."""
        self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_suffix(self.path.suffix + ".new")
        texts = [_text(line) for line in lines]
        with fresh.open("wb") as file:
            file.writelines(texts)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._size = sum(map(len, texts))
        self.lines = len(texts)

    def append(self, line: Line) -> None:
        """Add a line. Raises OSError (a full disk, say), and then nothing of the line is left in the file."""
        text = _text(line)
        written = os.write(self._file, text)
        if written != len(text):
            # Half a line would make the next one unreadable, too.
            os.ftruncate(self._file, self._size)
            raise OSError(f"only {written} of {len(text)} bytes could be written to {self.path}")
        self._size += written
        self.lines += 1

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _text(line: Line) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
