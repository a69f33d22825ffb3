"""The simulated campus: its file, its panels, and which zones stand behind which door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from devices.campus import Wire, read, wires
from tests.simulation.network import Address

FILE = Path(__file__).with_name("campus.yaml")
FRONTIER = Path(__file__).with_name("frontier.yaml")
RULES = Path(__file__).with_name("rules.yaml")
DEPARTMENTS = ("组织部", "财政局", "信息中心")
AREAS = ("北办公区", "南办公区")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FRIDAY = 4
_ODD = ("holidays", "workdays")
KINDS = ("公务员", "事业编", "借调", "外包", "实习")


Spans = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a door may open, as the campus file says it: from HH:MM until before HH:MM, by kind of day."""

    week: tuple[Spans, ...]
    holiday: Spans
    workday: Spans
    holidays: frozenset[date]
    workdays: frozenset[date]

    def allow(self, at: datetime) -> bool:
        """Whether it may at a local time."""
        day = at.date()
        if day in self.holidays:
            spans = self.holiday
        else:
            spans = self.workday if day in self.workdays and day.weekday() > _FRIDAY else self.week[day.weekday()]
        return any(begins <= at.strftime("%H:%M") < ends for begins, ends in spans)


@dataclass(frozen=True, slots=True)
class Ground:
    """The campus file, its rules, and what it says of panels. `zones` and `hours`: by target and door."""

    text: str
    rules: str
    wires: tuple[Wire, ...]
    zones: Mapping[tuple[str, int], tuple[str, ...]]
    hours: Mapping[tuple[str, int], Hours]

    def address(self, target: str) -> Address:
        """Where a panel answers."""
        host, _, port = next(wire.address for wire in self.wires if wire.id == target).rpartition(":")
        return host, int(port)


def ground(file: Path = FILE) -> Ground:
    """A campus of the simulation."""
    text = file.read_text("utf-8")
    document = read(text, file.name)
    zones = {
        (target["id"], door["number"]): tuple(f"zone:{name}" for name in door["zones"])
        for target in document.value["targets"]
        for door in target["settings"]["doors"]
    }
    schedules = {one["id"]: _hours(one, document.value["calendar"]) for one in document.value["schedules"]}
    hours = {
        (target["id"], door["number"]): schedules[door["schedule"]]
        for target in document.value["targets"]
        for door in target["settings"]["doors"]
        if "schedule" in door
    }
    return Ground(text, RULES.read_text("utf-8"), wires(document), zones, hours)


def _hours(told: Mapping[str, Any], calendar: Mapping[str, Any]) -> Hours:
    lines = told["hours"]
    week = tuple(tuple(_span(text) for line in lines if day in line["days"] for text in line["spans"]) for day in _DAYS)
    holidays, workdays = (frozenset(date.fromisoformat(str(day)) for day in calendar[name]) for name in _ODD)
    return Hours(week, tuple(map(_span, told["holiday"])), tuple(map(_span, told["workday"])), holidays, workdays)


def _span(text: str) -> tuple[str, str]:
    begins, _, ends = text.partition("-")
    return begins, ends
