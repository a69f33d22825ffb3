"""Rows of batches and notices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, and_, bindparam, insert, or_, select, update

from provisioning.nouns.people import Batch, Notice, NoticeKind, Standing
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.tables import batch, notice

_COLUMNS = tuple(notice.c.keys())
_CHANGING = ("person", "stay", "content", "sealed", "standing", "reason", "hold")
_IN_ORDER = attrgetter(*Notice.__slots__)
_SEALED = Notice.__slots__.index("sealed")
_ADD_NOTICES = Bulk(insert(notice), Notice.__slots__)
_CHANGE_NOTICES = Bulk(
    update(notice)
    .where(notice.c.id == bindparam("at_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING}),
    ("at_id", *(f"new_{name}" for name in _CHANGING)),
)

_BATCH = tuple(batch.c.keys())
_ADD_BATCH = Bulk(insert(batch), _BATCH)
_TAKEN = Query(select(notice).where(among(notice.c.id)))
_WAITING = Query(
    select(notice)
    .where(notice.c.hold == bindparam("in_hold"), notice.c.standing == Standing.HELD.value)
    .order_by(notice.c.told, notice.c.id)
)
_TOLD_OF = Query(select(notice).where(among(notice.c.person)).order_by(notice.c.at, notice.c.id))


def taken_notices(tx: Tx, ids: Iterable[str]) -> dict[str, Notice]:
    """Those of these notices that were taken before, by id."""
    return {row.id: notice_of(row) for row in _TAKEN.among(tx, ids)}


def add_notices(tx: Tx, notices: Sequence[Notice], sealed: Mapping[str, bytes]) -> None:
    """Notices that are being taken; `sealed` is what is personal in each, by its id."""
    rows = ((_IN_ORDER(one), sealed.get(one.id)) for one in notices)
    _ADD_NOTICES.run(tx, ((*row[:_SEALED], personal, *row[_SEALED + 1 :]) for row, personal in rows))


def change_notices(tx: Tx, notices: Sequence[Notice]) -> None:
    """Put what became of notices that were kept before, and to whom they belong; what they said stays."""
    _CHANGE_NOTICES.run(tx, map(attrgetter("id", *_CHANGING), notices))


def notices_of(tx: Tx, persons: Iterable[str]) -> dict[str, list[Notice]]:
    """All that was ever told of these persons, by person."""
    found: dict[str, list[Notice]] = {}
    for row in _TOLD_OF.among(tx, persons):
        found.setdefault(row.person, []).append(notice_of(row))
    return found


def notices_held(tx: Tx, hold: str) -> list[Notice]:
    """The notices that wait in a hold, in the order of their telling."""
    return [notice_of(row) for row in _WAITING.all(tx, in_hold=hold)]


def list_notices(
    tx: Tx, person: str | None, standing: Standing | None, limit: int, after: str | None
) -> tuple[Notice, ...]:
    """Notices that came by themselves, the last taken first, from behind the one with the id `after` on."""
    query = select(notice).where(notice.c.source.is_not(None))
    if person is not None:
        query = query.where(notice.c.person == person)
    if standing is not None:
        query = query.where(notice.c.standing == standing.value)
    if after is not None:
        last = select(notice.c.at, notice.c.id).where(notice.c.id == after).subquery()
        query = query.join(last, or_(notice.c.at < last.c.at, and_(notice.c.at == last.c.at, notice.c.id < last.c.id)))
    rows = tx.run(query.order_by(notice.c.at.desc(), notice.c.id.desc()).limit(limit))
    return tuple(notice_of(row) for row in rows)


def notice_of(row: Row[Any]) -> Notice:
    """A row of the notices as a value."""
    told = dict(zip(_COLUMNS, row, strict=True))
    return Notice(**told | {"kind": NoticeKind(row.kind), "standing": Standing(row.standing)})


def add_batch(tx: Tx, one: Batch) -> None:
    """A sheet that is being taken; its notices come after it."""
    _ADD_BATCH.run(tx, [tuple(getattr(one, name) for name in _BATCH)])


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
