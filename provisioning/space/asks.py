"""What somebody is entitled to be given one of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioning.campus.file import Block, Campus, Office


class UnitKind(StrEnum):
    """What there is one each of."""

    SEAT = "seat"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Ask:
    """One unit that a stay is entitled to: `resource` says which, as in `seat:near-department` or `flat:one-room`.

    `department` and `area` are where the stay works, by their ids in the campus file; `opens` is when the right begins;
    `points` order a queue, the most first.
    """

    person: str
    stay: str
    resource: str
    department: str
    area: str
    opens: datetime
    points: int

    @property
    def kind(self) -> UnitKind:
        """What is asked for."""
        return kind_of(self.resource)

    @property
    def key(self) -> tuple[str, str]:
        """By what it is told from others: nobody is given two for one."""
        return (self.stay, self.resource)


def kind_of(resource: str) -> UnitKind:
    """The kind of unit that a resource asks for. Raises ValueError where it asks for none."""
    return UnitKind(resource.partition(":")[0])


def units_of(campus: Campus, kind: UnitKind) -> Mapping[str, Office] | Mapping[str, Block]:
    """Every unit of a kind, with its office or block, in the order of the campus file."""
    return campus.seats if kind is UnitKind.SEAT else campus.flats
