"""Gateways of their own in time: terms, silence, hand-over, attestation, a restore. The house's clock is put by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.messages import CHANGED, Asked, Enrolment, Listed, TargetTold
from connectors.tokens import public_of, signed
from provisioning.gateways import bells
from provisioning.gateways.credentials import GatewayCallOld, GatewayCallRepeated
from provisioning.gateways.gateways import SILENT_S, CodeOver, GatewayRevoked
from provisioning.gateways.handing import AttestedAlready, GatewayHeard, NotYours
from provisioning.gateways.listing import NOTHING
from provisioning.gateways.seen import Seen, TooManyCalls
from provisioning.nouns.gateways import Assigned, Because, Gateway, GatewayState
from provisioning.nouns.told import Actor
from provisioning.store import delivery, eras
from provisioning.store import gateways as rows
from provisioning.store.news import GATEWAY
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up, era_of

KEYS = (f"{number:043}" for number in count())
SECOND = Actor("zhao", frozenset({"security"}))


def gateway(housed: Housed, name: str) -> Gateway:
    house = housed.house
    with house.store.writing() as tx:
        added, code = house.office.gateways.add(tx, name, BOSS)
        house.office.gateways.enrol(tx, Enrolment(code=code, public_key=next(KEYS), software="test"))
    return again(housed, added)


def again(housed: Housed, one: Gateway) -> Gateway:
    with housed.house.store.reading() as tx:
        return housed.house.office.gateways.get(tx, one.id)


def listed(housed: Housed, one: Gateway, asked: Asked | None = None) -> Listed:
    """As the route does it."""
    office, store = housed.house.office, housed.house.store
    one = again(housed, one)
    with store.writing() as tx:
        if office.gateways.unheard(tx, one):
            office.gateways.hear(tx, one)
        return office.listing.listed(tx, one, asked or Asked(era=0, have={}, most=1000))


def hand(housed: Housed, what: str, to: str) -> list[Assigned]:
    with housed.house.store.writing() as tx:
        return housed.house.office.handing.hand(tx, what, to, BOSS)


def owner(housed: Housed, target: str) -> Assigned:
    with housed.house.store.reading() as tx:
        (found,) = rows.assigned(tx, [target])
    return found


def look(housed: Housed) -> bool:
    """Once around the watch; whether anything was to be done."""
    office, store = housed.house.office, housed.house.store
    did = False
    for each in (office.handing, office.gateways):
        with store.reading() as tx:
            needed = each.needed(tx)
        if needed:
            with store.writing() as tx:
                each.act(tx)
            did = True
    return did


def test_what_was_signed_before_the_hub_started_counts_no_more_and_a_slow_clock_waits_a_minute_for_it(housed):
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    house = housed.house
    with house.store.writing() as tx:
        added, code = house.office.gateways.add(tx, "site", BOSS)
        house.office.gateways.enrol(tx, Enrolment(code=code, public_key=public_of(key), software="test"))
    started, ids = housed.clock.now(), count()

    def call(behind_s: float, id_: object = None) -> Gateway:
        at = housed.clock.now() - timedelta(seconds=behind_s)
        token = signed(key, added.id, house.office.gateways.hub, at, str(next(ids) if id_ is None else id_))
        return house.office.credentials.admit(token, "127.0.0.1")

    assert call(0).id == added.id
    with pytest.raises(GatewayCallOld, match=started.isoformat()[:10]):
        call(1)
    housed.later(seconds=41)
    assert call(40, "heard").id == added.id, "as slow as that a clock may be"
    housed.later(seconds=70)
    with pytest.raises(GatewayCallRepeated):
        call(110, "heard")


def test_calls_are_remembered_for_as_long_as_they_could_be_believed_and_no_longer():
    seen = Seen(most=3)
    assert [seen.first("g", id_, until, 0.0) for id_, until in (("a", 10.0), ("b", 20.0), ("c", 30.0))] == [True] * 3
    assert not seen.first("g", "a", 10.0, 9.0)
    assert seen.first("h", "a", 10.0, 9.0), "each gateway has its own"
    with pytest.raises(TooManyCalls, match="3"):
        seen.first("g", "d", 40.0, 9.0)
    assert seen.first("g", "d", 40.0, 11.0)
    assert not seen.first("g", "b", 20.0, 11.0)


def test_the_hubs_own_gateway_keeps_what_it_has_in_hand(housed):
    site = gateway(housed, "north")
    claim = housed.hand.claim_one("a-1")
    hand(housed, "a-1", site.id)
    assert (owner(housed, "a-1").gateway, owner(housed, "a-1").heir) == (None, site.id)
    assert listed(housed, site).targets == ()
    # Its worker ends its chunk; from then on nobody of the hub's own takes it.
    housed.hand.release(claim)
    assert "a-1" not in housed.hand.claim_targets()
    assert look(housed)
    assert owner(housed, "a-1").gateway == site.id
    assert [one.id for one in listed(housed, site).targets] == ["a-1"]
    (told,) = housed.story("gateway.handed")
    assert told["data"]["because"] == Because.FREE.value


def test_a_worker_that_died_delays_a_hand_over_by_its_lease_only(housed):
    site = gateway(housed, "north")
    housed.hand.claim_one("a-1")
    hand(housed, "a-1", site.id)
    assert not look(housed)
    housed.later(seconds=16)
    assert look(housed)
    assert owner(housed, "a-1").gateway == site.id


def test_a_term_is_renewed_by_each_list_and_ends_a_hand_over(housed):
    old, new = gateway(housed, "old"), gateway(housed, "new")
    hand(housed, "a-1", old.id)
    first = listed(housed, old).targets[0].term_until
    assert first == housed.clock.now() + timedelta(days=3)
    housed.later(hours=5)
    second = listed(housed, old).targets[0].term_until
    assert second == first + timedelta(hours=5)
    hand(housed, "a-1", new.id)
    housed.later(hours=1)
    assert listed(housed, old).targets[0].term_until == second
    assert owner(housed, "a-1").gateway == old.id
    housed.clock.put(second + timedelta(seconds=60))
    look(housed)
    assert owner(housed, "a-1").gateway == old.id, "its clock may be a minute behind"
    housed.clock.put(second + timedelta(seconds=121))
    look(housed)
    assert owner(housed, "a-1").gateway == new.id
    told = [one["data"]["because"] for one in housed.story("gateway.handed")]
    assert told == [Because.FREE.value, Because.TERM.value]


def test_two_people_attest_that_a_gateway_is_unplugged(housed):
    old, new = gateway(housed, "old"), gateway(housed, "new")
    hand(housed, "a", old.id)
    listed(housed, old)
    hand(housed, "a", new.id)
    handing, store = housed.house.office.handing, housed.house.store
    with store.writing() as tx, pytest.raises(GatewayHeard):
        handing.attest(tx, "old", BOSS)
    housed.later(seconds=SILENT_S)
    with store.writing() as tx:
        assert handing.attest(tx, "old", BOSS).attested == ("li",)
    with store.writing() as tx, pytest.raises(AttestedAlready):
        handing.attest(tx, "old", BOSS)
    assert owner(housed, "a-1").gateway == old.id
    with store.writing() as tx:
        handing.attest(tx, "old", SECOND)
    assert {owner(housed, at).gateway for at in ("a-1", "a-2")} == {new.id}
    told = [one["data"]["attested_by"] for one in housed.story("gateway.handed")][-2:]
    assert told == [["li", "zhao"]] * 2
    # Should it be plugged in again, nothing that it says counts, and it is told to let go.
    one = again(housed, old)
    with store.reading() as tx, pytest.raises(NotYours):
        handing.fence(tx, one, "a-1", 1)
    assert listed(housed, old, Asked(era=0, have={"a-1": NOTHING}, most=10)).gone == ("a-1",)


def test_who_is_heard_again_was_not_unplugged(housed):
    old, new = gateway(housed, "old"), gateway(housed, "new")
    hand(housed, "a-1", old.id)
    listed(housed, old)
    hand(housed, "a-1", new.id)
    housed.later(seconds=SILENT_S)
    with housed.house.store.writing() as tx:
        housed.house.office.handing.attest(tx, "old", BOSS)
    listed(housed, old)
    assert again(housed, old).attested == ()
    assert len(housed.story("gateway.attestation-void")) == 1
    housed.later(seconds=SILENT_S)
    with housed.house.store.writing() as tx:
        housed.house.office.handing.attest(tx, "old", SECOND)
    assert owner(housed, "a-1").gateway == old.id


def test_a_hand_over_can_be_taken_back(housed):
    old, new = gateway(housed, "old"), gateway(housed, "new")
    hand(housed, "a-1", old.id)
    listed(housed, old)
    hand(housed, "a-1", new.id)
    hand(housed, "a-1", old.id)
    assert (owner(housed, "a-1").gateway, owner(housed, "a-1").heir) == (old.id, None)
    assert not listed(housed, old).targets[0].leaving


def test_a_gateway_that_is_silent_is_an_alarm_until_it_is_back(housed):
    site = gateway(housed, "north")
    person = housed.come("FX1", 1001)
    housed.hand.work()
    hand(housed, "north", site.id)
    listed(housed, site)
    housed.later(seconds=SILENT_S - 1)
    assert not look(housed)
    housed.later(seconds=1)
    assert look(housed)
    assert not look(housed)
    assert "gateway.silent" in housed.alarms()
    assert again(housed, site).state is GatewayState.UNHEARD
    with housed.house.store.reading() as tx:
        shown = housed.house.delivery.target(tx, "a-1")
    assert shown.unreachable is not None
    assert "gateway is not heard" in shown.unreachable
    # Whoever is revoked now is exposed there, until the dates run out or the gateway is back.
    certificate = housed.certificate(housed.revoke(person))
    assert {line.target for line in certificate.lines if line.state == "exposed"} >= {"a-1"}
    told = listed(housed, site)
    assert "gateway.silent" not in housed.alarms()
    assert again(housed, site).state is GatewayState.HEARD
    with housed.house.store.reading() as tx:
        assert housed.house.delivery.target(tx, "a-1").unreachable is None
    assert any(one.urgent and one.body is None for one in told.tasks)


def test_a_gateway_without_targets_may_be_silent(housed):
    gateway(housed, "spare")
    housed.later(days=1)
    assert not look(housed)


def test_a_code_ends_after_a_day(housed):
    house = housed.house
    with house.store.writing() as tx:
        _, code = house.office.gateways.add(tx, "late", BOSS)
    housed.later(hours=24)
    with house.store.writing() as tx, pytest.raises(CodeOver):
        house.office.gateways.enrol(tx, Enrolment(code=code, public_key=next(KEYS), software="test"))


def test_after_a_restore_it_lists_anew_and_only_what_takes_away_may_go(housed):
    site = gateway(housed, "north")
    housed.come("FX1", 1001)
    hand(housed, "a-1", site.id)
    before = listed(housed, site)
    have = {one.id: one.upto for one in before.targets}
    assert not before.unsettled
    assert not any(one.waits for one in before.tasks)
    assert listed(housed, site, Asked(era=0, have=have, most=1000)).tasks == ()
    with housed.house.store.writing() as tx:
        era = eras.begin(tx, tx.now)
    told = listed(housed, site, Asked(era=0, have=have, most=1000))
    assert (told.era, told.unsettled) == (era, True)
    assert {one.key for one in told.tasks} == {one.key for one in before.tasks}
    assert all(one.waits for one in told.tasks if one.body is not None and one.key.startswith("card:"))
    assert told.targets[0].epoch > before.targets[0].epoch
    with housed.house.store.writing() as tx:
        eras.settle(tx, era)
    settled = listed(housed, site, Asked(era=era, have={one.id: one.upto for one in told.targets}, most=1000))
    assert (settled.unsettled, settled.tasks) == (False, ())


def test_a_change_of_settings_voids_what_was_begun_by_the_old_ones(housed):
    site = gateway(housed, "north")
    hand(housed, "a-1", site.id)
    epoch = listed(housed, site).targets[0].epoch
    house = housed.house
    with house.store.writing() as tx:
        text = house.campuses.text(tx) or ""
        house.campuses.apply(tx, text.replace("127.60.0.1:60000", "127.60.0.99:60000"), "small.yaml", BOSS)
    told = listed(housed, site).targets[0]
    assert told.epoch > epoch
    assert told.settings["address"] == "127.60.0.99:60000"
    with house.store.reading() as tx, pytest.raises(NotYours):
        house.office.handing.fence(tx, again(housed, site), "a-1", epoch)


def test_a_target_of_which_a_gateway_has_all_is_told_no_more_until_something_is_other(housed):
    site = gateway(housed, "north")
    hand(housed, "a", site.id)
    house = housed.house
    every = {one.id: one.upto for one in listed(housed, site).targets}
    assert len(every) > 1

    def told() -> dict[str, TargetTold]:
        return {one.id: one for one in listed(housed, site, Asked(era=0, have=every, most=1000)).targets}

    def read() -> None:
        with house.store.writing() as tx:
            for id_ in every:
                delivery.read_through(tx, id_, tx.now + timedelta(days=1))

    # That it is to be read is said until it was.
    assert told().keys() == told().keys() == every.keys()
    read()
    every |= {id_: one.upto for id_, one in told().items()}
    assert told() == {}
    with house.store.writing() as tx:
        delivery.ask_reading(tx, "a-2")
    assert {id_: one.read_due for id_, one in told().items()} == {"a-2": True}
    read()
    with house.store.writing() as tx:
        text = house.campuses.text(tx) or ""
        house.campuses.apply(tx, text.replace("127.60.0.1:60000", "127.60.0.99:60000"), "small.yaml", BOSS)
    read()
    assert {id_: one.settings["address"] for id_, one in told().items()} == {"a-1": "127.60.0.99:60000"}
    every |= {id_: one.upto for id_, one in told().items()}
    assert told() == {}
    housed.later(hours=1)
    assert {one.term_until for one in told().values()} == {housed.clock.now() + timedelta(days=3)}


def test_a_revoked_gateway_keeps_its_targets_until_they_are_handed_over(housed):
    site = gateway(housed, "north")
    hand(housed, "a-1", site.id)
    listed(housed, site)
    office, store = housed.house.office, housed.house.store
    with store.writing() as tx:
        office.gateways.revoke(tx, "north", BOSS)
    with pytest.raises(GatewayRevoked):
        office.gateways.check(again(housed, site))
    hand(housed, "a-1", "embedded")
    assert owner(housed, "a-1").gateway == site.id
    assert "a-1" not in housed.hand.claim_targets()
    housed.later(days=3, seconds=121)
    look(housed)
    assert owner(housed, "a-1").gateway is None
    assert "a-1" in housed.hand.claim_targets()


def test_every_step_is_in_the_story(housed):
    site = gateway(housed, "north")
    hand(housed, "a-1", site.id)
    listed(housed, site)
    with housed.house.store.writing() as tx:
        housed.house.office.gateways.revoke(tx, "north", BOSS)
    kinds = [one["kind"] for one in housed.story() if one["kind"].startswith("gateway.")]
    assert kinds == ["gateway.added", "gateway.enrolled", "gateway.handing", "gateway.handed", "gateway.revoked"]


def test_what_was_revoked_after_a_backup_is_revoked_again(tmp_path, clock):
    life = Life(tmp_path / "hub", clock)
    with life.house() as housed:
        site = gateway(housed, "north")
        archive = back_up(housed, tmp_path / "backup.tar")
        with housed.house.store.writing() as tx:
            housed.house.office.gateways.revoke(tx, "north", BOSS)
    life.restore(archive)
    with life.house() as housed:
        assert again(housed, site).state is GatewayState.REVOKED
        era = era_of(housed)
        assert era is not None
        assert era.differences["done"]["gateways"] == 1


def test_a_gateway_that_listens_anew_and_anew_has_two_lines_at_most(housed):
    async def listening() -> list[str]:
        bells = housed.house.office.bells
        lines = [bells.listen("gtw-1") for _ in range(4)]
        first = [await anext(line) for line in lines]
        assert first == [f"event: {CHANGED}\ndata:\n\n"] * 4
        ended = [await anext(line, "over") for line in lines[:2]]
        with housed.house.store.writing() as tx:
            tx.wake(GATEWAY + "gtw-2")
            tx.wake(GATEWAY + "gtw-1")
        rung = [await anext(line) for line in lines[2:]]
        bells.stop()
        return [*ended, *rung, *[await anext(line, "over") for line in lines[2:]]]

    changed = f"event: {CHANGED}\ndata:\n\n"
    assert asyncio.run(listening()) == ["over", "over", changed, changed, "over", "over"]


def test_no_more_listen_than_the_hub_can_bear(housed, monkeypatch):
    monkeypatch.setattr(bells, "LISTENERS_MAX", 0)
    with pytest.raises(bells.TooManyListen):
        housed.house.office.bells.check()
