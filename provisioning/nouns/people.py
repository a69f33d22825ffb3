"""Persons, their stays, their credentials, and the notices that tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from connectors.contract import Json


class StayState(StrEnum):
    """Where a stay is in its life. What holds on a day follows from its dates; these say what people decided."""

    OPEN = "open"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class NoticeKind(StrEnum):
    """What HR says has happened, or will."""

    ANNOUNCED = "announced"
    ARRIVED = "arrived"
    MOVED = "moved"
    REDATED = "date-changed"
    CANCELLED = "cancelled"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    EXTENDED = "extended"
    LEFT = "left"
    CORRECTED = "corrected"
    MERGED = "merged"


class Standing(StrEnum):
    """What became of a notice. One that waits speaks of something that no other notice has told of yet; one that is held
    waits for a second person."""

    APPLIED = "applied"
    WAITING = "waiting"
    HELD = "held"
    REFUSED = "refused"


class CardKind(StrEnum):
    """Whether a card is somebody's own; or lent, and their own rest meanwhile; or lent beside their own."""

    CARD = "card"
    LOAN = "loan"
    SPARE = "spare"


class CardState(StrEnum):
    """Where a credential is in its life. `SUSPENDED` is shown of an active one that opens nothing just now, and never kept:
    it follows from a loan, or from what security ordered."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
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
    """Somebody, once. `no` is the staff number (工号) by which the office calls them. `merged_into` is who they turned out
    to be, where somebody was kept under two numbers."""

    id: str
    no: str
    sealed: bytes
    created: datetime
    due: datetime | None = None
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What a stay's person is and where they work, from the beginning of a day."""

    day: date
    department: str
    post: str
    kind: str
    area: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Days [opens, closes) on which a stay is suspended; `closes` None until somebody resumes it."""

    opens: date
    closes: date | None


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's time here. `departure` is the last day in post (inclusive); None while it is open-ended.

    Department, post, kind and area are those on arrival; `moves` are what they become, by day. `opened_by` is the notice
    that began the stay, `notice` the last that changed it. `arrived` is the day on which HR says the person came.
    """

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
    opened_by: str
    created: datetime
    ended: datetime | None = None
    arrived: date | None = None
    moves: tuple[Move, ...] = ()
    pauses: tuple[Pause, ...] = ()

    def on(self, day: date) -> Move:
        """What the person is, and where they work, on a day; before the first, as on arrival."""
        first = Move(self.arrival, self.department, self.post, self.kind, self.area)
        return next((move for move in reversed(self.moves) if move.day <= day), first)


@dataclass(frozen=True, slots=True)
class Credential:
    """A card in one holder's hands for [opens, closes). `pin` is how the holder's PIN is kept (`connectors/pins.py`)."""

    id: str
    person: str
    kind: str
    number: int
    opens: datetime
    closes: datetime | None
    state: CardState
    created: datetime
    ended: datetime | None = None
    pin: str | None = field(default=None, repr=False)

    @property
    def has_pin(self) -> bool:
        """Whether a PIN goes with it."""
        return self.pin is not None


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
    """One message from HR about one person, taken once by id.

    `at` is when it was taken, `told` when HR said it, `sequence` its place among what its `source` says of the person,
    `day` the day from which it holds. `content` is what it says in the open, `sealed` what is personal. `reason` is a
    sentence (template, fields) that says why it has not been applied; `hold` names what it waits for, or waited for.
    """

    id: str
    kind: NoticeKind
    batch: str | None
    line: int | None
    person: str
    stay: str | None
    at: datetime
    told: datetime
    source: str | None = None
    sequence: int | None = None
    day: date | None = None
    content: Mapping[str, Json] = field(default_factory=dict)
    sealed: bytes | None = None
    standing: Standing = Standing.APPLIED
    reason: Mapping[str, Json] | None = None
    hold: str | None = None
