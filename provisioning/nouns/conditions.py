"""Conditions of zones, and acts that are done at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConditionKind(StrEnum):
    """What holds for a zone. A release by fire wins over a lockdown: whoever is to get out is never asked."""

    LOCKDOWN = "lockdown"
    FIRE = "fire"


@dataclass(frozen=True, slots=True)
class Condition:
    """What holds for a zone from `since` on, until `until`, or until somebody released it. `exempt` are the groups that
    are let in all the same, each as `kind:name`; `operator` is who ordered it."""

    id: str
    kind: ConditionKind
    zone: str
    exempt: tuple[str, ...]
    operator: str
    reason: str
    since: datetime
    until: datetime | None
    released: datetime | None = None
    released_by: str | None = None


class DoorProof(StrEnum):
    """How far a door is known to stand as it should."""

    PROVED = "proved"
    EXPOSED = "exposed"


@dataclass(frozen=True, slots=True)
class DoorLine:
    """One door of a condition's zone: whether its target was read back as set, and when. `reason` is why it was not; `since`
    is from when on its target has been out of reach."""

    door: str
    target: str
    key: str
    state: DoorProof
    at: datetime | None
    receipt: int | None
    reason: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class InForce:
    """A condition, and how each of its doors stands: as ordered, or, once released, as it was before. `settled` once no door
    is exposed."""

    condition: Condition
    doors: tuple[DoorLine, ...]

    @property
    def settled(self) -> bool:
        """Whether every door is proved."""
        return all(line.state is DoorProof.PROVED for line in self.doors)


class ActState(StrEnum):
    """How far an act has come. What was begun and never reported may have been done: it is `UNKNOWN`, and never repeated."""

    WAITING = "waiting"
    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DoorAct:
    """One act upon a door, done at most once and not begun after `until`. `person` is for whom, where a swipe led to it;
    `said` is why it was refused, or is not known."""

    id: str
    target: str
    door: str
    key: str
    kind: str
    at: datetime
    until: datetime
    operator: str
    reason: str
    person: str | None
    state: ActState
    begun: datetime | None = None
    ended: datetime | None = None
    said: str | None = None
