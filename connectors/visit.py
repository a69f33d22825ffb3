"""One claim on one target: probe where that is due, carry out differences, read everything where asked, give it back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from connectors.carry import Bounds, Carrier
from connectors.contract import NO_ANSWER, RETRY_S, Connector, EdgeError, Fingerprint, Json, Later
from connectors.desk import Claim, Desk, Found, Report, Task
from connectors.kept import Kept
from devices.clock import Clock
from devices.wire import ProtocolError, Unreachable, WireError

PROBE_S = 60.0
CHUNKS_MAX = 100
"""After so many chunks a target is given back and claimed anew, so that a long job does not keep others waiting."""
FOUND_MAX = 1_000_000

_T = TypeVar("_T")


class LeaseTooShort(EdgeError):
    """A lease of {lease_s} s is too short for a device that may take {needed_s} s. Lengthen the lease."""


class Contact:
    """What this gateway remembers of a target between claims."""

    def __init__(self) -> None:
        self.probed_at: float | None = None
        self._told: tuple[str, Mapping[str, Json]] | None = None
        self._connector: Connector | None = None

    async def connector_of(self, claim: Claim, build: Callable[[str, Mapping[str, Json]], Connector]) -> Connector:
        """The target's connector, built anew where its settings changed."""
        told = (claim.kind, claim.settings)
        if self._connector is None or told != self._told:
            self.probed_at = None
            await self.end()
            self._connector, self._told = build(claim.kind, claim.settings), told
        return self._connector

    async def end(self) -> None:
        """Let go of the connector."""
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()


class Lease:
    """A claim, and until when it surely holds: counted from before the call that renewed it."""

    def __init__(self, desk: Desk, claim: Claim, clock: Clock, since: float) -> None:
        self.claim = claim
        self.end = since + claim.lease_s
        self._left = False
        self._desk = desk
        self._clock = clock

    async def differences(self, limit: int, *, urgent_only: bool) -> Sequence[Task]:
        """The next tasks, in their order."""
        return await self._renewing(self._desk.differences(self.claim, limit, urgent_only=urgent_only))

    async def report(
        self, reports: Sequence[Report], then: int = 0, *, urgent_only: bool = False, leave: bool = False
    ) -> Sequence[Task]:
        """Hand in outcomes, and take the next tasks; who would `leave` has left where there are none."""
        call = self._desk.report(self.claim, reports, then, urgent_only=urgent_only, leave=leave)
        tasks = await self._renewing(call)
        self._left = tasks is None
        return tasks or ()

    def hastened(self) -> bool:
        """Whether something urgent waits."""
        return self._desk.hastened(self.claim.target)

    def half_over(self) -> bool:
        """Whether it is time to renew."""
        return self._clock.monotonic() > self.end - self.claim.lease_s / 2

    async def introduce(self, fingerprint: Fingerprint) -> None:
        """Say who answered."""
        await self._renewing(self._desk.introduce(self.claim, fingerprint))

    async def reconciled(self, found: Sequence[Found], *, started: datetime) -> int:
        """Hand in a full reading; returns how many drifts it showed."""
        return await self._renewing(self._desk.reconciled(self.claim, found, started=started))

    async def release(self, *, unreachable: str | None = None, parked: str | None = None) -> None:
        """Give the target back, unless that is done."""
        if not self._left:
            await self._desk.release(self.claim, unreachable=unreachable, parked=parked)

    async def _renewing(self, call: Awaitable[_T]) -> _T:
        before = self._clock.monotonic()
        answer = await call
        self.end = before + self.claim.lease_s
        return answer


class Visit:
    """What a worker does with one claim."""

    def __init__(
        self,
        lease: Lease,
        contact: Contact,
        connector: Connector,
        kept: Kept,
        clock: Clock,
        bounds: Bounds,
        stop: asyncio.Event,
    ) -> None:
        self._lease = lease
        self._contact = contact
        self._connector = connector
        self._clock = clock
        self._bounds = bounds
        self._stop = stop
        self._carrier = Carrier(lease.claim.target, connector, kept, clock, bounds, lease.hastened)

    async def pay(self) -> None:
        """Do all that is due, and give the target back. Raises `LeaseTooShort`, `LeaseLost`, and a probe's `WireError`."""
        claim = self._lease.claim
        needed_s = self._connector.verb_s_max + self._bounds.chunk_s_max
        if claim.lease_s <= needed_s:
            raise LeaseTooShort(lease_s=claim.lease_s, needed_s=needed_s)
        probed = self._contact.probed_at
        tasks: Sequence[Task] | None = claim.tasks or None
        if probed is None or self._clock.monotonic() > probed + PROBE_S:
            await self._meet()
            tasks = None  # whoever answered may be another device, and want other things
        leave = claim.urgent_only or not claim.reconcile
        trouble = await self._drain(tasks, urgent_only=claim.urgent_only, leave=leave)
        if trouble is None and claim.reconcile and not claim.urgent_only and not self._stop.is_set():
            trouble = await self._reconcile()
        if trouble is not None:
            self._contact.probed_at = None
        await self._lease.release(unreachable=trouble)

    async def _meet(self) -> None:
        """Ask who is there, and tell the hub."""
        now = self._clock.monotonic()
        try:
            # A probe may ask more than one question, and it changes nothing: so it gets twice a verb's time.
            async with asyncio.timeout(2 * self._connector.verb_s_max):
                fingerprint = await self._connector.probe()
        except TimeoutError as error:
            raise Unreachable(NO_ANSWER) from error
        await self._lease.introduce(fingerprint)
        self._contact.probed_at = now

    async def _drain(
        self, tasks: Sequence[Task] | None = None, *, urgent_only: bool = False, leave: bool = False
    ) -> str | None:
        """Differences, chunk by chunk, from `tasks` on until none is left; taken anew each time, so that urgent ones come
        first. Who would `leave` has left after the last. Returns what keeps the target out of reach."""
        most = self._bounds.tasks_max
        if tasks is None:
            tasks = await self._lease.differences(most, urgent_only=urgent_only)
        for _ in range(CHUNKS_MAX):
            if not tasks or self._stop.is_set():
                break
            chunk = await self._carrier.carry_out(tasks, self._lease.end)
            if chunk.unreachable is not None:
                await self._lease.report(chunk.reports[:-1])
                trouble = await self._doubt(chunk.reports[-1], chunk.unreachable)
                if trouble is not None:
                    return trouble
                tasks = await self._lease.differences(most, urgent_only=urgent_only)
            else:
                tasks = await self._lease.report(chunk.reports, most, urgent_only=urgent_only, leave=leave)
        return None

    async def _doubt(self, report: Report, reason: str) -> str | None:
        """No answer to one task: is it the target, or that task alone? A target that still answers goes on with the
        others, so that no record on which a device chokes starves those behind it."""
        try:
            await self._meet()
        except WireError:
            await self._lease.report([report])
            return reason
        await self._lease.report([replace(report, outcome=Later(RETRY_S, reason))])
        return None

    async def _reconcile(self) -> str | None:
        """Read all; meanwhile keep the lease and carry out what is urgent. What drifted is work for the next claim."""
        started = self._clock.now()
        reading = asyncio.create_task(_read_all(self._connector))
        try:
            while not (await asyncio.wait({reading}, timeout=self._bounds.look_s))[0]:
                if self._stop.is_set():
                    return None
                if self._lease.hastened() or self._lease.half_over():
                    trouble = await self._drain(urgent_only=True)
                    if trouble is not None:
                        return trouble
            found = reading.result()
        finally:
            await end_tasks(reading)
        await self._lease.reconciled(found, started=started)
        return None


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return when all have ended, whatever they end with."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _read_all(connector: Connector) -> list[Found]:
    found: list[Found] = []
    async for key, body in connector.read_all():
        found.append(Found(key, body))
        if len(found) > FOUND_MAX:
            raise ProtocolError(f"it shows more than {FOUND_MAX} records")
    return found
