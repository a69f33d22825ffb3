"""Wanted against granted. This room opens and ends grants and writes the wanted records that follow, with the story of
it, in the caller's transaction. It is always safe to look again: an answer that has not changed writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.contract import Compiled, Json
from policies.facts import asks_for_unit
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus
from provisioning.campus.schedules import numbers
from provisioning.grants.compile import (
    Dossier,
    Entitled,
    Ground,
    Units,
    asks_of,
    compiled,
    entitled,
    unit_resource,
    wishes,
)
from provisioning.grants.judging import OPERATOR, Verdict, judge
from provisioning.grants.reasons import reasons
from provisioning.grants.rulebook import Rulebook
from provisioning.grants.targets import Serving, serving
from provisioning.nouns.answers import Effect, StayWhy
from provisioning.nouns.people import Person, StayState
from provisioning.nouns.rights import Grant, WantedHeld
from provisioning.nouns.told import Actor, Told
from provisioning.nouns.units import Allotment
from provisioning.space.asks import Ask
from provisioning.space.space import Space
from provisioning.store import passages as passages_store
from provisioning.store import people as people_store
from provisioning.store import revocations
from provisioning.store import rights as rights_store
from provisioning.store import units as units_store
from provisioning.store.engine import Tx
from provisioning.store.rights import Wish
from provisioning.story.story import Story

RULE_BROKEN = (
    "The rule {rule} could not be decided for somebody, so it granted nothing. Look why, and correct the rule."
)
POINTS_BROKEN = "The points by {clause} could not be counted for somebody, and so counted nothing. Correct the rules."
RESOURCE_UNKNOWN = (
    "The rule {rule} grants {resource}, which no target of the campus serves. Correct the rule or the campus file."
)
PERSON_PARKED = (
    "A fault of the hub ({fault}) kept somebody's rights from being looked at: they stay as they were. It is tried again; "
    "send the log to whoever looks after it."
)
PARKED_S = 600.0


@dataclass(frozen=True, slots=True)
class _Look:
    """One person looked at: what becomes of their grants, and what each target should hold for them."""

    dossier: Dossier
    units: Units
    verdict: Verdict
    by_target: dict[str, Compiled]
    due: datetime | None


class Grants:
    """Decides who has what, and what every target should therefore hold."""

    def __init__(self, story: Story, alarms: Alarms, campuses: Campuses, rulebook: Rulebook, space: Space) -> None:
        self._story = story
        self._alarms = alarms
        self._campuses = campuses
        self._rulebook = rulebook
        self._space = space
        self._serving: tuple[Campus, Serving] | None = None

    def look(
        self,
        tx: Tx,
        persons: Sequence[str],
        actor: Actor,
        trace: str | None = None,
        *,
        urgent: bool = False,
    ) -> Effect:
        """Look again at these persons' rights and put what every target should hold for them.

        `urgent` sends what is to go ahead of all other work, past every back-off. Raises `NoCampus`, `NoRules`.
        """
        ground = self._ground(tx, trace)
        dossiers = _dossiers(tx, persons)
        rights, units = self._allot(tx, dossiers, ground, actor)
        looks = [_look(each, rights[each.person], units[each.person], ground) for each in dossiers]
        others = _others(tx, looks)
        wished: list[Wish] = []
        told: list[Told] = []
        for each in looks:
            wants, restated = wishes(each.dossier, each.by_target, others, urgent=urgent)
            wished += wants
            rights_store.restate_grants(tx, restated)
            if wants or each.verdict.opened or each.verdict.ended:
                told.append(_decided(each, wants, ground, actor))
            self._warn(tx, each, ground)
        opened = [grant for each in looks for grant in each.verdict.opened]
        ended = {each.grant.id: each.valid_to for look in looks for each in look.verdict.ended}
        rights_store.add_grants(tx, opened)
        rights_store.end_grants(tx, ended, trace or actor.name)
        rights_store.wish(tx, wished)
        for each in looks if urgent else ():
            # What was to go already, and waits behind other work or for its next try, is as urgent now.
            rights_store.hasten(tx, each.dossier.person)
        rights_store.set_person_due(tx, {each.dossier.person: each.due for each in looks})
        self._story.tell(tx, *told)
        return _effect(told, opened, ended, wished)

    def allot(self, tx: Tx, persons: Sequence[str], actor: Actor) -> None:
        """Have all of these persons allotted their units together, ahead of looking at some of them at a time."""
        ground = self._ground(tx, None)
        stays = people_store.stays_of(tx, persons)
        dossiers = [Dossier(who, stays.get(who, ()), (), (), ()) for who in dict.fromkeys(persons)]
        self._allot(tx, dossiers, ground, actor)

    def serve(self, tx: Tx, actor: Actor) -> int:
        """Give what is vacant to who waits for it; returns how many allotments changed. Raises `NoCampus`."""
        return self._space.serve(tx, self._campuses.current(tx), actor)

    def anybody_waits(self, tx: Tx) -> bool:
        """Whether anybody waits for a unit, or an offer of one may expire."""
        return self._space.anybody_waits(tx)

    def anybody_due(self, tx: Tx) -> bool:
        """Whether there is anybody to look at now."""
        return bool(rights_store.persons_due(tx, 1))

    def look_due(self, tx: Tx, limit: int, actor: Actor) -> int:
        """Look again at up to `limit` persons who are due; returns how many there were."""
        persons = rights_store.persons_due(tx, limit)
        if persons:
            self.look(tx, persons, actor)
        return len(persons)

    def park(self, tx: Tx, person: str, fault: str) -> None:
        """Leave a person as they are for a while, since a fault of ours stands in the way, and say so."""
        rights_store.set_person_due(tx, {person: tx.now + timedelta(seconds=PARKED_S)})
        self._alarms.raise_alarm(tx, "person.parked", PERSON_PARKED, {"fault": fault}, person=person)

    def why(self, tx: Tx, person: Person, resource: str | None) -> tuple[StayWhy, ...]:
        """What the rules of both strata say of each of a person's stays, and what is granted."""
        ground = self._ground(tx, None)
        grants = rights_store.open_grants(tx, [person.id])
        units = _units(units_store.allotments_of(tx, [person.id]))
        stays = people_store.stays_of(tx, [person.id]).get(person.id, ())
        return tuple(
            StayWhy(
                stay,
                reasons(stay, units, ground, resource),
                tuple(grant for grant in grants if grant.stay == stay.id and resource in (None, grant.resource)),
                tuple(unit for (of, ask), unit in units.items() if of == stay.id and resource in (None, ask)),
            )
            for stay in stays
        )

    def serving(self, campus: Campus) -> Serving:
        """The campus's targets as connectors, by what they serve."""
        if self._serving is None or self._serving[0] is not campus:
            self._serving = (campus, serving(campus))
        return self._serving[1]

    def _ground(self, tx: Tx, trace: str | None) -> Ground:
        campus = self._campuses.current(tx)
        rules, served = self._rulebook.current(tx), self.serving(campus)
        return Ground(campus, rules, served, tx.now, tx.ids, trace, numbers(tx, campus))

    def _allot(
        self, tx: Tx, dossiers: Sequence[Dossier], ground: Ground, actor: Actor
    ) -> tuple[dict[str, list[Entitled]], dict[str, Units]]:
        """What the first stratum gives to each person, and the units that answer what it asks for."""
        rights: dict[str, list[Entitled]] = {}
        asks: list[Ask] = []
        for dossier in dossiers:
            mine: list[Entitled] = []
            rights[dossier.person] = mine
            for stay in dossier.stays:
                if stay.state is StayState.OPEN:
                    of, asked = asks_of(entitled(stay, ground), ground)
                    mine.append(of)
                    asks += asked
        standing = self._space.settle(tx, ground.campus, list(rights), asks, actor)
        return rights, {person: _units(standing.get(person, ())) for person in rights}

    def _warn(self, tx: Tx, look: _Look, ground: Ground) -> None:
        for fault in look.verdict.faults:
            person = look.dossier.person
            self._alarms.raise_alarm(tx, "rule.broken", RULE_BROKEN, {"rule": fault.rule}, person=person)
        for fault in look.verdict.points_faults:
            said: dict[str, Json] = {"clause": fault.clause}
            self._alarms.raise_alarm(tx, "rule.broken", POINTS_BROKEN, said, person=look.dossier.person)
        unserved = {
            (grant.rule, grant.resource)
            for grant in look.verdict.opened
            if grant.rule != OPERATOR and not _is_served(grant, look.units, ground)
        }
        for rule, resource in sorted(unserved):
            fields: dict[str, Json] = {"rule": rule, "resource": resource}
            self._alarms.raise_alarm(tx, "rule.resource-unknown", RESOURCE_UNKNOWN, fields)


def _look(dossier: Dossier, rights: Sequence[Entitled], units: Units, ground: Ground) -> _Look:
    verdict = judge(dossier, rights, units, ground)
    by_target, due = compiled(dossier, verdict.standing, units, ground)
    return _Look(dossier, units, verdict, by_target, due)


def _units(allotments: Iterable[Allotment]) -> Units:
    return {(each.stay, each.ask): each for each in allotments if each.ended is None}


def _is_served(grant: Grant, units: Units, ground: Ground) -> bool:
    """Whether any target serves it; what asks for a unit is served by whatever serves that unit, once there is one."""
    if not asks_for_unit(grant.resource):
        return bool(ground.serving.targets_of(grant.resource))
    unit = unit_resource(units.get((grant.stay, grant.resource)))
    return unit is None or bool(ground.serving.targets_of(unit))


def _dossiers(tx: Tx, persons: Sequence[str]) -> list[Dossier]:
    people = list(dict.fromkeys(persons))
    stays = people_store.stays_of(tx, people)
    cards = people_store.credentials_of(tx, people)
    suspended = revocations.suspended(tx, people)
    forgiven = passages_store.forgiven_of(tx, people)
    grants: dict[str, list[Grant]] = defaultdict(list)
    for grant in rights_store.open_grants(tx, people):
        grants[grant.person].append(grant)
    records: dict[str | None, list[WantedHeld]] = defaultdict(list)
    for record in rights_store.records_of(tx, people):
        records[record.holder].append(record)
    return [
        Dossier(
            who,
            stays.get(who, ()),
            cards.get(who, ()),
            tuple(grants[who]),
            tuple(records[who]),
            who in suspended,
            forgiven.get(who),
        )
        for who in people
    ]


def _others(tx: Tx, looks: Sequence[_Look]) -> dict[tuple[str, str], WantedHeld]:
    """Rows under wanted keys, whoever they belong to: a card that was another's, say, who may be looked at here too."""
    known = {(row.target, row.key): row for each in looks for row in each.dossier.records}
    wanted = {(target, key) for each in looks for target, made in each.by_target.items() for key in made.records}
    keys = sorted({key for _, key in wanted - known.keys()})
    rows = rights_store.records_of_keys(tx, keys) if keys else []
    return known | {(row.target, row.key): row for row in rows}


def _decided(look: _Look, wants: Sequence[Wish], ground: Ground, actor: Actor) -> Told:
    data: dict[str, Json] = {
        "opened": [_shown(grant) for grant in look.verdict.opened],
        "ended": [each.grant.id for each in look.verdict.ended],
        "wanted": [f"{wish.target}/{wish.key}@{wish.revision}" for wish in wants if wish.body is not None],
        "unwanted": [f"{wish.target}/{wish.key}@{wish.revision}" for wish in wants if wish.body is None],
    }
    notices = {grant.trace for grant in look.verdict.opened}
    trace = ground.trace or (notices.pop() if len(notices) == 1 else None)
    return Told("grants.decided", actor.name, person=look.dossier.person, trace=trace, data=data)


def _shown(grant: Grant) -> dict[str, Json]:
    closes = None if grant.closes is None else grant.closes.isoformat()
    return {
        "id": grant.id,
        "stay": grant.stay,
        "resource": grant.resource,
        "opens": grant.opens.isoformat(),
        "closes": closes,
        "rule": f"{grant.rule}@{grant.version}",
        "clause": grant.clause,
    }


def _effect(
    told: Sequence[Told], opened: Sequence[Grant], ended: Mapping[str, datetime], wished: Sequence[Wish]
) -> Effect:
    erased = sum(wish.body is None for wish in wished)
    return Effect(
        people=len(told),
        targets=len({wish.target for wish in wished}),
        grants_gained=len(opened),
        grants_lost=len(ended),
        records_written=len(wished) - erased,
        records_erased=erased,
    )
