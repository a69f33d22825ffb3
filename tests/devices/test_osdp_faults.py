"""What goes wrong on a serial line, and what the gateway makes of it: no stale read opens, and all comes back by itself."""

from __future__ import annotations

import asyncio
import os
import pty
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.clock import SystemClock
from devices.osdp.bus import Bus
from devices.osdp.events import SENTENCES, CardRead, Trouble
from devices.osdp.faults import NONE, Faults
from devices.osdp.pairing import SENTENCES_OF_PAIRING
from devices.osdp.reader import ReaderWire
from devices.osdp.session import FORGOTTEN, REFUSED
from devices.osdp.tty import (
    BAD_SPEED,
    FAILED,
    FORBIDDEN,
    MISSING,
    NO_TTY,
    TAKEN,
    UNPLUGGED,
    LineTrouble,
)
from devices.osdp.tty import SENTENCES as LINE_SENTENCES
from devices.wire import Unreachable
from provisioning.nouns.words import say
from tests.devices.serial_lines import BAUD, PATIENCE_S, a_gateway, a_line, key_of, on_a_loop, swipe

BACK_S_MAX = 6.0
ROUGH_S = 40.0


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before and "asyncio" not in thread.name]
    assert left == []


@pytest.mark.parametrize("cut_s", [1.4, 2.5])
@on_a_loop
async def test_what_was_read_while_the_line_was_cut_never_opens(tmp_path: Path, cut_s: float):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        await gateway.until_fresh(line, 1)
        gateway.told.clear()
        releases = line.doors[1].releases
        line.suffer(Faults(cut=True))
        await asyncio.sleep(0.3)
        with line.copper.held():
            for nth in range(5):
                line.reader(0).show_card(700 + nth, 34)
        await asyncio.sleep(cut_s)
        line.suffer(NONE)
        await gateway.until(lambda: len(gateway.of(CardRead)) == 5)
        assert gateway.cards() == [(700 + nth, False) for nth in range(5)]
        assert line.doors[1].releases == releases
        await gateway.until_fresh(line, 1)
        assert line.fired["cut"] > 0


@on_a_loop
async def test_a_command_that_was_not_confirmed_is_taken_back(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        line.suffer(Faults(cut=True))
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unreachable):
            await gateway.bus.relay(0, 0, 1.0)
        assert asyncio.get_running_loop().time() - began < 2.0
        # Beyond the second that the library waits before it sends once more, which was in vain, too.
        await asyncio.sleep(0.3)
        line.suffer(NONE)
        await gateway.until_trouble(0, None, 15)
        await gateway.until_fresh(line, 1)
        # One release is that of the last swipe: none came late.
        assert line.doors[1].releases == 1


@pytest.mark.parametrize(
    ("fault", "faults"),
    [("drop", Faults(drop=0.01)), ("corrupt", Faults(corrupt=0.01)), ("noise", Faults(noise=0.2))],
)
@on_a_loop
async def test_a_rough_line_still_opens(tmp_path: Path, fault: str, faults: Faults):
    async with a_line(tmp_path, 2) as line, a_gateway(line) as gateway:
        line.suffer(faults)
        opened = 0
        async with asyncio.timeout(ROUGH_S):
            while opened < 3 or not line.fired[fault]:
                opened += (await swipe(line, 1 + opened % 2))["open"]
        line.suffer(NONE)
        await gateway.until_all_online()
        assert not set(gateway.offline(0) + gateway.offline(1)) & {Trouble.WRONG_KEY, Trouble.INSTALL_MODE}


@on_a_loop
async def test_swapped_wires_are_garbled_or_silent_and_come_back(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        line.suffer(Faults(swapped=True))
        await gateway.until(lambda: gateway.bus.reader(0) in (Trouble.SILENT, Trouble.GARBLED))
        line.suffer(NONE)
        await gateway.until_trouble(0, None, 12)


@on_a_loop
async def test_a_looped_line_hears_itself_and_still_works(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        line.suffer(Faults(looped=True))
        await gateway.until_fresh(line, 1)
        assert line.fired["looped"] > 0
        assert gateway.bus.reader(1) is None


@on_a_loop
async def test_a_loop_with_nobody_on_it_is_garbled(tmp_path: Path):
    async with a_line(tmp_path, 1) as line:
        line.suffer(Faults(looped=True, dead=(0,)))
        async with a_gateway(line, {0: key_of(0)}) as gateway:
            await gateway.until_trouble(0, Trouble.GARBLED)


@on_a_loop
async def test_two_readers_of_one_address_are_garbled_and_the_others_work(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        line.suffer(Faults(twins=(1,)))
        await gateway.until(lambda: gateway.bus.reader(1) in (Trouble.GARBLED, Trouble.WRONG_KEY))
        assert line.fired["collision"] > 0
        await gateway.until_fresh(line, 1)
        line.suffer(NONE)
        await gateway.until_trouble(1, None, 15)


@on_a_loop
async def test_a_dead_reader_does_not_keep_the_others_from_opening(tmp_path: Path):
    async with a_line(tmp_path, 4) as line, a_gateway(line) as gateway:
        line.suffer(Faults(dead=(3,)))
        await gateway.until_trouble(3, Trouble.SILENT)
        for door in (1, 2, 3):
            async with asyncio.timeout(2.0):
                assert (await swipe(line, door))["open"]
        assert line.fired["dead"] > 0
        line.suffer(NONE)
        await gateway.until_trouble(3, None, BACK_S_MAX)


@on_a_loop
async def test_an_adapter_that_is_unplugged_comes_back(tmp_path: Path):
    async with a_line(tmp_path) as line, a_gateway(line) as gateway:
        await gateway.until_fresh(line, 1)
        line.suffer(Faults(unplugged=True))
        await gateway.until(lambda: gateway.bus.line_trouble is not None)
        assert isinstance(gateway.bus.line_trouble, LineTrouble)
        assert gateway.bus.line_trouble.template == UNPLUGGED
        assert gateway.bus.reader(0) == Trouble.SILENT
        assert not line.path.is_symlink()
        with pytest.raises(LineTrouble):
            await gateway.bus.relay(0, 0, 1.0)
        await asyncio.sleep(1.2)
        assert gateway.bus.line_trouble.template == UNPLUGGED
        line.suffer(NONE)
        await gateway.until_all_online()
        assert gateway.bus.line_trouble is None
        await gateway.until_fresh(line, 2)


@on_a_loop
async def test_a_line_that_is_missing_is_taken_up_when_it_comes(tmp_path: Path):
    async with a_line(tmp_path, 1) as line:
        line.suffer(Faults(unplugged=True))
        bus = Bus(line.path, BAUD, [ReaderWire(0, key_of(0))], SystemClock(), lambda _: None)
        with pytest.raises(LineTrouble) as raised:
            await bus.open()
        assert raised.value.template == MISSING
        line.suffer(NONE)
        async with asyncio.timeout(PATIENCE_S):
            while bus.reader(0) is not None:  # noqa: ASYNC110 - no one listens to this bus, on purpose
                await asyncio.sleep(0.05)
        assert bus.line_trouble is None
        await bus.close()


async def _refused(path: Path, baud: int = BAUD) -> str:
    bus = Bus(path, baud, [ReaderWire(0, key_of(0))], SystemClock(), lambda _: None)
    with pytest.raises(LineTrouble) as raised:
        await bus.open()
    with pytest.raises(LineTrouble):
        await bus.relay(0, 0, 1.0)
    with pytest.raises(LineTrouble):
        await bus.pair(0, key_of(0))
    await bus.close()
    assert str(path) in str(raised.value)
    return raised.value.template


@on_a_loop
async def test_what_is_no_line_is_said_in_a_sentence(tmp_path: Path):
    plain, pipe = tmp_path / "plain", tmp_path / "pipe"
    plain.write_bytes(b"")
    os.mkfifo(pipe)
    assert await _refused(tmp_path / "nowhere") == MISSING
    assert await _refused(plain) == NO_TTY
    assert await _refused(pipe) == NO_TTY
    assert await _refused(tmp_path) == NO_TTY
    assert await _refused(Path("/dev/null")) == NO_TTY


@on_a_loop
async def test_a_line_has_one_driver(tmp_path: Path):
    async with a_line(tmp_path, 1) as line, a_gateway(line) as gateway:
        assert await _refused(line.path) == TAKEN
        await gateway.until_fresh(line, 1)


@contextmanager
def _nobody_special() -> Generator[None]:
    """The rights of somebody who owns nothing, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_permission_that_is_missing_is_said():
    master, slave = pty.openpty()
    path = Path(os.ttyname(slave))
    path.chmod(0o000)
    try:
        with _nobody_special():
            assert asyncio.run(_refused(path)) == FORBIDDEN
    finally:
        os.close(master)
        os.close(slave)


def test_each_sentence_is_said_in_both_languages():
    plain = [*SENTENCES.values(), *SENTENCES_OF_PAIRING, FORGOTTEN, REFUSED]
    assert set(SENTENCES) == set(Trouble)
    for sentence in (*plain, *LINE_SENTENCES):
        fields = {"path": "/dev/ttyUSB0", "why": "odd"} if sentence in LINE_SENTENCES else None
        assert say(sentence, "zh", fields) != say(sentence, "en", fields), sentence
    assert {BAD_SPEED, FAILED} <= set(LINE_SENTENCES)


@pytest.mark.parametrize(
    "told", [{"drop": 2}, {"cut": 1}, {"dead": [1]}, {"twins": (True,)}, {"noise": "much"}, {"corrupt": True}]
)
def test_a_fault_that_makes_no_sense_is_refused(told: dict[str, object]):
    with pytest.raises(ValueError):
        Faults(**told)  # pyrefly: ignore[bad-argument-type] - that is what is tested
