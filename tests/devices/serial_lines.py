"""Serial lines for tests: emulated readers on a pty, and a bus that drives them and opens whatever is fresh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from random import Random
from typing import Any, ParamSpec, TypeVar

from devices.clock import SystemClock
from devices.osdp.acts import perform
from devices.osdp.bus import Bus
from devices.osdp.events import CardRead, Input, Offline, Online, Told, Trouble
from devices.osdp.line import LineWire, ReaderSeat
from devices.osdp.reader import GRACE_S, ReaderWire
from devices.osdp.served import ServedLine, serve_line
from devices.wire import WireError

BAUD = 115_200
OPEN_S = 1.0
PATIENCE_S = 20.0

T = TypeVar("T", bound=Told)
P = ParamSpec("P")


def on_a_loop(scenario: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A test that runs on a loop of its own."""

    @wraps(scenario)
    def run(*told: P.args, **named: P.kwargs) -> None:
        asyncio.run(scenario(*told, **named))

    return run


def key_of(address: int) -> bytes:
    return bytes([address + 1]) * 16


def keys_of(addresses: Sequence[int]) -> dict[int, bytes]:
    return {address: key_of(address) for address in addresses}


class Gateway:
    """Whoever decides at a line in a test: it notes what is told, and lets every fresh card in."""

    def __init__(self, path: Path, readers: Sequence[ReaderWire]) -> None:
        self.told: list[Told] = []
        self.refused: list[Exception] = []
        self.bus = Bus(path, BAUD, readers, SystemClock(), self._hear)
        self._stirred = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, kind: type[T], address: int | None = None) -> list[T]:
        return [one for one in self.told if isinstance(one, kind) and address in (None, one.address)]

    def cards(self) -> list[tuple[int, bool]]:
        return [(one.number, one.fresh) for one in self.of(CardRead)]

    async def until(self, so: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        async with asyncio.timeout(seconds):
            while not so():
                self._stirred.clear()
                # What a reader's state depends on may change without an event.
                try:
                    async with asyncio.timeout(0.05):
                        await self._stirred.wait()
                except TimeoutError:
                    pass

    async def until_all_online(self) -> None:
        addresses = [wire.address for wire in self.bus._wires]
        await self.until(lambda: all(self.bus.reader(address) is None for address in addresses))

    async def until_trouble(self, address: int, trouble: Trouble | None, seconds: float = PATIENCE_S) -> None:
        await self.until(lambda: self.bus.reader(address) == trouble, seconds)

    async def until_fresh(self, line: ServedLine, door: int) -> None:
        """Until a swipe at this door opens it; a reader that came back is distrusted for a while."""
        await asyncio.sleep(GRACE_S + 0.2)
        async with asyncio.timeout(PATIENCE_S):
            while not (await swipe(line, door))["open"]:  # noqa: ASYNC110 - the reader's distrust has no event
                await asyncio.sleep(0.1)

    def offline(self, address: int) -> list[Trouble]:
        return [one.why for one in self.of(Offline, address)]

    def inputs(self, address: int) -> list[tuple[int, bool]]:
        return [(one.number, one.active) for one in self.of(Input, address)]

    def came(self, address: int) -> int:
        return len(self.of(Online, address))

    async def close(self) -> None:
        await self.bus.close()
        for task in self._tasks:
            task.cancel()

    def _hear(self, told: Told) -> None:
        self.told.append(told)
        self._stirred.set()
        if isinstance(told, CardRead) and told.fresh:
            task = asyncio.get_running_loop().create_task(self._let_in(told.address))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _let_in(self, address: int) -> None:
        try:
            await self.bus.relay(address, 0, OPEN_S)
        except WireError as error:
            self.refused.append(error)


async def swipe(line: ServedLine, door: int, card: int = 50_000_001, **told: Any) -> dict[str, Any]:
    return await perform(line, {"act": "swipe", "card": card, "door": door, "pass": False} | told)


@asynccontextmanager
async def a_line(
    folder: Path, count: int = 2, *, seed: int = 1, keys: dict[int, bytes] | None = None
) -> AsyncGenerator[ServedLine]:
    """A line of readers 0, 1, ... at doors 1, 2, ...; each with its key, unless `keys` says otherwise."""
    given = keys_of(range(count)) if keys is None else keys
    wire = LineWire("g-1", "lines/g-1", BAUD, tuple(ReaderSeat(nth, nth + 1) for nth in range(count)))
    async with serve_line(wire, folder / "memory", folder, SystemClock(), Random(seed), keys=given) as line:
        yield line


@asynccontextmanager
async def a_gateway(line: ServedLine, keys: dict[int, bytes | None] | None = None) -> AsyncGenerator[Gateway]:
    """Whoever drives a line, with all readers online where it knows a key of each."""
    known = {seat.address: key_of(seat.address) for seat in line.wire.readers} if keys is None else keys
    gateway = Gateway(line.path, [ReaderWire(address, key) for address, key in known.items()])
    try:
        await gateway.bus.open()
        if keys is None:
            await gateway.until_all_online()
        yield gateway
    finally:
        await gateway.close()
