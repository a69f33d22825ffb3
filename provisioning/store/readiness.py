"""Queries: how far the campus is, in a few figures."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, func, select, true

from provisioning.nouns.answers import Overview
from provisioning.store.engine import Tx
from provisioning.store.tables import alarm, batch, person, record, target

_OUTSTANDING = select(func.count()).select_from(record).where(record.c.dirty == true())


def batch_exists(tx: Tx, id_: str) -> bool:
    """Whether there is a batch of this id."""
    return tx.run(select(batch.c.id).where(batch.c.id == id_)).first() is not None


def outstanding(tx: Tx) -> int:
    """How many records are not as wanted."""
    return tx.run(_OUTSTANDING).scalar_one()


def overview(tx: Tx) -> Overview:
    """The whole campus in a few figures."""
    wanted, dirty = record.c.wanted.is_not(None), record.c.dirty == true()
    under_way = and_(wanted, dirty, record.c.refused.is_(None), record.c.sent.is_not(None))
    figures = {
        "wanted": _count(wanted),
        "proved": _count(and_(wanted, record.c.dirty.is_(False))),
        "sent": _count(under_way),
        "refused": _count(and_(dirty, record.c.refused.is_not(None))),
        "going": _count(and_(record.c.wanted.is_(None), dirty)),
    }
    reach = {
        "targets": _count(target.c.active),
        "unreachable": _count(and_(target.c.active, target.c.unreachable.is_not(None))),
    }
    return Overview(
        people=tx.run(select(func.count()).select_from(person)).scalar_one(),
        alarms=tx.run(select(func.count()).select_from(alarm).where(alarm.c.acknowledged.is_(None))).scalar_one(),
        **tx.rows(select(*(column.label(name) for name, column in reach.items())))[0],
        **tx.rows(select(*(column.label(name) for name, column in figures.items())))[0],
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
