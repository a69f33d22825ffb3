"""From a person's stays to what every target should hold for them. Reads nothing and writes nothing: all it needs is
handed in, and what follows is handed back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from connectors.contract import Card, Compiled, Holder, Record, Right
from policies.calendar import Calendar
from policies.decide import Decision, DecisionFault, Entitlement, decide
from policies.facts import Facts
from policies.rules import RuleSet
from provisioning.campus.file import Campus
from provisioning.grants.horizon import Horizon, horizon_of, midnight
from provisioning.grants.targets import Serving
from provisioning.nouns.ids import Ids
from provisioning.nouns.people import CardState, Credential, Stay, StayState
from provisioning.nouns.rights import Grant, WantedHeld
from provisioning.store.rights import Wish


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one person when their rights are looked at."""

    person: str
    stays: tuple[Stay, ...]
    cards: tuple[Credential, ...]
    grants: tuple[Grant, ...]
    records: tuple[WantedHeld, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for everybody looked at in one transaction."""

    campus: Campus
    rules: RuleSet
    serving: Serving
    now: datetime
    ids: Ids
    trace: str | None

    @property
    def calendar(self) -> Calendar:
        """The campus's working days."""
        return self.campus.calendar


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one person's grants."""

    kept: tuple[Grant, ...]
    opened: tuple[Grant, ...]
    ended: tuple[Grant, ...]
    faults: tuple[DecisionFault, ...]

    @property
    def standing(self) -> tuple[Grant, ...]:
        """The grants that hold from now on."""
        return self.kept + self.opened


def facts_of(stay: Stay, campus: Campus) -> Facts:
    """A stay as rules see it."""
    return Facts(
        stay=stay.id,
        department=stay.department,
        departments=tuple(campus.lineage(stay.department)),
        post=stay.post,
        kind=stay.kind,
        area=stay.area,
        arrival=stay.arrival,
        departure=stay.departure,
    )


def judge(dossier: Dossier, ground: Ground) -> Verdict:
    """Wanted against granted: which grants stay, which open, which end."""
    decisions = [(stay, _decided(stay, ground)) for stay in dossier.stays if stay.state is StayState.OPEN]
    wanted = {
        _right_of(stay.id, entitlement, ground): (stay, entitlement)
        for stay, decision in decisions
        for entitlement in decision.entitlements
    }
    kept = tuple(grant for grant in dossier.grants if _key(grant) in wanted)
    known = {_key(grant) for grant in kept}
    ended = tuple(grant for grant in dossier.grants if _key(grant) not in wanted)
    opened = tuple(
        _grant(stay, entitlement, key, ground)
        for key, (stay, entitlement) in wanted.items()
        if key not in known and (key[3] is None or key[3] > ground.now)
    )
    return Verdict(kept, opened, ended, tuple(fault for _, decision in decisions for fault in decision.faults))


def compiled(dossier: Dossier, grants: Sequence[Grant], ground: Ground) -> tuple[dict[str, Compiled], datetime | None]:
    """What each target should hold for the person, and when that may next change by itself."""
    horizon = horizon_of(dossier.person, ground.now, ground.campus.zone)
    living = [grant for grant in grants if grant.closes is None or grant.closes > ground.now]
    cards = tuple(
        Card(card.number, card.opens, card.closes) for card in dossier.cards if card.state is CardState.ACTIVE
    )
    if not living or not cards:
        return {}, None
    by_target: dict[str, list[Right]] = {}
    for grant in living:
        right = Right(grant.id, grant.resource, grant.opens, grant.closes)
        for target in ground.serving.by_resource.get(grant.resource, ()):
            by_target.setdefault(target, []).append(right)
    found = {
        target: ground.serving.connectors[target].records(
            Holder(dossier.person, cards, tuple(rights), ground.now, horizon.ends, ground.campus.zone)
        )
        for target, rights in by_target.items()
    }
    return found, _due(found.values(), horizon, ground.now)


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


def _put(target: str, record: Record, row: WantedHeld | None, person: str) -> Wish:
    revision = 1 if row is None else row.revision + 1
    return Wish(target, record.key, person, record.body, revision, record.rank, record.grants, False, fresh=row is None)


def _decided(stay: Stay, ground: Ground) -> Decision:
    return decide(facts_of(stay, ground.campus), ground.rules, ground.calendar)


def _due(found: Iterable[Compiled], horizon: Horizon, now: datetime) -> datetime | None:
    instants = [each.look_again for each in found if each.look_again is not None and each.look_again > now]
    return min([horizon.rolls, *instants])


Key = tuple[str, str, datetime, datetime | None, str, int]


def _right_of(stay: str, entitlement: Entitlement, ground: Ground) -> Key:
    opens = _instant(entitlement.opens, ground)
    closes = None if entitlement.closes is None else _instant(entitlement.closes, ground)
    return (stay, entitlement.resource, opens, closes, entitlement.rule, entitlement.version)


def _instant(day: date, ground: Ground) -> datetime:
    return midnight(day, ground.campus.zone)


def _key(grant: Grant) -> Key:
    return (grant.stay, grant.resource, grant.opens, grant.closes, grant.rule, grant.version)


def _grant(stay: Stay, entitlement: Entitlement, key: Key, ground: Ground) -> Grant:
    return Grant(
        id=ground.ids.new("grt"),
        person=stay.person,
        stay=stay.id,
        resource=entitlement.resource,
        opens=key[2],
        closes=key[3],
        rule=entitlement.rule,
        version=entitlement.version,
        clause=entitlement.clause,
        trace=ground.trace or stay.notice,
        recorded=ground.now,
        valid_from=key[2],
        valid_to=key[3],
    )
