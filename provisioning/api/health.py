"""Whether the hub is up; for watchdogs, and for whoever starts it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from provisioning.api.asking import House
from provisioning.api.shapes import Shape

router = APIRouter(tags=["hub"])


class Health(Shape):
    """A hub that answers and can read its database."""

    status: Literal["ok"] = "ok"
    campus: str = Field(description="The id of the campus that it serves")


@router.get("/health", summary="Is the hub up?")
def health(rooms: House) -> Health:
    """Answers without a token, and tells nothing that a stranger may not know."""
    with rooms.store.reading() as tx:
        return Health(campus=rooms.campuses.current(tx).id)
