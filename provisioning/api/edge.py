"""What gateways of their own say to the hub, and are told: `connectors.messages` over HTTPS. A gateway is known by its own
token, and meets nothing but its own targets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ValidationError

from connectors import messages
from connectors.contract import Mark
from connectors.desk import Passed
from connectors.messages import Answer, Asking
from provisioning.api.asking import House
from provisioning.api.problems import responses
from provisioning.gateways.credentials import Unsigned
from provisioning.nouns.gateways import Gateway

router = APIRouter(tags=["gateways at work"], responses=responses(413, 422))
_bearer = HTTPBearer(auto_error=False, scheme_name="Gateway", description="A gateway's own token: connectors.tokens")
_M = TypeVar("_M", bound=Asking)


class Taken(BaseModel):
    """It was taken; there is nothing to say."""


async def _body(request: Request) -> bytes:
    return await request.body()


def admitted(
    request: Request, rooms: House, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Gateway:
    """The gateway that asks. Raises the refusals of `Credentials.admit`."""
    if credentials is None:
        raise Unsigned
    origin = request.client.host if request.client else "-"
    return rooms.office.credentials.admit(credentials.credentials, origin)


Body = Annotated[bytes, Depends(_body)]
From = Annotated[Gateway, Depends(admitted)]


def _said(kind: type[_M], body: bytes) -> _M:
    """A message, read strictly from its text. Raises what a body that does not fit raises anywhere."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        faults = [
            {**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False, include_input=False)
        ]
        raise RequestValidationError(faults) from error


def _answer(told: Answer) -> Response:
    # It is of our own making: to check it again would cost more than to write it.
    return Response(told.model_dump_json(), media_type="application/json")


def _inlined(schema: Any, named: Mapping[str, Any]) -> Any:
    """A schema with what it refers to in the places where it does: only so it can stand in an OpenAPI document."""
    if isinstance(schema, list):
        return [_inlined(each, named) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(named[schema["$ref"].rpartition("/")[2]], named)
    return {key: _inlined(each, named) for key, each in schema.items()}


def _route(path: str, summary: str, asked: type[Asking], answered: type[BaseModel] = Taken, *more: int) -> Any:
    """A route that takes one message and answers with another."""
    schema = asked.model_json_schema()
    whole = _inlined(schema, schema.pop("$defs", {}))
    body = {"content": {"application/json": {"schema": whole}}, "required": True}
    return router.post(
        path,
        summary=summary,
        responses={200: {"model": answered}, **responses(401, 403, *more)},
        response_model=None,
        openapi_extra={"requestBody": body},
    )


@_route(messages.ENROL, "Enrol a gateway", messages.Enrolment, messages.Enrolled, 409)
def enrol(rooms: House, body: Body) -> Response:
    """With the one-time code that `foyer gateway add` showed; from then on the gateway is known by its own key."""
    asked = _said(messages.Enrolment, body)
    with rooms.store.writing() as tx:
        return _answer(rooms.office.gateways.enrol(tx, asked))


@router.get(
    messages.CHANGES,
    summary="Hear of changes",
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Server-sent events"}, **responses(401, 403, 503),
    },
    response_class=StreamingResponse,
)  # fmt: skip
async def changes(rooms: House, gateway: From) -> StreamingResponse:
    """Server-sent events that say only "changed": ask for the list then."""
    rooms.office.bells.check()

    async def told() -> AsyncGenerator[str]:
        async for each in rooms.office.bells.listen(gateway.id):
            yield each

    return StreamingResponse(told(), media_type="text/event-stream")


@_route(messages.LIST, "List a gateway's targets and news", messages.Asked, messages.Listed)
def list_mine(rooms: House, gateway: From, body: Body) -> Response:
    """Which targets it has, and what is new of their records. To ask renews the term for which it may go on without the
    hub."""
    asked = _said(messages.Asked, body)
    office, store = rooms.office, rooms.store
    with store.reading() as tx:
        unheard = office.gateways.unheard(tx, gateway)
    if unheard:
        with store.writing() as tx:
            office.gateways.hear(tx, gateway)
    with store.reading() as tx:
        return _answer(office.listing.listed(tx, gateway, asked))


@_route(messages.REPORT, "Report outcomes", messages.Reporting, messages.RefusedTargets)
def report(rooms: House, gateway: From, body: Body) -> Response:
    """What became of tasks. The same again changes nothing, for each names its revision. One target's fault is its own."""
    told = _said(messages.Reporting, body)
    refused = rooms.office.work.report(rooms.store, gateway, told.outcomes)
    return _answer(messages.RefusedTargets(refused=tuple(refused)))


@_route(messages.INTRODUCE, "Say who answered", messages.Introducing, messages.Introduced, 409)
def introduce(rooms: House, gateway: From, body: Body) -> Response:
    """Whether the device is another than before, or lost its memory: then all that it held is forgotten."""
    told = _said(messages.Introducing, body)
    with rooms.store.writing() as tx:
        return _answer(messages.Introduced(anew=rooms.office.work.introduce(tx, gateway, told)))


@_route(messages.READING, "Hand in a full reading", messages.Reading, messages.Read, 409)
def reading(rooms: House, gateway: From, body: Body) -> Response:
    """What differs is drift, an alarm, and work."""
    told = _said(messages.Reading, body)
    with rooms.store.writing() as tx:
        return _answer(messages.Read(drifts=rooms.office.work.reading(tx, gateway, told)))


@_route(messages.MISSING, "Ask what a reading lacks", messages.Reading, messages.MissingKeys, 409)
def missing(rooms: House, gateway: From, body: Body) -> Response:
    """The keys that a full reading would show to be missing, so that they are looked for once more."""
    told = _said(messages.Reading, body)
    with rooms.store.reading() as tx:
        return _answer(messages.MissingKeys(keys=tuple(rooms.office.work.missing(tx, gateway, told))))


@_route(messages.REACH, "Say how a visit ended", messages.Reach, Taken, 409)
def reach(rooms: House, gateway: From, body: Body) -> Taken:
    """Whether a target is out of reach, stopped by a fault, well, or still being read."""
    told = _said(messages.Reach, body)
    with rooms.store.writing() as tx:
        rooms.office.work.reach(tx, gateway, told)
    return Taken()


@_route(messages.ACTS, "Ask for acts", messages.Ours, messages.ActsTold)
def acts(rooms: House, gateway: From, body: Body) -> Response:
    """What waits to be done at most once."""
    asked = _said(messages.Ours, body)
    with rooms.store.reading() as tx:
        return _answer(messages.ActsTold(acts=rooms.office.work.acts(tx, gateway, asked.targets)))


@_route(messages.ACT_BEGUN, "Begin an act", messages.Beginning, messages.Go, 409)
def act_begun(rooms: House, gateway: From, body: Body) -> Response:
    """Whether it may leave now: once, and in time."""
    told = _said(messages.Beginning, body)
    with rooms.store.writing() as tx:
        return _answer(messages.Go(go=rooms.office.work.begin(tx, gateway, told.target, told.epoch, told.act)))


@_route(messages.ACTED, "Say what came of an act", messages.Acted, Taken, 404, 409)
def acted(rooms: House, gateway: From, body: Body) -> Taken:
    """Done, refused, or not known."""
    told = _said(messages.Acted, body)
    with rooms.store.writing() as tx:
        rooms.office.work.acted(tx, gateway, told.act, told.outcome)
    return Taken()


@_route(messages.WATCH, "Ask whose passages to follow", messages.Watching, messages.WatchTold)
def watch(rooms: House, gateway: From, body: Body) -> Response:
    """Those of the gateway's own targets; nothing where that is as it was."""
    asked = _said(messages.Watching, body)
    with rooms.store.reading() as tx:
        return _answer(messages.watch_told(rooms.passages.watch(tx, asked.since, gateway.id)))


@_route(messages.PASSED, "Hand in passages", messages.PassedBy, messages.Marks)
def passed(rooms: House, gateway: From, body: Body) -> Response:
    """Each once, in order; for each target how far the hub has come now, null where it is another gateway's."""
    told = _said(messages.PassedBy, body).told
    with rooms.store.writing() as tx:
        mine = rooms.office.work.mine(tx, gateway, told)
        marks = rooms.passages.take(tx, mine)
    return _answer(messages.Marks(marks=_of_all(told, mine, marks)))


@_route(messages.OVERHEARD, "Tell of a stranger", messages.Overheard)
def overheard(rooms: House, gateway: From, body: Body) -> Taken:
    """Somebody unknown speaks there as a device would."""
    told = _said(messages.Overheard, body)
    with rooms.store.writing() as tx:
        rooms.passages.overheard(tx, told.address, told.serial, gateway)
    return Taken()


@_route(messages.DEAF, "Tell that nothing can be heard", messages.Deaf)
def deaf(rooms: House, gateway: From, body: Body) -> Taken:
    """Why passages cannot be heard at an address, or that they are heard again."""
    told = _said(messages.Deaf, body)
    with rooms.store.writing() as tx:
        rooms.passages.deaf(tx, f"{told.listen} ({gateway.name})", told.why)
    return Taken()


@_route(messages.HANDED, "Let go of a target", messages.Letting, Taken, 409)
def handed(rooms: House, gateway: From, body: Body) -> Taken:
    """The gateway has ended its work on a target that is leaving: now it is the other's."""
    told = _said(messages.Letting, body)
    with rooms.store.writing() as tx:
        rooms.office.handing.let_go(tx, gateway, told.target, told.epoch)
    return Taken()


def _of_all(told: Sequence[Passed], mine: Sequence[Passed], marks: Sequence[Mark]) -> tuple[Mark | None, ...]:
    """The marks in the order of what was told; None for what is another gateway's."""
    of: dict[int, Mark] = {id(one): mark for one, mark in zip(mine, marks, strict=True)}
    return tuple(of.get(id(one)) for one in told)
