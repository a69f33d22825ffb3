"""One question to a panel by TCP, over a connection of its own, and never a byte of it later.

`uhppoted` closes a connection politely, also when it gave up on it, and its time-out does not cover connecting. A polite
close leaves what the panel has not acknowledged with the system, which sends it again for minutes: a put could arrive long
after the delete that followed it was read back. So a connection here is told from its first moment to end by a reset,
which drops what was not sent, also when the process is killed; only an answer makes its end polite.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from uhppoted.net import resolve
from uhppoted.tcp_async import InvalidBindPort, SendProtocol

_RESET = struct.pack("ii", 1, 0)
_POLITE = struct.pack("ii", 0, 0)


class NotSent(ConnectionError):
    """Nothing of the question left this machine."""


async def ask(request: bytes, address: str, timeout_s: float) -> bytes | None:
    """The first 64 bytes that come back; None where none are to come, as after a new address is set.

    Connecting counts towards `timeout_s`. Raises `NotSent`, TimeoutError, EOFError, OSError.
    """
    asking: _Asking | None = None

    def begun() -> _Asking:
        nonlocal asking
        asking = _Asking(request)
        return asking

    try:
        return await _ask(begun, resolve(address), timeout_s)
    except OSError as error:
        if asking is None or not asking.sent:
            raise NotSent(str(error) or "no answer") from None
        raise


async def _ask(begun: Callable[[], _Asking], to: tuple[str, int], timeout_s: float) -> bytes | None:
    async with asyncio.timeout(timeout_s):
        transport, asking = await asyncio.get_running_loop().create_connection(begun, *to)
        try:
            reply = await asking.run(timeout_s)
        except InvalidBindPort:
            # The system gave our end the panel's own port, as it may with a port among those it hands out.
            raise NotSent("the system gave out the panel's own port") from None
        else:
            _linger(transport, _POLITE)
            transport.close()
            return reply
        finally:
            transport.abort()


class _Asking(SendProtocol):
    """Sends once, after the end of the connection is settled."""

    sent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        _linger(transport, _RESET)
        self.sent = True
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop. Whoever asked may have given up by now, and then nobody looks at how it ended."""
        super().connection_lost(exc)
        if not self._done.cancelled():
            self._done.exception()


def _linger(transport: asyncio.BaseTransport, how: bytes) -> None:
    sock = None if transport.is_closing() else transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, how)
