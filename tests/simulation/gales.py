"""What goes wrong between a hub and a gateway far from it, by the seed; dealt and counted as in `deck.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from provisioning.nouns.refusals import Refusal
from tests.simulation import hub as hubs
from tests.simulation import outpost as outposts
from tests.simulation.calls import CLEAR, Sky, Switchboard
from tests.simulation.deck import Dealer, Deck, Fault, of
from tests.simulation.faults import STORM, USUAL, WATCHMAN
from tests.simulation.hub import Hub
from tests.simulation.keeping import Killed
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


class Gales(Dealer):
    """What strikes a hub, a gateway far from it, and what each of them drives."""

    def __init__(
        self,
        hub: Hub,
        outpost: Outpost,
        board: Switchboard,
        strands: Strands,
        sites: Sequence[Threshold],
        network: Network,
        addresses: dict[str, Address],
        seed: str,
        trace: Trace,
        names: Sequence[str],
        pause_s: float,
    ) -> None:
        super().__init__(Random(f"{seed}/gales"), _DECK, names, pause_s, network, addresses)
        self.swipe: Callable[[str | None], None] = lambda _: None
        self.stir: Callable[[], None] = lambda: None
        self._hub, self._outpost, self._board, self._strands = hub, outpost, board, strands
        self._sites, self._trace = sites, trace

    def fired(self) -> Counter[str]:
        """How often each fault struck."""
        far = Counter({f"far_{point}": count for point, count in self._outpost.fired.items()})
        return self.network.fired + self._hub.fired + self._board.fired + self._strands.fired + self.acts + far

    def begin(self) -> None:
        """As it usually is: neither good nor bad."""
        self._end(HAZE)
        self.blow(USUAL)
        if self.catching_up:
            # The hub's own gateway notes nothing where it has nothing.
            self.hand(EMBEDDED, [self._sites[0].target])

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self._end(CLEAR)
        self._hub.pardon()
        self._outpost.pardon()
        self.blow(FAIR)

    def accept(self) -> None:
        """No backup is ever put back here."""

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

    def _dealt(self) -> list[Fault]:
        return super()._dealt() or [Gales.fog]

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
        self.blow(STORM)
        await self._bustle(self.dice.uniform(3.0, 12.0))
        self.blow(USUAL)

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
        target = self.dice.choice([*(site.target for site in self._sites), *self.addresses])
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


_DECK: Deck = (
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
    *(((point, "hub_away"), of(Gales.kill, point)) for point in hubs.POINTS),
    *(((f"far_{point}",), of(Gales.kill_far, point)) for point in outposts.POINTS),
    *(((f"far_{point}",), of(Gales.kill_far, point)) for point in outposts.POINTS),
)
