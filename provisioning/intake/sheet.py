"""From the bytes of a file to rows of cells. Hostile until shown otherwise: every size is bounded before it is paid for."""

from __future__ import annotations

import csv
import hashlib
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from provisioning.nouns.refusals import Refusal

FILE_BYTES_MAX = 20 * 1024 * 1024
UNZIPPED_BYTES_MAX = 100 * 1024 * 1024
MEMBERS_MAX = 1_000
TAGS_MAX = 2_000_000
"""XML tags in a workbook: each becomes an object of some 100 bytes, however few bytes wrote it."""
ROWS_MAX = 20_000
LINES_MAX = 1_048_576
COLUMNS_MAX = 64
CELL_CHARS_MAX = 1_000
NAME_CHARS_MAX = 100

_CHUNK_BYTES = 1024 * 1024
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_TEXT_CONTROLS = frozenset("\t\r\n")

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


class SheetCell(Refusal):
    """The cell {cell} of {name} holds more than {limit} characters. Shorten it."""


class SheetEmpty(Refusal):
    """{name} has no rows below its headers. Fill in at least one and send it again."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet of a file: its top line, and below it every line that is not blank, numbered as Excel shows them;
    `digest` is the SHA-256 of the file, in hex."""

    name: str
    digest: str
    header: tuple[Cell, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]


def read_sheet(data: bytes, filename: str) -> Sheet:
    """The rows of an .xlsx workbook or of CSV text (UTF-8, with or without mark, or GB18030). Raises the refusals above.

    Reading is most of the work, so it is done before a transaction is opened: writers that wait behind it would wait long.
    """
    name = _shown(filename)
    if len(data) > FILE_BYTES_MAX:
        raise SheetTooLarge(name=name, limit=FILE_BYTES_MAX // 1024 // 1024)
    if data.startswith(_OLE):
        raise SheetOld(name=name)
    lines = _workbook(data, name) if data.startswith(_ZIP) else _text_lines(data, name)
    header: tuple[Cell, ...] = ()
    rows: list[tuple[int, tuple[Cell, ...]]] = []
    for number, cells in enumerate(lines, start=1):
        if number > LINES_MAX or len(rows) > ROWS_MAX:
            raise SheetRows(name=name, limit=ROWS_MAX)
        if cells.count(None) == len(cells):
            continue  # a far row is led up to by a million empty ones
        held = _trimmed(cells)
        _check_cells(held, number, name)
        if number == 1:
            header = held
        elif held:
            rows.append((number, held))
    if len(rows) > ROWS_MAX:
        raise SheetRows(name=name, limit=ROWS_MAX)
    if not rows:
        raise SheetEmpty(name=name)
    return Sheet(name, hashlib.sha256(data).hexdigest(), header, tuple(rows))


def _shown(filename: str) -> str:
    """The last part of a file's name, without anything that would upset a terminal or a log."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-NAME_CHARS_MAX:] or "sheet"


def _workbook(data: bytes, name: str) -> Iterator[Sequence[Cell]]:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and extensions that it passes over; a staff list has no use for either.
            warnings.filterwarnings("ignore", module="openpyxl")
            _check_archive(data, name)
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # they are what the file claims, not what it holds
            # With `data_only` there are no formulas among the values, and without `rich_text` no rich text.
            yield from cast("Iterator[Sequence[Cell]]", sheet.iter_rows(max_col=COLUMNS_MAX, values_only=True))
    except (Refusal, GeneratorExit):
        raise
    except Exception as error:
        # A damaged workbook makes openpyxl raise anything at all; nothing of ours runs here but what raises a Refusal.
        raise SheetUnreadable(name=name) from error


def _check_archive(data: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        # The reader stops at the size that the directory states, so the sum holds even where it lies.
        if len(members) > MEMBERS_MAX or sum(member.file_size for member in members) > UNZIPPED_BYTES_MAX:
            raise SheetBomb(name=name)
        tags = 0
        for member in members:
            with archive.open(member) as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    tags += chunk.count(b"<")
                    if tags > TAGS_MAX:
                        raise SheetBomb(name=name)


def _text_lines(data: bytes, name: str) -> Iterator[Sequence[Cell]]:
    text = _decoded(data, name)
    if any(char < " " and char not in _TEXT_CONTROLS for char in set(text)) or text.lstrip().startswith("<"):
        raise SheetUnreadable(name=name)
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as error:
        raise SheetUnreadable(name=name) from error


def _decoded(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetUnreadable(name=name)


def _check_cells(cells: Sequence[Cell], line: int, name: str) -> None:
    for at, cell in enumerate(cells, start=1):
        if isinstance(cell, str) and len(cell) > CELL_CHARS_MAX:
            raise SheetCell(cell=f"{get_column_letter(min(at, 18_278))}{line}", name=name, limit=CELL_CHARS_MAX)


def _trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The row without the blank cells at its end."""
    length = len(cells)
    while length and _blank(cells[length - 1]):
        length -= 1
    return tuple(cells[:length])


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
