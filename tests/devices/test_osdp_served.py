"""Emulated lines from outside: the control port, the path, the memory."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random

import pytest

from devices.clock import SystemClock
from devices.osdp.acts import perform
from devices.osdp.line import LineWire, ReaderSeat
from devices.osdp.memory import KeyMemory
from devices.osdp.served import LineTaken, ServedLine, serve_line
from devices.wg.control import act
from devices.wg.memory import MemoryDamaged
from devices.wire import DeviceError
from tests.devices.serial_lines import BAUD, a_gateway, a_line, key_of, on_a_loop

HOST = "127.71.5.1"
CARD = 50_000_001


def wire(control: str | None = None) -> LineWire:
    seats = (ReaderSeat(0, 1), ReaderSeat(4, 1, exit=True), ReaderSeat(2, 2))
    return LineWire("g/1", "lines/g-1", BAUD, seats, control=control)


def control_of(line: ServedLine) -> str:
    assert line.control_address is not None
    return f"{HOST}:{line.control_address[1]}"


@on_a_loop
async def test_hands_swipe_over_the_control_port(tmp_path: Path):
    keys = {address: key_of(address) for address in (0, 2, 4)}
    async with serve_line(
        wire(f"{HOST}:0"), tmp_path / "memory", tmp_path, SystemClock(), Random(1), keys=keys
    ) as line:
        control = control_of(line)
        async with a_gateway(line) as gateway:
            await asyncio.sleep(1.3)
            came = await act(control, "swipe", card=CARD, door=1)
            assert (came["open"], came["passed"]) == (True, True)
            await gateway.until(lambda: (0, True) in gateway.inputs(0))
            await gateway.until(lambda: gateway.inputs(0)[-1] == (0, False))
            # The exit reader has no relay: who decides here opens the strike by the reader that asked, and finds none.
            assert (await act(control, "swipe", card=CARD, door=1, direction=2))["open"] is False
            assert [one.address for one in gateway.told if type(one).__name__ == "CardRead"] == [0, 4]
            assert (await act(control, "open", door=2)) == {"open": False}
            assert (await act(control, "shut", door=2)) == {"was_open": False}
            looked = await act(control, "look")
            assert [one["online"] for one in looked["readers"]] == [True, True, True]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"act": "jump"}, "there is no act"),
        ({"act": "swipe", "card": 1}, "needs 'door'"),
        ({"act": "swipe", "card": 1, "door": 9}, "no such reader or door"),
        ({"act": "swipe", "card": 0, "door": 1}, "whole number"),
        ({"act": "swipe", "card": 50_000_001, "door": 1, "bits": 26}, "does not fit"),
        ({"act": "swipe", "card": 1, "door": 1, "pass": 1}, "true or false"),
        ({"act": "swipe", "card": 1, "door": 2, "direction": 2}, "no such reader or door"),
        ({"act": "type", "door": 1, "code": "12a"}, "digits"),
        ({"act": "type", "door": 1, "code": ""}, "digits"),
        ({"act": "force", "door": 7}, "no door 7"),
        ({"act": "power", "reader": 0, "on": "yes"}, "true or false"),
        ({"act": "key", "reader": 0, "key": "00"}, "16 bytes"),
        ({"act": "key", "reader": 0, "key": 7}, "strange"),
        ({"act": "faults", "rain": 1}, "there is no fault rain"),
        ({"act": "faults", "drop": 7}, "a share"),
    ],
)
@on_a_loop
async def test_an_act_that_makes_no_sense_is_refused_in_words(tmp_path: Path, told: dict[str, object], words: str):
    async with serve_line(wire(), None, tmp_path, SystemClock(), Random(1)) as line:
        with pytest.raises(ValueError, match=words):
            await perform(line, told)


@on_a_loop
async def test_the_control_port_refuses_in_words(tmp_path: Path):
    async with serve_line(wire(f"{HOST}:0"), None, tmp_path, SystemClock(), Random(1)) as line:
        control = control_of(line)
        with pytest.raises(DeviceError, match="no such reader"):
            await act(control, "swipe", card=1, door=9)
        assert (await act(control, "power", reader=2, on=False)) == {"powered": False}
        assert (await act(control, "swipe", card=1, door=2))["open"] is False
        assert (await act(control, "faults", dead=[2], cut=True))["faults"]["dead"] == [2]


@on_a_loop
async def test_two_emulators_never_share_a_path(tmp_path: Path):
    async with a_line(tmp_path, 1) as line:
        with pytest.raises(LineTaken, match="another program serves it"):
            async with a_line(tmp_path, 1):
                pass
        assert line.path.is_symlink()
    assert not line.path.is_symlink()
    line.path.symlink_to("/dev/pts/999")
    async with a_line(tmp_path, 1) as line:
        assert line.path.readlink() != Path("/dev/pts/999")
    line.path.write_text("somebody's")
    with pytest.raises(LineTaken, match="something else"):
        async with a_line(tmp_path, 1):
            pass
    assert line.path.read_text() == "somebody's"


@on_a_loop
async def test_a_memory_that_is_damaged_is_said(tmp_path: Path):
    KeyMemory.of(tmp_path / "memory", "g-1", 0).store(key_of(0))
    (kept,) = (tmp_path / "memory").iterdir()
    for damaged in ("", "[]", '{"key": "zz"}', '{"key": "00"}', '{"key": 3}'):
        kept.write_text(damaged)
        with pytest.raises(MemoryDamaged):
            async with a_line(tmp_path, 1, keys={}):
                pass
    kept.write_text(json.dumps({"key": key_of(3).hex()}))
    async with a_line(tmp_path, 1, keys={}) as line:
        assert line.reader(0).key == key_of(3)


def test_a_lines_id_could_be_no_name_for_a_file(tmp_path: Path):
    KeyMemory.of(tmp_path, "../a/b", 3).store(None)
    (kept,) = tmp_path.iterdir()
    assert kept.name == "osdp-..%2Fa%2Fb-3.json"
