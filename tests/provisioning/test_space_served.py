"""Seats and flats as their users have them: over the API and on the command line, with the rules that ship."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pypdfium2
import pytest

from provisioning.cli.main import main
from provisioning.nouns.told import Actor
from tests.provisioning.served import Served

HEADERS = "姓名,工号,部门,职务,人员类别,到岗日期,离岗日期,门禁卡号,办公区"
PEOPLE = 8


@pytest.fixture(scope="module")
def seated(served: Served) -> Served:
    """The hub with some people of the finance bureau, each in a seat of their own."""
    with served.house.store.reading() as tx:
        today = tx.now.astimezone(served.house.campuses.current(tx).zone).date()
    rows = [f"张{'甲乙丙丁戊己庚辛'[n]},N{n},财政局,科员,公务员,{today},,,北办公区" for n in range(PEOPLE)]
    with served.client("hr") as hr:
        answer = hr.post("/hr/batches", files={"file": ("some.csv", "\n".join([HEADERS, *rows]).encode())})
    assert answer.status_code == 200, answer.text
    return served


@pytest.fixture
def foyer(seated: Served, monkeypatch, capsys):
    """A command, in this process: status, what it printed, what it protested."""

    def run(*words: str, role: str = "hr", language: str = "en") -> tuple[int, str, str]:
        monkeypatch.setenv("FOYER_URL", seated.url)
        monkeypatch.setenv("FOYER_TOKEN", seated.tokens[role])
        capsys.readouterr()
        status = main([*words, "--lang", language])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def holders(served: Served) -> dict[str, str]:
    """Whose each seat is: staff number → seat."""
    with served.client("hr") as hr:
        return {one["no"]: one["unit"] for one in hr.get("/seats").json() if one["no"]}


def vacant(served: Served, count: int = 1) -> list[str]:
    with served.client("hr") as hr:
        return [one["unit"] for one in hr.get("/seats", params={"vacant": True}).json()][:count]


def test_who_came_by_a_sheet_has_a_seat_near_their_department(seated: Served):
    found = holders(seated)
    assert set(found) >= {"N0", "N5", "N7"}, "whom no other test here moves for good"
    assert len(set(found.values())) == len(found)
    offices = {found[no].rpartition("-")[0] for no in ("N0", "N5", "N7")}
    assert offices <= {"a-301", "a-302"}, "those of the finance bureau"


def test_two_operators_who_give_one_seat_at_once_the_second_is_told_who_has_it(seated: Served):
    (seat,) = vacant(seated)
    gate, answers = threading.Barrier(2), []

    def move(no: str) -> None:
        with seated.client("hr") as hr:
            gate.wait()
            answers.append((no, hr.post(f"/persons/{no}/seat/move", json={"seat": seat})))

    threads = [threading.Thread(target=move, args=(no,)) for no in ("N1", "N2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [no for no, answer in answers if answer.status_code == 200]
    lost = [answer for _, answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].json()["code"] == "unit-taken"
    assert won[0] in lost[0].json()["detail"]
    assert holders(seated)[won[0]] == seat


def test_a_move_and_a_swap_on_the_command_line(seated: Served, foyer):
    (seat,) = vacant(seated)
    status, out, err = foyer("seat", "move", "N3", seat, "--dry-run")
    assert (status, "Dry run" in out, seat in vacant(seated)) == (0, True, True), err
    status, out, err = foyer("seat", "move", "N3", seat)
    assert (status, f"N3 has the seat {seat}." in out) == (0, True), err
    before = holders(seated)
    status, out, err = foyer("seat", "swap", "N3", "N4", language="zh")
    assert (status, "N3 与 N4 已互换工位。" in out) == (0, True), err
    after = holders(seated)
    assert (after["N3"], after["N4"]) == (before["N4"], before["N3"])
    status, out, _ = foyer("seat", "show", seat)
    assert status == 0
    assert out.count("N3") == 1
    assert out.count("N4") == 2


def test_flats_of_one_block(seated: Served, foyer):
    status, out, _ = foyer("flat", "list", "--block", "h1-1", "--json")
    assert (status, {one["block"] for one in json.loads(out)}) == (0, {"h1-1"})
    status, _, err = foyer("flat", "list", "--block", "h9-9")
    assert (status, "There is no block of flats h9-9" in err) == (1, True)


def test_who_works_elsewhere_is_listed_and_moved_without_naming_a_seat(seated: Served, foyer):
    def elsewhere() -> dict[str, dict[str, str]]:
        with seated.client("hr") as hr:
            return {one["no"]: one["elsewhere"] for one in hr.get("/seats", params={"elsewhere": True}).json()}

    assert "N7" not in elsewhere()
    far = next(seat for seat in vacant(seated, 100) if seat.startswith("d-"))
    assert foyer("seat", "move", "N7", far)[0] == 0
    assert elsewhere()["N7"] == {"department": "finance", "area": "north"}
    status, out, _ = foyer("seat", "list", "--elsewhere", "--office", far.rpartition("-")[0])
    assert (status, out.count("N7"), out.count("finance (north)")) == (0, 1, 1)
    assert "foyer seat move NO" in out
    status, out, err = foyer("seat", "move", "N7", language="zh")
    assert (status, "N7 的工位是 a-30" in out) == (0, True), err
    status, out, _ = foyer("seat", "list", "--elsewhere", "--office", far.rpartition("-")[0])
    assert (status, "No seat answers to that" in out) == (0, True)


def test_a_freed_seat_stays_free_until_one_is_given(seated: Served, foyer):
    seat = holders(seated)["N6"]
    assert foyer("seat", "free", "N6")[0] == 0
    assert "N6" not in holders(seated)
    assert foyer("seat", "free", "N6")[0] == 1
    status, out, err = foyer("seat", "allot", "N6", seat, "--json")
    assert status == 0, err
    assert json.loads(out)["allotments"][0]["unit"] == seat
    status, _, err = foyer("seat", "allot", "N6", vacant(seated)[0])
    assert (status, "foyer seat move N6" in err) == (1, True)
    assert foyer("seat", "free", "N6")[0] == foyer("seat", "ask", "N6")[0] == 0


def test_a_closed_seat_is_refused_by_name_and_reason(seated: Served, foyer):
    seat = vacant(seated)[-1]
    status, out, _ = foyer("seat", "close", seat, "--reason", "漏水")
    assert (status, "漏水" in out) == (0, True)
    status, _, err = foyer("seat", "move", "N5", seat)
    assert (status, "is closed (漏水)" in err) == (1, True)
    status, out, _ = foyer("seat", "list")
    assert any(seat in line and "closed" in line and "漏水" in line for line in out.splitlines())
    assert foyer("seat", "open", seat)[0] == 0
    status, _, err = foyer("seat", "open", seat)
    assert (status, "is not closed" in err) == (1, True)
    with seated.client("hr") as hr:
        assert hr.post(f"/seats/{seat}/close", json={"reason": "\x1b[31m"}).status_code == 422


def test_labels_are_written_and_never_over_another_file(seated: Served, foyer, tmp_path: Path):
    path = tmp_path / "labels.pdf"
    status, out, err = foyer(
        "seat", "labels", "--office", "a-201", "--out", str(path), "--site", "https://foyer.example"
    )
    assert (status, "100 %" in out) == (0, True), err
    assert len(pypdfium2.PdfDocument(path)) == 1
    assert foyer("seat", "labels", "--out", str(path))[0] == 1
    assert foyer("seat", "labels", "--out", str(tmp_path / "x.pdf"), role="auditor")[0] == 4


def test_flats_from_the_queue_to_the_key(seated: Served, foyer):
    """Leaders who came from elsewhere are entitled to a flat of two rooms by the rules that ship."""
    with seated.house.store.reading() as tx:
        today = tx.now.astimezone(seated.house.campuses.current(tx).zone).date()
    rows = [
        f"李{'甲乙丙丁戊己庚辛'[n]},L{n},财政局,{'局长' if n == 2 else '副处长'},公务员,{today},,,北办公区"
        for n in range(8)
    ]
    with seated.client("hr") as hr:
        assert (
            hr.post("/hr/batches", files={"file": ("l.csv", "\n".join([HEADERS, *rows]).encode())}).status_code == 200
        )
    queue = json.loads(foyer("flat", "queue", "--json")[1])
    assert {one["no"] for one in queue} >= {f"L{n}" for n in range(8)}
    points = [one["points"] for one in queue]
    assert points == sorted(points, reverse=True)
    with seated.house.store.writing() as tx:
        seated.house.space.serve(tx, seated.house.campuses.current(tx), _system())
    offers = json.loads(foyer("flat", "offers", "--json")[1])
    offered = [one["no"] for one in offers]
    assert len(offered) == 6
    assert len({one["unit"] for one in offers}) == 6
    first, second = offered[:2]
    status, out, err = foyer("flat", "accept", first, language="zh")
    assert (status, f"{first} 的住房是" in out) == (0, True), err
    assert foyer("flat", "accept", first)[0] == 1
    assert foyer("flat", "decline", second)[0] == 0
    waits = {one["no"] for one in json.loads(foyer("flat", "queue", "--json")[1])}
    assert second not in waits
    assert foyer("flat", "ask", second)[0] == 0
    listed = foyer("flat", "list")[1]
    assert any("held" in line and first in line for line in listed.splitlines())
    flat = next(line.split()[0] for line in listed.splitlines() if "offered" in line)
    assert foyer("flat", "close", flat, "--reason", "damp")[0] == 0
    assert flat not in {one["unit"] for one in json.loads(foyer("flat", "offers", "--json")[1])}
    assert foyer("flat", "open", flat)[0] == 0
    assert foyer("flat", "free", first)[0] == 0
    assert "held" not in foyer("flat", "list")[1]
    assert foyer("flat", "queue")[0] == foyer("flat", "offers")[0] == foyer("flat", "list", "--vacant")[0] == 0


def _system() -> Actor:
    return Actor("house:timer")
