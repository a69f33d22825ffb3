"""Sheets as offices send them: what stands around the rows is told from the rows, and nothing is lost in silence."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from provisioning.identity.arrivals import Effect
from provisioning.intake.intake import Intake
from provisioning.intake.report import Report, placed
from provisioning.intake.rows import HeadersMissing, HeaderTwice
from provisioning.intake.sheet import read_sheet
from provisioning.intake.template import template
from provisioning.nouns.told import Actor
from provisioning.store.engine import Store
from tests.provisioning.offices import HEADERS, PLAIN, book, person, read, saved, sound, text


class Office:
    """HR's desk: what the report of a sheet says, as a reader gets it."""

    def __init__(self, store: Store, intake: Intake, actor: Actor) -> None:
        self.store, self.intake, self.actor = store, intake, actor

    def take_file(self, data: bytes) -> Report:
        sheet = read_sheet(data, "名单.xlsx")
        with self.store.rehearsing() as tx:
            shown = placed(self.intake.rehearse(tx, sheet, self.actor)[0], sheet)
        with self.store.writing() as tx:
            done = placed(self.intake.take(tx, sheet, self.actor), sheet)
        assert [(one.sheet, one.line, one.effect) for one in shown.lines] == [
            (one.sheet, one.line, one.effect) for one in done.lines
        ]
        return done


@pytest.fixture
def office(store: Store, intake: Intake, actor: Actor) -> Office:
    return Office(store, intake, actor)


def test_titles_above_the_headers_and_notes_below_the_rows():
    def merge(page: Worksheet) -> None:
        page.merge_cells("A1:K1")
        page.merge_cells("A9:K9")

    data = book(
        ["2026年3月新报到人员名单"],
        ["填报单位：财政局", None, None, "填表日期：2026年3月1日"],
        [],
        HEADERS,
        person(1),
        person(2),
        [],
        ["合计", None, 2],
        ["以上人员请于三月十日前完成全部开通手续"],
        ["备注：借调人员另附"],
        [None, "填表人：王五", None, None, "审核人：赵六"],
        change=merge,
    )
    _, rows, warnings = read(data)
    assert [row.line for row in rows] == [5, 6]
    assert [row.arrival for row in rows] == PLAIN
    assert warnings == ["Lines with totals were passed over: 8.", "Lines with notes were passed over: 9, 10, 11."]


@pytest.mark.parametrize(
    "total",
    ["合计", "总 计：2人", "小计", "共2人", "共 计", "合计人数：2", "以上共 2 人", "本页小计", "Total", "Subtotal: 2"],
)
@pytest.mark.parametrize("at", [0, 1, 4])
def test_totals_are_nobody(total: str, at: int):
    _, rows, warnings = read(book(HEADERS, person(1), [None] * at + [total], person(2)))
    assert [row.line for row in rows] == [2, 4]
    assert warnings == ["Lines with totals were passed over: 3."]


def test_somebody_without_a_staff_number_is_refused_and_not_passed_over():
    _, rows, warnings = read(book(HEADERS, person(1, 工号=None), ["李四"], person(2, 姓名="合计")))
    assert [(row.line, bool(row.faults)) for row in rows] == [(2, True), (3, True), (4, False)]
    assert warnings == []


def test_headers_under_other_names():
    labels = [
        "员工姓名",
        "员工编号",
        "公民身份号码",
        "所属部门",
        "岗位",
        "人员性质",
        "报到日期",
        "合同到期日",
        "联系电话",
        "一卡通号",
        "办公地点",
    ]
    assert sound(book(labels, person(1), person(2))) == PLAIN
    decorated = ["*姓 名", "工\u3000号：", "身份证号码（必填）", "部门\n(全称)", "职务:", "人员类别★",
                 "到岗日期(yyyy-mm-dd)", "离岗日期【选填】", "手机号码", "门禁卡号", "办公区域"]  # fmt: skip
    assert sound(book(decorated, person(1), person(2))) == PLAIN
    english = ["Full Name", "Staff No.", "ID number", "Department", "Post", "Staff type", "Start date", "End date",
               "Mobile phone", "Card No", "Office area"]  # fmt: skip
    assert sound(book(english, person(1), person(2))) == PLAIN


def test_the_ordinal_column_is_no_news_and_a_row_that_has_only_that_is_blank():
    _, rows, warnings = read(book(["序号", *HEADERS], [1, *person(1)], [2, *person(2)], [3], [4]))
    assert [row.arrival for row in rows] == PLAIN
    assert warnings == []


def test_headers_of_two_lines():
    def merge(page: Worksheet) -> None:
        for column in "ABCDEFK":
            page.merge_cells(f"{column}2:{column}3")
        page.merge_cells("G2:H2")
        page.merge_cells("I2:J2")

    upper = [*HEADERS[:6], "在岗时间", None, "联系与门禁", None, "办公区"]
    lower = [None] * 6 + ["到岗日期", "离岗日期", "手机", "门禁卡号", None]
    assert sound(book(["名单"], upper, lower, person(1), person(2), change=merge)) == PLAIN
    assert sound(book(["名单"], upper, lower, person(1), person(2))) == PLAIN

    def tall(page: Worksheet) -> None:
        for column in "ABCDEFGHIJK":
            page.merge_cells(f"{column}1:{column}2")

    _, rows, warnings = read(book(HEADERS, [], person(1), person(2), change=tall))
    assert [row.arrival for row in rows] == PLAIN
    assert warnings == []


def test_what_is_merged_down_counts_in_each_line_and_what_is_merged_across_in_its_first_column():
    def merge(page: Worksheet) -> None:
        page.merge_cells("D2:D4")
        page.merge_cells("E2:E9")
        page.merge_cells("J4:K4")

    data = book(HEADERS, person(1), person(2, 部门=None, 职务=None), person(3, 部门=None, 职务=None), change=merge)
    _, rows, _ = read(data)
    assert [(row.arrival.department, row.arrival.post) if row.arrival else row.line for row in rows] == [
        ("finance", "科员"),
        ("finance", "科员"),
        4,
    ]

    def side(page: Worksheet) -> None:
        page.merge_cells("A1:A4")

    assert sound(book(["新进人员", *HEADERS], [None, *person(1)], [None, *person(2)], change=side)) == PLAIN


def test_headers_that_come_again_on_every_printed_page():
    _, rows, warnings = read(book(HEADERS, person(1), HEADERS, person(2), HEADERS))
    assert [row.arrival for row in rows] == PLAIN
    assert warnings == ["Lines that repeat the headers were passed over: 3, 5."]


def test_a_second_table_below_with_its_columns_in_another_order():
    data = book(HEADERS, person(1), ["二、借调人员"], [], HEADERS[::-1], person(2)[::-1], person(3, 手机="x")[::-1])
    _, rows, warnings = read(data)
    assert [row.arrival for row in rows[:2]] == PLAIN
    assert [row.line for row in rows] == [2, 6, 7]
    assert [fault.column for fault in rows[2].faults] == ["C"]
    assert warnings == ["Lines that repeat the headers were passed over: 5.", "Lines with notes were passed over: 3."]


def test_people_on_several_sheets_and_notes_among_them():
    data = book(
        HEADERS,
        person(1),
        others={
            "填写说明": [["请按要求填写", "谢谢"], HEADERS],
            "借调": [["借调人员"], HEADERS[::-1], person(2)[::-1], person(3, 手机="call me")[::-1], ["合计"]],
            "部门": [["编号", "部门"], [1, "财政局"]],
            "通讯录": [["姓名", "手机"], ["张三", "15400000001"]],
            "空": [],
        },
    )
    sheet, rows, warnings = read(data)
    assert [sheet.at(row.line).shown for row in rows] == ["名单!2", "借调!3", "借调!4"]
    assert [row.arrival for row in rows[:2]] == PLAIN
    assert [fault.column for fault in rows[2].faults] == ["C"]
    assert warnings == [
        "The sheet 填写说明 is an example or notes by its name, and was passed over.",
        "The sheet 部门 has no headers of a staff list and was passed over.",
        "The sheet 通讯录 lacks the columns 工号、部门、人员类别、到岗日期、办公区 and was passed over.",
        "Lines with totals were passed over: 借调!5.",
    ]


def test_a_sheet_of_people_that_lacks_a_column_is_refused_row_by_row_and_not_passed_over():
    labels = [{"部门": "单位"}.get(header, header) for header in HEADERS]
    _, rows, warnings = read(book(HEADERS, person(1), others={"借调": [labels, person(2), person(3)]}))
    assert [bool(row.faults) for row in rows] == [False, True, True]
    assert [(fault.header, fault.column) for fault in rows[1].faults] == [("部门", None)]
    assert warnings[0].startswith("The sheet 借调 lacks the columns 部门, so its rows are refused.")


def test_rows_of_several_sheets_are_told_by_sheet_line_and_column(office: Office):
    data = book(
        HEADERS,
        person(1),
        person(2),
        others={"借调": [HEADERS[::-1], person(1)[::-1], person(3, 门禁卡号="1002")[::-1]]},
    )
    report = office.take_file(data)
    assert [(line.sheet, line.line, line.effect) for line in report.lines] == [
        ("名单", 2, Effect.NEW),
        ("名单", 3, Effect.REFUSED),
        ("借调", 2, Effect.SAME),
        ("借调", 3, Effect.REFUSED),
    ]
    assert report.lines[1].sentences("en")[0].startswith("Column J (门禁卡号): Line 借调!3 gives the same card")
    assert report.lines[2].sentences("en") == ("This row says the same as line 名单!2.",)
    assert report.lines[3].sentences("en")[0].startswith("Column B (门禁卡号): Line 名单!3 gives the same card")
    again = office.take_file(data)
    assert [line.effect for line in again.lines] == [Effect.SAME, Effect.REFUSED, Effect.SAME, Effect.REFUSED]


def test_what_excel_hides_is_told():
    made = load_workbook(
        io.BytesIO(book(HEADERS, person(1), person(3), person(2), others={"旧": [HEADERS, person(4)]}))
    )
    made["名单"].row_dimensions[3].hidden = True
    made["名单"].column_dimensions["C"].hidden = True
    made["旧"].sheet_state = "veryHidden"
    _, rows, warnings = read(saved(made))
    assert [row.arrival for row in rows] == PLAIN
    assert warnings == [
        "The sheet 旧 is hidden in Excel and was passed over. Show it and send the file again if it counts.",
        "Lines that Excel hides were passed over: 3. Show them and send the file again if they count.",
        "Excel hides column C (身份证号); it was read like the others.",
    ]
    _, rows, _ = read(saved(made), "sheet: 旧")
    assert [row.no for row in rows] == ["E4"]


def test_the_template_is_filled_in_without_a_warning():
    made = load_workbook(io.BytesIO(template()))
    for line, row in enumerate((person(1), person(2)), start=2):
        for column, cell in enumerate(row, start=1):
            made.worksheets[0].cell(line, column, str(cell) if cell else None)
    assert sound(saved(made)) == PLAIN
    assert read(saved(made))[2] == []


@pytest.mark.parametrize("write", [book, text])
def test_a_long_cell_under_a_header_that_is_not_known_costs_nothing(write: Callable[..., bytes]):
    _, rows, warnings = read(write([*HEADERS, "备注"], [*person(1), "注" * 1_200], [*person(2), "x" * 40_000]))
    assert [row.arrival for row in rows] == PLAIN
    assert warnings == ["Column L (备注) is not known and was passed over."]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("told", ["张" * 2_000, " " * 1_500 + "张三", "无" + " " * 1_500 + "7"], ids=len)
def test_a_long_cell_under_a_known_header_refuses_its_row_alone(office: Office, header: str, told: str):
    column = "ABCDEFGHIJK"[HEADERS.index(header)]
    report = office.take_file(
        book(HEADERS, person(1), person(2), others={"借调": [HEADERS, person(3), person(4, **{header: told})]})
    )
    assert [line.effect for line in report.lines] == [Effect.NEW, Effect.NEW, Effect.NEW, Effect.REFUSED]
    bad = report.lines[-1]
    assert (bad.sheet, bad.line) == ("借调", 3)
    why = "This has more than 1000 characters, or some that cannot be printed. Shorten it, or type it again."
    assert bad.sentences("en") == (f"Column {column} ({header}): {why}",)


@pytest.mark.parametrize("above", [[], [["2026年名单", "财政局"]]], ids=["first line", "below a title"])
def test_a_header_that_stands_there_is_not_told_as_missing(above: list[list[object]]):
    with pytest.raises(HeadersMissing) as caught:
        read(book(*above, ["姓名", "编码", "单位", "类", "何时", "何处"], ["张三", "E1", "财政局", "公务员", "x", "y"]))
    assert caught.value.fields["headers"] == "工号、部门、人员类别、到岗日期、办公区"
    with pytest.raises(HeadersMissing) as caught:
        read(book(*above, ["名", "码", "单位"], ["张三", "E1", "财政局"]))
    assert caught.value.fields["headers"] == "姓名、工号、部门、人员类别、到岗日期、办公区"


def test_one_column_for_each_header():
    with pytest.raises(HeaderTwice, match=r"手机: I \(手机\) and L \(联系电话\)"):
        read(book([*HEADERS, "联系电话"], [*person(1), "15400000002"]))
    assert (
        sound(book([*HEADERS, "联系电话"], [*person(1), "x"], [*person(2), "x"]), "columns: {联系电话: null}") == PLAIN
    )
    with pytest.raises(HeadersMissing, match="部门"):
        read(book([*HEADERS[:3], "单位", *HEADERS[4:]], person(1)))


@st.composite
def messes(draw: st.DrawFn) -> tuple[list[list[object]], bytes]:
    """A plain table, and the same in a workbook or a text as some office might send it."""
    count = draw(st.integers(1, 6))
    days = [date(2026, 3, 2) + timedelta(days=draw(st.integers(0, 60))) for _ in range(count)]
    areas = [draw(st.sampled_from(["北办公区", "南办公区"])) for _ in range(count)]
    rows = [person(nth, 到岗日期=day, 办公区=area) for nth, (day, area) in enumerate(zip(days, areas, strict=True))]
    order = draw(st.permutations(range(len(HEADERS))))
    labels = [draw(st.sampled_from(LABELS.get(header, [header]))) for header in HEADERS]
    dates = [draw(st.sampled_from(DATES))(day) for day in days]
    told = [[*row[:6], told, *row[7:]] for row, told in zip(rows, dates, strict=True)]
    lines = [draw(st.sampled_from(ABOVE)) for _ in range(draw(st.integers(0, 3)))]
    lines.append([labels[at] for at in order])
    for row in told:
        lines += draw(st.lists(st.sampled_from(BETWEEN), max_size=1))
        if draw(st.booleans()):
            lines.append([labels[at] for at in order])
        stray = [draw(st.sampled_from(STRAY)).format(cell) if isinstance(cell, str) else cell for cell in row]
        lines.append([stray[at] for at in order])
    lines += draw(st.lists(st.sampled_from(BELOW), max_size=3))
    if draw(st.booleans()):
        return rows, book(*lines, others=draw(st.sampled_from(OTHERS)))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    return rows, text(*lines, encoding=encoding, delimiter=draw(st.sampled_from(",;\t")))


ABOVE: list[list[object]] = [["人员名单"], ["填报单位：财政局"], []]
BELOW: list[list[object]] = [["合计"], ["备注：以上", "共三人"], [None, None, "填表人：李四"]]
OTHERS: list[dict[str, list[list[object]]]] = [{}, {"说明": [["姓名必填"]]}, {"空": []}]
LABELS = {
    "工号": ["工号", "员工编号", "* 工 号"],
    "身份证号": ["公民身份号码", "身份证号码（18位）"],
    "部门": ["所属部门", "部门\n名称"],
    "到岗日期": ["报到日期", "入职时间：", "到岗日期"],
    "手机": ["手机", "联系电话"],
}
DATES: list[Callable[[date], object]] = [
    lambda day: day,
    lambda day: (day - date(1899, 12, 30)).days,
    lambda day: day.isoformat(),
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day:%Y.%m.%d} 00:00",
    lambda day: f"{day:%Y/%m/%d}".translate(str.maketrans("0123456789/", "０１２３４５６７８９／")),
]
BETWEEN: list[list[object]] = [[], [None, " "], ["小计：3"], ["（二）借调人员"]]
STRAY = ["{}", " {}", "{} ", "\u3000{}\u00a0", "\u202a{}\u202c", "\u200b{}"]


@given(messes())
def test_whatever_the_mess_the_same_people_come_out(made: tuple[list[list[object]], bytes]):
    rows, data = made
    assert sound(data) == sound(book(HEADERS, *rows))
