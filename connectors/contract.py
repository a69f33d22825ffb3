"""What a connector promises. It turns the rights of a holder into the records that one target should hold, and speaks
to the device in verbs. It decides nothing, keeps nothing, and knows no hub."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from devices.wire import DeviceError, Failing, Unreachable, WireError
from policies.calendar import Calendar, Schedule

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
ACT_UNKNOWN = "A device of this kind does nothing of that. Choose a door of a panel."
MAY_HAVE_ACTED = (
    "The device was told once and did not answer: it may have done it. Look at the door before you ask again."
)
"""The reason of a `Later` after an act that is not `unreachable`: nobody knows whether it was done."""


SCHEDULE_NUMBERS = range(2, 255)
"""Under which targets number the parts of schedules: as a panel numbers its time profiles."""


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
    """A card in its holder's hands for [opens, closes). `pin` is how their PIN is kept (`connectors/pins.py`), None where
    they have none."""

    number: int
    opens: datetime
    closes: datetime | None
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a target's records are for: cards and rights, never a name. No date in a record lies past `horizon`.
    `schedules` are the numbers under which targets keep the campus's schedules, by id. What they did up to `forgiven` says
    no more on which side of a door they are."""

    id: str
    cards: tuple[Card, ...]
    rights: tuple[Right, ...]
    now: datetime
    horizon: datetime
    zone: ZoneInfo
    schedules: Mapping[str, int] = field(default_factory=dict)
    forgiven: datetime | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What holds for a whole campus, beside anybody's rights.

    `locked` and `freed` are the zones under lockdown and released by fire; freed wins over locked, since a release never
    asks. `listener` is "IP:PORT", where the gateway hears passages; None: nowhere.
    """

    calendar: Calendar
    schedules: tuple[Schedule, ...]
    locked: frozenset[str]
    freed: frozenset[str]
    listener: str | None
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


@dataclass(frozen=True, slots=True)
class Act:
    """Something done at most once: of this kind ("open") to the thing of this key ("door:2"), not begun after `until`."""

    id: str
    kind: str
    key: str
    until: datetime


class PassageKind(StrEnum):
    """What a device reports."""

    PASSED = "passed"
    DENIED = "denied"
    FORCED = "forced"
    HELD = "held"
    CLOSED = "closed"
    BUTTON = "button"
    FIRE = "fire"
    TAMPER = "tamper"
    STARTED = "started"
    MODE = "mode"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a device reports, under the index that it gave to it. `at` is by the device's own clock, in UTC, None
    where that shows no time; `reason` is one plain word or two; `inside` whether the way led in, None: not known."""

    index: int
    kind: PassageKind
    key: str
    card: int | None
    at: datetime | None
    granted: bool
    reason: str
    inside: bool | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Reports that the device has no longer, from the first to the last index."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Anew:
    """The device lost its reports, and begins again with index 1. How many of them were lost, nobody knows."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest report that was taken in; 0: none yet. `at`, where it is known, tells it from one of the same index in a
    memory that began anew and has filled up again."""

    index: int = 0
    at: datetime | None = None


Reported = Heard | Gap | Anew


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
    """Who answers at a target's address. Another identity, or a counter that runs backwards, is a new incarnation.

    `shows` is what its own clock said, None where it has none; `off_s` is how far that was from the gateway's.
    """

    identity: str
    counter: int
    shows: datetime | None = field(default=None, compare=False)
    off_s: float | None = field(default=None, compare=False)

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

    @property
    def ear(self) -> tuple[str, int] | None:
        """The host and the serial under which it tells of passages by itself; None: it does not."""
        ...

    @property
    def rings(self) -> str | None:
        """Under which name the gateway's own bell rings when there is more of what it reports; None: nobody rings."""
        ...

    def records(self, holder: Holder) -> Compiled:
        """What this target should hold for one holder, and when to ask again. Pure."""
        ...

    def fixtures(self, conditions: Conditions) -> Compiled:
        """What it should be set to, for no holder, and when to ask again. Pure."""
        ...

    def shows(self, key: str) -> bool:
        """Whether it can be asked for what it holds under this key; what it cannot is proved as acknowledged."""
        ...

    def rank(self, key: str) -> int:
        """The rank of what nobody wanted there, as far as its key tells; up to 0 it is a setting, and no right."""
        ...

    def needs(self, body: str) -> frozenset[str]:
        """The keys without which this body would open more than it says: they are written before, and erased after it."""
        ...

    def bears(self, key: str) -> bool:
        """Whether anything may need what stands under this key."""
        ...

    def exposed_until(self, body: str) -> datetime:
        """Until when (exclusive) the device itself would honour a record that it still holds."""
        ...

    async def probe(self) -> Fingerprint:
        """Who answers there. Raises `Unreachable` when nobody does."""
        ...

    async def set_clock(self, at: datetime) -> None:
        """Put its clock; for those whose fingerprint shows one."""
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

    async def act(self, act: Act) -> Outcome:
        """Do it, at most once: never repeated by itself. `Later` says that nothing was sent where it is `unreachable`, and
        else that nobody knows whether it was done."""
        ...

    def passages(self, after: Mark, most: int) -> AsyncIterator[Reported]:
        """What it reports after a mark, up to so many, in order, in bounded requests."""
        ...

    def hears(self, told: object) -> Heard | None:
        """What it told of by itself, as its ear understood it; None where that reports nothing."""
        ...

    async def close(self) -> None:
        """Leave nothing open; whoever built it calls this when nobody will ask any more."""
        ...


def schedule_key(number: int) -> str:
    """The key under which a target keeps the part of a schedule that has this number."""
    return f"profile:{number}"


# Made once: a body, a receipt and a row of the story each pass here.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(value: Mapping[str, Json]) -> str:
    """The one text of a JSON object: keys sorted, no spaces, UTF-8 as it is."""
    return _canonical(value)
