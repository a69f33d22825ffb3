"""What a gateway keeps on its own disk: which content may have left under which key, and until when. It is synced before
the datagrams leave, because a copy that the network delays would otherwise undo what a restarted gateway proves."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from connectors.contract import EdgeError
from connectors.together import Together
from devices.clock import Clock

_log = logging.getLogger(__name__)

_SCHEMA = (
    "CREATE TABLE kept (made REAL NOT NULL)",
    "CREATE TABLE sent (target TEXT, key TEXT, digest TEXT, until REAL, PRIMARY KEY (target, key, digest)) WITHOUT ROWID",
)
# One statement, hence one commit and one sync. Row by row, a thread that shares the interpreter with a busy loop would
# wait for its turn at each row: tens of milliseconds in place of one.
_NOTE = (
    "INSERT OR REPLACE INTO sent (target, key, digest, until)"
    " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
    " json_extract(value, '$[3]') FROM json_each(?)"
)
_NOTHING = ""
_ANY = ""
"""The key of what another gateway may have sent."""
_NEVER = {"": float("-inf")}
_BUSY_S_MAX = 5.0


class KeptUnusable(EdgeError):
    """The gateway's own file {path} cannot be used ({cause}). Free disk space, or give the gateway a writable folder."""


@dataclass(frozen=True, slots=True)
class _Note:
    """What one chunk may send until when; what ended before `forget_before` need not be kept any more."""

    target: str
    contents: tuple[tuple[str, str | None], ...]
    until: float
    forget_before: float | None


class Kept:
    """The gateway's memory of what it sent. Disk holds the last instant at which something could leave, memory the real
    one: so a restart waits a little longer than it must, and never too short."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        *,
        remember_s: float = 60.0,
    ) -> None:
        """Open or make the file; `hop` is how blocking work leaves the loop. Raises `KeptUnusable` where the file can be
        neither opened nor made."""
        self._path = path
        self._clock = clock
        self._notes: Together[_Note, None] = Together(self._keep, hop)
        self._remember_s = remember_s
        self._lock = threading.Lock()
        self._sent: dict[tuple[str, str], dict[str, float]] = {}
        self._handed: dict[str, int] = {}
        self._forget_at = clock.monotonic() + remember_s
        self._connection, self._known_since = self._open()

    async def note(self, target: str, contents: Sequence[tuple[str, str | None]], span_s: float) -> float:
        """Sync to disk that these contents (None: taken away) may leave within `span_s`. Returns the monotonic instant
        until which that holds: later than that none of them may be sent. Raises `KeptUnusable`."""
        until = self._clock.monotonic() + span_s
        wall = self._clock.now().timestamp()
        forget_before = wall - self._remember_s if self._forget() else None
        await self._notes.ask(_Note(target, tuple(contents), wall + span_s, forget_before))
        return until

    def handed(self, target: str, handed: int) -> None:
        """A target has come from another gateway (0: it never did), by whichever hand-over: until that was known here, the
        other one may have sent anything there. It is not kept on disk: a restart only waits once more."""
        if handed != self._handed.get(target, 0):
            self._handed[target] = handed
            self.sending(target, _ANY, str(handed), for_s=0)

    def sending(self, target: str, key: str, body: str | None, *, for_s: float) -> None:
        """Remember that this content is leaving, and may go on leaving for so long; 0 when the last of it has left."""
        self._sent.setdefault((target, key), {})[_digest(body)] = self._clock.monotonic() + for_s

    def waits_s(self, target: str, key: str, body: str | None, settle_s: float, *, first: bool) -> float:
        """How long a late datagram of another content may still arrive under this key; 0 when none can.

        `first`: no other content was ever wanted there, so what happened before this file was made does not matter."""
        if settle_s > self._remember_s:
            raise ValueError(f"settle_s {settle_s} is longer than sendings are remembered ({self._remember_s} s)")
        last = float("-inf") if first else max(self._known_since, *self._sent.get((target, _ANY), _NEVER).values())
        if entries := self._sent.get((target, key)):
            own = _digest(body)
            last = max(last, *(until for digest, until in entries.items() if digest != own), last)
        return max(0.0, last + settle_s - self._clock.monotonic())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _open(self) -> tuple[sqlite3.Connection, float]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._load()
            except sqlite3.DatabaseError as error:
                if not _is_torn(error):
                    raise
                self._set_aside(error)
                return self._load()
        except (OSError, sqlite3.Error) as error:
            raise KeptUnusable(path=self._path, cause=error) from error

    def _load(self) -> tuple[sqlite3.Connection, float]:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_S_MAX, isolation_level=None, check_same_thread=False, cached_statements=16
        )
        try:
            return connection, self._recall(connection)
        except BaseException:
            connection.close()
            raise

    def _recall(self, connection: sqlite3.Connection) -> float:
        """Fill the memory from the file; returns the monotonic instant since which nothing leaves unknown to it."""
        now, wall = self._clock.monotonic(), self._clock.now().timestamp()
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("its pages do not fit together")
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'kept'").fetchone():
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO kept VALUES (?)", (wall,))
            connection.execute("COMMIT")
        # Earlier versions kept one, which made each note dearer than the search it spared.
        connection.execute("DROP INDEX IF EXISTS sent_until")
        (made,) = connection.execute("SELECT max(made) FROM kept").fetchone()
        for target, key, digest in connection.execute("SELECT target, key, digest FROM sent"):
            # An earlier run is over, so nothing of it leaves from now on; when its last did, only the machine's clock could
            # tell, and that may have been set meanwhile. So all of it counts as sent just now, for one settling time.
            self._sent.setdefault((target, key), {})[digest] = now
        return now + min(made - wall, 0.0)

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self._path.with_name(f"{self._path.name}.torn-{int(self._clock.now().timestamp())}")
        _log.warning(
            "The gateway's own file %s is torn (%s). It now lies at %s, and a new one is made: "
            "for some seconds nothing taken away will be confirmed.",
            self._path,
            error,
            aside,
        )
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))

    def _keep(self, notes: Sequence[_Note]) -> list[None]:
        rows = [(note.target, key, _digest(body), note.until) for note in notes for key, body in note.contents]
        forget_before = max((note.forget_before for note in notes if note.forget_before is not None), default=None)
        self._store(json.dumps(rows), forget_before)
        return [None] * len(notes)

    def _store(self, rows: str, forget_before: float | None) -> None:
        with self._lock:
            try:
                self._connection.execute(_NOTE, (rows,))
                if forget_before is not None:
                    self._connection.execute("DELETE FROM sent WHERE until < ?", (forget_before,))
            except sqlite3.Error as error:
                raise KeptUnusable(path=self._path, cause=error) from error

    def _forget(self) -> bool:
        """Drop from memory what is long over, now and then; True where the disk should do so, too."""
        now = self._clock.monotonic()
        if now < self._forget_at:
            return False
        self._forget_at = now + self._remember_s
        self._sent = {
            where: recent
            for where, entries in self._sent.items()
            if (recent := {digest: until for digest, until in entries.items() if until > now - self._remember_s})
        }
        return True


@lru_cache(maxsize=1024)
def _digest(body: str | None) -> str:
    return _NOTHING if body is None else hashlib.blake2b(body.encode(), digest_size=16).hexdigest()


def _is_torn(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is wrong, rather than locked, unwritable or out of room."""
    return not isinstance(error, sqlite3.OperationalError)
