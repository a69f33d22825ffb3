"""What rules may know of a stay and of its unit, and nothing else: no name, no number of a person ever comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

UnitKind = Literal["seat", "flat"]
UNIT_KINDS: tuple[UnitKind, ...] = ("seat", "flat")


@dataclass(frozen=True, slots=True)
class Facts:
    """One stay as rules see it. `departure` is the last day in post, inclusive; None while no end is known.

    Somebody who moves is other facts before and after: these hold on the days [since, until), None without a bound.
    `pauses` are the days [opens, closes) on which the stay is suspended, `closes` None until somebody resumes it.
    """

    stay: str
    department: str
    departments: tuple[str, ...]
    post: str
    kind: str
    area: str
    arrival: date
    departure: date | None
    since: date | None = None
    until: date | None = None
    pauses: tuple[tuple[date, date | None], ...] = ()

    @property
    def days(self) -> int:
        """The length of the stay in days, both ends counted; 0 if it ends before it begins; -1 if it has no end."""
        if self.departure is None:
            return -1
        return max(0, (self.departure - self.arrival).days + 1)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The one seat or flat that a stay holds. `group` is its office or block; "" wherever there is none of it."""

    kind: UnitKind
    id: str
    group: str = ""
    zone: str = ""
    building: str = ""
    area: str = ""
    tier: str = ""


def asks_for_unit(resource: str) -> bool:
    """Whether whoever is granted this resource is to be given one unit: `seat:near-department`, `flat:one-room`."""
    return resource.startswith(("seat:", "flat:"))
