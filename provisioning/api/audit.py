"""What an auditor asks of the story: is it whole, hand me a copy, prove one event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import Shape

router = APIRouter(tags=["audit"], responses=responses(401, 403, 422))
JSON_LINES = "application/jsonl"


class VerdictShape(Shape):
    """Whether the story is as it was written and signed."""

    ok: bool
    sentence: str
    fields: dict[str, Any]


class ProofShape(Shape):
    """That an event is in the signed story. `text` is what `foyer audit check` reads."""

    event: int
    position: int
    text: str


class KeyShape(Shape):
    """The public key with which checkpoints are signed."""

    vkey: str = Field(description="In the form of C2SP signed notes")


@router.get("/audit/verify", summary="Is the story whole?")
def verify(rooms: House, asker: Annotated[Asker, may("story.read")]) -> VerdictShape:
    """Goes along the whole story, in the database and outside it."""
    with rooms.store.reading() as tx:
        verdict = rooms.proofs.verify(tx)
    fields = dict(verdict.fields)
    return VerdictShape(ok=verdict.ok, sentence=asker.say(verdict.template, **fields), fields=fields)


@router.get(
    "/audit/export",
    summary="A copy of the story",
    response_class=StreamingResponse,
    responses={200: {"content": {JSON_LINES: {"schema": {"type": "string"}}}, "description": "JSON lines"}},
    dependencies=[may("story.read")],
)
def export(
    rooms: House,
    since: Annotated[int, Query(ge=0, description="From this place on")] = 0,
    until: Annotated[int | None, Query(ge=0, description="Up to this place, exclusive")] = None,
) -> StreamingResponse:
    """JSON lines that `foyer audit check` verifies with no hub."""
    return StreamingResponse(_lines(rooms, since, until), media_type=JSON_LINES)


@router.get(
    "/audit/prove/{event}", summary="Prove one event", responses=responses(404, 409), dependencies=[may("story.read")]
)
def prove(rooms: House, event: Annotated[int, Path(ge=1, le=2**62)]) -> ProofShape:
    """Its path to a signed root."""
    with rooms.store.reading() as tx:
        proof = rooms.proofs.prove(tx, event)
    return ProofShape(event=event, position=proof.position, text=proof.json())


@router.get("/audit/key", summary="The story's public key", dependencies=[may("story.read")])
def key(rooms: House) -> KeyShape:
    """To be kept apart from any export."""
    return KeyShape(vkey=rooms.proofs.key.text())


def _lines(rooms: Rooms, since: int, until: int | None) -> Iterator[str]:
    with rooms.store.reading() as tx:
        for line in rooms.proofs.export(tx, since, until):
            yield line + "\n"
