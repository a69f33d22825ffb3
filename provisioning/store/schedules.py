"""Queries: what the schedules of the campus are made of, and the numbers that targets keep them by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update

from connectors.contract import Json
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import record, schedule

_IN_FORCE = Query(select(schedule).where(schedule.c.ended.is_(None)).order_by(schedule.c.first))


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """Content of a schedule under the numbers from `first` on, as many as it has parts; `ended` None: in force."""

    row: int
    id: str
    first: int
    parts: int
    content: Mapping[str, Any]
    at: datetime
    ended: datetime | None


def in_force(tx: Tx) -> list[ScheduleRow]:
    """The content in force, by number."""
    return [ScheduleRow(*row) for row in _IN_FORCE.all(tx)]


def all_contents(tx: Tx) -> list[ScheduleRow]:
    """Every content that ever was, by number."""
    return [ScheduleRow(**row) for row in tx.rows(select(schedule).order_by(schedule.c.first))]


def add_content(tx: Tx, id_: str, first: int, parts: int, content: Mapping[str, Json]) -> None:
    """Put content of a schedule in force."""
    values = {"id": id_, "first": first, "parts": parts, "content": dict(content), "at": tx.now}
    tx.run(insert(schedule).values(values))


def end_contents(tx: Tx, rows: Iterable[int]) -> None:
    """Put contents out of force."""
    tx.run(update(schedule).where(schedule.c.row.in_(list(rows))).values(ended=tx.now))


def keys_in_use(tx: Tx, keys: Sequence[str]) -> set[str]:
    """Those of these keys under which anything is wanted, under way or held, on any target."""
    busy = or_(record.c.wanted.is_not(None), record.c.dirty, record.c.held.is_not(None))
    found = select(record.c.key).where(record.c.key.in_(list(keys)), busy).distinct()
    return {row.key for row in tx.run(found)}
