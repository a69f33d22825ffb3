"""An alarm is said once while it is open, and the story tells who raised it and who looked."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from provisioning.alarms import levels
from provisioning.alarms.alarms import AlarmAcknowledged, Alarms
from provisioning.alarms.levels import LEVELS, TOLD_MAX, Patience
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.rights import DriftKind
from provisioning.nouns.told import Actor
from provisioning.store import story as rows
from provisioning.store.alarms import Filter
from provisioning.story.story import told_in

TEMPLATE = "There is no {what} {name}. Look at {where}."
FIELDS = {"what": "card", "name": "4711", "where": "panel-1"}
LI = Actor("li", frozenset({"security"}))


@pytest.fixture
def alarms(story):
    return Alarms(story)


def told(store, trace):
    with store.reading() as tx:
        return [(event.kind, event.actor, told_in(event.body)["data"]) for event in rows.of_trace(tx, trace, 10)]


def test_raised_once_while_it_is_open(store, alarms):
    with store.writing() as tx:
        first = alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS, "panel-1", "per-1")
        assert tx.woken >= {"alarms"}
    with store.writing() as tx:
        again = alarms.raise_alarm(tx, "drift", TEMPLATE, dict(reversed(FIELDS.items())), "panel-1", "per-1")
        assert tx.woken == set()
    assert again == first
    with store.reading() as tx:
        (alarm,) = alarms.open(tx)
        assert (alarm.id, alarm.kind, alarm.target, alarm.person) == (first, "drift", "panel-1", "per-1")
        assert (alarm.template, alarm.fields, alarm.at) == (TEMPLATE, FIELDS, tx.now)
    assert [kind for kind, _, _ in told(store, first)] == ["alarm.raised"]


def test_what_differs_in_anything_is_another_alarm(store, alarms):
    with store.writing() as tx:
        ids = {
            alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS, "panel-1"),
            alarms.raise_alarm(tx, "story", TEMPLATE, FIELDS, "panel-1"),
            alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS, "panel-2"),
            alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS),
            alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS, person="per-1"),
            alarms.raise_alarm(tx, "drift", TEMPLATE, {**FIELDS, "name": "4712"}, "panel-1"),
        }
        assert len(ids) == alarms.count_open(tx) == len(alarms.open(tx)) == 6


def test_acknowledged_it_is_settled_and_the_next_is_new(store, alarms, clock):
    with store.writing() as tx:
        first = alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS, "panel-1")
    with store.writing() as tx:
        settled = alarms.acknowledge(tx, first, LI)
        assert (settled.acknowledged_by, settled.acknowledged) == ("li", clock.now())
        assert alarms.open(tx) == []
        assert alarms.those(tx, 10, Filter(open_only=False)) == [settled]
        second = alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS, "panel-1")
    assert second != first
    assert [(kind, actor) for kind, actor, _ in told(store, first)] == [
        ("alarm.raised", "house:alarms"),
        ("alarm.acknowledged", "li"),
    ]


def test_who_comes_second_is_told_who_was_first(store, alarms):
    with store.writing() as tx:
        alarm = alarms.raise_alarm(tx, "drift", TEMPLATE, FIELDS)
        alarms.acknowledge(tx, alarm, LI)
        with pytest.raises(AlarmAcknowledged, match="by li"):
            alarms.acknowledge(tx, alarm, Actor("zhao"))
        with pytest.raises(NotFound):
            alarms.acknowledge(tx, "alm-none", LI)


def test_the_list_is_bounded_and_newest_first(store, alarms, clock):
    with store.writing() as tx:
        for number in range(5):
            tx.now = clock.now().replace(second=number)
            alarms.raise_alarm(tx, "drift", TEMPLATE, {**FIELDS, "name": str(number)})
        assert [alarm.fields["name"] for alarm in alarms.those(tx, 3, Filter(open_only=False))] == ["4", "3", "2"]


def raised_in(folder: Path) -> set[str]:
    """The kinds that the code raises: what stands second in each call, as a text or as the name of one."""
    trees = [ast.parse(path.read_text("utf-8")) for path in folder.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    said: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            targets = [
                each for target in node.targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])
            ]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name) and target.id.isupper() and isinstance(value, ast.Constant):
                    said.setdefault(target.id, set()).add(str(value.value))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "raise_alarm":
            kind = node.args[1]
            if isinstance(kind, ast.Constant):
                found.add(str(kind.value))
            elif isinstance(kind, ast.Name):
                found |= said.get(kind.id, set())
    return found


def test_every_kind_that_is_raised_has_its_level():
    raised = raised_in(Path(levels.__file__).parents[1])
    assert {"target.another", "hold.waiting", "hook.silent"} <= raised, "the search finds what is known to be there"
    assert sorted(raised - set(LEVELS)) == []
    assert {f"drift.{kind.value}" for kind in DriftKind} <= set(LEVELS)


def test_what_nobody_looks_at_is_told_again_one_level_higher(store, story, clock):
    alarms = Alarms(story, Patience(notice_min=60, warning_min=30, urgent_min=10))
    with store.writing() as tx:
        alarm = alarms.raise_alarm(tx, "hold.waiting", TEMPLATE, FIELDS)
    seen = []
    for minutes in (59, 1, 29, 1, 9, 1, 10):
        clock.put(clock.now() + timedelta(minutes=minutes))
        with store.writing() as tx:
            assert alarms.needed(tx) == (minutes in {1, 10})
            alarms.act(tx)
            (one,) = alarms.open(tx)
            seen.append((one.level, one.told))
    assert seen == [(1, 1), (2, 2), (2, 2), (3, 3), (3, 3), (3, 4), (3, 5)]
    assert [kind for kind, _, _ in told(store, alarm)] == ["alarm.raised"] + ["alarm.told-again"] * 4


def test_once_acknowledged_it_is_told_no_more(store, alarms, clock):
    with store.writing() as tx:
        alarm = alarms.raise_alarm(tx, "target.parked", TEMPLATE, FIELDS)
        alarms.acknowledge(tx, alarm, LI, "the lamp was off")
    clock.put(clock.now() + timedelta(days=3))
    with store.writing() as tx:
        assert not alarms.needed(tx)
        alarms.act(tx)
        (one,) = alarms.those(tx, 10, Filter(open_only=False))
        assert (one.told, one.note) == (1, "the lamp was off")
    assert told(store, alarm)[-1][2]["note"] == "the lamp was off"


def test_what_is_written_about_an_alarm_of_a_person_is_sealed(housed):
    person = housed.come("FX1", 4711)
    with housed.house.store.writing() as tx:
        alarm = housed.house.alarms.raise_alarm(tx, "person.parked", TEMPLATE, FIELDS, person=person.id)
        housed.house.alarms.acknowledge(tx, alarm, LI, "had two cards")
        event = rows.of_trace(tx, alarm, 10)[-1]
        assert b"two cards" not in event.body
        assert housed.house.story.private(tx, event) == {"note": "had two cards"}


def test_it_falls_silent_in_the_end_and_stays_on_the_page(store, alarms, clock):
    with store.writing() as tx:
        alarms.raise_alarm(tx, "drift.foreign", TEMPLATE, FIELDS)
    for _ in range(TOLD_MAX + 5):
        clock.put(clock.now() + timedelta(hours=1))
        with store.writing() as tx:
            alarms.act(tx)
    with store.reading() as tx:
        (one,) = alarms.open(tx)
        assert (one.told, one.due) == (TOLD_MAX, None)


def test_the_list_is_asked_by_level_kind_and_target(store, alarms):
    with store.writing() as tx:
        for kind, target in (("drift.foreign", "a-1"), ("drift.missing", "a-2"), ("drifting", "a-1")):
            alarms.raise_alarm(tx, kind, TEMPLATE, FIELDS, target)

        def kinds(**which):
            return sorted(alarm.kind for alarm in alarms.those(tx, 10, Filter(**which)))

        assert kinds(kind="drift") == ["drift.foreign", "drift.missing"]
        assert kinds(kind="drift.missing") == ["drift.missing"]
        assert kinds(kind="drift_") == []
        assert kinds(level=3) == ["drift.foreign"]
        assert kinds(target="a-1") == ["drift.foreign", "drifting"]
