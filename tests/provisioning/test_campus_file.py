"""The campus file: what ships is sound, and every fault is named with its line and column."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address

import pytest

from connectors import registry
from devices.campus import read, wires
from provisioning.campus import change, checks
from provisioning.campus.campuses import shipped
from provisioning.campus.change import Verb, difference
from provisioning.campus.file import CampusFaults, read_campus
from provisioning.nouns.zh import ZH

SMALL = shipped("small").read_text(encoding="utf-8")
AGAIN = (
    "address: 127.60.0.1:60000\n      model: wg-2054\n      cards_max: 20000\n      doors:\n"
    "        - {number: 1, id: a-2-office"
)


def faults_of(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(CampusFaults) as caught:
        read_campus(text, "broken.yaml")
    assert caught.value.sentence("en").startswith("The campus file broken.yaml has ")
    return [(one.line, one.column, str(one).split(": ", 1)[1]) for one in caught.value.problems]


def place_of(text: str, piece: str) -> tuple[int, int]:
    before = text[: text.index(piece)]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def test_the_campus_that_ships_is_what_the_docs_say():
    campus = read_campus(SMALL, "small.yaml")
    assert campus.id == "small"
    assert [target.kind for target in campus.targets] == [*["wg"] * 8, "seats", "flats", "osdp"]
    doors = [door for target in campus.targets for door in target.doors]
    assert len({door.id for door in doors}) == 35
    serial = {zone for door in campus.targets[-1].doors for zone in door.zones}
    panels = {zone for target in campus.targets[:8] for door in target.doors for zone in door.zones}
    assert serial < panels, "zones span both kinds of door"
    assert campus.listener == "127.60.0.30:60001"
    assert campus.listeners == dict.fromkeys(("d-1", "e-1", "f-1"), "127.60.0.31:60001")
    assert {zone for door in doors for zone in door.zones} == set(campus.zones)
    assert campus.zone.key == "Asia/Shanghai"
    assert not campus.calendar.is_workday(date(2027, 1, 1))
    assert campus.calendar.is_workday(date(2027, 2, 14))
    assert len({target.building for target in campus.targets if target.doors}) == 6


def test_its_panels_are_emulated_on_addresses_of_this_machine():
    found = wires(read(SMALL, "small.yaml"))
    panels, registers, lines = found[:8], found[8:10], found[10:]
    assert [wire.address for wire in panels] == [f"127.60.0.{n}:60000" for n in range(1, 9)]
    assert [wire.control for wire in panels] == [f"127.60.0.{n}:60100" for n in range(1, 9)]
    assert [(wire.id, wire.address, wire.control) for wire in registers] == [
        ("seats", "127.60.0.20:8080", "127.60.0.20:8090"),
        ("flats", "127.60.0.21:8080", "127.60.0.21:8090"),
    ]
    assert all(IPv4Address(wire.address.partition(":")[0]).is_loopback for wire in (*panels, *registers))
    assert [(wire.id, wire.name, wire.control) for wire in lines] == [("g-1", "lines/g-1", "127.60.0.9:60100")]
    assert all(wire.emulated for wire in found)


def test_every_target_makes_a_connector():
    campus = read_campus(SMALL, "small.yaml")
    served = set()
    for target in campus.targets:
        served |= registry.build(target.kind, target.settings, campus.zone).resources()
    assert served == {f"zone:{zone}" for zone in campus.zones} | {"seat:*", "flat:*", "lock:*"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("reader: 4}", "reader: 1}", "settings 有误：两个读卡器的地址相同。请更正。"),
        ("reader: 4}", "reader: 4, interlock: [9]}", "settings 有误：门 3 与不在此线上的门互锁。请更正。"),
    ],
)
def test_what_a_connector_refuses_of_its_settings_is_said_in_chinese(before: str, after: str, said: str):
    with pytest.raises(CampusFaults) as caught:
        read_campus(SMALL.replace(before, after), "small.yaml")
    assert said in caught.value.sentence("zh")


def test_departments_and_areas_are_found_by_id_and_by_either_name():
    campus = read_campus(SMALL, "small.yaml")
    for word in ("office-affairs", "机关事务管理局", " Office  Affairs Bureau "):
        assert campus.department(word) == "office-affairs"
    assert campus.area("南办公区") == "south"
    assert campus.area("食堂") is None
    assert campus.lineage("finance") == ("finance",)


def test_a_building_s_own_listener_stands_before_its_site_s():
    text = SMALL.replace("at: [40, -500]", "at: [40, -500], listener: 10.1.0.5:60001")
    assert read_campus(text, "x").listeners == {"d-1": "10.1.0.5:60001"} | dict.fromkeys(
        ("e-1", "f-1"), "127.60.0.31:60001"
    )


def test_a_department_below_another_has_a_lineage():
    text = SMALL.replace("司法局, en: Justice Bureau}, parent: null", "司法局, en: Justice Bureau}, parent: finance")
    assert read_campus(text, "x").lineage("justice") == ("justice", "finance")


@pytest.mark.parametrize(
    ("right", "wrong", "at", "says"),
    [
        ("serial: 405419911", "serial: 405419896", "serial: 405419896\n      address: 127.60.0.2", "serial 405419896"),
        ("127.60.0.2:60000", "127.60.0.1:60000", AGAIN, "address 127.60.0.1:60000 stands"),
        ("127.60.0.2:60100", "127.60.0.1:60100", None, "is that of target a-1 already"),
        ("zones: [archive]", "zones: [vault]", "vault]", "There is no zone vault"),
        ("building: f", "building: x", "building: x", "There is no building x"),
        ("parent: null}\n  - {id: organisation", "parent: nobody}\n  - {id: organisation", "parent: nobody",
         "There is no department nobody"),
        ("- id: a-2\n", "- id: a-1\n", "id: a-1\n    kind: wg\n    name: {zh: A 座办公", "id a-1 stands here a second"),
        ("id: b-1-side", "id: b-1-main", "id: b-1-main, name: {zh: B 座侧门", "id b-1-main stands here a second"),
        ("{id: b, name: {zh: B 座", "{id: a, name: {zh: B 座", "id: a, name: {zh: B 座", "id a stands here a second"),
        ("zh: 司法局", "zh: 财政局", None, "name 财政局 stands here a second"),
        ("cards_max: 20000", "cards_max: plenty", "cards_max: plenty", "cards_max must be a whole number"),
        ("number: 4, id: a-1-garage", "number: 9, id: a-1-garage", "number: 9", "number 9 is too large"),
        ("kind: wg", "kind: magic", "kind: magic", "There is no connector of kind magic"),
        ("time_zone: Asia/Shanghai", "time_zone: Asia/Atlantis", "time_zone: Asia", "Asia/Atlantis is no time zone"),
        ("workdays: [2027-02-14", "workdays: [2027-01-01", "2027-01-01, 2027-09", "2027-01-01 is both a holiday and"),
        ("workdays: [2027-02-14", "workdays: [next-monday", "next-monday", "next-monday is no date"),
        ("areas:\n", "arears:\n", "arears:", "arears is not known here"),
        ("campus: small\n", "", None, "campus is missing"),
        ("id: f-1\n", "id: F_1\n", "id: F_1", "F_1 cannot be an id"),
        ("exit: 3", "exit: 2", "exit: 2", "Two readers of this line have the address 2"),
        ("reader: 4", "reader: 127", "reader: 127", "reader 127 is too large"),
        ("reader: 4", "address: 4", "{number: 3, id: a-3-reading", "reader is missing"),
        ("baud: 115200", "baud: 1200", "baud: 1200", "baud cannot be 1200. Write one of: 9600, 19200"),
        ("line: lines/g-1", "line: /dev/ttyUSB0", "line: /dev/ttyUSB0", "An emulated line cannot stand at /dev/ttyUSB0"),
        ("line: lines/g-1", "line: ../g-1", "line: ../g-1", "'../g-1' is no path of a line"),
        ("zh: 先行示范园区", "zh: 7", "zh: 7", "zh must be text, not 7"),
        ("listener: 127.60.0.31:60001", "listener: 127.60.0.31", "listener: 127.60.0.31", "no address at which panels"),
        ("at: [180, 420]", "listener: 0.0.0.0:60001", "listener: 0.0.0.0", "no address at which panels can reach"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(right: str, wrong: str, at: str | None, says: str):
    assert right in SMALL
    text = SMALL.replace(right, wrong, 1)
    found = faults_of(text)
    named = [(line, column) for line, column, said in found if says in said]
    assert named, found
    if at is not None:
        assert place_of(text, at) in named


def test_all_faults_come_at_once_and_in_order():
    text = SMALL.replace("zones: [archive]", "zones: [vault]").replace("building: f", "building: x")
    found = faults_of(text)
    vaults = ["There is no zone vault in this file"] * 2
    assert [said.split(".")[0] for _, _, said in found] == [*vaults, "There is no building x in this file", *vaults]
    assert found == sorted(found)


def test_departments_in_a_circle_are_a_fault():
    text = SMALL.replace("Finance Bureau}, parent: null", "Finance Bureau}, parent: justice")
    text = text.replace("Justice Bureau}, parent: null", "Justice Bureau}, parent: finance")
    assert len([said for _, _, said in faults_of(text) if "stands below itself" in said]) == 2


@pytest.mark.parametrize(
    "text", ["", "- 1\n", "campus: [", "a: 1\na: 2\n", "!!python/object:os.system {}", "targets: 3\n"]
)
def test_what_is_no_campus_at_all_is_refused_in_both_languages(text: str):
    with pytest.raises(CampusFaults) as caught:
        read_campus(text, "odd.yaml")
    assert "odd.yaml" in caught.value.sentence("zh")
    assert caught.value.sentence("zh") != caught.value.sentence("en")


def test_faults_are_told_in_chinese():
    with pytest.raises(CampusFaults) as caught:
        read_campus(SMALL.replace("zones: [archive]", "zones: [vault]"), "x.yaml")
    assert "\n124:105: 文件中没有 zone vault。请更正，或将其加入 zones。\n" in caught.value.sentence("zh")


def test_every_sentence_of_the_campus_has_a_twin():
    spoken = [part for pair in checks.SENTENCES for part in pair] + [*change.SENTENCES.values(), *change.WHATS]
    assert [one for one in spoken if one not in ZH] == []


def test_the_difference_names_what_comes_goes_and_changes():
    before = read_campus(SMALL, "small.yaml")
    text = SMALL.replace("zones: [archive]", "zones: [archive, plant]", 1).replace(
        "name: {zh: A 座东门", "name: {zh: 东门"
    )
    head, _, _ = text.partition("  - id: f-1")
    changes = difference(before, read_campus(head, "less.yaml"))
    told = {(one.what, one.verb, one.id): one for one in changes}
    assert told["target", Verb.REMOVED, "f-1"].sentence("zh") == "移除目标 f-1（会议中心控制器）。"
    assert ("door", Verb.REMOVED, "f-1-hall") in told
    assert told["door", Verb.CHANGED, "a-3-archive"].fields == ("zones",)
    assert told["door", Verb.CHANGED, "a-1-east"].fields == ("name",)
    gone = 1 + 4 + 2 + (1 + 3)
    assert len(changes) == gone + 2, "the two registers and the serial line stand behind it in the file"
    assert difference(before, before) == ()
