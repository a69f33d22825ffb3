"""What seeds have found, each told once more without the storm around it; and runs that failed once, played again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from connectors.contract import Done
from connectors.desk import Report
from devices.clock import SetClock
from provisioning.compose import House, World, opened
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.told import Actor
from provisioning.settings import Settings
from provisioning.store import delivery as delivery_rows
from provisioning.store import eras
from provisioning.story.restoring import TailMissing
from tests.provisioning.housed import Housed
from tests.provisioning.restored import Life, back_up, recovering
from tests.simulation.campus import ground
from tests.simulation.kept import keep, kept
from tests.simulation.lives import HEADERS, WHO
from tests.simulation.loop import inline
from tests.simulation.play import play
from tests.simulation.world import Options, run

ACCEPTING = (Actor("chen", frozenset({"security"})), Actor("wang", frozenset({"system"})))
NOON = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
SHEET = [HEADERS, ("王甲", "S1", "组织部", "公务员", "2027-03-01", "", "7000001", "北办公区")]
SHEET += [("王乙", "S2", "组织部", "公务员", "2027-03-01", "", "7000002", "北办公区")]


def test_a_card_passes_on_where_both_holders_are_looked_at_together(tmp_path: Path):
    """Found by seed 3: the house's timer looked at both after the rules had changed, and broke for good."""
    with opened(Settings(data=tmp_path), World(SetClock(NOON), Random(1).randbytes, inline)) as house:
        with house.store.writing() as tx:
            house.campuses.apply(tx, ground().text, "campus.yaml", WHO)
            house.intake.take(tx, read_sheet("\n".join(map(",".join, SHEET)).encode(), "sheet.csv"), WHO)
            former, next_ = (house.persons.get(tx, no) for no in ("S1", "S2"))
            house.grants.look(tx, [former.id, next_.id], WHO)
            house.cards.lost(tx, 7_000_001, WHO)
            house.grants.look(tx, [former.id], WHO)
        _all_gone(house, "card:7000001")
        with house.store.writing() as tx:
            house.cards.assign(tx, next_, 7_000_001, WHO)
            house.grants.look(tx, [former.id, next_.id], WHO)
        with house.store.reading() as tx:
            rows = [row for wire in ground().wires for row in delivery_rows.records_at(tx, wire.id)]
        passed = [row for row in rows if row.key == "card:7000001"]
        assert passed
        assert all(row.holder == next_.id and row.wanted is not None for row in passed)


def test_what_is_held_back_after_a_restore_is_no_reason_to_claim_a_target(tmp_path: Path):
    """Found by seed 1: a lockdown while an era was not settled, and the gateway claimed its panels without end."""
    with opened(Settings(data=tmp_path), World(SetClock(NOON), Random(1).randbytes, inline)) as house:
        with house.store.writing() as tx:
            house.campuses.apply(tx, ground().text, "campus.yaml", WHO)
            house.conditions.lock(tx, "plant", "storm", WHO)
            eras.begin(tx, tx.now)
        with house.store.writing() as tx:
            for taken in delivery_rows.take(tx, "somebody", 10, 15.0, urgent_only=True):
                assert delivery_rows.differences(tx, taken.id, 10, urgent_only=True)


def test_an_era_that_a_backup_brings_along_can_be_accepted(tmp_path: Path):
    """Found by seed 11: a backup of a time at which an era was not settled; nothing was ever written again."""
    life, first = _restored_without_a_tail(tmp_path)
    with life.house() as housed:
        assert recovering(housed)
        second = back_up(housed, tmp_path / "second.tar")
    with pytest.raises(TailMissing):
        life.restore(first)
    life.restore(second)
    with life.house() as housed:
        assert recovering(housed)
        _accept(housed)
        assert not recovering(housed)


def test_what_one_restore_has_lost_the_next_does_not_believe_to_know(tmp_path: Path):
    """Found by seed 30: the same backup put back twice, first without a tail, and then with the tail since."""
    life, archive = _restored_without_a_tail(tmp_path)
    with life.house() as housed:
        assert recovering(housed)
    with pytest.raises(TailMissing):
        life.restore(archive)
    with life.house() as housed:
        housed.later(minutes=1)
        _accept(housed)
    life.restore(archive)
    with life.house() as housed:
        assert not recovering(housed)


def test_a_run_that_fails_is_kept_with_all_its_options(tmp_path: Path):
    options = Options(1, minutes=0.05, evenings=1, encores_max=0, only=("lost", "restored"), liveness=False)
    outcome = run(options)
    assert outcome.breach == "faults that never struck: restored"
    keep(outcome, tmp_path)
    assert kept(tmp_path) == [options]


@pytest.mark.parametrize("options", kept(), ids=str)
def test_a_run_that_failed_once_goes_well(options: Options):
    outcome = play(options)
    assert outcome.breach is None, outcome.report()


def _restored_without_a_tail(folder: Path) -> tuple[Life, Path]:
    """A hub that was put back from a backup, when its tail was lost; and that backup."""
    life = Life(folder / "hub", SetClock(NOON))
    with life.house() as housed:
        housed.come("E1", 1001)
        archive = back_up(housed, folder / "first.tar")
        housed.later(minutes=5)
        housed.revoke(housed.person("E1"))
    shutil.rmtree(life.settings.tail_folder)
    life.restore(archive, without_tail=True)
    return life, archive


def _accept(housed: Housed) -> None:
    house = housed.house
    for who in ACCEPTING:
        with house.store.writing() as tx:
            state = house.eras.state(tx)
            assert state is not None
            house.eras.accept(tx, state.digest, who)


def _all_gone(house: House, key: str) -> None:
    """Every target says that it holds nothing under this key."""
    with house.store.writing() as tx:
        for wire in ground().wires:
            for row in delivery_rows.records_at(tx, wire.id):
                if row.key == key:
                    report = Report(key, row.revision, Done(), seen=True, held=None, at=tx.now)
                    house.delivery.report(tx, {wire.id: [report]})
