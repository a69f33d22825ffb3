"""`foyer gateway` against a hub that answers: one process for each command, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.provisioning.gatewayed import NAMES, Distant, code_of, enrol, hand
from tests.provisioning.served import Served

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def foyer(served: Served) -> Run:
    def run(*words: object, role: str = "system", language: str = "C.UTF-8") -> tuple[int, str, str]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": language, "FOYER_URL": served.url, "TZ": "UTC"}
        environment["FOYER_TOKEN"] = served.tokens[role]
        done = subprocess.run(
            [sys.executable, "-m", "provisioning.cli.main", *map(str, words)],
            env=environment, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_gateway_is_added_and_its_code_shown_once(foyer: Run):
    tried = foyer("gateway", "add", "first", "--dry-run")
    assert (tried[0], "would be added" in tried[1]) == (0, True)
    status, out, _ = foyer("gateway", "add", "first")
    assert status == 0
    (code,) = [line for line in out.splitlines() if len(line) == 32 and line.isupper()]
    assert code not in foyer("gateway", "list")[1]
    refused = foyer("gateway", "add", "first", language="zh_CN.UTF-8")
    assert (refused[0], "名称不可重复使用" in refused[2]) == (1, True)


def test_the_list_and_the_targets_show_whose_is_what(foyer: Run, served: Served, site: Distant):
    hand(served, "a-1", site.id)
    site.refresh()
    status, out, _ = foyer("gateway", "list")
    (line,) = [each for each in out.splitlines() if site.id in each]
    assert (status, line.split()[2], line.split()[-3:]) == (0, "heard", ["1", "0", "0"])
    told = json.loads(foyer("gateway", "list", "--json")[1])
    assert next(one["targets"] for one in told if one["id"] == site.id) == ["a-1"]
    shown = foyer("targets", "show", "a-1")[1]
    assert site.id in shown
    assert "its gateway's term" in shown
    assert "网关任期至" in foyer("targets", "show", "a-1", language="zh_CN.UTF-8")[1]


def test_targets_are_handed_over_by_one_word(foyer: Run, site: Distant):
    status, out, _ = foyer("gateway", "hand", "b", "--to", site.id)
    assert (status, out.count(site.id)) == (0, 2)
    site.refresh()
    status, out, _ = foyer("gateway", "hand", site.id, "--to", "embedded")
    assert (status, "is told to let go" in out, out.count("embedded")) == (0, True, 2)
    alive = foyer("gateway", "attest", site.id, role="security")
    assert (alive[0], "so it is not unplugged" in alive[2]) == (1, True)


def test_a_revocation_says_what_is_still_to_be_done(foyer: Run, served: Served, site: Distant):
    hand(served, "a-2", site.id)
    site.refresh()
    status, out, _ = foyer("gateway", "revoke", site.id)
    assert (status, "is revoked" in out, "a-2" in out) == (0, True, True)
    assert foyer("gateway", "revoke", "nobody")[0] == 1


def test_who_may_not_is_told_so(foyer: Run, served: Served, client):
    code = code_of(served, next(NAMES))
    assert enrol(served, client, code, _key()).status_code == 200
    for words in (("list",), ("add", "x"), ("hand", "a-1", "--to", "embedded"), ("revoke", "x"), ("attest", "x")):
        assert foyer("gateway", *words, role="hr")[0] == 4, words


def _key():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
