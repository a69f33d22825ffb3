"""The command line against a hub that answers: one process for each command, as a person types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from provisioning.compose import UNSIGNED

PEOPLE = 6


@pytest.fixture(scope="module")
def sheet(served, tmp_path_factory):
    path = tmp_path_factory.mktemp("sheets") / "people.xlsx"
    path.write_bytes(served.sheet(PEOPLE))
    return path


@pytest.fixture
def foyer(served):
    def run(*words, role="security", language="C.UTF-8"):
        environment = {
            "PATH": os.environ["PATH"], "LC_ALL": language, "FOYER_URL": served.url, "FOYER_TOKEN": served.tokens[role],
            "TZ": "UTC",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "provisioning.cli.main", *map(str, words)],
            env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def taken(foyer, sheet):
    """The sheet, imported: staff numbers by card."""
    status, out, err = foyer("hr", "import", sheet, role="hr")
    assert status == 0, err
    status, out, _ = foyer("person", "list", "--json", role="hr")
    return [(one["no"], one["cards"][0]["number"]) for one in json.loads(out)["people"] if one["cards"]]


def test_a_sheet_is_written_previewed_and_imported(foyer, tmp_path, served):
    template = tmp_path / "new.xlsx"
    status, out, _ = foyer("hr", "template", template, role="hr")
    assert (status, template.stat().st_size > 0) == (0, True)
    assert "foyer hr preview" in out
    status, _, err = foyer("hr", "template", template, role="hr")
    assert (status, "cannot be written" in err) == (1, True)
    sheet = tmp_path / "some.xlsx"
    sheet.write_bytes(served.sheet(2, seed=5))
    status, out, _ = foyer("hr", "import", sheet, "--dry-run", role="hr")
    assert "It would bring" in out
    status, json_out, _ = foyer("hr", "preview", sheet, "--json", role="hr")
    assert json.loads(json_out)["dry_run"] is True
    before = foyer("person", "list", "--json", role="hr")[1]
    foyer("hr", "preview", sheet, role="hr")
    assert foyer("person", "list", "--json", role="hr")[1] == before


def test_a_bad_row_is_refused_by_line_and_the_status_tells(foyer, tmp_path):
    sheet = tmp_path / "bad.csv"
    headers = "姓名,工号,身份证号,部门,职务,人员类别,到岗日期,办公区"
    sheet.write_text(f"{headers}\n王五,E9,110101199003070000,财政局,科员,公务员,2026-01-05,北办公区\n", "utf-8")
    status, out, _ = foyer("hr", "import", sheet, role="hr")
    assert status == 1
    assert "line 2" in out
    assert "0 new, 0 changed, 0 the same; 1 refused." in out
    status, out, _ = foyer("hr", "import", sheet, role="hr", language="zh_CN.UTF-8")
    assert "拒绝 1" in out


def test_a_pipe_gets_a_line_for_every_ten_per_cent_and_nothing_that_moves(foyer, tmp_path, served):
    sheet = tmp_path / "more.xlsx"
    sheet.write_bytes(served.sheet(PEOPLE + 3))
    status, out, _ = foyer("hr", "import", sheet, role="hr")
    assert status == 0
    assert "Rights decided 100 %" in out
    assert "\r" not in out
    assert "\x1b" not in out


def test_people_and_reasons_are_shown(foyer, taken):
    no, card = taken[0]
    status, out, _ = foyer("person", "show", no)
    assert (status, no in out, str(card) in out) == (0, True, True)
    status, out, _ = foyer("why", no)
    assert (status, "✓" in out) == (0, True)
    status, out, _ = foyer("why", no, language="zh_CN.UTF-8")
    assert "授权" in out or "给予" in out or "至" in out
    status, out, _ = foyer("why", no, "zone:south-offices")
    assert status == 5
    status, _, err = foyer("why", no, "zone:nowhere")
    assert (status, "There is no door, zone or unit zone:nowhere" in err) == (1, True)
    status, _, err = foyer("person", "show", "E404")
    assert (status, "There is no person E404" in err) == (1, True)
    status, out, err = foyer("person", "show", "E404", "--json")
    assert json.loads(out)["code"] == "not-found"


def test_cards_change_hands(foyer, taken):
    no, card = taken[1]
    other = taken[2][1]
    status, out, _ = foyer("card", "assign", no, 4_100_000_001, "--dry-run")
    assert (status, "Dry run" in out) == (0, True)
    assert "4100000001" not in foyer("person", "show", no)[1]
    status, _, err = foyer("card", "assign", no, other)
    assert (status, "foyer card lost" in err) == (1, True)
    status, out, _ = foyer("card", "lost", card)
    assert (status, "to erase" in out) == (0, True)
    status, out, _ = foyer("card", "replace", card, 4_100_000_002)
    assert (status, "takes the place" in out) == (0, True)


def test_readiness_says_by_its_status_that_something_is_outstanding(foyer, taken):
    status, out, _ = foyer("readiness", "--person", taken[0][0])
    assert (status, "% proved ready" in out) == (5, True)
    status, out, _ = foyer("readiness", "--day", "1999-01-01")
    assert (status, "Nothing is due" in out) == (0, True)
    status, _, err = foyer("readiness", "--day", "someday")
    assert (status, "it must be a date" in err) == (1, True)


def test_ctrl_c_ends_a_command_without_a_traceback(served, taken):
    environment = {"PATH": os.environ["PATH"], "FOYER_TOKEN": served.tokens["hr"], "PYTHONUNBUFFERED": "1"}
    words = ["readiness", "--person", taken[0][0], "--watch", "--url", served.url]
    # A shell has what it starts in the background ignore Ctrl-C, and whatever that starts; a handler is not inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watching = subprocess.Popen(
        [sys.executable, "-m", "provisioning.cli.main", *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    assert watching.stdout
    assert "0 %" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=30)
    assert (watching.returncode, err) == (130, "")


def test_a_revocation_is_rehearsed_and_carried_out(foyer, taken):
    no = taken[3][0]
    status, out, _ = foyer("revoke", no, "--reason", "left", "--dry-run")
    assert (status, "would be taken away" in out) == (0, True)
    status, out, _ = foyer("revoke", no, "--reason", "left")
    assert (status, "not proved gone yet" in out) == (0, True)
    status, out, _ = foyer("person", "certificates", no)
    assert (status, "exposed" in out) == (0, True)
    status, _, err = foyer("revoke", no, "--reason", "left", role="hr")
    assert (status, "security" in err) == (4, True)


def test_targets_drift_and_alarms(foyer, served):
    status, out, _ = foyer("targets")
    assert (status, "not seen yet" in out) == (0, True)
    assert foyer("targets", "show", "a-1", language="zh_CN.UTF-8")[1].count("尚未连上") == 1
    assert foyer("targets", "read", "a-1", "--dry-run")[0] == 0
    assert foyer("targets", "read", "nix")[0] == 1
    assert "No drift" in foyer("drift")[1]
    assert "11 targets" in foyer("drift", "read")[1]
    assert "No open alarms." in foyer("alarms")[1]
    with served.house.store.writing() as tx:
        made = served.house.alarms.raise_alarm(tx, "story.unsigned", UNSIGNED, {"why": "x"})
    assert made in foyer("alarms", "list")[1]
    assert foyer("alarms", "ack", made)[0] == 0
    assert foyer("alarms", "ack", made)[0] == 1


def test_campus_and_rules_go_round(foyer, tmp_path):
    for noun, role in (("campus", "system"), ("rules", "security")):
        words = (noun, "show") if noun == "campus" else (noun, "show", "--yaml")
        text = foyer(*words, role=role)[1]
        path = tmp_path / f"{noun}.yaml"
        path.write_text(text, "utf-8")
        for verb in ("preview", "apply"):
            status, out, _ = foyer(noun, verb, path, role=role)
            assert (status, "It changes nothing." in out) == (0, True), out
        path.write_text("- nothing\n", "utf-8")
        status, _, err = foyer(noun, "apply", path, role=role)
        assert (status, err != "") == (1, True)
    assert "zone:" in foyer("rules", "show")[1]


def test_the_story_is_checked_by_whoever_may(foyer, served, tmp_path, taken):
    served.house.sealer.seal_once()
    served.house.sealer.checkpoint_once()
    assert foyer("audit", "verify")[0] == 4
    assert foyer("audit", "verify", role="auditor")[0] == 0
    copy, proof = tmp_path / "story.jsonl", tmp_path / "proof.json"
    status, out, _ = foyer("audit", "export", copy, role="auditor")
    assert (status, "events written" in out) == (0, True)
    assert foyer("audit", "export", copy, role="auditor")[0] == 1
    assert foyer("audit", "export", tmp_path / "no.jsonl")[0] == 4
    assert not (tmp_path / "no.jsonl").exists()
    key = foyer("audit", "key", role="auditor")[1].strip()
    assert foyer("audit", "check", copy, "--key", key)[0] == 0
    event = json.loads(foyer("audit", "log", "--json", "--limit", "1", role="auditor")[1])[0]["id"]
    assert foyer("audit", "prove", event, "--out", proof, role="auditor")[0] == 0
    assert foyer("audit", "check", proof, "--key", key)[0] == 0
    copy.write_text(copy.read_text("utf-8").replace("stay.announced", "stay.announce_", 1), "utf-8")
    status, out, _ = foyer("audit", "check", copy, "--key", key)
    assert (status, "was changed" in out) == (5, True)
    assert "stay.announced" in foyer("audit", "log", "--person", taken[0][0], role="auditor")[1]


def test_operators_are_added_once_and_ended(foyer):
    assert "would be" in foyer("operator", "add", "zhao", "--role", "hr", "--dry-run", role="system")[1]
    status, out, _ = foyer("operator", "add", "zhao", "--role", "hr", role="system")
    assert (status, out.splitlines()[-1].startswith("foyer_")) == (0, True)
    assert "zhao" in foyer("operator", "list", role="system")[1]
    assert foyer("operator", "add", "zhao", "--role", "hr", role="system")[0] == 1
    assert foyer("operator", "end", "zhao", role="system")[0] == 0


def test_a_token_that_is_refused_is_not_allowed(foyer):
    status, _, err = foyer("targets", "--token", "foyer_wrong")
    assert (status, "This token is not known" in err) == (4, True)


def test_a_swipe_names_the_doors_there_are_and_says_that_no_panel_answers(foyer):
    status, _, err = foyer("swipe", 1, "nix")
    assert (status, "a-1-east" in err) == (1, True)
    status, _, err = foyer("swipe", 1, "a-1-east")
    if status == 1 and "does not answer" not in err:
        pytest.skip("an emulated panel of somebody else answers at the usual address")
    assert "foyer emulate" in err


def test_a_backup_is_told_by_the_clock_of_the_site_with_or_without_its_hub(foyer, tmp_path):
    archive = tmp_path / "hub.tar"
    status, out, _ = foyer("backup", archive, role="system")
    assert status == 0
    told = [line for line in out.splitlines() if "whole backup" in line]
    status, checked, _ = foyer("backup", "check", archive, "--url", "http://127.0.0.1:9", role="system")
    assert (status, [line for line in checked.splitlines() if "whole backup" in line]) == (0, told)
    at = json.loads(foyer("backup", "check", archive, "--json")[1])["at"]
    site = datetime.fromisoformat(at).astimezone(ZoneInfo("Asia/Shanghai"))
    assert site.strftime("taken at %Y-%m-%d %H:%M:%S:") in told[0]
