"""PINs: one for all cards that somebody has in hand. Only a keyed digest is kept, so nobody can be told their PIN again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from connectors import pins
from connectors.contract import Json
from provisioning.nouns.ids import RandomBytes
from provisioning.nouns.people import CardState, Credential, Person
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import people
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

_DRAWN_BYTES = 8
"""So many that no PIN is noticeably likelier than another."""
_DRAWS_MAX = 20


class PinForm(Refusal):
    """A PIN has {least} to {most} digits, and nothing else. Choose another, or have one made: foyer card pin {no}
    --generate"""


class PinGuessable(Refusal):
    """A PIN of equal digits, or of digits that only count up or down, is guessed first. Choose another, or have one made:
    foyer card pin {no} --generate"""


class PinNoCard(Refusal):
    """{no} has no card in hand, and a PIN opens nothing by itself. Give a card first: foyer card assign {no} NUMBER"""

    status = 409


class NoRandomness(Refusal):
    """The source of randomness gives the same again and again, so no PIN can be made. Look at the machine."""

    status = 500


class Pins:
    """Sets PINs and ends them. The digits leave no trace: neither in the story, nor in any row."""

    def __init__(self, vault: Vault, story: Story) -> None:
        self._key = vault.pin_key()
        self._story = story

    def put(self, tx: Tx, person: Person, pin: str, actor: Actor) -> list[Credential]:
        """Set the PIN of a person in place of an earlier one; the cards it is for. Cards that they are given while they
        have one of these have it, too. Raises `PinForm`, `PinGuessable`, `PinNoCard`."""
        if not pins.well_formed(pin):
            raise PinForm(no=person.no, least=pins.DIGITS_MIN, most=pins.DIGITS_MAX)
        if guessable(pin):
            raise PinGuessable(no=person.no)
        cards = _in_hand(tx, person)
        if not cards:
            raise PinNoCard(no=person.no)
        people.put_pin(tx, person.id, pins.kept(self._key, cards[-1].number, pin))
        self._tell(tx, "card.pin-set", actor, person, cards)
        return cards

    def end(self, tx: Tx, person: Person, actor: Actor) -> list[Credential]:
        """Take the PIN away; the cards that had it, none where there was none."""
        cards = [card for card in _in_hand(tx, person) if card.pin is not None]
        if cards:
            people.put_pin(tx, person.id, None)
            self._tell(tx, "card.pin-ended", actor, person, cards)
        return cards

    def _tell(self, tx: Tx, kind: str, actor: Actor, person: Person, cards: Sequence[Credential]) -> None:
        data: dict[str, Json] = {"numbers": [card.number for card in cards]}
        self._story.tell(tx, Told(kind, actor.name, person.id, data=data))
        people.mark_due(tx, [person.id])
        tx.wake("persons")


def _in_hand(tx: Tx, person: Person) -> list[Credential]:
    cards = people.credentials_of(tx, [person.id]).get(person.id, ())
    return sorted((card for card in cards if card.state is CardState.ACTIVE), key=lambda card: card.number)


def made(random_bytes: RandomBytes) -> str:
    """A PIN of the most digits, each as likely as any other, that is not guessed first."""
    for _ in range(_DRAWS_MAX):
        drawn = int.from_bytes(random_bytes(_DRAWN_BYTES)) % 10**pins.DIGITS_MAX
        if not guessable(pin := f"{drawn:0{pins.DIGITS_MAX}d}"):
            return pin
    raise NoRandomness


def guessable(pin: str) -> bool:
    """Whether all its digits are equal, or each is one more, or one less, than the one before."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= {-1, 0, 1}
