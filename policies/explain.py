"""Why a rule does or does not grant: the demand that failed, with the values it saw. It runs what `decide` runs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from cel_expr_python import cel

from policies.calendar import Calendar
from policies.conditions import Part, Value, activation, fact_values, holds
from policies.decide import Entitlement, broken, granted
from policies.facts import Facts
from policies.rules import Rule, RuleSet
from policies.says import PolicyError, Said, Sentence, say

Verdict = Literal["granted", "unmet", "broken", "no_days", "elsewhere"]


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
    `elsewhere`: it applies, but to other resources than the one asked for.
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


def explain(facts: Facts, rules: RuleSet, calendar: Calendar, resource: str | None) -> tuple[Finding, ...]:
    """One finding for each rule, in their order; with a resource, for each rule that could grant it to somebody."""
    asked = [rule for rule in rules if resource is None or _could_grant(rule, resource)]
    return tuple(_finding(rule, facts, calendar, resource) for rule in asked)


def _finding(rule: Rule, facts: Facts, calendar: Calendar, resource: str | None) -> Finding:
    entitlements: tuple[Entitlement, ...] = ()
    demands: tuple[Demand, ...] = ()
    try:
        known = activation(facts)
        if holds(rule.condition.program, known):
            entitlements = granted(rule, facts, calendar)
            verdict, says = _applied(rule, entitlements, resource)
        else:
            verdict, demands = "unmet", _failed(rule, facts, known)
            says = tuple(_unmet(rule, demand) for demand in demands)
    except PolicyError as error:
        verdict, demands = "broken", _failed(rule, facts, None)
        says = (broken(rule), error.said)
    kept = tuple(each for each in entitlements if resource in (None, each.resource))
    title = (rule.title_zh, rule.title_en)
    return Finding(rule.id, rule.version, rule.clause, *title, verdict, rule.condition.text, demands, kept, says)


def _applied(
    rule: Rule, entitlements: tuple[Entitlement, ...], resource: str | None
) -> tuple[Verdict, tuple[Said, ...]]:
    named = {"rule": rule.id, "version": rule.version, "clause": rule.clause}
    if not entitlements:
        return "no_days", (say(Sentence.NO_DAYS, **named),)
    kept = [each for each in entitlements if resource in (None, each.resource)]
    if kept:
        return "granted", tuple(_granted(each) for each in kept)
    others = ", ".join(each.resource for each in entitlements)
    return "elsewhere", (say(Sentence.ELSEWHERE, **named, granted=others, resource=str(resource)),)


def _granted(right: Entitlement) -> Said:
    named = {"rule": right.rule, "version": right.version, "clause": right.clause, "resource": right.resource}
    opens = right.opens.isoformat()
    if right.closes is None:
        return say(Sentence.GRANTED_OPEN, **named, opens=opens)
    return say(Sentence.GRANTED, **named, opens=opens, last=(right.closes - timedelta(days=1)).isoformat())


def _failed(rule: Rule, facts: Facts, known: cel.Activation | None) -> tuple[Demand, ...]:
    """The demands that do not hold; where the facts themselves could not be handed over, all of them broke."""
    values = fact_values(facts)
    found: list[Demand] = []
    for part in rule.condition.parts:
        state = _state(part, facts, known)
        if state != "holds":
            mentioned = tuple((name, values[name]) for name in part.facts)
            found.append(Demand(part.text, state == "breaks", mentioned))
    return tuple(found)


def _state(part: Part, facts: Facts, known: cel.Activation | None) -> Literal["holds", "fails", "breaks"]:
    try:
        return "holds" if holds(part.program, known or activation(facts)) else "fails"
    except PolicyError:
        return "breaks"


def _unmet(rule: Rule, demand: Demand) -> Said:
    named = {"rule": rule.id, "version": rule.version, "clause": rule.clause, "part": demand.text}
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
