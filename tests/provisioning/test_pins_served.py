"""PINs over the API and by the command line: typed unseen, piped, made by the hub, and shown nowhere else."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from connectors import pins

NO = "FX9001"
CARD = 30001
ROW = (
    f"姓名,工号,部门,职务,人员类别,到岗日期,门禁卡号,办公区\n王五,{NO},财政局,科员,公务员,2026-01-05,{CARD},北办公区\n"
)


@pytest.fixture(scope="module")
def person(served) -> str:
    with served.client("hr") as hr:
        answer = hr.post("/hr/batches", files={"file": ("one.csv", ROW.encode())})
    assert answer.status_code == 200, answer.text
    return NO


def kept(served) -> str | None:
    with served.house.store.reading() as tx:
        person = served.house.persons.get(tx, NO)
        (card,) = served.house.cards.of(tx, person.id)
    return card.pin


def holds(served, pin: str) -> bool:
    held = kept(served)
    return held is not None and pins.matches(served.house.vault.pin_key(), held, pin)


def environment(served, role: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "FOYER_URL": served.url, "FOYER_TOKEN": served.tokens[role],
    }  # fmt: skip


@pytest.fixture
def foyer(served):
    def run(*words: str, typed: str = "", role: str = "hr", language: str = "en") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "provisioning.cli.main", "card", "pin", NO, *words, "--lang", language],
            env=environment(served, role), input=typed, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_pin_is_set_and_the_answer_does_not_say_it(served, person):
    with served.client("security") as client:
        answer = client.post(f"/persons/{person}/pin", json={"pin": "258036"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["pin"], told["numbers"]) == (None, [CARD])
    assert "258036" not in answer.text
    assert holds(served, "258036")


def test_a_dry_run_sets_none_and_makes_none(served, person):
    with served.client("hr") as client:
        client.post(f"/persons/{person}/pin", json={"pin": "258036"})
        for body in ({"pin": "9517"}, {}):
            told = client.post(f"/persons/{person}/pin", params={"dry_run": "true"}, json=body).json()
            assert (told["dry_run"], told["pin"]) == (True, None)
        assert client.post(f"/persons/{person}/pin/end", params={"dry_run": "true"}).json()["numbers"] == [CARD]
    assert holds(served, "258036")


@pytest.mark.parametrize("pin", ["12", "abcd", "1234", "1" * 65, 2580, None])
def test_a_bad_pin_is_refused_without_being_repeated(served, person, pin):
    body = {"pin": pin} if pin is not None else {"pin": "2580", "digits": "9517"}
    with served.client("hr") as client:
        client.post(f"/persons/{person}/pin", json={"pin": "258036"})
        answer = client.post(f"/persons/{person}/pin", json=body)
    assert answer.status_code == 422
    detail = answer.json()
    assert str(body["pin"]) not in detail["fields"].values()
    assert "9517" not in answer.text
    assert holds(served, "258036")


def test_the_hub_makes_one_and_shows_it_once(served, person, foyer):
    status, out, err = foyer("--generate")
    assert (status, err) == (0, "")
    made = out.splitlines()[-1]
    assert pins.well_formed(made)
    assert holds(served, made)
    status, out, _ = foyer("--generate", "--json")
    told = json.loads(out)
    assert holds(served, told["pin"])
    status, out, _ = foyer("--generate", "--dry-run")
    assert "Dry run" in out
    assert holds(served, told["pin"])


def test_a_pipe_gives_one_line(served, person, foyer):
    status, out, err = foyer(typed="951753\n")
    assert (status, err) == (0, "")
    assert f"Cards {CARD} of {NO} go with the new PIN now." in out
    assert "951753" not in out
    assert holds(served, "951753")
    status, _, err = foyer(typed="")
    assert status == 1
    assert "A PIN has 4 to 6 digits" in err


def test_it_is_taken_away(served, person, foyer):
    foyer(typed="951753\n")
    status, out, _ = foyer("--end", language="zh")
    assert (status, kept(served)) == (0, None)
    assert "不带密码" in out
    assert "had no PIN" in foyer("--end")[1]


def test_who_may_not_is_told_so(served, person, foyer):
    assert foyer("--generate", role="auditor")[0] == 4
    status, _, err = foyer("--generate", "--end")
    assert status == 2
    assert "not both" in err


@contextmanager
def terminal(served) -> Generator[tuple[int, subprocess.Popen[bytes]]]:
    """The command at a terminal: the operator's end of it, and the process."""
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "provisioning.cli.main", "card", "pin", NO, "--lang", "en"],
        env=environment(served, "hr"), stdin=its, stdout=its, stderr=its, start_new_session=True,
    )  # fmt: skip
    os.close(its)
    try:
        yield mine, process
    finally:
        process.kill()
        process.wait(20)
        os.close(mine)


def read_until(mine: int, what: bytes) -> bytes:
    """All that the terminal shows, up to and with some words, or to its end."""
    shown = b""
    while what not in shown:
        try:
            some = os.read(mine, 1024)
        except OSError:
            break
        if not some:
            break
        shown += some
    return shown


@pytest.mark.parametrize(("second", "says"), [("772583", b"new PIN"), ("772584", b"The two PINs differ")])
def test_at_a_terminal_it_is_typed_twice_unseen(served, person, second, says):
    with served.client("hr") as client:
        client.post(f"/persons/{person}/pin", json={"pin": "258036"})
    with terminal(served) as (mine, process):
        shown = read_until(mine, b"digits: ")
        os.write(mine, b"772583\n")
        shown += read_until(mine, b"once more: ")
        os.write(mine, second.encode() + b"\n")
        shown += read_until(mine, says)
        assert says in shown, shown
        assert process.wait(20) == (0 if second == "772583" else 1)
    assert b"77258" not in shown
    assert holds(served, "772583" if second == "772583" else "258036")
