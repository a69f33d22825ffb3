"""What a panel kept while nobody listened: its events after a cursor, in order, each once, and what is missing of them.

A panel numbers its events from 1, drops the oldest by the thousand when it is full, and begins anew when it loses its
memory. So what was read counts only once the event before it is found where it was: then the store was one and the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Protocol

from devices.wg.verbs.events import NEWEST, PanelEvent
from devices.wire import ProtocolError, Unreachable

EVENTS_MAX = 10_000
LINES_MAX = 4
BATCH_EVENTS = 32
DOUBTS_MAX = 8
"""How often within one call a panel may seem to have lost its events."""
QUESTIONS_MAX = 128
"""Where the oldest event lies is found in 32 questions, among all numbers there are; more only where it moves away."""


class Kept(Protocol):
    """A panel, as far as its events go."""

    @property
    def unanswered(self) -> int:
        """How many tries got no answer so far."""
        ...

    async def event(self, index: int) -> PanelEvent | None:
        """The event of an index; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """The newest event that was taken in; 0: none yet. `at` and `card` tell it from another of the same index, in a store
    that began anew and has filled up again; `at` None: nobody knows."""

    index: int = 0
    at: datetime | None = None
    card: int = 0

    def names(self, event: PanelEvent) -> bool:
        """Whether this is the event; where nobody knows, it may be."""
        return self.at is None or (event.index, event.at, event.card) == (self.index, self.at, self.card)


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that the panel has no longer, from the first to the last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Anew:
    """The panel lost its events: those after the cursor are gone, and nobody knows how many there were. What follows is
    numbered from 1 again, up to `newest`."""

    newest: int


START = Cursor()


def after(event: PanelEvent) -> Cursor:
    """The cursor of whoever has taken this event in."""
    return Cursor(event.index, event.at, event.card)


async def backfill(
    panel: Kept, cursor: Cursor = START, *, events_max: int = EVENTS_MAX, lines: int = LINES_MAX
) -> AsyncGenerator[PanelEvent | Gap | Anew]:
    """Events after `cursor`, up to the newest when it was asked, or `events_max` of them: then call again.

    Up to `lines` questions are under way at a time; a panel that leaves one of them unanswered is asked one by one for the
    rest of the call. Raises what the panel's verbs raise; what was yielded until then stands, so go on from there.
    """
    asking = _Asking(panel, lines)
    given = doubts = 0
    newest, moved = await _newest(panel), False
    while given < events_max:
        doubtful = moved or _earlier(newest, cursor)
        doubts += doubtful
        if doubts > DOUBTS_MAX:
            raise ProtocolError(f"{panel} seemed to begin its events anew {doubts} times while they were read")
        if doubtful and await _began_anew(panel, cursor):
            newest = await _newest(panel)
            yield Anew(newest.index)
            cursor = START
        if newest.index <= cursor.index:
            return
        end = min(newest.index, cursor.index + min(BATCH_EVENTS, events_max - given))
        read = await asking.events(range(cursor.index + 1, end + 1))
        moved = cursor.at is not None and not await _holds(panel, cursor)
        if moved:
            newest = await _newest(panel)
            continue
        for event in read:
            yield event
        given += len(read)
        cursor = after(read[-1]) if read else cursor
        if cursor.index < end:
            newest = await _newest(panel)
            if cursor.index < newest.index:
                oldest = await _oldest(panel, cursor.index + 1, newest.index)
                given += 1
                if cursor.index + 1 < oldest:
                    yield Gap(cursor.index + 1, oldest - 1)
                    cursor = Cursor(oldest - 1)


async def _newest(panel: Kept) -> Cursor:
    event = await panel.event(NEWEST)
    if event is not None and event.overwritten:
        raise ProtocolError(f"{panel} says that its newest event is overwritten")
    return START if event is None else after(event)


def _earlier(newest: Cursor, cursor: Cursor) -> bool:
    """Whether the newest event is not one after the cursor, nor the one at it."""
    if newest.index == cursor.index:
        return newest.at is not None and cursor.at is not None and newest != cursor
    return newest.index < cursor.index


async def _began_anew(panel: Kept, cursor: Cursor) -> bool:
    """Whether the event at the cursor is gone. Asked twice: the answer to another question, come late, can say so, too."""
    for _ in range(2):
        if await _holds(panel, cursor):
            return False
        if cursor.at is None and (await _newest(panel)).index >= cursor.index:
            return False
    return True


async def _holds(panel: Kept, cursor: Cursor) -> bool:
    """Whether the event at the cursor is where it was. One that was overwritten meanwhile may have been."""
    event = await panel.event(cursor.index)
    return event is not None and (event.overwritten or cursor.names(event))


async def _oldest(panel: Kept, first: int, kept: int) -> int:
    """The oldest event from `first` on that is there, as `kept` is. Raises `ProtocolError` where there is no telling."""
    gone, asked = first - 1, 0
    while asked < QUESTIONS_MAX:
        while kept - gone > 1:
            middle = (gone + kept) // 2
            gone, kept = (gone, middle) if await _keeps(panel, middle) else (middle, kept)
            asked += 1
        if gone < first or not await _keeps(panel, gone):
            return kept
        # The answer to another question, come twice, passed for the one to this: events would be told lost that are not.
        gone, kept = first - 1, gone
        asked += 1
    raise ProtocolError(f"{panel} does not say where its events begin")


async def _keeps(panel: Kept, index: int) -> bool:
    event = await panel.event(index)
    return event is not None and not event.overwritten


class _Asking:
    """Asks for several events at a time, for as long as the panel bears it."""

    def __init__(self, panel: Kept, lines: int) -> None:
        self._panel = panel
        self._lines = lines

    async def events(self, indexes: range) -> list[PanelEvent]:
        """The events of these indexes, up to the first that is not there."""
        if self._lines > 1 and len(indexes) > 1:
            silences = self._panel.unanswered
            try:
                return await self._together(indexes)
            except Unreachable:
                pass  # It may bear one at a time.
            finally:
                if self._panel.unanswered > silences:
                    self._lines = 1
        return await self._singly(indexes)

    async def _singly(self, indexes: range) -> list[PanelEvent]:
        found: list[PanelEvent] = []
        for index in indexes:
            event = await self._panel.event(index)
            if event is None or event.overwritten:
                break
            found.append(event)
        return found

    async def _together(self, indexes: range) -> list[PanelEvent]:
        lines = [asyncio.ensure_future(self._singly(indexes[line :: self._lines])) for line in range(self._lines)]
        try:
            found = {event.index: event for line in await asyncio.gather(*lines) for event in line}
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)
        return [found[index] for index in takewhile(found.__contains__, indexes)]
