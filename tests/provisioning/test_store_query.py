"""A query that is compiled once says what SQLAlchemy says, for lists of every length."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select, update

from devices.clock import SetClock
from provisioning.nouns.people import Person
from provisioning.store import people, tables
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Store, Tx
from provisioning.store.parts import VALUES_MAX
from provisioning.store.query import Query, among
from tests.provisioning.housed import Housed, housing

AT = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
NOS = Query(
    select(tables.person.c.id, tables.person.c.no).where(among(tables.person.c.no)).order_by(tables.person.c.no)
)
LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, VALUES_MAX, VALUES_MAX + 1)


def somebody(tx: Tx, count: int) -> None:
    people.add_persons(tx, [(Person(f"per-{at}", f"N{at:05}", b"x", tx.now, tx.now), None) for at in range(count)])


@pytest.fixture
def housed(tmp_path: Path):
    with housing(tmp_path, SetClock(AT), units=True) as house:
        yield house


def test_a_list_of_every_length_finds_those_and_no_others(store: Store):
    count = VALUES_MAX + 3
    with store.writing() as tx:
        somebody(tx, count)
    with store.reading() as tx:
        for length in LENGTHS:
            asked = [f"N{at:05}" for at in range(length)]
            assert [row.no for row in NOS.among(tx, [*asked, *asked[:2], "nobody"])] == asked


def test_every_value_comes_as_sqlalchemy_gives_it(housed: Housed):
    one = housed.come("A1", 1001, departure="2026-12-31")
    housed.come("A2", 1002, arrival="2026-03-05")
    housed.revoke(one)
    told = 0
    with housed.house.store.reading() as tx:
        for table in tables.metadata.tables.values():
            theirs = [tuple(row) for row in tx.run(select(table))]
            assert [tuple(row) for row in Query(select(table)).all(tx)] == theirs, table.name
            told += len(theirs)
    assert told > 50


def test_named_fixed_and_listed_values_each_find_their_place(housed: Housed):
    people_ = [housed.come(f"A{at}", 1000 + at, arrival=f"2026-03-0{at}") for at in range(1, 8)]
    stay = tables.stay
    asked = Query(
        select(stay.c.person, stay.c.arrival)
        .where(stay.c.state == "open", among(stay.c.person), stay.c.arrival >= bindparam("since"))
        .order_by(stay.c.arrival.desc())
        .limit(bindparam("most"))
    )
    with housed.house.store.reading() as tx:
        found = list(asked.among(tx, [one.id for one in people_[:6]], since=date(2026, 3, 3), most=2))
        assert [tuple(row) for row in found] == [
            (people_[5].id, date(2026, 3, 6)),
            (people_[4].id, date(2026, 3, 5)),
        ]
        since = Query(select(stay.c.id).where(stay.c.created > bindparam("since", type_=stay.c.created.type)))
        assert len(since.all(tx, since=AT - timedelta(seconds=1))) == 7
        assert since.first(tx, since=AT) is None


def test_a_query_sees_what_its_own_transaction_wrote_and_nothing_of_one_taken_back(store: Store):
    with store.rehearsing() as tx:
        somebody(tx, 3)
        assert len(list(NOS.among(tx, ["N00000", "N00002"]))) == 2
    with store.reading() as tx:
        assert list(NOS.among(tx, ["N00000", "N00002"])) == []
        with store.writing() as other:
            somebody(other, 1)
        assert list(NOS.among(tx, ["N00000"])) == [], "one consistent view"


def test_what_a_statement_says_itself_is_written_beside_what_each_row_gives(store: Store):
    with store.writing() as tx:
        somebody(tx, 3)
    person = tables.person
    end = Bulk(
        update(person).where(person.c.no == bindparam("named")).values(due=None, sealed=bindparam("anew")),
        ("named", "anew"),
    )
    with store.writing() as tx:
        assert end.run(tx, []) == 0
        assert end.run(tx, [("N00000", b"a"), ("N00002", b"b"), ("nobody", b"c")]) == 2
        assert [(row.due is None, row.sealed) for row in tx.run(select(person).order_by(person.c.no))] == [
            (True, b"a"),
            (False, b"x"),
            (True, b"b"),
        ]
