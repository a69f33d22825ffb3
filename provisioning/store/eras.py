"""Queries: eras, and what the story's tail carries besides events: images of the rows that those events changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, LargeBinary, Row, Table, Update, insert, or_, select, true, update

from connectors.contract import Json
from provisioning.nouns.eras import Era, Image
from provisioning.nouns.told import Event
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.news import GATEWAYS
from provisioning.store.parts import parts
from provisioning.store.query import Query, among
from provisioning.store.rights import DELIVERY
from provisioning.store.tables import (
    EPOCH,
    MICROSECOND,
    Instant,
    Words,
    allotment,
    campus_version,
    condition,
    credential,
    era,
    event,
    gateway,
    grant,
    hold,
    metadata,
    notice,
    operator,
    person,
    person_key,
    record,
    revocation,
    rules_version,
    sender,
    stay,
    target,
)

OPERATORS_RULE = "operator"
"""The rule that a grant names which an operator gave."""

# What a look at targets, records and rights tells changes none of these rows.
_SILENT = ("record.", "drift.", "alarm.", "target.", "grants.", "era.")
# Events of these subjects → the table that is told whole, or only its newest row.
_WHOLE = {"operator.": operator, "sender.": sender, "condition.": condition, "gateway.": gateway}
_NEWEST = {"rules.": rules_version, "campus.": campus_version}
# A secret's digest or seal is of no use to anybody who replays; nor is what a hold shows, which may be long.
_UNTOLD = frozenset({operator.c.token_digest, sender.c.sealed, gateway.c.code_digest, hold.c.plan, hold.c.payload})


def _told(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column not in _UNTOLD]


def _imaged(table: Table, column: Column[Any], *where: ColumnElement[bool]) -> tuple[Table, Query]:
    return table, Query(select(*_told(table)).where(among(column), *where))


_OF_PERSON = (
    _imaged(person, person.c.id),
    _imaged(person_key, person_key.c.person),
    _imaged(stay, stay.c.person),
    _imaged(credential, credential.c.person),
    _imaged(notice, notice.c.person),
    _imaged(revocation, revocation.c.person),
    _imaged(allotment, allotment.c.person),
    _imaged(grant, grant.c.person, grant.c.rule == OPERATORS_RULE),
)
_MERGED, _HELD = _imaged(person, person.c.id), _imaged(hold, hold.c.id)
_ADD_EVENTS = Bulk(
    insert(event), ("id", "at", "kind", "actor", "person", "target", "trace", "body", "leaf", "position")
)


def begin(tx: Tx, backup_at: datetime) -> int:
    """An era begins: nothing is known of what any target holds, and whoever worked there is gone. The era's id."""
    row: dict[str, Any] = {
        "begun": tx.now, "backup_at": backup_at, "whole": False, "differences": {}, "accepted_by": [],
    }  # fmt: skip
    made = tx.run(insert(era).returning(era.c.id), row).scalar_one()
    lost: dict[str, Any] = {
        "known": False, "held": None, "held_revision": 0, "proved": None, "receipt": None, "attempts": 0, "dirty": True,
        "due": tx.now, "refused": None, "reason": None, "sent": None,
    }  # fmt: skip
    # A revision that was given out after the backup must not be given again to something else as the first of its key.
    was = or_(record.c.wanted.is_not(None), record.c.dirty)
    tx.run(update(record).where(was).values(**lost, revision=record.c.revision + 1))
    again = {
        "due": tx.now,
        "read_due": tx.now,
        "owner": None,
        "lease": None,
        "epoch": target.c.epoch + 1,
        "attempts": 0,
    }
    tx.run(update(target).where(target.c.active).values(**again))
    return made


def recovering(tx: Tx) -> Era | None:
    """The era that is not settled yet; None where the house is as it should be."""
    return _first(tx, era.c.settled.is_(None))


def latest(tx: Tx) -> Era | None:
    """The last era, settled or not; None where nothing was ever restored."""
    return _first(tx, true())


def last_short(tx: Tx) -> int:
    """The last era whose tail did not reach the end of the story; 0 where there was none."""
    query = select(era.c.id).where(era.c.whole.is_(False)).order_by(era.c.id.desc()).limit(1)
    return tx.run(query).scalar() or 0


def note_replayed(
    tx: Tx, id_: int, tail_until: datetime | None, differences: Mapping[str, Json], *, whole: bool
) -> None:
    """How far the tail reached, and what was not done again."""
    new = {"tail_until": tail_until, "whole": whole, "differences": dict(differences)}
    tx.run(update(era).where(era.c.id == id_).values(new))


def accept(tx: Tx, id_: int, by: Sequence[str]) -> None:
    """Who has accepted the differences by now."""
    tx.run(update(era).where(era.c.id == id_).values(accepted_by=list(by)))


def settle(tx: Tx, id_: int) -> int:
    """The era is over: whatever is owing anywhere is due now. Returns how many targets have work."""
    tx.run(update(era).where(era.c.id == id_).values(settled=tx.now))
    owing = select(record.c.target).where(record.c.dirty)
    tx.wake(DELIVERY)
    tx.wake(GATEWAYS)
    return tx.run(update(target).where(target.c.id.in_(owing)).values(due=tx.now)).rowcount


def last_event(tx: Tx) -> Event | None:
    """The newest event, sealed or not."""
    row = tx.run(select(event).order_by(event.c.id.desc()).limit(1)).first()
    return None if row is None else Event(**row._asdict())


def leaves_by_id(tx: Tx, ids: Iterable[int]) -> dict[int, bytes]:
    """The leaf hashes of these events, by id."""
    return {
        row.id: row.leaf
        for some in parts(ids)
        for row in tx.run(select(event.c.id, event.c.leaf).where(event.c.id.in_(some)))
    }


def insert_events(tx: Tx, events: Iterable[Event]) -> None:
    """Put events back as they were, places and all."""
    _ADD_EVENTS.run(tx, ([getattr(one, name) for name in Event.__slots__] for one in events))


def images(tx: Tx, events: Sequence[Event]) -> Iterator[Image]:
    """The rows that these events changed, as they are now."""
    told = [one for one in events if not one.kind.startswith(_SILENT)]
    people = [one.person for one in told if one.person is not None]
    for table, query in _OF_PERSON:
        yield from _images(table, query.among(tx, people))
    # Whoever turned out to be somebody else is named inside the event, and so is a hold.
    for (table, query), named in (
        (_MERGED, _named(told, "person.merged", "merged")),
        (_HELD, _named(told, "hold.", "hold")),
    ):
        yield from _images(table, query.among(tx, named))
    for prefix, table in _WHOLE.items():
        if any(one.kind.startswith(prefix) for one in told):
            yield from _images(table, tx.run(select(*_told(table))))
    for prefix, table in _NEWEST.items():
        if any(one.kind.startswith(prefix) for one in told):
            newest = select(table.c.id).order_by(table.c.id.desc()).limit(1).scalar_subquery()
            yield from _images(table, tx.run(select(*_told(table)).where(table.c.id == newest)))


def values_of(image: Image) -> dict[str, Any]:
    """An image's values as the database's columns take them. Raises ValueError, KeyError where it is no row of ours."""
    table = metadata.tables[image.table]
    return {name: _decoded(table.c[name].type, value) for name, value in image.row.items()}


def put_image(tx: Tx, image: Image) -> None:
    """Insert an image as a row."""
    tx.run(insert(metadata.tables[image.table]).values(values_of(image)))


def rows_present(tx: Tx, table: str, ids: Iterable[str]) -> set[str]:
    """Which of these rows are in a table, by its key."""
    (key,) = metadata.tables[table].primary_key.columns
    return {row[0] for some in parts(ids) for row in tx.run(select(key).where(key.in_(some)))}


def read_everything(tx: Tx) -> None:
    """Have every target read in full now, before anything is written there."""
    tx.run(update(target).where(target.c.active).values(due=tx.now, read_due=tx.now))
    tx.wake(DELIVERY)


def persons_with(tx: Tx, table: str, ids: Iterable[str]) -> dict[str, str]:
    """Whose these rows are in the database, by row: it may have two persons who were found to be one after it was
    copied."""
    at = metadata.tables[table]
    return {
        row.id: row.person
        for some in parts(ids)
        for row in tx.run(select(at.c.id, at.c.person).where(at.c.id.in_(some)))
    }


def turn_down_notice(tx: Tx, id_: str) -> int:
    """A notice that waits is turned down; 1 where it waited."""
    return tx.run(_waiting_notice(id_).values(standing="refused")).rowcount


def apply_notice(tx: Tx, id_: str, of: str) -> int:
    """A notice that waits has taken effect on a stay; 1 where it waited."""
    return tx.run(_waiting_notice(id_).values(standing="applied", stay=of, reason=None)).rowcount


def end_allotments(tx: Tx, ids: Iterable[str], by: str) -> int:
    """End those of these allotments that stand; how many."""
    ended = [
        tx.run(
            update(allotment)
            .where(allotment.c.id.in_(some), allotment.c.ended.is_(None))
            .values(ended=tx.now, ended_by=by)
        ).rowcount
        for some in parts(ids)
    ]
    return sum(ended)


def end_senders(tx: Tx, ids: Iterable[str]) -> int:
    """End those of these senders that have not ended; how many."""
    query = update(sender).where(sender.c.ended.is_(None)).values(ended=tx.now)
    return sum(tx.run(query.where(sender.c.id.in_(some))).rowcount for some in parts(ids))


def revoke_gateways(tx: Tx, ids: Iterable[str], by: str) -> int:
    """Revoke those of these gateways that are not; how many."""
    query = update(gateway).where(gateway.c.revoked.is_(None)).values(revoked=tx.now, revoked_by=by)
    return sum(tx.run(query.where(gateway.c.id.in_(some))).rowcount for some in parts(ids))


def wanted_now(tx: Tx, keys: Iterable[str]) -> set[tuple[str, str]]:
    """(target, key) of the records under these keys that something is wanted under."""
    return {
        (row.target, row.key)
        for some in parts(keys)
        for row in tx.run(
            select(record.c.target, record.c.key).where(record.c.key.in_(some), record.c.wanted.is_not(None))
        )
    }


def targets_unread(tx: Tx, since: datetime) -> list[str]:
    """Targets of the campus that were not read in full since an instant."""
    unread = or_(target.c.read.is_(None), target.c.read < since)
    return list(tx.run(select(target.c.id).where(target.c.active, unread).order_by(target.c.id)).scalars())


def held_back(tx: Tx) -> int:
    """How many records wait to be written until the era is settled."""
    query = select(record.c.key).where(record.c.dirty, record.c.wanted.is_not(None))
    return len(tx.run(query).all())


def _waiting_notice(id_: str) -> Update:
    return update(notice).where(notice.c.id == id_, notice.c.standing.in_(["held", "waiting"]))


def _named(told: Iterable[Event], kind: str, name: str) -> set[str]:
    """What events of a kind name under a name."""
    return {str(json.loads(one.body)["data"][name]) for one in told if one.kind.startswith(kind)}


def _images(table: Table, rows: Iterable[Any]) -> Iterator[Image]:
    columns = _told(table)
    for row in rows:
        told = {column.name: _encoded(column.type, value) for column, value in zip(columns, row, strict=True)}
        yield Image(table.name, told)


def _encoded(kind: Any, value: Any) -> Json:
    if value is None:
        return None
    if isinstance(kind, Instant):
        return (value - EPOCH) // MICROSECOND
    if isinstance(kind, Date):
        return value.isoformat()
    if isinstance(kind, LargeBinary):
        return base64.b64encode(value).decode()
    return list(value) if isinstance(kind, Words) else value


def _decoded(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Instant):
        return EPOCH + timedelta(microseconds=value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value, validate=True)
    return tuple(value) if isinstance(kind, Words) else value


def _first(tx: Tx, condition: ColumnElement[bool]) -> Era | None:
    row = tx.run(select(era).where(condition).order_by(era.c.id.desc()).limit(1)).first()
    return None if row is None else _era(row)


def _era(row: Row[Any]) -> Era:
    told = (row.id, row.begun, row.backup_at, row.tail_until, row.whole, row.differences)
    return Era(*told, tuple(row.accepted_by), row.settled)
