"""Queries: who has which seat or flat, who waits for one, and which are closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from json import loads
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, func, insert, literal, or_, select, update

from provisioning.nouns.units import Allotment, AllotmentState, Closure
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.query import Query, among
from provisioning.store.tables import allotment, closure, person, stay

_FIELDS = Allotment.__slots__
_CHANGED = tuple(name for name in _FIELDS if name not in ("id", "kind", "stay", "ask"))
_ADD = Bulk(insert(allotment), _FIELDS)
_CHANGE = Bulk(
    update(allotment)
    .where(allotment.c.id == bindparam("at_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED}),
    ("at_id", *(f"new_{name}" for name in _CHANGED)),
)
_STATE = _FIELDS.index("state")
_STANDS = allotment.c.ended.is_(None)
_PLACED = allotment.c.unit.is_not(None)
_NOBODY_MOVED = "[]"
_MOVES = cast(stay.c.moves, Text)
_KIND = bindparam("kind")
_TAKEN = select(func.aggregate_strings(allotment.c.unit, " ")).where(allotment.c.kind == _KIND, _STANDS, _PLACED)
_CLOSED = select(func.aggregate_strings(closure.c.unit, " ")).where(closure.c.kind == _KIND, closure.c.ended.is_(None))
_NOT_VACANT = Query(select(_TAKEN.scalar_subquery(), _CLOSED.scalar_subquery()))
# From few departments' stays to their units; an outer join, so that no planner begins with all units. By its ask, an
# allotment is found through its stay: to a planner that has counted nothing, its kind would look as rare.
_THEIRS = and_(allotment.c.stay == stay.c.id, allotment.c.ask.like(bindparam("asks")), _STANDS)
_OCCUPANTS = Query(
    select(stay.c.department, _MOVES.label("moves"), func.aggregate_strings(allotment.c.unit, " ").label("held"))
    .join_from(stay, allotment, _THEIRS, isouter=True)
    .where(or_(among(stay.c.department), _MOVES != _NOBODY_MOVED))
    .group_by(stay.c.department, _MOVES)
)
_FIELD = tuple(allotment.c[name] for name in _FIELDS)
_EVERY = select(*_FIELD, person.c.no).join_from(allotment, person, person.c.id == allotment.c.person).where(_STANDS)
# Whoever has no unit waits for one; the index knows them by that.
_QUEUE = (
    _EVERY.where(
        allotment.c.kind == _KIND, allotment.c.unit.is_(None), allotment.c.state == literal(AllotmentState.QUEUED.value)
    )
    .order_by(allotment.c.lapses, allotment.c.points.desc(), allotment.c.asked, person.c.no)
    .limit(bindparam("limit"))
)
_QUEUE_ALL, _QUEUE_FOR = Query(_QUEUE), Query(_QUEUE.where(allotment.c.ask == bindparam("ask")))
_OVER = and_(
    allotment.c.state == literal(AllotmentState.OFFERED.value),
    allotment.c.offered_until <= bindparam("now", type_=allotment.c.offered_until.type),
)
_WAITS = Query(
    select(allotment.c.id)
    .where(_STANDS, or_(allotment.c.state == literal(AllotmentState.QUEUED.value), _OVER))
    .limit(literal(1))
)
_OF_PERSONS = Query(select(*_FIELD).where(among(allotment.c.person)))
_OF_STAYS = Query(select(*_FIELD).where(_STANDS, among(allotment.c.stay)))


@dataclass(frozen=True, slots=True)
class Placed:
    """An allotment that stands, and the staff number of whose it is."""

    allotment: Allotment
    no: str


def allotments_of(tx: Tx, persons: Iterable[str], stays: Iterable[str] = ()) -> list[Allotment]:
    """Every allotment that these persons ever had, and those that stand for these stays, the oldest first."""
    found: dict[str, Allotment] = {}
    for row in (*_OF_PERSONS.among(tx, persons), *_OF_STAYS.among(tx, stays)):
        found[row.id] = _allotment(row)
    return sorted(found.values(), key=lambda one: (one.at, one.id))


def placed(
    tx: Tx,
    kind: str,
    *,
    units: Iterable[str] | None = None,
    persons: Iterable[str] | None = None,
    state: AllotmentState | None = None,
) -> list[Placed]:
    """The standing allotments of a kind, each with its staff number, by unit: of these units or persons, in that state,
    where it is said."""
    query = _placed(kind)
    if state is not None:
        query = query.where(allotment.c.state == state.value)
    for column, values in ((allotment.c.unit, units), (allotment.c.person, persons)):
        if values is not None:
            wanted = [query.where(column.in_(part)) for part in parts(values)]
            return [_placed_row(row) for one in wanted for row in tx.run(one.order_by(allotment.c.unit))]
    return [_placed_row(row) for row in tx.run(query.order_by(allotment.c.unit, person.c.no))]


def queue(tx: Tx, kind: str, limit: int, ask: str | None = None) -> list[Placed]:
    """Who waits for a unit: who let no offer pass before who did; by points, the most first; then by when they asked; then
    by staff number."""
    rows = (
        _QUEUE_ALL.all(tx, kind=kind, limit=limit)
        if ask is None
        else _QUEUE_FOR.all(tx, kind=kind, limit=limit, ask=ask)
    )
    return [_placed_row(row) for row in rows]


def asks_queued(tx: Tx, kind: str) -> list[str]:
    """What is asked for by somebody who waits, such as `flat:one-room`."""
    waits = (allotment.c.kind == kind, _STANDS, allotment.c.state == AllotmentState.QUEUED.value)
    return [row.ask for row in tx.run(select(allotment.c.ask).where(*waits).distinct().order_by(allotment.c.ask))]


def expired(tx: Tx, limit: int) -> list[Placed]:
    """Offers whose time is over, the longest first."""
    query = _EVERY.where(allotment.c.state == AllotmentState.OFFERED.value, allotment.c.offered_until <= tx.now)
    order = (allotment.c.offered_until, person.c.no)
    return [_placed_row(row) for row in tx.run(query.order_by(*order).limit(limit))]


def anybody_waits(tx: Tx) -> bool:
    """Whether somebody is queued, or an offer is over."""
    return _WAITS.first(tx, now=tx.now) is not None


def occupants(tx: Tx, kind: str, departments: Iterable[str], day: date) -> dict[str, list[str]]:
    """The units of those who are of these departments on a day, by department."""
    found: dict[str, list[str]] = {department: [] for department in departments}
    told = day.isoformat()
    for first, moves, held in _OCCUPANTS.among(tx, list(found), asks=f"{kind}:%"):
        department = first if moves == _NOBODY_MOVED else _department(first, moves, told)
        if held is not None and department in found:
            found[department] += held.split(" ")
    return found


def not_vacant(tx: Tx, kind: str) -> list[str]:
    """The units that nobody may be given: somebody holds them or is offered them, or they are closed, or both."""
    # Thousands of units: the database puts them together faster than rows are handed over.
    return [unit for told in _NOT_VACANT.all(tx, kind=kind)[0] if told for unit in told.split(" ")]


def closures(tx: Tx, kind: str, unit: str | None = None) -> dict[str, Closure]:
    """What keeps units from being given, by unit."""
    query = select(closure).where(closure.c.kind == kind, closure.c.ended.is_(None))
    rows = tx.rows(query if unit is None else query.where(closure.c.unit == unit))
    return {row["unit"]: Closure(**row) for row in rows}


def add_allotments(tx: Tx, rows: Iterable[Allotment]) -> None:
    """Put new ones."""
    _ADD.run(tx, map(attrgetter(*_FIELDS), rows))


def change_allotments(tx: Tx, rows: Iterable[Allotment]) -> None:
    """Put what became of these."""
    _CHANGE.run(tx, map(attrgetter("id", *_CHANGED), rows))


def add_closure(tx: Tx, one: Closure) -> None:
    """Close a unit."""
    tx.run(insert(closure), [{name: getattr(one, name) for name in Closure.__slots__}])


def end_closure(tx: Tx, at: str) -> None:
    """A unit may be given again from now on."""
    tx.run(update(closure).where(closure.c.id == at).values(ended=tx.now))


def history(tx: Tx, kind: str, unit: str, limit: int) -> list[Placed]:
    """Whose a unit is and was, the latest first."""
    query = select(*_FIELD, person.c.no).join_from(allotment, person, person.c.id == allotment.c.person)
    query = query.where(allotment.c.kind == kind, allotment.c.unit == unit)
    order = (allotment.c.ended.is_not(None), allotment.c.ended.desc(), allotment.c.at.desc(), allotment.c.id)
    return [_placed_row(row) for row in tx.run(query.order_by(*order).limit(limit))]


def numbers(tx: Tx, persons: Sequence[str]) -> Mapping[str, str]:
    """Staff numbers, by person."""
    return {
        row.id: row.no
        for part in parts(persons)
        for row in tx.run(select(person.c.id, person.c.no).where(person.c.id.in_(part)))
    }


def _placed(kind: str) -> Select[*tuple[Any, ...]]:
    return _EVERY.where(allotment.c.kind == kind)


def _department(first: str, moves: str, day: str) -> str:
    moved = [department for begins, department, *_ in loads(moves) if begins <= day]
    return moved[-1] if moved else first


def _placed_row(row: Any) -> Placed:
    return Placed(_allotment(row), row.no)


def _allotment(row: Any) -> Allotment:
    told = list(row[: len(_FIELDS)])
    told[_STATE] = AllotmentState(told[_STATE])
    return Allotment(*told)
