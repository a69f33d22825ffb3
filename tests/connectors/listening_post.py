"""A post where a gateway's ears listen: emulated panels on real sockets, and a hub that keeps passages on paper."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import count

from connectors import registry
from connectors.contract import Anew, Connector, Gap, Heard, Json, Mark
from connectors.desk import Passed, Watch, Watched
from connectors.ears import Ears, Looks
from devices.clock import SystemClock
from devices.wg.acts import perform
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.panel import Listener, Panel
from devices.wg.served import ServedPanel, serve
from tests.connectors.emulated import ZONE

NETS = count(1)
QUICK = Looks(
    heard_s=0.5,
    unheard_s=0.2,
    deaf_s=0.1,
    gap_s=0.02,
    doubt_s=0.05,
    backoff_s=0.05,
    backoff_s_max=0.2,
    watch_s=0.02,
    retry_s=0.02,
)


@dataclass
class PaperPassages:
    """A hub that keeps passages on paper: a desk with its own idea of how far each target has come."""

    watched: list[Watched] = field(default_factory=list)
    listen: str | None = None
    version: int = 1
    kept: dict[str, list[Heard | Gap | Anew]] = field(default_factory=lambda: defaultdict(list))
    marks: dict[str, Mark] = field(default_factory=dict)
    strangers: list[tuple[str, int]] = field(default_factory=list)
    deafness: list[str | None] = field(default_factory=list)
    failing: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    async def watch(self, since: str | None) -> Watch | None:
        if since == str(self.version):
            return None
        targets = tuple(
            Watched(each.target, each.kind, each.settings, self.marks.get(each.target, Mark()), self.listen)
            for each in self.watched
        )
        return Watch(str(self.version), ZONE, targets)

    async def passed(self, told: Sequence[Passed]) -> Sequence[Mark]:
        self.calls += 1
        if self.failing:
            self.failing -= 1
            raise OSError("the disk is full")
        return [self._take(one) for one in told]

    async def overheard(self, address: str, serial: int) -> None:
        self.strangers.append((address, serial))

    async def deaf(self, listen: str, why: str | None) -> None:
        self.deafness.append(why)

    def numbers(self, target: str) -> list[int]:
        return [one.index for one in self.kept[target] if isinstance(one, Heard)]

    def _take(self, one: Passed) -> Mark:
        mark = self.marks.get(one.target, Mark())
        if one.after != mark:
            self.refused[one.target] += 1
            return mark
        for report in one.told:
            if isinstance(report, Heard):
                assert report.index == mark.index + 1
                mark = Mark(report.index, report.at)
            else:
                mark = Mark(report.last) if isinstance(report, Gap) else Mark()
            self.kept[one.target].append(report)
        self.marks[one.target] = mark
        return mark


@dataclass
class Post:
    """A gateway's ears, the desk, and panels."""

    desk: PaperPassages
    panels: dict[str, ServedPanel]
    net: str
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.Task[None] | None = None
    ears: Ears | None = None

    def start(self, looks: Looks = QUICK) -> None:
        self.stop = asyncio.Event()
        self.ears = Ears(self.desk, build, SystemClock(), looks)
        self.running = asyncio.create_task(self.ears.run(self.stop))

    async def end(self) -> None:
        self.stop.set()
        if self.running is not None:
            await self.running
        self.running = None

    async def kill(self) -> None:
        assert self.running is not None
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        self.running = None

    async def until(self, holds: Callable[[], object], within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                assert self.running is None or not self.running.done()
                await asyncio.sleep(0.005)

    async def hearing(self) -> None:
        await self.until(lambda: self.ears is not None and self.ears.listening)

    def swipe(self, target: str, times: int = 1, card: int = 7) -> None:
        for _ in range(times):
            perform(self.panels[target], {"act": "swipe", "card": card, "door": 1})

    def kept_by(self, target: str) -> list[int]:
        return [event.index for event in self.panels[target].emulator.events()]

    async def complete(self, target: str) -> None:
        """Until the desk has all that the panel keeps."""
        await self.until(lambda: self.desk.numbers(target) == self.kept_by(target))


def build(kind: str, settings: Mapping[str, Json]) -> Connector:
    return registry.build(kind, settings, ZONE)


@asynccontextmanager
async def post(panels: int = 1, *, events_max: int = 10_000, chunk: int = 64) -> AsyncGenerator[Post]:
    net = f"127.74.{next(NETS)}"
    served: dict[str, ServedPanel] = {}
    desk = PaperPassages(listen=f"{net}.200:60001")
    try:
        for nth in range(1, panels + 1):
            identity = Identity(423_000_000 + nth)

            def make(identity: Identity = identity) -> WgEmulator:
                return WgEmulator(identity, SystemClock(), ZONE, events_max=events_max, events_chunk=chunk)

            panel = await serve(f"p{nth}", make, (f"{net}.{nth}", 0), random.Random(nth))
            served[f"p{nth}"] = panel
            address = "{}:{}".format(*panel.address)
            desk.watched.append(Watched(f"p{nth}", "wg", settings(identity.serial, address), Mark()))
            await tell_there(panel, desk.listen or "")
        made = Post(desk, served, net)
        yield made
        await made.end()
    finally:
        for panel in served.values():
            await panel.close()


async def tell_there(panel: ServedPanel, listen: str) -> None:
    host, _, port = listen.partition(":")
    client = Panel(panel.emulator.identity.serial, "{}:{}".format(*panel.address))
    await client.set_listener(Listener(IPv4Address(host), int(port)))
    client.close()


def settings(serial: int, address: str) -> dict[str, Json]:
    door: Json = {"number": 1, "id": "d1", "name": {"zh": "门", "en": "Door"}, "zones": ["z"]}
    return {"serial": serial, "address": address, "model": "wg", "cards_max": 100, "doors": [door]}
