"""The gateway's ear against emulated panels on real sockets, and a desk on paper: what doors tell arrives once each, in
order, whatever the line loses, and nobody's trouble is another's."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime

from connectors.contract import Anew, Gap, Heard, PassageKind
from connectors.ears import STRANGERS_MAX
from devices.wg.acts import perform
from devices.wg.faults import NONE, Faults
from devices.wg.frames import write_event
from devices.wg.memory import Card
from tests.connectors.listening_post import QUICK, post, tell_there


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scenario())  # type: ignore[arg-type]  # each scenario is a coroutine function


def test_what_doors_tell_arrives_in_the_words_of_all_devices():
    async def scenario() -> None:
        async with post() as at:
            at.panels["p1"].emulator.put(Card(7, date(2020, 1, 1), date(2090, 1, 1), (1, 1, 1, 1)))
            at.start()
            await at.hearing()
            at.swipe("p1")
            at.swipe("p1", card=8)
            for deed in ({"act": "force", "door": 2}, {"act": "tamper", "on": True}, {"act": "fire", "on": True}):
                perform(at.panels["p1"], deed)
            await at.complete("p1")
            told = [one for one in at.desk.kept["p1"] if isinstance(one, Heard)]
            assert [(one.kind, one.key, one.card, one.granted, one.reason, one.inside) for one in told] == [
                (PassageKind.PASSED, "door:1", 7, True, "card", True),
                (PassageKind.DENIED, "door:1", 8, False, "unknown card", True),
                (PassageKind.FORCED, "door:2", None, False, "forced", None),
                (PassageKind.TAMPER, "panel", None, False, "lid open", None),
                (PassageKind.FIRE, "panel", None, False, "fire input", None),
            ]
            now = datetime.now(UTC)
            assert all(one.at is not None and abs((now - one.at).total_seconds()) < 5 for one in told)

    run(scenario)


def test_a_burst_gathers_but_a_fire_waits_for_nothing():
    async def scenario() -> None:
        async with post() as at:
            at.start(replace(QUICK, burst_min=1, burst_s=3600.0))
            await at.hearing()
            assert at.ears is not None
            at.swipe("p1")
            await at.complete("p1")
            at.swipe("p1", 3)
            await at.until(lambda: at.ears.counts["heard"] == 4)
            await asyncio.sleep(0.05)
            assert at.desk.numbers("p1") == [1]
            perform(at.panels["p1"], {"act": "fire", "on": True})
            await at.complete("p1")
            assert at.desk.numbers("p1") == [1, 2, 3, 4, 5]

    run(scenario)


def test_what_was_told_before_it_listened_is_fetched():
    async def scenario() -> None:
        async with post(2) as at:
            at.swipe("p1", 50)
            at.swipe("p2", 3)
            at.start()
            await at.complete("p1")
            await at.complete("p2")
            await at.end()
            at.swipe("p1", 20)
            at.start()
            await at.complete("p1")
            assert at.desk.numbers("p1") == list(range(1, 71))

    run(scenario)


def test_what_the_line_loses_doubles_and_delays_arrives_once_each_in_order():
    async def scenario() -> None:
        async with post(3) as at:
            for panel in at.panels.values():
                panel.suffer(
                    Faults(unheard=0.3, heard_late=0.3, heard_twice=0.3, drop=0.1, duplicate=0.1, delay_s=0.03)
                )
            at.start()
            await at.hearing()
            for _ in range(30):
                for target in at.panels:
                    at.swipe(target)
                await asyncio.sleep(0.01)
            fired = sum((panel.fired for panel in at.panels.values()), Counter())
            assert min(fired[name] for name in ("unheard", "heard_late", "heard_twice")) > 5
            for panel in at.panels.values():
                panel.suffer(NONE)
            for target in at.panels:
                await at.complete(target)
                assert at.desk.numbers(target) == list(range(1, 31))
            assert not at.desk.refused

    run(scenario)


def test_the_last_one_is_fetched_though_nothing_comes_after_it():
    async def scenario() -> None:
        async with post() as at:
            at.start()
            await at.hearing()
            at.panels["p1"].suffer(Faults(unheard=1.0))
            at.swipe("p1")
            await at.complete("p1")

    run(scenario)


def test_events_that_are_gone_are_told_as_a_gap():
    async def scenario() -> None:
        async with post(events_max=40, chunk=10) as at:
            at.start()
            at.swipe("p1", 5)
            await at.complete("p1")
            await at.end()
            at.swipe("p1", 95)
            first = at.kept_by("p1")[0]
            at.start()
            await at.until(lambda: at.desk.marks["p1"].index == 100)
            gaps = [one for one in at.desk.kept["p1"] if isinstance(one, Gap)]
            assert gaps == [Gap(6, first - 1)]
            assert at.desk.numbers("p1") == [1, 2, 3, 4, 5, *at.kept_by("p1")]

    run(scenario)


def test_a_panel_that_lost_its_memory_is_read_from_its_beginning():
    async def scenario() -> None:
        async with post() as at:
            at.start()
            await at.hearing()
            at.swipe("p1", 9)
            await at.complete("p1")
            at.panels["p1"].emulator.power_cycle(keep_memory=False)
            await tell_there(at.panels["p1"], at.desk.listen or "")
            at.swipe("p1", 2)
            await at.until(lambda: at.desk.numbers("p1")[9:] == at.kept_by("p1"))
            assert at.desk.kept["p1"][9] == Anew()

    run(scenario)


def test_whoever_is_not_registered_never_counts_and_is_told_of_once():
    async def scenario() -> None:
        async with post() as at:
            at.start()
            await at.hearing()
            perform(at.panels["p1"], {"act": "swipe", "card": 7, "door": 1})
            await at.complete("p1")
            status = at.panels["p1"].emulator._body.status()
            told = write_event(status, v6_62=False)
            host, _, port = (at.desk.listen or "").partition(":")
            for source in (f"{at.net}.99", f"{at.net}.98"):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.bind((source, 0))
                    for _ in range(3):
                        sock.sendto(told[:8] + (2).to_bytes(4, "little") + told[12:], (host, int(port)))
            serial = at.panels["p1"].emulator.identity.serial
            await at.until(lambda: len(at.desk.strangers) == 2)
            assert set(at.desk.strangers) == {(f"{at.net}.99", serial), (f"{at.net}.98", serial)}
            assert at.desk.numbers("p1") == [1]
            assert len(at.desk.strangers) <= STRANGERS_MAX

    run(scenario)


def test_a_hub_that_fails_for_a_while_loses_nothing():
    async def scenario() -> None:
        async with post(2) as at:
            at.start()
            await at.hearing()
            at.desk.failing = 5
            at.swipe("p1", 20)
            at.swipe("p2", 20)
            await at.complete("p1")
            await at.complete("p2")
            assert at.desk.failing == 0

    run(scenario)


def test_a_gateway_that_is_killed_at_any_moment_goes_on_without_a_hole():
    async def scenario() -> None:
        async with post() as at:
            dice = random.Random(74)
            for _ in range(8):
                at.start()
                for _ in range(6):
                    at.swipe("p1")
                    await asyncio.sleep(dice.random() * 0.01)
                await at.kill()
            at.start()
            await at.complete("p1")
            assert at.desk.numbers("p1") == list(range(1, 49))

    run(scenario)


def test_a_dead_panel_keeps_no_other_unheard():
    async def scenario() -> None:
        async with post(14) as at:
            for nth in range(1, 14):
                at.panels[f"p{nth}"].suffer(Faults(off=True))
            at.swipe("p14", 3)
            at.start()
            await at.until(lambda: at.desk.numbers("p14") == [1, 2, 3], 8.0)
            at.swipe("p14", 3)
            await at.until(lambda: len(at.desk.numbers("p14")) == 6, 1.0)

    run(scenario)


def test_an_address_that_is_taken_is_told_and_tried_again():
    async def scenario() -> None:
        async with post() as at:
            host, _, port = (at.desk.listen or "").partition(":")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind((host, int(port)))
                at.swipe("p1", 2)
                at.start()
                await at.until(lambda: at.desk.deafness)
                await at.complete("p1")
            await at.hearing()
            assert len(at.desk.deafness) == 2
            assert at.desk.deafness[1] is None

    run(scenario)


def test_another_campus_is_followed_as_soon_as_it_is_in_force():
    async def scenario() -> None:
        async with post(2) as at:
            both = at.desk.watched
            at.desk.watched = both[:1]
            at.start()
            await at.hearing()
            at.swipe("p2")
            at.swipe("p1")
            await at.complete("p1")
            assert not at.desk.kept["p2"]
            at.desk.watched, at.desk.version = both[1:], 2
            await at.complete("p2")
            at.swipe("p1")
            at.swipe("p2")
            await at.complete("p2")
            assert at.desk.numbers("p1") == [1]

    run(scenario)
