"""No story, no action: where an event cannot be written, what it would have told of is not kept either."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from provisioning.campus.campuses import shipped
from provisioning.intake.sheet import read_sheet
from provisioning.store import tables
from tests.provisioning.housed import BOSS, HEADERS, Housed

ROW = "测试员,E7,财政局,科员,公务员,2026-03-02,,1007,北办公区"


def contents(housed: Housed) -> dict[str, list]:
    with housed.house.store.reading() as tx:
        return {name: sorted(map(repr, tx.run(select(table)).all())) for name, table in tables.metadata.tables.items()}


def writing(act: Callable) -> Callable[[Housed], object]:
    def done(housed: Housed) -> object:
        with housed.house.store.writing() as tx:
            return act(housed.house, tx, housed)

    return done


ONE = read_sheet(f"{HEADERS}\n{ROW}\n".encode(), "one.csv")
ACTS: dict[str, Callable[[Housed], object]] = {
    "import": writing(lambda house, tx, _: house.intake.take(tx, ONE, BOSS)),
    "grant": writing(lambda house, tx, housed: house.grants.look(tx, [housed.person("E2").id], BOSS)),
    "revoke": writing(lambda house, tx, housed: house.revoking.revoke(tx, housed.person("E1"), BOSS, "left")),
    "card": writing(lambda house, tx, housed: house.cards.assign(tx, housed.person("E1"), 1009, BOSS)),
    "lost": writing(lambda house, tx, _: house.cards.lost(tx, 1001, BOSS)),
    "operator": writing(lambda house, tx, _: house.operators.add(tx, "zhao", ["hr"], BOSS)),
    "rules": writing(
        lambda house, tx, housed: house.rulebook.apply(tx, housed.rules().partition("  - id: garage")[0], BOSS)
    ),
    "campus": writing(
        lambda house, tx, _: house.campuses.apply(
            tx, shipped("small").read_text("utf-8").partition("  - id: f-1\n")[0], "small.yaml", BOSS
        )
    ),
    "alarm": writing(lambda house, tx, _: house.alarms.raise_alarm(tx, "a", "b", {})),
    "reading": writing(lambda house, tx, _: house.delivery.ask_reading(tx, "a-1", BOSS)),
}


@pytest.fixture
def mute(housed: Housed) -> Housed:
    """A house that knows two people, one of them looked at, and can tell no more."""
    housed.come("E1", 1001)
    housed.arrive("E2", 1002)
    with housed.house.store.writing() as tx:
        tx.run(text("CREATE TRIGGER mute BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'the story is mute'); END"))
    return housed


@pytest.mark.parametrize("act", ACTS)
def test_what_cannot_be_told_is_not_done(mute: Housed, act: str):
    before = contents(mute)
    with pytest.raises(DatabaseError, match="the story is mute"):
        ACTS[act](mute)
    assert contents(mute) == before
    with mute.house.store.writing() as tx:
        tx.run(text("DROP TRIGGER mute"))
    ACTS[act](mute)
    after = contents(mute)
    assert len(after["event"]) > len(before["event"])
    assert after != before


def test_a_receipt_that_cannot_be_told_proves_nothing(mute: Housed):
    person = mute.person("E1")
    claim = mute.hand.claim_one("a-1")
    (task,) = mute.hand.tasks(claim)
    report = mute.hand.carry(claim, task)
    with pytest.raises(DatabaseError, match="the story is mute"):
        mute.hand.report(claim, report)
    assert mute.records(person)["a-1", "card:1001"].dirty
    with mute.house.store.writing() as tx:
        tx.run(text("DROP TRIGGER mute"))
    mute.hand.report(claim, report)
    assert not mute.records(person)["a-1", "card:1001"].dirty


def test_every_wish_in_the_database_is_in_the_story(housed: Housed):
    housed.come("E1", 1001)
    person = housed.come("E2", 1002, department="司法局")
    housed.revoke(person)
    told = {
        wish for each in housed.story("grants.decided") for wish in each["data"]["wanted"] + each["data"]["unwanted"]
    }
    with housed.house.store.reading() as tx:
        record = tables.record
        kept = {f"{row.target}/{row.key}@{row.revision}" for row in tx.run(select(record))}
        grants = set(tx.run(select(tables.grant.c.id)).scalars())
        assert tx.run(select(func.count()).select_from(record)).scalar_one() == 18
    assert kept <= told
    assert {grant["id"] for each in housed.story("grants.decided") for grant in each["data"]["opened"]} == grants
