"""One act that takes everything away from a person, ahead of all other work, and leaves a line for each record that
some target may still hold, until a receipt says that it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from provisioning.campus.campuses import Campuses
from provisioning.grants.grants import Grants
from provisioning.grants.horizon import horizon_of
from provisioning.grants.targets import Serving
from provisioning.nouns.answers import Effect
from provisioning.nouns.people import CardState, Person, StayState
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.rights import RevocationKind, WantedHeld
from provisioning.nouns.told import Actor, Told
from provisioning.store import people as people_store
from provisioning.store import revocations as store
from provisioning.store import rights as rights_store
from provisioning.store.engine import Tx
from provisioning.store.revocations import Revocation, RevokedLine
from provisioning.story.story import ANCHORS, Story

REASON_CHARACTERS_MAX = 500


class ReasonMissing(Refusal):
    """A revocation or suspension needs a reason of 1 to {most} characters, for the story to keep. Give one: --reason TEXT"""


class NothingToRevoke(Refusal):
    """Staff number {no} has no open stay, no active card and no record on any target: there is nothing to revoke. See
    what there was: foyer person show {no}"""

    status = 409


class SuspendedAlready(Refusal):
    """{no} is suspended by security already, since {since}. See what is proved: foyer person certificates {no}"""

    status = 409


class NothingToSuspend(Refusal):
    """Staff number {no} has no open stay, no active card and no record on any target: there is nothing to suspend. See what
    there was: foyer person show {no}"""

    status = 409


class NotSuspended(Refusal):
    """{no} is not suspended by security. A suspension by HR ends with HR's own notice; see: foyer person show {no}"""

    status = 409


class Revoking:
    """Revokes persons for good, or suspends them until security resumes them. HR's suspensions are another cause: neither
    lifts the other."""

    def __init__(self, story: Story, grants: Grants, campuses: Campuses) -> None:
        self._story = story
        self._grants = grants
        self._campuses = campuses

    def revoke(self, tx: Tx, person: Person, actor: Actor, reason: str) -> str:
        """End every stay, grant and card of a person now; the revocation's id. Raises `NothingToRevoke`."""
        made = Revocation(tx.ids.new("rvk"), person.id, actor.name, _checked(reason), tx.now)
        before = self._held(tx, person)
        ended = store.revoke_stays(tx, person.id) + store.end_credentials(tx, person.id)
        if not (ended or before):
            raise NothingToRevoke(no=person.no)
        self._carry_out(tx, made, before, actor, "person.revoked")
        return made.id

    def suspend(self, tx: Tx, person: Person, actor: Actor, reason: str) -> str:
        """Have no card of a person open anything from now on, until security resumes them; the suspension's id. Stays,
        grants and units stay theirs. Raises `SuspendedAlready`, `NothingToSuspend`."""
        kind = RevocationKind.SUSPENDED
        made = Revocation(tx.ids.new("rvk"), person.id, actor.name, _checked(reason), tx.now, kind)
        standing = store.suspension_of(tx, person.id)
        if standing is not None:
            since = standing.at.astimezone(self._campuses.current(tx).zone).isoformat(sep=" ", timespec="minutes")[:16]
            raise SuspendedAlready(no=person.no, since=since)
        before = self._held(tx, person)
        open_stay = any(
            each.state is StayState.OPEN for each in people_store.stays_of(tx, [person.id]).get(person.id, ())
        )
        cards = people_store.credentials_of(tx, [person.id]).get(person.id, ())
        if not (before or open_stay or any(each.state is CardState.ACTIVE for each in cards)):
            raise NothingToSuspend(no=person.no)
        self._carry_out(tx, made, before, actor, "person.suspended")
        return made.id

    def resume(self, tx: Tx, person: Person, actor: Actor, reason: str) -> Effect:
        """Lift what security ordered: what the person has by now opens again. Raises `NotSuspended`."""
        told = _checked(reason)
        standing = store.suspension_of(tx, person.id)
        if standing is None:
            raise NotSuspended(no=person.no)
        store.lift(tx, standing.id, actor.name)
        self._story.tell(tx, Told("person.resumed", actor.name, person.id, None, standing.id, {"reason": told}))
        tx.wake(ANCHORS)
        return self._grants.look(tx, [person.id], actor, trace=standing.id)

    def _held(self, tx: Tx, person: Person) -> dict[tuple[str, str], WantedHeld]:
        return {(row.target, row.key): row for row in rights_store.records_of(tx, [person.id]) if _may_be_held(row)}

    def _carry_out(
        self, tx: Tx, made: Revocation, before: Mapping[tuple[str, str], WantedHeld], actor: Actor, kind: str
    ) -> None:
        """Look at the person anew, ahead of all other work, and leave a line for each record that is to go."""
        # It must stand before anybody looks: it is what the look finds.
        store.add_revocation(tx, made)
        self._story.tell(tx, Told(kind, actor.name, made.person, None, made.id, {"reason": made.reason}))
        self._grants.look(tx, [made.person], actor, trace=made.id, urgent=True)
        campus = self._campuses.current(tx)
        serving, horizon = self._grants.serving(campus), horizon_of(made.person, tx.now, campus.zone).ends
        lines = [
            RevokedLine(made.id, row.target, row.key, row.revision, _exposed(was, serving, horizon, tx.now))
            for row in rights_store.records_of(tx, [made.person])
            if (was := before.get((row.target, row.key))) is not None
            and (made.kind is RevocationKind.REVOKED or row.wanted is None)
        ]
        store.add_lines(tx, lines)
        # A restored database must not be able to forget it: so it is anchored outside now, not within the minute.
        tx.wake(ANCHORS)


def _checked(reason: str) -> str:
    told = reason.strip()
    if not 1 <= len(told) <= REASON_CHARACTERS_MAX:
        raise ReasonMissing(most=REASON_CHARACTERS_MAX)
    return told


def _may_be_held(row: WantedHeld) -> bool:
    """Whether the target may hold it, as far as anyone can tell: wanted, seen there, or not yet proved gone."""
    return row.wanted is not None or row.dirty or (row.known and row.held is not None)


def _exposed(row: WantedHeld, serving: Serving, horizon: datetime, now: datetime) -> datetime | None:
    """Until when the target by itself would let the record's holder pass; None where its dates are over."""
    connector = serving.connectors.get(row.target)
    bodies = [body for body in (row.wanted, row.held) if body is not None]
    ends = [] if connector is None else [connector.exposed_until(body) for body in bodies]
    if connector is None or row.revision > row.held_revision + 1:
        # A wish between the last proof and this one may have arrived with its reply lost: no date of it lies further.
        ends.append(horizon)
    return max((end for end in ends if end > now), default=None)
