"""One act that takes everything away from a person, ahead of all other work, and leaves a line for each record that
some target may still hold, until a receipt says that it is gone."""

from __future__ import annotations

from datetime import datetime

from provisioning.campus.campuses import Campuses
from provisioning.grants.grants import Grants
from provisioning.grants.horizon import horizon_of
from provisioning.grants.targets import Serving
from provisioning.nouns.people import Person
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.rights import WantedHeld
from provisioning.nouns.told import Actor, Told
from provisioning.store import revocations as store
from provisioning.store import rights as rights_store
from provisioning.store.engine import Tx
from provisioning.store.revocations import Revocation, RevokedLine
from provisioning.story.story import ANCHORS, Story

REASON_CHARACTERS_MAX = 500


class ReasonMissing(Refusal):
    """A revocation needs a reason of 1 to {most} characters, for the story to keep. Give one: --reason TEXT"""


class NothingToRevoke(Refusal):
    """Staff number {no} has no open stay, no active card and no record on any target: there is nothing to revoke. See
    what there was: foyer person show {no}"""

    status = 409


class Revoking:
    """Revokes persons."""

    def __init__(self, story: Story, grants: Grants, campuses: Campuses) -> None:
        self._story = story
        self._grants = grants
        self._campuses = campuses

    def revoke(self, tx: Tx, person: Person, actor: Actor, reason: str) -> str:
        """End every stay, grant and card of a person now; the revocation's id. Raises `NothingToRevoke`."""
        reason = reason.strip()
        if not 1 <= len(reason) <= REASON_CHARACTERS_MAX:
            raise ReasonMissing(most=REASON_CHARACTERS_MAX)
        before = {(row.target, row.key): row for row in rights_store.records_of(tx, [person.id]) if _may_be_held(row)}
        ended = store.revoke_stays(tx, person.id) + store.end_credentials(tx, person.id)
        if not (ended or before):
            raise NothingToRevoke(no=person.no)
        made = Revocation(tx.ids.new("rvk"), person.id, actor.name, reason, tx.now)
        self._story.tell(tx, Told("person.revoked", actor.name, person.id, None, made.id, {"reason": reason}))
        self._grants.look(tx, [person.id], actor, trace=made.id, urgent=True)
        campus = self._campuses.current(tx)
        serving, horizon = self._grants.serving(campus), horizon_of(person.id, tx.now, campus.zone).ends
        after = rights_store.records_of(tx, [person.id])
        lines = [
            RevokedLine(made.id, row.target, row.key, row.revision, _exposed(was, serving, horizon, tx.now))
            for row in after
            if (was := before.get((row.target, row.key))) is not None
        ]
        store.add_revocation(tx, made, lines)
        # A restored database must not be able to forget it: so it is anchored outside now, not within the minute.
        tx.wake(ANCHORS)
        return made.id


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
