"""Wanted against granted: which grants stay, which open, which end; and of each, when it held by what is known now.
Pure, as all of `compile.py` is.

What stays the same is one grant throughout: so a grant is known by its stay, resource, dates, rule and version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from policies.decide import Decision, DecisionFault, Entitlement, decide_unit, together
from policies.points import PointsFault
from policies.windows import cut, without
from provisioning.grants.compile import Dossier, Entitled, Ground, Units, unit_facts
from provisioning.grants.horizon import midnight
from provisioning.nouns.people import Stay, StayState
from provisioning.nouns.rights import Grant
from provisioning.nouns.units import AllotmentState

OPERATOR = "operator"
"""Stands where a rule would: an operator gave it, for a set time."""

Key = tuple[str, str, datetime, datetime | None, str, int]


@dataclass(frozen=True, slots=True)
class Ended:
    """A grant that ends now, and until when it held by what is known now."""

    grant: Grant
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one person's grants."""

    kept: tuple[Grant, ...]
    opened: tuple[Grant, ...]
    ended: tuple[Ended, ...]
    faults: tuple[DecisionFault, ...]
    points_faults: tuple[PointsFault, ...]

    @property
    def standing(self) -> tuple[Grant, ...]:
        """The grants that hold from now on."""
        return self.kept + self.opened


@dataclass(frozen=True, slots=True)
class _Want:
    """Why there should be a grant."""

    stay: Stay
    clause: str
    trace: str


def judge(dossier: Dossier, rights: Sequence[Entitled], units: Units, ground: Ground) -> Verdict:
    """Which grants stay, which open, which end. `units` are those that the stays hold."""
    wanted: dict[Key, _Want] = {}
    faults: list[DecisionFault] = []
    for of in rights:
        trace = ground.trace or of.stay.notice
        second = _second(of, units, dossier.grants, ground)
        faults += [*of.decision.faults, *second.faults]
        for each in (*of.decision.entitlements, *second.entitlements):
            wanted[_right_of(of.stay.id, each, ground)] = _Want(of.stay, each.clause, trace)
    for grant in dossier.grants:
        if grant.rule == OPERATOR:
            wanted |= _given(grant, dossier.stays, ground)
    kept = tuple(grant for grant in dossier.grants if _key(grant) in wanted or _ran_out(grant, dossier, ground))
    known = {_key(grant) for grant in kept}
    ending = [grant for grant in dossier.grants if _key(grant) not in known]
    anew = {_same(grant) for grant in ending}
    opened = tuple(
        _grant(want, key, ending, ground)
        for key, want in wanted.items()
        # What was over before it was told has never opened anything, unless it tells of something else anew.
        if key not in known and (key[3] is None or key[3] > ground.now or _same_of(key) in anew)
    )
    told_anew = {_same(grant) for grant in opened}
    ended = tuple(Ended(grant, _held_until(grant, ground.now, told_anew=_same(grant) in told_anew)) for grant in ending)
    return Verdict(kept, opened, ended, tuple(faults), tuple(fault for of in rights for fault in of.points_faults))


def paused(stay: Stay, zone: ZoneInfo) -> list[tuple[datetime, datetime | None]]:
    """The instants [opens, closes) between which a stay is suspended."""
    return [
        (midnight(each.opens, zone), None if each.closes is None else midnight(each.closes, zone))
        for each in stay.pauses
    ]


def _second(of: Entitled, units: Units, grants: Sequence[Grant], ground: Ground) -> Decision:
    """What follows from the units that a stay holds, on the days on which it is entitled to them and holds them."""
    entitlements: list[Entitlement] = []
    faults: list[DecisionFault] = []
    for ask in of.decision.entitlements:
        allotment = units.get((of.stay.id, ask.resource)) if ask.asks else None
        if allotment is None or allotment.state is not AllotmentState.HELD:
            continue
        unit = unit_facts(allotment, ground.campus)
        since = (allotment.held or allotment.at).astimezone(ground.campus.zone).date()
        window = cut((ask.opens, ask.closes), since, None)
        if unit is None or window is None:
            continue
        found = together(
            (decide_unit(facts, unit, *window, ground.rules, ground.calendar) for facts in of.life), ground.rules
        )
        entitlements += [
            _since_ever(each, ask.opens, window[0], of.stay.id, grants, ground) for each in found.entitlements
        ]
        faults += found.faults
    return Decision(tuple(entitlements), tuple(faults))


def _since_ever(
    each: Entitlement, earliest: date, since: date, stay: str, grants: Sequence[Grant], ground: Ground
) -> Entitlement:
    """The same right from the day on which an earlier unit gave it: a seat across the room is no other door."""
    if each.opens > since or since <= earliest:
        return each
    days = [
        grant.opens.astimezone(ground.campus.zone).date()
        for grant in grants
        if _same(grant) == (stay, each.resource, each.rule, each.version)
        and (grant.closes is None or grant.closes > ground.now)
    ]
    return replace(each, opens=min((day for day in days if earliest <= day < each.opens), default=each.opens))


def _given(grant: Grant, stays: Sequence[Stay], ground: Ground) -> dict[Key, _Want]:
    """What is left of a grant that an operator gave: nothing past the stay, nothing on the days of a pause."""
    stay = next((stay for stay in stays if stay.id == grant.stay and stay.state is StayState.OPEN), None)
    if stay is None:
        return {}
    zone = ground.campus.zone
    last = None if stay.departure is None else midnight(stay.departure + timedelta(days=1), zone)
    whole = cut((grant.opens, grant.closes), None, last)
    left = () if whole is None else without(whole, paused(stay, zone))
    want = _Want(stay, grant.clause, grant.trace)
    return {(grant.stay, grant.resource, opens, closes, grant.rule, grant.version): want for opens, closes in left}


def _ran_out(grant: Grant, dossier: Dossier, ground: Ground) -> bool:
    """Whether a grant is over by its own date, and the unit or the operator's word on which it stood is no more: nobody
    ends what has ended."""
    if grant.closes is None or grant.closes > ground.now:
        return False
    stands_alone = grant.rule == OPERATOR or grant.rule in ground.unit_rules
    return stands_alone and any(stay.id == grant.stay and stay.state is StayState.OPEN for stay in dossier.stays)


def _held_until(grant: Grant, now: datetime, *, told_anew: bool) -> datetime:
    if told_anew:
        return grant.valid_from
    return max(grant.valid_from, now if grant.closes is None else min(grant.closes, now))


def _right_of(stay: str, entitlement: Entitlement, ground: Ground) -> Key:
    zone = ground.campus.zone
    closes = None if entitlement.closes is None else midnight(entitlement.closes, zone)
    opens = midnight(entitlement.opens, zone)
    return (stay, entitlement.resource, opens, closes, entitlement.rule, entitlement.version)


def _key(grant: Grant) -> Key:
    return (grant.stay, grant.resource, grant.opens, grant.closes, grant.rule, grant.version)


def _same(grant: Grant) -> tuple[str, str, str, int]:
    """What a grant is apart from its dates."""
    return (grant.stay, grant.resource, grant.rule, grant.version)


def _same_of(key: Key) -> tuple[str, str, str, int]:
    return (key[0], key[1], key[4], key[5])


def _grant(want: _Want, key: Key, ending: Sequence[Grant], ground: Ground) -> Grant:
    stay, resource, opens, closes, rule, version = key
    return Grant(
        id=ground.ids.new("grt"),
        person=want.stay.person,
        stay=stay,
        resource=resource,
        opens=opens,
        closes=closes,
        rule=rule,
        version=version,
        clause=want.clause,
        trace=want.trace,
        recorded=ground.now,
        valid_from=_valid_from(key, ending, ground.now),
        valid_to=closes,
    )


def _valid_from(key: Key, ending: Sequence[Grant], now: datetime) -> datetime:
    """From when it holds by what is known now. A grant told anew with other dates holds as its own dates say, from when its
    law did; one by another rule or version, in the place of what ends here, from now: the law changed only now."""
    before = [grant for grant in ending if (grant.stay, grant.resource) == key[:2]]
    anew = [grant.valid_from for grant in before if _same(grant) == _same_of(key) and grant.valid_from > grant.opens]
    if any(_same(grant) == _same_of(key) for grant in before):
        return max([key[2], *anew])
    return max(key[2], now) if before else key[2]
