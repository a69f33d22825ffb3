"""Notices of HR that come by themselves: each is taken once by its id, whatever the order, and none is lost. One that
speaks of what nobody has told yet waits, and takes effect once that has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.says import Said
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus
from provisioning.holds.holds import Holds
from provisioning.identity.arrivals import Effect, Letter, Plan, Sway, said
from provisioning.identity.persons import Persons, Taking
from provisioning.intake.held import waits
from provisioning.intake.letters import event_id, read_letter
from provisioning.nouns.minds import HoldKind
from provisioning.nouns.people import Notice, NoticeKind, Standing
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor
from provisioning.store import holds as hold_rows
from provisioning.store.engine import Tx
from provisioning.store.senders import Sender

AT_ONCE = 50
"""Events of one message that are taken in one transaction."""
HELD_TOGETHER_MAX = 1_000
"""Notices after which a sender's next ones begin another hold: what waits in one is planned anew whenever it grows."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one event: the notice, or why it is refused; `again` where it was taken before. `says` is why it has
    no effect yet, or what is worth knowing; `persons` are those to look at."""

    event: str | None
    notice: str | None = None
    standing: Standing | None = None
    again: bool = False
    says: tuple[Said, ...] = ()
    refusal: Refusal | None = None
    persons: tuple[str, ...] = ()


class Notices:
    """Takes notices."""

    def __init__(self, persons: Persons, campuses: Campuses, holds: Holds) -> None:
        self._persons = persons
        self._campuses = campuses
        self._holds = holds

    def take(self, tx: Tx, sender: Sender, events: Sequence[Mapping[str, Any]]) -> list[Taken]:
        """Take some events, each by itself, in the order in which they stand; an answer for each. Raises `NoCampus`."""
        campus, actor = self._campuses.current(tx), actor_of(sender)
        held: set[str] = set()
        answers = []
        for event in events:
            try:
                read = self._read(tx, sender, event, campus)
            except Refusal as refusal:
                answers.append(Taken(event_id(event), refusal=refusal))
                continue
            # From here on rows are written: whatever goes wrong now undoes the whole transaction.
            answers.append(read if isinstance(read, Taken) else self._take(tx, sender, read, campus, held))
        for hold in sorted(held):
            self._show(tx, hold, sender, campus, actor)
        return answers

    def _read(self, tx: Tx, sender: Sender, event: Mapping[str, Any], campus: Campus) -> Letter | Taken:
        """What an event says; or what became of it before."""
        letter = read_letter(event, sender.source, campus, tx.now)
        before = self._persons.before(tx, letter)
        if before is None:
            return letter
        return Taken(event_id(event), before.id, before.standing, again=True, says=reason_of(before))

    def _take(self, tx: Tx, sender: Sender, letter: Letter, campus: Campus, held: set[str]) -> Taken:
        named, actor = str(letter.content["event"]), actor_of(sender)
        merges = letter.kind is NoticeKind.MERGED
        if merges and (obstacle := self._persons.merger_obstacle(tx, letter)) is not None:
            return Taken(named, refusal=obstacle)
        plan = self._persons.plan_letter(tx, letter, campus.zone)
        hold = None
        if self._too_large(tx, plan, campus):
            hold = self._hold(tx, sender, held)
            held.add(hold)
        elif merges:
            persons = self._persons.merge(tx, letter, actor, campus.zone)
            return Taken(named, letter.notice, Standing.APPLIED, persons=tuple(persons))
        persons = self._persons.carry_out_all(tx, [Taking(letter, plan, hold=hold)], None, actor)
        return Taken(named, letter.notice, _standing(plan, hold), says=_says(plan), persons=tuple(persons))

    def _hold(self, tx: Tx, sender: Sender, held: set[str]) -> str:
        """The hold in which a sender's notice waits; one that this very message begins is not there yet."""
        opened = self._holds.open_of(tx, HoldKind.NOTICES, sender.name)
        if opened is not None and opened.more + opened.less < HELD_TOGETHER_MAX:
            return opened.id
        return next(iter(held), None) or tx.ids.new("hld")

    def _too_large(self, tx: Tx, plan: Plan, campus: Campus) -> bool:
        """Whether a notice has to wait for a second person, with those that went through before; else it is counted."""
        more, less = int(plan.sways is Sway.MORE), int(plan.sways is Sway.LESS)
        if not (more or less):
            return False
        people = hold_rows.people_staying(tx, tx.now.astimezone(campus.zone).date()) if less else 0
        weight = self._holds.weigh(tx, campus.hold_limits, HoldKind.NOTICES, more=more, less=less, people=people)
        if not weight.any:
            self._holds.passed(tx, HoldKind.NOTICES, more=more, less=less)
        return weight.any

    def _show(self, tx: Tx, hold: str, sender: Sender, campus: Campus, actor: Actor) -> None:
        """Have a hold show all that waits in it by now."""
        waiting = waits(HoldKind.NOTICES, sender.name, self._persons.held(tx, hold, campus.zone).plans)
        opened = self._holds.open_of(tx, HoldKind.NOTICES, sender.name)
        if opened is None or opened.id != hold:
            self._holds.put(tx, waiting, actor, hold)
        else:
            self._holds.revise(tx, opened, waiting, actor)


def actor_of(sender: Sender) -> Actor:
    """A sender as the story names it."""
    return Actor(f"sender:{sender.name}")


def reason_of(notice: Notice) -> tuple[Said, ...]:
    """Why a notice has no effect, as it was kept."""
    if notice.reason is None:
        return ()
    fields = notice.reason.get("fields")
    given = fields.items() if isinstance(fields, Mapping) else ()
    told = tuple((name, value if isinstance(value, int) else str(value)) for name, value in given)
    return (Said(str(notice.reason["template"]), told),)


def _standing(plan: Plan, hold: str | None) -> Standing:
    if hold is not None:
        return Standing.HELD
    return Standing.WAITING if plan.effect is Effect.REFUSED else Standing.APPLIED


def _says(plan: Plan) -> tuple[Said, ...]:
    return plan.notes if plan.refusal is None else (said(plan.refusal),)
