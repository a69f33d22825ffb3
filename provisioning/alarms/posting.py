"""The one place from which the hub speaks to addresses that an operator typed: an HTTP POST that goes nowhere it should not.

The name is resolved once, every address that it has is judged, and the connection goes to the address that was judged;
no redirect is followed, no proxy asked, and neither the answer's size nor its time is left open.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import SplitResult, urlsplit

import httpx2

from provisioning.nouns.refusals import Refusal

URL_CHARS_MAX = 1_000
POST_S_MAX = 10.0
ANSWER_BYTES_MAX = 64 * 1024
ADDRESSES_MAX = 32
PORTS = {"http": 80, "https": 443}

NO_NAME = "Its name has no address. Check the name, and the name server that the hub's machine asks."
NOT_ALLOWED = (
    "Its name leads to an address that the hub does not call: its own machine, its own link, or a cloud's service for "
    "machines. Name another place, or allow the address where the hub is started (FOYER_HOOK_NETWORKS)."
)
NO_ANSWER = "It does not answer. Check that it runs, and that the hub's machine may reach it."
TOO_SLOW = "It took too long to answer. It should answer at once, and do its work afterwards."
NOT_TRUSTED = (
    "Its certificate is not one that the hub's machine trusts for that name. Renew it, or have its issuer trusted."
)
BABBLE = "It does not answer by HTTP. Check the address and the port."
STATUS = "It answered {status}, which says that it did not take the message. Look at its own log."
REDIRECT = "It answered {status} and sends the hub elsewhere, which the hub does not follow. Name the place itself."

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Services that clouds put at addresses which no range gives away, and ranges that lead elsewhere than they look.
_FORBIDDEN = tuple(
    ipaddress.ip_network(each)
    for each in ("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "2002::/16", "2001::/32", "64:ff9b::/96",
                 "64:ff9b:1::/48", "255.255.255.255/32")
)  # fmt: skip


class HookUrl(Refusal):
    """This cannot be the address of a hook. Write https://NAME/PATH or http://NAME/PATH without a user, a password or a
    fragment, in at most {most} visible ASCII characters."""


class HookAddress(Refusal):
    """The hub does not call {address}: it is the hub's own machine, its own link, or a cloud's service for machines. Name
    another place, or allow the address where the hub is started (FOYER_HOOK_NETWORKS)."""


@dataclass(frozen=True, slots=True)
class Posted:
    """How it went. `why` is None where it was taken, else a template that may name `status`."""

    status: int | None
    why: str | None


def checked(url: str, allowed: Sequence[Network]) -> SplitResult:
    """A hook's URL in its parts. Raises `HookUrl`; `HookAddress` where it names an address that is not called."""
    parts = _parts(url)
    if parts is None:
        raise HookUrl(most=URL_CHARS_MAX)
    literal = _address(parts.hostname or "")
    if literal is not None and not callable_at(literal, allowed):
        raise HookAddress(address=literal)
    return parts


def callable_at(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the hub may call an address: networks of the house, yes; its own machine and link only where allowed."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    real = mapped or address
    if any(real in network for network in allowed):
        return True
    return not (
        real.is_loopback
        or real.is_link_local
        or real.is_multicast
        or real.is_unspecified
        or (real.is_reserved and isinstance(real, IPv4Address))
        or (isinstance(real, IPv4Address) and real in ipaddress.ip_network("0.0.0.0/8"))
        or any(real in network for network in _FORBIDDEN)
    )


async def by_the_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine's name server tells them. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(at[0]) for *_, at in found]


class Poster:
    """Posts. `trust` is what certificates are checked against: the machine's own, where none is given."""

    def __init__(
        self, allowed: Sequence[Network] = (), resolve: Resolve = by_the_system, trust: ssl.SSLContext | None = None
    ) -> None:
        self.allowed = tuple(allowed)
        self._resolve = resolve
        self._trust = trust

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """Post once, in at most `POST_S_MAX` in all. Raises nothing that a place can cause."""
        try:
            async with asyncio.timeout(POST_S_MAX):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Posted(None, TOO_SLOW)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        parts = _parts(url)
        if parts is None:
            return Posted(None, NO_NAME)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            found = [_address(each) for each in (await self._resolve(host, port))[:ADDRESSES_MAX]]
        except (OSError, UnicodeError):
            return Posted(None, NO_NAME)
        addresses = [each for each in found if each is not None]
        if not addresses:
            return Posted(None, NO_NAME)
        if not all(callable_at(each, self.allowed) for each in addresses):
            return Posted(None, NOT_ALLOWED)
        return await self._send(parts, addresses[0], {**headers, "Host": parts.netloc}, body)

    async def _send(self, parts: SplitResult, at: Address, headers: Mapping[str, str], body: bytes) -> Posted:
        """Speak to the address that was judged; the certificate is still that of the name."""
        there = f"[{at}]" if at.version == 6 else str(at)
        target = f"{parts.scheme}://{there}:{parts.port or PORTS[parts.scheme]}{parts.path or '/'}"
        if parts.query:
            target = f"{target}?{parts.query}"
        transport = httpx2.AsyncHTTPTransport(verify=self._context(parts.scheme), trust_env=False, retries=0)
        try:
            async with (
                httpx2.AsyncClient(transport=transport, trust_env=False, timeout=POST_S_MAX) as client,
                client.stream(
                    "POST", target, content=body, headers=dict(headers), extensions={"sni_hostname": parts.hostname}
                ) as answer,
            ):
                read = 0
                async for chunk in answer.aiter_raw():
                    read += len(chunk)
                    if read > ANSWER_BYTES_MAX:
                        break
                return _posted(answer.status_code)
        except httpx2.TimeoutException:
            return Posted(None, TOO_SLOW)
        except httpx2.ConnectError as error:
            return Posted(None, NOT_TRUSTED if _is_about_trust(error) else NO_ANSWER)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return Posted(None, BABBLE)

    def _context(self, scheme: str) -> ssl.SSLContext | bool:
        if scheme == "http":
            return False
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust


def _parts(url: str) -> SplitResult | None:
    if not 0 < len(url) <= URL_CHARS_MAX or not all("!" <= sign <= "~" for sign in url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        fine = parts.port != 0
    except ValueError:
        return None
    fine = fine and parts.scheme in PORTS and bool(parts.hostname) and "@" not in parts.netloc and "#" not in url
    return parts if fine else None


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _posted(status: int) -> Posted:
    if 200 <= status < 300:
        return Posted(status, None)
    return Posted(status, REDIRECT if 300 <= status < 400 else STATUS)


def _is_about_trust(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
