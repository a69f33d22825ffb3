"""What goes wrong between a hub and a gateway far from it, by the seed; dealt and counted as in `faults.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random

from provisioning.nouns.refusals import Refusal
from tests.simulation import hub as hubs
from tests.simulation import outpost as outposts
from tests.simulation.calls import CLEAR, Sky, Switchboard
from tests.simulation.faults import STORM, USUAL, WATCHMAN
from tests.simulation.hub import Hub, Killed
from tests.simulation.network import FAIR, Address, Network
from tests.simulation.outpost import Outpost
from tests.simulation.strands import Strands
from tests.simulation.thresholds import EMBEDDED, Threshold
from tests.simulation.trace import Trace

HAZE = Sky(lost=0.02, reply_lost=0.02, late=0.02)
FOG = Sky(lost=0.3, reply_lost=0.35, late=0.2)
CUT_S = (4.0, 12.0, 40.0, 200.0)
"""The longest is more than the hub waits before it calls a gateway silent."""
PASSES_MAX = 8

CALLS = ("request_lost", "reply_lost", "call_late", "partition", "line_cut", "hub_away")
STRANDS = ("reader_silent", "stale_read", "output_refused", "output_mute", "unplugged")
PANELS = ("lost", "late", "doubled")
FAR = tuple(f"far_{point}" for point in outposts.POINTS)
DEEDS = ("handed_out", "handed_home", "term_over")
REQUIRED = (*CALLS, *STRANDS, *PANELS, *hubs.POINTS, *FAR, *DEEDS)

Gale = Callable[["Gales"], Awaitable[object]]


class Gales:
    """Deals faults until cancelled; `calm` ends them all."""

    def __init__(
        self,
        hub: Hub,
        outpost: Outpost,
        board: Switchboard,
        strands: Strands,
        sites: Sequence[Threshold],
        network: Network,
        panels: dict[str, Address],
        seed: str,
        trace: Trace,
        names: Sequence[str],
        pause_s: float,
    ) -> None:
        self.dice = Random(f"{seed}/gales")
        self.acts: Counter[str] = Counter()
        self.swipe: Callable[[str | None], None] = lambda _: None
        self.stir: Callable[[], None] = lambda: None
        self.catching_up = False
        self._hub, self._outpost, self._board, self._strands = hub, outpost, board, strands
        self._sites, self._network, self._panels = sites, network, panels
        self._trace, self._names, self._pause_s = trace, names, pause_s
        self._deck: list[Gale] = []

    def fired(self) -> Counter[str]:
        """How often each fault struck."""
        far = Counter({f"far_{point}": count for point, count in self._outpost.fired.items()})
        return self._network.fired + self._hub.fired + self._board.fired + self._strands.fired + self.acts + far

    def missing(self) -> list[str]:
        """Faults that must strike in every run, and have not yet."""
        fired = self.fired()
        return [name for name in self._names if not fired[name]]

    def begin(self) -> None:
        """As it usually is: neither good nor bad."""
        self._end(HAZE)
        for address in self._panels.values():
            self._network.weather[address] = USUAL

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self._end(CLEAR)
        self._hub.pardon()
        self._outpost.pardon()
        for address in self._panels.values():
            self._network.weather[address] = FAIR

    async def go_on(self) -> None:
        """Deal until cancelled."""
        self.begin()
        if self.catching_up:
            # The hub's own gateway notes nothing where it has nothing.
            self.hand(EMBEDDED, [self._sites[0].target])
        while True:
            if not self._deck:
                missing = (self.catching_up and self.missing()) or self._names
                told = [gale for names, gale in _DECK if not set(missing).isdisjoint(names)]
                self._deck = self.dice.sample(told, len(told)) or [Gales.fog]
            await asyncio.sleep(self.dice.uniform(0.3, 1.7) * self._pause_s)
            await self._deck.pop()(self)

    def hand(self, to: str, targets: Sequence[str]) -> None:
        """Have targets worked by another gateway."""
        house = self._hub.house
        if house is None:
            return
        try:
            with house.store.writing() as tx:
                for target in targets:
                    house.office.handing.hand(tx, target, to, WATCHMAN)
            self._trace("handing", to, *targets)
        except (Refusal, Killed) as error:
            self._trace("refused", "hand", type(error).__name__)

    def _end(self, sky: Sky) -> None:
        self._board.sky = sky
        self._strands.calm()

    async def fog(self) -> None:
        """Calls are lost on either way, or late."""
        self._board.sky = FOG
        await self._bustle(self.dice.uniform(4.0, 20.0))
        self._board.sky = HAZE

    async def cut(self) -> None:
        """The hub is out of reach for a while, at most for minutes."""
        self._board.sky = Sky(cut=True)
        await self._bustle(self.dice.choice(CUT_S) * self.dice.uniform(0.7, 1.3))
        self._board.sky = HAZE

    async def cut_line(self) -> None:
        """The line of events breaks off."""
        self._board.cut_lines()

    async def storm(self) -> None:
        """Bad weather before the panels."""
        for address in self._panels.values():
            self._network.weather[address] = STORM
        await self._bustle(self.dice.uniform(3.0, 12.0))
        for address in self._panels.values():
            self._network.weather[address] = USUAL

    async def silence(self) -> None:
        """Some reader is not heard from, and people hold their cards to it all the same."""
        site = self.dice.choice(self._sites)
        address = self.dice.choice(list(site.doors))
        self._strands.silence(site.line, address, silent=True)
        await self._bustle(self.dice.uniform(1.0, 6.0), swipes=6)
        self._strands.silence(site.line, address, silent=False)
        await self._bustle(1.5, swipes=6)

    async def unplug(self) -> None:
        """Somebody pulls an adapter."""
        site = self.dice.choice(self._sites)
        self._strands.plug(site.line, plugged=False)
        await self._bustle(self.dice.uniform(0.5, 8.0), swipes=4)
        self._strands.plug(site.line, plugged=True)

    async def refuse(self) -> None:
        """Outputs refuse."""
        line = self._strands.lines[self.dice.choice(self._sites).line]
        line.refuses = True
        await self._bustle(6.0, swipes=10)
        line.refuses = False

    async def mute(self) -> None:
        """Outputs do as they are told, and nobody hears of it."""
        line = self._strands.lines[self.dice.choice(self._sites).line]
        line.mute = True
        await self._bustle(6.0, swipes=10)
        line.mute = False

    async def kill(self, point: str) -> None:
        """The hub will die soon."""
        self._hub.doom(point, self.dice.randint(1, PASSES_MAX))

    async def kill_far(self, point: str) -> None:
        """The gateway will."""
        self._outpost.doom(point, self.dice.randint(1, PASSES_MAX))
        await self._bustle(2.0, swipes=4)

    async def hand_over(self) -> None:
        """Something passes to the other gateway, and perhaps back before it is there."""
        target = self.dice.choice([*(site.target for site in self._sites), *self._panels])
        for _ in range(self.dice.randint(1, 2)):
            self.hand(self.dice.choice((EMBEDDED, self._outpost.name)), [target])
            await self._bustle(self.dice.choice((0.3, 3.0, 9.0)), swipes=12, target=target)

    async def _bustle(self, seconds: float, swipes: int = 2, target: str | None = None) -> None:
        """Time passes; people come by, and somebody's rights are taken away."""
        for _ in range(swipes):
            await asyncio.sleep(seconds / swipes)
            self.swipe(target)
            if self.dice.random() < 0.2:
                with suppress(Killed):
                    self.stir()


def _kill(point: str) -> Gale:
    return lambda gales: gales.kill(point)


def _kill_far(point: str) -> Gale:
    return lambda gales: gales.kill_far(point)


_DECK: tuple[tuple[tuple[str, ...], Gale], ...] = (
    (("request_lost", "reply_lost", "call_late"), Gales.fog),
    (("partition",), Gales.cut),
    (("partition",), Gales.cut),
    (("line_cut",), Gales.cut_line),
    (("lost", "late", "doubled"), Gales.storm),
    (("reader_silent", "stale_read"), Gales.silence),
    (("reader_silent", "stale_read"), Gales.silence),
    (("unplugged",), Gales.unplug),
    (("output_refused",), Gales.refuse),
    (("output_mute",), Gales.mute),
    *((("handed_out", "handed_home"), Gales.hand_over) for _ in range(3)),
    *(((point, "hub_away"), _kill(point)) for point in hubs.POINTS),
    *(((f"far_{point}",), _kill_far(point)) for point in outposts.POINTS),
    *(((f"far_{point}",), _kill_far(point)) for point in outposts.POINTS),
)
