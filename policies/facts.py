"""What rules may know of a stay, and nothing else: no name, no number of a person ever comes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Facts:
    """One stay as rules see it. `departure` is the last day in post, inclusive; None while no end is known."""

    stay: str
    department: str
    departments: tuple[str, ...]
    post: str
    kind: str
    area: str
    arrival: date
    departure: date | None

    @property
    def days(self) -> int:
        """The length of the stay in days, both ends counted; 0 if it ends before it begins; -1 if it has no end."""
        if self.departure is None:
            return -1
        return max(0, (self.departure - self.arrival).days + 1)
