"""Who had what, when, by which rule, and whether the devices agreed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import House, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import No, Shape
from provisioning.nouns.asof import Held, Moment
from provisioning.nouns.refusals import Refusal
from provisioning.store.engine import Tx

router = APIRouter(tags=["who"], responses=responses(401, 403, 422))
PAGE = 200
PAGE_MIN, PAGE_MAX = 50, 1_000
"""No page is so short that one person's rights on one resource would not fit."""

At = Annotated[
    str | None,
    Query(
        description="When it was to hold: ISO 8601, at the campus's own clock where no offset is written", max_length=40
    ),
]
Known = Annotated[
    str | None,
    Query(description="By what the hub had been told up to then; up to now, where none is given", max_length=40),
]


class NoInstant(Refusal):
    """{text} is no day and time. Write it as 2026-11-30T14:00, at the campus's own clock, or with an offset: +08:00."""


class AgreementShape(Shape):
    """The last word of one target on one record by that instant."""

    target: str
    key: str
    said: str = Field(description="held, gone or differed")
    at: datetime
    event: int = Field(description="The event of the story that bears it")


class HeldShape(Shape):
    """One right of one person at that moment."""

    no: str
    grant: str
    resource: str
    unit: str | None = Field(description="The seat or flat that answers a right which asks for one")
    rule: str
    version: int
    clause: str
    opens: datetime
    closes: datetime | None
    recorded: datetime
    ended: datetime | None
    ended_by: str | None
    believed: bool = Field(description="The hub took it to hold, at that instant")
    holds: bool = Field(description="It did hold, by what was known later")
    devices: list[AgreementShape]


class MomentShape(Shape):
    """The two times that were asked for."""

    at: datetime
    known: datetime


class WhoShape(Shape):
    """Who had it, and the `after` of the next page; null where this is the last."""

    moment: MomentShape
    rights: list[HeldShape]
    next: str | None


@router.get("/who", summary="Who had it?", responses=responses(404, 409), dependencies=[may("who.read")])
def who(
    rooms: House,
    resource: Annotated[
        str,
        Query(
            description="A zone, a door, a seat or a flat", max_length=128, examples=["zone:north-public", "a-1-east"]
        ),
    ],
    at: At = None,
    known: Known = None,
    limit: Annotated[int, Query(ge=PAGE_MIN, le=PAGE_MAX)] = PAGE,
    after: Annotated[str, Query(description="The `next` of the page before", max_length=64)] = "",
) -> WhoShape:
    """Everybody who had a right on it at an instant, believed then or known since, with what the devices said by then."""
    with rooms.store.reading() as tx:
        moment = _moment(rooms, tx, at, known)
        found = rooms.asof.who(tx, resource, moment, after=after, limit=limit)
    return _answer(moment, found, limit)


@router.get(
    "/persons/{no}/rights",
    summary="What had this person?",
    responses=responses(404, 409),
    dependencies=[may("why.read")],
)
def rights(
    rooms: House,
    no: No,
    resource: Annotated[str | None, Query(description="Only this resource", max_length=128)] = None,
    at: At = None,
    known: Known = None,
) -> WhoShape:
    """What one person had at an instant, believed then or known since, with what the devices said by then."""
    with rooms.store.reading() as tx:
        moment = _moment(rooms, tx, at, known)
        found = rooms.asof.of_person(tx, rooms.persons.get(tx, no), moment, resource)
    return _answer(moment, found, None)


def _moment(rooms: Rooms, tx: Tx, at: str | None, known: str | None) -> Moment:
    def instant(text: str | None) -> datetime:
        if text is None:
            return tx.now
        try:
            told = datetime.fromisoformat(text)
        except ValueError:
            raise NoInstant(text=text) from None
        return told if told.tzinfo else told.replace(tzinfo=rooms.campuses.current(tx).zone)

    return Moment(instant(at), instant(known))


def _answer(moment: Moment, found: list[Held], limit: int | None) -> WhoShape:
    following = None
    if limit is not None and len(found) == limit:
        # Whoever the page cuts through begins the next one, so that nobody is shown by halves.
        whole = [one for one in found if one.no != found[-1].no]
        found = whole or found
        following = found[-1].no
    return WhoShape(moment=MomentShape.of(moment), rights=[HeldShape.of(one) for one in found], next=following)
