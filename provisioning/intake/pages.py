"""What a file holds before anybody asks what it means: pages of rows, their bounds, and why a file is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from provisioning.nouns.refusals import Refusal

FILE_BYTES_MAX = 20 * 1024 * 1024
UNZIPPED_BYTES_MAX = 100 * 1024 * 1024
MEMBERS_MAX = 1_000
TAGS_MAX = 2_000_000
"""XML tags that are read of one workbook: each costs a call, however few bytes wrote it."""
TOKEN_BYTES_MAX = 256 * 1024
"""One XML tag with all its attributes."""
MERGED_LINES_MAX = 2_000_000
"""The heights of all merged cells of a page together; an honest page has at most one for each column."""
ROWS_MAX = 20_000
LINES_MAX = 1_048_576
COLUMNS_MAX = 64
CELL_CHARS_MAX = 1_000
EPOCH_1900, EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
"""Day 0 of Excel's two calendars; the first is right from March 1900 on, since Excel knows a 29 February before it."""
OWN_EXAMPLE, OWN_NOTES = "示例 Example", "说明 Notes"
"""Sheets of our own template, which nobody need be told are passed over."""

Cell = None | bool | int | float | str | datetime | date | time | timedelta


class SheetTooLarge(Refusal):
    """{name} has more than {limit} MB: no staff list is that large. Split it, and leave pictures out."""

    status = 413


class SheetUnreadable(Refusal):
    """{name} is neither an Excel workbook (.xlsx) nor CSV text. Open it in Excel, save it as .xlsx, and send that."""


class SheetOld(Refusal):
    """{name} is an old .xls workbook, or one with a password. Save it in Excel as .xlsx without a password, and send
    that."""


class SheetBomb(Refusal):
    """{name} unpacks to far more than a staff list holds. Copy its rows into the file that this command writes: foyer hr
    template"""


class SheetRows(Refusal):
    """{name} has more than {limit} rows. Split it into several files."""


class SheetEmpty(Refusal):
    """{name} has no rows below its headers. Fill in at least one and send it again."""


class SheetMissing(Refusal):
    """{name} has no sheet called {sheet}. Correct the mapping: it has {titles}"""


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells that are shown as one: lines from `top` to `bottom`, columns from `left` to `right`, all counted from 1."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a file as it stands: every line that is not blank, numbered as Excel shows them; `title` None for
    text, `hidden` its lines that Excel does not show, `hidden_columns` counted from 1, `epoch` day 0 of its numbers.

    A text longer than CELL_CHARS_MAX is cut one character behind it, so that whoever needs the cell can tell.
    """

    title: str | None
    rows: Sequence[tuple[int, tuple[Cell, ...]]]
    hidden: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merges: tuple[Merge, ...] = ()
    epoch: date = EPOCH_1900


@dataclass(frozen=True, slots=True)
class At:
    """Where a row stands: its number in Excel, and the title of its page where people stand on more than one."""

    line: int
    page: str | None = None

    @property
    def shown(self) -> int | str:
        """As Excel writes it: 7, or 借调!7."""
        return self.line if self.page is None else f"{self.page}!{self.line}"


def letter(column: int) -> str:
    """Excel's name of a column, counted from 1: 1 → A, 27 → AA."""
    told = ""
    while column:
        column, rest = divmod(column - 1, 26)
        told = chr(ord("A") + rest) + told
    return told


def trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The row without the blank cells at its end."""
    length = len(cells)
    while length and blank(cells[length - 1]):
        length -= 1
    return tuple(cells[:length])


def blank(cell: Cell) -> bool:
    """Whether nothing stands in it that a reader would see. Of blanks that were cut nobody knows what stood behind."""
    return cell is None or (isinstance(cell, str) and not cell.strip() and len(cell) <= CELL_CHARS_MAX)
