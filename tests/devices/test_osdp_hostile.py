"""Hostile bytes on a serial line: frames that are whole and mean nothing, lengths that lie, and noise, at both ends. Only a
clear state comes of it; neither end falls."""

from __future__ import annotations

import asyncio
import ctypes
import os
import pty
import random
import select
import threading
import tty
from binascii import crc_hqx
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.clock import SystemClock
from devices.osdp.bus import Bus
from devices.osdp.events import CardRead, Keys, Online, Told, Trouble
from devices.osdp.glance import Scanner
from devices.osdp.reader import ReaderWire
from devices.osdp.tty import Tty
from tests.devices.serial_lines import BAUD, a_gateway, a_line, key_of, on_a_loop

HOSTILE_S = 2.0
SECURE_BLOCKS = (b"", b"\x02\x16", b"\x03\x12\x01", b"\x03\x14\x01", b"\x02\x18", b"\x03\x12\x00", b"\x02\x00")
REPLIES = (0x40, 0x41, 0x45, 0x46, 0x48, 0x49, 0x4A, 0x4B, 0x50, 0x51, 0x53, 0x54, 0x76, 0x78, 0x79, 0x7A, 0x90, 0xB1)
COMMANDS = (0x60, 0x61, 0x62, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6E, 0x75, 0x76, 0x77, 0x7C, 0x80, 0xA1)


def _frame(chance: random.Random, address: int, codes: tuple[int, ...], sequence: int) -> bytes:
    """A frame with a true check sum, and otherwise whatever comes."""
    block = chance.choice(SECURE_BLOCKS)
    control = sequence & 3 | 4 | (8 if block else 0)
    body = block + bytes([chance.choice(codes)]) + chance.randbytes(chance.choice((0, 1, 2, 4, 12, 16, 32, 60, 200)))
    length = len(body) + 7 + chance.choice((0, 0, 0, 0, 1, -1))
    head = bytes([0x53, address]) + length.to_bytes(2, "little") + bytes([control])
    return head + body + crc_hqx(head + body, 0x1D0F).to_bytes(2, "little")


@contextmanager
def _liar(chance: random.Random, answer: Callable[[bytes], bytes]) -> Generator[Path]:
    """A pty with somebody behind it who answers each command in his own way."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            if select.select([master], [], [], 0.05)[0]:
                os.write(master, answer(os.read(master, 4_096)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Path(os.ttyname(slave))
    finally:
        ended.set()
        thread.join()
        os.close(master)
        os.close(slave)


def _true_frames(chance: random.Random) -> Callable[[bytes], bytes]:
    def answer(question: bytes) -> bytes:
        sequence = question[5] if len(question) > 5 else 0
        return _frame(chance, 0x80 | 1, REPLIES, sequence)

    return answer


def _identity_then_lies(chance: random.Random) -> Callable[[bytes], bytes]:
    """The first two answers are good, so that the lies meet the library further on."""
    good = {0x61: bytes(12), 0x62: bytes.fromhex("090101")}

    def answer(question: bytes) -> bytes:
        sequence, code = question[5], question[6]
        if code not in good or question[5] & 8:
            return _frame(chance, 0x80 | 1, REPLIES, sequence)
        body = bytes([0x45 if code == 0x61 else 0x46]) + good[code]
        head = bytes([0x53, 0x81]) + (len(body) + 7).to_bytes(2, "little") + bytes([sequence & 3 | 4])
        return head + body + crc_hqx(head + body, 0x1D0F).to_bytes(2, "little")

    return answer


def _noise(chance: random.Random) -> Callable[[bytes], bytes]:
    return lambda _: chance.randbytes(chance.randrange(1, 3_000))


@on_a_loop
async def test_a_reader_that_lies_is_never_believed():
    """Each kind of liar at once, on a line of its own."""
    kinds = (_true_frames, _identity_then_lies, _noise)
    found = await asyncio.gather(*(_believed(kind, seed) for kind in kinds for seed in (1, 2)))
    assert found == [(kind, seed, True, None, []) for kind in kinds for seed in (1, 2)]


async def _believed(kind: Callable[[random.Random], Callable[[bytes], bytes]], seed: int) -> tuple[object, ...]:
    """What a gateway makes of two seconds of lies: whose, whether the reader is away, what ails the line, what was told."""
    chance = random.Random(seed)
    told: list[Told] = []
    with _liar(chance, kind(chance)) as path:
        bus = Bus(path, BAUD, [ReaderWire(1, key_of(1))], SystemClock(), told.append)
        await bus.open()
        await asyncio.sleep(HOSTILE_S)
        away, trouble = bus.reader(1) is not None, bus.line_trouble
        await bus.close()
    return kind, seed, away, trouble, [one for one in told if isinstance(one, Online | CardRead | Keys)]


@on_a_loop
async def test_what_an_old_recording_says_again_is_never_believed(tmp_path: Path):
    """All that readers said in one session, said again in another one: the cards in it open nothing. The library's chance
    is put where every new process has it."""
    recorded: list[bytes] = []
    libc = ctypes.CDLL(None)
    libc.srand(1)
    async with a_line(tmp_path, 1) as line:
        send = line.copper._hand_to_gateway

        def note(data: bytes) -> None:
            recorded.append(data)
            send(data)

        line.copper._hand_to_gateway = note
        async with a_gateway(line) as gateway:
            with line.copper.held():
                line.reader(0).show_card(50_000_001, 34)
            await gateway.until(lambda: gateway.of(CardRead))
    again = (frame.raw for frame in Scanner().feed(b"".join(recorded)))
    libc.srand(1)
    told: list[Told] = []
    with _liar(random.Random(1), lambda _: next(again, b"")) as path:
        bus = Bus(path, BAUD, [ReaderWire(0, key_of(0))], SystemClock(), told.append)
        await bus.open()
        await asyncio.sleep(HOSTILE_S)
        await bus.close()
    assert not [one for one in told if isinstance(one, Online | CardRead | Keys)]


@pytest.mark.parametrize("seed", [1, 2])
@on_a_loop
async def test_an_emulated_reader_survives_whatever_is_sent(tmp_path: Path, seed: int):
    chance = random.Random(seed)
    async with a_line(tmp_path, 2) as line:
        port = Tty(line.path, BAUD)
        for nth in range(300):
            frame = _frame(chance, chance.choice((0, 1, 0x7F)), COMMANDS, nth)
            port.write(frame if chance.random() < 0.8 else chance.randbytes(50))
            port.read()
            await asyncio.sleep(0.003)
        port.close()
        assert line.reader(0).key == key_of(0)
        assert line.doors[1].releases == 0
        async with a_gateway(line) as gateway:
            assert gateway.bus.reader(0) is None
            assert Trouble.WRONG_KEY not in gateway.offline(0)
