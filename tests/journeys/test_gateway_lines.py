"""A serial line at a site of its own: its doors decide without the hub, through blows, and each passage arrives once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.conftest import Journey, Process, card, started_journey, until
from tests.journeys.test_two_kinds import line, paired, passages, silent, through_link, through_west

SWIPE_S = 1.0
"""As fast as somebody tries again: each try is a passage, and a page of them has its end."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Journey]:
    """A hub, and a gateway by itself that has the line and a panel; the reader of the link is paired."""
    with started_journey(tmp_path, serial=True) as journey:
        text = journey.campus.path.read_text("utf-8")
        journey.campus.path.write_text(
            text.replace("zones: [north-public], reader: 1}", "zones: [north-public], reader: 1, delay_s: 1}")
        )
        journey.emulate(None, "--lines", journey.folder / "edge")
        journey.serve()
        code = journey.asked("gateway", "add", "site-a")["code"]
        join(journey, "--code", code).says("The hub answers")
        for target in ("g-1", "a-1"):
            journey.foyer("gateway", "hand", target, "--to", "site-a")
        until(lambda: len(journey.get("/gateways")[0]["targets"]) == 2)
        until(lambda: paired(journey))
        yield journey


def join(journey: Journey, *words: object) -> Process:
    gateway = journey.start("gateway", "--hub", journey.url, "--data", journey.folder / "edge", *words)
    gateway.says("This is gateway")
    return gateway


def test_doors_go_on_without_the_hub_and_each_passage_arrives_once(site: Journey) -> None:
    journey = site
    hub, gateway = journey.started[1], journey.started[2]
    journey.ready(journey.take(range(1, 4)))
    line(journey, "faults", unplugged=True)
    assert "adapter" in until(lambda: silent(journey))
    line(journey, "faults")
    until(lambda: silent(journey) is None)
    until(lambda: through_link(journey, 1), every_s=SWIPE_S)
    journey.foyer("revoke", "J0003", "--reason", "gone", "--wait")
    assert not through_link(journey, 3)
    assert not through_west(journey, 3)
    until(lambda: granted(journey)[-1:] == [card(1)])
    before = granted(journey)
    hub.kill()
    assert through_link(journey, 2)
    gateway.kill()
    gateway = join(journey)
    until(lambda: through_link(journey, 1), every_s=SWIPE_S)
    assert not through_link(journey, 3)
    port = journey.url.rpartition(":")[2]
    journey.start("serve", "--campus", journey.campus.path, "--port", port).says("serves at")
    until(lambda: granted(journey)[-2:] == [card(2), card(1)], why=lambda: str(granted(journey)))
    gateway.kill()
    gateway = join(journey)
    until(lambda: through_link(journey, 2), every_s=SWIPE_S)
    until(lambda: granted(journey) == [*before, card(2), card(1), card(2)], why=lambda: str(granted(journey)))
    journey.foyer("gateway", "revoke", "site-a")
    gateway.says("revoked")
    until(lambda: not through_link(journey, 2), every_s=SWIPE_S)
    line(journey, "button", door=1)
    assert until(lambda: 1 in line(journey, "look")["released"]), "the way out never asks"


def granted(journey: Journey) -> list[int]:
    """The cards that went through the link, the earliest first."""
    return [one["card"] for one in reversed(passages(journey)) if one["granted"] and one["card"]]
