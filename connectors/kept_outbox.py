"""What a gateway has still to tell the hub, on its own disk and in order. What a later message says better takes the place
of the earlier one, so that days without a hub fill no disk. Functions on an open `KeptFile`."""

from __future__ import annotations

import json
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
_GONE = f"kind = '{REPORT}' AND json_extract(body, '$.seen') AND json_extract(body, '$.held') IS NULL"
SCHEMA = (_OUTBOX, f"CREATE INDEX IF NOT EXISTS outbox_gone ON outbox (target) WHERE {_GONE}")
# One statement: row by row, a thread that shares the interpreter with a busy loop waits for its turn at each.
_PUT_REPORTS = f"""
INSERT OR REPLACE INTO outbox (kind, target, slot, epoch, body)
SELECT '{REPORT}', :target, json_extract(value, '$.revision') || '@' || json_extract(value, '$.key'), :epoch, value
FROM json_each(:reports)"""  # noqa: S608 - put together of constants
_PUT = "INSERT OR REPLACE INTO outbox (kind, target, slot, epoch, body) VALUES (?, ?, ?, ?, ?)"
_OTHER_KINDS = ", ".join(f"'{kind}'" for kind in (READING, INTRODUCE, REACH, ACTED, HANDED))
_OTHERS = f"SELECT nth, kind, target, length(body) FROM outbox WHERE kind IN ({_OTHER_KINDS}) ORDER BY nth"  # noqa: S608 - put together of constants
_OUTCOME_BEFORE = f"SELECT 1 FROM outbox WHERE kind = '{REPORT}' AND target = ? AND nth < ? LIMIT 1"  # noqa: S608 - as above
_COLUMNS = "nth, kind, target, slot, epoch"
# What is gone by now, behind what else is owed of the same key: what a key held before would be news again after it.
_OF_GONE = f"FROM outbox INDEXED BY outbox_gone WHERE {_GONE}"
_GONE_KEYS = f"SELECT target, substr(slot, instr(slot, '@') + 1) {_OF_GONE}"
_OUTCOMES_GONE = f"""
SELECT {_COLUMNS}, body FROM outbox WHERE kind = '{REPORT}' AND target IN (SELECT target {_OF_GONE})
AND (target, substr(slot, instr(slot, '@') + 1)) IN ({_GONE_KEYS}) ORDER BY nth LIMIT ?"""  # noqa: S608 - as above
_OTHER_BEFORE = f"SELECT 1 FROM outbox WHERE kind IN ({_OTHER_KINDS}) AND target = ? AND nth < ? LIMIT 1"  # noqa: S608 - as above
# A window on all that is owed, so that its order costs no sorting; of other kinds only the place.
_OUTCOMES = f"""
SELECT {_COLUMNS}, CASE kind WHEN '{REPORT}' THEN body END FROM outbox ORDER BY nth LIMIT ?"""  # noqa: S608 - as above
_ONE = f"SELECT {_COLUMNS}, body FROM outbox WHERE nth = ?"  # noqa: S608 - as above
_REPORTS: TypeAdapter[Sequence[Report]] = TypeAdapter(Sequence[Report])


@dataclass(frozen=True, slots=True)
class Owed:
    """One message that waits for the hub, as its JSON; `nth` orders them."""

    nth: int
    kind: str
    target: str
    slot: str
    epoch: int
    body: str

    @property
    def told(self) -> tuple[str, int]:
        """The key and the revision of which an outcome tells."""
        revision, _, key = self.slot.partition("@")
        return key, int(revision)


def put_reports(tx: Connection, target: str, epoch: int, reports: Sequence[Report]) -> None:
    """Owe outcomes. A later one of the same revision says all that an earlier one said."""
    told = {"target": target, "epoch": epoch, "reports": _REPORTS.dump_json(reports).decode()}
    tx.execute(_PUT_REPORTS, told)


def put(tx: Connection, kind: str, target: str, epoch: int, message: BaseModel, slot: str = "") -> int:
    """Owe a message; the latest of its kind about a target (and slot) stands. Returns its place in the order."""
    tx.execute(_PUT, (kind, target, slot, epoch, message.model_dump_json()))
    return tx.execute("SELECT last_insert_rowid()").fetchone()[0]


def owed(tx: Connection, outcomes_max: int, others_max: int, others_bytes_max: int) -> tuple[list[Owed], list[Owed]]:
    """What may be told next: outcomes, and messages of other kinds, each about something else. What concerns one target is
    told in its order; no target's outcomes wait for what is said of another. What is owed longest is always among it."""
    first: dict[str, int] = {}
    others: list[int] = []
    room = others_bytes_max
    for nth, kind, target, size in tx.execute(_OTHERS):
        if kind != ACTED and first.setdefault(target, nth) != nth:
            continue
        if len(others) >= others_max or (others and size > room):
            continue
        if kind == ACTED or tx.execute(_OUTCOME_BEFORE, (target, nth)).fetchone() is None:
            others.append(nth)
            room -= size
    found = (Owed(*row) for row in tx.execute(_OUTCOMES, (outcomes_max,)))
    free = [one for one in found if one.kind == REPORT and one.nth < first.get(one.target, one.nth + 1)]
    return free, [Owed(*tx.execute(_ONE, (nth,)).fetchone()) for nth in others]


def gone(tx: Connection, most: int) -> list[Owed]:
    """Outcomes that show something gone, which may be told ahead of all others: somebody may wait for their proof."""
    found = (Owed(*row) for row in tx.execute(_OUTCOMES_GONE, (most,)))
    return [one for one in found if tx.execute(_OTHER_BEFORE, (one.target, one.nth)).fetchone() is None]


def reporting(outcomes: Sequence[Owed]) -> bytes:
    """The message that hands these outcomes in (`connectors.messages.Reporting`), put together of what is kept."""
    bodies: dict[tuple[str, int], list[str]] = {}
    for one in outcomes:
        bodies.setdefault((one.target, one.epoch), []).append(one.body)
    by_target = (
        f'{{"target":{json.dumps(target)},"epoch":{epoch},"reports":[{",".join(some)}]}}'
        for (target, epoch), some in bodies.items()
    )
    return f'{{"outcomes":[{",".join(by_target)}]}}'.encode()


def paid(tx: Connection, nths: Collection[int]) -> None:
    """These were told. One that took the place of another meanwhile has a place of its own, and stays."""
    tx.execute("DELETE FROM outbox WHERE nth IN (SELECT value FROM json_each(?))", (json.dumps(list(nths)),))


def holds(tx: Connection, kind: str, target: str, slot: str = "") -> bool:
    """Whether a message of this kind about a target (and slot) waits."""
    query = "SELECT 1 FROM outbox WHERE kind = ? AND target = ? AND slot = ?"
    return tx.execute(query, (kind, target, slot)).fetchone() is not None


def forget(tx: Connection, kind: str, target: str) -> None:
    """Owe no message of this kind about a target."""
    tx.execute("DELETE FROM outbox WHERE kind = ? AND target = ?", (kind, target))


def waiting(tx: Connection) -> int:
    """How many messages wait."""
    return tx.execute("SELECT count(*) FROM outbox").fetchone()[0]


def forget_target(tx: Connection, target: str) -> None:
    """What was owed about a target is another's to tell; what was done at most once stays to be told."""
    tx.execute("DELETE FROM outbox WHERE target = ? AND kind <> ?", (target, ACTED))


def forget_records(tx: Connection) -> None:
    """Forget all that names revisions."""
    tx.execute("DELETE FROM outbox WHERE kind <> ?", (ACTED,))
