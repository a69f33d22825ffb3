"""HR sheets: each row by itself, preview and import one plan, and twice the same as once."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select, update

from devices.clock import SetClock
from provisioning.campus.file import Campus
from provisioning.identity.arrivals import Effect
from provisioning.identity.cards import Cards
from provisioning.identity.id_number import check_character
from provisioning.identity.persons import Persons
from provisioning.identity.plans import NOTES
from provisioning.intake import rows
from provisioning.intake.days import day
from provisioning.intake.intake import ECHO, Intake
from provisioning.intake.pages import Cell
from provisioning.intake.report import AT_COLUMN, Line, Report
from provisioning.intake.rows import COLUMN_UNKNOWN, Header, HeadersMissing, HeaderTwice
from provisioning.intake.sample import sample
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.people import CardState, Private, StayState
from provisioning.nouns.told import Actor
from provisioning.nouns.zh import ZH
from provisioning.store import people, tables
from provisioning.store.engine import Store
from provisioning.store.intake import batches
from provisioning.story.story import Story

TODAY = date(2026, 3, 2)
Row = Mapping[str, object]


def numbered(nth: int) -> str:
    body = f"13999919900307{nth:03d}"
    return body + check_character(body)


GOOD: Row = {
    "姓名": "张三", "工号": "E1", "身份证号": numbered(1), "部门": "财政局", "职务": "科员", "人员类别": "公务员",
    "到岗日期": "2026-03-10", "离岗日期": "", "手机": "15400000001", "门禁卡号": "1001", "办公区": "北办公区",
}  # fmt: skip


def someone(nth: int, **changes: object) -> Row:
    own = {"工号": f"E{nth}", "身份证号": numbered(nth), "手机": "", "门禁卡号": str(1000 + nth)}
    return {**GOOD, **own, **changes}


def sheet(*people: Row, headers: Sequence[str] = tuple(GOOD)) -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    page.append(list(headers))
    for one in people:
        page.append([one.get(header) for header in headers])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Office:
    """HR's desk: takes sheets, and asserts each time that the preview said what the import did."""

    def __init__(self, store: Store, intake: Intake, actor: Actor) -> None:
        self.store, self.intake, self.actor = store, intake, actor

    def take(self, *people: Row) -> Report:
        return self.take_file(sheet(*people))

    def take_file(self, data: bytes) -> Report:
        with self.store.rehearsing() as tx:
            shown, _ = self.intake.rehearse(tx, read_sheet(data, "list.xlsx"), self.actor)
        with self.store.writing() as tx:
            done = self.intake.take(tx, read_sheet(data, "list.xlsx"), self.actor)
        assert [(one.line, one.effect, one.fields, one.faults, one.notes) for one in shown.lines] == [
            (one.line, one.effect, one.fields, one.faults, one.notes) for one in done.lines
        ]
        return done

    def count(self, table: str) -> int:
        with self.store.reading() as tx:
            return tx.run(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one()


@pytest.fixture
def office(store: Store, intake: Intake, actor: Actor) -> Office:
    return Office(store, intake, actor)


def only(report: Report) -> Line:
    (line,) = report.lines
    return line


def why(line: Line) -> str:
    assert line.effect is Effect.REFUSED
    return " ".join(line.sentences("en"))


def test_a_person_comes_in_with_stay_and_card(store: Store, office: Office, persons: Persons, cards: Cards):
    report = office.take(GOOD)
    assert only(report).effect is Effect.NEW
    with store.reading() as tx:
        person = persons.get(tx, "E1")
        assert report.people == (person.id,)
        assert person.due == people.soon(tx)
        assert persons.private(tx, person) == Private("张三", numbered(1), "15400000001")
        (stay,) = persons.stays(tx, person.id)
        assert (stay.department, stay.post, stay.kind, stay.area) == ("finance", "科员", "公务员", "north")
        assert (stay.arrival, stay.departure, stay.state) == (date(2026, 3, 10), None, StayState.OPEN)
        (card,) = cards.of(tx, person.id)
        assert (card.number, card.state) == (1001, CardState.ACTIVE)
        assert persons.search(tx, numbered(1).lower(), 10) == (person,)
        assert persons.search(tx, "E", 10) == (person,)
        (batch,) = batches(tx, 10)
        assert (batch.id, batch.taken, batch.same, batch.refused) == (report.batch, 1, 0, 0)


def test_nothing_personal_stands_in_the_open(store: Store, office: Office, story: Story):
    office.take(GOOD)
    with store.reading() as tx:
        told = tx.run(select(tables.event.c.kind, tables.event.c.body)).all()
    assert [row.kind for row in told] == ["campus.applied", "stay.announced", "batch.taken"]
    for personal in ("张三", numbered(1), "15400000001"):
        assert all(personal.encode() not in row.body for row in told)
    held = b"".join(file.read_bytes() for file in store.path.parent.glob("foyer.db*"))
    for personal in ("张三", numbered(1), "15400000001"):
        assert personal.encode() not in held


def test_importing_twice_changes_nothing(store: Store, office: Office):
    data = sheet(GOOD, someone(2))
    first = office.take_file(data)
    before = {table: office.count(table) for table in ("event", "notice", "batch", "stay", "credential")}
    second = office.take_file(data)
    assert [line.effect for line in second.lines] == [Effect.SAME, Effect.SAME]
    assert second.batch == first.batch
    assert second.people == ()
    assert {table: office.count(table) for table in before} == before
    anew = office.take_file(sheet(GOOD, someone(2), headers=list(GOOD)[::-1]))
    assert anew.counts[Effect.SAME] == 2
    assert anew.batch is None
    assert {table: office.count(table) for table in before} == before


def test_a_bad_row_never_sinks_the_batch(office: Office, persons: Persons, store: Store):
    report = office.take(GOOD, someone(2, 身份证号="110105194912310021", 手机="1"), {}, someone(3))
    assert [(line.line, line.effect) for line in report.lines] == [
        (2, Effect.NEW),
        (3, Effect.REFUSED),
        (5, Effect.NEW),
    ]
    assert [(fault.column, fault.header) for fault in report.lines[1].faults] == [("C", "身份证号"), ("I", "手机")]
    assert report.lines[1].sentences("zh")[1].startswith("I 列（手机）：这不是电话号码。")
    with store.reading() as tx:
        assert persons.by_no(tx, "E2") is None


@pytest.mark.parametrize(
    ("changes", "column", "says"),
    [
        ({"姓名": ""}, "A", "must not be blank"),
        ({"姓名": "@SUM(1)"}, "A", "A name has at most"),
        ({"工号": "E 1"}, "B", "A staff number has"),
        ({"身份证号": 110105194912310021}, "C", "as a number"),
        ({"身份证号": "110105194912310021"}, "C", "does not fit the others"),
        ({"部门": "财务局"}, "D", "财政局"),
        ({"职务": "长" * 65}, "E", "more than 64"),
        ({"人员类别": None}, "F", "must not be blank"),
        ({"到岗日期": "tomorrow"}, "G", "no date"),
        ({"到岗日期": "2062-03-10"}, "G", "typing mistake"),
        ({"到岗日期": "1906-03-10"}, "G", "typing mistake"),
        ({"离岗日期": "2026-03-09"}, "H", "before the arrival"),
        ({"手机": "call me"}, "I", "no telephone number"),
        ({"门禁卡号": 4294967295}, "J", "1 to 4294967294"),
        ({"门禁卡号": 0}, "J", "1 to 4294967294"),
        ({"办公区": "西办公区"}, "K", "北办公区、南办公区"),
    ],
)
def test_each_mistake_is_refused_at_its_cell(office: Office, changes: Row, column: str, says: str):
    line = only(office.take({**GOOD, **changes}))
    assert says in why(line)
    assert [fault.column for fault in line.faults] == [column]
    assert office.count("person") == 0


def test_only_what_is_needed_is_required(office: Office, store: Store, persons: Persons):
    needed = [header.value for header in Header if header in rows.REQUIRED]
    assert only(office.take_file(sheet(GOOD, headers=needed))).effect is Effect.NEW
    with store.reading() as tx:
        assert persons.private(tx, persons.get(tx, "E1")) == Private("张三")


def test_headers_are_told_by_name(office: Office):
    with pytest.raises(HeadersMissing, match="工号、部门"):
        office.take_file(sheet(GOOD, headers=["姓名", "人员类别", "到岗日期", "办公区"]))
    with pytest.raises(HeaderTwice):
        office.take_file(sheet(GOOD, headers=[*GOOD, "姓名"]))
    report = office.take_file(sheet(GOOD, headers=["备注", *GOOD]))
    assert report.counts[Effect.NEW] == 1
    assert [dict(one.fields) for one in report.warnings] == [{"column": "A", "header": "备注"}]


def test_rows_that_contradict_one_another_are_both_refused(office: Office):
    report = office.take(
        someone(1),
        someone(1, 部门="司法局"),
        someone(2, 门禁卡号="7"),
        someone(3, 门禁卡号="7"),
        someone(4, 身份证号=numbered(9)),
        someone(5, 身份证号=numbered(9).replace("X", "x")),
        someone(6),
        someone(6),
    )
    effects = [line.effect for line in report.lines]
    assert effects == [Effect.REFUSED] * 6 + [Effect.NEW, Effect.SAME]
    assert "Line 3 says something else" in why(report.lines[0])
    assert "Line 2 says something else" in why(report.lines[1])
    assert "Line 4 gives the same card" in why(report.lines[3])
    assert "Line 7 gives the same identity number" in why(report.lines[4])
    assert report.lines[7].sentences("en") == ("This row says the same as line 8.",)


def test_a_revised_row_changes_the_stay_and_says_what(store: Store, office: Office, persons: Persons):
    office.take(GOOD)
    dates = {"到岗日期": "2026-03-20", "离岗日期": "2026-12-31"}
    report = office.take({**GOOD, **dates, "部门": "司法局", "手机": "15400000002"})
    assert only(report).effect is Effect.CHANGED
    assert set(only(report).fields) == {"department", "arrival", "departure", "phone"}
    with store.reading() as tx:
        person = persons.get(tx, "E1")
        (stay,) = persons.stays(tx, person.id)
        assert (stay.department, stay.arrival, stay.departure) == ("justice", date(2026, 3, 20), date(2026, 12, 31))
        assert persons.private(tx, person) == Private("张三", numbered(1), "15400000002")
        body = tx.run(select(tables.event.c.body).where(tables.event.c.kind == "stay.changed")).scalar_one()
        assert b"15400000002" not in body


def test_blank_cells_take_nothing_personal_away(store: Store, office: Office, persons: Persons):
    office.take(GOOD)
    assert only(office.take({**GOOD, "手机": "", "身份证号": "", "门禁卡号": ""})).effect is Effect.SAME


def test_a_rehire_is_a_new_stay_and_an_overlap_is_none(store: Store, clock: SetClock, office: Office, persons: Persons):
    office.take({**GOOD, "到岗日期": "2026-02-01", "离岗日期": "2026-06-30"})
    assert "overlaps the stay from 2026-02-01" in why(only(office.take({**GOOD, "到岗日期": "2026-06-30"})))
    assert only(office.take({**GOOD, "到岗日期": "2026-07-01"})).effect is Effect.NEW
    with store.reading() as tx:
        stays = persons.stays(tx, persons.get(tx, "E1").id)
    assert [stay.arrival for stay in stays] == [date(2026, 2, 1), date(2026, 7, 1)]
    clock.put(clock.now() + timedelta(days=200))
    assert "overlaps the stay from 2026-07-01" in why(only(office.take({**GOOD, "到岗日期": "2026-10-01"})))


def test_a_stay_that_began_keeps_its_arrival(office: Office):
    office.take({**GOOD, "到岗日期": "2026-03-02"})
    assert "overlaps" in why(only(office.take({**GOOD, "到岗日期": "2026-03-09"})))
    assert only(office.take({**GOOD, "到岗日期": "2026-03-02", "离岗日期": "2026-09-01"})).fields == ("departure",)


def test_a_revoked_stay_stays_revoked(store: Store, clock: SetClock, office: Office, persons: Persons, cards: Cards):
    data = sheet(GOOD)
    office.take_file(data)
    with store.writing() as tx:
        tx.run(update(tables.stay).values(state="revoked", ended=tx.now))
        tx.run(update(tables.credential).values(state="ended", ended=tx.now))
    same = only(office.take_file(data))
    assert (same.effect, same.sentences("en")[0]) == (Effect.SAME, "This stay was revoked on 2026-03-02 and stays so.")
    assert only(office.take({**GOOD, "职务": "科员"})).effect is Effect.SAME
    assert "was revoked on 2026-03-02" in why(only(office.take({**GOOD, "职务": "科长"})))
    assert "was revoked on 2026-03-02" in why(only(office.take({**GOOD, "到岗日期": "2026-03-05"})))
    back = only(office.take({**GOOD, "到岗日期": "2026-05-01"}))
    assert (back.effect, len(back.notes)) == (Effect.NEW, 1)
    with store.reading() as tx:
        person = persons.get(tx, "E1")
        assert [stay.state for stay in persons.stays(tx, person.id)] == [StayState.REVOKED, StayState.OPEN]
        assert sorted(card.state for card in cards.of(tx, person.id)) == [CardState.ACTIVE, CardState.ENDED]


def test_a_file_that_was_taken_never_undoes_what_came_after(store: Store, office: Office, persons: Persons):
    old = sheet(GOOD)
    office.take_file(old)
    office.take({**GOOD, "部门": "司法局"})
    again = only(office.take_file(old))
    assert (again.effect, again.sentences("zh")) == (Effect.SAME, ("此行以前已导入；其后的变更仍然有效。",))
    with store.reading() as tx:
        assert persons.stays(tx, persons.get(tx, "E1").id)[0].department == "justice"
    assert only(office.take_file(sheet(GOOD, headers=list(GOOD)[::-1]))).fields == ("department",)


def test_one_identity_has_one_staff_number(office: Office):
    office.take(someone(1), someone(2, 身份证号=""))
    assert "under staff number E1" in why(only(office.take(someone(3, 身份证号=numbered(1)))))
    assert "with another identity number" in why(only(office.take(someone(1, 身份证号=numbered(3)))))
    assert "with another name" in why(only(office.take(someone(2, 姓名="李四", 身份证号=""))))
    assert "with another name" in why(only(office.take(someone(2, 姓名="李四"))))
    assert only(office.take(someone(2))).fields == ("id_number",)
    assert only(office.take(someone(2, 姓名="李四"))).fields == ("name",)


def test_a_card_that_is_not_free_refuses_the_whole_row(
    store: Store, office: Office, persons: Persons, cards: Cards, actor: Actor
):
    office.take(someone(1))
    report = office.take(someone(2, 门禁卡号="1001"))
    assert "in the hands of staff number E1" in why(only(report))
    assert only(report).faults[0].column == "J"
    with store.reading() as tx:
        assert persons.by_no(tx, "E2") is None
    assert "foyer card replace 1001 1009" in why(only(office.take(someone(1, 门禁卡号="1009", 部门="司法局"))))
    with store.writing() as tx:
        cards.replace(tx, 1001, 1009, actor)
    line = only(office.take(someone(1, 部门="司法局")))
    assert (line.fields, line.sentences("en")) == (
        ("department",),
        ("Card 1001 was taken from this person before and stays so.",),
    )


def test_a_person_without_a_card_gets_one_by_a_later_row(store: Store, office: Office, persons: Persons, cards: Cards):
    office.take(someone(1, 门禁卡号=""))
    assert only(office.take(someone(1))).fields == ("card",)
    with store.reading() as tx:
        assert [card.number for card in cards.of(tx, persons.get(tx, "E1").id)] == [1001]


def test_an_import_that_fails_leaves_nothing(store: Store, office: Office, intake: Intake, actor: Actor):
    with pytest.raises(RuntimeError), store.writing() as tx:
        intake.take(tx, read_sheet(sheet(GOOD), "a.xlsx"), actor)
        raise RuntimeError("crash before the commit")
    assert {
        table: office.count(table) for table in ("person", "person_key", "stay", "batch", "notice")
    } == dict.fromkeys(("person", "person_key", "stay", "batch", "notice"), 0)
    assert only(office.take(GOOD)).effect is Effect.NEW


def test_refusals_are_told_once_more_but_are_no_second_batch(office: Office):
    data = sheet(GOOD, someone(2, 部门="?"))
    first, again = office.take_file(data), office.take_file(data)
    assert again.batch == first.batch
    assert again.counts[Effect.REFUSED] == 1
    assert office.count("batch") == 1


def test_the_sample_is_taken_whole_and_is_the_same_for_the_same_seed(office: Office, small: Campus):
    def make(seed: int) -> list[tuple[Cell, ...]]:
        return [row for _, row in rows_of(sample(200, random.Random(seed), small, TODAY))]

    first = make(1)
    assert first == make(1)
    assert first != make(2)
    report = office.take_file(sample(200, random.Random(1), small, TODAY))
    assert report.counts[Effect.NEW] == 200
    assert report.warnings == ()


def rows_of(data: bytes) -> tuple[tuple[int, tuple[Cell, ...]], ...]:
    return read_sheet(data, "sample.xlsx").rows


def test_the_sample_comes_mostly_soon(small: Campus):
    days = [(day(row[6]) - TODAY).days for _, row in rows_of(sample(500, random.Random(3), small, TODAY))]
    assert set(days) <= set(range(46))
    assert sum(day <= 10 for day in days) in range(350, 480)


def test_every_remark_has_a_twin():
    assert [one for one in (*NOTES, ECHO, COLUMN_UNKNOWN, AT_COLUMN) if one not in ZH] == []
