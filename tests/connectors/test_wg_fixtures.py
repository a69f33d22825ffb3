"""What a panel is set to: schedules as profiles that the emulated panel decides by, conditions as door modes, and every
key put and put back on a real socket."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Act, Compiled, Conditions, Done, Record, Refused, canonical
from connectors.wg_doors import WgDoors, WgSettings
from connectors.wg_keys import _profile_of
from devices.wg import decision
from policies.calendar import DAY_MINUTES, Calendar, Schedule, Spans, odd_days
from tests.connectors.emulated import ZONE, WgTarget, wg_target

FIRST = date(2027, 1, 1)
OFFICE: Spans = ((480, 1080),)
NOON = datetime(2027, 1, 6, 4, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Shanghai."""
OFFICE_HOURS = Schedule("office", 2, (*[OFFICE] * 5, (), ()), {}, FIRST)

span = st.tuples(st.integers(0, DAY_MINUTES - 2), st.integers(2, DAY_MINUTES)).map(
    lambda told: (told[0], min(told[0] + told[1], DAY_MINUTES))
)
spans = st.lists(span, max_size=4).map(tuple)
days = st.frozensets(st.integers(0, 90).map(lambda n: FIRST + timedelta(days=n)), max_size=8)


def told(doors: list[dict[str, Any]], **more: Any) -> WgSettings:
    its = [
        {"number": n, "id": f"d{n}", "name": {"zh": "门", "en": "Door"}, "zones": [f"z{n}"], **door}
        for n, door in enumerate(doors, 1)
    ]
    return WgSettings.model_validate({
        "serial": 405419896, "address": "127.73.0.1:60000", "model": "wg-2054", "cards_max": 20, "doors": its, **more,
    })  # fmt: skip


def conditions(*schedules: Schedule, now: datetime = NOON, **more: Any) -> Conditions:
    its: dict[str, Any] = {"locked": frozenset(), "freed": frozenset(), "listener": None} | more
    horizon = datetime.combine(date(2027, 2, 1), time(), ZONE).astimezone(UTC)
    return Conditions(Calendar(), schedules, now=now, horizon=horizon, zone=ZONE, **its)


def compiled(its: WgSettings, under: Conditions) -> Compiled:
    return WgDoors(its, ZONE).fixtures(under)


def bodies(its: WgSettings, under: Conditions) -> dict[str, Any]:
    return {key: json.loads(record.body) for key, record in compiled(its, under).records.items()}


def on_panel(records: dict[str, Record]) -> dict[int, decision.Profile]:
    """The profiles of these records as the emulated panel keeps them."""
    found = {}
    for key, record in records.items():
        number = int(key.partition(":")[2])
        made = _profile_of(number, json.loads(record.body))
        its = tuple((begins or time(), ends or time()) for begins, ends in made.spans)
        found[number] = decision.Profile(made.opens, made.closes, made.weekdays, its, made.linked)
    return found


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[spans] * 7), days, days, spans, spans)
def test_a_panel_decides_by_its_profiles_as_the_schedule_says(
    week: tuple[Spans, ...], holidays: frozenset[date], worked: frozenset[date], holiday: Spans, workday: Spans
):
    calendar = Calendar(holidays, worked)
    schedule = Schedule("s", 2, week, odd_days(calendar, holiday, workday, FIRST), FIRST)
    profiles = on_panel(compiled(told([{"schedule": "s"}]), conditions(schedule)).records)
    edges = {0, DAY_MINUTES - 1} | {
        at
        for its in (*week, holiday, workday)
        for ends in its
        for edge in ends
        for at in (edge - 1, edge)
        if 0 <= at < DAY_MINUTES
    }
    for n in range(100):
        day = FIRST + timedelta(days=n)
        if day in holidays:
            open_then = holiday
        elif day in worked and day.weekday() >= 5:
            open_then = workday
        else:
            open_then = week[day.weekday()]
        for minute in edges:
            at = datetime.combine(day, time(minute // 60, minute % 60, 30))
            said = any(begins <= minute < ends for begins, ends in open_then)
            assert decision.profile_allows(2, profiles, at) == said, (day, minute)


def test_no_part_of_a_chain_links_to_what_is_missing():
    days = {FIRST + timedelta(days=7 * n): () for n in range(1, 9)}
    made = compiled(told([{"schedule": "s"}]), conditions(Schedule("s", 40, ((*OFFICE,),) * 7, days, FIRST))).records
    linked = {json.loads(record.body)["linked"] for record in made.values()} - {0}
    assert linked < {int(key.partition(":")[2]) for key in made}
    by_rank = sorted(made.values(), key=lambda record: record.rank)
    assert by_rank[-1].key == "profile:40", "the first, which cards name, is written last"
    assert by_rank[-1].rank == 0


def test_a_schedule_that_never_opens_is_a_profile_all_the_same():
    made = compiled(told([{"schedule": "s"}]), conditions(Schedule("s", 9, ((),) * 7, {}, FIRST))).records
    assert list(made) == ["profile:9"]
    assert not decision.profile_allows(9, on_panel(made), datetime(2027, 1, 6, 12))


def test_what_is_as_from_the_factory_has_no_record():
    assert compiled(told([{}, {}]), conditions()) == Compiled({}, None)


def test_a_lockdown_shuts_the_doors_of_its_zone_and_fire_opens_them_all_the_same():
    its = told([{"delay_s": 9}, {"mode": "normally-open"}, {}])
    assert bodies(its, conditions()) == {"door:1": {"delay": 9, "mode": 3}, "door:2": {"delay": 5, "mode": 1}}
    locked = bodies(its, conditions(locked=frozenset({"z1", "z2"})))
    assert {key: body["mode"] for key, body in locked.items()} == {"door:1": 2, "door:2": 2}
    freed = bodies(its, conditions(locked=frozenset({"z1", "z2"}), freed=frozenset({"z2"})))
    assert {key: body["mode"] for key, body in freed.items()} == {"door:1": 2, "door:2": 1}


def test_a_lockdown_withdraws_what_would_work_against_it():
    first = {"begins": "07:00", "ends": "09:00", "days": ["mon"], "active": "normally-open", "zone": "z1"}
    its = told([{"unlocked": "office", "passcodes": [123456], "first_card": first}])
    usual = compiled(its, conditions(OFFICE_HOURS)).records
    assert json.loads(usual["door:1"].body)["mode"] == 1, "it stands open at noon"
    assert json.loads(usual["first-card:1"].body)["inactive"] == 4
    assert "123456" not in str(usual), "codes are no matter for the story"
    locked = compiled(its, conditions(OFFICE_HOURS, locked=frozenset({"z1"}))).records
    assert "passcodes:1" not in locked
    assert json.loads(locked["tasks"].body) == {"tasks": []}
    assert json.loads(locked["door:1"].body)["mode"] == 2
    both = json.loads(locked["first-card:1"].body)
    assert (both["active"], both["inactive"]) == (2, 2)
    assert locked["tasks"].rank < locked["door:1"].rank, "or the next task would open it again"


def test_a_door_that_stands_open_by_the_clock_is_looked_at_again_at_each_edge():
    its = told([{"unlocked": "office"}])
    made = compiled(its, conditions(OFFICE_HOURS))
    assert made.look_again == datetime(2027, 1, 6, 10, 0, tzinfo=UTC)
    evening = compiled(its, conditions(OFFICE_HOURS, now=datetime(2027, 1, 6, 11, 0, tzinfo=UTC)))
    assert evening.look_again == datetime(2027, 1, 6, 16, 0, tzinfo=UTC), "the next day may be another"
    assert "door:1" not in evening.records
    tasks = json.loads(made.records["tasks"].body)["tasks"]
    assert [(task["kind"], task["at"], task["days"], task["to"]) for task in tasks] == [
        (1, "08:00", "1111100", "2027-01-31"), (0, "18:00", "1111100", "2027-01-31")
    ]  # fmt: skip


SETTINGS: dict[str, dict[str, Any]] = {
    "door:2": {"delay": 7, "mode": 2},
    "listener": {"address": "127.73.0.9:60001", "interval": 0},
    "antipassback": {"mode": 2},
    "profile:5": {
        "days": "1111100",
        "from": "2027-01-01",
        "linked": 0,
        "spans": [["08:00", "17:59"]],
        "to": "2099-12-31",
    },
    "card:77": {
        "closes": "2027-02-01",
        "doors": [5, 0, 0, 0],
        "first": 1,
        "number": 77,
        "opens": "2027-01-01",
        "pin": 0,
    },
}
UNTOLD: dict[str, dict[str, Any]] = {
    "interlock": {"mode": 3},
    "special": {"on": True},
    "pc-control": {"on": False},
    "keypads": {"readers": [True, False, False, True]},
    "passcodes:1": {"count": 1},
    "first-card:1": {"active": 3, "begins": "07:00", "days": "1000000", "ends": "09:00", "inactive": 4},
    "tasks": {"tasks": [
        {"at": "08:00", "days": "1111100", "door": 1, "from": "2027-01-01", "kind": 1, "to": "2027-01-31"}
    ]},
}  # fmt: skip


def on_wire(target: WgTarget) -> WgDoors:
    settings = target.settings()
    doors: Any = settings["doors"]
    doors[0] |= {"schedule": "office", "passcodes": [4711]}
    return WgDoors(WgSettings.model_validate(settings), ZONE)


def test_each_setting_is_put_read_back_and_put_back():
    async def run() -> None:
        async with wg_target(31) as target:
            panel = on_wire(target)
            for key, body in SETTINGS.items():
                assert panel.shows(key)
                assert await panel.read(key) is None
                assert await panel.write(Record(key, canonical(body), 0, ())) == Done()
                assert json.loads(await panel.read(key) or "") == body
            shown = {key: json.loads(body) async for key, body in panel.read_all()}
            assert shown == SETTINGS
            for key in reversed(SETTINGS):
                assert await panel.erase(key) == Done()
                assert await panel.read(key) is None
            assert [each async for each in panel.read_all()] == []
            held = target.panel.state.profiles[5]
            assert not any(held.weekdays), "a profile cannot be deleted, and one that is missing lets people in"
            await panel.close()

    asyncio.run(run())


def test_what_a_panel_cannot_show_is_acknowledged():
    async def run() -> None:
        async with wg_target(32) as target:
            panel = on_wire(target)
            for key, body in UNTOLD.items():
                assert not panel.shows(key)
                assert await panel.write(Record(key, canonical(body), 0, ())) == Done("acknowledged")
            rules, state = target.panel.state.rules, target.panel.state
            assert rules.interlock == 3
            assert rules.special_events
            assert len(state.tasks) == 1
            for key in UNTOLD:
                assert await panel.erase(key) == Done("acknowledged")
            assert rules_of(target).interlock == 0
            assert not target.panel.state.tasks
            await panel.close()

    asyncio.run(run())


def rules_of(target: WgTarget) -> Any:
    return target.panel.state.rules


def test_a_door_is_opened_once_by_an_act():
    async def run() -> None:
        async with wg_target(33) as target:
            panel = on_wire(target)
            assert await panel.act(Act("a", "open", "door:1", NOON)) == Done("acknowledged")
            assert target.heard(0x40) == 1
            assert isinstance(await panel.act(Act("b", "sing", "door:1", NOON)), Refused)
            target.trouble(reply_lost=1.0)
            outcome = await panel.act(Act("c", "open", "door:1", NOON))
            assert not getattr(outcome, "unreachable", True), "it may have opened, so it is not the target that is away"
            assert target.heard(0x40) == 2
            await panel.close()

    asyncio.run(run())


@pytest.mark.parametrize("key", ["door", "card", "tasks:1", "nothing:2"])
def test_a_key_that_no_panel_has_is_an_error(key: str):
    with pytest.raises(ValueError, match="is no key"):
        WgDoors(told([{}]), ZONE).rank(key)


def test_a_card_needs_the_profiles_that_it_names():
    panel = WgDoors(told([{}]), ZONE)
    card = canonical({"closes": None, "doors": [1, 7, 0, 9], "number": 5, "opens": None, "pin": 0})
    assert panel.needs(card) == {"profile:7", "profile:9"}
    assert panel.needs(card.replace("7", "1").replace("9", "0")) == frozenset()
    assert panel.needs(canonical({"days": "1", "from": "", "linked": 12, "spans": [], "to": ""})) == {"profile:12"}
    assert panel.needs(canonical(SETTINGS["door:2"])) == frozenset()


def test_a_setting_lets_nobody_in_by_itself():
    panel = WgDoors(told([{}]), ZONE)
    assert panel.exposed_until(canonical(SETTINGS["door:2"])).year == 1
    assert panel.exposed_until(canonical(SETTINGS["card:77"])) == datetime(2027, 2, 1, 16, 0, tzinfo=UTC)
