"""What security orders, by the command line: a lockdown over a holiday that outlives hub and panels, who is let in all the
same, fire, a door that is opened once, a suspension, a card on loan."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.conftest import Journey, Process, card, today, until

OPEN, SHUT, CONTROLLED = 1, 2, 3
ZONE = "north-public"
EAST, WEST, LOBBY = 1, 2, 3
REMOTE_OPEN = 44


@pytest.fixture
def holiday(journey: Journey) -> Journey:
    """A campus on a holiday, on which a door of the zone stands open to all by its schedule."""
    text = journey.campus.path.read_text("utf-8")
    text = text.replace("  holidays:\n", f"  holidays:\n    - {today()}\n", 1)
    east = '{number: 1, id: a-1-east, name: {zh: A 座东门, en: "Building A, east entrance"}, zones: [north-public]}'
    assert east in text
    text = text.replace(east, east[:-1] + ", unlocked: feast}")
    feast = "schedules:\n  - {id: feast, name: {zh: 节日, en: Feast}, hours: [], holiday: ['00:00-24:00']}\n"
    journey.campus.path.write_text(f"{text}\n{feast}", "utf-8")
    return journey


def modes(journey: Journey, target: str = "a-1") -> list[int]:
    return [door["mode"] for door in journey.campus.hands(target, "settings")["doors"]]


def opened(journey: Journey) -> int:
    """How often the hub has opened a door of the panel."""
    return sum(event["reason"] == REMOTE_OPEN for event in journey.campus.hands("a-1", "events")["events"])


def swipe(journey: Journey, nth: int, door: int) -> bool:
    return journey.campus.hands("a-1", "swipe", card=card(nth), door=door)["open"]


def pulled(journey: Journey, door: int) -> bool:
    """Whether somebody who pulls gets in; the door is shut behind them."""
    came = journey.campus.hands("a-1", "open", door=door)["open"]
    journey.campus.hands("a-1", "shut", door=door)
    return came


def restarted(journey: Journey, hub: Process) -> Process:
    hub.kill()
    return journey.serve()


def test_a_lockdown_over_a_holiday_outlives_hub_and_panel_and_is_restored(holiday: Journey) -> None:
    journey = holiday
    journey.emulate()
    hub = journey.serve()
    journey.ready(journey.take(range(1, 3)))
    journey.ready(journey.take(range(3, 4), department="规划建设局"))
    until(lambda: modes(journey) == [OPEN, CONTROLLED, CONTROLLED, CONTROLLED])
    assert swipe(journey, 1, WEST)
    shown = journey.asked("lockdown", "order", ZONE, "--reason", "drill", "--dry-run")
    assert len(shown["doors"]) == 6
    assert modes(journey)[0] == OPEN
    made = journey.asked(
        "lockdown", "order", ZONE, "--reason", "an intruder", "--exempt", "department:财政局", "--wait"
    )  # fmt: skip
    assert made["settled"]
    assert "denied" in made["note"]
    assert {(line["state"], bool(line["receipt"])) for line in made["doors"]} == {("proved", True)}
    assert modes(journey) == [SHUT, SHUT, SHUT, CONTROLLED]

    before = opened(journey)
    assert not swipe(journey, 3, WEST)
    assert not swipe(journey, 1, WEST), "the panel itself lets nobody in"
    until(lambda: opened(journey) == before + 1, 10.0)
    assert pulled(journey, WEST)
    (act,) = [one for one in journey.asked("door", "acts") if one["no"] == "J0001"]
    assert (act["door"], act["operator"], act["state"]) == ("a-1-west", "house:exempt", "done")

    hub = restarted(journey, hub)
    assert [one["zone"] for one in journey.asked("lockdown", "list")] == [ZONE]
    journey.campus.hands("a-1", "power-cycle", keep_memory=False)
    journey.post("/targets/a-1/read")
    until(lambda: modes(journey)[:3] == [SHUT] * 3, why=lambda: str(journey.target("a-1")))
    until(lambda: journey.get("/lockdowns")[0]["settled"])

    journey.campus.hands("b-1", "faults", off=True)
    ended = journey.asked("lockdown", "release", ZONE)
    assert not ended["settled"]
    until(lambda: modes(journey) == [OPEN, CONTROLLED, CONTROLLED, CONTROLLED])
    (still,) = until(lambda: _exposed_on(journey, "b-1"))
    assert still["since"] is not None
    journey.campus.hands("b-1", "faults")
    until(lambda: journey.get("/lockdowns") == [], why=lambda: str(journey.get("/lockdowns")))
    assert modes(journey, "b-1") == [CONTROLLED] * 4
    until(lambda: swipe(journey, 3, WEST))
    assert "解除" in journey.foyer("lockdown", "list", "--all", "--lang", "zh")


def _exposed_on(journey: Journey, target: str) -> list[dict[str, Any]] | None:
    doors = [line for one in journey.get("/lockdowns") for line in one["doors"] if line["state"] == "exposed"]
    if {line["target"] for line in doors} != {target} or not all(line["since"] for line in doors):
        return None
    return doors[:1]


def test_fire_opens_and_asks_nobody(holiday: Journey) -> None:
    journey = holiday
    journey.emulate()
    journey.serve()
    journey.ready(journey.take(range(1, 2)))
    journey.foyer("lockdown", "order", ZONE, "--reason", "drill", "--wait")
    journey.foyer("fire", "order", ZONE, "--wait")
    assert modes(journey) == [OPEN, OPEN, OPEN, CONTROLLED]
    assert pulled(journey, LOBBY)
    journey.foyer("fire", "clear", ZONE, "--wait")
    assert modes(journey) == [SHUT, SHUT, SHUT, CONTROLLED]
    journey.foyer("lockdown", "release", ZONE, "--wait")
    until(lambda: modes(journey) == [OPEN, CONTROLLED, CONTROLLED, CONTROLLED])
    journey.campus.hands("a-1", "fire", on=True)
    until(lambda: modes(journey) == [OPEN] * 4, why=lambda: str(journey.get("/fires")))
    assert {one["zone"] for one in journey.asked("fire", "list")} == {ZONE, "garage"}
    until(lambda: modes(journey, "b-1")[:2] == [OPEN, OPEN])


def test_a_door_is_opened_once_and_never_twice(journey: Journey) -> None:
    journey.emulate()
    hub = journey.serve()
    journey.ready(journey.take(range(1, 2)))
    assert journey.asked("door", "open", "a-1-west", "--reason", "a courier")["state"] == "done"
    assert pulled(journey, WEST)
    assert opened(journey) == 1
    assert "opened once" in journey.foyer("door", "open", "a-1-west", "--reason", "a courier")
    assert opened(journey) == 2
    journey.foyer("door", "open", "nowhere", "--reason", "a courier", status=1)

    journey.campus.hands("a-1", "faults", reply_lost=1.0)
    unknown = journey.asked("door", "open", "a-1-west", "--reason", "a courier", status=5)
    assert unknown["state"] == "unknown"
    assert opened(journey) == 3, "it did open, and the hub never knew"
    journey.campus.hands("a-1", "faults", off=True)
    late = journey.post("/doors/a-1-west/open", json={"reason": "a courier", "within_s": 5}).json()
    hub = restarted(journey, hub)
    until(lambda: journey.get(f"/acts/{late['id']}")["state"] in {"expired", "unknown"}, 20.0)
    journey.campus.hands("a-1", "faults")
    until(lambda: journey.target("a-1")["unreachable"] is None, why=lambda: str(journey.target("a-1")))
    until(journey.settled)
    assert opened(journey) == 3

    for _ in range(3):
        made = journey.post("/doors/a-1-west/open", json={"reason": "a courier"}).json()
        hub = restarted(journey, hub)
        until(lambda made=made: journey.get(f"/acts/{made['id']}")["state"] not in {"waiting", "begun"}, 30.0)
    told = [one["state"] for one in journey.asked("door", "acts")]
    done, maybe = told.count("done"), told.count("unknown")
    assert done <= opened(journey) <= done + maybe


def test_somebody_is_suspended_and_comes_back_and_a_card_is_lent(journey: Journey) -> None:
    journey.emulate()
    journey.serve()
    journey.ready(journey.take(range(1, 2)))
    certificate = journey.asked("suspend", "J0001", "--reason", "looked into", "--wait")
    assert (certificate["kind"], certificate["settled"]) == ("suspended", True)
    assert not swipe(journey, 1, WEST)
    assert "suspended" in journey.foyer("person", "certificates", "J0001")
    journey.foyer("suspend", "J0001", "--reason", "again", status=1)
    journey.foyer("resume", "J0001", "--reason", "nothing found")
    until(lambda: swipe(journey, 1, WEST))

    at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=1)
    journey.foyer("card", "loan", "J0001", "--card", card(50), "--until", at.strftime("%Y-%m-%dT%H:%M"))
    until(lambda: swipe(journey, 50, WEST))
    until(lambda: not swipe(journey, 1, WEST))
    journey.foyer("card", "return", card(50))
    until(lambda: swipe(journey, 1, WEST))
    until(lambda: not swipe(journey, 50, WEST))
