"""A burst of swipes at 120 panels: until the hub has stored each of them once, by its ear and from the panels' memories,
against a bare socket that receives the same burst and decodes it with the library, and loses what it cannot hold.

By itself (`python -m bench.passages CAMPUS`) it is the process of the panels, which swipes when it is told to.
"""

from __future__ import annotations

import asyncio
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import IO

from sqlalchemy import func, select
from uhppoted import decode, encode

from bench.ground import BENCH, Figure, sheet, take, until
from bench.town import town_text
from devices.campus import read, wires
from devices.clock import SystemClock
from devices.emulate import emulated
from devices.wg.layout import FRAME_BYTES
from devices.wg.reasons import IN, OUT
from devices.wg.served import ServedPanel
from provisioning.cli import looping
from provisioning.compose import House, opened
from provisioning.settings import Settings
from provisioning.store.tables import passage, passage_cursor, target

PANELS = 120
SWIPES = 100
"""At each panel, in one burst."""
PEOPLE = 30
FIRST_CARD = 30_000_000
ROUNDS = 3
LISTEN = ("127.80.0.1", 60_001)
SILENCE_S = 1.0
SETTLE_S_MAX = 60.0
RATIO_MAX = 2.0
READY = b"ready\n"
RECEIVE_BUFFER_BYTES = 4 << 20
SO_RCVBUFFORCE = 33
"""As the hub asks of the system (Linux `asm-generic/socket.h`; Python has no name for it)."""


@dataclass(frozen=True, slots=True)
class Round:
    """One burst: how much of it came, what of the processor that took, and how long from the first swipe on; seconds."""

    came: int
    cpu_s: float
    seconds: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of the processor for each."""
        return 1e6 * self.cpu_s / self.came

    @property
    def rate(self) -> float:
        """How many a second."""
        return self.came / self.seconds


def measure() -> list[Figure]:
    """Some bursts each; medians. Whatever the burst holds, all of it must be stored, once."""
    text = campus_text()
    with _panels(text) as mouth:
        bare = _theirs(mouth)
    with _panels(text) as mouth:
        ours = looping.run(_ours(text, mouth))
    cost = statistics.median(one.cpu_us for one in ours) / statistics.median(one.cpu_us for one in bare)
    pace = statistics.median(one.rate for one in bare) / statistics.median(one.rate for one in ours)
    what = f"passages: bursts of {PANELS} × {SWIPES} swipes, none lost"
    lost = sum(PANELS * SWIPES - one.came for one in bare)
    received = statistics.median(one.rate for one in bare)
    processor = statistics.median(one.cpu_us for one in bare)
    return [
        Figure(
            f"{what}: processor for each (2 × is half as many for it)", cost, "×", RATIO_MAX,
            f"a bare socket and the library's decoding: {processor:.0f} µs each",
        ),
        Figure(
            f"{what}: time until all are stored (2 × is half as fast)", pace, "×", RATIO_MAX,
            f"the same bare socket: {received:.0f} a second, {lost} of {ROUNDS * PANELS * SWIPES} lost",
        ),
        Figure("passages stored a second", statistics.median(one.rate for one in ours), "/s", None, ""),
    ]  # fmt: skip


def campus_text() -> str:
    """The large campus at addresses of its own, with a place where passages are heard."""
    lines = [
        line for line in town_text().replace("127.66.", "127.80.").splitlines() if not line.startswith("passages:")
    ]
    return "\n".join([*lines, "passages: {{listen: '{}:{}'}}".format(*LISTEN)]) + "\n"


def _theirs(mouth: IO[bytes]) -> list[Round]:
    rounds: list[Round] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        sock.bind(LISTEN)
        for _ in range(ROUNDS):
            came, began, last, spent_s = 0, time.perf_counter(), 0.0, time.process_time()
            _swipe(mouth)
            sock.settimeout(SETTLE_S_MAX)
            with suppress(TimeoutError):
                while came < PANELS * SWIPES:
                    decode.event(sock.recv(FRAME_BYTES))
                    came, last = came + 1, time.perf_counter()
                    if came == 1:
                        sock.settimeout(SILENCE_S)
            rounds.append(Round(came, time.process_time() - spent_s, last - began))
    return rounds


async def _ours(text: str, mouth: IO[bytes]) -> list[Round]:
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data=Path(folder))) as built:
        with built.store.writing() as tx:
            built.campuses.apply(tx, text, "bench.yaml", BENCH)
        stop = asyncio.Event()
        running = asyncio.create_task(built.run(stop))
        await until(lambda: _all_read(built), SETTLE_S_MAX)
        await asyncio.to_thread(take, built, sheet(PEOPLE))
        await until(lambda: _quiet(built), SETTLE_S_MAX)
        rounds: list[Round] = []
        for nth in range(1, ROUNDS + 1):
            began, spent_s = time.perf_counter(), time.process_time()
            _swipe(mouth)
            await until(partial(_stored, built, nth * PANELS * SWIPES), SETTLE_S_MAX)
            spent_s = time.process_time() - spent_s
            rounds.append(Round(PANELS * SWIPES, spent_s, time.perf_counter() - began))
        stop.set()
        await running
        return rounds


def _all_read(built: House) -> bool:
    with built.store.reading() as tx:
        unread = select(func.count()).where(target.c.active, target.c.read.is_(None))
        return tx.run(unread).scalar_one() == 0


def _quiet(built: House) -> bool:
    with built.store.reading() as tx:
        return not built.readiness.outstanding(tx)


def _stored(built: House, count: int) -> bool:
    """Asked many times a second, so it looks at the cursors first. Raises AssertionError where not each came once."""
    with built.store.reading() as tx:
        if (tx.run(select(func.sum(passage_cursor.c.number))).scalar_one() or 0) < count:
            return False
        stored = tx.run(select(func.count()).where(passage.c.kind.in_(("passed", "denied")))).scalar_one()
    if stored != count:
        raise AssertionError(f"{stored} passages of {count} swipes")
    return True


def _swipe(mouth: IO[bytes]) -> None:
    mouth.write(b"swipe\n")
    mouth.flush()


@contextmanager
def _panels(text: str) -> Generator[IO[bytes]]:
    """The panels in a process of their own; what is written to it makes it swipe."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.yaml"
        path.write_text(text, "utf-8")
        command = [sys.executable, "-m", "bench.passages", str(path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if process.stdin is None or process.stdout is None:
            raise AssertionError("the panels have no ears")
        try:
            if process.stdout.readline() != READY:
                raise AssertionError("the panels did not start")
            yield process.stdin
        finally:
            process.stdin.close()
            process.wait(SETTLE_S_MAX)
            process.stdout.close()


async def _swiping(text: str) -> None:
    """Serve the panels of a campus, and let each hold all cards to its readers, time and again, at every line that comes."""
    async with emulated(wires(read(text, "bench.yaml")), None, SystemClock(), random.Random()) as served:
        panels = [each for each in served.values() if isinstance(each, ServedPanel)]
        for panel in panels:
            serial = panel.emulator.identity.serial
            panel.emulator.answer(bytes(encode.set_listener_request(serial, IPv4Address(LISTEN[0]), LISTEN[1], 0)))
        sys.stdout.buffer.write(READY)
        sys.stdout.flush()
        while await asyncio.to_thread(sys.stdin.readline):
            for nth in range(SWIPES):
                for panel in panels:
                    panel.emulator.swipe(FIRST_CARD + nth % PEOPLE, 1 + nth % 4, direction=IN if nth % 2 else OUT)
                    panel.settle()
                # Whoever asks for what it did not hear is answered meanwhile.
                await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(_swiping(Path(sys.argv[1]).read_text("utf-8")))
