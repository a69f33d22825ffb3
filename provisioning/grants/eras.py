"""The era after a restore: how it stands, and the two people who end it where the story's tail could not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from connectors.contract import canonical
from provisioning.nouns.eras import Era
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import eras as rows
from provisioning.store.engine import Tx
from provisioning.story.story import Story

DECIDING = ("security", "system")


class NoEra(Refusal):
    """There is nothing to accept: no backup was put back here, or it is settled. See: foyer era show"""

    status = 409


class EraOther(Refusal):
    """What differs is not what you were shown. Look at it again: foyer era show"""

    status = 409


class EraSecond(Refusal):
    """{name} has accepted this already. It takes two people, of whom one is a security and one a system administrator: now
    the other runs foyer era accept"""

    status = 409


class EraRole(Refusal):
    """{by} accepted this as a {role} administrator, and the other must be a {other} administrator. Ask one to run foyer era
    accept"""

    status = 409


@dataclass(frozen=True, slots=True)
class EraState:
    """An era, and how things are in it. `digest` names the differences, for whoever accepts just these."""

    era: Era
    digest: str
    unread: tuple[str, ...]
    held_back: int


class Eras:
    """Shows and ends eras."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def state(self, tx: Tx) -> EraState | None:
        """The last era; None where nothing was ever put back."""
        era = rows.recovering(tx) or rows.latest(tx)
        if era is None:
            return None
        digest = hashlib.sha256(canonical({"era": era.id, **era.differences}).encode()).hexdigest()[:12]
        if era.settled is not None:
            return EraState(era, digest, (), 0)
        return EraState(era, digest, tuple(rows.targets_unread(tx, era.begun)), rows.held_back(tx))

    def accept(self, tx: Tx, digest: str, actor: Actor) -> bool:
        """Accept the differences that were shown; whether that settles the era, since another did so before.

        Raises `NoEra`, `EraOther`, `EraSecond`, `EraRole`.
        """
        state = self.state(tx)
        if state is None or state.era.settled is not None:
            raise NoEra
        era = state.era
        if digest != state.digest:
            raise EraOther
        before = [each.partition(" ") for each in era.accepted_by]
        roles = [role for role in DECIDING if role in actor.roles]
        if any(name == actor.name for name, _, _ in before):
            raise EraSecond(name=actor.name)
        taken = {role for _, _, role in before}
        free = [role for role in roles if role not in taken]
        if not free:
            by, _, role = before[0]
            raise EraRole(by=by, role=role, other=next(each for each in DECIDING if each != role))
        rows.accept(tx, era.id, [*era.accepted_by, f"{actor.name} {free[0]}"])
        trace, data = f"era-{era.id}", {"era": era.id, "as": free[0], "digest": digest}
        self._story.tell(tx, Told("era.accepted", actor.name, trace=trace, data=data))
        if taken | {free[0]} != set(DECIDING):
            return False
        rows.settle(tx, era.id)
        self._story.tell(tx, Told("era.settled", actor.name, trace=trace, data={"era": era.id}))
        return True
