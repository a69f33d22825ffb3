"""What a change of rules, of the campus or of people's stays would do, before it is done: people × resources × targets
gained and lost on the days from today on. Reads, and writes nothing.

Somebody whose one stay is plain is compared by what the rules demand (`policies.delta`); whoever moves, pauses, or holds
a unit, by deciding all of it twice. A seat or flat that is yet to be allotted opens no door here: which one it will be,
nobody knows.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from heapq import nsmallest
from itertools import groupby
from operator import attrgetter

from policies.calendar import WALK_DAYS_MAX
from policies.decide import Entitlement, decide_unit
from policies.delta import Change, Delta, Law, compared, differs
from policies.facts import Facts, asks_for_unit
from policies.rules import RuleSet
from policies.says import PolicyError
from policies.windows import cut
from provisioning.campus.file import Campus
from provisioning.grants.compile import Ground, Units, entitled, has_units, unit_facts, unit_resource
from provisioning.grants.targets import serving
from provisioning.nouns.people import Stay, StayState
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.store import people as people_store
from provisioning.store import previews as rows
from provisioning.store import units as units_store
from provisioning.store.engine import Tx

SAMPLE_MAX = 50
"""People who are named, by staff number, the first first."""

Stays = Mapping[str, Sequence[Stay]]
Pair = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """How many people gain and lose a resource on a target; `target` None where none serves it yet."""

    resource: str
    target: str | None
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Touched:
    """One person, by staff number, and the resources that they gain and lose."""

    no: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do. `digest` is of every person's gains and losses, not only of the `sample`."""

    people_gaining: int
    people_losing: int
    lines: tuple[PreviewLine, ...]
    sample: tuple[Touched, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: the ground on which everybody stands, and the units that people hold."""

    ground: Ground
    units: Units

    @property
    def law(self) -> Law:
        """By what plain stays are decided."""
        campus = self.ground.campus
        lineages = {department: campus.lineage(department) for department in campus.departments}
        return Law(self.ground.rules, campus.calendar, lineages)


def by_law(tx: Tx, before: Ground, after: Ground) -> Preview:
    """What another law does to everybody: other rules, or another campus file."""
    doors, new_doors = _Doors(before), _Doors(after)
    watched = frozenset[str]() if before.campus is after.campus else doors.differing(new_doors)
    tally = _Tally(doors, new_doors)
    same_units = before.campus.seats == after.campus.seats and before.campus.flats == after.campus.flats
    old, new = Side(before, {}), Side(after, {})
    if not watched and same_units and not differs(old.law, new.law):
        return tally.preview({})
    delta = Delta(old.law, new.law, before.today, watched)
    units = units_of(tx, rows.unit_holders(tx))
    holding = _by_person(units)
    units_stand = before.campus is after.campus and not differs(old.law, new.law, on_units=True)
    nos: dict[str, str] = {}
    whole: list[str] = []
    for person, several in groupby(rows.open_stays(tx, _furthest(before.rules, after.rules, before.today)), _WHO):
        first, *more = several
        nos[person] = first.no
        change = None if more or not first.plain else delta.of(*first[2:8])
        mine = holding.get(person, ())
        if change is None or (mine and not (units_stand and _apart(change, first, mine, before))):
            whole.append(person)
        else:
            tally.add(person, change)
    stays = people_store.stays_of(tx, whole)
    tally.add_all(stays, stays, Side(before, units), Side(after, units))
    return tally.preview(nos)


def by_people(tx: Tx, ground: Ground, before: Stays, after: Stays, held: Units) -> Preview:
    """What other stays do to these people: as they were, with the units `held` then, and as they are in this
    transaction."""
    doors = _Doors(ground)
    tally = _Tally(doors, doors)
    people = list(dict.fromkeys([*before, *after]))
    tally.add_all(before, after, Side(ground, held), Side(ground, units_of(tx, people)))
    return tally.preview(units_store.numbers(tx, people))


def units_of(tx: Tx, people: Collection[str]) -> Units:
    """The units that these people hold."""
    return _units(units_store.allotments_of(tx, people))


def ground_of(tx: Tx, campus: Campus, rules: RuleSet) -> Ground:
    """The ground of a campus that is not in force, or not yet."""
    return Ground(campus, rules, serving(campus), tx.now, tx.ids, None)


_WHO = attrgetter("person")


class _Doors:
    """What each resource opens on each target: doors by their ids where the target has doors, else the target itself."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._known: dict[str, Mapping[str, frozenset[str]]] = {}

    def of(self, resource: str) -> Mapping[str, frozenset[str]]:
        """By target."""
        if resource not in self._known:
            targets = self.ground.serving.targets_of(resource)
            self._known[resource] = {target: self._by_place.get((resource, target), frozenset()) for target in targets}
        return self._known[resource]

    def serves(self, resource: str) -> bool:
        """Whether the campus can grant it at all: what asks for a unit of which there is none is granted to nobody."""
        return not asks_for_unit(resource) or has_units(self.ground.campus, resource)

    def differing(self, other: _Doors) -> frozenset[str]:
        """The resources that rules may name and that open other doors there."""
        return frozenset(
            resource
            for resource in self._named | other._named
            if self.of(resource) != other.of(resource) or self.serves(resource) != other.serves(resource)
        )

    @cached_property
    def _named(self) -> frozenset[str]:
        ground = self.ground
        asked = {pattern for rule in ground.rules for pattern in rule.grant if asks_for_unit(pattern)}
        tiers = {f"flat:{block.tier}" for block in ground.campus.blocks.values()}
        zones = {f"zone:{zone}" for zone in ground.campus.zones}
        return frozenset(asked | tiers | zones | ground.serving.exact.keys())

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], frozenset[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for target in self.ground.campus.targets:
            for door in target.doors:
                for zone in door.zones:
                    found.setdefault((f"zone:{zone}", target.id), set()).add(door.id)
        return {place: frozenset(doors) for place, doors in found.items()}


@dataclass(frozen=True, slots=True)
class _Effect:
    """What a change comes to on targets; `said` is one text for all that is the same."""

    gained: frozenset[Pair]
    lost: frozenset[Pair]

    @property
    def resources(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is gained and what is lost, each once and in order."""
        gained, lost = ({resource for resource, _ in pairs} for pairs in (self.gained, self.lost))
        return tuple(sorted(gained)), tuple(sorted(lost))


@dataclass(slots=True)
class _Tally:
    """Adds up what changes come to, person by person."""

    before: _Doors
    after: _Doors
    _effects: dict[int, tuple[Change, _Effect]] = field(default_factory=dict)
    _touched: dict[str, _Effect] = field(default_factory=dict)

    def add(self, person: str, change: Change) -> None:
        """One person whose change is one object for all who share it."""
        known = self._effects.get(id(change))
        if known is None:
            known = self._effects[id(change)] = (change, self._effect(change, {}, {}))
        if known[1].gained or known[1].lost:
            self._touched[person] = known[1]

    def add_all(self, stays: Stays, new_stays: Stays, old: Side, new: Side) -> None:
        """People whose rights are decided whole, on both sides."""
        for person in dict.fromkeys([*stays, *new_stays]):
            had, asked = _decided(stays.get(person, ()), old)
            has, asks = _decided(new_stays.get(person, ()), new)
            effect = self._effect(compared(had, has, old.ground.today), asked, asks)
            if effect.gained or effect.lost:
                self._touched[person] = effect

    def preview(self, nos: Mapping[str, str]) -> Preview:
        """All of it; `nos` are the staff numbers."""
        counted = Counter(self._touched.values())
        gained, lost = Counter[Pair](), Counter[Pair]()
        for effect, people in counted.items():
            gained.update(dict.fromkeys(effect.gained, people))
            lost.update(dict.fromkeys(effect.lost, people))
        return Preview(
            people_gaining=sum(people for effect, people in counted.items() if effect.gained),
            people_losing=sum(people for effect, people in counted.items() if effect.lost),
            lines=tuple(
                PreviewLine(*pair, gained[pair], lost[pair])
                for pair in sorted(gained.keys() | lost.keys(), key=lambda pair: (pair[0], pair[1] or ""))
            ),
            sample=tuple(
                Touched(no, *self._touched[person].resources)
                for no, person in nsmallest(SAMPLE_MAX, ((nos[person], person) for person in self._touched))
            ),
            digest=self._digest(nos),
        )

    def _digest(self, nos: Mapping[str, str]) -> str:
        said = {
            effect: _digest(str((sorted(map(str, effect.gained)), sorted(map(str, effect.lost)))))
            for effect in set(self._touched.values())
        }
        lines = sorted(f"{nos[person]} {said[effect]}\n" for person, effect in self._touched.items())
        return _digest("".join(lines))

    def _effect(self, change: Change, asked: Mapping[str, str], asks: Mapping[str, str]) -> _Effect:
        """A change of resources as a change on targets. `asked` and `asks` are the units that answer what asks for one,
        before and after."""
        gained: set[Pair] = set()
        lost: set[Pair] = set()
        for resource in change.gained | change.lost | change.kept:
            had = resource in change.lost or resource in change.kept
            has = resource in change.gained or resource in change.kept
            old = self._opens(self.before, resource, asked) if had else {}
            new = self._opens(self.after, resource, asks) if has else {}
            gained.update((resource, target) for target in _more(new, old, whole=resource in change.gained))
            lost.update((resource, target) for target in _more(old, new, whole=resource in change.lost))
        return _Effect(frozenset(gained), frozenset(lost))

    def _opens(self, doors: _Doors, resource: str, units: Mapping[str, str]) -> _Opens:
        """What somebody who is granted a resource has on which target; None is the target of what none serves yet."""
        if not doors.serves(resource):
            return {}
        unit = units.get(resource)
        said = frozenset({unit or resource})
        if unit is None and asks_for_unit(resource):
            return {None: said}
        return {target: here | said for target, here in doors.of(unit or resource).items()} or {None: said}


_NOWHERE: frozenset[str] = frozenset()
_Opens = Mapping[str | None, frozenset[str]]


def _more(mine: _Opens, other: _Opens, *, whole: bool) -> list[str | None]:
    """The targets on which something opens here and not there; all of them where it is days that differ."""
    if whole:
        return list(mine)
    return [
        target for target, here in mine.items() if (not other if target is None else here - other.get(target, _NOWHERE))
    ]


def _decided(stays: Iterable[Stay], side: Side) -> tuple[list[Entitlement], dict[str, str]]:
    """All that open stays give from today on, of both strata, and the units that answer what asks for one."""
    ground = side.ground
    found: list[Entitlement] = []
    answered: dict[str, str] = {}
    for stay in stays:
        if stay.state is not StayState.OPEN:
            continue
        of = entitled(stay, ground)
        found += of.decision.entitlements
        for ask in of.decision.entitlements:
            allotment = side.units.get((stay.id, ask.resource)) if ask.asks else None
            if allotment is None or allotment.state is not AllotmentState.HELD:
                continue
            unit, window = unit_facts(allotment, ground.campus), cut((ask.opens, ask.closes), ground.today, None)
            resource = unit_resource(allotment)
            if unit is None or window is None or resource is None:
                continue
            answered[ask.resource] = resource
            for facts in of.life:
                found += decide_unit(facts, unit, *window, ground.rules, ground.calendar).entitlements
    return found, answered


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _apart(change: Change, row: rows.StayRow, held: Iterable[Allotment], ground: Ground) -> bool:
    """Whether a change has nothing to do with the units that somebody holds, nor with anything that could follow from
    them: then what follows from them stays as it is."""
    touched = change.gained | change.lost
    facts = Facts("", row.department, (), row.post, row.kind, row.area, row.arrival, row.departure)
    for allotment in held:
        unit = unit_facts(allotment, ground.campus)
        if unit is None or allotment.ask in touched:
            return False
        for rule in ground.rules.about(unit.kind):
            with suppress(PolicyError):
                if not touched.isdisjoint(rule.resources(facts, unit)):
                    return False
    return True


def _by_person(units: Units) -> dict[str, list[Allotment]]:
    found: dict[str, list[Allotment]] = {}
    for allotment in units.values():
        found.setdefault(allotment.person, []).append(allotment)
    return found


def _units(allotments: Iterable[Allotment]) -> Units:
    return {(each.stay, each.ask): each for each in allotments if each.ended is None}


def _furthest(before: RuleSet, after: RuleSet, today: date) -> date:
    """The last day in post of whoever may still have a right today: rules may go on for some days past it."""
    closes = [rule.closes for rules in (before, after) for rule in rules]
    days = [bound.count if bound.unit == "days" else WALK_DAYS_MAX for bound in closes if bound.count > 0]
    return today - timedelta(days=max(days, default=0) + 1)
