"""Passages by the API and the command line, against a hub that answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Heard, Mark, PassageKind
from connectors.desk import Passed
from tests.provisioning.served import Served

COUNT = 25


@pytest.fixture(scope="module")
def told(served: Served) -> Served:
    """A hub that has taken in some passages of one person at one door, the last of them on the way in."""
    served.take(served.sheet(3))
    with served.client("security") as security:
        (one, *_) = [each for each in security.get("/persons").json()["people"] if each["cards"]]
    with served.house.store.writing() as tx:
        reports = tuple(
            Heard(
                nth, PassageKind.DENIED if nth % 5 == 0 else PassageKind.PASSED, "door:1", one["cards"][0]["number"],
                tx.now + timedelta(milliseconds=nth), nth % 5 != 0, "no right" if nth % 5 == 0 else "card", nth % 2 == 0,
            )
            for nth in range(1, COUNT)
        )  # fmt: skip
        served.house.hearing.passages.take(tx, [Passed("a-1", Mark(), reports)])
    return served


def asked(served: Served, path: str, role: str = "security", **query: Any) -> Any:
    with served.client(role) as client:
        answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def foyer(served: Served, *words: str, language: str = "C.UTF-8", role: str = "security") -> tuple[int, str]:
    environment = {
        "PATH": os.environ["PATH"], "LC_ALL": language, "FOYER_URL": served.url, "FOYER_TOKEN": served.tokens[role],
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.cli.main", "passages", *words],
        env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_pages_show_each_once_the_newest_first(told):
    pages, after = [], None
    while True:
        page = asked(told, "/passages", limit=7, **({} if after is None else {"after": after}))
        pages.append([one["number"] for one in page["passages"]])
        if (after := page["next"]) is None:
            break
    assert [len(page) for page in pages] == [7, 7, 7, 3]
    assert [number for page in pages for number in page] == list(range(COUNT - 1, 0, -1))


def test_what_is_shown_names_nobody_but_by_number(told):
    (one, *_) = asked(told, "/passages")["passages"]
    assert set(one) == {
        "id", "target", "incarnation", "number", "kind", "door", "granted", "reason", "card", "no", "inside", "at", "heard",
    }  # fmt: skip
    assert one["door"] == "a-1-east"
    assert {each["no"] for each in asked(told, "/passages", person=one["no"])["passages"]} == {one["no"]}


def test_time_is_asked_for_at_the_campus_own_clock(told):
    whole = asked(told, "/passages")["passages"]
    assert asked(told, "/passages", **{"from": "2001-01-01T00:00", "to": "2001-01-02T00:00"})["passages"] == []
    assert asked(told, "/passages", **{"from": whole[9]["at"]})["passages"] == whole[:10]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"after": "x"}, "no-page"),
        ({"after": "1-"}, "no-page"),
        ({"after": "9" * 30 + "-1"}, "no-page"),
        ({"from": "yesterday"}, "no-instant"),
        ({"person": "nobody"}, "not-found"),
        ({"door": "moon"}, "not-found"),
        ({"limit": 0}, "bad-field"),
    ],
)
def test_what_is_asked_wrongly_is_said(told, query, code):
    with told.client("auditor") as client:
        answer = client.get("/passages", params=query)
    assert answer.json()["code"] == code, answer.text


def test_a_person_reads_them_in_both_languages(told):
    status, out = foyer(told, "list", "--denied")
    assert (status, "no right" in out, "a-1-east" in out) == (0, True, True)
    status, out = foyer(told, "list", "--limit", "3", language="zh_CN.UTF-8")
    assert (status, "通过" in out, "--after" in out) == (0, True, True)
    status, out = foyer(told, "list", "--json", "--limit", "3")
    assert (status, len(json.loads(out)["passages"])) == (0, 3)
    status, out = foyer(told, "list", role="hr")
    assert status == 4


def test_who_is_inside_and_forgiven(told):
    (present,) = asked(told, "/passages/muster", site="north")["people"]
    status, out = foyer(told, "muster", language="zh_CN.UTF-8")
    assert (status, present["no"] in out) == (0, True)
    status, out = foyer(told, "forgive", present["no"], "--dry-run")
    assert (status, len(asked(told, "/passages/muster")["people"])) == (0, 1)
    status, out = foyer(told, "forgive", present["no"])
    assert (status, asked(told, "/passages/muster")["people"]) == (0, [])
    status, out = foyer(told, "muster", "--zone", "moon")
    assert (status, "moon" in out) == (1, True)
