"""Large changes wait for a second person: sheets row by row, rules and campus files whole; slices of a day count
together; nobody approves their own; a plan that has changed is shown again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.clock import SetClock
from provisioning.grants.differences import PlanChanged
from provisioning.grants.proposals import SUPERSEDED
from provisioning.holds.holds import HoldDecided, HoldReasonMissing, HoldTurnedDown, OwnHold
from provisioning.identity.arrivals import Effect
from provisioning.intake.report import Report
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.minds import Hold, HoldKind, HoldState
from provisioning.nouns.people import Standing
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor
from provisioning.store import intake as notices
from tests.provisioning.housed import BOSS, HEADERS, Housed, housing

SECOND = Actor("zhao", frozenset({"hr", "security", "system"}))
TIGHT = "\nholds: {arrivals_max: 5, losses_percent_max: 20, losses_min: 3}\n"


@pytest.fixture
def housed(tmp_path: Path, clock: SetClock) -> Iterator[Housed]:
    """A house that holds what is more than five arrivals or three losses, and knows ten people."""
    with housing(tmp_path / "hub", clock) as house:
        with house.house.store.writing() as tx:
            text = house.house.campuses.text(tx) or ""
            house.house.campuses.apply(tx, text + TIGHT, "small.yaml", BOSS)
        take(house, *(row(f"P{n}") for n in range(10)))
        yield house


def row(no: str, departure: str = "", area: str = "北办公区", card: str = "") -> str:
    return f"测试员,{no},财政局,科员,公务员,2026-03-02,{departure},{card},{area}"


def take(housed: Housed, *rows: str, name: str = "list.csv") -> Report:
    sheet = read_sheet("\n".join([HEADERS, *rows]).encode(), name)
    with housed.house.store.writing() as tx:
        report = housed.house.intake.take(tx, sheet, BOSS)
        housed.house.grants.look(tx, list(report.people), BOSS)
    return report


def effects(report: Report) -> list[str]:
    return [line.effect.value for line in report.lines]


def waiting(housed: Housed) -> list[Hold]:
    with housed.house.store.reading() as tx:
        return housed.house.holds.open(tx)


def get(housed: Housed, hold: Hold) -> Hold:
    with housed.house.store.reading() as tx:
        return housed.house.holds.get(tx, hold.id)


def approve(housed: Housed, hold: Hold, actor: Actor = SECOND) -> Hold:
    """As the API does: the plan is kept where it has changed, and then told."""
    with housed.house.store.writing() as tx:
        decided = housed.house.proposals.approve(tx, housed.house.holds.get(tx, hold.id), actor)
        housed.house.grants.look(tx, list(decided.people), actor)
    if decided.before is not None:
        raise PlanChanged(decided.before, decided.hold)
    return decided.hold


def refuse(housed: Housed, hold: Hold, reason: str = "wrong file", actor: Actor = SECOND) -> Hold:
    with housed.house.store.writing() as tx:
        return housed.house.proposals.refuse(tx, hold, actor, reason).hold


def resources(housed: Housed, no: str) -> set[str]:
    return {grant.resource for grant in housed.grants(housed.person(no))}


def test_the_first_list_of_a_hub_that_knows_nobody_waits_for_nobody(housed: Housed):
    assert waiting(housed) == []
    assert len(resources(housed, "P9")) > 0
    # Nor does it count towards what comes after it.
    assert effects(take(housed, *(row(f"Q{n}") for n in range(5)))) == ["new"] * 5


def test_more_arrivals_than_a_day_allows_wait_and_the_rest_goes_in(housed: Housed):
    report = take(housed, *(row(f"Q{n}") for n in range(6)), row("P0", departure="2026-12-31"), row("P1"))
    assert effects(report) == ["held"] * 6 + ["changed", "same"]
    (hold,) = waiting(housed)
    assert (hold.kind, hold.more, hold.less, hold.batch, hold.proposed_by) == (HoldKind.BATCH, 6, 0, report.batch, "li")
    assert hold.id in report.lines[0].sentences("en")[-1]
    assert hold.id in report.lines[0].sentences("zh")[-1]
    assert housed.grants(housed.person("Q0")) == []
    assert housed.alarms() == ["hold.waiting"]
    assert [told["data"]["hold"] for told in housed.story("hold.put")] == [hold.id]


def test_who_approves_is_another_and_then_it_takes_effect(housed: Housed):
    take(housed, *(row(f"Q{n}") for n in range(6)))
    (hold,) = waiting(housed)
    with pytest.raises(OwnHold):
        approve(housed, hold, BOSS)
    assert get(housed, hold).state is HoldState.OPEN
    decided = approve(housed, hold)
    assert (decided.state, decided.decided_by) == (HoldState.APPROVED, "zhao")
    assert get(housed, hold) == decided
    assert all(len(resources(housed, f"Q{n}")) > 0 for n in range(6))
    assert waiting(housed) == []
    assert housed.alarms() == []
    with pytest.raises(HoldDecided) as decided_before:
        approve(housed, hold)
    assert (type(decided_before.value), decided_before.value.sentence("zh")) == (
        HoldDecided,
        f"待核 {hold.id} 已由 zhao 批准。查看其他待核：foyer hold list",
    )
    # What was approved does not count again.
    assert effects(take(housed, *(row(f"R{n}") for n in range(5)))) == ["new"] * 5


def test_slices_of_one_day_count_together_and_the_next_day_is_another(housed: Housed):
    assert effects(take(housed, row("Q0"), row("Q1"), row("Q2"))) == ["new"] * 3
    assert effects(take(housed, row("Q3"), row("Q4"))) == ["new"] * 2
    assert effects(take(housed, row("Q5"))) == ["held"]
    housed.later(hours=24)
    assert effects(take(housed, row("Q6"))) == ["new"]


def test_losses_wait_and_gains_beside_them_do_not(housed: Housed):
    going = [row(f"P{n}", departure="2026-03-31") for n in range(4)]
    report = take(housed, *going, row("Q0"))
    assert effects(report) == ["held"] * 4 + ["new"]
    (hold,) = waiting(housed)
    assert (hold.more, hold.less) == (0, 4)
    with housed.house.store.reading() as tx:
        assert housed.house.persons.stays(tx, housed.person("P0").id)[0].departure is None
    approve(housed, hold)
    with housed.house.store.reading() as tx:
        assert str(housed.house.persons.stays(tx, housed.person("P0").id)[0].departure) == "2026-03-31"


def test_as_many_as_the_least_may_always_go(housed: Housed):
    assert effects(take(housed, *(row(f"P{n}", departure="2026-03-31") for n in range(3)))) == ["changed"] * 3


def test_the_same_file_again_says_that_it_waits_and_changes_nothing(housed: Housed):
    rows = [row(f"Q{n}") for n in range(6)]
    first = take(housed, *rows)
    (hold,) = waiting(housed)
    counts = housed.counts()
    again = take(housed, *rows)
    assert effects(again) == ["held"] * 6
    assert (again.batch, hold.id in again.lines[0].sentences("en")[0]) == (first.batch, True)
    assert housed.counts() == counts
    assert waiting(housed) == [hold]


def standings(housed: Housed, hold: Hold) -> set[Standing]:
    """How the notices of a batch's hold stand now."""
    rows: Any = hold.plan["rows"]
    with housed.house.store.reading() as tx:
        return {one.standing for one in notices.taken_notices(tx, [row["notice"] for row in rows]).values()}


def test_what_is_refused_never_takes_effect_and_says_so(housed: Housed):
    rows = [row(f"Q{n}") for n in range(6)]
    take(housed, *rows)
    (hold,) = waiting(housed)
    with pytest.raises(HoldReasonMissing):
        refuse(housed, hold, "  ")
    refuse(housed, hold)
    with pytest.raises(HoldTurnedDown):
        approve(housed, hold)
    assert (get(housed, hold).state, get(housed, hold).reason) == (HoldState.REFUSED, "wrong file")
    assert standings(housed, hold) == {Standing.REFUSED}
    report = take(housed, *rows)
    assert effects(report) == ["same"] * 6
    assert hold.id in report.lines[0].sentences("en")[0]
    assert housed.grants(housed.person("Q0")) == []
    # In another file the same may be proposed anew; it is as large as it was.
    assert effects(take(housed, *rows, row("P1"), name="other.csv")) == ["held"] * 6 + ["same"]


def test_who_proposed_it_may_withdraw_it(housed: Housed):
    take(housed, *(row(f"Q{n}") for n in range(6)))
    (hold,) = waiting(housed)
    assert refuse(housed, hold, actor=BOSS).decided_by == "li"


def test_a_plan_that_has_changed_is_shown_again_before_it_is_done(housed: Housed):
    take(housed, *(row(f"Q{n}", card=str(7000 + n)) for n in range(6)))
    (hold,) = waiting(housed)
    # In the meantime the same person comes by another list, with other words.
    housed.later(hours=25)
    take(housed, row("Q0", area="南办公区"))
    with pytest.raises(PlanChanged) as told:
        approve(housed, hold)
    assert "Q0" in told.value.sentence("en")
    assert "Q0" in told.value.sentence("zh")
    assert get(housed, hold).state is HoldState.OPEN
    assert get(housed, hold).digest != hold.digest
    assert resources(housed, "Q1") == set()
    assert len(housed.story("hold.changed")) == 1
    approve(housed, hold)
    assert len(resources(housed, "Q1")) > 0


def canteen(housed: Housed, when: str, version: int) -> str:
    """The rules with another condition for the canteen's door."""
    text = housed.rules()
    start = text.index("  - id: canteen-door")
    rest = text[start:]
    old = rest[rest.index("    when:") : rest.index("    grant:")]
    number = rest[rest.index("    version:") : rest.index("    clause:")]
    return text[:start] + rest.replace(old, f"    when: {when}\n", 1).replace(number, f"    version: {version}\n", 1)


def propose(housed: Housed, text: str, actor: Actor = BOSS) -> Hold | None:
    with housed.house.store.writing() as tx:
        return housed.house.proposals.rules(tx, text, actor).hold


def test_rules_that_take_from_many_wait_whole(housed: Housed):
    text = canteen(housed, 'stay.kind == "外包"', 20)
    hold = propose(housed, text)
    assert hold is not None
    assert (hold.kind, hold.less, hold.more, hold.payload) == (HoldKind.RULES, 10, 0, text)
    assert housed.rules() != text
    assert "zone:canteen" in resources(housed, "P0")
    # The same text again is the same hold, and no second alarm.
    assert propose(housed, text, SECOND) == hold
    assert housed.alarms() == ["hold.waiting"]
    with pytest.raises(OwnHold):
        approve(housed, hold, BOSS)
    approve(housed, hold)
    assert housed.rules() == text
    housed.look_due()
    assert "zone:canteen" not in resources(housed, "P0")


def test_rules_that_touch_few_take_effect_at_once_and_count(housed: Housed):
    three = "stay.post != '科员'"
    with housed.house.store.writing() as tx:
        # Three of ten lose: as many as may at any time. A fourth on the same day does not.
        housed.house.holds.passed(tx, HoldKind.CAMPUS, more=0, less=3)
    housed.look(*[housed.person(f"P{n}") for n in range(10)])
    assert propose(housed, canteen(housed, three, 30)) is not None
    refuse(housed, waiting(housed)[0])
    same = canteen(housed, 'stay.kind != "外包" || stay.days > 0 || stay.days == -1', 31)
    assert propose(housed, same) is None
    assert housed.rules() == same


def test_a_second_proposal_takes_the_place_of_the_first(housed: Housed):
    first = propose(housed, canteen(housed, 'stay.kind == "外包"', 20))
    second = propose(housed, canteen(housed, 'stay.kind == "实习"', 20))
    assert first is not None
    assert waiting(housed) == [second]
    assert (get(housed, first).state, get(housed, first).reason) == (HoldState.REFUSED, SUPERSEDED)


def test_rules_whose_effect_has_changed_since_are_shown_again(housed: Housed):
    hold = propose(housed, canteen(housed, 'stay.kind == "外包"', 20))
    assert hold is not None
    take(housed, row("Q0"))
    with pytest.raises(PlanChanged) as told:
        approve(housed, hold)
    assert "zone:canteen" in told.value.sentence("en")
    assert housed.rules() != hold.payload
    approve(housed, hold)
    assert housed.rules() == hold.payload


def apply(housed: Housed, text: str) -> Hold | None:
    with housed.house.store.writing() as tx:
        return housed.house.proposals.campus(tx, text, "small.yaml", BOSS).hold


def campus_text(housed: Housed) -> str:
    with housed.house.store.reading() as tx:
        return housed.house.campuses.text(tx) or ""


def test_a_campus_file_that_takes_from_many_waits(housed: Housed):
    other = campus_text(housed).replace("zones: [north-public]", "zones: [garage]")
    assert other != campus_text(housed)
    hold = apply(housed, other)
    assert hold is not None
    assert hold.less == 10
    assert campus_text(housed) != other
    approve(housed, hold)
    assert campus_text(housed) == other


@pytest.mark.parametrize(
    ("old", "new"), [("arrivals_max: 5", "arrivals_max: 6"), ("losses_percent_max: 20", "losses_percent_max: 100")]
)
def test_guards_are_never_lowered_by_one_person_alone(housed: Housed, old: str, new: str):
    other = campus_text(housed).replace(old, new)
    hold = apply(housed, other)
    assert hold is not None
    assert (hold.more, hold.less) == (0, 0)
    assert campus_text(housed) != other
    approve(housed, hold)
    assert campus_text(housed) == other


def test_guards_are_raised_at_once(housed: Housed):
    other = campus_text(housed).replace("arrivals_max: 5", "arrivals_max: 4")
    assert apply(housed, other) is None
    assert campus_text(housed) == other


def test_a_revocation_and_a_lapse_never_wait(housed: Housed):
    for n in range(6):
        housed.revoke(housed.person(f"P{n}"))
    assert waiting(housed) == []
    assert housed.grants(housed.person("P5")) == []


def test_an_unknown_hold_is_not_found(housed: Housed):
    with housed.house.store.reading() as tx, pytest.raises(NotFound):
        housed.house.holds.get(tx, "hld-none")


def test_held_is_an_effect_of_its_own(housed: Housed):
    report = take(housed, *(row(f"Q{n}") for n in range(6)))
    assert report.counts[Effect.HELD] == 6
    assert report.people == ()
