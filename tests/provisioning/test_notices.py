"""Notices over the wire: who signed, once by id, events by themselves, and what is too large waits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from standardwebhooks import Webhook

from provisioning.api.notices import BATCH, BODY_KB_MAX, ONE
from provisioning.intake.letters import EVENT_ID_CHARS_MAX
from provisioning.vault.signatures import SecretUnreadable, sign
from tests.provisioning.served import Served, serving

SOURCE = "https://hr.test/notices"
NUMBER = "139999199003070018"


class Office:
    """An HR office on the other side of the wire."""

    def __init__(self, served: Served, name: str = "hr-office", source: str = SOURCE) -> None:
        self.served, self.source, self.count = served, source, 0
        with served.client("system") as system:
            made = system.post("/hr/senders", json={"name": name, "source": source})
        assert made.status_code == 200, made.text
        self.secret = made.json()["secret"]

    def event(self, kind: str, no: str, /, ago_s: float = 0, **data: Any) -> dict[str, Any]:
        self.count += 1
        return {
            "specversion": "1.0",
            "id": f"{no}-{self.count}",
            "source": self.source,
            "type": f"foyer.hr.{kind}",
            "subject": no,
            "time": (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat(),
            "data": data,
        }

    def announced(self, no: str, /, ago_s: float = 0, **data: Any) -> dict[str, Any]:
        facts = {"name": "张三", "department": "财政局", "kind": "公务员", "area": "north", "arrival": day(3)}
        return self.event("announced", no, ago_s, **(facts | data))

    def send(
        self, said: object, *, ago_s: float = 0, secret: str | None = None, message: str | None = None, **headers: str
    ) -> httpx2.Response:
        body = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
        kind = BATCH if isinstance(said, list) else ONE
        at = datetime.now(UTC) - timedelta(seconds=ago_s)
        signed = sign(secret or self.secret, message or f"m-{hash(body)}", at, body.decode("utf-8", "replace"))
        with self.served.client() as client:
            return client.post("/hr/notices", content=body, headers={**signed, "Content-Type": kind, **headers})


def day(ahead: int) -> str:
    # The site is eight hours ahead of UTC; none of these tests stands on a border of days.
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


@pytest.fixture(scope="module")
def office(served: Served) -> Office:
    return Office(served)


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_signed_notice_is_taken_and_opens_doors(served: Served, office: Office):
    event = office.announced("W1", card=4001)
    answer = office.send(event)
    assert (answer.status_code, answer.json()["standing"]) == (202, "applied")
    with served.client("hr") as hr:
        person = hr.get("/persons/W1").json()
        assert [card["number"] for card in person["cards"]] == [4001]
        assert hr.get("/readiness", params={"person": "W1"}).json()["needs"]
        (listed,) = hr.get("/hr/notices", params={"person": "W1"}).json()["notices"]
    assert (listed["id"], listed["kind"], listed["no"]) == (answer.json()["notice"], "announced", "W1")
    assert "张三" not in json.dumps(listed, ensure_ascii=False)


def test_once_by_id_and_another_content_is_refused(office: Office):
    event = office.announced("W2")
    first, again = office.send(event), office.send(event)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["notice"] == again.json()["notice"]
    changed = office.send({**event, "data": {**event["data"], "post": "处长"}})
    assert code(changed) == (409, "notice-differs")


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"secret": "whsec_" + "A" * 43 + "="}, (401, "signature-forged")),
        ({"ago_s": 301}, (401, "signature-old")),
        ({"ago_s": -302}, (401, "signature-ahead")),
        ({"webhook-signature": "v1,AAAA"}, (401, "signature-forged")),
        ({"webhook-signature": "v2,AAAA"}, (401, "signature-forged")),
        ({"webhook-signature": ""}, (401, "signature-missing")),
        ({"webhook-timestamp": "soon"}, (401, "signature-forged")),
        ({"webhook-timestamp": "9" * 30}, (401, "signature-forged")),
        ({"webhook-id": "x" * 500}, (401, "signature-forged")),
    ],
)
def test_what_nobody_signed_now_is_refused(office: Office, how: Mapping[str, Any], expected: tuple[int, str]):
    answer = office.send(office.announced("W3"), **how)
    assert code(answer) == expected
    assert "张三" not in answer.text
    with office.served.client("hr") as hr:
        assert hr.get("/persons/W3").status_code == 404


def test_a_body_altered_on_its_way_is_refused_and_raises_an_alarm(served: Served, office: Office):
    body = json.dumps(office.announced("W4")).encode()
    headers = {**sign(office.secret, "m-altered", datetime.now(UTC), body.decode()), "Content-Type": ONE}
    with served.client() as client:
        assert code(client.post("/hr/notices", content=body.replace(b"W4", b"W5"), headers=headers)) == (
            401,
            "signature-forged",
        )
    with served.client("security") as security:
        forged = [alarm for alarm in security.get("/alarms").json() if alarm["kind"] == "notice.forged"]
    assert len(forged) == 1
    assert "127.0.0.1" in forged[0]["sentence"]


def test_a_signature_is_the_one_of_the_standard(office: Office):
    at, body = datetime.now(UTC), json.dumps(office.announced("W6"))
    made = Webhook(office.secret).sign("msg-1", at, body)
    assert sign(office.secret, "msg-1", at, body)["webhook-signature"] == made
    # A golden vector of the specification's own text.
    golden = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                  datetime.fromtimestamp(1614265330, UTC), '{"test": 2432232314}')  # fmt: skip
    assert golden["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with pytest.raises(SecretUnreadable):
        sign("secret", "m", at, body)


def test_a_message_sent_twice_is_once_and_its_id_is_no_other_s(office: Office):
    event = office.announced("W7")
    assert office.send(event, message="m-7").status_code == 202
    assert office.send(event, message="m-7").status_code == 200
    assert code(office.send(office.announced("W8"), message="m-7")) == (409, "message-differs")


@pytest.mark.parametrize(
    ("changes", "expected", "field"),
    [
        ({"specversion": "0.3"}, "event-broken", "specversion"),
        ({"id": ""}, "event-broken", "id"),
        ({"id": "x" * (EVENT_ID_CHARS_MAX + 1)}, "event-broken", "id"),
        ({"source": "https://other.test"}, "event-source", ""),
        ({"type": "foyer.hr.promoted"}, "event-kind", ""),
        ({"type": "com.example.moved"}, "event-kind", ""),
        ({"subject": "a b"}, "field-refused", "subject"),
        ({"subject": None}, "event-broken", "subject"),
        ({"time": None}, "event-broken", "time"),
        ({"time": "yesterday"}, "event-broken", "time"),
        ({"time": "2026-01-01T00:00:00"}, "event-broken", "time"),
        ({"time": "0001-01-01T00:00:00+08:00"}, "event-broken", "time"),
        ({"time": "9999-12-31T24:00:00Z"}, "event-broken", "time"),
        ({"specversion": "0.3", "datacontentencoding": 7}, "event-broken", "specversion"),
        ({"datacontenttype": 7}, "event-broken", "datacontenttype"),
        ({"dataschema": ""}, "event-broken", "dataschema"),
        ({"data_base64": "e30="}, "event-broken", "data_base64"),
        ({"trace_parent": "1"}, "event-broken", "trace_parent"),
        ({"13999919900307001X": "1"}, "event-unread", ""),
        ({"time": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "event-ahead", ""),
        ({"sequence": "second"}, "event-broken", "sequence"),
        ({"data": {"arrival": "2026-03-01"}}, "event-broken", "data.department"),
        ({"data": None}, "event-broken", "data.department"),
    ],
)
def test_a_broken_event_names_its_place(office: Office, changes: Mapping[str, Any], expected: str, field: str):
    answer = office.send({**office.announced("W9"), **changes})
    assert (answer.status_code in (400, 422), answer.json()["code"]) == (True, expected)
    assert answer.json()["fields"].get("field", "") == field


@pytest.mark.parametrize(
    ("kind", "data", "expected", "field"),
    [
        ("announced", {"department": "没有这个部门"}, "not-in-campus", "data.department"),
        ("announced", {"area": "west"}, "not-in-campus", "data.area"),
        ("announced", {"id_number": NUMBER}, "field-refused", "data.id_number"),
        ("announced", {"phone": "call me"}, "field-refused", "data.phone"),
        ("announced", {"name": "=SUM(1)"}, "field-refused", "data.name"),
        ("announced", {"arrival": "2090-01-01"}, "day-far", "data.arrival"),
        ("announced", {"arrival": "tomorrow"}, "event-broken", "data.arrival"),
        ("announced", {"card": "4001"}, "event-broken", "data.card"),
        ("announced", {"card": 0}, "event-broken", "data.card"),
        ("announced", {"nickname": "三"}, "event-broken", "data.nickname"),
        ("moved", {"day": "2026-03-01"}, "event-broken", "data"),
        ("moved", {"area": "south"}, "event-broken", "data.day"),
        ("moved", {"day": "1900-01-01", "area": "south"}, "day-far", "data.day"),
        ("date-changed", {}, "event-broken", "data"),
        ("extended", {}, "event-broken", "data.departure"),
        ("corrected", {}, "event-broken", "data"),
        ("merged", {"into": "a b"}, "field-refused", "data.into"),
    ],
)
def test_a_broken_word_names_its_field_and_says_nothing_personal(
    office: Office, kind: str, data: dict[str, Any], expected: str, field: str
):
    event = office.announced("W10", **data) if kind == "announced" else office.event(kind, "W10", **data)
    answer = office.send(event)
    assert (answer.status_code, answer.json()["code"]) == (422, expected)
    assert answer.json()["fields"]["field"] == field
    assert all(str(value) not in answer.text for name, value in data.items() if name in ("id_number", "phone", "name"))
    with office.served.client("hr") as hr:
        assert hr.get("/persons/W10").status_code == 404


def test_of_a_message_of_many_each_is_taken_by_itself(office: Office):
    sound, broken = office.announced("W11"), office.announced("W12", department="?")
    answer = office.send([sound, broken, sound, office.event("moved", "W13", day=day(1), area="south")])
    assert answer.status_code == 202
    assert [(one["status"], one["standing"], one["code"]) for one in answer.json()] == [
        (202, "applied", None),
        (422, None, "not-in-campus"),
        (200, "applied", None),
        (202, "waiting", None),
    ]
    assert [one["event"] for one in answer.json()][:2] == [sound["id"], broken["id"]]
    assert office.send([sound]).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"not json", {}, (400, "event-unread")),
        (b"[]", {}, (400, "event-unread")),
        (b"[" * 100_000, {}, (400, "event-unread")),
        (b"[1]", {"Content-Type": BATCH}, (400, "event-unread")),
        (b"[" + b"{}," * 1_000 + b"{}]", {"Content-Type": BATCH}, (413, "message-too-large")),
        (b" " * (BODY_KB_MAX * 1024 + 1), {}, (413, "message-too-large")),
        (b"{}", {"Content-Type": "application/json"}, (415, "message-kind")),
        (b"{}", {}, (422, "event-broken")),
    ],
)
def test_what_is_no_message_of_notices_is_refused(
    office: Office, body: bytes, headers: dict[str, Any], expected: tuple[int, str]
):
    assert code(office.send(body, **headers)) == expected


def test_two_secrets_hold_while_one_takes_the_other_s_place(served: Served):
    old = Office(served, "payroll", "urn:payroll")
    new = Office(served, "payroll-2", "urn:payroll")
    with served.client("system") as system:
        third = system.post("/hr/senders", json={"name": "payroll-3", "source": "urn:payroll"})
        assert code(third) == (409, "secrets-enough")
        assert code(system.post("/hr/senders", json={"name": "payroll", "source": "urn:x"})) == (409, "sender-named")
        assert code(system.post("/hr/senders", json={"name": "a b", "source": "urn:x"})) == (422, "sender-name")
        assert code(system.post("/hr/senders", json={"name": "b", "source": "有空格 "})) == (422, "sender-source")
    assert old.send(old.announced("W14")).status_code == new.send(new.announced("W15")).status_code == 202
    with served.client("system") as system:
        assert system.post("/hr/senders/payroll/end").json()["ended"] is not None
        assert system.post("/hr/senders/nobody/end").status_code == 404
        shown = system.get("/hr/senders").json()
    assert {one["name"] for one in shown} >= {"payroll", "payroll-2"}
    assert old.secret not in json.dumps(shown)
    assert code(old.send(old.announced("W16"))) == (401, "signature-forged")
    assert new.send(new.announced("W17")).status_code == 202


def test_nothing_personal_and_no_secret_lies_in_the_open(served: Served, office: Office):
    office.send(office.announced("W18", name="赵云开", phone="15400000018"))
    office.send(office.event("corrected", "W18", name="赵云关"))
    office.send(office.event("corrected", "W19", name="钱某某"))
    held = b"".join(file.read_bytes() for file in served.house.store.path.parent.glob("foyer.db*"))
    for personal in ("赵云开", "15400000018", "赵云关", "钱某某"):
        assert personal.encode() not in held
        assert json.dumps(personal).encode() not in held
    assert office.secret.removeprefix("whsec_").encode() not in held


def test_the_list_of_what_waits_says_why_in_either_language(served: Served, office: Office):
    office.send(office.event("arrived", "W20", ago_s=9, day=day(0)))
    office.send(office.event("left", "W20", day=day(1)))
    for language, says in (("en", "so it waits"), ("zh", "等待处理")):
        with served.client("hr", language) as hr:
            page = hr.get("/hr/notices", params={"person": "W20", "standing": "waiting"}).json()
            assert [says in one["reason"] for one in page["notices"]] == [True, True]
            (person,) = hr.get("/persons", params={"search": "W20"}).json()["people"]
            assert (person["announced"], person["name"]) == (False, None)
            first = hr.get("/hr/notices", params={"limit": 1}).json()
            second = hr.get("/hr/notices", params={"limit": 1, "after": first["next"]}).json()
            assert first["notices"][0]["id"] != second["notices"][0]["id"]
            assert hr.get("/hr/notices", params={"person": "nobody"}).status_code == 404


def test_what_is_coming_is_shown_beside_what_holds_today(served: Served, office: Office):
    office.send(office.announced("W21", ago_s=9, arrival=day(-9)))
    office.send(office.event("moved", "W21", 6, day=day(9), department="justice"))
    office.send(office.event("suspended", "W21", 3, day=day(20), until=day(21)))
    with served.client("hr") as hr:
        (stay,) = hr.get("/persons/W21").json()["stays"]
    assert stay["department"] == "finance"
    assert [(one["day"], one["department"]) for one in stay["placements"]] == [
        (day(-9), "finance"),
        (day(9), "justice"),
    ]
    assert stay["pauses"] == [{"opens": day(20), "closes": day(22)}]


def test_a_flood_of_cancellations_waits_for_a_second_person(tmp_path: Path):
    with serving(tmp_path / "hub") as served:
        office = Office(served)
        many = [f"F{nth}" for nth in range(30)]
        assert office.send([office.announced(no, 60) for no in many]).status_code == 202
        answers = office.send([office.event("cancelled", no) for no in many]).json()
        standings = [one["standing"] for one in answers]
        # Twenty may always lose; what goes past that waits, and each single one before went through.
        assert standings == ["applied"] * 20 + ["held"] * 10
        with served.client("security") as security:
            (hold,) = security.get("/holds").json()
            assert (hold["kind"], hold["name"], hold["less"]) == ("notices", "hr-office", 10)
            more = office.send(office.event("left", "F29", day=day(30))).json()
            assert more["standing"] == "held"
            (hold,) = security.get("/holds").json()
            approved = security.post(f"/holds/{hold['id']}/approve")
            assert approved.status_code == 200, approved.text
            assert security.get("/persons/F29").json()["stays"][0]["state"] == "cancelled"
        with served.client("hr") as hr:
            standing = {one["standing"] for one in hr.get("/hr/notices", params={"person": "F25"}).json()["notices"]}
        assert standing == {"applied"}


def test_what_a_second_person_refuses_never_takes_effect(tmp_path: Path):
    with serving(tmp_path / "hub") as served:
        office = Office(served)
        many = [f"F{nth}" for nth in range(22)]
        office.send([office.announced(no, 60) for no in many])
        cancelled = [office.event("cancelled", no) for no in many]
        office.send(cancelled)
        with served.client("security") as security:
            (hold,) = security.get("/holds").json()
            refused = security.post(f"/holds/{hold['id']}/refuse", json={"reason": "a mistake"})
            assert refused.status_code == 200, refused.text
            assert security.get("/persons/F21").json()["stays"][0]["state"] == "open"
        again = office.send(cancelled[21])
        assert (again.status_code, again.json()["standing"]) == (200, "refused")
        assert "a mistake" in again.json()["reason"]
