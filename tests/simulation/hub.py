"""A hub that dies: the real house on its folder, killed at a commit, at a note on the gateway's disk or at a datagram, and
opened again. A dead incarnation can neither write nor send; what it left under way outlives it."""

from __future__ import annotations

import asyncio
import contextvars
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from connectors.doorkeeper import OpenBus
from connectors.kept_file import KeptFile
from devices.osdp.bus import Bus
from provisioning.compose import House, World, opened
from provisioning.nouns.told import Actor
from provisioning.settings import Settings
from provisioning.story.restoring import Places, TailMissing, restore
from tests.simulation.loop import SimClock
from tests.simulation.network import SENDER
from tests.simulation.trace import Trace

POINTS = ("before_commit", "after_commit", "before_note", "after_note", "before_send", "after_send")
KEPT_FATES = ("kept_lost", "kept_torn")
RESTORES = ("restored", "restored_untailed")
STEP_S_MAX = 0.4
STALL_S = (9.0, 24.0)
"""A thread that comes back so late finds its lease, of 15 s, over or still there."""
QUIET_S = 8.0
TASKS_KEPT_MAX = 500
BURIED_TURNS_MAX = 50
"""Whoever has put a backup back looks before they go on."""
KEEPER = Actor("operator:keeper", frozenset({"system"}))


class Killed(BaseException):
    """The process is no more."""


class Incarnation:
    """One life of the hub's process."""

    def __init__(self, nth: int, trace: Trace, fired: Counter[str]) -> None:
        self.alive = True
        self.died = asyncio.Event()
        self._nth = nth
        self._trace = trace
        self._fired = fired
        self._point: str | None = None
        self._passes = 0
        self._tasks: list[asyncio.Task[Any]] = []

    def owns(self, task: asyncio.Task[Any]) -> None:
        """A task of this process has begun."""
        if len(self._tasks) > TASKS_KEPT_MAX:
            self._tasks = [each for each in self._tasks if not each.done()]
        self._tasks.append(task)

    async def bury(self) -> None:
        """None of its tasks goes on, whatever they would do to end in order."""
        for _ in range(BURIED_TURNS_MAX):
            going = [each for each in self._tasks if not each.done()]
            for each in going:
                each.cancel()
            if not going:
                break
            await asyncio.sleep(0)
        self._tasks.clear()

    @property
    def doomed(self) -> bool:
        """Whether its end is known."""
        return self._point is not None

    def doom(self, point: str, passes: int) -> None:
        """Die at this point, once it was passed so many times."""
        self._point, self._passes = point, passes

    def pardon(self) -> None:
        """Live on."""
        self._point = None

    def die(self, point: str) -> None:
        """Now."""
        self.alive, self._point = False, None
        self._fired[point] += 1
        self._trace("killed", self._nth, point)
        self.died.set()

    def may_send(self) -> bool:
        """Asked before each datagram."""
        return self.alive and not self._reaches("before_send")

    def sent(self) -> None:
        """Told after each."""
        self._reaches("after_send")

    def sheltered(self, kind: str, deed: Callable[..., Any]) -> Callable[..., Any]:
        """The deed as this life can do it: not once it is dead, and death may come just before or just after."""

        def act(*told: Any) -> Any:
            if not self.alive or self._reaches(f"before_{kind}"):
                raise Killed
            done = deed(*told)
            if self._reaches(f"after_{kind}"):
                raise Killed
            return done

        return act

    def _reaches(self, point: str) -> bool:
        if self._point != point:
            return False
        self._passes -= 1
        if self._passes > 0:
            return False
        self.die(point)
        return True


class Hub:
    """Keeps a house on a folder, however often it dies."""

    def __init__(
        self, folder: Path, clock: SimClock, seed: str, trace: Trace, fired: Counter[str], **settings: Any
    ) -> None:
        self.settings = Settings(data=folder, **settings)
        self.fired = fired
        self.lives = 0
        self.served_s = 0.0
        self.life: Incarnation | None = None
        self.clock = clock
        self._random_bytes = Random(f"{seed}/bytes").randbytes
        self._dice = Random(f"{seed}/hub")
        self._trace = trace
        self._house: House | None = None
        self._stop, self._opened = asyncio.Event(), asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._kept_fate: str | None = None
        self._dooms: list[tuple[str, int]] = []
        self._meet: Callable[[House], None] = lambda _: None
        self._lose: Callable[[], None] = lambda: None
        self._end: Callable[[], None] = lambda: None
        self.bus: OpenBus = Bus
        self._archive: Path | None = None
        self._loss: str | None = None
        self._stalls = 0.0
        self._quiet_until = 0.0

    @property
    def house(self) -> House | None:
        """The house while its process lives."""
        return self._house if self.life is not None and self.life.alive else None

    def on_opening(self, meet: Callable[[House], None]) -> None:
        """Have this called with every house that is opened."""
        self._meet = meet

    def on_losing(self, lose: Callable[[], None]) -> None:
        """Have this called just before the database is lost, and a backup put in its place."""
        self._lose = lose

    def on_ending(self, end: Callable[[], None]) -> None:
        """Have this called whenever the process has ended, however that was."""
        self._end = end

    @property
    def quiet(self) -> bool:
        """Whether a backup was put back a moment ago."""
        return self.clock.monotonic() < self._quiet_until

    def stall(self, share: float) -> None:
        """Let this share of the desk's answers come late, as from a machine that is starved; 0: none any more."""
        self._stalls = share

    def back_up(self) -> bool:
        """Take a backup now; False where nobody is there to take one."""
        if self.house is None:
            return False
        _, sent, _ = self.house.backups.take("storm", KEEPER)
        archive = self.settings.data.with_name("backup.tar")
        archive.write_bytes(b"".join(sent))
        self._archive = archive
        return True

    def doom_database(self, loss: str) -> None:
        """Have the database lost at the next death, and the last backup put back; perhaps without a tail."""
        self._loss = loss

    async def start(self) -> None:
        """Open the house, and keep opening it after each death."""
        self._stop, self._opened = asyncio.Event(), asyncio.Event()
        self._keeper = asyncio.create_task(self._keep())
        await self._opened.wait()

    async def stop(self) -> None:
        """End it in good order. Raises what the house broke of."""
        self._stop.set()
        if self._keeper is not None:
            await self._keeper
            self._keeper = None

    async def abandon(self) -> None:
        """End it as it stands, whatever it was doing."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def check(self) -> None:
        """Raises what the house broke of, if it did."""
        if self._keeper is not None and self._keeper.done():
            self._keeper.result()

    def doom(self, point: str, passes: int) -> None:
        """Have the present life end at a point; or the next one, where this one's end is known already."""
        self._dooms.append((point, passes))
        if self.house is not None:
            self._meet_doom()

    def _meet_doom(self) -> None:
        if self._dooms and self.life is not None and not self.life.doomed:
            self.life.doom(*self._dooms.pop(0))

    def pardon(self) -> None:
        """Nobody dies any more, and nothing is lost."""
        self._dooms.clear()
        self._kept_fate = self._loss = None
        self._stalls = 0.0
        if self.life is not None:
            self.life.pardon()

    def doom_kept(self, fate: str) -> None:
        """What becomes of the gateway's own file at the next death."""
        self._kept_fate = fate

    async def _keep(self) -> None:
        while True:
            await self._live()
            if self._stop.is_set():
                return
            # Often back before a late datagram has landed, sometimes long after.
            await asyncio.sleep(self._dice.choice((0.05, 0.4, 1.5, 4.0, 15.0)) * self._dice.uniform(0.5, 1.5))
            self.clock.skew_s = self._dice.uniform(-STEP_S_MAX, STEP_S_MAX)
            self._suffer_kept()
            self._suffer_loss()

    async def _live(self) -> None:
        self.lives += 1
        life = self.life = Incarnation(self.lives, self._trace, self.fired)
        with ExitStack() as stack:
            house = stack.enter_context(
                opened(self.settings, World(self.clock, self._random_bytes, self._hop, bus=self.bus))
            )
            _join(house, life)
            self._meet(house)
            self._house = house
            self._opened.set()
            self._trace("opened", self.lives)
            self._meet_doom()
            began_s = self.clock.monotonic()
            within = contextvars.copy_context()
            within.run(SENDER.set, life)
            running = asyncio.create_task(house.run(self._stop), context=within)
            dying = asyncio.create_task(life.died.wait())
            try:
                await asyncio.wait({running, dying}, return_when=asyncio.FIRST_COMPLETED)
                if life.alive:
                    running.result()
            finally:
                life.alive = False
                self._end()
                self.served_s += self.clock.monotonic() - began_s
                for task in (running, dying):
                    task.cancel()
                await asyncio.gather(running, dying, return_exceptions=True)
                await life.bury()
                self._house = None

    async def _hop(self, work: Callable[..., Any], *told: Any) -> Any:
        """What would go to a thread is done here and now; its answer may come late."""
        if isinstance(getattr(work, "__self__", None), KeptFile) and self.life is not None:
            work = self.life.sheltered("note", work)
        done = work(*told)
        of_desk = self._stalls > 0 and getattr(work, "__name__", "") == "_write"
        if of_desk and self._dice.random() < self._stalls:
            self.fired["stalled"] += 1
            await asyncio.sleep(self._dice.uniform(*STALL_S))
        return done

    def _suffer_loss(self) -> None:
        loss, self._loss = self._loss, None
        if loss is None or self._archive is None:
            return
        told = self.settings
        places = Places(
            told.data, told.database, told.lock, told.master_key, told.signing_key, told.checkpoints, told.tail_folder
        )
        self._lose()
        for suffix in ("", "-wal", "-shm"):
            told.database.with_name(told.database.name + suffix).unlink(missing_ok=True)
        if loss == "restored_untailed":
            shutil.rmtree(told.tail_folder, ignore_errors=True)
        try:
            put_back = restore(self._archive, places, self.clock, without_tail=False)
        except TailMissing:
            put_back = restore(self._archive, places, self.clock, without_tail=True)
        self.fired[loss] += 1
        self._quiet_until = self.clock.monotonic() + QUIET_S
        self._trace(loss, *(template for template, _ in put_back.faults))

    def _suffer_kept(self) -> None:
        fate, self._kept_fate = self._kept_fate, None
        if fate is None:
            return
        path = self.settings.kept
        self.fired[fate] += 1
        self._trace(fate)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        if fate == "kept_torn":
            path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4_000)


def _join(house: House, life: Incarnation) -> None:
    """Put death between this house and its disks: around the one commit of its store, and around the gateway's note."""
    store, kept = house.store, house.gateway._kept
    vars(store)["_commit"] = life.sheltered("commit", store._commit)
    vars(kept)["_store"] = life.sheltered("note", kept._store)
