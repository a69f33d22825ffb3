"""A whole house for tests whose clock stands where it is put, and a gateway by hand: it works at the real desk, one step
at a time, and its devices are dictionaries."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, select

from connectors.contract import Done, Fingerprint, Outcome
from connectors.desk import Claim, Found, Report, Task
from devices.clock import SetClock
from provisioning.campus.campuses import shipped
from provisioning.compose import House, World, opened
from provisioning.delivery.desk import HubDesk
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.answers import Certificate, Effect, HowReady
from provisioning.nouns.people import Person
from provisioning.nouns.rights import Grant, WantedHeld
from provisioning.nouns.told import Actor
from provisioning.settings import Settings
from provisioning.store import rights, tables
from provisioning.story.story import told_in
from tests.simulation.loop import inline

HEADERS = "姓名,工号,部门,职务,人员类别,到岗日期,离岗日期,门禁卡号,办公区"
BOSS = Actor("li", frozenset({"hr", "security", "system"}))
Answer = Callable[[Task], Outcome | None]
COUNTED = ("event", "grant", "record", "drift", "alarm", "stay", "person")


@dataclass
class Hand:
    """A gateway by hand. `memory` is what its devices hold; `counter` is their newest event."""

    housed: Housed
    desk: HubDesk
    memory: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    counter: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    off: set[str] = field(default_factory=set)

    def claim(self, *, urgent_only: bool = False) -> list[Claim]:
        return list(asyncio.run(self.desk.claim(100, urgent_only=urgent_only)))

    def claim_one(self, target: str) -> Claim:
        """Claim this target; the others that are due are given back."""
        (mine,) = [each for each in self.claim() if each.target == target or self.release(each)]
        return mine

    def claim_targets(self, *, urgent_only: bool = False) -> set[str]:
        """What would be handed out now; all of it is given back."""
        claims = self.claim(urgent_only=urgent_only)
        for each in claims:
            self.release(each)
        return {each.target for each in claims}

    def tasks(self, claim: Claim, limit: int = 1000, *, urgent_only: bool = False) -> list[Task]:
        return list(asyncio.run(self.desk.differences(claim, limit, urgent_only=urgent_only)))

    def carry(self, claim: Claim, task: Task, outcome: Outcome | None = None) -> Report:
        """Do as the task says, unless another outcome is told; the report of it, not yet handed in."""
        held = self.memory[claim.target]
        if outcome is None:
            if task.body is None:
                held.pop(task.key, None)
            else:
                held[task.key] = task.body
        seen = outcome is None
        found = held.get(task.key) if seen else None
        return Report(task.key, task.revision, outcome or Done(), seen=seen, held=found, at=self.housed.clock.now())

    def report(self, claim: Claim, *reports: Report) -> None:
        asyncio.run(self.desk.report(claim, reports, then=0))

    def meet(self, claim: Claim, identity: str | None = None) -> bool:
        fingerprint = Fingerprint(identity or f"device of {claim.target}", self.counter[claim.target])
        return asyncio.run(self.desk.introduce(claim, fingerprint))

    def read(self, claim: Claim, started: datetime | None = None) -> int:
        found = [Found(key, body) for key, body in self.memory[claim.target].items()]
        return asyncio.run(self.desk.reconciled(claim, found, started=started or self.housed.clock.now()))

    def release(self, claim: Claim, *, unreachable: str | None = None, parked: str | None = None) -> None:
        asyncio.run(self.desk.release(claim, unreachable=unreachable, parked=parked))

    def work(self, answer: Answer | None = None) -> list[str]:
        """Everything that is due; the targets that were worked. `answer` tells outcomes other than success."""
        worked = []
        for claim in self.claim():
            worked.append(claim.target)
            if claim.target in self.off:
                self.release(claim, unreachable="no answer")
                continue
            self.meet(claim)
            while tasks := self.tasks(claim):
                self.report(claim, *(self.carry(claim, task, answer(task) if answer else None) for task in tasks))
            if claim.reconcile and self.read(claim):
                tasks = self.tasks(claim)
                self.report(claim, *(self.carry(claim, task) for task in tasks))
            self.release(claim)
        return worked


@dataclass
class Housed:
    """The house, its clock, and short ways to what tests ask for."""

    house: House
    clock: SetClock
    hand: Hand = field(init=False)

    def __post_init__(self) -> None:
        self.hand = Hand(self, HubDesk(self.house.store, self.house.delivery, "hand", inline))

    def arrive(
        self,
        no: str,
        card: int | None = None,
        arrival: str = "2026-03-02",
        departure: str = "",
        *,
        department: str = "财政局",
        area: str = "北办公区",
        kind: str = "公务员",
    ) -> Person:
        """One person by a sheet of one row, not looked at yet."""
        row = f"测试员,{no},{department},科员,{kind},{arrival},{departure},{card or ''},{area}"
        with self.house.store.writing() as tx:
            report = self.house.intake.take(tx, read_sheet(f"{HEADERS}\n{row}\n".encode(), "one.csv"), BOSS)
        assert not report.lines or report.lines[0].effect != "refused", report.lines[0].sentences("en")
        return self.person(no)

    def come(self, no: str, card: int | None = None, **more: str) -> Person:
        """One person, looked at."""
        person = self.arrive(no, card, **more)
        self.look(person)
        return person

    def person(self, no: str) -> Person:
        with self.house.store.reading() as tx:
            return self.house.persons.get(tx, no)

    def look(self, *people: Person) -> Effect:
        with self.house.store.writing() as tx:
            return self.house.grants.look(tx, [person.id for person in people], BOSS)

    def look_due(self) -> int:
        with self.house.store.writing() as tx:
            return self.house.grants.look_due(tx, 100, BOSS)

    def revoke(self, person: Person) -> str:
        with self.house.store.writing() as tx:
            return self.house.revoking.revoke(tx, person, BOSS, "left")

    def certificate(self, revocation: str) -> Certificate:
        with self.house.store.reading() as tx:
            return self.house.readiness.certificate(tx, revocation)

    def ready(self, *people: Person) -> HowReady:
        with self.house.store.reading() as tx:
            return self.house.readiness.of_people(tx, people)

    def records(self, person: Person) -> dict[tuple[str, str], WantedHeld]:
        with self.house.store.reading() as tx:
            return {(row.target, row.key): row for row in rights.records_of(tx, [person.id])}

    def grants(self, person: Person) -> list[Grant]:
        with self.house.store.reading() as tx:
            return rights.open_grants(tx, [person.id])

    def due(self, person: Person) -> datetime | None:
        return self.person(person.no).due

    def apply_rules(self, text: str) -> None:
        with self.house.store.writing() as tx:
            self.house.rulebook.apply(tx, text, BOSS)

    def rules(self) -> str:
        with self.house.store.reading() as tx:
            return self.house.rulebook.text(tx) or ""

    def later(self, **span: float) -> datetime:
        self.clock.put(self.clock.now() + timedelta(**span))
        return self.clock.now()

    def story(self, kind: str | None = None) -> list[dict]:
        """What the story tells, in order; of one kind, or all. Each with its row `id`."""
        with self.house.store.reading() as tx:
            rows = tx.run(select(tables.event.c.id, tables.event.c.body).order_by(tables.event.c.id)).all()
        told = [{"id": row.id, **told_in(row.body)} for row in rows]
        return [each for each in told if kind in (None, each["kind"])]

    def alarms(self) -> list[str]:
        with self.house.store.reading() as tx:
            return sorted(alarm.kind for alarm in self.house.alarms.open(tx))

    def counts(self, names: Iterable[str] = COUNTED) -> dict[str, int]:
        """How many rows tables have."""
        with self.house.store.reading() as tx:
            return {
                name: tx.run(select(func.count()).select_from(tables.metadata.tables[name])).scalar_one()
                for name in names
            }


def doors_only(rules: str) -> str:
    """The rules that ship without those that ask for a seat or a flat, or follow from one: for tests that count."""
    doors, mark, _ = rules.partition("\n  # What follows asks for one unit")
    assert mark, "the rules that ship say where units begin"
    return doors


@contextmanager
def housing(folder: Path, clock: SetClock, *, units: bool = False) -> Generator[Housed]:
    """A house on a folder with the demonstration campus in force, and the rules that ship: those on doors alone, or with
    `units` all of them; or the house that is there already. Its gateway rests."""
    built = _built(clock.now(), units)
    settings = Settings(data=folder)
    if not settings.database.exists():
        built.lay(folder)
    with opened(settings, _world(clock, seed=7)) as house:
        house.campuses._cached, house.rulebook._cached = built.campus, built.rules
        yield Housed(house, clock)


@dataclass(frozen=True)
class _Built:
    """What a house left in its folder when it was closed, a file's mode and content by its name; and what it had read of
    its campus and its rules, which are values."""

    files: dict[str, tuple[int, bytes]]
    campus: Any
    rules: Any

    def lay(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, (mode, content) in self.files.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(mode)


@cache
def _built(at: datetime, units: bool) -> _Built:
    """A house as it is made at this time: made once by each process, since a fifth of a second goes into each."""
    with TemporaryDirectory() as name:
        with opened(Settings(data=Path(name)), _world(SetClock(at), seed=6)) as house:
            with house.store.writing() as tx:
                house.campuses.apply(tx, shipped("small").read_text("utf-8"), "small.yaml", BOSS)
                if not units:
                    house.rulebook.apply(tx, doors_only(house.rulebook.text(tx) or ""), BOSS)
                house.rulebook.current(tx)
            campus, rules = house.campuses._cached, house.rulebook._cached
        files = {path.name: (path.stat().st_mode & 0o777, path.read_bytes()) for path in Path(name).iterdir()}
    return _Built(files, campus, rules)


def _world(clock: SetClock, *, seed: int) -> World:
    return World(clock=clock, random_bytes=random.Random(seed).randbytes, hop=inline)


def day(text: str) -> date:
    return date.fromisoformat(text)
