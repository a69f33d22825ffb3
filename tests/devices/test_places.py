"""YAML as plain values with their places, judged by another reader of YAML."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from devices import places
from devices.places import Misread, values

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "provisioning" / "campus").glob("*.yaml"), *(ROOT / "tests" / "simulation").glob("*.yaml")])
SMALL = [path for path in FILES if path.stat().st_size < 60_000]
"""The other reader takes seconds for more."""


def judged(text):
    """The same by ruamel.yaml's round-trip reader."""
    found = {}

    def plain(node, loc):
        if isinstance(node, CommentedMap):
            for key in node:
                found[*loc, key] = tuple(at + 1 for at in node.lc.key(key))
            return {key: plain(value, (*loc, key)) for key, value in node.items()}
        if isinstance(node, CommentedSeq):
            for i in range(len(node)):
                found[*loc, i] = tuple(at + 1 for at in node.lc.item(i))
            return [plain(value, (*loc, i)) for i, value in enumerate(node)]
        for kind in (bool, int, float, str):
            if isinstance(node, kind):
                return kind(node)
        return datetime.fromisoformat(node.isoformat()) if isinstance(node, datetime) else node

    return plain(YAML(typ="rt").load(text), ()), found


@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.name)
def test_files_that_ship_read_alike(path):
    text = path.read_text("utf-8")
    assert values(text) == judged(text)


@pytest.mark.parametrize(
    "word",
    ["1", "-7", "+7", "010", "0o17", "0x1F", "1_000", "1.5", "-1.", ".5", "1e3", ".inf", "-.INF", "true", "False", "TRUE",
     "yes", "on", "no", "~", "null", "Null", "", "2027-01-01", "2027-01-01T10:00:00", "12:30", "1.2.3", "127.60.0.1:60000",
     "'7'", '"true"', "7 days", "- 7", "+", ".", "0x", "0b11", "x7", "é", "'2027-01-01'", "_1", "2027-1-1"],
)  # fmt: skip
def test_words_mean_what_they_mean_elsewhere(word):
    text = f"a: {word}\n" if not word.startswith("- ") else f"a:\n{word}\n"
    told, judge = values(text)[0]["a"], judged(text)[0]["a"]
    assert (type(told), told) == (type(judge), judge)


texts = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=12)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda one: st.lists(one, max_size=4) | st.dictionaries(texts, one, max_size=4),
)


@given(trees, st.sampled_from([None, 1, 3]))
def test_json_is_yaml(tree, indent):
    assert values(json.dumps(tree, ensure_ascii=False, indent=indent))[0] == tree


def test_aliases_and_merges_are_followed():
    value, where = values("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\nc: [*x, *x]\n")
    assert value == {"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3}, "c": [{"k": 1, "l": 2}] * 2}
    assert (where["b", "l"], where["b", "k"], where["c", 1]) == ((4, 3), (3, 3), (5, 9))
    assert where["c", 1, "k"] == (1, 8)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: 1\nb:\n  - 2027-02-30\n", (3, 5), "not YAML: day is out of range"),
        ("a: *x\n", (1, 4), "no anchor x"),
        ("a: 1\n---\nb: 2\n", (2, 1), "more than one document"),
        ("a: 1\na: 2\n", (2, 1), "The key a stands here a second time."),
        ("{a: b}: 1\n", (1, 1), "A key is no text."),
        ("2027-01-01: 1\n", (1, 1), "A key is no text."),
        ("a: !!int 7\n", (1, 1), "This is a tag"),
        ("a: !x {b: 1}\n", (1, 1), "This is a tag"),
        ("a: [!x [1]]\n", (1, 5), "This is a tag"),
        ("a: &x [*x]\n", (1, 8), "too deep"),
        ("a: \x07\n", (1, 1), "not YAML: unacceptable character"),
        ("a: \ud800\n", (1, 1), "not YAML"),
        ("a: [1, 2\nb: 3\n", (2, 2), "did not find expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", (2, 1), "not YAML: "),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(text, place, says):
    with pytest.raises(Misread) as caught:
        values(text)
    assert says in caught.value.says.format(**dict(caught.value.fields))
    assert caught.value.place == place


def test_too_much_is_refused_before_it_is_built(monkeypatch):
    monkeypatch.setattr(places, "NODES_MAX", 100)
    with pytest.raises(Misread, match="too much"):
        values("[" + "x, " * 300 + "x]")
    with pytest.raises(Misread, match="too much"):
        values("a: &x [" + "x, " * 60 + "x]\nb: *x\n")


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        values(text)
    except Misread as misread:
        assert misread.place >= (1, 1)
