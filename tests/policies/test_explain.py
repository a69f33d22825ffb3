"""Why, and why not: the demand that failed and the values it saw; and never another answer than the decision's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from policies.calendar import Calendar
from policies.conditions import read_condition
from policies.explain import explain
from policies.facts import Facts
from policies.rules import RuleSet, read_rules

NONE = Calendar()


def test_the_demand_that_failed_is_named_with_its_values(shipped: RuleSet, stay: Callable[..., Facts]):
    (finding,) = explain(stay(), shipped, NONE, "zone:garage")
    assert finding.verdict == "unmet"
    (demand,) = finding.demands
    assert (demand.text, demand.broke) == ("(stay.days == -1 || stay.days >= 90)", False)
    assert demand.facts == (("stay.days", 31),)
    (said,) = finding.says
    assert said.text == (
        "garage (version 1, 园区门禁管理办法 第十六条) does not apply: (stay.days == -1 || stay.days >= 90)"
        " does not hold, since stay.days = 31."
    )
    assert (finding.title_zh, finding.title_en) == ("地下车库", "Garage")


def test_every_failed_demand_is_named(shipped: RuleSet, stay: Callable[..., Facts]):
    (finding,) = explain(stay(kind="外包"), shipped, NONE, "zone:archive")
    assert [demand.facts for demand in finding.demands] == [
        (("stay.kind", "外包"),),
        (("stay.departments", ("finance",)),),
    ]


def test_what_was_granted_and_for_which_days(shipped: RuleSet, stay: Callable[..., Facts]):
    (finding,) = explain(stay(), shipped, NONE, "zone:canteen")
    assert finding.verdict == "granted"
    assert finding.says[0].text == (
        "canteen-door (version 1, 园区门禁管理办法 第十四条) grants zone:canteen"
        " from 2027-02-24 to the end of 2027-03-31."
    )
    (open_ended,) = explain(stay(departure=None), shipped, NONE, "zone:canteen")
    assert open_ended.says[0].text.endswith("grants zone:canteen from 2027-02-24, with no end.")


def test_a_rule_that_gives_another_resource_says_so(shipped: RuleSet, stay: Callable[..., Facts]):
    findings = {finding.rule: finding for finding in explain(stay(), shipped, NONE, "zone:south-offices")}
    assert findings["office-area"].verdict == "elsewhere"
    assert findings["office-area"].entitlements == ()
    assert "grants zone:north-offices and not zone:south-offices" in findings["office-area"].says[0].text
    assert findings["it-rounds"].verdict == "unmet"


def test_a_resource_of_no_rule_has_no_findings(shipped: RuleSet, stay: Callable[..., Facts]):
    assert explain(stay(), shipped, NONE, "zone:roof") == ()
    assert explain(stay(), shipped, NONE, "zone:northXpublic") == ()


def test_without_a_resource_every_rule_is_answered(shipped: RuleSet, stay: Callable[..., Facts]):
    assert [finding.rule for finding in explain(stay(), shipped, NONE, None)] == [
        rule.id for rule in shipped.about("stay")
    ]


def test_a_broken_rule_names_the_demand_that_broke(rule: Callable[..., str], stay: Callable[..., Facts]):
    rules = read_rules(rule(when="stay.kind == '公务员' && 1 / (stay.days - 31) == 1"))
    (finding,) = explain(stay(), rules, NONE, None)
    assert finding.verdict == "broken"
    assert [(demand.text, demand.broke) for demand in finding.demands] == [("1 / (stay.days - 31) == 1", True)]
    assert "divide by zero" in finding.says[1].text


def test_facts_that_cannot_be_handed_over_break_every_demand(shipped: RuleSet, stay: Callable[..., Facts]):
    assert {finding.verdict for finding in explain(stay(kind="\ud800"), shipped, NONE, None)} == {"broken"}


def test_a_right_without_days_is_told_apart(rule: Callable[..., str], stay: Callable[..., Facts]):
    rules = read_rules(rule(opens="departure"))
    (finding,) = explain(stay(departure=None), rules, NONE, "zone:north-public")
    assert (finding.verdict, finding.entitlements) == ("no_days", ())


def test_a_demand_without_facts_is_plain(rule: Callable[..., str], stay: Callable[..., Facts]):
    (finding,) = explain(stay(), read_rules(rule(when='"false"')), NONE, None)
    assert finding.says[0].text.endswith("does not apply: false does not hold.")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("true", ["true"]),
        ("true && false", ["true", "false"]),
        ("((true && false))", ["true", "false"]),
        ("(true) && (false)", ["(true)", "(false)"]),
        ("true && false || true", ["true && false || true"]),
        ("true ? false && true : true", ["true ? false && true : true"]),
        ("true && (false || true) && !false", ["true", "(false || true)", "!false"]),
        ("stay.kind == 'a && b' && true", ["stay.kind == 'a && b'", "true"]),
        ('stay.kind == """a" && b""" && true', ['stay.kind == """a" && b"""', "true"]),
        ("stay.kind == r'\\d && ' && true", ["stay.kind == r'\\d && '", "true"]),
        ("stay.kind == '\\' && ' && true", ["stay.kind == '\\' && '", "true"]),
        ("true // && false\n&& [1].exists(x, x == 1 && true)", ["true", "[1].exists(x, x == 1 && true)"]),
    ],
)
def test_a_condition_falls_into_the_demands_that_and_joins(text: str, parts: list[str]):
    condition = read_condition(text)
    assert not isinstance(condition, tuple)
    assert [part.text for part in condition.parts] == parts


def test_a_resource_that_is_granted_twice_is_named_once(shipped: RuleSet, stay: Callable[..., Facts]):
    """Before a suspension and after it, the rule grants the same."""
    paused = stay(pauses=((date(2027, 3, 8), date(2027, 3, 10)),))
    found = {finding.rule: finding for finding in explain(paused, shipped, NONE, None)}
    assert [each.resource for each in found["office-area"].entitlements] == ["zone:north-offices"] * 2
    elsewhere = {finding.rule: finding for finding in explain(paused, shipped, NONE, "zone:south-offices")}
    assert "grants zone:north-offices and not zone:south-offices" in elsewhere["office-area"].says[0].text
