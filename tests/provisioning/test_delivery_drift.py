"""A full reading against what was proved: what is drift, what is only under way, and how it is put right."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from provisioning.delivery.readings import read_every_s
from provisioning.identity.cards import CardNotProvedGone
from provisioning.nouns.answers import Drift
from provisioning.nouns.people import Person
from provisioning.nouns.rights import NeedState
from tests.provisioning.housed import BOSS, Housed


@pytest.fixture
def person(housed: Housed) -> Person:
    """Somebody whose card is proved everywhere."""
    one = housed.come("E1", 1001)
    housed.hand.work()
    housed.later(minutes=1)
    assert housed.ready(one).percent == 100.0
    return one


def drifts(housed: Housed, *, open_only: bool = False) -> list[Drift]:
    with housed.house.store.reading() as tx:
        return sorted(housed.house.delivery.drifts(tx, 100, open_only=open_only), key=lambda each: each.key)


def ask(housed: Housed, target: str = "a-1") -> None:
    with housed.house.store.writing() as tx:
        housed.house.delivery.ask_reading(tx, target, BOSS)


def altered(body: str, **changes: object) -> str:
    return json.dumps(json.loads(body) | changes, sort_keys=True, separators=(",", ":"))


def test_foreign_altered_and_missing_are_drift_an_alarm_each_and_work(housed: Housed, person: Person):
    other = housed.come("E2", 1002)
    housed.hand.work()
    proved = dict(housed.hand.memory["a-1"])
    panel = housed.hand.memory["a-1"]
    panel["card:9999"] = altered(proved["card:1001"], number=9999)
    panel["card:8888"] = altered(proved["card:1001"], number=8888)
    panel["card:1001"] = altered(proved["card:1001"], doors=[1, 0, 0, 0])
    del panel["card:1002"]
    housed.later(minutes=1)
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    assert claim.reconcile
    assert housed.hand.read(claim) == 4
    assert [(each.key, each.kind, each.righted) for each in drifts(housed)] == [
        ("card:1001", "altered", None), ("card:1002", "missing", None), ("card:8888", "foreign", None),
        ("card:9999", "foreign", None),
    ]  # fmt: skip
    assert [(each.found, each.proved) for each in drifts(housed)][:2] == [
        (panel["card:1001"], proved["card:1001"]), (None, proved["card:1002"]),
    ]  # fmt: skip
    assert housed.alarms() == ["drift.altered", "drift.foreign", "drift.missing"]
    told = {each["data"]["key"]: each for each in housed.story() if each["kind"].startswith("drift.")}
    assert (told["card:1001"]["person"], told["card:9999"]["person"]) == (person.id, None)
    states = {need.no: need.state for need in housed.ready(person, other).needs if need.target == "a-1"}
    assert states == {"E1": NeedState.WANTED, "E2": NeedState.WANTED}
    tasks = housed.hand.tasks(claim)
    assert [(task.key, task.body is None, task.urgent) for task in tasks] == [
        ("card:8888", True, True), ("card:9999", True, True), ("card:1001", False, False), ("card:1002", False, False),
    ]  # fmt: skip
    housed.later(seconds=1)
    housed.hand.report(claim, *(housed.hand.carry(claim, task) for task in tasks))
    assert panel == proved
    assert {each.righted for each in drifts(housed)} == {housed.clock.now()}
    assert drifts(housed, open_only=True) == []
    assert housed.ready(person, other).percent == 100.0
    housed.later(minutes=1)
    assert housed.hand.read(claim) == 0
    housed.hand.release(claim)


def test_a_drift_is_righted_by_a_receipt_and_by_nothing_less(housed: Housed, person: Person):
    housed.hand.memory["a-1"].clear()
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    assert housed.hand.read(claim) == 1
    (task,) = housed.hand.tasks(claim)
    old = housed.hand.carry(claim, task)
    housed.arrive("E1", 1001, kind="外包", departure="2026-06-30")
    housed.look(person)
    housed.hand.report(claim, old)
    assert len(drifts(housed, open_only=True)) == 1
    (task,) = housed.hand.tasks(claim)
    housed.hand.report(claim, housed.hand.carry(claim, task))
    assert drifts(housed, open_only=True) == []


def test_what_was_proved_gone_and_is_there_again_is_foreign(housed: Housed, person: Person):
    body = housed.hand.memory["a-1"]["card:1001"]
    housed.revoke(person)
    housed.hand.work()
    housed.later(minutes=1)
    housed.hand.memory["a-1"]["card:1001"] = body
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    assert housed.hand.read(claim) == 1
    (found,) = drifts(housed)
    assert (found.kind, found.found, found.proved) == ("foreign", body, None)
    (task,) = housed.hand.tasks(claim)
    assert (task.body, task.urgent) == (None, True)


def test_what_is_under_way_is_no_drift(housed: Housed, person: Person):
    ask(housed)
    housed.come("E2", 1002)  # wanted, not sent yet
    housed.arrive("E1", 1001, kind="外包", departure="2026-06-30")
    housed.look(person)  # fewer doors wanted than the panel holds
    claim = housed.hand.claim_one("a-1")
    housed.later(seconds=1)
    assert housed.hand.read(claim) == 0
    assert drifts(housed) == []
    assert housed.alarms() == []


def test_what_was_touched_while_the_reading_ran_is_no_drift(housed: Housed, person: Person):
    """The reading may have passed the card before it was written: its own read-back has told already."""
    new = housed.come("E2", 1002)
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    started = housed.clock.now()
    before = dict(housed.hand.memory["a-1"])
    housed.later(seconds=1)
    housed.hand.report(claim, *(housed.hand.carry(claim, task) for task in housed.hand.tasks(claim)))
    after, housed.hand.memory["a-1"] = housed.hand.memory["a-1"], before
    assert housed.hand.read(claim, started) == 0
    housed.hand.memory["a-1"] = after
    assert {need.state for need in housed.ready(new).needs if need.target == "a-1"} == {NeedState.PROVED}
    housed.later(seconds=1)
    assert housed.hand.read(claim) == 0, "and the next reading finds it"


def test_a_foreign_card_that_will_not_go_is_told_once(housed: Housed, person: Person):
    body = altered(housed.hand.memory["a-1"]["card:1001"], number=9999)
    for _ in range(3):
        housed.hand.memory["a-1"]["card:9999"] = body
        ask(housed)
        claim = housed.hand.claim_one("a-1")
        housed.hand.read(claim)
        housed.hand.release(claim)
        housed.later(minutes=1)
    assert len(drifts(housed)) == 1
    assert housed.alarms() == ["drift.foreign"]


def test_a_foreign_number_can_be_given_out_only_once_it_is_gone(housed: Housed, person: Person):
    housed.hand.memory["a-1"]["card:9999"] = altered(housed.hand.memory["a-1"]["card:1001"], number=9999)
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    housed.hand.read(claim)
    with housed.house.store.writing() as tx, pytest.raises(CardNotProvedGone, match="a-1"):
        housed.house.cards.assign(tx, person, 9999, BOSS)
    housed.hand.report(claim, *(housed.hand.carry(claim, task) for task in housed.hand.tasks(claim)))
    housed.hand.release(claim)
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 9999, BOSS)
    housed.look(person)
    housed.hand.work()
    assert "card:9999" in housed.hand.memory["a-1"]
    assert housed.ready(person).percent == 100.0


def test_an_altered_card_bounds_the_exposure_by_what_was_found(housed: Housed, person: Person):
    later = altered(housed.hand.memory["a-1"]["card:1001"], closes="2099-12-31")
    housed.hand.memory["a-1"]["card:1001"] = later
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    assert housed.hand.read(claim) == 1
    certificate = housed.certificate(housed.revoke(person))
    until = {line.target: line.exposed_until for line in certificate.lines}
    assert str(until["a-1"]) == "2099-12-31 16:00:00+00:00"
    assert until["a-2"] is not None
    assert until["a-2"] < housed.clock.now() + timedelta(days=30)


def test_every_target_is_read_by_itself_now_and_then(housed: Housed, person: Person):
    due = set()
    housed.later(seconds=read_every_s(1) + 61)
    for claim in housed.hand.claim():
        assert claim.reconcile
        housed.hand.read(claim)
        housed.hand.release(claim)
        due.add(claim.target)
    assert len(due) == 11
    assert housed.hand.claim() == []
    with housed.house.store.reading() as tx:
        states = housed.house.delivery.targets(tx)
    assert {state.read for state in states} == {housed.clock.now()}
    dues = {state.due for state in states}
    assert len(dues) > 4, "not all at one second"
    assert all(
        timedelta(seconds=read_every_s(1)) <= each - housed.clock.now() <= timedelta(seconds=read_every_s(1) + 60)
        for each in dues
        if each is not None
    )


def test_a_new_target_is_read_at_once(housed: Housed):
    claims = housed.hand.claim()
    assert len(claims) == 11
    assert all(claim.reconcile for claim in claims)


def test_the_alarm_of_many_names_a_few(housed: Housed):
    housed.hand.work()
    housed.later(minutes=1)
    housed.hand.memory["a-1"] |= {f"card:{9000 + nth}": "{}" for nth in range(300)}
    ask(housed)
    claim = housed.hand.claim_one("a-1")
    assert housed.hand.read(claim) == 300
    with housed.house.store.reading() as tx:
        (alarm,) = housed.house.alarms.open(tx)
    assert alarm.fields["count"] == 300
    assert str(alarm.fields["keys"]).count("card:") == 5
    assert len(housed.hand.tasks(claim)) == 300
