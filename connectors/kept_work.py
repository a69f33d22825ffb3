"""What a gateway far from the hub keeps of its work on its own disk: the targets that are its own, and what is still to be
done on them and from when. Functions on an open `KeptFile`, as the hub's are on its store. The hub stays the judge of
every record; instants are seconds of the epoch by this machine's clock."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sqlite3 import Connection, Row
from typing import NamedTuple

from connectors import kept_outbox
from connectors.contract import Done, Fingerprint, Json, Later
from connectors.desk import Report, Task
from connectors.messages import Asked, Letting, Upto
from connectors.waits import PARKED_S, REFUSED_AGAIN_S, later_s, reach_s

_SITE = """
CREATE TABLE IF NOT EXISTS site (
    one INTEGER PRIMARY KEY CHECK (one = 1), era INTEGER NOT NULL, unsettled INTEGER NOT NULL, newest REAL NOT NULL,
    pin_key TEXT
)"""
_TARGET = """
CREATE TABLE IF NOT EXISTS target (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, settings TEXT NOT NULL, zone TEXT NOT NULL, upto TEXT,
    epoch INTEGER NOT NULL, term REAL NOT NULL, leaving INTEGER NOT NULL, identity TEXT, counter INTEGER, read_at REAL,
    trouble TEXT, attempts INTEGER NOT NULL DEFAULT 0, rests REAL NOT NULL DEFAULT 0
)"""
_TASK = """
CREATE TABLE IF NOT EXISTS task (
    nth INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT,
    rank INTEGER NOT NULL, grants TEXT NOT NULL, urgent INTEGER NOT NULL, first INTEGER NOT NULL,
    waits INTEGER NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0,
    UNIQUE (target, key)
)"""
LET_GO = 2
"""`leaving` of a target on which nobody works here any more; 1: it is to be let go."""
SCHEMA = (
    _SITE,
    "INSERT OR IGNORE INTO site VALUES (1, 0, 0, 0, NULL)",
    _TARGET,
    _TASK,
    "CREATE INDEX IF NOT EXISTS task_due ON task (target, done, due)",
    "CREATE INDEX IF NOT EXISTS task_urgent ON task (target, due) WHERE urgent AND done = 0",
    *kept_outbox.SCHEMA,
)

# As the hub's own `MAY_GO`; and past a target's term only what takes rights away goes out.
_MAY_GO = """
task.done = 0 AND ((task.body IS NULL AND task.rank > 0) OR target.term > :now)
AND NOT (task.waits AND (SELECT unsettled FROM site))"""
# As the hub's own order: urgent first, then what is to go (descending rank), then what is to come (ascending rank).
_ORDER = """
ORDER BY task.urgent DESC, task.body IS NULL DESC, CASE WHEN task.body IS NULL THEN -task.rank ELSE task.rank END,
task.nth LIMIT :most"""
_TO_DO = "SELECT task.* FROM task JOIN target ON target.id = task.target WHERE "
_TO_DO += f"task.target = :target AND target.leaving = 0 AND task.due <= :now AND {_MAY_GO}"
_DIFFERENCES, _URGENT_DIFFERENCES = f"{_TO_DO} {_ORDER}", f"{_TO_DO} AND task.urgent {_ORDER}"
_FIRST = "(SELECT min(task.due) FROM task WHERE task.target = target.id AND "
_ALL = "SELECT id, {first}), {first} AND task.urgent), read_at, rests FROM target WHERE leaving = 0"
_SOME_TARGETS = _ALL.format(first=_FIRST + _MAY_GO)
# Where all of them may go, an index has the answer.
_TARGETS = _ALL.format(first=_FIRST + "task.done = 0")
_ONE_TARGET = f"{_TARGETS} AND id = ?"
_ALL_MAY_GO = """
SELECT NOT (SELECT unsettled FROM site) AND NOT EXISTS (SELECT 1 FROM target WHERE leaving = 0 AND term <= :now)"""
_HAVE = "SELECT id, upto FROM target WHERE upto IS NOT NULL"


# One statement: row by row, a thread that shares the interpreter with a busy loop waits for its turn at each.
_TOLD = """
SELECT task.nth FROM json_each(:told) AS told CROSS JOIN task
WHERE task.target = :target AND task.key = json_extract(told.value, '$[0]')
AND task.revision = json_extract(told.value, '$[1]')"""
_DO = f"UPDATE task SET done = 1 WHERE nth IN ({_TOLD} AND task.done = 0)"  # noqa: S608 - put together of constants
_TAKE = f"DELETE FROM task WHERE nth IN ({_TOLD} AND task.done = 1)"  # noqa: S608 - as above


class Waiting(NamedTuple):
    """When a target has work: `first` any task that may go, `urgent` an urgent one, `read_at` a reading; None: none. It
    rests until `rests`."""

    id: str
    first: float | None
    urgent: float | None
    read_at: float | None
    rests: float

    def due(self, *, urgent_only: bool) -> float | None:
        """From when there is work; None where there is none."""
        first, read_at = (self.urgent, None) if urgent_only else (self.first, self.read_at)
        if first is None or (read_at is not None and read_at < first):
            first = read_at
        return None if first is None else max(first, self.rests)


@dataclass(frozen=True, slots=True)
class Own:
    """A target of this gateway."""

    kind: str
    settings: Mapping[str, Json]
    epoch: int
    fingerprint: Fingerprint | None
    trouble: str | None


def asked(tx: Connection, most: int) -> Asked:
    """What to ask the hub with."""
    have = {id_: _upto(upto) for id_, upto in tx.execute(_HAVE)}
    return Asked(era=tx.execute("SELECT era FROM site").fetchone()[0], have=have, most=most)


def newest(tx: Connection) -> float:
    """The latest instant that this gateway has ever known: a clock that was put back lengthens no term."""
    return tx.execute("SELECT newest FROM site").fetchone()[0]


def let_go(tx: Connection, id_: str) -> None:
    """Forget a target, and all that is kept for it."""
    tx.execute("DELETE FROM target WHERE id = ?", (id_,))
    tx.execute("DELETE FROM task WHERE target = ?", (id_,))
    kept_outbox.forget_target(tx, id_)


def all_may_go(tx: Connection, now: float) -> bool:
    """Whether no task waits for a term or for an era to be settled."""
    return bool(tx.execute(_ALL_MAY_GO, {"now": now}).fetchone()[0])


def waiting(tx: Connection) -> list[Waiting]:
    """The targets that may be worked, where all tasks may go."""
    return [Waiting(*row) for row in tx.execute(_TARGETS)]


def waiting_of(tx: Connection, targets: Collection[str]) -> dict[str, Waiting]:
    """Those of these targets, where all tasks may go."""
    found = (tx.execute(_ONE_TARGET, (id_,)).fetchone() for id_ in targets)
    return {row[0]: Waiting(*row) for row in found if row is not None}


def waiting_restrained(tx: Connection, now: float) -> list[Waiting]:
    """The targets that may be worked, where some tasks may not go."""
    return [Waiting(*row) for row in tx.execute(_SOME_TARGETS, {"now": now})]


def own(tx: Connection, id_: str) -> Own | None:
    """One target; None where it is not this gateway's."""
    query = "SELECT kind, settings, epoch, identity, counter, trouble FROM target WHERE id = ?"
    found = tx.execute(query, (id_,)).fetchone()
    if found is None:
        return None
    kind, settings, epoch, identity, counter, trouble = found
    return Own(kind, settings_of(settings), epoch, _fingerprint(identity, counter), trouble)


def zones(tx: Connection) -> set[str]:
    """The time zones of the targets."""
    return {zone for (zone,) in tx.execute("SELECT DISTINCT zone FROM target")}


def pin_key(tx: Connection) -> bytes | None:
    """The key by which PINs are compared; None where no target needs it."""
    (found,) = tx.execute("SELECT pin_key FROM site").fetchone()
    return None if found is None else bytes.fromhex(found)


def of_kind(tx: Connection, kind: str) -> list[tuple[str, dict[str, Json], str, float]]:
    """Id, settings, time zone and term of each target of a kind; none of those that were let go."""
    query = "SELECT id, settings, zone, term FROM target WHERE kind = ? AND leaving < ? ORDER BY id"
    found = tx.execute(query, (kind, LET_GO))
    return [(id_, json.loads(settings), zone, term) for id_, settings, zone, term in found]


def leaving(tx: Connection) -> dict[str, int]:
    """The targets that are to be let go, each with its epoch, of which nothing is said to the hub yet."""
    return dict(tx.execute("SELECT id, epoch FROM target WHERE leaving = 1").fetchall())


def parted(tx: Connection, message: Letting) -> None:
    """Nobody works a target here any more, and the hub is to be told so, after all else."""
    tx.execute("UPDATE target SET leaving = ? WHERE id = ?", (LET_GO, message.target))
    kept_outbox.put(tx, kept_outbox.HANDED, message.target, message.epoch, message)


def epochs(tx: Connection) -> dict[str, int]:
    """The epoch of each target's assignment."""
    return dict(tx.execute("SELECT id, epoch FROM target").fetchall())


def differences(tx: Connection, id_: str, now: float, most: int, *, urgent_only: bool) -> list[Task]:
    """What may be done on a target now, in the order in which it must be. Nothing more on one that is to be let go."""
    statement = _URGENT_DIFFERENCES if urgent_only else _DIFFERENCES
    return [
        Task(
            row["key"],
            row["revision"],
            row["body"],
            row["rank"],
            tuple(json.loads(row["grants"])),
            bool(row["urgent"]),
            bool(row["first"]),
        )
        for row in _rows(tx, statement, {"target": id_, "now": now, "most": most})
    ]


def noted(tx: Connection, id_: str, reports: Sequence[Report], now: float) -> None:
    """Note how tasks went. One whose revision is not what is wanted by now clears nothing."""
    # Kept until the hub has taken the outcome: what it tells until then is older news of the same.
    done = [(report.key, report.revision) for report in reports if isinstance(report.outcome, Done)]
    if done:
        tx.execute(_DO, {"target": id_, "told": json.dumps(done)})
    for report in reports:
        if isinstance(report.outcome, Done):
            continue
        row = tx.execute(
            "SELECT attempts FROM task WHERE target = ? AND key = ? AND revision = ? AND done = 0",
            (id_, report.key, report.revision),
        ).fetchone()
        if row is not None and (waits := _waits(report, row[0])) is not None:
            wait_s, attempts = waits
            tx.execute(
                "UPDATE task SET due = ?, attempts = ? WHERE target = ? AND key = ?",
                (now + wait_s, attempts, id_, report.key),
            )


def taken(tx: Connection, id_: str, done: Collection[tuple[str, int]]) -> None:
    """The hub has taken the outcomes of these keys and revisions."""
    tx.execute(_TAKE, {"target": id_, "told": json.dumps(list(done))})


def reopen(tx: Connection, id_: str, key: str, now: float) -> None:
    """The hub cannot take this outcome: it is done again, after a while."""
    tx.execute("UPDATE task SET done = 0, due = ? WHERE target = ? AND key = ?", (now + REFUSED_AGAIN_S, id_, key))


def met(tx: Connection, id_: str, fingerprint: Fingerprint, now: float, *, back: bool) -> None:
    """Note who answered; where it was out of reach before, its tasks that waited are due."""
    tx.execute(
        "UPDATE target SET identity = ?, counter = ? WHERE id = ?", (fingerprint.identity, fingerprint.counter, id_)
    )
    if back:
        due_again(tx, id_, now)


def due_again(tx: Connection, id_: str, now: float) -> None:
    """Something there answers again: what was tried before is due."""
    tx.execute("UPDATE task SET due = ?, attempts = 0 WHERE target = ? AND attempts > 0", (now, id_))


def end_terms(tx: Connection) -> None:
    """From now on only what takes rights away goes out, until the hub renews the terms."""
    tx.execute("UPDATE target SET term = 0")


def rouse(tx: Connection, targets: Collection[str]) -> None:
    """End the rest of these targets."""
    tx.executemany("UPDATE target SET rests = 0 WHERE id = ?", [(id_,) for id_ in targets])


def read_next(tx: Connection, id_: str, at: float | None) -> None:
    """When to read on; None where that is for the hub to say."""
    tx.execute("UPDATE target SET read_at = ? WHERE id = ?", (at, id_))


def rest(tx: Connection, id_: str, now: float, unreachable: str | None, parked: str | None) -> None:
    """How a visit ended, and how long its target rests after it."""
    if unreachable is None:
        rests = 0.0 if parked is None else now + PARKED_S
        tx.execute("UPDATE target SET trouble = ?, attempts = 0, rests = ? WHERE id = ?", (parked, rests, id_))
        return
    (attempts,) = tx.execute("SELECT attempts FROM target WHERE id = ?", (id_,)).fetchone()
    urgent = tx.execute("SELECT 1 FROM task WHERE target = ? AND urgent AND done = 0 LIMIT 1", (id_,)).fetchone()
    wait_s = reach_s(attempts, urgent=urgent is not None)
    tx.execute(
        "UPDATE target SET trouble = ?, attempts = attempts + 1, rests = ? WHERE id = ?",
        (unreachable, now + wait_s, id_),
    )


def _waits(report: Report, attempts: int) -> tuple[float, int] | None:
    """How long a task waits after an outcome, and the tries noted; None where its whole target waits instead."""
    outcome = report.outcome
    if not isinstance(outcome, Later):
        return REFUSED_AGAIN_S, attempts + 1
    if outcome.unreachable:
        return None
    return later_s(outcome, attempts)


@lru_cache(maxsize=4096)
def settings_of(text: str) -> Mapping[str, Json]:
    """A target's settings as they are kept. Nobody changes what is handed out here."""
    return json.loads(text)


@lru_cache(maxsize=4096)
def _upto(text: str) -> Upto:
    return Upto.model_validate_json(text)


def _fingerprint(identity: str | None, counter: int | None) -> Fingerprint | None:
    return None if identity is None else Fingerprint(identity, counter or 0)


def _rows(tx: Connection, statement: str, told: Mapping[str, object]) -> list[Row]:
    cursor = tx.cursor()
    cursor.row_factory = Row
    return cursor.execute(statement, told).fetchall()
