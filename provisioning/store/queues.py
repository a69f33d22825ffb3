"""Queries of the queue: how long work waits, by the indexes of what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, true

from provisioning.store.delivery import MAY_GO
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import Instant, alarm, record, target

_BEFORE = bindparam("before", type_=Instant)
_WORK = (record.c.target == target.c.id, record.c.dirty == true(), MAY_GO)
# A target out of reach has an alarm of its own; what it owes waits for it, not it for a gateway.
_LATE = Query(
    select(target.c.id).where(
        target.c.unreachable.is_(None), select(record.c.key).where(*_WORK, record.c.due <= _BEFORE).exists()
    )
)
_FREE = target.c.lease.is_(None) | (target.c.lease <= bindparam("now", type_=Instant))
# A gateway of its own claims nothing; one that is silent has an alarm of its own.
_OWN = target.c.gateway.is_(None) & target.c.heir.is_(None)
_UNCLAIMED = Query(select(target.c.id).where(target.c.due <= _BEFORE, _FREE, _OWN).limit(1))
_DUE = Query(
    select(func.count())
    .select_from(target.join(record, record.c.target == target.c.id))
    .where(target.c.unreachable.is_(None), record.c.dirty == true(), record.c.due <= _BEFORE, MAY_GO)
)


def late_targets(tx: Tx, before: datetime) -> list[str]:
    """The targets in reach that owe something which has been due since before then."""
    return [row.id for row in _LATE.all(tx, before=before)]


def unclaimed(tx: Tx, before: datetime) -> bool:
    """Whether a target has been due since before then without anybody working on it."""
    return _UNCLAIMED.first(tx, before=before, now=tx.now) is not None


def due_count(tx: Tx) -> int:
    """How many records are due on targets in reach."""
    row = _DUE.first(tx, before=tx.now)
    return 0 if row is None else row[0]


def standing(tx: Tx, kinds: Sequence[str]) -> set[tuple[str, str | None]]:
    """Which alarms of these kinds are open, and for which target."""
    statement = select(alarm.c.kind, alarm.c.target).where(alarm.c.acknowledged.is_(None), alarm.c.kind.in_(kinds))
    return {(row.kind, row.target) for row in tx.run(statement)}
