"""From the rows of a sheet to arrivals. A row is right as a whole or refused as a whole, and never spoils another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from openpyxl.utils import get_column_letter

from policies.says import Said
from provisioning.campus.file import Campus
from provisioning.identity.arrivals import Arrival, note, said
from provisioning.intake import cells
from provisioning.intake.report import Fault
from provisioning.intake.sheet import Cell, Sheet
from provisioning.nouns.people import Private
from provisioning.nouns.refusals import Refusal

YEARS_AHEAD_MAX = 2
YEARS_BACK_MAX = 50
NAMED_MAX = 6

COLUMN_UNKNOWN = "Column {column} ({header}) is not known and was passed over."


class Header(StrEnum):
    """The columns of an HR sheet, in any order."""

    NAME = "姓名"
    NO = "工号"
    ID_NUMBER = "身份证号"
    DEPARTMENT = "部门"
    POST = "职务"
    KIND = "人员类别"
    ARRIVAL = "到岗日期"
    DEPARTURE = "离岗日期"
    PHONE = "手机"
    CARD = "门禁卡号"
    AREA = "办公区"


REQUIRED = frozenset({Header.NAME, Header.NO, Header.DEPARTMENT, Header.KIND, Header.ARRIVAL, Header.AREA})


class HeadersMissing(Refusal):
    """{name} lacks the columns {headers}. Write them in the first line; an empty file to fill in comes from: foyer hr
    template"""


class HeaderTwice(Refusal):
    """{name} has the column {header} twice. Remove one of the two."""


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
    """Which place in a row belongs to which header, and what is to be said of the others."""

    places: Mapping[Header, int]
    warnings: tuple[Said, ...]

    def fault(self, header: Header, refusal: Refusal) -> Fault:
        """Why a row is refused, at the cell that is to blame."""
        place = self.places.get(header)
        return Fault(None if place is None else get_column_letter(place + 1), header.value, said(refusal))


@dataclass(frozen=True, slots=True)
class Row:
    """One row, checked: an arrival, or the faults that stand against it. `no` is as far as it could be read."""

    line: int
    no: str | None
    arrival: Arrival | None
    faults: tuple[Fault, ...]


def columns_of(sheet: Sheet) -> Columns:
    """Read the headers. Raises `HeadersMissing`, `HeaderTwice`."""
    places: dict[Header, int] = {}
    warnings: list[Said] = []
    known = {header.value: header for header in Header}
    for place, cell in enumerate(sheet.header):
        told = cells.text_of(cell)
        header = known.get(told)
        if header is None:
            if told:
                warnings.append(note(COLUMN_UNKNOWN, column=get_column_letter(place + 1), header=told))
        elif header in places:
            raise HeaderTwice(name=sheet.name, header=told)
        else:
            places[header] = place
    missing = [header.value for header in Header if header in REQUIRED and header not in places]
    if missing:
        raise HeadersMissing(name=sheet.name, headers="、".join(missing))
    return Columns(places, tuple(warnings))


def check_rows(sheet: Sheet, columns: Columns, campus: Campus, today: date) -> list[Row]:
    """Every row of the sheet, each by itself; `today` is the site's day."""
    return [_Reading(row, columns, campus, today).row(line) for line, row in sheet.rows]


class _Reading:
    """One row while it is read: gathers every fault before it gives up."""

    def __init__(self, row: Sequence[Cell], columns: Columns, campus: Campus, today: date) -> None:
        self._row, self._columns, self._campus, self._today = row, columns, campus, today
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
        departure = self._take(Header.DEPARTURE, lambda cell: _not_before(arrival, cells.day(cell)))
        return Arrival(
            no=no or "",
            private=private,
            department=self._take(Header.DEPARTMENT, self._department) or "",
            post=self._take(Header.POST, cells.plain) or "",
            kind=self._take(Header.KIND, cells.plain) or "",
            area=self._take(Header.AREA, self._area) or "",
            arrival=arrival,
            departure=departure,
            card=self._take(Header.CARD, cells.card),
        )

    def _take(self, header: Header, read: Callable[[Cell], Any]) -> Any:
        """The value under a header; None where it is blank or wrong, with a fault where it may not be."""
        place = self._columns.places.get(header)
        cell = self._row[place] if place is not None and place < len(self._row) else None
        try:
            if not cells.text_of(cell):
                if header in REQUIRED:
                    raise cells.CellMissing
                return None
            return read(cell)
        except Refusal as refusal:
            self._faults.append(self._columns.fault(header, refusal))
            return None

    def _arrival_day(self, cell: Cell) -> date:
        found = cells.day(cell)
        if not self._today.year - YEARS_BACK_MAX <= found.year <= self._today.year + YEARS_AHEAD_MAX:
            raise ArrivalFar(ahead=YEARS_AHEAD_MAX, back=YEARS_BACK_MAX)
        return found

    def _department(self, cell: Cell) -> str:
        told = cells.plain(cell)
        found = self._campus.department(told)
        if found is None:
            raise DepartmentUnknown(known=_nearest(told, [one.name["zh"] for one in self._campus.departments.values()]))
        return found

    def _area(self, cell: Cell) -> str:
        told = cells.plain(cell)
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
