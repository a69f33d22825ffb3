"""Events fetched after a cursor, from served panels that overflow, lose their memory, or answer badly meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.wg.backfill import BATCH_EVENTS, DOUBTS_MAX, START, Anew, Cursor, Gap, after, backfill
from devices.wg.faults import NONE, Faults
from devices.wg.panel import Panel, PanelEvent
from devices.wg.verbs.events import NEWEST
from devices.wire import ProtocolError, Unreachable, WireError

SERIAL = 405419896
Got = PanelEvent | Gap | Anew


@pytest.fixture(params=["udp", "tcp"])
def against(request, serve_panel):
    """Runs a scenario with a panel as the hub sees it, and the emulator behind it."""

    def run(scenario, *, timeout_s=0.5, tries_max=3, seed=1, **options):
        async def main():
            async with serve_panel(seed=seed, **options) as served:
                panel = Panel(
                    SERIAL, "{}:{}".format(*served.address), timeout_s=timeout_s, tries_max=tries_max,
                    zone=ZoneInfo("Asia/Shanghai"), transport=request.param,
                )  # fmt: skip
                with closing(panel):
                    await scenario(panel, served)

        asyncio.run(main())

    return run


def indexes(got: list[Got]) -> list[int]:
    return [one.index for one in got if isinstance(one, PanelEvent)]


async def fetched(panel: Any, cursor: Cursor = START, **options: Any) -> tuple[list[Got], Cursor]:
    """What comes, and the cursor of whoever took it in."""
    got: list[Got] = []
    async for one in backfill(panel, cursor, **options):
        got.append(one)
        cursor = moved(cursor, one)
    return got, cursor


def moved(cursor: Cursor, one: Got) -> Cursor:
    if isinstance(one, PanelEvent):
        return after(one)
    return Cursor(one.last) if isinstance(one, Gap) else START


def swipe(served, clock, times: int) -> None:
    for _ in range(times):
        clock.put(clock.now() + timedelta(seconds=1))
        served.emulator.swipe(1000 + len(served.emulator.events()), 1)


def test_all_that_came_after_the_cursor_comes_once_and_in_order(against, clock):
    async def scenario(panel, served):
        assert await fetched(panel) == ([], START)
        swipe(served, clock, 3 * BATCH_EVENTS + 5)
        got, cursor = await fetched(panel)
        assert indexes(got) == list(range(1, 3 * BATCH_EVENTS + 6)) and len(got) == 3 * BATCH_EVENTS + 5
        assert [one.card for one in got if isinstance(one, PanelEvent)] == [e.card for e in served.emulator.events()]
        assert await fetched(panel, cursor) == ([], cursor)
        swipe(served, clock, 2)
        got, cursor = await fetched(panel, cursor)
        assert indexes(got) == [3 * BATCH_EVENTS + 6, 3 * BATCH_EVENTS + 7]

    against(scenario)


@pytest.mark.parametrize("lines", [1, 4])
def test_a_call_is_bounded_and_the_next_goes_on(against, clock, lines):
    async def scenario(panel, served):
        swipe(served, clock, 100)
        cursor, seen = START, []
        for expected in (40, 40, 20, 0):
            got, cursor = await fetched(panel, cursor, events_max=40, lines=lines)
            assert len(got) == expected
            seen += indexes(got)
        assert seen == list(range(1, 101))

    against(scenario)


def test_what_was_overwritten_is_told_as_a_gap(against, clock):
    async def scenario(panel, served):
        swipe(served, clock, 10)
        _, cursor = await fetched(panel)
        swipe(served, clock, 90)
        oldest = served.emulator.events()[0].index
        assert oldest > 50
        got, cursor = await fetched(panel, cursor)
        assert got[0] == Gap(11, oldest - 1)
        assert indexes(got) == list(range(oldest, 101)) and len(got) == 1 + 101 - oldest
        got, _ = await fetched(panel, START)
        assert got[0] == Gap(1, oldest - 1)

    against(scenario, events_max=40, events_chunk=16)


def test_the_oldest_is_found_in_few_questions(serve_panel, clock):
    async def main():
        async with serve_panel(events_max=20_000, events_chunk=2_048) as served:
            for _ in range(20_001):
                served.emulator.swipe(5, 1)
            with closing(Panel(SERIAL, "{}:{}".format(*served.address), timeout_s=5)) as panel:
                asked = Asked(panel)
                got, _ = await fetched(asked, events_max=2)
                assert got[0] == Gap(1, 2_048) and indexes(got) == [2_049]
                assert asked.questions < 60

    asyncio.run(main())


class Asked:
    """A panel whose questions are counted, and between whose questions something may happen."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self.questions = 0
        self.before: Callable[[int], None] = lambda _: None
        self.under_way = self.most_under_way = 0

    @property
    def unanswered(self) -> int:
        return self._panel.unanswered

    async def event(self, index: int) -> PanelEvent | None:
        self.questions += 1
        self.before(index)
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            return await self._panel.event(index)
        finally:
            self.under_way -= 1


def test_what_is_overwritten_while_it_is_read_is_told_and_the_rest_comes(against, clock):
    async def scenario(panel, served):
        swipe(served, clock, 60)
        asked = Asked(panel)

        def bury(index: int) -> None:
            if asked.questions in (20, 45):
                swipe(served, clock, 50)

        asked.before = bury
        got, cursor = await fetched(asked)
        asked.before = lambda _: None
        more, _ = await fetched(asked, cursor)
        told = [*got, *more]
        assert_whole(told, 160)
        assert any(isinstance(one, Gap) for one in told)

    against(scenario, events_max=60, events_chunk=10)


def assert_whole(told: list[Got], newest: int) -> None:
    """Each index up to the newest once: as an event, or within a gap."""
    covered: list[int] = []
    for one in told:
        assert not isinstance(one, Anew)
        covered += range(one.first, one.last + 1) if isinstance(one, Gap) else [one.index]
    assert covered == list(range(1, newest + 1))


@pytest.mark.parametrize("events", [0, 3, 9, 10, 11, 30])
def test_a_store_that_began_anew_is_told_however_full_it_is_by_now(against, clock, events):
    async def scenario(panel, served):
        swipe(served, clock, 10)
        _, cursor = await fetched(panel)
        clock.put(clock.now() + timedelta(minutes=1))
        served.emulator.power_cycle(keep_memory=False)  # which is the first event of the new store
        swipe(served, clock, events)
        got, cursor = await fetched(panel, cursor)
        assert got[0] == Anew(events + 1)
        assert indexes(got) == list(range(1, events + 2)) and len(got) == events + 2
        assert await fetched(panel, cursor) == ([], cursor)

    against(scenario)


def test_a_store_that_is_empty_after_some_events_began_anew(against, clock):
    async def scenario(panel, served):
        got, cursor = await fetched(panel, Cursor(17, datetime(2027, 3, 1, tzinfo=UTC), 5))
        assert (got, cursor) == ([Anew(0)], START)

    against(scenario)


@pytest.mark.parametrize("at_question", range(1, 12))
def test_a_store_that_begins_anew_while_it_is_read_never_mixes(against, clock, at_question):
    async def scenario(panel, served):
        swipe(served, clock, 4)
        _, cursor = await fetched(panel)
        swipe(served, clock, 5)
        old = {event.index: event.card for event in served.emulator.events()}
        asked = Asked(panel)

        def lose(index: int) -> None:
            if asked.questions == at_question:
                clock.put(clock.now() + timedelta(minutes=1))
                served.emulator.power_cycle(keep_memory=False)
                for number in range(5001, 5012):
                    served.emulator.swipe(number, 2)

        asked.before = lose
        got, cursor = await fetched(asked, cursor)
        more, cursor = await fetched(asked, cursor)
        told = [*got, *more]
        if asked.questions < at_question:
            return
        begun = next(i for i, one in enumerate(told) if isinstance(one, Anew))
        assert all(isinstance(one, PanelEvent) and old[one.index] == one.card for one in told[:begun])
        assert indexes(told[begun:]) == list(range(1, 13))
        assert [event.card for event in told[begun + 2 :] if isinstance(event, PanelEvent)] == list(range(5001, 5012))

    against(scenario)


def test_a_panel_that_keeps_forgetting_is_given_up(against, clock):
    async def scenario(panel, served):
        swipe(served, clock, 3)
        asked = Asked(panel)

        def lose(index: int) -> None:
            if index == NEWEST or served.emulator.events()[-1].index >= index:
                clock.put(clock.now() + timedelta(minutes=1))
                served.emulator.power_cycle(keep_memory=False)
                swipe(served, clock, 5)

        got: list[Got] = []
        asked.before = lose

        async def take() -> None:
            async for one in backfill(asked, Cursor(2, datetime(2027, 1, 1, tzinfo=UTC), 1), lines=1):
                got.append(one)  # noqa: PERF401 - what came before the error is looked at, too

        with pytest.raises(ProtocolError, match="seemed to begin its events anew"):
            await take()
        assert 0 < sum(isinstance(one, Anew) for one in got) <= DOUBTS_MAX

    against(scenario)


def test_several_questions_are_under_way_until_one_is_not_answered(against, clock):
    async def scenario(panel, served):
        swipe(served, clock, 200)
        asked = Asked(panel)
        got, _ = await fetched(asked, lines=3)
        assert indexes(got) == list(range(1, 201)) and asked.most_under_way == 3
        served.suffer(Faults(drop=0.02))
        got, _ = await fetched(asked, lines=3)
        assert indexes(got) == list(range(1, 201))
        asked.most_under_way = 0
        served.suffer(Faults(drop=0.2))
        got, _ = await fetched(asked, Cursor(150), lines=3)
        assert indexes(got) == list(range(151, 201))
        assert panel.unanswered > 0

    against(scenario, timeout_s=0.05, tries_max=20)


class Shy:
    """A panel that answers one question at a time, and is silent to all that come meanwhile."""

    def __init__(self, events: int) -> None:
        self.unanswered = 0
        self._events = events
        self._busy = False

    async def event(self, index: int) -> PanelEvent | None:
        if self._busy:
            self.unanswered += 1
            raise Unreachable("no answer")
        self._busy = True
        try:
            await asyncio.sleep(0)
        finally:
            self._busy = False
        at = datetime(2027, 3, 2, tzinfo=UTC)
        index = self._events if index == NEWEST else index
        return PanelEvent(index, 1, True, 1, 1, 5, at, 1) if 1 <= index <= self._events else None


def test_a_panel_that_bears_one_question_at_a_time_is_asked_so():
    async def main():
        panel = Shy(100)
        got, _ = await fetched(panel)
        assert indexes(got) == list(range(1, 101))
        assert panel.unanswered <= 3

    asyncio.run(main())


def test_whoever_stops_listening_leaves_nothing_under_way(against, clock):
    async def scenario(panel, served):
        swipe(served, clock, 100)
        reading = backfill(panel)
        assert indexes([await anext(reading)]) == [1]
        await reading.aclose()
        got, _ = await fetched(panel, Cursor(90))
        assert indexes(got) == list(range(91, 101))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    against(scenario)


def test_silence_ends_the_call_and_what_came_stands(against, clock):
    async def scenario(panel, served):
        swipe(served, clock, 100)
        got: list[Got] = []

        async def take() -> None:
            async for one in backfill(panel):
                got.append(one)
                if len(got) == BATCH_EVENTS:
                    served.suffer(Faults(off=True))

        with pytest.raises(Unreachable):
            await take()
        served.suffer(NONE)
        assert indexes(got) == list(range(1, BATCH_EVENTS + 1))
        more, _ = await fetched(panel, moved(START, got[-1]))
        assert indexes([*got, *more]) == list(range(1, 101))

    against(scenario, timeout_s=0.05)


@pytest.mark.parametrize("fault", ["drop", "late", "duplicate", "reply_lost", "stale", "garbage", "wrong_serial"])
def test_however_the_wire_behaves_each_event_comes_once(against, clock, fault):
    async def scenario(panel, served):
        swipe(served, clock, 150)
        oldest = served.emulator.events()[0].index
        strikes: dict[str, Any] = {fault: 0.05}
        served.suffer(Faults(**strikes))
        cursor, told = START, []
        for _ in range(200):
            try:
                async for one in backfill(panel, cursor):
                    told.append(one)
                    cursor = moved(cursor, one)
            except WireError:
                continue
            if cursor.index == 150:
                break
        assert served.fired[fault] > 0
        assert indexes(told) == list(range(oldest, 151))
        assert_whole(told, 150)

    against(scenario, timeout_s=0.1, events_max=100, events_chunk=20)
