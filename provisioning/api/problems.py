"""How the API says no: problem+json (RFC 9457) with a code, and a sentence in the caller's language that names the cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, language_of, say

MEDIA_TYPE = "application/problem+json"
FAULTS_SHOWN_MAX = 20


class Problem(BaseModel):
    """What went wrong and what to do about it (RFC 9457)."""

    type: str = Field(description="A name for this kind of problem", examples=["urn:foyer:card-taken"])
    title: str = Field(description="The HTTP status in words", examples=["Conflict"])
    status: int = Field(description="The HTTP status", examples=[409])
    code: str = Field(description="The kind of problem, for programs", examples=["card-taken"])
    detail: str = Field(description="A sentence for people, in the language of Accept-Language: cause, then cure")
    fields: dict[str, str] = Field(default_factory=dict, description="The figures and names in that sentence")
    faults: list[str] = Field(
        default_factory=list, description="Where there is more than one fault: a sentence for each"
    )


class NoSuchRoute(Refusal):
    """The hub has nothing at {path}. /docs lists what it has."""

    status = 404


class WrongMethod(Refusal):
    """{path} does not take {method}. /docs lists what it takes."""

    status = 405


class BodyTooLarge(Refusal):
    """More was sent than the hub takes at once. Split the file; the largest body is {limit_mb} MB."""

    status = 413


class BadRequest(Refusal):
    """The hub could not read this request. /docs shows how it should look."""

    status = 400


class BadField(Refusal):
    """{field}: {fault}"""

    status = 422


class Broken(Refusal):
    """Something in the hub is broken, and this was not done. Tell whoever runs the hub this number: {id}."""

    status = 500


# pydantic's kind of fault → our sentence; the rest share the last one.
_FAULTS: dict[str, str] = {
    "missing": "it is missing; give it.",
    "int_parsing": "it must be a whole number.",
    "int_type": "it must be a whole number.",
    "greater_than_equal": "it must be at least {ge}.",
    "greater_than": "it must be more than {gt}.",
    "less_than_equal": "it must be at most {le}.",
    "string_type": "it must be text.",
    "string_too_short": "it must have at least {min_length} characters.",
    "string_too_long": "it must have at most {max_length} characters.",
    "too_short": "it must have at least {min_length} entries.",
    "too_long": "it must have at most {max_length} entries.",
    "bool_parsing": "it must be true or false.",
    "bool_type": "it must be true or false.",
    "date_from_datetime_parsing": "it must be a date such as 2026-03-01.",
    "date_type": "it must be a date such as 2026-03-01.",
    "date_parsing": "it must be a date such as 2026-03-01.",
    "literal_error": "it must be one of {expected}.",
    "enum": "it must be one of {expected}.",
    "json_invalid": "it is not valid JSON.",
    "extra_forbidden": "the hub knows no such field; leave it out.",
}
_ANY_FAULT = "it is not written as it should be; /docs shows how."


def language_asked(headers: Mapping[str, str]) -> Language:
    """The language of a request."""
    return language_of(headers.get("accept-language", ""))


def answer(refusal: Refusal, language: Language, faults: Sequence[str] = ()) -> JSONResponse:
    """A refusal as problem+json."""
    problem = Problem(
        type=f"urn:foyer:{refusal.code()}",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        code=refusal.code(),
        detail=refusal.sentence(language),
        fields={name: str(value) for name, value in refusal.fields.items()},
        faults=list(faults),
    )
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(problem.model_dump(), refusal.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of the app answered as a problem. Unknown exceptions are the guard's."""
    app.exception_handler(Refusal)(_refused)
    app.exception_handler(RequestValidationError)(_unfit)
    app.exception_handler(HTTPException)(_http)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for its documentation."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def _refused(request: Request, refusal: Refusal) -> JSONResponse:
    return answer(refusal, language_asked(request.headers))


def _unfit(request: Request, error: RequestValidationError) -> JSONResponse:
    language = language_asked(request.headers)
    faults = [_fault(each, language) for each in error.errors()[:FAULTS_SHOWN_MAX]]
    field, fault = faults[0]
    sentences = [f"{name}: {what}" for name, what in faults] if len(faults) > 1 else []
    return answer(BadField(field=field, fault=fault), language, sentences)


def _fault(error: Mapping[str, Any], language: Language) -> tuple[str, str]:
    place = [str(part) for part in error["loc"][1:]] or [str(part) for part in error["loc"]]
    template = _FAULTS.get(error["type"], _ANY_FAULT)
    return ".".join(place), say(template, language, error.get("ctx") or {})


def _http(request: Request, error: HTTPException) -> JSONResponse:
    refusals: dict[int, Refusal] = {
        404: NoSuchRoute(path=request.url.path),
        405: WrongMethod(path=request.url.path, method=request.method),
    }
    return answer(refusals.get(error.status_code, BadRequest()), language_asked(request.headers))
