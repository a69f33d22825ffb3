"""A hub in memory that keeps the desk's law, so that a gateway can be tried without a database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.contract import Act, Done, Fingerprint, Json, Later, Outcome, Record, Refused
from connectors.desk import Claim, Found, LeaseLost, Report, Task
from devices.clock import SystemClock


@dataclass
class Row:
    """One record of a target, as the hub would keep it."""

    wanted: str | None
    revision: int = 1
    contents: set[str | None] = field(default_factory=set)
    urgent: bool = False
    dirty: bool = True
    due: float = 0.0
    held: str | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass
class Target:
    """One target of the paper desk."""

    kind: str
    settings: Mapping[str, Json]
    rows: dict[str, Row] = field(default_factory=dict)
    epoch: int = 0
    until: float = 0.0
    due: float = 0.0
    reconcile: bool = False
    fingerprint: Fingerprint | None = None
    acts: list[Act] = field(default_factory=list)


class PaperDesk:
    """A hub in memory that keeps the desk's law: leases, epochs, revisions, urgent first, back-off."""

    def __init__(self, lease_s: float = 10.0, backoff_s: float = 0.2) -> None:
        self.targets: dict[str, Target] = {}
        self.receipts: list[tuple[str, Report]] = []
        self.stale: list[Report] = []
        self.acts_begun: list[str] = []
        self.acted_as: dict[str, Outcome] = {}
        self.parked: list[str] = []
        self.unreachable: list[str] = []
        self.calls: Counter[str] = Counter()
        self.before_report: Callable[[], None] | None = None
        self.report_gate: asyncio.Event | None = None
        self.lease_s = lease_s
        self.slow_s = 0.0
        self._backoff_s = backoff_s
        self._clock = SystemClock()
        self._stir = asyncio.Event()
        self._hastened: set[str] = set()

    def add(self, name: str, kind: str, settings: Mapping[str, Json]) -> None:
        self.targets[name] = Target(kind, settings)

    def want(self, target: str, record: Record | str, *, urgent: bool = False) -> None:
        """Want a record, or (given a key) its absence."""
        key, body = (record, None) if isinstance(record, str) else (record.key, record.body)
        rows = self.targets[target].rows
        row = rows.get(key)
        if row is None:
            row = rows[key] = Row(body)
        else:
            row.wanted, row.revision, row.dirty, row.due = body, row.revision + 1, True, 0.0
        row.urgent = urgent
        row.contents.add(body)
        if urgent:
            self.targets[target].due = 0.0
            self._hastened.add(target)
        self._stir.set()

    def order(self, target: str, act: Act) -> None:
        """Have an act done."""
        self.targets[target].acts.append(act)
        self.targets[target].due = 0.0
        self._hastened.add(target)
        self._stir.set()

    def ask_reading(self, target: str) -> None:
        self.targets[target].reconcile = True
        self._stir.set()

    def settled(self) -> bool:
        return not any(row.dirty for target in self.targets.values() for row in target.rows.values())

    async def claim(self, limit: int, *, urgent_only: bool, tasks_max: int = 0) -> Sequence[Claim]:
        self.calls["claim"] += 1
        now = self._clock.monotonic()
        claims: list[Claim] = []
        for name, target in self.targets.items():
            work = target.acts or self._due(target, urgent_only=urgent_only) or (target.reconcile and not urgent_only)
            if len(claims) < limit and target.until <= now and target.due <= now and work:
                target.epoch += 1
                target.until = now + self.lease_s
                claims.append(Claim(
                    name, target.kind, target.settings, target.epoch, self.lease_s, target.reconcile,
                    target.fingerprint, urgent_only, tuple(self._tasks(name, tasks_max, urgent_only=urgent_only)),
                    tuple(target.acts),
                ))  # fmt: skip
        return claims

    async def differences(self, claim: Claim, limit: int, *, urgent_only: bool = False) -> Sequence[Task]:
        await asyncio.sleep(self.slow_s)
        self._renewed(claim)
        return self._tasks(claim.target, limit, urgent_only=urgent_only)

    def _tasks(self, name: str, limit: int, *, urgent_only: bool) -> list[Task]:
        self._hastened.discard(name)
        due = self._due(self.targets[name], urgent_only=urgent_only)
        due.sort(key=lambda item: (not item[1].urgent, item[1].wanted is not None))
        return [
            Task(key, row.revision, row.wanted, 1, ("g1",), row.urgent, first=row.contents == {row.wanted})
            for key, row in due[:limit]
        ]

    async def report(
        self, claim: Claim, reports: Sequence[Report], then: int, *, urgent_only: bool = False, leave: bool = False
    ) -> Sequence[Task] | None:
        if self.before_report is not None:
            self.before_report()
        if self.report_gate is not None:
            await self.report_gate.wait()
        target = self._renewed(claim)
        for report in reports:
            self._note(claim.target, target.rows[report.key], report)
        tasks = await self.differences(claim, then, urgent_only=urgent_only) if then else ()
        if leave and not tasks:
            await self.release(claim)
            return None
        return tasks

    def _note(self, name: str, row: Row, report: Report) -> None:
        if report.seen:
            row.held = report.held
        if report.revision != row.revision:
            self.stale.append(report)
            return
        match report.outcome:
            case Done():
                row.dirty = False
                self.receipts.append((name, report))
            case Later(after_s=after_s, reason=reason, unreachable=unreachable):
                if unreachable:
                    return
                row.due = self._clock.monotonic() + after_s
                row.reasons.append(reason)
            case Refused(reason=reason):
                row.dirty = False
                row.reasons.append(reason)

    async def acts(self, claim: Claim) -> Sequence[Act]:
        return tuple(self._renewed(claim).acts)

    async def act_begun(self, claim: Claim, act: str) -> bool:
        target = self._renewed(claim)
        found = [one for one in target.acts if one.id == act]
        target.acts = [one for one in target.acts if one.id != act]
        if not found or found[0].until <= self._clock.now():
            return False
        self.acts_begun.append(act)
        return True

    async def acted(self, act: str, outcome: Outcome) -> None:
        self.acted_as[act] = outcome

    def hastened(self, target: str) -> bool:
        return target in self._hastened

    async def introduce(self, claim: Claim, fingerprint: Fingerprint) -> bool:
        self.calls["introduce"] += 1
        target = self._renewed(claim)
        fresh = target.fingerprint is not None and not fingerprint.continues(target.fingerprint)
        target.fingerprint = fingerprint
        if fresh:
            for row in target.rows.values():
                row.dirty = True
        return fresh

    async def read_on(self, claim: Claim, found: int) -> None:
        self.calls["read_on"] += 1
        self._renewed(claim)

    async def missing(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> Sequence[str]:
        target, there = self._renewed(claim), {one.key for one in found}
        return [key for key, row in target.rows.items() if row.wanted and not row.dirty and key not in there]

    async def reconciled(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> int:
        target = self._renewed(claim)
        target.reconcile = False
        there = {one.key: one.body for one in found}
        drifts = 0
        for key in there.keys() | target.rows.keys():
            row = target.rows.setdefault(key, Row(None, dirty=False, contents={None, "foreign"}))
            if there.get(key) != row.wanted and not row.dirty:
                row.dirty, row.due = True, 0.0
                drifts += 1
        return drifts

    async def release(self, claim: Claim, *, unreachable: str | None = None, parked: str | None = None) -> None:
        target = self._renewed(claim)
        target.until = 0.0
        if unreachable is not None:
            self.unreachable.append(unreachable)
            target.due = self._clock.monotonic() + self._backoff_s
        if parked is not None:
            self.parked.append(parked)
            target.due = self._clock.monotonic() + 3600
        self._stir.set()

    async def away(self, target: str, keys: Sequence[str]) -> None:
        for key in keys:
            row = self.targets[target].rows[key]
            row.dirty, row.due = True, 0.0
        self._stir.set()

    async def back(self, target: str) -> None:
        for row in self.targets[target].rows.values():
            row.due = 0.0
        self._stir.set()

    async def wait(self, timeout_s: float) -> None:
        now = self._clock.monotonic()
        dues = [
            max(row.due, target.due, target.until)
            for target in self.targets.values()
            for row in target.rows.values()
            if row.dirty
        ]
        left = min([timeout_s, *(due - now for due in dues if due > now)])
        try:
            async with asyncio.timeout(left + 0.001):
                await self._stir.wait()
        except TimeoutError:
            return
        self._stir.clear()

    def steal(self, name: str) -> None:
        """Let another worker have a target, whatever its present one does."""
        self.targets[name].epoch += 1

    def expire(self, name: str) -> None:
        """Let the present lease of a target be over."""
        self.targets[name].until = 0.0
        self._stir.set()

    def _due(self, target: Target, *, urgent_only: bool) -> list[tuple[str, Row]]:
        now = self._clock.monotonic()
        return [
            (key, row)
            for key, row in target.rows.items()
            if row.dirty and row.due <= now and (row.urgent or not urgent_only)
        ]

    def _renewed(self, claim: Claim) -> Target:
        target = self.targets[claim.target]
        if target.epoch != claim.epoch or target.until <= self._clock.monotonic():
            raise LeaseLost
        target.until = self._clock.monotonic() + self.lease_s
        return target
