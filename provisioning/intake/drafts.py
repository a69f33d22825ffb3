"""Batches as HR offices write them, which is never twice the same: to play with, and to try the reader on."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook

from provisioning.intake.headers import Header
from provisioning.intake.sample import Dice, Row, sheet_of, weighted
from provisioning.intake.template import saved

# What offices call the columns, and leave out.
_LONG = {
    Header.NO: "员工编号", Header.NAME: "员工姓名", Header.ID_NUMBER: "公民身份号码", Header.DEPARTMENT: "所属部门",
    Header.POST: "拟任职务", Header.KIND: "人员类型", Header.ARRIVAL: "报到日期", Header.DEPARTURE: "拟离岗日期",
    Header.PHONE: "联系电话", Header.CARD: "一卡通号", Header.AREA: "所在办公区",
}  # fmt: skip
_SHORT = {
    Header.NAME: "姓 名", Header.NO: "工号:", Header.DEPARTMENT: "部门(必填)", Header.KIND: "人员性质",
    Header.ARRIVAL: "入职日期*", Header.DEPARTURE: "到期日期", Header.AREA: "办公地点", Header.CARD: "卡号",
    Header.ID_NUMBER: "身份证号码", Header.POST: "岗位",
}  # fmt: skip
_FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")


def draft(nth: int, rows: Sequence[Row], dice: Dice) -> tuple[str, bytes]:
    """File name and bytes of a batch, in one of the ways of offices."""
    ending, write = weighted(dice, _WAYS)
    return f"{stem(nth)}.{ending}", write(rows)


def stem(nth: int) -> str:
    """What the file of a batch is called, but for its ending."""
    return f"batch-{nth:03d}"


def _by_the_template(rows: Sequence[Row]) -> bytes:
    return sheet_of(rows)


def _titled(rows: Sequence[Row]) -> bytes:
    """A title above, dates with points, a total and whoever filled it in below."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["关于拟报到人员名单的函(附件)"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(_LONG) + 1)
    sheet.append([])
    sheet.append(["序号", *_LONG.values()])
    for number, row in enumerate(rows, 1):
        sheet.append([number, *_cells(row, _LONG, "{0.year}.{0.month:02d}.{0.day:02d}")])
    sheet.append([f"合计:{len(rows)}人"])
    sheet.append(["填表人:", "", "审核人:"])
    return saved(book)


def _several_sheets(rows: Sequence[Row]) -> bytes:
    """Notes on a sheet of their own; one department written once for all, and numbers of full width."""
    book = Workbook()
    notes = book.worksheets[0]
    notes.title = "填表说明"
    notes.append(["请于报到前五个工作日报送。"])
    sheet = book.create_sheet("名单")
    sheet.append(list(_SHORT.values()))
    place = list(_SHORT).index(Header.DEPARTMENT) + 1
    for row in rows:
        cells = _cells(row, _SHORT, "{0.year}年{0.month}月{0.day}日")
        sheet.append(
            [cell.translate(_FULL_WIDTH) if at == Header.CARD else cell for at, cell in zip(_SHORT, cells, strict=True)]
        )
    if len(rows) > 1 and len({row[Header.DEPARTMENT] for row in rows}) == 1:
        sheet.merge_cells(start_row=2, start_column=place, end_row=len(rows) + 1, end_column=place)
    sheet.append([])
    sheet.append(["备注:身份证号请核对。"])
    return saved(book)


def _with_days(rows: Sequence[Row]) -> bytes:
    """Real days in their cells, numbers as numbers, small letters in identity numbers."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(_LONG.values()))
    for row in rows:
        sheet.append([_typed(header, row.get(header)) for header in _LONG])
    return saved(book)


def _typed(header: Header, value: str | date | None) -> str | date | int | None:
    if header is Header.CARD and isinstance(value, str):
        return int(value)
    return value.lower() if header is Header.ID_NUMBER and isinstance(value, str) else value


def _comma(rows: Sequence[Row]) -> bytes:
    return _delimited(rows, _LONG, "{0.year}/{0.month}/{0.day}", ",").encode("utf-8-sig")


def _old_windows(rows: Sequence[Row]) -> bytes:
    return _delimited(rows, _SHORT, "{0.year}-{0.month:02d}-{0.day:02d}", ",").encode("gb18030")


def _pasted(rows: Sequence[Row]) -> bytes:
    return _delimited(rows, _LONG, "{0.year}{0.month:02d}{0.day:02d}", "\t").encode("utf-16")


def _delimited(rows: Sequence[Row], headers: dict[Header, str], days: str, delimiter: str) -> str:
    text = io.StringIO()
    out = csv.writer(text, delimiter=delimiter)
    out.writerow(headers.values())
    out.writerows([f" {cell} " if cell else cell for cell in _cells(row, headers, days)] for row in rows)
    return text.getvalue()


def _cells(row: Row, headers: dict[Header, str], days: str) -> list[str]:
    def told(value: Any) -> str:
        return days.format(value) if isinstance(value, date) else value or ""

    return [told(row.get(header)) for header in headers]


Way = tuple[str, Callable[[Sequence[Row]], bytes]]
_WAYS: tuple[tuple[Way, int], ...] = (
    (("xlsx", _by_the_template), 30),
    (("xlsx", _titled), 20),
    (("xlsx", _several_sheets), 15),
    (("xlsx", _with_days), 15),
    (("csv", _comma), 10),
    (("csv", _old_windows), 6),
    (("csv", _pasted), 4),
)
