"""(facts, rules, calendar) → dated entitlements. The same answer whatever day it is asked. What cannot be decided
grants nothing, and is a fault that names its rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cel_expr_python import cel

from policies.calendar import Calendar
from policies.conditions import activation, holds
from policies.facts import Facts
from policies.rules import Rule, RuleSet
from policies.says import PolicyError, Said, Sentence, say


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right on a resource on the days [opens, closes), site-local; `closes` None while no departure is known."""

    resource: str
    opens: date
    closes: date | None
    rule: str
    version: int
    clause: str


@dataclass(frozen=True, slots=True)
class DecisionFault:
    """A rule that could not be decided for this stay, and so granted nothing."""

    rule: str
    version: int
    said: Said
    cause: Said

    @property
    def sentence(self) -> str:
        """What went wrong, and why, in English."""
        return f"{self.said.text} {self.cause.text}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a stay is entitled to, in the order of the rules, and the rules that broke."""

    entitlements: tuple[Entitlement, ...]
    faults: tuple[DecisionFault, ...]


def decide(facts: Facts, rules: RuleSet, calendar: Calendar) -> Decision:
    """What the rules grant to this stay. Raises nothing: a rule that breaks is a fault of the decision."""
    entitlements: list[Entitlement] = []
    faults: list[DecisionFault] = []
    known: cel.Activation | None = None
    for rule in rules:
        try:
            known = known or activation(facts)
            if holds(rule.condition.program, known):
                entitlements.extend(granted(rule, facts, calendar))
        except PolicyError as error:
            faults.append(DecisionFault(rule.id, rule.version, broken(rule), error.said))
    return Decision(tuple(entitlements), tuple(faults))


def granted(rule: Rule, facts: Facts, calendar: Calendar) -> tuple[Entitlement, ...]:
    """What a rule whose condition holds grants; nothing where no day is left. PolicyError where it breaks."""
    resources, window = rule.resources(facts), rule.window(facts, calendar)
    if window is None:
        return ()
    opens, closes = window
    return tuple(Entitlement(resource, opens, closes, rule.id, rule.version, rule.clause) for resource in resources)


def broken(rule: Rule) -> Said:
    """The sentence on a rule that broke."""
    return say(Sentence.BROKEN, rule=rule.id, version=rule.version, clause=rule.clause)
