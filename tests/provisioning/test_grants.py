"""Looking again at somebody's rights: what opens, what ends, what waits, and that nothing is written where nothing
changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from connectors.desk import Task
from provisioning.grants.grants import RULE_BROKEN
from provisioning.identity.cards import CardNotProvedGone
from provisioning.nouns.answers import Effect
from provisioning.nouns.people import Person
from provisioning.nouns.rights import Grant, NeedState, WantedHeld
from tests.provisioning.conftest import START
from tests.provisioning.housed import BOSS, Housed

STAFF_NORTH = {
    f"zone:{zone}" for zone in ("north-public", "south-public", "north-offices", "meeting", "canteen", "garage")
}
ARCHIVE_TARGETS = {"a-2", "b-2"}


def resources(grants: Iterable[Grant]) -> set[str]:
    return {grant.resource for grant in grants}


def wanted(housed: Housed, person: Person) -> dict[str, dict]:
    """What each target should hold of a person with one card."""
    return {target: json.loads(row.wanted) for (target, _), row in housed.records(person).items() if row.wanted}


def one_record(housed: Housed, person: Person, target: str = "a-1") -> WantedHeld:
    (found,) = [row for (at, _), row in housed.records(person).items() if at == target]
    return found


def rule(housed: Housed, id_: str, version: int, **changes: str) -> str:
    """The rules in force with one rule changed: its version, and texts within it."""
    before, mark, after = housed.rules().partition(f"  - id: {id_}\n")
    head, _, tail = after.partition("\n\n")
    head = head.replace(f"version: {version - 1}", f"version: {version}")
    for old, new in changes.items():
        assert f"{old}:" in head
        head = "\n".join(f"    {old}: {new}" if line.startswith(f"    {old}:") else line for line in head.split("\n"))
    return f"{before}{mark}{head}\n\n{tail}"


def test_what_the_rules_say_is_granted_and_wanted(housed: Housed):
    person = housed.arrive("E1", 1001)
    effect = housed.look(person)
    grants = housed.grants(person)
    assert resources(grants) == STAFF_NORTH
    assert effect.grants_gained == len(grants) == 6
    (arrived,) = housed.story("stay.announced")
    (decided,) = housed.story("grants.decided")
    for grant in grants:
        assert grant.clause.startswith("园区门禁管理办法")
        assert (grant.version, grant.ended, grant.recorded) == (1, None, START)
        assert grant.trace == decided["trace"] == arrived["trace"], "one notice can be traced through all rooms"
    records = housed.records(person)
    assert {target for target, _ in records} == {"a-1", "a-2", "b-1", "b-2", "c-1", "d-1", "e-1", "f-1", "g-1"}
    assert effect.records_written == len(records) == effect.targets
    serving = housed.house.grants.serving
    with housed.house.store.reading() as tx:
        served = serving(housed.house.campuses.current(tx))
    for (target, key), row in records.items():
        assert key == "card:1001"
        assert {grant.id for grant in grants if target in served.targets_of(grant.resource)} == set(row.grants)
    doors = wanted(housed, person)
    assert doors["a-2"]["doors"] == [1, 1, 0, 1], "no archive"
    assert doors["b-2"]["doors"] == [1, 1, 0, 0], "no server room"


def test_looking_again_writes_nothing(housed: Housed):
    person = housed.come("E1", 1001)
    counts, records, grants, due = housed.counts(), housed.records(person), housed.grants(person), housed.due(person)
    housed.later(hours=2)
    assert housed.look(person) == Effect(0, 0, 0, 0, 0, 0)
    assert (housed.counts(), housed.records(person), housed.grants(person), housed.due(person)) == (
        counts, records, grants, due,
    )  # fmt: skip


def test_a_mover_loses_the_old_doors_and_gains_the_new(housed: Housed):
    person = housed.come("E1", 1001)
    before = {grant.resource: grant for grant in housed.grants(person)}
    revisions = {at: row.revision for at, row in housed.records(person).items()}
    housed.later(hours=1)
    housed.arrive("E1", 1001, department="司法局", area="南办公区")
    effect = housed.look(person)
    after = {grant.resource: grant for grant in housed.grants(person)}
    assert set(after) == (STAFF_NORTH - {"zone:north-offices"}) | {"zone:south-offices", "zone:archive"}
    assert (effect.grants_gained, effect.grants_lost) == (2, 1)
    assert {name: after[name].id for name in after.keys() & before.keys()} == {
        name: before[name].id for name in after.keys() & before.keys()
    }, "what is still granted stays the very same grant"
    doors = wanted(housed, person)
    assert doors["a-2"]["doors"] == [0, 0, 1, 1]
    assert doors["e-1"]["doors"] == [1, 1, 1, 0]
    changed = {at for at, row in housed.records(person).items() if row.revision > revisions[at]}
    assert "c-1" not in {target for target, _ in changed}, "a panel that is not concerned is left alone"
    assert all(housed.records(person)[at].revision == revisions[at] + 1 for at in changed)
    with housed.house.store.reading() as tx:
        (ended,) = tx.run(text('SELECT resource, ended_by FROM "grant" WHERE ended IS NOT NULL')).all()
    assert ended.resource == "zone:north-offices"
    assert ended.ended_by == BOSS.name


def test_who_comes_after_the_horizon_waits_and_is_taken_up_by_the_timer(housed: Housed):
    person = housed.come("E1", 1001, arrival="2026-05-20", departure="2026-09-30")
    assert resources(housed.grants(person)) == STAFF_NORTH
    assert housed.records(person) == {}
    ready = housed.ready(person)
    assert ready.percent is None
    assert set(ready.counts) - {state for state, count in ready.counts.items() if count == 0} == {NeedState.WAITING}
    opens = min(grant.opens for grant in housed.grants(person))
    looks = 0
    while not housed.records(person):
        due = housed.due(person)
        assert due is not None and due > housed.clock.now()
        housed.clock.put(due - timedelta(microseconds=1))
        assert housed.look_due() == 0
        housed.clock.put(due)
        assert housed.look_due() == 1
        looks += 1
        assert looks < 20
    assert housed.clock.now() < opens, "the panel has the record before the day"
    assert opens - housed.clock.now() <= timedelta(days=30)
    assert wanted(housed, person)["a-1"]["opens"] == "2026-05-15"


def test_the_horizon_rolls_weekly_and_never_lies_past_thirty_days(housed: Housed):
    people = [housed.come(f"E{nth}", 1000 + nth) for nth in range(4)]
    rewritten: dict[str, list[datetime]] = {person.no: [] for person in people}
    seen = {person.no: one_record(housed, person).revision for person in people}
    while (next_due := min(due for due in map(housed.due, people) if due is not None)) < START + timedelta(days=60):
        housed.clock.put(next_due)
        housed.look_due()
        for person in people:
            row = one_record(housed, person)
            closes = date.fromisoformat(json.loads(row.wanted or "{}")["closes"])
            ahead = (closes - (housed.clock.now() + timedelta(hours=8)).date()).days
            assert 23 <= ahead < 30
            if row.revision != seen[person.no]:
                seen[person.no] = row.revision
                rewritten[person.no].append(housed.clock.now())
    for moments in rewritten.values():
        assert 8 <= len(moments) <= 9
        gaps = {second - first for first, second in pairwise(moments)}
        assert gaps == {timedelta(days=7)}
    assert len({moments[0] for moments in rewritten.values()}) > 1, "people step on different days"


def test_a_new_version_of_a_rule_restates_the_grants_and_bothers_no_device(housed: Housed):
    person = housed.come("E1", 1001)
    housed.hand.work()
    before, old = housed.records(person), {grant.resource: grant for grant in housed.grants(person)}
    housed.later(minutes=1)
    housed.apply_rules(rule(housed, "garage", 2, clause='"园区门禁管理办法 第十六条之二"'))
    assert housed.due(person) == housed.clock.now(), "everybody is looked at again"
    effect = housed.look(person)
    assert (effect.grants_gained, effect.grants_lost, effect.records_written, effect.records_erased) == (1, 1, 0, 0)
    new = {grant.resource: grant for grant in housed.grants(person)}
    assert (new["zone:garage"].version, new["zone:garage"].clause) == (2, "园区门禁管理办法 第十六条之二")
    assert all(new[name] == old[name] for name in new if name != "zone:garage")
    after = housed.records(person)
    for at, row in after.items():
        assert (row.revision, row.dirty, row.receipt) == (before[at].revision, False, before[at].receipt)
        assert (row.grants != before[at].grants) == (old["zone:garage"].id in before[at].grants)
        assert old["zone:garage"].id not in row.grants
    assert housed.ready(person).percent == 100.0
    assert housed.hand.claim() == []


def test_what_has_lapsed_is_taken_away_and_not_opened_again(housed: Housed):
    person = housed.come("E1", 1001, departure="2026-03-06")
    grants = housed.grants(person)
    assert {row.wanted is None for row in housed.records(person).values()} == {False}
    housed.clock.put(datetime.fromisoformat("2026-03-06T15:59:59Z"))
    assert housed.look(person).records_erased == 0, "the last day is a day in post, to its end"
    due = datetime.fromisoformat("2026-03-06T16:00:00Z")
    assert housed.due(person) == due
    housed.clock.put(due)
    assert housed.look_due() == 1
    assert {row.wanted is None for row in housed.records(person).values()} == {True}
    counts = housed.counts()
    housed.later(days=3)
    assert housed.look(person) == Effect(0, 0, 0, 0, 0, 0)
    assert housed.counts() == counts
    assert housed.grants(person) == grants, "it ran out by its own date; nobody ended it"
    assert housed.due(person) is None


def test_a_stay_that_was_over_before_it_was_told_grants_nothing(housed: Housed):
    person = housed.come("E1", 1001, arrival="2025-11-03", departure="2026-02-27")
    assert housed.grants(person) == []
    assert housed.records(person) == {}


def test_nobody_without_a_card_has_a_record_until_a_card_comes(housed: Housed):
    person = housed.come("E1")
    assert resources(housed.grants(person)) == STAFF_NORTH
    assert housed.records(person) == {}
    assert {need.reason for need in housed.ready(person).needs} == {"no card"}
    with housed.house.store.writing() as tx:
        housed.house.cards.assign(tx, person, 1001, BOSS)
    housed.look(person)
    assert set(wanted(housed, person)) == {"a-1", "a-2", "b-1", "b-2", "c-1", "d-1", "e-1", "f-1", "g-1"}


def test_a_rule_for_a_resource_that_nothing_serves_is_an_alarm_and_a_missing_need(housed: Housed):
    housed.apply_rules(rule(housed, "garage", 2, grant='["zone:roof"]'))
    people = [housed.come("E1", 1001), housed.come("E2", 1002)]
    assert housed.alarms() == ["rule.resource-unknown"], "one alarm, however many people"
    ready = housed.ready(*people)
    assert [need.reason for need in ready.needs if need.state is NeedState.MISSING] == ["no target", "no target"]
    housed.hand.work()
    assert ready.counts[NeedState.MISSING] == 2
    percent = housed.ready(*people).percent
    assert percent is not None and percent < 100


def test_a_rule_that_cannot_be_decided_grants_nothing_and_is_an_alarm(housed: Housed):
    housed.apply_rules(rule(housed, "public-doors", 2, when="10000 / (stay.days + 1) > 0"))
    broken, sound = housed.arrive("E1", 1001), housed.arrive("E2", 1002, departure="2026-12-31")
    housed.look(broken, sound)
    assert not resources(housed.grants(broken)) & {"zone:north-public", "zone:south-public"}
    assert resources(housed.grants(broken)) == STAFF_NORTH - {"zone:north-public", "zone:south-public"}
    assert resources(housed.grants(sound)) == STAFF_NORTH
    with housed.house.store.reading() as tx:
        (alarm,) = housed.house.alarms.open(tx)
    assert (alarm.kind, alarm.template, alarm.person) == ("rule.broken", RULE_BROKEN, broken.id)
    assert alarm.fields == {"rule": "public-doors"}


def test_a_rule_that_breaks_for_somebody_ends_what_it_had_granted(housed: Housed):
    person = housed.come("E1", 1001)
    housed.apply_rules(rule(housed, "public-doors", 2, when="10000 / (stay.days + 1) > 0"))
    housed.look(person)
    assert "zone:north-public" not in resources(housed.grants(person)), "it fails shut"
    assert wanted(housed, person)["a-1"]["doors"] == [0, 0, 0, 1]


def test_a_card_passes_on_only_after_every_target_proved_it_gone(housed: Housed):
    ann, bob = housed.come("E1", 1001), housed.come("E2", 1002)
    housed.hand.work()
    cards = housed.house.cards
    with housed.house.store.writing() as tx:
        cards.lost(tx, 1001, BOSS)
    housed.look(ann)
    housed.hand.off = {"d-1"}
    housed.hand.work()
    with housed.house.store.writing() as tx, pytest.raises(CardNotProvedGone, match="d-1"):
        cards.assign(tx, bob, 1001, BOSS)
    housed.hand.off = set()
    housed.later(minutes=2)
    housed.hand.work()
    with housed.house.store.writing() as tx:
        cards.assign(tx, bob, 1001, BOSS)
    housed.look(bob)
    assert {row.holder for (_, key), row in housed.records(bob).items() if key == "card:1001"} == {bob.id}
    assert [key for _, key in housed.records(ann)] == []
    housed.hand.work()
    assert housed.ready(bob).percent == 100.0
    assert sorted(housed.hand.memory["d-1"]) == ["card:1001", "card:1002"]


def test_why_tells_every_rule_and_the_grants_of_each_stay(housed: Housed):
    person = housed.come("E1", 1001)
    with housed.house.store.reading() as tx:
        (whole,) = housed.house.grants.why(tx, person, None)
        (archive,) = housed.house.grants.why(tx, person, "zone:archive")
        (garage,) = housed.house.grants.why(tx, person, "zone:garage")
    assert resources(whole.grants) == STAFF_NORTH
    assert archive.grants == ()
    assert {finding.rule: finding.verdict for finding in archive.findings}["archive"] == "unmet"
    assert {finding.rule: finding.verdict for finding in garage.findings}["garage"] == "granted"
    assert resources(garage.grants) == {"zone:garage"}


def test_looking_at_people_together_is_looking_at_each(housed: Housed):
    people = [
        housed.arrive("E1", 1001),
        housed.arrive("E2", 1002, kind="外包", departure="2026-06-30"),
        housed.arrive("E3", 1003, arrival="2026-07-01"),
        housed.arrive("E4"),
    ]
    with housed.house.store.rehearsing() as tx:
        together = housed.house.grants.look(tx, [person.id for person in people], BOSS)
    alone = [housed.look(person) for person in people]
    assert together.grants_gained == sum(each.grants_gained for each in alone)
    assert together.records_written == sum(each.records_written for each in alone)
    assert housed.look(*people) == Effect(0, 0, 0, 0, 0, 0)


def test_a_person_told_twice_in_one_look_is_looked_at_once(housed: Housed):
    person = housed.arrive("E1", 1001)
    assert housed.look(person, person).grants_gained == 6
    assert len(housed.grants(person)) == 6


def test_a_need_behind_another_right_of_the_same_card_waits_for_its_day(housed: Housed):
    """A panel keeps one pair of dates a card: the archive opens on the day of arrival, other doors three days before."""
    person = housed.come("E1", 1001, arrival="2026-03-04", department="司法局")
    housed.hand.work()
    ready = housed.ready(person)
    waiting = {need.target for need in ready.needs if need.state is NeedState.WAITING}
    assert waiting == ARCHIVE_TARGETS
    assert ready.percent == 100.0, "what waits counts as neither"
    assert wanted(housed, person)["a-2"]["doors"] == [1, 1, 0, 1], "never a union"
    due = datetime.fromisoformat("2026-03-03T16:00:00Z")
    assert housed.due(person) == due
    housed.clock.put(due)
    housed.look_due()
    assert wanted(housed, person)["a-2"]["doors"] == [1, 1, 1, 1]


def test_a_first_wish_is_told_as_first_and_a_changed_one_is_not(housed: Housed):
    person = housed.come("E1", 1001)
    claim = housed.hand.claim_one("a-2")
    (task,) = housed.hand.tasks(claim)
    assert isinstance(task, Task)
    assert (task.first, task.revision) == (True, 1)
    housed.arrive("E1", 1001, area="南办公区")
    housed.look(person)
    (task,) = housed.hand.tasks(claim)
    assert (task.first, task.revision) == (False, 2)
