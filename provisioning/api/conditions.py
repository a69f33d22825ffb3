"""Conditions of zones: lockdowns and releases by fire, with how far each door follows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.nouns.conditions import ConditionKind, InForce

router = APIRouter(tags=["conditions"], responses=responses(401, 403, 404, 409, 422))

ZoneId = Annotated[str, Path(description="A zone of the campus file", max_length=64, examples=["north-public"])]
Everything = Annotated[bool, Query(alias="all", description="Those that are over and settled, too")]
EXEMPT_BY_HUB = (
    "A panel that is shut this way cannot tell cards apart: for who is exempt the hub opens the door once they are denied,"
    " and only while the panel is in reach. Where it is not, they do not get in."
)


class LockdownOrder(BaseModel):
    """Why a zone is shut, for whom not, and until when."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=1000, description="Kept in the story", examples=["an intruder was seen"])
    exempt: list[Annotated[str, Field(max_length=128)]] = Field(
        default_factory=list[str], max_length=100, description="Groups: department:ID, kind:KIND, post:POST, person:NO"
    )
    until: Annotated[NaiveDatetime, Field(strict=False)] | None = Field(
        default=None,
        description="At the campus's own clock, without an offset; until somebody releases it where none",
        examples=["2026-12-01T18:00"],
    )


class FireOrder(BaseModel):
    """Why a zone is released; nothing need be said."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(default="", max_length=1000, description="Kept in the story")


class DoorLineShape(Shape):
    """One door of the zone."""

    door: str
    target: str
    state: str = Field(description="proved, or exposed until its target was read back")
    at: datetime | None
    receipt: int | None = Field(description="The event that proves it")
    reason: str | None = Field(description="Why it is not proved, where that is known, in the reader's language")
    since: datetime | None = Field(description="From when on its target has been out of reach; null while it answers")


class ConditionShape(Shape):
    """One condition; settled once no door is exposed: shut or released as ordered, or, once over, as it was before."""

    id: str
    kind: str = Field(description="lockdown or fire")
    zone: str
    exempt: list[str]
    note: str | None = Field(description="What those who are exempt must know")
    operator: str
    reason: str
    since: datetime
    until: datetime | None
    released: datetime | None
    released_by: str | None
    doors: list[DoorLineShape]
    settled: bool


@router.get("/lockdowns", summary="List lockdowns")
def list_lockdowns(
    rooms: House, asker: Annotated[Asker, may("condition.read")], *, everything: Everything = False
) -> list[ConditionShape]:
    """Those in force, and those released whose doors are not all proved to be as before; the latest first."""
    with rooms.store.reading() as tx:
        found = rooms.conditions.listed(tx, ConditionKind.LOCKDOWN, everything=everything)
    return [_shape(each, asker) for each in found]


@router.get("/fires", summary="List releases by fire")
def list_fires(
    rooms: House, asker: Annotated[Asker, may("condition.read")], *, everything: Everything = False
) -> list[ConditionShape]:
    """Those in force, and those cleared whose doors are not all proved to be as before; the latest first."""
    with rooms.store.reading() as tx:
        found = rooms.conditions.listed(tx, ConditionKind.FIRE, everything=everything)
    return [_shape(each, asker) for each in found]


@router.get("/conditions/{condition}", summary="Show a condition")
def show(
    rooms: House,
    asker: Annotated[Asker, may("condition.read")],
    condition: Annotated[str, Path(max_length=64)],
) -> ConditionShape:
    """A lockdown or a release by fire, as its doors stand now."""
    with rooms.store.reading() as tx:
        return _shape(rooms.conditions.show(tx, condition), asker)


@router.post("/zones/{zone}/lockdown", summary="Shut a zone")
def lock(
    rooms: House,
    asker: Annotated[Asker, may("lockdown.order")],
    zone: ZoneId,
    told: LockdownOrder,
    *,
    dry_run: DryRun = False,
) -> ConditionShape:
    """Shut every door of a zone ahead of all other work, over schedules and holidays, until it is released."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        made = rooms.conditions.lock(tx, zone, told.reason, asker.actor, told.exempt, told.until)
    return _shape(made, asker)


@router.post("/zones/{zone}/lockdown/release", summary="End a lockdown")
def release(
    rooms: House, asker: Annotated[Asker, may("lockdown.order")], zone: ZoneId, *, dry_run: DryRun = False
) -> ConditionShape:
    """Have the doors of a zone be as they were before."""
    with act(rooms.store, dry_run=dry_run) as tx:
        return _shape(rooms.conditions.release(tx, ConditionKind.LOCKDOWN, zone, asker.actor), asker)


@router.post("/zones/{zone}/fire", summary="Release a zone for fire")
def fire(
    rooms: House, asker: Annotated[Asker, may("fire.order")], zone: ZoneId, told: FireOrder, *, dry_run: DryRun = False
) -> ConditionShape:
    """Open every door of a zone ahead of all other work, lockdown or not. It never waits for anybody."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        return _shape(rooms.conditions.free(tx, zone, asker.actor, told.reason), asker)


@router.post("/zones/{zone}/fire/clear", summary="End a release by fire")
def clear(
    rooms: House, asker: Annotated[Asker, may("fire.clear")], zone: ZoneId, *, dry_run: DryRun = False
) -> ConditionShape:
    """Have the doors of a zone be as they were before, or shut, where a lockdown still holds."""
    with act(rooms.store, dry_run=dry_run) as tx:
        return _shape(rooms.conditions.release(tx, ConditionKind.FIRE, zone, asker.actor), asker)


def _shape(shown: InForce, asker: Asker) -> ConditionShape:
    told = shown.condition
    return ConditionShape(
        id=told.id,
        kind=told.kind.value,
        zone=told.zone,
        exempt=list(told.exempt),
        note=asker.say(EXEMPT_BY_HUB) if told.exempt else None,
        operator=told.operator,
        reason=told.reason,
        since=told.since,
        until=told.until,
        released=told.released,
        released_by=told.released_by,
        doors=[
            DoorLineShape(
                door=line.door,
                target=line.target,
                state=line.state.value,
                at=line.at,
                receipt=line.receipt,
                reason=None if line.reason is None else asker.say(line.reason),
                since=line.since,
            )
            for line in shown.doors
        ],
        settled=shown.settled,
    )
