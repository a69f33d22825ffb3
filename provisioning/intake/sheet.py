"""From the bytes of a file to the tables of people in it. Hostile until shown otherwise: every size is bounded before it
is paid for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policies.says import Said
from provisioning.identity.arrivals import note
from provisioning.intake.delimited import read_text
from provisioning.intake.headers import Names, folded
from provisioning.intake.layout import REMARKS, Laid, Row, Table, first_line, headers_in, lay_out
from provisioning.intake.mapping import PLAIN, OfficeWords
from provisioning.intake.pages import (
    FILE_BYTES_MAX,
    LINES_MAX,
    OWN_EXAMPLE,
    OWN_NOTES,
    ROWS_MAX,
    At,
    Page,
    SheetEmpty,
    SheetOld,
    SheetRows,
    SheetTooLarge,
)
from provisioning.intake.xlsx import read_workbook

NAME_CHARS_MAX = 100
LINES_NAMED_MAX = 20

PAGE_HIDDEN = "The sheet {sheet} is hidden in Excel and was passed over. Show it and send the file again if it counts."
PAGE_EXAMPLE = "The sheet {sheet} is an example or notes by its name, and was passed over."
PAGE_OTHER = "The sheet {sheet} has no headers of a staff list and was passed over."
PAGE_PARTIAL = "The sheet {sheet} lacks the columns {headers} and was passed over."
PAGE_LACKS = (
    "The sheet {sheet} lacks the columns {headers}, so its rows are refused. Write them above the rows, or say in a "
    "mapping file what the office calls them."
)
LACKING_MAX = 2
"""With more required columns missing a page is another list, such as of telephones; with fewer it is one of people."""
COLUMN_UNHEARD = "The mapping speaks of the column {header}, which the file does not have."

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_EXAMPLE = re.compile(r"示例|样例|样表|范例|示范|说明|example|instruction", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says: its tables of people, and what was passed over. `digest` is the SHA-256 of the file, and of the
    mapping behind it where there is one, in hex; `words` are the mapping's."""

    name: str
    digest: str
    tables: tuple[Table, ...]
    warnings: tuple[Said, ...] = ()
    words: OfficeWords = PLAIN

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all tables, each with its place: a number through the whole file. On the first page it is Excel's
        own; each page has as many numbers as Excel has lines."""
        titles = self._titles
        bases = [titles.index(table.title) * LINES_MAX for table in self.tables]
        return tuple(
            (base + line, cells) for base, table in zip(bases, self.tables, strict=True) for line, cells in table.rows
        )

    def at(self, place: int) -> At:
        """Where a place is for a reader."""
        page, line = divmod(place - 1, LINES_MAX)
        return At(line + 1, self._titles[page] if len(self._titles) > 1 else None)

    def table(self, place: int) -> Table:
        """The table in which a place is."""
        page, line = divmod(place - 1, LINES_MAX)
        own = [table for table in self.tables if table.title == self._titles[page]]
        return next((table for table in reversed(own) if table.rows[0][0] <= line + 1), own[0])

    def page_of(self, table: Table) -> str | None:
        """The title of a table's page, where people stand on more than one; else None."""
        return table.title if len(self._titles) > 1 else None

    @property
    def _titles(self) -> list[str | None]:
        return list(dict.fromkeys(table.title for table in self.tables))


def read_sheet(data: bytes, filename: str, mapping: bytes = b"", words: OfficeWords = PLAIN) -> Sheet:
    """The tables of an .xlsx workbook or of CSV text; `mapping` is what `words` were read from. Raises the refusals of
    `pages`.

    Reading is most of the work, so it is done before a transaction is opened: writers that wait behind it would wait long.
    """
    name = shown(filename)
    if len(data) > FILE_BYTES_MAX:
        raise SheetTooLarge(name=name, limit=FILE_BYTES_MAX // 1024 // 1024)
    if data.startswith(_OLE):
        raise SheetOld(name=name)
    names = Names(words.columns)
    hidden: list[str] = []
    if data.startswith(_ZIP):
        pages, hidden = read_workbook(data, name, words.sheets)
    else:
        pages = [read_text(data, name, lambda cells: headers_in(cells, names))]
    tables, passed, remarks = _chosen(pages, names, words)
    held = sum(len(table.rows) for table in tables)
    if held > ROWS_MAX:
        raise SheetRows(name=name, limit=ROWS_MAX)
    if not held:
        raise SheetEmpty(name=name)
    sheet = Sheet(name, hashlib.sha256(data + mapping).hexdigest(), tables, words=words)
    hidden_pages = (note(PAGE_HIDDEN, sheet=title) for title in hidden)
    return replace(sheet, warnings=(*hidden_pages, *passed, *_told(sheet, remarks), *_unheard(sheet)))


def shown(filename: str) -> str:
    """The last part of a file's name, without anything that would upset a terminal or a log."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-NAME_CHARS_MAX:] or "sheet"


def _chosen(
    pages: Sequence[Page], names: Names, words: OfficeWords
) -> tuple[tuple[Table, ...], list[Said], list[tuple[Table, str, int]]]:
    """The tables that count; what is to be said of other pages; and of single lines, each with a table of its page."""
    held = [page for page in pages if page.rows]
    real = [page for page in held if page.title in words.sheets or not _EXAMPLE.search(page.title or "")] or held
    passed = [
        note(PAGE_EXAMPLE, sheet=page.title or "")
        for page in held
        if page not in real and page.title not in (OWN_EXAMPLE, OWN_NOTES)
    ]
    found: list[Laid] = []
    for page in real:
        laid = lay_out(page, names)
        if laid is not None:
            found.append(laid)
        elif page.title is not None:
            passed.append(note(PAGE_OTHER, sheet=page.title))
    whole = [laid for laid in found if not all(table.missing for table in laid.tables)]
    if not whole:
        # Nothing to choose: the one that comes nearest is refused for what it lacks.
        tables = [table for laid in found for table in laid.tables] or [
            table for page in held if (table := first_line(page, names)) is not None
        ]
        return tuple(sorted(tables, key=lambda table: -len(table.places))[:1]), passed, []
    counted = [laid for laid in found if laid in whole or len(laid.tables[0].missing) <= LACKING_MAX]
    for laid in found:
        if laid not in whole and any(table.rows for table in laid.tables):
            first, remark = laid.tables[0], PAGE_LACKS if laid in counted else PAGE_PARTIAL
            passed.append(note(remark, sheet=first.title or "", headers="、".join(first.missing)))
    remarks = [
        (laid.tables[0], remark, line) for laid in counted for remark in REMARKS for line in laid.passed.get(remark, ())
    ]
    return tuple(table for laid in counted for table in laid.tables if table.rows), passed, remarks


def _told(sheet: Sheet, remarks: Sequence[tuple[Table, str, int]]) -> Iterator[Said]:
    """A sentence for each way in which lines were passed over, with the lines."""
    for remark in REMARKS:
        lines = [str(At(line, sheet.page_of(table)).shown) for table, own, line in remarks if own == remark]
        if lines:
            more = ["…"] if len(lines) > LINES_NAMED_MAX else []
            yield note(remark, lines=", ".join([*lines[:LINES_NAMED_MAX], *more]))


def _unheard(sheet: Sheet) -> Iterator[Said]:
    heard = {folded(label) for table in sheet.tables for label in table.labels}
    for label in sheet.words.columns:
        if folded(label) not in heard:
            yield note(COLUMN_UNHEARD, header=label)
