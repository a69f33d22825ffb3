"""What doors report, by the command line: swiped and listed, once each and in order, whoever was down meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import IPv4Address
from typing import Any

import pytest

from devices.wg.panel import Listener, Panel
from tests.journeys.conftest import TARGETS, Journey, card, started_journey, until

LISTEN = 60_001
IN, OUT = 1, 2


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """A hub and its panels, for whoever has a panel and people of their own."""
    with started_journey(tmp_path_factory.mktemp("town")) as journey:
        _listening(journey)
        journey.serve()
        yield journey


@pytest.fixture
def listening(journey: Journey) -> Journey:
    """Panels for one test alone: it kills its hub, or opens every door."""
    _listening(journey)
    return journey


def _listening(journey: Journey) -> None:
    """The panels of the campus, that tell passages where its gateway is to hear them."""
    journey.emulate()
    asyncio.run(_told_where(journey, *TARGETS))


async def _told_where(journey: Journey, *targets: str) -> None:
    for target in targets:
        with closing(Panel(journey.campus.serial(target), journey.campus.address(target))) as panel:
            await panel.set_listener(Listener(IPv4Address(f"{journey.campus.net}.30"), LISTEN))


def swipe(journey: Journey, nth: int, door: int = 1, way: int = IN, target: str = "a-1") -> dict[str, Any]:
    return journey.campus.hands(target, "swipe", card=card(nth), door=door, direction=way)


def passages(journey: Journey, target: str = "a-1", **query: str | bool) -> list[dict[str, Any]]:
    """All of one panel's swipes, the oldest first."""
    found = journey.get("/passages", limit="1000", **query)["passages"]
    return [one for one in reversed(found) if one["target"] == target and one["kind"] in {"passed", "denied"}]


def listed(journey: Journey, count: int, target: str = "a-1") -> Callable[[], list[dict[str, Any]] | None]:
    return lambda: found if len(found := passages(journey, target)) >= count else None


def test_a_swipe_is_listed_with_who_it_was(town: Journey):
    journey = town
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
    north = {one["no"]: one["door"] for one in journey.asked("passages", "muster", "--site", "north")["people"]}
    assert (north.get("J0001"), north.get("J0002")) == ("a-1-east", None)
    assert "J0001" not in {one["no"] for one in journey.asked("passages", "muster", "--site", "south")["people"]}
    swipe(journey, 1, way=OUT)
    until(lambda: not inside(journey, 1), 5.0)
    swipe(journey, 1)
    until(lambda: inside(journey, 1), 5.0)
    journey.foyer("passages", "forgive", "J0001")
    assert not inside(journey, 1)


def inside(journey: Journey, nth: int) -> bool:
    return f"J{nth:04}" in {one["no"] for one in journey.get("/passages/muster")["people"]}


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


def test_what_the_line_lost_is_fetched(town: Journey):
    journey = town
    journey.ready(journey.take(range(11, 12)))
    swipe(journey, 11, target="a-2")
    until(listed(journey, 1, "a-2"))
    journey.campus.hands("a-2", "faults", unheard=1.0)
    for _ in range(10):
        swipe(journey, 11, target="a-2")
    journey.campus.hands("a-2", "faults")
    assert len(passages(journey, "a-2")) == 1
    swipe(journey, 11, target="a-2")
    found = until(listed(journey, 12, "a-2"), 10.0)
    assert len({one["number"] for one in found}) == len(found) == 12


def test_a_panel_that_lost_its_memory_begins_anew(town: Journey):
    journey = town
    journey.ready(journey.take(range(21, 22)))
    for _ in range(5):
        swipe(journey, 21, target="b-1")
    until(listed(journey, 5, "b-1"))
    journey.campus.hands("b-1", "power-cycle", keep_memory=False)
    asyncio.run(_told_where(journey, "b-1"))
    swipe(journey, 21, target="b-1")
    until(lambda: any(one["incarnation"] == 2 for one in passages(journey, "b-1")), 20.0)
    assert "passages.anew" in journey.alarms()


def test_a_card_of_somebody_revoked_is_an_alarm(town: Journey):
    journey = town
    journey.ready(journey.take(range(31, 32)))
    certificate = journey.post("/persons/J0031/revoke", json={"reason": "left"}).json()
    until(lambda: journey.get(f"/revocations/{certificate['id']}")["settled"])
    assert not swipe(journey, 31, target="b-2")["open"]
    until(lambda: "passage.after-revocation" in journey.alarms(), 5.0)


def test_hands_at_a_door_are_alarms(listening: Journey):
    journey = listening
    journey.serve()
    journey.campus.hands("a-1", "force", door=2)
    journey.campus.hands("a-1", "tamper", on=True)
    journey.campus.hands("a-1", "fire", on=True)
    until(lambda: {"passage.forced", "passage.tamper", "passage.fire"} <= set(journey.alarms()), 5.0)
