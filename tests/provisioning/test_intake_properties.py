"""Whatever sheets come, in whatever order: a line for each row, preview equals effect, and twice is once."""

from __future__ import annotations

import csv
import io
import itertools
import random
import tempfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from devices.clock import SetClock
from provisioning.alarms.alarms import Alarms
from provisioning.campus.campuses import Campuses, shipped
from provisioning.holds.holds import Holds
from provisioning.identity.arrivals import Effect
from provisioning.identity.id_number import check_character
from provisioning.identity.persons import Persons
from provisioning.intake.intake import Intake
from provisioning.intake.rows import Header
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.people import StayState
from provisioning.nouns.told import Actor
from provisioning.store import people, tables
from provisioning.story.story import Story
from provisioning.vault.vault import Vault
from tests.provisioning.stored import stored

START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
HR = Actor("wang")


def _number(nth: int) -> str:
    body = f"13999919900307{nth:03d}"
    return body + check_character(body)


def _days(first: int, last: int) -> st.SearchStrategy[str]:
    return st.integers(first, last).map(lambda n: (date(2026, 3, 2) + timedelta(days=n)).isoformat())


rows = st.fixed_dictionaries(
    {
        Header.NAME: st.sampled_from(["张三", "李四", "王·五", "=1"]),
        Header.NO: st.sampled_from(["E1", "E2", "E3", "E4", ""]),
        Header.ID_NUMBER: st.one_of(st.just(""), st.integers(1, 4).map(_number), st.just("1")),
        Header.DEPARTMENT: st.sampled_from(["财政局", "justice", "无此部门"]),
        Header.POST: st.sampled_from(["", "科员"]),
        Header.KIND: st.sampled_from(["公务员", "外包"]),
        Header.ARRIVAL: _days(-20, 40),
        Header.DEPARTURE: st.one_of(st.just(""), _days(-10, 90)),
        Header.PHONE: st.just(""),
        Header.CARD: st.one_of(st.just(""), st.integers(0, 4).map(str)),
        Header.AREA: st.sampled_from(["北办公区", "south"]),
    }
)
sheets = st.lists(rows, min_size=1, max_size=8)


def _csv(people: list[dict[Header, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Header))
    writer.writeheader()
    writer.writerows(people)
    return out.getvalue().encode()


class House:
    """A hub's people rooms on a database of their own."""

    def __init__(self, folder: Path) -> None:
        randomness = random.Random(7)
        self.clock = SetClock(START)
        self.store = stored(folder / "foyer.db", self.clock, randomness.randbytes)
        vault = Vault(bytes(range(64)), randomness.randbytes)
        story = Story(vault)
        campuses = Campuses(story)
        self.intake = Intake(Persons(vault, story), story, campuses, Holds(story, Alarms(story)))
        with self.store.writing() as tx:
            campuses.apply(tx, shipped("small").read_text(encoding="utf-8"), "small.yaml", HR)

    def rows(self) -> dict[str, int]:
        with self.store.reading() as tx:
            return {
                name: tx.run(select(func.count()).select_from(table)).scalar_one()
                for name, table in tables.metadata.tables.items()
                if name != "event"
            }

    def kinds(self) -> list[str]:
        with self.store.reading() as tx:
            return list(tx.run(select(tables.event.c.kind).order_by(tables.event.c.id)).scalars())


@settings(max_examples=25)
@given(st.lists(st.tuples(sheets, st.integers(0, 30)), min_size=1, max_size=3))
def test_sheets_in_any_order(lives: list[tuple[list[dict[Header, str]], int]]):
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        try:
            for people_told, days in lives:
                _take_twice(house, _csv(people_told), len(people_told))
                house.clock.put(house.clock.now() + timedelta(days=days))
                _sound(house)
        finally:
            house.store.close()


def _take_twice(house: House, data: bytes, count: int) -> None:
    with house.store.rehearsing() as tx:
        shown, _ = house.intake.rehearse(tx, read_sheet(data, "a.csv"), HR)
    told_before = len(house.kinds())
    with house.store.writing() as tx:
        done = house.intake.take(tx, read_sheet(data, "a.csv"), HR)
    assert [line.line for line in done.lines] == list(range(2, count + 2))
    assert shown.counts == done.counts
    assert [(one.effect, one.faults, one.fields) for one in shown.lines] == [
        (one.effect, one.faults, one.fields) for one in done.lines
    ]
    told = Counter(house.kinds()[told_before:])
    assert told["stay.announced"] == done.counts[Effect.NEW]
    assert told["stay.changed"] == done.counts[Effect.CHANGED]

    before, told_before = house.rows(), len(house.kinds())
    with house.store.writing() as tx:
        again = house.intake.take(tx, read_sheet(data, "a.csv"), HR)
    assert again.counts[Effect.NEW] == again.counts[Effect.CHANGED] == 0
    assert again.counts[Effect.REFUSED] == done.counts[Effect.REFUSED]
    assert house.rows() == before
    assert set(house.kinds()[told_before:]) <= {"batch.taken"}


def _sound(house: House) -> None:
    """No two open stays of one person on one day; no card and no identity number with two people."""
    with house.store.reading() as tx:
        ids = [person.id for person in people.list_persons(tx, "", 100, None)]
        stays, cards = people.stays_of(tx, ids), people.credentials_of(tx, ids)
    for own in stays.values():
        opened = [stay for stay in own if stay.state is StayState.OPEN]
        for earlier, later in itertools.pairwise(opened):
            assert earlier.departure is not None
            assert earlier.departure < later.arrival
    held = Counter(card.number for own in cards.values() for card in own if card.ended is None)
    assert all(count == 1 for count in held.values())
