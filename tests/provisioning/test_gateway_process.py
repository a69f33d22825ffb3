"""`foyer gateway --hub URL` as whoever sets it up meets it: a clear sentence for whatever may be wrong, in both languages,
and no part of the hub in its process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.provisioning.served import Served, serving

FOYER = Path(sys.executable).parent / "foyer"
WAIT_S_MAX = 60.0
NOBODY = "http://127.75.2.1:9"
FORBIDDEN = ("provisioning.store", "provisioning.compose", "provisioning.vault", "provisioning.identity", "sqlalchemy")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("hub")) as served:
        yield served


def gateway(folder: Path, *words: object, language: str = "en") -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FOYER_", "LC_", "LANG"))}
    return subprocess.run(
        [FOYER, "gateway", *map(str, words), "--data", folder, "--lang", language],
        check=False, capture_output=True, text=True, timeout=WAIT_S_MAX, env=environment | {"LANG": "C.UTF-8"},
    )  # fmt: skip


@contextmanager
def running(folder: Path, url: str, code: str) -> Generator[subprocess.Popen[str]]:
    """A gateway that has said who it is."""
    popen = subprocess.Popen(
        [FOYER, "gateway", "--hub", url, "--code", code, "--data", folder],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert popen.stdout is not None
        said = popen.stdout.readline()
        assert "This is gateway" in said, said + popen.stdout.read()
        yield popen
    finally:
        popen.kill()
        popen.communicate(timeout=WAIT_S_MAX)


def code_of(hub: Served, name: str) -> str:
    with hub.client("system") as system:
        made = system.post("/gateways", json={"name": name})
    assert made.is_success, made.text
    return made.json()["code"]


def test_nothing_of_the_hub_is_in_its_process():
    script = (
        "import sys, provisioning.cli.gateways, provisioning.cli.edge_run, connectors.site\n"
        "import provisioning.cli.errand\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=WAIT_S_MAX
    )
    loaded = done.stdout.split()
    assert "connectors.site" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []


@pytest.mark.parametrize(
    ("words", "status", "said", "zh"),
    [
        (("--hub", NOBODY, "--code", "x"), 3, "again with the same code", "没有应答（无法建立连接）"),
        (("--hub", NOBODY), 4, "foyer gateway add", "尚未注册"),
        (("--hub", "http://192.0.2.1:8000", "--code", "x"), 1, "https", "https"),
        (("--hub", NOBODY.replace("http", "https"), "--code", "x", "--ca", "nothing.pem"), 1, "PEM", "PEM"),
    ],
)
def test_what_is_wrong_before_the_hub_is_met_is_said(
    tmp_path: Path, words: tuple[str, ...], status: int, said: str, zh: str
):
    done = gateway(tmp_path / "edge", *words)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert zh in gateway(tmp_path / "edge", *words, language="zh").stderr


def test_a_code_is_good_once(hub: Served, tmp_path: Path):
    code = code_of(hub, "site-once")
    wrong = gateway(tmp_path / "edge", "--hub", hub.url, "--code", "nonsense")
    assert wrong.returncode == 4, wrong.stderr
    assert "did not enrol" in wrong.stderr
    with running(tmp_path / "edge", hub.url, code):
        pass
    used = gateway(tmp_path / "other", "--hub", hub.url, "--code", code)
    assert used.returncode == 4, used.stderr
    assert "did not enrol" in used.stderr
    with running(tmp_path / "edge", hub.url, code):
        pass


def test_one_process_at_a_time_works_in_a_folder(hub: Served, tmp_path: Path):
    code = code_of(hub, "site-twice")
    with running(tmp_path / "edge", hub.url, code) as first:
        second = gateway(tmp_path / "edge", "--hub", hub.url)
        assert second.returncode == 1
        assert str(first.pid) in second.stderr
        assert "正在" in (zh := gateway(tmp_path / "edge", "--hub", hub.url, language="zh").stderr) or "已在" in zh


def test_a_folder_that_is_no_gateways_is_said(hub: Served, tmp_path: Path):
    blocked = tmp_path / "edge"
    blocked.write_text("a file")
    done = gateway(blocked, "--hub", hub.url)
    assert done.returncode == 1
    assert "--data" in done.stderr
    folder = tmp_path / "torn"
    folder.mkdir()
    (folder / "gateway.key").write_text("torn")
    (folder / "gateway.key").chmod(0o600)
    done = gateway(folder, "--hub", hub.url)
    assert done.returncode == 1
    assert "enrol anew" in done.stderr
