"""Who is at the status page: sessions in this process's memory, known by the digest of their cookie. A restart ends all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from devices.clock import Clock

SESSION_S_MAX = 12 * 3600.0
LINK_S_MAX = 600.0
SESSIONS_MAX = 1_000
LINKS_MAX = 100

Digest = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class _Held:
    """Whose it is, and until when by the monotonic clock."""

    operator: str
    until_s: float


class Sessions:
    """Opens and ends sessions, and makes links that open one once. Secrets come from `token`; only digests are kept."""

    def __init__(self, clock: Clock, token: Callable[[], str], digest: Digest) -> None:
        self._clock = clock
        self._token = token
        self._digest = digest
        self._guard = Lock()
        self._sessions: OrderedDict[bytes, _Held] = OrderedDict()
        self._links: OrderedDict[bytes, _Held] = OrderedDict()

    def open(self, operator: str) -> str:
        """A new session of an operator; returns the cookie's value."""
        return self._put(self._sessions, operator, SESSION_S_MAX, SESSIONS_MAX)

    def link(self, operator: str) -> str:
        """A key that opens one session, once, within ten minutes."""
        return self._put(self._links, operator, LINK_S_MAX, LINKS_MAX)

    def redeem(self, key: str) -> str | None:
        """The operator whose link this is; it is spent. None where it is spent, too old or nobody's."""
        with self._guard:
            held = self._links.pop(self._digest(key), None)
            return held.operator if held and held.until_s > self._clock.monotonic() else None

    def who(self, cookie: str) -> str | None:
        """The operator of a session; None where there is none any more."""
        with self._guard:
            held = self._sessions.get(self._digest(cookie))
            return held.operator if held and held.until_s > self._clock.monotonic() else None

    def end(self, cookie: str) -> None:
        """End a session."""
        with self._guard:
            self._sessions.pop(self._digest(cookie), None)

    def _put(self, kept: OrderedDict[bytes, _Held], operator: str, seconds: float, at_most: int) -> str:
        secret = self._token()
        with self._guard:
            now = self._clock.monotonic()
            for digest in [digest for digest, held in kept.items() if held.until_s <= now]:
                del kept[digest]
            while len(kept) >= at_most:
                kept.popitem(last=False)
            kept[self._digest(secret)] = _Held(operator, now + seconds)
        return secret
