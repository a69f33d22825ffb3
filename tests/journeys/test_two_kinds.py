"""One grant, two kinds of door: a zone that spans panels and readers on a serial line behaves as one: readiness, passages,
muster, revocation, lockdown, exemption, fire, a hub that is killed. By real processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.wg.control import act
from tests.journeys.conftest import Journey, card, started_journey, until

ZONE = "north-public"
WEST = 2


@pytest.fixture
def serial(tmp_path: Path) -> Iterator[Journey]:
    """A campus with its serial line, emulated; its readers are paired by order once the hub serves."""
    with started_journey(tmp_path, serial=True) as journey:
        text = journey.campus.path.read_text("utf-8")
        journey.campus.path.write_text(
            text.replace("zones: [north-public], reader: 1}", "zones: [north-public], reader: 1, delay_s: 1}")
        )
        journey.emulate(None, "--lines", journey.data)
        journey.serve()
        until(lambda: paired(journey))
        yield journey


def paired(journey: Journey) -> dict[str, Any] | None:
    """Have the reader of the link given its key; None where nothing came of that."""
    answer = journey.post("/doors/a-1-link/pair", json={"reason": "a new reader", "within_s": 30})
    assert answer.status_code < 400, answer.text
    made = answer.json()
    done = until(
        lambda: it if (it := journey.get(f"/acts/{made['id']}"))["state"] not in {"waiting", "begun"} else None
    )
    return done if done["state"] == "done" else None


def line(journey: Journey, deed: str, **told: Any) -> dict[str, Any]:
    return asyncio.run(act(f"{journey.campus.net}.9:60100", deed, **told))


def through_link(journey: Journey, nth: int) -> bool:
    came = line(journey, "swipe", card=card(nth), door=1)["open"]
    until(lambda: not line(journey, "look")["released"])
    return came


def through_west(journey: Journey, nth: int) -> bool:
    return journey.campus.hands("a-1", "swipe", card=card(nth), door=WEST)["open"]


def silent(journey: Journey) -> str | None:
    """Why the reader of the link does not work, as its target shows it; None: it does."""
    return {one["key"]: one["reason"] for one in journey.target("g-1")["waiting"]}.get("reader:1")


def passages(journey: Journey) -> list[dict[str, Any]]:
    return journey.get("/passages", door="a-1-link", limit="200")["passages"]


def test_a_zone_of_panels_and_serial_readers_is_one(serial: Journey) -> None:
    journey = serial
    batch = journey.take(range(1, 4))
    journey.ready(batch)
    needs = journey.get("/readiness", person="J0001")["needs"]
    assert {"a-1", "g-1"} <= {need["target"] for need in needs if need["state"] == "proved"}
    assert through_west(journey, 1)
    assert until(lambda: through_link(journey, 1), every_s=0.5)
    assert not through_link(journey, 9)
    told = until(lambda: [one for one in passages(journey) if one["no"] == "J0001"])
    assert told[0]["granted"]
    assert "J0001" in {one["no"] for one in journey.get("/passages/muster")["people"]}

    journey.foyer("revoke", "J0001", "--reason", "gone", "--wait")
    assert not through_west(journey, 1)
    assert not through_link(journey, 1)
    until(lambda: "passage.after-revocation" in journey.alarms())
    assert through_link(journey, 2)

    made = journey.asked("lockdown", "order", ZONE, "--reason", "an intruder", "--exempt", "person:J0003", "--wait")
    assert made["settled"]
    assert {"a-1-west", "a-1-link"} <= {one["door"] for one in made["doors"] if one["state"] == "proved"}
    assert not through_west(journey, 2)
    assert not through_link(journey, 2)
    line(journey, "swipe", card=card(3), door=1)
    until(lambda: [one for one in journey.asked("door", "acts") if (one["no"], one["door"]) == ("J0003", "a-1-link")])
    until(lambda: [one for one in journey.asked("door", "acts") if one["no"] == "J0003" and one["state"] == "done"])
    journey.foyer("fire", "order", ZONE, "--wait")
    assert 1 in line(journey, "look")["released"]
    journey.foyer("fire", "clear", ZONE, "--wait")
    assert 1 not in line(journey, "look")["released"]
    journey.foyer("lockdown", "release", ZONE, "--wait")
    until(lambda: through_link(journey, 2), every_s=0.5)


def test_a_line_decides_on_after_its_process_was_killed_and_its_drift_is_found(serial: Journey) -> None:
    journey = serial
    journey.ready(journey.take(range(1, 2)))
    until(lambda: through_link(journey, 1), every_s=0.5)
    journey.started[-1].kill()
    journey.serve()
    until(lambda: through_link(journey, 1), every_s=0.5)
    until(lambda: len([one for one in passages(journey) if one["granted"] and one["card"]]) >= 2)
    line(journey, "faults", dead=[1])
    until(lambda: "passage.reader-away" in journey.alarms())
    assert "does not answer" in until(lambda: silent(journey))
    assert journey.target("g-1")["unreachable"] is None, "the others go on"
    line(journey, "faults")
    until(lambda: through_link(journey, 1), every_s=0.5)
    until(lambda: silent(journey) is None)
    assert not [kind for kind in journey.alarms() if kind.startswith("drift")], "nobody took anything away"
