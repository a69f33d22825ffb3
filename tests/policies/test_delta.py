"""A delta says of every stay what deciding it twice would say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.calendar import Calendar
from policies.decide import Entitlement, decide
from policies.delta import NOTHING, Change, Delta, Law, compared, differs
from policies.facts import Facts
from policies.rules import RuleSet, read_rules
from tests.policies.test_properties import CALENDARS, CONDITIONS, DATES, rule_sets

TODAY = date(2027, 3, 1)
LINEAGES = st.dictionaries(
    st.sampled_from(["finance", "it centre"]), st.sampled_from([("finance",), ("records", "justice"), ("x", "finance")])
)
LAWS = st.builds(Law, rule_sets(CONDITIONS), CALENDARS, LINEAGES)
STAYS = st.tuples(
    st.sampled_from(["finance", "it centre"]),
    st.sampled_from(["科员", "处长", ""]),
    st.sampled_from(["公务员", "事业编", "借调", "外包", "实习"]),
    st.sampled_from(["north", "south", ""]),
    DATES,
    st.none() | DATES,
)
Told = tuple[str, str, str, str, date, date | None]


def entitlements(told: Told, law: Law) -> tuple[Entitlement, ...]:
    department, *rest = told
    lineage = law.lineages.get(department, (department,))
    facts = Facts("s", department, lineage, *rest)  # pyrefly: ignore[bad-argument-type] - the rest of `Told`, in order
    return decide(facts, law.rules, law.calendar).entitlements


def days_held(found: tuple[Entitlement, ...]) -> set[tuple[str, date]]:
    """Every (resource, day) from TODAY on, day by day, as far as any test's dates go."""
    far = [TODAY + timedelta(days=nth) for nth in range(500)]
    return {
        (each.resource, day)
        for each in found
        for day in far
        if each.opens <= day and (each.closes is None or day < each.closes)
    }


@given(LAWS, LAWS, st.lists(STAYS, min_size=1, max_size=8), st.data())
def test_it_says_what_deciding_twice_says(before: Law, after: Law, stays: list[Told], data: st.DataObject):
    after = replace(after, calendar=before.calendar) if data.draw(st.booleans()) else after
    after = replace(after, lineages=before.lineages) if data.draw(st.booleans()) else after
    watched = data.draw(st.sets(st.sampled_from(["zone:north-public", "zone:meeting", "zone:north-offices"])))
    asked = Delta(before, after, TODAY, watched)
    for told in stays:
        had, has = entitlements(told, before), entitlements(told, after)
        whole = compared(had, has, TODAY)
        found = asked.of(*told)
        assert (found.gained, found.lost, found.kept & watched) == (whole.gained, whole.lost, whole.kept & watched)
        old, new = days_held(had), days_held(has)
        assert whole.gained == {resource for resource, _ in new - old}
        assert whole.lost == {resource for resource, _ in old - new}
        assert whole.kept >= {resource for resource, _ in old} & {resource for resource, _ in new}


@given(LAWS, STAYS)
def test_the_same_law_does_nothing(law: Law, told: Told):
    asked = Delta(law, law, TODAY)
    assert asked.nothing
    assert not differs(law, law)
    assert asked.of(*told) is NOTHING


def rules(*texts: str) -> RuleSet:
    return read_rules("rules:\n" + "".join(texts))


def one(id_: str, when: str = "true", version: int = 1, grant: str = "zone:a", opens: str = "arrival") -> str:
    return (
        f"  - id: {id_}\n    version: {version}\n    clause: c\n    title: {{zh: 门, en: d}}\n    when: {when}\n"
        f"    grant: [{grant!r}]\n    opens: {opens}\n    closes: departure\n"
    )


def law(*texts: str) -> Law:
    return Law(rules(*texts), Calendar(), {})


FINANCE: Told = ("finance", "科员", "公务员", "north", date(2027, 2, 1), date(2027, 6, 30))


def test_another_version_that_says_the_same_takes_and_gives_nothing():
    asked = Delta(law(one("a")), law(one("a", version=2)), TODAY)
    assert not asked.nothing
    assert asked.of(*FINANCE) == Change()


def test_what_another_rule_gives_still_is_not_lost():
    before = law(one("a"), one("b", when='stay.kind == "公务员"'))
    asked = Delta(before, law(one("b", when='stay.kind == "公务员"')), TODAY)
    assert asked.of(*FINANCE) == Change()
    clerk: Told = ("finance", "科员", "外包", "north", date(2027, 2, 1), date(2027, 6, 30))
    assert asked.of(*clerk) == Change(lost=frozenset({"zone:a"}))


def test_a_pattern_meets_what_it_could_name():
    before = law(one("a"), one("b", grant="zone:${stay.department}"))
    asked = Delta(before, law(one("b", grant="zone:${stay.department}")), TODAY)
    assert asked.of("a", *FINANCE[1:]) == Change()
    assert asked.of(*FINANCE) == Change(lost=frozenset({"zone:a"}))


def test_days_that_are_over_are_neither_gained_nor_lost():
    asked = Delta(law(one("a")), law(one("a", version=2, opens="arrival + 7 days")), TODAY)
    assert asked.of(*FINANCE) == Change()
    coming: Told = (*FINANCE[:4], date(2027, 3, 10), date(2027, 6, 30))
    assert asked.of(*coming) == Change(lost=frozenset({"zone:a"}))


def test_a_new_holiday_moves_only_what_counts_working_days():
    before = law(one("a", opens="arrival - 3 workdays"), one("b", grant="zone:b"))
    after = Law(before.rules, Calendar(holidays=frozenset({date(2027, 3, 9)})), {})
    coming: Told = (*FINANCE[:4], date(2027, 3, 10), None)
    assert Delta(before, after, TODAY).of(*coming) == Change(gained=frozenset({"zone:a"}))


def test_a_rule_that_breaks_grants_nothing():
    before, after = law(one("a")), law(one("a", when="1 / stay.days > 5", version=2))
    empty: Told = (*FINANCE[:4], date(2027, 6, 1), date(2027, 5, 1))
    open_ended: Told = (*FINANCE[:5], None)
    assert Delta(before, after, TODAY).of(*empty) == Change()
    assert Delta(before, after, TODAY).of(*open_ended) == Change(lost=frozenset({"zone:a"}))
