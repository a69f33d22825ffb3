"""Every sentence of the command line, the API and the console has its Chinese twin, with the same fields."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from connectors.kept_file import WorkFull
from devices.osdp.tty import NO_TTY, LineTrouble
from policies.says import Sentence
from provisioning.api import conditions, problems
from provisioning.cli import door, errand, fire, grammar, hand, lockdown, main, readiness, revoke, rules, swipe, targets
from provisioning.cli.screen import Screen
from provisioning.console.tales import TALES
from provisioning.delivery import acts
from provisioning.holds.holds import WAITING
from provisioning.nouns.words import joined, listed, say
from provisioning.nouns.zh import ZH

ROOT = Path(__file__).parents[2] / "provisioning"

# Calls whose words are English templates: the name of the function, and which of its arguments are.
SPOKEN = {
    "say": (0,),
    "words": (0,),
    "complain": (0,),
    "told": (0,),
    "progress": (0,),
    "child": (2,),
    "_tell": (2,),
    "t": (0,),
}
NAMED = {"help", "about", "ending"}


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Tuple | ast.List):
        for each in node.elts:
            yield from _texts(each)


def _called(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        places = (0,) if name == "table" else SPOKEN.get(name, ())
        for place in places:
            if place < len(node.args):
                yield from _texts(node.args[place])
        for keyword in node.keywords:
            if keyword.arg in NAMED:
                yield from _texts(keyword.value)


def _templates() -> set[str]:
    spoken = {
        text for room in ("api", "cli", "console") for path in (ROOT / room).glob("*.py") for text in _called(path)
    }
    pages = (page.read_text("utf-8") for page in (ROOT / "console" / "templates").glob("*.html"))
    spoken |= {text for page in pages for text in re.findall(r'\bt\("([^"]+)"', page)}
    spoken |= {purpose for _, purpose in main.VERBS.values()}
    spoken |= {template for _, template in grammar._FAULTS}
    spoken |= {purpose for _, purpose, _ in grammar._SHARED}
    spoken |= {
        *problems._FAULTS.values(),
        problems._ANY_FAULT,
        *TALES.values(),
        *hand.TELLS.values(),
        *swipe.REASONS.values(),
        swipe.OTHER_REASON,
    }
    spoken |= {*targets.TONES, *readiness.TONES, *revoke.TONES, *rules.SENTENCES.values()}
    spoken |= {*door.TONES, *door.SAID.values(), *fire.SAID.values(), *lockdown.TONES, *lockdown.SAID.values()}
    spoken |= {*revoke.SAID.values(), conditions.EXEMPT_BY_HUB, *acts.UNREPORTED.values(), *acts.NOT_BEGUN.values()}
    spoken |= {*door.STILL.values(), *door.WOULD.values(), *door.WHAT.values()}
    return {text for text in spoken if re.search(r"[A-Za-z]", text)} - UNTRANSLATED


# What is written alike in both languages.
UNTRANSLATED = {"{why}", "{field}: {fault}", "English"}


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("template", sorted(_templates()))
def test_every_sentence_has_a_chinese_twin(template: str) -> None:
    assert template in ZH, f"no Chinese twin for: {template}"
    assert _fields(template) == _fields(ZH[template])


def test_a_twin_is_said_with_its_fields() -> None:
    assert say("Door {door} opens for card {card}.", "zh", {"door": "a-1", "card": 7}) == "门 a-1 为卡 7 打开。"


def test_a_word_of_ours_is_said_in_chinese_and_a_name_like_it_is_not() -> None:
    said = say(WAITING, "zh", {"kind": "rules", "name": "rules", "by": "system", "hold": "hld-1"})
    assert said.startswith("有一项较大变更（规则 rules，由 system 提出）")
    told = {"rule": "r", "version": 2, "clause": "c", "unit": "flat"}
    assert say(Sentence.NO_UNIT, "zh", told) == "r（第 2 版，c）针对持有住房的人员；该在岗期未持有。"
    assert say(say(Sentence.NO_UNIT, "en", told), "zh") == say(Sentence.NO_UNIT, "zh", told)


def test_sentences_are_joined_without_a_blank_in_chinese() -> None:
    assert joined(["不行。", "请看。"], "zh") == "不行。请看。"
    assert joined(["No.", "Look."], "en") == "No. Look."
    assert (listed(["a", "b"], "zh"), listed(["a", "b"], "en")) == ("a、b", "a, b")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("/dev/ttyS9 is no serial adapter.", "/dev/ttyS9 is no serial adapter."),
        (str(LineTrouble(NO_TTY, Path("/dev/ttyS9"))), "/dev/ttyS9 不是串口适配器。"),
        (str(WorkFull(path="/srv/work.sqlite3")), "/srv/work.sqlite3 所在磁盘已满。"),
        (f"The hub cannot take this message: {WorkFull(path='/srv/x')}", "系统无法接收此消息：/srv/x 所在磁盘已满。"),
    ],
)
def test_a_reason_that_came_with_its_fields_in_place_is_said_in_chinese(told: str, said: str) -> None:
    assert say(told, "zh").startswith(said)
    assert say("{door} was not opened: {said}", "zh", {"door": "a-1", "said": told}) == f"a-1 未打开：{say(told, 'zh')}"
    assert say(told, "en") == told


def test_what_a_refusal_repeats_of_a_file_steers_no_terminal() -> None:
    screen = Screen(io.StringIO(), err := io.StringIO(), "en", {})
    screen.protest("The campus file has 2 faults.\n2:1: \x1b]0;mine\x07 cannot be an id.")
    assert err.getvalue() == "The campus file has 2 faults.\n2:1: \ufffd]0;mine\ufffd cannot be an id.\n"


def test_the_tokens_file_is_named_alike_by_settings_and_command_line() -> None:
    from provisioning.settings import Settings

    assert Settings(data=Path("x")).token.name == errand.TOKEN_FILE
