"""Revocation and suspension: one act that takes everything away, and the certificate that proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.shapes import DryRun, EffectShape, No, Shape

router = APIRouter(tags=["revocations"], responses=responses(401, 403, 404, 422))


class Reason(BaseModel):
    """Why somebody is revoked, suspended or resumed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(max_length=1000, description="Kept in the story", examples=["left without notice"])


class CertificateLineShape(Shape):
    """One record on one target."""

    target: str
    key: str
    state: str = Field(description="proved_gone, superseded by another's grant, or exposed")
    at: datetime | None
    receipt: int | None = Field(description="The event that proves it")
    exposed_until: datetime | None = Field(description="When the device by itself would shut them out")
    reason: str | None


class CertificateShape(Shape):
    """A line per record; settled once no line is exposed."""

    id: str
    no: str
    at: datetime
    operator: str
    reason: str
    lines: list[CertificateLineShape]
    settled: bool
    kind: str = Field(description="revoked, or suspended until it is lifted")
    lifted: datetime | None
    lifted_by: str | None


class ResumedShape(Shape):
    """Somebody whom security let in again, and what follows."""

    no: str
    dry_run: bool
    effect: EffectShape


@router.post("/persons/{no}/revoke", summary="Take everything from a person", responses=responses(409, 422))
def revoke(
    rooms: House, asker: Annotated[Asker, may("revoke")], no: No, why: Reason, *, dry_run: DryRun = False
) -> CertificateShape:
    """End every stay, grant and card now, ahead of all other work. The certificate fills as targets prove it."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        made = rooms.revoking.revoke(tx, rooms.persons.get(tx, no), asker.actor, why.reason)
        certificate = rooms.readiness.certificate(tx, made)
    return CertificateShape.of(certificate)


@router.post("/persons/{no}/suspend", summary="Suspend a person", responses=responses(409, 422))
def suspend(
    rooms: House, asker: Annotated[Asker, may("suspend")], no: No, why: Reason, *, dry_run: DryRun = False
) -> CertificateShape:
    """Have no card of theirs open anything, ahead of all other work, until they are resumed. Stays, seat and flat stay
    theirs; HR's notices do not lift it. The certificate fills as targets prove it."""
    with act(rooms.store, dry_run=dry_run, urgent=True) as tx:
        made = rooms.revoking.suspend(tx, rooms.persons.get(tx, no), asker.actor, why.reason)
        return CertificateShape.of(rooms.readiness.certificate(tx, made))


@router.post("/persons/{no}/resume", summary="Resume a person", responses=responses(409, 422))
def resume(
    rooms: House, asker: Annotated[Asker, may("suspend")], no: No, why: Reason, *, dry_run: DryRun = False
) -> ResumedShape:
    """Lift what security ordered: what they have by now opens again. A suspension by HR is not lifted by this."""
    with act(rooms.store, dry_run=dry_run) as tx:
        effect = rooms.revoking.resume(tx, rooms.persons.get(tx, no), asker.actor, why.reason)
    return ResumedShape(no=no, dry_run=dry_run, effect=EffectShape.of(effect))


@router.get("/revocations/{revocation}", summary="Show a certificate", dependencies=[may("revocation.read")])
def certificate(
    rooms: House,
    revocation: Annotated[str, Path(max_length=64)],
) -> CertificateShape:
    """The certificate as it stands now."""
    with rooms.store.reading() as tx:
        return CertificateShape.of(rooms.readiness.certificate(tx, revocation))


@router.get("/persons/{no}/revocations", summary="A person's certificates", dependencies=[may("revocation.read")])
def certificates(rooms: House, no: No) -> list[CertificateShape]:
    """The latest first."""
    with rooms.store.reading() as tx:
        found = rooms.readiness.certificates(tx, rooms.persons.get(tx, no))
    return [CertificateShape.of(each) for each in found]
