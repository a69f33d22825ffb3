"""How ready: every need counted once, in the state it is in, and never all while something is not."""

from __future__ import annotations

import pytest

from connectors.contract import SETTLING, Later, Refused
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.rights import NeedState
from tests.provisioning.housed import BOSS, HEADERS, Housed, day

NEEDS_NORTH = 18  # six grants, each on every target that serves it


def states(housed: Housed, *people) -> dict[NeedState, int]:
    return {state: count for state, count in housed.ready(*people).counts.items() if count}


def test_from_wanted_over_sent_to_proved(housed: Housed):
    person = housed.come("E1", 1001)
    assert states(housed, person) == {NeedState.WANTED: NEEDS_NORTH}
    assert housed.ready(person).percent == 0.0
    housed.hand.work(lambda _: Later(5.0, SETTLING))
    assert states(housed, person) == {NeedState.SENT: NEEDS_NORTH}
    housed.later(seconds=5)
    housed.hand.work()
    ready = housed.ready(person)
    assert states(housed, person) == {NeedState.PROVED: NEEDS_NORTH}
    assert (ready.people, ready.percent) == (1, 100.0)
    receipts = {each["id"]: each for each in housed.story("record.proved")}
    for need in ready.needs:
        assert need.at == housed.clock.now()
        assert need.receipt is not None
        receipt = receipts[need.receipt]
        assert need.grant in receipt["data"]["grants"]
        assert receipt["target"] == need.target


def test_it_is_never_a_hundred_while_something_is_not_proved(housed: Housed):
    people = [housed.arrive(f"E{nth}", 1000 + nth) for nth in range(130)]
    housed.look(*people)
    housed.hand.work(lambda task: Refused("full") if task.key == "card:1000" else None)
    ready = housed.ready(*people)
    assert (ready.counts[NeedState.REFUSED], ready.percent) == (NEEDS_NORTH, 99.2)
    housed.hand.off = {"e-1"}  # which serves one need of each
    housed.later(hours=1)
    housed.hand.work()
    ready = housed.ready(*people)
    assert len(ready.needs) - ready.counts[NeedState.PROVED] == 1
    assert round(100 * ready.counts[NeedState.PROVED] / len(ready.needs), 1) == 100.0
    assert ready.percent == 99.9
    housed.hand.off = set()
    housed.later(hours=1)
    housed.hand.work()
    assert housed.ready(*people).percent == 100.0


def test_what_waits_for_its_day_counts_as_neither(housed: Housed):
    ready_now, future = housed.come("E1", 1001), housed.come("E2", 1002, arrival="2026-06-01")
    housed.hand.work()
    assert states(housed, future) == {NeedState.WAITING: NEEDS_NORTH}
    assert housed.ready(future).percent is None
    both = housed.ready(ready_now, future)
    assert (both.percent, both.counts[NeedState.WAITING], both.counts[NeedState.PROVED]) == (
        100.0,
        NEEDS_NORTH,
        NEEDS_NORTH,
    )


def test_nobody_is_ready_without_a_card(housed: Housed):
    person = housed.come("E1")
    assert states(housed, person) == {NeedState.MISSING: NEEDS_NORTH}
    assert housed.ready(person).percent == 0.0


def test_nothing_is_asked_of_nobody(housed: Housed):
    ready = housed.ready()
    assert (ready.people, ready.needs, ready.percent) == (0, (), None)


def test_a_person_with_two_cards_is_ready_when_both_are(housed: Housed):
    person = housed.come("E1", 1001)
    housed.hand.work()
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1002, BOSS)
    housed.look(person)
    assert states(housed, person) == {NeedState.WANTED: NEEDS_NORTH}
    housed.hand.work()
    assert states(housed, person) == {NeedState.PROVED: NEEDS_NORTH}


def test_a_need_is_as_far_as_its_worst_record(housed: Housed):
    person = housed.come("E1", 1001)
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1002, BOSS)
    housed.look(person)
    housed.hand.work(lambda task: Refused("full") if task.key == "card:1002" else None)
    assert states(housed, person) == {NeedState.REFUSED: NEEDS_NORTH}


def test_of_a_batch_and_of_a_day(housed: Housed):
    rows = [f"测试员,E{nth},财政局,科员,公务员,2026-03-0{nth},,{1000 + nth},北办公区" for nth in (2, 3)]
    with housed.house.store.writing() as tx:
        report = housed.house.intake.take(tx, read_sheet("\n".join([HEADERS, *rows]).encode(), "two.csv"), BOSS)
        housed.house.grants.look(tx, report.people, BOSS)
    housed.come("E9", 1009, arrival="2026-03-03")
    readiness = housed.house.readiness
    with housed.house.store.reading() as tx:
        assert {need.no for need in readiness.of_batch(tx, report.batch or "").needs} == {"E2", "E3"}
        assert {need.no for need in readiness.of_day(tx, day("2026-03-03")).needs} == {"E3", "E9"}
        assert readiness.of_day(tx, day("2026-03-05")).people == 0
        with pytest.raises(NotFound):
            readiness.of_batch(tx, "bat-none")


def test_the_overview_counts_records(housed: Housed):
    person, other = housed.come("E1", 1001), housed.come("E2", 1002)
    housed.hand.off = {"f-1"}
    housed.hand.work(lambda task: Refused("full") if task.key == "card:1002" else None)
    housed.revoke(person)
    with housed.house.store.reading() as tx:
        figures = housed.house.readiness.overview(tx)
        outstanding = housed.house.readiness.outstanding(tx)
    assert (figures.people, figures.targets, figures.unreachable) == (2, 11, 1)
    assert (figures.wanted, figures.proved, figures.refused, figures.going) == (9, 0, 8, 9)
    assert outstanding == 18
    assert housed.ready(other).percent == 0.0
