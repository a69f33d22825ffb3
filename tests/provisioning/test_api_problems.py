"""How the API says no: problem+json in the caller's language, with cause and cure, and nothing of its insides."""

from __future__ import annotations

import logging

import pytest
from fastapi import APIRouter

from provisioning.api.guard import BODY_MB_MAX, CSP
from tests.provisioning.served import Served, serving

MEGABYTE = 1024 * 1024


def test_a_field_that_does_not_fit_is_named(served):
    with served.client("hr") as hr:
        answer = hr.post("/persons/E1/cards", json={"number": "seven"})
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["code"], problem["status"]) == (422, "bad-field", 422)
    assert problem["detail"] == "number: it must be a whole number."
    assert problem["type"] == "urn:foyer:bad-field"


@pytest.mark.parametrize("number", [True, False, 7.0, "7", None])
def test_only_a_whole_number_is_a_card_number(served, number):
    with served.client("hr") as hr:
        assert hr.post("/persons/E1/cards", json={"number": number}).status_code == 422


def test_several_faults_are_told_together_and_in_chinese(served):
    with served.client("system", "zh-CN,zh;q=0.9") as system:
        problem = system.post("/operators", json={"name": 5, "roles": [], "more": 1}).json()
    assert problem["faults"] == ["name: 必须是文本。", "roles: 至少 1 项。", "more: 系统没有这一字段；请去掉。"]


def test_a_refusal_speaks_the_callers_language(served):
    with served.client("hr", "zh") as hr, served.client("hr") as english:
        assert hr.get("/persons/E404").json()["detail"] == "没有人员 E404。请查看 foyer person list。"
        assert english.get("/persons/E404").json()["detail"] == "There is no person E404. Look at foyer person list."


def test_what_is_not_there_and_what_is_not_taken_are_problems(served):
    with served.client() as client:
        nothing = client.get("/nowhere")
        wrong = client.delete("/persons")
        broken = client.post("/enter", content=b"{", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no-such-route")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "wrong-method")
    assert broken.json()["status"] in (400, 403, 422)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/campus", "/hr/batches"])
def test_a_body_past_the_bound_is_refused(served, announced, path):
    chunks = [b"x" * MEGABYTE] * (BODY_MB_MAX + 1)
    body = b"".join(chunks) if announced else iter(chunks)
    kind = {"/campus": "application/yaml", "/hr/batches": "multipart/form-data; boundary=x"}[path]
    if path == "/hr/batches":
        start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        body = start + b"".join(chunks) if announced else iter([start, *chunks])
    with served.client("system" if path == "/campus" else "hr") as client:
        answer = client.post(path, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_body_that_is_not_utf8_is_refused(served):
    with served.client("system") as system:
        assert system.post("/campus", content=b"\xff\xfe\x00").json()["code"] == "bad-request"


def test_an_unknown_fault_is_logged_whole_and_told_by_a_number(tmp_path, caplog):
    broken = APIRouter()

    @broken.get("/broken")
    def fall() -> None:
        """Falls."""
        raise RuntimeError("canary of the insides")

    with caplog.at_level(logging.ERROR, "foyer.api"), serving(tmp_path, broken) as hub, hub.client() as client:
        answer = client.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert "canary" not in answer.text
    assert answer.json()["fields"]["id"] in caplog.text
    assert "canary of the insides" in caplog.text


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/nowhere", "/static/console.css", "/openapi.json"])
def test_browsers_are_told_what_they_may_do(served, path):
    with served.client() as client:
        headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CSP
    assert "unsafe" not in CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_documentation_lists_every_route_without_any_script(served: Served):
    with served.client() as client:
        page, schema = client.get("/docs").text, client.get("/openapi.json").json()
        assert client.get("/docs/style.css").headers["content-type"].startswith("text/css")
    for path, methods in schema["paths"].items():
        assert f"<code>{path}</code>" in page
        assert all(told["operationId"] in page for told in methods.values())
    assert not any(word in page for word in ("<script", "style=", "http://", "https://", "onclick"))
