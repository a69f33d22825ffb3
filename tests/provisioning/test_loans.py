"""Loan cards: one's own rest for as long, and open again by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.clock import SetClock
from provisioning.identity.cards import CardNotProvedGone, CardNumber, CardTaken
from provisioning.identity.loans import (
    LOAN_DAYS_MAX,
    LoanOfOwn,
    LoanTwice,
    LoanUntil,
    LoanWhileSuspended,
    NoLoan,
    resting,
    usable,
)
from provisioning.nouns.people import CardKind, CardState, Credential, Person
from provisioning.nouns.refusals import NotFound
from tests.provisioning.housed import BOSS, Housed, housing

SITE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
OWN, LENT = 1001, 9001
EVENING = datetime(2026, 3, 2, 18)


@pytest.fixture
def housed(tmp_path: Path) -> Iterator[Housed]:
    with housing(tmp_path, SetClock(NOON)) as housed:
        yield housed


@pytest.fixture
def person(housed: Housed) -> Person:
    one = housed.come("F1", OWN)
    housed.hand.work()
    return one


def lend(
    housed: Housed, person: Person, until: datetime = EVENING, card: int = LENT, *, beside: bool = False
) -> Credential:
    with housed.house.store.writing() as tx:
        made = housed.house.loans.lend(tx, person, card, until, SITE, BOSS, beside=beside)
        housed.house.grants.look(tx, [person.id], BOSS, urgent=True)
    return made


def back(housed: Housed, card: int = LENT) -> None:
    with housed.house.store.writing() as tx:
        made = housed.house.loans.take_back(tx, card, BOSS)
        housed.house.grants.look(tx, [made.person], BOSS, urgent=True)


def pass_time(housed: Housed) -> None:
    """What runs beside the API."""
    for each in housed.house.guarding.endings._looks:
        housed.house.guarding.endings.look(each)
    housed.look_due()
    housed.hand.work()


def open_now(housed: Housed, target: str = "a-1") -> set[int]:
    """The cards that a device would let in at this moment, by the dates that it holds."""
    today = housed.clock.now().astimezone(SITE).date().isoformat()
    bodies = [json.loads(body) for key, body in housed.hand.memory[target].items() if key.startswith("card:")]
    return {body["number"] for body in bodies if body["opens"] <= today <= body["closes"]}


def test_the_own_card_rests_until_the_loan_ends_by_itself(housed: Housed, person: Person) -> None:
    assert open_now(housed) == {OWN}
    lend(housed, person)
    housed.hand.work()
    assert open_now(housed) == {LENT}
    housed.clock.put(datetime(2026, 3, 2, 17, 59, tzinfo=SITE).astimezone(UTC))
    pass_time(housed)
    assert open_now(housed) == {LENT}
    housed.later(minutes=1)
    pass_time(housed)
    assert open_now(housed) == {OWN}
    with housed.house.store.reading() as tx:
        cards = {card.number: card for card in housed.house.cards.of(tx, person.id)}
    assert (cards[LENT].state, cards[OWN].state) == (CardState.ENDED, CardState.ACTIVE)
    told = [each["kind"] for each in housed.story() if each["kind"] in ("card.lent", "card.loan-over")]
    assert told == ["card.lent", "card.loan-over"]


def test_a_loan_that_comes_back_early_ends_at_once(housed: Housed, person: Person) -> None:
    lend(housed, person)
    housed.hand.work()
    with housed.house.store.reading() as tx:
        cards = housed.house.cards.of(tx, person.id)
        assert [card.number for card in cards if card.id in resting(cards, tx.now)] == [OWN]
    housed.later(minutes=5)
    back(housed)
    housed.hand.work()
    assert open_now(housed) == {OWN}
    with housed.house.store.reading() as tx:
        assert resting(housed.house.cards.of(tx, person.id), tx.now) == frozenset()


def test_beside_their_own_where_told(housed: Housed, person: Person) -> None:
    lend(housed, person, beside=True)
    housed.hand.work()
    assert open_now(housed) == {OWN, LENT}
    housed.clock.put(EVENING.replace(tzinfo=SITE).astimezone(UTC))
    pass_time(housed)
    assert open_now(housed) == {OWN}


def test_over_several_days_no_panel_opens_for_the_own_card(housed: Housed, person: Person) -> None:
    lend(housed, person, EVENING + timedelta(days=4))
    for day in range(5):
        housed.clock.put(datetime(2026, 3, 2 + day, 17, tzinfo=SITE).astimezone(UTC))
        pass_time(housed)
        assert open_now(housed) == {LENT}, day
    housed.later(hours=1)
    pass_time(housed)
    assert open_now(housed) == {OWN}


def test_the_next_borrower_waits_until_every_panel_has_proved_it_gone(housed: Housed, person: Person) -> None:
    other = housed.come("F2", 1002)
    lend(housed, person)
    housed.hand.work()
    with pytest.raises(CardTaken):
        lend(housed, other)
    back(housed)
    with pytest.raises(CardNotProvedGone):
        lend(housed, other)
    housed.hand.work()
    lend(housed, other)
    housed.hand.work()
    assert open_now(housed) == {OWN, LENT}


def test_the_own_card_found_lost_meanwhile_does_not_come_back(housed: Housed, person: Person) -> None:
    lend(housed, person)
    with housed.house.store.writing() as tx:
        housed.house.cards.lost(tx, OWN, BOSS)
        housed.house.grants.look(tx, [person.id], BOSS, urgent=True)
    housed.hand.work()
    back(housed)
    housed.hand.work()
    assert open_now(housed) == set()


@pytest.mark.parametrize(
    "until", [datetime(2026, 3, 2, 12), datetime(2020, 1, 1), EVENING + timedelta(days=LOAN_DAYS_MAX)]
)
def test_a_loan_has_an_end_that_lies_ahead_and_not_far(housed: Housed, person: Person, until: datetime) -> None:
    with pytest.raises(LoanUntil):
        lend(housed, person, until)


def test_what_cannot_be_lent_is_refused(housed: Housed, person: Person) -> None:
    with pytest.raises(LoanOfOwn):
        lend(housed, person, card=OWN)
    with pytest.raises(CardNumber):
        lend(housed, person, card=0)
    with pytest.raises(NoLoan):
        back(housed, OWN)
    with pytest.raises(NotFound):
        back(housed, 4711)
    lend(housed, person)
    with pytest.raises(LoanTwice):
        lend(housed, person, card=9002)
    back(housed)
    with housed.house.store.writing() as tx:
        housed.house.revoking.suspend(tx, person, BOSS, "looked into")
    with pytest.raises(LoanWhileSuspended):
        lend(housed, person, card=9002)


def _credential(nth: int, kind: CardKind, opens: int, lasts: int | None, state: CardState) -> Credential:
    begins = NOON + timedelta(hours=opens)
    closes = None if lasts is None else begins + timedelta(hours=lasts)
    return Credential(f"crd-{nth}", "per-1", kind, 1000 + nth, begins, closes, state, begins)


_CARDS = st.lists(
    st.builds(
        _credential,
        st.integers(0, 9),
        st.sampled_from(CardKind),
        st.integers(0, 12),
        st.none() | st.integers(1, 12),
        st.sampled_from([CardState.ACTIVE, CardState.ENDED, CardState.LOST]),
    ),
    max_size=6,
)


@given(_CARDS, st.integers(-2, 30))
def test_at_every_instant_a_card_opens_by_its_own_time_and_its_own_alone_while_none_is_lent(
    cards: list[Credential], hours: int
) -> None:
    """Against a model that asks each card at one instant, and knows nothing of windows."""
    at = NOON + timedelta(hours=hours, minutes=30)

    def holds(card: Credential) -> bool:
        return card.opens <= at and (card.closes is None or at < card.closes)

    lent = any(card.kind is CardKind.LOAN and holds(card) for card in cards)
    model = sorted(
        card.number
        for card in cards
        if card.state is CardState.ACTIVE and holds(card) and not (lent and card.kind is CardKind.CARD)
    )
    said = [card.number for card in usable(cards) if card.opens <= at and (card.closes is None or at < card.closes)]
    assert sorted(said) == model
