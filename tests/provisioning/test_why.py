"""Why, and who somebody is, by command in both languages. What is not there is refused, and a stay is told as it stands on
the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from devices.clock import SetClock
from provisioning.cli.main import main
from tests.provisioning.housed import Housed
from tests.provisioning.served import Served
from tests.provisioning.told import Desk

NOW = datetime.now(UTC)
TODAY = NOW.astimezone(ZoneInfo("Asia/Shanghai")).date()
Foyer = Callable[..., tuple[int, str]]


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture(scope="module")
def desk(served: Served) -> Desk:
    """HR has told of four people: W1 moves today, W2 has left, W3 is to come, W4 was cancelled."""
    desk = Desk(Housed(served.house, SetClock(NOW - timedelta(hours=1))))
    desk.take(
        desk.announced("W1", str(day(-30)), None, departure=str(day(90))),
        desk.event("moved", "W1", day=str(day(0)), department="justice", area="south"),
        desk.announced("W2", str(day(-60)), None, departure=str(day(90))),
        desk.event("left", "W2", day=str(day(-3))),
        desk.announced("W3", str(day(20))),
        desk.announced("W4", str(day(20))),
        desk.event("cancelled", "W4", arrival=str(day(20))),
    )
    return desk


@pytest.fixture
def foyer(served: Served, desk: Desk, monkeypatch, capsys) -> Foyer:
    """A command in this process: its status, and all that it said."""

    def run(*words: str, language: str = "en") -> tuple[int, str]:
        monkeypatch.setenv("FOYER_URL", served.url)
        monkeypatch.setenv("FOYER_TOKEN", served.tokens["security"])
        capsys.readouterr()
        status = main([*words, "--lang", language])
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


@pytest.mark.parametrize("word", ["zone:nix", "a-9-nowhere", "seat:nix", "flat:nix", "lock:nix", "seat:"])
@pytest.mark.parametrize("asked", [("why", "W1"), ("who",)])
def test_what_the_campus_has_not_is_refused_with_the_cure(foyer: Foyer, word: str, asked: tuple[str, ...]):
    for when in ((), ("--at", NOW.isoformat())):
        assert foyer(*asked, word, *when) == (
            1, f"There is no door, zone or unit {word}. Look at foyer campus show.\n",
        )  # fmt: skip
    assert foyer(*asked, word, language="zh") == (1, f"没有门、区域或单元 {word}。请查看 foyer campus show。\n")


def test_a_door_is_answered_by_its_zones(foyer: Foyer):
    status, told = foyer("why", "W1", "a-1-east")
    assert (status, "✓" in told, "zone:north-public" in told) == (0, True, True)
    status, then = foyer("why", "W1", "a-1-east", "--at", NOW.isoformat())
    assert "zone:north-public" in then


def test_a_sort_of_unit_is_explained_and_ones_own_unit_by_what_it_answers(foyer: Foyer, served: Served):
    status, told = foyer("why", "W1", "flat:one-room")
    assert (status, "does not apply" in told) == (5, True)
    with served.client("hr") as hr:
        seats = {one["no"]: one["unit"] for one in hr.get("/seats").json() if one["no"]}
    status, told = foyer("why", "W1", f"seat:{seats['W1']}")
    assert (status, "seat:near-department" in told, seats["W1"] in told) == (0, True, True)
    status, told = foyer("why", "W3", f"seat:{seats['W1']}")
    assert (status, "No rule speaks of this to anybody by that name" in told) == (5, True)


def test_the_heading_is_of_today(foyer: Foyer):
    assert foyer("why", "W1")[1].splitlines()[0] == f"Justice Bureau, 公务员, {day(-30)} to {day(90)}: in place"
    assert foyer("why", "W1", language="zh")[1].splitlines()[0] == f"司法局，公务员，{day(-30)} 至 {day(90)}：在岗"
    assert foyer("why", "W2")[1].splitlines()[0].endswith(f"to {day(-3)}: ended on {day(-3)}")


@pytest.mark.parametrize(
    ("no", "english", "chinese"),
    [
        ("W1", "in place", "在岗"),
        ("W2", f"ended on {day(-3)}", f"已于 {day(-3)} 结束"),
        ("W3", "to come", "待到岗"),
        ("W4", f"cancelled on {day(0)}", f"已于 {day(0)} 取消"),
    ],
)
def test_a_stay_is_shown_as_it_stands_and_by_names(foyer: Foyer, no: str, english: str, chinese: str):
    for language, says, department, area in (
        ("en", english, "Justice Bureau" if no == "W1" else "Finance Bureau", "offices"),
        ("zh", chinese, "司法局" if no == "W1" else "财政局", "办公区"),
    ):
        status, told = foyer("person", "show", no, language=language)
        assert status == 0
        line = next(line for line in told.splitlines() if str(day(20)) in line or line.startswith(department))
        assert line.endswith(says), told
        assert department in line
        assert area in line
        for id_ in ("finance", "justice", "north ", "south "):
            assert id_ not in told, told


def test_a_list_names_departments(foyer: Foyer):
    assert "Justice Bureau" in foyer("person", "list", "W1")[1]
    assert "司法局" in foyer("person", "list", "W1", language="zh")[1]


def test_a_revoked_stay_tells_since_when(foyer: Foyer, desk: Desk):
    desk.take(desk.announced("W5", str(day(-5))))
    desk.housed.revoke(desk.housed.person("W5"))
    assert f"revoked on {day(0)}" in foyer("person", "show", "W5")[1]
    told, over = foyer("why", "W5")[1], "This stay is over: nothing of what rules say below is granted."
    assert over in told
    assert "✓" in told, "what the rules would say is told all the same"
    assert over not in foyer("why", "W1")[1]
