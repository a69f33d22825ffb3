"""A gateway by itself, on real sockets, with a hub that is there, gone, slow, restored or confused."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import messages as m
from connectors.contract import Act, EdgeError, Later
from connectors.kept import Kept
from connectors.remote_asks import NOT_SENT
from connectors.remote_key import enrolled
from connectors.remote_line import Line
from connectors.remote_passages import RemotePassageDesk
from connectors.remote_sync import Pace
from connectors.site import Site
from devices.clock import SystemClock
from tests.connectors.conftest import _Earlier
from tests.connectors.paper_hub import CODE, PaperHub, PaperServer

OPEN_DOOR = 0x40
PACE = Pace(list_s=5.0, deaf_s=0.5, backoff_s=0.05, backoff_s_max=0.3)
Panels = Callable[[int], AbstractAsyncContextManager[Any]]
Emulated = Callable[[], AbstractAsyncContextManager[Any]]


@pytest.fixture
def hub() -> PaperHub:
    return PaperHub()


@pytest.fixture
def server(hub: PaperHub) -> Iterator[PaperServer]:
    server = PaperServer(hub)
    server.start()
    yield server
    server.stop()


class Process:
    """A gateway's process, as far as a test starts, stops and kills it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.stands: list[str | None] = []
        self.site: Site | None = None
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        kept = self.folder / "gateway.sqlite3"
        if not kept.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            Kept(kept, _Earlier()).close()  # old enough to know all that was sent
        clock = SystemClock()
        who, trust = await enrolled(self.folder, self.url, CODE, None, clock, secrets.token_bytes, software="test")
        line = Line(self.url, trust, clock, secrets.token_bytes, who)
        self.site = Site(self.folder, line, clock, secrets.token_bytes, self._stand, pace=PACE)
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self.site.run(self._stop))

    async def stop(self) -> None:
        assert self._running is not None
        assert self.site is not None
        self._stop.set()
        await self._running
        await self.site.close()

    async def kill(self) -> None:
        """As `kill -9`: no goodbye to anybody."""
        assert self._running is not None
        assert self.site is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.site.close()

    async def until(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                if self._running is not None and self._running.done():
                    self._running.result()
                    raise AssertionError("the gateway has ended")
                await asyncio.sleep(0.01)

    def _stand(self, error: EdgeError | None) -> None:
        self.stands.append(None if error is None else str(error))


@asynccontextmanager
async def process(folder: Path, server: PaperServer) -> AsyncGenerator[Process]:
    found = Process(folder / "edge", server.url)
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


def cards(target: Any) -> list[int]:
    """The numbers of the cards that a panel holds."""
    return [card.number for card in target.panel.cards() if card is not None]


def test_what_is_wanted_is_written_proved_and_told(
    emulated: Emulated, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with emulated() as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            rows = [hub.want("t", target.record(n)) for n in range(3)]
            await gateway.until(hub.settled)
            assert all(row.held == row.wanted and len(row.receipts) == 1 for row in rows)

    asyncio.run(run())


def test_a_revocation_goes_out_while_the_hub_is_gone(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            row = hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            target.off(off=True)
            hub.want("t", target.record(1).key, urgent=True)
            listed = hub.calls["/edge/list"]
            await gateway.until(lambda: hub.calls["/edge/list"] > listed and bool(hub.targets["t"].reach))
            server.stop()
            await gateway.until(lambda: gateway.stands[-1] is not None)
            assert "does not answer" in (gateway.stands[-1] or "")
            target.off(off=False)
            await gateway.until(lambda: not cards(target))
            assert row.dirty
            server.start()
            await gateway.until(hub.settled)
            assert gateway.stands[-1] is None
            assert (row.held, [report.revision for report in row.receipts]) == (None, [1, 2])

    asyncio.run(run())


def test_what_was_done_before_a_blow_is_told_after_it(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target:
            gateway = Process(tmp_path / "edge", server.url)
            await gateway.start()
            hub.add("t", target.kind, target.settings())
            await gateway.until(lambda: hub.calls["/edge/list"] > 1)
            for n in range(3):
                hub.want("t", target.record(n))
            await gateway.until(lambda: len(cards(target)) >= 1)
            await gateway.kill()
            await gateway.start()
            await gateway.until(hub.settled)
            assert len(cards(target)) == 3
            assert all(len(row.receipts) == 1 for row in hub.targets["t"].rows.values())
            await gateway.stop()

    asyncio.run(run())


def test_an_answer_that_is_lost_makes_no_second_receipt(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            hub.lose_answers = 4
            row = hub.want("t", target.record(1))
            await gateway.until(lambda: hub.settled() and hub.lose_answers == 0)
            hub.fail_next = 3
            again = hub.want("t", target.record(2))
            await gateway.until(hub.settled)
            assert (len(row.receipts), len(again.receipts)) == (1, 1)

    asyncio.run(run())


def test_a_slow_hub_delays_no_door(panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            hub.slow_s = 1.0
            row = hub.want("t", target.record(2))
            await gateway.until(lambda: len(cards(target)) == 2)
            assert row.dirty, "the panel has it before the hub knows"
            await gateway.until(hub.settled)

    asyncio.run(run())


def test_the_proof_that_something_is_gone_waits_for_no_list(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            target.trouble(late=1.0, delay_s=0.3)
            listed = hub.calls["/edge/list"]
            going = hub.want("t", target.record(1).key, urgent=True)
            await gateway.until(lambda: hub.calls["/edge/list"] > listed)
            hub.put_off = {"/edge/list"}
            hub.ring()
            await gateway.until(lambda: bool(hub.waiting) and not going.dirty, timeout_s=10.0)
            hub.put_off = set()

    asyncio.run(run())


def test_a_new_era_forgets_the_old_and_only_takes_away(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            hub.want("t", target.record(2))
            await gateway.until(hub.settled)
            with hub.lock:
                hub.era, hub.unsettled = 2, True
                hub.targets["t"].epoch = 2
            coming = hub.want("t", target.record(3))
            going = hub.want("t", target.record(1).key)
            await gateway.until(lambda: not going.dirty)
            ordered = hub.want("t", target.record(4))
            ordered.waits = False
            hub.touch("t")
            await gateway.until(lambda: not ordered.dirty)
            assert coming.dirty
            hub.unsettled = False
            hub.ring()
            await gateway.until(hub.settled)

    asyncio.run(run())


def test_past_its_term_it_only_takes_away(panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            there = hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            there.term_s = 0.0
            coming = hub.want("t", target.record(2))
            going = hub.want("t", target.record(1).key)
            await gateway.until(lambda: not going.dirty)
            assert coming.dirty
            there.term_s = 60.0
            hub.ring()
            await gateway.until(hub.settled)

    asyncio.run(run())


def test_who_is_revoked_is_told_so_and_opens_nothing_more(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            target.off(off=True)
            hub.want("t", target.record(2))
            hub.want("t", target.record(1).key)
            await gateway.until(lambda: bool(hub.targets["t"].reach))
            hub.revoked = True
            server.stop()
            server.start()
            await gateway.until(lambda: "revoked" in (gateway.stands[-1] or ""))
            target.off(off=False)
            await gateway.until(lambda: not cards(target))
            assert "enrol" in (gateway.stands[-1] or "")

    asyncio.run(run())


def test_a_target_is_handed_over_once_all_is_told(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            there = hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            there.leaving = True
            row = hub.want("t", target.record(2))
            await gateway.until(lambda: there.handed)
            assert row.dirty
            with hub.lock:
                there.ours, there.leaving, there.epoch = True, False, 3
            hub.ring()
            await gateway.until(hub.settled)

    asyncio.run(run())


def test_another_device_waits_for_the_hub_and_is_then_filled(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target:
            for _ in range(4):
                target.panel.swipe(7001, 1)
            gateway = Process(tmp_path / "edge", server.url)
            await gateway.start()
            there = hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            assert there.fingerprint is not None
            assert there.fingerprint.counter > 0
            await gateway.stop()
            target.forget()
            await gateway.start()
            hub.want("t", target.record(2))
            await gateway.until(lambda: hub.settled() and len(cards(target)) == 2)
            await gateway.stop()

    asyncio.run(run())


def test_an_act_is_done_once_and_not_without_the_hub(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            there = hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            there.acts.append(Act("act-1", "open", "door:1", SystemClock().now() + timedelta(seconds=20)))
            hub.ring()
            await gateway.until(lambda: "act-1" in hub.acted)
            assert hub.begun == ["act-1"]
            opened = target.heard(OPEN_DOOR)
            # The hub takes it that this one begins, and the answer is lost: it is not sent, and that is told.
            hub.mute = {m.ACT_BEGUN}
            there.acts.append(Act("act-2", "open", "door:1", SystemClock().now() + timedelta(seconds=20)))
            hub.ring()
            await gateway.until(lambda: "act-2" in hub.acted)
            told = hub.acted["act-2"]
            assert isinstance(told, Later) and told.unreachable and told.reason == NOT_SENT
            assert (hub.begun, target.heard(OPEN_DOOR)) == (["act-1", "act-2"], opened)

    asyncio.run(run())


def test_who_has_no_target_left_follows_nobody_any_more() -> None:
    async def run() -> None:
        line = Line("http://127.0.0.1:9", None, SystemClock(), secrets.token_bytes)
        desk = RemotePassageDesk(line, SystemClock(), secrets.token_bytes, lambda: False)
        assert await desk.watch(None) is None, "nothing is known yet"
        watch = await desk.watch("the version that it had")
        assert watch is not None and watch.targets == ()
        assert await desk.watch(watch.version) is None
        await line.close()

    asyncio.run(run())


def test_a_reading_is_handed_in_once(panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            there = hub.add("t", target.kind, target.settings())
            hub.want("t", target.record(1))
            await gateway.until(hub.settled)
            there.read_due = True
            hub.ring()
            await gateway.until(lambda: bool(there.readings))
            assert [each.key for each in there.readings[0] if each.key == target.record(1).key]

    asyncio.run(run())


def test_an_outcome_that_the_hub_cannot_take_holds_up_no_other(
    panels: Panels, hub: PaperHub, server: PaperServer, tmp_path: Path
) -> None:
    async def run() -> None:
        async with panels(1) as target, process(tmp_path, server) as gateway:
            hub.add("t", target.kind, target.settings())
            hub.refuse_keys = {target.record(0).key}
            rows = [hub.want("t", target.record(n)) for n in range(3)]
            await gateway.until(lambda: sum(row.dirty for row in rows) == 1)
            assert rows[0].dirty

    asyncio.run(run())
