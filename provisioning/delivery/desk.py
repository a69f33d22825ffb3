"""The desk of the hub's own gateway: `connectors.desk.Desk` over the store. Calls are short, and those that come while the
disk is busy share one transaction; none is open while a wire is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from connectors.contract import Act, Fingerprint, Outcome
from connectors.desk import Claim, Found, LeaseLost, Report, Task
from connectors.together import Together
from provisioning.delivery.delivery import Delivery
from provisioning.delivery.outcomes import shows_gone
from provisioning.store import delivery as rows
from provisioning.store.engine import Store, Tx
from provisioning.store.rights import DELIVERY, URGENT

_Act = Callable[[Tx], Any]

LEASE_S = 15.0
IDLE_S_MIN = 0.05
IDLE_S_MAX = 60.0


class _ActFailed(Exception):
    """One of several acts failed, so the transaction that they share must not be kept."""


class HubDesk:
    """The desk, called from the gateway's loop; `hop` carries what writes to where blocking is allowed."""

    def __init__(self, store: Store, delivery: Delivery, owner: str, hop: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._delivery = delivery
        self._owner = owner
        self._usual: Together[_Act, Any] = Together(partial(self._write, urgent=False), hop)
        self._urgent: Together[_Act, Any] = Together(partial(self._write, urgent=True), hop)
        self._changed = asyncio.Event()
        self._hastened: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        store.listen(self._on_commit)

    async def claim(self, limit: int, *, urgent_only: bool, tasks_max: int = 0) -> Sequence[Claim]:
        """Take up to `limit` targets that have work which is due, urgent ones first, with their first tasks."""
        # Reading an index waits for nobody, and an idle gateway need not write to find out.
        with self._store.reading() as tx:
            urgent = rows.anything_due(tx, urgent_only=True)
            if not urgent and (urgent_only or not rows.anything_due(tx, urgent_only=False)):
                return []
        act = partial(self._claim, limit=limit, urgent_only=urgent_only, tasks_max=tasks_max)
        return await self._write_as(urgent=urgent).ask(act)

    async def differences(self, claim: Claim, limit: int, *, urgent_only: bool = False) -> Sequence[Task]:
        """The next tasks of a claimed target, in the order in which they must be carried out."""
        act = partial(self._differences, limit=limit, urgent_only=urgent_only)
        return await self._fenced(claim, act, urgent=claim.target in self._hastened)

    async def report(
        self, claim: Claim, reports: Sequence[Report], then: int, *, urgent_only: bool = False, leave: bool = False
    ) -> Sequence[Task] | None:
        """Hand in outcomes, and take up to `then` of the tasks that are next; where there are none, perhaps leave."""
        epoch = claim.epoch if leave else None
        act = partial(self._report, reports=reports, then=then, urgent_only=urgent_only, leaving=epoch)
        return await self._fenced(claim, act, urgent=claim.target in self._hastened or shows_gone(reports))

    def hastened(self, target: str) -> bool:
        """Whether something urgent has come up for a target since its tasks were last taken."""
        return target in self._hastened

    async def acts(self, claim: Claim) -> Sequence[Act]:
        """What has come up meanwhile to be done at most once."""
        return await self._fenced(claim, self._delivery.acts.waiting)

    async def act_begun(self, claim: Claim, act: str) -> bool:
        """Say that an act leaves now. False where it must not be sent any more."""
        return await self._fenced(claim, self._delivery.acts.begin, act)

    async def acted(self, act: str, outcome: Outcome) -> None:
        """Say what came of an act that was begun."""
        await self._usual.ask(partial(self._delivery.acts.acted, act_id=act, outcome=outcome))

    async def introduce(self, claim: Claim, fingerprint: Fingerprint) -> bool:
        """Say who answered. True where it is a new incarnation: all that was held there is forgotten."""
        return await self._fenced(claim, self._delivery.introduce, fingerprint)

    async def read_on(self, claim: Claim, found: int) -> None:
        """Say that a full reading has found so much, and goes on with the next claim, which comes soon."""
        await self._fenced(claim, self._delivery.read_on, found)

    async def missing(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> Sequence[str]:
        """The keys that a full reading begun at `started` would show to be missing."""
        return await self._fenced(claim, self._delivery.missing, found, started)

    async def reconciled(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> int:
        """Hand in a full reading begun at `started`; returns how many drifts it showed."""
        return await self._fenced(claim, self._delivery.reconciled, found, started)

    async def release(self, claim: Claim, *, unreachable: str | None = None, parked: str | None = None) -> None:
        """Give the target back; what made it stop says how long it waits."""
        await self._fenced(claim, self._delivery.release, claim.epoch, unreachable, parked)

    async def back(self, target: str) -> None:
        """Something at a target answers again: what waits there is due now."""
        await self._usual.ask(partial(rows.due_again, id_=target))

    async def away(self, target: str, keys: Sequence[str]) -> None:
        """What was proved under these keys does not work now: it is put there again."""
        await self._usual.ask(partial(self._delivery.away, target=target, keys=keys))

    async def wait(self, timeout_s: float) -> None:
        """Return when there may be work, at the latest after `timeout_s`."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(min(timeout_s, self._idle_s())):
                await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._changed.clear()

    def _claim(self, tx: Tx, *, limit: int, urgent_only: bool, tasks_max: int) -> list[Claim]:
        taken = rows.take(tx, self._owner, limit, LEASE_S, urgent_only=urgent_only)
        tasks = {
            each.id: tuple(self._differences(tx, each.id, limit=tasks_max, urgent_only=urgent_only))
            for each in (taken if tasks_max else ())
        }
        return [
            Claim(
                each.id,
                each.kind,
                each.settings,
                each.epoch,
                LEASE_S,
                each.reconcile,
                each.fingerprint,
                urgent_only,
                tasks.get(each.id, ()),
                self._delivery.acts.waiting(tx, each.id),
                each.doubtful,
                each.handed,
            )
            for each in taken
        ]

    def _idle_s(self) -> float:
        """How long no target becomes due; never so short that a gateway with no free slot would spin."""
        with self._store.reading() as tx:
            due = rows.next_due(tx)
        return IDLE_S_MAX if due is None else max(IDLE_S_MIN, (due - self._store.now()).total_seconds())

    def _differences(self, tx: Tx, target: str, *, limit: int, urgent_only: bool) -> list[Task]:
        # Before the rows are read: what comes up after them must ring again.
        self._hastened.discard(target)
        return rows.differences(tx, target, limit, urgent_only=urgent_only)

    def _report(
        self, tx: Tx, target: str, *, reports: Sequence[Report], then: int, urgent_only: bool, leaving: int | None
    ) -> Sequence[Task] | None:
        """Take outcomes in; `leaving` is the epoch of who gives the target back where nothing is next."""
        self._delivery.report(tx, {target: reports})
        tasks = self._differences(tx, target, limit=then, urgent_only=urgent_only) if then else ()
        if leaving is None or tasks:
            return tasks
        self._delivery.release(tx, target, leaving, None, None)
        return None

    def _write_as(self, *, urgent: bool) -> Together[_Act, Any]:
        """What urgent work waits for is written ahead of everybody who waits to write."""
        return self._urgent if urgent else self._usual

    async def _fenced(self, claim: Claim, act: Callable[..., Any], *args: Any, urgent: bool = False) -> Any:
        """Run an act on a claimed target in one transaction that also renews the claim. Raises `LeaseLost`."""

        def fenced(tx: Tx) -> Any:
            if not rows.renew(tx, claim.target, claim.epoch, LEASE_S):
                raise LeaseLost(claim.target)
            return act(tx, claim.target, *args)

        return await self._write_as(urgent=urgent).ask(fenced)

    def _write(self, acts: Sequence[_Act], *, urgent: bool) -> list[Any]:
        """All in one transaction, or, where one fails, each in its own: nobody suffers for another."""
        if len(acts) > 1:
            with suppress(_ActFailed), self._store.writing(urgent=urgent) as tx:
                return [_carried_out(tx, act) for act in acts]
        return [self._alone(act, urgent=urgent) for act in acts]

    def _alone(self, act: _Act, *, urgent: bool) -> Any:
        try:
            with self._store.writing(urgent=urgent) as tx:
                return act(tx)
        except Exception as error:  # noqa: BLE001 - whoever asked sees it, and nobody else
            return error

    def _on_commit(self, topics: frozenset[str]) -> None:
        self._hastened |= {topic.removeprefix(URGENT) for topic in topics if topic.startswith(URGENT)}
        if DELIVERY not in topics:
            return
        if self._loop is None or self._loop.is_closed():
            self._changed.set()
        else:
            self._loop.call_soon_threadsafe(self._changed.set)


def _carried_out(tx: Tx, act: _Act) -> Any:
    try:
        return act(tx)
    except Exception as error:
        raise _ActFailed from error
