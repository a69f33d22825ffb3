"""An alarm is said once while it is open, and the story tells who raised it and who looked."""

from __future__ import annotations

import pytest

from provisioning.alarms.alarms import AlarmAcknowledged, Alarms
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor
from provisioning.store import story as rows
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
        assert alarms.all(tx, 10) == [settled]
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
        assert [alarm.fields["name"] for alarm in alarms.all(tx, 3)] == ["4", "3", "2"]
