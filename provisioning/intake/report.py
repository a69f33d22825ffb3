"""What became of a sheet, line by line: the same before it is taken and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from policies.says import Said
from provisioning.identity.arrivals import Effect
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
    """How one row fares. `line` is the row's number in Excel; `fields` names what changes."""

    line: int
    no: str | None
    effect: Effect
    person: str | None = None
    fields: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[Said, ...] = ()

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
