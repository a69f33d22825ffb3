"""The story as it goes on: events by their sealed place in the tree, so that a reader misses none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import House, may
from provisioning.api.problems import responses
from provisioning.api.shapes import Shape
from provisioning.nouns.told import Event
from provisioning.store import people, story
from provisioning.store.engine import Tx
from provisioning.story.story import told_in

router = APIRouter(tags=["story"], responses=responses(401, 403, 422))

EventLimit = Annotated[int, Query(ge=1, le=1000)]


class EventShape(Shape):
    """One event. What was sealed in it is not shown."""

    id: int
    position: int | None = Field(description="Its place in the tree; null until the sealer has given it one")
    at: datetime
    kind: str = Field(examples=["card.assigned"])
    actor: str
    no: str | None = Field(description="The staff number of whom it concerns")
    target: str | None
    trace: str | None
    data: dict[str, Any]


@router.get("/story", summary="Read the story", responses=responses(404), dependencies=[may("story.read")])
def read(
    rooms: House,
    after: Annotated[int | None, Query(ge=-1, description="Only places above this one, oldest first")] = None,
    limit: EventLimit = 100,
    person: Annotated[str | None, Query(description="Staff number: the last events about them", max_length=64)] = None,
    trace: Annotated[str | None, Query(description="All events of one notice or act", max_length=64)] = None,
) -> list[EventShape]:
    """The last events, newest first; or those of a person, of a trace, or above a place."""
    with rooms.store.reading() as tx:
        if trace is not None:
            events = story.of_trace(tx, trace, limit)
        elif person is not None:
            events = story.of_person(tx, rooms.persons.get(tx, person).id, limit)
        elif after is not None:
            events = story.after(tx, after, limit)
        else:
            events = story.recent(tx, limit)
        return _shapes(tx, events)


def _shapes(tx: Tx, events: Sequence[Event]) -> list[EventShape]:
    known = people.persons(tx, [event.person for event in events if event.person])
    return [
        EventShape(
            id=event.id,
            position=event.position,
            at=event.at,
            kind=event.kind,
            actor=event.actor,
            no=known[event.person].no if event.person in known else None,
            target=event.target,
            trace=event.trace,
            data=_data(event),
        )
        for event in events
    ]


def _data(event: Event) -> dict[str, Any]:
    data = told_in(event.body)["data"]
    return data if isinstance(data, dict) else {}
