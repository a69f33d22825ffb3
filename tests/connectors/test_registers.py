"""Seats and flats on an emulated register: through swaps, late and lost messages, and whatever it may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors import registry
from connectors.contract import FAILING, Connector, Done, Later, Record, Refused, canonical
from connectors.units import CHANGING, KEYS_LEFT, NOT_MOVED_IN, OCCUPIED, REFUSED_CONTENT, REFUSED_UNKNOWN
from devices.register.client import GET_S
from devices.register.faults import NONE, Faults
from devices.register.state import Content
from tests.connectors.emulated import RegisterTarget, register_target

ZONE = ZoneInfo("Asia/Shanghai")


# Against the emulator


def on(kind: str, act: Callable[[RegisterTarget, Connector], Awaitable[None]]) -> None:
    async def run() -> None:
        async with register_target(kind) as target:
            connector = registry.build(kind, target.settings(), ZONE)
            try:
                await act(target, connector)
            finally:
                await connector.close()

    asyncio.run(run())


def lock(unit: str, number: int, ref: str) -> Record:
    return Record(f"lock:{unit}/{number}", canonical({"from": "2027-03-01", "ref": ref, "to": "2027-03-30"}), 2, ("g",))


def test_a_put_that_comes_late_changes_nothing_any_more() -> None:
    """The reason why nothing settles on this wire: what is absent is erased all the same, which makes a new ETag."""

    async def act(target: RegisterTarget, connector: Connector) -> None:
        held = target.emulator.state.etag("u-01")
        await connector.probe()
        target.served.suffer(Faults(late=1.0, delay_s=GET_S / 2))
        slow = asyncio.create_task(connector.write(target.record(1)))
        while target.heard("PUT") == 0:  # noqa: ASYNC110 - the register has no event for it
            await asyncio.sleep(0.01)
        slow.cancel()
        target.served.suffer(NONE)
        assert target.emulator.state.etag("u-01") == held
        assert isinstance(await connector.erase(target.record(1).key), Done)
        assert await connector.read(target.record(1).key) is None
        await asyncio.sleep(GET_S)
        assert target.emulator.content("u-01") == Content()

    on("seats", act)


@pytest.mark.parametrize(
    ("faults", "reason", "unreachable"),
    [
        (Faults(status=409), OCCUPIED, False),
        (Faults(status=412), CHANGING, False),
        (Faults(status=500), FAILING, True),
        (Faults(status=503), FAILING, True),
        (Faults(status=429), FAILING, True),
        (Faults(silent=1.0), "The device does not answer.", True),
        (Faults(off=True), "The device does not answer.", True),
        (Faults(cut=1.0), "The device does not answer.", True),
        (Faults(reply_lost=1.0), "The device does not answer.", True),
        (Faults(status=404), "what its protocol does not allow", True),
        (Faults(status=301), "what its protocol does not allow", True),
        (Faults(status=400), "said no without a reason", False),
        (Faults(wrong_etag=1.0), CHANGING, False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_each_trouble_is_one_clear_sentence_and_the_next_verb_works(
    faults: Faults, reason: str, unreachable: bool
) -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        target.served.suffer(faults)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for outcome in (await connector.write(target.record(1)), await connector.erase(target.record(2).key)):
            assert isinstance(outcome, Later)
            assert reason in outcome.reason
            assert outcome.unreachable is unreachable
        assert loop.time() - began < 2 * connector.verb_s_max
        target.served.suffer(NONE)
        assert isinstance(await connector.write(target.record(1)), Done)
        assert await connector.read(target.record(1).key) == target.record(1).body

    on("seats", act)


def test_what_changed_meanwhile_is_read_again_at_once() -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        await connector.probe()
        put = target.emulator.answer
        touched = []

        def touching(request: Any) -> Any:
            if request.verb == "PUT" and not touched:
                touched.append(True)
                target.emulator.put("u-01", Content())
            return put(request)

        target.emulator.answer = touching  # type: ignore[method-assign]  # somebody at the register's own screen
        assert isinstance(await connector.write(target.record(1)), Done)
        assert target.heard("PUT") == 2

    on("seats", act)


def test_an_unknown_unit_is_refused_with_its_cure_and_is_gone_already() -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        strange = target.occupancy("u-99", "per_1")
        assert await connector.write(strange) == Refused(REFUSED_UNKNOWN)
        assert await connector.erase(strange.key) == Done()
        assert await connector.read(strange.key) is None

    on("seats", act)


def test_what_the_register_does_not_understand_is_refused() -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        backwards = canonical({"from": "2027-03-20", "to": "2027-03-01", "unit": "u-01"})
        assert await connector.write(Record("seat:u-01/per_1", backwards, 1, ())) == Refused(REFUSED_CONTENT)
        assert target.emulator.content("u-01") == Content()

    on("seats", act)


def test_units_that_are_not_ours_are_not_read() -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        for unit in ("u-01", "u-02", "u-11"):
            await connector.write(target.occupancy(unit, "per_1"))
        some = registry.build("seats", target.settings() | {"units": ["u-0*", "u-11"]}, ZONE)
        assert {key async for key, _ in some.read_all()} == {f"seat:{unit}/per_1" for unit in ("u-01", "u-02", "u-11")}
        few = registry.build("seats", target.settings() | {"units": ["u-02"]}, ZONE)
        assert {key async for key, _ in few.read_all()} == {"seat:u-02/per_1"}
        flats = registry.build("flats", target.settings(), ZONE)
        assert {key async for key, _ in flats.read_all()} == set()
        for each in (some, few, flats):
            await each.close()

    on("seats", act)


def test_the_lock_follows_the_flat() -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        key = lock("u-01", 7001, "per_1")
        assert await connector.write(key) == Later(5.0, NOT_MOVED_IN)
        await connector.write(target.occupancy("u-01", "per_1"))
        assert await connector.write(key) == Done()
        assert await connector.erase("flat:u-01/per_1") == Later(5.0, KEYS_LEFT)
        assert await connector.write(lock("u-01", 7002, "per_2")) == Later(5.0, NOT_MOVED_IN)
        assert await connector.read("flat:u-01/per_1") is not None
        assert await connector.erase(key.key) == Done()
        assert await connector.erase("flat:u-01/per_1") == Done()
        assert target.emulator.content("u-01") == Content()

    on("flats", act)


def test_another_register_at_the_address_is_not_believed() -> None:
    async def act(target: RegisterTarget, connector: Connector) -> None:
        other = registry.build("seats", target.settings() | {"register": "r-2"}, ZONE)
        with pytest.raises(Exception, match="answers as register r-1"):
            await other.probe()
        await other.close()

    on("seats", act)


# Through the gateway


@asynccontextmanager
async def gateway_on(kind: str, desk: Any, site: Any) -> Any:
    async with register_target(kind) as target:
        desk.add("t", kind, target.settings())
        yield target
        await site.stop()


@pytest.mark.parametrize("kind", ["seats", "flats"])
def test_two_who_swap_vacate_before_they_occupy(kind: str, desk: Any, site: Any) -> None:
    async def run() -> None:
        async with gateway_on(kind, desk, site) as target:
            was = [target.occupancy("u-01", "per_1"), target.occupancy("u-02", "per_2")]
            will_be = [target.occupancy("u-02", "per_1"), target.occupancy("u-01", "per_2")]
            if kind == "flats":
                was += [lock("u-01", 7001, "per_1"), lock("u-02", 7002, "per_2")]
                will_be += [lock("u-02", 7001, "per_1"), lock("u-01", 7002, "per_2")]
            for record in was:
                desk.want("t", record)
            site.start(brisk=False)
            await site.until(desk.settled)
            for record in will_be:
                desk.want("t", record)
            for record in was:
                desk.want("t", record.key)
            await site.until(desk.settled)
            occupants = [target.emulator.content(unit).occupant["ref"] for unit in ("u-01", "u-02")]
            assert occupants == ["per_2", "per_1"]
            refs = [[each["ref"] for each in target.emulator.content(unit).cards] for unit in ("u-01", "u-02")]
            assert refs == ([["per_2"], ["per_1"]] if kind == "flats" else [[], []])

    asyncio.run(run())


def test_a_swap_converges_though_some_vacating_fails_at_first(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with gateway_on("seats", desk, site) as target:
            for record in (target.occupancy("u-01", "per_1"), target.occupancy("u-02", "per_2")):
                desk.want("t", record)
            site.start(brisk=False)
            await site.until(desk.settled)
            target.served.suffer(Faults(status=412, times=5))
            for record in (target.occupancy("u-02", "per_1"), target.occupancy("u-01", "per_2")):
                desk.want("t", record)
            for key in ("seat:u-01/per_1", "seat:u-02/per_2"):
                desk.want("t", key)
            await site.until(lambda: any(OCCUPIED in row.reasons for row in desk.targets["t"].rows.values()))
            # What waits is due again after some seconds; the test does not wait for them.
            for row in desk.targets["t"].rows.values():
                row.due = 0.0
            desk.expire("t")
            await site.until(desk.settled)
            assert [target.emulator.content(unit).occupant["ref"] for unit in ("u-01", "u-02")] == ["per_2", "per_1"]

    asyncio.run(run())


def test_one_person_under_a_new_number_keeps_flat_and_key(desk: Any, site: Any) -> None:
    """Two persons become one: the flat is wanted for another holder, and the card in its lock bears another name."""

    async def run() -> None:
        async with gateway_on("flats", desk, site) as target:
            for record in (target.occupancy("u-01", "per_1"), lock("u-01", 7001, "per_1")):
                desk.want("t", record)
            site.start(brisk=False)
            await site.until(desk.settled)
            for record in (target.occupancy("u-01", "per_2"), lock("u-01", 7001, "per_2")):
                desk.want("t", record)
            desk.want("t", "flat:u-01/per_1")

            def settled() -> bool:
                for row in desk.targets["t"].rows.values():
                    row.due = 0.0
                return desk.settled()

            await site.until(settled)
            content = target.emulator.content("u-01")
            assert content.occupant["ref"] == "per_2"
            assert [(each["number"], each["ref"]) for each in content.cards] == [(7001, "per_2")]

    asyncio.run(run())


def test_no_answer_loses_nothing(desk: Any, site: Any) -> None:
    async def run() -> None:
        async with gateway_on("seats", desk, site) as target:
            target.served.suffer(Faults(reply_lost=0.3, cut=0.3, garbage=0.2))
            for n in range(20):
                desk.want("t", target.record(n))
            site.start(brisk=False)
            await site.until(lambda: target.served.fired["cut"] > 3)
            target.served.suffer(NONE)

            def settled() -> bool:
                for row in desk.targets["t"].rows.values():
                    row.due = 0.0
                return desk.settled()

            await site.until(settled)
            assert all(target.emulator.content(f"u-{n:02}").occupant["ref"] == f"per_{n}" for n in range(20))

    asyncio.run(run())
