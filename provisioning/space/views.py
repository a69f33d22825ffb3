"""How seats and flats stand: whose each is, which are vacant, which are closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioning.campus.file import Block, Campus, Office
from provisioning.nouns.people import Move
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.units import AllotmentState
from provisioning.space.asks import UnitKind, units_of
from provisioning.space.seating import placement
from provisioning.store import units
from provisioning.store.engine import Tx
from provisioning.store.units import Placed

HISTORY_MAX = 50
QUEUE_MAX = 5_000


class UnitState(StrEnum):
    """How a unit stands. One that is closed may still be in somebody's hands."""

    VACANT = "vacant"
    OFFERED = "offered"
    HELD = "held"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit: its office or block, and whose it is since when; `until` bounds an offer, `reason` says why it is
    closed. `works` is where the holder of a seat works today, if that is not where the seat is: a move of department
    leaves everybody in their seat until somebody moves them."""

    unit: str
    place: Office | Block
    state: UnitState
    no: str | None
    since: datetime | None
    until: datetime | None
    reason: str | None
    works: Move | None = None


def views(
    tx: Tx, campus: Campus, kind: UnitKind, places: frozenset[str] | None = None, *, vacant_only: bool = False
) -> list[UnitView]:
    """The units of a kind in the order of the campus file: of these offices or blocks, where they are named. Raises
    `NotFound` for an office or block that there is not."""
    known = campus.offices if kind is UnitKind.SEAT else campus.blocks
    for place in sorted(places or ()):
        if place not in known:
            what = "office" if kind is UnitKind.SEAT else "block of flats"
            raise NotFound(what=what, name=place, where=f"foyer {kind.value} list")
    wanted = {unit: place for unit, place in units_of(campus, kind).items() if places is None or place.id in places}
    given = {one.allotment.unit: one for one in units.placed(tx, kind, units=wanted)}
    closed = units.closures(tx, kind)
    works = _elsewhere(tx, campus, given.values())
    found = [
        _view(unit, place, given.get(unit), closed[unit].reason if unit in closed else None, works.get(unit))
        for unit, place in wanted.items()
    ]
    return [one for one in found if not vacant_only or one.state is UnitState.VACANT]


def view(tx: Tx, campus: Campus, kind: UnitKind, unit: str) -> UnitView:
    """One unit. Raises `NotFound`."""
    place = units_of(campus, kind).get(unit)
    if place is None:
        raise NotFound(what=kind.value, name=unit, where=f"foyer {kind.value} list")
    given = units.placed(tx, kind, units=[unit])
    closure = units.closures(tx, kind, unit).get(unit)
    works = _elsewhere(tx, campus, given)
    return _view(unit, place, given[0] if given else None, closure.reason if closure else None, works.get(unit))


def history(tx: Tx, kind: UnitKind, unit: str) -> list[Placed]:
    """Whose a unit is and was, the latest first, `HISTORY_MAX` at most."""
    return units.history(tx, kind, unit, HISTORY_MAX)


def queue(tx: Tx, kind: UnitKind) -> list[Placed]:
    """Who waits, the first in the queue first, `QUEUE_MAX` at most."""
    return units.queue(tx, kind, QUEUE_MAX)


def offers(tx: Tx) -> list[Placed]:
    """The flats that are offered, by flat."""
    return units.placed(tx, UnitKind.FLAT, state=AllotmentState.OFFERED)


def _elsewhere(tx: Tx, campus: Campus, given: Iterable[Placed]) -> dict[str, Move]:
    """Where those work who sit in an office of another department, unless it is above theirs, or of another area."""
    rows = [
        one.allotment for one in given if one.allotment.kind == UnitKind.SEAT and one.allotment.unit in campus.seats
    ]
    works = placement(tx, campus, {row.stay: row.person for row in rows})
    found: dict[str, Move] = {}
    for row in rows:
        office, work = campus.seats[row.unit or ""], works[row.stay]
        owned = office.department in (None, *campus.lineage(work.department))
        if not owned or office.area != work.area:
            found[row.unit or ""] = work
    return found


def _view(unit: str, place: Office | Block, given: Placed | None, reason: str | None, works: Move | None) -> UnitView:
    row = None if given is None else given.allotment
    if reason is not None:
        state = UnitState.CLOSED
    elif row is None:
        state = UnitState.VACANT
    else:
        state = UnitState.HELD if row.state is AllotmentState.HELD else UnitState.OFFERED
    no = None if given is None else given.no
    since = None if row is None else row.held or row.at
    return UnitView(unit, place, state, no, since, None if row is None else row.offered_until, reason, works)
