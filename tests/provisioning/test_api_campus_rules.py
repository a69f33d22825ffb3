"""The campus file and the rules through the API: previewed, refused by line and column, applied."""

from __future__ import annotations

from provisioning.campus.campuses import shipped


def test_a_campus_file_is_previewed_and_applied(served):
    text = shipped("small").read_text("utf-8").replace("en: Garage", "en: Underground garage")
    with served.client("system") as system:
        preview = system.post("/campus", params={"dry_run": True}, content=text.encode()).json()
        assert system.get("/campus").json()["text"] != text
        applied = system.post("/campus", content=text.encode()).json()
        assert system.get("/campus").json()["text"] == text
        again = system.post("/campus", content=text.encode()).json()
    assert preview["changes"] == applied["changes"] != []
    assert (preview["version"], again["changes"]) == (None, [])
    assert again["version"] == applied["version"]


def test_a_campus_file_with_faults_names_line_and_column(served):
    text = shipped("small").read_text("utf-8").replace("serial: 405419911", "serial: 405419896")
    with served.client("system") as system:
        answer = system.post("/campus", params={"name": "mine.yaml"}, content=text.encode())
    assert answer.json()["code"] == "campus-faults"
    assert "mine.yaml" in answer.json()["detail"]
    assert ":" in answer.json()["detail"].splitlines()[1]


def test_rules_are_rehearsed_with_their_effect_and_applied(served):
    served.take(served.sheet(3))
    with served.client("security") as security:
        _go_round(security)


def _go_round(security):
    rules = security.get("/rules").json()
    first = rules["rules"][0]
    version = f"version: {first['version']}"
    text = rules["text"].replace(version, f"version: {first['version'] + 1}", 1)
    rehearsed = security.post("/rules", params={"dry_run": True}, content=text.encode()).json()
    assert rehearsed["changed"] == [first["id"]]
    # Another version that says the same gives and takes nothing.
    assert (rehearsed["preview"]["people_gaining"], rehearsed["preview"]["people_losing"]) == (0, 0)
    assert (rehearsed["waits"], rehearsed["hold"]) == (False, None)
    assert security.get("/rules").json() == rules
    assert security.post("/rules", content=text.encode()).json()["hold"] is None
    assert security.get("/rules").json()["rules"][0]["version"] == first["version"] + 1
    broken = security.post("/rules", content=b"rules:\n  - id: Bad id\n")
    assert (broken.status_code, broken.json()["code"]) == (422, "rules-wrong")
    assert "2:" in broken.json()["detail"]
