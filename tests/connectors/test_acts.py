"""Acts at the gateway: ahead of everything, at most once, and never once their time is over."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from connectors.contract import Act, Done, Later, Refused
from devices.clock import SystemClock
from devices.wg.faults import Faults
from tests.connectors.emulated import register_target, wg_target

OPEN_DOOR, PUT = 0x40, 0x50


def act(nth: int, key: str = "door:2", kind: str = "open", for_s: float = 10.0) -> Act:
    return Act(f"act-{nth}", kind, key, SystemClock().now() + timedelta(seconds=for_s))


def test_a_door_is_opened_once_and_told(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with wg_target() as target:
            desk.add("t", target.kind, target.settings())
            site.start()
            desk.order("t", act(1))
            await site.until(lambda: "act-1" in desk.acted_as)
            assert isinstance(desk.acted_as["act-1"], Done)
            assert target.heard(OPEN_DOOR) == 1
            assert not target.panel.is_released(1)
            assert target.panel.is_released(2)
            await site.stop()

    asyncio.run(run())


def test_it_goes_ahead_of_the_rest_of_a_long_job(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with wg_target() as target:
            desk.add("t", target.kind, target.settings())
            for n in range(3):
                desk.want("t", target.record(n))
            heard: list[int] = []

            def on_heard(code: int) -> None:
                heard.append(code)
                if code == PUT and heard.count(PUT) == 1:
                    desk.order("t", act(1))

            target.panel.on_heard = on_heard
            site.start()
            await site.until(lambda: desk.settled() and "act-1" in desk.acted_as)
            assert heard.count(OPEN_DOOR) == 1
            assert PUT in heard[heard.index(OPEN_DOOR) :], "what was left of the job comes after it"
            await site.stop()

    asyncio.run(run())


def test_one_whose_time_is_over_is_not_sent(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with wg_target() as target:
            desk.add("t", target.kind, target.settings())
            desk.order("t", act(1, for_s=-1))
            desk.order("t", act(2))
            site.start()
            await site.until(lambda: "act-2" in desk.acted_as)
            assert desk.acts_begun == ["act-2"]
            assert target.heard(OPEN_DOOR) == 1
            await site.stop()

    asyncio.run(run())


def test_where_no_answer_comes_it_may_have_opened_and_is_not_sent_again(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with wg_target() as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            site.start()
            await site.until(desk.settled)  # the gateway knows who is there, and asks nothing more before the act
            target.served.suffer(Faults(reply_lost=1.0))
            desk.order("t", act(1))
            await site.until(lambda: "act-1" in desk.acted_as)
            outcome = desk.acted_as["act-1"]
            assert isinstance(outcome, Later)
            assert not outcome.unreachable
            target.served.suffer(Faults())
            desk.want("t", target.record(2))
            await site.until(desk.settled)
            assert target.heard(OPEN_DOOR) == 1
            await site.stop()

    asyncio.run(run())


def test_killed_after_it_was_begun_it_is_never_sent_again(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with wg_target() as target:
            desk.add("t", target.kind, target.settings())
            reached, gate = asyncio.Event(), asyncio.Event()

            async def acted(*_: Any) -> None:
                reached.set()
                await gate.wait()

            told, desk.acted = desk.acted, acted
            desk.order("t", act(1))
            site.start()
            await reached.wait()
            gate.set()
            await site.kill()
            desk.acted = told
            desk.expire("t")
            desk.want("t", target.record(1))
            site.start()
            await site.until(desk.settled)
            assert desk.acted_as == {}
            assert target.heard(OPEN_DOOR) == 1
            await site.stop()

    asyncio.run(run())


def test_what_a_target_cannot_do_is_refused(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with wg_target() as panel, register_target("seats") as register:
            desk.add("p", panel.kind, panel.settings())
            desk.add("r", register.kind, register.settings())
            desk.order("p", act(1, kind="dance"))
            desk.order("r", act(2))
            site.start()
            await site.until(lambda: len(desk.acted_as) == 2)
            assert all(isinstance(outcome, Refused) for outcome in desk.acted_as.values())
            assert panel.heard(OPEN_DOOR) == 0
            await site.stop()

    asyncio.run(run())
