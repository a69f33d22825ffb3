"""People who do not exist, to try the house with: the same for the same seed, campus and day.

A sheet of newcomers for a small campus; for a large one those who are in place already, and batches of arrivals to play.
All who come from here have numbers of their own, so the sets go together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Protocol, TypeVar

from openpyxl import Workbook

from provisioning.campus.file import Campus
from provisioning.identity.id_number import check_character
from provisioning.intake.headers import Header
from provisioning.intake.template import SHEET, saved, write_rows

COUNT_MAX = 10_000
"""So that no identity number and no telephone number comes twice."""
REGION = "139999"
"""A region of Hebei that was never given out: the numbers pass their check and are nobody's."""
CARD_FIRST = 20_000_001
NUMBER_YEAR = 2026
"""Of all staff numbers of the large campus: batches that are played in another year go on from the same people."""
SOON_DAYS = 10
AHEAD_DAYS_MAX = 45
SOON_SHARE = 0.8

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文玉建国志新春雨晨曦子轩浩然思远嘉欣雅琪宇航梓涵若溪"
_POSTS = ("科员", "主任科员", "副科长", "科长", "工程师", "助理工程师", "文员", "")
_KINDS = (("公务员", 45), ("事业编", 25), ("借调", 12), ("外包", 10), ("实习", 8))
# Who leaves again, and after how many days at most; the others stay without an end.
_STAYS_DAYS = {"借调": 365, "外包": 180, "实习": 150}
_BORN_FIRST, _BORN_LAST = date(1965, 1, 1), date(2003, 12, 31)

STAFF = 2_000
BATCHES, ARRIVALS = 400, 1_600
"""What the large campus has in place, and what there is to play."""
ARRIVALS_FIRST = 5_000
"""From here on the numbers of people are those of arrivals, however many are in place."""
BATCH_PEOPLE_MAX = 12
WEEKS_AHEAD = 6

Row = Mapping[Header, str | date]

_IN_PLACE = (("公务员", 45), ("事业编", 25), ("外包", 16), ("借调", 8), ("实习", 6))
_ARRIVING = (("公务员", 31), ("外包", 27), ("事业编", 19), ("借调", 13), ("实习", 10))
_POSTS_OF: Mapping[str, tuple[tuple[str, int], ...]] = {
    "公务员": (
        ("科员", 40),
        ("主任科员", 30),
        ("副科长", 9),
        ("科长", 6),
        ("副处长", 3),
        ("处长", 2),
        ("试用期科员", 10),
    ),
    "事业编": (("工程师", 40), ("管理员", 30), ("高级工程师", 15), ("助理工程师", 10), ("办事员", 5)),
    "借调": (("科员", 50), ("主任科员", 30), ("工程师", 20)),
    "外包": (("保洁员", 30), ("保安员", 30), ("维修工", 20), ("厨师", 10), ("网络运维员", 10)),
    "实习": (("实习生", 1),),
}
# Who of a kind comes to which department; all others go where there is room.
_SERVING = {"外包": ("office-affairs", "office-affairs", "office-affairs", "it-centre")}
# Names of two syllables before the given name, and names of peoples who write a point within theirs.
_COMPOUND = (
    "欧阳",
    "诸葛",
    "上官",
    "司马",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
    "宇文",
    "长孙",
)
_POINTED = (
    ("阿依古丽", "古丽娜", "麦麦提", "艾力", "吐尔逊", "努尔兰", "叶尔江", "塔依尔", "热依汗", "祖丽皮亚"),
    ("买买提", "热合曼", "艾合买提", "吾买尔", "卡德尔", "巴合提", "吐尔地", "斯马义", "克里木", "玉素甫"),
)
_COMPOUND_SHARE, _POINTED_SHARE = 0.03, 0.02

_T = TypeVar("_T")


class Dice(Protocol):
    """Seeded randomness, such as `random.Random`."""

    def random(self) -> float:
        """From 0 to below 1."""
        ...

    def randint(self, a: int, b: int, /) -> int:
        """From a to b, both included."""
        ...


def sample(count: int, dice: Dice, campus: Campus, today: date) -> bytes:
    """An .xlsx of `count` people with cards, most of whom come within ten days of `today`."""
    _check(count)
    return sheet_of(list(_people(count, dice, campus, today)))


def staff(count: int, dice: Dice, campus: Campus, today: date) -> list[Row]:
    """Those in place on `today`, as many in each department as it has seats for: their stays began within ten years, and
    end, where they end, within one."""
    _check(count)
    places = _Places(campus, dice)
    found: list[Row] = []
    for nth in range(count):
        kind = weighted(dice, _IN_PLACE)
        since = dice.randint(10, 60) if kind in _STAYS_DAYS else dice.randint(30, 3_650)
        found.append(_person(nth, kind, places.of(kind), today - timedelta(days=since), today, dice))
    return found


def batches(count: int, people: int, dice: Dice, campus: Campus, today: date) -> Iterator[list[Row]]:
    """So many lists of arrivals within the coming weeks, of one to twelve people. Most of a list comes to one department
    on one day."""
    _check(ARRIVALS_FIRST + people)
    places, nth = _Places(campus, dice), ARRIVALS_FIRST
    for size in _sizes(count, people, dice):
        together, day = places.of(""), _workday(today + timedelta(days=dice.randint(2, 7 * WEEKS_AHEAD)))
        rows: list[Row] = []
        for _ in range(size):
            kind = weighted(dice, _ARRIVING)
            place = places.of(kind) if kind in _SERVING else together
            arrival = day if dice.random() < SOON_SHARE else _workday(day + timedelta(days=dice.randint(1, 14)))
            rows.append(_person(nth, kind, place, arrival, arrival, dice))
            nth += 1
        yield rows


def sheet_of(rows: Sequence[Row]) -> bytes:
    """An .xlsx as `foyer hr template` writes it, filled in."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    write_rows(sheet, rows, formatted=len(rows))
    return saved(book)


def weighted(dice: Dice, shares: Sequence[tuple[_T, int]]) -> _T:
    """One of these, by its share."""
    whole = list(accumulate(share for _, share in shares))
    roll = dice.randint(1, whole[-1])
    return next(one for (one, _), upto in zip(shares, whole, strict=True) if roll <= upto)


class _Places:
    """Departments by their seats, and where each sits for the most part; on a campus without offices all alike."""

    def __init__(self, campus: Campus, dice: Dice) -> None:
        self._dice = dice
        above = {one.parent for one in campus.departments.values()}
        leaves = [at for at in campus.departments if at not in above]
        seats: dict[str, Counter[str]] = defaultdict(Counter)
        for office in campus.offices.values():
            if office.department is not None:
                seats[office.department][office.area] += len(office.seats)
        self._shares = [(at, seats[at].total()) for at in leaves if seats[at]] or [(at, 1) for at in leaves]
        self._areas = {at: areas.most_common(1)[0][0] for at, areas in seats.items()}
        self._campus = campus

    def of(self, kind: str) -> tuple[str, str]:
        """Names of a department and an area for somebody of this kind."""
        serving = [at for at in _SERVING.get(kind, ()) if at in self._campus.departments]
        department = _one(self._dice, serving) if serving else weighted(self._dice, self._shares)
        area = self._areas.get(department) or _one(self._dice, list(self._campus.areas))
        return self._campus.departments[department].name["zh"], self._campus.areas[area].name["zh"]


def _person(nth: int, kind: str, place: tuple[str, str], arrival: date, from_: date, dice: Dice) -> Row:
    """Somebody whose stay ends, where it does, a while after `from_`."""
    row: dict[Header, str | date] = {
        Header.NAME: _name(dice),
        Header.NO: f"E{NUMBER_YEAR}{nth + 1:05d}",
        Header.ID_NUMBER: _id_number(nth, dice),
        Header.DEPARTMENT: place[0],
        Header.POST: weighted(dice, _POSTS_OF[kind]),
        Header.KIND: kind,
        Header.ARRIVAL: arrival,
        Header.PHONE: f"1540000{nth:04d}",
        Header.CARD: str(CARD_FIRST + nth),
        Header.AREA: place[1],
    }
    if kind in _STAYS_DAYS:
        row[Header.DEPARTURE] = from_ + timedelta(days=dice.randint(30, _STAYS_DAYS[kind]))
    return row


def _name(dice: Dice) -> str:
    roll = dice.random()
    if roll < _POINTED_SHARE:
        return f"{_one(dice, _POINTED[0])}·{_one(dice, _POINTED[1])}"
    surname = _one(dice, _COMPOUND) if roll < _POINTED_SHARE + _COMPOUND_SHARE else _one(dice, _SURNAMES)
    return surname + "".join(_one(dice, _GIVEN) for _ in range(dice.randint(1, 2)))


def _sizes(count: int, people: int, dice: Dice) -> list[int]:
    """How many each of `count` batches has, `people` in all, a few of them far more than most."""
    if not count <= people <= count * BATCH_PEOPLE_MAX:
        raise ValueError(f"{count} batches have {count} to {count * BATCH_PEOPLE_MAX} people, not {people}")
    sizes = [1] * count
    left = people - count
    while left:
        chosen = int(dice.random() ** 2 * count)
        if sizes[chosen] < BATCH_PEOPLE_MAX:
            sizes[chosen] += 1
            left -= 1
    order = sorted(range(count), key=lambda _: dice.random())
    return [sizes[at] for at in order]


def _workday(day: date) -> date:
    """The day, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def _check(count: int) -> None:
    if not 1 <= count <= COUNT_MAX:
        raise ValueError(f"a sample has 1 to {COUNT_MAX} people, not {count}")


def _people(count: int, dice: Dice, campus: Campus, today: date) -> Iterator[Row]:
    departments = [one.name["zh"] for one in campus.departments.values()]
    areas = [one.name["zh"] for one in campus.areas.values()]
    for nth in range(count):
        kind = weighted(dice, _KINDS)
        soon = dice.random() < SOON_SHARE
        arrival = today + timedelta(
            days=dice.randint(0, SOON_DAYS) if soon else dice.randint(SOON_DAYS + 1, AHEAD_DAYS_MAX)
        )
        row: dict[Header, str | date] = {
            Header.NAME: _one(dice, _SURNAMES) + "".join(_one(dice, _GIVEN) for _ in range(dice.randint(1, 2))),
            Header.NO: f"E{today.year}{nth + 1:05d}",
            Header.ID_NUMBER: _id_number(nth, dice),
            Header.DEPARTMENT: _one(dice, departments),
            Header.POST: _one(dice, _POSTS),
            Header.KIND: kind,
            Header.ARRIVAL: arrival,
            Header.PHONE: f"1540000{nth:04d}",
            Header.CARD: str(CARD_FIRST + nth),
            Header.AREA: _one(dice, areas),
        }
        if kind in _STAYS_DAYS:
            row[Header.DEPARTURE] = arrival + timedelta(days=dice.randint(30, _STAYS_DAYS[kind]))
        yield row


def _one(dice: Dice, things: str | list[_T] | tuple[_T, ...]) -> str | _T:
    return things[dice.randint(0, len(things) - 1)]


def _id_number(nth: int, dice: Dice) -> str:
    """A number whose order digits and birth date together come only once in a sample."""
    span = (_BORN_LAST - _BORN_FIRST).days
    born = _BORN_FIRST + timedelta(days=dice.randint(0, span // 10 - 1) * 10 + nth // 1_000)
    body = f"{REGION}{born:%Y%m%d}{nth % 1_000:03d}"
    return body + check_character(body)
