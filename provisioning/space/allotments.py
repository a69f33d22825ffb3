"""What operators decide of seats and flats. An operator's word wins over the automatic one, which never moves anybody; of
two operators the first wins, and the second is told who has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.contract import Json
from provisioning.campus.file import Campus
from provisioning.nouns.people import Person
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.nouns.units import Allotment, AllotmentState, Closure
from provisioning.space.asks import UnitKind, kind_of, units_of
from provisioning.space.seating import Seating, placement
from provisioning.space.space import told
from provisioning.store import rights, units
from provisioning.store.engine import Tx
from provisioning.story.story import Story


class UnitRefused(Refusal):
    """This cannot be done. See: foyer {what} list"""

    status = 409


class UnitTaken(UnitRefused):
    """{unit} has been given to staff number {holder}. Choose another; what is vacant: foyer {what} list --vacant"""


class UnitClosed(UnitRefused):
    """{unit} is closed ({reason}). Choose another, or open it first: foyer {what} open {unit}"""


class UnitOpen(UnitRefused):
    """{unit} is not closed. What is closed: foyer {what} list"""


class NoneVacant(UnitRefused):
    """No seat is vacant for staff number {no}. Free or open one first, or have two people change: foyer {what} list"""


class HasAlready(UnitRefused):
    """Staff number {no} has {unit} already. To give them another: foyer {what} move {no} UNIT"""


class HasNone(UnitRefused):
    """Staff number {no} has nothing of the kind that could be taken, moved or given up. See: foyer {what} list"""


class WaitsAlready(UnitRefused):
    """Staff number {no} has asked already, and waits or has got it. See: foyer {what} list"""


class NotEntitled(UnitRefused):
    """No rule entitles staff number {no} to that just now. See which rules say what: foyer why {no}"""


class NoOffer(UnitRefused):
    """No flat is offered to staff number {no} just now. See: foyer flat offers"""


class SameUnit(UnitRefused):
    """Staff numbers {no} and {other} must be two people who have one each. See: foyer {what} list"""


class Allotments:
    """Seats and flats by an operator's hand. Each act returns the rows that it leaves: look again at their persons."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._seating = Seating()

    def allot(self, tx: Tx, campus: Campus, person: Person, unit: str, actor: Actor) -> Allotment:
        """Give a seat to somebody who is entitled to one and has none. One that they have already stays as it is.

        Raises `NotFound`, `UnitTaken`, `UnitClosed`, `HasAlready`, `NotEntitled`.
        """
        kind = UnitKind.SEAT
        mine = _mine(tx, kind, person)
        held = next((row for row in mine if row.state is AllotmentState.HELD), None)
        if held is not None:
            if held.unit == unit:
                return held
            raise HasAlready(what=kind.value, no=person.no, unit=held.unit)
        _vacant(tx, campus, kind, unit)
        if mine:
            row = _held(tx, mine[0], unit, actor)
            units.change_allotments(tx, [row])
        else:
            row = _held(tx, self._anew(tx, kind, person, actor), unit, actor)
            units.add_allotments(tx, [row])
        self._story.tell(tx, told("allotted", row, actor))
        return row

    def move(self, tx: Tx, campus: Campus, person: Person, unit: str | None, actor: Actor) -> Allotment:
        """Give somebody another seat in place of theirs, which is vacant from then on: the one that is nearest to where
        they work now, where none is named; they stay where none is nearer.

        Raises `NotFound`, `UnitTaken`, `UnitClosed`, `HasNone`, `NoneVacant`.
        """
        before = _holding(tx, UnitKind.SEAT, person)
        unit = self._nearest(tx, campus, person, before) if unit is None else unit
        if before.unit == unit:
            return before
        _vacant(tx, campus, UnitKind.SEAT, unit)
        (row,) = self._exchanged(tx, [(before, unit)], actor)
        return row

    def swap(self, tx: Tx, one: Person, other: Person, actor: Actor) -> tuple[Allotment, ...]:
        """Have two people change seats: both give theirs up before either takes the other's. Raises `HasNone`,
        `SameUnit`, `UnitClosed`."""
        if one.id == other.id:
            raise SameUnit(what=UnitKind.SEAT.value, no=one.no, other=other.no)
        first, second = _holding(tx, UnitKind.SEAT, one), _holding(tx, UnitKind.SEAT, other)
        moves = [(first, second.unit or ""), (second, first.unit or "")]
        for _, unit in moves:
            _not_closed(tx, UnitKind.SEAT, unit)
        return self._exchanged(tx, moves, actor)

    def free(self, tx: Tx, kind: UnitKind, person: Person, actor: Actor) -> Allotment:
        """Take a unit from somebody; they get none again until an operator asks for them. Raises `HasNone`."""
        return self._waived(tx, _holding(tx, kind, person), "freed", actor)

    def ask(self, tx: Tx, kind: UnitKind, person: Person, actor: Actor) -> Allotment:
        """Ask anew for somebody whose unit was freed, or who declined one. Raises `WaitsAlready`, `NotEntitled`."""
        if _mine(tx, kind, person):
            raise WaitsAlready(what=kind.value, no=person.no)
        row = self._anew(tx, kind, person, actor)
        units.add_allotments(tx, [row])
        self._story.tell(tx, told("queued", row, actor))
        return row

    def accept(self, tx: Tx, person: Person, actor: Actor) -> Allotment:
        """Take the flat that somebody is offered. Raises `NoOffer`."""
        offer = _offer(tx, person)
        row = _held(tx, offer, offer.unit or "", actor)
        units.change_allotments(tx, [row])
        self._story.tell(tx, told("accepted", row, actor))
        return row

    def decline(self, tx: Tx, person: Person, actor: Actor) -> Allotment:
        """Give up the flat that somebody is offered; they are offered none again until an operator asks for them.
        Raises `NoOffer`."""
        return self._waived(tx, _offer(tx, person), "declined", actor)

    def close(self, tx: Tx, campus: Campus, kind: UnitKind, unit: str, reason: str, actor: Actor) -> Closure:
        """Have nobody given a unit from now on. Whoever holds it keeps it until they are moved; an offer of it is taken
        back, and whoever had it waits where they waited before. Raises `NotFound`, `UnitClosed`."""
        _known(campus, kind, unit)
        _not_closed(tx, kind, unit)
        closure = Closure(tx.ids.new("cls"), kind.value, unit, reason, actor.name, tx.now)
        units.add_closure(tx, closure)
        offered = [
            one.allotment
            for one in units.placed(tx, kind, units=[unit])
            if one.allotment.state is AllotmentState.OFFERED
        ]
        back = [replace(row, unit=None, state=AllotmentState.QUEUED, offered_until=None) for row in offered]
        units.change_allotments(tx, back)
        data: dict[str, Json] = {"unit": unit, "reason": reason}
        self._story.tell(tx, Told(f"{kind.value}.closed", actor.name, trace=closure.id, data=data))
        self._story.tell(tx, *(told("offer-withdrawn", row, actor) for row in offered))
        return closure

    def open(self, tx: Tx, campus: Campus, kind: UnitKind, unit: str, actor: Actor) -> Closure:
        """Let a closed unit be given again. Raises `NotFound`, `UnitOpen`."""
        _known(campus, kind, unit)
        closure = units.closures(tx, kind, unit).get(unit)
        if closure is None:
            raise UnitOpen(what=kind.value, unit=unit)
        units.end_closure(tx, closure.id)
        data: dict[str, Json] = {"unit": unit}
        self._story.tell(tx, Told(f"{kind.value}.opened", actor.name, trace=closure.id, data=data))
        return replace(closure, ended=tx.now)

    def _nearest(self, tx: Tx, campus: Campus, person: Person, before: Allotment) -> str:
        work = placement(tx, campus, {before.stay: person.id})[before.stay]
        unit = self._seating.nearest_to(tx, campus, (work.department, work.area), before.unit or "")
        if unit is None:
            raise NoneVacant(what=UnitKind.SEAT.value, no=person.no)
        return unit

    def _exchanged(self, tx: Tx, moves: Sequence[tuple[Allotment, str]], actor: Actor) -> tuple[Allotment, ...]:
        """End these, and only then begin others in their place."""
        units.change_allotments(tx, [replace(row, ended=tx.now, ended_by=actor.name) for row, _ in moves])
        fresh = [_held(tx, replace(row, id=tx.ids.new("alt")), unit, actor) for row, unit in moves]
        units.add_allotments(tx, fresh)
        self._story.tell(
            tx,
            *(
                replace(event, data={**event.data, "from": before.unit, "before": before.id})
                for (before, _), event in zip(moves, (told("moved", row, actor) for row in fresh), strict=True)
            ),
        )
        return tuple(fresh)

    def _waived(self, tx: Tx, row: Allotment, what: str, actor: Actor) -> Allotment:
        over = replace(row, state=AllotmentState.WAIVED, ended=tx.now, ended_by=actor.name, by=actor.name, at=tx.now)
        units.change_allotments(tx, [over])
        self._story.tell(tx, told(what, over, actor))
        return over

    def _anew(self, tx: Tx, kind: UnitKind, person: Person, actor: Actor) -> Allotment:
        """A row for the first right in force that asks for a unit of the kind and has none. Raises `NotEntitled`."""
        asking = [
            grant
            for grant in rights.open_grants(tx, [person.id])
            if grant.resource.startswith(f"{kind.value}:") and (grant.closes is None or grant.closes > tx.now)
        ]
        if not asking:
            raise NotEntitled(what=kind.value, no=person.no)
        grant = min(asking, key=lambda one: (one.opens, one.id))
        before = [
            row.points
            for row in units.allotments_of(tx, [person.id])
            if (row.stay, row.ask) == (grant.stay, grant.resource)
        ]
        state, points = AllotmentState.QUEUED, before[-1] if before else 0
        return Allotment(
            tx.ids.new("alt"), kind.value, None, person.id, grant.stay, grant.resource, state, points, tx.now,
            actor.name, tx.now,
        )  # fmt: skip


def _held(tx: Tx, row: Allotment, unit: str, actor: Actor) -> Allotment:
    return replace(
        row, unit=unit, state=AllotmentState.HELD, held=tx.now, offered_until=None, by=actor.name, at=tx.now, lapses=0
    )


def _mine(tx: Tx, kind: UnitKind, person: Person) -> list[Allotment]:
    """What stands of the kind for a person, the oldest first."""
    rows = units.allotments_of(tx, [person.id])
    return [row for row in rows if row.ended is None and kind_of(row.ask) is kind]


def _holding(tx: Tx, kind: UnitKind, person: Person) -> Allotment:
    held = [row for row in _mine(tx, kind, person) if row.state is AllotmentState.HELD]
    if not held:
        raise HasNone(what=kind.value, no=person.no)
    return held[0]


def _offer(tx: Tx, person: Person) -> Allotment:
    offered = (
        row
        for row in _mine(tx, UnitKind.FLAT, person)
        if row.state is AllotmentState.OFFERED and row.offered_until is not None and row.offered_until > tx.now
    )
    found = next(offered, None)
    if found is None:
        raise NoOffer(what=UnitKind.FLAT.value, no=person.no)
    return found


def _known(campus: Campus, kind: UnitKind, unit: str) -> None:
    if unit not in units_of(campus, kind):
        raise NotFound(what=kind.value, name=unit, where=f"foyer {kind.value} list")


def _vacant(tx: Tx, campus: Campus, kind: UnitKind, unit: str) -> None:
    """Return where a unit may be given. Raises `NotFound`, `UnitTaken`, `UnitClosed`."""
    _known(campus, kind, unit)
    taken = units.placed(tx, kind, units=[unit])
    if taken:
        raise UnitTaken(what=kind.value, unit=unit, holder=taken[0].no)
    _not_closed(tx, kind, unit)


def _not_closed(tx: Tx, kind: UnitKind, unit: str) -> None:
    closure = units.closures(tx, kind, unit).get(unit)
    if closure is not None:
        raise UnitClosed(what=kind.value, unit=unit, reason=closure.reason)
