"""Hours, by the command line: doors that open by a schedule but not on holidays, new hours, a panel that somebody set."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

from devices.wg.panel import DoorMode, Panel
from tests.journeys.conftest import Journey, card, day, until

EAST = "- {number: 1, id: a-1-east,"
OFFICE = "08:00-18:00"
MORNING = "08:00-12:00"


def with_hours(journey: Journey, text: str, hours: str) -> str:
    """The campus with hours for one door, a holiday in three days, and nine seconds for the lock of another."""
    text = text.replace("  holidays:\n", f"  holidays:\n    - {day(3)}\n", 1)
    text = text.replace(EAST, f"{EAST} schedule: office,").replace("id: a-1-west,", "id: a-1-west, delay_s: 9,")
    return text + (
        "schedules:\n  - id: office\n    name: {zh: 办公时间, en: Office hours}\n    hours:\n"
        f'      - {{days: [mon, tue, wed, thu, fri, sat, sun], spans: ["{hours}"]}}\n'
        f'    workday: ["{hours}"]\n'
    )


def opens_at(journey: Journey, days: int, at: str, nth: int = 1) -> bool:
    """Whether the door would open to a card at that time, by the panel's own clock."""
    journey.campus.hands("a-1", "clock", set=f"{day(days)}T{at}:00")
    return journey.campus.hands("a-1", "swipe", card=card(nth), door=1)["open"]


def profiles(journey: Journey) -> dict[int, dict[str, Any]]:
    return {one["id"]: one for one in journey.campus.hands("a-1", "settings")["profiles"]}


def never_opens(profile: dict[str, Any]) -> bool:
    return not any(profile["weekdays"])


def test_a_door_opens_in_its_hours_and_not_on_a_holiday(journey: Journey):
    path = journey.campus.path
    small = path.read_text("utf-8")
    path.write_text(with_hours(journey, small, OFFICE), "utf-8")
    journey.emulate()
    hub = journey.serve()
    journey.ready(journey.take(range(1, 3)))
    assert opens_at(journey, 2, "08:00")
    assert opens_at(journey, 2, "17:59")
    assert not opens_at(journey, 2, "18:00")
    assert not opens_at(journey, 2, "07:59")
    assert not opens_at(journey, 3, "10:00"), "it is a holiday"
    assert opens_at(journey, 4, "10:00")
    assert journey.campus.hands("a-1", "swipe", card=card(1), door=2)["open"], "the other doors know no hours"

    old = set(profiles(journey))
    path.write_text(with_hours(journey, small, MORNING), "utf-8")
    journey.foyer("campus", "apply", path)
    hub.kill()
    journey.serve()
    until(journey.settled)
    assert not opens_at(journey, 2, "13:00")
    assert opens_at(journey, 2, "11:59")
    assert not opens_at(journey, 3, "10:00")
    held = profiles(journey)
    assert set(held) > old
    assert all(never_opens(held[number]) for number in old)
    named = set(journey.campus.cards("a-1")[card(1)]["doors"]) - {0, 1}
    assert named
    assert named.isdisjoint(old)


def test_a_panel_that_somebody_set_is_an_alarm_and_set_back(journey: Journey):
    path = journey.campus.path
    path.write_text(with_hours(journey, path.read_text("utf-8"), OFFICE), "utf-8")
    journey.emulate()
    journey.serve()
    journey.ready(journey.take(range(1, 2)))
    until(journey.settled)
    modes = asyncio.run(_modes(journey))
    assert modes[2] == DoorMode(3, 9)
    asyncio.run(_open_for_good(journey))
    journey.foyer("targets", "read", "a-1")
    until(lambda: {"drift.altered", "drift.foreign"} <= set(journey.alarms()), why=lambda: str(journey.alarms()))
    until(lambda: asyncio.run(_modes(journey)) == modes)
    assert {one["key"] for one in journey.drifts()} == {"door:2", "door:3"}
    journey.campus.hands("a-1", "power-cycle", keep_memory=False)
    journey.foyer("targets", "read", "a-1")
    until(lambda: journey.campus.cards("a-1"))
    until(lambda: asyncio.run(_modes(journey)) == modes)
    assert not opens_at(journey, 2, "20:00")


async def _modes(journey: Journey) -> dict[int, DoorMode]:
    with closing(Panel(journey.campus.serial("a-1"), journey.campus.address("a-1"))) as panel:
        return {number: await panel.door(number) for number in range(1, 5)}


async def _open_for_good(journey: Journey) -> None:
    with closing(Panel(journey.campus.serial("a-1"), journey.campus.address("a-1"))) as panel:
        for number in (2, 3):
            await panel.set_door(number, DoorMode(1, 9 if number == 2 else 5))
