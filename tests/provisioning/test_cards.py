"""Cards: one holder at a time; no new holder until every target has proved that the last one's is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from devices.clock import SetClock
from provisioning.campus.campuses import Campuses
from provisioning.identity.cards import CardNotProvedGone, CardNumber, CardPeriod, Cards, CardTaken
from provisioning.identity.persons import Persons
from provisioning.nouns.people import CardState, Person
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor
from provisioning.store import people, tables
from provisioning.store.engine import Store, Tx


@pytest.fixture
def two(store: Store, persons: Persons, newcomer: Callable[[Tx, str], str]) -> tuple[Person, Person]:
    with store.writing() as tx:
        newcomer(tx, "E1")
        newcomer(tx, "E2")
        return persons.get(tx, "E1"), persons.get(tx, "E2")


def held_on(tx: Tx, target: str, number: int, holder: str | None, **state: object) -> None:
    row = {
        "target": target, "key": f"card:{number}", "holder": holder, "wanted": None, "revision": 2, "rank": 1, "grants": [],
        "urgent": False, "dirty": False, "changed": tx.now, "known": True, "held": None,
    }  # fmt: skip
    tx.run(insert(tables.record), row | state)


def kinds(tx: Tx) -> list[str]:
    return list(tx.run(select(tables.event.c.kind).order_by(tables.event.c.id)).scalars())


def test_a_card_goes_into_one_hand(store: Store, cards: Cards, two: tuple[Person, Person], actor: Actor):
    ann, bob = two
    with store.writing() as tx:
        card = cards.assign(tx, ann, 7, actor)
        assert "persons" in tx.woken
        assert tx.run(select(tables.person.c.due).where(tables.person.c.id == ann.id)).scalar_one() == people.soon(tx)
        assert cards.assign(tx, ann, 7, actor) == card
        with pytest.raises(CardTaken, match="staff number E1"):
            cards.assign(tx, bob, 7, actor)
        assert cards.of(tx, ann.id) == (card,)
        assert cards.of(tx, bob.id) == ()
        assert kinds(tx) == ["card.assigned"]


@pytest.mark.parametrize("number", [-1, 0, 0xFFFFFFFF, 2**40])
def test_what_no_panel_can_hold_is_no_card(
    store: Store, cards: Cards, two: tuple[Person, Person], actor: Actor, number: int
):
    with store.writing() as tx, pytest.raises(CardNumber, match=str(number)):
        cards.assign(tx, two[0], number, actor)


def test_the_largest_number_is_one(store: Store, cards: Cards, two: tuple[Person, Person], actor: Actor):
    with store.writing() as tx:
        assert cards.assign(tx, two[0], 0xFFFFFFFE, actor).number == 4294967294


def test_a_card_ends_after_it_begins(store: Store, cards: Cards, two: tuple[Person, Person], actor: Actor):
    with store.writing() as tx:
        with pytest.raises(CardPeriod):
            cards.assign(tx, two[0], 7, actor, closes=tx.now)
        until = tx.now + timedelta(days=1)
        assert cards.assign(tx, two[0], 7, actor, closes=until).closes == until


def test_lost_ends_it_at_once_and_keeps_it(
    store: Store, clock: SetClock, cards: Cards, two: tuple[Person, Person], actor: Actor
):
    with store.writing() as tx:
        cards.assign(tx, two[0], 7, actor)
    clock.put(clock.now() + timedelta(hours=1))
    with store.writing() as tx:
        lost = cards.lost(tx, 7, actor)
        assert (lost.state, lost.closes, lost.ended) == (CardState.LOST, tx.now, tx.now)
        assert cards.of(tx, two[0].id) == (lost,)
        assert cards.lost(tx, 7, actor) == lost
        assert kinds(tx) == ["card.assigned", "card.lost"]
        with pytest.raises(NotFound):
            cards.lost(tx, 8, actor)


@pytest.mark.parametrize("state", [{"dirty": True}, {"known": False}, {"held": "{}"}], ids=str)
def test_a_number_waits_until_every_target_proved_it_gone(
    store: Store, campuses: Campuses, cards: Cards, two: tuple[Person, Person], actor: Actor, state: dict[str, object]
):
    ann, bob = two
    with store.writing() as tx:
        cards.assign(tx, ann, 7, actor)
        held_on(tx, "a-1", 7, ann.id)
        held_on(tx, "b-2", 7, ann.id, **state)
        cards.lost(tx, 7, actor)
        with pytest.raises(CardNotProvedGone, match="from b-2"):
            cards.assign(tx, bob, 7, actor)
        tx.run(update(tables.record).values(dirty=False, known=True, held=None))
        assert cards.assign(tx, bob, 7, actor).person == bob.id
        assert [card.state for card in cards.of(tx, ann.id)] == [CardState.LOST]


def test_a_strangers_card_on_a_panel_blocks_its_number_too(
    store: Store, campuses: Campuses, cards: Cards, two: tuple[Person, Person], actor: Actor
):
    with store.writing() as tx:
        held_on(tx, "a-1", 7, None, held="{}")
        with pytest.raises(CardNotProvedGone):
            cards.assign(tx, two[0], 7, actor)


def test_a_found_card_goes_back_to_its_holder(
    store: Store, campuses: Campuses, cards: Cards, two: tuple[Person, Person], actor: Actor
):
    with store.writing() as tx:
        cards.assign(tx, two[0], 7, actor)
        held_on(tx, "a-1", 7, two[0].id, held="{}")
        cards.lost(tx, 7, actor)
        again = cards.assign(tx, two[0], 7, actor)
        assert [card.state for card in cards.of(tx, two[0].id)] == [CardState.LOST, CardState.ACTIVE]
        assert cards.lost(tx, 7, actor).id == again.id


def test_replacing_is_one_act(store: Store, cards: Cards, two: tuple[Person, Person], actor: Actor):
    ann, bob = two
    with store.writing() as tx:
        cards.assign(tx, ann, 7, actor)
        cards.assign(tx, bob, 9, actor)
        with pytest.raises(CardTaken):
            cards.replace(tx, 7, 9, actor)
        assert [card.state for card in cards.of(tx, ann.id)] == [CardState.ACTIVE]
        cards.replace(tx, 7, 8, actor)
        assert {card.number: card.state for card in cards.of(tx, ann.id)} == {7: CardState.ENDED, 8: CardState.ACTIVE}
        assert kinds(tx)[-1] == "card.replaced"
        with pytest.raises(NotFound):
            cards.replace(tx, 7, 10, actor)


def test_a_lost_card_is_replaced(store: Store, cards: Cards, two: tuple[Person, Person], actor: Actor):
    with store.writing() as tx:
        cards.assign(tx, two[0], 7, actor)
        cards.lost(tx, 7, actor)
        cards.replace(tx, 7, 8, actor)
        states = {card.number: card.state for card in cards.of(tx, two[0].id)}
        assert states == {7: CardState.LOST, 8: CardState.ACTIVE}
