"""One run of a campus with a far side: the hub and its own gateway, a gateway of its own far from it, doors on serial lines
that each decides about itself, and a panel; evening after evening under storm, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from devices.emulate import emulated
from devices.wg.served import ServedPanel
from provisioning.compose import House
from tests.simulation import deeds
from tests.simulation.calls import Switchboard, no_threads
from tests.simulation.campus import FRONTIER, ground
from tests.simulation.deck import Dealer
from tests.simulation.faults import WATCHMAN
from tests.simulation.gales import REQUIRED, Gales
from tests.simulation.hub import Hub
from tests.simulation.invariants import Witness
from tests.simulation.ledger import Ledger
from tests.simulation.lives import WHO, Act, Lives, Row, to_somebody
from tests.simulation.loop import SimClock, SimLoop
from tests.simulation.network import Network
from tests.simulation.outpost import Outpost
from tests.simulation.strands import Strands
from tests.simulation.thresholds import EMBEDDED, Threshold, Thresholds
from tests.simulation.trace import Trace
from tests.simulation.world import FOLDER, START, Options, Rehearsal

FAR_FOLDER = Path("far")
NAME = "far-gate"
TERM_DAYS = 1
SWIPE_S = 0.7
ENROLLING_S = 20.0
BEFORE_TERM_S, AFTER_TERM_S = 15.0, 45.0
SITES = (
    Threshold("desk", "/dev/foyer/desk", {1: 1, 2: 2}),
    Threshold("archive", "/dev/foyer/archive", {1: 1, 2: 2, 3: 3}),
)
FAR_TARGETS = ("archive", "annex")
DOORS = ("desk-1", "archive-1", "archive-3", "annex-1")
TERM_OVER = "term over"


@to_somebody
def visit(lives: Lives, house: House, row: Row) -> str:
    """A right for some seconds."""
    zone, seconds = lives.dice.choice(deeds.ZONES), lives.dice.choice((4, 9, 30))
    with house.store.writing() as tx:
        site = house.campuses.current(tx).zone
        opens = tx.now.astimezone(site).replace(tzinfo=None, microsecond=0) + timedelta(
            seconds=lives.dice.randint(1, 9)
        )
        person = house.persons.get(tx, row.no)
        given = house.giving.give(tx, person, f"zone:{zone}", opens, opens + timedelta(seconds=seconds), "storm", WHO)
        house.grants.look(tx, [person.id], WHO, given.id)
    return f"{row.no} {zone} {seconds}"


def open_serial(lives: Lives, house: House) -> str:
    door = lives.dice.choice(DOORS)
    with house.store.writing() as tx:
        return house.conditions.open_door(tx, door, WHO, "storm", 10.0).id


_L = Lives
MOODS: tuple[tuple[Act, ...], ...] = (
    (_L.newcomers,),
    (_L.newcomers, _L.revoke),
    (_L.change, _L.change),
    (_L.assign, _L.lose, _L.assign),
    (_L.swap, _L.lose),
    (_L.revoke, _L.back),
    (deeds.suspend, deeds.resume),
    (deeds.resume, deeds.suspend),
    (deeds.lend, deeds.take_back),
    (deeds.lock, deeds.release),
    (deeds.lock, deeds.release_all),
    (visit, visit),
    (open_serial,),
)


class Frontier(Rehearsal):
    """The parts of one such run, joined."""

    def __init__(self, options: Options, network: Network, trace: Trace, loop: SimLoop) -> None:
        super().__init__(options, network, trace, loop)
        self._ground = ground(FRONTIER)
        self._hub = Hub(FOLDER, SimClock(loop, START), self._seed, trace, Counter(), gateway_term_days=TERM_DAYS)
        self._lives = Lives(self._hub, self._ground, self._seed, trace, options.people)
        self._lives.moods = MOODS
        self._strands = Strands([one.line for one in SITES], Random(f"{self._seed}/strands"), trace)
        self._board = Switchboard(self._hub, Random(f"{self._seed}/calls"), trace)
        clock = SimClock(loop, START)
        self._outpost = Outpost(FAR_FOLDER, self._board, self._strands, clock, self._seed, trace)
        self._hub.bus = partial(self._hub.string, self._strands, EMBEDDED)
        self._owners: dict[str, str | None] = {}

    async def run(self) -> None:
        """Evenings under storm, each followed by a day on which the far gateway's term ends, and then the end."""
        with no_threads():
            async with emulated(self._ground.wires, None, self._clock, Random(f"{self._seed}/panels")) as served:
                panels = {name: each for name, each in served.items() if isinstance(each, ServedPanel)}
                await self._joined(panels)

    async def _joined(self, panels: dict[str, ServedPanel]) -> None:
        of_panels = {at: zones for at, zones in self._ground.zones.items() if at[0] in panels}
        witness = Witness(
            self._hub, replace(self._ground, zones=of_panels), panels, self._clock, self._seed, self._trace
        )
        thresholds = Thresholds(self._ground, self._strands, SITES, self._ground.wires[0].zone, self._seed)
        thresholds.book, thresholds.blame = lambda: witness.book, witness.blame
        thresholds.true_now, thresholds.checks = self._clock.now, witness.checks
        thresholds.folders = {EMBEDDED: FOLDER}
        self._thresholds = thresholds
        addresses = {name: self._ground.address(name) for name in panels}
        gales = Gales(
            self._hub, self._outpost, self._board, self._strands, SITES, self._network, addresses, self._seed, self._trace,
            self.options.only or REQUIRED, self.options.pause_s,
        )  # fmt: skip
        self._gales = gales
        gales.swipe, gales.stir = thresholds.swipe, self._lives.take_away

        def meet(house: House) -> None:
            self._board.meet(house)
            witness.meet(house)
            house.store.listen(lambda _: self._look_at_owners(witness))

        self._hub.on_opening(meet)
        self._hub.on_ending(self._board.ended)
        await self._play(gales, witness)

    async def _found(self) -> None:
        """A hub with its campus, and a gateway that has a part of it."""
        await super()._found()
        house = self._hub.house
        assert house is not None
        with house.store.writing() as tx:
            gateway, code = house.office.gateways.add(tx, NAME, WATCHMAN)
        self._thresholds.folders[gateway.id] = FAR_FOLDER
        self._outpost.start(code)
        await asyncio.sleep(2.0)
        self._gales.hand(gateway.id, FAR_TARGETS)
        await asyncio.sleep(ENROLLING_S)

    async def _storm(self, span_s: float, storm: Dealer, witness: Witness) -> None:
        await super()._storm(span_s, storm, witness)
        self._outpost.check()

    async def _swipe(self, witness: Witness) -> None:
        while True:
            await asyncio.sleep(self._gales.dice.expovariate(1 / SWIPE_S))
            self._thresholds.swipe()
            if self._gales.dice.random() < 0.3:
                witness.swipe_once()

    async def _between(self, witness: Witness) -> None:
        """All go home; the gateway is back just before its term is over, and the hub only after it."""
        self._gales.begin()
        self._hub.pardon()
        self._outpost.pardon()
        self._gales.hand(self._outpost.name, FAR_TARGETS)
        await asyncio.sleep(ENROLLING_S)
        await self._outpost.stop()
        await self._hub.stop()
        book = witness.book
        terms = [] if book is None else [term for one in FAR_TARGETS if (term := book.owner(one)[1]) is not None]
        if terms:
            await asyncio.sleep((min(terms) - self._clock.now()).total_seconds() - BEFORE_TERM_S)
            self._trace("cut off", min(terms))
            before = self._refusals()
            self._outpost.start()
            await self._together(BEFORE_TERM_S + AFTER_TERM_S, witness, self._swipe(witness))
            self._gales.acts["term_over"] += self._refusals() - before
            await self._outpost.stop()
        await self._hub.start()
        self._outpost.start()
        await asyncio.sleep(ENROLLING_S)

    def _refusals(self) -> int:
        """How often the far gateway has said that its term is over."""
        far = Ledger(FAR_FOLDER)
        return sum(one.reason == TERM_OVER for site in SITES for one in far.passages(site.line))

    def _unlike(self, witness: Witness) -> list[str]:
        return [*super()._unlike(witness), *self._thresholds.unlike()]

    async def _end(self, storm: Dealer, witness: Witness) -> None:
        self._outpost.pardon()
        await self._outpost.stop()
        for wrong in self._thresholds.look_back():
            witness.blame(wrong)
        await super()._end(storm, witness)

    async def _abandon(self) -> None:
        await self._outpost.abandon()
        await super()._abandon()

    def _look_at_owners(self, witness: Witness) -> None:
        """Count what has changed hands."""
        if witness.book is None:
            return
        for target in (*(one.target for one in SITES), *FAR_TARGETS):
            owner = witness.book.owner(target)[0]
            before = self._owners.get(target, owner)
            self._owners[target] = owner
            if owner != before:
                self._gales.acts["handed_home" if owner is None else "handed_out"] += 1
                self._trace("owner", target, owner)
