"""One act that takes everything away, and the certificate of it: a line for each record, each proved by a receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connectors.contract import SETTLING, Later
from provisioning.grants.revoking import NothingToRevoke, ReasonMissing
from provisioning.nouns.answers import LineState
from provisioning.nouns.people import CardState, Person, StayState
from provisioning.nouns.refusals import NotFound
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, Housed

ALL = ["a-1", "a-2", "b-1", "b-2", "c-1", "d-1", "e-1", "f-1", "g-1"]
EXPOSED, GONE, SUPERSEDED = LineState.EXPOSED, LineState.PROVED_GONE, LineState.SUPERSEDED


@pytest.fixture
def person(housed: Housed) -> Person:
    """Somebody whose card is proved on all eight panels."""
    one = housed.come("E1", 1001)
    housed.hand.work()
    return one


def test_one_act_ends_stays_grants_and_cards(housed: Housed, person: Person):
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1002, BOSS)
    housed.look(person)
    housed.later(minutes=1)
    revocation = housed.revoke(person)
    assert housed.grants(person) == []
    with housed.house.store.reading() as tx:
        (stay,) = housed.house.persons.stays(tx, person.id)
        cards = housed.house.cards.of(tx, person.id)
    assert (stay.state, stay.ended) == (StayState.REVOKED, housed.clock.now())
    assert [(card.state, card.ended) for card in cards] == [(CardState.ENDED, housed.clock.now())] * 2
    records = housed.records(person)
    assert {(row.wanted, row.dirty, row.urgent) for row in records.values()} == {(None, True, True)}
    assert {key for _, key in records} == {"card:1001", "card:1002"}
    (revoked,) = housed.story("person.revoked")
    assert (revoked["person"], revoked["actor"], revoked["trace"], revoked["data"]) == (
        person.id, BOSS.name, revocation, {"reason": "left"},
    )  # fmt: skip
    assert housed.story("grants.decided")[-1]["trace"] == revocation


def test_a_write_whose_reply_was_lost_is_exposed_for_as_long_as_it_may_say(housed: Housed):
    person = housed.come("E1", 1001)
    housed.hand.off = {"a-1"}
    housed.hand.work()
    sent = housed.records(person)["a-1", "card:1001"].wanted
    housed.arrive("E1", 1001, departure="2026-03-04")
    housed.look(person)
    assert housed.records(person)["a-1", "card:1001"].wanted != sent
    (line,) = [each for each in housed.certificate(housed.revoke(person)).lines if each.target == "a-1"]
    assert line.exposed_until is not None
    assert line.exposed_until > START + timedelta(days=23), "the first write may have arrived"


def test_the_certificate_has_a_line_for_each_record_until_each_is_proved(housed: Housed, person: Person):
    housed.later(minutes=1)
    revocation = housed.revoke(person)
    before = housed.certificate(revocation)
    assert [line.target for line in before.lines] == ALL
    assert (before.no, before.operator, before.reason, before.at) == ("E1", BOSS.name, "left", housed.clock.now())
    assert {(line.state, line.receipt, line.at) for line in before.lines} == {(EXPOSED, None, None)}
    assert not before.settled
    until = {line.exposed_until for line in before.lines}
    assert len(until) == 1
    (bound,) = until
    assert bound is not None
    assert START + timedelta(days=23) < bound <= START + timedelta(days=30)
    housed.hand.off = {"d-1"}
    housed.later(seconds=7)
    housed.hand.work()
    after = {line.target: line for line in housed.certificate(revocation).lines}
    assert {target: line.state for target, line in after.items()} == {
        target: EXPOSED if target == "d-1" else GONE for target in ALL
    }
    assert after["d-1"].exposed_until == bound
    assert not housed.certificate(revocation).settled
    receipts = {each["id"]: each for each in housed.story("record.gone")}
    for target, line in after.items():
        if target == "d-1":
            continue
        assert line.at == housed.clock.now()
        receipt = receipts[line.receipt]
        assert (receipt["target"], receipt["person"]) == (target, person.id)
        assert receipt["data"] == {
            "key": "card:1001", "revision": 2, "grants": list(housed.records(person)[target, "card:1001"].grants),
            "held": None, "proof": "read", "read": housed.clock.now().isoformat(),
        }  # fmt: skip
    housed.hand.off = set()
    housed.later(minutes=3)
    housed.hand.work()
    last = housed.certificate(revocation)
    assert last.settled
    assert {line.state for line in last.lines} == {GONE}
    assert all("card:1001" not in held for held in housed.hand.memory.values())


def test_settling_is_not_proof(housed: Housed, person: Person):
    revocation = housed.revoke(person)
    for claim in housed.hand.claim():
        for task in housed.hand.tasks(claim):
            housed.hand.report(claim, housed.hand.carry(claim, task, Later(5.0, SETTLING)))
        housed.hand.release(claim)
    certificate = housed.certificate(revocation)
    assert not certificate.settled
    assert {(line.state, line.reason) for line in certificate.lines} == {(EXPOSED, SETTLING)}


def test_a_record_that_never_reached_its_target_has_a_line_too(housed: Housed):
    """It may have left just before: only a read-back tells."""
    person = housed.come("E1", 1001)
    revocation = housed.revoke(person)
    assert [line.target for line in housed.certificate(revocation).lines] == ALL
    housed.hand.work()
    assert housed.certificate(revocation).settled


def test_what_was_altered_after_the_revocation_is_proved_by_the_later_revision(housed: Housed, person: Person):
    """A revocation does not wait for what was under way: card lost, then everything revoked."""
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, 1001, BOSS)
    housed.look(person)
    assert {row.urgent for row in housed.records(person).values()} == {False}
    revocation = housed.revoke(person)
    assert {row.urgent for row in housed.records(person).values()} == {True}
    assert [line.target for line in housed.certificate(revocation).lines] == ALL
    housed.hand.work()
    assert housed.certificate(revocation).settled


def test_it_goes_past_every_back_off(housed: Housed, person: Person):
    housed.hand.off = set(ALL)
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, 1001, BOSS)
    housed.look(person)
    housed.hand.work()
    assert housed.hand.claim_targets() == set()
    housed.revoke(person)
    assert housed.hand.claim_targets(urgent_only=True) == set(ALL)


def test_nothing_comes_back_by_looking_again(housed: Housed, person: Person):
    housed.revoke(person)
    housed.hand.work()
    counts = housed.counts()
    for _ in range(3):
        housed.later(days=8)
        housed.look(person)
        housed.look_due()
    assert housed.counts() == counts
    assert housed.grants(person) == []
    assert all(held == {} for held in housed.hand.memory.values())


def test_who_returns_on_a_new_notice_is_granted_anew_and_the_old_certificate_says_so(housed: Housed, person: Person):
    housed.hand.off = {"a-1"}
    revocation = housed.revoke(person)
    housed.hand.work()
    housed.hand.off = set()
    housed.later(days=1)
    housed.arrive("E1", 1001, arrival="2026-03-03", department="司法局")
    housed.look(person)
    states = {line.target: line.state for line in housed.certificate(revocation).lines}
    assert states == {target: EXPOSED if target == "a-1" else GONE for target in ALL}, "what it held may still be there"
    housed.hand.work()
    assert housed.ready(person).percent == 100.0
    certificate = housed.certificate(revocation)
    assert {line.target: line.state for line in certificate.lines} == {
        target: SUPERSEDED if target == "a-1" else GONE for target in ALL
    }
    assert certificate.settled
    housed.arrive("E1", 1001, arrival="2026-03-03", department="财政局")
    housed.look(person)
    assert housed.certificate(revocation).settled, "a later change of the later grant opens no old line"
    told = {each["id"] for each in housed.story("record.proved") + housed.story("record.gone")}
    assert {line.receipt for line in certificate.lines} <= told


def test_a_second_revocation_finds_nothing_to_revoke(housed: Housed, person: Person):
    revocation = housed.revoke(person)
    housed.hand.work()
    counts = housed.counts(["event", "revocation", "revocation_line"])
    with pytest.raises(NothingToRevoke, match="E1"):
        housed.revoke(person)
    assert housed.counts(["event", "revocation", "revocation_line"]) == counts
    with housed.house.store.reading() as tx:
        assert [each.id for each in housed.house.readiness.certificates(tx, person)] == [revocation]


def test_while_something_is_still_exposed_it_may_be_revoked_again(housed: Housed, person: Person):
    first = housed.revoke(person)
    housed.hand.off = {"a-1"}
    housed.hand.work()
    second = housed.revoke(person)
    assert [line.target for line in housed.certificate(second).lines] == ["a-1"]
    housed.hand.off = set()
    housed.hand.work()
    assert housed.certificate(first).settled
    assert housed.certificate(second).settled


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_revocation_needs_a_reason(housed: Housed, person: Person, reason: str):
    with housed.house.store.writing() as tx, pytest.raises(ReasonMissing):
        housed.house.revoking.revoke(tx, person, BOSS, reason)
    assert len(housed.grants(person)) == 6


def test_a_rehearsal_shows_the_certificate_and_keeps_nothing(housed: Housed, person: Person):
    counts = housed.counts(["event", "revocation", "revocation_line", "grant"])
    records, grants = housed.records(person), housed.grants(person)
    with housed.house.store.rehearsing() as tx:
        revocation = housed.house.revoking.revoke(tx, person, BOSS, "left")
        assert len(housed.house.readiness.certificate(tx, revocation).lines) == len(ALL)
    with pytest.raises(NotFound):
        housed.certificate(revocation)
    assert housed.counts(["event", "revocation", "revocation_line", "grant"]) == counts
    assert (housed.records(person), housed.grants(person)) == (records, grants)
    assert housed.hand.work() == []


def test_an_exposure_is_over_when_the_panels_own_date_is(housed: Housed):
    person = housed.come("E1", 1001, departure="2026-03-04")
    housed.hand.work()
    housed.hand.off = set(ALL)
    revocation = housed.revoke(person)
    (until,) = {line.exposed_until for line in housed.certificate(revocation).lines}
    over = datetime.fromisoformat("2026-03-04T16:00:00Z")
    assert until == over
    housed.clock.put(over)
    late = housed.revoke(person)
    assert {line.exposed_until for line in housed.certificate(late).lines} == {None}
