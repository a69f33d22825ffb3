"""A campus of emulated panels on real ports."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from devices.emulate import LineNowhere, emulated
from devices.osdp.line import LineWire, ReaderSeat
from devices.register.client import Register
from devices.register.units import Occupant, Unit
from devices.wg.control import act
from devices.wg.panel import CardEntry, Panel
from devices.wg.served import AddressTaken, ServedPanel, serve
from devices.wire import Unreachable
from devices.wires import Emulation, Wire

ENTRY = CardEntry(8165538, date(2027, 3, 1), date(2027, 3, 31), (1, 0, 0, 0), 0)
ANNE = Occupant("per_1", date(2027, 3, 1), None)


def free_port(kind):
    """A port that the system gives out at this moment."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.61.0.5", 0))
        return sock.getsockname()[1]


@pytest.fixture
def campus():
    """Three wires on free ports, the last not emulated."""

    def wire(number):
        address = f"127.61.0.5:{free_port(socket.SOCK_DGRAM)}"
        control = f"127.61.0.5:{free_port(socket.SOCK_STREAM)}"
        return Wire(f"a-{number}", "wg", number, address, 100, (1,), ZoneInfo("Asia/Shanghai"), number < 3, control)

    return [wire(number) for number in (1, 2, 3)]


@contextmanager
def panel_of(wire):
    with closing(Panel(wire.serial, wire.address, timeout_s=0.2, tries_max=2)) as panel:
        yield panel


def test_a_panel_is_made_as_the_campus_says(campus, clock):
    made = replace(campus[0], emulation=Emulation((6, 62), 4, 2, 7))

    async def main():
        async with emulated([made], None, clock, Random(1)) as served:
            panel = served["a-1"]
            assert isinstance(panel, ServedPanel) and panel.emulator.identity.version == (6, 62)
            for number in range(1, 6):
                panel.emulator.swipe(number, 1)
            assert [event.index for event in panel.emulator.events()] == [3, 4, 5]
            panel.emulator.fire(on=True)
            panel.emulator.open_door(1)
            assert panel.emulator.next_in_s() == 5 + 7

    asyncio.run(main())


def test_each_panel_answers_on_its_own_address(campus, clock):
    async def main():
        async with emulated(campus, None, clock, Random(1)) as served:
            assert sorted(served) == ["a-1", "a-2"]
            for wire in campus[:2]:
                with panel_of(wire) as panel:
                    identity = await panel.identity()
                assert (identity.serial, str(identity.address)) == (wire.serial, "127.61.0.5")
            with pytest.raises(Unreachable), panel_of(campus[2]) as panel:
                await panel.identity()
            panel = served["a-1"]
            assert isinstance(panel, ServedPanel)
            assert panel.emulator.local_time() == datetime(2027, 3, 2, 10, 0)
        with pytest.raises(Unreachable), panel_of(campus[0]) as panel:
            await panel.identity()

    asyncio.run(main())


def test_a_campus_remembers_over_a_restart(campus, clock, tmp_path):
    async def main():
        async with emulated(campus, tmp_path / "panels", clock, Random(1)):
            with panel_of(campus[0]) as panel:
                await panel.put(ENTRY)
        async with emulated(campus, tmp_path / "panels", clock, Random(1)):
            with panel_of(campus[0]) as panel:
                assert await panel.card(ENTRY.number) == ENTRY
            assert (await act(campus[0].control, "swipe", card=ENTRY.number, door=1))["granted"]
            assert not (await act(campus[1].control, "swipe", card=ENTRY.number, door=1))["granted"]

    asyncio.run(main())
    assert {path.name for path in (tmp_path / "panels").iterdir()} == {"wg-1.jsonl", "wg-2.jsonl"}


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_taken_address_is_one_clear_sentence_and_nothing_stays_open(campus, clock, tmp_path, kind):
    address = campus[1].address if kind == socket.SOCK_DGRAM else campus[1].control
    host, port = address.split(":")

    async def main():
        async with emulated(campus, tmp_path, clock, Random(1), patience_s=0.2):
            pytest.fail("served on an address that is taken")

    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind((host, int(port)))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        with pytest.raises(AddressTaken, match=rf"panel a-2.* cannot listen on {address} \(.*\): stop the program"):
            asyncio.run(main())
        if kind == socket.SOCK_DGRAM:
            assert not (tmp_path / "wg-2.jsonl").exists()  # its memory was not touched

    async def again():
        async with emulated(campus, tmp_path, clock, Random(1)):
            with panel_of(campus[0]) as panel:
                assert (await panel.identity()).serial == 1

    asyncio.run(again())


def test_a_port_that_is_freed_in_time_is_taken(campus, clock):
    host, port = campus[0].address.split(":")

    async def main():
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        holder.bind((host, int(port)))
        asyncio.get_running_loop().call_later(0.2, holder.close)
        async with emulated(campus[:1], None, clock, Random(1)):
            with panel_of(campus[0]) as panel:
                assert (await panel.identity()).serial == 1

    asyncio.run(main())


def test_registers_are_served_beside_panels_and_remember(campus, clock, tmp_path):
    def register(kind, number):
        address = f"127.75.2.{number}:{free_port(socket.SOCK_STREAM)}"
        zone = ZoneInfo("Asia/Shanghai")
        return Wire(kind, kind, 0, address, 0, (), zone, True, None, f"{kind}-1", ("u-01", "u-02"))

    wires = [campus[0], register("seats", 1), register("flats", 2)]

    async def main(found):
        async with emulated(wires, tmp_path, clock, Random(1)) as served:
            assert sorted(served) == ["a-1", "flats", "seats"]
            with panel_of(campus[0]) as panel:
                assert (await panel.identity()).serial == 1
            for wire in wires[1:]:
                client = Register(wire.register, wire.address)
                held = await client.unit("u-01")
                assert held.unit.kind == wire.kind[:-1]
                assert held.unit.occupant == found
                await client.put(Unit("u-01", held.unit.kind, ANNE, ()), held.etag)
                await client.close()

    asyncio.run(main(None))
    asyncio.run(main(ANNE))
    assert {path.name for path in tmp_path.iterdir()} == {
        "wg-1.jsonl",
        "register-seats-1.jsonl",
        "register-flats-1.jsonl",
    }


def test_a_line_stands_below_its_folder_and_its_readers_remember(campus, clock, tmp_path):
    seats = (ReaderSeat(1, 1), ReaderSeat(2, 1, exit=True))
    control = f"127.61.0.5:{free_port(socket.SOCK_STREAM)}"
    line = LineWire("g-1", "lines/g-1", 115_200, seats, control=control)
    zone = ZoneInfo("Asia/Shanghai")
    wire = Wire("g-1", "osdp", 0, "", 0, (1,), zone, True, control, line=line)
    adapter, memory = tmp_path / "lines" / "g-1", tmp_path / "panels"
    memory.mkdir()

    async def main(paired):
        async with emulated([campus[0], wire], memory, clock, Random(1), lines_dir=tmp_path) as served:
            assert sorted(served) == ["a-1", "g-1"]
            assert adapter.resolve().is_char_device()
            looked = await act(control, "look")
            assert [(each["reader"], each["paired"]) for each in looked["readers"]] == [(1, paired), (2, False)]
            await act(control, "key", reader=1, key=bytes(range(16)).hex())
        assert not adapter.exists()

    asyncio.run(main(False))
    asyncio.run(main(True))

    async def nowhere():
        async with emulated([wire], memory, clock, Random(1)):
            pytest.fail("served without a folder")

    with pytest.raises(LineNowhere, match=r"emulated line g-1 .* --lines DIR"):
        asyncio.run(nowhere())


def test_an_address_that_is_not_ours_is_told_at_once(make):
    with pytest.raises(AddressTaken, match=r"192\.0\.2\.1:60000"):
        asyncio.run(serve("a-1", make, ("192.0.2.1", 60000), Random(1)))


def test_malformed_frames_are_ignored(serve_panel):
    async def main():
        async with serve_panel() as served:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=served.address)
            for frame in (b"", b"\x17", bytes(64), b"\x17\x94" + bytes(61), b"\x17\x94" + bytes(63), b"\xff" * 1500):
                transport.sendto(frame)
            panel = Panel(405419896, "{}:{}".format(*served.address), timeout_s=1)
            assert await panel.count() == 0
            panel.close()
            transport.close()

    asyncio.run(main())


def test_times_are_of_the_zone_where_the_panel_hangs(campus, clock):
    assert clock.now() == datetime(2027, 3, 2, 2, 0, tzinfo=UTC)

    async def main():
        async with emulated(campus[:1], None, clock, Random(1)):
            with closing(Panel(1, campus[0].address, zone=ZoneInfo("Asia/Shanghai"))) as panel:
                assert await panel.time() == clock.now()

    asyncio.run(main())
