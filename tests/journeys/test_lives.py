"""People at a running hub from their first day to the last and back again, as an HR office tells it; their seats and flats,
with what the registers themselves hold; and a right for one afternoon that a panel out of reach gets late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from openpyxl import Workbook

from tests.journeys.conftest import SEATED, Journey, card, day, started_journey, today, until

SITE = ZoneInfo("Asia/Shanghai")
WRITTEN = "%Y-%m-%dT%H:%M:%S"
SOURCE = "https://hr.example/notices"
MAP = "columns: {用人单位: 部门, 备用: null}\nvalues: {部门: {财务处: 财政局}}\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """Panels, registers and a hub, each by itself, with nobody in it yet."""
    with started_journey(tmp_path_factory.mktemp("lives")) as journey:
        journey.emulate()
        journey.serve()
        yield journey


@pytest.fixture(scope="module")
def secret(town: Journey) -> Path:
    """A file with the secret by which the HR office signs."""
    path = town.folder / "secret"
    path.write_text(town.asked("notices", "sender", "add", "office", "--source", SOURCE)["secret"])
    return path


def test_a_life_from_a_messy_file_to_a_second_stay(town: Journey, secret: Path):
    batch = _messy(town)
    town.ready(batch)
    ready = town.asked("readiness", "--batch", batch)
    assert {need["target"] for need in ready["needs"]} == set(SEATED)
    seat = town.seats()["J0201"]
    assert seat.startswith("a-30"), "near the finance bureau"
    assert town.campus.unit("seats", seat)["occupant"]["from"] == day(0)
    assert town.campus.unit("seats", seat)["occupant"]["to"] is None
    assert "office-door@1" in _rules(town, "a-3-office", "J0201")
    assert "opens" in town.foyer("swipe", card(201), "a-3-office")

    _send(town, secret, "J0201", "moved", day=day(-3), department="司法局", area="south")
    until(lambda: "archive@1" in _rules(town, "a-3-archive", "J0201"))
    then = f"{day(-2)}T12:00"
    (told_late,) = _rights(town, "a-3-archive", "J0201", then)
    assert (told_late["believed"], told_late["holds"]) == (False, True)
    assert "J0201" in town.foyer("who", "a-3-archive", "--at", then)
    assert "J0201" not in town.foyer("who", "a-3-archive", "--at", f"{day(-4)}T12:00", status=5)
    assert "J0201 had nothing of this" in town.foyer(
        "why", "J0201", "zone:archive", "--at", f"{day(-4)}T12:00", status=5
    )
    assert "though not known then" in town.foyer("why", "J0201", "zone:archive", "--at", then)
    free = next(one["unit"] for one in town.get("/seats", office="d-101", vacant=True))
    town.foyer("seat", "move", "J0201", free)
    until(town.settled)
    assert town.campus.unit("seats", seat)["occupant"] is None
    assert town.campus.unit("seats", free)["occupant"] is not None
    assert "no right" in town.foyer("swipe", card(201), "a-3-office", status=1)
    assert "opens" in town.foyer("swipe", card(201), "d-1-office")

    _send(town, secret, "J0201", "left", day=day(-1))
    until(lambda: town.settled() and not any(card(201) in town.campus.cards(target) for target in SEATED[:-1]))
    assert town.campus.unit("seats", free)["occupant"] is None
    assert card(202) in town.campus.cards("a-2"), "who came with them is where they were"

    again = {"name": "测试员", "department": "信息中心", "kind": "事业编", "area": "south"}
    _send(town, secret, "J0201", "announced", **again, arrival=day(0))
    until(lambda: town.settled() and card(201) in town.campus.cards("e-1"))
    assert len(town.get("/persons/J0201")["stays"]) == 2
    assert town.seats()["J0201"].startswith("e-2"), "near the IT centre"
    assert "opens" in town.foyer("swipe", card(201), "e-1-plant")


def test_a_flat_is_offered_accepted_and_locked_and_two_people_change_seats(town: Journey, secret: Path):
    secondee = {"name": "测试员", "department": "财政局", "kind": "借调", "area": "north"}
    for nth in (210, 211):
        told = secondee | {"arrival": day(-1), "departure": day(300), "card": card(nth)}
        _send(town, secret, f"J{nth:04}", "announced", **told)
    offered = {one["no"]: one["unit"] for one in until(lambda: _offers(town, {"J0210", "J0211"}))}
    flat = offered["J0210"]
    assert flat.startswith("h1-1-")
    assert town.campus.unit("flats", flat) == {"unit": flat, "occupant": None, "cards": []}
    town.foyer("flat", "accept", "J0210")
    town.foyer("flat", "decline", "J0211")
    until(town.settled)
    held = town.campus.unit("flats", flat)
    assert [one["number"] for one in held["cards"]] == [card(210)]
    assert held["cards"][0]["ref"] == held["occupant"]["ref"]
    assert town.campus.unit("flats", offered["J0211"])["occupant"] is None
    assert "flat-lock@1" in _rules(town, f"lock:{flat}", "J0210")

    mine, theirs = (town.seats()[no] for no in ("J0210", "J0211"))
    refs = [town.campus.unit("seats", seat)["occupant"]["ref"] for seat in (mine, theirs)]
    town.foyer("seat", "swap", "J0210", "J0211")
    until(town.settled)
    assert [town.campus.unit("seats", seat)["occupant"]["ref"] for seat in (theirs, mine)] == refs
    labels = town.folder / "labels.pdf"
    town.foyer(
        "seat", "labels", "--office", mine.rpartition("-")[0], "--out", labels, "--site", "https://foyer.example"
    )
    assert mine in pypdfium2.PdfDocument(labels)[0].get_textpage().get_text_bounded()


def test_a_right_for_an_afternoon_is_late_where_a_panel_is_out_of_reach(town: Journey):
    town.ready(town.take(range(220, 221)))
    town.campus.hands("e-1", "power", on=False)
    try:
        opens = datetime.now(SITE) + timedelta(seconds=5)
        times = ("--from", f"{opens:{WRITTEN}}", "--until", f"{opens + timedelta(hours=2):{WRITTEN}}")
        town.foyer("grant", "give", "J0220", "zone:plant", *times, "--reason", "inspection")
        until(lambda: _opened(town, "b-1"))
        assert datetime.now(SITE) >= opens.replace(microsecond=0), "never early"
        until(lambda: _late(town) == {("J0220", "zone:plant", "e-1")}, why=lambda: str(_late(town)))
        assert "J0220" in town.foyer("late", status=5)
    finally:
        town.campus.hands("e-1", "power", on=True)
    until(lambda: _opened(town, "e-1"), 70)
    came = until(lambda: (found := town.get("/late"))["now"] == [] and found["proved"])
    assert ("J0220", "e-1") in {(one["no"], one["target"]) for one in came}


def _messy(town: Journey) -> str:
    """Two newcomers and one row that cannot be read, as an office writes them; the batch."""
    came = today() - timedelta(days=6)
    made = Workbook()
    page = made.worksheets[0]
    for row in (
        [f"{came:%Y}年新进人员登记表"],
        ["填报单位：财务处", None, None, "填表人：王五"],
        ["序号", "员工编号", "姓 名", "用人单位", "岗位", "人员性质", "报到日期", "一卡通号", "办公地点", "备用"],
        [
            1,
            "Ｊ０２０１",
            "测 试员",
            "财务处",
            "科员",
            "公务员",
            f"{came:%Y}年{came.month}月{came.day}日",
            card(201),
            "北办公区",
        ],
        [2, "J0202", "测试·员", "财务处", "科员", "公务员", f"{came:%Y.%m.%d}", str(card(202)), "北办公区", "甲"],
        [3, "J0203", "测试员", "财务处", "科员", "公务员", "三月初", card(203), "北办公区"],
        ["合计", None, None, 3],
        ["备注：以上人员请尽快开通"],
    ):
        page.append(row)
    page.merge_cells("A1:J1")
    made.create_sheet("说明").append(["请勿修改表头"])
    file, mapping = town.folder / "新进人员.xlsx", town.folder / "office.yaml"
    made.save(file)
    mapping.write_text(MAP, "utf-8")
    shown = town.foyer("hr", "preview", file, "--map", mapping, status=1)
    assert "Lines with totals were passed over" in shown
    taken = town.asked("hr", "import", file, "--map", mapping, status=1)
    assert {effect: count for effect, count in taken["counts"].items() if count} == {"new": 2, "refused": 1}
    (bad,) = [line for line in taken["lines"] if line["outcome"] == "refused"]
    assert bad["line"] == 6
    assert "This is no date" in "".join(bad["sentences"])
    return taken["batch"]


def _send(town: Journey, secret: Path, no: str, kind: str, /, **data: object) -> None:
    """Have the HR office say this."""
    told = {"type": f"foyer.hr.{kind}", "subject": no, "time": datetime.now(UTC).isoformat(), "data": data}
    file = town.folder / f"{no}-{kind}.json"
    file.write_text(json.dumps(told), "utf-8")
    answer = town.asked("notices", "send", file, "--source", SOURCE, "--secret-file", secret)
    assert (answer["status"], answer["standing"]) == (202, "applied"), answer


def _rights(town: Journey, word: str, no: str, at: str | None = None) -> list[dict[str, Any]]:
    """What was had of a door, a zone or a unit at some time, of one person."""
    query = {"resource": word} if at is None else {"resource": word, "at": at}
    return [one for one in town.get("/who", **query)["rights"] if one["no"] == no]


def _rules(town: Journey, word: str, no: str) -> set[str]:
    return {f"{one['rule']}@{one['version']}" for one in _rights(town, word, no)}


def _offers(town: Journey, people: set[str]) -> list[dict[str, Any]] | None:
    """What is offered to these, once something is offered to each of them."""
    found = [one for one in town.get("/flats/offers") if one["no"] in people]
    return found if len(found) == len(people) else None


def _late(town: Journey) -> set[tuple[str, str, str]]:
    return {(one["no"], one["resource"], one["target"]) for one in town.get("/late")["now"]}


def _opened(town: Journey, target: str) -> bool:
    """Whether the panel lets the card of the third story through its fourth door."""
    held = town.campus.cards(target).get(card(220))
    return held is not None and bool(held["doors"][3])
