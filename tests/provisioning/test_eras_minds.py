"""What a second person let take something away, and what was told of two who were found to be one: both done after a
backup, and the backup put back. It stays taken, whatever HR says next."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.nouns.people import Standing, StayState
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up, card, era_of, work_through
from tests.provisioning.test_holds import approve, waiting
from tests.provisioning.told import Desk

TIGHT = "\nholds: {arrivals_max: 5, losses_percent_max: 20, losses_min: 1}\n"


@pytest.fixture
def life(tmp_path: Path, clock: SetClock) -> Life:
    return Life(tmp_path / "hub", clock)


def tighten(housed: Housed) -> None:
    """No more than one person a day may lose anything without a second one."""
    with housed.house.store.writing() as tx:
        text = housed.house.campuses.text(tx) or ""
        housed.house.campuses.apply(tx, text + TIGHT, "small.yaml", BOSS)


def settled(housed: Housed) -> bool:
    era = era_of(housed)
    return era is not None and era.settled is not None


def test_a_departure_that_was_approved_after_the_backup_stays_told(life: Life):
    with life.house() as housed:
        for nth in range(4):
            housed.come(f"E{nth}", 1000 + nth)
        work_through(housed, 2)
        desk = Desk(housed)
        tighten(housed)
        desk.take(*(desk.event("left", f"E{nth}", day="2026-03-02") for nth in range(2)))
        path = back_up(housed, life.folder.with_name("hub.tar"))
        housed.later(minutes=5)
        (hold,) = waiting(housed)
        approve(housed, hold)
        housed.later(days=1)
        work_through(housed, 3)
        assert card(1001) not in housed.hand.memory["a-1"]
    life.restore(path)
    with life.house() as housed:
        assert settled(housed)
        desk.housed = housed
        assert desk.one(desk.event("corrected", "E1", post="主任")).standing is Standing.APPLIED
        work_through(housed, 3)
        assert [stay.departure for stay in desk.stays("E1")] == [date(2026, 3, 2)]
        assert card(1001) not in housed.hand.memory["a-1"]


@pytest.mark.parametrize("way", ["revoked", "left"])
def test_what_was_taken_from_two_who_became_one_stays_taken(life: Life, way: str):
    with life.house() as housed:
        desk = Desk(housed)
        desk.take(desk.announced("A1", "2026-03-01", card=1001), desk.announced("A2", "2026-03-01", card=1002))
        work_through(housed, 2)
        path = back_up(housed, life.folder.with_name("hub.tar"))
        housed.later(minutes=5)
        desk.take(desk.event("merged", "A1", into="A2"))
        housed.later(minutes=5)
        if way == "revoked":
            housed.revoke(housed.person("A2"))
        else:
            desk.take(desk.event("left", "A2", day="2026-03-02"))
        housed.later(days=1)
        work_through(housed, 2)
        assert card(1001) not in housed.hand.memory["a-1"]
    life.restore(path)
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None and settled(housed), era
        assert era.differences["done"]["mergers"] == 1
        assert housed.person("A1").id == housed.person("A2").id
        desk.housed = housed
        desk.take(*(desk.event("corrected", no, post="主任") for no in ("A1", "A2")))
        work_through(housed, 3)
        assert not {card(1001), card(1002)} & housed.hand.memory["a-1"].keys()
        over = desk.stays("A1")
        assert over
        assert all(stay.state is StayState.REVOKED or stay.departure == date(2026, 3, 2) for stay in over)
