"""Serial lines that pass from one gateway to another: their doors are kept by one at a time, and what they reported stands
in the book once."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.contract import Heard, Mark, PassageKind
from connectors.desk import Passed
from connectors.kept_list import KeptList
from devices.clock import SystemClock
from provisioning.nouns.gateways import EMBEDDED
from provisioning.store.passages import cursors
from provisioning.store.tables import passage
from tests.provisioning.housed import Housed
from tests.provisioning.test_gateways_rooms import again, gateway, hand, listed, look, owner


def part(housed: Housed, target: str) -> None:
    """As the hub's own gateway, once it keeps the doors of a line no more."""
    with housed.house.store.writing() as tx:
        housed.house.office.handing.part(tx, target)


def pass_by(housed: Housed, *told: Heard) -> None:
    """Whoever keeps the doors of the line tells what it has, from its first passage on."""
    with housed.house.store.writing() as tx:
        assert housed.house.passages.take(tx, [Passed("g-1", Mark(), told)]) == [Mark(told[-1].index, told[-1].at)]


def test_the_list_of_a_line_does_not_go_with_it(housed):
    old, new = gateway(housed, "old"), gateway(housed, "new")
    housed.come("FX1", 1001)
    housed.hand.work()
    hand(housed, "g-1", old.id)
    assert (owner(housed, "g-1").gateway, look(housed)) == (None, False), "its doors are still kept here"
    part(housed, "g-1")
    first = listed(housed, old)
    assert "card:1001" in {one.key for one in first.tasks if one.target == "g-1" and one.dirty}
    assert first.targets[0].fingerprint is None
    # A panel keeps its cards, whoever works it.
    hand(housed, "b-1", new.id)
    told = listed(housed, new)
    assert [one.key for one in told.tasks if one.key.startswith("card:")] == []
    assert told.targets[0].fingerprint is not None


def test_whoever_has_a_line_again_tells_all_of_it_and_each_passage_stands_in_the_book_once(housed):
    site, at = gateway(housed, "site"), housed.clock.now()
    ours = [
        Heard(n, PassageKind.DENIED, "door:1", 1001, at + timedelta(seconds=n), False, "no right", None)
        for n in (1, 2, 3)
    ]
    theirs = Heard(1, PassageKind.DENIED, "door:1", 1002, at + timedelta(seconds=2), False, "no right", None)
    pass_by(housed, *ours[:2])
    hand(housed, "g-1", site.id)
    part(housed, "g-1")
    epoch = listed(housed, site).targets[0].epoch
    pass_by(housed, theirs)
    hand(housed, "g-1", EMBEDDED)
    with housed.house.store.writing() as tx:
        housed.house.office.handing.let_go(tx, again(housed, site), "g-1", epoch)
    pass_by(housed, *ours)
    with housed.house.store.reading() as tx:
        told = tx.run(select(passage.c.number, passage.c.card).order_by(passage.c.id)).all()
    assert [tuple(row) for row in told] == [(1, 1001), (2, 1001), (1, 1002), (3, 1001)]
    assert "passages.anew" not in housed.alarms()


@pytest.mark.parametrize("lost", [False, True])
def test_who_takes_a_line_over_begins_its_numbers_in_peace_and_a_list_that_is_lost_is_told_of(housed, tmp_path, lost):
    site, at = gateway(housed, "site"), housed.clock.now()

    def keep(path: Path, *seconds: int) -> None:
        """Whoever keeps the doors of the line notes passages in a file of its own, and hands in what is new."""
        kept = KeptList(path, SystemClock(), secrets.token_bytes)
        for second in seconds:
            told = Heard(0, PassageKind.DENIED, "door:1", 1001, at + timedelta(seconds=second), False, "no right", None)
            asyncio.run(kept.keep("g-1", told))
        with housed.house.store.writing() as tx:
            known = cursors(tx, ["g-1"])
            mark = known["g-1"].mark if known else Mark()
            housed.house.passages.take(tx, [Passed("g-1", mark, tuple(kept.passages("g-1", mark, 9)))])
        kept.close()

    keep(tmp_path / "ours", 1, 2, 3)
    hand(housed, "g-1", site.id)
    part(housed, "g-1")
    keep(tmp_path / "theirs", 4)
    assert "passages.anew" not in housed.alarms(), "nothing was lost"
    keep(tmp_path / ("new" if lost else "theirs"), 5)
    assert ("passages.anew" in housed.alarms()) is lost
    with housed.house.store.reading() as tx:
        numbers = list(tx.run(select(passage.c.number).order_by(passage.c.at)).scalars())
    assert numbers == [1, 2, 3, 1, 1 if lost else 2]
