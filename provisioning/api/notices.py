"""Notices of HR: taken from signed messages, listed, and who may send them. What a message may say: docs/notices.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from provisioning.api.asking import Asker, House, act, may
from provisioning.api.looking import look
from provisioning.api.problems import language_asked, responses
from provisioning.api.shapes import DryRun, Shape
from provisioning.intake.letters import EventUnread
from provisioning.intake.notices import AT_ONCE, Taken, actor_of, reason_of
from provisioning.nouns.people import Notice, Standing
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, joined, say
from provisioning.store import intake as rows
from provisioning.store import people as people_rows

router = APIRouter(tags=["notices"], responses=responses(422))
BODY_KB_MAX = 2_048
EVENTS_MAX = 1_000
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
Name = Annotated[str, Path(description="A sender's name", max_length=80)]


class MessageTooLarge(Refusal):
    """A message has at most {most_kb} KB and {most} events. Send what it says in several messages."""

    status = 413


class MessageKind(Refusal):
    """A message of notices is application/cloudevents+json, or application/cloudevents-batch+json for several. Send it
    with that Content-Type."""

    status = 415


class AnswerShape(Shape):
    """What became of one event."""

    event: str | None = Field(description="The event's own id")
    status: int = Field(description="202 taken, 200 taken before, else why it is refused")
    notice: str | None = Field(description="The hub's id of it, by which it can be traced; null where it is refused")
    standing: str | None = Field(description="applied, waiting, held or refused")
    reason: str | None = Field(description="Why it has no effect yet, or what is worth knowing")
    code: str | None = Field(description="The kind of problem, where it is refused")


class NoticeShape(Shape):
    """One notice that came by itself."""

    id: str
    no: str = Field(description="Staff number (工号) of whom it speaks, as they are called now")
    kind: str = Field(examples=["moved"])
    at: datetime = Field(description="When it was taken")
    told: datetime = Field(description="When HR said it")
    source: str
    sequence: int | None
    day: date | None
    content: dict[str, Any] = Field(description="What it says in the open")
    standing: str = Field(description="applied, waiting, held or refused")
    reason: str | None
    hold: str | None


class NoticesPage(Shape):
    """Some notices, and the `after` of the next page; null where this is the last."""

    notices: list[NoticeShape]
    next: str | None


class SenderShape(Shape):
    """Who may send notices."""

    name: str
    source: str = Field(description="What its events name as their source")
    created: datetime
    ended: datetime | None


class NewSender(BaseModel):
    """A sender to be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=80, examples=["hr-office"])
    source: str = Field(max_length=256, examples=["https://hr.example/notices"])


class SenderMade(Shape):
    """A new sender, and the secret that nobody can show again."""

    dry_run: bool
    name: str
    source: str
    secret: str | None = Field(description="Begins with whsec_; null in a dry run")


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > BODY_KB_MAX * 1024:
            raise MessageTooLarge(most_kb=BODY_KB_MAX, most=EVENTS_MAX)
    return bytes(data)


@router.post(
    "/hr/notices",
    summary="Take notices of HR",
    status_code=202,
    responses={200: {"model": AnswerShape, "description": "Taken before"}, **responses(400, 401, 409, 413, 415)},
    openapi_extra={"requestBody": {"content": {kind: {"schema": {}} for kind in (ONE, BATCH)}, "required": True}},
)
def take(
    rooms: House, request: Request, response: Response, body: Annotated[bytes, Depends(_body)]
) -> AnswerShape | list[AnswerShape]:
    """One CloudEvent, or several of which each is taken by itself, signed by Standard Webhooks. Each is taken once by its
    id, in any order; what speaks of something that nobody has told yet waits."""
    origin = request.client.host if request.client else "-"
    sender = rooms.senders.enter(rooms.store, request.headers, body, origin)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    events = _events(kind, body)
    taken: list[Taken] = []
    for start in range(0, len(events), AT_ONCE):
        with rooms.store.writing() as tx:
            some = rooms.notices.take(tx, sender, events[start : start + AT_ONCE])
        taken += some
        look(rooms, list(dict.fromkeys(at for each in some for at in each.persons)), actor_of(sender))
    language = language_asked(request.headers)
    if kind == ONE and taken[0].refusal is not None:
        raise taken[0].refusal
    answers = [_answer(each, language) for each in taken]
    response.status_code = 200 if all(each.again for each in taken) else 202
    return answers[0] if kind == ONE else answers


@router.get("/hr/notices", summary="List notices", dependencies=[may("hr.read")], responses=responses(401, 403, 404))
def list_notices(
    rooms: House,
    request: Request,
    person: Annotated[str | None, Query(description="Only those of this staff number", max_length=64)] = None,
    standing: Annotated[Literal["applied", "waiting", "held", "refused"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[str | None, Query(description="The `next` of the page before", max_length=64)] = None,
) -> NoticesPage:
    """Notices that came by themselves, the last taken first."""
    with rooms.store.reading() as tx:
        at = None if person is None else rooms.persons.get(tx, person).id
        found = rows.list_notices(tx, at, Standing(standing) if standing else None, limit, after)
        people = people_rows.persons(tx, (one.person for one in found))
    language = language_asked(request.headers)
    shapes = [_notice(one, people[one.person].no, language) for one in found]
    return NoticesPage(notices=shapes, next=found[-1].id if len(found) == limit else None)


@router.get("/hr/senders", summary="List senders", dependencies=[may("sender.read")], responses=responses(401, 403))
def list_senders(rooms: House) -> list[SenderShape]:
    """Everybody who may or might send notices, by name."""
    with rooms.store.reading() as tx:
        return [SenderShape.of(each) for each in rooms.senders.all(tx)]


@router.post("/hr/senders", summary="Add a sender", responses=responses(401, 403, 409))
def add_sender(
    rooms: House, asker: Annotated[Asker, may("sender.write")], new: NewSender, *, dry_run: DryRun = False
) -> SenderMade:
    """The answer holds the secret, this once. A source may have two in force, so that one takes the other's place."""
    with act(rooms.store, dry_run=dry_run) as tx:
        secret = rooms.senders.add(tx, new.name, new.source, asker.actor)
    return SenderMade(dry_run=dry_run, name=new.name, source=new.source, secret=None if dry_run else secret)


@router.post("/hr/senders/{name}/end", summary="End a sender", responses=responses(401, 403, 404))
def end_sender(
    rooms: House, asker: Annotated[Asker, may("sender.write")], name: Name, *, dry_run: DryRun = False
) -> SenderShape:
    """The secret signs nothing from now on."""
    with act(rooms.store, dry_run=dry_run) as tx:
        return SenderShape.of(rooms.senders.end(tx, name, asker.actor))


def _events(kind: str, body: bytes) -> list[Mapping[str, Any]]:
    if kind not in (ONE, BATCH):
        raise MessageKind
    try:
        read = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventUnread from error
    events = read if kind == BATCH else [read]
    if not isinstance(events, list) or not events or not all(isinstance(each, dict) for each in events):
        raise EventUnread
    if len(events) > EVENTS_MAX:
        raise MessageTooLarge(most_kb=BODY_KB_MAX, most=EVENTS_MAX)
    return events


def _answer(taken: Taken, language: Language) -> AnswerShape:
    refusal = taken.refusal
    says = [say(one.template, language, dict(one.fields)) for one in taken.says]
    return AnswerShape(
        event=taken.event,
        status=refusal.status if refusal else 200 if taken.again else 202,
        notice=taken.notice,
        standing=taken.standing.value if taken.standing else None,
        reason=refusal.sentence(language) if refusal else joined(says, language) or None,
        code=refusal.code() if refusal else None,
    )


def _notice(notice: Notice, no: str, language: Language) -> NoticeShape:
    says = [say(one.template, language, dict(one.fields)) for one in reason_of(notice)]
    return NoticeShape(
        id=notice.id,
        no=no,
        kind=notice.kind.value,
        at=notice.at,
        told=notice.told,
        source=notice.source or "",
        sequence=notice.sequence,
        day=notice.day,
        content=dict(notice.content),
        standing=notice.standing.value,
        reason=joined(says, language) or None,
        hold=notice.hold,
    )
