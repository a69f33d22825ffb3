"""Carrying out one chunk of work on one target: note on disk what will leave, send it, read it back, and say how it went.

The guard against late datagrams stands here, once, for every kind of target. A wire without sequence numbers may deliver
a copy of an old write after a newer one was acknowledged and read back. So where another content left under the same key
less than `settle_s` ago, the new one is carried out now, and again once that copy can no longer arrive; only what is read
back then is proof.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.contract import RETRY_S, SETTLING, Connector, Done, Later, Outcome, Record, later
from connectors.desk import Report, Task
from connectors.kept import Kept, KeptUnusable
from connectors.standing import Standing
from devices.clock import Clock
from devices.wire import WireError

SYNC_S_MAX = 1.0
"""How long the note on disk may take; a chunk that had to wait longer sends nothing and is asked for again."""

VERBS_MAX, GROUNDED_VERBS_MAX = 2, 6
"""A task writes and reads back; one that names others asks for them before and after, and may have to take away again."""

DIFFERS = "What was read back is not what was written. It is tried again; if this stays, replace the device."
GROUNDLESS = "What this record names is not on the device yet, and without it it would open more. It follows."
GROUND_LOST = (
    "What this record names is gone from the device, so it was taken away again. The device is asked who it is."
)
STILL_NAMED = (
    "Records on the device still name this, or it was not read since. It goes once a reading shows that none does."
)
NOT_KEPT = "The gateway cannot note on its own disk what it is about to send, so only what takes rights away goes out."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a chunk may be: whatever comes first. What is urgent ends a chunk early, so a chunk may be long; while
    everything is read, `look_s` is how often it is asked for. After `visit_s_max` a target is given back with what is left,
    so that one that takes its time at each record keeps no worker from others; a reading goes on for `piece_s_max` at a
    visit."""

    tasks_max: int = 64
    chunk_s_max: float = 1.0
    look_s: float = 0.1
    visit_s_max: float = 5.0
    piece_s_max: float = 2.0


@dataclass(frozen=True, slots=True)
class Chunk:
    """How a chunk went. `unreachable` ended it early; tasks without a report were not begun."""

    reports: tuple[Report, ...]
    unreachable: str | None = None


class Carrier:
    """Carries out tasks on one target."""

    def __init__(
        self,
        target: str,
        connector: Connector,
        kept: Kept,
        clock: Clock,
        bounds: Bounds,
        hastened: Callable[[], bool],
        standing: Standing,
    ) -> None:
        self._target = target
        self._standing = standing
        self._hastened = hastened
        self._connector = connector
        self._kept = kept
        self._clock = clock
        self._bounds = bounds

    async def carry_out(self, tasks: Sequence[Task], lease_end: float) -> Chunk:
        """Carry out as many as the bounds allow, in their order. Nothing is sent after `lease_end` (monotonic)."""
        verb_s = self._connector.verb_s_max
        try:
            noted_until = await self._note(tasks)
        except KeptUnusable:
            # What takes away must not wait for disk space. Its own late copies can only take away again.
            _log.exception("%s: %s", self._target, NOT_KEPT)
            refused = tuple(self._report(task, Later(RETRY_S, NOT_KEPT)) for task in tasks if task.body is not None)
            tasks, noted_until = [task for task in tasks if task.body is None], lease_end
        else:
            refused = ()
        begin_by = min(lease_end, noted_until) - verb_s
        reports: list[Report] = []
        try:
            # One timer for the whole chunk: a connector bounds its own verbs, and this catches one that does not.
            async with asyncio.timeout(max(0.0, begin_by - self._clock.monotonic()) + self._verbs_max(tasks) * verb_s):
                await self._carry_each(tasks, begin_by, reports)
        except TimeoutError as error:
            _log.exception("%s: a device call took longer than its connector promised", self._target)
            reports.append(self._report(tasks[len(reports)], later(error)))
        last = reports[-1].outcome if reports else None
        unreachable = last.reason if isinstance(last, Later) and last.unreachable else None
        return Chunk((*refused, *reports), unreachable)

    def _verbs_max(self, tasks: Sequence[Task]) -> int:
        grounded = any(task.body is not None and self._connector.needs(task.body) for task in tasks)
        return GROUNDED_VERBS_MAX if grounded else VERBS_MAX

    async def _carry_each(self, tasks: Sequence[Task], begin_by: float, reports: list[Report]) -> None:
        """Carry out one after another until time is up, the target is out of reach, or something urgent waits: to be
        begun, or, done, to be reported. Each adds its report, and there is always one."""
        end = min(begin_by, self._clock.monotonic() + self._bounds.chunk_s_max)
        for task in tasks:
            if self._clock.monotonic() > end or (reports and (self._hastened() or tasks[0].urgent > task.urgent)):
                break
            reports.append(report := await self._carry(task, begin_by))
            if isinstance(report.outcome, Later) and report.outcome.unreachable:
                break

    async def _note(self, tasks: Sequence[Task]) -> float:
        # The last task begins within the chunk's time and may go on sending, tries included, for a whole verb. The disk
        # holds that last instant, which no datagram can outlive; the memory is told of each real end.
        span_s = SYNC_S_MAX + self._bounds.chunk_s_max + self._connector.verb_s_max
        return await self._kept.note(self._target, [(task.key, task.body) for task in tasks], span_s)

    async def _carry(self, task: Task, begin_by: float) -> Report:
        ground = frozenset[str]() if task.body is None else self._connector.needs(task.body)
        if (waits := await self._unready(task, ground, begin_by)) is not None:
            return self._report(task, waits)
        # Asked before anything leaves: only a sending that begins after the settling time can be proof.
        settling = self._settling_s(task) > 0
        outcome = await self._send(task)
        if not isinstance(outcome, Done):
            return self._report(task, outcome)
        if outcome.proof == "acknowledged":
            return self._report(task, Later(self._settling_s(task), SETTLING) if settling else outcome)
        try:
            held = await self._connector.read(task.key)
            if held is not None and ground and not await self._there(ground):
                return self._report(task, await self._take_back(task, begin_by))
        except WireError as error:
            return self._report(task, later(error))
        if held != task.body:
            outcome = Later(RETRY_S, DIFFERS)
        elif settling:
            outcome = Later(self._settling_s(task), SETTLING)
        else:
            self._standing.proved(task.key, held)
        return Report(task.key, task.revision, outcome, seen=True, held=held, at=self._clock.now())

    async def _unready(self, task: Task, ground: frozenset[str], begin_by: float) -> Later | None:
        """Why a task must wait: what it names is not there, or what it takes away is still named."""
        if task.body is None:
            waits_s = self._standing.waits_s(task.key)
            return None if waits_s == 0 else Later(RETRY_S if waits_s is None else waits_s, STILL_NAMED)
        if not ground:
            return None
        try:
            there = await self._there(ground)
        except WireError as error:
            return later(error)
        return None if there and self._clock.monotonic() <= begin_by else Later(RETRY_S, GROUNDLESS)

    async def _there(self, ground: frozenset[str]) -> bool:
        for key in sorted(ground):
            if await self._connector.read(key) is None:
                return False
        return True

    async def _take_back(self, task: Task, begin_by: float) -> Later:
        """A device lost its memory between two messages: what was just written opens more than it says."""
        if self._clock.monotonic() <= begin_by:
            await self._send(Task(task.key, task.revision, None, task.rank, task.grants, task.urgent, task.first))
        return Later(RETRY_S, GROUND_LOST, unreachable=True)

    async def _send(self, task: Task) -> Outcome:
        self._kept.sending(self._target, task.key, task.body, for_s=self._connector.verb_s_max)
        self._standing.sent(task.key, task.body)
        try:
            if task.body is None:
                return await self._connector.erase(task.key)
            return await self._connector.write(Record(task.key, task.body, task.rank, task.grants))
        except WireError as error:
            return later(error)
        finally:
            self._kept.sending(self._target, task.key, task.body, for_s=0)

    def _settling_s(self, task: Task) -> float:
        return self._kept.waits_s(self._target, task.key, task.body, self._connector.settle_s, first=task.first)

    def _report(self, task: Task, outcome: Outcome) -> Report:
        return Report(task.key, task.revision, outcome, seen=False, held=None, at=self._clock.now())
