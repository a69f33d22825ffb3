"""Alarms: what somebody must look at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.nouns.told import Alarm

router = APIRouter(tags=["alarms"], responses=responses(401, 403, 422))


class AlarmShape(Shape):
    """One alarm; open until acknowledged."""

    id: str
    kind: str = Field(examples=["drift.foreign"])
    target: str | None
    at: datetime
    sentence: str = Field(description="What happened and what to do, in the language of the request")
    acknowledged_by: str | None
    acknowledged: datetime | None


@router.get("/alarms", summary="List alarms")
def list_alarms(
    rooms: House,
    asker: Annotated[Asker, may("alarms.read")],
    *,
    everything: Annotated[bool, Query(alias="all", description="Those that were acknowledged, too")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AlarmShape]:
    """The newest first."""
    with rooms.store.reading() as tx:
        found = rooms.alarms.all(tx, limit) if everything else rooms.alarms.open(tx, limit)
    return [_shape(each, asker) for each in found]


@router.post("/alarms/{alarm}/acknowledge", summary="Acknowledge an alarm", responses=responses(404, 409))
def acknowledge(
    rooms: House,
    asker: Annotated[Asker, may("alarms.acknowledge")],
    alarm: Annotated[str, Path(max_length=64)],
    *,
    dry_run: DryRun = False,
) -> AlarmShape:
    """Say that somebody has looked. It mends nothing."""
    with act(rooms.store, dry_run=dry_run) as tx:
        seen = rooms.alarms.acknowledge(tx, alarm, asker.actor)
    return _shape(seen, asker)


def _shape(alarm: Alarm, asker: Asker) -> AlarmShape:
    return AlarmShape(
        id=alarm.id,
        kind=alarm.kind,
        target=alarm.target,
        at=alarm.at,
        sentence=asker.say(alarm.template, **alarm.fields),
        acknowledged_by=alarm.acknowledged_by,
        acknowledged=alarm.acknowledged,
    )
