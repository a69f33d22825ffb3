"""What the shipped rules give to whom, by the day; what cannot be decided gives nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from policies.calendar import Calendar
from policies.conditions import read_condition
from policies.decide import Entitlement, decide
from policies.facts import Facts
from policies.rules import RuleSet, read_rules

NONE = Calendar()
PUBLIC = {"zone:north-public", "zone:south-public", "zone:canteen"}


def resources(facts: Facts, rules: RuleSet) -> set[str]:
    decision = decide(facts, rules, NONE)
    assert decision.faults == ()
    return {entitlement.resource for entitlement in decision.entitlements}


def test_a_decision_in_full(shipped: RuleSet, stay: Callable[..., Facts]):
    calendar = Calendar(holidays=frozenset({date(2027, 2, 25)}))
    shown = [
        (each.resource, each.opens.isoformat(), str(each.closes), each.rule)
        for each in decide(stay(departure=date(2027, 6, 30)), shipped, calendar).entitlements
    ]
    assert shown == [
        ("zone:north-public", "2027-02-23", "2027-07-01", "public-doors"),
        ("zone:south-public", "2027-02-23", "2027-07-01", "public-doors"),
        ("zone:north-offices", "2027-02-23", "2027-07-01", "office-area"),
        ("zone:meeting", "2027-02-23", "2027-07-01", "meeting-rooms"),
        ("zone:canteen", "2027-02-23", "2027-07-01", "canteen-door"),
        ("zone:garage", "2027-02-23", "2027-07-01", "garage"),
        ("seat:near-department", "2027-02-23", "2027-07-01", "seat"),
    ]


def test_an_entitlement_bears_its_cause(shipped: RuleSet, stay: Callable[..., Facts]):
    assert decide(stay(), shipped, NONE).entitlements[0] == Entitlement(
        resource="zone:north-public",
        opens=date(2027, 2, 24),
        closes=date(2027, 4, 1),
        rule="public-doors",
        version=1,
        clause="园区门禁管理办法 第五条",
    )


IT = {"department": "network", "departments": ("network", "it-centre")}
AFFAIRS = {"department": "office-affairs", "departments": ("office-affairs",)}


LEADER = {"post": "处长", "departure": date(2028, 3, 1)}
SEAT = {"seat:near-department"}


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"area": "south"}, {"zone:south-offices", "zone:meeting"}),
        ({"area": ""}, {"zone:meeting"}),
        ({"kind": "借调"}, {"zone:north-offices", "zone:meeting"}),
        ({"departure": None}, {"zone:north-offices", "zone:meeting", "zone:garage"}),
        ({"kind": "实习"}, {"zone:north-offices", "zone:meeting"}),
        ({"kind": "实习", "departure": None}, {"zone:meeting"}),
        ({"kind": "实习", "departure": date(2028, 3, 1)}, {"zone:meeting"}),
        ({"departments": ("records", "justice")}, {"zone:north-offices", "zone:meeting", "zone:archive"}),
        ({"departments": ("organisation",), "kind": "借调"}, {"zone:north-offices", "zone:meeting"}),
        (IT, {"zone:north-offices", "zone:south-offices", "zone:meeting", "zone:plant"}),
        (IT | {"kind": "外包"}, {"zone:north-offices"}),
        ({"kind": "外包"}, set()),
        (AFFAIRS | {"kind": "外包"}, {"zone:plant"}),
        (AFFAIRS, {"zone:north-offices", "zone:meeting"}),
        ({"post": "处长"}, {"zone:north-offices", "zone:meeting"}),
        (LEADER, {"zone:north-offices", "zone:meeting", "zone:garage", "flat:two-room"}),
        (LEADER | {"kind": "事业编"}, {"zone:north-offices", "zone:meeting", "zone:garage"}),
        (LEADER | {"kind": "借调"}, {"zone:north-offices", "zone:meeting", "zone:garage", "flat:one-room"}),
        ({"post": "试用期科员"}, {"zone:north-offices", "zone:meeting", "flat:one-room"}),
    ],
)
def test_who_gets_what(shipped: RuleSet, stay: Callable[..., Facts], changes: dict[str, object], more: set[str]):
    seat = set() if changes.get("kind") == "外包" else SEAT
    assert resources(stay(**changes), shipped) == PUBLIC | more | seat


@pytest.mark.parametrize("place", [IT, AFFAIRS, {}])
def test_a_contractor_without_a_last_day_gets_nothing(
    shipped: RuleSet, stay: Callable[..., Facts], place: dict[str, object]
):
    assert resources(stay(kind="外包", departure=None, **place), shipped) == set()


def test_without_a_departure_rights_have_no_end(shipped: RuleSet, stay: Callable[..., Facts]):
    entitlements = decide(stay(departure=None), shipped, NONE).entitlements
    assert entitlements
    assert {each.closes for each in entitlements} == {None}


def test_a_recruit_has_a_flat_for_three_years(shipped: RuleSet, stay: Callable[..., Facts]):
    entitlements = decide(stay(post="试用期科员", departure=None), shipped, NONE).entitlements
    (flat,) = [each for each in entitlements if each.resource.startswith("flat:")]
    assert (flat.opens, flat.closes, flat.asks) == (date(2027, 2, 24), date(2030, 3, 1), True)
    assert {each.asks for each in entitlements if each.resource.startswith("zone:")} == {False}


@pytest.mark.parametrize(
    ("bounds", "departure", "days"),
    [
        (("arrival", "departure"), date(2027, 3, 1), (date(2027, 3, 1), date(2027, 3, 2))),
        (("arrival", "departure"), date(2027, 2, 28), None),
        (("departure - 2 workdays", "departure + 1 day"), date(2027, 3, 31), (date(2027, 3, 29), date(2027, 4, 2))),
        (("departure", "departure"), None, None),
        (("arrival", "arrival + 30 days"), None, (date(2027, 3, 1), date(2027, 4, 1))),
        (("arrival + 5 workdays", "departure"), None, (date(2027, 3, 8), None)),
        (("departure + 1 day", "departure"), date(2027, 3, 31), None),
    ],
)
def test_the_days_of_a_right(
    rule: Callable[..., str],
    stay: Callable[..., Facts],
    bounds: tuple[str, str],
    departure: date | None,
    days: tuple[date, date | None] | None,
):
    decision = decide(stay(departure=departure), read_rules(rule(opens=bounds[0], closes=bounds[1])), NONE)
    assert [(each.opens, each.closes) for each in decision.entitlements] == ([days] if days else [])
    assert decision.faults == ()


BREAKING = {
    "arithmetic": ({"when": "1 / (stay.days - 31) == 1"}, "divide by zero"),
    "index": ({"when": "stay.departments[7] == 'x'"}, "index"),
    "regular expression": ({"when": "stay.kind.matches('(((')"}, "regular expression"),
    "overflow": ({"when": "stay.days * 9223372036854775807 > 0"}, "overflow"),
    "unknown type": ({"when": "dyn(stay.kind) > 1"}, "overload"),
    "facts that make no name": ({"grant": '["zone:${stay.post}-x"]'}, "names no resource"),
    "beyond the calendar": ({"opens": "arrival + 1000 workdays"}, "No day lies 1000 workdays away"),
}


@pytest.mark.parametrize("cause", BREAKING)
def test_what_breaks_grants_nothing_and_says_so(rule: Callable[..., str], stay: Callable[..., Facts], cause: str):
    changes, said = BREAKING[cause]
    second = rule(id="second").removeprefix("rules:\n")
    arrival = date(9999, 12, 1) if cause == "beyond the calendar" else date(2027, 3, 1)
    departure = date(9999, 12, 20) if cause == "beyond the calendar" else date(2027, 3, 31)
    decision = decide(
        stay(post="a / b", arrival=arrival, departure=departure), read_rules(rule(**changes) + second), NONE
    )
    assert [each.rule for each in decision.entitlements] == ["second"]
    (fault,) = decision.faults
    assert (fault.rule, fault.version) == ("doors", 1)
    assert "grants nothing" in fault.sentence
    assert said in fault.sentence


def test_what_no_break_can_change_is_decided(rule: Callable[..., str], stay: Callable[..., Facts]):
    """A part that breaks does not matter where another settles the answer."""
    rules = read_rules(rule(when="1 / (stay.days - 31) == 1 || stay.kind == '公务员'"))
    assert resources(stay(), rules) == {"zone:north-public"}


def test_facts_that_cannot_be_handed_over_break_every_rule(shipped: RuleSet, stay: Callable[..., Facts]):
    decision = decide(stay(kind="\ud800"), shipped, NONE)
    assert decision.entitlements == ()
    assert {fault.rule for fault in decision.faults} == {rule.id for rule in shipped.about("stay")}


def test_a_loop_without_end_is_stopped(rule: Callable[..., str], stay: Callable[..., Facts]):
    rules = read_rules(rule(when="stay.departments.exists(x, x == 'none')"))
    many = tuple(f"d{i}" for i in range(50_000))
    decision = decide(stay(departments=many), rules, NONE)
    assert decision.entitlements == ()
    assert "budget" in decision.faults[0].sentence


def test_a_long_chain_is_worked_out(stay: Callable[..., Facts], rule: Callable[..., str]):
    rules = read_rules(rule(when='"' + "!" * 3_000 + 'true"'))
    assert resources(stay(), rules) == {"zone:north-public"}


def test_a_resource_is_granted_once_by_a_rule(rule: Callable[..., str], stay: Callable[..., Facts]):
    rules = read_rules(rule(grant='["zone:north-offices", "zone:${stay.area}-offices"]'))
    assert len(decide(stay(), rules, NONE).entitlements) == 1


def test_rules_and_facts_do_not_change_by_being_used(shipped: RuleSet, stay: Callable[..., Facts]):
    facts = stay()
    first = decide(facts, shipped, NONE)
    decide(replace(facts, kind="外包"), shipped, NONE)
    assert decide(facts, shipped, NONE) == first


def test_every_program_of_a_condition_is_compiled_once():
    condition = read_condition("(stay.days > 1 && (stay.area == 'a' || stay.area == 'b'))")
    assert not isinstance(condition, tuple)
    assert [part.text for part in condition.parts] == ["stay.days > 1", "(stay.area == 'a' || stay.area == 'b')"]
    assert [part.facts for part in condition.parts] == [("stay.days",), ("stay.area",)]
