"""The campus as data: what a checked campus file says, in values that every room may read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Json
from devices.campus import CampusError, Problem, read
from policies.calendar import Calendar, Spans
from provisioning.campus.checks import problems_of
from provisioning.campus.shape import (
    WEEKDAYS,
    BlockShape,
    BuildingShape,
    CampusShape,
    DepartmentShape,
    NameShape,
    OfficeShape,
    ScheduleShape,
    SiteShape,
    TargetShape,
    spans_of,
)
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, joined, say

FAULTS_SHOWN_MAX = 50
FOLDED_MAX = 4_096
"""Names that are remembered as they are compared: each row of a sheet is compared with every department's."""


class CampusFaults(Refusal):
    """The campus file {name} has {count} faults; nothing of it was taken. Correct them and send it again."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(name=name, count=len(problems))

    def sentence(self, language: Language) -> str:
        """The refusal, and below it a line for each fault: line, column, what is wrong, and its cure."""
        shown = [_line(problem, language) for problem in self.problems[:FAULTS_SHOWN_MAX]]
        rest = [] if len(self.problems) <= FAULTS_SHOWN_MAX else ["…"]
        return "\n".join([say(self.template(), language, self.fields), *shown, *rest])


@dataclass(frozen=True, slots=True)
class Building:
    """A building; `at` its metres east and north of the campus's origin, and `listener` where its panels tell of passages;
    None where the file does not say."""

    id: str
    name: Mapping[str, str]
    at: tuple[int, int] | None
    listener: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Buildings within one fence; `listener` where the panels of those tell of passages that name none themselves."""

    id: str
    name: Mapping[str, str]
    buildings: tuple[Building, ...]
    listener: str | None = None


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `parent` None at the top."""

    id: str
    name: Mapping[str, str]
    parent: str | None


@dataclass(frozen=True, slots=True)
class Area:
    """An office area (办公区): where a stay works."""

    id: str
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Zone:
    """A named set of doors."""

    id: str
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Door:
    """A door of a target, by the number that the target gives it."""

    id: str
    number: int
    name: Mapping[str, str]
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target as the file has it; `settings` are its connector's."""

    id: str
    kind: str
    name: Mapping[str, str]
    building: str
    settings: Mapping[str, Json]
    doors: tuple[Door, ...]


@dataclass(frozen=True, slots=True)
class Office:
    """An office and the ids of its seats; `department` and `zone` None where it has none."""

    id: str
    name: Mapping[str, str]
    building: str
    floor: int
    area: str
    department: str | None
    zone: str | None
    seats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Flats of one tier behind one door; `zone` None where none of ours is before them."""

    id: str
    name: Mapping[str, str]
    building: str
    tier: str
    zone: str | None
    flats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When doors may be open: for each weekday, Monday first; on holidays; and on weekend days that are worked."""

    id: str
    name: Mapping[str, str]
    week: tuple[Spans, ...]
    holiday: Spans
    workday: Spans


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """From which size on a change of mind waits for a second person, counted over 24 hours: more than `arrivals_max`
    people gain, or more than `losses_percent_max` percent of all people, and more than `losses_min`, lose."""

    arrivals_max: int
    losses_percent_max: int
    losses_min: int


@dataclass(frozen=True, slots=True)
class Campus:
    """A whole campus. `seats` and `flats` lead from a unit's id to its office or block; `offer_days` is how long the
    offer of a flat waits for an answer; `listener` "IP:PORT", where the hub's own gateway hears passages, None: nowhere;
    `listeners` where targets tell of them instead whose site or building names a place of its own, by target."""

    id: str
    name: Mapping[str, str]
    zone: ZoneInfo
    calendar: Calendar
    sites: tuple[Site, ...]
    departments: Mapping[str, Department]
    areas: Mapping[str, Area]
    zones: Mapping[str, Zone]
    targets: tuple[TargetSpec, ...]
    offices: Mapping[str, Office]
    blocks: Mapping[str, Block]
    seats: Mapping[str, Office]
    flats: Mapping[str, Block]
    hold_limits: HoldLimits
    offer_days: int
    schedules: Mapping[str, Schedule]
    listener: str | None = None
    listeners: Mapping[str, str] = field(default_factory=dict)

    def department(self, word: str) -> str | None:
        """The id of the department of this id or name, in either language."""
        return _named(word, self.departments)

    def area(self, word: str) -> str | None:
        """The id of the office area of this id or name, in either language."""
        return _named(word, self.areas)

    def lineage(self, department: str) -> tuple[str, ...]:
        """The department and all above it, itself first; alone where the file has it no more."""
        above = [department]
        while (one := self.departments.get(above[-1])) is not None and one.parent is not None:
            above.append(one.parent)
        return tuple(above)


def read_campus(text: str, name: str) -> Campus:
    """The campus of a file's text. Raises `CampusFaults` with every fault in it."""
    try:
        document = read(text, name)
    except CampusError as error:
        raise CampusFaults(name, error.problems) from error
    problems = problems_of(document)
    if problems:
        raise CampusFaults(name, tuple(problems))
    shape = CampusShape.model_validate(document.value)
    offices, blocks = tuple(map(_office, shape.offices)), tuple(map(_block, shape.blocks))
    holds, sites = shape.holds, tuple(map(_site, shape.sites))
    return Campus(
        id=shape.campus,
        name=_name(shape.name),
        zone=ZoneInfo(shape.time_zone),
        calendar=Calendar(frozenset(shape.calendar.holidays), frozenset(shape.calendar.workdays)),
        sites=sites,
        departments={one.id: _department(one) for one in shape.departments},
        areas={one.id: Area(one.id, _name(one.name)) for one in shape.areas},
        zones={one.id: Zone(one.id, _name(one.name)) for one in shape.zones},
        targets=tuple(_target(target) for target in shape.targets),
        offices={one.id: one for one in offices},
        blocks={one.id: one for one in blocks},
        seats={seat: one for one in offices for seat in one.seats},
        flats={flat: one for one in blocks for flat in one.flats},
        hold_limits=HoldLimits(holds.arrivals_max, holds.losses_percent_max, holds.losses_min),
        offer_days=shape.offers.days,
        schedules={one.id: _schedule(one) for one in shape.schedules},
        listener=shape.passages.listen,
        listeners=_listeners(sites, shape.targets),
    )


def _named(word: str, things: Mapping[str, Department] | Mapping[str, Area]) -> str | None:
    told = _folded(word)
    if told in things:
        return told
    return next((one.id for one in things.values() if told in map(_folded, one.name.values())), None)


@lru_cache(FOLDED_MAX)
def _folded(word: str) -> str:
    """Full-width and narrow letters are one, and blanks around a name say nothing."""
    return " ".join(unicodedata.normalize("NFKC", word).split())


def _name(shape: NameShape) -> Mapping[str, str]:
    return {"zh": shape.zh, "en": shape.en}


def _site(shape: SiteShape) -> Site:
    return Site(shape.id, _name(shape.name), tuple(map(_building, shape.buildings)), shape.listener)


def _building(shape: BuildingShape) -> Building:
    at = None if shape.at is None else (shape.at[0], shape.at[1])
    return Building(shape.id, _name(shape.name), at, shape.listener)


def _listeners(sites: Iterable[Site], targets: Iterable[TargetShape]) -> Mapping[str, str]:
    of = {building.id: building.listener or site.listener for site in sites for building in site.buildings}
    return {each.id: listener for each in targets if (listener := of.get(each.building)) is not None}


def _office(shape: OfficeShape) -> Office:
    seats = tuple(f"{shape.id}-{number:02d}" for number in range(1, shape.seats + 1))
    its = (shape.building, shape.floor, shape.area, shape.department, shape.zone)
    return Office(shape.id, _name(shape.name), *its, seats)


def _block(shape: BlockShape) -> Block:
    return Block(shape.id, _name(shape.name), shape.building, shape.tier, shape.zone, tuple(shape.flats))


def _department(shape: DepartmentShape) -> Department:
    return Department(shape.id, _name(shape.name), shape.parent)


def _schedule(shape: ScheduleShape) -> Schedule:
    told: dict[str, list[str]] = {day: [] for day in WEEKDAYS}
    for line in shape.hours:
        for day in line.days:
            told[day] += line.spans
    week = tuple(spans_of(told[day]) for day in WEEKDAYS)
    workday = week[0] if shape.workday is None else spans_of(shape.workday)
    return Schedule(shape.id, _name(shape.name), week, spans_of(shape.holiday), workday)


def _target(shape: TargetShape) -> TargetSpec:
    doors = tuple(_door(door) for door in shape.settings.get("doors", ()))
    return TargetSpec(shape.id, shape.kind, _name(shape.name), shape.building, shape.settings, doors)


def _door(told: Mapping[str, Any]) -> Door:
    return Door(told["id"], told["number"], dict(told["name"]), tuple(told["zones"]))


def _line(problem: Problem, language: Language) -> str:
    told = dict(problem.fields)
    sentences = joined((say(each, language, told) for each in (problem.says, problem.cure)), language)
    return f"{problem.line}:{problem.column}: {sentences}"
