"""A serial line of emulated readers, driven as a gateway drives it: real ptys, real time, real secure channel."""

from __future__ import annotations

import asyncio
import math
import stat
import threading
from pathlib import Path

import pytest

from devices.osdp import bus as bus_module
from devices.osdp.acts import perform
from devices.osdp.bus import Signal
from devices.osdp.events import CardRead, Keys, Offline, Online, Power, Tamper, Trouble
from devices.osdp.faults import NONE, Faults
from devices.osdp.pairing import NOT_IN_INSTALL_MODE
from devices.osdp.reader import ReaderWire
from devices.wire import DeviceError, Unreachable
from tests.devices.serial_lines import Gateway, a_gateway, a_line, key_of, on_a_loop, swipe

CARD = 50_000_001
OPEN_S = 1.0
BACK_S_MAX = 6.0


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before and "asyncio" not in thread.name]
    assert left == []


@on_a_loop
async def test_eight_readers_on_one_line_open_their_doors(tmp_path: Path):
    async with a_line(tmp_path, 8) as line, a_gateway(line) as gateway:
        await gateway.until_fresh(line, 1)
        came = await asyncio.gather(*(swipe(line, door, CARD + door) for door in range(1, 9)))
        assert [one["open"] for one in came] == [True] * 8
        read = {(one.address, one.number) for one in gateway.of(CardRead) if one.fresh}
        assert {(nth, CARD + nth + 1) for nth in range(8)} <= read
        assert gateway.refused == []


@on_a_loop
async def test_each_is_known_by_its_identity(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        vendor, _, serial, _ = gateway.of(Online)[0].identity.split("-")
        assert vendor == "0f0e12"
        assert len({one.identity for one in gateway.of(Online)}) == 2
        assert int(serial, 16) & 0xFF in (0, 1)


@on_a_loop
async def test_what_is_not_a_card_is_nobodys_number(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        with line.copper.held():
            line.reader(0).show_card(10_058_400, 26)
            line.reader(0).show_card(0xABCDEF, 32)
        await gateway.until(lambda: len(gateway.of(CardRead)) == 2)
        assert [(one.number, one.bits) for one in gateway.of(CardRead)] == [(10_058_400, 26), (0xABCDEF, 32)]


@on_a_loop
async def test_a_reader_in_install_mode_is_refused_and_then_paired(tmp_path: Path):
    async with a_line(tmp_path, keys={0: key_of(0)}) as line:
        async with a_gateway(line, {0: key_of(0), 1: None}) as gateway:
            await gateway.until_trouble(0, None)
            assert gateway.bus.reader(1) == Trouble.NO_KEY
            with pytest.raises(Unreachable):
                await gateway.bus.relay(1, 0, OPEN_S)
            await gateway.bus.pair(1, key_of(1))
            assert gateway.bus.reader(1) is None
            await gateway.until_all_online()
            await gateway.until_fresh(line, 2)
        kept = tmp_path / "memory" / "osdp-g-1-1.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert line.reader(1).key == key_of(1)
    async with a_line(tmp_path, keys={}) as line, a_gateway(line) as gateway:
        assert gateway.bus.reader(1) is None


@on_a_loop
async def test_only_pairing_takes_a_reader_in_install_mode(tmp_path: Path):
    async with a_line(tmp_path, 1, keys={}) as line, a_gateway(line, {0: key_of(0)}) as gateway:
        await gateway.until_trouble(0, Trouble.INSTALL_MODE)
        assert not line.reader(0).online
        assert line.reader(0).key is None
        assert (await swipe(line, 1))["open"] is False
        assert gateway.of(CardRead) == []


@on_a_loop
async def test_a_reader_with_another_key_is_not_paired_and_keeps_it(tmp_path: Path):
    async with a_line(tmp_path, 2) as line, a_gateway(line, {0: key_of(0), 1: None}) as gateway:
        with pytest.raises(DeviceError, match=NOT_IN_INSTALL_MODE[:30]):
            await gateway.bus.pair(1, key_of(7))
        assert line.reader(1).key == key_of(1)
        assert gateway.bus.reader(1) == Trouble.NO_KEY
        await gateway.until_trouble(0, None)


@on_a_loop
async def test_pairing_again_with_the_same_key_is_no_change(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        await gateway.bus.pair(0, key_of(0))
        assert gateway.bus.reader(0) is None
        assert line.reader(0).key == key_of(0)


@on_a_loop
async def test_who_paired_a_reader_can_not_be_replaced_by_the_key_that_everybody_knows(tmp_path: Path):
    async with a_line(tmp_path, 1, keys={}) as line:
        async with a_gateway(line, {0: None}) as gateway:
            await gateway.bus.pair(0, key_of(0))
        async with a_gateway(line, {0: None}) as stranger:
            with pytest.raises(DeviceError):
                await stranger.bus.pair(0, key_of(9))
        assert line.reader(0).key == key_of(0)


@on_a_loop
async def test_keys_lid_supply_contact_and_button_are_told(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        await gateway.until(lambda: len(gateway.inputs(0)) == 2)
        assert gateway.inputs(0) == [(0, False), (1, False)]
        await perform(line, {"act": "force", "door": 1})
        await gateway.until(lambda: (0, True) in gateway.inputs(0))
        await perform(line, {"act": "tamper", "reader": 0, "on": True})
        with line.copper.held():
            line.reader(0).type("12*34#")
        await gateway.until(lambda: gateway.of(Keys))
        assert (gateway.of(Keys)[0].digits, gateway.of(Tamper)[0].active) == ("12*34#", True)
        with line.copper.held():
            line.reader(0).power_failed = True
            line.reader(0).tell_status()
        await gateway.until(lambda: gateway.of(Power))
        pressing = asyncio.create_task(perform(line, {"act": "button", "door": 1}))
        await gateway.until(lambda: (1, True) in gateway.inputs(0))
        await gateway.bus.relay(0, 0, OPEN_S)
        assert await pressing == {"released": True}
        await gateway.until(lambda: gateway.inputs(0)[-1] == (1, False))


@on_a_loop
async def test_the_relay_holds_for_a_time_for_good_and_not_at_all(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        door = line.doors[1]
        await gateway.bus.relay(0, 0, 0.5)
        assert door.released
        await gateway.until(lambda: not door.released, 2)
        await gateway.bus.relay(0, 0, math.inf)
        await asyncio.sleep(0.6)
        assert door.released
        await perform(line, {"act": "power-cycle", "reader": 0})
        assert not door.released
        await gateway.until(lambda: gateway.came(0) == 2)
        await gateway.bus.relay(0, 0, math.inf)
        await gateway.bus.relay(0, 0, 0)
        assert not door.released


@on_a_loop
async def test_what_is_longer_than_a_readers_timer_is_asked_for_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bus_module, "TIMER_S_MAX", 0.8)
    monkeypatch.setattr(bus_module, "RENEW_S", 0.3)
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        door = line.doors[1]
        await gateway.bus.relay(0, 0, 2.0)
        await asyncio.sleep(1.6)
        assert door.released
        await gateway.until(lambda: not door.released, 2)


@on_a_loop
async def test_each_signal_is_seen(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        reader = line.reader(0)
        lasting, answers = {}, {}
        for signal in Signal:
            reader.answers.clear()
            await gateway.bus.show(0, signal)
            lasting[signal], answers[signal] = reader.light, list(reader.answers)
        assert answers[Signal.GRANTED] == ["green"]
        assert answers[Signal.DENIED] == ["red"]
        assert answers[Signal.WAITING] == ["amber"]
        assert (lasting[Signal.SHUT], lasting[Signal.FREE], lasting[Signal.IDLE]) == ("red", "green", "blue")
        assert reader.beeps > 0


@on_a_loop
async def test_two_readers_of_one_address_cannot_be_asked_for(tmp_path: Path):
    with pytest.raises(ValueError, match="one address"):
        Gateway(tmp_path / "x", [ReaderWire(1, None), ReaderWire(1, None)])


@on_a_loop
async def test_a_reader_that_was_exchanged_is_foreign_until_it_is_paired(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        line.suffer(Faults(swapped_in=(0,)))
        await gateway.until_trouble(0, Trouble.FOREIGN)
        assert (await swipe(line, 1))["open"] is False
        assert gateway.of(CardRead) == []
        await gateway.bus.pair(0, key_of(0))
        assert gateway.bus.reader(0) is None


@on_a_loop
async def test_an_identity_that_was_kept_is_asked_for_from_the_start(tmp_path: Path):
    async with a_line(tmp_path, 1) as line:
        gateway = Gateway(line.path, [ReaderWire(0, key_of(0), "0f0e12-1-00000000-010002")])
        try:
            await gateway.bus.open()
            await gateway.until_trouble(0, Trouble.FOREIGN)
        finally:
            await gateway.close()


@on_a_loop
async def test_a_wrong_key_is_told_and_its_end_is_seen_in_seconds(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        line.suffer(Faults(wrong_key=(1,)))
        await gateway.until_trouble(1, Trouble.WRONG_KEY)
        assert Trouble.WRONG_KEY in gateway.offline(1)
        assert gateway.bus.reader(0) is None
        line.suffer(NONE)
        await gateway.until_trouble(1, None, BACK_S_MAX)


@on_a_loop
async def test_a_reader_set_back_to_install_mode_is_told(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        line.suffer(Faults(install=(0,)))
        await gateway.until_trouble(0, Trouble.INSTALL_MODE)
        with pytest.raises(Unreachable):
            await gateway.bus.relay(0, 0, OPEN_S)
        assert gateway.bus.reader(1) is None


@on_a_loop
async def test_a_reader_that_refuses_is_back_in_a_moment(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        line.suffer(Faults(nak=1.0))
        with pytest.raises(DeviceError):
            await gateway.bus.relay(0, 0, OPEN_S)
        line.suffer(NONE)
        await gateway.until(lambda: gateway.came(0) == 2 and gateway.bus.reader(0) is None, BACK_S_MAX)
        assert gateway.offline(0) == [Trouble.REFUSED]
        await gateway.until_fresh(line, 1)
        assert line.fired["nak"] >= 1


@on_a_loop
async def test_offline_is_told_before_a_relay_is_asked_in_vain(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        line.suffer(Faults(dead=(0,)))
        await gateway.until_trouble(0, Trouble.SILENT, 4)
        assert gateway.of(Offline, 0)[-1] == Offline(0, Trouble.SILENT)
