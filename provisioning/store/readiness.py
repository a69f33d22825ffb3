"""Queries: how far the campus is, in a few figures; and which openings came before their proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)

from provisioning.nouns.answers import Overview
from provisioning.nouns.people import CardState
from provisioning.store.engine import Tx
from provisioning.store.tables import (
    alarm,
    allotment,
    batch,
    credential,
    event,
    grant,
    person,
    record,
    revocation,
    target,
)
from provisioning.store.tables.kinds import MICROSECOND

OPERATOR = "operator"
AT_ONCE = timedelta(minutes=2)
"""Within this long of its opening a record that could not be put down ahead is wanted, whatever the hub is busy with."""
TOLD_LATE_GRACE = timedelta(seconds=60)
"""What was told only when it was to be open already is late once delivery had this long."""
RECEIPTS_MAX = 8
"""More cards than anybody has on one target."""


def _later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The later of two instants, in every database; the first where there is no other."""
    return case((other > one, other), else_=one)


_LET_IN = (
    select(revocation.c.person, func.max(revocation.c.lifted).label("lifted"))
    .where(revocation.c.lifted.is_not(None))
    .group_by(revocation.c.person)
    .subquery()
)
# Nothing can be put down for somebody before they have the unit, or the card and are not suspended by security: until then
# it waits for a hand, not for us.
_TOLD = _later(_later(_later(grant.c.recorded, allotment.c.held), credential.c.created), _LET_IN.c.lifted)
_SINCE = _later(_TOLD, grant.c.opens)
_SINCE_SOON = type_coerce(_SINCE, BigInteger) + literal(AT_ONCE // MICROSECOND, BigInteger)
_GRACE_ENDS = type_coerce(_TOLD, BigInteger) + literal(TOLD_LATE_GRACE // MICROSECOND, BigInteger)
_NAMED = type_coerce(record.c.grants, Text).contains(grant.c.id)
# The one unit that answers the grant, where it asks for one; and the card that a panel or a lock is to know.
_UNIT = and_(allotment.c.stay == grant.c.stay, allotment.c.ask == grant.c.resource, allotment.c.ended.is_(None))
_NUMBER = cast(credential.c.number, Text)
_CARD = and_(
    credential.c.person == record.c.holder,
    credential.c.state == CardState.ACTIVE.value,
    or_(record.c.key == literal("card:").concat(_NUMBER), record.c.key.like(literal("lock:%/").concat(_NUMBER))),
)
_OPENINGS = (
    select(
        record.c.holder,
        person.c.no,
        grant.c.id.label("grant"),
        grant.c.resource,
        record.c.target,
        record.c.key,
        _SINCE.label("since"),
        record.c.proved,
        record.c.receipt,
        func.coalesce(record.c.refused, record.c.reason).label("reason"),
    )
    .join_from(record, grant, and_(grant.c.person == record.c.holder, _NAMED))
    .join(person, person.c.id == record.c.holder)
    .outerjoin(allotment, _UNIT)
    .outerjoin(credential, _CARD)
    .outerjoin(_LET_IN, _LET_IN.c.person == credential.c.person)
)
_OUTSTANDING = select(func.count()).select_from(record).where(record.c.dirty == true())


@dataclass(frozen=True, slots=True)
class Opening:
    """One grant on one record of one target, which came into force before that record was proved. `since` is the later of
    when it was to open and when it could first be put down: it was told of, and there was the unit, or the card, that it
    needs, in the hands of somebody who is not suspended; `receipt` the event that proves the record, where one does."""

    holder: str
    no: str
    grant: str
    resource: str
    target: str
    key: str
    since: datetime
    proved: datetime | None
    receipt: int | None
    reason: str | None


def openings_not_proved(tx: Tx, limit: int) -> list[Opening]:
    """Openings whose time has come on records that are not proved, and have not been since; those due longest first."""
    owing = (record.c.dirty == true(), record.c.wanted.is_not(None))
    in_force = (
        grant.c.ended.is_(None),
        grant.c.opens <= tx.now,
        or_(grant.c.closes.is_(None), grant.c.closes > tx.now),
    )
    grace = or_(grant.c.opens > _TOLD, tx.now - TOLD_LATE_GRACE >= _TOLD)
    not_since = or_(record.c.proved.is_(None), record.c.proved < _SINCE)
    query = (
        _OPENINGS.where(*owing, *in_force, grace, not_since)
        .order_by(_SINCE, record.c.target, record.c.key)
        .limit(limit)
    )
    return [_opening(row, proved=None) for row in tx.run(query)]


def openings_proved(tx: Tx, after: datetime, limit: int) -> list[Opening]:
    """Openings on records that were proved after this instant, and later than they were to be; the latest proofs first.

    What could be put down ahead was proved before, and is left out; an operator's hours never can be.
    """
    proved = (record.c.dirty.is_(False), record.c.wanted.is_not(None), record.c.proved >= after)
    late = (
        record.c.proved > _SINCE,
        or_(grant.c.closes.is_(None), grant.c.closes > _SINCE),
        or_(grant.c.opens > _TOLD, type_coerce(record.c.proved, BigInteger) > _GRACE_ENDS),
    )
    earlier = exists().where(
        event.c.person == record.c.holder,
        event.c.target == record.c.target,
        event.c.kind == "record.proved",
        event.c.at >= _TOLD,
        event.c.id < record.c.receipt,
    )
    changed_then = and_(record.c.changed >= _SINCE, type_coerce(record.c.changed, BigInteger) <= _SINCE_SOON)
    could_not_be_ahead = or_(grant.c.rule == OPERATOR, changed_then, ~earlier)
    query = _OPENINGS.where(*proved, *late, could_not_be_ahead).order_by(
        record.c.proved.desc(), record.c.target, record.c.key
    )
    return [_opening(row, proved=row.proved) for row in tx.run(query.limit(limit))]


def receipt_before(tx: Tx, each: Opening) -> bytes | None:
    """The last receipt of an opening's record before the one that proves it, as it was told; None where there is none, or
    where the record was proved gone."""
    query = select(event.c.kind, event.c.body).where(
        event.c.person == each.holder,
        event.c.target == each.target,
        event.c.kind.in_(("record.proved", "record.gone")),
    )
    if each.receipt is not None and each.proved is not None:
        query = query.where(event.c.id < each.receipt)
    named = f'"key":"{each.key}"'.encode()
    for row in tx.run(query.order_by(event.c.id.desc()).limit(RECEIPTS_MAX)):
        if named in row.body:
            return row.body if row.kind == "record.proved" else None
    return None


def held_bodies(tx: Tx, of: str) -> list[str]:
    """What a target was last seen to hold, each different body once."""
    held = (record.c.target == of, record.c.known == true(), record.c.held.is_not(None))
    return list(tx.run(select(record.c.held).where(*held).distinct()).scalars())


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


def _opening(row: Row[Any], proved: datetime | None) -> Opening:
    return Opening(
        row.holder, row.no, row.grant, row.resource, row.target, row.key, row.since, proved, row.receipt, row.reason
    )
