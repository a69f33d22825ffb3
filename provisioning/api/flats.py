"""Flats: who waits, who is offered which, who has which. Offers are made by points order; operators answer them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.seats import AllotmentChange, AllotmentShape, ClosingReason, ClosureShape, HolderShape, handed
from provisioning.api.shapes import DryRun, No, Shape
from provisioning.campus.file import Block
from provisioning.space.asks import UnitKind
from provisioning.space.views import UnitView, offers, queue, views
from provisioning.store.units import Placed

router = APIRouter(tags=["flats"], responses=responses(401, 403, 404, 409, 422))

Flat = Annotated[str, Path(description="The flat's id in the campus file", max_length=64, examples=["h1-1-101"])]


class FlatShape(Shape):
    """One flat."""

    unit: str
    block: str
    name: dict[str, str] = Field(description="The block's name")
    building: str
    tier: str
    state: str = Field(description="vacant, offered, held or closed")
    no: str | None = Field(description="Whose it is, or to whom it is offered: the staff number")
    since: datetime | None
    until: datetime | None = Field(description="Until when an offer waits for an answer")
    reason: str | None = Field(description="Why it is closed; who holds it keeps it")


@router.get("/flats", summary="List flats", dependencies=[may("flat.read")])
def list_flats(
    rooms: House,
    blocks: Annotated[
        list[str], Query(alias="block", description="Only of these blocks; all where none is named")
    ] = [],  # noqa: B006 - FastAPI reads a default and never changes it
    *,
    vacant: Annotated[bool, Query(description="Only those that may be offered now")] = False,
) -> list[FlatShape]:
    """Every flat in the order of the campus file, and whose it is."""
    with rooms.store.reading() as tx:
        named = frozenset(blocks) or None
        found = views(tx, rooms.campuses.current(tx), UnitKind.FLAT, named, vacant_only=vacant)
    return [_flat(each) for each in found]


@router.get("/flats/queue", summary="Who waits for a flat", dependencies=[may("flat.read")])
def flat_queue(rooms: House) -> list[HolderShape]:
    """Who let no offer pass before who did; by points, the most first; of equal points who asked first.

    For each kind of flat the first are offered the next that is vacant.
    """
    with rooms.store.reading() as tx:
        return [_holder(each) for each in queue(tx, UnitKind.FLAT)]


@router.get("/flats/offers", summary="Flats that are offered", dependencies=[may("flat.read")])
def flat_offers(rooms: House) -> list[HolderShape]:
    """Offers that wait for an answer, by flat."""
    with rooms.store.reading() as tx:
        return [_holder(each) for each in offers(tx)]


@router.post("/persons/{no}/flat/accept", summary="Accept the flat that is offered")
def accept_flat(
    rooms: House, asker: Annotated[Asker, may("flat.write")], no: No, *, dry_run: DryRun = False
) -> AllotmentChange:
    """The flat is theirs, and its lock opens to their card."""
    return handed(
        rooms, asker, no, lambda tx, person: rooms.allotments.accept(tx, person, asker.actor), dry_run=dry_run
    )


@router.post("/persons/{no}/flat/decline", summary="Decline the flat that is offered")
def decline_flat(
    rooms: House, asker: Annotated[Asker, may("flat.write")], no: No, *, dry_run: DryRun = False
) -> AllotmentChange:
    """They are offered none again until somebody asks anew for them; the flat goes to the next."""
    return handed(
        rooms, asker, no, lambda tx, person: rooms.allotments.decline(tx, person, asker.actor), dry_run=dry_run
    )


@router.post("/persons/{no}/flat/free", summary="Give a flat back")
def free_flat(
    rooms: House, asker: Annotated[Asker, may("flat.write")], no: No, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Somebody moves out: the lock forgets them, and the flat goes to the next."""
    return handed(
        rooms,
        asker,
        no,
        lambda tx, person: rooms.allotments.free(tx, UnitKind.FLAT, person, asker.actor),
        dry_run=dry_run,
    )


@router.post("/persons/{no}/flat/ask", summary="Ask for a flat anew")
def ask_flat(
    rooms: House, asker: Annotated[Asker, may("flat.write")], no: No, *, dry_run: DryRun = False
) -> AllotmentChange:
    """Put somebody who declined, or gave theirs back, into the queue again."""
    return handed(
        rooms,
        asker,
        no,
        lambda tx, person: rooms.allotments.ask(tx, UnitKind.FLAT, person, asker.actor),
        dry_run=dry_run,
    )


@router.post("/flats/{flat}/close", summary="Close a flat")
def close_flat(
    rooms: House, asker: Annotated[Asker, may("flat.write")], flat: Flat, why: ClosingReason, *, dry_run: DryRun = False
) -> ClosureShape:
    """Have nobody offered it from now on; an offer of it is taken back, and who holds it keeps it."""
    with act(rooms.store, dry_run=dry_run) as tx:
        campus = rooms.campuses.current(tx)
        return ClosureShape.of(rooms.allotments.close(tx, campus, UnitKind.FLAT, flat, why.reason, asker.actor))


@router.post("/flats/{flat}/open", summary="Open a closed flat")
def open_flat(
    rooms: House, asker: Annotated[Asker, may("flat.write")], flat: Flat, *, dry_run: DryRun = False
) -> ClosureShape:
    """Let it be offered again."""
    with act(rooms.store, dry_run=dry_run) as tx:
        campus = rooms.campuses.current(tx)
        return ClosureShape.of(rooms.allotments.open(tx, campus, UnitKind.FLAT, flat, asker.actor))


def _holder(each: Placed) -> HolderShape:
    return HolderShape(**AllotmentShape.of(each.allotment).model_dump(), no=each.no)


def _flat(found: UnitView) -> FlatShape:
    block = found.place
    if not isinstance(block, Block):
        raise TypeError(f"{found.unit} is no flat")
    return FlatShape(
        unit=found.unit,
        block=block.id,
        name=dict(block.name),
        building=block.building,
        tier=block.tier,
        state=found.state.value,
        no=found.no,
        since=found.since,
        until=found.until,
        reason=found.reason,
    )
