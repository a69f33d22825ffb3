"""Ways around the limits, and past a revocation: two numbers said to be one, many at once; a hold whose people were
revoked while it waited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.grants.differences import PlanChanged
from provisioning.identity.obstacles import TwoIdentities
from provisioning.intake.notices import AT_ONCE, HELD_TOGETHER_MAX
from provisioning.nouns.people import Standing, StayState
from provisioning.store import intake
from tests.provisioning.housed import BOSS, Housed, housing
from tests.provisioning.test_holds import TIGHT, approve, get, refuse, row, take, waiting
from tests.provisioning.test_lives import numbered
from tests.provisioning.told import Desk


@pytest.fixture
def housed(tmp_path: Path, clock: SetClock) -> Iterator[Housed]:
    """Ten people in post, and limits of five arrivals and three losses a day."""
    with housing(tmp_path / "hub", clock) as house:
        with house.house.store.writing() as tx:
            house.house.campuses.apply(tx, (house.house.campuses.text(tx) or "") + TIGHT, "small.yaml", BOSS)
        take(house, *(row(f"P{n}") for n in range(10)))
        house.later(days=2)
        yield house


def mergers(desk: Desk) -> list[Standing | None]:
    """Ten people said to be five."""
    return [desk.one(desk.event("merged", f"P{n}", into=f"P{n + 1}")).standing for n in range(0, 10, 2)]


def test_mergers_over_the_limit_wait_and_are_done_once_approved(housed: Housed):
    desk = Desk(housed)
    assert mergers(desk) == [Standing.APPLIED] * 3 + [Standing.HELD] * 2
    (hold,) = waiting(housed)
    assert (hold.more, hold.less) == (0, 2)
    assert len(desk.persons()) == 7
    again = desk.one(desk.event("merged", "P6", into="P7") | {"id": "e-4"})
    assert again.refusal is not None, "the same id with another instant is another message"
    approve(housed, hold)
    assert desk.persons() == ["P1", "P3", "P5", "P7", "P9"]
    assert housed.person("P8").id == housed.person("P9").id
    assert {one.standing for no in ("P7", "P9") for one in desk.notices(no)} == {Standing.APPLIED}


def test_mergers_that_are_refused_change_nothing(housed: Housed):
    desk = Desk(housed)
    mergers(desk)
    (hold,) = waiting(housed)
    refuse(housed, hold)
    assert len(desk.persons()) == 7
    assert [one.standing for one in desk.notices("P8") if one.hold == hold.id] == [Standing.REFUSED]


def test_two_identities_are_two_people(housed: Housed):
    desk = Desk(housed)
    desk.take(desk.announced("A1", "2026-03-05", id_number=numbered(1)))
    desk.take(desk.announced("A2", "2026-03-06", id_number=numbered(2)))
    answer = desk.one(desk.event("merged", "A1", into="A2"))
    assert isinstance(answer.refusal, TwoIdentities)
    assert housed.person("A1").id != housed.person("A2").id
    assert [stay.state for no in ("A1", "A2") for stay in desk.stays(no)] == [StayState.OPEN] * 2
    assert {one.kind.value for no in ("A1", "A2") for one in desk.notices(no)} == {"announced"}


def test_a_merger_that_waits_finds_by_then_that_they_are_two(housed: Housed):
    desk = Desk(housed)
    mergers(desk)
    (hold,) = waiting(housed)
    housed.later(days=2)
    desk.take(
        desk.event("corrected", "P8", id_number=numbered(1)), desk.event("corrected", "P9", id_number=numbered(2))
    )
    approve(housed, get(housed, hold))
    assert housed.person("P8").id != housed.person("P9").id
    assert housed.person("P6").id == housed.person("P7").id
    with housed.house.store.reading() as tx:
        (told,) = intake.list_notices(tx, housed.person("P8").id, Standing.REFUSED, 10, None)
    assert told.reason is not None
    assert "two people" in str(told.reason["template"])


def test_what_one_sender_has_waiting_is_parted_so_that_no_hold_grows_without_bound(housed: Housed):
    desk = Desk(housed)
    events = [desk.announced(f"N{n}", "2026-04-01") for n in range(HELD_TOGETHER_MAX + 120)]
    for start in range(0, len(events), AT_ONCE):
        with housed.house.store.writing() as tx:
            housed.house.notices.take(tx, desk.sender, events[start : start + AT_ONCE])
    last, first = waiting(housed)
    assert (first.more, last.more) == (HELD_TOGETHER_MAX + 45, 70)
    assert len(housed.story("hold.put")) == 2
    approve(housed, last)
    assert desk.stays(f"N{len(events) - 1}") != ()
    assert desk.stays("N5") == ()


def test_who_approves_is_told_of_whom_was_revoked_meanwhile(housed: Housed):
    take(housed, *(row(f"P{n}", departure="2026-03-31") for n in range(3)))
    housed.later(days=2)
    again = [f"测试员,P{n},财政局,科员,公务员,2026-06-01,,,北办公区" for n in range(3)]
    take(housed, *again, *(row(f"Q{n}") for n in range(4)))
    (hold,) = waiting(housed)
    housed.later(days=1)
    housed.revoke(housed.person("P0"))
    with pytest.raises(PlanChanged, match=r"P0 .*revoked 2026-03-07"):
        approve(housed, hold)
    desk = Desk(housed)
    assert [stay.arrival for stay in desk.stays("P0")] == [date(2026, 3, 2)]
    approve(housed, hold)
    assert [stay.arrival for stay in desk.stays("P0")] == [date(2026, 3, 2), date(2026, 6, 1)], "seen, and meant so"
