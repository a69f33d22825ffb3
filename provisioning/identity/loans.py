"""Loan cards: in somebody's hands for a set time while their own is forgotten. Their own cards rest meanwhile, unless told
otherwise, and open again by themselves when the loan ends: nobody has to remember it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Card, Json
from policies.windows import without
from provisioning.identity.cards import cards_known, check_number, new_card, pin_of, refuse, unknown
from provisioning.nouns.people import CardKind, CardState, Credential, Person
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import people, revocations
from provisioning.store.engine import Tx
from provisioning.story.story import Story

LOAN_DAYS_MAX = 31
LENT = frozenset({CardKind.LOAN, CardKind.SPARE})
TIME_OVER = Actor("house:loans")


class LoanUntil(Refusal):
    """A loan cannot end at {until}: its end must lie ahead, and at most {most} days. Correct --until."""


class LoanTwice(Refusal):
    """{no} has card {number} on loan already. Have it returned first: foyer card return {number}"""

    status = 409


class LoanOfOwn(Refusal):
    """Card {number} is in the hands of {no} already. Lend another one."""

    status = 409


class LoanWhileSuspended(Refusal):
    """{no} is suspended by security, and no card opens anything for them. Have security resume them first: foyer resume
    {no}"""

    status = 409


class NoLoan(Refusal):
    """Card {number} is not on loan. A card of one's own is reported lost, or replaced: foyer card --help"""

    status = 409


def usable(cards: Sequence[Credential]) -> tuple[Card, ...]:
    """When each card of one person may be used: an active one in its own time, without the time of a loan in its place."""
    mine = [each for each in cards if each.state is CardState.ACTIVE]
    resting = [(each.opens, each.closes) for each in cards if each.kind == CardKind.LOAN]
    if not resting:
        return tuple(Card(each.number, each.opens, each.closes, each.pin) for each in mine)
    return tuple(
        Card(each.number, opens, closes, each.pin)
        for each in mine
        for opens, closes in (
            without((each.opens, each.closes), resting) if each.kind not in LENT else [(each.opens, each.closes)]
        )
    )


def resting(cards: Sequence[Credential], now: datetime) -> frozenset[str]:
    """The ids of the cards that rest at this instant, since a loan is in their place."""
    lent = any(each.kind == CardKind.LOAN and _out(each, now) for each in cards)
    own = (each for each in cards if each.state is CardState.ACTIVE and each.kind not in LENT)
    return frozenset(each.id for each in own) if lent else frozenset()


class Loans:
    """Lends cards, and takes them back."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def lend(
        self,
        tx: Tx,
        person: Person,
        number: int,
        until: datetime,
        zone: ZoneInfo,
        actor: Actor,
        *,
        beside: bool = False,
    ) -> Credential:
        """Put a card in a person's hands until a wall-clock time of the site; `beside` leaves their own in use.

        Raises `CardNumber`, `CardTaken`, `CardNotProvedGone`, `LoanUntil`, `LoanTwice`, `LoanOfOwn`, `LoanWhileSuspended`.
        """
        known = cards_known(tx, [check_number(number)])
        closes = until.replace(tzinfo=zone).astimezone(UTC)
        if not tx.now < closes <= tx.now + timedelta(days=LOAN_DAYS_MAX):
            raise LoanUntil(until=until.isoformat(sep=" ", timespec="minutes"), most=LOAN_DAYS_MAX)
        if revocations.suspended(tx, [person.id]):
            raise LoanWhileSuspended(no=person.no)
        mine = people.credentials_of(tx, [person.id]).get(person.id, ())
        for each in mine:
            if each.kind in LENT and _out(each, tx.now):
                raise LoanTwice(no=person.no, number=each.number)
        refuse(known.obstacle(number, person.id))
        if number in known.active:
            raise LoanOfOwn(number=number, no=person.no)
        kind = CardKind.SPARE if beside else CardKind.LOAN
        card = replace(new_card(tx, person.id, number, pin_of(tx, person.id)), kind=kind, closes=closes)
        people.add_credentials(tx, [card])
        self._tell(tx, "card.lent", actor, card)
        return card

    def take_back(self, tx: Tx, number: int, actor: Actor) -> Credential:
        """End a loan at once. Raises `NotFound`, `NoLoan`."""
        card = people.active_cards(tx, [number]).get(number)
        if card is None:
            raise unknown(number)
        if card.kind not in LENT:
            raise NoLoan(number=number)
        people.end_credential(tx, card.id, CardState.ENDED)
        ended = replace(card, state=CardState.ENDED, closes=tx.now, ended=tx.now)
        self._tell(tx, "card.returned", actor, ended)
        return ended

    def end_over(self, tx: Tx) -> int:
        """End the loans whose time is over; returns how many."""
        over = people.loans_over(tx)
        for card in over:
            people.end_credential(tx, card.id, CardState.ENDED)
            self._tell(tx, "card.loan-over", TIME_OVER, replace(card, state=CardState.ENDED, ended=tx.now))
        people.due_now(tx, [card.person for card in over])
        return len(over)

    def _tell(self, tx: Tx, kind: str, actor: Actor, card: Credential) -> None:
        data: dict[str, Json] = {
            "credential": card.id, "number": card.number, "opens": card.opens.isoformat(),
            "closes": card.closes.isoformat() if card.closes else None, "beside": card.kind == CardKind.SPARE,
        }  # fmt: skip
        self._story.tell(tx, Told(kind, actor.name, card.person, data=data))
        people.mark_due(tx, [card.person])
        tx.wake("persons")


def _out(card: Credential, now: datetime) -> bool:
    """Whether a card is in use at this instant."""
    return card.state is CardState.ACTIVE and card.opens <= now and (card.closes is None or now < card.closes)
