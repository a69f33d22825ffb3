"""The desk of a gateway far from the hub: `connectors.desk.Desk` over what is kept on its own disk. It is the same
whether the hub is there or not: what there is to do was told before, and what came of it waits to be told. Only two
things are asked of the hub itself: whether another device that answers is to be served, and whether an act may leave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection

from connectors import kept_merge, kept_outbox, kept_work
from connectors.contract import RETRY_S, Act, Fingerprint, Later, Outcome
from connectors.desk import Claim, Found, LeaseLost, Report, Task
from connectors.kept_file import ReservedFile, WorkFull
from connectors.kept_work import Own, Waiting
from connectors.messages import Acted, Asked, Introducing, Listed, Reach, Reading, Upto
from connectors.remote_asks import NEWCOMER, NOT_SENT, Asks
from connectors.remote_line import HubAway
from connectors.rota import Rota
from devices.clock import Clock
from devices.wire import Unreachable

LEASE_S = 15.0
IDLE_S_MIN, IDLE_S_MAX = 0.05, 60.0
READ_REST_S, READ_AGAIN_S = 1.0, 60.0
ANSWER_S_MAX = 5.0
"""How long a visit waits for the hub to say whether another device is to be served; the target rests, and asks again."""
ROOM_S = 60.0
"""So long after a disk was full nobody looks whether it has room again."""
TOLD_S = 600.0
"""So often the hub is told that the same device still answers."""
CLOCK_OFF_S = 2.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """A lease of one of this process's workers, and the assignment that its target had when it was taken."""

    nth: int
    until: float
    epoch: int


class RemoteDesk:
    """The desk. All in one loop; leases are in memory, since nobody else works on this folder."""

    def __init__(self, file: ReservedFile, asks: Asks, clock: Clock) -> None:
        self._file = file
        self._asks = asks
        self._clock = clock
        self._rota = Rota(file, clock)
        self._nth = 0
        self._held: dict[str, _Held] = {}
        self._acts: dict[str, tuple[Act, ...]] = {}
        self._hastened: set[str] = set()
        self._introduced: dict[str, float] = {}
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._ahead: dict[str, Upto] = {}
        """How far the hub has told on a full disk, which keeps less of it."""
        self._room_at = 0.0
        self._changed = asyncio.Event()
        self._newest, self._newest_at = file.read(kept_work.newest), clock.monotonic()
        self.owing = asyncio.Event()
        """Set whenever something new waits to be told to the hub."""

    # What the gateway asks

    async def claim(self, limit: int, *, urgent_only: bool, tasks_max: int = 0) -> Sequence[Claim]:
        """Take up to `limit` targets that have work which is due, urgent ones first, with their first tasks."""
        now = self.wall()
        called = frozenset(target for target, acts in self._acts.items() if acts)
        found = self._rota.due(now, self._busy(), called, urgent_only=urgent_only)
        claims = (self._claim(one, now, tasks_max, urgent_only=urgent_only) for one in found[:limit])
        return [claim for claim in claims if claim is not None]

    async def differences(self, claim: Claim, limit: int, *, urgent_only: bool = False) -> Sequence[Task]:
        """The next tasks of a claimed target, in the order in which they must be carried out."""
        self._renewed(claim)
        return self._next(claim.target, limit, urgent_only=urgent_only)

    async def report(
        self, claim: Claim, reports: Sequence[Report], then: int, *, urgent_only: bool = False, leave: bool = False
    ) -> Sequence[Task] | None:
        """Keep outcomes until the hub has them, and take up to `then` of the tasks that are next."""
        epoch = self._renewed(claim).epoch
        now = self.wall()

        def report(tx: Connection) -> None:
            kept_work.noted(tx, claim.target, reports, now)
            kept_outbox.put_reports(tx, claim.target, epoch, reports)

        if reports:
            await self._file.write(report)
            self._rota.changed([claim.target])
            self.owing.set()
        self._renewed(claim)
        tasks = self._next(claim.target, then, urgent_only=urgent_only) if then else ()
        if not leave or tasks:
            return tasks
        await self.release(claim)
        return None

    def hastened(self, target: str) -> bool:
        """Whether something urgent has come up for a target since its tasks were last taken."""
        return target in self._hastened

    async def acts(self, claim: Claim) -> Sequence[Act]:
        """What has come up meanwhile to be done at most once."""
        self._renewed(claim)
        return self._acts.get(claim.target, ())

    async def act_begun(self, claim: Claim, act: str) -> bool:
        """Say that an act leaves now. False where it must not be sent any more, or the hub cannot be asked: then that it was
        not sent is told, and stands."""
        epoch = self._renewed(claim).epoch
        self._acts[claim.target] = tuple(one for one in self._acts.get(claim.target, ()) if one.id != act)
        if self._file.read(lambda tx: kept_outbox.holds(tx, kept_outbox.ACTED, "", act)):
            return False
        try:
            return await self._asks.act_begun(claim.target, epoch, act)
        except HubAway as error:
            _log.warning("%s: an act was not begun: %s", claim.target, error)
            await self.acted(act, Later(RETRY_S, NOT_SENT, unreachable=True))
            return False

    async def acted(self, act: str, outcome: Outcome) -> None:
        """Say what came of an act that was begun."""
        message = Acted(act=act, outcome=outcome)
        await self._file.write(lambda tx: kept_outbox.put(tx, kept_outbox.ACTED, "", 0, message, act))
        self.owing.set()

    async def introduce(self, claim: Claim, fingerprint: Fingerprint) -> bool:
        """Say who answered. The same as before is served at once; of another only the hub knows what it is to hold. Raises
        `Unreachable` where it cannot be asked."""
        target, held = claim.target, self._renewed(claim)
        own = self._own(target)
        before, trouble = own.fingerprint, own.trouble
        message = Introducing(target=target, epoch=held.epoch, fingerprint=fingerprint)
        if before is not None and not fingerprint.continues(before):
            return await self._ask_anew(claim, message)
        since, now = self._introduced.get(target), self._clock.monotonic()
        off = fingerprint.off_s is not None and abs(fingerprint.off_s) > CLOCK_OFF_S
        if trouble is None and since is not None and now < since + TOLD_S and not off:
            return False
        wall = self.wall()

        def met(tx: Connection) -> None:
            kept_work.met(tx, target, fingerprint, wall, back=trouble is not None)
            kept_outbox.put(tx, kept_outbox.INTRODUCE, target, held.epoch, message)

        await self._file.write(met)
        self._rota.changed([target])
        self._introduced[target] = now
        self.owing.set()
        self._renewed(claim)
        return False

    async def read_on(self, claim: Claim, found: int) -> None:
        """Note that a full reading has found so much, and goes on with the next claim, which comes soon."""
        epoch = self._renewed(claim).epoch
        message, at = Reach(target=claim.target, epoch=epoch, found=found), self.wall() + READ_REST_S

        def go_on(tx: Connection) -> None:
            kept_work.read_next(tx, claim.target, at)
            kept_outbox.put(tx, kept_outbox.REACH, claim.target, epoch, message, "reading")

        await self._file.write(go_on)
        self._rota.changed([claim.target])
        self.owing.set()

    async def missing(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> Sequence[str]:
        """The keys that a full reading would show to be missing. Raises `LeaseLost` where the hub cannot be asked: then it
        is read again, once it can."""
        epoch = self._renewed(claim).epoch
        try:
            keys = await self._asks.missing(claim.target, epoch, found, started)
        except HubAway as error:
            await self._read_next(claim.target, self.wall() + READ_AGAIN_S)
            self._held.pop(claim.target, None)
            raise LeaseLost(claim.target) from error
        self._renewed(claim)
        return keys

    async def reconciled(self, claim: Claim, found: Sequence[Found], *, started: datetime) -> int:
        """Keep a full reading until the hub has it; what drifted is the hub's to say, so here it is always 0."""
        epoch = self._renewed(claim).epoch
        message = Reading(target=claim.target, epoch=epoch, started=started, found=tuple(found))

        if self.short:
            # A reading takes as much room as all that it found.
            await self._read_next(claim.target, self.wall() + READ_AGAIN_S)
            return 0

        def read(tx: Connection) -> None:
            kept_work.read_next(tx, claim.target, None)
            kept_outbox.put(tx, kept_outbox.READING, claim.target, epoch, message)

        await self._file.write(read)
        self._rota.changed([claim.target])
        self.owing.set()
        return 0

    async def release(self, claim: Claim, *, unreachable: str | None = None, parked: str | None = None) -> None:
        """Give the target back; what made it stop says how long it rests."""
        epoch = self._renewed(claim).epoch
        own = self._file.read(lambda tx: kept_work.own(tx, claim.target))
        trouble = unreachable or parked
        if own is not None and (trouble or own.trouble):
            message = Reach(target=claim.target, epoch=epoch, unreachable=unreachable, parked=parked)
            now = self.wall()

            def rest(tx: Connection) -> None:
                kept_work.rest(tx, claim.target, now, unreachable, parked)
                kept_outbox.put(tx, kept_outbox.REACH, claim.target, epoch, message)

            await self._file.write(rest)
            self._rota.changed([claim.target])
            self.owing.set()
        self._held.pop(claim.target, None)
        self._changed.set()

    async def back(self, target: str) -> None:
        """Something at a target answers again: what waits there is due now."""
        now = self.wall()
        await self._file.write(lambda tx: kept_work.due_again(tx, target, now))
        self._rota.changed([target])
        self._changed.set()

    async def away(self, target: str, keys: Sequence[str]) -> None:
        """What was proved under these keys does not work now: the hub has it put there again."""
        own = self._file.read(lambda tx: kept_work.own(tx, target))
        if own is not None:
            message = Reach(target=target, epoch=own.epoch, away=tuple(keys))
            put = kept_outbox.put
            await self._file.write(lambda tx: put(tx, kept_outbox.REACH, target, own.epoch, message, "away"))
            self.owing.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when there may be work, at the latest after `timeout_s`."""
        try:
            async with asyncio.timeout(min(timeout_s, self._idle_s())):
                await self._changed.wait()
        except TimeoutError:
            return
        finally:
            self._changed.clear()

    # What comes from the hub

    def asked(self, most: int) -> Asked:
        """What to ask the hub with."""
        asked = self._file.read(lambda tx: kept_work.asked(tx, most))
        return asked.model_copy(update={"have": asked.have | self._ahead})

    async def take(self, listed: Listed) -> bool:
        """Keep what the hub tells; whether it is to be asked again at once. On a full disk only what takes rights away is
        kept, and the rest is asked for again once there is room."""
        now = self.wall()
        if self._clock.monotonic() >= self._room_at:
            await self._file.look_for_room()
        # What was asked with how far a full disk had been told lacks what it did not keep: so it says nothing of the rest.
        ahead = bool(self._ahead)
        hold = self._file.short or ahead
        try:
            merged = await self._file.write(lambda tx: kept_merge.merge(tx, listed, now, hold=hold))
        except WorkFull:
            self._room_at = self._clock.monotonic() + ROOM_S
            merged = await self._file.write(lambda tx: kept_merge.merge(tx, listed, now, hold=True))
        short = self._file.short
        told = self._ahead | {each.id: each.upto for each in listed.targets} if short else {}
        self._ahead = {id_: upto for id_, upto in told.items() if id_ not in listed.gone}
        for target in merged.lost:
            self._forget(target)
        self._hastened |= merged.hastened
        self._rota.changed(merged.changed)
        self._changed.set()
        return merged.again or (ahead and not short)

    async def take_acts(self, acts: Mapping[str, Sequence[Act]]) -> None:
        """What is to be done at most once, as the hub tells it now. What is new ends the rest of its target."""
        known = {act.id for each in self._acts.values() for act in each}
        new = {target for target, each in acts.items() if any(act.id not in known for act in each)}
        self._acts = {target: tuple(each) for target, each in acts.items()}
        if new:
            await self._file.write(lambda tx: kept_work.rouse(tx, new))
            self._rota.changed(new)
            self._hastened |= new
            self._changed.set()

    async def answered(self, nth: int, told: Introducing, *, anew: bool) -> None:
        """What the hub said of who answers at a target."""
        wall = self.wall()
        await self._file.write(lambda tx: kept_work.met(tx, told.target, told.fingerprint, wall, back=False))
        waiting = self._answers.pop(nth, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(anew)

    async def lose(self, targets: Iterable[str]) -> None:
        """These are another gateway's by now."""
        lost = tuple(targets)

        def lose(tx: Connection) -> None:
            for target in lost:
                kept_work.let_go(tx, target)

        await self._file.write(lose)
        self._rota.changed(lost)
        for target in lost:
            self._forget(target)

    @property
    def short(self) -> bool:
        """Whether the disk is full."""
        return self._file.short

    def idle(self, targets: Collection[str]) -> list[str]:
        """Those of these targets on which nobody works just now."""
        return [target for target in targets if target not in self._busy()]

    def wall(self) -> float:
        """The present instant, in seconds of the epoch; never before one that was known, nor slower than time goes by, so
        that a clock which is put back lengthens no term."""
        at = self._clock.monotonic()
        self._newest = max(self._newest + at - self._newest_at, self._clock.now().timestamp())
        self._newest_at = at
        return self._newest

    # Inside

    async def _read_next(self, target: str, at: float) -> None:
        await self._file.write(lambda tx: kept_work.read_next(tx, target, at))
        self._rota.changed([target])

    def _own(self, target: str) -> Own:
        own = self._file.read(lambda tx: kept_work.own(tx, target))
        if own is None:
            raise LeaseLost(target)
        return own

    def _busy(self) -> frozenset[str]:
        """The targets that somebody works on."""
        now = self._clock.monotonic()
        return frozenset(target for target, held in self._held.items() if held.until > now)

    def _claim(self, one: Waiting, now: float, tasks_max: int, *, urgent_only: bool) -> Claim | None:
        if (own := self._file.read(lambda tx: kept_work.own(tx, one.id))) is None:
            return None  # the file has let go of it, and the rota is about to be told
        self._nth += 1
        self._held[one.id] = _Held(self._nth, self._clock.monotonic() + LEASE_S, own.epoch)
        read_due = one.read_at is not None and one.read_at <= now
        tasks = tuple(self._next(one.id, tasks_max, urgent_only=urgent_only)) if tasks_max else ()
        return Claim(
            one.id, own.kind, own.settings, self._nth, LEASE_S, read_due, own.fingerprint, urgent_only, tasks,
            self._acts.get(one.id, ()), own.trouble is not None, own.epoch,
        )  # fmt: skip

    def _next(self, target: str, most: int, *, urgent_only: bool) -> list[Task]:
        # Before the rows are read: what comes up after them must ring again.
        self._hastened.discard(target)
        now = self.wall()
        return self._file.read(lambda tx: kept_work.differences(tx, target, now, most, urgent_only=urgent_only))

    def _renewed(self, claim: Claim) -> _Held:
        held, now = self._held.get(claim.target), self._clock.monotonic()
        if held is None or held.nth != claim.epoch or held.until <= now:
            raise LeaseLost(claim.target)
        held.until = now + LEASE_S
        return held

    async def _ask_anew(self, claim: Claim, message: Introducing) -> bool:
        """Ask the hub, after all that is still owed to it, what another device is."""
        put = kept_outbox.put
        nth = await self._file.write(lambda tx: put(tx, kept_outbox.INTRODUCE, message.target, message.epoch, message))
        answer = self._answers[nth] = asyncio.get_running_loop().create_future()
        self.owing.set()
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                anew = await answer
        except TimeoutError as error:
            raise Unreachable(NEWCOMER) from error
        finally:
            self._answers.pop(nth, None)
        self._renewed(claim)
        return anew

    def _idle_s(self) -> float:
        """How long nothing becomes due; never so short that a gateway with no free slot would spin."""
        now = self.wall()
        due = self._rota.first_due(now, self._held)
        return max(IDLE_S_MIN, (now + IDLE_S_MAX if due is None else due) - now)

    def _forget(self, target: str) -> None:
        for kept in (self._held, self._acts, self._introduced):
            kept.pop(target, None)
        self._hastened.discard(target)
