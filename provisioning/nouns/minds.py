"""Changes of mind that wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.contract import Json


class HoldKind(StrEnum):
    """What kind of change waits."""

    BATCH = "batch"
    NOTICES = "notices"
    RULES = "rules"
    CAMPUS = "campus"


class HoldState(StrEnum):
    """What became of it."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Hold:
    """A change of mind that waits for a second person. `more` and `less` are the people who would gain and lose by it;
    `plan` is what was shown of it, `digest` that plan's, and `payload` the text to be put in force, where it is one."""

    id: str
    kind: HoldKind
    name: str
    proposed_by: str
    at: datetime
    more: int
    less: int
    plan: Mapping[str, Json]
    digest: str
    payload: str | None
    batch: str | None
    state: HoldState
    decided_by: str | None = None
    decided: datetime | None = None
    reason: str | None = None
