"""Alarms: open until acknowledged, and kept afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from provisioning.nouns.told import Alarm, Level
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import alarm

_ALARM = select(
    alarm.c.id, alarm.c.kind, alarm.c.target, alarm.c.person, alarm.c.at, alarm.c.template, alarm.c.fields,
    alarm.c.acknowledged_by, alarm.c.acknowledged, alarm.c.level, alarm.c.told, alarm.c.due, alarm.c.note,
)  # fmt: skip
_LEVEL_AT = Alarm.__slots__.index("level")
_OPEN = alarm.c.acknowledged.is_(None)
_KEPT = ("id", "kind", "target", "person", "at", "template", "fields", "level", "told", "due", "sameness")
_ADD = Bulk(insert(alarm), _KEPT)
_ACKNOWLEDGE = Bulk(
    update(alarm)
    .where(alarm.c.id == bindparam("at_id"), _OPEN)
    .values(acknowledged_by=bindparam("by"), acknowledged=bindparam("now"), note=bindparam("said"), due=None),
    ("at_id", "by", "now", "said"),
)
_TELL_AGAIN = Bulk(
    update(alarm)
    .where(alarm.c.id == bindparam("at_id"))
    .values(level=bindparam("new_level"), told=bindparam("times"), due=bindparam("next")),
    ("at_id", "new_level", "times", "next"),
)
_ALIKE = Query(select(alarm.c.id).where(alarm.c.sameness == bindparam("same"), _OPEN))
_BY_ID = Query(_ALARM.where(alarm.c.id == bindparam("at_id")))
_DUE = Query(_ALARM.where(alarm.c.due <= bindparam("now")).order_by(alarm.c.due).limit(bindparam("most")))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alarms are asked for; None asks for any. `level` is the least."""

    open_only: bool = True
    level: int | None = None
    kind: str | None = None
    target: str | None = None


def add_alarm(tx: Tx, raised: Alarm, sameness: bytes) -> None:
    """Keep an alarm; `sameness` is one for all that would say the same, of which one may be open."""
    who = (raised.id, raised.kind, raised.target, raised.person)
    said = (raised.at, raised.template, dict(raised.fields))
    _ADD.run(tx, [(*who, *said, raised.level, raised.told, raised.due, sameness)])


def open_alike(tx: Tx, sameness: bytes) -> str | None:
    """The id of the open alarm that says the same."""
    found = _ALIKE.first(tx, same=sameness)
    return None if found is None else found.id


def alarm_of(tx: Tx, alarm_id: str) -> Alarm | None:
    """One alarm by id."""
    row = _BY_ID.first(tx, at_id=alarm_id)
    return _alarm(row) if row else None


def mark_acknowledged(tx: Tx, alarm_id: str, by: str, note: str | None) -> bool:
    """Acknowledge an open alarm; whether it was open."""
    return _ACKNOWLEDGE.run(tx, [(alarm_id, by, tx.now, note)]) > 0


def due_alarms(tx: Tx, limit: int) -> list[Alarm]:
    """Those that are to be told again by now, the longest due first."""
    return [_alarm(row) for row in _DUE.all(tx, now=tx.now, most=limit)]


def tell_again(tx: Tx, told: Sequence[tuple[str, Level, int, datetime | None]]) -> None:
    """Note of alarms, by id, their level, how often they were told, and when they are due again."""
    _TELL_AGAIN.run(tx, told)


def alarms(tx: Tx, limit: int, which: Filter) -> list[Alarm]:
    """The newest alarms first."""
    query = _ALARM.where(_OPEN) if which.open_only else _ALARM
    if which.level is not None:
        query = query.where(alarm.c.level >= which.level)
    if which.kind is not None:
        # A kind names all that begin with it, up to a dot: `drift` is every drift.
        query = query.where((alarm.c.kind == which.kind) | alarm.c.kind.startswith(f"{which.kind}.", autoescape=True))
    if which.target is not None:
        query = query.where(alarm.c.target == which.target)
    return [_alarm(row) for row in tx.run(query.order_by(alarm.c.at.desc(), alarm.c.id).limit(limit))]


def open_count(tx: Tx) -> int:
    """How many alarms wait for somebody."""
    return tx.run(select(func.count()).select_from(alarm).where(_OPEN)).scalar_one()


def _alarm(row: Sequence[Any]) -> Alarm:
    values = list(row)
    values[_LEVEL_AT] = Level(values[_LEVEL_AT])
    return Alarm(*values)
