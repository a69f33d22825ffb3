"""Grants that an operator gives for a set time: what is refused, what keeps them, what ends them; and a year of dates that
roll on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from provisioning.grants.giving import (
    DAYS_MAX,
    GrantNotGiven,
    GrantOfUnit,
    GrantOver,
    GrantPastStay,
    GrantReasonMissing,
    GrantTwice,
    GrantUnserved,
    GrantWhilePaused,
    GrantWindow,
    GrantWithoutStay,
)
from provisioning.nouns.people import Pause, Person
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.rights import Grant, NeedState
from provisioning.store import people as people_store
from provisioning.store import rights
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, Housed

ARCHIVE = "zone:archive"  # which nobody of the finance bureau has by a rule
AFTERNOON = (datetime(2026, 3, 3, 14, 0), datetime(2026, 3, 3, 18, 0))


def at(wall: datetime) -> datetime:
    """The instant of a wall-clock time at the site."""
    return (wall - timedelta(hours=8)).replace(tzinfo=UTC)


def give(
    housed: Housed,
    person: Person,
    resource: str = ARCHIVE,
    opens: datetime | None = AFTERNOON[0],
    closes: datetime = AFTERNOON[1],
    reason: str = "visit of the auditors",
) -> Grant:
    with housed.house.store.writing() as tx:
        return housed.house.giving.give(tx, person, resource, opens, closes, reason, BOSS)


def end(housed: Housed, grant: str, reason: str = "called off") -> Grant:
    with housed.house.store.writing() as tx:
        return housed.house.giving.end(tx, grant, BOSS, reason)


def given(housed: Housed, person: Person) -> list[Grant]:
    return [grant for grant in housed.grants(person) if grant.rule == "operator"]


def doors(housed: Housed, person: Person, target: str = "a-2") -> list[int]:
    (row,) = [row for (name, _), row in housed.records(person).items() if name == target]
    return json.loads(row.wanted or "{}")["doors"]


def change(housed: Housed, person: Person, **fields: object) -> None:
    with housed.house.store.writing() as tx:
        (stay,) = people_store.stays_of(tx, [person.id])[person.id]
        people_store.change_stays(tx, [replace(stay, **fields)])  # type: ignore[arg-type] - fields as the test names them
    housed.look(person)


def test_it_stands_on_the_stay_with_its_reason_and_is_told(housed: Housed):
    person = housed.come("E1", 1001)
    made = give(housed, person)
    assert given(housed, person) == [made]
    assert (made.rule, made.version, made.clause) == ("operator", 0, "visit of the auditors")
    assert (made.opens, made.closes) == (at(AFTERNOON[0]), at(AFTERNOON[1]))
    assert (made.recorded, made.valid_from, made.valid_to) == (START, made.opens, made.closes)
    (told,) = housed.story("grant.given")
    assert told["data"]["grant"] == made.id == told["trace"]
    assert doors(housed, person) == [1, 1, 0, 1], "not before its hour"
    states = {need.target: need.state for need in housed.ready(person).needs if need.resource == ARCHIVE}
    assert states.pop("g-1") is NeedState.WANTED, "a serial door keeps hours by itself, so it is told ahead"
    assert set(states.values()) == {NeedState.WAITING}


def test_it_opens_at_its_hour_and_closes_at_its_end_and_looking_changes_nothing_between(housed: Housed):
    person = housed.come("E1", 1001)
    made = give(housed, person)
    assert housed.due(person) == made.opens
    housed.clock.put(made.opens - timedelta(microseconds=1))
    assert housed.look_due() == 0
    housed.clock.put(made.opens)
    assert housed.look_due() == 1
    assert doors(housed, person) == [1, 1, 1, 1]
    assert housed.due(person) == made.closes
    housed.later(hours=1)
    assert housed.look(person).records_written == 0
    assert made.closes is not None
    housed.clock.put(made.closes)
    assert housed.look_due() == 1
    assert doors(housed, person) == [1, 1, 0, 1]
    assert given(housed, person) == [made], "it ran out by its own date; nobody ended it"
    assert housed.look(person).grants_lost == 0


def test_from_now_where_no_beginning_is_named_or_it_is_past(housed: Housed):
    person = housed.come("E1", 1001)
    assert give(housed, person, opens=None).opens == START
    assert give(housed, person, opens=datetime(2026, 3, 1, 8), closes=datetime(2026, 3, 2, 12)).opens == START
    assert doors(housed, person) == [1, 1, 1, 1]


REFUSED: dict[str, tuple[dict[str, object], type[Refusal], str]] = {
    "too long": ({"closes": AFTERNOON[0] + timedelta(days=DAYS_MAX, minutes=1)}, GrantWindow, "at most 92 days"),
    "over already": ({"opens": None, "closes": datetime(2026, 3, 2, 9, 30)}, GrantWindow, "2026-03-02 09:30"),
    "backwards": ({"closes": AFTERNOON[0]}, GrantWindow, "after its beginning"),
    "no such zone": ({"resource": "zone:roof"}, GrantUnserved, "serves zone:roof"),
    "no such flat": ({"resource": "lock:z9-101"}, GrantUnserved, "lock:z9-101"),
    "a seat": ({"resource": "seat:a-301-01"}, GrantOfUnit, "units are allotted"),
    "no reason": ({"reason": " \n "}, GrantReasonMissing, "1 to 500"),
    "long reason": ({"reason": "x" * 501}, GrantReasonMissing, "1 to 500"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_why_and_keeps_nothing(housed: Housed, case: str):
    changes, refusal, said = REFUSED[case]
    person = housed.come("E1", 1001)
    counts = housed.counts()
    with pytest.raises(refusal, match=said):
        give(housed, person, **changes)  # pyrefly: ignore[bad-argument-type] - the case names the arguments
    assert housed.counts() == counts


def test_it_needs_a_stay_that_covers_it(housed: Housed):
    person = housed.come("E1", 1001, departure="2026-03-03")
    with pytest.raises(GrantPastStay, match="last day of E1 is 2026-03-03"):
        give(housed, person, closes=datetime(2026, 3, 4, 0, 1))
    assert give(housed, person, closes=datetime(2026, 3, 4, 0, 0)).closes == at(datetime(2026, 3, 4))
    with pytest.raises(GrantWithoutStay, match="no open stay on 2026-03-05"):
        give(housed, person, opens=datetime(2026, 3, 5, 8), closes=datetime(2026, 3, 5, 9))
    other = housed.come("E2", 1002)
    housed.revoke(other)
    with pytest.raises(GrantWithoutStay):
        give(housed, other)


def test_the_suspended_are_given_nothing_and_keep_nothing(housed: Housed):
    person = housed.come("E1", 1001)
    made = give(housed, person)
    change(housed, person, pauses=(Pause(date(2026, 3, 3), None),))
    assert given(housed, person) == []
    with pytest.raises(GrantWhilePaused):
        give(housed, person)
    (kept,) = [each for each in every(housed, person) if each.id == made.id]
    assert kept.valid_to == kept.valid_from, "it never came to hold"


def every(housed: Housed, person: Person) -> list[Grant]:
    with housed.house.store.reading() as tx:
        return rights.grants_of(tx, person.id, 1_000, everything=True)


def test_a_stay_that_ends_sooner_cuts_it(housed: Housed):
    person = housed.come("E1", 1001)
    give(housed, person, opens=None, closes=datetime(2026, 3, 20, 18))
    change(housed, person, departure=date(2026, 3, 10))
    (cut,) = given(housed, person)
    assert (cut.opens, cut.closes) == (START, at(datetime(2026, 3, 11)))
    assert cut.clause == "visit of the auditors"
    change(housed, person, departure=date(2026, 3, 1))
    assert given(housed, person) == []


def test_a_revocation_ends_it(housed: Housed):
    person = housed.come("E1", 1001)
    give(housed, person, opens=None)
    housed.revoke(person)
    assert given(housed, person) == []
    assert {row.wanted for row in housed.records(person).values()} == {None}


def test_a_new_rulebook_leaves_it(housed: Housed):
    person = housed.come("E1", 1001)
    made = give(housed, person)
    housed.apply_rules(housed.rules().replace("id: garage\n    version: 1", "id: garage\n    version: 2"))
    housed.look(person)
    assert given(housed, person) == [made]


def test_the_same_twice_is_refused(housed: Housed):
    person = housed.come("E1", 1001)
    made = give(housed, person)
    with pytest.raises(GrantTwice, match=made.id):
        give(housed, person)


def test_it_is_ended_by_hand_once(housed: Housed):
    person = housed.come("E1", 1001)
    made = give(housed, person, opens=None)
    housed.later(minutes=30)
    ended = end(housed, made.id)
    assert (ended.ended, ended.ended_by, ended.valid_to) == (housed.clock.now(), BOSS.name, housed.clock.now())
    assert doors(housed, person) == [1, 1, 0, 1]
    (told,) = housed.story("grant.ended")
    assert told["data"]["reason"] == "called off"
    with pytest.raises(GrantOver):
        end(housed, made.id)
    with pytest.raises(NotFound, match="grant grt-none"):
        end(housed, "grt-none")
    (rule, *_) = [grant for grant in housed.grants(person) if grant.rule == "canteen-door"]
    with pytest.raises(GrantNotGiven, match="canteen-door"):
        end(housed, rule.id)
    over = give(housed, person, opens=None, closes=datetime(2026, 3, 2, 12))
    housed.later(days=1)
    with pytest.raises(GrantOver):
        end(housed, over.id)


def test_for_a_year_the_dates_on_the_panels_roll_on_and_never_reach_past_thirty_days(housed: Housed):
    people = [housed.come(f"E{nth}", 1000 + nth) for nth in range(3)]
    for nth in range(365):
        housed.later(days=1)
        housed.look_due()
        today = (housed.clock.now() + timedelta(hours=8)).date()
        bodies = [row.wanted for person in people for (name, _), row in housed.records(person).items() if name == "c-1"]
        closes = [date.fromisoformat(json.loads(body or "{}")["closes"]) for body in bodies]
        assert len(closes) == len(people)
        assert min((each - today).days for each in closes) >= 22
        assert max((each - today).days for each in closes) < 30
        if nth % 60 == 0:
            housed.hand.work()
            with housed.house.store.reading() as tx:
                reach = housed.house.readiness.reach(tx, "c-1")
            midnights = sorted(at(datetime.combine(each + timedelta(days=1), datetime.min.time())) for each in closes)
            assert (reach.first, reach.last) == (midnights[0], midnights[-1])


def test_a_target_that_holds_nothing_reaches_nowhere(housed: Housed):
    with housed.house.store.reading() as tx:
        for target in ("c-1", "seats", "no-such-target"):
            reach = housed.house.readiness.reach(tx, target)
            assert (reach.first, reach.last) == (None, None)


def test_through_the_api(served):
    served.take(served.sheet(3, seed=77))
    with served.client("security") as security, served.client("security", "zh") as chinese:
        no = security.get("/persons").json()["people"][0]["no"]
        stay = security.get(f"/persons/{no}").json()["stays"][0]
        told = {
            "resource": "zone:plant",
            "opens": f"{stay['arrival']}T14:00",
            "closes": f"{stay['arrival']}T18:00",
            "reason": "pump",
        }
        tried = security.post(f"/persons/{no}/grants", params={"dry_run": "true"}, json=told)
        assert tried.status_code == 200, tried.text
        assert not [each for each in security.get(f"/persons/{no}/grants").json() if each["rule"] == "operator"]
        made = security.post(f"/persons/{no}/grants", json=told)
        assert made.status_code == 200, made.text
        assert (made.json()["rule"], made.json()["clause"], made.json()["ended"]) == ("operator", "pump", None)
        again = chinese.post(f"/persons/{no}/grants", json=told)
        assert (again.status_code, made.json()["id"] in again.json()["detail"]) == (409, True)
        assert "已有完全相同的授权" in again.json()["detail"]
        offset = security.post(f"/persons/{no}/grants", json=told | {"closes": f"{stay['arrival']}T18:00+08:00"})
        assert offset.status_code == 422, "wall-clock times of the site have no offset"
        listed = security.get(f"/persons/{no}/grants").json()
        assert made.json()["id"] in {each["id"] for each in listed}
        ended = security.post(f"/grants/{made.json()['id']}/end", json={"reason": "dry again"})
        assert ended.json()["ended_by"] == "the-security"
        assert made.json()["id"] not in {each["id"] for each in security.get(f"/persons/{no}/grants").json()}
        everything = security.get(f"/persons/{no}/grants", params={"all": "true"}).json()
        assert made.json()["id"] in {each["id"] for each in everything}
        assert set(security.get("/late").json()) == {"now", "proved", "more"}
        target = security.get("/targets/a-1").json()
        assert (target["dates_from"], target["dates_until"]) == (None, None), "the gateway of this hub rests"


def test_at_the_command_line(served):
    served.take(served.sheet(2, seed=78))
    with served.client("security") as security:
        one = security.get("/persons").json()["people"][-1]
    no, day = one["no"], one["stays"][0]["arrival"]

    def foyer(*words: str, language: str = "en") -> tuple[int, str, str]:
        command = [sys.executable, "-m", "provisioning.cli.main", *words, "--lang", language]
        environment = {"PATH": os.environ["PATH"], "FOYER_URL": served.url, "FOYER_TOKEN": served.tokens["security"]}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    hours = ("--from", f"{day}T14:00", "--until", f"{day}T18:00", "--reason", "pump")
    status, out, _ = foyer("grant", "give", no, "zone:plant", *hours, "--dry-run")
    assert (status, "nothing was changed" in out) == (0, True)
    status, out, err = foyer("grant", "give", no, "zone:plant", *hours)
    assert (status, f"{no} may use zone:plant from {day} 14:00:00 until {day} 18:00:00" in out) == (0, True), err
    status, out, _ = foyer("grant", "list", no, "--json")
    (made,) = [each for each in json.loads(out) if each["rule"] == "operator" and each["clause"] == "pump"]
    assert made["id"] in foyer("grant", "list", no, language="zh")[1]
    assert "已终止" in foyer("grant", "end", made["id"], "--reason", "dry", language="zh")[1]
    status, _, err = foyer("grant", "end", made["id"], "--reason", "dry")
    assert (status, "is over already" in err) == (1, True)
    status, out, _ = foyer("late", "--json")
    assert (status, set(json.loads(out))) == (0, {"now", "proved", "more"})
    assert "Nothing is late" in foyer("late")[1]
    assert "configuration expires on" in foyer("targets", "show", "a-1")[1]
