"""A process that dies and is started again: killed at a commit, at a note on its disk or at a datagram. A dead incarnation
can neither write nor send; what it left under way outlives it, and so does what stands on its disk."""

from __future__ import annotations

import asyncio
import contextvars
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.loop import SimClock
from tests.simulation.network import SENDER
from tests.simulation.strands import Strands, Strung
from tests.simulation.trace import Trace

STEP_S_MAX = 0.4
TASKS_KEPT_MAX = 500
BURIED_TURNS_MAX = 50


class Killed(BaseException):
    """The process is no more."""


class Incarnation:
    """One life of a process."""

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


class Keeping(ABC):
    """Keeps a process on a folder, however often it dies. `name`: what its chance is named after."""

    def __init__(self, folder: Path, clock: SimClock, seed: str, name: str, trace: Trace, fired: Counter[str]) -> None:
        self.folder = folder
        self.clock = clock
        self.fired = fired
        self.lives = 0
        self.served_s = 0.0
        self.life: Incarnation | None = None
        self._dice = Random(f"{seed}/{name}")
        self._trace = trace
        self._stop = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._dooms: list[tuple[str, int]] = []
        self._strung: list[Strung] = []
        self._end: Callable[[], None] = lambda: None

    def on_ending(self, end: Callable[[], None]) -> None:
        """Have this called whenever the process has ended, however that was."""
        self._end = end

    async def stop(self) -> None:
        """End it in good order. Raises what it broke of."""
        self._stop.set()
        if self._keeper is not None:
            await self._keeper
            self._keeper = None

    async def abandon(self) -> None:
        """End it as it stands, whatever it was doing."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    def check(self) -> None:
        """Raises what it broke of, if it did."""
        if self._keeper is not None and self._keeper.done():
            self._keeper.result()

    def doom(self, point: str, passes: int) -> None:
        """Have the present life end at a point; or the next one, where this one's end is known already."""
        self._dooms.append((point, passes))
        self._meet_doom()

    def pardon(self) -> None:
        """It dies no more."""
        self._dooms.clear()
        if self.life is not None:
            self.life.pardon()

    def string(self, strands: Strands, owner: str, *told: Any, **how: Any) -> Strung:
        """What drives a serial line for the present life, and lets go of it when that ends; its owner is told by name."""
        strung = Strung(strands, owner, self.folder, *told, **how)
        self._strung.append(strung)
        return strung

    def _begin(self) -> None:
        """Start it, and start it again after each death."""
        self._stop = asyncio.Event()
        self._keeper = asyncio.create_task(self._keep())

    def _meet_doom(self) -> None:
        if self._dooms and self.life is not None and self.life.alive and not self.life.doomed:
            self.life.doom(*self._dooms.pop(0))

    async def _keep(self) -> None:
        while True:
            self.lives += 1
            self.life = Incarnation(self.lives, self._trace, self.fired)
            died = await self._live(self.life)
            if self._stop.is_set():
                return
            await asyncio.sleep(self._away_s(died=died))
            self.clock.skew_s = self._dice.uniform(-STEP_S_MAX, STEP_S_MAX)
            self._suffer()

    @abstractmethod
    async def _live(self, life: Incarnation) -> bool:
        """One life, worked by `_worked`; whether it was killed."""

    async def _worked(self, life: Incarnation, work: Coroutine[Any, Any, None]) -> bool:
        """Do a life's work until it is done, or the life is over; whether that was a death. Raises what it broke of."""
        self._meet_doom()
        began_s = self.clock.monotonic()
        within = contextvars.copy_context()
        within.run(SENDER.set, life)
        working = asyncio.create_task(work, context=within)
        dying = asyncio.create_task(life.died.wait())
        try:
            await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
            died = not life.alive
            if not died:
                working.result()
            return died
        finally:
            life.alive = False
            self._end()
            self.served_s += self.clock.monotonic() - began_s
            for each in self._strung:
                each.die()
            self._strung.clear()
            for task in (working, dying):
                task.cancel()
            await asyncio.gather(working, dying, return_exceptions=True)
            await life.bury()

    @abstractmethod
    def _away_s(self, *, died: bool) -> float:
        """How long nothing runs after a life."""

    @abstractmethod
    def _suffer(self) -> None:
        """What becomes of the disk before the next life."""
