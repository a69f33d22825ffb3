"""Bulk never delays urgent work; one slow, dead or flapping panel never delays another, nor is it hammered."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.carry import Bounds
from connectors.contract import Record
from connectors.gateway import Slots
from connectors.waits import REACH_BACKOFF_S_MAX, URGENT_BACKOFF_S_MAX
from devices.wg.panel import TRIES_MAX
from provisioning.delivery.delivery import READ_AGAIN_S
from provisioning.store.delivery import outward
from tests.connectors.emulated import PUT
from tests.provisioning.fair import CARDS_MAX, Fair, RoomyTarget, fair
from tests.provisioning.housed import Hand, Housed

DELETE = 0x52
BULK = 10_000
SLOW_S = 0.2
SPAN_S = 300
PUTS_BETWEEN_MAX = 64
"""What a panel may be told after something urgent came up elsewhere or for itself: a chunk, and no more."""


@pytest.fixture
def hand(housed: Housed) -> Hand:
    return housed.hand


def cards(target: RoomyTarget, count: int) -> list[Record]:
    return [target.record(n) for n in range(count)]


def test_ten_thousand_records_delay_no_urgent_erase_there_or_elsewhere(tmp_path: Path):
    async def run() -> None:
        async with fair(tmp_path, Slots(workers_max=3, urgent_max=1, rest_s=0.5)) as ground:
            bulk, other = await ground.panel("bulk"), await ground.panel("other")
            marked = bulk.record(CARDS_MAX)
            for name in ("bulk", "other"):
                ground.want(name, [marked])
            ground.start()
            await ground.until(lambda: not ground.owing("bulk") and not ground.owing("other"))
            await asyncio.to_thread(ground.want, "bulk", cards(bulk, BULK))
            await ground.until(lambda: bulk.heard(PUT) > 300)
            for name, target in (("bulk", bulk), ("other", other)):
                await asyncio.to_thread(ground.take, name, marked)
                puts = bulk.heard(PUT)
                await ground.until(lambda target=target: target.heard(DELETE) > 0)
                assert bulk.heard(PUT) - puts <= PUTS_BETWEEN_MAX
            assert ground.owing("bulk") > BULK / 2

    asyncio.run(run())


def test_slow_panels_keep_no_worker_from_the_others(tmp_path: Path):
    async def run() -> None:
        async with fair(
            tmp_path, Slots(workers_max=2, urgent_max=1, rest_s=0.5), Bounds(chunk_s_max=0.3, visit_s_max=0.5)
        ) as ground:
            slow = [await ground.panel(f"slow-{n}") for n in range(4)]
            for n, each in enumerate(slow):
                each.trouble(late=1.0, delay_s=SLOW_S)
                ground.want(f"slow-{n}", cards(each, 100))
            ground.start()
            await ground.until(lambda: sum(each.heard(PUT) > 0 for each in slow) >= 2)
            quick = await ground.panel("quick")
            await asyncio.to_thread(ground.want, "quick", cards(quick, 100))
            await ground.until(lambda: not ground.owing("quick"))
            assert all(ground.owing(f"slow-{n}") > 50 for n in range(4))
            await ground.until(lambda: all(each.heard(PUT) > 0 for each in slow))

    asyncio.run(run())


def test_dead_panels_keep_no_worker_from_the_others(tmp_path: Path):
    async def run() -> None:
        async with fair(tmp_path, Slots(workers_max=2, urgent_max=1, rest_s=0.5)) as ground:
            for n in range(12):
                dead = await ground.panel(f"dead-{n}")
                dead.off(off=True)
                ground.want(f"dead-{n}", cards(dead, 1), urgent=True)
            ground.start()
            await ground.until(lambda: tried(ground) >= 12)
            quick = await ground.panel("quick")
            before = tried(ground)
            for record in cards(quick, 30):
                await asyncio.to_thread(ground.want, "quick", [record])
                await ground.until(lambda: not ground.owing("quick"))
            assert tried(ground) - before < 30, "it never waited for a place that a dead one had"

    def tried(ground: Fair) -> int:
        with ground.house.store.reading() as tx:
            return sum(outward(tx, f"dead-{n}").attempts for n in range(12))

    asyncio.run(run())


def test_a_dead_panel_hears_no_more_than_its_tries_at_a_visit(tmp_path: Path):
    async def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind(("127.78.1.200", 0))
            hole.setblocking(False)
            async with fair(tmp_path, Slots(workers_max=2, urgent_max=1, rest_s=0.5)) as ground:
                panel = await ground.panel("panel")
                settings = panel.settings() | {"address": f"127.78.1.200:{hole.getsockname()[1]}"}
                ground.target("hole", settings | {"serial": 405419990})
                ground.want("hole", cards(panel, 100))
                ground.start()
                visits: Counter[int] = Counter()
                await ground.until(lambda: count(hole, visits, ground) or visits.total() >= 3 * TRIES_MAX)
                assert max(visits.values()) <= TRIES_MAX

    def count(hole: socket.socket, visits: Counter[int], ground: Fair) -> bool:
        with ground.house.store.reading() as tx:
            attempts = outward(tx, "hole").attempts
        with suppress(BlockingIOError):
            while hole.recv(64):
                visits[attempts] += 1
        return False

    asyncio.run(run())


@pytest.mark.parametrize(("urgent", "longest_s"), [(False, REACH_BACKOFF_S_MAX), (True, URGENT_BACKOFF_S_MAX)])
@pytest.mark.parametrize("flaps", [False, True])
def test_in_five_minutes_a_dead_or_flapping_panel_is_visited_no_more_often_than_its_wait(
    housed: Housed, hand: Hand, urgent: bool, longest_s: float, flaps: bool
):
    person = housed.come("E1", 1001)
    hand.work()
    if urgent:
        housed.revoke(person)
    else:
        housed.come("E2", 1002)
    end = housed.clock.now() + timedelta(seconds=SPAN_S)
    visits = readings = 0
    while housed.clock.now() < end:
        for claim in hand.claim():
            if claim.target != "a-1":
                hand.release(claim, unreachable="no answer")
                continue
            visits += 1
            if flaps:
                hand.meet(claim)
                if claim.reconcile:
                    hand.read(claim)
                    readings += 1
            hand.release(claim, unreachable="no answer")
        housed.later(seconds=1)
    doublings = 7
    assert visits <= doublings + SPAN_S / longest_s
    assert readings <= SPAN_S / READ_AGAIN_S + 1
