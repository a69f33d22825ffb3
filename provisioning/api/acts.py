"""Acts: a door is opened once, or its reader is given a key, or neither at all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.nouns.conditions import DoorAct
from provisioning.store import people
from provisioning.store.engine import Tx

router = APIRouter(tags=["acts"], responses=responses(401, 403, 404, 422))


class OpenOrder(BaseModel):
    """Why a door is opened, and how long the order may wait for its panel."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=1000, description="Kept in the story", examples=["the courier at the gate"])
    within_s: int = Field(default=10, ge=1, le=60, description="Seconds after which it is not sent any more")


class PairOrder(BaseModel):
    """Why a reader is given a key, which of a door's two, and how long the order may wait for its gateway."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=1000, description="Kept in the story", examples=["a new reader"])
    way_out: bool = Field(default=False, description="The reader by which people leave, where the door has two")
    within_s: int = Field(default=10, ge=1, le=60, description="Seconds after which it is not sent any more")


class ActShape(Shape):
    """One act. It is sent at most once, and never again by itself."""

    id: str
    target: str
    door: str
    kind: str = Field(description="open, or pair: a reader was given its key", examples=["open"])
    at: datetime
    until: datetime
    operator: str
    reason: str
    no: str | None = Field(description="For whom, where a swipe led to it")
    state: str = Field(description="waiting, begun, done, refused, expired, or unknown: it may have been done")
    begun: datetime | None
    ended: datetime | None
    said: str | None = Field(description="Why it was not done, or is not known, in the reader's language")


@router.post("/doors/{door}/open", summary="Open a door once")
def open_door(
    rooms: House,
    asker: Annotated[Asker, may("door.open")],
    door: Annotated[str, Path(description="A door of the campus file", max_length=64, examples=["a-1-east"])],
    told: OpenOrder,
    *,
    dry_run: DryRun = False,
) -> ActShape:
    """Have a door opened ahead of all other work, at most once. Ask again with its id for what came of it."""
    with act(rooms.store, dry_run=dry_run) as tx:
        made = rooms.conditions.open_door(tx, door, asker.actor, told.reason, told.within_s)
        return _shape(tx, made, asker)


@router.post("/doors/{door}/pair", summary="Pair a reader", responses=responses(409))
def pair_reader(
    rooms: House,
    asker: Annotated[Asker, may("door.pair")],
    door: Annotated[str, Path(description="A door of the campus file", max_length=64, examples=["a-3-stacks"])],
    told: PairOrder,
    *,
    dry_run: DryRun = False,
) -> ActShape:
    """Have a door's reader on a serial line, which must be in install mode, given a key of its own."""
    with act(rooms.store, dry_run=dry_run) as tx:
        made = rooms.conditions.pair_reader(tx, door, asker.actor, told.reason, told.within_s, way_out=told.way_out)
        return _shape(tx, made, asker)


@router.get("/acts/{act}", summary="Show an act")
def show(
    rooms: House,
    asker: Annotated[Asker, may("act.read")],
    named: Annotated[str, Path(alias="act", max_length=64)],
) -> ActShape:
    """What came of it by now."""
    with rooms.store.reading() as tx:
        return _shape(tx, rooms.delivery.acts.act(tx, named), asker)


@router.get("/acts", summary="List acts")
def list_acts(
    rooms: House,
    asker: Annotated[Asker, may("act.read")],
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[ActShape]:
    """The latest first, those by which the hub let exempt people in during a lockdown, too."""
    with rooms.store.reading() as tx:
        return [_shape(tx, each, asker) for each in rooms.delivery.acts.latest(tx, limit)]


def _shape(tx: Tx, made: DoorAct, asker: Asker) -> ActShape:
    holder = None if made.person is None else people.persons(tx, [made.person]).get(made.person)
    return ActShape(
        id=made.id,
        target=made.target,
        door=made.door,
        kind=made.kind,
        at=made.at,
        until=made.until,
        operator=made.operator,
        reason=made.reason,
        no=None if holder is None else holder.no,
        state=made.state.value,
        begun=made.begun,
        ended=made.ended,
        said=None if made.said is None else asker.say(made.said),
    )
