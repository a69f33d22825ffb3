"""HR's sheets: read, checked, planned, and then shown or carried out. What is shown is what is done, for both are one
plan; a row that is wrong is refused by itself, and the rest goes in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from policies.says import Said
from provisioning.campus.campuses import Campuses
from provisioning.identity.arrivals import Announcement, Arrival, Effect, Plan, note
from provisioning.identity.cards import CardNotProvedGone, CardTaken
from provisioning.identity.persons import Persons, Taking
from provisioning.identity.plans import CardDiffers, CardReportedLost, IdNumberTaken, NameDiffers, NoTaken
from provisioning.intake.report import Fault, Line, Report
from provisioning.intake.rows import Columns, Header, Row, check_rows, columns_of
from provisioning.intake.sheet import Sheet
from provisioning.intake.twins import conflicts, echoes
from provisioning.nouns.people import Batch
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import intake as rows_store
from provisioning.store.engine import Tx
from provisioning.story.story import Story

ECHO = "This row says the same as line {other}."
NOTICE_HEX = 32

_BLAMED: Mapping[type[Refusal], Header] = {
    IdNumberTaken: Header.ID_NUMBER,
    NoTaken: Header.NO,
    NameDiffers: Header.NAME,
    CardTaken: Header.CARD,
    CardNotProvedGone: Header.CARD,
    CardDiffers: Header.CARD,
    CardReportedLost: Header.CARD,
}


@dataclass(frozen=True, slots=True)
class _Planned:
    """A sheet, worked out whole: what each row says and would do."""

    name: str
    digest: str
    columns: Columns
    rows: Sequence[Row]
    refused: Mapping[int, tuple[Fault, ...]]
    echoes: Mapping[int, int]
    plans: Mapping[int, tuple[Announcement, Plan]]


class Intake:
    """Takes sheets."""

    def __init__(self, persons: Persons, story: Story, campuses: Campuses) -> None:
        self._persons = persons
        self._story = story
        self._campuses = campuses

    def preview(self, tx: Tx, sheet: Sheet) -> Report:
        """What taking this sheet would do now. Raises the refusals of `rows`, and `NoCampus`."""
        return _report(self._plan(tx, sheet), None, {})

    def take(self, tx: Tx, sheet: Sheet, actor: Actor) -> Report:
        """Take this sheet: one event a person, one for the batch, nothing at all where every row is known already."""
        planned = self._plan(tx, sheet)
        takings = [
            Taking(announcement, plan, line)
            for line, (announcement, plan) in planned.plans.items()
            if plan.effect in (Effect.NEW, Effect.CHANGED)
        ]
        report = _report(planned, None, {})
        before = None if takings else rows_store.batch_by_digest(tx, planned.digest)
        if all(line.effect is Effect.SAME for line in report.lines):
            return replace(report, batch=before.id if before else None)
        batch = _batch(tx, report, actor)
        if before is None:
            rows_store.add_batch(tx, batch)
        else:
            # The same file again, with nothing new in it: that is no second batch, though its refusals are told again.
            batch = replace(batch, id=before.id)
        persons = self._persons.carry_out_all(tx, takings, batch.id, actor) if takings else []
        self._tell(tx, batch, actor)
        return _report(planned, batch.id, {one.line: at for one, at in zip(takings, persons, strict=True)})

    def _plan(self, tx: Tx, sheet: Sheet) -> _Planned:
        columns = columns_of(sheet)
        campus = self._campuses.current(tx)
        rows = check_rows(sheet, columns, campus, tx.now.astimezone(campus.zone).date())
        repeated = echoes(rows)
        refused = conflicts((row for row in rows if row.line not in repeated), columns)
        announcements = {
            row.line: Announcement(_notice_id(sheet.digest, row.arrival), row.arrival)
            for row in rows
            if row.arrival is not None and row.line not in repeated and row.line not in refused
        }
        plans = self._persons.plan_all(tx, list(announcements.values()), campus.zone)
        planned = {line: (one, plan) for (line, one), plan in zip(announcements.items(), plans, strict=True)}
        return _Planned(sheet.name, sheet.digest, columns, rows, refused, repeated, planned)

    def _tell(self, tx: Tx, batch: Batch, actor: Actor) -> None:
        counts = {"taken": batch.taken, "same": batch.same, "refused": batch.refused}
        data = {"batch": batch.id, "name": batch.name, "digest": batch.digest, **counts}
        self._story.tell(tx, Told("batch.taken", actor.name, trace=batch.id, data=data))


def _notice_id(digest: str, arrival: Arrival) -> str:
    """One id for what one file says of one person's arrival. Made of nothing personal, for it stands in the open."""
    told = f"{digest}\n{arrival.no}\n{arrival.arrival.isoformat()}"
    return f"ntc-{hashlib.sha256(told.encode()).hexdigest()[:NOTICE_HEX]}"


def _batch(tx: Tx, report: Report, actor: Actor) -> Batch:
    counts = report.counts
    taken = counts[Effect.NEW] + counts[Effect.CHANGED]
    return Batch(
        tx.ids.new("bat"),
        report.name,
        report.digest,
        actor.name,
        tx.now,
        taken,
        counts[Effect.SAME],
        counts[Effect.REFUSED],
    )


def _report(planned: _Planned, batch: str | None, persons: Mapping[int | None, str]) -> Report:
    lines: dict[int, Line] = {}
    for row in planned.rows:
        lines[row.line] = _line(row, planned, persons, lines)
    return Report(batch, planned.name, planned.digest, tuple(lines.values()), planned.columns.warnings)


def _line(row: Row, planned: _Planned, persons: Mapping[int | None, str], above: Mapping[int, Line]) -> Line:
    faults = row.faults or planned.refused.get(row.line, ())
    if faults:
        return Line(row.line, row.no, Effect.REFUSED, faults=faults)
    if row.line in planned.echoes:
        return _echo(row, above[planned.echoes[row.line]])
    _, plan = planned.plans[row.line]
    person = plan.person.id if plan.person else persons.get(row.line)
    if plan.refusal is not None:
        header = _BLAMED.get(type(plan.refusal), Header.ARRIVAL)
        return Line(row.line, row.no, Effect.REFUSED, person, faults=(planned.columns.fault(header, plan.refusal),))
    return Line(row.line, row.no, plan.effect, person, plan.fields, notes=plan.notes)


def _echo(row: Row, first: Line) -> Line:
    """A row that repeats another fares as that one, and adds nothing."""
    effect = Effect.REFUSED if first.effect is Effect.REFUSED else Effect.SAME
    said: tuple[Said, ...] = (note(ECHO, other=first.line),)
    return Line(row.line, row.no, effect, first.person, faults=first.faults, notes=said)
