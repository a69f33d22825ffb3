"""Connections in memory: in order and whole while they last, yet slow, stalled, broken off, or cut off with what is under
way. What was sent before an end by reset may still arrive after it, as what a stalled panel has not read yet does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.network import Network

Address = tuple[str, int]

AGAIN_S = (0.2, 1.2)
"""How long until what was lost is sent again."""


class Listener:
    """Somebody who takes connections at an address."""

    def __init__(self, network: Network, address: Address, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        self._network = network
        self._address = address
        self.factory = factory
        network.listen(address, self)

    def close(self) -> None:
        self._network.deafen(self._address)

    async def wait_closed(self) -> None:
        """Nobody has to be waited for."""


class Stream(asyncio.Transport):
    """One end of a connection, as asyncio shows it."""

    def __init__(self, network: Network, protocol: Any, local: Address, remote: Address, sender: Any) -> None:
        super().__init__()
        self.local, self.remote = local, remote
        self.protocol = protocol
        self.closed = False
        self._network = network
        self._sender = sender
        self._peer: Stream | None = None
        self._under_way: deque[bytes | None] = deque()
        self._gave_up = False
        self._again = False

    def join(self, peer: Stream) -> None:
        self._peer = peer

    def write(self, data: Any) -> None:
        if self.closed or (self._sender is not None and not self._sender.may_send()):
            return
        self._send(bytes(data))
        if self._sender is not None:
            self._sender.sent()

    def close(self) -> None:
        if not self.closed:
            self._send(None)
            self._end(None)

    def abort(self) -> None:
        if not self.closed:
            self._gave_up = True
            self._send(None)
            self._end(None)

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return Plug(self.local, self.remote) if name == "socket" else default

    def _end(self, why: Exception | None) -> None:
        self.closed = True
        asyncio.get_running_loop().call_soon(self.protocol.connection_lost, why)

    def _send(self, data: bytes | None) -> None:
        """None is the end. Each piece arrives after the one before it."""
        if data is not None:
            self._network.note_sent(self.local, self.remote, data)
        self._under_way.append(data)
        if len(self._under_way) == 1:
            self._next()

    def _next(self) -> None:
        weather = self._network.weather_of(self.local, self.remote)
        delay_s = self._network.delay_s(late=self._network.strikes("late", weather.late))
        asyncio.get_running_loop().call_later(delay_s, self._arrive)

    def _arrive(self) -> None:
        """What is lost is sent again, and what is behind it waits, unless this end has given up by then."""
        weather = self._network.weather_of(self.local, self.remote)
        cut = weather.cut_to if self.remote in self._network.weather else weather.cut_from
        if cut or self._network.strikes("stream_lost", weather.lost):
            if not self._gave_up:
                self._again = True
                asyncio.get_running_loop().call_later(self._network.again_s(AGAIN_S), self._arrive)
            return
        if self._again and self._gave_up:
            return
        self._again = False
        data = self._under_way.popleft()
        if self._under_way:
            self._next()
        peer = self._peer
        if peer is None or peer.closed:
            return
        if data is None:
            peer._end(ConnectionResetError() if self._gave_up else None)
        else:
            self._network.arrive(self.remote, data, lambda: peer.receive(data))

    def receive(self, data: bytes) -> None:
        if not self.closed:
            self.protocol.data_received(data)


class Plug:
    """As much of a socket as those ask who open connections here."""

    def __init__(self, local: Address, remote: Address) -> None:
        self._local, self._remote = local, remote

    def getsockname(self) -> Address:
        return self._local

    def getpeername(self) -> Address:
        return self._remote

    def setsockopt(self, *_: object) -> None:
        """Every end here that is not polite is a reset."""
