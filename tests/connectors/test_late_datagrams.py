"""The guard against late datagrams: what was taken away is confirmed only when no copy of the old write can arrive."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from connectors.carry import NOT_KEPT
from connectors.contract import SETTLING

Emulated = Callable[[], AbstractAsyncContextManager[Any]]
Panels = Callable[[int], AbstractAsyncContextManager[Any]]
PUT, DELETE = 0x50, 0x52


async def write_first(target: Any, desk: Any, site: Any, **named: Any) -> str:
    """Bring one wide record onto a fresh target; returns its key."""
    desk.add("t", target.kind, target.settings())
    desk.want("t", target.record(1))
    site.start(**named)
    await site.until(desk.settled)
    return target.record(1).key


def test_a_removal_soon_after_a_write_is_sent_twice(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site)
            wrote = time.monotonic()
            desk.want("t", key, urgent=True)
            row = desk.targets["t"].rows[key]
            await site.until(lambda: row.reasons == [SETTLING])
            assert row.dirty
            assert row.held is None
            assert target.panel.card(7001) is None
            assert (target.heard(PUT), target.heard(DELETE)) == (1, 1)
            late = next(frame for frame in target.panel.heard if frame[1] == PUT)
            target.panel.answer(late)
            assert target.panel.card(7001) is not None
            await site.until(desk.settled)
            assert target.panel.card(7001) is None
            assert target.heard(DELETE) == 2
            assert time.monotonic() - wrote >= 0.5
            await site.stop()

    asyncio.run(run())


def test_so_is_a_narrower_write(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site)
            narrow = target.record(1, wide=False)
            desk.want("t", narrow)
            row = desk.targets["t"].rows[key]
            await site.until(lambda: row.reasons == [SETTLING])
            assert row.dirty
            assert row.held == narrow.body
            await site.until(desk.settled)
            assert target.heard(PUT) == 3
            await site.stop()

    asyncio.run(run())


def test_the_same_content_again_needs_no_settling(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site)
            desk.want("t", target.record(1))
            await site.until(desk.settled)
            assert desk.targets["t"].rows[key].reasons == []
            assert target.heard(PUT) == 2
            await site.stop()

    asyncio.run(run())


def test_a_removal_long_after_the_write_is_done_at_once(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site)
            await asyncio.sleep(0.7)
            desk.want("t", key)
            await site.until(desk.settled)
            assert desk.targets["t"].rows[key].reasons == []
            assert target.heard(DELETE) == 1
            await site.stop()

    asyncio.run(run())


def test_a_restarted_gateway_remembers_what_it_sent(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site)
            await site.kill()
            desk.expire("t")
            desk.want("t", key)
            site.start()
            row = desk.targets["t"].rows[key]
            await site.until(lambda: not row.dirty)
            assert row.reasons == [SETTLING]
            assert target.heard(DELETE) == 2
            await site.stop()

    asyncio.run(run())


def test_a_gateway_without_a_memory_waits_before_it_confirms(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            target.tamper()
            desk.add("t", target.kind, target.settings())
            desk.ask_reading("t")
            desk.want("t", target.record(1))
            site.start(known=False)
            await site.until(lambda: "card:99" in desk.targets["t"].rows and desk.settled())
            assert desk.targets["t"].rows["card:7001"].reasons == []
            assert desk.targets["t"].rows["card:99"].reasons == [SETTLING]
            assert target.heard(DELETE) == 2
            await site.stop()

    asyncio.run(run())


def test_the_real_wire_settles_for_five_seconds(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site, brisk=False)
            wrote = time.monotonic()
            desk.want("t", key)
            await site.until(desk.settled)
            assert time.monotonic() - wrote >= 4.5
            assert target.heard(DELETE) == 2
            await site.stop()

    asyncio.run(run())


def test_every_write_is_on_disk_before_it_leaves(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            noted: list[int] = []

            def look(code: int) -> None:
                if code == PUT:
                    with sqlite3.connect(site.path) as other:
                        noted.append(other.execute("SELECT count(*) FROM sent WHERE key = 'card:7001'").fetchone()[0])
                    other.close()

            target.panel.on_heard = look
            await write_first(target, desk, site)
            assert noted == [1]
            await site.stop()

    asyncio.run(run())


def test_a_full_disk_holds_writes_back_and_lets_removals_out(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            key = await write_first(target, desk, site)
            await site.stop()
            with sqlite3.connect(site.path) as other:
                other.execute(
                    "CREATE TRIGGER no_room BEFORE INSERT ON sent BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
                )
            other.close()
            desk.want("t", target.record(2))
            desk.want("t", key)
            site.start()
            await site.until(lambda: not desk.targets["t"].rows[key].dirty)
            other_row = desk.targets["t"].rows["card:7002"]
            await site.until(lambda: other_row.reasons == [NOT_KEPT])
            assert target.heard(PUT) == 1
            await site.stop()

    asyncio.run(run())


def test_on_a_wire_that_delays_and_doubles_nothing_proved_comes_undone(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            gone_wrong: list[str] = []

            def look(_: int) -> None:
                for key, row in desk.targets["t"].rows.items():
                    if not row.dirty and (target.panel.card(int(key[5:])) is None) != (row.wanted is None):
                        gone_wrong.append(key)

            desk.add("t", target.kind, target.settings())
            target.trouble(duplicate=0.5, late=0.1, delay_s=0.3)
            target.panel.on_heard = look
            site.start()
            for turn in range(8):
                for n in range(target.room):
                    record = target.record(n, wide=turn % 3 == 0)
                    desk.want("t", record.key if (turn + n) % 2 else record)
                await asyncio.sleep(0.15 * (turn % 3))
            await site.until(desk.settled)
            await asyncio.sleep(0.6)
            look(0)
            assert gone_wrong == []
            assert target.served.fired["duplicate"] > 0
            await site.stop()

    asyncio.run(run())
