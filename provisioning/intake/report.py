"""What became of a sheet, line by line: the same before it is taken and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from policies.says import Field, Said
from provisioning.identity.arrivals import Effect
from provisioning.intake.headers import Header
from provisioning.intake.pages import letter
from provisioning.intake.sheet import Sheet
from provisioning.nouns.words import Language, say

AT_COLUMN = "Column {column} ({header}): {sentence}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused, and by which of its cells. `column` is None where the sheet has no such column."""

    column: str | None
    header: str
    said: Said

    def sentence(self, language: Language) -> str:
        """Where, why and how to cure it."""
        told = say(self.said.template, language, dict(self.said.fields))
        return say(AT_COLUMN, language, {"column": self.column or "–", "header": self.header, "sentence": told})


@dataclass(frozen=True, slots=True)
class Line:
    """How one row fares. `line` is the row's place in its file, in a `placed` report its number in Excel; `fields` names
    what changes; `sheet` the page, where people stand on more than one."""

    line: int
    no: str | None
    effect: Effect
    person: str | None = None
    fields: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[Said, ...] = ()
    sheet: str | None = None

    def sentences(self, language: Language) -> tuple[str, ...]:
        """All that is to be said of the row."""
        notes = (say(one.template, language, dict(one.fields)) for one in self.notes)
        return (*(fault.sentence(language) for fault in self.faults), *notes)


@dataclass(frozen=True, slots=True)
class Report:
    """How a sheet fares: every row that is not blank has its line. `batch` is None where nothing was kept."""

    batch: str | None
    name: str
    digest: str
    lines: tuple[Line, ...]
    warnings: tuple[Said, ...]

    @property
    def counts(self) -> Mapping[Effect, int]:
        """How many rows had each effect."""
        found = Counter(line.effect for line in self.lines)
        return {effect: found[effect] for effect in Effect}

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of the persons on file for whom something is new or changes."""
        named = (line.person for line in self.lines if line.effect in (Effect.NEW, Effect.CHANGED))
        return tuple(person for person in named if person is not None)


def placed(report: Report, sheet: Sheet) -> Report:
    """The report with rows named as Excel does: page and line, and the columns of the table in which each stands."""
    if len(sheet.tables) == 1:
        return report
    return replace(report, lines=tuple(_placed(line, sheet) for line in report.lines))


def _placed(line: Line, sheet: Sheet) -> Line:
    at, places = sheet.at(line.line), sheet.table(line.line).places
    faults: list[Fault] = []
    for fault in line.faults:
        place = places.get(Header(fault.header))
        faults.append(Fault(None if place is None else letter(place + 1), fault.header, _said(fault.said, sheet)))
    notes = tuple(_said(one, sheet) for one in line.notes)
    return replace(line, line=at.line, sheet=at.page, faults=tuple(faults), notes=notes)


def _said(said: Said, sheet: Sheet) -> Said:
    """In a sentence about a row, `other` is the place of another row."""

    def told(name: str, value: Field) -> Field:
        return sheet.at(value).shown if name == "other" and isinstance(value, int) else value

    return Said(said.template, tuple((name, told(name, value)) for name, value in said.fields))
