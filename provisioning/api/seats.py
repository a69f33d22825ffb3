"""Seats: whose each is, and what operators decide of them. What follows for registers and doors is decided in the same
transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import DryRun, EffectShape, No, Shape
from provisioning.campus.file import Office
from provisioning.nouns.people import Person
from provisioning.nouns.units import Allotment
from provisioning.space.asks import UnitKind
from provisioning.space.views import UnitView, history, view, views
from provisioning.store.engine import Tx

router = APIRouter(tags=["seats"], responses=responses(401, 403, 404, 409, 422))
PDF = "application/pdf"
BASE_CHARS_MAX = 200

Seat = Annotated[str, Path(description="The seat's id", max_length=80, examples=["a-201-01"])]
Offices = Annotated[list[str], Query(alias="office", description="Only of these offices; all where none is named")]


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("blank", "blank")
    return text.strip()


class SeatChoice(BaseModel):
    """The seat that somebody is to have."""

    model_config = ConfigDict(extra="forbid")

    seat: str = Field(max_length=80, examples=["a-201-01"])


class MoveChoice(BaseModel):
    """Where somebody is to move."""

    model_config = ConfigDict(extra="forbid")

    seat: str | None = Field(
        default=None, max_length=80, description="The vacant seat nearest to where they work now, if none is named"
    )


class SwapPartner(BaseModel):
    """With whom somebody is to change seats."""

    model_config = ConfigDict(extra="forbid")

    other: str = Field(description="Staff number (工号)", max_length=64)


class ClosingReason(BaseModel):
    """Why nobody may be given a unit."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, AfterValidator(_printable)] = Field(max_length=200, examples=["water damage"])


class WorkShape(Shape):
    """Where somebody works."""

    department: str
    area: str


class SeatShape(Shape):
    """One seat."""

    unit: str
    office: str
    name: dict[str, str] = Field(description="The office's name")
    building: str
    floor: int
    area: str
    department: str | None
    state: str = Field(description="vacant, held or closed")
    no: str | None = Field(description="Whose it is: the staff number")
    since: datetime | None
    reason: str | None = Field(description="Why it is closed; who holds it keeps it until they are moved")
    elsewhere: WorkShape | None = Field(description="Where its holder works now, if that is not where the seat is")


class AllotmentShape(Shape):
    """Who had a unit, or waits for one, and since when."""

    id: str
    unit: str | None
    ask: str = Field(examples=["seat:near-department"])
    state: str = Field(description="queued, offered, held or waived (given up)")
    points: int
    asked: datetime
    offered_until: datetime | None
    held: datetime | None
    ended: datetime | None
    by: str
    lapses: int = Field(description="Offers that they let pass since they last held one")


class HolderShape(AllotmentShape):
    """An allotment, and whose it is."""

    no: str = Field(description="Staff number (工号)")


class SeatHistory(SeatShape):
    """One seat, and whose it was."""

    holders: list[HolderShape]


class AllotmentChange(Shape):
    """What became of seats or flats, and what follows."""

    dry_run: bool
    allotments: list[AllotmentShape]
    effect: EffectShape


class ClosureShape(Shape):
    """A unit that nobody may be given, from `at` until `ended`."""

    unit: str
    reason: str
    by: str
    at: datetime
    ended: datetime | None


@router.get("/seats", summary="List seats", dependencies=[may("seat.read")])
def list_seats(
    rooms: House,
    offices: Offices = [],  # noqa: B006 - FastAPI reads a default and never changes it
    *,
    vacant: Annotated[bool, Query(description="Only those that may be given now")] = False,
    elsewhere: Annotated[bool, Query(description="Only those whose holder works elsewhere by now")] = False,
) -> list[SeatShape]:
    """Every seat in the order of the campus file, and whose it is."""
    with rooms.store.reading() as tx:
        named = frozenset(offices) or None
        found = views(tx, rooms.campuses.current(tx), UnitKind.SEAT, named, vacant_only=vacant)
    return [_seat(each) for each in found if not elsewhere or each.works is not None]


@router.get(
    "/seats/labels",
    summary="Labels for seats",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}} | responses(503),
    dependencies=[may("seat.labels")],
)
def labels(
    rooms: House,
    request: Request,
    offices: Offices = [],  # noqa: B006 - FastAPI reads a default and never changes it
    base: Annotated[
        str | None,
        Query(
            description="Where phones reach this hub; else the address of this request",
            max_length=BASE_CHARS_MAX,
            pattern=r"^https?://[!-~]+$",
            examples=["https://foyer.example"],
        ),
    ] = None,
) -> Response:
    """A PDF of A4 sheets, three by eight, with cut marks: office and seat in Chinese, and a signed QR code."""
    with rooms.store.reading() as tx:
        campus = rooms.campuses.current(tx)
        found = views(tx, campus, UnitKind.SEAT, frozenset(offices) or None)
    sheet = rooms.labels.sheet(campus, [each.unit for each in found], base or str(request.base_url))
    named = {"Content-Disposition": 'attachment; filename="foyer-labels.pdf"'}
    return Response(sheet, media_type=PDF, headers=named)


@router.get("/seats/{seat}", summary="Show one seat", dependencies=[may("seat.read")])
def show_seat(rooms: House, seat: Seat) -> SeatHistory:
    """One seat, and whose it is and was, the latest first."""
    with rooms.store.reading() as tx:
        found = view(tx, rooms.campuses.current(tx), UnitKind.SEAT, seat)
        holders = history(tx, UnitKind.SEAT, seat)
    told = [HolderShape(**AllotmentShape.of(each.allotment).model_dump(), no=each.no) for each in holders]
    return SeatHistory(**_seat(found).model_dump(), holders=told)


@router.post("/persons/{no}/seat", summary="Give a seat")
def allot_seat(
    rooms: House, asker: Annotated[Asker, may("seat.write")], no: No, choice: SeatChoice, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Give a seat to somebody who is entitled to one and has none; of two who give one seat, the first wins."""
    return handed(
        rooms,
        asker,
        no,
        lambda tx, person: rooms.allotments.allot(tx, rooms.campuses.current(tx), person, choice.seat, asker.actor),
        dry_run=dry_run,
    )


@router.post("/persons/{no}/seat/move", summary="Move somebody to another seat")
def move_seat(
    rooms: House, asker: Annotated[Asker, may("seat.write")], no: No, choice: MoveChoice, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Give another seat in place of somebody's; theirs is vacant from then on. Who is nearest already stays."""
    return handed(
        rooms,
        asker,
        no,
        lambda tx, person: rooms.allotments.move(tx, rooms.campuses.current(tx), person, choice.seat, asker.actor),
        dry_run=dry_run,
    )


@router.post("/persons/{no}/seat/swap", summary="Have two people change seats")
def swap_seats(
    rooms: House, asker: Annotated[Asker, may("seat.write")], no: No, partner: SwapPartner, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Both seats are given up before either is taken."""
    with act(rooms.store, dry_run=dry_run) as tx:
        one, other = rooms.persons.get(tx, no), rooms.persons.get(tx, partner.other)
        rows = rooms.allotments.swap(tx, one, other, asker.actor)
        effect = rooms.grants.look(tx, [one.id, other.id], asker.actor)
    return change(dry_run, effect, *rows)


@router.post("/persons/{no}/seat/free", summary="Take a seat from somebody")
def free_seat(
    rooms: House, asker: Annotated[Asker, may("seat.write")], no: No, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Free somebody's seat; they get none again until one is given to them, or asked for."""
    return handed(
        rooms,
        asker,
        no,
        lambda tx, person: rooms.allotments.free(tx, UnitKind.SEAT, person, asker.actor),
        dry_run=dry_run,
    )


@router.post("/persons/{no}/seat/ask", summary="Ask for a seat anew")
def ask_seat(
    rooms: House, asker: Annotated[Asker, may("seat.write")], no: No, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Have somebody whose seat was freed wait for one again; a vacant one is given within a minute."""
    return handed(
        rooms,
        asker,
        no,
        lambda tx, person: rooms.allotments.ask(tx, UnitKind.SEAT, person, asker.actor),
        dry_run=dry_run,
    )


@router.post("/seats/{seat}/close", summary="Close a seat")
def close_seat(
    rooms: House, asker: Annotated[Asker, may("seat.write")], seat: Seat, why: ClosingReason, *, dry_run: DryRun = False
) -> ClosureShape:
    """Have nobody given it from now on; whoever holds it keeps it until they are moved."""
    with act(rooms.store, dry_run=dry_run) as tx:
        campus = rooms.campuses.current(tx)
        return ClosureShape.of(rooms.allotments.close(tx, campus, UnitKind.SEAT, seat, why.reason, asker.actor))


@router.post("/seats/{seat}/open", summary="Open a closed seat")
def open_seat(
    rooms: House, asker: Annotated[Asker, may("seat.write")], seat: Seat, *, dry_run: DryRun = False
) -> ClosureShape:
    """Let it be given again."""
    with act(rooms.store, dry_run=dry_run) as tx:
        campus = rooms.campuses.current(tx)
        return ClosureShape.of(rooms.allotments.open(tx, campus, UnitKind.SEAT, seat, asker.actor))


def handed(
    rooms: Rooms, asker: Asker, no: str, does: Callable[[Tx, Person], Allotment], *, dry_run: bool
) -> AllotmentChange:
    """Have one act done to one person's unit, look at them again, and answer with what it left."""
    with act(rooms.store, dry_run=dry_run) as tx:
        person = rooms.persons.get(tx, no)
        row = does(tx, person)
        effect = rooms.grants.look(tx, [person.id], asker.actor, row.id)
    return change(dry_run, effect, row)


def change(dry_run: bool, effect: object, *rows: Allotment) -> AllotmentChange:  # noqa: FBT001 - named as in every answer
    """What an act left, as the API answers it."""
    allotments = [AllotmentShape.of(row) for row in rows]
    return AllotmentChange(dry_run=dry_run, allotments=allotments, effect=EffectShape.of(effect))


def _seat(found: UnitView) -> SeatShape:
    office = found.place
    if not isinstance(office, Office):
        raise TypeError(f"{found.unit} is no seat")
    return SeatShape(
        unit=found.unit,
        office=office.id,
        name=dict(office.name),
        building=office.building,
        floor=office.floor,
        area=office.area,
        department=office.department,
        state=found.state.value,
        no=found.no,
        since=found.since,
        reason=found.reason,
        elsewhere=None if found.works is None else WorkShape.of(found.works),
    )
