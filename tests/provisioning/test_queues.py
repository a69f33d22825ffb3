"""A queue that grows is seen: one alarm while it lasts, which is settled by itself when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.dialects import sqlite

from provisioning.delivery import queues
from provisioning.delivery.queues import GROWING_MIN, GROWING_S, LATE_S, UNCLAIMED_S, Queues
from provisioning.store import queues as rows
from provisioning.store import tables
from provisioning.store.rights import Wish, wish
from tests.provisioning.housed import Hand, Housed


@pytest.fixture
def hand(housed: Housed) -> Hand:
    housed.hand.work()
    return housed.hand


@pytest.fixture
def seen(housed: Housed) -> Queues:
    return Queues(housed.house.alarms)


def look(housed: Housed, seen: Queues) -> list[tuple[str, str | None]]:
    """What stands after a look."""
    housed.house.watch.look(seen)
    with housed.house.store.reading() as tx:
        return [(each.kind, each.target) for each in housed.house.alarms.open(tx) if each.kind.startswith("queue.")]


def owe(housed: Housed, target: str, count: int, start: int = 0) -> None:
    wishes = [Wish(target, f"card:{start + n}", None, "{}", 1, 1, (), urgent=False, fresh=True) for n in range(count)]
    with housed.house.store.writing() as tx:
        wish(tx, wishes)


def attend(hand: Hand) -> None:
    """A gateway comes by, and leaves the work as it is."""
    for claim in hand.claim():
        if claim.reconcile:
            hand.read(claim)
        hand.release(claim)


def test_work_that_waits_too_long_at_a_target_in_reach_is_told_once_and_settled(
    housed: Housed, hand: Hand, seen: Queues
):
    owe(housed, "a-1", 3)
    housed.later(seconds=LATE_S - 1)
    attend(hand)
    assert look(housed, seen) == []
    housed.later(seconds=1)
    attend(hand)
    assert look(housed, seen) == [("queue.late", "a-1")]
    housed.later(seconds=60)
    attend(hand)
    assert look(housed, seen) == [("queue.late", "a-1")]
    hand.work()
    assert look(housed, seen) == []
    (alarm,) = housed.story("alarm.acknowledged")
    assert alarm["actor"] == queues.HOUSE.name


def test_what_a_target_out_of_reach_owes_is_told_otherwise(housed: Housed, hand: Hand, seen: Queues):
    owe(housed, "a-1", 3)
    claim = hand.claim_one("a-1")
    hand.release(claim, unreachable="no answer")
    housed.later(seconds=LATE_S)
    attend_but(hand, "a-1")
    assert look(housed, seen) == []


def attend_but(hand: Hand, off: str) -> None:
    for claim in hand.claim():
        hand.release(claim, unreachable="no answer" if claim.target == off else None)


def test_what_waits_for_its_own_hour_is_not_late(housed: Housed, hand: Hand, seen: Queues):
    owe(housed, "a-1", 1)
    with housed.house.store.writing() as tx:
        tx.run(update(tables.record).values(due=tx.now + timedelta(hours=2)).where(tables.record.c.dirty))
    housed.later(seconds=LATE_S * 2)
    attend(hand)
    assert look(housed, seen) == []


def test_an_acknowledged_one_is_not_said_again_while_it_lasts(housed: Housed, hand: Hand, seen: Queues):
    owe(housed, "a-1", 3)
    housed.later(seconds=LATE_S)
    attend(hand)
    look(housed, seen)
    look(housed, seen)
    with housed.house.store.writing() as tx:
        (alarm,) = (each for each in housed.house.alarms.open(tx) if each.kind == "queue.late")
        housed.house.alarms.acknowledge(tx, alarm.id, queues.HOUSE)
    assert look(housed, seen) == []
    hand.work()
    assert look(housed, seen) == []
    owe(housed, "a-1", 3, start=100)
    housed.later(seconds=LATE_S)
    attend(hand)
    assert look(housed, seen) == [("queue.late", "a-1")], "another time is another alarm"


def test_what_was_not_kept_is_said_the_next_time(housed: Housed, hand: Hand, seen: Queues):
    owe(housed, "a-1", 3)
    housed.later(seconds=LATE_S)
    attend(hand)
    with housed.house.store.rehearsing() as tx:
        assert seen.needed(tx)
        seen.act(tx)
    assert look(housed, seen) == [("queue.late", "a-1")]


def test_work_that_no_gateway_fetches_is_told(housed: Housed, hand: Hand, seen: Queues):
    owe(housed, "a-1", 1)
    housed.later(seconds=UNCLAIMED_S - 1)
    assert look(housed, seen) == []
    housed.later(seconds=1)
    assert look(housed, seen) == [("queue.unclaimed", None)]
    hand.work()
    assert look(housed, seen) == []


def test_more_and_more_work_is_told_and_a_batch_that_is_worked_off_is_not(housed: Housed, hand: Hand, seen: Queues):
    def wait(added: int, start: int) -> list[str]:
        owe(housed, "a-1", added, start)
        housed.later(seconds=GROWING_S / 4)
        attend(hand)
        return [kind for kind, _ in look(housed, seen) if kind == "queue.growing"]

    told = [wait(GROWING_MIN if n == 0 else 10, n * GROWING_MIN) for n in range(6)]
    assert told == [[], [], [], [], ["queue.growing"], ["queue.growing"]]
    with housed.house.store.writing() as tx:
        some = tables.record.c.key.like("card:1%")
        tx.run(update(tables.record).where(tables.record.c.dirty, some).values(dirty=False, due=None))
    housed.later(seconds=1)
    assert [kind for kind, _ in look(housed, seen) if kind == "queue.growing"] == []


def test_it_is_measured_by_the_indexes_of_what_is_due(housed: Housed):
    """Work that is done costs nothing: no plan goes through all records."""
    for query in (rows._LATE, rows._DUE):
        compiled = query._statement.compile(dialect=sqlite.dialect(paramstyle="named"))
        with housed.house.store.reading() as tx:
            plan = tx.run(text(f"EXPLAIN QUERY PLAN {compiled}"), dict.fromkeys(compiled.params, 0)).all()
        steps = [row[-1] for row in plan]
        assert any("ix_record_dirty" in step for step in steps), steps
        assert not any("SCAN record" in step and "INDEX" not in step for step in steps), steps
