"""Acts: what is done at most once, such as opening a door now or pairing a reader. An act is noted as begun before it
leaves, so that whatever stops the hub or its gateway in between, it is never sent again: what was begun and is not reported
is told as not known, until a gateway that was out of touch tells of it after all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.contract import Act, Done, Json, Later, Outcome, Refused
from provisioning.nouns.conditions import ActState, DoorAct
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor, Told
from provisioning.store import conditions as rows
from provisioning.store import rights
from provisioning.store.engine import Tx
from provisioning.story.story import Story

OPEN, PAIR = "open", "pair"
ACTS_AT_ONCE_MAX = 16
LOST_AFTER_S = 30.0
"""Longer than any lease: whoever began an act so long ago and has not reported it was stopped, or is out of touch."""

UNREPORTED: Mapping[str, str] = {
    OPEN: "Its gateway began it, and has not told what came of it: the door may have opened. It is not sent again; look at"
    " the door. What the gateway tells later is noted then.",
    PAIR: "Its gateway began to send the key, and has not told what came of it: the reader may have it or not. See whether"
    " it answers; where it does not, put it into install mode and pair it again. What the gateway tells later is noted"
    " then.",
}
NOT_BEGUN: Mapping[str, str] = {
    OPEN: "The panel was not reached in time, so nothing was sent. Order it again once the panel answers.",
    PAIR: "Its gateway did not come to it in time, so nothing was sent. Order it again once the gateway runs.",
}
_TOLD: Mapping[str, str] = {OPEN: "act", PAIR: "pairing"}
"""How the story's kinds of event begin, by the kind of act."""


class Acts:
    """Orders acts, hands them to gateways, and notes what became of them."""

    def __init__(self, story: Story, gateway: str) -> None:
        self._story = story
        self._gateway = gateway

    def order(
        self,
        tx: Tx,
        target: str,
        door: str,
        key: str,
        actor: Actor,
        reason: str,
        within_s: float,
        *,
        kind: str = OPEN,
        person: str | None = None,
        trace: str | None = None,
    ) -> DoorAct:
        """Have a door opened once, or its reader paired, ahead of all other work, and not at all once `within_s` are
        over. `key` is the door's, or the reader's that is paired."""
        until = tx.now + timedelta(seconds=within_s)
        made = DoorAct(
            tx.ids.new("act"), target, door, key, kind, tx.now, until, actor.name, reason, person, ActState.WAITING
        )
        rows.add_act(tx, made)
        data: dict[str, Json] = {
            "act": made.id, "act_kind": made.kind, "door": door, "key": key, "until": until.isoformat(), "reason": reason,
        }  # fmt: skip
        self._story.tell(tx, Told(f"{_TOLD[kind]}.ordered", actor.name, person, target, trace or made.id, data))
        tx.wake("acts")
        return made

    def waiting(self, tx: Tx, target: str) -> tuple[Act, ...]:
        """What waits to be done at a target, the longest ordered first."""
        return tuple(
            Act(each.id, each.kind, each.key, each.until) for each in rows.acts_waiting(tx, target, ACTS_AT_ONCE_MAX)
        )

    def begin(self, tx: Tx, target: str, act_id: str) -> bool:
        """Note that an act leaves now; False where it must not: it was begun before, or its time is over."""
        return rows.begin_act(tx, target, act_id)

    def acted(self, tx: Tx, act_id: str, outcome: Outcome) -> None:
        """Note what a target did of an act that was begun, also where that was not known any more."""
        match outcome:
            case Done():
                self._end(tx, act_id, ActState.DONE, None)
            case Refused(reason) | Later(reason=reason, unreachable=True):
                self._end(tx, act_id, ActState.REFUSED, reason)
            case later:
                self._end(tx, act_id, ActState.UNKNOWN, later.reason)

    def overdue(self, tx: Tx, begun_before: datetime | None = None) -> int:
        """Note the acts that were not begun in time as expired, and those that nobody will report any more as not known;
        returns how many. Who knows that all gateways are gone says `begun_before` now."""
        found = rows.acts_over(tx, begun_before or tx.now - timedelta(seconds=LOST_AFTER_S))
        for each in found:
            begun = each.state is ActState.BEGUN
            state, said = (
                (ActState.UNKNOWN, UNREPORTED[each.kind]) if begun else (ActState.EXPIRED, NOT_BEGUN[each.kind])
            )
            self._end(tx, each.id, state, said)
        return len(found)

    def act(self, tx: Tx, act_id: str) -> DoorAct:
        """One act. Raises `NotFound`."""
        found = rows.act_by_id(tx, act_id)
        if found is None:
            raise NotFound(what="act", name=act_id, where="foyer door acts")
        return found

    def latest(self, tx: Tx, limit: int) -> list[DoorAct]:
        """Acts, the latest first."""
        return rows.acts(tx, limit)

    def _end(self, tx: Tx, act_id: str, state: ActState, said: str | None) -> None:
        found = rows.act_by_id(tx, act_id)
        if found is None or not rows.end_act(tx, act_id, state, said):
            return
        data: dict[str, Json] = {"act": act_id, "door": found.door, "key": found.key, "said": said}
        if found.begun is not None:
            data["begun"] = found.begun.isoformat()
        if (found.kind, state) == (PAIR, ActState.DONE):
            # What waited for the reader need not wait until it is tried again by itself.
            rights.hasten_record(tx, found.target, found.key)
        kind = f"{_TOLD[found.kind]}.{state.value}"
        self._story.tell(tx, Told(kind, self._gateway, found.person, found.target, act_id, data))
        tx.wake("acts")
