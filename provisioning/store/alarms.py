"""Alarms: open until acknowledged, and kept afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from provisioning.nouns.told import Alarm
from provisioning.store.engine import Tx
from provisioning.store.tables import alarm

_ALARM = select(
    alarm.c.id, alarm.c.kind, alarm.c.target, alarm.c.person, alarm.c.at, alarm.c.template, alarm.c.fields,
    alarm.c.acknowledged_by, alarm.c.acknowledged,
)  # fmt: skip
_OPEN = alarm.c.acknowledged.is_(None)


def add_alarm(tx: Tx, raised: Alarm, sameness: bytes) -> None:
    """Keep an alarm; `sameness` is one for all that would say the same, of which one may be open."""
    tx.run(
        insert(alarm).values(
            id=raised.id,
            kind=raised.kind,
            target=raised.target,
            person=raised.person,
            at=raised.at,
            template=raised.template,
            fields=dict(raised.fields),
            sameness=sameness,
        )
    )


def open_alike(tx: Tx, sameness: bytes) -> str | None:
    """The id of the open alarm that says the same."""
    return tx.run(select(alarm.c.id).where(alarm.c.sameness == sameness, _OPEN)).scalar()


def alarm_of(tx: Tx, alarm_id: str) -> Alarm | None:
    """One alarm by id."""
    row = tx.run(_ALARM.where(alarm.c.id == alarm_id)).first()
    return _alarm(row) if row else None


def mark_acknowledged(tx: Tx, alarm_id: str, by: str) -> bool:
    """Acknowledge an open alarm; whether it was open."""
    statement = update(alarm).where(alarm.c.id == alarm_id, _OPEN).values(acknowledged_by=by, acknowledged=tx.now)
    return tx.run(statement).rowcount > 0


def alarms(tx: Tx, limit: int, *, open_only: bool) -> list[Alarm]:
    """The newest alarms first."""
    query = _ALARM.where(_OPEN) if open_only else _ALARM
    return [_alarm(row) for row in tx.run(query.order_by(alarm.c.at.desc(), alarm.c.id).limit(limit))]


def open_count(tx: Tx) -> int:
    """How many alarms wait for somebody."""
    return tx.run(select(func.count()).select_from(alarm).where(_OPEN)).scalar_one()


def _alarm(row: Sequence[Any]) -> Alarm:
    return Alarm(*row)
