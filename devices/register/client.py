"""A register's client: its verbs over one pool of connections, each bounded in time and size. It raises only the errors of
`devices.wire`, some of them told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    import httpx2

GET_S = 1.0
PUT_S = 1.5
PAGE_S = 4.0
"""How long each verb may take in all: connecting, a second try on a fresh connection, the whole answer."""
TRIES_MAX = 2
"""A connection that the register closed while it was idle looks like no answer; one more try tells. Every verb may be
said twice: a second PUT of what the first one did finds another ETag."""
UNIT_BYTES_MAX = 64 << 10
PAGE_BYTES_MAX = 8 << 20
PAGES_MAX = 10_000
CONNECTIONS_MAX = 4
IDLE_S = 4.0
"""Shorter than the 5 s after which common servers hang up an idle connection."""


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
        self._client: httpx2.AsyncClient | None = None

    async def about(self) -> About:
        """Who answers. Raises `ProtocolError` where it is another register."""
        about = read_about((await self._ok("GET", "/register", GET_S)).body)
        if about.id != self.name:
            raise ProtocolError(f"{self} answers as register {about.id}")
        return about

    async def unit(self, unit: str) -> Held:
        """A unit as it is now. Raises `NoSuchUnit`."""
        answer = await self._ok("GET", f"/units/{unit}", GET_S)
        return read_unit(answer.body, answer.etag, unit)

    async def units(self) -> AsyncIterator[Held]:
        """Every unit, in pages; others' changes may come between."""
        after = ""
        for _ in range(PAGES_MAX):
            told = {"after": after, "limit": str(PAGE_UNITS_MAX)}
            page = read_page(
                (await self._ok("GET", "/units", PAGE_S, params=told, bytes_max=PAGE_BYTES_MAX)).body, after
            )
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
        answer = await self._ok("PUT", f"/units/{unit.id}", PUT_S, headers=headers, content=write_unit(unit))
        held = read_unit(answer.body, answer.etag, unit.id)
        if held.etag == etag:
            raise ProtocolError(
                f"{self} keeps the ETag of unit {unit.id} over a change, so late messages pass for new ones"
            )
        return held

    async def close(self) -> None:
        """Hang up."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

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
        import httpx2

        why: httpx2.HTTPError | None = None
        try:
            async with asyncio.timeout(within_s):
                for _ in range(TRIES_MAX):
                    try:
                        return await self._exchange(verb, path, **told)
                    except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
                        why = error
        except (TimeoutError, httpx2.TimeoutException):
            raise Unreachable(f"{self} did not answer {verb} {path} within {within_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, UnicodeError) as error:
            raise ProtocolError(f"{self} sent an answer that cannot be read: {error}") from None
        if isinstance(why, httpx2.RemoteProtocolError) and not _hung_up(why):
            raise ProtocolError(f"{self} sent an answer that cannot be read: {why}") from None
        raise Unreachable(f"{self} cannot be reached, or hangs up: {why}") from None

    async def _exchange(self, verb: str, path: str, *, bytes_max: int = UNIT_BYTES_MAX, **told: Any) -> _Answer:
        client = self._client = self._client or self._connected()
        async with client.stream(verb, path, **told) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise ProtocolError(f"{self} sends a packed answer, though none was asked for")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > bytes_max:
                    raise ProtocolError(f"{self} answers {verb} {path} with more than {bytes_max} bytes")
            return _Answer(response.status_code, response.headers.get("etag"), bytes(body))

    def _connected(self) -> httpx2.AsyncClient:
        import httpx2

        return httpx2.AsyncClient(
            base_url=f"http://{self.address}",
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "foyer"},
            timeout=None,  # the whole verb has a time, which is shorter than any part's would be
            limits=httpx2.Limits(
                max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX, keepalive_expiry=IDLE_S
            ),
            follow_redirects=False,
            trust_env=False,
        )


def _hung_up(error: httpx2.RemoteProtocolError) -> bool:
    """Whether the connection ended too early, which is no answer; the library tells that from nonsense by words only."""
    return any(word in str(error) for word in ("disconnected", "closed connection"))
