"""Where panels tell of what happens: a UDP port that hears many panels, or one for each network that they hang in.

The library's own listener keeps to itself who sent a datagram, so this one is ours: what comes counts only from a panel
that is registered, under its serial and from its address. All else is counted, and a bounded part of it is told as
strangers. What the wire loses, and what came while nobody listened, is fetched afterwards (`backfill`).

Asyncio would wake for each datagram, which costs more than the datagram. So the socket is read here until it is empty, and
is then left alone for a moment, in which a burst gathers and a single report loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, tzinfo
from ipaddress import IPv4Address
from typing import Any

from uhppoted.net import resolve

from devices.wg.overheard import Told, is_told, read, serial_of
from devices.wire import Unreachable

RECEIVE_BUFFER_BYTES = 4 << 20
"""What the system is asked for: its own 208 KiB hold fewer than 300 datagrams, each of which costs it some 768 bytes."""
STRANGERS_MAX = 64
STRANGERS_S = 60.0
"""So many strangers are told of within so long, each once; the others are counted."""
REST_S = 0.005
"""How long the socket is left alone after it was read. What may wait there meanwhile comes to a few dozen datagrams."""
READS_MAX = 256
"""Datagrams that are taken before the loop turns to others."""
_READ_BYTES = 2048
"""More than any panel sends."""
_SO_RCVBUFFORCE = 33
"""Goes beyond the system's bound, where we may (Linux `asm-generic/socket.h`; Python has no name for it)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who is not registered, and told of something in the shape of a panel's event."""

    address: str
    serial: int


class Ear:
    """Hears panels. `heard` is called with a serial and what that panel told: an event with the state around it, or its
    state alone where it keeps no event. A panel repeats its newest event when it tells its state by itself.

    `counts`: heard, strangers, garbage, failed (where `heard` or `strange` raised, which is logged), errors (of the
    socket). Neither may block: they run in the loop.
    """

    def __init__(
        self, heard: Callable[[int, Told], None], strange: Callable[[Stranger], None] = lambda _: None
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.address = ""
        """Where it has last begun to listen."""
        self.buffer_bytes = 0
        """What the system granted there for datagrams that wait, as it counts them; 0 before it listens."""
        self._heard = heard
        self._strange = strange
        self._zones: dict[tuple[str, int], tzinfo] = {}
        self._strangers: set[Stranger] = set()
        self._strangers_since = 0.0
        self._socks: dict[str, socket.socket] = {}
        self._rests: dict[socket.socket, asyncio.TimerHandle | None] = {}
        """When each open socket is read again; None: as soon as something comes."""

    @property
    def listening(self) -> frozenset[str]:
        """Where it hears, by the addresses that it was told."""
        return frozenset(self._socks)

    def register(self, serial: int, address: str, zone: tzinfo = UTC) -> None:
        """Let a panel at "host" or "host:port" count, which hangs in this zone. From which port it tells is its own affair.

        Raises ValueError where the host is no IPv4 address.
        """
        self._zones[_host(address), serial] = zone

    def forget(self, serial: int, address: str) -> None:
        """Let a panel count no longer."""
        self._zones.pop((_host(address), serial), None)

    async def listen(self, address: str) -> None:
        """Hear what comes to "host:port", too; port 0 takes a free one, see `address`. Raises `Unreachable`."""
        loop = asyncio.get_running_loop()
        try:
            # The loop opens it, as it opens all wires here: in another loop it is another wire.
            transport, _ = await loop.create_datagram_endpoint(lambda: _Anteroom(self), local_addr=resolve(address))
        except OSError as error:
            why = error.strerror or str(error)
            raise Unreachable(
                f"passages cannot be heard at {address} ({why}): stop who uses it, or choose another"
            ) from None
        sock = _doubled(transport.get_extra_info("socket"))
        transport.close()
        self.close(address)
        self._socks[address], self._rests[sock] = sock, None
        self.address = "{}:{}".format(*sock.getsockname())
        self.buffer_bytes = _widen(sock)
        loop.add_reader(sock, self._wake, sock)

    def close(self, address: str | None = None) -> None:
        """Hear no more what comes there; None: anywhere."""
        for each in tuple(self._socks) if address is None else (address,):
            sock = self._socks.pop(each, None)
            if sock is None:
                continue
            rest = self._rests.pop(sock)
            if rest is not None:
                rest.cancel()
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Take one datagram. Nothing that comes from outside makes it raise."""
        if not is_told(data):
            self.counts["garbage"] += 1
            return
        host, serial = addr[0], serial_of(data)
        zone = self._zones.get((host, serial))
        if zone is None:
            self.counts["strangers"] += 1
            self._estrange(Stranger(host, serial))
            return
        self.counts["heard"] += 1
        self._hand(self._heard, serial, read(data, zone))

    def _wake(self, sock: socket.socket) -> None:
        """Something has come: take it, and do not wake for what comes within a moment."""
        asyncio.get_running_loop().remove_reader(sock)
        self._take(sock)
        self._leave_alone(sock, REST_S)

    def _go_on(self, sock: socket.socket) -> None:
        """The moment is over: take what has come, and wake for the next only where that is nothing."""
        taken = self._take(sock)
        if taken:
            self._leave_alone(sock, 0.0 if taken == READS_MAX else REST_S)
        elif sock in self._rests:
            self._rests[sock] = None
            asyncio.get_running_loop().add_reader(sock, self._wake, sock)

    def _leave_alone(self, sock: socket.socket, for_s: float) -> None:
        if sock in self._rests:
            self._rests[sock] = asyncio.get_running_loop().call_later(for_s, self._go_on, sock)

    def _take(self, sock: socket.socket) -> int:
        """Take what waits, up to a bound; how many datagrams that was. Whoever is told of one may close the ear."""
        taken = 0
        while taken < READS_MAX and sock in self._rests:
            try:
                data, source = sock.recvfrom(_READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                self.counts["errors"] += 1
                break
            taken += 1
            self.datagram_received(data, source)
        return taken

    def _estrange(self, stranger: Stranger) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._strangers_since + STRANGERS_S:
            self._strangers.clear()
            self._strangers_since = now
        if stranger not in self._strangers and len(self._strangers) < STRANGERS_MAX:
            self._strangers.add(stranger)
            self._hand(self._strange, stranger)

    def _hand(self, taker: Callable[..., None], *told: Any) -> None:
        try:
            taker(*told)
        except Exception:  # noqa: BLE001 - whoever takes it has a fault; the next datagrams are heard all the same
            self.counts["failed"] += 1
            _log.exception("what a panel told could not be taken")


class _Anteroom(asyncio.DatagramProtocol):
    """Takes what comes before the ear reads its socket by itself."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._ear.datagram_received(data, addr)


def _host(address: str) -> str:
    return str(IPv4Address(address.partition(":")[0]))


def _doubled(sock: Any) -> socket.socket:
    """A transport's socket as our own, once the transport is closed. What uvloop shows for one cannot double itself, but
    says which file it is."""
    try:
        return sock.dup()
    except TypeError:
        return socket.socket(fileno=os.dup(sock.fileno()))


def _widen(sock: Any) -> int:
    """Ask for room, beyond the system's bound where we may; what it granted, of which it keeps half for itself."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
