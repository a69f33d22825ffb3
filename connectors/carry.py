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
from devices.clock import Clock
from devices.wire import WireError

SYNC_S_MAX = 1.0
"""How long the note on disk may take; a chunk that had to wait longer sends nothing and is asked for again."""

DIFFERS = "What was read back is not what was written. It is tried again; if this stays, replace the device."
NOT_KEPT = "The gateway cannot note on its own disk what it is about to send, so only what takes rights away goes out."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a chunk may be: whatever comes first. What is urgent ends a chunk early, so a chunk may be long; while
    everything is read, `look_s` is how often it is asked for."""

    tasks_max: int = 64
    chunk_s_max: float = 1.0
    look_s: float = 0.1


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
    ) -> None:
        self._target = target
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
            async with asyncio.timeout(max(0.0, begin_by - self._clock.monotonic()) + 2 * verb_s):
                await self._carry_each(tasks, begin_by, reports)
        except TimeoutError as error:
            _log.exception("%s: a device call took longer than its connector promised", self._target)
            reports.append(self._report(tasks[len(reports)], later(error)))
        last = reports[-1].outcome if reports else None
        unreachable = last.reason if isinstance(last, Later) and last.unreachable else None
        return Chunk((*refused, *reports), unreachable)

    async def _carry_each(self, tasks: Sequence[Task], begin_by: float, reports: list[Report]) -> None:
        """Carry out one after another until time is up, the target is out of reach, or something urgent waits: to be
        begun, or, done, to be reported. Each adds its report, and there is always one."""
        end = min(begin_by, self._clock.monotonic() + self._bounds.chunk_s_max)
        for task in tasks:
            if self._clock.monotonic() > end or (reports and (self._hastened() or tasks[0].urgent > task.urgent)):
                break
            reports.append(report := await self._carry(task))
            if isinstance(report.outcome, Later) and report.outcome.unreachable:
                break

    async def _note(self, tasks: Sequence[Task]) -> float:
        # The last task begins within the chunk's time and may go on sending, tries included, for a whole verb. The disk
        # holds that last instant, which no datagram can outlive; the memory is told of each real end.
        span_s = SYNC_S_MAX + self._bounds.chunk_s_max + self._connector.verb_s_max
        return await self._kept.note(self._target, [(task.key, task.body) for task in tasks], span_s)

    async def _carry(self, task: Task) -> Report:
        # Asked before anything leaves: only a sending that begins after the settling time can be proof.
        settling = self._settling_s(task) > 0
        outcome = await self._send(task)
        if not isinstance(outcome, Done):
            return self._report(task, outcome)
        if outcome.proof == "acknowledged":
            return self._report(task, Later(self._settling_s(task), SETTLING) if settling else outcome)
        try:
            held = await self._connector.read(task.key)
        except WireError as error:
            return self._report(task, later(error))
        if held != task.body:
            outcome = Later(RETRY_S, DIFFERS)
        elif settling:
            outcome = Later(self._settling_s(task), SETTLING)
        return Report(task.key, task.revision, outcome, seen=True, held=held, at=self._clock.now())

    async def _send(self, task: Task) -> Outcome:
        self._kept.sending(self._target, task.key, task.body, for_s=self._connector.verb_s_max)
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
