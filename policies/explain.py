"""Why a rule does or does not grant: the demand that failed, with the values it saw. It runs what `decide` runs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from cel_expr_python import cel

from policies.calendar import Calendar
from policies.conditions import Part, Value, activation, fact_values, holds
from policies.decide import Entitlement, broken, granted
from policies.facts import Facts, UnitFacts, UnitKind
from policies.rules import Rule, RuleSet
from policies.says import PolicyError, Said, Sentence, say

Verdict = Literal["granted", "unmet", "broken", "no_days", "elsewhere", "no_unit", "no_units"]


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand of a condition that did not hold (or broke), and the facts it mentions with their values."""

    text: str
    broke: bool
    facts: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says to one stay.

    `granted`: see entitlements; `unmet` or `broken`: see demands; `no_days`: it applies, but never opens;
    `elsewhere`: it applies, but to other resources than the one asked for; `no_unit`: it speaks of who holds a unit, and
    none is held; `no_units`: it asks for a unit, and there is none of that sort.
    """

    rule: str
    version: int
    clause: str
    title_zh: str
    title_en: str
    verdict: Verdict
    condition: str
    demands: tuple[Demand, ...]
    entitlements: tuple[Entitlement, ...]
    says: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A unit that a stay holds on the days [opens, closes)."""

    unit: UnitFacts
    opens: date
    closes: date | None


def explain(facts: Facts, rules: RuleSet, calendar: Calendar, resource: str | None) -> tuple[Finding, ...]:
    """One finding for each rule of the first stratum, in their order; with a resource, for each of them that could grant it
    to somebody."""
    return tuple(_finding(rule, facts, None, calendar, resource) for rule in _asked(rules.about("stay"), resource))


def explain_unit(
    facts: Facts, holding: Holding, rules: RuleSet, calendar: Calendar, resource: str | None
) -> tuple[Finding, ...]:
    """As `explain`, for the rules of the second stratum that speak of a unit of this kind."""
    asked = _asked(rules.about(holding.unit.kind), resource)
    return tuple(_finding(rule, facts, holding, calendar, resource) for rule in asked)


def explain_unheld(kind: UnitKind, rules: RuleSet, resource: str | None) -> tuple[Finding, ...]:
    """As `explain_unit`, where no unit of the kind is held."""
    return tuple(
        _told(rule, "no_unit", says=(say(Sentence.NO_UNIT, **_named(rule), unit=kind),))
        for rule in _asked(rules.about(kind), resource)
    )


def without_units(finding: Finding, resources: frozenset[str]) -> Finding:
    """The finding where nothing answers what it grants of these resources, which ask for a unit."""
    lost = [each for each in finding.entitlements if each.resource in resources]
    if not lost:
        return finding
    kept = tuple(each for each in finding.entitlements if each.resource not in resources)
    named = {"rule": finding.rule, "version": finding.version, "clause": finding.clause}
    says = tuple(
        say(Sentence.NO_UNITS, **named, resource=name) for name in dict.fromkeys(each.resource for each in lost)
    )
    return replace(
        finding,
        verdict="granted" if kept else "no_units",
        entitlements=kept,
        says=(*(_granted(each) for each in kept), *says),
    )


def _asked(rules: tuple[Rule, ...], resource: str | None) -> list[Rule]:
    return [rule for rule in rules if resource is None or _could_grant(rule, resource)]


def _named(rule: Rule) -> dict[str, str | int]:
    return {"rule": rule.id, "version": rule.version, "clause": rule.clause}


def _finding(rule: Rule, facts: Facts, holding: Holding | None, calendar: Calendar, resource: str | None) -> Finding:
    entitlements: tuple[Entitlement, ...] = ()
    demands: tuple[Demand, ...] = ()
    unit = None if holding is None else holding.unit
    within = (None, None) if holding is None else (holding.opens, holding.closes)
    try:
        known = activation(facts, unit)
        if holds(rule.condition.program, known):
            entitlements = granted(rule, facts, calendar, unit, within)
            verdict, says = _applied(rule, entitlements, resource)
        else:
            verdict, demands = "unmet", _failed(rule, facts, unit, known)
            says = tuple(_unmet(rule, demand) for demand in demands)
    except PolicyError as error:
        verdict, demands = "broken", _failed(rule, facts, unit, None)
        says = (broken(rule), error.said)
    kept = tuple(each for each in entitlements if resource in (None, each.resource))
    return _told(rule, verdict, demands, kept, says)


def _told(
    rule: Rule,
    verdict: Verdict,
    demands: tuple[Demand, ...] = (),
    entitlements: tuple[Entitlement, ...] = (),
    says: tuple[Said, ...] = (),
) -> Finding:
    title = (rule.title_zh, rule.title_en)
    return Finding(
        rule.id, rule.version, rule.clause, *title, verdict, rule.condition.text, demands, entitlements, says
    )


def _applied(
    rule: Rule, entitlements: tuple[Entitlement, ...], resource: str | None
) -> tuple[Verdict, tuple[Said, ...]]:
    named = _named(rule)
    if not entitlements:
        return "no_days", (say(Sentence.NO_DAYS, **named),)
    kept = [each for each in entitlements if resource in (None, each.resource)]
    if kept:
        return "granted", tuple(_granted(each) for each in kept)
    others = ", ".join(dict.fromkeys(each.resource for each in entitlements))
    return "elsewhere", (say(Sentence.ELSEWHERE, **named, granted=others, resource=str(resource)),)


def _granted(right: Entitlement) -> Said:
    named = {"rule": right.rule, "version": right.version, "clause": right.clause, "resource": right.resource}
    opens = right.opens.isoformat()
    if right.closes is None:
        return say(Sentence.GRANTED_OPEN, **named, opens=opens)
    return say(Sentence.GRANTED, **named, opens=opens, last=(right.closes - timedelta(days=1)).isoformat())


def _failed(rule: Rule, facts: Facts, unit: UnitFacts | None, known: cel.Activation | None) -> tuple[Demand, ...]:
    """The demands that do not hold; where the facts themselves could not be handed over, all of them broke."""
    values = fact_values(facts, unit)
    found: list[Demand] = []
    for part in rule.condition.parts:
        state = _state(part, facts, unit, known)
        if state != "holds":
            mentioned = tuple((name, values[name]) for name in part.facts)
            found.append(Demand(part.text, state == "breaks", mentioned))
    return tuple(found)


def _state(
    part: Part, facts: Facts, unit: UnitFacts | None, known: cel.Activation | None
) -> Literal["holds", "fails", "breaks"]:
    try:
        return "holds" if holds(part.program, known or activation(facts, unit)) else "fails"
    except PolicyError:
        return "breaks"


def _unmet(rule: Rule, demand: Demand) -> Said:
    named = _named(rule) | {"part": demand.text}
    if not demand.facts:
        return say(Sentence.UNMET_PLAIN, **named)
    shown = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in demand.facts)
    return say(Sentence.UNMET, **named, values=", ".join(shown))


def _could_grant(rule: Rule, resource: str) -> bool:
    """Whether the rule could grant it to some stay: facts that are filled in stand for any text."""
    return any(
        re.fullmatch(".+".join(re.escape(fixed) for fixed in re.split(r"\$\{[^}]*\}", pattern)), resource)
        for pattern in rule.grant
    )
