"""The rules in force: one text, kept by version, read once. A text that does not check changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.contract import Json
from policies.rules import Merit, Rule, RuleFault, RulesError, RuleSet, read_rules
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.nouns.words import Language, say
from provisioning.store import rights as rights_store
from provisioning.store import rules as rules_store
from provisioning.store.engine import Tx
from provisioning.story.story import Story


class RulesWrong(Refusal):
    """The rules were not taken, and those in force stay as they were: {faults}"""

    def __init__(self, error: RulesError) -> None:
        self.error = error
        super().__init__(faults=_places(error, "en"))

    def sentence(self, language: Language) -> str:
        """Every fault with its line and column."""
        return say(self.template(), language, {"faults": _places(self.error, language)})


class RuleVersion(Refusal):
    """The rule {rule} says something else than its version {version} that is in force. Give it version {least}."""


class NoRules(Refusal):
    """No rules are in force yet. Apply some: foyer rules apply FILE."""

    status = 409


@dataclass(frozen=True, slots=True)
class RulesChange:
    """What a new text would change: rules added, removed and changed, by id; and whether it counts points otherwise."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    points: bool

    @property
    def nothing(self) -> bool:
        """Whether it changes nothing at all."""
        return not (self.added or self.removed or self.changed or self.points)


class Rulebook:
    """Reads, previews and changes the rules in force."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._cached: tuple[str, RuleSet] | None = None

    def current(self, tx: Tx) -> RuleSet:
        """The rules in force. Raises `NoRules`."""
        latest = rules_store.latest_rules(tx)
        if latest is None:
            raise NoRules
        _, text = latest
        # Cached by the text itself: a version number seen in a rehearsal may later name another text.
        if self._cached is None or self._cached[0] != text:
            self._cached = (text, read_rules(text))
        return self._cached[1]

    def text(self, tx: Tx) -> str | None:
        """The text in force, as it was written."""
        latest = rules_store.latest_rules(tx)
        return None if latest is None else latest[1]

    def plan(self, tx: Tx, text: str) -> tuple[RulesChange, RuleSet]:
        """What putting this text in force would change, and the rules that it writes. Raises `RulesWrong`, `RuleVersion`."""
        rules = _checked(text)
        present = () if rules_store.latest_rules(tx) is None else self.current(tx).rules
        merits = () if rules_store.latest_rules(tx) is None else self.current(tx).merits
        before, after = {rule.id: rule for rule in present}, {rule.id: rule for rule in rules}
        change = RulesChange(
            added=tuple(sorted(after.keys() - before.keys())),
            removed=tuple(sorted(before.keys() - after.keys())),
            changed=tuple(sorted(id_ for id_ in after.keys() & before.keys() if _changed(before[id_], after[id_]))),
            points=list(map(_counted, merits)) != list(map(_counted, rules.merits)),
        )
        return change, rules

    def apply(self, tx: Tx, text: str, actor: Actor) -> RulesChange:
        """Put a new text in force and have everybody looked at again; the same text does nothing. Raises as `plan`."""
        change, rules = self.plan(tx, text)
        if change.nothing:
            return change
        version = rules_store.add_rules(tx, text, rules.digest, actor.name)
        data: dict[str, Json] = {"version": version, "digest": rules.digest, **_lists(change)}
        self._story.tell(tx, Told("rules.applied", actor.name, data=data))
        rights_store.everybody_due(tx)
        tx.wake("persons")
        return change


def _checked(text: str) -> RuleSet:
    try:
        return read_rules(text)
    except RulesError as error:
        raise RulesWrong(error) from error


def _changed(before: Rule, after: Rule) -> bool:
    if before.version > after.version or (before.version == after.version and _said(before) != _said(after)):
        raise RuleVersion(rule=after.id, version=after.version, least=before.version + 1)
    return before.version != after.version


def _lists(change: RulesChange) -> dict[str, Json]:
    return {
        "added": list(change.added),
        "removed": list(change.removed),
        "changed": list(change.changed),
        "points": change.points,
    }


def _places(error: RulesError, language: Language) -> str:
    return ("；" if language == "zh" else "; ").join(_place(fault, language) for fault in error.faults)


def _place(fault: RuleFault, language: Language) -> str:
    return f"{fault.line}:{fault.column} {say(fault.said.template, language, dict(fault.said.fields))}"


def _said(rule: Rule) -> tuple[object, ...]:
    """What a rule says, without what it was compiled to."""
    titles = (rule.title_zh, rule.title_en)
    return (rule.clause, titles, rule.about, rule.condition.text, rule.grant, rule.opens, rule.closes)


def _counted(merit: Merit) -> tuple[object, ...]:
    """What an entry of points says."""
    return (merit.clause, merit.title_zh, merit.title_en, merit.condition.text, merit.points)
