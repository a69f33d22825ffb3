"""Holds through the API and the command line, by the roles of several operators, in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.cli.main import main
from tests.provisioning.housed import HEADERS
from tests.provisioning.served import SYSTEM, Served, serving

TIGHT = "\nholds: {arrivals_max: 2, losses_percent_max: 20, losses_min: 2}\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub that holds what is more than two arrivals, with five people and a second HR operator."""
    with serving(tmp_path / "hub") as hub:
        with hub.house.store.writing() as tx:
            text = hub.house.campuses.text(tx) or ""
            hub.house.campuses.apply(tx, text + TIGHT, "small.yaml", SYSTEM)
            for name, role in (("second", "hr"), ("guard", "security"), ("keeper", "system")):
                hub.tokens[name] = hub.house.operators.add(tx, name, [role], SYSTEM)
        post(hub, sheet(*(f"P{n}" for n in range(5))))
        yield hub


def sheet(*nos: str, area: str = "北办公区") -> bytes:
    rows = [f"秘密名,{no},财政局,科员,公务员,2026-03-02,,,{area}" for no in nos]
    return "\n".join([HEADERS, *rows]).encode()


def post(served: Served, data: bytes, *, dry_run: bool = False) -> dict[str, Any]:
    with served.client("hr") as hr:
        answer = hr.post("/hr/batches", params={"dry_run": dry_run}, files={"file": ("list.csv", data)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_sheet_says_that_it_would_wait_then_waits_and_is_approved(served: Served):
    data = sheet("Q0", "Q1", "Q2")
    shown = post(served, data, dry_run=True)
    assert (shown["counts"]["held"], shown["hold"], shown["preview"]["people_gaining"]) == (3, None, 3)
    assert {one["no"] for one in shown["preview"]["sample"]} == {"Q0", "Q1", "Q2"}
    taken = post(served, data)
    assert taken["preview"] is None
    assert taken["hold"]
    assert post(served, data)["hold"] == taken["hold"]
    place = f"/holds/{taken['hold']}"
    with served.client("hr") as hr:
        detail = hr.get(place).json()
        own = hr.post(f"{place}/approve")
    assert detail["preview"] == shown["preview"]
    assert [row["no"] for row in detail["rows"]] == ["Q0", "Q1", "Q2"]
    assert (own.status_code, own.json()["code"]) == (403, "own-hold")
    with served.client("second") as second:
        assert [one["id"] for one in second.get("/holds").json()] == [taken["hold"]]
        assert second.post(f"{place}/approve", params={"dry_run": True}).json()["dry_run"] is True
        done = second.post(f"{place}/approve").json()
        assert (done["people"], done["hold"]["state"], done["hold"]["decided_by"]) == (3, "approved", "second")
        assert second.get("/holds").json() == []
        assert [one["state"] for one in second.get("/holds", params={"all": True}).json()] == ["approved"]
        assert second.get(place).json()["preview"] is None
        again = second.post(f"{place}/approve")
        grants = second.get("/persons/Q0").json()
    assert (again.status_code, again.json()["code"]) == (409, "hold-decided")
    assert grants["no"] == "Q0"


def test_system_sees_figures_but_no_people(served: Served):
    hold = post(served, sheet("Q0", "Q1", "Q2"))["hold"]
    with served.client("keeper") as keeper:
        answer = keeper.get(f"/holds/{hold}")
    assert answer.json()["preview"]["people_gaining"] == 3
    assert "Q0" not in answer.text
    assert "秘密名" not in answer.text


def rules_for_few(text: str) -> str:
    return text.replace('when: stay.kind != "外包" || stay.days > 0', 'when: stay.kind == "外包"').replace(
        "version: 1\n", "version: 9\n"
    )


def test_each_kind_is_decided_by_its_own_role(served: Served):
    with served.client("security") as security:
        rules = security.get("/rules").json()["text"]
        preview = security.post("/rules", params={"dry_run": True}, content=rules_for_few(rules).encode()).json()
        proposed = security.post("/rules", content=rules_for_few(rules).encode()).json()
        assert security.get("/rules").json()["text"] == rules
    assert (preview["waits"], preview["hold"], preview["preview"]["people_losing"]) == (True, None, 5)
    assert proposed["waits"]
    place = f"/holds/{proposed['hold']}/approve"
    for role in ("second", "keeper"):
        with served.client(role) as wrong:
            answer = wrong.post(place)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), role
    with served.client("guard") as guard:
        assert guard.post(place).status_code == 200
        assert guard.get("/rules").json()["text"] == rules_for_few(rules)


def test_a_campus_that_loosens_the_guards_waits_for_a_second_keeper(served: Served):
    with served.client("system") as system:
        text = system.get("/campus").json()["text"].replace("arrivals_max: 2", "arrivals_max: 2000")
        proposed = system.post("/campus", content=text.encode()).json()
        assert (proposed["waits"], proposed["version"]) == (True, None)
        place = f"/holds/{proposed['hold']}"
        assert system.post(f"{place}/approve").json()["code"] == "own-hold"
    with served.client("keeper") as keeper:
        assert keeper.post(f"{place}/refuse", json={"reason": "far too many"}).status_code == 200
        assert keeper.get(place).json()["reason"] == "far too many"


def test_a_changed_plan_is_told_with_its_differences(served: Served):
    with served.client("security") as security:
        rules = security.get("/rules").json()["text"]
        hold = security.post("/rules", content=rules_for_few(rules).encode()).json()["hold"]
    post(served, sheet("Q0"))
    with served.client("guard", "zh") as guard:
        first = guard.post(f"/holds/{hold}/approve")
        second = guard.post(f"/holds/{hold}/approve")
    assert (first.status_code, first.json()["code"], second.status_code) == (409, "plan-changed", 200)
    assert "zone:canteen" in first.json()["detail"]
    assert "先前所示" in first.json()["detail"]


def test_the_status_page_says_how_many_wait(served: Served):
    post(served, sheet("Q0", "Q1", "Q2"))
    with served.client() as guest:
        guest.post("/enter", data={"token": served.tokens["hr"]}, headers={"Origin": served.url})
        page = guest.get("/", params={"lang": "en"}, follow_redirects=True).text
    assert "<b>1</b><span>large changes waiting for a second person</span>" in page


def run(served: Served, who: str, *words: str, lang: str = "en") -> int:
    return main([*words, "--url", served.url, "--token", served.tokens[who], "--lang", lang])


def test_the_command_line_lists_shows_approves_and_refuses(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "list.csv"
    path.write_bytes(sheet("Q0", "Q1", "Q2"))
    assert run(served, "hr", "hr", "preview", str(path)) == 0
    previewed = capsys.readouterr().out
    assert "Rights from today on: 3 people gain some, 0 lose some.\n" in previewed
    assert "By staff number, the first 3 (+ gains, - loses):\n  Q0  +" in previewed
    assert previewed.endswith("3 rows would wait for a second person: so large a change takes two.\n")
    assert run(served, "hr", "hr", "import", str(path)) == 0
    imported = capsys.readouterr().out
    assert run(served, "hr", "hold", "list", "--json") == 0
    (hold,) = json.loads(capsys.readouterr().out)
    assert hold["id"] in imported
    assert "3 rows wait for a second person, for so large a change takes two." in imported
    assert imported.count(f"foyer hold show {hold['id']}\n") == 1
    assert run(served, "hr", "hr", "batches") == 0
    assert f"3        {hold['id']}  waits\n" in capsys.readouterr().out
    assert run(served, "hr", "hold", "show", hold["id"]) == 0
    shown = capsys.readouterr().out
    assert "zone:north-public" in shown
    assert "3 people gain some" in shown
    assert run(served, "hr", "hold", "approve", hold["id"]) == 4
    assert "nobody approves their own" in capsys.readouterr().err
    assert run(served, "second", "hold", "approve", hold["id"], lang="zh") == 0
    assert "已批准并执行" in capsys.readouterr().out
    assert run(served, "hr", "hr", "batches", lang="zh") == 0
    assert f"{hold['id']}  已批准\n" in capsys.readouterr().out
    path.write_bytes(sheet("R0", "R1", "R2"))
    assert run(served, "hr", "hr", "import", str(path), lang="zh") == 0
    imported = capsys.readouterr().out
    assert "第 4 行  R2  待审核" in imported
    assert "3 行等待第二人审核：变更较大，须两人办理。审核人请运行：foyer hold show hld-" in imported
    assert run(served, "hr", "hold", "list", "--json") == 0
    (other,) = json.loads(capsys.readouterr().out)
    assert run(served, "second", "hold", "refuse", other["id"], "--reason", "not ours") == 0
    assert "nothing of it takes effect" in capsys.readouterr().out
    assert run(served, "second", "hold", "list") == 0
    assert "Nothing waits" in capsys.readouterr().out
    assert run(served, "second", "hold", "list", "--all") == 0
    assert other["id"] in capsys.readouterr().out


def test_rules_and_campus_print_what_they_would_do(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with served.client("security") as security:
        rules = security.get("/rules").json()["text"]
    path = tmp_path / "rules.yaml"
    path.write_text(rules_for_few(rules), "utf-8")
    assert run(served, "security", "rules", "preview", str(path)) == 0
    shown = capsys.readouterr().out
    assert "would wait for a second person" in shown
    assert "zone:canteen" in shown
    assert run(served, "security", "rules", "apply", str(path)) == 0
    assert "it waits for a second person as hold hld-" in capsys.readouterr().out
    with served.client("system") as system:
        campus = system.get("/campus").json()["text"]
    path.write_text(campus.replace("zones: [north-public]", "zones: [garage]"), "utf-8")
    assert run(served, "system", "campus", "preview", str(path), lang="zh") == 0
    shown = capsys.readouterr().out
    assert "失去权限" in shown
    assert "届时将等待第二人审核" in shown
