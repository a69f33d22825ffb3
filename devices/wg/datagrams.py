"""Questions to a panel by UDP, several over one socket: opening a socket for each costs more than the question itself.

A socket is kept only while all goes well, and never for longer than `LINE_S`: whoever got no answer, or somebody else's,
leaves its socket behind with all that may still come to it. So a late copy of a reply can meet only a question that was
asked within that time, over the same socket, after the one it answers was answered; and whoever writes reads back.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uhppoted.net import resolve

from devices.wg.connection import NotSent

LINE_S = 1.0
"""How long a socket may be used: well below the time that a late datagram is reckoned with."""
FREE_MAX = 4
_FRAME_BYTES = 64
_ECHO = slice(1, 2)
_SERIAL = slice(4, 8)
_READ_BYTES = 2048
"""More than any panel sends. Left alone, asyncio makes room for 256 KiB before each read."""


class Lines:
    """The sockets to one panel at "host:port"."""

    def __init__(self, address: str) -> None:
        self._to = resolve(address)
        self._free: list[_Line] = []

    async def ask(self, request: bytes, timeout_s: float) -> bytes:
        """The first 64 bytes that come back. Raises `NotSent`, TimeoutError, OSError."""
        line = await self._line()
        try:
            reply = await line.ask(request, timeout_s)
        except BaseException:
            line.close()
            raise
        if reply[_ECHO] != request[_ECHO] or reply[_SERIAL] != request[_SERIAL] or len(self._free) >= FREE_MAX:
            line.close()
        else:
            self._free.append(line)
        return reply

    async def tell(self, request: bytes) -> None:
        """Send what has no answer, and leave the socket. Raises `NotSent`."""
        line = await self._line()
        line.send(request)
        line.close()

    def hang_up(self) -> None:
        """Leave every socket that nobody waits at."""
        while self._free:
            self._free.pop().close()

    def _take(self) -> _Line | None:
        """The line that was used last, if it may still be used; those of another loop can never be."""
        while self._free:
            line = self._free.pop()
            if line.usable():
                return line
            line.close()
        return None

    async def _line(self) -> _Line:
        if (line := self._take()) is not None:
            return line
        loop = asyncio.get_running_loop()
        try:
            _, line = await loop.create_datagram_endpoint(lambda: _Line(loop), remote_addr=self._to)
        except OSError as error:
            raise NotSent(str(error)) from None
        return line


class _Line(asyncio.DatagramProtocol):
    """One socket, one question at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.DatagramTransport | None = None
        self._reply: asyncio.Future[bytes] | None = None
        self._ends_at = 0.0
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        if hasattr(transport, "max_size"):
            cast("Any", transport).max_size = _READ_BYTES
        self._ends_at = self._loop.time() + LINE_S
        self._end = self._loop.call_at(self._ends_at, self._expire)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 - the socket hears its panel alone
        """Called by the loop."""
        if len(data) == _FRAME_BYTES and self._reply is not None and not self._reply.done():
            self._reply.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """Called by the loop. A port that is closed just now is silence: a panel that starts has one."""
        if not isinstance(exc, ConnectionRefusedError):
            self._fail(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._transport = None
        self._fail(exc or ConnectionAbortedError("the socket was closed"))

    async def ask(self, request: bytes, timeout_s: float) -> bytes:
        """Send, and wait for whatever comes first."""
        reply = self._reply = self._loop.create_future()
        timer = self._loop.call_later(timeout_s, self._fail, TimeoutError())
        try:
            self.send(request)
            return await reply
        finally:
            timer.cancel()
            self._reply = None

    def send(self, request: bytes) -> None:
        """Send, and wait for nothing. Raises `NotSent`."""
        if self._transport is None:
            raise NotSent("the socket was closed")
        self._transport.sendto(request)

    def usable(self) -> bool:
        """Whether a question may still be asked here."""
        here = self._loop is asyncio.get_running_loop()
        return here and self._transport is not None and self._loop.time() < self._ends_at

    def close(self) -> None:
        """Hang up; whoever waits here is told."""
        if self._end is not None:
            self._end.cancel()
        if self._transport is not None and not self._loop.is_closed():
            self._transport.close()

    def _expire(self) -> None:
        """Whoever waits here still gets its answer, and then finds the line too old to be used again."""
        if self._reply is None:
            self.close()

    def _fail(self, error: Exception) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
