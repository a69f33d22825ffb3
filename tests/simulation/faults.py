"""What goes wrong, by the seed. The deck holds every fault; it is dealt through and through, so that each comes in every
run, and what a fault does is counted where it strikes: one that struck nobody fails the run."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

from devices.wg.emulator import WgEmulator
from devices.wg.faults import NONE, Faults
from devices.wg.memory import Card
from devices.wg.served import ServedPanel
from provisioning.nouns.told import Actor
from tests.simulation.campus import Ground
from tests.simulation.hub import KEPT_FATES, POINTS, Hub, Killed
from tests.simulation.invariants import Witness
from tests.simulation.network import FAIR, Address, Network, Weather
from tests.simulation.trace import Trace

USUAL = Weather(lost=0.01, late=0.03, doubled=0.04)
STORM = Weather(lost=0.15, late=0.25, doubled=0.3)
CROSSED = Weather(lost=0.3, late=0.05, doubled=0.3, crossed=0.8)
FOREIGN_FIRST = 9_000_001
WATCHMAN = Actor("operator:watchman", frozenset({"system"}))

NETWORK = ("lost", "late", "doubled", "reordered", "crossed", "cut_to", "cut_from")
PANELS = ("garbage", "wrong_serial", "reply_lost", "full", "off", "power_kept", "power_lost", "skewed")
TAMPERED = ("tamper_foreign", "tamper_returned", "tamper_altered", "tamper_removed")
REQUIRED = (*NETWORK, *PANELS, *TAMPERED, *POINTS, *KEPT_FATES)

Fault = Callable[["Storm"], Awaitable[object]]


class Storm:
    """Deals faults until cancelled; `calm` ends them all."""

    def __init__(
        self,
        hub: Hub,
        network: Network,
        ground: Ground,
        panels: dict[str, ServedPanel],
        witness: Witness,
        seed: str,
        trace: Trace,
    ) -> None:
        self.dice = Random(f"{seed}/faults")
        self.hub = hub
        self.network = network
        self.panels = panels
        self.witness = witness
        self.trace = trace
        self.pause_s = 4.0
        self.stir: Callable[[], None] = lambda: None
        self.acts: Counter[str] = Counter()
        self._addresses: dict[str, Address] = {name: ground.address(name) for name in panels}
        self._deck: list[Fault] = []

    def fired(self) -> Counter[str]:
        """How often each fault struck."""
        counted = self.network.fired + self.hub.fired + self.witness.fired + self.acts
        return sum((panel.fired for panel in self.panels.values()), counted)

    def missing(self) -> list[str]:
        """Faults that must strike in every run, and have not yet."""
        fired = self.fired()
        return [name for name in REQUIRED if not fired[name]]

    def blow(self, weather: Weather) -> None:
        """The same weather everywhere."""
        for address in self._addresses.values():
            self.network.weather[address] = weather

    def calm(self) -> None:
        """Nothing goes wrong any more, and every panel has its power and its time."""
        self.blow(FAIR)
        self.hub.pardon()
        for panel in self.panels.values():
            panel.suffer(NONE)
            if not panel.emulator.powered:
                panel.emulator.power(on=True)
            panel.emulator.set_local_time(self.witness.local_now())

    async def go_on(self) -> None:
        """Deal until cancelled."""
        self.blow(USUAL)
        while True:
            if not self._deck:
                self._deck = self.dice.sample(_DECK, len(_DECK))
            await asyncio.sleep(self.dice.uniform(0.3, 1.7) * self.pause_s)
            await self._deck.pop()(self)

    def panel(self) -> tuple[str, ServedPanel]:
        """One of the panels."""
        name = self.dice.choice(list(self.panels))
        return name, self.panels[name]

    def look_at(self, name: str) -> None:
        """Somebody wonders what the matter is, and has the panel read."""
        house = self.hub.house
        if house is not None:
            with suppress(Killed), house.store.writing() as tx:
                house.delivery.ask_reading(tx, name, WATCHMAN)

    async def weather(self, weather: Weather, *, everywhere: bool) -> None:
        """Some bad weather, and then the usual again."""
        names = list(self.panels) if everywhere else [self.panel()[0]]
        self.trace("weather", *names, weather)
        for name in names:
            self.network.weather[self._addresses[name]] = weather
            self.look_at(name)
        for _ in range(self.dice.randint(1, 6)):
            await asyncio.sleep(self.dice.uniform(0.5, 3.5))
            self.stir()
        for name in names:
            self.network.weather[self._addresses[name]] = USUAL

    async def trouble(self, faults: Faults, *, everywhere: bool = False) -> None:
        """A panel, or all, that behave badly for a while."""
        names = list(self.panels) if everywhere else [self.panel()[0]]
        self.trace("trouble", *names, faults)
        for name in names:
            self.panels[name].suffer(faults)
            self.look_at(name)
        await asyncio.sleep(self.dice.uniform(3.0, 15.0))
        for name in names:
            self.panels[name].suffer(NONE)

    async def power(self, *, keep: bool) -> None:
        """Pull the plug for a while."""
        name, panel = self.panel()
        panel.emulator.power(on=False)
        await asyncio.sleep(self.dice.choice((0.1, 2.0, 20.0)))
        if keep:
            panel.emulator.power(on=True)
        else:
            panel.emulator.power_cycle(keep_memory=False)
            self.witness.forgot(name)
        self.acts["power_kept" if keep else "power_lost"] += 1
        self.trace("power", name, "kept" if keep else "lost")

    async def skew(self) -> None:
        """A panel's clock is wrong for a while."""
        name, panel = self.panel()
        panel.emulator.set_local_time(panel.emulator.local_time() + timedelta(seconds=self.dice.uniform(-90, 90)))
        panel.emulator.drift(self.dice.uniform(-2_000, 2_000))
        self.acts["skewed"] += 1
        self.trace("skewed", name, panel.emulator.local_time())

    async def kill(self, point: str) -> None:
        """The hub will die soon."""
        self.hub.doom(point, self.dice.randint(1, 6))

    async def kill_kept(self, fate: str) -> None:
        """The hub dies soon, and its gateway's own file with it."""
        self.hub.doom_kept(fate)
        self.hub.doom(self.dice.choice(POINTS), self.dice.randint(1, 6))

    async def tamper(self, deed: str) -> None:
        """Somebody with the vendor's own tool."""
        name, panel = self.panel()
        number = self._tampered(name, panel.emulator, deed)
        if number is not None:
            self.acts[deed] += 1
            self.witness.tampered(name, number)
            self.trace(deed, name, number)

    def _tampered(self, name: str, panel: WgEmulator, deed: str) -> int | None:
        held = [card for card in panel.cards() if card is not None]
        today = panel.local_time().date()
        always = {"opens": today, "closes": today + timedelta(days=400), "doors": (1, 1, 1, 1)}
        gone = self.witness.gone(name)
        if deed == "tamper_foreign":
            card = Card(FOREIGN_FIRST + self.dice.randrange(50), **always)
        elif deed == "tamper_returned" and gone:
            card = Card(self.dice.choice(gone), **always)
        elif deed == "tamper_altered" and held:
            card = replace(self.dice.choice(held), **always)
        elif deed == "tamper_removed" and held:
            number = self.dice.choice(held).number
            panel.remove(number)
            return number
        else:
            return None
        try:
            panel.put(card)
        except ValueError:
            return None
        return card.number


def _kill(point: str) -> Fault:
    return lambda storm: storm.kill(point)


def _kept(fate: str) -> Fault:
    return lambda storm: storm.kill_kept(fate)


def _tamper(deed: str) -> Fault:
    return lambda storm: storm.tamper(deed)


_DECK: tuple[Fault, ...] = (
    lambda storm: storm.weather(STORM, everywhere=True),
    lambda storm: storm.weather(STORM, everywhere=False),
    lambda storm: storm.weather(CROSSED, everywhere=True),
    lambda storm: storm.weather(replace(USUAL, cut_to=True, cut_from=True), everywhere=False),
    lambda storm: storm.weather(replace(USUAL, cut_to=True), everywhere=False),
    lambda storm: storm.weather(replace(USUAL, cut_from=True), everywhere=False),
    lambda storm: storm.trouble(Faults(garbage=0.25, wrong_serial=0.35, reply_lost=0.3)),
    lambda storm: storm.trouble(Faults(full=True), everywhere=True),
    lambda storm: storm.trouble(Faults(off=True)),
    lambda storm: storm.power(keep=True),
    lambda storm: storm.power(keep=False),
    lambda storm: storm.skew(),
    *map(_kill, POINTS),
    *map(_kept, KEPT_FATES),
    *map(_tamper, TAMPERED),
)
