"""Changes of mind that wait for a second person. Values come in: this room knows no campus, no sheet and no rule; it
weighs, keeps, and lets nobody decide on their own proposal. Whoever proposed the change carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from connectors.contract import Json
from provisioning.nouns.minds import Hold, HoldKind, HoldState
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import holds as rows
from provisioning.store.engine import Tx
from provisioning.story.story import Story

COUNTED_HOURS = 24
REASON_CHARACTERS_MAX = 500
LISTED_MAX = 1_000
ALARM = "hold.waiting"

FAMILIES = (frozenset({HoldKind.BATCH, HoldKind.NOTICES}), frozenset({HoldKind.RULES, HoldKind.CAMPUS}))
"""Kinds that are counted together: in one, people gain and lose stays; in the other, rights."""


WAITING = (
    "A large change waits for a second person: {kind} {name}, by {by}. Look at it, then approve or refuse it: foyer hold "
    "show {hold}"
)


class HoldDecided(Refusal):
    """Hold {hold} was approved already, by {by}. See the others: foyer hold list"""

    status = 409


class HoldTurnedDown(HoldDecided):
    """Hold {hold} was turned down already, by {by}. See the others: foyer hold list"""


class OwnHold(Refusal):
    """{name} proposed what waits as hold {hold}, and nobody approves their own proposal. Ask another operator."""

    status = 403


class HoldReasonMissing(Refusal):
    """To refuse a hold takes a reason of 1 to {most} characters, for the story and for whoever proposed it. Give one:
    --reason TEXT"""


class Bell(Protocol):
    """What tells people that something waits for them."""

    def raise_alarm(self, tx: Tx, kind: str, template: str, fields: Mapping[str, Json]) -> str:
        """Raise an alarm; its id."""
        ...

    def settle(self, tx: Tx, kind: str, fields: Mapping[str, Json], actor: Actor) -> None:
        """Acknowledge the open alarm that says this, if there is one."""
        ...


class Limits(Protocol):
    """How large a change of mind may be within COUNTED_HOURS before it waits."""

    @property
    def arrivals_max(self) -> int:
        """People who gain."""
        ...

    @property
    def losses_percent_max(self) -> int:
        """People who lose, in percent of those with an open stay."""
        ...

    @property
    def losses_min(self) -> int:
        """So many may always lose, however few there are."""
        ...


@dataclass(frozen=True, slots=True)
class Weight:
    """Which part of a change has to wait: what gives, what takes, or both."""

    hold_more: bool
    hold_less: bool

    @property
    def any(self) -> bool:
        """Whether anything has to wait."""
        return self.hold_more or self.hold_less


@dataclass(frozen=True, slots=True)
class Waits:
    """What is to wait: how many people would gain and lose by it, what is shown of it, and the digest of that plan."""

    kind: HoldKind
    name: str
    more: int
    less: int
    plan: Mapping[str, Json]
    digest: str
    payload: str | None = None
    batch: str | None = None


class Holds:
    """Weighs changes of mind, and keeps those that wait."""

    def __init__(self, story: Story, bell: Bell) -> None:
        self._story = story
        self._bell = bell

    def weigh(self, tx: Tx, limits: Limits, kind: HoldKind, *, more: int, less: int, people: int) -> Weight:
        """Whether this change, with those of its family that went through within COUNTED_HOURS, is too large.

        `more` and `less` are the people who gain and lose by it, `people` those who have an open stay.
        """
        before_more, before_less = rows.changes_since(tx, _family(kind), tx.now - timedelta(hours=COUNTED_HOURS))
        losing = before_less + less
        many = losing > limits.losses_min and 100 * losing > limits.losses_percent_max * people
        return Weight(bool(more) and before_more + more > limits.arrivals_max, bool(less) and many)

    def passed(self, tx: Tx, kind: HoldKind, *, more: int, less: int) -> None:
        """Count a change that goes through by itself. What an approved hold carries out is not counted again."""
        if more or less:
            rows.add_change(tx, kind, more, less)

    def put(self, tx: Tx, waits: Waits, actor: Actor, hold: str | None = None) -> Hold:
        """Have a change wait; `hold` is an id made for it before, so that what waits can name it."""
        put = Hold(
            id=hold or tx.ids.new("hld"),
            kind=waits.kind,
            name=waits.name,
            proposed_by=actor.name,
            at=tx.now,
            more=waits.more,
            less=waits.less,
            plan=waits.plan,
            digest=waits.digest,
            payload=waits.payload,
            batch=waits.batch,
            state=HoldState.OPEN,
        )
        rows.add_hold(tx, put)
        self._tell(tx, "hold.put", put, actor)
        self._bell.raise_alarm(tx, ALARM, WAITING, _on_bell(put))
        return put

    def revise(self, tx: Tx, hold: Hold, waits: Waits, actor: Actor) -> Hold:
        """Keep another plan than the one that was shown; what waits is the same."""
        rows.put_plan(tx, hold.id, waits.more, waits.less, waits.plan, waits.digest)
        revised = replace(hold, more=waits.more, less=waits.less, plan=waits.plan, digest=waits.digest)
        self._tell(tx, "hold.changed", revised, actor)
        return revised

    def open(self, tx: Tx) -> list[Hold]:
        """Those that wait, newest first."""
        return rows.holds(tx, LISTED_MAX, open_only=True)

    def all(self, tx: Tx, limit: int) -> list[Hold]:
        """The newest, decided or not."""
        return rows.holds(tx, limit, open_only=False)

    def open_of(self, tx: Tx, kind: HoldKind, name: str | None = None) -> Hold | None:
        """The open hold of a kind, and of a name where one is given."""
        return rows.open_hold(tx, kind, name)

    def of_batch(self, tx: Tx, batch: str) -> list[Hold]:
        """Those in which parts of a batch wait, or waited, oldest first."""
        return rows.holds_of_batch(tx, batch)

    def count_open(self, tx: Tx) -> int:
        """How many wait."""
        return rows.open_holds(tx)

    def get(self, tx: Tx, hold: str) -> Hold:
        """The hold with this id. Raises `NotFound`."""
        found = rows.hold_of(tx, hold)
        if found is None:
            raise NotFound(what="hold", name=hold, where="foyer hold list --all")
        return found

    def check(self, hold: Hold, actor: Actor) -> None:
        """Return where this operator may approve this hold. Raises `HoldDecided`, `OwnHold`."""
        _check_open(hold)
        if hold.proposed_by == actor.name:
            raise OwnHold(name=actor.name, hold=hold.id)

    def decide(self, tx: Tx, hold: Hold, actor: Actor, refused: str | None = None) -> Hold:
        """Put the decision: approved, or refused with a reason. Who proposed it may refuse it, but not approve it.

        Raises `HoldDecided`, `OwnHold`, `HoldReasonMissing`.
        """
        if refused is None:
            self.check(hold, actor)
            state, reason = HoldState.APPROVED, None
        else:
            _check_open(hold)
            state, reason = HoldState.REFUSED, refused.strip()
            if not 1 <= len(reason) <= REASON_CHARACTERS_MAX:
                raise HoldReasonMissing(most=REASON_CHARACTERS_MAX)
        if not rows.settle_hold(tx, hold.id, state, actor.name, reason):
            _check_open(self.get(tx, hold.id))
        decided = replace(hold, state=state, decided_by=actor.name, decided=tx.now, reason=reason)
        self._tell(tx, f"hold.{state.value}", decided, actor)
        self._bell.settle(tx, ALARM, _on_bell(hold), actor)
        return decided

    def _tell(self, tx: Tx, kind: str, hold: Hold, actor: Actor) -> None:
        data: dict[str, Json] = {
            "hold": hold.id,
            "hold_kind": hold.kind.value,
            "name": hold.name,
            "proposed_by": hold.proposed_by,
            "more": hold.more,
            "less": hold.less,
            "digest": hold.digest,
            "batch": hold.batch,
            "reason": hold.reason,
        }
        self._story.tell(tx, Told(kind, actor.name, trace=hold.batch or hold.id, data=data))
        tx.wake("holds")


def _family(kind: HoldKind) -> frozenset[HoldKind]:
    return next(family for family in FAMILIES if kind in family)


def _on_bell(hold: Hold) -> dict[str, Json]:
    return {"hold": hold.id, "kind": hold.kind.value, "name": hold.name, "by": hold.proposed_by}


def _check_open(hold: Hold) -> None:
    if hold.state is not HoldState.OPEN:
        refusal = HoldDecided if hold.state is HoldState.APPROVED else HoldTurnedDown
        raise refusal(hold=hold.id, by=hold.decided_by or "–")
