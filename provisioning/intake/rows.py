"""From the rows of a sheet to arrivals. A row is right as a whole or refused as a whole, and never spoils another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from policies.says import Said
from provisioning.campus.file import Campus
from provisioning.identity.arrivals import Arrival, note, said
from provisioning.intake import cells
from provisioning.intake.days import day
from provisioning.intake.headers import REQUIRED, Header, Names
from provisioning.intake.layout import Table
from provisioning.intake.mapping import OfficeWords
from provisioning.intake.pages import Cell, blank, letter
from provisioning.intake.report import Fault
from provisioning.intake.sheet import Sheet
from provisioning.nouns.people import Private
from provisioning.nouns.refusals import Refusal

YEARS_AHEAD_MAX = 2
YEARS_BACK_MAX = 50
NAMED_MAX = 6

COLUMN_UNKNOWN = "Column {column} ({header}) is not known and was passed over."
COLUMN_HIDDEN = "Excel hides column {column} ({header}); it was read like the others."


class HeadersMissing(Refusal):
    """{name} lacks the columns {headers}. Write them above the rows, or say in a mapping file what the office calls them;
    an empty file to fill in comes from: foyer hr template"""


class HeaderTwice(Refusal):
    """{name} has two columns for {header}: {one} and {other}. Remove one of them, or pass one over by a mapping file."""


class DepartmentUnknown(Refusal):
    """The campus has no department of this name. Write one of those that it has: {known}"""


class AreaUnknown(Refusal):
    """The campus has no office area of this name. Write one of those that it has: {known}"""


class DepartureEarly(Refusal):
    """The last day in post lies before the arrival. Correct whichever of the two is wrong."""


class ArrivalFar(Refusal):
    """This arrival is more than {ahead} years ahead or {back} years back: most likely a typing mistake. Correct the
    year."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The tables of a file, their headers checked, and what is to be said of its columns and of lines passed over."""

    tables: tuple[Table, ...]
    warnings: tuple[Said, ...]

    def fault(self, header: Header, refusal: Refusal) -> Fault:
        """Why a row is refused, at the cell that is to blame: its column in the first table, until the report is
        `placed`."""
        return _fault(self.tables[0].places, header, refusal)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, checked: an arrival, or the faults that stand against it. `line` is its place in the file, `no` is as far
    as it could be read."""

    line: int
    no: str | None
    arrival: Arrival | None
    faults: tuple[Fault, ...]


def columns_of(sheet: Sheet) -> Columns:
    """Check the headers. Raises `HeadersMissing`, `HeaderTwice`."""
    if all(table.missing for table in sheet.tables):
        raise HeadersMissing(name=sheet.name, headers="、".join(sheet.tables[0].missing))
    names = Names(sheet.words.columns)
    warnings: list[Said] = []
    for table in sheet.tables:
        for header, one, other in table.doubles:
            raise HeaderTwice(
                name=sheet.name, header=header.value, one=_column(table, one), other=_column(table, other)
            )
        warnings += _remarks(sheet, table, names)
    return Columns(sheet.tables, (*sheet.warnings, *dict.fromkeys(warnings)))


def check_rows(sheet: Sheet, columns: Columns, campus: Campus, today: date) -> list[Row]:
    """Every row of the sheet, each by itself; `today` is the site's day."""
    tables = (table for table in columns.tables for _ in table.rows)
    return [
        _Reading(cells, table, sheet.words, campus, today).row(place)
        for table, (place, cells) in zip(tables, sheet.rows, strict=True)
    ]


def _column(table: Table, place: int) -> str:
    return f"{letter(place + 1)} ({table.labels[place]})"


def _remarks(sheet: Sheet, table: Table, names: Names) -> Iterator[Said]:
    page = sheet.page_of(table)
    for place, label in enumerate(table.labels):
        column = letter(place + 1) if page is None else f"{page}!{letter(place + 1)}"
        if place in table.places.values():
            if place + 1 in table.hidden_columns:
                yield note(COLUMN_HIDDEN, column=column, header=label)
        elif label and not names.passed_over(label):
            yield note(COLUMN_UNKNOWN, column=column, header=label)


def _fault(places: Mapping[Header, int], header: Header, refusal: Refusal) -> Fault:
    place = places.get(header)
    return Fault(None if place is None else letter(place + 1), header.value, said(refusal))


class _Reading:
    """One row while it is read: gathers every fault before it gives up."""

    def __init__(self, row: Sequence[Cell], table: Table, words: OfficeWords, campus: Campus, today: date) -> None:
        self._row, self._table, self._words, self._campus, self._today = row, table, words, campus, today
        self._faults: list[Fault] = []

    def row(self, line: int) -> Row:
        """The row with all that is wrong with it."""
        no = self._take(Header.NO, cells.staff_no)
        arrival = self._arrival(no)
        return Row(line, no, None if self._faults else arrival, tuple(self._faults))

    def _arrival(self, no: str | None) -> Arrival:
        name = self._take(Header.NAME, cells.name)
        number = self._take(Header.ID_NUMBER, lambda cell: cells.id_number(cell, self._today))
        private = Private(name or "", number, self._take(Header.PHONE, cells.phone))
        arrival = self._take(Header.ARRIVAL, self._arrival_day) or self._today
        departure = self._take(Header.DEPARTURE, lambda cell: _not_before(arrival, day(cell, self._table.epoch)))
        return Arrival(
            no=no or "",
            private=private,
            department=self._take(Header.DEPARTMENT, self._department) or "",
            post=self._take(Header.POST, cells.plain) or "",
            kind=self._take(Header.KIND, lambda cell: self._meant(Header.KIND, cell)) or "",
            area=self._take(Header.AREA, self._area) or "",
            arrival=arrival,
            departure=departure,
            card=self._take(Header.CARD, cells.card),
        )

    def _take(self, header: Header, read: Callable[[Cell], Any]) -> Any:
        """The value under a header; None where it is blank or wrong, with a fault where it may not be."""
        place = self._table.places.get(header)
        try:
            cell = cells.value(self._row[place] if place is not None and place < len(self._row) else None)
            if header in REQUIRED:
                if blank(cell):
                    raise cells.CellMissing
                return read(cell)
            return None if blank(cell) or cells.says_none(cells.text_of(cell)) else read(cell)
        except Refusal as refusal:
            self._faults.append(_fault(self._table.places, header, refusal))
            return None

    def _meant(self, header: Header, cell: Cell) -> str:
        """A word of the office's as the hub has it."""
        return self._words.told(header, cells.unparted(cells.plain(cell)))

    def _arrival_day(self, cell: Cell) -> date:
        found = day(cell, self._table.epoch)
        if not self._today.year - YEARS_BACK_MAX <= found.year <= self._today.year + YEARS_AHEAD_MAX:
            raise ArrivalFar(ahead=YEARS_AHEAD_MAX, back=YEARS_BACK_MAX)
        return found

    def _department(self, cell: Cell) -> str:
        told = self._meant(Header.DEPARTMENT, cell)
        found = self._campus.department(told)
        if found is None:
            raise DepartmentUnknown(known=_nearest(told, [one.name["zh"] for one in self._campus.departments.values()]))
        return found

    def _area(self, cell: Cell) -> str:
        told = self._meant(Header.AREA, cell)
        found = self._campus.area(told)
        if found is None:
            raise AreaUnknown(known=_nearest(told, [one.name["zh"] for one in self._campus.areas.values()]))
        return found


def _not_before(arrival: date, departure: date) -> date:
    if departure < arrival:
        raise DepartureEarly
    return departure


def _nearest(told: str, names: list[str]) -> str:
    near = get_close_matches(told, names, NAMED_MAX, cutoff=0.0) if len(names) > NAMED_MAX else names
    return "、".join(near)
