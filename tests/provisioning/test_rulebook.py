"""The rules in force: one text at a time, versions that keep their meaning, faults by line and column."""

from __future__ import annotations

import re

import pytest

from provisioning.grants.rulebook import RulesWrong, RuleVersion
from tests.provisioning.housed import BOSS, Housed

EXTRA = """
  - id: roof
    version: 1
    clause: "1"
    title: {zh: 屋顶, en: Roof}
    when: stay.kind == "公务员"
    grant: ["zone:plant"]
    opens: arrival
    closes: departure
"""


def versions(housed: Housed) -> int:
    return housed.counts(["rules_version"])["rules_version"]


def test_the_rules_that_ship_are_in_force_from_the_start(housed: Housed):
    with housed.house.store.reading() as tx:
        assert "public-doors" in {rule.id for rule in housed.house.rulebook.current(tx)}
    assert versions(housed) > 0


def test_a_new_text_is_kept_told_and_has_everybody_looked_at_again(housed: Housed):
    people = [housed.come("E1", 1001), housed.come("E2", 1002, arrival="2026-06-01")]
    before = versions(housed)
    housed.later(hours=1)
    with housed.house.store.writing() as tx:
        change = housed.house.rulebook.apply(tx, housed.rules() + EXTRA, BOSS)
        assert "persons" in tx.woken
    assert (change.added, change.removed, change.changed) == (("roof",), (), ())
    assert {housed.due(person) for person in people} == {housed.clock.now()}
    told = housed.story("rules.applied")[-1]
    assert (told["actor"], told["data"]["added"], told["data"]["version"]) == (BOSS.name, ["roof"], before + 1)
    assert housed.look_due() == 2
    assert "zone:plant" in {grant.resource for grant in housed.grants(people[0])}


def test_the_same_text_again_changes_nothing(housed: Housed):
    person = housed.come("E1", 1001)
    due, events, before = housed.due(person), len(housed.story()), versions(housed)
    with housed.house.store.writing() as tx:
        assert housed.house.rulebook.apply(tx, housed.rules(), BOSS).nothing
    assert (versions(housed), housed.due(person), len(housed.story())) == (before, due, events)


def test_a_version_never_says_two_things(housed: Housed):
    housed.apply_rules(housed.rules() + EXTRA)
    before = versions(housed), housed.rules()
    for told in (
        EXTRA.replace("zone:plant", "zone:garage"),
        EXTRA.replace("opens: arrival", "opens: arrival - 1 days"),
    ):
        with pytest.raises(RuleVersion, match=r"roof .* version 1 .* version 2") as refused:
            housed.apply_rules(housed.rules().replace(EXTRA, told))
        assert "roof" in refused.value.sentence("zh")
    assert (versions(housed), housed.rules()) == before
    newer = EXTRA.replace("zone:plant", "zone:garage").replace("version: 1", "version: 2")
    housed.apply_rules(housed.rules().replace(EXTRA, newer))
    with pytest.raises(RuleVersion):
        housed.apply_rules(housed.rules().replace(newer, EXTRA))


def test_a_rule_that_is_taken_out_ends_its_grants(housed: Housed):
    housed.apply_rules(housed.rules() + EXTRA)
    person = housed.come("E1", 1001)
    assert "zone:plant" in {grant.resource for grant in housed.grants(person)}
    housed.apply_rules(housed.rules().replace(EXTRA, "\n"))
    housed.look_due()
    assert "zone:plant" not in {grant.resource for grant in housed.grants(person)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('stay.kind == "公务员"', "stay.kind == 1"),
        ('stay.kind == "公务员"', "stay.salary > 1"),
        ('stay.kind == "公务员"', "1 + 1"),
        ("opens: arrival", "opens: someday"),
    ],
)
def test_a_text_that_does_not_check_changes_nothing_and_names_its_place(housed: Housed, old: str, new: str):
    text = housed.rules() + EXTRA.replace(old, new)
    line = text.rstrip().count("\n") + 1 - {"w": 3, "o": 1}["o" if old.startswith("opens") else "w"]
    before = versions(housed), housed.rules(), len(housed.story())
    with pytest.raises(RulesWrong) as refused:
        housed.apply_rules(text)
    for language in ("en", "zh"):
        assert re.search(rf"\b{line}:\d+ ", refused.value.sentence(language)), refused.value.sentence(language)
    assert (versions(housed), housed.rules(), len(housed.story())) == before


@pytest.mark.parametrize("text", ["", "rules: [", "\x00", "rules: 3", "- a\n- b"])
def test_what_are_no_rules_at_all_is_refused(housed: Housed, text: str):
    with pytest.raises(RulesWrong):
        housed.apply_rules(text)


def test_a_rehearsal_leaves_the_rules_in_force(housed: Housed):
    with housed.house.store.rehearsing() as tx:
        housed.house.rulebook.apply(tx, housed.rules() + EXTRA, BOSS)
        assert "roof" in {rule.id for rule in housed.house.rulebook.current(tx)}
    with housed.house.store.reading() as tx:
        assert "roof" not in {rule.id for rule in housed.house.rulebook.current(tx)}


def test_points_and_what_a_rule_speaks_of_are_part_of_what_it_says(housed: Housed):
    points = "points:\n  - clause: c\n    title: {zh: 分, en: Points}\n    when: stay.days > 0\n    points: 5\n"
    with housed.house.store.writing() as tx:
        without = housed.rules().partition("\npoints:")[0] + "\n"
        housed.house.rulebook.apply(tx, without, BOSS)
        change = housed.house.rulebook.apply(tx, without + points, BOSS)
        assert (change.points, change.nothing, change.changed) == (True, False, ())
        assert housed.house.rulebook.apply(tx, without + points, BOSS).nothing
    with pytest.raises(RuleVersion):
        housed.apply_rules(housed.rules().replace("    when: stay.kind", "    for: seat\n    when: stay.kind", 1))
