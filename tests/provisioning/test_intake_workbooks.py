"""Workbooks by other writers are read alike, and hostile ones are one refusal."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from provisioning.intake.pages import CELL_CHARS_MAX, SheetBomb, SheetRows, SheetUnreadable
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.refusals import Refusal
from tests.provisioning.offices import HEADERS, PLAIN, SHEET_1, book, person, saved, sound, with_member

END = b"</sheetData>"
_SHEET = re.compile(rb"<sheet [^>]*>")
LINES = b"".join(b'<row r="%d"><c><v>1</v></c></row>' % nth for nth in range(10, 60_000))
LONG = b'<row r="9"><c r="B9"><v>7</v></c><c r="C9" t="inlineStr"><is><t>' + b"x" * 9_000_000 + b"</t></is></c></row>"
HOSTILE: dict[str, tuple[bytes, bytes, type[Refusal]]] = {
    "a line beyond Excel's": (END, b'<row r="1048577"><c><v>1</v></c></row>' + END, SheetUnreadable),
    "a line twice": (b'<row r="2"', b'<row r="1"', SheetUnreadable),
    "no name of a cell": (b'r="A2"', b'r="2A"', SheetUnreadable),
    "no such shared text": (b' t="inlineStr"><is>', b' t="s"><v>99999</v><is>', SheetUnreadable),
    "a document type": (b"<worksheet", b"<!DOCTYPE x []><worksheet", SheetUnreadable),
    "merges without end": (
        END,
        END + b"<mergeCells>" + b'<mergeCell ref="A1:A1048576"/>' * 9 + b"</mergeCells>",
        SheetBomb,
    ),
    "attributes without end": (
        b"<sheetData>",
        b"<sheetData " + b" ".join(b"a%d='1'" % nth for nth in range(60_000)) + b">",
        SheetBomb,
    ),
    "lines without end": (END, LINES + END, SheetRows),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_parts_are_one_refusal(case: str):
    old, new, refusal = HOSTILE[case]
    data = book(HEADERS, person(1))
    changed = with_member(data, SHEET_1, lambda part: part.replace(old, new))
    with pytest.raises(refusal):
        read_sheet(changed, "a.xlsx")


def test_a_cell_without_end_is_cut_where_it_is_read():
    data = with_member(book(HEADERS, person(1)), SHEET_1, lambda part: part.replace(END, LONG + END))
    ((_, first), (line, cells)) = read_sheet(data, "a.xlsx").rows
    assert (first[1], line, cells[:2]) == ("E1", 9, (None, 7))
    assert cells[2] == "x" * (CELL_CHARS_MAX + 1)


def test_a_part_that_many_sheets_name_is_paid_for_each_time():
    padded = with_member(
        book(HEADERS, person(1)), SHEET_1, lambda part: part.replace(END, END + b"<x>" + b"a" * 60_000_000 + b"</x>")
    )
    (one,) = read_sheet(padded, "a.xlsx").tables
    assert len(one.rows) == 1
    end = b"</sheets>"
    twice = with_member(padded, "xl/workbook.xml", lambda part: part.replace(end, _SHEET.findall(part)[0] + end))
    with pytest.raises(SheetBomb):
        read_sheet(twice, "a.xlsx")


def test_columns_from_before_the_first_cost_nothing():
    hidden = b'<cols><col min="-20000000" max="1" hidden="1"/></cols><sheetData>'
    data = with_member(book(HEADERS, person(1)), SHEET_1, lambda part: part.replace(b"<sheetData>", hidden))
    tracemalloc.start()
    try:
        (table,) = read_sheet(data, "a.xlsx").tables
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert table.hidden_columns == {1}


MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
KINDS = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def rich(told: str) -> str:
    """A text in two runs, with how it is pronounced beside it."""
    first, rest = (
        f'<x:r><x:rPr><x:b/></x:rPr><x:t xml:space="preserve">{part}</x:t></x:r>' for part in (told[:1], told[1:])
    )
    return f'{first}{rest}<x:rPh sb="0" eb="1"><x:t>zz</x:t></x:rPh>'


@pytest.mark.parametrize("shared", [False, True])
def test_a_workbook_by_another_writer_is_read_alike(shared: bool):
    """Prefixes on every tag, no names of cells, rich texts shared or not, absolute targets: ECMA-376 allows all of it."""
    texts: list[str] = []

    def cell(told: object) -> str:
        if told is None:
            return "<x:c/>"
        texts.append(str(told))
        if shared:
            return f'<x:c t="s"><x:v>{len(texts) - 1}</x:v></x:c>'
        return f'<x:c t="inlineStr"><x:is>{rich(str(told))}</x:is></x:c>'

    rows = "".join(f"<x:row>{''.join(map(cell, row))}</x:row>" for row in (HEADERS, person(1), person(2)))
    strings = "".join(f"<x:si>{rich(told)}</x:si>" for told in texts)
    parts = {
        "_rels/.rels": f'<R><Relationship Id="a" Type="{KINDS}/officeDocument" Target="/book/b.xml"/></R>',
        "book/b.xml": (
            f'<x:workbook xmlns:x="{MAIN}" xmlns:q="{KINDS}"><x:sheets><x:sheet name="人" q:id="z"/></x:sheets>'
            "</x:workbook>"
        ),
        "book/_rels/b.xml.rels": (
            f'<R><Relationship Id="z" Type="{KINDS}/worksheet" Target="../Pages/1.xml"/>'
            f'<Relationship Id="y" Type="{KINDS}/sharedStrings" Target="texts.xml"/></R>'
        ),
        "book/texts.xml": f'<x:sst xmlns:x="{MAIN}">{strings}</x:sst>',
        "pages/1.xml": f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, told in parts.items():
            archive.writestr(name, told)
    assert sound(out.getvalue()) == PLAIN


def test_our_reader_and_another_see_the_same_cells():
    made = Workbook()
    cells: list[object] = [
        "text",
        " a b ",
        7,
        -7,
        2.5,
        1e17,
        True,
        date(2026, 3, 2),
        datetime(2026, 3, 2, 8, 30, 15),
        "",
        None,
        "0012",
    ]
    for row in (HEADERS, cells):
        made.worksheets[0].append(row)
    data = saved(made)
    (other,) = load_workbook(io.BytesIO(data), data_only=True).worksheets[0].iter_rows(min_row=2, values_only=True)
    ((_, ours),) = read_sheet(data, "a.xlsx").rows
    assert ours == other
