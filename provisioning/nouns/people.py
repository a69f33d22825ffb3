"""Persons, their stays, their credentials, and the notices that tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class StayState(StrEnum):
    """Where a stay is in its life. What holds on a day follows from its dates; these say what people decided."""

    OPEN = "open"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class CardState(StrEnum):
    """Where a credential is in its life."""

    ACTIVE = "active"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Private:
    """What is sealed under the person's own key, and opened only for who may see it."""

    name: str
    id_number: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, once. `no` is the staff number (工号) by which the office calls them."""

    id: str
    no: str
    sealed: bytes
    created: datetime
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's time here. `departure` is the last day in post (inclusive); None while it is open-ended."""

    id: str
    person: str
    department: str
    post: str
    kind: str
    area: str
    arrival: date
    departure: date | None
    state: StayState
    notice: str
    created: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A card in one holder's hands for [opens, closes)."""

    id: str
    person: str
    kind: str
    number: int
    opens: datetime
    closes: datetime | None
    state: CardState
    created: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """One sheet that HR sent, and how its rows fared."""

    id: str
    name: str
    digest: str
    operator: str
    at: datetime
    taken: int
    same: int
    refused: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One message from HR about one person, taken once by id."""

    id: str
    kind: str
    batch: str | None
    line: int | None
    person: str
    stay: str | None
    at: datetime
