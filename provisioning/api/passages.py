"""Passages: what doors report, and who is inside by what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import DryRun, No, Shape
from provisioning.api.who import NoInstant
from provisioning.nouns.passages import Asked, Listed
from provisioning.nouns.refusals import Refusal
from provisioning.passages.views import MUSTER_HOURS, MUSTER_HOURS_MAX
from provisioning.store.engine import Tx

router = APIRouter(tags=["passages"], responses=responses(401, 403, 422))
PAGE, PAGE_MAX = 100, 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_MAX = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND

When = Annotated[
    str | None,
    Query(description="ISO 8601, at the campus's own clock where no offset is written", max_length=40),
]


class NoPage(Refusal):
    """{text} is no page of passages. Take the `next` of the page before as it is."""


class PassageShape(Shape):
    """One report of one device. No name stands here: a staff number, where somebody held the card at that time."""

    id: int
    target: str
    incarnation: int = Field(description="Which memory of the device this was: one more each time it began anew")
    number: int = Field(description="Its number there")
    kind: str = Field(description="passed, denied, forced, held, closed, button, fire, tamper, started, mode or other")
    door: str | None = Field(description="The door's id in the campus file; null for what concerns no door of it")
    granted: bool
    reason: str = Field(examples=["no right"])
    card: int | None
    no: str | None = Field(description="Staff number (工号) of whoever held the card")
    inside: bool | None = Field(description="Whether the way led in; null where the door does not tell")
    at: datetime = Field(description="By the device's clock; where that shows none, when it was heard")
    heard: datetime = Field(description="When the hub took it in: later, where it had to be fetched")


class PassagesShape(Shape):
    """Passages, the newest first, and the `after` of the next page; null where this is the last."""

    passages: list[PassageShape]
    next: str | None


class PresentShape(Shape):
    """Somebody who is inside."""

    no: str
    door: str = Field(description="The door by which they came in last")
    at: datetime


class MusterShape(Shape):
    """Who is inside, by what doors told since `since`."""

    at: datetime
    since: datetime
    people: list[PresentShape]
    blind: list[str] = Field(
        description="Doors at which people came in and nobody was seen leaving: whoever left there still counts as inside"
    )
    silent: list[str] = Field(description="Targets that cannot be reached: what happened there may be missing")


class ForgivenShape(Shape):
    """Whom the muster forgot, and from when on they count again."""

    dry_run: bool
    no: str
    at: datetime


@router.get("/passages", summary="List passages", responses=responses(404, 409), dependencies=[may("passages.read")])
def list_passages(
    rooms: House,
    *,
    person: Annotated[str | None, Query(description="Staff number (工号)", max_length=64)] = None,
    door: Annotated[str | None, Query(description="The door's id in the campus file", max_length=64)] = None,
    since: Annotated[When, Query(alias="from")] = None,
    until: Annotated[When, Query(alias="to")] = None,
    denied: Annotated[bool, Query(description="Only cards that were turned away")] = False,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
    after: Annotated[str | None, Query(description="The `next` of the page before", max_length=64)] = None,
) -> PassagesShape:
    """By person, by door, by time; the newest first."""
    with rooms.store.reading() as tx:
        who = None if person is None else rooms.persons.get(tx, person).id
        times = (_instant(rooms, tx, since), _instant(rooms, tx, until))
        asked = Asked(who, door, *times, denied=denied, after=None if after is None else _page(after))
        found = rooms.passage_views.listed(tx, asked, limit + 1)
    more = len(found) > limit
    return PassagesShape(
        passages=[_shape(one) for one in found[:limit]], next=_next(found[limit - 1]) if more else None
    )


@router.get(
    "/passages/muster", summary="Who is inside?", responses=responses(404, 409), dependencies=[may("passages.read")]
)
def muster(
    rooms: House,
    site: Annotated[str | None, Query(description="Only this site", max_length=64)] = None,
    zone: Annotated[str | None, Query(description="Only this zone", max_length=64)] = None,
    hours: Annotated[int, Query(description="Whoever came in earlier is not counted", ge=1, le=MUSTER_HOURS_MAX)] = (
        MUSTER_HOURS
    ),
) -> MusterShape:
    """Whoever came in and was not seen leaving. Where doors have no readers on the way out, that is more than are there."""
    with rooms.store.reading() as tx:
        return MusterShape.of(rooms.passage_views.muster(tx, site, zone, hours))


@router.post("/persons/{no}/forgive", summary="Forgive somebody's passages", responses=responses(404))
def forgive(
    rooms: House, asker: Annotated[Asker, may("passages.forgive")], no: No, *, dry_run: DryRun = False
) -> ForgivenShape:
    """Have the muster forget where somebody is: they count as outside until they come in again. Doors on serial lines with
    anti-passback let them in from either side; panels keep a memory of their own."""
    with act(rooms.store, dry_run=dry_run) as tx:
        person = rooms.persons.get(tx, no)
        at = rooms.passage_views.forgive(tx, person, asker.actor)
        rooms.grants.look(tx, [person.id], asker.actor, urgent=True)
    return ForgivenShape(dry_run=dry_run, no=person.no, at=at)


def _shape(listed: Listed) -> PassageShape:
    one = listed.passage
    return PassageShape(
        id=listed.id,
        target=one.target,
        incarnation=one.incarnation,
        number=one.number,
        kind=one.kind,
        door=one.door,
        granted=one.granted,
        reason=one.reason,
        card=one.card,
        no=listed.no,
        inside=one.inside,
        at=one.at,
        heard=one.heard,
    )


def _instant(rooms: Rooms, tx: Tx, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=rooms.campuses.current(tx).zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoInstant(text=text) from None


def _next(listed: Listed) -> str:
    return f"{(listed.passage.at - _EPOCH) // _MICROSECOND}-{listed.id}"


def _page(text: str) -> tuple[datetime, int]:
    at, _, row = text.partition("-")
    if not (at.isascii() and at.isdecimal() and row.isascii() and row.isdecimal() and len(row) < 19):
        raise NoPage(text=text)
    if int(at) > _MICROSECONDS_MAX:
        raise NoPage(text=text)
    return _EPOCH + int(at) * _MICROSECOND, int(row)
