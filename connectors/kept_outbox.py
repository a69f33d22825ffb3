"""What a gateway has still to tell the hub, on its own disk and in order. What a later message says better takes the place
of the earlier one, so that days without a hub fill no disk. Functions on an open `KeptFile`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from pydantic import BaseModel, TypeAdapter

from connectors.desk import Report

REPORT, READING, INTRODUCE, REACH, ACTED, HANDED = "report", "reading", "introduce", "reach", "acted", "handed"

_OUTBOX = """
CREATE TABLE IF NOT EXISTS outbox (
    nth INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, target TEXT NOT NULL, slot TEXT NOT NULL,
    epoch INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (kind, target, slot)
)"""
SCHEMA = (_OUTBOX,)
_PUT = "INSERT OR REPLACE INTO outbox (kind, target, slot, epoch, body) VALUES (?, ?, ?, ?, ?)"
_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


@dataclass(frozen=True, slots=True)
class Owed:
    """One message that waits for the hub; `nth` orders them."""

    nth: int
    kind: str
    target: str
    epoch: int
    body: str


def put_reports(tx: Connection, target: str, epoch: int, reports: Sequence[Report]) -> None:
    """Owe outcomes. A later one of the same revision says all that an earlier one said."""
    tx.executemany(
        _PUT,
        [
            (REPORT, target, f"{one.revision}@{one.key}", epoch, _REPORT.dump_json(one).decode())
            for one in reports
        ],
    )  # fmt: skip


def put(tx: Connection, kind: str, target: str, epoch: int, message: BaseModel, slot: str = "") -> int:
    """Owe a message; the latest of its kind about a target (and slot) stands. Returns its place in the order."""
    tx.execute(_PUT, (kind, target, slot, epoch, message.model_dump_json()))
    return tx.execute("SELECT last_insert_rowid()").fetchone()[0]


def owed(tx: Connection, most: int) -> list[Owed]:
    """What comes next: as many outcomes as stand there in a row, or one message of another kind."""
    found = tx.execute("SELECT nth, kind, target, epoch, body FROM outbox ORDER BY nth LIMIT ?", (most,)).fetchall()
    rows = [Owed(*row) for row in found]
    if rows and rows[0].kind != REPORT:
        return rows[:1]
    until = next((nth for nth, row in enumerate(rows) if row.kind != REPORT), len(rows))
    return rows[:until]


def report_of(owed: Owed) -> Report:
    """The outcome that such a message tells."""
    return _REPORT.validate_json(owed.body)


def paid(tx: Connection, nths: Collection[int]) -> None:
    """These were told. One that took the place of another meanwhile has a place of its own, and stays."""
    tx.executemany("DELETE FROM outbox WHERE nth = ?", [(nth,) for nth in nths])


def holds(tx: Connection, kind: str, target: str) -> bool:
    """Whether a message of this kind about a target waits."""
    return (
        tx.execute("SELECT 1 FROM outbox WHERE kind = ? AND target = ? LIMIT 1", (kind, target)).fetchone() is not None
    )


def waiting(tx: Connection) -> int:
    """How many messages wait."""
    return tx.execute("SELECT count(*) FROM outbox").fetchone()[0]


def forget_target(tx: Connection, target: str) -> None:
    """What was owed about a target is another's to tell; what was done at most once stays to be told."""
    tx.execute("DELETE FROM outbox WHERE target = ? AND kind <> ?", (target, ACTED))


def forget_records(tx: Connection) -> None:
    """Forget all that names revisions."""
    tx.execute("DELETE FROM outbox WHERE kind <> ?", (ACTED,))
