"""A house that is backed up, goes on, and is put back: its panels keep what they hold, and every task is watched."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from connectors.desk import Claim, Task
from devices.clock import SetClock
from provisioning.campus.campuses import shipped
from provisioning.compose import World, opened
from provisioning.nouns.eras import Era
from provisioning.settings import Settings
from provisioning.store import eras
from provisioning.story import restoring
from provisioning.story.offline import Verdict
from provisioning.story.restoring import Places, Restored
from tests.provisioning.housed import BOSS, Hand, Housed
from tests.simulation.loop import inline


@dataclass
class Watching(Hand):
    """A gateway by hand that keeps every task it was ever handed."""

    handed: list[tuple[str, Task]] = field(default_factory=list)

    def tasks(self, claim: Claim, limit: int = 1000, *, urgent_only: bool = False) -> list[Task]:
        found = super().tasks(claim, limit, urgent_only=urgent_only)
        self.handed += [(claim.target, task) for task in found]
        return found

    @property
    def written(self) -> set[str]:
        """The keys under which anything was ever to be written."""
        return {task.key for _, task in self.handed if task.body is not None}


@dataclass
class Life:
    """One hub through its restores. `panels` is what its panels hold."""

    folder: Path
    clock: SetClock
    panels: dict[str, dict[str, str]] = field(default_factory=dict)
    starts: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(data=self.folder)

    @property
    def places(self) -> Places:
        told = self.settings
        return Places(
            told.data, told.database, told.lock, told.master_key, told.signing_key, told.checkpoints, told.tail_folder
        )

    @contextmanager
    def house(self) -> Generator[Housed]:
        """The hub while it runs; its hand finds the panels as they were left."""
        self.starts += 1
        # Each start draws other ids, as a real one does.
        world = World(clock=self.clock, random_bytes=Random(self.starts).randbytes, hop=inline)
        with opened(self.settings, world) as house:
            with house.store.writing() as tx:
                house.campuses.apply(tx, shipped("small").read_text("utf-8"), "small.yaml", BOSS)
            housed = Housed(house, self.clock)
            hand = Watching(housed, housed.hand.desk)
            for target, held in self.panels.items():
                hand.memory[target] = dict(held)
                hand.counter[target] = 1
            housed.hand = hand
            yield housed
            seal(housed)
            self.panels = {target: dict(held) for target, held in hand.memory.items()}

    def restore(self, archive: Path, *, without_tail: bool = False) -> Restored:
        return restoring.restore(archive, self.places, self.clock, without_tail=without_tail)


def watch(housed: Housed) -> Watching:
    """The hand that keeps every task."""
    assert isinstance(housed.hand, Watching)
    return housed.hand


def seal(housed: Housed) -> None:
    """What the sealer does each minute."""
    housed.house.sealer.seal_once()
    housed.house.sealer.checkpoint_once()


def back_up(housed: Housed, path: Path) -> Path:
    _, sent, length = housed.house.backups.take("small", BOSS)
    path.write_bytes(b"".join(sent))
    assert path.stat().st_size == length
    return path


def era_of(housed: Housed) -> Era | None:
    with housed.house.store.reading() as tx:
        return eras.latest(tx)


def recovering(housed: Housed) -> bool:
    with housed.house.store.reading() as tx:
        return eras.recovering(tx) is not None


def verdict(housed: Housed) -> Verdict:
    seal(housed)
    with housed.house.store.reading() as tx:
        return housed.house.proofs.verify(tx)


def work_through(housed: Housed, rounds: int = 4) -> None:
    """Look at whoever is due, and do whatever is due anywhere."""
    for _ in range(rounds):
        housed.look_due()
        housed.hand.work()
        housed.later(seconds=61)


def card(no: int) -> str:
    return f"card:{no}"
