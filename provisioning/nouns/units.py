"""Seats and flats in people's hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AllotmentState(StrEnum):
    """How an allotment stands: who asks waits until there is a unit; a flat is offered before it is held; a seat is held
    at once. One that was waived has ended, and nothing is given for the same ask until an operator asks anew."""

    QUEUED = "queued"
    OFFERED = "offered"
    HELD = "held"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Allotment:
    """The one unit (this seat, this flat) that answers a grant which asks for one.

    `ask` is the resource that the grant names, such as `seat:near-department`; `unit` the id of the unit, so that
    `f"{kind}:{unit}"` is the resource which a register serves; None while queued. `lapses` counts the
    offers that they let pass since they last held one; it orders the queue, the fewest first, then `points`, the most first,
    then `asked`, the instant of asking. `held` is since when it is held; `offered_until` bounds an offer.
    """

    id: str
    kind: str
    unit: str | None
    person: str
    stay: str
    ask: str
    state: AllotmentState
    points: int
    asked: datetime
    by: str
    at: datetime
    offered_until: datetime | None = None
    held: datetime | None = None
    ended: datetime | None = None
    ended_by: str | None = None
    lapses: int = 0


@dataclass(frozen=True, slots=True)
class Closure:
    """A unit that nobody may be given, and why."""

    id: str
    kind: str
    unit: str
    reason: str
    by: str
    at: datetime
    ended: datetime | None = None
