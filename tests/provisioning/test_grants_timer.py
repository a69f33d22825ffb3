"""The timer: it takes up whoever is due, and one person whom the hub cannot look at keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import logging

import pytest
from sqlalchemy import text, update

from provisioning.api.looking import looked_at_once
from provisioning.compose import HOUSE
from provisioning.grants.grants import PARKED_S
from provisioning.store import people, tables
from tests.provisioning.housed import Housed


def run_until_idle(housed: Housed) -> None:
    """The timer, until it has nothing to do."""

    async def live() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(housed.house.timer.run(stop))
        for _ in range(10):
            await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(running, 10)

    # Whoever changes somebody looks at once, and is given a little time for it.
    housed.later(minutes=1)
    asyncio.run(live())


def test_it_looks_at_whoever_is_due_and_at_nobody_else(housed: Housed):
    due, later = housed.arrive("E1", 1001), housed.come("E2", 1002, arrival="2026-06-01")
    looked = housed.due(later)
    run_until_idle(housed)
    assert len(housed.grants(due)) == 6
    assert housed.due(later) == looked
    assert housed.story("grants.decided")[-1]["actor"] == "house:timer"


def test_whom_a_crash_left_unlooked_at_is_taken_up(housed: Housed):
    people = [housed.arrive(f"E{nth}", 1000 + nth) for nth in range(5)]
    run_until_idle(housed)
    assert all(len(housed.grants(person)) == 6 for person in people)


def test_one_who_cannot_be_looked_at_keeps_nobody_waiting(housed: Housed, caplog: pytest.LogCaptureFixture):
    broken, sound = housed.arrive("E1", 1001), housed.arrive("E2", 1002)
    with housed.house.store.writing() as tx:
        tx.run(update(tables.stay).where(tables.stay.c.person == broken.id).values(state="nonsense"))
    with caplog.at_level(logging.ERROR):
        run_until_idle(housed)
    assert "nonsense" in caplog.text, "a fault is logged whole"
    assert len(housed.grants(sound)) == 6
    assert housed.alarms() == ["person.parked"]
    due = housed.due(broken)
    assert due is not None
    assert (due - housed.clock.now()).total_seconds() == PARKED_S
    with housed.house.store.writing() as tx:
        tx.run(update(tables.stay).where(tables.stay.c.person == broken.id).values(state="open"))
    housed.clock.put(due)
    run_until_idle(housed)
    assert len(housed.grants(broken)) == 6


def test_a_fault_in_looking_undoes_nothing_of_what_was_told_in_the_same_transaction(housed: Housed):
    person, told = housed.arrive("E1", 1001), housed.clock.now()
    mute = "CREATE TRIGGER mute BEFORE INSERT ON event WHEN NEW.kind = 'grants.decided'"
    with housed.house.store.writing() as tx:
        tx.run(text(f"{mute} BEGIN SELECT RAISE(ABORT, 'this is not told'); END"))
    with housed.house.store.writing() as tx:
        people.due_now(tx, [person.id])
        assert not looked_at_once(tx, housed.house, [person.id], HOUSE)
    assert (housed.due(person), housed.grants(person)) == (told, [])
    with housed.house.store.writing() as tx:
        tx.run(text("DROP TRIGGER mute"))
        assert looked_at_once(tx, housed.house, [person.id], HOUSE)
    assert len(housed.grants(person)) == 6


def test_where_the_story_cannot_be_told_everybody_stays_due(housed: Housed, caplog: pytest.LogCaptureFixture):
    person = housed.arrive("E1", 1001)
    with housed.house.store.writing() as tx:
        tx.run(text("CREATE TRIGGER mute BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'the story is mute'); END"))
    with caplog.at_level(logging.CRITICAL):
        run_until_idle(housed)
    assert housed.grants(person) == []
    due = housed.due(person)
    assert due is not None
    assert due <= housed.clock.now()
    with housed.house.store.writing() as tx:
        tx.run(text("DROP TRIGGER mute"))
    run_until_idle(housed)
    assert len(housed.grants(person)) == 6
