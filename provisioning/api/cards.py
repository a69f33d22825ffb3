"""Cards: given out, lent, reported lost, replaced. What follows for the doors is decided in the same transaction."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import CardShape, DryRun, EffectShape, No, Shape
from provisioning.identity.pins import made
from provisioning.nouns.answers import Effect
from provisioning.nouns.people import Credential

router = APIRouter(tags=["cards"], responses=responses(401, 403, 404, 409, 422))

Number = Annotated[int, Path(description="Card number (门禁卡号)", ge=0, le=2**63 - 1, examples=[20260001])]


class NewCard(BaseModel):
    """The card that goes into somebody's hands."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(description="1 to 4294967294", examples=[20260001], strict=True)


class LoanedCard(BaseModel):
    """The card that is lent, and until when."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(description="1 to 4294967294", examples=[20269001], strict=True)
    until: NaiveDatetime = Field(
        description="At the campus's own clock, without an offset", examples=["2026-12-01T18:00"]
    )
    beside: bool = Field(default=False, description="Leave their own cards in use, too", strict=True)


class NewPin(BaseModel):
    """The digits that go with somebody's cards; without any, the hub makes some."""

    model_config = ConfigDict(extra="forbid")

    pin: str | None = Field(
        default=None, description="4 to 6 digits; left out: made by the hub", max_length=64, strict=True, repr=False
    )


class PinChange(Shape):
    """For which cards a PIN holds now, and what became of the doors."""

    dry_run: bool
    pin: str | None = Field(description="What the hub made, shown only this once")
    numbers: list[int] = Field(description="The cards that it is for, or was")
    effect: EffectShape

    @classmethod
    def told(cls, cards: list[Credential], effect: Effect, pin: str | None = None, *, dry_run: bool) -> Self:
        """The change as the API tells it."""
        numbers = [card.number for card in cards]
        return cls(dry_run=dry_run, pin=pin, numbers=numbers, effect=EffectShape.of(effect))


class CardChange(Shape):
    """What became of the card, and of the doors."""

    dry_run: bool
    card: CardShape
    effect: EffectShape


@router.post("/persons/{no}/cards", summary="Give a card")
def assign(
    rooms: House, asker: Annotated[Asker, may("card.write")], no: No, new: NewCard, *, dry_run: DryRun = False
) -> CardChange:
    """Put a card in a person's hands; one that they hold already stays as it is."""
    with act(rooms.store, dry_run=dry_run) as tx:
        person = rooms.persons.get(tx, no)
        card = rooms.cards.assign(tx, person, new.number, asker.actor)
        effect = rooms.grants.look(tx, [person.id], asker.actor, card.id)
    return CardChange(dry_run=dry_run, card=CardShape.of(card), effect=EffectShape.of(effect))


@router.post("/persons/{no}/cards/loan", summary="Lend a card")
def lend(
    rooms: House, asker: Annotated[Asker, may("card.write")], no: No, new: LoanedCard, *, dry_run: DryRun = False
) -> CardChange:
    """Put a card in a person's hands for a set time; their own rest meanwhile, and open again by themselves."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        person, zone = rooms.persons.get(tx, no), rooms.campuses.current(tx).zone
        card = rooms.loans.lend(tx, person, new.number, new.until, zone, asker.actor, beside=new.beside)
        effect = rooms.grants.look(tx, [person.id], asker.actor, card.id, urgent=True)
    return CardChange(dry_run=dry_run, card=CardShape.of(card), effect=EffectShape.of(effect))


@router.post("/cards/{number}/return", summary="Take a lent card back")
def take_back(
    rooms: House, asker: Annotated[Asker, may("card.write")], number: Number, *, dry_run: DryRun = False
) -> CardChange:
    """End a loan at once: the card is taken from every door ahead of other work, and the holder's own open again."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        card = rooms.loans.take_back(tx, number, asker.actor)
        effect = rooms.grants.look(tx, [card.person], asker.actor, card.id, urgent=True)
    return CardChange(dry_run=dry_run, card=CardShape.of(card), effect=EffectShape.of(effect))


@router.post("/cards/{number}/lost", summary="Report a card lost")
def lost(
    rooms: House, asker: Annotated[Asker, may("card.write")], number: Number, *, dry_run: DryRun = False
) -> CardChange:
    """End a card at once: it is taken from every door ahead of other work."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        card = rooms.cards.lost(tx, number, asker.actor)
        effect = rooms.grants.look(tx, [card.person], asker.actor, card.id, urgent=True)
    return CardChange(dry_run=dry_run, card=CardShape.of(card), effect=EffectShape.of(effect))


@router.post("/cards/{number}/replace", summary="Replace a card")
def replace(
    rooms: House, asker: Annotated[Asker, may("card.write")], number: Number, new: NewCard, *, dry_run: DryRun = False
) -> CardChange:
    """End one card and give its holder another, in one act."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        card = rooms.cards.replace(tx, number, new.number, asker.actor)
        effect = rooms.grants.look(tx, [card.person], asker.actor, card.id, urgent=True)
    return CardChange(dry_run=dry_run, card=CardShape.of(card), effect=EffectShape.of(effect))


@router.post("/persons/{no}/pin", summary="Set a PIN")
def put_pin(
    rooms: House, asker: Annotated[Asker, may("card.pin")], no: No, new: NewPin, *, dry_run: DryRun = False
) -> PinChange:
    """Set the PIN of all cards in a person's hands, in place of an earlier one. It is kept in no form that shows it."""
    pin = made(rooms.ids.random_bytes) if new.pin is None else new.pin
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        person = rooms.persons.get(tx, no)
        cards = rooms.pins.put(tx, person, pin, asker.actor)
        effect = rooms.grants.look(tx, [person.id], asker.actor, urgent=True)
    shown = pin if new.pin is None and not dry_run else None
    return PinChange.told(cards, effect, shown, dry_run=dry_run)


@router.post("/persons/{no}/pin/end", summary="Take a PIN away")
def end_pin(rooms: House, asker: Annotated[Asker, may("card.pin")], no: No, *, dry_run: DryRun = False) -> PinChange:
    """Take the PIN of a person away: doors that want one stay shut for them."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        person = rooms.persons.get(tx, no)
        cards = rooms.pins.end(tx, person, asker.actor)
        effect = rooms.grants.look(tx, [person.id], asker.actor, urgent=True)
    return PinChange.told(cards, effect, dry_run=dry_run)
