"""Sheets as offices send them, for tests: made by openpyxl or as text, read by ours."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from provisioning.campus.campuses import shipped
from provisioning.campus.file import read_campus
from provisioning.identity.arrivals import Arrival
from provisioning.identity.id_number import check_character
from provisioning.intake.headers import Header
from provisioning.intake.mapping import read_mapping
from provisioning.intake.rows import Row, check_rows, columns_of
from provisioning.intake.sheet import Sheet, read_sheet
from provisioning.nouns.zh import ZH

TODAY = date(2026, 3, 2)
SHEET_1 = "xl/worksheets/sheet1.xml"
CAMPUS = read_campus(shipped("small").read_text(encoding="utf-8"), "small.yaml")
HEADERS = [header.value for header in Header]


def numbered(nth: int) -> str:
    body = f"13999919900307{nth:03d}"
    return body + check_character(body)


def person(nth: int, **changes: object) -> list[object]:
    """A row under HEADERS."""
    told: dict[str, object] = {
        "姓名": "张三", "工号": f"E{nth}", "身份证号": numbered(nth), "部门": "财政局", "职务": "科员", "人员类别": "公务员",
        "到岗日期": "2026-03-10", "离岗日期": None, "手机": "15400000001", "门禁卡号": str(1000 + nth), "办公区": "北办公区",
    }  # fmt: skip
    return list((told | changes).values())


def book(
    *rows: Sequence[object],
    change: Callable[[Worksheet], object] = lambda _: None,
    others: Mapping[str, Sequence[Sequence[object]]] = MappingProxyType({}),
) -> bytes:
    """A workbook: rows of the first sheet, what is done to it, and other sheets by title."""
    made = Workbook()
    first = made.worksheets[0]
    first.title = "名单"
    for row in rows:
        first.append(list(row))
    for title, lines in others.items():
        page = made.create_sheet(title)
        for row in lines:
            page.append(list(row))
    change(first)
    return saved(made)


def text(*rows: Sequence[object], encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """The rows as CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def saved(made: Workbook) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def read(data: bytes, mapping: str = "") -> tuple[Sheet, list[Row], list[str]]:
    """The sheet, its checked rows, and all warnings in English."""
    told = mapping.encode()
    sheet = (
        read_sheet(data, "名单.xlsx", told, read_mapping(told, "map.yaml")) if told else read_sheet(data, "名单.xlsx")
    )
    columns = columns_of(sheet)
    warnings = [one.text for one in columns.warnings]
    assert all(one.template in ZH for one in columns.warnings)
    return sheet, check_rows(sheet, columns, CAMPUS, TODAY), warnings


def sound(data: bytes, mapping: str = "") -> list[Arrival]:
    """The arrivals of a sheet in which no row is refused."""
    _, rows, _ = read(data, mapping)
    assert [fault.sentence("en") for row in rows for fault in row.faults] == []
    return [row.arrival for row in rows if row.arrival is not None]


def why(data: bytes, mapping: str = "") -> str:
    """What is said of the one row that is refused."""
    _, rows, _ = read(data, mapping)
    (faults,) = (row.faults for row in rows if row.faults)
    return " ".join(fault.sentence("en") for fault in faults)


def with_member(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            part = old.read(member)
            new.writestr(member.filename, change(part) if member.filename == name else part)
    return out.getvalue()


PLAIN = sound(book(HEADERS, person(1), person(2)))
