"""After a restore: what differs, and who accepts it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.grants.eras import EraState
from provisioning.grants.narrowing import AGAIN

router = APIRouter(tags=["eras"], responses=responses(401, 403, 422))


class Acceptance(BaseModel):
    """That somebody has looked at the differences."""

    model_config = ConfigDict(extra="forbid", strict=True)

    digest: str = Field(max_length=64, description="The digest that was shown with them")


class AgainShape(Shape):
    """One thing that was given after the backup and is to be given again."""

    kind: str
    sentence: str
    no: str | None = Field(description="The staff number of whom it concerns")
    fields: dict[str, Any] = Field(description="What names it, such as the notice's id")


class EraShape(Shape):
    """The era after a restore. While it recovers, only what takes away is sent to any target."""

    recovering: bool
    era: int | None = None
    begun: datetime | None = None
    backup_at: datetime | None = Field(None, description="How old the restored database was")
    tail_until: datetime | None = Field(None, description="The last that the story's tail told")
    whole: bool = Field(True, description="Whether the tail reached the end of the story")
    settled: datetime | None = None
    accepted_by: list[str] = Field(default_factory=list, description="Who has accepted the differences, and as what")
    why: list[str] = Field(default_factory=list, description="What keeps it from being settled by itself")
    done: dict[str, int] = Field(default_factory=dict, description="What was taken away again, counted by kind")
    again: list[AgainShape] = Field(default_factory=list, description="What is to be given again, by whoever gave it")
    again_count: int = 0
    unread: list[str] = Field(default_factory=list, description="Targets that were not read in full since")
    held_back: int = Field(0, description="Records that wait to be written until it is settled")
    digest: str | None = Field(None, description="Names these differences, for whoever accepts them")


@router.get("/era", summary="Does the hub recover from a restore?")
def show(rooms: House, asker: Annotated[Asker, may("era.read")]) -> EraShape:
    """The last era, and what differs."""
    with rooms.store.reading() as tx:
        return _shape(rooms.eras.state(tx), asker)


@router.post("/era/accept", summary="Accept the differences", responses=responses(409))
def accept(
    rooms: House, asker: Annotated[Asker, may("era.accept")], shown: Acceptance, *, dry_run: DryRun = False
) -> EraShape:
    """Two people do so, a security and a system administrator; then what is wanted is written again."""
    with act(rooms.store, dry_run=dry_run) as tx:
        rooms.eras.accept(tx, shown.digest, asker.actor)
        state = rooms.eras.state(tx)
    return _shape(state, asker)


def _shape(state: EraState | None, asker: Asker) -> EraShape:
    if state is None:
        return EraShape(recovering=False)
    era, told = state.era, state.era.differences
    return EraShape(
        recovering=era.settled is None,
        era=era.id,
        begun=era.begun,
        backup_at=era.backup_at,
        tail_until=era.tail_until,
        whole=era.whole,
        settled=era.settled,
        accepted_by=list(era.accepted_by),
        why=[asker.say(template, **fields) for template, fields in told.get("why", ())],
        done=told.get("done", {}),
        again=[_again(each, asker) for each in told.get("again", ())],
        again_count=told.get("again_count", 0),
        unread=list(state.unread),
        held_back=state.held_back,
        digest=state.digest,
    )


def _again(told: dict[str, Any], asker: Asker) -> AgainShape:
    fields = {name: value for name, value in told.items() if name not in ("kind", "no") and value is not None}
    return AgainShape(kind=told["kind"], sentence=asker.say(AGAIN[told["kind"]]), no=told["no"], fields=fields)
