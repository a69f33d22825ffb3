"""The workbook that HR fills in: headers, cells that keep long numbers as text, an example, and what each column takes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import date

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from provisioning.intake.headers import REQUIRED, Header
from provisioning.intake.pages import OWN_EXAMPLE, OWN_NOTES

SHEET = "人员 People"
ROWS_FORMATTED = 500
"""Rows that carry their formats ready: more may be filled in, but Excel decides there what is a number."""

_TEXT = "@"
_DATE = "yyyy-mm-dd"
_FORMATS: Mapping[Header, str] = {
    Header.NO: _TEXT,
    Header.ID_NUMBER: _TEXT,
    Header.PHONE: _TEXT,
    Header.CARD: _TEXT,
    Header.ARRIVAL: _DATE,
    Header.DEPARTURE: _DATE,
}
_WIDTHS: Mapping[Header, int] = {Header.ID_NUMBER: 22, Header.DEPARTMENT: 20, Header.POST: 16, Header.PHONE: 16}
_WIDTH = 14
_FILL = PatternFill("solid", fgColor="E8EEF7")
_BOLD = Font(bold=True)

# The identity number passes its check and is nobody's: its region was never given out.
_EXAMPLE: Mapping[Header, str | date] = {
    Header.NAME: "张示例",
    Header.NO: "E20260001",
    Header.ID_NUMBER: "139999199003070012",
    Header.DEPARTMENT: "财政局",
    Header.POST: "科员",
    Header.KIND: "公务员",
    Header.ARRIVAL: date(2026, 12, 1),
    Header.DEPARTURE: date(2027, 11, 30),
    Header.PHONE: "15400000000",
    Header.CARD: "0012345678",
    Header.AREA: "北办公区",
}

_NOTES: Mapping[Header, tuple[str, str]] = {
    Header.NAME: ("姓名,可含“·”。", "The person's name; may hold “·”."),
    Header.NO: ("工号:每人一个,终身不变,不得重复使用。", "Staff number: one a person, for good; never used again."),
    Header.ID_NUMBER: (
        "18 位身份证号,单元格须为文本格式;系统密封保存。可不填。",
        "18 characters, in a cell with the format Text; kept sealed. May stay blank.",
    ),
    Header.DEPARTMENT: ("园区文件中的部门名称。", "A department of the campus file, by name."),
    Header.POST: ("职务,可不填。", "The post; may stay blank."),
    Header.KIND: (
        "人员类别,例如公务员、事业编、借调、外包、实习。",
        "The kind of staff, such as 公务员, 事业编, 借调, 外包, 实习.",
    ),
    Header.ARRIVAL: ("到岗日期,例如 2026-12-01。", "The first day in post, such as 2026-12-01."),
    Header.DEPARTURE: (
        "离岗日期,即最后在岗的一天;长期在岗的不填。",
        "The last day in post; blank where no end is known.",
    ),
    Header.PHONE: ("手机或座机,可不填。", "A mobile or landline number; may stay blank."),
    Header.CARD: (
        "门禁卡面上的号码(1 至 4294967294),可不填。",
        "The number on the door card (1 to 4294967294); may stay blank.",
    ),
    Header.AREA: ("园区文件中的办公区名称。", "An office area of the campus file, by name."),
}
_GENERAL = (
    (
        "请在“人员 People”表中填写,第一行为表头,每行一人。",
        "Fill in the sheet “人员 People”: headers in the first line, one person a row.",
    ),
    (
        "带 * 的列必填。另加的工作表如有同样的表头也会读取；“示例”和“说明”不读取。",
        "Columns with * are required. Sheets that you add are read if they have these headers; example and notes are not.",
    ),
    (
        "离岗日期等改动:修改原行后重新导入,工号与到岗日期不变。",
        "To change something, change the row and import again; keep staff number and arrival.",
    ),
)


def template() -> bytes:
    """An .xlsx to fill in."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    write_rows(sheet, (), formatted=ROWS_FORMATTED)
    for place, header in enumerate(Header, start=1):
        hint = DataValidation(showInputMessage=True, promptTitle=header.value, prompt="\n".join(_NOTES[header]))
        sheet.add_data_validation(hint)
        letter = get_column_letter(place)
        hint.add(f"{letter}2:{letter}{ROWS_FORMATTED + 1}")
    write_rows(book.create_sheet(OWN_EXAMPLE), [_EXAMPLE], formatted=1)
    _write_notes(book.create_sheet(OWN_NOTES))
    return saved(book)


def write_rows(sheet: Worksheet, rows: Iterable[Mapping[Header, str | date]], *, formatted: int) -> None:
    """Headers, then the rows, then formats down to as many rows as are to be filled in."""
    sheet.freeze_panes = "B2"
    for place, header in enumerate(Header, start=1):
        cell = sheet.cell(1, place, header.value)
        cell.font, cell.fill = _BOLD, _FILL
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(header, _WIDTH)
        for line in range(2, formatted + 2) if header in _FORMATS else ():
            sheet.cell(line, place).number_format = _FORMATS[header]
    for line, row in enumerate(rows, start=2):
        for place, header in enumerate(Header, start=1):
            if header in row:
                sheet.cell(line, place, row[header]).number_format = _FORMATS.get(header, "General")


def saved(book: Workbook) -> bytes:
    """The workbook's bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_notes(sheet: Worksheet) -> None:
    sheet.append(["列", "说明", "Notes"])
    for cell in sheet[1]:
        cell.font, cell.fill = _BOLD, _FILL
    for header in Header:
        sheet.append([header.value + (" *" if header in REQUIRED else ""), *_NOTES[header]])
    for zh, en in _GENERAL:
        sheet.append(["", zh, en])
    for letter, width in (("A", 14), ("B", 56), ("C", 72)):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
