"""From bytes to rows: what HR offices send is read, and what is hostile is refused before it costs anything."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from provisioning.identity.cards import CardNumber
from provisioning.intake import cells, days, pages
from provisioning.intake.pages import (
    SheetBomb,
    SheetEmpty,
    SheetOld,
    SheetRows,
    SheetTooLarge,
    SheetUnreadable,
)
from provisioning.intake.sheet import read_sheet
from provisioning.intake.template import template
from provisioning.nouns.refusals import Refusal

TODAY = date(2026, 3, 2)
SHEET_1 = "xl/worksheets/sheet1.xml"
HEADERS = ["姓名", "工号", "身份证号", "部门", "职务", "人员类别", "到岗日期", "离岗日期", "手机", "门禁卡号", "办公区"]


def workbook(*rows: tuple[str | int | None, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_member(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            part = old.read(member)
            new.writestr(member.filename, change(part) if member.filename == name else part)
    return out.getvalue()


GOOD = workbook(("姓名", "工号"), ("张三", "E1"), (None, None), ("李四", 1002))


def test_a_workbook_is_read_with_excels_line_numbers():
    found = read_sheet(GOOD, r"C:\HR\名单.xlsx")
    assert (found.name, found.digest) == ("名单.xlsx", hashlib.sha256(GOOD).hexdigest())
    assert found.tables[0].labels == ("姓名", "工号")
    assert found.rows == ((2, ("张三", "E1")), (4, ("李四", 1002)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["commas", "semicolons", "tabs"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_four_encodings_and_with_three_delimiters(encoding: str, delimiter: str):
    data = '姓名,工号\r\n"张·三",E1\r\n\r\n"a\nb",E2\r\n'.replace(",", delimiter).encode(encoding)
    found = read_sheet(data, "a.csv")
    assert found.tables[0].labels == ("姓名", "工号")
    assert found.rows == ((2, ("张·三", "E1")), (4, ("a\nb", "E2")))


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", SheetEmpty),
        ("姓名,工号\n".encode(), SheetEmpty),
        (workbook(("姓名", "工号")), SheetEmpty),
        (b"%PDF-1.7\x00\x01", SheetUnreadable),
        (b"\xff\xfe" + b"\x00\xd8" * 20, SheetUnreadable),
        (b"<html><table><tr><td>1</td></tr></table>", SheetUnreadable),
        (b"\x89PNG\r\n\x1a\n\x00", SheetUnreadable),
        (b"PK\x03\x04 and then nothing", SheetUnreadable),
        (GOOD[: len(GOOD) // 2], SheetUnreadable),
        (b"PK\x05\x06" + bytes(18), SheetUnreadable),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), SheetOld),
        (b"a" * (pages.FILE_BYTES_MAX + 1), SheetTooLarge),
        (("a,b\n" + "1,2\n" * (pages.ROWS_MAX + 1)).encode(), SheetRows),
        (b'a,b\n1,"' + b"x" * 200_000, SheetUnreadable),
    ],
    # Named, not shown: a workbook's first bytes hold the second at which it was made.
    ids=[
        "nothing", "headers alone, csv", "headers alone, xlsx", "pdf", "utf-16", "html", "png", "no zip behind its mark",
        "half a workbook", "an empty zip", "xls", "too large", "too many rows", "an endless quote",
    ],
)  # fmt: skip
def test_what_is_no_staff_list_is_one_refusal(data: bytes, refusal: type[Refusal]):
    with pytest.raises(refusal) as caught:
        read_sheet(data, "sent.xlsx")
    assert caught.value.sentence("zh") != caught.value.sentence("en")


def test_a_zip_without_a_workbook_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("holiday.txt", "photos")
    with pytest.raises(SheetUnreadable):
        read_sheet(out.getvalue(), "a.xlsx")


def test_a_zip_bomb_is_refused_by_its_directory():
    zeros = bytes(pages.UNZIPPED_BYTES_MAX // 2 + 1)
    data = with_member(GOOD, "docProps/app.xml", lambda _: zeros)
    data = with_member(data, "docProps/core.xml", lambda _: zeros)
    assert len(data) < 1_000_000
    with pytest.raises(SheetBomb):
        read_sheet(data, "a.xlsx")


def test_a_directory_that_lies_about_sizes_gains_nothing():
    big = with_member(GOOD, SHEET_1, lambda part: part + b" " * (50_000_000 - len(part)))
    size = (50_000_000).to_bytes(4, "little")
    with pytest.raises(SheetUnreadable):
        read_sheet(big.replace(size, (100).to_bytes(4, "little")), "a.xlsx")


def test_millions_of_tags_are_refused_before_they_become_objects():
    cells_without_end = b"<c/>" * 2_000_001 + b"</row>"
    data = with_member(GOOD, SHEET_1, lambda part: part.replace(b"</row>", cells_without_end, 1))
    with pytest.raises(SheetBomb):
        read_sheet(data, "a.xlsx")


def test_xml_entities_are_not_expanded():
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    data = with_member(GOOD, SHEET_1, lambda part: laughs + part.replace(b"<sheetData>", b"<sheetData>&b;"))
    with pytest.raises(SheetUnreadable):
        read_sheet(data, "a.xlsx")


def test_a_claimed_size_and_a_far_row_cost_nothing():
    def far(part: bytes) -> bytes:
        part = part.replace(b'<dimension ref="A1:B4"', b'<dimension ref="A1:XFD1048576"')
        return part.replace(b'<row r="4"', b'<row r="999999999999"').replace(b'"A4"', b'"A999999999999"')

    with pytest.raises((SheetRows, SheetUnreadable)):
        read_sheet(with_member(GOOD, SHEET_1, far), "a.xlsx")


@given(st.binary(max_size=300), st.integers(0, len(GOOD) - 1))
def test_a_damaged_workbook_is_read_or_refused(noise: bytes, at: int):
    try:
        read_sheet(GOOD[:at] + noise + GOOD[at + len(noise) :], "a.xlsx")
    except Refusal as refusal:
        assert "a.xlsx" in refusal.sentence("en")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes):
    try:
        assert read_sheet(data, "a").rows
    except Refusal as refusal:
        assert refusal.sentence("zh")


def test_a_file_name_is_shown_without_its_tricks():
    assert read_sheet(GOOD, "../../etc/\x1b[31mpasswd\n.xlsx").name == "[31mpasswd.xlsx"
    assert read_sheet(GOOD, "/").name == "sheet"


@pytest.mark.parametrize(
    "cell",
    [datetime(2026, 11, 30), date(2026, 11, 30), "2026-11-30", "2026/11/30", "2026年11月30日", "20261130", 20261130,
     20261130.0, " 2026-11-30 00:00:00", "\uff12\uff10\uff12\uff16-11-30", "2026.11.30", "2026。11。30", "2026-11-30 08:30",
     "2026-11-30T08:30:00.000", "2026 年 11 月 30 日", "2026年11月30号", "2026年11月30日(星期一)", "2026/11/30 周一",
     "二〇二六年十一月三十日", "二零二六年十一月卅日", "２０２６．１１．３０", 46356, 46356.75, "46356", "2026–11–30"],
    ids=str,
)  # fmt: skip
def test_a_day_in_every_shape(cell: pages.Cell):
    assert days.day(cell) == date(2026, 11, 30)


@pytest.mark.parametrize(
    "cell",
    ["", "2026-13-01", "2026-02-30", 19999, 80001, "soon", True, "2026-11/30", "二〇二六年十三月一日",
     "二〇二六年廿十月一日", -46356, float("nan"), float("inf"), "2026年11月30日前"],
    ids=str,
)  # fmt: skip
def test_what_is_no_day(cell: pages.Cell):
    with pytest.raises(days.DateShape):
        days.day(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "03/04/2026",
        "30/11/2026",
        "26-11-30",
        "26年11月30日",
        "2026.11",
        2026.11,
        "2026年11月",
        "11月30日",
        2026,
        261130,
        "26.1.2",
    ],
    ids=str,
)
def test_a_day_that_can_be_read_in_several_ways_is_refused_with_that_cure(cell: pages.Cell):
    with pytest.raises(days.DateUnclear, match="four digits"):
        days.day(cell)


@given(st.dates(date(1959, 1, 1), date(2118, 12, 31)))
def test_a_day_comes_back_from_both_of_excels_calendars(day: date):
    assert days.day((day - pages.EPOCH_1900).days) == day
    assert days.day((day - pages.EPOCH_1904).days + 0.3, pages.EPOCH_1904) == day


def test_numbers_that_excel_made_of_text_come_back_whole():
    assert cells.staff_no(1002.0) == "1002"
    assert cells.staff_no(1002) == "1002"
    assert cells.phone(13800000000.0) == "13800000000"
    assert cells.card(12345678.0) == 12345678
    assert cells.card("0012345678") == 12345678
    assert cells.card("\uff112345678") == 12345678


@pytest.mark.parametrize("cell", [1.10105194912310e17, 110105194912310020, "1.10105E+17"])
def test_an_identity_number_that_became_a_number_is_refused_with_that_cure(cell: pages.Cell):
    with pytest.raises(cells.IdNumberRounded, match="format Text"):
        cells.id_number(cell, TODAY)


@pytest.mark.parametrize("cell", [0, "0", 4294967295, "4294967295"])
def test_a_card_number_out_of_range(cell: pages.Cell):
    with pytest.raises(CardNumber):
        cells.card(cell)


@pytest.mark.parametrize("cell", ["12a", "-5", "1.5", 1.5, True, "11010519491231002X", "110105194912310021"])
def test_what_is_no_card_number_is_not_shown_back(cell: pages.Cell):
    with pytest.raises(cells.CardShape) as caught:
        cells.card(cell)
    assert not caught.value.fields


@pytest.mark.parametrize(
    ("cell", "name"),
    [("张 三", "张三"), ("王\u3000五", "王五"), ("欧阳 娜 娜", "欧阳娜娜"), ("Li  Si", "Li Si"),
     ("买买提.艾力", "买买提·艾力"),
     ("买买提。艾力", "买买提·艾力"), ("阿卜杜拉•买买提", "阿卜杜拉·买买提"), ("阿依古丽 · 买买提", "阿依古丽·买买提"),
     ("\u3000李四 ", "李四"),
     ("O'Neil", "O'Neil"), ("\uf9e1明", "李明"), ("𠮷田", "𠮷田")],
)  # fmt: skip
def test_names_come_in_one_form(cell: str, name: str):
    assert cells.name(cell) == name


@pytest.mark.parametrize("cell", ["=1+1", "-张三", "@张", "张3", "张\x00三", "张" * 51, "·", 5])
def test_what_is_no_name(cell: pages.Cell):
    with pytest.raises(cells.NameShape):
        cells.name(cell)


@pytest.mark.parametrize(
    "cell", ["15400000000", "+86 154 0000 0000", "86-15400000000", "154-0000-0000", "0312-5620000", "5620000"]
)
def test_telephone_numbers(cell: str):
    assert cells.phone(cell)


@pytest.mark.parametrize("cell", ["12800000000", "1380000000", "phone", "=cmd"])
def test_what_is_no_telephone_number(cell: str):
    with pytest.raises(cells.PhoneShape):
        cells.phone(cell)


@pytest.mark.parametrize("cell", ["E 1", "=E1", "../x", "-1", "x" * 33, "a/b", "."])
def test_what_is_no_staff_number(cell: str):
    with pytest.raises(cells.NoShape):
        cells.staff_no(cell)


def test_the_template_is_an_empty_sheet_whose_long_numbers_stay_text():
    with pytest.raises(SheetEmpty):
        read_sheet(template(), "template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(template()))
    first, example, notes = book.worksheets
    headers = [cell.value for cell in first[1]]
    assert headers == HEADERS
    formats = {header: first.cell(100, place).number_format for place, header in enumerate(headers, start=1)}
    assert {header for header, shape in formats.items() if shape == "@"} == {"工号", "身份证号", "手机", "门禁卡号"}
    assert formats["到岗日期"] == "yyyy-mm-dd"
    assert example.cell(2, 1).value
    assert notes.cell(2, 2).value
