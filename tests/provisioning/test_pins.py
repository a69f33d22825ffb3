"""PINs: set, carried along by new cards, taken away, and found nowhere."""

from __future__ import annotations

import logging
import random
import sqlite3

import pytest

from connectors import pins as kept_pins
from connectors.contract import Holder, Right
from devices.clock import SetClock
from provisioning.identity.loans import usable
from provisioning.identity.pins import NoRandomness, PinForm, PinGuessable, PinNoCard, Pins, guessable, made
from provisioning.nouns.people import Credential, Person
from provisioning.store import people
from provisioning.vault.master import turned
from provisioning.vault.vault import Vault
from tests.provisioning.conftest import MASTER
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up, era_of, seal, work_through

PIN = "258036"


def pins_of(housed: Housed) -> Pins:
    return Pins(housed.house.vault, housed.house.story)


def put(housed: Housed, person: Person, pin: str = PIN) -> list[Credential]:
    with housed.house.store.writing() as tx:
        return pins_of(housed).put(tx, person, pin, BOSS)


def end(housed: Housed, person: Person) -> list[Credential]:
    with housed.house.store.writing() as tx:
        return pins_of(housed).end(tx, person, BOSS)


def cards(housed: Housed, person: Person) -> dict[int, str | None]:
    """Every card that may be used, and how its PIN is kept."""
    with housed.house.store.reading() as tx:
        return {card.number: card.pin for card in usable(housed.house.cards.of(tx, person.id))}


def right(housed: Housed, held: str | None, pin: str = PIN) -> bool:
    return held is not None and kept_pins.matches(housed.house.vault.pin_key(), held, pin)


def test_a_pin_is_for_every_card_in_hand(housed: Housed):
    person = housed.come("E1", 1001)
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1002, BOSS)
    assert cards(housed, person) == {1001: None, 1002: None}
    assert [card.number for card in put(housed, person)] == [1001, 1002]
    held = cards(housed, person)
    assert right(housed, held[1001])
    assert right(housed, held[1002])
    assert not right(housed, held[1001], "258037")
    (told,) = housed.story("card.pin-set")
    assert (told["actor"], told["data"]) == (BOSS.name, {"numbers": [1001, 1002]})


def test_a_new_pin_takes_the_place_of_the_old_one(housed: Housed):
    person = housed.come("E1", 1001)
    put(housed, person)
    put(housed, person, "9517")
    held = cards(housed, person)[1001]
    assert right(housed, held, "9517")
    assert not right(housed, held)


def test_a_changed_pin_makes_the_person_due(housed: Housed):
    person = housed.come("E1", 1001)
    for change in (put, end):
        change(housed, person)
        with housed.house.store.reading() as tx:
            assert housed.person("E1").due == people.soon(tx)
        housed.look(person)
        with housed.house.store.reading() as tx:
            assert housed.person("E1").due != people.soon(tx)


def test_cards_that_come_later_have_it_too(housed: Housed):
    person = housed.come("E1", 1001)
    put(housed, person)
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1002, BOSS)
        housed.house.cards.replace(tx, 1001, 1003, BOSS)
    held = cards(housed, person)
    assert held.keys() == {1002, 1003}
    assert all(right(housed, one) for one in held.values())


def test_a_lent_card_has_the_pin_of_the_card_that_rests(housed: Housed, clock: SetClock):
    person = housed.come("E1", 1001)
    put(housed, person)
    with housed.house.store.writing() as tx:
        zone = housed.house.campuses.current(tx).zone
        until = (clock.now().astimezone(zone)).replace(tzinfo=None, hour=20)
        housed.house.loans.lend(tx, person, 2001, until, zone, BOSS)
    held = cards(housed, person)
    assert held.keys() == {1001, 2001}
    assert right(housed, held[2001])
    assert right(housed, held[1001])


def test_who_hands_in_their_last_card_has_no_pin_any_more(housed: Housed):
    person = housed.come("E1", 1001)
    put(housed, person)
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, 1001, BOSS)
        housed.house.cards.assign(tx, person, 1002, BOSS)
    assert cards(housed, person) == {1002: None}


def test_a_lost_card_that_is_replaced_later_leaves_its_pin_behind_it(housed: Housed):
    person = housed.come("E1", 1001)
    put(housed, person)
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, 1001, BOSS)
        housed.house.cards.replace(tx, 1001, 1002, BOSS)
    assert right(housed, cards(housed, person)[1002])


def test_a_pin_that_is_taken_away_is_gone(housed: Housed):
    person = housed.come("E1", 1001)
    put(housed, person)
    assert [card.number for card in end(housed, person)] == [1001]
    assert cards(housed, person) == {1001: None}
    assert end(housed, person) == []
    assert len(housed.story("card.pin-ended")) == 1


@pytest.mark.parametrize("pin", ["", "123", "1234567", "12a4", "１３８０", " 2580", "2580\n"])
def test_what_is_no_pin_is_refused(housed: Housed, pin: str):
    person = housed.come("E1", 1001)
    with pytest.raises(PinForm, match="4 to 6 digits") as refused:
        put(housed, person, pin)
    assert pin == "" or pin not in str(refused.value).replace("4 to 6", "")
    assert cards(housed, person) == {1001: None}


@pytest.mark.parametrize("pin", ["0000", "111111", "1234", "456789", "9876", "43210"])
def test_what_is_guessed_first_is_refused(housed: Housed, pin: str):
    with pytest.raises(PinGuessable, match="--generate"):
        put(housed, housed.come("E1", 1001), pin)


@pytest.mark.parametrize("pin", ["1235", "1357", "1123", "9012", "121212", "2580"])
def test_other_digits_are_not_guessed_first(pin: str):
    assert not guessable(pin)


def test_a_pin_without_a_card_is_refused(housed: Housed):
    with pytest.raises(PinNoCard, match="foyer card assign E1"):
        put(housed, housed.come("E1"))
    person = housed.come("E2", 1001)
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, 1001, BOSS)
    with pytest.raises(PinNoCard):
        put(housed, person)


def test_what_the_hub_makes_is_a_pin_and_no_two_are_alike():
    source = random.Random(9).randbytes
    found = [made(source) for _ in range(200)]
    assert all(len(pin) == 6 and kept_pins.well_formed(pin) and not guessable(pin) for pin in found)
    assert len(set(found)) > 195
    draws = iter([(123456).to_bytes(8), (777777).to_bytes(8), (10**6 + 42).to_bytes(8)])
    assert made(lambda _: next(draws)) == "000042"


def test_a_source_that_is_no_source_makes_none():
    with pytest.raises(NoRandomness):
        made(bytes)


def test_the_key_is_neither_any_other_nor_changed_by_turning_the_master():
    source = random.Random(1).randbytes
    vault = Vault(MASTER, source)
    assert len(vault.pin_key()) == 32
    assert vault.pin_key() == Vault(turned(MASTER, source), source).pin_key()
    assert vault.pin_key() != Vault(bytes(64), source).pin_key()
    assert vault.pin_key() not in MASTER
    assert vault.pin_key() not in {vault._id_key, vault._token_key, vault._label_key, vault._secret_key}


def test_a_dump_of_the_database_shows_no_pin_and_no_key(housed: Housed, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    person = housed.come("E1", 1001)
    put(housed, person)
    housed.look(person)
    housed.hand.work()
    housed.house.sealer.seal_once()
    folder = housed.house.settings.data
    database = sqlite3.connect(housed.house.settings.database)
    dump = "\n".join(database.iterdump())
    database.close()
    assert "1001:" in dump, "the digest itself is there"
    key = housed.house.vault.pin_key()
    everything = [
        dump.encode(),
        caplog.text.encode(),
        *(one.read_bytes() for one in folder.rglob("*") if one.is_file()),
    ]
    for secret in (PIN.encode(), key, key.hex().encode()):
        assert not any(secret in data for data in everything)


def test_what_a_connector_sees_of_it(housed: Housed, clock: SetClock):
    """The kept form goes to connectors with the card, and is shown by no log that prints the card."""
    person = housed.come("E1", 1001)
    put(housed, person)
    with housed.house.store.reading() as tx:
        mine = usable(housed.house.cards.of(tx, person.id))
        zone = housed.house.campuses.current(tx).zone
    holder = Holder(person.id, mine, (Right("g", "zone:x", clock.now(), None),), clock.now(), clock.now(), zone)
    assert right(housed, holder.cards[0].pin)
    assert str(holder.cards[0].pin) not in repr(holder)


def test_a_restored_backup_brings_no_old_pin_back(tmp_path, clock: SetClock):
    life = Life(tmp_path / "hub", clock)
    with life.house() as housed:
        changed, taken, same, later = (housed.come(f"E{nth}", 1000 + nth) for nth in range(1, 5))
        for person in (changed, taken, same):
            put(housed, person)
        work_through(housed)
        seal(housed)
        housed.later(minutes=5)
        path = back_up(housed, tmp_path / "hub.tar")
        housed.later(minutes=5)
        put(housed, changed, "9517")
        end(housed, taken)
        put(housed, later)
        for person in (changed, taken, later):
            housed.look(person)
        work_through(housed)
    life.restore(path)
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None
        assert cards(housed, changed) == {1001: None}
        assert cards(housed, taken) == {1002: None}
        assert right(housed, cards(housed, same)[1003])
        assert cards(housed, later) == {1004: None}
        listed = [each["no"] for each in era.differences["again"] if each["kind"] == "pin"]
        assert sorted(map(str, listed)) == ["E1", "E2", "E4"]
