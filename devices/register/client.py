"""A register's client: its verbs over one pool of connections, each bounded in time and size. It raises only the errors of
`devices.wire`, some of them told apart."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from devices.register.units import (
    PAGE_UNITS_MAX,
    About,
    Held,
    Unit,
    read_about,
    read_error,
    read_page,
    read_unit,
    write_unit,
)
from devices.wire import DeviceError, Failing, ProtocolError, Unreachable

if TYPE_CHECKING:
    import aiohttp

GET_S = 1.0
PUT_S = 1.5
PAGE_S = 4.0
"""How long each verb may take in all: connecting, a second try on a fresh connection, the whole answer."""
UNIT_BYTES_MAX = 64 << 10
HEAD_BYTES_MAX = 8190
HEADERS_MAX = 128
WHY_CHARS_MAX = 200
PAGE_BYTES_MAX = 8 << 20
PAGES_MAX = 10_000
CLOSE_S = 0.2
"""How long hanging up may wait for what is still to be sent; that ends with its verb's own time."""
CONNECTIONS_MAX = 4
IDLE_S = 4.0
"""Shorter than the 5 s after which common servers hang up an idle connection."""

_DROP = struct.pack("ii", 1, 0)
"""Closed with this, a socket forgets what it had still to send, and resets the connection."""


class NoSuchUnit(DeviceError):
    """The register knows no unit of this id."""


class Stale(DeviceError):
    """The unit has changed since it was read."""


class Malformed(DeviceError):
    """The register does not understand what it was told to hold."""


class Conflict(DeviceError):
    """Something in the unit is in the way: `what` is the register's word for it."""

    def __init__(self, what: str, unit: str) -> None:
        self.what = what
        super().__init__(f"unit {unit} does not allow this: {what or 'no reason given'}")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    etag: str | None
    body: bytes


class Register:
    """One register. Its connections belong to the loop in which it is first asked; `close` ends them."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._session: aiohttp.ClientSession | None = None

    async def about(self) -> About:
        """Who answers. Raises `ProtocolError` where it is another register."""
        about = read_about((await self._ok("GET", "/register", GET_S)).body)
        if about.id != self.name:
            raise ProtocolError(f"{self} answers as register {about.id}")
        return about

    async def unit(self, unit: str) -> Held:
        """A unit as it is now. Raises `NoSuchUnit`."""
        answer = await self._ok("GET", _at(unit), GET_S)
        return read_unit(answer.body, answer.etag, unit)

    async def units(self) -> AsyncIterator[Held]:
        """Every unit, in pages; others' changes may come between."""
        after = ""
        for _ in range(PAGES_MAX):
            path = f"/units?after={after}&limit={PAGE_UNITS_MAX}"
            page = read_page((await self._ok("GET", path, PAGE_S, bytes_max=PAGE_BYTES_MAX)).body, after)
            for held in page.units:
                yield held
            if page.next is None:
                return
            after = page.next
        raise ProtocolError(f"{self} lists more than {PAGES_MAX} pages of units")

    async def put(self, unit: Unit, etag: str) -> Held:
        """Make a unit so, if it is still as it was read: after this, no PUT that was sent before will be accepted.
        Raises `Stale`, `Conflict`, `Malformed`, `NoSuchUnit`."""
        headers = {"if-match": etag, "content-type": "application/json"}
        answer = await self._ok("PUT", _at(unit.id), PUT_S, headers=headers, content=write_unit(unit))
        held = read_unit(answer.body, answer.etag, unit.id)
        if held.etag == etag:
            raise ProtocolError(
                f"{self} keeps the ETag of unit {unit.id} over a change, so late messages pass for new ones"
            )
        return held

    async def close(self) -> None:
        """Hang up."""
        session, self._session = self._session, None
        if session is not None and session.connector is not None:
            # Not the session: a verb that is under way would come upon one without a connector.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await session.connector.close()

    def __str__(self) -> str:
        return f"register {self.name} at {self.address}"

    async def _ok(self, verb: str, path: str, within_s: float, **told: Any) -> _Answer:
        """The answer to a verb that was carried out."""
        answer = await self._ask(verb, path, within_s, **told)
        if answer.status == 200:
            return answer
        said = f"{self} answers {answer.status} to {verb} {path}"
        if answer.status >= 500 or answer.status == 429:
            raise Failing(said)
        if answer.status < 400:
            raise ProtocolError(said)
        code = read_error(answer.body)
        if answer.status == 404:
            # Any web server says 404. Only a register says that it knows no such unit.
            raise NoSuchUnit(said) if code == "unknown" else ProtocolError(said)
        if answer.status == 409:
            raise Conflict(code or "", path.rpartition("/")[2])
        if answer.status == 412:
            raise Stale(said)
        if answer.status == 422:
            raise Malformed(said)
        raise DeviceError(said)

    async def _ask(self, verb: str, path: str, within_s: float, **told: Any) -> _Answer:
        import aiohttp

        try:
            async with asyncio.timeout(within_s):
                return await self._exchange(verb, path, **told)
        except TimeoutError:
            raise Unreachable(f"{self} did not answer {verb} {path} within {within_s:g} s") from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise Unreachable(f"{self} cannot be reached, or hangs up: {_why(error)}") from None
        except aiohttp.ClientError as error:
            raise ProtocolError(f"{self} sent an answer that cannot be read: {_why(error)}") from None

    async def _exchange(
        self,
        verb: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        bytes_max: int = UNIT_BYTES_MAX,
    ) -> _Answer:
        from yarl import URL

        session = self._session = self._session or _connected()
        url = URL(f"http://{self.address}{path}", encoded=True)
        response = await session.request(verb, url, headers=headers, data=content, allow_redirects=False)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ProtocolError(f"{self} sends a packed answer, though none was asked for")
            body = bytearray()
            while part := await response.content.readany():
                body += part
                if len(body) > bytes_max:
                    raise ProtocolError(f"{self} answers {verb} {path} with more than {bytes_max} bytes")
            etags = response.headers.getall("etag", ())
            return _Answer(response.status, ", ".join(etags) or None, bytes(body))
        finally:
            response.close()  # which does nothing where the whole answer was read


def _at(unit: str) -> str:
    return f"/units/{quote(unit, safe='')}"


def _why(error: aiohttp.ClientError) -> str:
    """The library's words on one line; they may show what came, which may be long."""
    return " ".join(str(getattr(error, "message", error)).split())[:WHY_CHARS_MAX]


def _connected() -> aiohttp.ClientSession:
    """A session of the running loop. Where a connection breaks before it has answered, the library itself asks once more,
    on another: that may have been idle for too long. Every verb may be said twice: a second PUT of what the first one did
    finds another ETag."""
    import aiohttp

    class Response(aiohttp.ClientResponse):
        _sends_by: asyncio.Transport | None = None

        async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
            """Called by the library when the request is written, before it looks for the answer."""
            self._sends_by = connection.transport
            if connection.protocol is None or connection.protocol.should_close:
                raise aiohttp.ServerDisconnectedError("it spoke before it was asked")
            return await super().start(connection)

        def close(self) -> None:
            """Called where an answer is given up: nothing that is still to be sent may arrive later."""
            if self.connection is not None and self._sends_by is not None:
                if not self._sends_by.is_closing():
                    self._sends_by.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP)
                self._sends_by.abort()
            super().close()

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=IDLE_S, happy_eyeballs_delay=None),
        response_class=Response,
        headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "foyer"},
        timeout=aiohttp.ClientTimeout(total=None),  # the whole verb has a time, shorter than any part's would be
        max_line_size=HEAD_BYTES_MAX,
        max_field_size=HEAD_BYTES_MAX,
        max_headers=HEADERS_MAX,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )
