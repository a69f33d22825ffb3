"""Queries: who has which seat or flat, who waits for one, and which are closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from json import loads
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, func, insert, or_, select, update

from provisioning.nouns.units import Allotment, AllotmentState, Closure
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
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
_STANDS = allotment.c.ended.is_(None)
_NOBODY_MOVED = "[]"
_MOVES = cast(stay.c.moves, Text)
# Built once: putting a statement together costs more than running it.
_OCCUPANTS = (
    select(stay.c.department, _MOVES, func.aggregate_strings(allotment.c.unit, " "))
    .join_from(allotment, stay, stay.c.id == allotment.c.stay)
    .where(allotment.c.kind == bindparam("kind"), _STANDS, allotment.c.unit.is_not(None))
    .group_by(stay.c.department, _MOVES)
)
_CLOSED = select(closure.c.unit).where(closure.c.kind == bindparam("kind"), closure.c.ended.is_(None))
_EVERY = select(allotment, person.c.no).join_from(allotment, person, person.c.id == allotment.c.person).where(_STANDS)
_QUEUE = (
    _EVERY.where(allotment.c.kind == bindparam("kind"), allotment.c.state == AllotmentState.QUEUED.value)
    .order_by(allotment.c.points.desc(), allotment.c.asked, person.c.no)
    .limit(bindparam("limit"))
)
_QUEUE_FOR = _QUEUE.where(allotment.c.ask == bindparam("ask"))
_OF_PERSONS = select(allotment).where(allotment.c.person.in_(bindparam("persons", expanding=True)))
_OF_STAYS = select(allotment).where(_STANDS, allotment.c.stay.in_(bindparam("stays", expanding=True)))


@dataclass(frozen=True, slots=True)
class Placed:
    """An allotment that stands, and the staff number of whose it is."""

    allotment: Allotment
    no: str


def allotments_of(tx: Tx, persons: Iterable[str], stays: Iterable[str] = ()) -> list[Allotment]:
    """Every allotment that these persons ever had, and those that stand for these stays, the oldest first."""
    found: dict[str, Allotment] = {}
    for part in parts(persons):
        found |= {row.id: _allotment(row) for row in tx.run(_OF_PERSONS, {"persons": part})}
    for part in parts(stays):
        found |= {row.id: _allotment(row) for row in tx.run(_OF_STAYS, {"stays": part})}
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
    """Who waits for a unit: by points, the most first; then by when they asked; then by staff number."""
    values: dict[str, str | int] = {"kind": kind, "limit": limit}
    if ask is not None:
        values["ask"] = ask
    return [_placed_row(row) for row in tx.run(_QUEUE if ask is None else _QUEUE_FOR, values)]


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
    over = (allotment.c.state == AllotmentState.OFFERED.value) & (allotment.c.offered_until <= tx.now)
    waits = or_(allotment.c.state == AllotmentState.QUEUED.value, over)
    return tx.run(select(allotment.c.id).where(_STANDS, waits).limit(1)).first() is not None


def occupants(tx: Tx, kind: str, day: date) -> list[tuple[str, str]]:
    """Each unit that is taken, and the department of its holder on a day."""
    found: list[tuple[str, str]] = []
    told = day.isoformat()
    # Thousands of units, but few departments: the database puts them together faster than rows are handed over.
    for first, moves, held in tx.tuples(_OCCUPANTS, {"kind": kind}):
        department = first if moves == _NOBODY_MOVED else _department(first, moves, told)
        found += [(unit, department) for unit in held.split(" ")]
    return found


def taken(tx: Tx, kind: str) -> set[str]:
    """The units that somebody holds or is offered."""
    query = select(allotment.c.unit).where(allotment.c.kind == kind, _STANDS, allotment.c.unit.is_not(None))
    return set(tx.run(query).scalars())


def closed_units(tx: Tx, kind: str) -> set[str]:
    """The units that nobody may be given."""
    return set(tx.run(_CLOSED, {"kind": kind}).scalars())


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
    query = select(allotment, person.c.no).join_from(allotment, person, person.c.id == allotment.c.person)
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


def _placed(kind: str) -> Select[Any]:
    return _EVERY.where(allotment.c.kind == kind)


def _department(first: str, moves: str, day: str) -> str:
    moved = [department for begins, department, *_ in loads(moves) if begins <= day]
    return moved[-1] if moved else first


def _placed_row(row: Any) -> Placed:
    return Placed(_allotment(row), row.no)


def _allotment(row: Any) -> Allotment:
    told = [getattr(row, name) for name in _FIELDS]
    told[_FIELDS.index("state")] = AllotmentState(row.state)
    return Allotment(*told)
