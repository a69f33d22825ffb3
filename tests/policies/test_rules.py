"""A rules file is taken whole or refused whole; every fault by the line and column of the YAML file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.conditions import CONDITION_CHARS_MAX
from policies.rules import RulesError, RuleSet, read_rules
from policies.source import TEXT_CHARS_MAX


def faults(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(RulesError) as raised:
        read_rules(text)
    return [(fault.line, fault.column, fault.sentence) for fault in raised.value.faults]


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks ⟦, and where they stood: what a person would point at."""
    spots = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = ""
        for char in line:
            if char == "⟦":
                spots.append((number, len(bare) + 1))
            else:
                bare += char
    return text.replace("⟦", ""), spots


def test_a_rule_is_read(rule: Callable[..., str]):
    text = rule(when="stay.kind in ['公务员'] && stay.area == 'north'", opens="arrival - 3 workdays")
    rules = read_rules(text)
    (only,) = rules
    assert (only.id, only.version, only.clause, only.title_zh, only.title_en) == ("doors", 1, "第六条", "门", "Doors")
    assert [part.text for part in only.condition.parts] == ["stay.kind in ['公务员']", "stay.area == 'north'"]
    assert (only.opens.count, only.opens.unit, only.closes.anchor) == (-3, "workdays", "departure")
    assert rules.digest == hashlib.sha256(text.encode()).hexdigest()


def test_the_shipped_rules_are_sound(shipped: RuleSet):
    zones = "north-public south-public north-offices south-offices meeting archive canteen plant garage"
    named = {resource for rule in shipped.about("stay") for resource in rule.grant}
    named |= {f"zone:{area}-offices" for area in ("north", "south")}
    asked = {"seat:near-department", "flat:one-room", "flat:two-room"}
    assert named - {"zone:${stay.area}-offices"} == {f"zone:{zone}" for zone in zones.split()} | asked
    follows = {(rule.about, resource) for rule in shipped for resource in rule.grant if rule.about != "stay"}
    assert follows == {("seat", "zone:${unit.zone}"), ("flat", "zone:${unit.zone}"), ("flat", "lock:${unit.id}")}
    clauses = [each.clause for each in (*shipped.rules, *shipped.merits)]
    assert all(re.fullmatch("园区(门禁|办公用房|周转住房)管理办法 第.+[条项二]", clause) for clause in clauses)
    assert len({merit.clause for merit in shipped.merits}) == len(shipped.merits) == 5


def test_a_rule_may_speak_of_a_unit(rule: Callable[..., str]):
    text = rule(**{"for": "seat"}, grant='["zone:${unit.zone}-${stay.area}"]', when="unit.floor != 'x' || true")
    (fault,) = faults(text)
    assert fault[:2] == (9, 11)
    assert "stay.days, unit.id, unit.kind, unit.group, unit.zone, unit.building, unit.area, unit.tier." in fault[2]
    (only,) = read_rules(
        rule(**{"for": "seat"}, grant='["zone:${unit.zone}"]', when='unit.zone != "" && stay.days > 1')
    )
    assert (only.about, [part.facts for part in only.condition.parts]) == ("seat", [("unit.zone",), ("stay.days",)])
    assert read_rules(rule()).about("stay")[0].about == "stay"


# The key, its line as it stands, and what the fault says; the mark ⟦ is where it must point.
SECOND = {
    "a unit asked for again": ({"for": "flat", "grant": '[⟦"seat:near-department"]'}, "may not ask for a unit"),
    "by a fact, too": ({"for": "seat", "grant": '[⟦"flat:${unit.tier}"]'}, "may not ask for a unit"),
    "no such thing to be for": ({"for": "⟦desk"}, "a rule is for stay, seat, flat"),
    "a unit's fact in a rule for a stay": ({"grant": '["zone:⟦${unit.zone}"]'}, "'unit.zone' cannot be part"),
    "a unit's fact asked of a stay": ({"when": "⟦unit.zone == 'x'"}, "'unit.zone' is not known"),
    "no such fact of a unit": ({"for": "seat", "grant": '["zone:⟦${unit.floor}"]'}, "'unit.floor' cannot be part"),
}


@pytest.mark.parametrize("case", SECOND)
def test_faults_of_the_second_stratum_stand_where_the_file_has_them(rule: Callable[..., str], case: str):
    changes, said = SECOND[case]
    text, spots = marked(rule(**changes))
    found = faults(text)
    assert [(line, column) for line, column, _ in found] == spots
    assert said in found[0][2]


POINTS = "points:\n  - clause: 第十条\n    title: {zh: 分, en: Points}\n    when: stay.days > 1\n    points: 30\n"


def test_points_are_read(rule: Callable[..., str]):
    rules = read_rules(rule() + POINTS)
    assert [(merit.clause, merit.title_zh, merit.points) for merit in rules.merits] == [("第十条", "分", 30)]
    assert read_rules(rule()).merits == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points: 30", "points: ⟦1001", "from 1 to 1000, not '1001'"),
        ("points: 30", "points: ⟦0", "not '0'"),
        ("points: 30", "points: ⟦-3", "not '-3'"),
        ("points: 30", 'points: ⟦"30"', "not '30'"),
        ("stay.days > 1", "⟦unit.zone == ''", "'unit.zone' is not known"),
        ("    points: 30\n", "    ⟦weight: 30\n", "'weight' is not known here"),
    ],
)
def test_faults_of_points_stand_where_the_file_has_them(rule: Callable[..., str], old: str, new: str, said: str):
    text, spots = marked(rule() + POINTS.replace(old, new))
    found = faults(text)
    assert spots[0] in [(line, column) for line, column, _ in found]
    assert any(said in sentence for _, _, sentence in found)


def test_too_many_points_are_refused(rule: Callable[..., str]):
    entry = POINTS.removeprefix("points:\n")
    (fault,) = faults(rule() + "points:\n" + entry * 101)
    assert "There are 101 entries of points; at most 100" in fault[2]


# The mark ⟦ stands before the character that the fault must name.
CONDITIONS = {
    "plain": 'stay.kind == "公务员" && ⟦stay.bad == "x"',
    "plain, two faults": '⟦stay.dept == "公务员" && ⟦stay.bad == "x"',
    "plain, operator": 'stay.kind == "公务员" && stay.days ⟦== "x"',
    "plain, cut short": 'stay.kind == "公务员" &&⟦',
    "plain, anchored": "&here ⟦stay.bad == 1",
    "plain, not a choice": "⟦stay.days",
    "plain, over two lines": 'stay.kind == "公务员"\n      && ⟦stay.bad == 1',
    "single quotes": '\'stay.kind == "公务员" && ⟦stay.bad == "x"\'',
    "single quotes, doubled": "'stay.kind == ''公务员'' && ⟦stay.bad == ''x'''",
    "double quotes": "\"stay.kind == '公务员' && ⟦stay.bad == 'x'\"",
    "double quotes, escaped": '"stay.kind == \\"公务员\\" && ⟦stay.bad == 1"',
    "double quotes, code points": "\"stay.kind == '\\u516c\\U0001F600\\x41' &&\\t⟦stay.bad == 1\"",
    "double quotes, line joined": "\"stay.kind == '公务\\\n      员' && ⟦stay.bad == 1\"",
    "beyond the basic plane": 'stay.kind == "😀𠮷" && ⟦stay.bad == 1',
    "literal": '|\n      stay.kind == "公务员"\n      && ⟦stay.bad == 1',
    "literal, deeper lines": '|-\n      stay.kind == "公务员"\n\n        && ⟦stay.bad == 1\n      && 1 ⟦< "x"',
    "literal, comments": '| # why\n      stay.kind == "公务员"  // why\n      && ⟦stay.bad == 1',
    "literal, blank first": "|\n\n      ⟦stay.bad == 1",
    "literal, indent given": "|2\n        ⟦stay.bad == 1",
    "folded": '>\n      stay.kind == "公务员"\n      && ⟦stay.bad == 1\n\n      && ⟦stay.worse == 2',
    "folded, stripped": '>-\n      stay.kind == "公务员"\n        && ⟦stay.bad == 1',
    "full-width quotes": "stay.kind == ⟦“公务员”",
    "a name within a longer one": "stay.days > 1 && ⟦stay.daysx > 1 && stay.days > 2",
}


@pytest.mark.parametrize("style", CONDITIONS)
def test_faults_in_a_condition_stand_where_the_file_has_them(rule: Callable[..., str], style: str):
    text, spots = marked(rule(when=CONDITIONS[style]))
    assert [(line, column) for line, column, _ in faults(text)] == spots


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_ends_and_a_byte_order_mark_do_not_shift_positions(rule: Callable[..., str], ending: str):
    text, spots = marked(rule(when='|\n      stay.kind == "公务员"\n      && ⟦stay.bad == 1'))
    assert [fault[:2] for fault in faults("\ufeff" + text.replace("\n", ending))] == spots


@given(st.text("ab'\"\\\t 公😀:#", max_size=12), st.sampled_from(["'", '"', "|", ">"]))
def test_any_text_before_a_fault_leaves_its_position_exact(before: str, style: str):
    """The condition is a comparison with `before` as raw text, then a name that is not known."""
    quoted = before.replace("\\", "").replace('"', "").replace("'", "")
    condition = f"stay.kind == '{quoted}' && stay.bad == 1"
    if style == "'":
        written = "'" + condition.replace("'", "''") + "'"
    elif style == '"':
        written = '"' + condition.replace("\t", "\\t") + '"'
    else:
        written = f"{style}\n      {condition}"
    text = (
        "rules:\n  - id: a\n    version: 1\n    clause: c\n    title: {zh: 门, en: d}\n"
        f"    grant: ['zone:x']\n    opens: arrival\n    closes: departure\n    when: {written}\n"
    )
    lines = text.split("\n")
    line = 9 if style in "'\"" else 10
    assert [fault[:2] for fault in faults(text)] == [(line, lines[line - 1].index("stay.bad") + 1)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id": "⟦Doors"}, "'Doors' cannot be a rule's id"),
        ({"version": "⟦0"}, "whole number from 1 up, not '0'"),
        ({"version": '⟦"1"'}, "whole number from 1 up"),
        ({"version": "⟦1.5"}, "whole number from 1 up"),
        ({"version": "⟦true"}, "whole number from 1 up"),
        ({"clause": "⟦ "}, "'clause' must be a single text"),
        ({"clause": "⟦[a]"}, "'clause' must be a single text"),
        ({"clause": '⟦"half: \\ud800"'}, "half a character"),
        ({"title": "⟦{zh: 门}"}, "'en' is missing here"),
        ({"title": "⟦Doors"}, "Names with values must stand here"),
        ({"title": "{zh: 门, en: d, ⟦fr: p}"}, "'fr' is not known here; what may stand here is zh, en"),
        ({"grant": "⟦zone:x"}, "'grant' must be a list that is not empty"),
        ({"grant": "⟦[]"}, "'grant' must be a list that is not empty"),
        ({"grant": '[⟦"north-public"]'}, "'north-public' names no resource"),
        ({"grant": '["zone:x", ⟦"zone:a b"]'}, "'zone:a b' names no resource"),
        ({"grant": "['zone:it''s']"}, None),
        ({"grant": '["zone:⟦${stay.aera}-x"]'}, "'stay.aera' cannot be part of a resource's name"),
        ({"grant": '["zone:⟦${stay.days}"]'}, "'stay.days' cannot be part"),
        ({"grant": '[⟦"${stay.area}:x"]'}, "names no resource"),
        ({"grant": '[⟦"zone:${stay.area"]'}, "names no resource"),
        ({"opens": "⟦tomorrow"}, "'opens' cannot be 'tomorrow'. Write arrival or departure"),
        ({"closes": "⟦departure + 2 weeks"}, "'closes' cannot be"),
        ({"opens": "⟦arrival - 9999 days"}, "at most 3660"),
        ({"opens": "⟦arrival - 1001 workdays"}, "at most 1000"),
        ({"when": "⟦"}, "The condition is empty"),
        ({"when": '⟦""'}, "The condition is empty"),
        ({"when": '⟦!(stay.kind == "x")'}, "Put the whole text in quotes"),
        ({"when": "⟦[1]"}, "'when' must be a single text"),
        ({"when": "'[1].⟦map(x, x) == [1]'"}, "'map' may not be used here"),
        ({"when": "'[1].exists(x, [x].⟦exists(y, y == x))'"}, "'exists' may not be used here"),
        ({"when": "stay.kind.⟦within('x')"}, "There is no function 'within'"),
        ({"when": "stay.kind ⟦== 1"}, "'==' cannot join string, int"),
        ({"when": "⟦stay.days"}, "The condition yields int, neither true nor false"),
        ({"⟦wen": "true"}, "'wen' is not known here"),
        ({"clause": "a\n⟦clause: b"}, "'clause' stands twice"),
        ({"clause": "a: ⟦b: c"}, None),
    ],
)
def test_each_fault_names_its_place_and_its_cure(
    rule: Callable[..., str], changes: dict[str, str], sentence: str | None
):
    text, spots = marked(rule(**changes))
    found = faults(text)
    if sentence is None:
        assert len(found) == 1
        return
    assert [fault[:2] for fault in found] == spots
    assert sentence in found[0][2]


@pytest.mark.parametrize("key", ["id", "version", "clause", "title", "grant", "opens", "closes", "when"])
def test_a_missing_key_is_a_fault_of_its_rule(rule: Callable[..., str], key: str):
    text = rule(**{key: None})
    assert faults(text) == [(2, 5, f"'{key}' is missing here. Add it.")]


def test_all_faults_of_a_file_come_at_once_and_in_order(rule: Callable[..., str]):
    second = rule(id="Bad", version="0", when="stay.bad == 1", opens="never").removeprefix("rules:\n")
    text = rule(clause=None, when="stay.worse == 1") + second
    found = faults(text)
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert len(found) == 6
    with pytest.raises(RulesError, match="Faults: 6; the first is on line 2, column 5"):
        read_rules(text)


@pytest.mark.parametrize("flow", [False, True])
def test_an_id_is_used_once(rule: Callable[..., str], flow: bool):
    text = rule() + rule().removeprefix("rules:\n")
    if flow:
        one = (
            '{id: doors, version: 1, clause: c, title: {zh: a, en: b}, grant: ["z:x"], '
            'opens: arrival, closes: departure, when: "true"}'
        )
        text = f"rules: [{one}, {one}]"
    assert [sentence for *_, sentence in faults(text)] == [
        f"The rule 'doors' is already defined on line {1 if flow else 2}. Give one of the two another id."
    ]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("# nothing\n", 1, 1),
        ("rules:\n\t- id: a\n", 2, 1),
        ("rules:\n  - id: 'a\n", 3, 1),
        ("rules: *nobody\n", 1, 8),
        ("rules: []\n---\nrules: []\n", 2, 1),
        ("[]\n", 1, 1),
        ("rules: {}\n", 1, 8),
        ("rules:\n  - doors\n", 2, 5),
        ("rules: &r [*r]\n", 1, 8),
        ("ab\nrules: \x00\n", 2, 8),
        ("rules: " + "[" * 3_000, 1, 1),
        ("#" * (TEXT_CHARS_MAX + 1), 1, 1),
    ],
)
def test_what_is_no_rules_file_is_refused_with_its_place(text: str, line: int, column: int):
    assert faults(text)[0][:2] == (line, column)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("(" * 200 + "true" + ")" * 200, "nests too deeply"),
        ("'" + "x" * CONDITION_CHARS_MAX + "' == stay.kind", f"at most {CONDITION_CHARS_MAX}"),
        ("stay.kind == 'x' && " * 150 + "stay.nope == 1", "'stay.nope' is not known"),
        ("[1].all(a, [1].all(b, [1].all(c, a == b)))", "'all' may not be used here"),
        ("[1] . /* no comment */ map(x, x) == []", "cannot be read"),
        ("[1]\n. // a comment\n map (x, x) == []", "'map' may not be used here"),
        ("99999999999999999999 == stay.days", "is not valid"),
    ],
)
def test_hostile_conditions_are_refused(rule: Callable[..., str], condition: str, sentence: str):
    found = faults(rule(when="|\n" + "\n".join("      " + line for line in condition.split("\n"))))
    assert re.search(sentence, found[0][2])
    assert "\n" not in found[0][2]


ANY_YAML = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(["rules:", "\n", "  - ", "id: a", "when: ", "|", ">", "stay.kind", "'", '"', "&a", "*a", "!"])
    ).map("".join),
)


@settings(max_examples=200)
@given(ANY_YAML)
def test_garbage_raises_nothing_but_a_rules_error(text: str):
    for fault in faults(text):
        assert fault[0] >= 1
        assert fault[1] >= 1
        assert fault[2]


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                "stay.kind",
                "stay",
                ".",
                "==",
                "&&",
                "||",
                "(",
                ")",
                "[",
                "]",
                "'a",
                "'",
                '"',
                "true",
                "1",
                "in",
                "?",
                ":",
                "!",
                " ",
                "\n",
                "//",
                "公",
                "exists",
                "x",
                ",",
                "stay.departments",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_garbage_within_a_condition_is_a_fault_inside_it(condition: str):
    body = "\n".join("      " + line for line in condition.split("\n"))
    text = (
        "rules:\n  - id: a\n    version: 1\n    clause: c\n    title: {zh: 门, en: d}\n"
        f"    grant: ['zone:x']\n    opens: arrival\n    closes: departure\n    when: |2\n{body}\n"
    )
    try:
        lines = [9 for part in read_rules(text).rules[0].condition.parts if part.text]
    except RulesError as error:
        lines = [fault.line for fault in error.faults]
    assert lines
    assert all(9 <= line <= 10 + condition.count("\n") for line in lines)
