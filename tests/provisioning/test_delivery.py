"""The desk at which gateways work: what is handed out in which order, who holds a target, and what an outcome clears."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from connectors.contract import SETTLING, Done, Later, Refused
from connectors.desk import Claim, LeaseLost, Report, Task
from connectors.waits import BACKOFF_S_MAX, REACH_BACKOFF_S_MAX, REFUSED_AGAIN_S
from provisioning.campus.campuses import shipped
from provisioning.compose import EMBEDDED
from provisioning.delivery.delivery import ALARM_AFTER_TRIES, READ_AGAIN_S
from provisioning.delivery.desk import LEASE_S
from provisioning.nouns.people import Person
from provisioning.nouns.rights import NeedState, WantedHeld
from provisioning.store import delivery as rows
from provisioning.store import tables
from provisioning.store.rights import Wish, wish
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, Hand, Housed

A1 = ("a-1", "card:1001")


@pytest.fixture
def hand(housed: Housed) -> Hand:
    """Every target was read once, so that nothing is due but what a test makes due."""
    housed.hand.work()
    assert housed.hand.claim() == []
    return housed.hand


def row(housed: Housed, person: Person, at: tuple[str, str] = A1) -> WantedHeld:
    return housed.records(person)[at]


def due_of(housed: Housed, target: str, key: str | None = None) -> datetime:
    table = tables.target if key is None else tables.record
    found = select(table.c.due).where(table.c.id == target if key is None else table.c.target == target)
    with housed.house.store.reading() as tx:
        due = tx.run(found if key is None else found.where(table.c.key == key)).scalar_one()
    assert due is not None
    return due


def refuse_first(task: Task) -> Refused | None:
    return Refused("The panel's card list is full.") if task.body is not None else None


def test_the_way_of_one_record_and_its_receipt(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    claim = hand.claim_one("a-1")
    (task,) = hand.tasks(claim)
    before = row(housed, person)
    assert (before.dirty, before.known, before.held, before.receipt) == (True, False, None, None)
    assert (task.key, task.revision, task.body, task.grants) == (
        "card:1001", before.revision, before.wanted, before.grants,
    )  # fmt: skip
    assert housed.story("record.proved") == []
    housed.later(seconds=1)
    hand.report(claim, hand.carry(claim, task))
    after = row(housed, person)
    assert (after.dirty, after.held, after.held_revision, after.proof) == (False, after.wanted, after.revision, "read")
    assert after.proved == housed.clock.now()
    (receipt,) = housed.story("record.proved")
    assert receipt["id"] == after.receipt
    assert (receipt["person"], receipt["target"], receipt["actor"]) == (person.id, "a-1", "gateway:embedded")
    assert receipt["data"] == {
        "key": "card:1001", "revision": 1, "grants": list(after.grants), "held": after.wanted, "proof": "read",
        "read": housed.clock.now().isoformat(),
    }  # fmt: skip
    assert hand.tasks(claim) == []
    hand.release(claim)
    assert due_of(housed, "a-1") > housed.clock.now(), "its next full reading"


def test_what_was_acknowledged_only_says_so(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    claim = hand.claim_one("a-1")
    (task,) = hand.tasks(claim)
    hand.report(claim, hand.carry(claim, task, Done("acknowledged")))
    assert row(housed, person).proof == "acknowledged"
    assert housed.story("record.proved")[0]["data"]["proof"] == "acknowledged"


def test_urgent_first_then_what_goes_then_what_comes_by_rank(housed: Housed, hand: Hand):
    one, two = housed.come("E1", 1001), housed.come("E2", 1002)
    hand.work()
    housed.arrive("E1", 1001, department="司法局", area="南办公区")  # its card changes on b-2
    housed.look(one)
    housed.come("E3", 1003)
    with housed.house.store.writing() as tx:
        wish(tx, [
            Wish("b-2", key, None, body, 1, rank, (), urgent, fresh=True)
            for key, body, rank, urgent in (
                ("profile:1", "{}", 0, False), ("profile:2", None, 0, False), ("card:2", None, 1, False),
                ("card:3", "{}", 2, False), ("card:9", None, 1, True),
            )
        ])  # fmt: skip
    housed.revoke(two)
    claim = hand.claim_one("b-2")
    order = [(task.key, task.body is None, task.urgent) for task in hand.tasks(claim)]
    assert order == [
        ("card:1002", True, True), ("card:9", True, True), ("card:2", True, False), ("profile:2", True, False),
        ("profile:1", False, False), ("card:1001", False, False), ("card:1003", False, False), ("card:3", False, False),
    ]  # fmt: skip
    assert [task.key for task in hand.tasks(claim, urgent_only=True)] == ["card:1002", "card:9"]
    assert [task.key for task in hand.tasks(claim, 3)] == ["card:1002", "card:9", "card:2"]


def test_targets_with_urgent_work_are_handed_out_first(housed: Housed, hand: Hand):
    housed.come("E1", 1001)
    contractor = housed.come("E2", 1002, kind="外包", departure="2026-06-30")
    hand.work()
    housed.come("E3", 1003)
    housed.revoke(contractor)
    urgent = {"a-1", "b-1", "c-1", "d-1", "e-1", "f-1", "g-1"}
    claims = hand.claim(urgent_only=True)
    assert {claim.target for claim in claims} == urgent
    assert {claim.target for claim in hand.claim()} == {"a-2", "b-2"}
    for claim in claims:
        hand.release(claim)
    assert {claim.target for claim in hand.claim(urgent_only=True)} == urgent, "given back undone, it is still urgent"


def test_an_outcome_of_an_older_revision_tells_what_is_held_and_clears_nothing(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    claim = hand.claim_one("a-2")
    (task,) = hand.tasks(claim)
    report = hand.carry(claim, task)
    housed.arrive("E1", 1001, area="南办公区")
    housed.look(person)
    hand.report(claim, report)
    after = row(housed, person, ("a-2", "card:1001"))
    assert after.revision == 2
    assert (after.dirty, after.held_revision, after.receipt, after.proved) == (True, 0, None, None)
    assert (after.known, after.held) == (True, task.body)
    assert housed.story("record.proved") == []
    (again,) = hand.tasks(claim)
    assert again.revision == 2
    assert not again.first


def test_an_old_refusal_does_not_put_a_new_wish_off(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    claim = hand.claim_one("a-2")
    (task,) = hand.tasks(claim)
    housed.arrive("E1", 1001, area="南办公区")
    housed.look(person)
    hand.report(claim, hand.carry(claim, task, Refused("full")))
    assert row(housed, person, ("a-2", "card:1001")).refused is None
    assert [each.revision for each in hand.tasks(claim)] == [2]


ACTS: dict[str, Callable[[Hand, Claim, Report], object]] = {
    "differences": lambda hand, claim, _: hand.tasks(claim),
    "report": lambda hand, claim, report: hand.report(claim, report),
    "introduce": lambda hand, claim, _: hand.meet(claim),
    "reconciled": lambda hand, claim, _: hand.read(claim),
    "release": lambda hand, claim, _: hand.release(claim),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_claim_is_void_once_another_has_the_target(housed: Housed, hand: Hand, act: str):
    person = housed.come("E1", 1001)
    first = hand.claim_one("a-1")
    (task,) = hand.tasks(first)
    report = hand.carry(first, task)
    housed.later(seconds=LEASE_S - 1)
    assert all(claim.target != "a-1" for claim in hand.claim()), "a lease that runs is nobody else's"
    housed.later(seconds=1)
    second = hand.claim_one("a-1")
    assert second.epoch == first.epoch + 1
    with pytest.raises(LeaseLost):
        ACTS[act](hand, first, report)
    assert row(housed, person).dirty
    hand.report(second, report)
    assert not row(housed, person).dirty


def test_every_call_renews_the_lease(housed: Housed, hand: Hand):
    housed.come("E1", 1001)
    claim = hand.claim_one("a-1")
    for _ in range(4):
        housed.later(seconds=LEASE_S - 1)
        hand.tasks(claim)
    assert all(each.target != "a-1" for each in hand.claim())
    hand.release(claim)
    with pytest.raises(LeaseLost):
        hand.tasks(claim)


def test_one_record_that_will_not_waits_twice_as_long_each_time(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    waits = []
    for _ in range(9):
        claim = hand.claim_one("a-1")
        (task,) = hand.tasks(claim)
        hand.report(claim, hand.carry(claim, task, Later(5.0, "busy")))
        assert hand.tasks(claim) == [], "not due any more"
        hand.release(claim)
        due = due_of(housed, *A1)
        waits.append((due - housed.clock.now()).total_seconds())
        assert housed.ready(person).counts[NeedState.SENT] > 0
        assert row(housed, person).reason == "busy"
        housed.clock.put(due)
    assert waits[:4] == [5, 10, 20, 40]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_S_MAX
    housed.arrive("E1", 1001, department="司法局")
    claim = hand.claim_one("a-1")
    (task,) = hand.tasks(claim)
    hand.report(claim, hand.carry(claim, task))
    hand.release(claim)
    assert not row(housed, person).dirty


def test_settling_ends_at_a_known_instant_and_does_not_grow(housed: Housed, hand: Hand):
    housed.come("E1", 1001)
    for _ in range(3):
        claim = hand.claim_one("a-1")
        (task,) = hand.tasks(claim)
        hand.report(claim, hand.carry(claim, task, Later(5.0, SETTLING)))
        hand.release(claim)
        assert due_of(housed, *A1) == housed.later(seconds=5)


def test_a_refused_record_is_listed_with_its_reason_and_tried_again(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    hand.work(refuse_first)
    refused = row(housed, person)
    assert (refused.dirty, refused.refused) == (True, "The panel's card list is full.")
    ready = housed.ready(person)
    assert ready.counts[NeedState.REFUSED] == len(ready.needs)
    assert {need.reason for need in ready.needs} == {"The panel's card list is full."}
    assert len(housed.story("record.refused")) == 9
    assert hand.work() == []
    housed.later(seconds=REFUSED_AGAIN_S)
    hand.work(refuse_first)
    assert len(housed.story("record.refused")) == 9, "told once while the reason is the same"
    housed.later(seconds=REFUSED_AGAIN_S)
    hand.work()
    assert housed.ready(person).percent == 100.0
    assert row(housed, person).refused is None


def test_a_target_out_of_reach_waits_longer_each_time_and_is_whole_again_at_once(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    hand.off = {"a-1"}
    waits = []
    for nth in range(1, 10):
        assert "a-1" in hand.work()
        due = due_of(housed, "a-1")
        waits.append((due - housed.clock.now()).total_seconds())
        assert housed.alarms() == (["target.unreachable"] if nth >= ALARM_AFTER_TRIES else [])
        housed.clock.put(due)
    assert waits == [1, 2, 4, 8, 16, 32, *[REACH_BACKOFF_S_MAX] * 3]
    assert len(housed.story("target.unreachable")) == 1
    with housed.house.store.reading() as tx:
        state = housed.house.delivery.target(tx, "a-1")
    assert (state.unreachable, state.unreachable_since, state.dirty) == ("no answer", START, 1)
    assert {need.target for need in housed.ready(person).needs if need.state is not NeedState.PROVED} == {"a-1"}
    hand.off = set()
    hand.work()
    assert housed.ready(person).percent == 100.0
    with housed.house.store.reading() as tx:
        assert housed.house.delivery.target(tx, "a-1").unreachable is None
    assert len(housed.story("target.back")) == 1
    hand.work()
    hand.off = {"a-1"}
    with housed.house.store.writing() as tx:
        housed.house.delivery.ask_reading(tx, "a-1", BOSS)
    hand.work()
    assert due_of(housed, "a-1") == housed.clock.now() + timedelta(seconds=1), "the wait began anew"


def test_a_target_that_was_off_for_weeks_is_still_only_out_of_reach(housed: Housed, hand: Hand):
    housed.come("E1", 1001)
    with housed.house.store.writing() as tx:
        tx.run(text("UPDATE target SET attempts = 100000 WHERE id = 'a-1'"))
        tx.run(text("UPDATE record SET attempts = 100000 WHERE target = 'a-2'"))
    hand.release(hand.claim_one("a-1"), unreachable="no answer")
    assert due_of(housed, "a-1") == housed.clock.now() + timedelta(seconds=REACH_BACKOFF_S_MAX)
    claim = hand.claim_one("a-2")
    (task,) = hand.tasks(claim)
    hand.report(claim, hand.carry(claim, task, Later(5.0, "busy")))
    assert due_of(housed, "a-2", "card:1001") == housed.clock.now() + timedelta(seconds=BACKOFF_S_MAX)


def test_what_waited_is_due_and_everything_read_as_soon_as_the_target_is_back(housed: Housed, hand: Hand):
    housed.come("E1", 1001)
    hand.work(refuse_first)
    hand.off = {"a-1"}
    with housed.house.store.writing() as tx:
        housed.house.delivery.ask_reading(tx, "a-1", BOSS)
    hand.work()
    hand.off = set()
    housed.clock.put(due_of(housed, "a-1"))
    claim = hand.claim_one("a-1")
    assert hand.tasks(claim) == []
    hand.meet(claim)
    assert [task.key for task in hand.tasks(claim)] == ["card:1001"], "it may have been given room meanwhile"
    hand.read(claim)
    hand.release(claim)
    housed.later(seconds=1)
    housed.come("E2", 1002)
    claim = hand.claim_one("a-1")
    assert not claim.reconcile
    hand.release(claim, unreachable="no answer")
    housed.clock.put(due_of(housed, "a-1"))
    claim = hand.claim_one("a-1")
    hand.meet(claim)
    hand.release(claim)
    claim = hand.claim_one("a-1")
    assert not claim.reconcile, "it was read a moment ago: one that comes and goes is not read each time"
    hand.release(claim)
    housed.later(seconds=READ_AGAIN_S)
    assert hand.claim_one("a-1").reconcile, "who was away may have been tampered with"


def test_ordinary_work_does_not_shorten_the_wait_of_a_target_out_of_reach_but_a_revocation_does(
    housed: Housed, hand: Hand
):
    person = housed.come("E1", 1001)
    hand.work()
    hand.off = {"a-1"}
    housed.come("E2", 1002)
    hand.work()
    due = due_of(housed, "a-1")
    housed.come("E3", 1003)
    assert due_of(housed, "a-1") == due
    assert hand.claim_targets() == {"a-2", "b-1", "b-2", "c-1", "d-1", "e-1", "f-1", "g-1"}
    housed.revoke(person)
    assert "a-1" in hand.claim_targets(urgent_only=True)


def test_a_fault_of_ours_parks_one_target_and_tells_of_it(housed: Housed, hand: Hand):
    housed.come("E1", 1001)
    hand.release(hand.claim_one("a-1"), parked="KeyError")
    assert housed.alarms() == ["target.parked"]
    assert due_of(housed, "a-1") == housed.clock.now() + timedelta(seconds=30)
    with housed.house.store.reading() as tx:
        assert housed.house.delivery.target(tx, "a-1").unreachable is None, "nothing is known of the device"


def test_a_new_incarnation_voids_every_receipt(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    hand.counter["a-1"] = 5
    hand.work()
    assert housed.ready(person).percent == 100.0
    housed.come("E2", 1002)
    for change in ("identity", "counter"):
        claim = hand.claim_one("a-1")
        hand.memory["a-1"].clear()
        if change == "counter":
            hand.counter["a-1"] = 1
        assert hand.meet(claim, "another device" if change == "identity" else None)
        after = row(housed, person)
        assert (after.dirty, after.known, after.held, after.receipt) == (True, False, None, None)
        assert {need.target for need in housed.ready(person).needs if need.state is not NeedState.PROVED} == {"a-1"}
        assert {task.key for task in hand.tasks(claim)} == {"card:1001", "card:1002"}
        hand.release(claim)
        hand.counter["a-1"] = 5
        hand.work()
        assert housed.ready(person).percent == 100.0
        with housed.house.store.writing() as tx:
            housed.house.delivery.ask_reading(tx, "a-1", BOSS)
    assert housed.alarms() == ["target.another"]
    assert json.loads(row(housed, person).held or "{}")["number"] == 1001


def test_a_hub_that_starts_takes_back_what_its_own_gateway_held(housed: Housed):
    with housed.house.store.writing() as tx:
        taken = rows.take(tx, EMBEDDED, 100, LEASE_S, urgent_only=False)
        assert len(taken) == 11
        rows.void_claims(tx, EMBEDDED)
    assert {claim.target for claim in housed.hand.claim()} == {each.id for each in taken}


def test_a_target_that_left_the_campus_is_emptied_and_then_left_in_peace(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    hand.work()
    assert "card:1001" in hand.memory["f-1"]
    text_, mark, _ = shipped("small").read_text("utf-8").partition("  - id: f-1\n")
    assert mark
    with housed.house.store.writing() as tx:
        housed.house.campuses.apply(tx, text_, "small.yaml", BOSS)
    assert housed.look_due() == 1
    hand.work()
    assert hand.memory["f-1"] == {}
    assert housed.ready(person).percent == 100.0
    assert "f-1" not in hand.work(), "nothing is left to do there"
    housed.later(days=1)
    assert "f-1" not in hand.work()
