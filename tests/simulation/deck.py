"""Faults dealt from a deck, by the seed: through and through, so that each comes in every run. What a fault does is counted
where it strikes: one that struck nobody fails the run."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

from tests.simulation.network import Address, Network, Weather

Fault = Callable[[Any], Awaitable[object]]
"""What a dealer does to somebody, and for how long."""
Deck = Sequence[tuple[tuple[str, ...], Fault]]
"""Faults, each with the names of what strikes by it."""


class Dealer(ABC):
    """Deals faults until cancelled. `names`: those that must strike; `pause_s`: between two of them, on average;
    `addresses`: of the panels by name."""

    def __init__(
        self,
        dice: Random,
        deck: Deck,
        names: Sequence[str],
        pause_s: float,
        network: Network,
        addresses: dict[str, Address],
    ) -> None:
        self.dice = dice
        self.network = network
        self.addresses = addresses
        self.acts: Counter[str] = Counter()
        self.catching_up = False
        """Deal only what has not struck yet."""
        self._deck, self._names, self._pause_s = deck, names, pause_s
        self._hand: list[Fault] = []

    @abstractmethod
    def fired(self) -> Counter[str]:
        """How often each fault struck."""

    def missing(self) -> list[str]:
        """Faults that must strike in every run, and have not yet."""
        fired = self.fired()
        return [name for name in self._names if not fired[name]]

    def blow(self, weather: Weather) -> None:
        """The same weather before every panel."""
        for address in self.addresses.values():
            self.network.weather[address] = weather

    async def go_on(self) -> None:
        """Deal until cancelled."""
        self.begin()
        while True:
            if not self._hand:
                self._hand = self._dealt()
            await asyncio.sleep(self.dice.uniform(0.3, 1.7) * self._pause_s)
            self.accept()
            await self._hand.pop()(self)

    @abstractmethod
    def begin(self) -> None:
        """As it usually is: what an evening's end cut off must not last for ever."""

    @abstractmethod
    def calm(self) -> None:
        """The storm is over, for good."""

    @abstractmethod
    def accept(self) -> None:
        """Two people look at what differs after a restore, and accept it."""

    def _dealt(self) -> list[Fault]:
        """All faults in some order; to catch up, only those that have not struck yet."""
        missing = (self.catching_up and self.missing()) or self._names
        told = [fault for names, fault in self._deck if not set(missing).isdisjoint(names)]
        return self.dice.sample(told, len(told))


def of(deed: Callable[..., Awaitable[object]], *told: object) -> Fault:
    """A deed that a deck holds more than once, each time with something else told to it."""
    return lambda dealer: deed(dealer, *told)
