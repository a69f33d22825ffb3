"""Queries in two times: what was to hold at an instant, by what the hub had been told by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select

from provisioning.nouns.asof import Held, Moment
from provisioning.nouns.told import Event
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.tables import allotment, campus_version, event, grant, person

RECEIPTS = ("record.proved", "record.gone")
DRIFTS = ("drift.foreign", "drift.altered", "drift.missing")


def held_at(
    tx: Tx, moment: Moment, *, resources: Sequence[str] = (), persons: Sequence[str] = (), after: str = "", limit: int
) -> list[Held]:
    """The rights of these persons (or of anybody) on these resources (or any), by staff number from behind `after` on;
    at most `limit`."""
    believed, holds = _believed(moment.at), _holds(moment)
    asked: list[ColumnElement[bool]] = [or_(believed, holds), person.c.no > after]
    if resources:
        asked.append(grant.c.resource.in_(resources))
    if persons:
        asked.append(grant.c.person.in_(persons))
    columns = (
        person.c.no, grant.c.person, grant.c.id, grant.c.resource, allotment.c.unit, grant.c.rule, grant.c.version,
        grant.c.clause, grant.c.opens, grant.c.closes, grant.c.recorded, grant.c.ended, grant.c.ended_by,
        case((believed, 1), else_=0), case((holds, 1), else_=0),
    )  # fmt: skip
    # The person is named since that is what finds a past allotment; a stay and what it asks find only present ones.
    same = (allotment.c.person == grant.c.person, allotment.c.stay == grant.c.stay)
    given = and_(*same, allotment.c.ask == grant.c.resource, _had(moment.at))
    query = (
        select(*columns)
        .select_from(grant.join(person, person.c.id == grant.c.person).outerjoin(allotment, given))
        .where(*asked)
        .order_by(person.c.no, grant.c.resource, grant.c.recorded, grant.c.id)
        .limit(limit)
    )
    return [_held(row) for row in tx.tuples(query)]


def asks_of_unit(tx: Tx, kind: str, unit: str, at: datetime) -> list[tuple[str, str]]:
    """(person, ask) of whoever had a unit at an instant."""
    had = (allotment.c.kind == kind, allotment.c.unit == unit, _had(at))
    return [(who, ask) for who, ask in tx.tuples(select(allotment.c.person, allotment.c.ask).where(*had))]


def ever_granted(tx: Tx, resource: str) -> bool:
    """Whether anybody was ever granted a resource of this name."""
    return tx.run(select(grant.c.id).where(grant.c.resource == resource).limit(1)).first() is not None


def words_of_devices(tx: Tx, persons: Sequence[str], targets: Sequence[str], until: datetime) -> Iterator[Event]:
    """Receipts and drifts of these persons on these targets up to an instant, in the order of the story."""
    columns = (
        event.c.id, event.c.at, event.c.kind, event.c.actor, event.c.person, event.c.target, event.c.trace,
        event.c.body, event.c.leaf, event.c.position,
    )  # fmt: skip
    for some in parts(persons):
        about = (event.c.person.in_(some), event.c.target.in_(targets), event.c.at <= until)
        query = select(*columns).where(*about, event.c.kind.in_((*RECEIPTS, *DRIFTS))).order_by(event.c.id)
        yield from (_event(row) for row in tx.tuples(query))


def campus_at(tx: Tx, at: datetime) -> tuple[int, str] | None:
    """The campus version in force at an instant, and its text; before the first, the first. None where there is none."""
    version = select(campus_version.c.id, campus_version.c.text)
    query = version.where(campus_version.c.at <= at).order_by(campus_version.c.id.desc()).limit(1)
    # What is told of a time before the hub's own is told in the words of its first campus.
    first = version.order_by(campus_version.c.id).limit(1)
    row = tx.run(query).one_or_none() or tx.run(first).one_or_none()
    return None if row is None else (row.id, row.text)


def _event(row: Sequence[Any]) -> Event:
    return Event(*row)


def _believed(at: datetime) -> ColumnElement[bool]:
    """What the hub, at that instant, took to hold at that instant."""
    return and_(
        grant.c.recorded <= at,
        or_(grant.c.ended.is_(None), grant.c.ended > at),
        grant.c.opens <= at,
        or_(grant.c.closes.is_(None), grant.c.closes > at),
    )


def _holds(moment: Moment) -> ColumnElement[bool]:
    """What held at `at`, by all that had been told by `known`."""
    at, known = moment.at, moment.known
    stands = or_(grant.c.ended.is_(None), grant.c.ended > known)
    end = case((stands, grant.c.closes), else_=grant.c.valid_to)
    return and_(grant.c.recorded <= known, grant.c.valid_from <= at, or_(end.is_(None), end > at))


def _had(at: datetime) -> ColumnElement[bool]:
    return and_(allotment.c.held <= at, or_(allotment.c.ended.is_(None), allotment.c.ended > at))


def _held(row: tuple[Any, ...]) -> Held:
    *rest, believed, holds = row
    no, who, id_, *more = rest
    return Held(no, who, id_, *more, believed=bool(believed), holds=bool(holds))
