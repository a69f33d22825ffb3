"""An emulated register: request in, reply out. It knows no socket; who serves it may lose, delay or spoil what passes.

Its side of the protocol is written down here a second time, apart from the client's, so that no mistake is shared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from devices.clock import Clock
from devices.register.state import Content, State, Told, read_content, shown, unit_line
from devices.wg.memory import Journal, MemoryDamaged

PAGE_MAX = 500
LOCK_CARDS_MAX = 8
BODY_BYTES_MAX = 64 << 10
LINES_OVER_MAX = 20_000
"""How many lines a journal may have beyond those that its state needs, before it is written anew."""
SOFTWARE = "foyer-register 1.0"


@dataclass(frozen=True, slots=True)
class Request:
    """A request of HTTP; `headers` by their names in small letters."""

    verb: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `length` is that of the body, also where none is sent, as to HEAD."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None


class _No(Exception):
    def __init__(self, status: int, error: str, says: str) -> None:
        super().__init__(says)
        body = json.dumps({"error": error, "says": says}).encode()
        self.reply = Reply(status, body, (("content-type", "application/json"),))


class RegisterEmulator:
    """One register of units of one kind. `mark` draws what tells one memory's ETags from another's."""

    def __init__(
        self,
        name: str,
        kind: str,
        units: Iterable[str],
        clock: Clock,
        mark: Callable[[], str],
        *,
        lock_cards_max: int = LOCK_CARDS_MAX,
        journal: Journal | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self._ids = tuple(units)
        self._clock = clock
        self._mark = mark
        self._lock_cards_max = lock_cards_max
        self._journal = journal
        self.state = State(self._ids, mark())
        self.started = clock.now()
        if journal is not None:
            self._remember_in(journal)

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            self._journal.close()

    # The wire

    def answer(self, request: Request) -> Reply:
        """The reply to a request. Raises OSError if a change cannot be remembered; then nothing has changed."""
        try:
            reply = self._answer(request)
        except _No as no:
            reply = no.reply
        if request.verb == "HEAD":
            return Reply(reply.status, b"", reply.headers, len(reply.body))
        return reply

    # Hands

    def content(self, unit: str) -> Content:
        """What is in a unit. Raises ValueError: there is none of this id."""
        return self._entry(unit).content

    def put(self, unit: str, content: Content) -> None:
        """Change a unit as somebody at the register's own screen could: nothing is asked of what was there."""
        self._entry(unit)
        self._keep(unit, content)

    def restart(self, *, keep_memory: bool) -> None:
        """Stop and start again, with the memory kept or lost."""
        self.started = self._clock.now()
        if not keep_memory:
            self.state = State(self._ids, self._mark())
            if self._journal is not None:
                self._journal.rewrite(self.state.lines())

    def _answer(self, request: Request) -> Reply:
        path, _, query = request.target.partition("?")
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match (request.verb, parts):
            case ("GET" | "HEAD", ["register"]):
                return self._told(self._about())
            case ("GET" | "HEAD", ["units"]):
                return self._told(self._page(query))
            case ("GET" | "HEAD", ["units", unit]):
                return self._unit(request, self._known(unit))
            case ("PUT", ["units", unit]):
                return self._change(request, self._known(unit))
            case (_, ["register"] | ["units"] | ["units", _]):
                raise _No(405, "verb", f"{request.verb} is not allowed here")
        raise _No(404, "path", f"there is nothing at {path}")

    def _about(self) -> Told:
        started = self.started.isoformat()
        return {"id": self.name, "software": SOFTWARE, "started": started, "change": self.state.change}

    def _page(self, query: str) -> Told:
        told = parse_qs(query, keep_blank_values=True)
        after, limit = told.get("after", [""])[-1], told.get("limit", [str(PAGE_MAX)])[-1]
        if not limit.isdecimal() or not limit.isascii() or not 1 <= int(limit) <= PAGE_MAX:
            raise _No(422, "malformed", f"limit is a number from 1 to {PAGE_MAX}")
        later = [unit for unit in self.state.units if unit > after]
        page = later[: int(limit)]
        units = [self._shown(unit) | {"etag": self.state.etag(unit)} for unit in page]
        return {"units": units, "next": page[-1] if len(later) > len(page) else None}

    def _unit(self, request: Request, unit: str) -> Reply:
        etag = self.state.etag(unit)
        if (unless := request.headers.get("if-none-match")) is not None and _names(unless, etag, weak=True):
            return Reply(304, headers=(("etag", etag),))
        return self._told(self._shown(unit), etag)

    def _change(self, request: Request, unit: str) -> Reply:
        etag = self.state.etag(unit)
        if (guard := request.headers.get("if-match")) is None:
            raise _No(428, "unguarded", "say by If-Match what you have read")
        if not _names(guard, etag, weak=False):
            raise _No(412, "stale", "the unit has changed since")
        try:
            wanted = read_content(_object(request.body))
        except KeyError as missing:
            raise _No(422, "malformed", f"{missing} is missing") from None
        except (ValueError, TypeError) as error:
            raise _No(422, "malformed", str(error)) from None
        self._allow(self.state.units[unit].content, wanted)
        self._keep(unit, wanted)
        return self._told(self._shown(unit), self.state.etag(unit))

    def _allow(self, held: Content, wanted: Content) -> None:
        """One unit, one person: raises what is in the way."""
        was, will_be = (None if each.occupant is None else each.occupant["ref"] for each in (held, wanted))
        if was is not None and will_be is not None and was != will_be:
            raise _No(409, "occupied", "somebody else is there: vacate the unit first")
        if was != will_be and any(card["ref"] != will_be for card in wanted.cards):
            raise _No(409, "keys", "cards of somebody else are in the lock: take them out first")
        fresh = [card for card in wanted.cards if card not in held.cards]
        if any(card["ref"] != will_be for card in fresh):
            raise _No(409, "stranger", "a card is taken for the occupant only")
        if fresh and len(wanted.cards) > max(self._lock_cards_max, len(held.cards)):
            raise _No(409, "full", f"the lock holds {self._lock_cards_max} cards")

    def _keep(self, unit: str, content: Content) -> None:
        line = unit_line(unit, content, self.state.change + 1)
        if self._journal is not None:
            self._journal.append(line)
        self.state.apply(line)
        if self._journal is not None and self._journal.lines > len(self.state.units) + LINES_OVER_MAX:
            self._journal.rewrite(self.state.lines())

    def _remember_in(self, journal: Journal) -> None:
        for number, line in enumerate(journal.read(), 1):
            try:
                self.state.apply(line)
            except (KeyError, ValueError, TypeError):
                raise MemoryDamaged(journal.path, number) from None
        journal.rewrite(self.state.lines())

    def _known(self, unit: str) -> str:
        if unit not in self.state.units:
            raise _No(404, "unknown", f"there is no unit {unit}")
        return unit

    def _entry(self, unit: str) -> Any:
        if unit not in self.state.units:
            raise ValueError(f"there is no unit {unit}")
        return self.state.units[unit]

    def _shown(self, unit: str) -> Told:
        return {"id": unit, "kind": self.kind} | shown(self.state.units[unit].content)

    def _told(self, told: Told, etag: str | None = None) -> Reply:
        headers = [("content-type", "application/json"), *([] if etag is None else [("etag", etag)])]
        return Reply(200, json.dumps(told, ensure_ascii=False).encode(), tuple(headers))


def _names(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of tags names this one; compared weakly, `W/` in front of one does not matter."""
    tags = [tag.strip() for tag in header.split(",")]
    return "*" in tags or etag in tags or (weak and f"W/{etag}" in tags)


def _object(body: bytes) -> Told:
    try:
        told = json.loads(body)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    if not isinstance(told, dict):
        raise TypeError("the body must be an object")
    return told
