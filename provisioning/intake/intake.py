"""HR's sheets: read, checked, planned, and then shown or carried out. What is shown is what is done, for both are one
plan; a row that is wrong is refused by itself, what is too large a change waits for a second person, and the rest is
taken."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from policies.says import Said
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus
from provisioning.holds.holds import Holds, Weight
from provisioning.identity.arrivals import Announcement, Arrival, Effect, Plan, Sway, note
from provisioning.identity.cards import CardNotProvedGone, CardTaken
from provisioning.identity.obstacles import CardDiffers, CardReportedLost, IdNumberTaken, NameDiffers, NoTaken
from provisioning.identity.persons import Persons, Taking
from provisioning.intake.held import swayed, waits
from provisioning.intake.report import Fault, Line, Report
from provisioning.intake.rows import Columns, Header, Row, check_rows, columns_of
from provisioning.intake.sheet import Sheet
from provisioning.intake.twins import conflicts, echoes
from provisioning.nouns.minds import HoldKind
from provisioning.nouns.people import Batch, Notice, Standing
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import holds as hold_rows
from provisioning.store import intake as rows_store
from provisioning.store.engine import Tx
from provisioning.story.story import Story

ECHO = "This row says the same as line {other}."
WOULD_WAIT = "Too many people would gain or lose within a day: this row would wait for a second person."
WAITS_NOW = "Too many people gain or lose within a day: this row waits for a second person as hold {hold}."
WAITS_ALREADY = "This very row waits for a second person already, as hold {hold}."
TURNED_DOWN = (
    "This very row was refused with hold {hold} and changes nothing. If it is right after all, send it in another file."
)
NOTES = (ECHO, WOULD_WAIT, WAITS_NOW, WAITS_ALREADY, TURNED_DOWN)
NOTICE_HEX = 32
FREE = Weight(hold_more=False, hold_less=False)
_DOING = (Effect.NEW, Effect.CHANGED)

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
    """A sheet, worked out whole: what each row says and would do.

    `kept` are the notices of rows that an earlier taking of this very file left waiting, or saw refused; `weight` says
    what of the rest has to wait. An `opening` load never does, and is not counted.
    """

    name: str
    digest: str
    columns: Columns
    rows: Sequence[Row]
    refused: Mapping[int, tuple[Fault, ...]]
    echoes: Mapping[int, int]
    plans: Mapping[int, tuple[Announcement, Plan]]
    kept: Mapping[int, Notice]
    weight: Weight
    opening: bool

    @property
    def takings(self) -> list[Taking]:
        """The rows that would do something, to be carried out; none of them is held yet."""
        return [
            Taking(announcement, plan, line)
            for line, (announcement, plan) in self.plans.items()
            if plan.effect in _DOING and line not in self.kept
        ]

    def has_to_wait(self, plan: Plan) -> bool:
        """Whether a plan is of the part that is too large."""
        return (plan.sways is Sway.MORE and self.weight.hold_more) or (
            plan.sways is Sway.LESS and self.weight.hold_less
        )


class Intake:
    """Takes sheets."""

    def __init__(self, persons: Persons, story: Story, campuses: Campuses, holds: Holds) -> None:
        self._persons = persons
        self._story = story
        self._campuses = campuses
        self._holds = holds

    def take(self, tx: Tx, sheet: Sheet, actor: Actor) -> Report:
        """Take this sheet: one event a person, one for the batch, nothing at all where every row is known already. Raises
        the refusals of `rows`, and `NoCampus`."""
        planned = self._plan(tx, sheet)
        takings, report = planned.takings, _report(planned, None, {})
        before = None if takings else rows_store.batch_by_digest(tx, planned.digest)
        if not takings and all(line.effect in (Effect.SAME, Effect.HELD) for line in report.lines):
            return replace(report, batch=before.id if before else None)
        batch = _batch(tx, report, actor)
        if before is None:
            rows_store.add_batch(tx, batch)
        else:
            # The same file again, with nothing new in it: that is no second batch, though its refusals are told again.
            batch = replace(batch, id=before.id)
        hold = tx.ids.new("hld") if any(planned.has_to_wait(one.plan) for one in takings) else None
        takings = [replace(one, hold=hold) if planned.has_to_wait(one.plan) else one for one in takings]
        persons = self._persons.carry_out_all(tx, takings, batch.id, actor) if takings else []
        self._tell(tx, batch, actor)
        self._count(tx, [one.plan for one in takings if one.hold is None and not planned.opening])
        if hold is not None:
            self._put(tx, hold, batch, actor)
        return _report(planned, batch.id, {one.line: at for one, at in zip(takings, persons, strict=True)}, hold)

    def rehearse(self, tx: Tx, sheet: Sheet, actor: Actor) -> tuple[Report, list[str]]:
        """The preview, and the ids of all whom it concerns once everything in it is carried out, what would wait too: for
        a transaction that is not kept. Raises as `take` does."""
        planned = self._plan(tx, sheet)
        takings = planned.takings
        batch = _batch(tx, _report(planned, None, {}), actor)
        rows_store.add_batch(tx, batch)
        persons = self._persons.carry_out_all(tx, takings, batch.id, actor) if takings else []
        return _report(planned, None, {}), persons

    def _count(self, tx: Tx, plans: Sequence[Plan]) -> None:
        more, less = swayed(plans)
        self._holds.passed(tx, HoldKind.BATCH, more=more, less=less)

    def _put(self, tx: Tx, hold: str, batch: Batch, actor: Actor) -> None:
        zone = self._campuses.current(tx).zone
        held = self._persons.held(tx, hold, zone).plans
        self._holds.put(tx, waits(HoldKind.BATCH, batch.name, held, batch.id), actor, hold)

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
        taken = rows_store.taken_notices(tx, [one.notice for one in announcements.values()])
        kept = {
            line: before
            for line, one in announcements.items()
            if (before := taken.get(one.notice)) is not None and before.standing in (Standing.HELD, Standing.REFUSED)
        }
        whole = _Planned(
            sheet.name, sheet.digest, columns, rows, refused, repeated, planned, kept, FREE, not hold_rows.anybody(tx)
        )
        return replace(whole, weight=self._weigh(tx, whole, campus))

    def _weigh(self, tx: Tx, planned: _Planned, campus: Campus) -> Weight:
        """Which part of a sheet has to wait."""
        more, less = swayed(one.plan for one in planned.takings)
        if planned.opening or not (more or less):
            return FREE
        people = hold_rows.people_staying(tx, tx.now.astimezone(campus.zone).date()) if less else 0
        return self._holds.weigh(tx, campus.hold_limits, HoldKind.BATCH, more=more, less=less, people=people)

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


def _report(planned: _Planned, batch: str | None, persons: Mapping[int | None, str], hold: str | None = None) -> Report:
    lines: dict[int, Line] = {}
    for row in planned.rows:
        lines[row.line] = _line(row, planned, persons, lines, hold)
    return Report(batch, planned.name, planned.digest, tuple(lines.values()), planned.columns.warnings)


def _line(
    row: Row, planned: _Planned, persons: Mapping[int | None, str], above: Mapping[int, Line], hold: str | None
) -> Line:
    faults = row.faults or planned.refused.get(row.line, ())
    if faults:
        return Line(row.line, row.no, Effect.REFUSED, faults=faults)
    if row.line in planned.echoes:
        return _echo(row, above[planned.echoes[row.line]])
    _, plan = planned.plans[row.line]
    person = plan.person.id if plan.person else persons.get(row.line)
    if row.line in planned.kept:
        return _kept(row, person, planned.kept[row.line])
    if plan.refusal is not None:
        header = _BLAMED.get(type(plan.refusal), Header.ARRIVAL)
        return Line(row.line, row.no, Effect.REFUSED, person, faults=(planned.columns.fault(header, plan.refusal),))
    if plan.effect in _DOING and planned.has_to_wait(plan):
        waiting = note(WAITS_NOW, hold=hold) if hold else note(WOULD_WAIT)
        return Line(row.line, row.no, Effect.HELD, person, plan.fields, notes=(*plan.notes, waiting))
    return Line(row.line, row.no, plan.effect, person, plan.fields, notes=plan.notes)


def _kept(row: Row, person: str | None, notice: Notice) -> Line:
    """A row that an earlier taking of this very file left waiting, or saw refused."""
    hold = notice.hold or "–"
    if notice.standing is Standing.HELD:
        return Line(row.line, row.no, Effect.HELD, person, notes=(note(WAITS_ALREADY, hold=hold),))
    return Line(row.line, row.no, Effect.SAME, person, notes=(note(TURNED_DOWN, hold=hold),))


def _echo(row: Row, first: Line) -> Line:
    """A row that repeats another fares as that one, and adds nothing."""
    effect = first.effect if first.effect in (Effect.REFUSED, Effect.HELD) else Effect.SAME
    said: tuple[Said, ...] = (note(ECHO, other=first.line),)
    return Line(row.line, row.no, effect, first.person, faults=first.faults, notes=said)
