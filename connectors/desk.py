"""The hub as a gateway sees it: a desk where work is claimed and outcomes are handed in. Nothing else of the hub is known
at the edge, so the same gateway works in the hub's own process or far away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.contract import Act, Fingerprint, Json, Mark, Outcome, Reported


@dataclass(frozen=True, slots=True)
class Claim:
    """A target, held by one worker until its lease ends. `epoch` fences: a later claim makes this one void. A worker who
    claimed only what is urgent leaves the rest to others. `tasks` are the first that were due when it was claimed, `acts`
    what is to be done at most once, ahead of them. `doubtful` says that it could not be worked the last time. `handed` is
    another one each time that the target has come from another gateway; 0 where it never did."""

    target: str
    kind: str
    settings: Mapping[str, Json]
    epoch: int
    lease_s: float
    reconcile: bool
    fingerprint: Fingerprint | None
    urgent_only: bool = False
    tasks: tuple[Task, ...] = ()
    acts: tuple[Act, ...] = ()
    doubtful: bool = False
    handed: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One difference between wanted and held. `body` None means: take it away. `first` tells that no other content
    was ever wanted under this key, so no late datagram can bring one back."""

    key: str
    revision: int
    body: str | None
    rank: int
    grants: tuple[str, ...]
    urgent: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Report:
    """How one task went. `held` is what was read back after it (None: nothing there); it means something only where
    `seen` is true. A `Later` with `seen` whose `held` is as wanted says: the settling time still runs. Where `held` is
    not as wanted, that is what the target showed instead."""

    key: str
    revision: int
    outcome: Outcome
    seen: bool
    held: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a full reading found on the target, and its rank."""

    key: str
    body: str
    rank: int = 1


class LeaseLost(Exception):
    """Another worker holds this target now; what was in hand must be dropped."""


class Desk(Protocol):
    """Where a gateway works. Every call with a claim raises `LeaseLost` where that is void, else renews it."""

    async def claim(self, limit: int, *, urgent_only: bool, tasks_max: int = 0) -> Sequence[Claim]:
        """Take up to `limit` targets that have work which is due, urgent ones first, each with up to `tasks_max` of its
        tasks."""
        ...

    async def differences(self, claim: Claim, limit: int, *, urgent_only: bool = False) -> Sequence[Task]:
        """The next tasks of a claimed target, in the order in which they must be carried out."""
        ...

    async def report(
        self, claim: Claim, reports: Sequence[Report], then: int, *, urgent_only: bool = False, leave: bool = False
    ) -> Sequence[Task] | None:
        """Hand in outcomes, and take up to `then` of the tasks that are next; outcomes of an outdated revision are noted
        and clear nothing. Who would `leave` gives the target back in the same step where nothing is next: None."""
        ...

    def hastened(self, target: str) -> bool:
        """Whether something urgent has come up for a target since its tasks were last taken. Costs nothing, so it may
        be asked between any two; a hint that is lost costs the rest of a chunk."""
        ...

    async def acts(self, claim: Claim) -> Sequence[Act]:
        """What has come up meanwhile to be done at most once."""
        ...

    async def act_begun(self, claim: Claim, act: str) -> bool:
        """Say that an act leaves now, and only then send it. False where it must not be sent any more: it was begun
        before, or its time is over."""
        ...

    async def acted(self, act: str, outcome: Outcome) -> None:
        """Say what came of an act that was begun; a `Later` says that it may have been done, save where the device is out of
        reach: then nothing was sent. Needs no claim: what was done is done, whoever has the target by now."""
        ...

    async def introduce(self, claim: Claim, fingerprint: Fingerprint) -> bool:
        """Say who answered. True where it is a new incarnation: all that was held there is forgotten."""
        ...

    async def read_on(self, claim: Claim, found: int) -> None:
        """Say that a full reading has found so much, and goes on with the next claim, which comes soon."""
        ...

    async def missing(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> Sequence[str]:
        """The keys that a full reading begun at `started` would show to be missing."""
        ...

    async def reconciled(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> int:
        """Hand in a full reading begun at `started`; returns how many drifts it showed."""
        ...

    async def release(self, claim: Claim, *, unreachable: str | None = None, parked: str | None = None) -> None:
        """Give the target back; `unreachable` says why it could not be worked, and makes it wait longer each time;
        `parked` says that a fault of ours stopped the work: nothing is known of the device."""
        ...

    async def back(self, target: str) -> None:
        """Say that something at a target answers again: what waits there is due now. Needs no claim."""
        ...

    async def away(self, target: str, keys: Sequence[str]) -> None:
        """Say that what was proved under these keys does not work now, though nobody took it away: it is put there again,
        and says why that does not go. Needs no claim."""
        ...

    async def wait(self, timeout_s: float) -> None:
        """Return when there may be work, at the latest after `timeout_s`."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A target whose passages are to be followed, from the newest that the hub has taken in. `listen`: at which "IP:PORT"
    they are heard; None: nowhere."""

    target: str
    kind: str
    settings: Mapping[str, Json]
    mark: Mark
    listen: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Whose passages are to be followed. Devices' clocks show the time of `zone`. `version` names all that."""

    version: str
    zone: ZoneInfo
    targets: tuple[Watched, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """What a target reported after a mark, in order, without a hole."""

    target: str
    after: Mark
    told: tuple[Reported, ...]


class PassageDesk(Protocol):
    """Where a gateway hands in what doors report. No claim is needed: whoever comes second is told so by the mark."""

    async def watch(self, since: str | None) -> Watch | None:
        """Whose passages to follow; None where that is still what it was at the version `since`."""
        ...

    async def passed(self, told: Sequence[Passed]) -> Sequence[Mark]:
        """Hand in, in one step. For each the newest that the hub has now: where its `after` was not that, nothing of it was
        taken."""
        ...

    async def overheard(self, address: str, serial: int) -> None:
        """Say that somebody unknown speaks as a device would."""
        ...

    async def deaf(self, listen: str, why: str | None) -> None:
        """Say why nothing can be heard there; None: it is heard again."""
        ...
