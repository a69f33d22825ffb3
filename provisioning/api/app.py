"""The API as one app: routers of the nouns, how errors are answered, and the wall around it all."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI

from provisioning.api import (
    acts,
    alarms,
    audit,
    backups,
    campus,
    cards,
    conditions,
    docs,
    edge,
    eras,
    flats,
    gateways,
    grants,
    health,
    holds,
    hr,
    notices,
    operators,
    passages,
    persons,
    problems,
    readiness,
    revocations,
    rules,
    seats,
    story,
    targets,
    who,
)
from provisioning.api.guard import Guard
from provisioning.api.rooms import Rooms

NOUNS = (
    hr, notices, holds, persons, who, grants, cards, readiness, revocations, targets, alarms, campus, rules,
    story, audit, operators, seats, flats, backups, eras, passages, conditions, acts, gateways, edge, health,
)  # fmt: skip


class Documented(FastAPI):
    """FastAPI, whose OpenAPI says what is answered here: problems as problem+json, and models by their nouns."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if not self.openapi_schema:
            self.openapi_schema = docs.in_our_words(super().openapi())
        return self.openapi_schema


def create_app(rooms: Rooms, pages: Sequence[APIRouter] = ()) -> FastAPI:
    """The hub's web for a house: the API, its documentation, and whatever pages are to stand beside it."""
    app = Documented(
        title="Foyer",
        version=version("foyer"),
        description=(
            "Access control and identity provisioning: HR says who is coming, and door panels prove that they are ready. "
            "Every act needs an operator's token (Authorization: Bearer …). Errors are problem+json in the language of "
            "Accept-Language (zh or en)."
        ),
        docs_url=None,
        redoc_url=None,
    )
    app.state.rooms = rooms
    problems.install(app)
    for noun in NOUNS:
        app.include_router(noun.router)
    app.include_router(docs.router)
    for page in pages:
        app.include_router(page)
    app.add_middleware(Guard, ids=rooms.ids)
    return app
