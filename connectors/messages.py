"""What a gateway far away and the hub say to each other over HTTPS: the work of `connectors.desk`, as strict messages.

A gateway asks and the hub answers; nothing else of the hub is known at the edge. What comes from a gateway is bounded and
checked here; a field that a gateway does not know in an answer is passed over, so that the hub may be newer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from connectors.contract import Act, Fingerprint, Mark, Outcome
from connectors.desk import Found, Passed, Report, Watch, Watched

ENROL, CHANGES, LIST, REPORT, INTRODUCE = (
    "/edge/enrol",
    "/edge/changes",
    "/edge/list",
    "/edge/report",
    "/edge/introduce",
)
READING, MISSING, REACH, HANDED = "/edge/reading", "/edge/missing", "/edge/reach", "/edge/handed"
ACTS, ACT_BEGUN, ACTED = "/edge/acts", "/edge/act-begun", "/edge/acted"
WATCH, PASSED, OVERHEARD, DEAF = "/edge/watch", "/edge/passed", "/edge/overheard", "/edge/deaf"
"""All by POST, save `CHANGES`: server-sent events, of which each says no more by its name than: list again ("changed"), or:
list again without delay ("urgent")."""

CLOCK_OFF_S_MAX = 60
"""Every call but `ENROL` bears `Authorization: Bearer TOKEN` (`connectors.tokens`). So far may a gateway's clock be off."""

CHANGED, URGENT = "changed", "urgent"
KEEP_ALIVE_S = 15.0
"""After so long without an event the hub sends a comment, so that a dead line is found."""

TARGETS_MAX = 1_000
TASKS_MAX = 1_000
REPORTS_MAX = 1_000
FOUND_MAX = 100_000
AWAY_MAX = 127
"""As many readers as a line can have."""
PASSED_MAX = 20_000
BYTES_MAX = 12 * 1024 * 1024
"""How much one message may hold, so that the hub need not take in without end."""
TEXT_MAX = 4_096
BODY_MAX = 65_536
"""How long a sentence and how long a record's body may be, in characters."""
ID_MAX = 128
WHOLE = 2**63
"""No whole number is as large: databases keep 64 bits."""

# Codes of the problems (RFC 9457) that a gateway meets; the sentence is in `detail`.
BAD_CODE, CODE_USED, CODE_OVER = "bad-code", "code-used", "code-over"
UNSIGNED, UNKNOWN, REVOKED, CLOCK_OFF = "unsigned", "gateway-unknown", "gateway-revoked", "gateway-clock-off"
NOT_YOURS = "not-yours"

_T = TypeVar("_T")


def _sane(told: _T) -> _T:
    """What the types alone do not hold: instants have a zone, numbers and texts an end. Raises `ValueError`."""
    _check(told)
    return told


def _check(value: object) -> None:
    if isinstance(value, str):
        if len(value) > BODY_MAX or "\x00" in value:
            raise ValueError(f"a text has at most {BODY_MAX} characters, and none of them is NUL")
    elif isinstance(value, int | float):
        if not -WHOLE < value < WHOLE:
            raise ValueError("a number is too large")
    elif isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError("an instant must have a zone")
    elif value is not None:
        for each in value if isinstance(value, tuple) else _values(value):
            _check(each)


def _values(value: object) -> Iterator[object]:
    return (getattr(value, name) for name in _fields(type(value)))


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields; none of any other kind."""
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()


Sane = AfterValidator(_sane)
Id = Annotated[str, Field(min_length=1, max_length=ID_MAX), Sane]
Text = Annotated[str, Field(max_length=TEXT_MAX), Sane]
Count = Annotated[int, Field(ge=0, lt=WHOLE)]


class Asking(BaseModel):
    """What a gateway says. Nothing else may be in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """What the hub answers."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class Enrolment(Asking):
    """A gateway's first word: the one-time code as it was shown, and the key that it made (32 bytes, base64url without
    padding). The same again, with the same key, is answered as before: an answer may be lost."""

    code: Annotated[str, Field(min_length=1, max_length=256)]
    public_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
    software: Annotated[str, Field(max_length=64), Sane]


class Enrolled(Answer):
    """Who the gateway is from now on, at which hub, and how long it may go on without it, in seconds."""

    gateway: str
    hub: str
    term_s: float


class Upto(Asking):
    """Up to where a gateway has a target's records, and which state of the target itself (`stamp`; 0: none): handed back as
    it was told, and understood by the hub alone."""

    seq: Count
    key: Text
    fresh: bool
    stamp: Count = 0


class Asked(Asking):
    """What a gateway knows already: `era` as the hub told it (0: none), and up to where it has each target's records. It
    answers with at most so many tasks."""

    era: Count
    have: Annotated[dict[Id, Upto], Field(max_length=TARGETS_MAX)]
    most: Annotated[int, Field(ge=1, le=TASKS_MAX)]


class TargetTold(Answer):
    """A target of this gateway. `upto` is what to say as `have` from now on. `epoch` names this assignment, and stands in
    every message about the target. `term_until` is renewed by each list; who is `leaving` is to be let go: end what is in
    hand, hand in what is owed, and say `HANDED`. `listen`: where it tells of passages by itself, at this gateway's machine;
    where that changes, `WATCH` is to be asked anew."""

    id: str
    kind: str
    settings: Mapping[str, Any]
    upto: Upto
    epoch: int
    term_until: AwareDatetime
    fingerprint: Fingerprint | None
    read_due: bool
    leaving: bool
    zone: str
    listen: str | None = None


class TaskTold(Answer):
    """One record of a target: work where it is `dirty`, and else news that it is none any more. Those that `waits` may not
    go out while the era is `unsettled`. The rest is as in `connectors.desk.Task`; `due` is by the hub's clock."""

    target: str
    key: str
    revision: int
    body: str | None
    rank: int
    grants: tuple[str, ...]
    urgent: bool
    first: bool
    due: AwareDatetime | None
    dirty: bool
    waits: bool


class Listed(Answer):
    """The targets of the gateway, save those of which it has all already, and what is new of their records, oldest news
    first. `pin_key` (hex) is by what a line's PINs are compared, None where it has no line. Where `more`, ask again at
    once; where not `acts`, nothing waits to be done at most once.
    Where `era` is not the one asked with, what is kept of work is to be forgotten: this answer begins anew. `gone` are
    targets of `have` that are another's by now: let go of them and of all that is kept for them."""

    hub: str
    era: int
    now: AwareDatetime
    unsettled: bool
    targets: tuple[TargetTold, ...]
    tasks: tuple[TaskTold, ...]
    gone: tuple[str, ...]
    more: bool
    pin_key: str | None = None
    acts: bool = True


class About(Asking):
    """Something about one target, under the assignment of this epoch."""

    target: Id
    epoch: Count


class Outcomes(About):
    """How tasks of one target went."""

    reports: Annotated[tuple[Annotated[Report, Sane], ...], Field(max_length=REPORTS_MAX)]


class Reporting(Asking):
    """Outcomes, by target. The same again changes nothing: each names its revision."""

    outcomes: Annotated[tuple[Outcomes, ...], Field(max_length=TARGETS_MAX)]


class RefusedTargets(Answer):
    """Those of which nothing was taken, since they are another's by now."""

    refused: tuple[str, ...]


class Introducing(About):
    """Who answers there."""

    fingerprint: Annotated[Fingerprint, Sane]


class Introduced(Answer):
    """Whether that is a new incarnation: all that was held there is forgotten, and listed anew."""

    anew: bool


class Reading(About):
    """What a full reading begun at `started` found. Also what is asked for `MISSING`."""

    started: AwareDatetime
    found: Annotated[tuple[Annotated[Found, Sane], ...], Field(max_length=FOUND_MAX)]


class Read(Answer):
    """How many drifts that showed."""

    drifts: int


class MissingKeys(Answer):
    """The keys that it would show to be missing."""

    keys: tuple[str, ...]


class Reach(About):
    """How a visit ended: why the target could not be reached, or which fault stopped the work; neither: it is well. `found`
    says instead how far a full reading has come that goes on; `away` which keys were proved and do not work now."""

    unreachable: Text | None = None
    parked: Text | None = None
    found: Count | None = None
    away: Annotated[tuple[Id, ...], Field(max_length=AWAY_MAX)] = ()


class Ours(Asking):
    """Some targets of the gateway, each with its epoch."""

    targets: Annotated[dict[Id, Count], Field(max_length=TARGETS_MAX)]


class ActTold(Answer):
    """What is to be done at most once at a target."""

    target: str
    act: Act


class ActsTold(Answer):
    """All that waits to be done."""

    acts: tuple[ActTold, ...]


class Beginning(About):
    """An act is about to leave."""

    act: Id


class Go(Answer):
    """Whether it may."""

    go: bool


class Acted(Asking):
    """What came of an act that was begun."""

    act: Id
    outcome: Annotated[Outcome, Sane]


class Watching(Asking):
    """Which version of the watch is known; None: none."""

    since: Text | None = None


class WatchedTold(Answer):
    """A target whose passages are to be followed, from the newest that the hub has taken in; `listen`: where they are
    heard."""

    target: str
    kind: str
    settings: Mapping[str, Any]
    mark: Mark
    listen: str | None = None


class WatchTold(Answer):
    """Whose passages to follow, of those that are the gateway's; no `version` where that is as it was."""

    version: str | None
    zone: str = "UTC"
    targets: tuple[WatchedTold, ...] = ()


class PassedBy(Asking):
    """What targets of this gateway reported."""

    told: Annotated[tuple[Annotated[Passed, Sane], ...], Field(max_length=TARGETS_MAX)]


class Marks(Answer):
    """For each the newest that the hub has now; None where it is not this gateway's."""

    marks: tuple[Mark | None, ...]


class Overheard(Asking):
    """Somebody unknown speaks as a device would."""

    address: Text
    serial: Count


class Deaf(Asking):
    """Why nothing can be heard there; None: it is heard again."""

    listen: Text
    why: Text | None


class Letting(About):
    """The gateway has let go of a target that is `leaving`."""


def watch_told(watch: Watch | None) -> WatchTold:
    """A watch, as it is told."""
    if watch is None:
        return WatchTold(version=None)
    targets = (
        WatchedTold(target=each.target, kind=each.kind, settings=each.settings, mark=each.mark, listen=each.listen)
        for each in watch.targets
    )
    return WatchTold(version=watch.version, zone=watch.zone.key, targets=tuple(targets))


def watch_of(told: WatchTold) -> Watch | None:
    """The watch that was told. Raises `ZoneInfoNotFoundError` where this machine knows nothing of its zone."""
    if told.version is None:
        return None
    targets = tuple(Watched(each.target, each.kind, each.settings, each.mark, each.listen) for each in told.targets)
    return Watch(told.version, ZoneInfo(told.zone), targets)


def secret_of(code: str) -> str:
    """The part of an enrolment code that is secret."""
    return code.strip().partition(".")[0]


def fingerprint_of(code: str) -> str | None:
    """The SHA-256 of the hub's certificate (DER), in hex, that an enrolment code names; None where it names none."""
    return code.strip().partition(".")[2].lower() or None
