"""HR sheets: previewed, taken, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import Response
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.looking import looking
from provisioning.api.previews import PreviewShape, shown_to
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import Shape
from provisioning.intake.mapping import read_mapping
from provisioning.intake.report import Report, placed
from provisioning.intake.sheet import Sheet, read_sheet, shown
from provisioning.nouns.minds import HoldState
from provisioning.nouns.people import Batch
from provisioning.nouns.refusals import NotFound
from provisioning.store import intake as rows
from provisioning.store import people as people_rows
from provisioning.store.engine import Tx

router = APIRouter(tags=["hr"], responses=responses(401, 403, 422))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LineShape(Shape):
    """How one row of the sheet fares."""

    sheet: str | None = Field(description="The sheet, where people stand on more than one of the file")
    line: int = Field(description="The row's number in the sheet")
    no: str | None = Field(description="Staff number (工号)")
    outcome: str = Field(description="new, same, changed, refused, or held: it waits for a second person")
    fields: list[str] = Field(description="What changes")
    sentences: list[str] = Field(
        description="Why it is refused, by column, and how to cure it; or what is worth knowing"
    )


class ReportShape(Shape):
    """How a sheet fares; a preview and the import of one sheet say the same."""

    batch: str | None = Field(description="Null where nothing was kept")
    dry_run: bool
    name: str
    counts: dict[str, int]
    warnings: list[str]
    lines: list[LineShape]
    hold: str | None = Field(description="The hold as which a part of it waits for a second person")
    preview: PreviewShape | None = Field(
        description="In a dry run: the rights that people gain and lose by all of it, with what would wait"
    )


class BatchShape(Shape):
    """One sheet that was taken."""

    id: str
    name: str
    digest: str = Field(description="SHA-256 of the file, followed by its mapping where it had one")
    operator: str
    at: datetime
    taken: int
    same: int
    refused: int
    held: int = Field(description="Rows that were put in a hold, to wait for a second person")
    hold: str | None = Field(description="That hold")
    hold_state: str | None = Field(description="open, approved or refused; where it is approved, its rows took effect")


class BatchProgress(BatchShape):
    """One sheet that was taken, and how far its people were looked at."""

    people: int
    waiting: int = Field(description="Those whose rights are still to be decided")


@router.post("/hr/batches", summary="Take an HR sheet, or preview it", responses=responses(409, 413, 422))
def take(
    rooms: House,
    asker: Annotated[Asker, may("hr.import")],
    file: Annotated[UploadFile, File(description="Excel (.xlsx) or CSV, headed as by GET /hr/template or otherwise")],
    mapping: Annotated[UploadFile | None, File(description="YAML: what the office calls columns and values")] = None,
    *,
    dry_run: Annotated[bool, Query(description="Say what taking it would do, and keep nothing")] = False,
) -> ReportShape:
    """Check every row, take those that are sound, refuse the others by line and column. Twice is the same as once."""
    sheet = _sheet(file, mapping)
    if dry_run:
        with rooms.store.rehearsing() as tx, rooms.store.reading() as present:
            report, preview = rooms.proposals.preview_sheet(tx, present, sheet, asker.actor)
        return _report(placed(report, sheet), asker, preview=shown_to(asker, preview))
    with looking(rooms, asker.actor) as (tx, people):
        report = rooms.intake.take(tx, sheet, asker.actor)
        hold = _hold_of(tx, rooms, report)
        people.extend(report.people)
    return _report(placed(report, sheet), asker, hold=hold)


@router.get("/hr/batches", summary="List batches", dependencies=[may("hr.read")])
def batches(
    rooms: House,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[BatchShape]:
    """The last sheets that were taken, newest first."""
    with rooms.store.reading() as tx:
        return [_batch(tx, rooms, each) for each in rows.batches(tx, limit)]


@router.get("/hr/batches/{batch}", summary="Show one batch", responses=responses(404), dependencies=[may("hr.read")])
def show_batch(rooms: House, batch: str) -> BatchProgress:
    """One sheet that was taken."""
    with rooms.store.reading() as tx:
        found: Batch | None = rows.batch_of(tx, batch)
        if found is None:
            raise NotFound(what="batch", name=batch, where="foyer hr batches")
        told = _batch(tx, rooms, found).model_dump()
        people = people_rows.persons_of_batch(tx, batch)
        waiting = sum(person.due is not None and person.due <= people_rows.soon(tx) for person in people)
    return BatchProgress(**told, people=len(people), waiting=waiting)


@router.get(
    "/hr/template",
    summary="An empty sheet",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
    dependencies=[may("hr.read")],
)
def empty_sheet() -> Response:
    """A workbook with the headers, an example and notes."""
    from provisioning.intake.template import template  # what writes workbooks is a tenth of a hub's start

    named = {"Content-Disposition": 'attachment; filename="foyer-hr.xlsx"'}
    return Response(template(), media_type=XLSX, headers=named)


def _sheet(file: UploadFile, mapping: UploadFile | None) -> Sheet:
    data, name = file.file.read(), file.filename or "sheet"
    if mapping is None:
        return read_sheet(data, name)
    told = mapping.file.read()
    return read_sheet(data, name, told, read_mapping(told, shown(mapping.filename or "mapping")))


def _hold_of(tx: Tx, rooms: Rooms, report: Report) -> str | None:
    """The hold as which a part of a batch waits."""
    if report.batch is None:
        return None
    waiting = [each.id for each in rooms.holds.of_batch(tx, report.batch) if each.state is HoldState.OPEN]
    return waiting[0] if waiting else None


def _batch(tx: Tx, rooms: Rooms, batch: Batch) -> BatchShape:
    told = {name: getattr(batch, name) for name in Batch.__slots__}
    holds = rooms.holds.of_batch(tx, batch.id)
    if not holds:
        return BatchShape(**told, held=0, hold=None, hold_state=None)
    plans = (each.plan.get("rows") for each in holds)
    held = sum(len(told_rows) for told_rows in plans if isinstance(told_rows, list))
    return BatchShape(**told, held=held, hold=holds[-1].id, hold_state=holds[-1].state.value)


def _report(
    report: Report, asker: Asker, *, hold: str | None = None, preview: PreviewShape | None = None
) -> ReportShape:
    lines = [
        LineShape(
            sheet=each.sheet,
            line=each.line,
            no=each.no,
            outcome=each.effect.value,
            fields=list(each.fields),
            sentences=list(each.sentences(asker.language)),
        )
        for each in report.lines
    ]
    return ReportShape(
        batch=report.batch,
        dry_run=preview is not None,
        name=report.name,
        counts={effect.value: count for effect, count in report.counts.items()},
        warnings=[asker.say(each.template, **dict(each.fields)) for each in report.warnings],
        lines=lines,
        hold=hold,
        preview=preview,
    )
