"""The database itself: who may read, who may write, and when it is kept. Nobody but the context managers here commits."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql import Executable

from devices.clock import Clock
from provisioning.nouns.ids import Ids
from provisioning.nouns.refusals import StoreBusy, StoreFull
from provisioning.store.migrate import upgrade

BUSY_TIMEOUT_S = 5.0
READERS_MAX = 24
CACHE_KIB = 65_536
PASSED_MAX = 16
"""So many urgent writers go past one who waits."""
WAL_PAGES = 8_000
"""How long the log grows before its pages go into the file, 32 MB: a busy page then goes there once, not at each turn."""


class Tx:
    """One transaction: a connection, one `now` for all that it writes, and where ids come from.

    Rooms hand it to `store` functions and to one another; only `Store` begins and ends it.
    """

    __slots__ = ("connection", "ids", "now", "woken")

    def __init__(self, connection: Connection, now: datetime, ids: Ids) -> None:
        self.connection = connection
        self.now = now
        self.ids = ids
        self.woken: set[str] = set()

    def run(self, statement: Executable, rows: Any = None) -> CursorResult[Any]:
        """Execute one statement; for `store` only."""
        return self.connection.execute(statement, rows)

    def fetched(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        """All rows of a text that is ready for the driver, as the driver gives them; for `store.query` only."""
        with closing(self.connection.connection.cursor()) as cursor:
            cursor.execute(text, values)
            return cursor.fetchall()

    def tuples(self, statement: Executable, values: Any = None) -> Iterable[tuple[Any, ...]]:
        """The rows of a statement, as plain tuples; for `store` only."""
        return (tuple(row) for row in self.connection.execute(statement, values))

    def rows(self, statement: Executable) -> list[dict[str, Any]]:
        """The rows of a statement, each by column name; for `store` only."""
        return [dict(row) for row in self.connection.execute(statement).mappings()]

    @contextmanager
    def aside(self) -> Generator[None]:
        """What fails in this block is undone alone: the rest of the transaction stands."""
        with self.connection.begin_nested():
            yield

    def wake(self, topic: str) -> None:
        """Once this is committed, tell whoever waits for `topic` to look again."""
        self.woken.add(topic)


class Store:
    """The hub's database, with one writer at a time in the order of asking."""

    def __init__(self, path: Path, clock: Clock, ids: Ids) -> None:
        self.path = path
        self.clock = clock
        self.ids = ids
        self._turns = _Turns()
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._engine = _sqlite(path)
        upgrade(self._engine)

    def now(self) -> datetime:
        """The clock of leases and of every row."""
        return self.clock.now()

    def listen(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call `listener` after each commit that woke something, with the topics. It must not block."""
        self._listeners.append(listener)

    @contextmanager
    def reading(self) -> Generator[Tx]:
        """One consistent view; nothing that is done in it is kept."""
        with self._engine.connect() as connection:
            connection.begin()
            yield Tx(connection, self.now(), self.ids)

    @contextmanager
    def writing(self, *, urgent: bool = False) -> Generator[Tx]:
        """One transaction, kept when the block ends without an error. What is `urgent`, such as a revocation, its
        proof, or doors that are to open for a fire, goes past who waits. Raises `StoreFull`, `StoreBusy`."""
        with self._turn(urgent=urgent) as tx:
            yield tx
            self._commit(tx.connection)
        if tx.woken:
            for listener in self._listeners:
                listener(frozenset(tx.woken))

    @contextmanager
    def rehearsing(self) -> Generator[Tx]:
        """The same, but nothing of it is kept: what an act would do is found by doing it here."""
        with self._turn() as tx:
            yield tx
            tx.connection.rollback()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    @contextmanager
    def _turn(self, *, urgent: bool = False) -> Generator[Tx]:
        with self._turns.taken(urgent=urgent), self._engine.connect() as connection, _as_refusals(self.path):
            connection.execution_options(foyer_writes=True).begin()
            yield Tx(connection, self.now(), self.ids)

    def _commit(self, connection: Connection) -> None:
        connection.commit()


class _Turns:
    """A lock that serves in the order of asking: SQLite's own busy wait starves writers (guide: 3.8 s at 8 threads). Who is
    urgent is served first; but after some of them one who is not, so that nobody starves."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._urgent: deque[threading.Lock] = deque()
        self._passed = 0
        self._taken = False

    @contextmanager
    def taken(self, *, urgent: bool) -> Generator[None]:
        """The turn, until the block ends."""
        self._wait(self._urgent if urgent else self._waiting)
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, behind: deque[threading.Lock]) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            gate = threading.Lock()
            gate.acquire()
            behind.append(gate)
        gate.acquire()

    def _pass_on(self) -> None:
        with self._guard:
            if self._urgent and not (self._waiting and self._passed >= PASSED_MAX):
                self._passed += 1 if self._waiting else 0
                self._urgent.popleft().release()
            elif self._waiting:
                self._passed = 0
                self._waiting.popleft().release()
            else:
                self._taken = False


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        pool_size=READERS_MAX,
        max_overflow=READERS_MAX,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False, "cached_statements": 512},
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that a writer takes its lock at once
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"cache_size=-{CACHE_KIB}",
        f"wal_autocheckpoint={WAL_PAGES}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("foyer_writes", False)
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _as_refusals(path: Path) -> Generator[None]:
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as error:
        code = getattr(error.orig if isinstance(error, OperationalError) else error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise StoreFull from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusy(path=path) from error
        raise
