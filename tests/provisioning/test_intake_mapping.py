"""An office's own words for columns and values: read whole, or refused by line and column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.intake import layout, mapping, rows, sheet
from provisioning.intake.mapping import MappingFaults, read_mapping
from provisioning.intake.pages import SheetMissing
from provisioning.nouns.zh import ZH
from tests.provisioning.offices import HEADERS, PLAIN, book, person, read, sound
from tests.provisioning.served import Served

MAPPING = """
columns:
  单位: 部门
  岗位等级: null
  备注: null
values:
  所属部门: {财务处（本级）: 财政局}
  人员类别: {参公: 公务员}
  办公区: {一号院: 北办公区}
"""


def test_a_mapping_says_what_an_office_calls_things():
    labels = [{"部门": "单 位：", "职务": "职务"}.get(header, header) for header in HEADERS]
    rows = [[*person(nth, 部门="财务处 (本级)", 人员类别="参公", 办公区="一号院"), "四级", "?"] for nth in (1, 2)]
    data = book([*labels, "岗位等级", "备注"], *rows)
    assert sound(data, MAPPING) == PLAIN
    assert read(data, MAPPING)[2] == []
    assert read(book(HEADERS, person(1)), "columns: {单位: 部门}")[2] == [
        "The mapping speaks of the column 单位, which the file does not have."
    ]


def test_a_mapping_makes_another_file_of_the_same_sheet():
    data = book(HEADERS, person(1))
    with_map, without = read(data, MAPPING)[0], read(data)[0]
    assert with_map.digest != without.digest


def test_a_mapping_chooses_the_sheets():
    data = book(HEADERS, person(3), others={"借调": [HEADERS, person(1)], "挂职": [HEADERS, person(2)]})
    assert sound(data, "sheet: [借调, 挂职]") == PLAIN
    with pytest.raises(SheetMissing, match=r"no sheet called 外借.*名单、借调、挂职"):
        read(data, "sheet: 外借")


@pytest.mark.parametrize(
    ("told_by", "place", "says"),
    [
        (b"columns: [a]", (1, 10), "Names with values"),
        (b"columns:\n  a: nowhere", (2, 6), "'nowhere' is not known here"),
        ("columns:\n  单位: 部门\n  单位: 职务".encode(), (3, 3), "stands twice"),
        (
            b"rows: 3\ncolumns: {}",
            (1, 1),
            "'rows' is not known here; what may stand here is columns, values, sheet",
        ),
        (
            "values: {姓名: {a: b}}".encode(),
            (1, 10),
            "'姓名' is not known here; what may stand here is 部门、人员类别、办公区",
        ),
        ("values: {部门: {a: null}}".encode(), (1, 18), "One text must stand here"),
        ("values: {部门: {a: [b]}}".encode(), (1, 18), "One text must stand here"),
        (b"sheet: {a: b}", (1, 8), "One text must stand here"),
        (b"a: b: c", (1, 5), "not readable YAML"),
        (b"", (1, 1), "says nothing"),
        (b"- a", (1, 1), "Names with values"),
        (b"\xff\xfe", (1, 1), "not UTF-8"),
        (b"#" * 200_000, (1, 1), "more than 100000 bytes"),
        (b"columns: !x {}", (1, 10), "Names with values"),
        (b"a: &a [*a]", None, ""),
    ],
)
def test_a_fault_of_the_mapping_is_told_with_line_and_column(told_by: bytes, place: tuple[int, int] | None, says: str):
    with pytest.raises(MappingFaults) as caught:
        read_mapping(told_by, "map.yaml")
    told = caught.value.sentence("en").split("\n")
    assert says in told[1]
    if place is not None:
        assert told[1].startswith(f"line {place[0]}, column {place[1]}: ")
    assert caught.value.sentence("zh") != caught.value.sentence("en")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_mapping_or_are_refused(data: bytes):
    try:
        read_mapping(data, "map.yaml")
    except MappingFaults as faults:
        assert faults.faults


def test_every_remark_has_a_twin():
    spoken = [
        told
        for room in (layout, mapping, rows, sheet)
        for name, told in vars(room).items()
        if name.isupper() and not name.startswith(("_", "OWN_")) and isinstance(told, str)
    ]
    assert len(spoken) > 12
    assert [told for told in spoken if told not in ZH] == []


def test_a_mapping_goes_with_the_sheet_over_the_wire(served: Served):
    labels = [{"部门": "单位"}.get(header, header) for header in HEADERS]
    data = book(labels, person(1), others={"借调": [labels, person(2)]})
    with served.client("hr") as hr:
        bare = hr.post("/hr/batches", files={"file": ("名单.xlsx", data)})
        assert (bare.status_code, bare.json()["code"]) == (422, "headers-missing")
        files = {"file": ("名单.xlsx", data), "mapping": ("map.yaml", "columns: {单位: 部闷}".encode())}
        wrong = hr.post("/hr/batches", files=files)
        assert wrong.status_code == 422
        assert "line 1, column 15" in wrong.json()["detail"]
        report = hr.post("/hr/batches", files={**files, "mapping": ("map.yaml", MAPPING.encode())}).json()
    assert [(line["sheet"], line["line"], line["outcome"]) for line in report["lines"]] == [
        ("名单", 2, "new"),
        ("借调", 2, "new"),
    ]
