"""A date that is taken back at 23:59: what was put on panels ahead is off them before the day begins."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.provisioning.housed import Housed
from tests.provisioning.told import Desk

TOMORROW = "2026-03-03"
"""When the first rights begin of who arrives on `ARRIVAL`: three workdays ahead."""
ARRIVAL = "2026-03-06"
A_MINUTE_BEFORE = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)


def on_panels(housed: Housed) -> list[dict[str, Any]]:
    """What panels hold for the card."""
    return [json.loads(held["card:1001"]) for held in housed.hand.memory.values() if "card:1001" in held]


@pytest.mark.parametrize(
    ("kind", "data", "opens"),
    [("cancelled", {}, set()), ("date-changed", {"arrival": "2026-03-13"}, {"2026-03-10"})],
    ids=["cancelled", "later"],
)
def test_a_date_taken_back_a_minute_before_opens_nothing_at_midnight(
    housed: Housed, kind: str, data: dict[str, str], opens: set[str]
):
    desk = Desk(housed)
    desk.take(desk.announced("A1", ARRIVAL, card=1001))
    housed.hand.work()
    assert {card["opens"] for card in on_panels(housed) if "opens" in card} == {TOMORROW}
    before = len(housed.story())
    housed.clock.put(A_MINUTE_BEFORE)
    notice = desk.one(desk.event(kind, "A1", **data)).notice
    housed.hand.work()
    assert {card["opens"] for card in on_panels(housed) if "opens" in card} == opens
    assert housed.clock.now() == A_MINUTE_BEFORE, "all of it before the day begins"
    told = [each["kind"] for each in housed.story()[before:]]
    assert (
        told.index("notice.taken")
        < told.index("grants.decided")
        < told.index("record.proved" if opens else "record.gone")
    )
    assert notice in {each.get("trace") for each in housed.story()[before:]}
