"""The story's rows. Nothing here changes or deletes an event; a position is given once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import Executable

from provisioning.nouns.told import Checkpoint, Event
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import checkpoint, event, lease

READ_AT_ONCE = 2_000
PLACES_MAX = 1 << 62
"""More than a story ever has, and a number that every database can compare."""

_EVENT = select(
    event.c.id, event.c.at, event.c.kind, event.c.actor, event.c.person, event.c.target, event.c.trace,
    event.c.body, event.c.leaf, event.c.position,
)  # fmt: skip
_WITHIN = (event.c.position >= bindparam("start"), event.c.position < bindparam("stop"))
_SEALED = Query(_EVENT.where(*_WITHIN).order_by(event.c.position).limit(READ_AT_ONCE))
_LEAVES = Query(select(event.c.position, event.c.leaf).where(*_WITHIN).order_by(event.c.position).limit(READ_AT_ONCE))
_LAST = Query(select(func.coalesce(func.max(event.c.id), 0).label("id")))
_EVENT_COLUMNS = ("at", "kind", "actor", "person", "target", "trace", "body", "leaf")
_ADD = Bulk(insert(event), ("id", *_EVENT_COLUMNS))
_PLACE = Bulk(
    update(event).where(event.c.id == bindparam("row"), event.c.position.is_(None)).values(position=bindparam("to")),
    ("row", "to"),
)
_CHECKPOINT = select(checkpoint.c.size, checkpoint.c.root, checkpoint.c.at, checkpoint.c.note)


def add_events(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write rows in one statement; their ids, in order."""
    if not rows:
        return []
    # There is one writer, so ids can be given out here: a bulk that asked for them back would cost four times as much.
    first = _LAST.all(tx)[0].id + 1
    _ADD.run(tx, ((id_, *(row[name] for name in _EVENT_COLUMNS)) for id_, row in enumerate(rows, first)))
    return list(range(first, first + len(rows)))


def event_of(tx: Tx, event_id: int) -> Event | None:
    """One event by id."""
    row = tx.run(_EVENT.where(event.c.id == event_id)).first()
    return _event(row) if row else None


def event_at(tx: Tx, position: int) -> Event | None:
    """The event at a place in the tree."""
    row = tx.run(_EVENT.where(event.c.position == position)).first()
    return _event(row) if row else None


def recent(tx: Tx, limit: int, before: int | None = None) -> list[Event]:
    """The last sealed events, newest first; those at positions below `before` where it is given."""
    query = _EVENT.where(event.c.position.is_not(None))
    if before is not None:
        query = query.where(event.c.position < before)
    return _events(tx, query.order_by(event.c.position.desc()).limit(limit))


def after(tx: Tx, position: int, limit: int) -> list[Event]:
    """Sealed events at positions above this one, in order: for feeds."""
    return _events(tx, _EVENT.where(event.c.position > position).order_by(event.c.position).limit(limit))


def of_trace(tx: Tx, trace: str, limit: int) -> list[Event]:
    """The first events that bear a trace, such as a notice's id, in the order in which they were written."""
    return _events(tx, _EVENT.where(event.c.trace == trace).order_by(event.c.id).limit(limit))


def of_person(tx: Tx, person: str, limit: int) -> list[Event]:
    """The last events about a person, newest first."""
    return _events(tx, _EVENT.where(event.c.person == person).order_by(event.c.id.desc()).limit(limit))


def sealed(tx: Tx, start: int, stop: int | None = None) -> Iterator[Event]:
    """Sealed events at positions from `start` up to `stop` (exclusive), in order, some at a time."""
    return (_event(row) for row in _within(tx, _SEALED, start, stop))


def leaves(tx: Tx, start: int, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Positions and leaf hashes from `start` up to `stop` (exclusive), in order, some at a time."""
    return _within(tx, _LEAVES, start, stop)


def unsealed(tx: Tx, after_id: int, limit: int) -> list[Event]:
    """Events that have no position yet, in the order of their ids."""
    query = _EVENT.where(event.c.position.is_(None), event.c.id > after_id)
    return _events(tx, query.order_by(event.c.id).limit(limit))


def unsealed_ids(tx: Tx, limit: int) -> list[int]:
    """The ids of events that have no position yet, in order."""
    return list(
        tx.run(select(event.c.id).where(event.c.position.is_(None)).order_by(event.c.id).limit(limit)).scalars()
    )


def size(tx: Tx) -> int:
    """One past the last position."""
    last = tx.run(select(func.max(event.c.position))).scalar()
    return 0 if last is None else last + 1


def place(tx: Tx, positions: Mapping[int, int]) -> None:
    """Give events, by id, their positions."""
    _PLACE.run(tx, positions.items())


def last_checkpoint(tx: Tx) -> Checkpoint | None:
    """The newest checkpoint."""
    row = tx.run(_CHECKPOINT.order_by(checkpoint.c.size.desc()).limit(1)).first()
    return _checkpoint(row) if row else None


def checkpoint_before(tx: Tx, size: int) -> Checkpoint | None:
    """The newest checkpoint of fewer leaves."""
    row = tx.run(_CHECKPOINT.where(checkpoint.c.size < size).order_by(checkpoint.c.size.desc()).limit(1)).first()
    return _checkpoint(row) if row else None


def checkpoint_from(tx: Tx, size_min: int) -> Checkpoint | None:
    """The first checkpoint of at least so many leaves."""
    row = tx.run(_CHECKPOINT.where(checkpoint.c.size >= size_min).order_by(checkpoint.c.size).limit(1)).first()
    return _checkpoint(row) if row else None


def checkpoints(tx: Tx, size_min: int = 0) -> Iterator[Checkpoint]:
    """Checkpoints of at least so many leaves, in order, some at a time."""
    while True:
        query = _CHECKPOINT.where(checkpoint.c.size >= size_min).order_by(checkpoint.c.size).limit(READ_AT_ONCE)
        rows = tx.run(query).all()
        yield from map(_checkpoint, rows)
        if len(rows) < READ_AT_ONCE:
            return
        size_min = rows[-1].size + 1


def last_checkpoint_to(tx: Tx, size_max: int) -> Checkpoint | None:
    """The newest checkpoint of at most so many leaves."""
    return checkpoint_before(tx, size_max + 1)


def first_gap(tx: Tx) -> int | None:
    """The first place whose event was lost in a restore; None where none was."""
    if tx.run(select(func.count(event.c.position))).scalar_one() == size(tx):
        return None
    following = event.alias()
    joined = select(event.c.position).where(
        event.c.position.is_not(None),
        event.c.position < size(tx) - 1,
        ~select(following.c.id).where(following.c.position == event.c.position + 1).exists(),
    )
    gap = tx.run(joined.order_by(event.c.position).limit(1)).scalar()
    return 0 if gap is None else gap + 1


def add_checkpoint(tx: Tx, made: Checkpoint) -> None:
    """Keep a checkpoint."""
    tx.run(insert(checkpoint).values(size=made.size, root=made.root, at=made.at, note=made.note))


def take_lease(tx: Tx, name: str, owner: str, until: datetime) -> bool:
    """Take or renew a lease that is one's own or has run out; whether it is ours until then."""
    free = (lease.c.owner == owner) | (lease.c.until <= tx.now)
    if tx.run(update(lease).where(lease.c.name == name, free).values(owner=owner, until=until)).rowcount:
        return True
    try:
        with tx.aside():
            tx.run(insert(lease).values(name=name, owner=owner, until=until))
    except IntegrityError:
        return False
    return True


def drop_lease(tx: Tx, name: str, owner: str) -> None:
    """Give a lease back before it has run out."""
    tx.run(update(lease).where(lease.c.name == name, lease.c.owner == owner).values(until=tx.now))


def _events(tx: Tx, query: Executable) -> list[Event]:
    return [_event(row) for row in tx.run(query)]


def _event(row: Sequence[Any]) -> Event:
    return Event(*row)


def _within(tx: Tx, query: Query, start: int, stop: int | None) -> Iterator[Any]:
    while True:
        rows = query.all(tx, start=start, stop=PLACES_MAX if stop is None else stop)
        yield from rows
        if len(rows) < READ_AT_ONCE:
            return
        start = rows[-1].position + 1


def _checkpoint(row: Sequence[Any]) -> Checkpoint:
    return Checkpoint(*row)
