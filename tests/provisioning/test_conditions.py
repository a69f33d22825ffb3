"""Lockdowns and releases by fire: what doors are to be set to, what is proved of them, and who is let in all the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.contract import MAY_HAVE_ACTED, Done, Later, Refused
from devices.clock import SetClock
from provisioning.conditions.conditions import (
    EXPOSED_S,
    ConditionReason,
    ConditionUntil,
    LockdownTwice,
    NotInForce,
)
from provisioning.conditions.exempt import HELD_SHUT
from provisioning.conditions.groups import GROUPS_MAX, GroupsTooMany, GroupUnknown
from provisioning.nouns.conditions import ActState, ConditionKind, DoorAct, DoorProof, InForce
from provisioning.nouns.refusals import NotFound
from provisioning.store import conditions as rows
from provisioning.store import rights
from tests.provisioning.housed import BOSS, Housed, housing

NORMALLY_OPEN, NORMALLY_CLOSED, CONTROLLED = 1, 2, 3
ZONE = "north-public"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture
def housed(tmp_path: Path) -> Iterator[Housed]:
    with housing(tmp_path, SetClock(NOON)) as housed:
        with housed.house.store.writing() as tx:
            housed.house.fixtures.restate(tx)
        housed.hand.work()
        yield housed


def lock(housed: Housed, zone: str = ZONE, *exempt: str, until: datetime | None = None) -> InForce:
    with housed.house.store.writing() as tx:
        return housed.house.conditions.lock(tx, zone, "an intruder", BOSS, exempt, until)


def release(housed: Housed, zone: str = ZONE, kind: ConditionKind = ConditionKind.LOCKDOWN) -> InForce:
    with housed.house.store.writing() as tx:
        return housed.house.conditions.release(tx, kind, zone, BOSS)


def free(housed: Housed, zone: str = ZONE) -> InForce:
    with housed.house.store.writing() as tx:
        return housed.house.conditions.free(tx, zone, BOSS)


def listed(housed: Housed, *, everything: bool = False) -> list[InForce]:
    with housed.house.store.reading() as tx:
        return housed.house.conditions.listed(tx, ConditionKind.LOCKDOWN, everything=everything)


def look(housed: Housed) -> None:
    """What runs each second beside the API."""
    for each in housed.house.guarding.endings._looks:
        housed.house.guarding.endings.look(each)


def mode(housed: Housed, target: str, door: int) -> int:
    """The mode that a device's memory has for a door; one that was never set, or put back, is controlled."""
    return json.loads(housed.hand.memory[target].get(f"door:{door}", '{"mode": 3}'))["mode"]


def denied(
    housed: Housed, card: int | None, target: str = "a-1", key: str = "door:1", ago_s: float = 0
) -> DoorAct | None:
    with housed.house.store.writing() as tx:
        return housed.house.guarding.exempt.denied(tx, target, key, card, tx.now - timedelta(seconds=ago_s), HELD_SHUT)


def test_a_lockdown_shuts_each_door_of_its_zone_and_a_release_restores_it(housed: Housed) -> None:
    before = {target: dict(held) for target, held in housed.hand.memory.items()}
    ordered = lock(housed)
    assert {(line.target, line.door) for line in ordered.doors} == {
        ("a-1", "a-1-east"), ("a-1", "a-1-west"), ("a-1", "a-1-lobby"), ("b-1", "b-1-main"), ("b-1", "b-1-side"),
        ("c-1", "c-1-garden"), ("g-1", "a-1-link"),
    }  # fmt: skip
    assert {line.state for line in ordered.doors} == {DoorProof.EXPOSED}
    housed.hand.work()
    (shown,) = listed(housed)
    assert shown.settled
    assert all(line.receipt is not None and line.at == housed.clock.now() for line in shown.doors)
    assert [mode(housed, "a-1", door) for door in (1, 2, 3, 4)] == [NORMALLY_CLOSED] * 3 + [CONTROLLED]
    assert not release(housed).settled
    (shown,) = listed(housed)  # what is not proved to be as before is listed until it is
    assert not shown.settled
    housed.hand.work()
    assert listed(housed) == []
    assert {target: dict(held) for target, held in housed.hand.memory.items()} == before
    (kept,) = listed(housed, everything=True)
    assert kept.condition.released_by == BOSS.name
    told = [each["kind"] for each in housed.story() if each["kind"].startswith("condition.")]
    assert told == ["condition.lockdown", "condition.released"]


def test_it_goes_ahead_of_other_work(housed: Housed) -> None:
    housed.come("F1", card=1001)
    lock(housed)
    claim = housed.hand.claim_one("a-1")
    tasks = housed.hand.tasks(claim)
    urgent = [task.key for task in tasks if task.urgent]
    assert urgent == ["door:1", "door:2", "door:3"]
    assert [task.key for task in tasks[:3]] == urgent
    housed.hand.release(claim)


def test_who_is_out_of_reach_is_listed_until_proved_and_somebody_is_told(housed: Housed) -> None:
    housed.hand.off.add("b-1")
    lock(housed)
    housed.hand.work()
    (shown,) = listed(housed)
    exposed = [line for line in shown.doors if line.state is DoorProof.EXPOSED]
    assert {line.target for line in exposed} == {"b-1"}
    assert all(line.reason == "no answer" and line.since == housed.clock.now() for line in exposed)
    look(housed)
    assert "lockdown.exposed" not in housed.alarms()
    housed.later(seconds=EXPOSED_S + 1)
    look(housed)
    look(housed)
    assert housed.alarms().count("lockdown.exposed") == 1
    housed.hand.off.clear()
    housed.later(minutes=2)
    housed.hand.work()
    assert listed(housed)[0].settled


def test_it_ends_by_its_own_time_and_not_before(housed: Housed) -> None:
    zone = housed.house.campuses
    with housed.house.store.reading() as tx:
        local = (housed.clock.now() + timedelta(hours=1)).astimezone(zone.current(tx).zone).replace(tzinfo=None)
    lock(housed, until=local)
    housed.hand.work()
    housed.later(minutes=59)
    look(housed)
    assert mode(housed, "a-1", 1) == NORMALLY_CLOSED
    housed.later(minutes=1)
    look(housed)
    housed.hand.work()
    assert mode(housed, "a-1", 1) == CONTROLLED
    (kept,) = listed(housed, everything=True)
    assert kept.condition.released_by == "house:conditions"


def test_fire_wins_over_a_lockdown_and_the_lockdown_is_back_once_it_is_cleared(housed: Housed) -> None:
    lock(housed)
    housed.hand.work()
    assert free(housed) == free(housed), "a second order changes nothing, and is no error"
    housed.hand.work()
    assert mode(housed, "a-1", 1) == NORMALLY_OPEN
    assert {line.state for line in listed(housed)[0].doors} == {DoorProof.EXPOSED}, "no door of it is shut"
    release(housed, kind=ConditionKind.FIRE)
    housed.hand.work()
    assert mode(housed, "a-1", 1) == NORMALLY_CLOSED
    release(housed)
    housed.hand.work()
    assert mode(housed, "a-1", 1) == CONTROLLED


def test_a_fire_input_releases_each_zone_of_its_panel_once(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        assert housed.house.conditions.fire(tx, "a-1", BOSS) == ("garage", ZONE)
        assert housed.house.conditions.fire(tx, "a-1", BOSS) == ()
        assert housed.house.conditions.fire(tx, "nobody", BOSS) == ()
    housed.hand.work()
    assert [mode(housed, "a-1", door) for door in (1, 2, 3, 4)] == [NORMALLY_OPEN] * 4
    assert mode(housed, "b-1", 1) == NORMALLY_OPEN


def test_it_outlives_the_hub(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    with housing(tmp_path, clock) as housed:
        lock(housed)
    with housing(tmp_path, clock, units=True) as housed:
        housed.hand.work()
        assert mode(housed, "a-1", 1) == NORMALLY_CLOSED
        assert listed(housed)[0].settled
        release(housed)
        housed.hand.work()
        assert mode(housed, "a-1", 1) == CONTROLLED


def test_what_is_not_well_ordered_is_refused_and_changes_nothing(housed: Housed) -> None:
    with pytest.raises(NotFound):
        lock(housed, "nowhere")
    with pytest.raises(ConditionUntil):
        lock(housed, until=datetime(2020, 1, 1))
    with pytest.raises(ConditionReason), housed.house.store.writing() as tx:
        housed.house.conditions.lock(tx, ZONE, "  ", BOSS)
    for word in ("finance", "department:nobody", "zone:north", "kind:", "person:" + "x" * 65):
        with pytest.raises(GroupUnknown):
            lock(housed, ZONE, word)
    with pytest.raises(GroupsTooMany):
        lock(housed, ZONE, *(f"person:{n}" for n in range(GROUPS_MAX + 1)))
    with pytest.raises(NotInForce):
        release(housed)
    assert listed(housed, everything=True) == []
    lock(housed, ZONE, "department:财政局", "kind:公务员")
    assert listed(housed)[0].condition.exempt == ("department:finance", "kind:公务员")
    with pytest.raises(LockdownTwice):
        lock(housed)


def test_who_is_exempt_is_let_in_once_upon_a_denied_swipe(housed: Housed) -> None:
    person = housed.come("F1", card=1001)
    assert denied(housed, 1001) is None, "no lockdown"
    lock(housed, ZONE, "department:finance")
    made = denied(housed, 1001)
    assert made is not None
    assert (made.target, made.key, made.person, made.operator) == ("a-1", "door:1", person.id, "house:exempt")
    assert denied(housed, 1001) is None, "one is under way already"
    (told,) = housed.story("act.ordered")
    assert (told["person"], told["data"]["door"]) == (person.id, "a-1-east")
    assert told["trace"] == listed(housed)[0].condition.id


@pytest.mark.parametrize("late_s", [11, -11])
def test_an_old_swipe_opens_nothing(housed: Housed, late_s: float) -> None:
    housed.come("F1", card=1001)
    lock(housed, ZONE, "department:finance")
    assert denied(housed, 1001, ago_s=late_s) is None
    with housed.house.store.writing() as tx:
        assert housed.house.guarding.exempt.denied(tx, "a-1", "door:1", 1001, None, HELD_SHUT) is None


def test_nobody_else_is_let_in(housed: Housed) -> None:
    housed.come("F1", card=1001)
    housed.come("P1", card=1002, department="规划建设局")
    housed.come("F2", card=1003, arrival="2026-03-09")
    lock(housed, ZONE, "department:finance")
    assert denied(housed, 1002) is None, "another department"
    assert denied(housed, 1003) is None, "not arrived yet"
    assert denied(housed, 4711) is None, "nobody's card"
    assert denied(housed, None) is None
    assert denied(housed, 1001, key="door:4") is None, "a door that is not shut by it"
    assert denied(housed, 1001, "a-2", "door:3") is None, "a door for which they have no right"
    lock(housed, "archive", "department:finance")
    assert denied(housed, 1001, "a-2", "door:3") is None, "a door that is shut, and for which they have no right"
    with housed.house.store.writing() as tx:
        housed.house.revoking.suspend(tx, housed.person("F1"), BOSS, "looked into")
    assert denied(housed, 1001) is None, "suspended"


@pytest.mark.parametrize("reason", ["wrong PIN", "no right", "not at this time", "unknown card", "anti-passback"])
def test_what_the_panel_denies_for_another_reason_stays_denied(housed: Housed, reason: str) -> None:
    housed.come("F1", card=1001)
    lock(housed, ZONE, "department:finance")
    with housed.house.store.writing() as tx:
        assert housed.house.guarding.exempt.denied(tx, "a-1", "door:1", 1001, tx.now, reason) is None


def test_of_two_lockdowns_both_must_exempt(housed: Housed, tmp_path: Path) -> None:
    with housed.house.store.writing() as tx:
        text = housed.house.campuses.text(tx) or ""
        both = text.replace(
            'en: "Building A, east entrance"}, zones: [north-public]',
            'en: "Building A, east entrance"}, zones: [north-public, meeting]',
        )
        assert both != text
        housed.house.campuses.apply(tx, both, "small.yaml", BOSS)
    housed.come("F1", card=1001)
    lock(housed, ZONE, "department:finance")
    lock(housed, "meeting")
    assert denied(housed, 1001) is None
    release(housed, "meeting")
    assert denied(housed, 1001) is not None


def test_an_act_is_begun_once_and_told(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        made = housed.house.conditions.open_door(tx, "a-1-west", BOSS, "a courier", 10)
    claim = housed.hand.claim_one("a-1")
    assert [(act.id, act.key, act.until) for act in claim.acts] == [(made.id, "door:2", made.until)]
    assert begin(housed, made)
    assert not begin(housed, made)
    housed.hand.release(claim)
    assert "a-1" not in housed.hand.claim_targets(urgent_only=True)
    assert state(housed, made) is ActState.BEGUN
    housed.later(seconds=31)
    look(housed)
    assert state(housed, made) is ActState.UNKNOWN
    assert not begin(housed, made), "it is never sent again"
    for outcome in (Later(5.0, MAY_HAVE_ACTED), Done("acknowledged"), Refused("no such door")):
        asyncio.run(housed.hand.desk.acted(made.id, outcome))
    assert state(housed, made) is ActState.DONE, "its gateway was only out of touch"
    assert [each["kind"] for each in housed.story() if each["kind"].startswith("act.")] == [
        "act.ordered",
        "act.unknown",
        "act.done",
    ]


def test_an_act_expires_and_is_then_never_begun(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        made = housed.house.conditions.open_door(tx, "a-1-west", BOSS, "a courier", 10)
    housed.later(seconds=10)
    assert "a-1" not in housed.hand.claim_targets(urgent_only=True)
    assert not begin(housed, made)
    look(housed)
    assert state(housed, made) is ActState.EXPIRED


def test_what_was_begun_when_the_hub_stopped_is_not_known(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    with housing(tmp_path, clock) as housed:
        with housed.house.store.writing() as tx:
            made = housed.house.conditions.open_door(tx, "a-1-west", BOSS, "a courier", 10)
        assert begin(housed, made)
    with housing(tmp_path, clock, units=True) as housed:
        assert state(housed, made) is ActState.UNKNOWN


def test_an_act_wakes_a_target_that_rests_and_one_that_is_out_of_reach(housed: Housed) -> None:
    housed.hand.off.add("a-1")
    with housed.house.store.writing() as tx:
        housed.house.conditions.open_door(tx, "a-1-west", BOSS, "a courier", 60)
    assert "a-1" in housed.hand.claim_targets(urgent_only=True)
    for _ in range(8):  # as often as the wait of a target out of reach doubles to its longest
        housed.hand.work()
        housed.later(seconds=5)
        assert "a-1" in housed.hand.claim_targets(urgent_only=True)


def begin(housed: Housed, made: DoorAct) -> bool:
    with housed.house.store.writing() as tx:
        return housed.house.delivery.acts.begin(tx, made.target, made.id)


def state(housed: Housed, made: DoorAct) -> ActState:
    with housed.house.store.reading() as tx:
        found = rows.act_by_id(tx, made.id)
    assert found is not None
    return found.state


def test_nothing_stands_on_a_lockdown_that_is_over(housed: Housed) -> None:
    lock(housed)
    release(housed)
    with housed.house.store.reading() as tx:
        assert rows.zones_in_force(tx) == (frozenset(), frozenset())
        assert not [row for row in rights.records_unheld(tx) if row.wanted and '"mode":2' in row.wanted]
