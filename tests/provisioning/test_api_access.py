"""Every route of the OpenAPI, by role: who is let in and who is not. A new route without a line here fails."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from connectors import messages
from tests.provisioning.served import ROLES, Served

ALL = frozenset(ROLES)
PEOPLE = ALL - {"system"}
# What gateways of their own say and are told: each by its own token, and an operator's opens nothing there.
EDGE = frozenset({
    ("GET", messages.CHANGES),
    *(
        ("POST", path)
        for path in (
            messages.ENROL, messages.LIST, messages.REPORT, messages.INTRODUCE, messages.READING, messages.MISSING,
            messages.REACH, messages.HANDED, messages.ACTS, messages.ACT_BEGUN, messages.ACTED, messages.WATCH,
            messages.PASSED, messages.OVERHEARD, messages.DEAF,
        )
    ),
})  # fmt: skip
EXPECTED: dict[tuple[str, str], frozenset[str] | None] = {
    ("POST", "/hr/batches"): frozenset({"hr"}),
    ("GET", "/hr/batches"): frozenset({"hr", "auditor"}),
    ("GET", "/hr/batches/{batch}"): frozenset({"hr", "auditor"}),
    ("GET", "/hr/template"): frozenset({"hr", "auditor"}),
    ("POST", "/hr/notices"): frozenset(),
    ("GET", "/hr/notices"): frozenset({"hr", "auditor"}),
    ("GET", "/hr/senders"): frozenset({"system", "auditor"}),
    ("POST", "/hr/senders"): frozenset({"system"}),
    ("POST", "/hr/senders/{name}/end"): frozenset({"system"}),
    ("GET", "/holds"): ALL,
    ("GET", "/holds/{hold}"): ALL,
    ("POST", "/holds/{hold}/approve"): ALL - {"auditor"},
    ("POST", "/holds/{hold}/refuse"): ALL - {"auditor"},
    ("GET", "/persons"): PEOPLE,
    ("GET", "/persons/{no}"): PEOPLE,
    ("GET", "/persons/{no}/why"): PEOPLE,
    ("GET", "/persons/{no}/rights"): PEOPLE,
    ("GET", "/who"): frozenset({"security", "auditor"}),
    ("GET", "/persons/{no}/grants"): PEOPLE,
    ("POST", "/persons/{no}/grants"): frozenset({"security"}),
    ("POST", "/grants/{grant}/end"): frozenset({"security"}),
    ("GET", "/late"): PEOPLE,
    ("POST", "/persons/{no}/cards"): frozenset({"hr", "security"}),
    ("POST", "/persons/{no}/pin"): frozenset({"hr", "security"}),
    ("POST", "/persons/{no}/pin/end"): frozenset({"hr", "security"}),
    ("POST", "/cards/{number}/lost"): frozenset({"hr", "security"}),
    ("POST", "/cards/{number}/replace"): frozenset({"hr", "security"}),
    ("GET", "/readiness"): PEOPLE,
    ("POST", "/persons/{no}/revoke"): frozenset({"security"}),
    ("GET", "/revocations/{revocation}"): PEOPLE,
    ("POST", "/persons/{no}/suspend"): frozenset({"security"}),
    ("POST", "/persons/{no}/resume"): frozenset({"security"}),
    ("POST", "/persons/{no}/cards/loan"): frozenset({"hr", "security"}),
    ("POST", "/cards/{number}/return"): frozenset({"hr", "security"}),
    ("GET", "/lockdowns"): ALL,
    ("GET", "/fires"): ALL,
    ("GET", "/conditions/{condition}"): ALL,
    ("POST", "/zones/{zone}/lockdown"): frozenset({"security"}),
    ("POST", "/zones/{zone}/lockdown/release"): frozenset({"security"}),
    ("POST", "/zones/{zone}/fire"): ALL - {"auditor"},
    ("POST", "/zones/{zone}/fire/clear"): frozenset({"security"}),
    ("POST", "/doors/{door}/open"): frozenset({"security"}),
    ("POST", "/doors/{door}/pair"): frozenset({"security"}),
    ("GET", "/acts"): frozenset({"security", "auditor"}),
    ("GET", "/acts/{act}"): frozenset({"security", "auditor"}),
    ("GET", "/persons/{no}/revocations"): PEOPLE,
    ("GET", "/targets"): ALL,
    ("GET", "/targets/{target}"): ALL,
    ("POST", "/targets/{target}/read"): frozenset({"security", "system"}),
    ("GET", "/drift"): ALL - {"hr"},
    ("GET", "/alarms"): ALL,
    ("POST", "/alarms/{alarm}/acknowledge"): frozenset({"security", "system"}),
    ("GET", "/hooks"): frozenset({"system", "auditor"}),
    ("POST", "/hooks"): frozenset({"system"}),
    ("POST", "/hooks/{hook}/remove"): frozenset({"system"}),
    ("POST", "/hooks/{hook}/test"): frozenset({"system"}),
    ("GET", "/passages"): frozenset({"security", "auditor"}),
    ("GET", "/passages/muster"): frozenset({"security", "auditor"}),
    ("POST", "/persons/{no}/forgive"): frozenset({"security"}),
    ("GET", "/campus"): ALL,
    ("POST", "/campus"): frozenset({"system"}),
    ("GET", "/rules"): ALL,
    ("POST", "/rules"): frozenset({"security"}),
    ("GET", "/story"): frozenset({"auditor"}),
    ("GET", "/audit/verify"): frozenset({"auditor"}),
    ("GET", "/audit/export"): frozenset({"auditor"}),
    ("GET", "/audit/prove/{event}"): frozenset({"auditor"}),
    ("GET", "/audit/key"): frozenset({"auditor"}),
    ("GET", "/operators"): frozenset({"system", "auditor"}),
    ("POST", "/operators"): frozenset({"system"}),
    ("POST", "/operators/{name}/end"): frozenset({"system"}),
    ("GET", "/seats"): PEOPLE,
    ("GET", "/seats/labels"): frozenset({"hr"}),
    ("GET", "/seats/{seat}"): PEOPLE,
    ("POST", "/persons/{no}/seat"): frozenset({"hr"}),
    ("POST", "/persons/{no}/seat/move"): frozenset({"hr"}),
    ("POST", "/persons/{no}/seat/swap"): frozenset({"hr"}),
    ("POST", "/persons/{no}/seat/free"): frozenset({"hr"}),
    ("POST", "/persons/{no}/seat/ask"): frozenset({"hr"}),
    ("POST", "/seats/{seat}/close"): frozenset({"hr"}),
    ("POST", "/seats/{seat}/open"): frozenset({"hr"}),
    ("GET", "/flats"): PEOPLE,
    ("GET", "/flats/queue"): PEOPLE,
    ("GET", "/flats/offers"): PEOPLE,
    ("POST", "/persons/{no}/flat/accept"): frozenset({"hr"}),
    ("POST", "/persons/{no}/flat/decline"): frozenset({"hr"}),
    ("POST", "/persons/{no}/flat/free"): frozenset({"hr"}),
    ("POST", "/persons/{no}/flat/ask"): frozenset({"hr"}),
    ("POST", "/flats/{flat}/close"): frozenset({"hr"}),
    ("POST", "/flats/{flat}/open"): frozenset({"hr"}),
    ("GET", "/backup"): frozenset({"system"}),
    ("GET", "/era"): ALL,
    ("POST", "/era/accept"): frozenset({"security", "system"}),
    ("GET", "/gateways"): ALL - {"hr"},
    ("POST", "/gateways"): frozenset({"system"}),
    ("POST", "/gateways/hand"): frozenset({"system"}),
    ("POST", "/gateways/{gateway}/revoke"): frozenset({"system"}),
    ("POST", "/gateways/{gateway}/attest"): frozenset({"security", "system"}),
    **dict.fromkeys(EDGE, frozenset()),
    ("GET", "/health"): None,
}
# What is signed by a sender and needs no token; a token opens nothing there.
SIGNED = frozenset({("POST", "/hr/notices")})
BODIES: dict[str, dict[str, Any]] = {
    messages.ENROL: {"json": {"code": "A" * 32, "public_key": "A" * 43, "software": "test"}},
    "/gateways": {"json": {"name": "north-gate"}},
    "/gateways/hand": {"json": {"what": "a-1", "to": "embedded"}},
    "/hr/senders": {"json": {"name": "hr-office", "source": "https://hr.test/notices"}},
    "/hooks": {"json": {"url": "https://duty.test/alarms", "level": 2}},
    "/hr/batches": {"files": {"file": ("x.csv", "姓名,工号\n".encode())}},
    "/persons/{no}/cards": {"json": {"number": 5}},
    "/persons/{no}/pin": {"json": {"pin": "2580"}},
    "/cards/{number}/replace": {"json": {"number": 5}},
    "/persons/{no}/grants": {"json": {"resource": "zone:meeting", "closes": "2099-01-01T10:00", "reason": "visit"}},
    "/grants/{grant}/end": {"json": {"reason": "called off"}},
    "/persons/{no}/revoke": {"json": {"reason": "left"}},
    "/persons/{no}/suspend": {"json": {"reason": "looked into"}},
    "/persons/{no}/resume": {"json": {"reason": "nothing found"}},
    "/persons/{no}/cards/loan": {"json": {"number": 5, "until": "2099-01-01T10:00"}},
    "/zones/{zone}/lockdown": {"json": {"reason": "an intruder"}},
    "/zones/{zone}/fire": {"json": {}},
    "/doors/{door}/open": {"json": {"reason": "a courier"}},
    "/doors/{door}/pair": {"json": {"reason": "a new reader"}},
    "/campus": {"content": b"campus: x"},
    "/rules": {"content": b"rules: []"},
    "/persons/{no}/seat": {"json": {"seat": "a-201-01"}},
    "/persons/{no}/seat/move": {"json": {"seat": "a-201-01"}},
    "/persons/{no}/seat/swap": {"json": {"other": "FX1"}},
    "/seats/{seat}/close": {"json": {"reason": "water"}},
    "/flats/{flat}/close": {"json": {"reason": "water"}},
    "/holds/{hold}/refuse": {"json": {"reason": "too many"}},
    "/operators": {"json": {"name": "new.one", "roles": ["hr"]}},
    "/era/accept": {"json": {"digest": "0123456789ab"}},
}


def _routes(served: Served) -> list[tuple[str, str]]:
    paths = _openapi(served)["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _openapi(served: Served) -> dict:
    with served.client() as client:
        return client.get("/openapi.json").json()


def _ask(client: httpx2.Client, method: str, path: str) -> httpx2.Response:
    place = re.sub(r"\{(number|event)\}", "7", path)
    place = re.sub(r"\{\w+\}", "nobody", place)
    body = BODIES.get(path, {}) if method == "POST" else {}
    return client.request(method, place, params={"dry_run": "true"} if method == "POST" else None, **body)


def test_every_route_has_its_line(served):
    assert set(_routes(served)) == set(EXPECTED)


@pytest.mark.parametrize(("method", "path"), sorted(EXPECTED))
def test_nobody_comes_in_without_a_token(served, method, path):
    with served.client() as client:
        answer = _ask(client, method, path)
        client.headers["Authorization"] = "Bearer foyer_wrong"
        wrong = _ask(client, method, path)
    if (method, path) in SIGNED:
        assert {answer.status_code, wrong.status_code} == {401}
        assert answer.json()["code"] == wrong.json()["code"] == "signature-missing"
    elif (method, path) in EDGE:
        code = messages.BAD_CODE if path == messages.ENROL else messages.UNSIGNED
        assert {(one.status_code, one.json()["code"]) for one in (answer, wrong)} == {(401, code)}
    elif EXPECTED[method, path] is None:
        assert answer.status_code == wrong.status_code == 200
    else:
        assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "token-refused")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), sorted(key for key, roles in EXPECTED.items() if roles is not None))
def test_each_role_does_its_own_work_only(served, role, method, path):
    with served.client(role) as client:
        answer = _ask(client, method, path)
    allowed = EXPECTED[method, path] or frozenset()
    if (method, path) in SIGNED:
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-missing")
    elif (method, path) in EDGE:
        assert answer.status_code == 401
    elif role in allowed:
        assert answer.status_code in {200, 404, 409, 422}, answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_dry_run_of_each_act_leaves_no_trace(served):
    served.house.sealer.seal_once()
    with served.client("auditor") as auditor:
        before = [event["kind"] for event in auditor.get("/story", params={"limit": 1000}).json()]
        for method, path in EXPECTED:
            for role in ROLES if method == "POST" else ():
                with served.client(role) as client:
                    _ask(client, method, path)
        served.house.sealer.seal_once()
        after = auditor.get("/story", params={"limit": 1000}).json()
    new = [event["kind"] for event in after[: len(after) - len(before)]]
    assert set(new) <= {"operator.entered", "operator.refused"}


def test_every_model_has_a_name_of_its_own(served):
    shapes = {kind.__name__ for kind in _kinds(BaseModel) if kind.__module__.startswith("provisioning.api.")}
    said = {name.removesuffix("Shape") for name in shapes - {"Shape"}}
    assert len(said) == len(shapes - {"Shape"})
    assert said <= set(_openapi(served)["components"]["schemas"])


def _kinds(kind: type) -> set[type]:
    return {kind}.union(*(_kinds(each) for each in kind.__subclasses__()))


def test_every_operation_is_described(served):
    schema = _openapi(served)
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            place = f"{method} {path}"
            assert told["summary"], place
            assert told["description"], place
            assert told["tags"], place
            answer = told["responses"]["200"]["content"]
            assert all(kind != "application/json" or each["schema"] for kind, each in answer.items()), place
            if told.get("security"):
                assert {"401", "403"} <= set(told["responses"]), place
            for status, refused in told["responses"].items():
                assert status in {"200", "202"} or list(refused["content"]) == ["application/problem+json"], place
