"""The API's documentation as a page of our own, rendered from its OpenAPI: no script and nothing from elsewhere."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape

from provisioning.api.problems import MEDIA_TYPE

router = APIRouter(include_in_schema=False)
METHODS = ("get", "post")
SUFFIX = "Shape"
NOTHING = {"media": "", "text": "", "model": ""}


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """All routes, with what they take and answer."""
    return HTMLResponse(_page(request.app))


@router.get("/docs/style.css")
def style() -> Response:
    """How that page looks."""
    return Response(files("provisioning.api").joinpath("docs.css").read_bytes(), media_type="text/css")


def in_our_words(schema: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with errors only as they are sent, and without the suffix that our classes bear."""
    for methods in schema["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                if MEDIA_TYPE in answer.get("content", {}):
                    answer["content"].pop("application/json", None)
    return json.loads(json.dumps(schema).replace(f'{SUFFIX}"', '"'))


def _page(app: FastAPI) -> str:
    schema = app.openapi()
    pages = Environment(
        loader=PackageLoader("provisioning.api", "."), autoescape=select_autoescape(), auto_reload=False
    )
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                route = _route(path, method, methods[method])
                groups.setdefault(route["tag"], []).append(route)
    models = {name: _fields(each) for name, each in schema["components"]["schemas"].items() if "properties" in each}
    return pages.get_template("docs.html").render(info=schema["info"], groups=groups, models=models)


def _route(path: str, method: str, told: dict[str, Any]) -> dict[str, Any]:
    answers = [
        {"status": status, "what": each["description"], "model": _model(each.get("content", {}))}
        for status, each in told["responses"].items()
    ]
    return {
        "id": told["operationId"],
        "path": path,
        "method": method.upper(),
        "tag": (told.get("tags") or ["hub"])[0],
        "summary": told.get("summary", ""),
        "about": told.get("description", ""),
        "open": not told.get("security"),
        "parameters": [_parameter(each) for each in told.get("parameters", [])],
        "body": [
            {"type": kind, "model": _type(each.get("schema", {}))}
            for kind, each in told.get("requestBody", {}).get("content", {}).items()
        ],
        "answers": answers,
    }


def _parameter(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": told["name"],
        "where": told["in"],
        "type": _type(told["schema"]),
        "required": told.get("required", False),
        "about": told.get("description", ""),
    }


def _fields(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": _type(told), "about": told.get("description", "")}
        for name, told in model["properties"].items()
    ]


def _model(content: dict[str, Any]) -> dict[str, str]:
    return next(({"media": kind, **_type(told.get("schema", {}))} for kind, told in content.items()), NOTHING)


def _type(told: dict[str, Any]) -> dict[str, str]:
    """What a schema says in a word, and the model that it points to, if any."""
    if "$ref" in told:
        name = told["$ref"].rsplit("/", 1)[-1]
        return {"text": name, "model": name}
    if "anyOf" in told:
        kinds = [_type(each) for each in told["anyOf"]]
        return {
            "text": " | ".join(kind["text"] for kind in kinds),
            "model": next((k["model"] for k in kinds if k["model"]), ""),
        }
    if told.get("type") == "array":
        inner = _type(told.get("items", {}))
        return {"text": f"{inner['text']}[]", "model": inner["model"]}
    return {"text": told.get("format") or told.get("type", "any"), "model": ""}
