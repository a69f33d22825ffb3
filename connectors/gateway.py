"""The loop that makes targets equal to what is wanted: claim, compare, write, read back, report.

It knows targets only as connectors and the hub only as a desk. One target's trouble never delays another: each has a
worker of its own, every device call has a time-out, and what is urgent has workers of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from connectors.carry import Bounds
from connectors.contract import Connector, EdgeError, Json, later
from connectors.desk import Desk, LeaseLost
from connectors.kept import Kept
from connectors.visit import Contact, Lease, Visit, end_tasks
from devices.clock import Clock
from devices.wire import WireError

BREATH_S = 0.01
PARKED = (
    "A fault in the gateway stopped work on this target ({fault}). The gateway's log has it whole: please report it."
)

_log = logging.getLogger(__name__)
Build = Callable[[str, Mapping[str, Json]], Connector]


@dataclass(frozen=True, slots=True)
class Slots:
    """How many targets are worked at once, and so many more for what is urgent alone; how long the gateway rests where
    nothing wakes it. Usual work is taken in rounds, in which each target is visited once, and which begin at least `pace_s`
    apart: so a visit finds more to do than it costs. What is urgent waits neither for a round nor for a usual visit, and
    may take all workers."""

    workers_max: int = 16
    urgent_max: int = 16
    rest_s: float = 5.0
    pace_s: float = 0.0
    stop_s_max: float = 5.0


AT_WORK = Slots(rest_s=1.0, pace_s=0.5)
"""As every gateway has them that serves a campus, beside its hub or far from it."""
SWITCH_S = 0.000_5
"""In the process of such a gateway: whoever asks a database lets the interpreter go with each statement, and would wait this
long for it each time while the gateway is busy: at Python's usual 5 ms a request of eighty statements took a third of a
second."""


DOUBTFUL_MAX = 64
"""So many targets that could not be worked the last time are tried beside the others: waiting for them costs nothing but
the wait, and who waits for one that is dead serves none that is well."""


class _Rounds:
    """When usual work may be taken. A round is over when nothing more is due, or when a target comes up again."""

    def __init__(self, pace_s: float) -> None:
        self._pace_s = pace_s
        self._next = 0.0
        self._began: float | None = None
        self._seen: set[str] = set()

    def rest_s(self, now: float) -> float:
        """How long until usual work may be taken; 0 while a round runs."""
        return max(0.0, self._next - now)

    def took(self, targets: Collection[str], limit: int, at: float) -> None:
        """Note what was taken at `at`, when up to `limit` could be."""
        if self._began is None:
            if not targets:
                return
            self._began = at
        over = len(targets) < limit or not self._seen.isdisjoint(targets)
        self._seen.update(targets)
        if over:
            self._next, self._began = self._began + self._pace_s, None
            self._seen.clear()


class Gateway:
    """One process's worth of wires."""

    def __init__(
        self,
        desk: Desk,
        build: Build,
        kept: Kept,
        clock: Clock,
        *,
        slots: Slots | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._desk = desk
        self._build = build
        self._kept = kept
        self._clock = clock
        self._slots = slots or Slots()
        self._bounds = bounds or Bounds()
        self._rounds = _Rounds(self._slots.pace_s)
        self._contacts: dict[str, Contact] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._doubting: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; then let each worker end its chunk. Cancelling it ends everything at once."""
        stopping = asyncio.create_task(_until(stop))
        waking = asyncio.create_task(self._wait())
        try:
            while not stop.is_set():
                woken = waking.done()
                if woken:
                    waking = asyncio.create_task(self._wait())
                # The waiter must be listening before we ask, or what arrives in between would wake nobody.
                await asyncio.sleep(0)
                taken = await self._take_work(stop)
                if woken and not taken:
                    # A hub that keeps saying "there is work" while no slot is free for it must not make us spin.
                    await asyncio.sleep(BREATH_S)
                rest_s = self._rounds.rest_s(self._clock.monotonic())
                done, _ = await asyncio.wait(
                    {stopping, waking, *self._working},
                    timeout=rest_s if rest_s > 0 else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                self._bury(done)
            if self._working:
                done, _ = await asyncio.wait(self._working, timeout=self._slots.stop_s_max)
                self._bury(done)
        finally:
            await end_tasks(stopping, waking, *self._working)
            self._working.clear()
            self._doubting.clear()
            for contact in self._contacts.values():
                await contact.end()

    async def back(self, target: str) -> None:
        """Something at a target answers again: what waits there is due now."""
        await self._desk.back(target)

    async def away(self, target: str, keys: Sequence[str]) -> None:
        """What was proved under these keys does not work now: it is tried again, and says why."""
        await self._desk.away(target, keys)

    async def _wait(self) -> None:
        try:
            await self._desk.wait(self._slots.rest_s)
        except Exception:  # noqa: BLE001 - whatever ails the hub, the loop must come back to it
            _log.exception("The hub could not be waited for; asking again in %s s.", self._slots.rest_s)
            await asyncio.sleep(self._slots.rest_s)

    async def _take_work(self, stop: asyncio.Event) -> int:
        """Fill the free slots, the last ones only with what is urgent; between two rounds of usual work, all of them.
        Returns how many were filled."""
        taken = 0
        while not stop.is_set() and (free := self._free()) > 0:
            before = self._clock.monotonic()
            usual = 0 if self._rounds.rest_s(before) > 0 else free - self._slots.urgent_max
            urgent_only = usual <= 0
            limit = free if urgent_only else usual
            try:
                most = self._bounds.tasks_max
                claims = await self._desk.claim(limit, urgent_only=urgent_only, tasks_max=most)
            except Exception:  # noqa: BLE001 - as above
                _log.exception("The hub gave no work; asking again when it stirs, or in %s s.", self._slots.rest_s)
                break
            for claim in claims:
                lease = Lease(self._desk, claim, self._clock, before)
                self._working.add(task := asyncio.create_task(self._work(lease, stop)))
                if claim.doubtful:
                    self._doubting.add(task)
            if not urgent_only:
                self._rounds.took([claim.target for claim in claims], limit, before)
            taken += len(claims)
            if len(claims) < limit:
                break
        return taken

    def _free(self) -> int:
        """How many more may be worked."""
        most = self._slots.workers_max + self._slots.urgent_max + min(len(self._doubting), DOUBTFUL_MAX)
        return most - len(self._working)

    def _bury(self, done: set[asyncio.Task[None]]) -> None:
        for task in done & self._working:
            self._working.discard(task)
            self._doubting.discard(task)
            task.result()

    async def _work(self, lease: Lease, stop: asyncio.Event) -> None:
        """Everything about one claim. Raises no Exception: a bug parks its own target and no other."""
        target = lease.claim.target
        contact = self._contacts.setdefault(target, Contact())
        try:
            try:
                self._kept.handed(target, lease.claim.handed)
                connector = await contact.connector_of(lease.claim, self._build)
                await Visit(lease, contact, connector, self._kept, self._clock, self._bounds, stop).pay()
            except WireError as error:
                _log.info("%s: %s", target, error)
                contact.probed_at = None
                await contact.forget_reading()
                await lease.release(unreachable=later(error).reason)
            except EdgeError as error:
                _log.warning("%s: %s", target, error)
                await lease.release(parked=str(error))
        except LeaseLost:
            _log.info("%s: another worker has it now", target)
        except Exception as error:  # noqa: BLE001 - a bug is logged whole and parks this target; the others go on
            _log.exception("%s: a fault of the gateway's own", target)
            contact.probed_at = None
            contact.reading = None
            await self._park(lease, PARKED.format(fault=type(error).__name__))

    async def _park(self, lease: Lease, reason: str) -> None:
        try:
            await lease.release(parked=reason)
        except Exception:  # noqa: BLE001 - the lease ends by itself, so nothing is lost
            _log.exception("%s: could not be given back; its lease will end by itself", lease.claim.target)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
