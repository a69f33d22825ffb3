"""The command line before it reaches a hub: help in two languages, faults in words, tables, pipes, exit statuses."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys

import pytest

from provisioning.cli.grammar import Parser
from provisioning.cli.main import VERBS, _parser
from provisioning.cli.screen import Screen, printable, width
from provisioning.cli.tongue import tongue

HEAVY = ("fastapi", "sqlalchemy", "pydantic", "httpx2", "uvicorn", "openpyxl", "cryptography")
BARE = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}


def foyer(*words, stdin=None, **environment):
    """One command as a process: status, output, complaints."""
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.cli.main", *words],
        env=BARE | environment, capture_output=True, text=True, encoding="utf-8", input=stdin, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("words", [["--help"], [], ["hr", "--help"], ["run", "--help"]])
def test_help_imports_nothing_heavy(words):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "provisioning.cli.main", *words],
        env=BARE, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_in_both_languages(verb, language):
    help_text = _parser([verb], language).format_help()
    assert verb in help_text
    child = _child(_parser([verb], language), verb)
    told = child.format_help()
    assert ("用法" in told) == (language == "zh")
    for option in (option for option in child._actions if option.dest != argparse.SUPPRESS):
        assert option.help, (verb, option.dest)
        if language == "zh":
            assert not option.help.isascii(), option.help


def _child(parser: Parser, verb: str) -> Parser:
    return next(action.choices[verb] for action in parser._actions if isinstance(action.choices, dict))


def test_the_language_comes_from_the_option_and_else_from_the_locale():
    assert tongue(["--lang", "zh"], {"LC_ALL": "en_US.UTF-8"}) == "zh"
    assert tongue(["hr", "--lang=en"], {"LANG": "zh_CN.UTF-8"}) == "en"
    assert tongue([], {"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}) == "zh"
    assert tongue(["--lang"], {"LC_ALL": "en_GB", "LANG": "zh_CN"}) == "en"
    assert tongue([], {}) == "en"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["card", "assign", "E1"], "Missing: NUMBER."),
        (["card", "assign", "E1", "seven"], "'seven' is not a possible NUMBER."),
        (["nothing"], "foyer has no nothing; it has run, serve, "),
        (["hr", "nothing"], "foyer hr has no nothing; it has template, preview, import, batches."),
        (["hold", "shwo"], "foyer hold has no shwo. Did you mean show? It has list, show, approve, refuse."),
        (["hodl"], "foyer has no hodl. Did you mean hold? It has run, serve, "),
        (["why", "E1", "--more"], "Not understood here: --more."),
        (["revoke", "E1", "--reason"], "--reason needs a value after it."),
        (["readiness", "--person", "1", "--day", "2"], "not both."),
        (["operator", "add", "x", "--role", "king"], "'king' is not possible for --role; choose from "),
        (["revoke", "E1"], "Missing: --reason."),
    ],
)
def test_a_command_that_is_written_wrongly_is_told_in_words(words, said):
    status, out, err = foyer(*words)
    assert (status, out) == (2, "")
    assert said in err
    assert "usage: foyer" in err
    assert "Traceback" not in err


def test_faults_are_told_in_chinese():
    status, _, err = foyer("card", "assign", "E1", LC_ALL="zh_CN.UTF-8")
    assert status == 2
    assert err.startswith("缺少：NUMBER。")
    status, _, err = foyer("hold", "shwo", LC_ALL="zh_CN.UTF-8")
    assert status == 2
    assert err.startswith("foyer hold 没有 shwo。您是否要用 show？可选：list、show、approve、refuse。\n")


def test_a_verb_without_its_word_shows_its_help():
    status, out, _ = foyer("hr")
    assert status == 2
    assert "import" in out


@pytest.mark.parametrize("words", [["person", "list"], ["targets"], ["hr", "batches"], ["readiness"]])
def test_a_hub_that_is_not_there_is_said_with_the_cure(words):
    status, out, err = foyer(*words, "--url", "http://127.0.0.1:9", "--token", "x")
    assert (status, out) == (3, "")
    assert err.count("\n") == 1
    assert "No hub answers at http://127.0.0.1:9" in err
    assert "foyer run" in err


def test_a_proxy_of_the_company_is_no_way_to_ones_own_machine():
    proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    status, _, err = foyer("targets", "--url", "http://127.0.0.1:9", "--token", "x", **proxy)
    assert (status, "No hub answers at http://127.0.0.1:9" in err) == (3, True)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://", "nothing"])
def test_an_address_that_is_none_is_told(url):
    status, _, err = foyer("targets", "--url", url, "--token", "x")
    assert status == 2
    assert "is no address of a hub" in err


def test_a_missing_token_is_told(tmp_path):
    status, _, err = foyer("targets", "--data", str(tmp_path))
    assert status == 4
    assert str(tmp_path) in err
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "operator.token").write_text("x")
    status, _, err = foyer("targets", "--data", str(tmp_path))
    assert (status, "one, two" in err) == (4, True)
    status, _, _ = foyer("targets", "--data", str(tmp_path / "one"), "--url", "http://127.0.0.1:9")
    assert status == 3


def test_a_file_that_is_not_there_is_told(tmp_path):
    status, _, err = foyer("audit", "check", str(tmp_path / "none"))
    assert status == 1
    assert "cannot be read" in err


def test_what_is_no_export_does_not_check(tmp_path):
    for text in (b"", b"{}", b"\x00\xff", b'{"is": "foyer event proof 1"}'):
        path = tmp_path / "story"
        path.write_bytes(text)
        status, out, err = foyer("audit", "check", str(path))
        assert (status, err) == (5, ""), text
        assert out


def test_a_reader_that_has_seen_enough_is_no_fault():
    command = f"{sys.executable} -m provisioning.cli.main --help | head -n 1"
    done = subprocess.run(["sh", "-c", command], env=BARE, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def _screen(environment=None, *, live=True):
    out = _Terminal() if live else io.StringIO()
    return Screen(out, io.StringIO(), "zh", environment or {}), out


def test_columns_line_up_in_both_scripts():
    screen, out = _screen(live=False)
    screen.table(("name", "card"), [("张三", 1), ("Ann", None)])
    lines = out.getvalue().splitlines()
    assert [width(line[: line.index(cell)]) for line, cell in zip(lines, ("卡", "1", "–"), strict=True)] == [6, 6, 6]


def test_several_values_in_a_line_are_parted_and_said_as_the_language_does_it():
    screen, _ = _screen()
    assert screen.listed(["hr", "security"]) == "人事、安全"
    assert Screen(io.StringIO(), io.StringIO(), "en", {}).listed(["hr", "security"]) == "hr, security"


def test_colour_only_for_a_person_who_wants_it():
    for environment, live, coloured in (({}, True, True), ({"NO_COLOR": "1"}, True, False), ({}, False, False)):
        screen, _ = _screen(environment, live=live)
        assert ("\x1b" in screen.tone("x", "good")) == coloured


def test_progress_moves_for_a_person_and_steps_in_a_pipe():
    screen, out = _screen(live=False)
    bar = screen.progress("Rights decided")
    for done in range(101):
        bar.at(done, 100)
    bar.end()
    assert len(out.getvalue().splitlines()) == 11
    assert "\r" not in out.getvalue()
    screen, out = _screen(live=True)
    bar = screen.progress("Rights decided")
    bar.at(5, 10)
    bar.end()
    assert out.getvalue().startswith("\r权限判定")


def test_what_steers_a_terminal_is_not_printed():
    assert printable("a\x1b[31mb\u202ec\x07") == "a\ufffd[31mb\ufffdc\ufffd"
    assert printable("two\nlines\tand a tab") == "two lines and a tab"
