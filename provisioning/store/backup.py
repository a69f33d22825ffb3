"""Whole copies of the database: taken while it is in use, checked, and put in another's place."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path

from provisioning.nouns.refusals import Refusal

PAGES_AT_ONCE = 512
"""2 MB a step: between two steps whoever else wants the disk has it."""
CHUNK_BYTES = 1 << 20
SIDES = ("-wal", "-shm")


class CopyTorn(Refusal):
    """The copy of the database does not fit together ({reason}). Nothing was kept of it. Take another backup; where that
    one is torn, too, look to the disk."""

    status = 500


def copy(source: Path, copied: Path, progress: Callable[[int, int], object] | None = None) -> None:
    """Copy a database as it is at one instant, whatever is written meanwhile; `progress` is told (done, of all) pages.
    Raises `CopyTorn`, OSError."""
    with closing(_opened(source)) as of, closing(sqlite3.connect(copied, isolation_level=None)) as to:
        # The view is held by us: else each writer's commit between two steps would have the copy begin again, for ever.
        of.execute("BEGIN")
        of.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        try:
            of.backup(
                to,
                pages=PAGES_AT_ONCE,
                progress=lambda _, left, every: progress(every - left, every) if progress else None,
            )
        except sqlite3.Error as error:
            raise CopyTorn(reason=str(error)) from error
        # One file that says all, with no log beside it.
        to.execute("PRAGMA journal_mode=DELETE")
    _sync(copied)


def check(path: Path) -> None:
    """Raises `CopyTorn` where a database's pages do not fit together."""
    try:
        with closing(_opened(path)) as one:
            (said,) = one.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise CopyTorn(reason=str(error)) from error
    if said != "ok":
        raise CopyTorn(reason=said)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    told = hashlib.sha256()
    for chunk in chunks(path):
        told.update(chunk)
    return told.hexdigest()


def chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes, some at a time."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def leaves(path: Path) -> Generator[bytes]:
    """The story's leaf hashes in a copy, in order of their places."""
    with closing(_opened(path)) as one:
        yield from (
            row[0] for row in one.execute("SELECT leaf FROM event WHERE position IS NOT NULL ORDER BY position")
        )


def last_event(path: Path) -> int:
    """The newest event's id in a copy; 0 where it has none."""
    with closing(_opened(path)) as one:
        return one.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]


def put_in_place(fresh: Path, database: Path, aside: Path) -> bool:
    """Put `fresh` where `database` is, and that, whole, at `aside`; whether there was one. Killed at any point, the old
    one is whole in one of both places and the new one in one of two; doing it again goes on. Raises OSError."""
    there = database.exists()
    if there:
        fold(database)
        for side in ("", *SIDES):
            part = database.with_name(database.name + side)
            if part.exists():
                os.link(part, aside.with_name(aside.name + side))
        _sync(database.parent)
    for side in SIDES:
        # A log of the old database beside the new one would be taken for its own.
        database.with_name(database.name + side).unlink(missing_ok=True)
    fresh.replace(database)
    _sync(database.parent)
    return there


def fold(database: Path) -> None:
    """Have a database take in its log, so that one file says all. One that cannot be read is left as it is, log and all."""
    with suppress(sqlite3.Error), closing(_opened(database)) as one:
        one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        one.execute("PRAGMA journal_mode=DELETE")


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
