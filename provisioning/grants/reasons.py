"""Why somebody has a right, or not: both strata, rule by rule, as the decision takes them."""

from __future__ import annotations

from collections.abc import Iterable

from policies.explain import Finding, Holding, explain, explain_unheld, explain_unit, without_units
from policies.facts import UNIT_KINDS, Facts
from policies.windows import cut
from provisioning.grants.compile import Ground, Units, has_units, life_of, unit_facts
from provisioning.nouns.people import Stay
from provisioning.nouns.units import AllotmentState


def reasons(stay: Stay, units: Units, ground: Ground, resource: str | None) -> tuple[Finding, ...]:
    """What each rule says to each placement of a stay that is not over, then what follows from its units.

    A rule that says the same to two placements is heard once.
    """
    life = [facts for facts in life_of(stay, ground.campus) if facts.until is None or facts.until > ground.today]
    found: list[Finding] = []
    for facts in life:
        found += [
            _as_the_campus_has_it(each, ground) for each in explain(facts, ground.rules, ground.calendar, resource)
        ]
    for kind in UNIT_KINDS:
        held = [
            finding
            for (of, ask), allotment in units.items()
            if of == stay.id and allotment.kind == kind and allotment.state is AllotmentState.HELD
            for finding in _of_unit(life, units, (of, ask), ground, resource)
        ]
        found += held or explain_unheld(kind, ground.rules, resource)
    return tuple({(each.rule, each.verdict, each.says): each for each in found}.values())


def _of_unit(
    life: Iterable[Facts], units: Units, key: tuple[str, str], ground: Ground, resource: str | None
) -> list[Finding]:
    allotment = units[key]
    unit = unit_facts(allotment, ground.campus)
    since = (allotment.held or allotment.at).astimezone(ground.campus.zone).date()
    found: list[Finding] = []
    for facts in life:
        for asked in explain(facts, ground.rules, ground.calendar, key[1]):
            for each in asked.entitlements:
                window = cut((each.opens, each.closes), since, None)
                if unit is not None and window is not None:
                    found += explain_unit(facts, Holding(unit, *window), ground.rules, ground.calendar, resource)
    return found


def _as_the_campus_has_it(finding: Finding, ground: Ground) -> Finding:
    lacking = {
        each.resource for each in finding.entitlements if each.asks and not has_units(ground.campus, each.resource)
    }
    return without_units(finding, frozenset(lacking))
