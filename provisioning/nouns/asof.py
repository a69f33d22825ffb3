"""What held at some instant, by what was believed then and by what is known since, and whether the devices agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Moment:
    """Two times: `at`, when it was to hold, and `known`, up to when what the hub was told counts."""

    at: datetime
    known: datetime


class DeviceSaid(StrEnum):
    """What a device had last said of somebody's record by an instant."""

    HELD = "held"
    GONE = "gone"
    DIFFERED = "differed"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The last word of one target on one record, by an instant: the event that bears it, and when."""

    target: str
    key: str
    said: DeviceSaid
    at: datetime
    event: int


@dataclass(frozen=True, slots=True)
class Held:
    """A right of somebody at a moment. `believed`: the hub took it to hold, at that instant. `holds`: it did hold, by what
    was known later. `unit` is the seat or flat that answers a right which asks for one."""

    no: str
    person: str
    grant: str
    resource: str
    unit: str | None
    rule: str
    version: int
    clause: str
    opens: datetime
    closes: datetime | None
    recorded: datetime
    ended: datetime | None
    ended_by: str | None
    believed: bool
    holds: bool
    devices: tuple[Agreement, ...] = ()
