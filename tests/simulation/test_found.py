"""What seeds have found, each told once more without the storm around it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from connectors.contract import Done
from connectors.desk import Report
from devices.clock import SetClock
from provisioning.compose import House, World, opened
from provisioning.intake.sheet import read_sheet
from provisioning.settings import Settings
from provisioning.store import delivery as delivery_rows
from tests.simulation.campus import ground
from tests.simulation.lives import HEADERS, WHO
from tests.simulation.loop import inline

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


def _all_gone(house: House, key: str) -> None:
    """Every target says that it holds nothing under this key."""
    with house.store.writing() as tx:
        for wire in ground().wires:
            for row in delivery_rows.records_at(tx, wire.id):
                if row.key == key:
                    report = Report(key, row.revision, Done(), seen=True, held=None, at=tx.now)
                    house.delivery.report(tx, wire.id, [report])
