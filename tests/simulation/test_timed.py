"""Grants for hours on panels that know days: the real hub, gateway, client library and emulated panels in virtual time.
Never early; gone at their end; and late only by delivery, which is then listed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from devices.emulate import emulated
from devices.wg.faults import Faults
from provisioning.compose import House
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.late import Lateness
from provisioning.nouns.rights import NeedState
from provisioning.store import delivery as delivery_rows
from tests.simulation.campus import ground
from tests.simulation.hub import Hub
from tests.simulation.lives import HEADERS, WHO
from tests.simulation.loop import SimClock, SimLoop
from tests.simulation.network import Network
from tests.simulation.trace import Trace

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2027, 3, 1, 13, 50, tzinfo=ZONE).astimezone(UTC)
CARD = 7_000_001
SHEET = [HEADERS, ("王甲", "S1", "组织部", "公务员", "2027-03-01", "", str(CARD), "北办公区")]
MACHINES = "zone:plant"
GATE, DOOR = "gate", 3  # the door of the machine rooms that has no other zone
DELIVERY_S_MAX = 15


@dataclass(frozen=True)
class Scene:
    """A hub that runs, its panels, and the virtual time."""

    hub: Hub
    panels: Mapping
    clock: SimClock

    @property
    def house(self) -> House:
        house = self.hub.house
        assert house is not None
        return house

    def opens(self, target: str = GATE, door: int = DOOR) -> bool:
        """Whether the card opens a door, by the panel's own decision."""
        return self.panels[target].emulator.swipe(CARD, door).open

    async def until(self, text: str) -> None:
        """Let time pass up to an instant of the site's clock."""
        await asyncio.sleep((datetime.fromisoformat(text).replace(tzinfo=ZONE) - self.clock.now()).total_seconds())

    async def opened_within(self, seconds: int) -> int:
        """How many seconds pass until the door opens."""
        for waited in range(seconds + 1):
            if self.opens():
                return waited
            await asyncio.sleep(1)
        raise AssertionError(f"still shut after {seconds} s")

    def give(self, opens: str, closes: str) -> str:
        with self.house.store.writing() as tx:
            person = self.house.persons.get(tx, "S1")
            begins, ends = (datetime.fromisoformat(each) for each in (opens, closes))
            return self.house.giving.give(tx, person, MACHINES, begins, ends, "visit", WHO).id

    def late(self) -> Lateness:
        with self.house.store.reading() as tx:
            return self.house.readiness.late(tx)

    def switch(self, *, off: bool) -> None:
        """Take the gate's panel off the net, or put it back: it decides on, and nobody reaches it."""
        self.panels[GATE].suffer(Faults(off=off))

    def owing(self) -> int:
        with self.house.store.reading() as tx:
            return self.house.readiness.outstanding(tx)

    def state(self) -> NeedState:
        with self.house.store.reading() as tx:
            needs = self.house.readiness.of_people(tx, [self.house.persons.get(tx, "S1")]).needs
        (state,) = [need.state for need in needs if need.resource == MACHINES and need.target == GATE]
        return state


def play(folder: Path, scene: Callable[[Scene], Awaitable[None]]) -> None:
    """One person with a card, all proved on every panel; then the scene."""
    trace = Trace()
    network = Network(Random("timed/network"), trace)
    loop = SimLoop(network)

    async def played() -> None:
        clock = SimClock(loop, START)
        hub = Hub(folder / "hub", SimClock(loop, START), "timed", trace, Counter())
        campus = ground()
        async with emulated(campus.wires, None, clock, Random("timed/panels")) as panels:
            await hub.start()
            house = hub.house
            assert house is not None
            with house.store.writing() as tx:
                house.campuses.apply(tx, campus.text, "campus.yaml", WHO)
                house.rulebook.apply(tx, campus.rules, WHO)
                report = house.intake.take(tx, read_sheet("\n".join(map(",".join, SHEET)).encode(), "s.csv"), WHO)
                house.grants.look(tx, list(report.people), WHO)
            await asyncio.sleep(60)
            try:
                await scene(Scene(hub, panels, clock))
            finally:
                await hub.abandon()

    try:
        loop.run_until_complete(played())
    finally:
        loop.close()


def test_it_opens_at_the_minute_and_not_before_and_closes_at_its_end(tmp_path: Path):
    async def scene(at: Scene) -> None:
        at.give("2027-03-01T14:00", "2027-03-01T14:30")
        assert at.state() is NeedState.WAITING
        while at.clock.now() < datetime(2027, 3, 1, 14, 0, tzinfo=ZONE) - timedelta(seconds=20):
            assert not at.opens(), at.clock.now()
            assert at.opens(door=1), "what the card opens anyway stays open throughout"
            await asyncio.sleep(17)
        await at.until("2027-03-01T13:59:59")
        assert not at.opens()
        await at.until("2027-03-01T14:00:00")
        assert await at.opened_within(DELIVERY_S_MAX) <= DELIVERY_S_MAX
        await asyncio.sleep(10)
        assert at.state() is NeedState.PROVED
        await at.until("2027-03-01T14:29:59")
        assert at.opens()
        await asyncio.sleep(DELIVERY_S_MAX)
        assert not at.opens()
        assert at.opens(door=1)

    play(tmp_path, scene)


def test_it_survives_restarts_and_a_hub_that_sleeps_through_the_hour_opens_nothing(tmp_path: Path):
    async def scene(at: Scene) -> None:
        at.give("2027-03-01T14:00", "2027-03-01T14:30")
        at.give("2027-03-01T14:40", "2027-03-01T14:45")
        await at.hub.stop()
        await at.until("2027-03-01T13:58")
        await at.hub.start()
        await at.until("2027-03-01T13:59:59")
        assert not at.opens()
        assert await at.opened_within(DELIVERY_S_MAX) >= 1
        await at.hub.stop()
        await at.hub.start()
        await at.until("2027-03-01T14:30:15")
        assert not at.opens(), "closed by a hub that was started anew meanwhile"
        await at.until("2027-03-01T14:35")
        await at.hub.stop()
        await at.until("2027-03-01T14:50")
        assert not at.opens()
        await at.hub.start()
        for _ in range(60):
            await asyncio.sleep(5)
            assert not at.opens(), "its hours are over: nothing opens late beyond them"

    play(tmp_path, scene)


def test_what_opens_late_is_listed_while_it_is_and_a_day_after(tmp_path: Path):
    async def scene(at: Scene) -> None:
        grant = at.give("2027-03-01T14:00", "2027-03-01T14:30")
        assert at.late() == Lateness((), (), more=False)
        await at.until("2027-03-01T13:55")
        at.switch(off=True)
        await at.until("2027-03-01T14:10")
        assert not at.opens()
        (late,) = [each for each in at.late().now if each.target == GATE]
        assert (late.no, late.grant, late.resource) == ("S1", grant, MACHINES)
        assert late.since == datetime(2027, 3, 1, 14, 0, tzinfo=ZONE)
        assert (late.proved, late.late_s) == (None, 600)
        at.switch(off=False)
        # The other panels had it in time: by delivery alone.
        others = [each for each in at.late().proved if each.target != GATE]
        assert {each.late_s <= DELIVERY_S_MAX for each in others} <= {True}
        await asyncio.sleep(1_100)
        assert at.opens()
        assert at.late().now == ()
        (came,) = [each for each in at.late().proved if each.target == GATE]
        assert came.grant == grant
        assert came.proved is not None
        assert came.late_s == round((came.proved - came.since).total_seconds()) > 600
        await at.hub.stop()
        await at.until("2027-03-02T15:00")
        await at.hub.start()
        assert [each for each in at.late().proved if each.target == GATE] == []

    play(tmp_path, scene)


def test_what_was_open_all_along_is_not_late_when_its_record_is_written_anew(tmp_path: Path):
    async def scene(at: Scene) -> None:
        before = delivery(at)
        await at.hub.stop()
        await asyncio.sleep(8 * 86_400)
        at.switch(off=True)
        await at.hub.start()
        await asyncio.sleep(60)
        assert at.owing() > 0, "the dates have rolled forward, and the gate has not heard of it"
        assert at.late() == Lateness((), (), more=False), "a date that rolls forward opens nothing"
        at.switch(off=False)
        await asyncio.sleep(1_200)
        assert delivery(at) > before, "it was rewritten"
        assert at.late() == Lateness((), (), more=False)

    play(tmp_path, scene)


def delivery(at: Scene) -> int:
    with at.house.store.reading() as tx:
        (row,) = (each for each in delivery_rows.records_at(tx, GATE) if each.key.startswith("card:"))
    assert not row.dirty
    return row.held_revision


def test_a_body_says_no_hour(tmp_path: Path):
    """The premise of it all: a WG record has dates alone, so an hour can only be kept by putting it there in time."""

    async def scene(at: Scene) -> None:
        with at.house.store.reading() as tx:
            (row,) = (each for each in delivery_rows.records_at(tx, GATE) if each.key.startswith("card:"))
        assert set(json.loads(row.wanted or "{}")) == {"number", "opens", "closes", "doors", "pin"}

    play(tmp_path, scene)
