"""What a connector promises. It turns the rights of a holder into the records that one target should hold, and speaks
to the device in verbs. It decides nothing, keeps nothing, and knows no hub."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from devices.wire import DeviceError, Failing, Unreachable, WireError

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
Proof = Literal["read", "acknowledged"]

RETRY_S = 5.0
SETTLING = "It reads as wanted; it is proved once no late copy of an older message can arrive any more."
"""The reason of a `Later` that only waits until no late copy of an earlier write can arrive."""
NO_ANSWER = "The device does not answer. Check its power, its cable and its address in the campus file."
GARBLED = (
    "The device answers with what its protocol does not allow. Check its serial and its address in the campus file."
)
FAILING = "The device answers that it cannot serve just now. Look at its own log; it is asked again."
SAID_NO = "The device said no without a reason. Compare its model with the campus file."


class EdgeError(Exception):
    """The edge cannot do this."""

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(" ".join(str(type(self).__doc__).split()).format(**fields))


@dataclass(frozen=True, slots=True)
class Right:
    """A grant as a connector may see it: a resource, open for [opens, closes)."""

    grant: str
    resource: str
    opens: datetime
    closes: datetime | None


@dataclass(frozen=True, slots=True)
class Card:
    """A card in its holder's hands for [opens, closes)."""

    number: int
    opens: datetime
    closes: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a target's records are for: cards and rights, never a name. No date in a record lies past `horizon`."""

    id: str
    cards: tuple[Card, ...]
    rights: tuple[Right, ...]
    now: datetime
    horizon: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Record:
    """What a target should hold under one key. `body` is canonical JSON, so that equal records are equal text.

    `rank` orders work: written ascending, erased descending. `grants` are those it stands on. `look_again` is the
    instant from which it may have to say something else.
    """

    key: str
    body: str
    rank: int
    grants: tuple[str, ...]
    look_again: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """All that a target should hold for one holder, and the earliest instant at which that answer changes by itself:
    also where there is no record at all yet. None where it never does; always later than the holder's `now`."""

    records: dict[str, Record]
    look_again: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """Carried out: the device said so. Reading it back is the gateway's."""

    proof: Proof = "read"


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: try again after so many seconds. `unreachable` tells that the whole target is out of reach."""

    after_s: float
    reason: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The device understood and will not: trying again by itself does not help."""

    reason: str


Outcome = Done | Later | Refused


def later(error: WireError | TimeoutError) -> Later:
    """What an error of the wire means for the task that met it."""
    if isinstance(error, Failing):
        return Later(RETRY_S, FAILING, unreachable=True)
    if isinstance(error, Unreachable | TimeoutError):
        return Later(RETRY_S, NO_ANSWER, unreachable=True)
    if isinstance(error, DeviceError):
        return Later(RETRY_S, SAID_NO)
    # Whoever answers nonsense may not be the device at all: the gateway asks it who it is before it goes on.
    return Later(RETRY_S, GARBLED, unreachable=True)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Who answers at a target's address. Another identity, or a counter that runs backwards, is a new incarnation."""

    identity: str
    counter: int

    def continues(self, earlier: Fingerprint) -> bool:
        """Whether this is the same device with its memory, as far as can be told."""
        return self.identity == earlier.identity and self.counter >= earlier.counter


class Settings(BaseModel, frozen=True, extra="forbid", strict=True):
    """What a target of some kind is told about itself; stored as JSON, and forms render from it."""


class Connector(Protocol):
    """One configured target. Methods that take from the wire raise only `devices.wire.WireError`."""

    kind: ClassVar[str]
    Settings: ClassVar[type[Settings]]
    sees: ClassVar[frozenset[str]]
    settle_s: ClassVar[float]

    @property
    def verb_s_max(self) -> float:
        """The longest that one read, write or erase may take, its retries included; the connector keeps to it."""
        ...

    def resources(self) -> frozenset[str]:
        """The resources that this target serves at least a part of."""
        ...

    def records(self, holder: Holder) -> Compiled:
        """What this target should hold for one holder, and when to ask again. Pure."""
        ...

    def exposed_until(self, body: str) -> datetime:
        """Until when (exclusive) the device itself would honour a record that it still holds."""
        ...

    async def probe(self) -> Fingerprint:
        """Who answers there. Raises `Unreachable` when nobody does."""
        ...

    async def read(self, key: str) -> str | None:
        """The body held under a key; None where there is none."""
        ...

    def read_all(self) -> AsyncIterator[tuple[str, str]]:
        """Every (key, body) that the device holds, in bounded requests; others' writes may come between."""
        ...

    async def write(self, record: Record) -> Outcome:
        """Put a record; already so is Done."""
        ...

    async def erase(self, key: str) -> Outcome:
        """Take a record away; already gone is Done."""
        ...

    async def close(self) -> None:
        """Leave nothing open; whoever built it calls this when nobody will ask any more."""
        ...


def canonical(value: Mapping[str, Json]) -> str:
    """The one text of a JSON object: keys sorted, no spaces, UTF-8 as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
