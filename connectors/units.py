"""What seats and flats share: a register of units, where one unit has one person, and its lock that person's cards alone.

Every write and every erase ends with a PUT of its own, also where the unit is so already: the register then gives it a new
ETag, and refuses whatever was sent before, however late it comes. So nothing needs to settle on this wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import IPv4Address
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from connectors.contract import (
    ACT_UNKNOWN,
    RETRY_S,
    Act,
    Compiled,
    Conditions,
    Done,
    Fingerprint,
    Heard,
    Holder,
    Later,
    Mark,
    Outcome,
    Record,
    Refused,
    Reported,
    Right,
    Settings,
    canonical,
    later,
)
from devices.register.client import GET_S, PUT_S, Conflict, Malformed, NoSuchUnit, Register, Stale
from devices.register.units import LockCard, Occupant, Unit
from devices.wire import WireError

RANK_OCCUPANCY = 1
RANK_LOCK = 2
"""A card is put into the lock after its holder moved in, and taken out before the holder moves out."""
ATTEMPTS_MAX = 2
"""Somebody else may change a unit between our reading and our writing; then it is read once more, at once."""
UNITS_MAX = 1000
"""Patterns in one target's settings."""

OCCUPIED = "The register has somebody else in this unit. It is taken as soon as that one is out; see who is there."
KEYS_LEFT = "Cards of the one before are still in this unit's lock. It is done as soon as they are taken out."
NOT_MOVED_IN = "The lock waits until the register has this person in the unit."
CHANGING = "The unit changed in the register while it was being written. It is tried again."
REFUSED_UNKNOWN = "The register knows no such unit. Add it there, or correct the unit in the campus file."
REFUSED_CONTENT = (
    "The register does not take this record as it is. Compare the register's software with the campus file."
)
REFUSED_FULL = "The lock is full: it holds as many cards as it can. Take cards out that nobody needs."

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LAST_DAY = date(9998, 12, 31)
_NEVER = datetime.min.replace(tzinfo=UTC)
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_IN_THE_WAY: dict[str, Outcome] = {
    "occupied": Later(RETRY_S, OCCUPIED),
    "keys": Later(RETRY_S, KEYS_LEFT),
    "stranger": Later(RETRY_S, NOT_MOVED_IN),
    "full": Refused(REFUSED_FULL),
}

_UNITS = re.compile(r"[a-z0-9][a-z0-9-]{0,79}\*?|\*")


class RegisterSettings(Settings, frozen=True):
    """What a register is told about itself, and which of its units are ours: ids, or their beginnings with a `*`."""

    # Classes of this kind have a `register` of their own.
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", alias="register")
    address: str
    units: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=UNITS_MAX)]

    @field_validator("address")
    @classmethod
    def _address_has_port(cls, address: str) -> str:
        host, _, port = address.partition(":")
        IPv4Address(host)
        if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
            raise ValueError("an address is written as IP:PORT, such as 192.168.1.100:8080")
        return address

    @field_validator("units")
    @classmethod
    def _units_are_patterns(cls, units: tuple[str, ...]) -> tuple[str, ...]:
        for unit in units:
            if not _UNITS.fullmatch(unit):
                raise ValueError(f"{unit!r} is neither a unit's id nor the beginning of some with a * after it")
        return units


class Units:
    """One register, as far as its units of one kind are ours."""

    kind: ClassVar[str]
    Settings: ClassVar[type[Settings]] = RegisterSettings
    sees: ClassVar[frozenset[str]] = frozenset()
    settle_s: ClassVar[float] = 0.0
    unit_kind: ClassVar[str]

    def __init__(self, settings: RegisterSettings, zone: ZoneInfo) -> None:
        self._zone = zone
        self._register = Register(settings.name, settings.address)
        self._patterns = settings.units
        self._exact = frozenset(one for one in settings.units if not one.endswith("*"))
        self._beginnings = tuple(one[:-1] for one in settings.units if one.endswith("*"))

    @property
    def verb_s_max(self) -> float:
        """Every attempt may use the whole time of both its verbs."""
        return ATTEMPTS_MAX * (GET_S + PUT_S)

    def resources(self) -> frozenset[str]:
        """The units that are ours, as patterns."""
        return frozenset(f"{self.unit_kind}:{pattern}" for pattern in self._patterns)

    def records(self, holder: Holder) -> Compiled:
        """One record for each unit that the holder has, from when it is allotted: it opens nothing before its day."""
        return compiled(
            occupancy(f"{self.unit_kind}:{unit}/{holder.id}", unit, rights, holder)
            for unit, rights in self.rights(holder, self.unit_kind).items()
        )

    @property
    def ear(self) -> None:
        """A register tells of no passages."""

    @property
    def rings(self) -> None:
        """A register tells of no passages."""

    def fixtures(self, conditions: Conditions) -> Compiled:  # noqa: ARG002 - a register is set to nothing
        """A register has no settings of ours."""
        return Compiled({}, None)

    def shows(self, key: str) -> bool:  # noqa: ARG002 - all keys alike
        """All that a register holds can be read."""
        return True

    def needs(self, body: str) -> frozenset[str]:  # noqa: ARG002 - all bodies alike
        """A unit without its lock's card opens nothing, and a card alone is refused."""
        return frozenset()

    def rank(self, key: str) -> int:  # noqa: ARG002 - all keys alike
        """Whatever is strange goes as one is let out."""
        return RANK_OCCUPANCY

    def bears(self, key: str) -> bool:  # noqa: ARG002 - all keys alike
        """The register itself keeps the order of occupant and cards."""
        return False

    async def set_clock(self, at: datetime) -> None:
        """A register shows no clock."""

    def rights(self, holder: Holder, kind: str) -> dict[str, list[Right]]:
        """The holder's rights on units that are ours, by unit, without what is over."""
        found: dict[str, list[Right]] = {}
        for right in holder.rights:
            named, _, unit = right.resource.partition(":")
            if named == kind and self._ours(unit) and (right.closes is None or right.closes > holder.now):
                found.setdefault(unit, []).append(right)
        return found

    def exposed_until(self, body: str) -> datetime:
        """To have a unit opens nothing; a card opens its lock until the end of its last day."""
        told = json.loads(body)
        if "unit" in told:
            return _NEVER
        last = min(date.fromisoformat(told["to"]), _LAST_DAY)
        return datetime.combine(last + _DAY, time.min, self._zone).astimezone(UTC)

    async def probe(self) -> Fingerprint:
        """The register's id and software; its changes count."""
        about = await self._register.about()
        return Fingerprint(f"register/{about.id}/{about.software}", about.change)

    async def read(self, key: str) -> str | None:
        """What the unit of this key says of the key's holder, or of the key's card."""
        place = _place(key)
        try:
            held = await self._register.unit(place.unit)
        except NoSuchUnit:
            return None
        return dict(self._shown(held.unit)).get(key)

    async def read_all(self) -> AsyncIterator[tuple[str, str]]:
        """Who has which of our units, and the cards of their locks."""
        async for held in self._register.units():
            if held.unit.kind == self.unit_kind and self._ours(held.unit.id):
                for shown in self._shown(held.unit):
                    yield shown

    async def write(self, record: Record) -> Outcome:
        """Let the holder in, or put the card into the lock; what is in the way is waited for."""
        place, told = _place(record.key), json.loads(record.body)
        first = date.fromisoformat(told["from"])
        last = None if told["to"] is None else date.fromisoformat(told["to"])
        if place.card is None:
            return await self._change(place.unit, lambda unit: _moved_in(unit, Occupant(place.ref, first, last)))
        if last is None:
            return Refused(REFUSED_CONTENT)
        card = LockCard(place.card, told["ref"], first, last)
        return await self._change(place.unit, lambda unit: _with_card(unit, card))

    async def erase(self, key: str) -> Outcome:
        """Let the holder out, if it is this one who is there, or take the card out of the lock."""
        place = _place(key)
        outcome = await self._change(place.unit, lambda unit: (_without(unit, place), Done()))
        return Done() if outcome == Refused(REFUSED_UNKNOWN) else outcome

    async def act(self, act: Act) -> Outcome:  # noqa: ARG002 - none is known
        """A register does nothing by itself."""
        return Refused(ACT_UNKNOWN)

    async def passages(self, after: Mark, most: int) -> AsyncIterator[Reported]:  # noqa: ARG002 - there are none
        """None: a register sees nobody pass."""
        for none in ():
            yield none

    def hears(self, told: object) -> Heard | None:  # noqa: ARG002 - it does not speak
        """Nothing."""
        return None

    async def close(self) -> None:
        """Hang up."""
        await self._register.close()

    async def _change(self, unit: str, edit: Callable[[Unit], tuple[Unit, Outcome]]) -> Outcome:
        """Read a unit, and put what `edit` makes of it; its outcome holds once that is there."""
        for _ in range(ATTEMPTS_MAX):
            try:
                held = await self._register.unit(unit)
                wanted, outcome = edit(held.unit)
                await self._register.put(wanted, held.etag)
                return outcome
            except Stale:
                continue
            except Conflict as conflict:
                return _IN_THE_WAY.get(conflict.what, Later(RETRY_S, OCCUPIED))
            except NoSuchUnit:
                return Refused(REFUSED_UNKNOWN)
            except Malformed:
                return Refused(REFUSED_CONTENT)
            except WireError as error:
                return later(error)
        return Later(RETRY_S, CHANGING)

    def _ours(self, unit: str) -> bool:
        return unit in self._exact or unit.startswith(self._beginnings)

    def _shown(self, unit: Unit) -> Iterable[tuple[str, str]]:
        if unit.occupant is not None:
            told = unit.occupant
            yield f"{self.unit_kind}:{unit.id}/{told.ref}", _occupancy_body(unit.id, told.opens, told.closes)
        for card in unit.cards:
            yield f"lock:{unit.id}/{card.number}", lock_body(card.ref, card.opens, card.closes)


def compiled(made: Iterable[tuple[Record | None, datetime | None]]) -> Compiled:
    """Records, each with the instant at which it may have to say something else, as one answer."""
    records: dict[str, Record] = {}
    again: list[datetime] = []
    for record, look_again in made:
        if record is not None:
            records[record.key] = record
        if look_again is not None:
            again.append(look_again)
    return Compiled(records, min(again, default=None))


@dataclass(frozen=True, slots=True)
class Span:
    """A time without a gap in which at least one of some grants holds. `changes` is the first end among them."""

    opens: datetime
    closes: datetime
    changes: datetime | None
    grants: tuple[str, ...]


def span_of(windows: Iterable[tuple[datetime, datetime | None, str]], now: datetime) -> Span | None:
    """What the present belongs to, else what comes first, of windows (opens, closes, grant)."""
    span: tuple[datetime, datetime] | None = None
    within: list[tuple[datetime, str]] = []
    for opens, told, grant in sorted(windows, key=lambda window: window[0]):
        closes = told or _ALWAYS
        if closes <= now or closes <= opens:
            continue
        if span is None:
            span = (opens, closes)
        elif opens <= span[1]:
            span = (span[0], max(span[1], closes))
        else:
            break
        within.append((closes, grant))
    if span is None:
        return None
    changes = min(closes for closes, _ in within)
    return Span(*span, None if changes == _ALWAYS else changes, tuple(sorted({grant for _, grant in within})))


def occupancy(key: str, unit: str, rights: Iterable[Right], holder: Holder) -> tuple[Record | None, datetime | None]:
    """The record that says from which day to which a unit is the holder's."""
    span = span_of(((right.opens, right.closes, right.grant) for right in rights), holder.now)
    if span is None:
        return None, None
    last = None if span.closes == _ALWAYS else (span.closes - _TICK).astimezone(holder.zone).date()
    body = _occupancy_body(unit, span.opens.astimezone(holder.zone).date(), last)
    return Record(key, body, RANK_OCCUPANCY, span.grants, span.changes), span.changes


def lock_body(ref: str, first: date, last: date) -> str:
    """What a record says of one card in a lock."""
    return canonical({"from": first.isoformat(), "ref": ref, "to": last.isoformat()})


def _occupancy_body(unit: str, first: date, last: date | None) -> str:
    return canonical({"from": first.isoformat(), "to": None if last is None else last.isoformat(), "unit": unit})


def _moved_in(unit: Unit, occupant: Occupant) -> tuple[Unit, Outcome]:
    # The register compares occupants itself: whoever else is there is in the way, not replaced.
    return replace(unit, occupant=occupant), Done()


def _with_card(unit: Unit, card: LockCard) -> tuple[Unit, Outcome]:
    others = tuple(each for each in unit.cards if each.number != card.number)
    if unit.occupant is not None and unit.occupant.ref == card.ref:
        return replace(unit, cards=(*others, card)), Done()
    # A card that somebody had under another name must not keep that one from being let out.
    return replace(unit, cards=others), Later(RETRY_S, NOT_MOVED_IN)


def _without(unit: Unit, place: _Place) -> Unit:
    if place.card is not None:
        return replace(unit, cards=tuple(card for card in unit.cards if card.number != place.card))
    if unit.occupant is not None and unit.occupant.ref == place.ref:
        return replace(unit, occupant=None)
    return unit


@dataclass(frozen=True, slots=True)
class _Place:
    """What a key speaks of: somebody in a unit, or a card in its lock."""

    unit: str
    ref: str
    card: int | None


def _place(key: str) -> _Place:
    kind, _, rest = key.partition(":")
    unit, _, named = rest.partition("/")
    if not unit or not named or kind not in ("seat", "flat", "lock"):
        raise ValueError(f"{key!r} is no key of a register")
    return _Place(unit, named, int(named) if kind == "lock" else None)
