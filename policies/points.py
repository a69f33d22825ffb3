"""Points in the queue for a flat: what the rules file counts in favour of a stay."""

from __future__ import annotations

from dataclasses import dataclass

from cel_expr_python import cel

from policies.conditions import activation, holds
from policies.facts import Facts
from policies.rules import Merit, RuleSet
from policies.says import PolicyError, Said, Sentence, say


@dataclass(frozen=True, slots=True)
class PointsFault:
    """An entry of points that could not be worked out for this stay, and so counted nothing."""

    clause: str
    said: Said
    cause: Said


@dataclass(frozen=True, slots=True)
class Points:
    """How many points a stay has, what gave them, and what broke."""

    total: int
    merits: tuple[Merit, ...]
    faults: tuple[PointsFault, ...]


def points_of(facts: Facts, rules: RuleSet) -> Points:
    """The sum over all entries whose condition holds. Raises nothing: one that breaks counts nothing and is a fault."""
    met: list[Merit] = []
    faults: list[PointsFault] = []
    known: cel.Activation | None = None
    for merit in rules.merits:
        try:
            known = known or activation(facts)
            if holds(merit.condition.program, known):
                met.append(merit)
        except PolicyError as error:
            faults.append(PointsFault(merit.clause, say(Sentence.POINTS_BROKEN, clause=merit.clause), error.said))
    return Points(sum(merit.points for merit in met), tuple(met), tuple(faults))
