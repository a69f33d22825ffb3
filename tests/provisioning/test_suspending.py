"""Suspension by security: as quick and as well proved as a revocation, and all is back once it is lifted. HR's own
suspensions are another cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.grants.revoking import NothingToSuspend, NotSuspended, ReasonMissing, SuspendedAlready
from provisioning.nouns.answers import LineState
from provisioning.nouns.people import Person, StayState
from provisioning.nouns.rights import NeedState, RevocationKind
from provisioning.store import people, revocations, units
from tests.provisioning.housed import BOSS, Housed, housing

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture
def housed(tmp_path: Path) -> Iterator[Housed]:
    with housing(tmp_path, SetClock(NOON), units=True) as housed:
        yield housed


@pytest.fixture
def person(housed: Housed) -> Person:
    one = housed.come("F1", 1001)
    housed.hand.work()
    return one


def suspend(housed: Housed, person: Person) -> str:
    with housed.house.store.writing() as tx:
        return housed.house.revoking.suspend(tx, person, BOSS, "looked into")


def resume(housed: Housed, person: Person) -> None:
    with housed.house.store.writing() as tx:
        housed.house.revoking.resume(tx, person, BOSS, "nothing found")


def cards_on_panels(housed: Housed) -> dict[str, list[str]]:
    """What devices hold, by target, of cards."""
    found = {
        target: sorted(key for key in held if key.startswith("card:")) for target, held in housed.hand.memory.items()
    }
    return {target: keys for target, keys in found.items() if keys}


def test_every_card_goes_ahead_of_all_and_comes_back_as_it_was(housed: Housed, person: Person) -> None:
    before = {target: dict(held) for target, held in housed.hand.memory.items()}
    grants = housed.grants(person)
    housed.later(minutes=1)
    made = suspend(housed, person)
    certificate = housed.certificate(made)
    assert (certificate.kind, certificate.reason, certificate.settled) == (
        RevocationKind.SUSPENDED,
        "looked into",
        False,
    )
    assert {line.key for line in certificate.lines} == {"card:1001"}, "the seat is no door"
    assert all(line.exposed_until is not None for line in certificate.lines)
    assert all(row.urgent for row in housed.records(person).values() if row.wanted is None)
    housed.hand.work()
    assert cards_on_panels(housed) == {}
    settled = housed.certificate(made)
    assert {line.state for line in settled.lines} == {LineState.PROVED_GONE}
    assert len({line.receipt for line in settled.lines}) == len(settled.lines)
    assert housed.grants(person) == grants
    with housed.house.store.reading() as tx:
        (stay,) = housed.house.persons.stays(tx, person.id)
        assert stay.state is StayState.OPEN
        assert [one.unit for one in units.allotments_of(tx, [person.id]) if one.ended is None], "the seat stays theirs"
    resume(housed, person)
    housed.hand.work()
    assert {target: dict(held) for target, held in housed.hand.memory.items()} == before
    again = housed.certificate(made)
    assert (again.lifted, again.lifted_by) == (housed.clock.now(), BOSS.name)
    assert [each["kind"] for each in housed.story() if each["kind"] in ("person.suspended", "person.resumed")] == [
        "person.suspended", "person.resumed",
    ]  # fmt: skip


def test_what_hr_tells_meanwhile_lifts_nothing(housed: Housed, person: Person) -> None:
    suspend(housed, person)
    housed.hand.work()
    housed.arrive("F1", 1001, departure="2026-06-30")
    housed.look(person)
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1002, BOSS)
    housed.look(person)
    housed.hand.work()
    assert cards_on_panels(housed) == {}
    resume(housed, person)
    housed.hand.work()
    assert {key for keys in cards_on_panels(housed).values() for key in keys} == {"card:1001", "card:1002"}


def test_a_need_of_somebody_suspended_waits_and_says_why(housed: Housed, person: Person) -> None:
    suspend(housed, person)
    needs = [need for need in housed.ready(person).needs if need.resource.startswith("zone:")]
    assert {need.state for need in needs} == {NeedState.WAITING}
    assert all(need.said is not None and "suspended" in need.said.template for need in needs)
    housed.hand.work()
    assert housed.ready(person).percent == 100.0, "the seat alone counts"


def test_what_cannot_be_is_refused(housed: Housed, person: Person) -> None:
    with pytest.raises(NotSuspended):
        resume(housed, person)
    with pytest.raises(ReasonMissing), housed.house.store.writing() as tx:
        housed.house.revoking.suspend(tx, person, BOSS, " ")
    suspend(housed, person)
    with pytest.raises(SuspendedAlready):
        suspend(housed, person)
    nobody = housed.come("F9", arrival="2026-03-02", departure="2026-03-20")
    housed.revoke(nobody)
    housed.hand.work()
    with pytest.raises(NothingToSuspend):
        suspend(housed, nobody)


def test_who_was_suspended_can_be_revoked_and_stays_suspended_on_return(housed: Housed, person: Person) -> None:
    suspend(housed, person)
    housed.revoke(person)
    housed.later(days=1)
    housed.hand.work()
    housed.come("F1", 1001, arrival="2026-03-09")
    housed.later(days=9)
    housed.look(person)
    housed.hand.work()
    assert cards_on_panels(housed) == {}
    resume(housed, person)
    housed.hand.work()
    assert cards_on_panels(housed)


def test_two_who_turn_out_to_be_one_are_suspended_once(housed: Housed, person: Person) -> None:
    other = housed.come("F2", 1002)
    suspend(housed, person)
    suspend(housed, other)
    with housed.house.store.writing() as tx:
        people.merge_persons(tx, other.id, person.id)
        assert revocations.suspended(tx, [person.id, other.id]) == {person.id}
        assert len(revocations.revocations_of(tx, person.id)) == 2
    resume(housed, person)
    with housed.house.store.reading() as tx:
        assert revocations.suspended(tx, [person.id, other.id]) == set()
