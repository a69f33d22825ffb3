"""Backups of a hub that runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from provisioning.api.asking import Asker, House, may
from provisioning.api.problems import responses

router = APIRouter(tags=["backups"], responses=responses(401, 403))
TAR = "application/x-tar"


@router.get(
    "/backup",
    summary="Take a backup",
    response_class=StreamingResponse,
    responses={
        200: {"content": {TAR: {"schema": {"type": "string", "format": "binary"}}}, "description": "An archive"}
    },
)
def backup(rooms: House, asker: Annotated[Asker, may("backup.take")]) -> StreamingResponse:
    """One archive: a manifest and the database as it is at one instant. The keys are not in it."""
    with rooms.store.reading() as tx:
        campus = rooms.campuses.current(tx)
    manifest, sent, length = rooms.backups.take(campus.id, asker.actor, campus.zone.key)
    name = f"foyer-{campus.id}-{manifest.at.strftime('%Y%m%dT%H%M%SZ')}.tar"
    headers = {"Content-Length": str(length), "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(sent, media_type=TAR, headers=headers)
