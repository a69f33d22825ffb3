"""What goes wrong between a hub and its panels, by the seed; dealt and counted as in `deck.py`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
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
from tests.simulation.deck import Dealer, Deck, of
from tests.simulation.hub import KEPT_FATES, POINTS, RESTORES, Hub
from tests.simulation.invariants import Witness
from tests.simulation.keeping import Killed
from tests.simulation.network import FAIR, Network, Weather
from tests.simulation.trace import Trace

USUAL = Weather(lost=0.01, late=0.03, doubled=0.04)
STORM = Weather(lost=0.15, late=0.25, doubled=0.3)
CROSSED = Weather(lost=0.3, late=0.05, doubled=0.3, crossed=0.8)
SPOILT = Faults(stale=0.2, wrong_function=0.2, short=0.2)
BROKEN = Faults(split=0.2, coalesce=0.2, stall=0.1, hang_up=0.15, reset=0.15)
DEAF = Faults(unheard=0.4, heard_late=0.3, heard_twice=0.4, delay_s=2.0)
ASKED_BY_TCP = "annex"
FOREIGN_FIRST = 9_000_001
WATCHMAN = Actor("operator:watchman", frozenset({"system"}))
SECOND = Actor("operator:second", frozenset({"security"}))

NETWORK = ("lost", "late", "doubled", "reordered", "crossed", "cut_to", "cut_from")
PANELS = ("garbage", "wrong_serial", "reply_lost", "full", "off", "power_kept", "power_lost", "skewed")
SPOILING = ("stale", "wrong_function", "short", "split", "coalesce", "hang_up", "reset")
EARS = ("unheard", "heard_late", "heard_twice")
TAMPERED = ("tamper_foreign", "tamper_returned", "tamper_altered", "tamper_removed")
HUB = ("stalled", "choked")
REQUIRED = (*NETWORK, *PANELS, *SPOILING, *EARS, *TAMPERED, *POINTS, *KEPT_FATES, *RESTORES, *HUB)


class Storm(Dealer):
    """What strikes the hub beside its panels."""

    def __init__(
        self,
        hub: Hub,
        network: Network,
        ground: Ground,
        panels: dict[str, ServedPanel],
        witness: Witness,
        seed: str,
        trace: Trace,
        names: Sequence[str],
        pause_s: float,
    ) -> None:
        addresses = {name: ground.address(name) for name in panels}
        super().__init__(Random(f"{seed}/faults"), _DECK, names, pause_s, network, addresses)
        self.hub = hub
        self.panels = panels
        self.witness = witness
        self.trace = trace
        self.stir: Callable[[], None] = lambda: None
        self.arrive: Callable[[], None] = lambda: None
        self.regret: Callable[[], None] = lambda: None
        self.dismiss: Callable[[], None] = lambda: None

    def fired(self) -> Counter[str]:
        """How often each fault struck."""
        counted = self.network.fired + self.hub.fired + self.witness.fired + self.acts
        return sum((panel.fired for panel in self.panels.values()), counted)

    def begin(self) -> None:
        """As it usually is."""
        self._end_faults(USUAL)

    def calm(self) -> None:
        """Nothing goes wrong any more, and every panel has its power and its time; save for one card that some panel cannot
        take, and that must cost nobody else anything."""
        self._end_faults(FAIR)
        self.hub.pardon()
        for panel in self.panels.values():
            panel.emulator.set_local_time(self.witness.local_now())
        self.look_at(self.choke_on())

    def _end_faults(self, weather: Weather) -> None:
        self.blow(weather)
        self.hub.stall(0.0)
        self.witness.chokes.clear()
        for panel in self.panels.values():
            panel.suffer(NONE)
            if not panel.emulator.powered:
                panel.emulator.power(on=True)

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
            self.network.weather[self.addresses[name]] = weather
            self.look_at(name)
        for _ in range(self.dice.randint(1, 6)):
            await asyncio.sleep(self.dice.uniform(0.5, 3.5))
            self.stir()
            if weather.crossed:
                self.dismiss()
        for name in names:
            self.network.weather[self.addresses[name]] = USUAL

    async def trouble(self, faults: Faults, name: str | None = None) -> None:
        """A panel that behaves badly for a while."""
        name = name or self.panel()[0]
        panel = self.panels[name]
        self.trace("trouble", name, faults)
        panel.suffer(faults)
        self.look_at(name)
        await asyncio.sleep(self.dice.uniform(3.0, 15.0))
        panel.suffer(NONE)

    async def fill(self) -> None:
        """Every panel behaves as if it were full, and somebody comes."""
        for panel in self.panels.values():
            panel.suffer(Faults(full=True))
        self.trace("full")
        for _ in range(self.dice.randint(1, 3)):
            self.arrive()
            await asyncio.sleep(self.dice.uniform(2.0, 5.0))
        for panel in self.panels.values():
            panel.suffer(NONE)

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
        """The hub dies while somebody comes, and its gateway's own file with it; some go as soon as it is back."""
        lives = self.hub.lives
        self.blow(STORM)
        self.hub.doom_kept(fate)
        self.arrive()
        self.hub.doom(self.dice.choice(POINTS), self.dice.randint(1, 12))
        for _ in range(self.dice.randint(3, 9)):
            await asyncio.sleep(self.dice.uniform(0.1, 0.9))
            if self.hub.lives > lives:
                self.regret()
        self.blow(USUAL)

    async def stall(self) -> None:
        """Answers of the desk come late, while a panel has lost its memory and rights are being taken away."""
        name, panel = self.panel()
        panel.emulator.power_cycle(keep_memory=False)
        self.witness.forgot(name)
        self.look_at(name)
        self.hub.stall(0.3)
        self.trace("stall", name)
        for _ in range(self.dice.randint(1, 3)):
            await asyncio.sleep(self.dice.uniform(2.0, 8.0))
            self.stir()
            self.dismiss()
        self.hub.stall(0.0)

    async def choke(self) -> None:
        """A panel keeps silent whenever one card is put, and answers everything else."""
        name = self.choke_on()
        before = self.witness.fired["choked"]
        for _ in range(self.dice.randint(2, 10)):
            self.look_at(name)
            await asyncio.sleep(3.0)
            if self.witness.fired["choked"] > before + 6:
                break
        self.witness.chokes.pop(name, None)

    def choke_on(self) -> str:
        """Some panel loses its memory, and cannot take the card that comes first."""
        name, panel = self.panel()
        number = None if self.witness.book is None else self.witness.book.first_in_line(name)
        if number is not None:
            self.witness.chokes[name] = number
            panel.emulator.power_cycle(keep_memory=False)
            self.witness.forgot(name)
            self.trace("choked", name, number)
        return name

    async def back_up(self) -> None:
        """A backup is taken, and some time passes."""
        with suppress(Killed):
            self.acts["backed_up"] += self.hub.back_up()
            self.trace("backup")

    async def lose(self, loss: str) -> None:
        """Somebody goes, and is gone; then the hub dies, and its database is lost."""
        self.stir()
        await asyncio.sleep(self.dice.uniform(2.0, 12.0))
        self.hub.doom_database(loss)
        self.hub.doom(self.dice.choice(POINTS), self.dice.randint(1, 6))

    def accept(self) -> None:
        """Two people look at what differs after a restore, and accept it."""
        house, book = self.hub.house, self.witness.book
        if house is None or book is None or self.hub.quiet or not book.recovering():
            return
        with suppress(Killed), house.store.writing() as tx:
            state = house.eras.state(tx)
            if state is not None and state.era.settled is None:
                for who in (WATCHMAN, SECOND):
                    house.eras.accept(tx, state.digest, who)
                self.trace("accepted", state.digest)

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


# Each with what strikes by it.
_DECK: Deck = (
    (("lost", "late", "doubled", "reordered"), lambda storm: storm.weather(STORM, everywhere=True)),
    (("lost", "late", "doubled", "reordered"), lambda storm: storm.weather(STORM, everywhere=False)),
    (("crossed",), lambda storm: storm.weather(CROSSED, everywhere=True)),
    (
        ("cut_to", "cut_from"),
        lambda storm: storm.weather(replace(USUAL, cut_to=True, cut_from=True), everywhere=False),
    ),
    (("cut_to",), lambda storm: storm.weather(replace(USUAL, cut_to=True), everywhere=False)),
    (("cut_from",), lambda storm: storm.weather(replace(USUAL, cut_from=True), everywhere=False)),
    (
        ("garbage", "wrong_serial", "reply_lost"),
        lambda storm: storm.trouble(Faults(garbage=0.25, wrong_serial=0.35, reply_lost=0.3)),
    ),
    (("stale", "wrong_function", "short"), lambda storm: storm.trouble(SPOILT)),
    (("split", "coalesce", "hang_up", "reset"), lambda storm: storm.trouble(BROKEN, ASKED_BY_TCP)),
    (("unheard", "heard_late", "heard_twice"), lambda storm: storm.trouble(DEAF)),
    (("full",), lambda storm: storm.fill()),
    (("off",), lambda storm: storm.trouble(Faults(off=True))),
    (("power_kept",), lambda storm: storm.power(keep=True)),
    (("power_lost",), lambda storm: storm.power(keep=False)),
    (("skewed",), lambda storm: storm.skew()),
    (("stalled",), lambda storm: storm.stall()),
    (("choked",), lambda storm: storm.choke()),
    *((RESTORES, lambda storm: storm.back_up()) for _ in range(3)),
    *(((loss,), of(Storm.lose, loss)) for loss in RESTORES),
    *(((point,), of(Storm.kill, point)) for point in POINTS),
    *(((fate,), of(Storm.kill_kept, fate)) for fate in KEPT_FATES),
    *(((deed,), of(Storm.tamper, deed)) for deed in TAMPERED),
)
