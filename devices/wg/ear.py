"""Where panels tell of what happens: one UDP port that hears many panels, decoded by `uhppoted`.

The library's own listener keeps to itself who sent a datagram, so this one is ours: what comes counts only from a panel
that is registered, under its serial and from its address. All else is counted, and a bounded part of it is told as
strangers. What the wire loses, and what came while nobody listened, is fetched afterwards (`backfill`).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from ipaddress import IPv4Address
from typing import Any, cast

from uhppoted import decode
from uhppoted.net import resolve

from devices.wg.verbs.asking import in_utc
from devices.wg.verbs.events import PanelEvent, PanelStatus, state_of
from devices.wire import Unreachable

RECEIVE_BUFFER_BYTES = 4 << 20
"""What the system is asked for: its own 208 KiB hold fewer than 300 datagrams, each of which costs it some 768 bytes."""
STRANGERS_MAX = 64
STRANGERS_S = 60.0
"""So many strangers are told of within so long, each once; the others are counted."""
_READ_BYTES = 2048
"""More than any panel sends. Left alone, asyncio makes room for 256 KiB before each read."""
_SO_RCVBUFFORCE = 33
"""Goes beyond the system's bound, where we may (Linux `asm-generic/socket.h`; Python has no name for it)."""

_log = logging.getLogger(__name__)

Told = PanelEvent | PanelStatus


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who is not registered, and told of something in the shape of a panel's event."""

    address: str
    serial: int


class Ear(asyncio.DatagramProtocol):
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
        self.buffer_bytes = 0
        """What the system granted for datagrams that wait, as it counts them; 0 before it listens."""
        self._heard = heard
        self._strange = strange
        self._zones: dict[tuple[str, int], tzinfo] = {}
        self._strangers: set[Stranger] = set()
        self._strangers_since = 0.0
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def listening(self) -> bool:
        """Whether it hears anything."""
        return self._transport is not None

    def register(self, serial: int, address: str, zone: tzinfo = UTC) -> None:
        """Let a panel at "host" or "host:port" count, which hangs in this zone. From which port it tells is its own affair.

        Raises ValueError where the host is no IPv4 address.
        """
        self._zones[_host(address), serial] = zone

    def forget(self, serial: int, address: str) -> None:
        """Let a panel count no longer."""
        self._zones.pop((_host(address), serial), None)

    async def listen(self, address: str) -> None:
        """Hear what comes to "host:port"; port 0 takes a free one, see `address`. Raises `Unreachable`."""
        try:
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: self, local_addr=resolve(address)
            )
        except OSError as error:
            why = error.strerror or str(error)
            raise Unreachable(
                f"passages cannot be heard at {address} ({why}): stop who uses it, or choose another"
            ) from None
        sock = transport.get_extra_info("socket")
        self.address = "{}:{}".format(*sock.getsockname())
        self.buffer_bytes = _widen(sock)

    def close(self) -> None:
        """Hear no more."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        cast("Any", transport).max_size = _READ_BYTES

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Called by the loop. Nothing that comes from outside makes it raise."""
        try:
            event = decode.event(data)
        except ValueError:
            self.counts["garbage"] += 1
            return
        host, serial = addr[0], event.controller
        zone = self._zones.get((host, serial))
        if zone is None:
            self.counts["strangers"] += 1
            self._estrange(Stranger(host, serial))
            return
        self.counts["heard"] += 1
        self._hand(self._heard, serial, _told(event, zone))

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - which error makes no difference here
        """Called by the loop."""
        self.counts["errors"] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._transport = None
        if exc is not None:
            self.counts["errors"] += 1
            _log.error("passages are heard no more at %s: %s", self.address, exc)

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


def _told(event: Any, zone: tzinfo) -> Told:
    day, at = event.system_date, event.system_time
    shown = None if day is None or at is None else in_utc(datetime.combine(day, at), zone)
    status = PanelStatus(shown, event.event_index, *state_of(event))
    if event.event_index == 0:
        return status
    return PanelEvent(
        event.event_index, event.event_type, event.event_access_granted, event.event_door, event.event_direction,
        event.event_card, in_utc(event.event_timestamp, zone), event.event_reason, status=status,
    )  # fmt: skip


def _host(address: str) -> str:
    return str(IPv4Address(address.partition(":")[0]))


def _widen(sock: Any) -> int:
    """Ask for room, beyond the system's bound where we may; what it granted, of which it keeps half for itself."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
