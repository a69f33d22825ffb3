"""Cells as Excel, programs and hurried people leave them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from tests.provisioning.offices import (
    HEADERS,
    PLAIN,
    SHEET_1,
    book,
    numbered,
    person,
    read,
    saved,
    sound,
    text,
    why,
    with_member,
)


def test_dates_as_excel_keeps_them():
    day = date(2026, 3, 10)
    serial = (day - date(1899, 12, 30)).days
    days = [
        day,
        datetime(2026, 3, 10, 8, 30),
        serial,
        serial + 0.4,
        str(serial),
        "2026.3.10",
        "２０２６年３月１０日",
        "二〇二六年三月十日",
    ]
    found = sound(book(HEADERS, *(person(nth, 到岗日期=told) for nth, told in enumerate(days))))
    assert {arrival.arrival for arrival in found} == {day}

    made = Workbook()
    made.epoch = CALENDAR_MAC_1904
    for row in (HEADERS, person(1, 到岗日期=day), person(2, 到岗日期=serial - 1462)):
        made.worksheets[0].append(row)
    assert {arrival.arrival for arrival in sound(saved(made))} == {day}

    def chinese(page: Worksheet) -> None:
        for line, shape in (
            (2, 'yyyy"年"m"月"d"日";@'),
            (3, "[$-804]yyyy\\-m;@"),
            (4, "[DBNum1][$-804]yyyy年m月d日;@"),
        ):
            page.cell(line, 7, serial).number_format = shape
        for line in (2, 3, 4):
            page.cell(line, 2).number_format = '0.00_);[Red]"date"0'

    rows = [person(nth, 工号=nth) for nth in (1, 2, 3)]
    found = sound(book(HEADERS, *rows, change=chinese))
    assert {arrival.arrival for arrival in found} == {day}
    assert [arrival.no for arrival in found] == ["1", "2", "3"]


def test_formulas_count_as_what_excel_last_saw():
    def cached(part: bytes) -> bytes:
        return part.replace(b"<f>A2</f><v></v>", b"<f>A2</f><v>2026-03-10</v>").replace(
            b"<f>A2</f><v />", b"<f>A2</f><v>2026-03-10</v>"
        )

    never = book(HEADERS, person(1), person(2, 到岗日期="=A2"))
    assert "never worked out" in why(never)
    calculated = with_member(never, SHEET_1, cached)
    assert calculated != never
    assert (
        sound(with_member(calculated, SHEET_1, lambda part: part.replace(b'<c r="G3">', b'<c r="G3" t="str">')))
        == PLAIN
    )


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("=A1", "never worked out"),
        ("＝A1", "never worked out"),
        ("#N/A", "shows an error"),
        ("#REF!", "shows an error"),
    ],
)
def test_formulas_as_text_and_errors_are_refused_at_their_cell(header: str, cell: str, says: str):
    _, rows, _ = read(text(HEADERS, person(1), person(2, **{header: cell})))
    assert rows[0].arrival == PLAIN[0]
    assert [(fault.header, says in fault.sentence("en")) for fault in rows[1].faults] == [(header, True)]


def test_cells_as_programs_and_hurried_people_write_them():
    x = next(nth for nth in range(100) if numbered(nth).endswith("X"))
    full_width = str.maketrans("0123456789EX", "０１２３４５６７８９ＥＸ")
    data = text(
        HEADERS,
        person(
            x, 身份证号=numbered(x).lower(), 姓名=" 张　三 ", 部门="财 政 局 ", 离岗日期="长期", 人员类别="公 务 员"
        ),
        person(
            x, 身份证号=numbered(x).translate(full_width), 工号=f"Ｅ{x}", 手机="１５４ ００００ ０００１", 离岗日期="/"
        ),
        person(x, 门禁卡号=f'="0000{1000 + x}"', 身份证号=f"'{numbered(x)}", 离岗日期="无"),
        person(
            x,
            离岗日期="——",
            门禁卡号=f"{1000 + x}".translate(full_width),
            身份证号=f"{numbered(x)[:6]} {numbered(x)[6:]}",
        ),
    )
    assert set(sound(data)) == set(sound(book(HEADERS, person(x))))
    assert sound(book(HEADERS, person(1, 身份证号="无", 手机="-", 门禁卡号="暂无")))[0].card is None
    assert "must not be blank" in why(book(HEADERS, person(1, 部门="无"))) or "no department" in why(
        book(HEADERS, person(1, 部门="无"))
    )
