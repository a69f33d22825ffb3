"""Grants that an operator gives for a set time: for somebody who is to open a door on one afternoon. They stand on the
person's stay, and end with it. What a panel cannot express, since it knows dates alone, is put there when it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Json
from policies.facts import asks_for_unit
from policies.windows import without
from provisioning.campus.campuses import Campuses
from provisioning.grants.grants import Grants
from provisioning.grants.horizon import midnight
from provisioning.grants.judging import OPERATOR, paused
from provisioning.nouns.people import Person, Stay, StayState
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.rights import Grant
from provisioning.nouns.told import Actor, Told
from provisioning.store import people as people_store
from provisioning.store import rights as rights_store
from provisioning.store.engine import Tx
from provisioning.story.story import Story

DAYS_MAX = 92
GRANTS_SHOWN_MAX = 500
REASON_CHARACTERS_MAX = 500


class GrantReasonMissing(Refusal):
    """A grant by an operator, and its end, need a reason of 1 to {most} characters, for the story to keep. Give one:
    --reason TEXT"""


class GrantWindow(Refusal):
    """From {opens} until {closes} no grant can be given: its end must lie ahead, after its beginning, and at most {most}
    days behind it. Correct --from and --until."""


class GrantUnserved(Refusal):
    """No target of the campus serves {resource}, so nothing would open. Name a zone, or the lock of a flat: zone:meeting.
    See what there is: foyer campus show"""


class GrantOfUnit(Refusal):
    """{resource} is one unit, and units are allotted, so that nobody is given what another has. Use: foyer seat, or foyer
    flat"""


class GrantWithoutStay(Refusal):
    """{no} has no open stay on {day}, and a grant stands on a stay. Have HR announce them first, or choose another day."""

    status = 409


class GrantPastStay(Refusal):
    """The last day of {no} is {last}: a grant cannot go on after it. Choose an earlier end, or have HR extend the stay."""

    status = 409


class GrantWhilePaused(Refusal):
    """{no} is suspended for a part of that time, and all doors stay shut then. Choose another time, or have HR resume the
    stay first."""

    status = 409


class GrantTwice(Refusal):
    """{no} has this very grant already: {id}. Nothing was changed."""

    status = 409


class GrantNotGiven(Refusal):
    """Grant {id} follows from the rule {rule}, and would come back at once. Change the rule or the stay, or revoke the
    person: foyer revoke"""

    status = 409


class GrantOver(Refusal):
    """Grant {id} is over already. See what there is: foyer grant list"""

    status = 409


class Giving:
    """Gives grants for a set time, and ends them."""

    def __init__(self, story: Story, grants: Grants, campuses: Campuses) -> None:
        self._story = story
        self._grants = grants
        self._campuses = campuses

    def give(
        self, tx: Tx, person: Person, resource: str, opens: datetime | None, closes: datetime, reason: str, actor: Actor
    ) -> Grant:
        """Let a person have a resource for [opens, closes), wall-clock times of the site; None: from now. Raises refusals
        that begin with `Grant`."""
        campus = self._campuses.current(tx)
        begins, ends = _window(opens, closes, tx.now, campus.zone)
        clause = _reason(reason)
        if asks_for_unit(resource):
            raise GrantOfUnit(resource=resource)
        kind, _, name = resource.partition(":")
        # A pattern serves whatever begins alike: a flat that is none has no lock.
        unknown = kind == "lock" and name not in campus.flats
        if unknown or not self._grants.serving(campus).targets_of(resource):
            raise GrantUnserved(resource=resource)
        stay = _stay(people_store.stays_of(tx, [person.id]).get(person.id, ()), person, begins, ends, campus.zone)
        grant = Grant(
            tx.ids.new("grt"), person.id, stay.id, resource, begins, ends, OPERATOR, 0, clause, stay.notice, tx.now, begins,
            ends,
        )  # fmt: skip
        for other in rights_store.open_grants(tx, [person.id]):
            if (other.rule, other.stay, other.resource, other.opens, other.closes) == (
                OPERATOR, stay.id, resource, begins, ends,
            ):  # fmt: skip
                raise GrantTwice(no=person.no, id=other.id)
        rights_store.add_grants(tx, [grant])
        data: dict[str, Json] = {
            "grant": grant.id,
            "stay": stay.id,
            "resource": resource,
            "opens": begins.isoformat(),
            "closes": ends.isoformat(),
            "reason": clause,
        }
        self._story.tell(tx, Told("grant.given", actor.name, person.id, trace=grant.id, data=data))
        self._grants.look(tx, [person.id], actor)
        return grant

    def end(self, tx: Tx, grant_id: str, actor: Actor, reason: str) -> Grant:
        """End a grant that an operator gave, now. Raises `NotFound`, `GrantNotGiven`, `GrantOver`."""
        clause = _reason(reason)
        grant = rights_store.grant_by_id(tx, grant_id)
        if grant is None:
            raise NotFound(what="grant", name=grant_id, where="foyer grant list NO")
        if grant.rule != OPERATOR:
            raise GrantNotGiven(id=grant.id, rule=grant.rule)
        if grant.ended is not None or (grant.closes is not None and grant.closes <= tx.now):
            raise GrantOver(id=grant.id)
        rights_store.end_grants(tx, {grant.id: max(grant.valid_from, tx.now)}, actor.name)
        data: dict[str, Json] = {"grant": grant.id, "stay": grant.stay, "resource": grant.resource, "reason": clause}
        self._story.tell(tx, Told("grant.ended", actor.name, grant.person, trace=grant.id, data=data))
        self._grants.look(tx, [grant.person], actor, urgent=True)
        return rights_store.grant_by_id(tx, grant.id) or grant

    def of(self, tx: Tx, person: Person, *, everything: bool) -> list[Grant]:
        """A person's grants, by rule or operator, the latest first; those that are over or ended, too, where asked."""
        return rights_store.grants_of(tx, person.id, GRANTS_SHOWN_MAX, everything=everything)


def _window(opens: datetime | None, closes: datetime, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins = now if opens is None else max(now, _instant(opens, zone))
    ends = _instant(closes, zone)
    if not begins < ends or ends - begins > timedelta(days=DAYS_MAX):
        shown = (each.astimezone(zone).isoformat(sep=" ", timespec="minutes")[:16] for each in (begins, ends))
        raise GrantWindow(opens=next(shown), closes=next(shown), most=DAYS_MAX)
    return begins, ends


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= REASON_CHARACTERS_MAX:
        raise GrantReasonMissing(most=REASON_CHARACTERS_MAX)
    return reason


def _stay(stays: tuple[Stay, ...], person: Person, begins: datetime, ends: datetime, zone: ZoneInfo) -> Stay:
    """The open stay that the grant stands on: one that has not ended when it begins, the earliest of them."""
    day = begins.astimezone(zone).date()
    lasting = [
        each for each in stays if each.state is StayState.OPEN and (each.departure is None or each.departure >= day)
    ]
    if not lasting:
        raise GrantWithoutStay(no=person.no, day=day.isoformat())
    stay = lasting[0]
    if stay.departure is not None and midnight(stay.departure + timedelta(days=1), zone) < ends:
        raise GrantPastStay(no=person.no, last=stay.departure.isoformat())
    if without((begins, ends), paused(stay, zone)) != ((begins, ends),):
        raise GrantWhilePaused(no=person.no)
    return stay
