"""Targets: how they fare, and what they held without anybody wanting it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.store import rights

router = APIRouter(tags=["targets"], responses=responses(401, 403, 422))

Target = Annotated[str, Path(max_length=64, examples=["a-1"])]


class TargetShape(Shape):
    """How one target fares."""

    id: str
    kind: str
    name: dict[str, str]
    building: str
    active: bool = Field(description="False once it left the campus file: what it holds is still taken away")
    records: int = Field(description="Records that it should hold")
    dirty: int = Field(description="Records that are not proved as wanted")
    refused: int = Field(description="Those of them that the target refused")
    seen: datetime | None
    read: datetime | None = Field(description="When it was last read in full")
    due: datetime | None = Field(description="When it is worked on next")
    unreachable: str | None = Field(description="Why it cannot be reached; null where it can")
    unreachable_since: datetime | None
    reading_since: datetime | None = Field(description="Since when it is being read in full, piece by piece; else null")
    reading_found: int | None = Field(description="How much that has found so far")
    gateway: str | None = Field(description="The id of the gateway that has it; null for the hub's own")
    heir: str | None = Field(description="Who gets it once it is let go: a gateway, or `embedded`; null for nobody")
    term_until: datetime | None = Field(description="Until when its gateway may work it without the hub")


class WaitingShape(Shape):
    """One setting that is not proved: a door, a schedule, a reader of a serial line."""

    key: str = Field(examples=["reader:2"])
    reason: str | None = Field(description="Why, in the reader's language; null where it was not tried yet")


class ReachingTarget(TargetShape):
    """How one target fares, until when it would open by itself if nobody wrote to it any more, and what it waits for."""

    dates_from: datetime | None = Field(description="When the first of the records that it holds runs out by itself")
    dates_until: datetime | None = Field(description="When the last of them does: its configuration expires then")
    waiting: list[WaitingShape] = Field(description="Its settings that are not proved; nobody's card is among them")


class DriftShape(Shape):
    """One thing that a target held or lacked, against what was proved."""

    id: str
    target: str
    key: str
    kind: str = Field(description="foreign, altered or missing")
    found: str | None
    proved: str | None
    at: datetime
    righted: datetime | None


@router.get("/targets", summary="List targets", dependencies=[may("targets.read")])
def list_targets(rooms: House) -> list[TargetShape]:
    """Every target, by id."""
    with rooms.store.reading() as tx:
        return [TargetShape.of(each) for each in rooms.delivery.targets(tx)]


@router.get("/targets/{target}", summary="Show one target", responses=responses(404))
def show_target(rooms: House, asker: Annotated[Asker, may("targets.read")], target: Target) -> ReachingTarget:
    """One target, how far the dates of what it holds reach, and what it is not set to yet."""
    with rooms.store.reading() as tx:
        shape = TargetShape.of(rooms.delivery.target(tx, target))
        reach = rooms.readiness.reach(tx, target)
        owing = [row for row in rights.records_unheld(tx) if row.target == target and row.dirty]
    waiting = [
        WaitingShape(key=row.key, reason=None if why is None else asker.say(why))
        for row in owing
        for why in (row.refused or row.reason,)
    ]
    return ReachingTarget(**shape.model_dump(), dates_from=reach.first, dates_until=reach.last, waiting=waiting)


@router.post("/targets/{target}/read", summary="Read a target in full", responses=responses(404))
def read_target(
    rooms: House, asker: Annotated[Asker, may("targets.reconcile")], target: Target, *, dry_run: DryRun = False
) -> TargetShape:
    """Have it read as soon as a gateway is free; what differs is drift, an alarm, and put right."""
    with act(rooms.store, dry_run=dry_run) as tx:
        rooms.delivery.ask_reading(tx, target, asker.actor)
        asked = rooms.delivery.target(tx, target)
    return TargetShape.of(asked)


@router.get("/drift", summary="List drift", dependencies=[may("drift.read")])
def drift(
    rooms: House,
    *,
    everything: Annotated[bool, Query(alias="all", description="What was put right, too")] = True,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[DriftShape]:
    """What readings have shown, the latest first."""
    with rooms.store.reading() as tx:
        return [DriftShape.of(each) for each in rooms.delivery.drifts(tx, limit, open_only=not everything)]
