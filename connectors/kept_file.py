"""One file of SQLite on a gateway's own disk: synced with each commit, made anew beside a torn one, and never without a
word where the disk has no room."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from connectors.contract import EdgeError
from connectors.reserve import Reserve
from connectors.together import Together
from devices.clock import Clock

PAGE_BYTES = 4_096
PAGES_MAX = 1 << 20
"""So many pages of 4 KiB a file may have: 4 GiB, far more than a site's work of months."""
OWN_ONLY = 0o600
_BUSY_S_MAX = 5.0

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_Act = Callable[[sqlite3.Connection], Any]


class WorkUnusable(EdgeError):
    """The gateway cannot keep its work in {path} ({cause}). Let the account that runs it own the folder, and look whether
    the disk works."""


class WorkFull(EdgeError):
    """There is no room left on the disk of {path}. Until there is, the gateway only takes rights away: free some space."""


class _ActFailed(Exception):
    """One of several acts failed, so the transaction that they share must not be kept."""


class KeptFile:
    """A file with a schema. Reading is done where it is asked for; what writes goes by `hop`, and those that come at about
    the same time share one sync."""

    once_torn: ClassVar[str] = "the hub tells all of it anew"
    """What comes of it that the file is made anew, for the log."""

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        clock: Clock,
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        *,
        pages_max: int = PAGES_MAX,
    ) -> None:
        """Open or make the file. Raises `WorkUnusable`."""
        self.path = path
        self._schema = schema
        self._clock = clock
        self._pages_max = pages_max
        self._writes: Together[_Act, Any] = Together(self._write, hop)
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._writer, self._reader = self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._set_aside(error)
                self._writer, self._reader = self._open()
        except (OSError, sqlite3.Error) as error:
            raise WorkUnusable(path=path, cause=error) from error

    def read(self, ask: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `ask` finds; from the loop's own thread only. Raises `WorkUnusable`."""
        try:
            return ask(self._reader)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    async def write(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do this in a transaction that is on the disk once it returns. Raises `WorkUnusable`, `WorkFull`."""
        return await self._writes.ask(act)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._writer.close()
            self._reader.close()

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        # SQLite gives what lies beside a file the rights of the file itself.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWN_ONLY))
        self.path.chmod(OWN_ONLY)
        writer = self._connect()
        try:
            writer.execute("PRAGMA journal_mode=WAL")
            writer.execute("PRAGMA synchronous=FULL")
            writer.execute(f"PRAGMA max_page_count={self._pages_max}")
            if writer.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("its pages do not fit together")
            writer.execute("BEGIN IMMEDIATE")
            for statement in self._schema:
                writer.execute(statement)
            writer.execute("COMMIT")
            return writer, self._connect()
        except BaseException:
            writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path, timeout=_BUSY_S_MAX, isolation_level=None, check_same_thread=False, cached_statements=64
        )

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self.path.with_name(f"{self.path.name}.torn-{int(self._clock.now().timestamp())}")
        _log.warning("%s is torn (%s). It now lies at %s, and %s.", self.path, error, aside, self.once_torn)
        for suffix in ("", "-wal", "-shm"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))

    def _write(self, acts: Sequence[_Act]) -> list[Any]:
        """All in one transaction, or, where one fails, each in its own: nobody suffers for another."""
        with self._lock:
            if len(acts) > 1:
                with suppress(_ActFailed):
                    return self._in_one(acts)
            return [self._alone(act) for act in acts]

    def _in_one(self, acts: Sequence[_Act]) -> list[Any]:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            answers = [act(self._writer) for act in acts]
            self._writer.execute("COMMIT")
        except Exception as error:
            self._undo()
            raise _ActFailed from error
        return answers

    def _alone(self, act: _Act) -> Any:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            answer = act(self._writer)
            self._writer.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whoever asked sees it, and nobody else
            self._undo()
            return self._trouble(error) if isinstance(error, sqlite3.Error) else error
        return answer

    def _undo(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _trouble(self, error: sqlite3.Error) -> EdgeError:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return WorkFull(path=self.path)
        return WorkUnusable(path=self.path, cause=error)


class ReservedFile(KeptFile):
    """A file beside which some room on the disk is kept, for when there is no other."""

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        clock: Clock,
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        *,
        pages_max: int = PAGES_MAX,
    ) -> None:
        """Open or make the file, and take the room. Raises `WorkUnusable`."""
        super().__init__(path, schema, clock, hop, pages_max=pages_max)
        self._hop = hop
        self._reserve = Reserve(path.with_suffix(".reserve"))

    @property
    def short(self) -> bool:
        """Whether the disk is full: then only what takes rights away is to be kept."""
        return self._reserve.short

    async def write(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """As any file does it; on a full disk once more, in the room that was kept for that. Raises `WorkUnusable`,
        `WorkFull`."""
        try:
            return await super().write(act)
        except WorkFull:
            # Whoever failed beside us may have spent it already.
            await self._hop(self._reserve.spend)
            return await super().write(act)

    async def look_for_room(self) -> None:
        """See whether a full disk has room again."""
        if self.short:
            await self._hop(self._reserve.take)
