"""`foyer notices` against a hub that answers: one process for each command, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.provisioning.served import Served

SOURCE = "urn:office"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def foyer(served: Served) -> Run:
    def run(*words: object, role: str | None = "hr", language: str = "C.UTF-8") -> tuple[int, str, str]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": language, "FOYER_URL": served.url, "TZ": "UTC"}
        if role is not None:
            environment["FOYER_TOKEN"] = served.tokens[role]
        done = subprocess.run(
            [sys.executable, "-m", "provisioning.cli.main", "notices", *map(str, words)],
            env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture(scope="module")
def secret(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the secret of a sender."""
    with served.client("system") as system:
        made = system.post("/hr/senders", json={"name": "office", "source": SOURCE}).json()
    path = tmp_path_factory.mktemp("office") / "secret"
    path.write_text(made["secret"] + "\n", "utf-8")
    return path


def event(kind: str, no: str, /, **data: object) -> dict[str, object]:
    told = datetime.now(UTC) - timedelta(minutes=1)
    return {"type": f"foyer.hr.{kind}", "subject": no, "time": told.isoformat(), "data": data}


def written(path: Path, said: object) -> Path:
    path.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return path


def test_a_file_is_signed_sent_and_taken_once(foyer: Run, secret: Path, tmp_path: Path):
    arrival = datetime.now(UTC).date().isoformat()
    facts = {"name": "张三", "department": "finance", "kind": "公务员", "area": "north", "arrival": arrival}
    file = written(tmp_path / "one.json", event("announced", "N1", **facts))
    words = ("send", file, "--source", SOURCE, "--secret-file", secret)
    status, out, err = foyer(*words, "--json", role=None)
    assert (status, json.loads(out)["status"]) == (0, 202), err
    status, out, _ = foyer(*words, role=None, language="zh_CN.UTF-8")
    assert (status, "已生效" in out) == (0, True)
    status, out, _ = foyer("list", "--person", "N1", "--json")
    assert [one["kind"] for one in json.loads(out)["notices"]] == ["announced"]


def test_a_list_says_how_each_fared(foyer: Run, secret: Path, tmp_path: Path):
    today = datetime.now(UTC).date().isoformat()
    said = [event("left", "N2", day=today), event("moved", "N2", day=today)]
    file = written(tmp_path / "two.json", said)
    status, out, _ = foyer("send", file, "--source", SOURCE, "--secret-file", secret, role=None)
    assert status == 1
    assert "waiting" in out
    assert "data is missing" in out
    status, out, _ = foyer("list", "--waiting")
    assert (status, "N2" in out, "so it waits" in out) == (0, True, True)
    status, out, _ = foyer("list", "--limit", 1)
    assert (status, "There are more" in out) == (0, True)


def test_what_cannot_be_sent_says_why(foyer: Run, secret: Path, tmp_path: Path):
    file = written(tmp_path / "none.json", [])
    status, _, err = foyer("send", file, "--source", SOURCE, "--secret-file", secret)
    assert (status, "holds no event" in err) == (1, True)
    file = written(tmp_path / "some.json", event("cancelled", "N3"))
    status, _, err = foyer("send", file, "--source", SOURCE)
    assert (status, "--secret-file" in err) == (2, True)
    status, _, err = foyer("send", file, "--source", SOURCE, "--secret", "open sesame")
    assert (status, "whsec_" in err) == (1, True)
    status, _, err = foyer("send", file, "--source", SOURCE, "--secret", "whsec_" + "A" * 44)
    assert (status, "has signed these bytes" in err) == (4, True)


def test_senders_are_added_listed_and_ended_by_the_system(foyer: Run):
    assert foyer("sender", "add", "late", "--source", "urn:late")[0] == 4
    status, out, _ = foyer("sender", "add", "late", "--source", "urn:late", "--dry-run", role="system")
    assert (status, "Dry run" in out) == (0, True)
    status, out, _ = foyer("sender", "add", "late", "--source", "urn:late", role="system")
    assert (status, out.splitlines()[-1].startswith("whsec_")) == (0, True)
    status, out, _ = foyer("sender", "end", "late", role="system")
    assert (status, "taken no more" in out) == (0, True)
    status, out, _ = foyer("sender", "list", "--json", role="auditor")
    assert {one["name"]: one["ended"] is None for one in json.loads(out)}["late"] is False
    status, out, _ = foyer("sender", "list", role="system")
    assert (status, "urn:late" in out) == (0, True)
