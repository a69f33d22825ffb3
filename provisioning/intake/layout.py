"""Which lines of a page are people: where its headers stand, and which lines are titles, totals, notes or headers again.

No line is left out in silence that could be somebody: only what is blank under every known header.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from provisioning.intake.cells import text_of
from provisioning.intake.headers import REQUIRED, Header, Names
from provisioning.intake.pages import COLUMNS_MAX, Cell, Merge, Page, blank

HEADER_WITHIN_LINES = 30
HEADER_LINES_MAX = 4
KNOWN_MIN = 2
"""Fewer known headers than these make no table."""
NOTE_CHARS_MIN = 20
"""A longer text that stands alone in its line is a note, not somebody's name."""

TOTALS = "Lines with totals were passed over: {lines}."
NOTES = "Lines with notes were passed over: {lines}."
HEADERS_AGAIN = "Lines that repeat the headers were passed over: {lines}."
HIDDEN = "Lines that Excel hides were passed over: {lines}. Show them and send the file again if they count."
REMARKS = (HIDDEN, HEADERS_AGAIN, TOTALS, NOTES)

Row = tuple[int, tuple[Cell, ...]]

_TOTAL = re.compile(
    r"(?:以上|本页|本表|本部门|部门|全部|人员|人数)?(?:合计|总计|小计|共计|累计|总人数|总数)(?:人数)?:?.{0,20}"
    r"|(?:以上)?共:?\d+[人名条行].{0,10}|(?:sub|grand)?totals?:?.{0,20}",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(?:备注|附注|注|说明|填表说明|填报说明|温馨提示|note|notes|remarks?)\d*:.*"
    r"|(?:填表|填报|制表|报送|审核|审批|复核|经办|负责|部门负责|单位负责|主管|分管|联系|编制|打印|提交)"
    r"(?:人|单位|部门|日期|时间|领导|电话)?(?:签字|签名|盖章)?(?:\([^)]*\))?:.*"
    r"|(?:单位)?(?:盖章|公章|签字):?.*|第\d+页.*|\d+/\d+页?|page\d+.*"
    r"|(?:[一二三四五六七八九十]{1,3}[、.]|\([一二三四五六七八九十]{1,3}\)).*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Table:
    """The people of one page: `labels` as its headers stand, `places` of those that are known, `doubles` where two
    columns claim one header; `rows` with Excel's line numbers, `title` of the page."""

    title: str | None
    labels: tuple[str, ...]
    places: Mapping[Header, int]
    doubles: tuple[tuple[Header, int, int], ...]
    hidden_columns: frozenset[int]
    epoch: date
    rows: tuple[Row, ...]

    @property
    def missing(self) -> list[Header]:
        """The required headers that it lacks."""
        return [header for header in Header if header in REQUIRED and header not in self.places]


@dataclass(frozen=True, slots=True)
class Laid:
    """What a page holds: tables, one below the other, and the lines that were passed over, by remark."""

    tables: tuple[Table, ...]
    passed: Mapping[str, Sequence[int]]


def headers_in(cells: Iterable[Cell], names: Names) -> int:
    """How many known headers stand in a row."""
    return len({names.header(cell) for cell in cells} - {None})


def lay_out(page: Page, names: Names) -> Laid | None:
    """The tables of a page; None where it has no row of headers that are known."""
    found = _find_header(page, names)
    return None if found is None else _Reading(page, names).laid(*found)


def first_line(page: Page, names: Names) -> Table | None:
    """A page with fewer known headers than make a table, as one whose first line should have held them, or the line that
    holds one; None where nothing stands below."""
    if len(page.rows) < 2:
        return None
    lines = [tuple(map(_label, cells)) for _, cells in _near_top(page.rows[:-1])]
    at = max(range(len(lines)), key=lambda nth: headers_in(lines[nth], names))
    places = {header: place for place, label in enumerate(lines[at]) if (header := names.header(label)) is not None}
    return Table(page.title, lines[at], places, (), frozenset(), page.epoch, tuple(page.rows[at + 1 :]))


def _find_header(page: Page, names: Names) -> tuple[int, tuple[str, ...]] | None:
    """The last line of the headers, and the labels: those of the best line, or of two that complete each other."""
    zone = _filled(_near_top(page.rows), page.merges)
    best, found = KNOWN_MIN - 1, None
    above: Row | None = None
    for line, cells in zone:
        if found is not None and line > found[0] + 1 and best >= len(REQUIRED):
            break
        candidates = [(line, tuple(map(_label, cells)))]
        if above is not None and above[0] == line - 1:
            candidates.append((line, _joined(above[1], cells)))
        for candidate in candidates:
            if (known := headers_in(candidate[1], names)) > best:
                best, found = known, candidate
        above = (line, cells)
    if found is None:
        return None
    line, labels = found
    # A header that is merged over several lines ends with the last of them; whatever else is merged may go on below.
    ends = (merge.bottom for merge in page.merges if merge.top <= line and names.header(_at(labels, merge.left - 1)))
    return max([line, *(end for end in ends if end < line + HEADER_LINES_MAX)]), labels


def _near_top(rows: Sequence[Row]) -> list[Row]:
    top = rows[0][0] if rows else 0
    return [row for row in rows[:HEADER_WITHIN_LINES] if row[0] < top + HEADER_WITHIN_LINES]


def _joined(above: Sequence[Cell], below: Sequence[Cell]) -> tuple[str, ...]:
    """Two lines of headers as one: where the lower is blank, the upper counts."""
    return tuple(
        _label(below[at] if at < len(below) and not blank(below[at]) else above[at] if at < len(above) else None)
        for at in range(max(len(above), len(below)))
    )


def _label(cell: Cell) -> str:
    return " ".join(cell.split()) if isinstance(cell, str) else "" if cell is None else str(cell)


class _Reading:
    """A page while its lines are told apart."""

    def __init__(self, page: Page, names: Names) -> None:
        self._page, self._names = page, names
        self._wide = {merge.top for merge in page.merges if merge.right - merge.left >= 2}
        self._passed: dict[str, list[int]] = defaultdict(list)
        self._tables: list[Table] = []
        self._rows: list[Row] = []
        self._labels: tuple[str, ...] = ()
        self._places: dict[Header, int] = {}

    def laid(self, line: int, labels: tuple[str, ...]) -> Laid:
        """All that stands below the headers."""
        self._begin(labels)
        below = self._page.rows[bisect_left(self._page.rows, (line + 1,)) :]
        for own, row in zip(below, _filled(below, self._page.merges), strict=True):
            self._take(own[1], row)
        self._close()
        return Laid(tuple(self._tables), self._passed)

    def _begin(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._places = {}
        self._rows = []
        for place, label in enumerate(labels):
            header = self._names.header(label)
            if header is not None:
                self._places.setdefault(header, place)

    def _close(self) -> None:
        doubles = [
            (header, self._places[header], place)
            for place, label in enumerate(self._labels)
            if (header := self._names.header(label)) is not None and self._places[header] != place
        ]
        page = self._page
        self._tables.append(
            Table(
                page.title,
                self._labels,
                self._places,
                tuple(doubles),
                page.hidden_columns,
                page.epoch,
                tuple(self._rows),
            )
        )

    def _take(self, own: Sequence[Cell], row: Row) -> None:
        """One line: somebody, or what is passed over. `own` is the line before merges were filled."""
        line, cells = row
        again = self._again(cells)
        somebody = any(not blank(_at(own, place)) for place in self._places.values())
        if somebody and line in self._page.hidden:
            self._passed[HIDDEN].append(line)
        elif again is not None:
            self._passed[HEADERS_AGAIN].append(line)
            if again != self._places:
                self._close()
                self._begin(tuple(map(_label, cells)))
        elif (remark := self._remark(line, own, cells)) is not None:
            self._passed[remark].append(line)
        elif somebody:
            self._rows.append(row)

    def _again(self, cells: Sequence[Cell]) -> Mapping[Header, int] | None:
        """Where the headers stand in a line that is one of headers; None in any other."""
        likely = [place for header in (Header.NAME, Header.NO) if (place := self._places.get(header)) is not None]
        if not any(self._names.header(_at(cells, place)) for place in likely):
            return None
        found: dict[Header, int] = {}
        for place, cell in enumerate(cells):
            header = self._names.header(cell)
            if header is not None:
                found.setdefault(header, place)
        return found if len(found) >= KNOWN_MIN else None

    def _remark(self, line: int, own: Sequence[Cell], cells: Sequence[Cell]) -> str | None:
        """Why a line is nobody. One that bears a staff number is always somebody."""
        no = _at(cells, self._places.get(Header.NO, COLUMNS_MAX))
        if not blank(no) and not _speaks(no):
            return None
        told = [_unspaced(cell) for cell in own if not blank(cell)]
        if any(_TOTAL.fullmatch(text) for text in told):
            return TOTALS
        if told and _NOTE.fullmatch(told[0]):
            return NOTES
        if len(told) == 1 and (line in self._wide or len(told[0]) > NOTE_CHARS_MIN):
            return NOTES
        return None


def _speaks(cell: Cell) -> bool:
    """Whether a cell in the column of staff numbers holds words rather than a number."""
    told = _unspaced(cell)
    if not any(map(str.isdigit, told)) or len(told) > NOTE_CHARS_MIN:
        return isinstance(cell, str)
    return bool(_TOTAL.fullmatch(told) or _NOTE.fullmatch(told))


def _unspaced(cell: Cell) -> str:
    return "".join(text_of(cell).split()) if isinstance(cell, str) else ""


def _at(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else None


def _filled(rows: Sequence[Row], merges: Iterable[Merge]) -> list[Row]:
    """The rows with what is merged downward standing in each line; what is merged across stays in its first column."""
    filled = [list(cells) for _, cells in rows]
    lines = [line for line, _ in rows]
    for merge in merges:
        if merge.bottom == merge.top or merge.left > COLUMNS_MAX:
            continue
        at = bisect_left(lines, merge.top)
        if at == len(lines) or lines[at] != merge.top:
            continue
        value = _at(filled[at], merge.left - 1)
        while (at := at + 1) < len(lines) and lines[at] <= merge.bottom:
            cells = filled[at]
            cells += [None] * (merge.left - len(cells))
            if blank(cells[merge.left - 1]):
                cells[merge.left - 1] = value
    return [(line, tuple(cells)) for line, cells in zip(lines, filled, strict=True)]
