"""The large campus and its people: what the generator writes is what ships, it is of the size that it names, and all 400
batches are taken whole."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from devices.clock import SetClock
from policies.rules import read_rules
from provisioning.campus.campuses import shipped
from provisioning.campus.file import Campus, read_campus
from provisioning.compose import World, opened
from provisioning.identity.arrivals import Effect
from provisioning.identity.id_number import check_character
from provisioning.intake.drafts import draft, stem
from provisioning.intake.headers import Header
from provisioning.intake.sample import ARRIVALS, BATCHES, STAFF, Row, batches, sheet_of, staff
from provisioning.intake.sheet import read_sheet
from provisioning.settings import Settings
from tests.provisioning.housed import BOSS
from tests.simulation.loop import inline

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)
RULES = ROOT / "policies" / "rules" / "default.yaml"


@pytest.fixture(scope="module")
def xiongan() -> Campus:
    path = shipped("xiongan")
    return read_campus(path.read_text("utf-8"), path.name)


@pytest.fixture(scope="module")
def in_place(xiongan: Campus) -> list[Row]:
    return staff(STAFF, random.Random(1), xiongan, TODAY)


@pytest.fixture(scope="module")
def to_come(xiongan: Campus) -> list[list[Row]]:
    return list(batches(BATCHES, ARRIVALS, random.Random(2), xiongan, TODAY))


def panels(campus: Campus) -> list[Any]:
    return [target for target in campus.targets if target.kind == "wg"]


def test_the_file_is_what_the_generator_writes():
    written = subprocess.run(
        [sys.executable, ROOT / "scripts" / "xiongan"], capture_output=True, check=True, timeout=60
    )
    assert written.stdout == shipped("xiongan").read_bytes()


def test_it_is_of_the_size_that_the_article_names(xiongan: Campus):
    assert (len(panels(xiongan)), sum(len(panel.doors) for panel in panels(xiongan))) == (120, 480)
    lines = [target for target in xiongan.targets if target.kind == "osdp"]
    assert (len(lines), sum(len(line.doors) for line in lines)) == (5, 18)
    others = [target for target in xiongan.targets if target.kind not in {"wg", "osdp"}]
    assert sorted(target.kind for target in others) == ["flats", "seats"]
    assert (len(xiongan.sites), len(xiongan.offices), len(xiongan.seats), len(xiongan.flats)) == (6, 800, 2_900, 600)
    groups = {department.parent for department in xiongan.departments.values()} - {None}
    assert len(xiongan.departments) - len(groups) == 34
    assert all(building.at is not None for site in xiongan.sites for building in site.buildings)
    assert {panel.settings.get("transport", "udp") for panel in panels(xiongan)} == {"udp", "tcp"}


def test_every_department_has_offices_and_every_office_a_door(xiongan: Campus):
    doors = Counter(zone for panel in panels(xiongan) for door in panel.doors for zone in door.zones)
    owners = {office.department for office in xiongan.offices.values()}
    leaves = set(xiongan.departments) - {one.parent for one in xiongan.departments.values()}
    assert owners == leaves
    assert all(doors[office.zone] == 1 for office in xiongan.offices.values())
    assert all(doors[block.zone] >= 1 for block in xiongan.blocks.values())
    assert set(doors) == set(xiongan.zones)


def test_what_the_rules_grant_is_served_here(xiongan: Campus):
    built = [registry.build(target.kind, target.settings, xiongan.zone) for target in xiongan.targets]
    served = set[str]().union(*(connector.resources() for connector in built))
    tiers = {block.tier for block in xiongan.blocks.values()}
    for rule in read_rules(RULES.read_text("utf-8")).rules:
        for template in rule.grant:
            kind, _, name = str(template).partition(":")
            for area in xiongan.areas if "${stay.area}" in name else ("",):
                resource = f"{kind}:{name.replace('${stay.area}', area)}"
                by_unit = "${unit." in name or kind == "seat" or (kind == "flat" and name in tiers)
                assert by_unit or resource in served, resource


def test_no_panel_is_asked_for_more_cards_than_it_holds(xiongan: Campus):
    assert min(panel.settings["cards_max"] for panel in panels(xiongan)) >= STAFF + ARRIVALS


def test_people_are_the_same_for_the_same_seed_and_nobody_comes_twice(
    xiongan: Campus, in_place: list[Row], to_come: list[list[Row]]
):
    assert in_place == staff(STAFF, random.Random(1), xiongan, TODAY)
    assert in_place != staff(STAFF, random.Random(3), xiongan, TODAY)
    everybody = [*in_place, *(row for batch in to_come for row in batch)]
    assert len(everybody) == STAFF + ARRIVALS
    for header in (Header.NO, Header.ID_NUMBER, Header.PHONE, Header.CARD):
        assert len({row[header] for row in everybody}) == len(everybody)
    numbers = [str(row[Header.ID_NUMBER]) for row in everybody]
    assert all(number.startswith("139999") and check_character(number[:17]) == number[17] for number in numbers)


def test_there_is_a_seat_for_everybody_who_sits(in_place: list[Row], to_come: list[list[Row]]):
    everybody = [*in_place, *(row for batch in to_come for row in batch)]
    sitting = sum(row[Header.KIND] != "外包" for row in everybody)
    assert 2_700 < sitting <= 2_900
    assert len({row[Header.DEPARTMENT] for row in everybody}) == 34
    names = [str(row[Header.NAME]) for row in everybody]
    assert any("·" in name for name in names)
    assert any(name.startswith("欧阳") for name in names)


def test_those_in_place_have_come_and_the_others_will(in_place: list[Row], to_come: list[list[Row]]):
    assert all(row[Header.ARRIVAL] < TODAY for row in in_place)  # type: ignore[operator]  # an arrival is a date
    assert all(row.get(Header.DEPARTURE, TODAY) >= TODAY for row in in_place)  # type: ignore[operator]  # as above
    days = [(row[Header.ARRIVAL] - TODAY).days for batch in to_come for row in batch]  # type: ignore[operator]  # as above
    assert min(days) >= 2
    assert max(days) <= 60
    assert all(1 <= len(batch) <= 12 for batch in to_come)


def test_every_way_of_writing_a_batch_is_read_and_all_400_are_taken_whole(
    tmp_path: Path, clock: SetClock, in_place: list[Row], to_come: list[list[Row]]
):
    path, names = shipped("xiongan"), set[str]()
    world = World(clock=clock, random_bytes=random.Random(7).randbytes, hop=inline)
    with opened(Settings(data=tmp_path), world) as house:
        with house.store.writing() as tx:
            house.campuses.apply(tx, path.read_text("utf-8"), path.name, BOSS)
            first = house.intake.take(tx, read_sheet(sheet_of(in_place[:50]), "opening.xlsx"), BOSS)
        assert first.counts[Effect.NEW] == 50
        for nth, rows in enumerate(to_come, 1):
            name, data = draft(nth, rows, random.Random(nth))
            assert name.startswith(stem(nth))
            names.add(name)
            with house.store.rehearsing() as tx:
                report, _ = house.intake.rehearse(tx, read_sheet(data, name), BOSS)
            told = [sentence for line in report.lines for sentence in line.sentences("en")]
            assert report.counts[Effect.NEW] == len(rows), (name, told)
    assert len(names) == BATCHES
    assert {name.rpartition(".")[2] for name in names} == {"xlsx", "csv"}
