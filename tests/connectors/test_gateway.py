"""The gateway on real sockets: it converges through crashes, dead targets, drift, bugs and stale answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from connectors.carry import DIFFERS, Bounds
from connectors.gateway import Slots

Emulated = Callable[[], AbstractAsyncContextManager[Any]]
Panels = Callable[[int], AbstractAsyncContextManager[Any]]


def test_what_is_wanted_is_written_and_proved_by_reading(emulated: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with emulated() as target:
            desk.add("t", target.kind, target.settings())
            for n in range(3):
                desk.want("t", target.record(n))
            site.start()
            await site.until(desk.settled)
            assert all(row.held == row.wanted for row in desk.targets["t"].rows.values())
            assert all(report.seen for _, report in desk.receipts)
            await site.stop()

    asyncio.run(run())


def test_what_a_full_target_refuses_is_told(filling: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with filling() as target:
            desk.add("t", target.kind, target.settings())
            for n in range(target.room):
                desk.want("t", target.record(n))
            site.start()
            await site.until(desk.settled)
            desk.want("t", target.record(9))
            await site.until(desk.settled)
            assert "full" in desk.targets["t"].rows[target.record(9).key].reasons[-1]
            await site.stop()

    asyncio.run(run())


def test_a_target_that_was_off_catches_up_and_delays_no_other(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as dead, panels(2) as alive:
            dead.off(off=True)
            for name, target in (("dead", dead), ("alive", alive)):
                desk.add(name, target.kind, target.settings())
                desk.want(name, target.record(1))
            site.start()
            await site.until(lambda: not desk.targets["alive"].rows["card:7001"].dirty, timeout_s=1.0)
            await site.until(lambda: len(desk.unreachable) > 0)
            assert "does not answer" in desk.unreachable[0]
            dead.off(off=False)
            await site.until(desk.settled)
            await site.stop()

    asyncio.run(run())


def test_one_record_that_the_target_chokes_on_starves_no_other(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            for n in range(3):
                desk.want("t", target.record(n))
            target.panel.choke_on(7000)
            site.start()
            await site.until(lambda: sum(not row.dirty for row in desk.targets["t"].rows.values()) == 2)
            assert desk.targets["t"].rows["card:7000"].dirty
            await site.stop()

    asyncio.run(run())


def test_garbage_is_outlived(emulated: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with emulated() as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            target.garbage(1.0)
            site.start()
            await site.until(lambda: len(desk.unreachable) >= 2)
            target.garbage(0.0)
            await site.until(desk.settled)
            assert desk.parked == []
            await site.stop()

    asyncio.run(run())


def test_killed_between_write_and_report_it_converges(emulated: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with emulated() as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            reached = asyncio.Event()
            desk.before_report = reached.set
            desk.report_gate = asyncio.Event()
            site.start()
            await reached.wait()
            await site.kill()
            assert desk.receipts == []
            desk.before_report, desk.report_gate = None, None
            desk.expire("t")
            site.start()
            await site.until(desk.settled)
            assert [report.held for _, report in desk.receipts] == [target.record(1).body]
            await site.stop()

    asyncio.run(run())


def test_an_outcome_of_an_outdated_revision_clears_nothing(emulated: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with emulated() as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            changed = []

            def change_once() -> None:
                if not changed:
                    changed.append(True)
                    desk.want("t", target.record(1, wide=False))

            desk.before_report = change_once
            site.start()
            await site.until(desk.settled)
            assert [report.revision for report in desk.stale] == [1]
            assert desk.targets["t"].rows[target.record(1).key].held == target.record(1, wide=False).body
            await site.stop()

    asyncio.run(run())


def test_a_lost_lease_drops_what_was_in_hand(emulated: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with emulated() as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            stolen = []

            def steal_once() -> None:
                if not stolen:
                    stolen.append(True)
                    desk.steal("t")

            desk.before_report = steal_once
            site.start()
            await site.until(lambda: len(stolen) == 1)
            assert desk.receipts == []
            desk.expire("t")
            await site.until(desk.settled)
            assert desk.parked == []
            await site.stop()

    asyncio.run(run())


def test_drift_is_found_by_a_full_reading_and_put_right(emulated: Emulated, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with emulated() as target:
            desk.add("t", target.kind, target.settings())
            for record in (*target.ground, target.record(1), target.record(2)):
                desk.want("t", record)
            site.start()
            await site.until(desk.settled)
            foreign = target.tamper()
            target.lose(2)
            proved = len(desk.receipts)
            desk.ask_reading("t")
            await site.until(lambda: foreign in desk.targets["t"].rows and desk.settled())
            assert desk.targets["t"].rows[foreign].held is None
            assert desk.targets["t"].rows[target.record(2).key].held == target.record(2).body
            assert {report.key for _, report in desk.receipts[proved:]} == {foreign, target.record(2).key}
            await site.stop()

    asyncio.run(run())


def test_a_target_with_another_memory_gets_everything_again(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            for _ in range(5):
                target.panel.swipe(1, 1)
            desk.want("t", target.record(1))
            site.start()
            await site.until(desk.settled)
            await site.stop()
            target.panel.power_cycle(keep_memory=False)
            desk.want("t", target.record(2))
            site.start()
            await site.until(desk.settled)
            assert target.panel.card(7001) is not None
            await site.stop()

    asyncio.run(run())


def test_urgent_work_finds_a_free_worker_and_comes_first(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as slow, panels(2) as slow_too, panels(3) as alive:
            for name, target in (("slow", slow), ("slow too", slow_too), ("alive", alive)):
                target.off(off=target is not alive)
                desk.add(name, target.kind, target.settings())
            desk.want("slow", slow.record(1))
            desk.want("slow too", slow_too.record(1))
            site.start(slots=Slots(workers_max=1, urgent_max=1))
            await site.until(lambda: desk.targets["slow"].epoch == 1)
            desk.want("alive", alive.record(1))
            desk.want("alive", alive.record(2), urgent=True)
            await site.until(lambda: desk.receipts, timeout_s=1.0)
            await asyncio.sleep(0.2)
            # The worker that is kept for what is urgent leaves the rest to the others, and does not spin on it.
            assert [report.key for _, report in desk.receipts] == ["card:7002"]
            assert desk.calls["claim"] < 20
            assert desk.unreachable == []
            await site.stop()

    asyncio.run(run())


def test_urgent_work_at_one_target_waits_for_no_other(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as usual, panels(2) as dead, panels(3) as alive:
            for name, target in (("usual", usual), ("dead", dead), ("alive", alive)):
                target.off(off=target is not alive)
                desk.add(name, target.kind, target.settings())
            desk.want("usual", usual.record(1))
            desk.want("dead", dead.record(1), urgent=True)
            site.start(slots=Slots(workers_max=1, urgent_max=2))
            await site.until(lambda: desk.targets["usual"].epoch == desk.targets["dead"].epoch == 1)
            desk.want("alive", alive.record(1), urgent=True)
            await site.until(lambda: desk.receipts, timeout_s=1.0)
            assert [report.key for _, report in desk.receipts] == ["card:7001"]
            assert desk.unreachable == []
            await site.stop()

    asyncio.run(run())


def test_what_was_urgent_is_reported_before_anything_else_begins(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            for n in range(4):
                desk.want("t", target.record(n))
            desk.want("t", target.record(9), urgent=True)
            told: list[list[str]] = []
            desk.before_report = lambda: told.append([report.key for _, report in desk.receipts])
            site.start()
            await site.until(desk.settled)
            await site.stop()
            assert told[:2] == [[], [target.record(9).key]]

    asyncio.run(run())


def test_urgent_work_interrupts_a_full_reading(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            site.start(bounds=Bounds(chunk_s_max=0.05))
            await site.until(desk.settled)
            target.tamper()
            target.panel.choke_on_slots()
            desk.ask_reading("t")
            await site.until(lambda: target.panel.choked > 0)
            desk.want("t", "card:7001", urgent=True)
            await site.until(lambda: target.panel.card(7001) is None, timeout_s=1.0)
            assert desk.targets["t"].reconcile
            await site.stop()

    asyncio.run(run())


def test_a_bug_parks_its_target_and_no_other(
    panels: Panels, desk: Any, site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("broken", target.kind, target.settings())
            desk.add("wrong", target.kind, {"serial": "x"})
            desk.add("t", target.kind, target.settings())
            broken = target.record(1)
            desk.want("broken", type(broken)("no such key", broken.body, 1, ()))
            desk.want("wrong", broken)
            desk.want("t", target.record(2))
            site.start()
            await site.until(lambda: len(desk.parked) == 2 and len(desk.receipts) == 1)
            assert any("A fault in the gateway stopped work on this target (ValueError)" in why for why in desk.parked)
            assert any("The settings of a target of kind wg do not fit" in why for why in desk.parked)
            await site.stop()

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert any(record.exc_info for record in caplog.records)


def test_a_lease_that_is_too_short_is_said(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.lease_s = 1.0
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            site.start()
            await site.until(lambda: len(desk.parked) == 1)
            assert "A lease of 1.0 s is too short" in desk.parked[0]
            assert target.panel.heard == []
            await site.stop()

    asyncio.run(run())


def test_nothing_is_sent_once_the_lease_could_end(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            for n in range(3):
                desk.want("t", target.record(n))
            desk.lease_s = 2.5
            # The hub answers, but so late that a write begun then could outlast the lease.
            desk.slow_s = 0.6
            site.start(bounds=Bounds(chunk_s_max=0.2))
            await asyncio.sleep(1.5)
            assert target.heard(0x50) == 0
            desk.slow_s = 0.0
            await site.until(desk.settled)
            await site.stop()

    asyncio.run(run())


def test_it_ends_at_once_when_told_and_its_targets_are_given_back(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            site.start()
            await site.until(desk.settled)
            await site.until(lambda: desk.targets["t"].until == 0.0)
            async with asyncio.timeout(1.0):
                await site.stop()

    asyncio.run(run())


def test_a_device_call_that_never_ends_is_cut(
    panels: Panels, desk: Any, site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(0))
            site.start(verb_s_max=0.1, bounds=Bounds(chunk_s_max=0.2))
            await site.until(desk.settled)
            desk.want("t", target.record(1))
            target.panel.choke_on(7001)
            await site.until(
                lambda: any("does not answer" in why for why in desk.targets["t"].rows["card:7001"].reasons)
            )
            desk.want("t", target.record(2))
            await site.until(lambda: not desk.targets["t"].rows["card:7002"].dirty, timeout_s=1.0)
            await site.stop()

    asyncio.run(run())
    assert "took longer than its connector promised" in caplog.text


def test_a_device_that_keeps_something_else_is_not_believed(panels: Panels, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with panels(1) as target:
            desk.add("t", target.kind, target.settings())
            desk.want("t", target.record(1))
            target.panel.mangling = True
            site.start()
            row = desk.targets["t"].rows["card:7001"]
            await site.until(lambda: row.reasons == [DIFFERS])
            assert row.dirty
            assert row.held == target.record(1).body.replace("[1,1,0,0]", "[1,1,1,1]")
            target.panel.mangling = False
            row.due = 0.0
            desk.expire("t")
            await site.until(desk.settled)
            await site.stop()

    asyncio.run(run())
