"""A gateway far from the hub that dies: the real site on its folder, enrolled by a code, killed at a note on any of its
files, a call or a datagram, and started again. What stands on its disk outlives it."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from connectors.contract import EdgeError
from connectors.remote_key import enrolled, held
from connectors.remote_line import HubAway, Line
from connectors.site import Site
from tests.simulation.calls import URL, Calls, Switchboard
from tests.simulation.hub import STEP_S_MAX, Incarnation
from tests.simulation.loop import SimClock
from tests.simulation.network import SENDER
from tests.simulation.strands import Strands, Strung
from tests.simulation.trace import Trace

POINTS = ("before_note", "after_note", "before_send", "after_send")
RETRY_S = 2.0
"""So long after it has ended by itself whatever keeps processes going starts it again."""


class Outpost:
    """Keeps a gateway on a folder, however often it dies."""

    def __init__(
        self, folder: Path, board: Switchboard, strands: Strands, clock: SimClock, seed: str, trace: Trace
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.fired: Counter[str] = Counter()
        self.lives = 0
        self.life: Incarnation | None = None
        self.name = ""
        self._board, self._strands = board, strands
        self._random_bytes = Random(f"{seed}/outpost-bytes").randbytes
        self._dice = Random(f"{seed}/outpost")
        self._trace = trace
        self._code: str | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._dooms: list[tuple[str, int]] = []
        self._strung: list[Strung] = []

    def start(self, code: str | None = None) -> None:
        """Start it, and start it again after each death; the first time by a code."""
        self._code = code or self._code
        self._stop = asyncio.Event()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it in good order. Raises what it broke of."""
        self._stop.set()
        if self._keeper is not None:
            await self._keeper
            self._keeper = None

    async def abandon(self) -> None:
        """End it as it stands."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    def check(self) -> None:
        """Raises what it broke of, if it did."""
        if self._keeper is not None and self._keeper.done():
            self._keeper.result()

    def doom(self, point: str, passes: int) -> None:
        """Have this life end at a point; or the next one, where this one's end is known already."""
        self._dooms.append((point, passes))
        self._meet_doom()

    def pardon(self) -> None:
        """It dies no more."""
        self._dooms.clear()
        if self.life is not None:
            self.life.pardon()

    def _meet_doom(self) -> None:
        if self._dooms and self.life is not None and self.life.alive and not self.life.doomed:
            self.life.doom(*self._dooms.pop(0))

    async def _keep(self) -> None:
        while True:
            died = await self._live()
            if self._stop.is_set():
                return
            await asyncio.sleep(self._dice.choice((0.05, 0.4, 1.5, 6.0)) if died else RETRY_S)
            self.clock.skew_s = self._dice.uniform(-STEP_S_MAX, STEP_S_MAX)

    async def _live(self) -> bool:
        """One life; whether it was killed."""
        self.lives += 1
        life = self.life = Incarnation(self.lives, self._trace, self.fired)
        self._meet_doom()
        within = contextvars.copy_context()
        within.run(SENDER.set, life)
        working = asyncio.get_running_loop().create_task(self._held(life), context=within)
        dying = asyncio.create_task(life.died.wait())
        try:
            await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
            died = not life.alive
            if not died:
                with suppress(HubAway):
                    working.result()
            return died
        finally:
            life.alive = False
            for each in self._strung:
                each.die()
            self._strung.clear()
            working.cancel()
            dying.cancel()
            await asyncio.gather(working, dying, return_exceptions=True)
            await life.bury()

    async def _held(self, life: Incarnation) -> None:
        with held(self.folder):
            await self._work(life)

    async def _work(self, life: Incarnation) -> None:
        """As `foyer gateway --hub URL` does it."""

        async def hop(work: Callable[..., Any], *told: Any) -> Any:
            return life.sheltered("note", work)(*told)

        calls = Calls(self._board, life)
        who, trust = await enrolled(
            self.folder, URL, self._code, None, self.clock, self._random_bytes, software="storm", transport=calls
        )
        self.name = who.gateway
        line = Line(URL, trust, self.clock, self._random_bytes, who, transport=calls)
        site = Site(self.folder, line, self.clock, self._random_bytes, self._stand, hop, bus=self._string)
        try:
            await site.run(self._stop)
        finally:
            await site.close()

    def _string(self, *told: Any, **how: Any) -> Strung:
        strung = Strung(self._strands, self.name, self.folder, *told, **how)
        self._strung.append(strung)
        return strung

    def _stand(self, error: EdgeError | None) -> None:
        self._trace("stand", type(error).__name__)
