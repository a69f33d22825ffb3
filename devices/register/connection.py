"""One connection to an emulated register: HTTP/1.1 in and out by h11, which knows no socket, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

import h11

from devices.register.emulator import BODY_BYTES_MAX, Reply, Request

KEEP_ALIVE_S = 5.0
"""How long a connection may be idle, within a request or between two."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_TOO_LONG = Reply(413, b'{"error": "size", "says": "the body is too long"}', (("content-type", "application/json"),))


class Connection(asyncio.Protocol):
    """Hands each whole request on; whoever gets it says one of `reply`, `spoil`, `hang_up`, or keeps silent."""

    def __init__(self, asked: Callable[[Connection, Request], None], gone: Callable[[Connection], None]) -> None:
        self._asked = asked
        self._gone = gone
        self._http = h11.Connection(h11.SERVER)
        self._transport: asyncio.Transport | None = None
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport  # type: ignore[assignment]  # a stream endpoint's transport is one of streams
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's own signature
        """Called by the loop."""
        if self._idle is not None:
            self._idle.cancel()
        self._transport = None
        self._gone(self)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._wait()
        self._http.receive_data(data)
        self._go_on()

    def reply(self, reply: Reply, part: float = 1.0) -> None:
        """Answer the request that was handed on last. Less than the whole of it breaks the connection."""
        if self._transport is None:
            return
        length = len(reply.body) if reply.length is None else reply.length
        headers = [*reply.headers, *([] if reply.status == 304 else [("content-length", str(length))])]
        sent = self._send(h11.Response(status_code=reply.status, headers=headers, reason=_PHRASES[reply.status]))
        if part < 1.0:
            self.spoil(sent + reply.body[: int(len(reply.body) * part)])
            return
        self._transport.write(sent + self._send(h11.Data(data=reply.body)) + self._send(h11.EndOfMessage()))
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
        elif self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            self._http.start_next_cycle()
            self._go_on()

    def spoil(self, raw: bytes) -> None:
        """Send these bytes, whatever they are, and close."""
        if self._transport is not None:
            self._transport.write(raw)
            self._transport.close()

    def hang_up(self) -> None:
        """Break off at once."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""

    def _go_on(self) -> None:
        try:
            while self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.reply(Reply(error.error_status_hint, headers=(("connection", "close"),)))
            self.hang_up()

    def _take(self, event: h11.Event | type[h11.NEED_DATA | h11.PAUSED]) -> bool:
        """Take in what came; False where nothing more is to be had just now."""
        if isinstance(event, h11.Request):
            self._request = event
            self._body.clear()
            if self._http.they_are_waiting_for_100_continue and self._transport is not None:
                self._transport.write(self._send(h11.InformationalResponse(status_code=100, headers=[])))
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > BODY_BYTES_MAX:
                self.reply(Reply(_TOO_LONG.status, _TOO_LONG.body, (*_TOO_LONG.headers, ("connection", "close"))))
                return False
        elif isinstance(event, h11.EndOfMessage) and self._request is not None:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._request.headers}
            verb, target = self._request.method.decode("ascii"), self._request.target.decode("ascii", "replace")
            self._asked(self, Request(verb, target, headers, bytes(self._body)))
            return False
        else:
            return False
        return True

    def _wait(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(KEEP_ALIVE_S, self.spoil, b"")
