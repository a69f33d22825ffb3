"""Passages: what devices report of their doors, and who is inside by what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Passage(NamedTuple):
    """One report of one device. `number` is its index there, in the `incarnation` of its memory; `kind` is the value of a
    `PassageKind`; `key` is the door as the device calls it, `door` as the campus file does, None where it has none.

    `person` held the card at that time. `at` is when it happened by the device's clock; where that shows no time, or one
    that is still to come, when it was `heard`. A tuple with names, for a burst brings thousands.
    """

    target: str
    incarnation: int
    number: int
    kind: str
    key: str
    door: str | None
    granted: bool
    reason: str
    card: int | None
    person: str | None
    inside: bool | None
    at: datetime
    heard: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A passage as it is shown: with its row, and the staff number of whoever held the card."""

    id: int
    passage: Passage
    no: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which passages are asked for: those at [since, until), newest first, from behind `after` on (`at` and row)."""

    person: str | None = None
    door: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    denied: bool = False
    after: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody let in or out at a door."""

    person: str
    door: str
    inside: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is inside: through which door they came last, and when."""

    no: str
    door: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Muster:
    """Who is inside, by what doors told since `since`. At `blind` doors people were let in, and nobody was seen leaving:
    whoever left there still counts as inside. `silent` targets cannot be reached, so what happened there may be missing.
    """

    at: datetime
    since: datetime
    people: tuple[Present, ...]
    blind: tuple[str, ...]
    silent: tuple[str, ...]
