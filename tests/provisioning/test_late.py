"""What is late, and since when: what waits for a person is not late, and what could not be put down yet was not due."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.nouns.late import Lateness
from provisioning.nouns.people import Person
from provisioning.nouns.units import Allotment
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, Housed, housing

SECONDED = {"kind": "借调", "arrival": "2026-03-02", "departure": "2026-12-31"}
NOTHING = Lateness((), (), more=False)
FLATS = "flats"


@pytest.fixture
def housed(tmp_path: Path) -> Generator[Housed]:
    with housing(tmp_path / "whole", SetClock(START), units=True) as made:
        yield made


def lateness(housed: Housed) -> Lateness:
    with housed.house.store.reading() as tx:
        return housed.house.readiness.late(tx)


def offered(housed: Housed, no: str) -> Person:
    """Somebody here since this morning whom a flat is offered, and who has all the rest."""
    person = housed.come(no, 1001, **SECONDED)
    with housed.house.store.writing() as tx:
        assert housed.house.space.serve(tx, housed.house.campuses.current(tx), BOSS) == 1
    housed.hand.work()
    return person


def accept(housed: Housed, person: Person) -> Allotment:
    with housed.house.store.writing() as tx:
        row = housed.house.allotments.accept(tx, person, BOSS)
    housed.look(person)
    return row


def test_a_flat_on_offer_is_not_late_and_one_that_is_accepted_counts_from_there(housed: Housed):
    person = offered(housed, "E1")
    housed.later(days=3)
    housed.hand.work()
    assert lateness(housed) == NOTHING, "it waits for the person"
    accept(housed, person)
    assert lateness(housed) == NOTHING, "it is accepted at this moment"
    housed.later(seconds=30)
    housed.hand.work()
    assert lateness(housed) == NOTHING, "delivered within half a minute of being accepted"


def test_a_flat_that_is_accepted_and_not_delivered_is_late_since_it_was_accepted(housed: Housed):
    person = offered(housed, "E1")
    accepted = housed.later(days=3)
    accept(housed, person)
    housed.hand.off = {FLATS}
    housed.later(minutes=10)
    housed.hand.work()
    late = lateness(housed).now
    assert {(each.no, each.target, each.since, each.late_s) for each in late} == {("E1", FLATS, accepted, 600)}
    assert {each.resource.partition(":")[0] for each in late} == {"flat", "lock"}
    housed.hand.off = set()
    housed.later(minutes=50)
    housed.hand.work()
    came = lateness(housed)
    assert came.now == ()
    assert {(each.since, each.late_s) for each in came.proved} == {(accepted, 3600)}


def test_a_card_that_is_handed_over_later_is_late_since_then(housed: Housed):
    person = housed.come("E1", **SECONDED)
    housed.hand.work()
    handed = housed.later(days=3)
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1001, BOSS)
    housed.look(person)
    assert lateness(housed) == NOTHING, "nothing could be put down for somebody without a card"
    housed.hand.off = {"a-1"}
    housed.later(seconds=50)
    housed.hand.work()
    assert lateness(housed) == NOTHING
    housed.later(minutes=4, seconds=10)
    (since,) = {each.since for each in lateness(housed).now}
    assert since == handed
    assert {each.target for each in lateness(housed).now} == {"a-1"}
    housed.hand.off = set()
    housed.later(hours=1)
    housed.hand.work()
    came = lateness(housed)
    assert came.now == ()
    assert {(each.target, each.late_s) for each in came.proved} == {("a-1", timedelta(hours=1, minutes=5).seconds)}


def test_who_is_let_in_again_is_late_since_then(housed: Housed):
    person = housed.come("E1", 1001, **SECONDED)
    housed.hand.work()
    with housed.house.store.writing() as tx:
        housed.house.revoking.suspend(tx, person, BOSS, "lost their temper")
    housed.hand.work()
    housed.later(days=3)
    housed.hand.work()
    lifted = housed.clock.now()
    with housed.house.store.writing() as tx:
        housed.house.revoking.resume(tx, person, BOSS, "calm again")
    housed.look(person)
    assert lateness(housed) == NOTHING
    housed.hand.off = {"a-1"}
    housed.later(minutes=5)
    housed.hand.work()
    assert {(each.target, each.since) for each in lateness(housed).now} == {("a-1", lifted)}
