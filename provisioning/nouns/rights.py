"""Grants, and the wanted and held records that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Grant:
    """A right of a stay on a resource for [opens, closes), with its cause: a rule (version, clause), or an operator.

    Two times are kept. [recorded, ended) is while the hub believed in it; [valid_from, valid_to) is when it held, by
    what is known by now: a departure told too late shortens the second and leaves the first as it was.
    """

    id: str
    person: str
    stay: str
    resource: str
    opens: datetime
    closes: datetime | None
    rule: str
    version: int
    clause: str
    trace: str
    recorded: datetime
    valid_from: datetime
    valid_to: datetime | None
    ended: datetime | None = None
    ended_by: str | None = None


class WantedHeld(NamedTuple):
    """One record of one target: what is wanted under the key, and what was last read there.

    `wanted` None means that nothing should be there; `held` means something only where `known`. A tuple with names, for
    thousands of them are read in a row, and it costs a tenth of a frozen dataclass.
    """

    target: str
    key: str
    holder: str | None
    wanted: str | None
    revision: int
    rank: int
    grants: tuple[str, ...]
    urgent: bool
    dirty: bool
    changed: datetime
    known: bool
    held: str | None
    held_revision: int
    seen: datetime | None
    sent: datetime | None
    proved: datetime | None
    proof: str | None
    receipt: int | None
    refused: str | None
    reason: str | None


class RevocationKind(StrEnum):
    """Whether everything was taken from a person for good, or until security lifts it."""

    REVOKED = "revoked"
    SUSPENDED = "suspended"


class NeedState(StrEnum):
    """How far a need has come. Only `PROVED` counts as ready; `WAITING` counts as neither."""

    WAITING = "waiting"
    MISSING = "missing"
    WANTED = "wanted"
    SENT = "sent"
    PROVED = "proved"
    REFUSED = "refused"


class DriftKind(StrEnum):
    """How a target's memory differs from what was proved."""

    FOREIGN = "foreign"
    ALTERED = "altered"
    MISSING = "missing"
