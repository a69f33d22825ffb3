"""Backfill as a property: whatever a store overwrites, leaves out and takes in while it is read, nothing is told twice, and
nothing is passed over in silence; and a panel whose answers make no sense ends the call."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wg.backfill import START, Anew, Cursor, Gap, after, backfill
from devices.wg.panel import PanelEvent
from devices.wg.verbs.events import NEWEST
from devices.wire import ProtocolError

Got = PanelEvent | Gap | Anew


def moved(cursor: Cursor, one: Got) -> Cursor:
    if isinstance(one, PanelEvent):
        return after(one)
    return Cursor(one.last) if isinstance(one, Gap) else START


class Store:
    """A panel that only keeps events, for properties: some lies of indexes, once each, and overwriting as it is read."""

    def __init__(self, first: int, newest: int, holes: set[int], buried: list[int]) -> None:
        self.unanswered = 0
        self.first, self.newest, self.holes = first, newest, holes
        self._buried = buried

    async def event(self, index: int) -> PanelEvent | None:
        if self._buried:
            grown = self._buried.pop()
            self.newest += grown
            self.first = min(self.first + grown, self.newest)
        await asyncio.sleep(0)
        if index == NEWEST:
            index = self.newest
        if index > self.newest or index in self.holes - {self.newest}:
            return None
        overwritten = index < self.first
        at = None if overwritten else datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=index)
        return PanelEvent(index, 1, True, 1, 1, index, at, 1, overwritten=overwritten)


@settings(max_examples=200, deadline=None)
@given(
    first=st.integers(1, 200), more=st.integers(0, 120), holes=st.sets(st.integers(1, 320), max_size=6),
    buried=st.lists(st.integers(0, 3), max_size=200), lines=st.integers(1, 5), start=st.integers(0, 200),
)  # fmt: skip
def test_every_index_is_told_once_in_order_as_an_event_or_within_a_gap(first, more, holes, buried, lines, start):
    async def main() -> None:
        store = Store(first, first + more, holes, buried)
        cursor, told = Cursor(min(start, store.newest)), []
        began = cursor.index
        for _ in range(60):
            async for one in backfill(store, cursor, events_max=50, lines=lines):
                told.append(one)
                cursor = moved(cursor, one)
            if cursor.index == store.newest:
                break
        covered = [i for one in told for i in (range(one.first, one.last + 1) if isinstance(one, Gap) else [one.index])]
        assert covered == list(range(began + 1, store.newest + 1))
        assert all(one.card == one.index for one in told if isinstance(one, PanelEvent))

    asyncio.run(main())


class Raving:
    """A panel that says anything, of any store."""

    unanswered = 0

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self.questions = 0

    async def event(self, index: int) -> PanelEvent | None:
        self.questions += 1
        if index == NEWEST:
            index = self._dice.randint(1, 60)
        at = datetime(2027, 1, self._dice.randint(1, 3), tzinfo=UTC)
        told = PanelEvent(index, 1, True, 1, 1, 5, at, 1, overwritten=self._dice.random() < 0.1)
        return None if self._dice.random() < 0.1 else told


@pytest.mark.parametrize("lines", [1, 4])
def test_a_panel_that_says_anything_ends_every_call(lines):
    async def main() -> None:
        for seed in range(200):
            panel, cursor, told = Raving(Random(seed)), Cursor(20, datetime(2027, 1, 1, tzinfo=UTC), 5), 0
            try:
                async for _ in backfill(panel, cursor, events_max=100, lines=lines):
                    told += 1
            except ProtocolError:
                pass
            assert told <= 120 and panel.questions < 20_000

    asyncio.run(asyncio.wait_for(main(), 60))
