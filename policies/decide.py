"""(facts, rules, calendar) → dated entitlements. The same answer whatever day it is asked. What cannot be decided
grants nothing, and is a fault that names its rule.

Two strata: from the stay, then from the unit (seat, flat) that the stay holds; the second asks for no unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cel_expr_python import cel

from policies.calendar import Calendar
from policies.conditions import activation, holds
from policies.facts import Facts, UnitFacts, asks_for_unit
from policies.rules import Rule, RuleSet
from policies.says import PolicyError, Said, Sentence, say
from policies.windows import Window, cut, joined, without


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A right on a resource on the days [opens, closes), site-local; `closes` None while no departure is known."""

    resource: str
    opens: date
    closes: date | None
    rule: str
    version: int
    clause: str

    @property
    def asks(self) -> bool:
        """Whether it asks for one unit, which space allots."""
        return asks_for_unit(self.resource)


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
    """What the rules of the first stratum grant to this stay on the days of these facts, save on those of a pause, which
    takes no unit away. Raises nothing: a rule that breaks is a fault of the decision."""
    return _decided(facts, None, rules.about("stay"), (None, None), calendar)


def decide_life(life: Sequence[Facts], rules: RuleSet, calendar: Calendar) -> Decision:
    """What the first stratum grants over all placements of one stay, in any order. What goes on beyond a move is one."""
    return together((decide(facts, rules, calendar) for facts in life), rules)


def decide_unit(
    facts: Facts, unit: UnitFacts, opens: date, closes: date | None, rules: RuleSet, calendar: Calendar
) -> Decision:
    """What the second stratum grants to a stay for the unit that it holds on the days [opens, closes)."""
    return _decided(facts, unit, rules.about(unit.kind), (opens, closes), calendar)


def together(decisions: Iterable[Decision], rules: RuleSet) -> Decision:
    """Decisions on the placements of one stay as one: windows of one resource by one rule that touch are joined."""
    several = list(decisions)
    if len(several) == 1:
        return several[0]
    places = {rule.id: place for place, rule in enumerate(rules)}
    found: dict[tuple[int, str, int, str, str], list[Window]] = {}
    for each in (each for decision in several for each in decision.entitlements):
        key = (places[each.rule], each.resource, each.version, each.rule, each.clause)
        found.setdefault(key, []).append((each.opens, each.closes))
    entitlements = tuple(
        Entitlement(resource, opens, closes, rule, version, clause)
        for (_, resource, version, rule, clause), windows in sorted(found.items(), key=lambda item: item[0])
        for opens, closes in joined(windows)
    )
    faults = dict.fromkeys(fault for decision in several for fault in decision.faults)
    return Decision(entitlements, tuple(sorted(faults, key=lambda fault: (places[fault.rule], fault.sentence))))


def granted(
    rule: Rule,
    facts: Facts,
    calendar: Calendar,
    unit: UnitFacts | None = None,
    within: tuple[date | None, date | None] = (None, None),
) -> tuple[Entitlement, ...]:
    """What a rule whose condition holds grants on the days `within`; nothing where no day is left. PolicyError where it
    breaks."""
    resources, window = rule.resources(facts, unit), rule.window(facts, calendar)
    whole = window and cut(window, *within)
    whole = whole and cut(whole, facts.since, facts.until)
    if whole is None:
        return ()
    pieces = without(whole, facts.pauses) if facts.pauses else (whole,)
    return tuple(
        Entitlement(resource, opens, closes, rule.id, rule.version, rule.clause)
        for resource in resources
        for opens, closes in ((whole,) if asks_for_unit(resource) else pieces)
    )


def broken(rule: Rule) -> Said:
    """The sentence on a rule that broke."""
    return say(Sentence.BROKEN, rule=rule.id, version=rule.version, clause=rule.clause)


def _decided(
    facts: Facts,
    unit: UnitFacts | None,
    rules: Iterable[Rule],
    within: tuple[date | None, date | None],
    calendar: Calendar,
) -> Decision:
    entitlements: list[Entitlement] = []
    faults: list[DecisionFault] = []
    known: cel.Activation | None = None
    for rule in rules:
        try:
            known = known or activation(facts, unit)
            if holds(rule.condition.program, known):
                entitlements.extend(granted(rule, facts, calendar, unit, within))
        except PolicyError as error:
            faults.append(DecisionFault(rule.id, rule.version, broken(rule), error.said))
    return Decision(tuple(entitlements), tuple(faults))
