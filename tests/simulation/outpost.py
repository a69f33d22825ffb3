"""A gateway far from the hub that dies: the real site on its folder, enrolled by a code, killed at a note on any of its
files, a call or a datagram, and started again. What stands on its disk outlives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from connectors.contract import EdgeError
from connectors.remote_key import enrolled, held
from connectors.remote_line import HubAway, Line
from connectors.site import Site
from tests.simulation.calls import URL, Calls, Switchboard
from tests.simulation.keeping import Incarnation, Keeping
from tests.simulation.loop import SimClock
from tests.simulation.strands import Strands
from tests.simulation.trace import Trace

POINTS = ("before_note", "after_note", "before_send", "after_send")
RETRY_S = 2.0
"""So long after it has ended by itself whatever keeps processes going starts it again."""


class Outpost(Keeping):
    """Keeps a gateway on a folder, however often it dies."""

    def __init__(
        self, folder: Path, board: Switchboard, strands: Strands, clock: SimClock, seed: str, trace: Trace
    ) -> None:
        super().__init__(folder, clock, seed, "outpost", trace, Counter())
        self.name = ""
        self._board, self._strands = board, strands
        self._random_bytes = Random(f"{seed}/outpost-bytes").randbytes
        self._code: str | None = None

    def start(self, code: str | None = None) -> None:
        """Start it, and start it again after each death; the first time by a code."""
        self._code = code or self._code
        self._begin()

    async def _live(self, life: Incarnation) -> bool:
        return await self._worked(life, self._held(life))

    def _away_s(self, *, died: bool) -> float:
        return self._dice.choice((0.05, 0.4, 1.5, 6.0)) if died else RETRY_S

    def _suffer(self) -> None:
        """What it has on its disk stays as it is."""

    async def _held(self, life: Incarnation) -> None:
        with suppress(HubAway), held(self.folder):
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
        bus = partial(self.string, self._strands, self.name)
        site = Site(self.folder, line, self.clock, self._random_bytes, self._stand, hop, bus=bus)
        try:
            await site.run(self._stop)
        finally:
            await site.close()

    def _stand(self, error: EdgeError | None) -> None:
        self._trace("stand", type(error).__name__)
