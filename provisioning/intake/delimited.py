"""From CSV text to one page: UTF-8 with or without its mark, UTF-16 with it (Excel's "Unicode text"), or GB18030; parted
by commas, semicolons or tabs, whichever shows more of the headers that are known."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator

from provisioning.intake.pages import (
    CELL_CHARS_MAX,
    COLUMNS_MAX,
    LINES_MAX,
    ROWS_MAX,
    Cell,
    Page,
    SheetRows,
    SheetUnreadable,
    blank,
    trimmed,
)

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t"
# Excel's own way to name the delimiter, in a first line that it does not show.
_NAMED = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
_LOOKED_AT_ROWS = 30


def read_text(data: bytes, name: str, headers_in: Callable[[tuple[Cell, ...]], int]) -> Page:
    """The text as one page; `headers_in` counts the headers that a row holds. Raises `SheetRows`, `SheetUnreadable`."""
    text = _decoded(data, name)
    if _CONTROLS.search(text) or text.lstrip().startswith("<"):
        raise SheetUnreadable(name=name)
    named = _NAMED.match(text)
    try:
        if named:
            return Page(None, list(_rows(text[named.end() :], named[1], name)))
        return Page(None, list(_rows(text, _delimiter(text, headers_in), name)))
    except csv.Error as error:
        raise SheetUnreadable(name=name) from error


def _decoded(data: bytes, name: str) -> str:
    for encoding in ("utf-16",) if data.startswith(_UTF_16) else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetUnreadable(name=name)


def _delimiter(text: str, headers_in: Callable[[tuple[Cell, ...]], int]) -> str:
    """The one whose first rows hold the most headers; the first of those that are equal."""

    def headers(delimiter: str) -> int:
        rows = itertools.islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _LOOKED_AT_ROWS)
        return max((headers_in(tuple(row[:COLUMNS_MAX])) for row in rows), default=0)

    return max(_DELIMITERS, key=headers)


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    held = 0
    for line, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
        if line > LINES_MAX or held > 2 * ROWS_MAX:  # titles, totals and notes among them: rows are counted later
            raise SheetRows(name=name, limit=ROWS_MAX)
        if all(map(blank, cells)):
            continue
        held += 1
        yield line, trimmed([cell[: CELL_CHARS_MAX + 1] for cell in cells[:COLUMNS_MAX]])
