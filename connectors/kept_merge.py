"""How a gateway far from the hub takes in what the hub tells of its targets, and of what is to be done there. Functions on
an open `KeptFile`, as those of `connectors.kept_work`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import NamedTuple

from connectors import kept_outbox
from connectors.kept_work import LET_GO, let_go, rouse, settings_of
from connectors.messages import Listed, TargetTold, TaskTold

TERM_S_LEAST = 1.0
"""A term that moved by less than this is as it was: how long a list takes on its way is never twice the same."""


class _Before(NamedTuple):
    """What the hub tells of a target, as it is kept."""

    id: str
    kind: str
    settings: str
    zone: str
    epoch: int
    upto: str | None
    term: float
    leaving: int
    read_at: float | None


_TARGET_VALUES = _Before._fields
_BEFORE = "SELECT " + ", ".join(_TARGET_VALUES) + " FROM target"  # noqa: S608 - put together of constants
_UPDATE = "UPDATE target SET " + ", ".join(f"{name} = :{name}" for name in _TARGET_VALUES) + " WHERE id = :id"  # noqa: S608 - put together of constants
_PLACES = ", ".join(f":{name}" for name in _TARGET_VALUES)
_INSERT = "INSERT INTO target (" + ", ".join(_TARGET_VALUES)
_INSERT += f", identity, counter) VALUES ({_PLACES}, :identity, :counter)"

# One statement for many rows, as in `kept_work`.
_PLACE = "task.target = json_extract(told.value, '$[0]') AND task.key = json_extract(told.value, '$[1]')"
_KNOWN = f"""
SELECT task.target, task.key, task.revision, task.urgent, task.done FROM json_each(?) AS told CROSS JOIN task
WHERE {_PLACE}"""  # noqa: S608 - put together of constants
_DROP = f"DELETE FROM task WHERE nth IN (SELECT task.nth FROM json_each(?) AS told CROSS JOIN task WHERE {_PLACE})"  # noqa: S608 - as above
_SAME = """
UPDATE task SET rank = ?, grants = ?, urgent = ?, waits = ?, due = CASE WHEN ? THEN ? ELSE due END
WHERE target = ? AND key = ?"""
_TASK_VALUES = ("target", "key", "revision", "body", "rank", "grants", "urgent", "first", "waits", "due")
_TASK_PLACES = ", ".join(f"json_extract(value, '$[{nth}]')" for nth in range(len(_TASK_VALUES)))
_PUT = f"INSERT OR REPLACE INTO task ({', '.join(_TASK_VALUES)}) SELECT {_TASK_PLACES} FROM json_each(?)"  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Merged:
    """What an answer of the hub changed: where something urgent came up, whose work is another's now, of which targets
    anything is other than before, whether the hub is to be asked again for what it left out."""

    hastened: frozenset[str]
    lost: frozenset[str]
    changed: frozenset[str]
    again: bool


def merge(tx: Connection, listed: Listed, now: float, *, hold: bool = False) -> Merged:
    """Take in what the hub tells; where there is no room (`hold`) only what takes rights away, and the rest again later."""
    known, unsettled = tx.execute("SELECT era, unsettled FROM site").fetchone()
    lost = set(listed.gone)
    if known != listed.era:
        # Revisions of another era name other contents: nothing that was to be done or told then is so now.
        lost |= {id_ for (id_,) in tx.execute("SELECT id FROM target")}
        tx.execute("DELETE FROM task")
        tx.execute("DELETE FROM target")
        kept_outbox.forget_records(tx)
    if (known, unsettled) != (listed.era, int(listed.unsettled)):
        tx.execute("UPDATE site SET era = ?, unsettled = ?", (listed.era, listed.unsettled))
    tx.execute("UPDATE site SET newest = max(newest, ?), pin_key = ?", (now, listed.pin_key))
    for id_ in listed.gone:
        let_go(tx, id_)
    off_s = now - listed.now.timestamp()
    before = {row[0]: _Before(*row) for row in tx.execute(_BEFORE)}
    changed = set(lost)
    anew: set[str] = set()
    for told in listed.targets:
        kept = before.get(told.id)
        if kept is not None and kept.epoch != told.epoch:
            # What is kept of it is worthless, since it was another's meanwhile: the hub is asked anew.
            let_go(tx, told.id)
            anew.add(told.id)
            kept = None
        if _merge_target(tx, told, kept, off_s, now, anew=told.id in anew, hold=hold):
            changed.add(told.id)
    tasks = [told for told in listed.tasks if told.target not in anew and not (hold and told.dirty and told.body)]
    hastened = _merge_tasks(tx, tasks, off_s, now)
    changed.update(told.target for told in tasks)
    # What is urgent goes past every back-off.
    rouse(tx, hastened)
    return Merged(frozenset(hastened), frozenset(lost | anew), frozenset(changed), listed.more or bool(anew))


def _merge_target(
    tx: Connection, told: TargetTold, known: _Before | None, off_s: float, now: float, *, anew: bool, hold: bool
) -> bool:
    """Put what is told of a target; whether that says anything new of it. Most lists tell of most targets what was known."""
    read_at = None if known is None else known.read_at
    upto = None if anew else told.upto.model_dump_json()
    if hold:
        upto = None if known is None else known.upto
    if told.read_due and read_at is None and not kept_outbox.holds(tx, kept_outbox.READING, told.id):
        read_at = now
    elif not told.read_due and read_at is not None and read_at > now:
        # What is due already is read all the same: this gateway may want it itself, as it does at its start.
        read_at = None
    term = told.term_until.timestamp() + off_s
    if known is not None and abs(term - known.term) < TERM_S_LEAST:
        term = known.term
    same = known is not None and settings_of(known.settings) == told.settings
    settings = known.settings if known is not None and same else json.dumps(told.settings)
    leaving = int(told.leaving)
    if known is not None and known.leaving == LET_GO:
        leaving = LET_GO if told.leaving else _kept_after_all(tx, told.id)
    put = _Before(told.id, told.kind, settings, told.zone, told.epoch, upto, term, leaving, read_at)
    if put == known:
        return False
    if known is not None:
        tx.execute(_UPDATE, put._asdict())
        return True
    fingerprint = told.fingerprint
    who = (None, None) if fingerprint is None else (fingerprint.identity, fingerprint.counter)
    tx.execute(_INSERT, put._asdict() | {"identity": who[0], "counter": who[1]})
    return True


def _kept_after_all(tx: Connection, id_: str) -> int:
    """The hub has thought better of it before it heard that the target was let go."""
    kept_outbox.forget(tx, kept_outbox.HANDED, id_)
    return 0


def _merge_tasks(tx: Connection, tasks: Sequence[TaskTold], off_s: float, now: float) -> set[str]:
    """Put what is told of records; the targets at which something urgent came up."""
    places = json.dumps([(told.target, told.key) for told in tasks])
    known = {(target, key): rest for target, key, *rest in tx.execute(_KNOWN, (places,))}
    hastened: set[str] = set()
    over: list[tuple[str, str]] = []
    new: list[tuple[object, ...]] = []
    for told in tasks:
        revision, urgent, done = known.get((told.target, told.key), (None, False, False))
        if not told.dirty:
            over.append((told.target, told.key))
        elif revision == told.revision:
            hurries = told.urgent and not urgent and not done
            values = (told.rank, json.dumps(told.grants), told.urgent, told.waits, hurries, now, told.target, told.key)
            tx.execute(_SAME, values)
            if hurries:
                hastened.add(told.target)
        else:
            due = now if told.due is None else max(now, told.due.timestamp() + off_s)
            new.append((told.target, told.key, told.revision, told.body, told.rank, told.grants, told.urgent,
                        told.first, told.waits, due))  # fmt: skip
            if told.urgent:
                hastened.add(told.target)
    if over:
        tx.execute(_DROP, (json.dumps(over),))
    if new:
        tx.execute(_PUT, (json.dumps(new),))
    return hastened
