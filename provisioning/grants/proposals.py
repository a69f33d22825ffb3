"""Changes of mind, proposed and decided: a sheet's held rows, a sender's held notices, a text of rules, a campus file.
What is small takes effect at once; what is large waits as a hold, and whoever approves it is shown anew what it would do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.contract import Json, canonical
from policies.rules import RuleSet
from provisioning.campus.campuses import Campuses
from provisioning.campus.change import CampusChange
from provisioning.campus.file import Campus, HoldLimits
from provisioning.grants.compile import Ground
from provisioning.grants.differences import preview_json
from provisioning.grants.grants import Grants
from provisioning.grants.preview import Preview, by_law, by_people, ground_of, units_of
from provisioning.grants.rulebook import Rulebook, RulesChange
from provisioning.holds.holds import Holds, Waits
from provisioning.identity.persons import Held, Persons
from provisioning.intake.held import waits
from provisioning.intake.intake import Intake
from provisioning.intake.report import Report
from provisioning.intake.sheet import Sheet
from provisioning.nouns.minds import Hold, HoldKind
from provisioning.nouns.told import Actor
from provisioning.store import holds as hold_rows
from provisioning.store import people as people_rows
from provisioning.store.engine import Tx

SUPERSEDED = "Another proposal took its place."
RULES_NAME = "rules"
OF_PEOPLE = frozenset({HoldKind.BATCH, HoldKind.NOTICES})
"""Holds of notices; the others are of one text."""

C = TypeVar("C", RulesChange, CampusChange)


@dataclass(frozen=True, slots=True)
class Proposed(Generic[C]):
    """What became of a proposed text: what it changes, what that does, and whether it `waits` for a second person; as
    which hold, where it was not only asked about."""

    change: C
    preview: Preview
    waits: bool
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a hold. `before` is the plan that was shown, where it has changed and nothing was done; `people` are
    to be looked at now."""

    hold: Hold
    people: tuple[str, ...] = ()
    before: Hold | None = None


class Proposals:
    """Proposes, shows and decides."""

    def __init__(
        self,
        holds: Holds,
        campuses: Campuses,
        rulebook: Rulebook,
        grants: Grants,
        persons: Persons,
        intake: Intake,
    ) -> None:
        self._holds = holds
        self._campuses = campuses
        self._rulebook = rulebook
        self._grants = grants
        self._persons = persons
        self._intake = intake

    def preview_rules(self, tx: Tx, text: str) -> Proposed[RulesChange]:
        """What putting this text in force would do. Raises `RulesWrong`, `RuleVersion`."""
        change, rules = self._rulebook.plan(tx, text)
        preview = self._of_rules(tx, rules)
        return Proposed(change, preview, not change.nothing and self._too_large(tx, HoldKind.RULES, preview))

    def rules(self, tx: Tx, text: str, actor: Actor) -> Proposed[RulesChange]:
        """Put this text in force, or have it wait. Raises as `preview_rules` does."""
        proposed = self.preview_rules(tx, text)
        if proposed.waits:
            hold = self._put(tx, _rules_wait(proposed, text), actor)
            return Proposed(proposed.change, proposed.preview, waits=True, hold=hold)
        self._rulebook.apply(tx, text, actor)
        self._pass(tx, HoldKind.RULES, proposed.preview)
        return proposed

    def preview_campus(self, tx: Tx, text: str, name: str) -> Proposed[CampusChange]:
        """What putting this file in force would do. Raises `CampusFaults`, `CampusOther`."""
        change, campus = self._campuses.plan(tx, text, name)
        preview = self._of_campus(tx, campus)
        large = self._lowers_guards(tx, campus) or self._too_large(tx, HoldKind.CAMPUS, preview)
        return Proposed(change, preview, not change.nothing and large)

    def campus(self, tx: Tx, text: str, name: str, actor: Actor) -> Proposed[CampusChange]:
        """Put this file in force, or have it wait. Raises as `preview_campus` does."""
        proposed = self.preview_campus(tx, text, name)
        if proposed.waits:
            hold = self._put(tx, _campus_waits(proposed, text, name), actor)
            return Proposed(proposed.change, proposed.preview, waits=True, hold=hold)
        applied = self._campuses.apply(tx, text, name, actor)
        self._pass(tx, HoldKind.CAMPUS, proposed.preview)
        return Proposed(applied, proposed.preview, waits=False)

    def preview_sheet(self, tx: Tx, present: Tx, sheet: Sheet, actor: Actor) -> tuple[Report, Preview]:
        """What taking a sheet would do, with what of it would wait. `tx` rehearses, `present` reads what is now."""
        report, people = self._intake.rehearse(tx, sheet, actor)
        return report, self._of_people(tx, present, people, actor)

    def preview_hold(self, tx: Tx, present: Tx, hold: Hold, actor: Actor) -> Preview:
        """What an open hold would do if it were approved now. `tx` rehearses, `present` reads what is now."""
        if hold.kind is HoldKind.RULES:
            return self.preview_rules(tx, hold.payload or "").preview
        if hold.kind is HoldKind.CAMPUS:
            return self.preview_campus(tx, hold.payload or "", hold.name).preview
        held = self._persons.held(tx, hold.id, self._campuses.current(tx).zone)
        return self._of_people(tx, present, self._persons.let_go(tx, held, actor), actor)

    def approve(self, tx: Tx, hold: Hold, actor: Actor) -> Decided:
        """Carry out what waits, unless it would do something else by now than was shown: then nothing is done, and the
        new plan is kept to be shown. Raises `HoldDecided`, `OwnHold`, and what proposing the same would raise."""
        self._holds.check(hold, actor)
        held: Held | None = None
        if hold.kind in OF_PEOPLE:
            held = self._persons.held(tx, hold.id, self._campuses.current(tx).zone)
        now = self._again(tx, hold) if held is None else waits(hold.kind, hold.name, held.plans, hold.batch)
        if now.digest != hold.digest:
            return Decided(self._holds.revise(tx, hold, now, actor), before=hold)
        people: Sequence[str] = ()
        if held is not None:
            people = self._persons.let_go(tx, held, actor)
        elif hold.kind is HoldKind.RULES:
            self._rulebook.apply(tx, hold.payload or "", actor)
        else:
            self._campuses.apply(tx, hold.payload or "", hold.name, actor)
        return Decided(self._holds.decide(tx, hold, actor), tuple(people))

    def refuse(self, tx: Tx, hold: Hold, actor: Actor, reason: str) -> Decided:
        """Have nothing come of what waits. Raises `HoldDecided`, `HoldReasonMissing`."""
        decided = self._holds.decide(tx, hold, actor, refused=reason)
        if hold.kind in OF_PEOPLE:
            self._persons.turn_down(tx, hold.id, actor, reason)
        return Decided(decided)

    def _again(self, tx: Tx, hold: Hold) -> Waits:
        """The plan of a text that waits, made anew."""
        text = hold.payload or ""
        if hold.kind is HoldKind.RULES:
            return _rules_wait(self.preview_rules(tx, text), text)
        return _campus_waits(self.preview_campus(tx, text, hold.name), text, hold.name)

    def _of_rules(self, tx: Tx, rules: RuleSet) -> Preview:
        ground = self._ground(tx)
        after = Ground(ground.campus, rules, ground.serving, tx.now, tx.ids, None)
        return by_law(tx, ground, after)

    def _of_campus(self, tx: Tx, campus: Campus) -> Preview:
        before = self._present(tx)
        rules = self._rulebook.current(tx)
        after = ground_of(tx, campus, rules)
        return by_law(tx, after if before is None else self._ground(tx), after)

    def _of_people(self, tx: Tx, present: Tx, people: Sequence[str], actor: Actor) -> Preview:
        before, held = people_rows.stays_of(present, people), units_of(present, people)
        self._grants.allot(tx, people, actor)
        return by_people(tx, self._ground(tx), before, people_rows.stays_of(tx, people), held)

    def _ground(self, tx: Tx) -> Ground:
        campus = self._campuses.current(tx)
        return Ground(campus, self._rulebook.current(tx), self._grants.serving(campus), tx.now, tx.ids, None)

    def _present(self, tx: Tx) -> Campus | None:
        return None if self._campuses.text(tx) is None else self._campuses.current(tx)

    def _lowers_guards(self, tx: Tx, campus: Campus) -> bool:
        """Whether a file would let larger changes through: that waits, however few people it touches."""
        before = self._present(tx)
        return before is not None and any(
            getattr(campus.hold_limits, name) > getattr(before.hold_limits, name) for name in HoldLimits.__slots__
        )

    def _too_large(self, tx: Tx, kind: HoldKind, preview: Preview) -> bool:
        present = self._present(tx)
        if present is None:
            return False
        more, less = preview.people_gaining, preview.people_losing
        people = hold_rows.people_staying(tx, tx.now.astimezone(present.zone).date()) if less else 0
        return self._holds.weigh(tx, present.hold_limits, kind, more=more, less=less, people=people).any

    def _pass(self, tx: Tx, kind: HoldKind, preview: Preview) -> None:
        self._holds.passed(tx, kind, more=preview.people_gaining, less=preview.people_losing)

    def _put(self, tx: Tx, text: Waits, actor: Actor) -> Hold:
        """Have a text wait: once, and in the place of another of its kind that waits."""
        waiting = self._holds.open_of(tx, text.kind)
        if waiting is not None and waiting.payload == text.payload:
            return waiting
        if waiting is not None:
            self._holds.decide(tx, waiting, actor, refused=SUPERSEDED)
        return self._holds.put(tx, text, actor)


def _rules_wait(proposed: Proposed[RulesChange], text: str) -> Waits:
    change = proposed.change
    told: dict[str, Json] = {
        "added": list(change.added),
        "removed": list(change.removed),
        "changed": list(change.changed),
        "points": change.points,
    }
    return _waits(HoldKind.RULES, RULES_NAME, told, proposed.preview, text)


def _campus_waits(proposed: Proposed[CampusChange], text: str, name: str) -> Waits:
    changes: list[Json] = [
        {"what": one.what, "verb": one.verb.value, "id": one.id, "fields": list(one.fields)}
        for one in proposed.change.changes
    ]
    return _waits(HoldKind.CAMPUS, name, {"changes": changes}, proposed.preview, text)


def _waits(kind: HoldKind, name: str, told: Mapping[str, Json], preview: Preview, text: str) -> Waits:
    plan: dict[str, Json] = {**told, "preview": preview_json(preview)}
    digest = hashlib.sha256(canonical({**told, "preview": preview.digest}).encode()).hexdigest()
    return Waits(kind, name, preview.people_gaining, preview.people_losing, plan, digest, payload=text)
