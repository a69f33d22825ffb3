"""Gateways of their own: who they are, which targets they have, and who changes that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.nouns.gateways import EMBEDDED, Assigned, Gateway

router = APIRouter(tags=["gateways"], responses=responses(401, 403, 422))
Name = Annotated[str, Path(description="A gateway's name or id", max_length=80)]


class GatewayShape(Shape):
    """One gateway of its own."""

    id: str
    name: str
    state: str = Field(description="awaited (its code was not used yet), heard, silent or revoked")
    created: datetime
    operator: str = Field(description="Who added it")
    code_until: datetime = Field(description="Until when its code may be used")
    enrolled: datetime | None
    heard: datetime | None = Field(description="When it last asked for its list")
    silent: datetime | None = Field(description="Since when it is known to be silent")
    software: str | None
    revoked: datetime | None
    revoked_by: str | None
    attested: list[str] = Field(description="Who says that it is unplugged; it takes two")
    targets: list[str] = Field(description="What it has")
    leaving: list[str] = Field(description="Those of them that are being handed to somebody else")
    coming: list[str] = Field(description="What is being handed to it")


class NewGateway(BaseModel):
    """A gateway to be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=80, examples=["north-gate"])


class GatewayMade(Shape):
    """A new gateway, and the code that nobody can show again."""

    dry_run: bool
    id: str
    name: str
    code: str | None = Field(description="Used once, within a day; null in a dry run")
    code_until: datetime


class Handover(BaseModel):
    """Who is to have what."""

    model_config = ConfigDict(extra="forbid", strict=True)

    what: str = Field(max_length=80, description="A target; or a building, site or gateway with all of its targets")
    to: str = Field(
        max_length=80, description=f"A gateway's name or id, or {EMBEDDED}: the hub's own", examples=[EMBEDDED]
    )


class AssignedShape(Shape):
    """Who has a target."""

    target: str
    building: str
    gateway: str | None = Field(description="The id of the gateway that has it; null for the hub's own")
    heir: str | None = Field(description=f"Who gets it once it is let go ({EMBEDDED}: the hub's own); null for nobody")
    term_until: datetime | None = Field(description="Until when its gateway may work it without the hub")


@router.get("/gateways", summary="List gateways", dependencies=[may("gateway.read")])
def list_gateways(rooms: House) -> list[GatewayShape]:
    """Every gateway of its own, by name."""
    with rooms.store.reading() as tx:
        assigned = rooms.office.handing.assigned(tx)
        return [_shape(each, assigned) for each in rooms.office.gateways.all(tx)]


@router.post("/gateways", summary="Add a gateway", responses=responses(409))
def add_gateway(
    rooms: House, asker: Annotated[Asker, may("gateway.write")], new: NewGateway, *, dry_run: DryRun = False
) -> GatewayMade:
    """The answer holds the code by which it enrols, this once."""
    with act(rooms.store, dry_run=dry_run) as tx:
        made, code = rooms.office.gateways.add(tx, new.name, asker.actor)
    shown = None if dry_run else code
    return GatewayMade(dry_run=dry_run, id=made.id, name=made.name, code=shown, code_until=made.code_until)


@router.post("/gateways/hand", summary="Hand targets over", responses=responses(404, 409))
def hand_over(
    rooms: House, asker: Annotated[Asker, may("gateway.write")], asked: Handover, *, dry_run: DryRun = False
) -> list[AssignedShape]:
    """It happens once nobody works them any more: when the gateway that has them has let go, when its term is over, or when
    two people attest that it is unplugged. Until then nobody else claims them."""
    with act(rooms.store, dry_run=dry_run) as tx:
        return [AssignedShape.of(each) for each in rooms.office.handing.hand(tx, asked.what, asked.to, asker.actor)]


@router.post("/gateways/{gateway}/revoke", summary="Revoke a gateway", responses=responses(404))
def revoke_gateway(
    rooms: House, asker: Annotated[Asker, may("gateway.write")], gateway: Name, *, dry_run: DryRun = False
) -> GatewayShape:
    """Its next call is refused. What it has stays its own until it is handed over."""
    with act(rooms.store, dry_run=dry_run) as tx:
        revoked = rooms.office.gateways.revoke(tx, gateway, asker.actor)
        shape = _shape(revoked, rooms.office.handing.assigned(tx))
    if not dry_run:
        rooms.office.bells.drop(revoked.id)
    return shape


@router.post("/gateways/{gateway}/attest", summary="Attest that a gateway is unplugged", responses=responses(404, 409))
def attest_gateway(
    rooms: House, asker: Annotated[Asker, may("gateway.attest")], gateway: Name, *, dry_run: DryRun = False
) -> GatewayShape:
    """Once two people have, what is being handed over from it changes hands at once."""
    with act(rooms.store, dry_run=dry_run) as tx:
        attested = rooms.office.handing.attest(tx, gateway, asker.actor)
        return _shape(attested, rooms.office.handing.assigned(tx))


def _shape(gateway: Gateway, assigned: list[Assigned]) -> GatewayShape:
    mine = [one for one in assigned if one.gateway == gateway.id]
    return GatewayShape(
        id=gateway.id,
        name=gateway.name,
        state=gateway.state.value,
        created=gateway.created,
        operator=gateway.operator,
        code_until=gateway.code_until,
        enrolled=gateway.enrolled,
        heard=gateway.heard,
        silent=gateway.silent,
        software=gateway.software,
        revoked=gateway.revoked,
        revoked_by=gateway.revoked_by,
        attested=list(gateway.attested),
        targets=[one.target for one in mine],
        leaving=[one.target for one in mine if one.heir is not None],
        coming=[one.target for one in assigned if one.heir == gateway.id],
    )
