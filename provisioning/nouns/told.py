"""Events of the story, alarms, and who acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from connectors.contract import Json


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an operator by name, or a part of the house such as `house:timer` or `gateway:embedded`."""

    name: str
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to write into the story. `private` is sealed under the person's key before it is hashed."""

    kind: str
    actor: str
    person: str | None = None
    target: str | None = None
    trace: str | None = None
    data: Mapping[str, Json] = field(default_factory=dict)
    private: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the story. `position` is its place in the tree; None until the sealer has given it one."""

    id: int
    at: datetime
    kind: str
    actor: str
    person: str | None
    target: str | None
    trace: str | None
    body: bytes
    leaf: bytes
    position: int | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of the tree's size and root (C2SP tlog-checkpoint); `note` is its whole text."""

    size: int
    root: bytes
    at: datetime
    note: str


class Level(IntEnum):
    """How soon somebody must look at an alarm."""

    NOTICE = 1
    WARNING = 2
    URGENT = 3


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a person must look at until acknowledged. `template` and `fields` make its sentence in any language. `told`
    counts how often it was said, each time at `level`; `due` is when it is said again, None where never."""

    id: str
    kind: str
    target: str | None
    person: str | None
    at: datetime
    template: str
    fields: Mapping[str, Json]
    acknowledged_by: str | None = None
    acknowledged: datetime | None = None
    level: Level = Level.WARNING
    told: int = 1
    due: datetime | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """Who may use the hub, by roles."""

    id: str
    name: str
    roles: frozenset[str]
    bootstrap: bool
    created: datetime
    ended: datetime | None = None
