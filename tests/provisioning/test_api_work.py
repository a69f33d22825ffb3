"""The work that goes through the API: sheets, people, cards, reasons, revocation, story."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from provisioning.compose import UNSIGNED
from provisioning.story import offline

PEOPLE = 12


@pytest.fixture(scope="module")
def sheet(served):
    return served.sheet(PEOPLE)


@pytest.fixture(scope="module")
def report(served, sheet):
    return served.take(sheet)


@pytest.fixture
def hr(served, report):
    with served.client("hr") as client:
        yield client


@pytest.fixture
def security(served, report):
    with served.client("security") as client:
        yield client


def _cards(served):
    with served.client("hr") as client:
        people = client.get("/persons").json()["people"]
    return {one["no"]: [card["number"] for card in one["cards"] if card["state"] == "active"] for one in people}


def test_a_preview_says_what_the_import_does_and_keeps_nothing(served, report):
    sheet = served.sheet(3, seed=77)
    with served.client("hr") as hr:
        before = hr.get("/persons").json()
        preview = hr.post("/hr/batches?dry_run=true", files={"file": ("b.xlsx", sheet)}).json()
        assert hr.get("/persons").json() == before
        assert preview["batch"] is None
        taken = hr.post("/hr/batches", files={"file": ("b.xlsx", sheet)}).json()
    assert [(line["outcome"], line["sentences"]) for line in preview["lines"]] == [
        (line["outcome"], line["sentences"]) for line in taken["lines"]
    ]


def test_importing_twice_changes_nothing(report, sheet, hr):
    again = hr.post("/hr/batches", files={"file": ("sample.xlsx", sheet)}).json()
    assert again["batch"] == report["batch"]
    assert again["counts"] == {"new": 0, "same": PEOPLE, "changed": 0, "held": 0, "refused": 0}
    assert len([each for each in hr.get("/hr/batches").json() if each["id"] == report["batch"]]) == 1


def test_everybody_of_a_batch_was_looked_at(report, hr):
    far = hr.get(f"/hr/batches/{report['batch']}").json()
    assert (far["people"], far["waiting"]) == (PEOPLE, 0)
    ready = hr.get("/readiness", params={"batch": report["batch"]}).json()
    assert ready["people"] == PEOPLE
    assert ready["counts"]["wanted"] == len([need for need in ready["needs"] if need["state"] == "wanted"]) > 0
    assert ready["counts"]["proved"] == 0
    bare = hr.get("/readiness", params={"batch": report["batch"], "needs": False}).json()
    assert bare == ready | {"needs": []}


def test_a_file_that_is_no_workbook_is_refused_with_a_cure(hr):
    answer = hr.post("/hr/batches", files={"file": ("a.xlsx", b"PK\x03\x04 not a zip")})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_the_template_is_a_workbook(hr):
    answer = hr.get("/hr/template")
    headers = [cell.value for cell in next(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows())]
    assert {"姓名", "工号", "身份证号", "门禁卡号"} <= set(headers)


def test_people_come_in_pages_and_identity_numbers_masked(hr):
    first = hr.get("/persons", params={"limit": 5}).json()
    second = hr.get("/persons", params={"limit": 5, "after": first["next"]}).json()
    nos = [one["no"] for one in first["people"] + second["people"]]
    assert nos == sorted(set(nos))
    one = hr.get(f"/persons/{nos[0]}").json()
    assert one["name"]
    assert one["id_number"].startswith("*" * 14)
    assert one["stays"][0]["state"] == "open"


def test_a_card_is_given_lost_and_replaced_in_a_dry_run_first(served, hr):
    no, (number,) = next((no, held) for no, held in _cards(served).items() if len(held) == 1)
    for path, body in (
        (f"/persons/{no}/cards", {"number": 4_000_000_001}),
        (f"/cards/{number}/lost", None),
        (f"/cards/{number}/replace", {"number": 4_000_000_002}),
    ):
        before = _cards(served)
        told = hr.post(path, params={"dry_run": True}, json=body).json()
        assert told["dry_run"] is True
        assert _cards(served) == before
        done = hr.post(path, json=body).json()
        assert done["effect"] == told["effect"]
        assert _cards(served) != before
    assert _cards(served)[no] == [4_000_000_001, 4_000_000_002]


@pytest.mark.parametrize(("number", "code"), [(0, "card-number"), (4_294_967_295, "card-number"), (2**63, "bad-field")])
def test_a_card_number_that_no_panel_holds_is_refused(served, hr, number, code):
    answer = hr.post(f"/persons/{next(iter(_cards(served)))}/cards", json={"number": number})
    assert answer.status_code == 422
    assert answer.json()["code"] in {code, "card-number"}


def test_somebody_elses_card_is_refused(served, hr):
    held = {no: cards[0] for no, cards in _cards(served).items() if cards}
    (one, _), (_, number) = list(held.items())[:2]
    answer = hr.post(f"/persons/{one}/cards", json={"number": number})
    assert (answer.status_code, answer.json()["code"]) == (409, "card-taken")


def test_why_tells_of_each_rule_in_the_askers_language(served, hr):
    no = next(iter(_cards(served)))
    (english,) = hr.get(f"/persons/{no}/why").json()
    with served.client("hr", "zh") as chinese:
        (told,) = chinese.get(f"/persons/{no}/why").json()
    assert {finding["rule"] for finding in english["findings"]} == {finding["rule"] for finding in told["findings"]}
    assert english["findings"][0]["title"] != told["findings"][0]["title"]
    assert all(finding["says"] for finding in told["findings"])
    (one,) = hr.get(f"/persons/{no}/why", params={"resource": "zone:canteen"}).json()
    assert {grant["resource"] for grant in one["grants"]} <= {"zone:canteen"}


def test_readiness_is_asked_of_one_thing(hr, report):
    both = hr.get("/readiness", params={"batch": report["batch"], "day": "2026-01-01"})
    assert both.json()["code"] == "ask-one"
    assert hr.get("/readiness", params={"day": "tomorrow"}).json()["detail"].startswith("day: it must be a date")
    assert hr.get("/readiness", params={"day": "1999-01-01"}).json()["percent"] is None
    assert hr.get("/readiness", params={"batch": "bat-nix"}).status_code == 404


def test_a_revocation_is_rehearsed_carried_out_and_certified(served, security):
    no = list(_cards(served))[-1]
    rehearsed = security.post(f"/persons/{no}/revoke", params={"dry_run": True}, json={"reason": "left"}).json()
    assert _cards(served)[no]
    assert security.get(f"/persons/{no}/revocations").json() == []
    made = security.post(f"/persons/{no}/revoke", json={"reason": "left"}).json()
    assert [(line["target"], line["key"]) for line in made["lines"]] == [
        (line["target"], line["key"]) for line in rehearsed["lines"]
    ]
    assert _cards(served)[no] == []
    assert security.get(f"/revocations/{made['id']}").json()["operator"] == "the-security"
    assert [each["id"] for each in security.get(f"/persons/{no}/revocations").json()] == [made["id"]]
    again = security.post(f"/persons/{no}/revoke", json={"reason": "  "})
    assert again.json()["code"] == "reason-missing"


def test_targets_owe_what_is_wanted_and_are_read_when_asked(served, security):
    targets = security.get("/targets").json()
    assert len(targets) == 11
    assert all(target["dirty"] >= target["records"] > 0 for target in targets if target["kind"] == "wg")
    asked = security.post("/targets/a-1/read").json()
    assert datetime.fromisoformat(asked["due"]) <= datetime.now(UTC) + timedelta(seconds=5)
    assert security.get("/drift").json() == []
    assert security.get("/targets/nix").status_code == 404


def test_an_alarm_is_told_in_both_languages_and_acknowledged_once(served, security):
    with served.house.store.writing() as tx:
        made = served.house.alarms.raise_alarm(tx, "story.unsigned", UNSIGNED, {"why": "x"})
    assert made in [alarm["id"] for alarm in security.get("/alarms").json()]
    with served.client("security", "zh") as chinese:
        assert chinese.get("/alarms").json()[0]["sentence"] != security.get("/alarms").json()[0]["sentence"]
    assert security.post(f"/alarms/{made}/acknowledge").json()["acknowledged_by"] == "the-security"
    assert security.post(f"/alarms/{made}/acknowledge").status_code == 409
    assert made in [alarm["id"] for alarm in security.get("/alarms", params={"all": True}).json()]


def test_the_story_is_told_exported_and_proved(served, report):
    with served.client("auditor") as auditor:
        for name in ("seal_once", "checkpoint_once"):
            getattr(served.house.sealer, name)()
        assert auditor.get("/audit/verify").json()["ok"] is True
        key = auditor.get("/audit/key").json()["vkey"]
        lines = auditor.get("/audit/export").text.splitlines()
        assert offline.verify_export(lines, key).ok
        broken = [line.replace("stay.announced", "stay.changed_", 1) for line in lines]
        assert not offline.verify_export(broken, key).ok
        (taken,) = auditor.get("/story", params={"trace": report["batch"]}).json()
        assert taken["kind"] == "batch.taken"
        (announced, *_) = [
            event for event in auditor.get("/story", params={"limit": 500}).json() if event["kind"] == "stay.announced"
        ]
        events = auditor.get("/story", params={"trace": announced["trace"]}).json()
        assert [event["kind"] for event in events] == ["stay.announced", "grants.decided"]
        proof = auditor.get(f"/audit/prove/{events[0]['id']}").json()
        assert offline.verify_proof(proof["text"], key).ok
        told = auditor.get("/story", params={"person": events[1]["no"]}).json()
        assert {event["no"] for event in told} == {events[1]["no"]}
        later = auditor.get("/story", params={"after": events[0]["position"], "limit": 2}).json()
        assert [event["position"] for event in later] == [events[0]["position"] + 1, events[0]["position"] + 2]


def test_operators_come_and_go_by_name(served):
    with served.client("system") as system:
        made = system.post("/operators", json={"name": "li.wei", "roles": ["hr"]}).json()
        assert system.post("/operators", json={"name": "li.wei", "roles": ["hr"]}).status_code == 409
        assert system.post("/operators", json={"name": "both", "roles": ["system", "security"]}).status_code == 422
        rehearsed = system.post("/operators?dry_run=true", json={"name": "a.b", "roles": ["hr"]}).json()
        assert rehearsed["token"] is None
        system.headers["Authorization"] = f"Bearer {made['token']}"
        assert system.get("/persons").status_code == 200
        system.headers["Authorization"] = f"Bearer {served.tokens['system']}"
        assert system.post("/operators/li.wei/end").json()["ended"]
        assert "a.b" not in [each["name"] for each in system.get("/operators").json()]
        system.headers["Authorization"] = f"Bearer {made['token']}"
        assert system.get("/persons").status_code == 401
