"""From a card at one of eight readers on a line to the strike's relay, acknowledged: our bus against libosdp as it comes,
on the same emulated line at the same tick. The readers stand in this process; their line lets bytes pass at the pace of
its baud rate.
"""

from __future__ import annotations

import asyncio
import queue
import random
import statistics
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from osdp import Channel, Command, ControlPanel, Event, LibFlag, LogLevel, PDInfo

from bench.ground import Figure
from devices.clock import SystemClock
from devices.osdp.bus import TICK_S, Bus
from devices.osdp.events import CardRead, Told
from devices.osdp.glance import Scanner
from devices.osdp.line import LineWire, ReaderSeat
from devices.osdp.reader import ReaderWire
from devices.osdp.served import ServedLine, serve_line
from devices.osdp.tty import Tty

READERS = 8
BAUD = 115_200
CARDS = 150
ROUNDS = 2
CARD = 50_000_001
PAUSE_S_MAX = 0.08
"""Between two cards: longer than a round of polls, so that each comes at another moment of it."""
ANSWER_S_MAX = 5.0
SETTLE_S = 2.0
START_S_MAX = 10.0
STARTS_MAX = 5
IDLE_S = 10.0
P99_MS_MAX = 250.0
RATIO_MAX = 1.3
RELAY_STEPS = 3
"""The relay falls off before the same door is asked for again, in tenths of a second."""
KEYS = {address: bytes([address + 1]) * 16 for address in range(READERS)}


def measure() -> list[Figure]:
    """Both in turns; all answers of each together."""
    return asyncio.run(_measured())


async def _measured() -> list[Figure]:
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for nth in range(ROUNDS):
            async with _line(Path(folder), nth) as line:
                async with _bus(line) as swipe:
                    ours += await _swiped(line, swipe, nth)
                async with _bare(line) as swipe:
                    theirs += await _swiped(line, swipe, nth)
        async with _line(Path(folder), ROUNDS) as line:
            idle = await _idle(line)
    p99, bare = _p99(ours), _p99(theirs)
    what = f"card read → relay acknowledged, {READERS} readers on a line at {BAUD} baud"
    under = f"{len(ours)} cards at moments of chance, tick {TICK_S * 1000:g} ms, readers in this process"
    return [
        Figure(f"{what}: p99", p99, "ms", P99_MS_MAX, under),
        Figure(f"{what}: p50", statistics.median(ours), "ms", None, under),
        Figure(
            f"{what}: p99 against the bare library", p99 / bare, "×", RATIO_MAX,
            f"libosdp 3.2.9 with its own thread at the same tick: p50 {statistics.median(theirs):.0f} ms, p99 {bare:.0f} ms",
        ),
        Figure(
            f"an idle line of {READERS} readers: share of a core that driving it takes", idle * 100, "%", None,
            f"the bus's thread over {IDLE_S:.0f} s",
        ),
    ]  # fmt: skip


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


Relayed = Callable[[int], "asyncio.Future[None]"]
"""What waits for the relay of a reader to be acknowledged, from before the card is shown."""


async def _swiped(line: ServedLine, relayed: Relayed, seed: int) -> list[float]:
    chance = random.Random(seed)
    took: list[float] = []
    for nth in range(CARDS):
        await asyncio.sleep(chance.random() * PAUSE_S_MAX)
        address = nth % READERS
        done = relayed(address)
        with line.copper.held():
            began = time.perf_counter()
            line.reader(address).show_card(CARD + nth, 34)
        async with asyncio.timeout(ANSWER_S_MAX):
            await done
        took.append(1000 * (time.perf_counter() - began))
    return took


@asynccontextmanager
async def _line(folder: Path, nth: int) -> AsyncGenerator[ServedLine]:
    seats = tuple(ReaderSeat(address, address + 1) for address in KEYS)
    wire = LineWire(f"bench-{nth}", f"bench-{nth}", BAUD, seats)
    async with serve_line(wire, None, folder, SystemClock(), random.Random(nth), keys=KEYS) as line:
        yield line


@asynccontextmanager
async def _bus(line: ServedLine) -> AsyncGenerator[Relayed]:
    waiting: dict[int, asyncio.Future[None]] = {}
    opening: set[asyncio.Task[None]] = set()

    async def open_door(address: int) -> None:
        await bus.relay(address, 0, RELAY_STEPS / 10)
        waiting.pop(address).set_result(None)

    def hear(told: Told) -> None:
        if isinstance(told, CardRead) and told.address in waiting:
            task = asyncio.get_running_loop().create_task(open_door(told.address))
            opening.add(task)
            task.add_done_callback(opening.discard)

    def relayed(address: int) -> asyncio.Future[None]:
        waiting[address] = asyncio.get_running_loop().create_future()
        return waiting[address]

    bus = Bus(line.path, BAUD, [ReaderWire(address, key) for address, key in KEYS.items()], SystemClock(), hear)
    await bus.open()
    try:
        await _all_there(lambda: all(bus.reader(address) is None for address in KEYS))
        yield relayed
    finally:
        await bus.close()


class _Wire(Channel):
    """The library's own way to the line. It takes whole frames only, so they are put together for it here, too."""

    def __init__(self, tty: Tty) -> None:
        super().__init__()
        self.id = 1
        self._tty, self._scanner, self._frames = tty, Scanner(), list[bytes]()

    def read(self, max_bytes: int) -> bytes:
        self._frames += [frame.raw for frame in self._scanner.feed(self._tty.read())]
        return self._frames.pop(0)[:max_bytes] if self._frames else b""

    def write(self, buf: bytes) -> int:
        self._tty.write(bytes(buf))
        return len(buf)

    def flush(self) -> None:
        self._tty.read()
        self._scanner.forget()
        self._frames.clear()


class _Panel(ControlPanel):
    """The library's control panel with its thread, at our tick."""

    @staticmethod
    def refresh(event: threading.Event, lock: threading.Lock, ctx: Any) -> None:
        while not event.is_set():
            with lock:
                ctx.refresh()
            time.sleep(TICK_S)


@asynccontextmanager
async def _bare(line: ServedLine) -> AsyncGenerator[Relayed]:
    """Cards are queued by the handler, as the library asks, and a thread of our own sends the relay's command."""
    loop = asyncio.get_running_loop()
    waiting: dict[int, asyncio.Future[None]] = {}
    cards: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    tty = Tty(line.path, BAUD)
    wire = _Wire(tty)

    def hear(address: int, event: dict[str, int]) -> int:
        if event["event"] == Event.CardRead and address in waiting:
            cards.put(address)
        return 0

    def done(address: int, command: dict[str, int], _: int) -> None:
        if command["command"] == Command.Output:
            loop.call_soon_threadsafe(waiting.pop(address).set_result, None)

    def relayed(address: int) -> asyncio.Future[None]:
        waiting[address] = loop.create_future()
        return waiting[address]

    def work() -> None:
        command = {"command": Command.Output, "output_no": 0, "control_code": 5, "timer_count": RELAY_STEPS}
        while (address := cards.get()) is not None:
            panel.submit_command(address, command)

    panel = await _started(lambda: _Panel(_infos(wire), LogLevel.Emergency, hear, done))
    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield relayed
    finally:
        cards.put(None)
        worker.join()
        panel.stop()
        tty.close()


def _infos(wire: _Wire) -> list[PDInfo]:
    return [PDInfo(address, wire, scbk=key, flags=[LibFlag.EnforceSecure]) for address, key in KEYS.items()]


async def _started(made: Callable[[], _Panel]) -> _Panel:
    """All readers online. The library by itself leaves one that stumbled alone for 300 s: then it is begun anew."""
    for _ in range(STARTS_MAX):
        panel = made()
        panel.start()
        try:
            await _all_there(lambda panel=panel: panel.get_num_sc_active() == READERS)
        except TimeoutError:
            panel.stop()
        else:
            return panel
    raise TimeoutError(f"the bare library did not bring {READERS} readers online in {STARTS_MAX} attempts")


async def _all_there(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(START_S_MAX):
        while not so():  # noqa: ASYNC110 - a thread of the library's knows, and calls nobody
            await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLE_S)


async def _idle(line: ServedLine) -> float:
    async with _bus(line):
        (driver,) = (thread for thread in threading.enumerate() if thread.name.startswith("osdp "))
        clock = time.pthread_getcpuclockid(driver.ident or 0)
        spent, began = time.clock_gettime(clock), time.perf_counter()
        await asyncio.sleep(IDLE_S)
        return (time.clock_gettime(clock) - spent) / (time.perf_counter() - began)
