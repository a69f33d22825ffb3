"""What must hold for any stay and any rules: order is no argument, later departures take nothing away, and an
explanation never says other than the decision."""

from __future__ import annotations

import random
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.calendar import Calendar
from policies.decide import decide
from policies.explain import explain
from policies.facts import Facts
from policies.rules import RuleSet, read_rules

CONDITIONS = (
    "true",
    'stay.kind in ["公务员", "事业编"] && stay.area == "north"',
    'stay.kind != "外包" || stay.days > 0',
    '"justice" in stay.departments && stay.area != "" && stay.post.startsWith("科")',
    "1 / stay.days == 0 && stay.area == 'north'",
    "stay.departments[1] == 'justice'",
    "stay.departments.exists(d, d == stay.area || d.matches('^j'))",
)
LENGTH_FREE = tuple(text for text in CONDITIONS if "days" not in text)
GRANTS = ('["zone:north-public"]', '["zone:${stay.area}-offices", "zone:meeting"]', '["seat:${stay.department}"]')
OPENS = ("arrival", "arrival - 3 days", "arrival - 3 workdays", "arrival + 10 workdays")
CLOSES = ("departure", "departure + 2 workdays", "departure - 1 day", "arrival + 30 days")
DATES = st.dates(date(2026, 12, 1), date(2027, 6, 30))
CALENDARS = st.builds(Calendar, st.frozensets(DATES, max_size=6), st.frozensets(DATES, max_size=6))
FACTS = st.builds(
    Facts,
    stay=st.just("s"),
    department=st.sampled_from(["finance", "it centre"]),
    departments=st.sampled_from([(), ("finance",), ("records", "justice")]),
    post=st.sampled_from(["科员", "处长", ""]),
    kind=st.sampled_from(["公务员", "事业编", "借调", "外包", "实习"]),
    area=st.sampled_from(["north", "south", ""]),
    arrival=DATES,
    departure=st.none() | DATES,
)


def rule_sets(conditions: tuple[str, ...]) -> st.SearchStrategy[RuleSet]:
    """Rule sets of up to five rules, with ids by their place."""
    parts = st.tuples(
        st.sampled_from(conditions), st.sampled_from(GRANTS), st.sampled_from(OPENS), st.sampled_from(CLOSES)
    )
    return st.lists(parts, min_size=1, max_size=5).map(
        lambda drawn: read_rules("rules:\n" + "".join(_rule(i, *each) for i, each in enumerate(drawn)))
    )


def _rule(number: int, when: str, grant: str, opens: str, closes: str) -> str:
    return (
        f"  - id: r{number}\n    version: {number + 1}\n    clause: c\n    title: {{zh: 门, en: d}}\n    when: |\n"
        f"      {when}\n    grant: {grant}\n    opens: {opens}\n    closes: {closes}\n"
    )


@given(FACTS, rule_sets(CONDITIONS), CALENDARS, st.randoms(use_true_random=False))
def test_the_order_of_rules_is_no_argument(facts: Facts, rules: RuleSet, calendar: Calendar, dice: random.Random):
    shuffled = list(rules)
    dice.shuffle(shuffled)
    one, two = (decide(facts, each, calendar) for each in (rules, RuleSet(tuple(shuffled), rules.digest)))
    assert set(one.entitlements) == set(two.entitlements)
    assert set(one.faults) == set(two.faults)


@given(FACTS, rule_sets(CONDITIONS), CALENDARS)
def test_rights_end_after_they_begin(facts: Facts, rules: RuleSet, calendar: Calendar):
    for each in decide(facts, rules, calendar).entitlements:
        assert each.closes is None or each.closes > each.opens


@given(FACTS, rule_sets(LENGTH_FREE), CALENDARS, st.none() | st.integers(0, 400))
def test_a_later_departure_takes_nothing_away(facts: Facts, rules: RuleSet, calendar: Calendar, longer: int | None):
    """So long as no rule asks for the length of the stay and rights begin by the arrival."""
    departure = None if longer is None or facts.departure is None else facts.departure + timedelta(days=longer)
    later = Facts(**{name: getattr(facts, name) for name in Facts.__slots__} | {"departure": departure})
    kept = {(each.rule, each.resource): each for each in decide(later, rules, calendar).entitlements}
    for each in decide(facts, rules, calendar).entitlements:
        now = kept[each.rule, each.resource]
        assert now.opens == each.opens
        assert now.closes is None or (each.closes is not None and now.closes >= each.closes)


@given(FACTS, rule_sets(CONDITIONS), CALENDARS)
def test_an_explanation_agrees_with_the_decision(facts: Facts, rules: RuleSet, calendar: Calendar):
    decision = decide(facts, rules, calendar)
    findings = explain(facts, rules, calendar, None)
    assert tuple(each for finding in findings for each in finding.entitlements) == decision.entitlements
    assert [finding.rule for finding in findings if finding.verdict == "broken"] == [
        fault.rule for fault in decision.faults
    ]
    for finding in findings:
        assert (finding.verdict == "granted") == bool(finding.entitlements)
        assert finding.verdict != "unmet" or any(not demand.broke for demand in finding.demands)
        assert finding.says
        assert all(said.text for said in finding.says)


@given(FACTS, rule_sets(CONDITIONS), CALENDARS, st.sampled_from(["zone:north-offices", "zone:meeting", "seat:finance"]))
def test_asked_for_one_resource_it_agrees_too(facts: Facts, rules: RuleSet, calendar: Calendar, resource: str):
    wanted = [each for each in decide(facts, rules, calendar).entitlements if each.resource == resource]
    findings = explain(facts, rules, calendar, resource)
    assert [each for finding in findings for each in finding.entitlements] == wanted
