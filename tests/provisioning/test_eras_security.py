"""What security ordered after a backup, and the backup put back: what was shut is shut again, and nobody is let in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.nouns.answers import LineState
from provisioning.nouns.conditions import ConditionKind
from provisioning.nouns.people import StayState
from provisioning.nouns.rights import RevocationKind
from provisioning.store import revocations
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up, card, era_of, watch, work_through

E1 = card(1001)
ZONE = "north-public"


@pytest.fixture
def life(tmp_path: Path, clock: SetClock) -> Life:
    return Life(tmp_path / "hub", clock)


def lock(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        housed.house.conditions.lock(tx, ZONE, "an intruder", BOSS)


def release(housed: Housed, kind: ConditionKind = ConditionKind.LOCKDOWN) -> None:
    with housed.house.store.writing() as tx:
        housed.house.conditions.release(tx, kind, ZONE, BOSS)


def free(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        housed.house.conditions.free(tx, ZONE, BOSS)


def suspend(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        housed.house.revoking.suspend(tx, housed.person("E1"), BOSS, "looked into")


def resume(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        housed.house.revoking.resume(tx, housed.person("E1"), BOSS, "nothing found")


def listed(housed: Housed) -> set[str]:
    era = era_of(housed)
    assert era is not None
    assert era.settled is not None, era.differences
    return {each["kind"] for each in era.differences["again"]}


def mode(housed: Housed) -> int:
    return json.loads(housed.hand.memory["a-1"].get("door:1", '{"mode": 3}'))["mode"]


def test_a_lockdown_holds_again(life: Life) -> None:
    with life.house() as housed:
        path = back_up(housed, life.folder.with_name("hub.tar"))
        lock(housed)
        work_through(housed)
        assert mode(housed) == 2
    life.restore(path)
    with life.house() as housed:
        assert listed(housed) == set()
        with housed.house.store.reading() as tx:
            (shown,) = housed.house.conditions.listed(tx, ConditionKind.LOCKDOWN)
        assert shown.condition.reason == "an intruder"
        work_through(housed)
        assert mode(housed) == 2
        assert not [task for _, task in watch(housed).handed if task.key == "door:1" and task.body is None]
        release(housed)
        work_through(housed)
        assert mode(housed) == 3


def test_one_that_was_released_holds_until_somebody_releases_it_again(life: Life) -> None:
    with life.house() as housed:
        lock(housed)
        work_through(housed)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        release(housed)
        work_through(housed)
    life.restore(path)
    with life.house() as housed:
        assert listed(housed) == {"lockdown"}
        work_through(housed)
        assert mode(housed) == 2


def test_what_fire_opened_opens_no_more_by_itself(life: Life) -> None:
    with life.house() as housed:
        path = back_up(housed, life.folder.with_name("hub.tar"))
        free(housed)
        work_through(housed)
        assert mode(housed) == 1
    life.restore(path)
    with life.house() as housed:
        assert listed(housed) == {"fire"}
        work_through(housed)
        assert mode(housed) == 3


def test_what_was_cleared_is_cleared(life: Life) -> None:
    with life.house() as housed:
        free(housed)
        work_through(housed)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        release(housed, ConditionKind.FIRE)
        work_through(housed)
    life.restore(path)
    with life.house() as housed:
        assert listed(housed) == set()
        work_through(housed)
        assert mode(housed) == 3


def test_who_was_suspended_is_suspended_and_keeps_the_stay(life: Life) -> None:
    with life.house() as housed:
        housed.come("E1", 1001)
        work_through(housed)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        suspend(housed)
        work_through(housed)
    life.restore(path)
    with life.house() as housed:
        assert listed(housed) == set()
        work_through(housed)
        person = housed.person("E1")
        with housed.house.store.reading() as tx:
            (made,) = revocations.revocations_of(tx, person.id)
            (stay,) = housed.house.persons.stays(tx, person.id)
        assert (made.kind, stay.state) == (RevocationKind.SUSPENDED, StayState.OPEN)
        assert {line.state for line in housed.certificate(made.id).lines} == {LineState.PROVED_GONE}
        assert E1 not in housed.hand.memory["a-1"]
        assert E1 not in watch(housed).written
        resume(housed)
        work_through(housed)
        assert E1 in housed.hand.memory["a-1"]


def test_who_was_resumed_waits_to_be_resumed_again(life: Life) -> None:
    with life.house() as housed:
        housed.come("E1", 1001)
        suspend(housed)
        work_through(housed)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        resume(housed)
        work_through(housed)
    life.restore(path)
    with life.house() as housed:
        assert listed(housed) == {"suspension"}
        work_through(housed)
        assert E1 not in housed.hand.memory["a-1"]
