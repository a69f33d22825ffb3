"""What doors report, by the command line: swiped and listed, once each and in order, whoever was down meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from ipaddress import IPv4Address
from typing import Any

import pytest

from devices.wg.panel import Listener, Panel
from tests.journeys.conftest import TARGETS, Journey, card, until

LISTEN = 60_001
IN, OUT = 1, 2


@pytest.fixture
def listening(journey: Journey) -> Journey:
    """The panels of the campus, that tell passages where its gateway is to hear them."""
    journey.emulate()
    asyncio.run(_told_where(journey))
    return journey


async def _told_where(journey: Journey) -> None:
    for target in TARGETS:
        with closing(Panel(journey.campus.serial(target), journey.campus.address(target))) as panel:
            await panel.set_listener(Listener(IPv4Address(f"{journey.campus.net}.30"), LISTEN))


def swipe(journey: Journey, nth: int, door: int = 1, way: int = IN, target: str = "a-1") -> dict[str, Any]:
    return journey.campus.hands(target, "swipe", card=card(nth), door=door, direction=way)


def passages(journey: Journey, **query: str | bool) -> list[dict[str, Any]]:
    """All of one panel's swipes, the oldest first."""
    found = journey.get("/passages", limit="1000", **query)["passages"]
    return [one for one in reversed(found) if one["target"] == "a-1" and one["kind"] in {"passed", "denied"}]


def listed(journey: Journey, count: int) -> Callable[[], list[dict[str, Any]] | None]:
    return lambda: found if len(found := passages(journey)) >= count else None


def test_a_swipe_is_listed_with_who_it_was(listening: Journey):
    journey = listening
    journey.serve()
    journey.ready(journey.take(range(1, 3)))
    assert swipe(journey, 1)["open"]
    assert not swipe(journey, 99)["open"]
    mine, other = until(listed(journey, 2), 5.0)
    assert (mine["kind"], mine["no"], mine["card"], mine["door"], mine["inside"]) == (
        "passed", "J0001", card(1), "a-1-east", True,
    )  # fmt: skip
    assert (other["kind"], other["no"], other["reason"]) == ("denied", None, "unknown card")
    assert [one["no"] for one in passages(journey, person="J0001")] == ["J0001"]
    assert [one["card"] for one in passages(journey, denied=True)] == [card(99)]
    assert "J0001" in journey.foyer("passages", "list", "--door", "a-1-east", "--lang", "zh")
    inside = journey.asked("passages", "muster", "--site", "north")
    assert [(one["no"], one["door"]) for one in inside["people"]] == [("J0001", "a-1-east")]
    assert journey.asked("passages", "muster", "--site", "south")["people"] == []
    swipe(journey, 1, way=OUT)
    until(lambda: not journey.get("/passages/muster")["people"], 5.0)
    swipe(journey, 1)
    until(lambda: journey.get("/passages/muster")["people"], 5.0)
    journey.foyer("passages", "forgive", "J0001")
    assert journey.get("/passages/muster")["people"] == []


def test_what_happened_while_the_hub_was_down_is_there_once_and_in_order(listening: Journey):
    journey = listening
    hub = journey.serve()
    journey.ready(journey.take(range(1, 2)))
    for _ in range(3):
        swipe(journey, 1)
    until(listed(journey, 3))
    hub.kill()
    for nth in range(1, 41):
        swipe(journey, 1, way=IN if nth % 2 else OUT)
    journey.serve()
    swipe(journey, 1)
    found = until(listed(journey, 44))
    numbers = [one["number"] for one in sorted(found, key=lambda one: one["id"])]
    assert numbers == list(range(numbers[0], numbers[0] + 44))
    assert {one["incarnation"] for one in found} == {1}
    assert [kind for kind in journey.alarms() if kind.startswith("passage")] == []


def test_what_the_line_lost_is_fetched(listening: Journey):
    journey = listening
    journey.serve()
    journey.ready(journey.take(range(1, 2)))
    swipe(journey, 1)
    until(listed(journey, 1))
    journey.campus.hands("a-1", "faults", unheard=1.0)
    for _ in range(10):
        swipe(journey, 1)
    journey.campus.hands("a-1", "faults")
    assert len(passages(journey)) == 1
    swipe(journey, 1)
    found = until(listed(journey, 12), 10.0)
    assert len({one["number"] for one in found}) == len(found) == 12


def test_a_panel_that_lost_its_memory_begins_anew(listening: Journey):
    journey = listening
    journey.serve()
    journey.ready(journey.take(range(1, 2)))
    for _ in range(5):
        swipe(journey, 1)
    until(listed(journey, 5))
    journey.campus.hands("a-1", "power-cycle", keep_memory=False)
    asyncio.run(_told_where(journey))
    swipe(journey, 1)
    until(lambda: any(one["incarnation"] == 2 for one in passages(journey)), 20.0)
    assert "passages.anew" in journey.alarms()


def test_a_card_of_somebody_revoked_is_an_alarm(listening: Journey):
    journey = listening
    journey.serve()
    journey.ready(journey.take(range(1, 2)))
    certificate = journey.post("/persons/J0001/revoke", json={"reason": "left"}).json()
    until(lambda: journey.get(f"/revocations/{certificate['id']}")["settled"])
    assert not swipe(journey, 1)["open"]
    until(lambda: "passage.after-revocation" in journey.alarms(), 5.0)


def test_hands_at_a_door_are_alarms(listening: Journey):
    journey = listening
    journey.serve()
    journey.campus.hands("a-1", "force", door=2)
    journey.campus.hands("a-1", "tamper", on=True)
    journey.campus.hands("a-1", "fire", on=True)
    until(lambda: {"passage.forced", "passage.tamper", "passage.fire"} <= set(journey.alarms()), 5.0)
