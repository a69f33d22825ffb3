"""A reader on a serial line is given its key by an act: at most once, told under a name of its own, and tried at once by
whatever waited for it."""

from __future__ import annotations

import asyncio

import pytest

from connectors.contract import Done, Later, Refused
from provisioning.campus.campuses import shipped
from provisioning.conditions.conditions import NoReader, PairReason
from provisioning.delivery.acts import NOT_BEGUN, PAIR, UNREPORTED
from provisioning.nouns.conditions import ActState, DoorAct
from provisioning.nouns.refusals import NotFound
from provisioning.store import conditions as rows
from provisioning.store import rights
from tests.provisioning.housed import BOSS, Housed

AWAY = "The reader is not paired yet."


def pair(housed: Housed, door: str = "a-3-stacks", *, reason: str = "a new reader", way_out: bool = False) -> DoorAct:
    with housed.house.store.writing() as tx:
        return housed.house.conditions.pair_reader(tx, door, BOSS, reason, 10, way_out=way_out)


def found(housed: Housed, made: DoorAct) -> DoorAct:
    with housed.house.store.reading() as tx:
        kept = rows.act_by_id(tx, made.id)
    assert kept is not None
    return kept


def begun(housed: Housed, made: DoorAct) -> bool:
    with housed.house.store.writing() as tx:
        return housed.house.delivery.acts.begin(tx, made.target, made.id)


def overdue(housed: Housed) -> None:
    with housed.house.store.writing() as tx:
        housed.house.delivery.acts.overdue(tx)


@pytest.mark.parametrize(
    ("door", "way_out", "key"), [("a-1-link", False, "reader:1"), ("a-3-stacks", True, "reader:3")]
)
def test_it_goes_to_the_reader_of_the_door_on_the_side_that_was_named(
    housed: Housed, door: str, way_out: bool, key: str
):
    made = pair(housed, door, way_out=way_out)
    assert (made.target, made.kind, made.key) == ("g-1", PAIR, key)
    claim = housed.hand.claim_one("g-1")
    assert [(act.kind, act.key) for act in claim.acts] == [(PAIR, key)]


def test_what_cannot_be_paired_is_refused_and_leaves_nothing(housed: Housed):
    for door, way_out, refusal in (
        ("a-1-east", False, NoReader), ("a-1-link", True, NoReader), ("nowhere", False, NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            pair(housed, door, way_out=way_out)
    for reason in ("", "  ", "x" * 1001):
        with pytest.raises(PairReason):
            pair(housed, reason=reason)
    with housed.house.store.reading() as tx:
        assert rows.acts(tx, 10) == []


@pytest.mark.parametrize(
    ("outcome", "state", "kind"),
    [
        (Done("acknowledged"), ActState.DONE, "pairing.done"),
        (Refused("it has a key"), ActState.REFUSED, "pairing.refused"),
        (Later(5, "unplugged", unreachable=True), ActState.REFUSED, "pairing.refused"),
        (Later(5, "it may have it"), ActState.UNKNOWN, "pairing.unknown"),
    ],
)
def test_what_came_of_it_is_told_and_it_is_never_sent_again(housed: Housed, outcome, state: ActState, kind: str):
    made = pair(housed)
    assert begun(housed, made)
    assert not begun(housed, made)
    asyncio.run(housed.hand.desk.acted(made.id, outcome))
    assert found(housed, made).state is state
    told = [each["kind"] for each in housed.story() if each["kind"].startswith(("pairing.", "act."))]
    assert told == ["pairing.ordered", kind]


def test_what_nobody_reports_is_said_in_words_of_its_own(housed: Housed):
    never, lost = pair(housed), pair(housed, "a-3-reading")
    assert begun(housed, lost)
    housed.later(seconds=31)
    overdue(housed)
    assert (found(housed, never).state, found(housed, never).said) == (ActState.EXPIRED, NOT_BEGUN[PAIR])
    assert (found(housed, lost).state, found(housed, lost).said) == (ActState.UNKNOWN, UNREPORTED[PAIR])


def test_a_readers_record_is_tried_as_soon_as_it_has_its_key_and_all_that_wait_once_any_came_back(housed: Housed):
    with housed.house.store.writing() as tx:
        housed.house.fixtures.restate(tx)
    housed.hand.work(lambda task: Later(900, AWAY) if task.key.startswith("reader:") else None)
    waits = {row.key: row.reason for row in unpaired(housed)}
    assert waits == {f"reader:{address}": AWAY for address in (1, 2, 3, 4)}
    made = pair(housed)
    assert begun(housed, made)
    asyncio.run(housed.hand.desk.acted(made.id, Done("acknowledged")))
    claim = housed.hand.claim_one("g-1")
    (task,) = housed.hand.tasks(claim)
    assert task.key == "reader:2"
    housed.hand.report(claim, housed.hand.carry(claim, task))
    assert [row.key for row in unpaired(housed)] == ["reader:1", "reader:3", "reader:4"]
    housed.hand.release(claim)
    assert "g-1" not in housed.hand.claim_targets()
    asyncio.run(housed.hand.desk.back("g-1"))
    claim = housed.hand.claim_one("g-1")
    assert {task.key for task in housed.hand.tasks(claim)} == {"reader:1", "reader:3", "reader:4"}


def test_a_reader_that_falls_silent_owes_again_and_says_why_and_is_no_drift(housed: Housed):
    desk, store = housed.hand.desk, housed.house.store
    with store.writing() as tx:
        housed.house.fixtures.restate(tx)
    person = housed.come("E1", 1001)
    housed.hand.work()
    proved = housed.records(person)
    assert unpaired(housed) == []
    asyncio.run(desk.away("g-1", ["reader:2", "reader:9"]))
    asyncio.run(desk.away("g-1", ["reader:2", "reader:9"]))
    housed.hand.work(lambda task: Later(15, AWAY) if task.key.startswith("reader:") else None)
    assert {row.key: row.reason for row in unpaired(housed)} == {"reader:2": AWAY}
    with store.reading() as tx:
        shown = housed.house.delivery.target(tx, "g-1")
    assert (shown.unreachable, shown.dirty) == (None, 1)
    asyncio.run(desk.away("g-1", ["reader:2"]))
    assert "g-1" not in housed.hand.claim_targets(), "it owes already, and waits"
    asyncio.run(desk.back("g-1"))
    housed.hand.work()
    assert unpaired(housed) == []
    assert housed.records(person) == proved
    assert housed.alarms() == []


def unpaired(housed: Housed):
    with housed.house.store.reading() as tx:
        return [row for row in rights.records_unheld(tx) if row.target == "g-1" and row.dirty]


def test_whoever_is_forgiven_may_come_in_from_either_side(housed: Housed):
    text = shipped("small").read_text("utf-8").replace("exit: 3}", "exit: 3, anti_passback: true}")
    with housed.house.store.writing() as tx:
        housed.house.campuses.apply(tx, text, "small.yaml", BOSS)
    person = housed.come("E1", 1001)
    assert "forgiven" not in str(housed.records(person)["g-1", "card:1001"].wanted)
    with housed.house.store.writing() as tx:
        housed.house.passage_views.forgive(tx, person, BOSS)
    housed.look(person)
    assert "forgiven" in str(housed.records(person)["g-1", "card:1001"].wanted)
    assert "forgiven" not in str(housed.records(person)["a-1", "card:1001"].wanted)
    housed.later(hours=24)
    housed.look_due()
    assert "forgiven" not in str(housed.records(person)["g-1", "card:1001"].wanted), "the line has forgotten by then"
