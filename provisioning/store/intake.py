"""Rows of batches and notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from provisioning.nouns.people import Batch, Notice, NoticeKind, Standing
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.tables import batch, notice


def taken_notices(tx: Tx, ids: Iterable[str]) -> dict[str, Notice]:
    """Those of these notices that were taken before, by id."""
    return {
        row.id: notice_of(row) for some in parts(ids) for row in tx.run(select(notice).where(notice.c.id.in_(some)))
    }


def add_notices(tx: Tx, notices: Sequence[Notice]) -> None:
    """Notices that are being taken."""
    if notices:
        tx.run(insert(notice), [{column.name: getattr(one, column.name) for column in notice.c} for one in notices])


def notice_of(row: Row[Any]) -> Notice:
    """A row of the notices as a value."""
    told = {column.name: getattr(row, column.name) for column in notice.c}
    return Notice(**told | {"kind": NoticeKind(row.kind), "standing": Standing(row.standing)})


def add_batch(tx: Tx, one: Batch) -> None:
    """A sheet that is being taken; its notices come after it."""
    tx.run(insert(batch).values({column.name: getattr(one, column.name) for column in batch.c}))


def batch_by_digest(tx: Tx, digest: str) -> Batch | None:
    """The latest batch that came from a file with these very bytes."""
    query = select(batch).where(batch.c.digest == digest).order_by(batch.c.at.desc(), batch.c.id.desc()).limit(1)
    row = tx.run(query).one_or_none()
    return None if row is None else _batch(row)


def batch_of(tx: Tx, at: str) -> Batch | None:
    """The batch with this id."""
    row = tx.run(select(batch).where(batch.c.id == at)).one_or_none()
    return None if row is None else _batch(row)


def batches(tx: Tx, limit: int) -> tuple[Batch, ...]:
    """The last batches, newest first."""
    query = select(batch).order_by(batch.c.at.desc(), batch.c.id.desc()).limit(limit)
    return tuple(_batch(row) for row in tx.run(query))


def _batch(row: Row[Any]) -> Batch:
    return Batch(row.id, row.name, row.digest, row.operator, row.at, row.taken, row.same, row.refused)
