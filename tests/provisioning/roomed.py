"""People with asks, for tests of seats and flats: Space on a real database, without the rules that would make the asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from devices.clock import SetClock
from provisioning.campus.file import Campus, read_campus
from provisioning.nouns.people import Person, Stay, StayState
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.rights import Grant
from provisioning.nouns.told import Actor
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.space.allotments import Allotments
from provisioning.space.asks import Ask, UnitKind
from provisioning.space.space import Space
from provisioning.store import people, rights, tables, units
from provisioning.store.engine import Store, Tx
from provisioning.store.tables import allotment
from provisioning.story.story import Story, told_in

HOUSE = Actor("house:look")
LI = Actor("li", frozenset({"hr"}))
SEAT = "seat:near-department"


@dataclass
class Roomed:
    """Space, its campus, and everybody's asks as they are by now."""

    store: Store
    story: Story
    campus: Campus
    clock: SetClock
    asks: dict[str, list[Ask]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.space = Space(self.story)
        self.hand = Allotments(self.story)

    def ask(
        self, no: str, resource: str = SEAT, department: str = "finance", area: str = "north", points: int = 0
    ) -> Person:
        """Somebody who is there from now on and asks for a unit; not settled yet."""
        with self.store.writing() as tx:
            found = _found(tx, no)
            person = found or Person(tx.ids.new("per"), no, b"", tx.now)
            if found is None:
                people.add_persons(tx, [(person, None)])
            stay = _stay(tx, person.id, department, area)
            people.add_stays(tx, [stay])
            mine = Ask(person.id, stay.id, resource, department, area, tx.now, points)
            rights.add_grants(tx, [_grant(tx, mine)])
        self.asks.setdefault(no, []).append(mine)
        return person

    def settle(self, *nos: str) -> dict[str, tuple[Allotment, ...]]:
        """Settle these people with their asks; what stands, by staff number."""
        with self.store.writing() as tx:
            persons = {no: _known(tx, no).id for no in nos}
            wanted = [ask for no in nos for ask in self.asks.get(no, ())]
            found = self.space.settle(tx, self.campus, [persons[no] for no in nos], wanted, HOUSE)
        return {no: found[persons[no]] for no in nos}

    def leave(self, *nos: str) -> None:
        """These people are entitled to nothing any more."""
        for no in nos:
            self.asks.pop(no, None)
            person = self.person(no)
            with self.store.writing() as tx:
                rights.end_grants(tx, {one.id: tx.now for one in rights.open_grants(tx, [person.id])}, "left")
        self.settle(*nos)

    def serve(self) -> int:
        with self.store.writing() as tx:
            return self.space.serve(tx, self.campus, HOUSE)

    def person(self, no: str) -> Person:
        with self.store.reading() as tx:
            return _known(tx, no)

    def rows(self) -> list[Allotment]:
        """All that ever was."""
        with self.store.reading() as tx:
            persons = tx.run(select(tables.person.c.id)).scalars().all()
            return units.allotments_of(tx, persons)

    def units(self, kind: UnitKind = UnitKind.SEAT) -> dict[str, tuple[str | None, AllotmentState]]:
        """Unit and state of everybody who has or waits for one, by staff number."""
        with self.store.reading() as tx:
            return {one.no: (one.allotment.unit, one.allotment.state) for one in units.placed(tx, kind)}

    def due(self) -> set[str]:
        """The staff numbers of those whom the timer looks at next: nobody else does."""
        with self.store.reading() as tx:
            return set(tx.run(select(tables.person.c.no).where(tables.person.c.due <= tx.now)).scalars())

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The story's events of a kind, in order."""
        with self.store.reading() as tx:
            query = select(tables.event.c.body).where(tables.event.c.kind == kind).order_by(tables.event.c.id)
            return [dict(told_in(body)) for body in tx.run(query).scalars()]

    def later(self, **span: float) -> None:
        self.clock.put(self.clock.now() + timedelta(**span))

    def tried(self, act: Callable[[Tx], object]) -> bool:
        """Do one thing by hand; whether it was done. What is refused leaves nothing."""
        before = self.units(), self.units(UnitKind.FLAT)
        try:
            with self.store.writing() as tx:
                act(tx)
        except Refusal:
            assert (self.units(), self.units(UnitKind.FLAT)) == before
            return False
        return True

    def holds(self) -> None:
        """What is true of seats and flats at any time."""
        with self.store.reading() as tx:
            standing = [row for row in tx.rows(select(allotment)) if row["ended"] is None]
        taken = Counter((row["kind"], row["unit"]) for row in standing if row["unit"] is not None)
        assert all(count == 1 for count in taken.values()), "one unit, one person"
        answered = Counter((row["stay"], row["ask"]) for row in standing)
        assert all(count == 1 for count in answered.values()), "one unit for each ask of a stay"
        for row in standing:
            held = row["state"] in (AllotmentState.HELD, AllotmentState.OFFERED)
            assert held == (row["unit"] is not None)
            assert (row["state"] == AllotmentState.OFFERED) == (row["offered_until"] is not None)
            assert row["unit"] is None or row["unit"] in {*self.campus.seats, *self.campus.flats}


def campus_of(
    offices: Sequence[str] = (), blocks: Sequence[str] = (), buildings: Sequence[str] = (), departments: str = ""
) -> Campus:
    """A campus of these lines of offices and blocks."""
    lines = [
        "campus: tiny", "name: {zh: 小, en: Tiny}", "time_zone: Asia/Shanghai", "sites:",
        "  - id: s", "    name: {zh: 区, en: Site}", "    buildings:",
        *(f"      - {line}" for line in buildings or ("{id: a, name: {zh: A, en: A}, at: [0, 0]}",)),
        "departments:",
        *(
            f"  - {{id: {name}, name: {{zh: {name}, en: {name}}}, parent: {parent}}}"
            for name, parent in (pair.split(":") for pair in (departments or "finance:null law:null").split())
        ),
        "areas:", "  - {id: north, name: {zh: 北, en: North}}", "  - {id: south, name: {zh: 南, en: South}}",
        "zones: []", "targets: []",
        "offices:" if offices else "offices: []", *(f"  - {line}" for line in offices),
        "blocks:" if blocks else "blocks: []", *(f"  - {line}" for line in blocks),
        "offers: {days: 7}",
    ]  # fmt: skip
    return read_campus("\n".join(lines) + "\n", "tiny.yaml")


def office(
    name: str, seats: int, department: str = "", *, building: str = "a", floor: int = 1, area: str = "north"
) -> str:
    owner = f" department: {department}," if department else ""
    told = f"building: {building}, floor: {floor}, area: {area},{owner} seats: {seats}"
    return f"{{id: {name}, name: {{zh: 室, en: Room}}, {told}}}"


def block(name: str, flats: Sequence[str], tier: str = "one-room", building: str = "a") -> str:
    told = f"building: {building}, tier: {tier}, flats: [{', '.join(flats)}]"
    return f"{{id: {name}, name: {{zh: 楼, en: Block}}, {told}}}"


def _found(tx: Tx, no: str) -> Person | None:
    return next((one for one in people.list_persons(tx, no, 500, None) if one.no == no), None)


def _known(tx: Tx, no: str) -> Person:
    found = _found(tx, no)
    assert found is not None
    return found


def _stay(tx: Tx, person: str, department: str, area: str) -> Stay:
    told = (department, "科员", "公务员", area, date(2026, 3, 2), None, StayState.OPEN, "ntc", "ntc", tx.now)
    return Stay(tx.ids.new("sty"), person, *told)


def _grant(tx: Tx, ask: Ask) -> Grant:
    told = (ask.resource, ask.opens, None, "seat", 1, "§", "ntc", tx.now, ask.opens, None)
    return Grant(tx.ids.new("grt"), ask.person, ask.stay, *told)
