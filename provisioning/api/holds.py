"""Changes of mind that wait for a second person: shown, approved, refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.looking import looking
from provisioning.api.previews import PreviewShape, shown_to
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import DryRun, Shape
from provisioning.grants.differences import PlanChanged
from provisioning.grants.proposals import Decided
from provisioning.holds.holds import REASON_CHARACTERS_MAX
from provisioning.nouns.minds import Hold, HoldState
from provisioning.operators.permits import PERMITS, permit

router = APIRouter(tags=["holds"], responses=responses(401, 403, 422))

HoldId = Annotated[str, Path(description="The hold's id", max_length=64)]


class HoldShape(Shape):
    """A change of mind that waits for a second person (待核), or waited."""

    id: str
    kind: str = Field(description="batch, notices, rules or campus")
    name: str = Field(description="The file or the sender")
    proposed_by: str
    at: datetime
    more: int = Field(description="People who gain by it")
    less: int = Field(description="People who lose by it")
    batch: str | None = Field(description="The batch of which it is a part")
    state: str = Field(description="open, approved or refused")
    decided_by: str | None
    decided: datetime | None
    reason: str | None = Field(description="Why it was refused")


class HeldRow(Shape):
    """One notice that waits, and what taking it does."""

    line: int | None
    no: str | None = Field(description="Staff number (工号)")
    kind: str
    effect: str
    sways: str = Field(description="more, less or neither")
    fields: list[str]
    revoked: datetime | None = Field(None, description="When people last revoked a stay of this person")


class HoldDetail(HoldShape):
    """A hold with all that it would do now."""

    preview: PreviewShape | None = Field(description="Null once it is decided")
    rows: list[HeldRow] = Field(description="The notices that wait, for a batch or a sender")
    text: str | None = Field(description="The rules or the campus file that wait")


class HoldDecision(Shape):
    """What became of a hold."""

    dry_run: bool
    hold: HoldShape
    people: int = Field(description="People whose notices took effect")


class Refusing(BaseModel):
    """Why a hold is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS_MAX)


@router.get("/holds", summary="List holds")
def list_holds(
    rooms: House,
    asker: Annotated[Asker, may("hold.read")],
    *,
    everything: Annotated[bool, Query(alias="all", description="Those that were decided, too")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[HoldShape]:
    """The newest first."""
    with rooms.store.reading() as tx:
        found = rooms.holds.all(tx, limit) if everything else rooms.holds.open(tx)[:limit]
    return [_shape(each, asker) for each in found]


@router.get("/holds/{hold}", summary="Show a hold", responses=responses(404))
def show_hold(rooms: House, asker: Annotated[Asker, may("hold.read")], hold: HoldId) -> HoldDetail:
    """What waits, and what it would do now: worked out by going through it, and keeping nothing."""
    with rooms.store.reading() as tx:
        found = rooms.holds.get(tx, hold)
    preview = _preview(rooms, found, asker) if found.state is HoldState.OPEN else None
    rows = _rows(found.plan) if _sees_people(asker) else []
    return HoldDetail(**_shape(found, asker).model_dump(), preview=preview, rows=rows, text=found.payload)


@router.post("/holds/{hold}/approve", summary="Approve a hold", responses=responses(404, 409, 422))
def approve(
    rooms: House, asker: Annotated[Asker, may("hold.decide")], hold: HoldId, *, dry_run: DryRun = False
) -> HoldDecision:
    """Carry out what waits; nobody approves their own proposal. Where it would do something else by now than was shown,
    nothing is done: the answer is 409 `plan-changed` with the differences, and the new plan is shown from then on."""
    with looking(rooms, asker.actor, dry_run=dry_run) as (tx, people):
        found = rooms.holds.get(tx, hold)
        permit(asker.operator, f"hold.{found.kind.value}")
        decided = rooms.proposals.approve(tx, found, asker.actor)
        people.extend(decided.people)
    if decided.before is not None:
        raise PlanChanged(decided.before, decided.hold)
    return _decision(decided, asker, dry_run=dry_run)


@router.post("/holds/{hold}/refuse", summary="Refuse a hold", responses=responses(404, 409, 422))
def refuse(
    rooms: House, asker: Annotated[Asker, may("hold.decide")], hold: HoldId, why: Refusing, *, dry_run: DryRun = False
) -> HoldDecision:
    """Nothing comes of what waits. Whoever proposed it may refuse it, too."""
    with act(rooms.store, dry_run=dry_run) as tx:
        found = rooms.holds.get(tx, hold)
        permit(asker.operator, f"hold.{found.kind.value}")
        decided = rooms.proposals.refuse(tx, found, asker.actor, why.reason)
    return _decision(decided, asker, dry_run=dry_run)


def _preview(rooms: Rooms, hold: Hold, asker: Asker) -> PreviewShape:
    with rooms.store.rehearsing() as tx, rooms.store.reading() as present:
        return shown_to(asker, rooms.proposals.preview_hold(tx, present, hold, asker.actor))


def _shape(hold: Hold, asker: Asker) -> HoldShape:
    shape = HoldShape.of(hold)
    return shape if hold.reason is None else shape.model_copy(update={"reason": asker.say(hold.reason)})


def _rows(plan: Mapping[str, Any]) -> list[HeldRow]:
    names = HeldRow.model_fields
    return [HeldRow.model_validate({name: row.get(name) for name in names}) for row in plan.get("rows", ())]


def _sees_people(asker: Asker) -> bool:
    return bool(asker.operator.roles & PERMITS["person.read"])


def _decision(decided: Decided, asker: Asker, *, dry_run: bool) -> HoldDecision:
    return HoldDecision(dry_run=dry_run, hold=_shape(decided.hold, asker), people=len(decided.people))
