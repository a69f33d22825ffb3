"""A gateway at the real desk, over a real database, with emulated panels on real sockets: for what must hold between
targets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, insert, select

from connectors import registry
from connectors.carry import Bounds
from connectors.contract import Connector, Json, Record
from connectors.gateway import Gateway, Slots
from connectors.kept import Kept
from devices.clock import SystemClock
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.served import serve
from provisioning.compose import House, opened
from provisioning.delivery.desk import HubDesk
from provisioning.settings import Settings
from provisioning.store import tables
from provisioning.store.rights import Wish, wish
from tests.connectors.emulated import ZONE, CountingPanel, WgTarget

CARDS_MAX = 20_000
WAIT_S_MAX = 60.0
LOOK_S = 0.005


class RoomyTarget(WgTarget):
    """A panel with room for as many cards as real ones hold."""

    room = CARDS_MAX


class Earlier(SystemClock):
    """The clock of an hour ago: a gateway's file that was begun then knows all that was sent."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(super().now().timestamp() - 3600, tz=super().now().tzinfo)


@dataclass
class Fair:
    """The ground: targets by name, and what is wanted there."""

    house: House
    gateway: Gateway
    stack: AsyncExitStack
    made: int = 0
    stop: asyncio.Event | None = None
    running: asyncio.Task[None] | None = None

    async def panel(self, name: str) -> RoomyTarget:
        """One more panel, and its target."""
        self.made += 1
        identity = Identity(405419896 + self.made)
        panels: list[CountingPanel] = []

        def make() -> WgEmulator:
            panels.append(CountingPanel(identity, SystemClock(), ZONE, cards_max=CARDS_MAX))
            return panels[0]

        served = await serve(name, make, (f"127.78.1.{self.made}", 0), random.Random(self.made))
        self.stack.push_async_callback(served.close)
        target = RoomyTarget(served, panels[0])
        self.target(name, target.settings())
        return target

    def target(self, name: str, settings: Mapping[str, Json]) -> None:
        with self.house.store.writing() as tx:
            values = {"id": name, "kind": "wg", "name": {"zh": name, "en": name}, "building": "b", "settings": settings}
            tx.run(insert(tables.target).values(**values, active=True))

    def want(self, name: str, records: Iterable[Record], *, urgent: bool = False) -> None:
        wishes = [
            Wish(name, each.key, None, each.body, 1, each.rank, each.grants, urgent, fresh=True) for each in records
        ]
        with self.house.store.writing() as tx:
            wish(tx, wishes)

    def take(self, name: str, record: Record) -> None:
        """Have a proved record taken away, urgently."""
        with self.house.store.writing() as tx:
            wish(tx, [Wish(name, record.key, None, None, 2, record.rank, (), urgent=True, fresh=False)])

    def owing(self, name: str) -> int:
        with self.house.store.reading() as tx:
            mine = (tables.record.c.target == name, tables.record.c.dirty)
            return tx.run(select(func.count()).select_from(tables.record).where(*mine)).scalar_one()

    def start(self) -> None:
        self.stop = asyncio.Event()
        self.running = asyncio.create_task(self.gateway.run(self.stop))

    async def until(self, holds: Callable[[], bool]) -> None:
        assert self.running is not None
        for _ in range(round(WAIT_S_MAX / LOOK_S)):
            if holds():
                return
            assert not self.running.done(), "the gateway has ended"
            await asyncio.sleep(LOOK_S)
        raise AssertionError("it did not come so")

    async def end(self) -> None:
        if self.stop is not None and self.running is not None:
            self.stop.set()
            await self.running


@asynccontextmanager
async def fair(folder: Path, slots: Slots, bounds: Bounds | None = None) -> AsyncGenerator[Fair]:
    """The ground, until the block ends."""
    clock = SystemClock()
    Kept(folder / "kept.sqlite", Earlier()).close()
    kept = Kept(folder / "kept.sqlite", clock)

    def build(kind: str, settings: Mapping[str, Json]) -> Connector:
        return registry.build(kind, settings, ZONE)

    async with AsyncExitStack() as stack:
        with opened(Settings(data=folder / "hub")) as house:
            desk = HubDesk(house.store, house.delivery, "gateway:test", asyncio.to_thread)
            ground = Fair(house, Gateway(desk, build, kept, clock, slots=slots, bounds=bounds), stack)
            try:
                yield ground
            finally:
                await ground.end()
                kept.close()
