"""From a person's stays to what every target should hold for them. Reads nothing and writes nothing: all it needs is
handed in, and what follows is handed back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from connectors.contract import Compiled, Holder, Record, Right
from policies.calendar import Calendar
from policies.decide import Decision, decide_life
from policies.facts import Facts, UnitFacts, asks_for_unit
from policies.points import PointsFault, points_of
from policies.rules import RuleSet
from provisioning.campus.file import Campus
from provisioning.grants.horizon import Horizon, horizon_of, midnight
from provisioning.grants.targets import Serving
from provisioning.identity.loans import usable
from provisioning.nouns.ids import Ids
from provisioning.nouns.people import Credential, Move, Stay
from provisioning.nouns.rights import Grant, WantedHeld
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.space.asks import Ask
from provisioning.store.rights import Wish


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one person when their rights are looked at. Who is `suspended` by security keeps their grants and
    units, and no card of theirs opens anything."""

    person: str
    stays: tuple[Stay, ...]
    cards: tuple[Credential, ...]
    grants: tuple[Grant, ...]
    records: tuple[WantedHeld, ...]
    suspended: bool = False
    forgiven: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for everybody looked at in one transaction; `schedules` are the numbers that targets keep them by."""

    campus: Campus
    rules: RuleSet
    serving: Serving
    now: datetime
    ids: Ids
    trace: str | None
    schedules: Mapping[str, int] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        """The campus's working days."""
        return self.campus.calendar

    @property
    def unit_rules(self) -> frozenset[str]:
        """The ids of the rules of the second stratum."""
        return frozenset(rule.id for rule in self.rules if rule.about != "stay")

    @property
    def today(self) -> date:
        """The day at the site."""
        return self.now.astimezone(self.campus.zone).date()


@dataclass(frozen=True, slots=True)
class Entitled:
    """What the rules of the first stratum give to one open stay, without what no unit of the campus can answer."""

    stay: Stay
    life: tuple[Facts, ...]
    decision: Decision
    points_faults: tuple[PointsFault, ...] = ()


Units = Mapping[tuple[str, str], Allotment]
"""What is held, by (stay, what it asks)."""


def life_of(stay: Stay, campus: Campus) -> tuple[Facts, ...]:
    """A stay as rules see it: one placement after another."""
    pauses = tuple((pause.opens, pause.closes) for pause in stay.pauses)
    if not stay.moves:
        return (_placement(stay, campus, stay, None, None, pauses),)
    ends = [*(move.day for move in stay.moves), None]
    places = [stay.on(date.min), *stay.moves]
    return tuple(
        _placement(stay, campus, place, None if nth == 0 else ends[nth - 1], ends[nth], pauses)
        for nth, place in enumerate(places)
    )


def unit_facts(allotment: Allotment, campus: Campus) -> UnitFacts | None:
    """The unit that an allotment names as rules see it; None where the campus has it no more."""
    unit = allotment.unit or ""
    if allotment.kind == "seat" and (office := campus.seats.get(unit)) is not None:
        return UnitFacts("seat", unit, office.id, office.zone or "", office.building, office.area)
    if allotment.kind == "flat" and (block := campus.flats.get(unit)) is not None:
        return UnitFacts("flat", unit, block.id, block.zone or "", block.building, tier=block.tier)
    return None


def has_units(campus: Campus, resource: str) -> bool:
    """Whether the campus has any unit that could answer an ask for this resource."""
    kind, _, sort = resource.partition(":")
    if kind == "seat":
        return bool(campus.seats)
    return any(block.tier == sort and block.flats for block in campus.blocks.values())


def entitled(stay: Stay, ground: Ground) -> Entitled:
    """What the first stratum gives to a stay, placement by placement."""
    life = life_of(stay, ground.campus)
    decision = decide_life(life, ground.rules, ground.calendar)
    if any(each.asks and not has_units(ground.campus, each.resource) for each in decision.entitlements):
        kept = [each for each in decision.entitlements if not each.asks or has_units(ground.campus, each.resource)]
        decision = replace(decision, entitlements=tuple(kept))
    return Entitled(stay, life, decision)


def asks_of(of: Entitled, ground: Ground) -> tuple[Entitled, list[Ask]]:
    """The units that a stay is entitled to be given, while it is; and the same with what broke in counting its points."""
    asks: dict[str, Ask] = {}
    faults: tuple[PointsFault, ...] = ()
    for each in of.decision.entitlements:
        over = each.closes is not None and each.closes <= ground.today
        if not each.asks or over or each.resource in asks:
            continue
        day = max(each.opens, ground.today)
        place = of.stay.on(day)
        points = 0
        if each.resource.startswith("flat:"):
            counted = points_of(
                next(facts for facts in of.life if facts.until is None or day < facts.until), ground.rules
            )
            points, faults = counted.total, counted.faults
        opens = midnight(each.opens, ground.campus.zone)
        asks[each.resource] = Ask(
            of.stay.person, of.stay.id, each.resource, place.department, place.area, opens, points
        )
    return (replace(of, points_faults=faults) if faults else of), list(asks.values())


def compiled(
    dossier: Dossier, grants: Sequence[Grant], units: Units, ground: Ground
) -> tuple[dict[str, Compiled], datetime | None]:
    """What each target should hold for the person, and when that may next change by itself."""
    horizon = horizon_of(dossier.person, ground.now, ground.campus.zone)
    living = [grant for grant in grants if grant.closes is None or grant.closes > ground.now]
    cards = () if dossier.suspended else usable(dossier.cards)
    by_target: dict[str, list[Right]] = {}
    ends: list[datetime] = []
    for grant in living:
        resource, opens = grant.resource, grant.opens
        if asks_for_unit(grant.resource):
            allotment = units.get((grant.stay, grant.resource))
            resource, opens = unit_resource(allotment), _had_from(grant, allotment)
            # Whoever leaves leaves the unit: at that instant somebody must look, whatever any device can do by itself.
            ends += [] if grant.closes is None else [grant.closes]
        if resource is not None:
            right = Right(grant.id, resource, opens, grant.closes)
            for target in ground.serving.targets_of(resource):
                by_target.setdefault(target, []).append(right)
    zone, schedules = ground.campus.zone, ground.schedules
    found = {
        target: ground.serving.connectors[target].records(
            Holder(dossier.person, cards, tuple(rights), ground.now, horizon.ends, zone, schedules, dossier.forgiven)
        )
        for target, rights in by_target.items()
    }
    return found, _due(found.values(), ends, horizon, ground.now)


def unit_resource(allotment: Allotment | None) -> str | None:
    """What a register serves for somebody who holds a unit; None where nothing is held."""
    if allotment is None or allotment.state is not AllotmentState.HELD:
        return None
    return f"{allotment.kind}:{allotment.unit}"


def wishes(
    dossier: Dossier,
    by_target: dict[str, Compiled],
    others: dict[tuple[str, str], WantedHeld],
    *,
    urgent: bool,
) -> tuple[list[Wish], dict[tuple[str, str], tuple[str, ...]]]:
    """What must change in the wanted records, and which unchanged ones stand on other grants now.

    `others` are rows that already exist under the wanted keys, also those that are not this person's.
    """
    rows = {(row.target, row.key): row for row in dossier.records}
    wanted = {(target, record.key): record for target, made in by_target.items() for record in made.records.values()}
    changed: list[Wish] = []
    restated: dict[tuple[str, str], tuple[str, ...]] = {}
    for (target, key), record in wanted.items():
        row = rows.get((target, key)) or others.get((target, key))
        if row is None or row.holder != dossier.person or row.wanted != record.body:
            changed.append(_put(target, record, row, dossier.person))
        elif row.grants != record.grants:
            restated[target, key] = record.grants
    changed += [
        Wish(row.target, row.key, row.holder, None, row.revision + 1, row.rank, row.grants, urgent, fresh=False)
        for at, row in rows.items()
        if at not in wanted and row.wanted is not None
    ]
    return changed, restated


def _had_from(grant: Grant, allotment: Allotment | None) -> datetime:
    """From when a unit is somebody's: before it was given to them it was vacant, or another's."""
    return grant.opens if allotment is None or allotment.held is None else max(grant.opens, allotment.held)


def _placement(
    stay: Stay,
    campus: Campus,
    place: Stay | Move,
    since: date | None,
    until: date | None,
    pauses: tuple[tuple[date, date | None], ...],
) -> Facts:
    return Facts(
        stay=stay.id,
        department=place.department,
        departments=campus.lineage(place.department),
        post=place.post,
        kind=place.kind,
        area=place.area,
        arrival=stay.arrival,
        departure=stay.departure,
        since=since,
        until=until,
        pauses=pauses,
    )


def _put(target: str, record: Record, row: WantedHeld | None, person: str) -> Wish:
    revision = 1 if row is None else row.revision + 1
    return Wish(target, record.key, person, record.body, revision, record.rank, record.grants, False, fresh=row is None)


def _due(found: Iterable[Compiled], ends: list[datetime], horizon: Horizon, now: datetime) -> datetime | None:
    made = list(found)
    instants = [each.look_again for each in made if each.look_again is not None and each.look_again > now]
    return min([*([horizon.rolls] if made else []), *instants, *ends], default=None)
