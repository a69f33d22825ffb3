"""What a register says and is told, and its JSON: the client's side. No socket, no clock, no log; whatever does not fit is
a `ProtocolError`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from devices.wire import ProtocolError

UNIT_PATTERN = r"^[a-z0-9][a-z0-9-]{0,79}$"
REF_CHARS_MAX = 64
CARDS_MAX = 64
"""Cards in one lock; a register may take fewer."""
PAGE_UNITS_MAX = 500
CARD_NUMBER_MAX = (1 << 63) - 1

# A register may say more than we know of: that is left aside, so that newer ones can still be read.
_STRICT = ConfigDict(strict=True, extra="ignore")

# As RFC 9110 has it, without the weak ones: a weak tag cannot guard a change.
_ETAG = re.compile(r'"[\x21\x23-\x7e]{0,128}"')

UnitId = Annotated[str, Field(pattern=UNIT_PATTERN)]
Ref = Annotated[str, Field(min_length=1, max_length=REF_CHARS_MAX)]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Occupant:
    """Who has a unit, by a reference that means something only to who wrote it; `closes` is the last day."""

    ref: Ref
    opens: Annotated[date, Field(alias="from")]
    closes: Annotated[date | None, Field(alias="to")]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class LockCard:
    """A card that opens a unit's lock on the days from `opens` to `closes`, both among them."""

    number: Annotated[int, Field(ge=1, le=CARD_NUMBER_MAX)]
    ref: Ref
    opens: Annotated[date, Field(alias="from")]
    closes: Annotated[date, Field(alias="to")]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Unit:
    """One seat or flat."""

    id: UnitId
    kind: Annotated[str, Field(min_length=1, max_length=32)]
    occupant: Occupant | None
    cards: Annotated[tuple[LockCard, ...], Field(max_length=CARDS_MAX, strict=False)]

    def card(self, number: int) -> LockCard | None:
        """The card of this number in the lock."""
        return next((card for card in self.cards if card.number == number), None)


@dataclass(frozen=True, slots=True)
class Held:
    """A unit as it was read, and the tag of that state."""

    unit: Unit
    etag: str


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class About:
    """Who answers: its id, its software, since when it runs, and how often anything in it has changed."""

    id: Annotated[str, Field(min_length=1, max_length=128)]
    software: Annotated[str, Field(min_length=1, max_length=128)]
    started: datetime
    change: Annotated[int, Field(ge=0, le=CARD_NUMBER_MAX)]


@dataclass(frozen=True, slots=True)
class Page:
    """Units in the order of their ids; `next` is where the next page begins (after it), None at the end."""

    units: tuple[Held, ...]
    next: str | None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class _Listed(Unit):
    etag: str


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class _Listing:
    units: Annotated[tuple[_Listed, ...], Field(max_length=PAGE_UNITS_MAX, strict=False)]
    next: UnitId | None


_ABOUT = TypeAdapter(About)
_UNIT = TypeAdapter(Unit)
_LISTING = TypeAdapter(_Listing)
_T = TypeVar("_T")


def read_about(body: bytes) -> About:
    """What GET /register says."""
    return _read(_ABOUT, body, "about itself")


def read_unit(body: bytes, etag: str | None, asked: str) -> Held:
    """The unit that was asked for, with its ETag header."""
    unit = _read(_UNIT, body, f"of unit {asked}")
    if unit.id != asked:
        raise ProtocolError(f"the register was asked for unit {asked} and told of unit {unit.id}")
    return Held(unit, _etag(etag, unit.id))


def read_page(body: bytes, after: str) -> Page:
    """A page of units; it must go on after `after`, in the order of ids."""
    listing = _read(_LISTING, body, f"of the units after {after!r}")
    last = after
    for listed in listing.units:
        if listed.id <= last:
            raise ProtocolError(f"the register lists unit {listed.id} after {last!r}, which is not in order")
        last = listed.id
    if listing.next is not None and not (listing.units and listing.next == last):
        raise ProtocolError(f"the register says that its list goes on after {listing.next!r}, not after {last!r}")
    held = (
        Held(Unit(each.id, each.kind, each.occupant, each.cards), _etag(each.etag, each.id)) for each in listing.units
    )
    return Page(tuple(held), listing.next)


def read_error(body: bytes) -> str | None:
    """The code of what is in the way; None where the body names none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = told.get("error") if isinstance(told, dict) else None
    return code if isinstance(code, str) else None


def write_unit(unit: Unit) -> bytes:
    """What a PUT of this unit says."""
    occupant = None if unit.occupant is None else {"ref": unit.occupant.ref} | _days(unit.occupant)
    cards = [{"number": card.number, "ref": card.ref} | _days(card) for card in unit.cards]
    return json.dumps({"occupant": occupant, "cards": cards}, ensure_ascii=False).encode()


def _days(told: Occupant | LockCard) -> dict[str, Any]:
    return {"from": told.opens.isoformat(), "to": None if told.closes is None else told.closes.isoformat()}


def _read(adapter: TypeAdapter[_T], body: bytes, what: str) -> _T:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "whole"
        raise ProtocolError(f"what the register says {what} cannot be read ({where}: {first['msg']})") from None


def _etag(etag: str | None, unit: str) -> str:
    if etag is None or not _ETAG.fullmatch(etag):
        raise ProtocolError(f"the register gives no strong ETag for unit {unit}, but {etag!r}")
    return etag
