"""The contract suite: what every registered kind of target keeps, against its emulator on real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors import registry
from connectors.contract import Connector, Done, Later, Refused, canonical
from devices.wire import WireError
from tests.connectors.emulated import EMULATED
from tests.connectors.osdp_line import build

ZONE = ZoneInfo("Asia/Shanghai")
Emulated = Callable[[], AbstractAsyncContextManager[Any]]


def on(emulated: Emulated, act: Callable[[Any, Connector], Awaitable[None]]) -> None:
    """Run one test against a target of the kind at hand."""

    async def run() -> None:
        async with emulated() as target:
            connector = build(target.kind, target.settings())
            try:
                await act(target, connector)
            finally:
                await connector.close()

    asyncio.run(run())


def test_write_twice_is_done_and_reads_as_written(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        record = target.record(1)
        assert await connector.read(record.key) is None
        assert isinstance(await connector.write(record), Done)
        assert isinstance(await connector.write(record), Done)
        assert await connector.read(record.key) == record.body

    on(emulated, act)


def test_bodies_are_canonical(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        await connector.write(target.record(1))
        body = await connector.read(target.record(1).key)
        assert body is not None
        assert body == canonical(json.loads(body))

    on(emulated, act)


def test_erase_of_what_is_absent_is_done(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        record = target.record(1)
        assert isinstance(await connector.erase(record.key), Done)
        await connector.write(record)
        assert isinstance(await connector.erase(record.key), Done)
        assert isinstance(await connector.erase(record.key), Done)
        assert await connector.read(record.key) is None

    on(emulated, act)


def test_a_target_that_is_down_is_for_later(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        target.off(off=True)
        outcomes = await asyncio.gather(connector.write(target.record(1)), connector.erase(target.record(2).key))
        assert all(isinstance(outcome, Later) and outcome.unreachable for outcome in outcomes)
        target.off(off=False)
        assert isinstance(await connector.write(target.record(1)), Done)

    on(emulated, act)


def test_a_full_target_refuses_new_records_and_still_takes_changes(filling: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        for n in range(target.room):
            assert isinstance(await connector.write(target.record(n)), Done)
        outcome = await connector.write(target.record(target.room))
        assert isinstance(outcome, Refused)
        assert "full" in outcome.reason
        assert isinstance(await connector.write(target.record(0, wide=False)), Done)
        await connector.erase(target.record(1).key)
        assert isinstance(await connector.write(target.record(target.room)), Done)

    on(filling, act)


def test_garbage_does_not_crash(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        target.garbage(1.0)
        for _ in range(20):
            for outcome in (await connector.write(target.record(1)), await connector.erase(target.record(1).key)):
                assert isinstance(outcome, Later | Refused | Done)
            with pytest.raises(WireError):
                await connector.probe()

    on(emulated, act)


def test_a_foreign_record_is_found_by_reading(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        await connector.write(target.record(1))
        await connector.write(target.record(2))
        await connector.erase(target.record(1).key)
        key = target.tamper()
        found = {key: body async for key, body in connector.read_all()}
        assert found.keys() == {key, target.record(2).key, *(record.key for record in target.ground)}
        assert found[key] == await connector.read(key)

    on(emulated, act)


def test_what_somebody_else_has_is_for_later_and_left_alone(shared: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        await connector.write(target.record(1))
        outcome = await connector.write(target.rival(1))
        assert isinstance(outcome, Later)
        assert not outcome.unreachable
        assert isinstance(await connector.erase(target.rival(1).key), Done)
        assert await connector.read(target.record(1).key) == target.record(1).body
        assert await connector.read(target.rival(1).key) is None
        await connector.erase(target.record(1).key)
        assert isinstance(await connector.write(target.rival(1)), Done)

    on(shared, act)


def test_of_two_who_race_for_one_thing_exactly_one_wins(shared: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        other = registry.build(target.kind, target.settings(), ZONE)
        for n in range(10):
            outcomes = await asyncio.gather(connector.write(target.record(n)), other.write(target.rival(n)))
            assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Done", "Later"]
            held = [await connector.read(record.key) for record in (target.record(n), target.rival(n))]
            assert [body is not None for body in held] == [isinstance(outcome, Done) for outcome in outcomes]
        await other.close()

    on(shared, act)


def test_a_target_continues_over_a_restart_and_not_over_the_loss_of_its_memory(emulated: Emulated) -> None:
    async def act(target: Any, connector: Connector) -> None:
        for n in range(3):
            await connector.write(target.record(n))
        before = await connector.probe()
        target.restart()
        again = await connector.probe()
        assert again.continues(before)
        if target.kind != "wg":  # a panel's newest event counts, and a card that is put is none
            target.forget()
            assert not (await connector.probe()).continues(again)

    on(emulated, act)


def test_the_same_target_continues_and_one_that_lost_its_memory_does_not(panels: Callable[[int], Any]) -> None:
    async def run() -> None:
        async with panels(1) as target, panels(2) as other:
            connector = registry.build("wg", target.settings(), ZONE)
            target.panel.swipe(1, 1)
            before = await connector.probe()
            assert (await connector.probe()).continues(before)
            other_connector = registry.build("wg", other.settings(), ZONE)
            stranger = await other_connector.probe()
            await other_connector.close()
            assert not stranger.continues(before)
            target.panel.power_cycle(keep_memory=True)
            assert (await connector.probe()).continues(before)
            for _ in range(3):
                target.panel.swipe(1, 1)
            before = await connector.probe()
            target.panel.power_cycle(keep_memory=False)
            assert not (await connector.probe()).continues(before)
            await connector.close()

    asyncio.run(run())


@pytest.mark.parametrize("kind", registry.kinds())
def test_every_kind_is_documented_and_seals_its_settings(kind: str) -> None:
    model = registry.settings_of(kind)
    assert model.model_config.get("extra") == "forbid"
    assert model.model_config.get("strict") is True


def test_every_kind_has_an_emulated_target() -> None:
    async def kind_of(emulated: Emulated) -> str:
        async with emulated() as target:
            return target.kind

    assert {asyncio.run(kind_of(emulated)) for emulated in EMULATED.values()} == set(registry.kinds())


def test_unknown_kinds_and_wrong_settings_are_named() -> None:
    with pytest.raises(
        registry.UnknownKind, match="no connector of kind lift; those that exist are flats, osdp, seats, wg"
    ):
        registry.build("lift", {}, ZONE)
    with pytest.raises(registry.SettingsWrong, match="serial: "):
        registry.build("wg", {"serial": "405419896"}, ZONE)
