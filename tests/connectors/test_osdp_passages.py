"""What doors on a serial line report, on its way to the hub: at once, in order, each once, though the gateway is killed."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from connectors.contract import PassageKind
from connectors.desk import Watched
from connectors.ears import Ears, Looks
from devices.clock import SystemClock
from tests.connectors.listening_post import PaperPassages
from tests.connectors.osdp_gateway import HUB
from tests.connectors.osdp_line import OsdpTarget, at_doors, build, osdp_target, settled, until

CARD = 4711
SELDOM = Looks(heard_s=3_600.0, unheard_s=3_600.0)
"""So that what comes soon comes by the bell."""


@asynccontextmanager
async def eared(target: OsdpTarget, desk: PaperPassages) -> AsyncGenerator[None]:
    desk.watched = [Watched("t", "osdp", target.settings(), desk.marks.get("t"))]  # type: ignore[arg-type]  # the desk fills it in
    stop = asyncio.Event()
    ears = asyncio.create_task(Ears(desk, build, SystemClock(), SELDOM, target.edge.bell).run(stop))
    try:
        yield
    finally:
        stop.set()
        await ears


def test_what_happens_is_handed_in_at_once_and_once():
    async def act(target: OsdpTarget) -> None:
        desk = PaperPassages()
        await target.give(CARD, 1)
        assert await target.swipe(CARD)
        async with eared(target, desk):
            await until(lambda: desk.numbers("t"))
            await settled(target)
            for number in range(3):
                await target.swipe(100 + number)
            await until(lambda: len([one for one in desk.kept["t"] if getattr(one, "card", None)]) == 4)
        async with eared(target, desk):
            assert await target.swipe(CARD)
            await until(lambda: len([one for one in desk.kept["t"] if getattr(one, "card", None)]) == 5)
        told = await target.passages()
        assert desk.kept["t"] == told[: len(desk.kept["t"])]
        assert desk.numbers("t") == list(range(1, len(desk.kept["t"]) + 1))

    at_doors(act, {"delay_s": 1})


def test_a_hub_that_takes_nothing_for_a_while_gets_all_of_it():
    async def act(target: OsdpTarget) -> None:
        desk = PaperPassages(failing=2)
        async with eared(target, desk):
            for number in range(3):
                await target.swipe(100 + number)
            await until(lambda: len([one for one in desk.kept["t"] if getattr(one, "card", None)]) == 3)
        assert desk.numbers("t") == list(range(1, len(desk.kept["t"]) + 1))

    at_doors(act)


def test_killed_between_decision_and_report_each_passage_arrives_once():
    cards = list(range(5000, 5012))
    chance = random.Random(5)

    async def run() -> None:
        opened: list[int] = []
        async with osdp_target({"delay_s": 1}) as target:
            await target.tell()
            for card in cards:
                await target.give(card, 1)
            # From now on another process drives the line, and is killed.
            await target.edge.drive(())
            target.edge.close()
            for last in (False, False, False, True):
                gateway = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.connectors.osdp_gateway", str(target.folder), json.dumps(target.settings()),
                    stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
                assert gateway.stdout is not None
                assert await gateway.stdout.readline() == b"online\n"
                for nth in range(3):
                    swiped = asyncio.create_task(target.swipe(card := cards.pop(), **{"pass": False}))
                    if nth == 2 and not last:
                        await asyncio.sleep(chance.uniform(0.0, 0.12))
                        gateway.kill()
                    if await swiped:
                        opened.append(card)
                    await settled(target)
                if last:
                    await until(lambda: {card for _, card in handed_in(target)} >= set(opened))
                    gateway.kill()
                await gateway.wait()
            told = handed_in(target)
            assert [number for number, _ in told] == list(range(1, len(told) + 1)), "in order, without a hole"
            times = Counter(card for _, card in told if card is not None)
            assert set(times.values()) == {1}
            assert set(opened) <= set(times), "nobody came in of whom nothing is told"
            assert target.served.doors[1].releases == len(opened)

    asyncio.run(run())


def handed_in(target: OsdpTarget) -> list[tuple[int, int | None]]:
    """What the hub has: the index of each passage, and the card where it let one in."""
    hub = sqlite3.connect(target.folder / HUB)
    try:
        rows = hub.execute("SELECT number, kind, card FROM told ORDER BY number").fetchall()
    finally:
        hub.close()
    return [(number, card if kind == PassageKind.PASSED else None) for number, kind, card in rows]
