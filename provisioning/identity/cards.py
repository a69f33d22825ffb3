"""Cards: one holder at a time, and no new holder until every target has proved that the last one's is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from provisioning.nouns.people import CardKind, CardState, Credential, Person
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import people
from provisioning.store.engine import Tx
from provisioning.story.story import Story

CARD_NUMBER_MIN = 1
CARD_NUMBER_MAX = 0xFFFF_FFFE
"""0 says "no card" on a WG panel, and 0xFFFFFFFF "a deleted one"."""
TARGETS_NAMED_MAX = 5


class CardNumber(Refusal):
    """{number} is no card number: it must be a whole number from 1 to 4294967294. Read it off the card again."""


class CardTaken(Refusal):
    """Card {number} is in the hands of staff number {holder}. Give another card, or first report that one lost:
    foyer card lost {number}"""

    status = 409


class CardNotProvedGone(Refusal):
    """Card {number} belonged to somebody else and is not yet proved gone from {targets}: it could still open doors for
    them. Give another card, or wait until those targets have been read; look with: foyer targets"""

    status = 409


class CardPeriod(Refusal):
    """The card would end at {closes}, before it begins at {opens}. Give it an end that is later."""


@dataclass(frozen=True, slots=True)
class CardsKnown:
    """What stands against giving some card numbers to a person, read at one instant."""

    active: Mapping[int, Credential]
    holders: Mapping[str, str]
    lingering: Mapping[int, tuple[tuple[str, str | None], ...]]

    def obstacle(self, number: int, person: str | None) -> Refusal | None:
        """Why this number cannot be this person's (None: somebody new); None where it can."""
        holder = self.active.get(number)
        if holder is not None and holder.person != person:
            return CardTaken(number=number, holder=self.holders.get(holder.person, holder.person))
        places = [target for target, of in self.lingering.get(number, ()) if of is None or of != person]
        if places:
            named = ", ".join(places[:TARGETS_NAMED_MAX]) + (" …" if len(places) > TARGETS_NAMED_MAX else "")
            return CardNotProvedGone(number=number, targets=named)
        return None


def cards_known(tx: Tx, numbers: Iterable[int]) -> CardsKnown:
    """Read what stands against giving these numbers out."""
    asked = list(numbers)
    active = people.active_cards(tx, asked)
    holders = people.persons(tx, (card.person for card in active.values()))
    return CardsKnown(active, {at: one.no for at, one in holders.items()}, people.cards_not_proved_gone(tx, asked))


def check_number(number: int) -> int:
    """The number, if a panel can hold it. Raises `CardNumber`."""
    if not CARD_NUMBER_MIN <= number <= CARD_NUMBER_MAX:
        raise CardNumber(number=number)
    return number


def new_card(tx: Tx, person: str, number: int, pin: str | None = None) -> Credential:
    """A card in this person's hands from now on, not yet kept; with the `pin` of their others, where they have any."""
    card = CardKind.CARD
    return Credential(tx.ids.new("crd"), person, card, number, tx.now, None, CardState.ACTIVE, tx.now, pin=pin)


def pin_of(tx: Tx, person: str) -> str | None:
    """How the PIN is kept of somebody's cards in hand; None where they have none."""
    return people.pins_of(tx, [person]).get(person)


class Cards:
    """Gives cards out and takes them back. History is kept: rows are ended, never deleted."""

    def __init__(self, story: Story) -> None:
        self._story = story

    def of(self, tx: Tx, person_id: str) -> tuple[Credential, ...]:
        """All cards that a person ever had, oldest first."""
        return people.credentials_of(tx, [person_id]).get(person_id, ())

    def assign(
        self,
        tx: Tx,
        person: Person,
        number: int,
        actor: Actor,
        opens: datetime | None = None,
        closes: datetime | None = None,
    ) -> Credential:
        """Put a card in a person's hands for [opens, closes); one that they hold already stays as it is.

        Raises `CardNumber`, `CardPeriod`, `CardTaken`, `CardNotProvedGone`.
        """
        known = cards_known(tx, [check_number(number)])
        held = known.active.get(number)
        if held is not None and held.person == person.id:
            return held
        card = replace(new_card(tx, person.id, number, pin_of(tx, person.id)), opens=opens or tx.now, closes=closes)
        if closes is not None and closes <= card.opens:
            raise CardPeriod(opens=card.opens.isoformat(), closes=closes.isoformat())
        refuse(known.obstacle(number, person.id))
        people.add_credentials(tx, [card])
        self._tell(tx, "card.assigned", actor, card)
        return card

    def lost(self, tx: Tx, number: int, actor: Actor) -> Credential:
        """End a card at once; one that was reported lost before stays so. Raises `NotFound`."""
        card = _last(tx, number)
        if card.state is CardState.LOST:
            return card
        if card.state is not CardState.ACTIVE:
            raise unknown(number)
        ended = self._end(tx, card, CardState.LOST)
        self._tell(tx, "card.lost", actor, ended)
        return ended

    def replace(self, tx: Tx, old: int, new: int, actor: Actor) -> Credential:
        """End one card of a person and give them another in one act; the old one may have been reported lost before.

        Raises `NotFound`, `CardNumber`, `CardTaken`, `CardNotProvedGone`.
        """
        before = _last(tx, old)
        if before.state is CardState.ENDED:
            raise unknown(old)
        known = cards_known(tx, [check_number(new)])
        refuse(known.obstacle(new, before.person))
        if old == new and before.state is CardState.ACTIVE:
            return before
        pin = pin_of(tx, before.person) or before.pin
        if before.state is CardState.ACTIVE:
            self._end(tx, before, CardState.ENDED)
        card = known.active.get(new)
        if card is None:
            card = new_card(tx, before.person, new, pin)
            people.add_credentials(tx, [card])
        self._tell(tx, "card.replaced", actor, card, before=old)
        return card

    def _end(self, tx: Tx, card: Credential, state: CardState) -> Credential:
        people.end_credential(tx, card.id, state)
        return replace(card, state=state, closes=tx.now, ended=tx.now)

    def _tell(self, tx: Tx, kind: str, actor: Actor, card: Credential, before: int | None = None) -> None:
        data = {
            "credential": card.id,
            "number": card.number,
            "opens": card.opens.isoformat(),
            "closes": card.closes.isoformat() if card.closes else None,
        }
        self._story.tell(
            tx, Told(kind, actor.name, card.person, data=data if before is None else data | {"before": before})
        )
        people.mark_due(tx, [card.person])
        tx.wake("persons")


def _last(tx: Tx, number: int) -> Credential:
    card = people.last_card(tx, number)
    if card is None:
        raise unknown(number)
    return card


def unknown(number: int) -> NotFound:
    """That nobody holds this card."""
    return NotFound(what="card in use", name=number, where="foyer person show")


def refuse(refusal: Refusal | None) -> None:
    """Raise it, where there is one."""
    if refusal is not None:
        raise refusal
