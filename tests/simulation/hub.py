"""A hub that dies: the real house on its folder, killed at a commit, at a note on the gateway's disk or at a datagram, and
opened again; sometimes with the gateway's own file lost or torn, or a backup in the place of its database."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from connectors.doorkeeper import OpenBus
from connectors.kept_file import KeptFile
from devices.osdp.bus import Bus
from provisioning.compose import House, World, opened
from provisioning.delivery.desk import HubDesk
from provisioning.nouns.told import Actor
from provisioning.settings import Settings
from provisioning.story.restoring import Places, TailMissing, restore
from tests.simulation.keeping import Incarnation, Keeping
from tests.simulation.loop import SimClock
from tests.simulation.trace import Trace

POINTS = ("before_commit", "after_commit", "before_note", "after_note", "before_send", "after_send")
KEPT_FATES = ("kept_lost", "kept_torn")
RESTORES = ("restored", "restored_untailed")
STALL_S = (9.0, 24.0)
"""A thread that comes back so late finds its lease, of 15 s, over or still there."""
QUIET_S = 8.0
"""Whoever has put a backup back looks before they go on."""
KEEPER = Actor("operator:keeper", frozenset({"system"}))


class Hub(Keeping):
    """Keeps a house on a folder, however often it dies."""

    def __init__(
        self, folder: Path, clock: SimClock, seed: str, trace: Trace, fired: Counter[str], **settings: Any
    ) -> None:
        super().__init__(folder, clock, seed, "hub", trace, fired)
        self.settings = Settings(data=folder, **settings)
        self._random_bytes = Random(f"{seed}/bytes").randbytes
        self._house: House | None = None
        self._opened = asyncio.Event()
        self._kept_fate: str | None = None
        self._meet: Callable[[House], None] = lambda _: None
        self._lose: Callable[[], None] = lambda: None
        self.bus: OpenBus = Bus
        self._archive: Path | None = None
        self._loss: str | None = None
        self._stalls = 0.0
        self._quiet_until = 0.0

    @property
    def house(self) -> House | None:
        """The house while its process lives."""
        return self._house if self.life is not None and self.life.alive else None

    def on_opening(self, meet: Callable[[House], None]) -> None:
        """Have this called with every house that is opened."""
        self._meet = meet

    def on_losing(self, lose: Callable[[], None]) -> None:
        """Have this called just before the database is lost, and a backup put in its place."""
        self._lose = lose

    @property
    def quiet(self) -> bool:
        """Whether a backup was put back a moment ago."""
        return self.clock.monotonic() < self._quiet_until

    def stall(self, share: float) -> None:
        """Let this share of the desk's answers come late, as from a machine that is starved; 0: none any more."""
        self._stalls = share

    def back_up(self) -> bool:
        """Take a backup now; False where nobody is there to take one."""
        if self.house is None:
            return False
        _, sent, _ = self.house.backups.take("storm", KEEPER)
        archive = self.settings.data.with_name("backup.tar")
        archive.write_bytes(b"".join(sent))
        self._archive = archive
        return True

    def doom_database(self, loss: str) -> None:
        """Have the database lost at the next death, and the last backup put back; perhaps without a tail."""
        self._loss = loss

    async def start(self) -> None:
        """Open the house, and keep opening it after each death."""
        self._opened = asyncio.Event()
        self._begin()
        await self._opened.wait()

    def pardon(self) -> None:
        """Nobody dies any more, and nothing is lost."""
        self._kept_fate = self._loss = None
        self._stalls = 0.0
        super().pardon()

    def doom_kept(self, fate: str) -> None:
        """What becomes of the gateway's own file at the next death."""
        self._kept_fate = fate

    async def _live(self, life: Incarnation) -> bool:
        with opened(self.settings, World(self.clock, self._random_bytes, self._hop, bus=self.bus)) as house:
            _join(house, life)
            self._meet(house)
            self._house = house
            self._opened.set()
            self._trace("opened", self.lives)
            try:
                return await self._worked(life, house.run(self._stop))
            finally:
                self._house = None

    def _away_s(self, *, died: bool) -> float:
        """Often back before a late datagram has landed, sometimes long after."""
        return self._dice.choice((0.05, 0.4, 1.5, 4.0, 15.0)) * self._dice.uniform(0.5, 1.5)

    def _suffer(self) -> None:
        self._suffer_kept()
        self._suffer_loss()

    async def _hop(self, work: Callable[..., Any], *told: Any) -> Any:
        """What would go to a thread is done here and now; its answer may come late."""
        if isinstance(getattr(work, "__self__", None), KeptFile) and self.life is not None:
            work = self.life.sheltered("note", work)
        done = work(*told)
        of_desk = isinstance(getattr(getattr(work, "func", None), "__self__", None), HubDesk)
        if self._stalls > 0 and of_desk and self._dice.random() < self._stalls:
            self.fired["stalled"] += 1
            await asyncio.sleep(self._dice.uniform(*STALL_S))
        return done

    def _suffer_loss(self) -> None:
        loss, self._loss = self._loss, None
        if loss is None or self._archive is None:
            return
        told = self.settings
        places = Places(
            told.data, told.database, told.lock, told.master_key, told.signing_key, told.checkpoints, told.tail_folder
        )
        self._lose()
        for suffix in ("", "-wal", "-shm"):
            told.database.with_name(told.database.name + suffix).unlink(missing_ok=True)
        if loss == "restored_untailed":
            shutil.rmtree(told.tail_folder, ignore_errors=True)
        try:
            put_back = restore(self._archive, places, self.clock, without_tail=False)
        except TailMissing:
            put_back = restore(self._archive, places, self.clock, without_tail=True)
        self.fired[loss] += 1
        self._quiet_until = self.clock.monotonic() + QUIET_S
        self._trace(loss, *(template for template, _ in put_back.faults))

    def _suffer_kept(self) -> None:
        fate, self._kept_fate = self._kept_fate, None
        if fate is None:
            return
        path = self.settings.kept
        self.fired[fate] += 1
        self._trace(fate)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        if fate == "kept_torn":
            path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4_000)


def _join(house: House, life: Incarnation) -> None:
    """Put death between this house and its disks: around the one commit of its store, and around the gateway's note."""
    store, kept = house.store, house.gateway._kept
    vars(store)["_commit"] = life.sheltered("commit", store._commit)
    vars(kept)["_store"] = life.sheltered("note", kept._store)
