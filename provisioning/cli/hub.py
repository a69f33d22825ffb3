"""The hub as the command line reaches it: one HTTP client that turns every way of failing into a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, say

ZONE_HEADER = "Foyer-Zone"
ANSWER_TIMEOUT_S = 300.0
CONNECT_TIMEOUT_S = 5.0
REFUSED, NO_HUB, NOT_ALLOWED = 1, 3, 4

Query = Mapping[str, str | int | bool | Sequence[str] | None]
Named = tuple[str, bytes]
"""A file's name and bytes."""


class CommandFailed(Refusal):
    """The command could not be carried out."""

    exit_status: ClassVar[int] = REFUSED


class NoHub(CommandFailed):
    """No hub answers at {url}. Start one with `foyer run` or `foyer serve`, or say where it is with --url."""

    exit_status = NO_HUB


class HubLost(CommandFailed):
    """The hub at {url} stopped answering before it was done. See whether it still runs, then ask again what became of it."""

    exit_status = NO_HUB


class NotAHub(CommandFailed):
    """What answers at {url} is not a Foyer hub (status {status}). Check --url and the port."""

    exit_status = NO_HUB


class BadIssuer(CommandFailed):
    """FOYER_CA names {path}, which holds no certificate that can be used ({why}). Name a PEM file of whoever issued the
    hub's certificate, or the certificate itself."""

    exit_status = NO_HUB


class BadAddress(CommandFailed):
    """{url} is no address of a hub. Write it like http://127.0.0.1:8000."""

    exit_status = 2


class Problem(CommandFailed):
    """The hub refused, and said why."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status_code = status
        self.problem = problem
        super().__init__()

    def sentence(self, language: Language) -> str:
        """The hub's own sentence: it was asked in the reader's language."""
        return str(self.problem.get("detail") or self.problem.get("title") or say(self.template(), language))

    @property
    def exit(self) -> int:
        """4 where this operator may not, else 1."""
        return NOT_ALLOWED if self.status_code in (401, 403) else REFUSED


def at(*parts: object) -> str:
    """The path of something: `at("persons", "A/1")` → `/persons/A%2F1`."""
    return "".join("/" + quote(str(part), safe="") for part in parts)


def _trusting(issuer: str | None) -> Any:
    """What a hub's certificate is checked against: the machine's own roots, or those of a file alone."""
    if not issuer:
        return True
    import ssl

    try:
        return ssl.create_default_context(cafile=issuer)
    except OSError as error:
        raise BadIssuer(path=issuer, why=error.strerror) from error


class Hub:
    """One hub and one operator. Every call returns the decoded JSON, or raises a `CommandFailed`."""

    def __init__(
        self,
        url: str,
        token: str | None,
        language: Language,
        heard_zone: Callable[[str], None] | None = None,
        issuer: str | None = None,
    ) -> None:
        import httpx2

        self.url = url.rstrip("/")
        self._heard_zone = heard_zone
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadAddress(url=url)
        headers: dict[str, str] = {"Accept-Language": language}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx2.Client(
            base_url=self.url,
            headers=headers,
            timeout=httpx2.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            verify=parts.scheme == "https" and _trusting(issuer),  # plain HTTP has no use for the roots, slow to load
            trust_env=not _loopback(parts.hostname),  # a company's proxy cannot reach this machine's own loopback
        )

    def get(self, path: str, query: Query | None = None) -> Any:
        """What the hub says about something."""
        return self._json("GET", path, query)

    def post(self, path: str, query: Query | None = None, body: Mapping[str, Any] | None = None) -> Any:
        """Have the hub do something."""
        return self._json("POST", path, query, json=body)

    def send_text(self, path: str, text: bytes, query: Query | None = None) -> Any:
        """Hand in a YAML file."""
        return self._json("POST", path, query, content=text, headers={"Content-Type": "application/yaml"})

    def send_file(
        self, path: str, name: str, data: bytes, query: Query | None = None, mapping: Named | None = None
    ) -> Any:
        """Hand in a sheet, and with it a mapping where there is one."""
        files = {"file": (name, data), **({"mapping": mapping} if mapping else {})}
        return self._json("POST", path, query, files=files)

    def send_signed(self, path: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """Hand in what is signed, byte for byte."""
        return self._json("POST", path, None, content=body, headers=dict(headers))

    def fetch(self, path: str, query: Query | None = None) -> bytes:
        """A file from the hub, whole."""
        return self._answer("GET", path, query).content

    def download(self, path: str) -> Iterator[tuple[bytes, int]]:
        """A long file as it comes: each piece, and how many bytes there are in all."""
        import httpx2

        try:
            with self._client.stream("GET", path) as response:
                if response.is_error:
                    response.read()
                    self._refuse(response)
                total = int(response.headers.get("content-length", 0))
                yield from ((chunk, total) for chunk in response.iter_bytes())
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NoHub(url=self.url) from error
        except httpx2.TransportError as error:
            raise HubLost(url=self.url) from error

    def lines(self, path: str, query: Query | None = None) -> Iterator[str]:
        """A long answer, line by line as it comes."""
        import httpx2

        try:
            with self._client.stream("GET", path, params=_given(query)) as response:
                if response.is_error:
                    response.read()
                    self._refuse(response)
                yield from response.iter_lines()
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NoHub(url=self.url) from error
        except httpx2.TransportError as error:
            raise HubLost(url=self.url) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _json(self, method: str, path: str, query: Query | None, **rest: Any) -> Any:
        response = self._answer(method, path, query, **rest)
        if "json" not in response.headers.get("content-type", ""):
            raise NotAHub(url=self.url, status=response.status_code)
        return response.json()

    def _answer(self, method: str, path: str, query: Query | None, **rest: Any) -> Any:
        import httpx2

        try:
            response = self._client.request(method, path, params=_given(query), **rest)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise NoHub(url=self.url) from error
        except httpx2.InvalidURL as error:
            raise BadAddress(url=self.url) from error
        except httpx2.TransportError as error:
            raise HubLost(url=self.url) from error
        if not response.is_success:
            self._refuse(response)
        zone = response.headers.get(ZONE_HEADER)
        if zone and self._heard_zone:
            self._heard_zone(zone)
        return response

    def _refuse(self, response: Any) -> None:
        if "problem+json" not in response.headers.get("content-type", ""):
            raise NotAHub(url=self.url, status=response.status_code)
        raise Problem(response.status_code, response.json())


def _given(query: Query | None) -> dict[str, str | int | Sequence[str]]:
    given = {name: value for name, value in (query or {}).items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}


def _loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"
