"""An event loop in virtual time: where a real loop would sleep, its clock leaps. One thread, and no socket: datagram
endpoints and connections are those of a `Network` in memory. Threads are refused, for they know real time only.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn, TypeVar

from tests.simulation.network import SENDER, Address, Endpoint, Mailbox, Network
from tests.simulation.streams import Listener, Stream

_Protocol = TypeVar("_Protocol", bound=asyncio.BaseProtocol)
_T = TypeVar("_T")

TURNS_MAX = 20_000
"""Turns of the loop at one instant; a busy second takes some hundreds."""
CPU_S_MAX = 300.0
"""Of one run; those that go well take a tenth of it."""
LOOK_EVERY_TURNS = 4_096


class NothingLeft(RuntimeError):
    """Everybody waits for somebody, and no timer is set: a real loop would hang here for ever."""


class Spinning(RuntimeError):
    """Somebody always has more to do at once, and time stands still: a real loop would burn a core for ever."""


class Overspent(RuntimeError):
    """Somebody works on and on, and time hardly passes: a real hub would burn a core, too."""


class _Leaping(selectors.SelectSelector):
    """Never waits for a file: hands each wait to the clock."""

    def __init__(self, leap: Callable[[float], None], cpu_s_max: float) -> None:
        super().__init__()
        self._leap = leap
        self._turns = self._all_turns = 0
        self._over_s = time.process_time() + cpu_s_max

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeft
        self._turns = 0 if timeout > 0 else self._turns + 1
        if self._turns > TURNS_MAX:
            raise Spinning
        self._all_turns += 1
        if self._all_turns % LOOK_EVERY_TURNS == 0 and time.process_time() > self._over_s:
            raise Overspent
        if timeout > 0:
            self._leap(timeout)
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """Time begins at 0 s and moves only when nothing is ready."""

    def __init__(self, network: Network, cpu_s_max: float = CPU_S_MAX) -> None:
        self._elapsed_s = 0.0
        self._network = network
        super().__init__(_Leaping(self._leap, cpu_s_max))
        self.set_task_factory(_owned)

    def time(self) -> float:
        return self._elapsed_s

    def _leap(self, by_s: float) -> None:
        self._elapsed_s += by_s

    def _write_to_self(self) -> None:
        """There is one thread: nobody has to be woken out of a real wait."""

    async def create_datagram_endpoint(  # type: ignore[override]  # what nobody here asks for is left out on purpose
        self,
        protocol_factory: Callable[[], _Protocol],
        local_addr: Address | None = None,
        remote_addr: Address | None = None,
        *,
        allow_broadcast: bool | None = None,
    ) -> tuple[asyncio.DatagramTransport, _Protocol]:
        protocol = protocol_factory()
        endpoint = Endpoint(self._network, protocol, local_addr, remote_addr)
        ready = self.create_future()
        self.call_soon(protocol.connection_made, endpoint)
        self.call_soon(_settle, ready)
        await ready
        return endpoint, protocol

    def add_reader(self, fd: Any, callback: Callable[..., Any], *args: Any) -> None:  # type: ignore[override]  # of its kind
        """For mailboxes of the network; there is nothing else to read."""
        if isinstance(fd, Mailbox):
            fd.read_by(partial(callback, *args))
        else:
            super().add_reader(fd, callback, *args)

    def remove_reader(self, fd: Any) -> bool:
        return fd.read_by(None) if isinstance(fd, Mailbox) else super().remove_reader(fd)

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]  # it takes all and gives nothing
        raise RuntimeError("no threads in virtual time: what may block is handed a hop")

    async def create_connection(  # type: ignore[override]  # what nobody here asks for is left out on purpose
        self, protocol_factory: Callable[[], _Protocol], host: str, port: int
    ) -> tuple[Stream, _Protocol]:
        return await self._network.connect(protocol_factory, (host, port))

    async def create_server(  # type: ignore[override]  # as above
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], host: str, port: int, *, backlog: int = 0
    ) -> Listener:
        return Listener(self._network, (host, port), protocol_factory)


def _owned(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _T], context: Context | None = None
) -> asyncio.Task[_T]:
    """A task, of whichever process it is."""
    task = asyncio.Task(work, loop=loop, context=context)
    process = SENDER.get() if context is None else context.get(SENDER)
    if process is not None:
        process.owns(task)
    return task


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def inline(work: Callable[..., _T], *told: Any) -> _T:
    """The hop of virtual time: what would go to a thread is done here and now."""
    return work(*told)


class SimClock:
    """A clock over a loop's time. `skew_s` is how far its wall time stands off; the monotonic side never jumps."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self.skew_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() + self.skew_s)

    def monotonic(self) -> float:
        return self._loop.time()
