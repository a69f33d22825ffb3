"""What a gateway owes the hub, and in which order it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors import kept_outbox
from connectors.contract import Done
from connectors.desk import Report
from connectors.messages import Letting

AT = datetime(2027, 3, 1, tzinfo=UTC)
PUT = Report("card:1", 1, Done(), seen=True, held="wide", at=AT)
GONE = replace(PUT, revision=2, held=None)


def put(tx: sqlite3.Connection, target: str, *reports: Report) -> None:
    kept_outbox.put_reports(tx, target, 1, reports)


def slots(owed: Sequence[kept_outbox.Owed]) -> list[str]:
    return [f"{one.target} {one.slot}" for one in owed]


@pytest.fixture
def tx() -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for each in kept_outbox.SCHEMA:
            connection.execute(each)
        yield connection


def test_what_is_gone_may_go_first_behind_what_is_owed_of_the_same_key(tx: sqlite3.Connection) -> None:
    for target in ("a", "b"):
        put(tx, target, *(replace(PUT, key=f"card:{nth}") for nth in range(3)))
    assert kept_outbox.gone(tx, 10) == []
    put(tx, "b", GONE)
    assert slots(kept_outbox.gone(tx, 10)) == ["b 1@card:1", "b 2@card:1"]
    outcomes, _ = kept_outbox.owed(tx, 10, 6, 1 << 20)
    assert slots(outcomes)[:2] == ["a 1@card:0", "a 1@card:1"]


def test_what_is_gone_waits_for_who_answered_there_before(tx: sqlite3.Connection) -> None:
    kept_outbox.put(tx, kept_outbox.INTRODUCE, "a", 1, Letting(target="a", epoch=1))
    put(tx, "a", GONE)
    put(tx, "b", GONE)
    assert slots(kept_outbox.gone(tx, 10)) == ["b 2@card:1"]
