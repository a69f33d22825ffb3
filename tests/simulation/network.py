"""Datagrams in memory: lost, late, doubled, out of order, cut off in one direction or both, or crossed over to somebody
who asked something else. All chance is the seed's. What is under way outlives whoever sent it."""

from __future__ import annotations

import asyncio
from asyncio import Task
from collections import Counter, deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from tests.simulation.streams import Listener, Stream
from tests.simulation.trace import Trace

Address = tuple[str, int]

HOST = "127.0.0.1"
PORT_FIRST, PORT_LAST = 32_768, 59_999
QUICK_S = (0.0005, 0.012)
LATE_S = (0.4, 4.9)
"""Just below the 5 s that a WG connector lets a late datagram live."""


class Sender(Protocol):
    """A process that can die: it is asked before each datagram, and told after it, and of each task that is its own."""

    def may_send(self) -> bool: ...

    def sent(self) -> None: ...

    def owns(self, task: Task[Any]) -> None: ...


SENDER: ContextVar[Sender | None] = ContextVar("SENDER", default=None)
"""Whose endpoints are opened in this context; None: they belong to no process that dies."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Shares of the datagrams of one panel that suffer each fault; `cut_to` and `cut_from` lose all of one direction."""

    lost: float = 0.0
    late: float = 0.0
    doubled: float = 0.0
    crossed: float = 0.0
    cut_to: bool = False
    cut_from: bool = False


FAIR = Weather()
Watch = Callable[[bytes, Callable[[], None]], None]


class Network:
    """Panels stand at fixed addresses; all others are hubs, which ask them."""

    def __init__(self, dice: Random, trace: Trace) -> None:
        self.fired: Counter[str] = Counter()
        self.datagrams = 0
        self.weather: dict[Address, Weather] = {}
        self.watch: dict[Address, Watch] = {}
        self.on_asked: Callable[[Address, bytes], None] = lambda _, __: None
        self._ends: dict[Address, Endpoint | Mailbox] = {}
        self._listeners: dict[Address, Listener] = {}
        self._newest: dict[Address, int] = {}
        self._dice = dice
        self._trace = trace
        self._port = PORT_FIRST

    def bind(self, local: Address | None, end: Endpoint) -> Address:
        """Give an endpoint its address; port 0 takes the next free one, and none comes again for a long while."""
        if local is not None and local[1]:
            address = local
        else:
            self._port = PORT_FIRST if self._port >= PORT_LAST else self._port + 1
            address = (HOST, self._port)
        if address in self._ends:
            raise OSError(98, "Address already in use")
        self._ends[address] = end
        return address

    def unbind(self, address: Address, end: Endpoint | Mailbox) -> None:
        if self._ends.get(address) is end:
            del self._ends[address]

    def take_over(self, address: Address, mailbox: Mailbox) -> None:
        """Let somebody else have what comes to an address."""
        self._ends[address] = mailbox

    def listen(self, address: Address, listener: Listener) -> None:
        """Let somebody take connections at an address."""
        if address in self._listeners:
            raise OSError(98, "Address already in use")
        self._listeners[address] = listener

    def deafen(self, address: Address) -> None:
        self._listeners.pop(address, None)

    async def connect(self, factory: Callable[[], Any], to: Address) -> tuple[Stream, Any]:
        """A connection; it waits for as long as either direction is cut, and is refused where nobody listens."""
        self._port = PORT_FIRST if self._port >= PORT_LAST else self._port + 1
        local = (HOST, self._port)
        await asyncio.sleep(self.delay_s(late=False))
        while (weather := self.weather_of(local, to)).cut_to or weather.cut_from:
            self.fired["stream_lost"] += 1
            await asyncio.sleep(LATE_S[0])
        listener = self._listeners.get(to)
        if listener is None:
            raise ConnectionRefusedError(111, "Connection refused")
        near = Stream(self, factory(), local, to, SENDER.get())
        far = Stream(self, listener.factory(), to, local, None)
        near.join(far)
        far.join(near)
        far.protocol.connection_made(far)
        near.protocol.connection_made(near)
        return near, near.protocol

    def weather_of(self, source: Address, to: Address) -> Weather:
        """The weather between a panel and whoever asks it."""
        return self.weather.get(to if to in self.weather else source, FAIR)

    def delay_s(self, *, late: bool) -> float:
        return self._dice.uniform(*(LATE_S if late else QUICK_S))

    def again_s(self, span_s: tuple[float, float]) -> float:
        return self._dice.uniform(*span_s)

    def note_sent(self, source: Address, to: Address, data: bytes) -> None:
        """A piece of a connection is on its way."""
        self.datagrams += 1
        outward = to in self.weather
        self._trace("sent", self.datagrams, source[1] if outward else source[0], "⇒", data.rstrip(b"\0").hex())
        if outward:
            self.on_asked(to, data)

    def arrive(self, to: Address, data: bytes, deliver: Callable[[], None]) -> None:
        """A piece of a connection is there."""
        self._trace("came", to[0] if to in self.weather else to[1])
        watch = self.watch.get(to)
        if watch is None:
            deliver()
        else:
            watch(data, deliver)

    def carry(self, source: Address, to: Address, data: bytes) -> None:
        """Take a datagram on its way."""
        self.datagrams += 1
        nth = self.datagrams
        outward = to in self.weather
        weather = self.weather.get(to if outward else source, FAIR)
        self._trace(
            "sent", nth, source[1] if outward else source[0], "→", to[0] if outward else to[1], data.rstrip(b"\0").hex()
        )
        if outward:
            self.on_asked(to, data)
        cut = "cut_to" if outward else "cut_from"
        if getattr(weather, cut):
            self.fired[cut] += 1
            return
        if not outward and weather.crossed > 0 and self._dice.random() < weather.crossed:
            self._cross(source, data)
        if self.strikes("lost", weather.lost):
            return
        self._send_off(nth, source, to, data, late=self.strikes("late", weather.late))
        if self.strikes("doubled", weather.doubled):
            self._send_off(nth, source, to, data, late=self._dice.random() < 0.5)

    def _cross(self, source: Address, data: bytes) -> None:
        """A box between confuses two askers: a reply also reaches one who asked the same of another panel."""
        others = sorted(
            address
            for address, end in self._ends.items()
            if end.remote not in (None, source) and end.asked[1:2] == data[1:2]
        )
        if others:
            self.fired["crossed"] += 1
            end = self._ends[self._dice.choice(others)]
            if end.remote is not None:
                self._send_off(0, end.remote, end.address, data, late=False)

    def _send_off(self, nth: int, source: Address, to: Address, data: bytes, *, late: bool) -> None:
        asyncio.get_running_loop().call_later(self.delay_s(late=late), self._arrive, nth, source, to, data)

    def _arrive(self, nth: int, source: Address, to: Address, data: bytes) -> None:
        end = self._ends.get(to)
        if end is None or not end.takes(source):
            return
        if nth < self._newest.get(to, 0):
            self.fired["reordered"] += 1
        self._newest[to] = max(nth, self._newest.get(to, 0))
        self._trace("came", nth, to[0] if to in self.weather else to[1])
        watch = self.watch.get(to)
        if watch is None:
            end.receive(data, source)
        else:
            watch(data, lambda: end.receive(data, source))

    def strikes(self, name: str, share: float) -> bool:
        strikes = share > 0 and self._dice.random() < share
        self.fired[name] += strikes
        return strikes


class Endpoint(asyncio.DatagramTransport):
    """One end of the network, as asyncio shows it. With a `remote` it hears nobody else."""

    def __init__(
        self, network: Network, protocol: asyncio.BaseProtocol, local: Address | None, remote: Address | None
    ) -> None:
        super().__init__()
        self.remote = remote
        self._network = network
        self._protocol: Any = protocol
        self._sender = SENDER.get()
        self._closed = False
        self.asked = b""
        self.address = network.bind(local, self)

    def takes(self, source: Address) -> bool:
        return not self._closed and self.remote in (None, source)

    def receive(self, data: bytes, source: Address) -> None:
        self._protocol.datagram_received(data, source)

    def sendto(self, data: Any, addr: Any = None) -> None:
        to = self.remote or addr
        if self._closed or (self._sender is not None and not self._sender.may_send()):
            return
        self.asked = bytes(data)
        self._network.carry(self.address, to, bytes(data))
        if self._sender is not None:
            self._sender.sent()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._network.unbind(self.address, self)
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return _Socket(self.address, self._network) if name == "socket" else default


class _Bound:
    """What every socket says of itself."""

    def __init__(self, address: Address, network: Network) -> None:
        self.address = address
        self._network = network

    def getsockname(self) -> Address:
        return self.address

    def setsockopt(self, *_: int) -> None:
        """A buffer in memory has no size."""

    def getsockopt(self, *_: int) -> int:
        """Nor is it ever too small."""
        return 1 << 30


class _Socket(_Bound):
    """As much of a socket as those ask who open endpoints here."""

    def dup(self) -> Mailbox:
        """Another hold on the same address, which outlives the endpoint."""
        return Mailbox(self.address, self._network)


class Mailbox(_Bound):
    """As much of a datagram socket as those ask who read it by themselves; `SimLoop.add_reader` knows it."""

    remote: Address | None = None
    asked = b""

    def __init__(self, address: Address, network: Network) -> None:
        super().__init__(address, network)
        self._letters: deque[tuple[bytes, Address]] = deque()
        self._reader: Callable[[], object] | None = None
        network.take_over(address, self)

    def takes(self, _: Address) -> bool:
        return True

    def receive(self, data: bytes, source: Address) -> None:
        self._letters.append((data, source))
        self._call()

    def read_by(self, reader: Callable[[], object] | None) -> bool:
        """Call somebody whenever there is something to read; whether anybody was called until now."""
        before, self._reader = self._reader, reader
        self._call()
        return before is not None

    def recvfrom(self, _: int) -> tuple[bytes, Address]:
        if not self._letters:
            raise BlockingIOError
        return self._letters.popleft()

    def close(self) -> None:
        self._reader = None
        self._network.unbind(self.address, self)

    def _call(self) -> None:
        if self._reader is not None and self._letters:
            asyncio.get_running_loop().call_soon(self._due)

    def _due(self) -> None:
        if self._reader is not None and self._letters:
            self._reader()
            self._call()
