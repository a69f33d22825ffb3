"""Grants: what somebody may open, and what an operator gives for a set time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, NaiveDatetime

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, GrantShape, No

Wall = Annotated[NaiveDatetime, Field(strict=False)]
"""A wall-clock time of the site: JSON has texts for it, and no offset may stand there."""

router = APIRouter(tags=["grants"], responses=responses(401, 403, 404, 422))


class GiveShape(BaseModel):
    """A grant for a set time."""

    model_config = ConfigDict(extra="forbid", strict=True)

    resource: str = Field(max_length=128, examples=["zone:meeting"])
    opens: Wall | None = Field(
        default=None,
        description="At the campus's own clock, without an offset; now where none",
        examples=["2026-12-01T14:00"],
    )
    closes: Wall = Field(description="At the campus's own clock; exclusive", examples=["2026-12-01T18:00"])
    reason: str = Field(max_length=1000, description="Kept in the story, and shown as the grant's clause")


class EndShape(BaseModel):
    """Why a grant ends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=1000, description="Kept in the story", examples=["the visit was called off"])


class KeptGrant(GrantShape):
    """A grant with its ends: by its own date, and by somebody."""

    ended: datetime | None = Field(description="When somebody or something ended it; null where nobody did")
    ended_by: str | None


@router.get("/persons/{no}/grants", summary="A person's grants", dependencies=[may("grant.read")])
def list_grants(
    rooms: House,
    no: No,
    *,
    everything: Annotated[bool, Query(alias="all", description="What is over or ended, too")] = False,
) -> list[KeptGrant]:
    """Those that open last first."""
    with rooms.store.reading() as tx:
        found = rooms.giving.of(tx, rooms.persons.get(tx, no), everything=everything)
    return [KeptGrant.of(each) for each in found]


@router.post("/persons/{no}/grants", summary="Give a grant for a set time", responses=responses(409))
def give(
    rooms: House, asker: Annotated[Asker, may("grant.give")], no: No, what: GiveShape, *, dry_run: DryRun = False
) -> KeptGrant:
    """It opens at that minute and not before, and closes at its end, with the stay, or when somebody ends it."""
    with act(rooms.store, dry_run=dry_run) as tx:
        person = rooms.persons.get(tx, no)
        made = rooms.giving.give(tx, person, what.resource, what.opens, what.closes, what.reason, asker.actor)
    return KeptGrant.of(made)


@router.post("/grants/{grant}/end", summary="End a grant that was given", responses=responses(409))
def end(
    rooms: House,
    asker: Annotated[Asker, may("grant.give")],
    grant: Annotated[str, Path(max_length=64)],
    why: EndShape,
    *,
    dry_run: DryRun = False,
) -> KeptGrant:
    """It ends now, ahead of all other work. What follows from a rule cannot be ended so."""
    with act(rooms.store, dry_run=dry_run) as tx:
        return KeptGrant.of(rooms.giving.end(tx, grant, asker.actor, why.reason))
