"""The line to the hub: HTTPS calls, each signed and bounded in time and size. Whatever goes wrong on it is one of the errors
that stand here, with a sentence that says what to do."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ValidationError

from connectors import tokens
from connectors.contract import EdgeError
from connectors.messages import (
    BYTES_MAX,
    CHANGED,
    CHANGES,
    CLOCK_OFF,
    KEEP_ALIVE_S,
    NOT_YOURS,
    REVOKED,
    UNKNOWN,
    URGENT,
)
from devices.clock import Clock

CONNECT_S = 5.0
CALL_S = 20.0
"""How long one call may take in all, a list of a thousand tasks on a slow line included."""
SILENT_S = 2 * KEEP_ALIVE_S + 5.0
"""A line of events that is silent for so long is dead."""
CONNECTIONS_MAX = 8
JTI_BYTES = 12
DETAIL_MAX = 1_000
UNSIGNED_STATUS, CONFLICT, TOO_LARGE, UNFIT, OURS_MAX = 401, 409, 413, 422, 499
BUSY = frozenset({408, 425, 429})
UNTRUSTED = frozenset({REVOKED, UNKNOWN, CLOCK_OFF})

_Answer = TypeVar("_Answer", bound=BaseModel)


class HubAway(EdgeError):
    """The hub cannot be asked just now."""


class NoHub(HubAway):
    """The hub at {url} does not answer ({why}). Check the address, the network, and that the hub runs. It is tried again."""


class HubTroubled(HubAway):
    """The hub at {url} answers that it cannot serve ({why}). Look at its own log. It is tried again."""


class NotTheHub(HubAway):
    """What answers at {url} is not a hub that this gateway understands ({why}). Check the address, and that both run
    versions that go together."""


class CertificateDiffers(HubAway):
    """The certificate at {url} is not the hub's ({why}). Somebody may stand between: compare its fingerprint with the hub's
    own. If the hub was given another, enrol this gateway anew, or name its issuer with --ca FILE."""


class Untrusted(HubAway):
    """The hub does not take this gateway's word: {why}"""


class NotTaken(EdgeError):
    """The hub cannot take this message: {why}"""


class NotOurs(NotTaken):
    """The target of this message is another gateway's by now: {why}"""


class PlainAddress(EdgeError):
    """{url} is neither https nor on this machine. Write https://NAME:PORT: what a gateway says must not be read on the
    way."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Who this gateway is, at which hub, and the key that it signs with."""

    gateway: str
    hub: str
    key: Ed25519PrivateKey


class Line:
    """Calls to one hub. Its connections belong to the loop in which it is first used; `close` ends them."""

    def __init__(
        self,
        url: str,
        trust: ssl.SSLContext | None,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        who: Pass | None = None,
        *,
        language: str = "en",
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`trust` is whom to believe by TLS; None for a hub on this very machine. The hub says in `language` what it does
        not take. `transport` carries the calls, None: sockets. Raises `PlainAddress`."""
        self.url = url.rstrip("/")
        if not secure(self.url):
            raise PlainAddress(url=url)
        self.who = who
        self._clock = clock
        self._random = random_bytes
        limits = httpx2.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX)
        self._client = httpx2.AsyncClient(
            base_url=self.url,
            verify=trust or ssl.create_default_context(),
            trust_env=False,
            headers={"Accept-Language": language},
            limits=limits,
            timeout=httpx2.Timeout(CALL_S, connect=CONNECT_S),
            transport=transport,
        )

    async def call(self, path: str, message: BaseModel | bytes, answer: type[_Answer]) -> _Answer:
        """Say a message, or its JSON, and understand the answer. Raises `HubAway` and its kinds, `NotTaken`, `NotOurs`."""
        found = await self._post(path, message)
        try:
            return answer.model_validate_json(found)
        except ValidationError as error:
            raise NotTheHub(url=self.url, why=f"{path}: {error.errors()[0]['msg']}") from error

    async def tell(self, path: str, message: BaseModel | bytes) -> None:
        """Say something that needs no answer but that it was taken. Raises as `call` does."""
        await self._post(path, message)

    async def changes(self) -> AsyncGenerator[bool]:
        """Yields whenever there may be something new: whether it is urgent; ends when the line does. Raises `HubAway`
        and its kinds."""
        timeout = httpx2.Timeout(SILENT_S, connect=CONNECT_S)
        try:
            async with self._client.sse(CHANGES, headers=self._headers(), timeout=timeout) as events:
                if events.response.status_code != httpx2.codes.OK:
                    await events.response.aread()
                    self._judge(events.response)
                async for event in events:
                    if event.event in (CHANGED, URGENT):
                        yield event.event == URGENT
        except httpx2.HTTPError as error:
            raise self._trouble(error) from error

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    async def _post(self, path: str, message: BaseModel | bytes) -> bytes:
        content = message if isinstance(message, bytes) else message.model_dump_json()
        headers = {**self._headers(), "Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(CALL_S),
                self._client.stream("POST", path, content=content, headers=headers) as response,
            ):
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > BYTES_MAX:
                        raise NotTheHub(url=self.url, why=f"{path}: more than {BYTES_MAX} bytes")
        except TimeoutError as error:
            raise NoHub(url=self.url, why=f"no answer within {CALL_S:g} s") from error
        except httpx2.HTTPError as error:
            raise self._trouble(error) from error
        if not response.is_success:
            self._judge(response, bytes(body))
        return bytes(body)

    def _headers(self) -> dict[str, str]:
        if self.who is None:
            return {}
        id_ = self._random(JTI_BYTES).hex()
        token = tokens.signed(self.who.key, self.who.gateway, self.who.hub, self._clock.now(), id_)
        return {"Authorization": f"Bearer {token}"}

    def _judge(self, response: httpx2.Response, body: bytes | None = None) -> None:
        """Say by which error an answer that is no success is told."""
        problem = _problem(response.content if body is None else body)
        status, code = response.status_code, problem.get("code")
        why = str(problem.get("detail") or f"HTTP {status}")[:DETAIL_MAX]
        if status == UNSIGNED_STATUS or code in UNTRUSTED:
            raise Untrusted(why=why, code=code)
        if code == NOT_YOURS:
            raise NotOurs(why=why)
        if status in BUSY or status > OURS_MAX:
            raise HubTroubled(url=self.url, why=why)
        if not problem:
            raise NotTheHub(url=self.url, why=why)
        raise NotTaken(why=why, code=code)

    def _trouble(self, error: httpx2.HTTPError) -> HubAway:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return CertificateDiffers(url=self.url, why=cause.verify_message)
            if isinstance(cause, ssl.SSLError):
                return NotTheHub(url=self.url, why="it does not speak TLS")
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx2.RemoteProtocolError | httpx2.DecodingError | httpx2.SSEError):
            return NoHub(url=self.url, why="the line broke off")
        return NoHub(url=self.url, why=str(error) or type(error).__name__)


def secure(url: str) -> bool:
    """Whether what is said at this address stays between the two: https, or a hub on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme != "http" or parts.hostname is None:
        return False
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _problem(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and "code" in found else {}
