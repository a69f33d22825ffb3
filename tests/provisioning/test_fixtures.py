"""What targets are set to: by the campus file and the conditions in force, over restarts, drift and a restore."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from connectors.contract import Done, Fingerprint
from connectors.desk import Found, Task
from provisioning.campus.campuses import shipped
from provisioning.campus.schedules import REST, SchedulesFull
from provisioning.delivery.delivery import ACKNOWLEDGED_S
from provisioning.delivery.readings import READ_EVERY_S
from provisioning.nouns.conditions import Condition, ConditionKind
from provisioning.nouns.rights import WantedHeld
from provisioning.store import conditions, eras, rights
from tests.provisioning.housed import BOSS, Housed

HOURS = """
schedules:
  - id: office-hours
    name: {zh: 办公时间, en: Office hours}
    hours:
      - {days: [mon, tue, wed, thu, fri], spans: ["07:30-12:00", "13:00-19:00"]}
    workday: ["07:30-19:00"]
"""
PANELS = shipped("small").read_text("utf-8").partition("  # A serial line")[0]
SMALL, LISTENS = re.subn(r"(?m)^(passages|    listener): .*\n", "", PANELS)
"""The demonstration campus without what has records at any rate: its listener, and the doors and readers of a line."""


def with_door(text: str, **told: str) -> str:
    """The campus with more said of the second door of a-1."""
    said = "".join(f", {name}: {value}" for name, value in told.items())
    door = next(line for line in text.splitlines() if "id: a-1-west" in line)
    return text.replace(door, door.removesuffix("}") + said + "}")


def apply(housed: Housed, text: str) -> None:
    with housed.house.store.writing() as tx:
        housed.house.campuses.apply(tx, text, "small.yaml", BOSS)


def restate(housed: Housed, *, urgent: bool = False) -> int:
    with housed.house.store.writing() as tx:
        stated = housed.house.fixtures.restate(tx, urgent=urgent)
    housed.house.fixtures.committed(stated)
    return stated.changed


def settings(housed: Housed, target: str = "a-1") -> dict[str, WantedHeld]:
    with housed.house.store.reading() as tx:
        return {row.key: row for row in rights.records_unheld(tx) if row.target == target}


def wanted(housed: Housed, target: str = "a-1") -> dict[str, Any]:
    return {key: json.loads(row.wanted) for key, row in settings(housed, target).items() if row.wanted is not None}


def profiles(housed: Housed) -> list[str]:
    return sorted(key for key in wanted(housed) if key.startswith("profile:"))


def acknowledged(task: Task) -> Done | None:
    """Panels cannot show this, so nobody reads it back."""
    return Done("acknowledged") if task.key in ("interlock", "tasks") else None


def order(housed: Housed, kind: ConditionKind, zone: str) -> str:
    with housed.house.store.writing() as tx:
        made = Condition(tx.ids.new("cnd"), kind, zone, (), "li", "a test", tx.now, None)
        conditions.add_condition(tx, made)
        housed.house.fixtures.restate(tx, urgent=True)
    return made.id


def release(housed: Housed, id_: str) -> None:
    with housed.house.store.writing() as tx:
        conditions.release(tx, id_, "li")
        housed.house.fixtures.restate(tx, urgent=True)


def test_every_panel_is_set_to_its_site_s_listener_or_the_campus_s(housed: Housed):
    assert LISTENS == 2
    apply(housed, PANELS)
    assert restate(housed) == 2 * 8
    assert wanted(housed) == {"listener": {"address": "127.60.0.30:60001", "interval": 0}, "special": {"on": True}}
    assert wanted(housed, "d-1")["listener"] == {"address": "127.60.0.31:60001", "interval": 0}


def test_a_campus_that_says_nothing_of_settings_has_no_record_of_them(housed: Housed):
    apply(housed, SMALL)
    assert restate(housed) == 0
    assert wanted(housed) == {}
    with housed.house.store.reading() as tx:
        assert not housed.house.fixtures.due(tx)


def test_a_schedule_is_on_the_panel_before_the_cards_that_name_it(housed: Housed):
    apply(housed, with_door(SMALL, schedule="office-hours") + HOURS)
    restate(housed)
    person = housed.come("E1", 1001)
    (row,) = [row for (target, _), row in housed.records(person).items() if target == "a-1"]
    first = min(int(key.partition(":")[2]) for key in profiles(housed))
    assert first in json.loads(row.wanted or "")["doors"]
    claim = housed.hand.claim_one("a-1")
    tasks = [task.key for task in housed.hand.tasks(claim)]
    assert tasks[-1] == "card:1001"
    assert tasks[-2] == f"profile:{first}", "what links is written after what it links to"
    assert tasks[:-1] == sorted(profiles(housed), key=lambda key: -int(key.partition(":")[2]))


def test_before_a_schedule_has_numbers_its_door_stays_shut(housed: Housed):
    apply(housed, with_door(SMALL, schedule="office-hours") + HOURS)
    person = housed.come("E1", 1001)
    before = {key: row.wanted for key, row in housed.records(person).items()}
    restate(housed)
    housed.look(person)
    assert {key: row.wanted for key, row in housed.records(person).items()} == before, "numbers are given with the file"


def test_new_hours_have_new_numbers_and_the_old_are_retired(housed: Housed):
    apply(housed, with_door(SMALL, schedule="office-hours") + HOURS)
    restate(housed)
    person = housed.come("E1", 1001)
    housed.hand.work()
    old = profiles(housed)
    apply(housed, with_door(SMALL, schedule="office-hours") + HOURS.replace("19:00", "20:00"))
    restate(housed)
    new = profiles(housed)
    assert set(new).isdisjoint(old)
    going = [row for row in settings(housed).values() if row.wanted is None and row.dirty]
    assert sorted(row.key for row in going) == old
    housed.look(person)
    (row,) = [row for (target, _), row in housed.records(person).items() if target == "a-1"]
    assert f"profile:{max(json.loads(row.wanted or '')['doors'])}" in new
    housed.hand.work()
    assert not any(row.dirty for row in settings(housed).values())


def test_a_file_that_changes_nothing_of_the_hours_to_come_keeps_their_numbers(housed: Housed):
    apply(housed, with_door(SMALL, schedule="office-hours") + HOURS)
    restate(housed)
    before = wanted(housed)
    gone_by = SMALL.replace("  holidays:\n", "  holidays:\n    - 2020-01-01\n", 1)
    apply(housed, with_door(gone_by, schedule="office-hours") + HOURS)
    assert restate(housed) == 0
    assert wanted(housed) == before
    more = SMALL.replace("  holidays:\n", "  holidays:\n    - 2026-12-30\n", 1)
    apply(housed, with_door(more, schedule="office-hours") + HOURS)
    restate(housed)
    assert set(wanted(housed)).isdisjoint(before), "a holiday more is other content"


def test_numbers_are_given_out_again_only_after_a_rest_and_never_while_a_panel_holds_them(housed: Housed):
    def numbered(text: str) -> int:
        apply(housed, with_door(SMALL, schedule="office-hours") + text)
        restate(housed)
        return min(int(key.partition(":")[2]) for key in profiles(housed))

    first = numbered(HOURS)
    housed.hand.work()
    second = numbered(HOURS.replace("19:00", "19:30"))
    assert second > first
    housed.later(seconds=REST.total_seconds() + 1)
    third = numbered(HOURS.replace("19:00", "19:45"))
    assert third > second, "the panel was not reached, so it holds the first ones still"
    housed.hand.work()
    housed.later(seconds=REST.total_seconds() + 1)
    assert numbered(HOURS.replace("19:00", "20:00")) == first


def test_more_schedules_than_a_panel_has_numbers_are_refused_and_change_nothing(housed: Housed):
    def line(nth: int, name: str) -> str:
        spans = ", ".join(f'"{hour:02}:{nth:02}-{hour:02}:{nth + 20:02}"' for hour in range(12))
        return f"      - {{days: [{name}], spans: [{spans}]}}\n"

    hours = "".join(line(nth, name) for nth, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun")))
    spread = "".join(f"  - id: s-{n}\n    name: {{zh: 时间, en: Hours}}\n    hours:\n{hours}" for n in range(12))
    restate(housed)
    before = wanted(housed)
    with pytest.raises(SchedulesFull):
        apply(housed, SMALL + "\nschedules:\n" + spread)
    restate(housed)
    assert wanted(housed) == before


def test_a_lockdown_goes_ahead_of_all_other_work_and_is_taken_back_on_release(housed: Housed):
    zone = "north-offices"
    apply(housed, SMALL)
    restate(housed)
    person = housed.come("E1", 1001)
    made = order(housed, ConditionKind.LOCKDOWN, zone)
    claim, *others = housed.hand.claim(urgent_only=True)
    for other in others:
        housed.hand.release(other)
    first = housed.hand.tasks(claim)[0]
    assert first.urgent
    assert first.key.startswith("door:")
    assert json.loads(first.body or "")["mode"] == 2
    housed.hand.release(claim)
    housed.hand.work()
    proved = [row for row in settings(housed, claim.target).values() if row.wanted is not None]
    assert proved
    assert all(not row.dirty and row.proof == "read" for row in proved)
    order(housed, ConditionKind.FIRE, zone)
    assert {body["mode"] for body in wanted(housed, claim.target).values()} == {1}, "a release never asks"
    with housed.house.store.writing() as tx:
        for each in conditions.in_force(tx):
            if each.id != made:
                conditions.release(tx, each.id, "li")
        housed.house.fixtures.restate(tx, urgent=True)
    assert {body["mode"] for body in wanted(housed, claim.target).values()} == {2}
    release(housed, made)
    housed.hand.work()
    rows = settings(housed, claim.target)
    assert all(row.wanted is None and row.held is None and not row.dirty for row in rows.values())
    assert housed.ready(person).percent == 100.0


def test_a_new_incarnation_is_set_again_before_its_cards(housed: Housed):
    apply(housed, with_door(SMALL, delay_s="9"))
    restate(housed)
    housed.come("E1", 1001)
    housed.hand.work()
    housed.hand.memory["a-1"].clear()
    claim = replace_incarnation(housed)
    keys = [task.key for task in housed.hand.tasks(claim)]
    assert keys == ["door:2", "card:1001"]


def replace_incarnation(housed: Housed) -> Any:
    housed.later(seconds=READ_EVERY_S + 120)
    claim = housed.hand.claim_one("a-1")
    assert housed.hand.meet(claim, "another")
    return claim


def test_a_changed_mode_is_drift_an_alarm_and_put_back(housed: Housed):
    apply(housed, with_door(SMALL, delay_s="9"))
    restate(housed)
    housed.hand.work()
    panel = housed.hand.memory["a-1"]
    panel["door:2"] = json.dumps({"delay": 9, "mode": 1}, sort_keys=True, separators=(",", ":"))
    panel["door:3"] = json.dumps({"delay": 5, "mode": 1}, sort_keys=True, separators=(",", ":"))
    housed.later(seconds=READ_EVERY_S + 120)
    housed.hand.work()
    assert housed.alarms() == ["drift.altered", "drift.foreign"]
    housed.hand.work()
    assert json.loads(panel["door:2"])["mode"] == 3
    assert "door:3" not in panel


def test_what_cannot_be_shown_is_no_drift_and_is_sent_again_from_time_to_time(housed: Housed):
    apply(housed, SMALL.replace("      model: wg-2054", "      interlock: 3\n      model: wg-2054", 1))
    restate(housed)
    target = "a-1"
    housed.hand.work(acknowledged)
    row = settings(housed, target)["interlock"]
    assert (row.proof, row.dirty) == ("acknowledged", False)
    housed.hand.memory[target].pop("interlock", None)
    housed.later(seconds=READ_EVERY_S + 120)
    housed.hand.work(acknowledged)
    assert housed.alarms() == []
    assert not settings(housed, target)["interlock"].dirty
    housed.later(seconds=ACKNOWLEDGED_S)
    claim = housed.hand.claim_one(target)
    assert claim.reconcile
    assert housed.hand.read(claim) == 0
    assert [task.key for task in housed.hand.tasks(claim)] == ["interlock"]


def test_doors_that_stand_open_by_the_clock_follow_it(housed: Housed):
    apply(housed, with_door(SMALL, unlocked="office-hours") + HOURS)
    restate(housed)
    told = wanted(housed)
    assert {task["at"] for task in told["tasks"]["tasks"]} == {"07:30", "12:00", "13:00", "19:00"}
    modes = set()
    for _ in range(40):
        housed.later(minutes=45)
        with housed.house.store.reading() as tx:
            due = housed.house.fixtures.due(tx)
        if due:
            restate(housed)
        modes.add("door:2" in wanted(housed))
    assert modes == {True, False}


def test_a_clock_that_is_off_is_told_and_an_alarm_beyond_ten_seconds(housed: Housed):
    claim = housed.hand.claim_one("a-1")

    def meet(off_s: float) -> None:
        fingerprint = Fingerprint("device of a-1", 0, off_s=off_s)
        with housed.house.store.writing() as tx:
            housed.house.delivery.introduce(tx, claim.target, fingerprint)

    meet(1.0)
    assert housed.story("target.clock-set") == []
    meet(-4.0)
    assert housed.alarms() == []
    meet(11.0)
    assert housed.alarms() == ["drift.clock"]
    assert [told["data"]["off_ms"] for told in housed.story("target.clock-set")] == [-4000, 11000]


def test_after_a_restore_a_lockdown_goes_out_and_no_setting_is_put_back(housed: Housed):
    apply(housed, with_door(SMALL, delay_s="9"))
    restate(housed)
    with housed.house.store.writing() as tx:
        eras.begin(tx, tx.now)
    housed.later(minutes=1)
    claim = housed.hand.claim_one("a-1")
    housed.hand.meet(claim)
    shut_there = Found("door:1", '{"delay":5,"mode":2}', rank=-800)
    assert asyncio.run(housed.hand.desk.reconciled(claim, [shut_there], started=housed.clock.now())) == 1
    assert housed.hand.tasks(claim) == [], "what stands shut there may have been ordered since the backup"
    housed.hand.release(claim)
    order(housed, ConditionKind.LOCKDOWN, "north-public")
    claim = housed.hand.claim_one("a-1")
    shut = housed.hand.tasks(claim)
    assert shut
    assert {json.loads(task.body or "")["mode"] for task in shut} == {2}
