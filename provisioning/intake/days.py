"""The days that offices write, in every shape that can be read in one way only."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from provisioning.intake.cells import text_of
from provisioning.intake.pages import EPOCH_1900, Cell
from provisioning.nouns.refusals import Refusal

SERIAL_MIN, SERIAL_MAX = 20_000, 80_000
"""Excel's numbers of days that can be dates of a stay: 1954 to 2119."""


class DateShape(Refusal):
    """This is no date. Write it as 2026-11-30, or give the cell Excel's date format."""


class DateUnclear(Refusal):
    """This date lacks a part, or can be read in several ways. Write year, month and day, the year with four digits and
    first: 2026-11-30."""


_TIME = r"(?:[ T]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?"
_WEEKDAY = r"(?: ?\(?(?:星期|周)[一二三四五六日天]\)?)?"
_SHAPES = (
    re.compile(rf"(\d{{4}}) ?([-/.]) ?(\d{{1,2}}) ?\2 ?(\d{{1,2}}){_WEEKDAY}{_TIME}", re.ASCII),
    re.compile(rf"(\d{{4}}) ?(年) ?(\d{{1,2}}) ?月 ?(\d{{1,2}}) ?[日号]{_WEEKDAY}{_TIME}", re.ASCII),
    re.compile(r"(\d{4})()(\d{2})(\d{2})", re.ASCII),
)
_SERIAL = re.compile(r"([2-8]\d{4})(?:\.\d+)?", re.ASCII)
_UNCLEAR = re.compile(
    r"\d{1,2} ?[-/.年] ?\d{1,2} ?[-/.月] ?(\d{1,2}|\d{4}) ?[日号]?"  # 03/04/2026, 26-11-30
    r"|\d{4} ?[-/.年] ?\d{1,2} ?月?|\d{1,2} ?月 ?\d{1,2} ?[日号]?|\d{4}年?|\d{6}",  # 2026.11, 11月30日, 2026, 261130
    re.ASCII,
)
_ALL_CHINESE = re.compile(
    r"([〇○零一二三四五六七八九]{4}) ?年 ?([元一二三四五六七八九十]{1,2}) ?月 ?([一二三四五六七八九十廿卅]{1,3}) ?[日号]"
)
_DIGITS = {"〇": 0, "○": 0, "零": 0, "元": 1} | {char: nth for nth, char in enumerate("一二三四五六七八九", start=1)}
_TENS = {"十": 10, "廿": 20, "卅": 30}
_DASHES = str.maketrans("‐‑‒–—−。", "------.")


def day(cell: Cell, epoch: date = EPOCH_1900) -> date:
    """A day: a date cell, with or without a time; Excel's number of days since `epoch`; 2026-11-30, 2026/11/30,
    2026.11.30, 20261130, 2026年11月30日 or 二〇二六年十一月三十日. Raises `DateShape`, `DateUnclear`."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, bool):
        raise DateShape
    try:
        return _read(text_of(cell).translate(_DASHES), epoch)
    except ValueError:
        raise DateShape from None


def _read(told: str, epoch: date) -> date:
    """Raises ValueError for a day that no calendar has."""
    for shape in _SHAPES:
        if found := shape.fullmatch(told):
            return date(int(found[1]), int(found[3]), int(found[4]))
    if found := _ALL_CHINESE.fullmatch(told):
        year = int("".join(str(_DIGITS[char]) for char in found[1]))
        return date(year, _counted(found[2]), _counted(found[3]))
    if (found := _SERIAL.fullmatch(told)) and SERIAL_MIN <= int(found[1]) <= SERIAL_MAX:
        return epoch + timedelta(days=int(found[1]))
    raise DateUnclear if _UNCLEAR.fullmatch(told) else DateShape


def _counted(told: str) -> int:
    """A number up to 39 in Chinese: 十一, 三十, 廿一. Raises ValueError for what is none."""
    at = next((nth for nth, char in enumerate(told) if char in _TENS), None)
    if at is None:
        return _digit(told)
    before, tens, after = told[:at], _TENS[told[at]], told[at + 1 :]
    if before and tens != 10:
        raise ValueError(told)
    return (_digit(before) * 10 if before else tens) + (_digit(after) if after else 0)


def _digit(told: str) -> int:
    if told not in _DIGITS:
        raise ValueError(told)
    return _DIGITS[told]
