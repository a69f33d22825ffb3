"""A sheet of people who do not exist, to try the house with: the same for the same seed, campus and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol, TypeVar

from openpyxl import Workbook

from provisioning.campus.file import Campus
from provisioning.identity.id_number import check_character
from provisioning.intake.rows import Header
from provisioning.intake.template import SHEET, saved, write_rows

COUNT_MAX = 10_000
"""So that no identity number and no telephone number comes twice."""
REGION = "139999"
"""A region of Hebei that was never given out: the numbers pass their check and are nobody's."""
CARD_FIRST = 20_000_001
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
    if not 1 <= count <= COUNT_MAX:
        raise ValueError(f"a sample has 1 to {COUNT_MAX} people, not {count}")
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = SHEET
    write_rows(sheet, _people(count, dice, campus, today), formatted=count)
    return saved(book)


def _people(count: int, dice: Dice, campus: Campus, today: date) -> Iterator[dict[Header, str | date]]:
    departments = [one.name["zh"] for one in campus.departments.values()]
    areas = [one.name["zh"] for one in campus.areas.values()]
    for nth in range(count):
        kind = _weighted(dice)
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


def _weighted(dice: Dice) -> str:
    roll = dice.randint(1, sum(weight for _, weight in _KINDS))
    for kind, weight in _KINDS:
        roll -= weight
        if roll <= 0:
            return kind
    return _KINDS[0][0]


def _id_number(nth: int, dice: Dice) -> str:
    """A number whose order digits and birth date together come only once in a sample."""
    span = (_BORN_LAST - _BORN_FIRST).days
    born = _BORN_FIRST + timedelta(days=dice.randint(0, span // 10 - 1) * 10 + nth // 1_000)
    body = f"{REGION}{born:%Y%m%d}{nth % 1_000:03d}"
    return body + check_character(body)
