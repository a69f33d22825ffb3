"""One claim on one target: probe where that is due, carry out differences, read everything where asked, give it back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from connectors.carry import Bounds, Carrier
from connectors.contract import NO_ANSWER, RETRY_S, Act, Connector, EdgeError, Fingerprint, Json, Later, Outcome
from connectors.desk import Claim, Desk, Found, Report, Task
from connectors.kept import Kept
from connectors.reading import Reading
from connectors.standing import Standing
from devices.clock import Clock
from devices.wire import ProtocolError, Unreachable, WireError

PROBE_S = 60.0
CHUNKS_MAX = 100
"""After so many chunks a target is given back and claimed anew, so that a long job does not keep others waiting."""
CONFIRM_MAX = 500
"""Where more than so many are missing, they are: nothing that was written meanwhile explains it."""
CLOCK_OFF_S = 2.0
CLOCK_EVERY_S = 86_400.0
HALF_SECOND_S = 0.5
ACT_BROKEN = "A fault of the gateway's own came between. It may have been done, and is not done again."

_T = TypeVar("_T")


class LeaseTooShort(EdgeError):
    """A lease of {lease_s} s is too short for a device that may take {needed_s} s. Lengthen the lease."""


class Contact:
    """What this gateway remembers of a target between claims."""

    def __init__(self) -> None:
        self.probed_at: float | None = None
        self.clock_set_at: float | None = None
        self.reading: Reading | None = None
        self._standing: Standing | None = None
        self._told: tuple[str, Mapping[str, Json]] | None = None
        self._connector: Connector | None = None

    async def connector_of(self, claim: Claim, build: Callable[[str, Mapping[str, Json]], Connector]) -> Connector:
        """The target's connector, built anew where its settings changed."""
        told = (claim.kind, claim.settings)
        if self._connector is None or told != self._told:
            self.probed_at = None
            await self.end()
            self._connector, self._told = build(claim.kind, claim.settings), told
            self._standing = self.clock_set_at = None
        return self._connector

    def standing(self, connector: Connector, clock: Clock) -> Standing:
        """What is known of what stands on what there."""
        if self._standing is None:
            self._standing = Standing(connector, clock)
        return self._standing

    async def forget_reading(self) -> None:
        """Have the next reading begin anew."""
        reading, self.reading = self.reading, None
        if reading is not None:
            await reading.end()

    async def end(self) -> None:
        """Let go of the connector."""
        await self.forget_reading()
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

    async def acts(self) -> Sequence[Act]:
        """What has come up to be done at most once."""
        return await self._renewing(self._desk.acts(self.claim))

    async def begin(self, act: Act) -> bool:
        """Say that an act leaves now; False where it must not."""
        return await self._renewing(self._desk.act_begun(self.claim, act.id))

    async def acted(self, act: Act, outcome: Outcome) -> None:
        """Say what came of an act."""
        await self._desk.acted(act.id, outcome)

    def hastened(self) -> bool:
        """Whether something urgent waits."""
        return self._desk.hastened(self.claim.target)

    def half_over(self) -> bool:
        """Whether it is time to renew."""
        return self._clock.monotonic() > self.end - self.claim.lease_s / 2

    async def introduce(self, fingerprint: Fingerprint) -> bool:
        """Say who answered; whether it is another than before."""
        return await self._renewing(self._desk.introduce(self.claim, fingerprint))

    async def read_on(self, found: int) -> None:
        """Say that a reading has come so far."""
        await self._renewing(self._desk.read_on(self.claim, found))

    async def missing(self, found: Sequence[Found], *, started: datetime) -> Sequence[str]:
        """The keys that a full reading lacked."""
        return await self._renewing(self._desk.missing(self.claim, found, started=started))

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
        self._standing = contact.standing(connector, clock)
        self._carrier = Carrier(lease.claim.target, connector, kept, clock, bounds, lease.hastened, self._standing)

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
        await self._act(claim.acts)
        leave = claim.urgent_only or not (claim.reconcile or self._standing.asked)
        trouble = await self._drain(tasks, urgent_only=claim.urgent_only, leave=leave)
        reading = claim.reconcile or self._standing.asked
        if trouble is None and reading and not claim.urgent_only and not self._stop.is_set():
            trouble = await self._reconcile()
        if trouble is not None:
            self._contact.probed_at = None
            await self._contact.forget_reading()
        await self._lease.release(unreachable=trouble)

    async def _meet(self) -> None:
        """Ask who is there, and tell the hub."""
        now = self._clock.monotonic()
        try:
            # A probe may ask more than one question, and it changes nothing: so it gets twice a verb's time.
            async with asyncio.timeout(2 * self._connector.verb_s_max):
                fingerprint = await self._keep_time(await self._connector.probe())
        except TimeoutError as error:
            raise Unreachable(NO_ANSWER) from error
        if await self._lease.introduce(fingerprint):
            await self._contact.forget_reading()
        self._contact.probed_at = now

    async def _keep_time(self, fingerprint: Fingerprint) -> Fingerprint:
        """Set a clock that is off, and each once a day; how far it was off is for the hub to judge."""
        if fingerprint.shows is None:
            return fingerprint
        # A clock that shows whole seconds is half a second behind on average.
        off_s = (fingerprint.shows - self._clock.now()).total_seconds() + HALF_SECOND_S
        now, before = self._clock.monotonic(), self._contact.clock_set_at
        if abs(off_s) > CLOCK_OFF_S or before is None or now > before + CLOCK_EVERY_S:
            await self._connector.set_clock(self._clock.now() + timedelta(seconds=HALF_SECOND_S))
            self._contact.clock_set_at = now
        return replace(fingerprint, off_s=off_s)

    async def _drain(
        self, tasks: Sequence[Task] | None = None, *, urgent_only: bool = False, leave: bool = False
    ) -> str | None:
        """Differences, chunk by chunk, from `tasks` on until none is left; taken anew each time, so that urgent ones come
        first. Who would `leave` has left after the last. Returns what keeps the target out of reach."""
        most = self._bounds.tasks_max
        over = self._clock.monotonic() + self._bounds.visit_s_max
        if tasks is None:
            await self._act_if_hastened()
            tasks = await self._lease.differences(most, urgent_only=urgent_only)
        for _ in range(CHUNKS_MAX):
            if not tasks or self._stop.is_set() or self._clock.monotonic() > over:
                break
            chunk = await self._carrier.carry_out(tasks, self._lease.end)
            if chunk.unreachable is not None:
                await self._lease.report(chunk.reports[:-1])
                trouble = await self._doubt(chunk.reports[-1], chunk.unreachable)
                if trouble is not None:
                    return trouble
                tasks = await self._lease.differences(most, urgent_only=urgent_only)
            else:
                await self._act_if_hastened()
                leaving = leave and not self._standing.asked
                tasks = await self._lease.report(chunk.reports, most, urgent_only=urgent_only, leave=leaving)
        return None

    async def _act_if_hastened(self) -> None:
        """Asked before the tasks that follow are taken, which ends the hint."""
        if self._lease.hastened():
            await self._act(await self._lease.acts())

    async def _act(self, acts: Sequence[Act]) -> None:
        """Carry out acts, each noted as begun before it leaves, and never a second time. No time-out of the verb's own is
        trusted with the door: what takes longer, or fails in a way that nobody foresaw, may have been done."""
        for act in acts:
            if self._clock.monotonic() + self._connector.verb_s_max > self._lease.end or not await self._lease.begin(
                act
            ):
                continue
            outcome: Outcome = Later(RETRY_S, ACT_BROKEN)
            try:
                async with asyncio.timeout(2 * self._connector.verb_s_max):
                    outcome = await self._connector.act(act)
            except (WireError, TimeoutError):
                pass  # whatever came between, it may have been done
            finally:
                await self._lease.acted(act, outcome)

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
        """Read on for a while; meanwhile keep the lease and carry out what is urgent. What drifted is work for the next
        claim, as is the rest of a long reading."""
        reading = self._contact.reading or Reading(self._connector, self._clock)
        self._contact.reading = None
        piece = asyncio.create_task(reading.some(self._bounds.piece_s_max))
        try:
            while not (await asyncio.wait({piece}, timeout=self._bounds.look_s))[0]:
                if self._stop.is_set():
                    return None
                if self._lease.hastened() or self._lease.half_over():
                    trouble = await self._drain(urgent_only=True)
                    if trouble is not None:
                        return trouble
            whole = piece.result()
            if whole:
                await self._confirm(reading)
                self._standing.read(reading.found, reading.began)
                await self._lease.reconciled(reading.found, started=reading.started)
            else:
                await self._lease.read_on(len(reading.found))
                self._contact.reading = reading
        finally:
            await end_tasks(piece)
            if self._contact.reading is not reading:
                await reading.end()
        return None

    async def _confirm(self, reading: Reading) -> None:
        """What was written between two pieces may have taken the place of something, and what is not where it is looked for
        is not missing yet: so it is asked for by its key."""
        missing = await self._lease.missing(reading.found, started=reading.started) if reading.pieces > 1 else ()
        if reading.doubtful and len(missing) > CONFIRM_MAX:
            raise ProtocolError(f"{len(missing)} records were not found in a reading that broke off")
        for key in missing[:CONFIRM_MAX]:
            body = await self._connector.read(key)
            if body is not None:
                reading.found.append(Found(key, body, self._connector.rank(key)))
            if self._lease.half_over():
                await self._drain(urgent_only=True)


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return when all have ended, whatever they end with."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
