"""A gateway of its own at work over HTTP: told of its own targets and nothing else; what it says is taken once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from connectors import messages
from connectors.contract import SETTLING, Done, Fingerprint, Heard, Later, Mark, PassageKind
from connectors.desk import Passed, Report
from connectors.messages import Asked, Introducing, Listed, PassedBy
from provisioning.nouns.gateways import Because
from provisioning.nouns.told import Actor
from provisioning.store import delivery, gateways, rights
from tests.provisioning.gatewayed import NAMES, enrolled, hand, refused

ALWAYS = """
schedules:
  - {id: always, name: {zh: 全天, en: Always}, hours: [{days: [mon, tue, wed, thu, fri, sat, sun], spans: ["00:00-24:00"]}]}
"""


def test_it_is_told_of_its_own_targets_and_of_nothing_else(peopled, site):
    assert site.refresh().targets == ()
    hand(peopled, "a-1", site.id)
    told = site.refresh()
    assert [each.id for each in told.targets] == ["a-1"]
    assert {target for target, _ in site.tasks} == {"a-1"}
    assert any(key.startswith("card:") for _, key in site.tasks)
    assert timedelta(days=2.9) < told.targets[0].term_until - told.now <= timedelta(days=3)


def test_no_name_leaves_the_hub(peopled, site):
    for building in ("a", "b", "c", "d", "e"):
        hand(peopled, building, site.id)
    answer = site.post(messages.LIST, Asked(era=0, have={}, most=1000))
    with peopled.client("auditor") as auditor:
        people = auditor.get("/persons", params={"limit": 100}).json()["people"]
    canaries = [one[name] for one in people for name in ("no", "name") if one.get(name)]
    assert len(canaries) >= 12
    assert not [each for each in canaries if each in answer.text]


def test_only_a_gateway_whose_doors_ask_for_pins_is_told_by_what_they_are_compared(peopled, site):
    hand(peopled, "b", site.id)
    house = peopled.house
    with house.store.writing() as tx:
        (line,) = gateways.assigned(tx, ["g-1"])
        gateways.give(tx, line, site.id, Because.FREE)
    assert site.refresh().pin_key is None
    with house.store.writing() as tx:
        usual = house.campuses.text(tx) or ""
        asking = usual.replace("reader: 1}", "reader: 1, pin: always}") + ALWAYS
        house.campuses.apply(tx, asking, "small.yaml", Actor("wang"))
    assert bytes.fromhex(site.refresh().pin_key or "") == house.vault.pin_key()
    with house.store.writing() as tx:
        house.campuses.apply(tx, usual, "small.yaml", Actor("wang"))
    assert site.refresh().pin_key is None


def test_a_list_comes_in_pieces_and_only_what_is_new_comes_again(peopled, site):
    hand(peopled, "b", site.id)
    whole = site.post(messages.LIST, Asked(era=0, have={}, most=1000)).json()
    answers = []
    while not answers or answers[-1].more:
        asked = Asked(era=site.era, have=site.have, most=7)
        answers.append(Listed.model_validate_json(site.post(messages.LIST, asked).content))
        assert len(answers[-1].tasks) <= 7
        site.have |= {each.id: each.upto for each in answers[-1].targets}
        assert len(answers) < 200
    pieces = [(one.target, one.key) for each in answers for one in each.tasks]
    assert sorted(pieces) == sorted((one["target"], one["key"]) for one in whole["tasks"])
    assert len(pieces) > 7
    # What it has is not told again; what changes is.
    assert site.refresh().tasks == ()
    before = dict(site.have)
    with peopled.house.store.writing() as tx:
        (row, *_) = [one for one in delivery.records_at(tx, "b-1") if one.key.startswith("card:")]
        rights.wish(tx, [rights.Wish("b-1", row.key, row.holder, None, row.revision + 1, 1, (), True, False)])
    told = site.refresh()
    assert [(one.target, one.key, one.body, one.urgent) for one in told.tasks] == [("b-1", row.key, None, True)]
    assert {at: upto for at, upto in site.have.items() if upto != before[at]}.keys() == {"b-1"}


def test_outcomes_are_taken_once_and_under_the_gateways_name(peopled, site):
    hand(peopled, "c-1", site.id)
    site.refresh()
    tasks = site.owing("c-1")
    assert site.report(tasks) == site.report(tasks) == []
    assert site.refresh().tasks == ()
    with peopled.client("security") as security:
        shown = security.get("/targets/c-1").json()
    assert (shown["dirty"], shown["gateway"], shown["records"]) == (0, site.id, len(tasks))
    peopled.house.sealer.seal_once()
    with peopled.client("auditor") as auditor:
        events = auditor.get("/story", params={"limit": 1000}).json()
    mine = [one for one in events if one["actor"] == f"gateway:{site.id}" and one["kind"] == "record.proved"]
    assert len(mine) == len(tasks)


def test_a_later_task_stays_owing_and_an_outdated_one_clears_nothing(peopled, site):
    hand(peopled, "d-1", site.id)
    site.refresh()
    (first, second, *_) = site.owing("d-1")
    assert site.report([first], Later(5.0, "It is busy.")) == []
    old = second.model_copy(update={"revision": second.revision - 1})
    assert site.report([old]) == []
    fresh = site.post(messages.LIST, Asked(era=0, have={}, most=1000)).json()
    assert {first.key, second.key} <= {one["key"] for one in fresh["tasks"] if one["target"] == "d-1"}


def test_one_targets_nonsense_is_no_other_targets_trouble(peopled, site):
    hand(peopled, "b", site.id)
    site.refresh()
    mad, fair = site.owing("b-1")[0], site.owing("b-2")[0]
    at = datetime.now(UTC)
    said = [
        messages.Outcomes(target=task.target, epoch=site.epoch(task.target), reports=(report,))
        for task, report in (
            (mad, Report(mad.key, mad.revision, Later(9e18, SETTLING), seen=False, held=None, at=at)),
            (fair, Report(fair.key, fair.revision, Done(), seen=True, held=fair.body, at=at)),
        )
    ]
    answer = site.post(messages.REPORT, messages.Reporting(outcomes=tuple(said)))
    assert answer.json() == {"refused": ["b-1"]}
    fresh = site.post(messages.LIST, Asked(era=0, have={}, most=1000)).json()["tasks"]
    owing = {(one["target"], one["key"]) for one in fresh}
    assert ("b-1", mad.key) in owing
    assert ("b-2", fair.key) not in owing


def test_nothing_of_another_gateways_target_is_taken(peopled, site, client):
    hand(peopled, "e-1", site.id)
    site.refresh()
    other = enrolled(peopled, next(NAMES), client, seed=99)
    other.targets, other.tasks = dict(site.targets), dict(site.tasks)
    tasks = site.owing("e-1")[:3]
    assert other.report(tasks) == ["e-1"]
    for path, more in [
        (messages.INTRODUCE, {"fingerprint": {"identity": "x", "counter": 1}}),
        (messages.READING, {"started": "2026-03-02T00:00:00Z", "found": []}),
        (messages.MISSING, {"started": "2026-03-02T00:00:00Z", "found": []}),
        (messages.REACH, {"unreachable": "It is gone."}),
        (messages.HANDED, {}),
        (messages.ACT_BEGUN, {"act": "act-1"}),
    ]:
        answer = other.say(path, "e-1", **more)
        assert refused(answer) == (409, messages.NOT_YOURS), path
    heard = Heard(1, PassageKind.PASSED, "door:1", 7, datetime.now(UTC), granted=True, reason="", inside=True)
    passed = PassedBy(told=(Passed("e-1", Mark(), (heard,)),))
    assert other.post(messages.PASSED, passed).json() == {"marks": [None]}
    assert other.post(messages.ACTS, {"targets": {"e-1": site.epoch("e-1")}}).json() == {"acts": []}
    assert site.report(tasks, epoch=site.epoch("e-1") - 1) == ["e-1"]
    assert site.report(tasks) == []


def test_the_hubs_own_gateway_leaves_what_is_anothers(peopled, site):
    hand(peopled, "a-2", site.id)
    with peopled.house.store.writing() as tx:
        taken = delivery.take(tx, "hand", 100, 5.0, urgent_only=False)
        assert "a-2" not in {one.id for one in taken}
        assert taken
        delivery.void_claims(tx, "hand")


def test_passages_of_a_site_come_in_once_and_in_order(peopled, site):
    hand(peopled, "f-1", site.id)
    site.refresh()
    watch = site.post(messages.WATCH, {"since": None}).json()
    assert [one["target"] for one in watch["targets"]] == ["f-1"]
    assert site.post(messages.WATCH, {"since": watch["version"]}).json()["version"] is None
    at = datetime.now(UTC).replace(microsecond=0)
    heard = tuple(
        Heard(n, PassageKind.DENIED, "door:1", 99, at, granted=False, reason="no rights", inside=True) for n in (1, 2)
    )
    passed = PassedBy(told=(Passed("f-1", Mark(), heard),))
    marks = [site.post(messages.PASSED, passed).json()["marks"] for _ in range(3)]
    assert [one["index"] for (one,) in marks] == [2, 2, 2]
    with peopled.client("security") as security:
        kept = security.get("/passages", params={"limit": 100}).json()["passages"]
    assert len([one for one in kept if one["target"] == "f-1"]) == 2


def test_acts_reach_a_gateway_and_leave_once(peopled, site):
    hand(peopled, "a-1", site.id)
    site.refresh()
    listed = Asked(era=0, have={}, most=1)
    assert site.post(messages.LIST, listed).json()["acts"] is False
    with peopled.client("security") as security:
        act = security.post("/doors/a-1-east/open", json={"reason": "a courier"}).json()
    assert site.post(messages.LIST, listed).json()["acts"] is True
    (told,) = site.post(messages.ACTS, {"targets": {"a-1": site.epoch("a-1")}}).json()["acts"]
    assert (told["target"], told["act"]["id"]) == ("a-1", act["id"])
    assert site.say(messages.ACT_BEGUN, "a-1", act=act["id"]).json() == {"go": True}
    assert site.say(messages.ACT_BEGUN, "a-1", act=act["id"]).json() == {"go": False}
    assert site.post(messages.ACTED, {"act": act["id"], "outcome": {"proof": "acknowledged"}}).status_code == 200
    with peopled.client("security") as security:
        assert security.get(f"/acts/{act['id']}").json()["state"] == "done"
    assert refused(site.post(messages.ACTED, {"act": "act-none", "outcome": {"proof": "read"}})) == (404, "not-found")


def test_another_device_and_a_reading_are_judged_as_everywhere(peopled, site):
    hand(peopled, "a-1", site.id)
    site.refresh()
    site.report(site.owing("a-1"))
    epoch = site.epoch("a-1")
    first = Introducing(target="a-1", epoch=epoch, fingerprint=Fingerprint("panel 1", 7))
    assert site.post(messages.INTRODUCE, first).json() == {"anew": False}
    other = Introducing(target="a-1", epoch=epoch, fingerprint=Fingerprint("panel 2", 1))
    assert site.post(messages.INTRODUCE, other).json() == {"anew": True}
    # All of it is owed again, and the gateway is told so by its next list.
    site.refresh()
    owing = site.owing("a-1")
    assert len(owing) > 3
    assert site.report(owing) == []
    found = [{"key": each.key, "body": each.body, "rank": each.rank} for each in owing if each.body]
    found[0]["body"] = "altered"
    # The gateway's clock may be off, so what was touched in the last minute proves nothing.
    later = (datetime.now(UTC) + timedelta(seconds=messages.CLOCK_OFF_S_MAX + 1)).isoformat()
    assert site.say(messages.READING, "a-1", started=datetime.now(UTC).isoformat(), found=found).json() == {"drifts": 0}
    assert site.say(messages.READING, "a-1", started=later, found=found).json() == {"drifts": 1}
    told = site.refresh()
    assert [one.key for one in told.tasks if one.dirty] == [found[0]["key"]]


def test_a_target_out_of_reach_is_told_as_one(peopled, site):
    hand(peopled, "a-2", site.id)
    site.refresh()
    assert site.say(messages.REACH, "a-2", unreachable="The device does not answer.").status_code == 200
    with peopled.client("security") as security:
        assert security.get("/targets/a-2").json()["unreachable"] == "The device does not answer."
    site.post(messages.INTRODUCE, Introducing(target="a-2", epoch=site.epoch("a-2"), fingerprint=Fingerprint("x", 1)))
    assert site.say(messages.REACH, "a-2").status_code == 200
    with peopled.client("security") as security:
        assert security.get("/targets/a-2").json()["unreachable"] is None


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (messages.LIST, b"{", "body"),
        (messages.LIST, b'{"era":0,"have":{},"most":100000}', "most"),
        (messages.LIST, b'{"era":true,"have":{},"most":1}', "era"),
        (messages.LIST, b'{"era":0,"have":{},"most":1,"more":1}', "more"),
        (messages.REPORT, b'{"outcomes":[{"target":"a-1","epoch":99999999999999999999999,"reports":[]}]}', "epoch"),
        (messages.ACTED, b'{"act":"x","outcome":{"proof":"sworn"}}', "outcome"),
        (messages.OVERHEARD, b'{"address":"\\u0000","serial":1}', "address"),
        (
            messages.PASSED,
            b'{"told":[{"target":"a","after":{"index":0,"at":"2026-01-01T00:00:00"},"told":[]}]}',
            "told",
        ),
    ],
)
def test_a_message_that_does_not_fit_is_refused_by_its_place(site, path, body, field):
    answer = site.post(path, body)
    assert refused(answer) == (422, "bad-field")
    assert field in answer.json()["fields"]["field"]


def test_changes_are_heard_at_once_and_only_by_whom_they_concern(peopled, site, client):
    other = enrolled(peopled, next(NAMES), client, seed=8)
    hand(peopled, "a-1", site.id)
    site.refresh()
    headers = [{"Authorization": f"Bearer {each.token()}"} for each in (site, other)]
    with (
        httpx2.Client(base_url=peopled.url, trust_env=False, verify=False, timeout=5) as one,
        httpx2.Client(base_url=peopled.url, trust_env=False, verify=False, timeout=1) as two,
        one.stream("GET", messages.CHANGES, headers=headers[0]) as mine,
        two.stream("GET", messages.CHANGES, headers=headers[1]) as theirs,
    ):
        lines, others = mine.iter_lines(), theirs.iter_lines()
        assert next(lines) == next(others) == "event: changed"
        with peopled.client("security") as security:
            assert security.post("/targets/a-1/read").status_code == 200
        assert [next(lines) for _ in range(4)] == ["data:", "", "event: changed", "data:"]
        with peopled.house.store.writing() as tx:
            (row, *_) = [one for one in delivery.records_at(tx, "a-1") if one.key.startswith("card:")]
            rights.wish(tx, [rights.Wish("a-1", row.key, row.holder, None, row.revision + 1, 1, (), True, False)])
        assert [next(lines) for _ in range(3)] == ["", "event: urgent", "data:"]
        assert [next(others) for _ in range(2)] == ["data:", ""]
        with pytest.raises(httpx2.ReadTimeout):
            next(others)
        with peopled.client("system") as system:
            system.post(f"/gateways/{site.id}/revoke")
        # The line ends, and whether it may come again is asked anew.
        assert len(list(lines)) <= 4


def test_what_is_sent_as_a_report_is_what_the_desk_says() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    told = messages.Outcomes(target="a", epoch=1, reports=(Report("card:1", 1, Done(), seen=True, held="x", at=at),))
    assert messages.Outcomes.model_validate_json(told.model_dump_json()) == told
