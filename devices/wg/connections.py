"""A panel's TCP port: frames of 64 bytes, one after another, however the bytes come. Connections are few, and a silent
one ends."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from devices.wg.frames import FRAME_BYTES
from devices.wg.trouble import Way

CONNECTIONS_MAX = 256
IDLE_S = 60.0
CLOSE_S = 1.0

Address = tuple[str, int]
Heard = Callable[[bytes, Way], None]


class Connections:
    """Listens, and hands whole frames to `heard` with the way back."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, address: Address) -> None:
        """Listen, through the running loop. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._heard, self._open), *address, backlog=CONNECTIONS_MAX
        )

    async def close(self) -> None:
        """Stop listening and break off what is open."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._open):
            connection.reset()
        with suppress(TimeoutError):
            # From Python 3.12 on this waits for everyone who is still connected.
            await asyncio.wait_for(self._server.wait_closed(), CLOSE_S)


class Connection(asyncio.Protocol):
    """One connection, and the way back along it."""

    connected: ClassVar[bool] = True

    def __init__(self, heard: Heard, room: set[Connection]) -> None:
        self._heard = heard
        self._room = room
        self._bytes = bytearray()
        self._transport: asyncio.Transport | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport  # type: ignore[assignment]  # what a server's loop hands over is a stream
        if len(self._room) >= CONNECTIONS_MAX:
            self.reset()
            return
        self._room.add(self)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Called by the loop: some bytes came, which may end within a frame."""
        self._wait()
        self._bytes += data
        while len(self._bytes) >= FRAME_BYTES:
            frame = bytes(self._bytes[:FRAME_BYTES])
            del self._bytes[:FRAME_BYTES]
            self._heard(frame, self)

    def pause_writing(self) -> None:
        """Called by the loop: whoever asks and asks does not read the replies."""
        self.reset()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it ended makes no difference
        """Called by the loop."""
        self._room.discard(self)
        if self._idle is not None:
            self._idle.cancel()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def hang_up(self) -> None:
        """End the connection after all that was sent."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Break it off."""
        if self._transport is None or self._transport.is_closing():
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _wait(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self.hang_up)
