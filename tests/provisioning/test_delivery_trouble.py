"""What delivery does when things change under a gateway's hands: a device that half answers, settings, urgency."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import select

from connectors.contract import NO_ANSWER, Refused
from connectors.desk import LeaseLost
from connectors.waits import URGENT_BACKOFF_S_MAX
from provisioning.campus.campuses import shipped
from provisioning.delivery.desk import LEASE_S
from provisioning.nouns.words import say
from provisioning.store import tables
from tests.provisioning.housed import BOSS, Hand, Housed


@pytest.fixture
def hand(housed: Housed) -> Hand:
    """Every target was read once, so that nothing is due but what a test makes due."""
    housed.hand.work()
    return housed.hand


def due_of(housed: Housed, target: str) -> datetime:
    with housed.house.store.reading() as tx:
        due = tx.run(select(tables.target.c.due).where(tables.target.c.id == target)).scalar_one()
    assert due is not None
    return due


def test_a_target_that_answers_but_cannot_be_worked_waits_longer_each_time_and_is_told_of(housed: Housed, hand: Hand):
    with housed.house.store.writing() as tx:
        housed.house.delivery.ask_reading(tx, "a-1", BOSS)
    waits = []
    for _ in range(4):
        claim = hand.claim_one("a-1")
        hand.meet(claim)
        hand.release(claim, unreachable="its list of cards cannot be read")
        waits.append((due_of(housed, "a-1") - housed.clock.now()).total_seconds())
        housed.clock.put(due_of(housed, "a-1"))
    assert waits == [1, 2, 4, 8]
    assert housed.alarms() == ["target.unreachable"]


def test_a_target_out_of_reach_is_asked_more_often_while_somebody_revoked_may_pass_there(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    hand.work()
    with housed.house.store.writing() as tx:
        housed.house.revoking.revoke(tx, person, BOSS, "left")
    hand.off.add("a-1")
    for _ in range(8):
        hand.work()
        wait_s = (due_of(housed, "a-1") - housed.clock.now()).total_seconds()
        housed.clock.put(due_of(housed, "a-1"))
    assert wait_s == URGENT_BACKOFF_S_MAX


def test_what_was_done_by_old_settings_proves_nothing_by_the_new(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    claim = hand.claim_one("a-1")
    (task,) = hand.tasks(claim)
    done = hand.carry(claim, task)
    file = shipped("small").read_text("utf-8")
    assert claim.settings["serial"] == 405419896
    with housed.house.store.writing() as tx:
        housed.house.campuses.apply(tx, file.replace("405419896", "405419999"), "small.yaml", BOSS)
    with pytest.raises(LeaseLost):
        hand.report(claim, done)
    assert housed.records(person)["a-1", "card:1001"].dirty
    housed.later(seconds=LEASE_S)
    assert hand.claim_one("a-1").settings["serial"] == 405419999


def test_what_was_proved_by_old_settings_is_to_be_proved_again_by_the_new(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    hand.work()
    assert not any(row.dirty for row in housed.records(person).values())
    file = shipped("small").read_text("utf-8")
    with housed.house.store.writing() as tx:
        housed.house.campuses.apply(tx, file.replace("405419896", "405419999"), "small.yaml", BOSS)
    again = {target for (target, _), row in housed.records(person).items() if row.dirty}
    assert again == {"a-1"}
    assert not housed.records(person)["a-1", "card:1001"].known


def test_a_card_reported_lost_is_urgent_also_where_it_was_to_go_already(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001, departure="2026-03-02")
    hand.work()
    housed.later(days=1)
    housed.look(person)
    hand.work(lambda task: Refused("busy") if task.body is None else None)
    assert hand.claim_targets() == set()
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, 1001, BOSS)
        housed.house.grants.look(tx, [person.id], BOSS, urgent=True)
    assert "a-1" in hand.claim_targets(urgent_only=True)


def test_why_a_target_cannot_be_reached_is_told_in_the_readers_language(housed: Housed, hand: Hand):
    with housed.house.store.writing() as tx:
        housed.house.delivery.ask_reading(tx, "a-1", BOSS)
    while not housed.alarms():
        hand.release(hand.claim_one("a-1"), unreachable=NO_ANSWER)
        housed.clock.put(due_of(housed, "a-1"))
    with housed.house.store.reading() as tx:
        (alarm,) = housed.house.alarms.open(tx)
    assert say(alarm.template, "en", alarm.fields).startswith(f"a-1 cannot be reached. {NO_ANSWER} What it holds")
    chinese = say(alarm.template, "zh", alarm.fields)
    assert say(NO_ANSWER, "zh") in chinese
    assert not re.search(r"[a-z]{3} [a-z]{3}", chinese.replace("foyer targets", "")), chinese


def test_what_is_reported_at_one_time_is_kept_for_each_whose_claim_holds(housed: Housed, hand: Hand):
    person = housed.come("E1", 1001)
    claims = {claim.target: claim for claim in hand.claim()}
    (here,), (there,) = hand.tasks(claims["a-1"]), hand.tasks(claims["b-1"])
    hand.release(claims["b-1"])

    async def both() -> Sequence[object]:
        reports = [
            (claims["a-1"], hand.carry(claims["a-1"], here)),
            (claims["b-1"], hand.carry(claims["b-1"], there)),
        ]
        told = (hand.desk.report(claim, [report], then=0) for claim, report in reports)
        return await asyncio.gather(*told, return_exceptions=True)

    kept, lost = asyncio.run(both())
    assert kept == ()
    assert isinstance(lost, LeaseLost)
    records = housed.records(person)
    assert [records[target, "card:1001"].dirty for target in ("a-1", "b-1")] == [False, True]
    assert len(housed.story("record.proved")) == 1
