"""The shape of a campus file: which keys stand where, and of what kind. Settings of targets are their connectors' affair."""

import re
from collections.abc import Iterable
from datetime import date
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from policies.calendar import Span, Spans, joined

NAME_CHARS_MAX = 100
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
# Metres from the campus's origin: a point further off is a slip of the pen.
METRES_MAX = 100_000
FLOOR_MIN, FLOOR_MAX = -10, 200
OFFICE_SEATS_MAX = 500
BLOCK_FLATS_MAX = 500
HELD_ARRIVALS_MAX = 1_000_000
OFFER_DAYS_MAX = 90
SCHEDULES_MAX = 60
SPANS_MAX = 12
SPAN_MINUTES_MIN = 2
"""A panel takes a span of its first minute alone for none at all."""


def _told(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("blank", "blank")
    return text


def _hours(text: str) -> str:
    spans_of([text])
    return text


def spans_of(told: Iterable[str]) -> Spans:
    """Hours as they are written in the file, as spans of minutes. Raises ValueError."""
    return joined(map(_span, told))


def _span(text: str) -> Span:
    begins, dash, ends = text.partition("-")
    span = (_minute(begins), _minute(ends)) if dash else (0, 0)
    if span[1] - span[0] < SPAN_MINUTES_MIN:
        raise PydanticCustomError("hours", "hours")
    return span


def _minute(text: str) -> int:
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", text) is None:
        raise PydanticCustomError("hours", "hours")
    return int(text[:2]) * 60 + int(text[3:])


def _address(text: str) -> str:
    host, _, port = text.partition(":")
    try:
        fits = not IPv4Address(host).is_unspecified and port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535
    except ValueError:
        fits = False
    if not fits:
        raise PydanticCustomError("address", "address")
    return text


Address = Annotated[str, AfterValidator(_address)]
Hours = Annotated[str, AfterValidator(_hours)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Id = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, Field(max_length=NAME_CHARS_MAX), AfterValidator(_told)]
Metres = Annotated[int, Field(ge=-METRES_MAX, le=METRES_MAX)]


class _Part(BaseModel):
    """Strict: `false` is no number here, and a key that is not known is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class NameShape(_Part):
    """A name in both languages."""

    zh: Text
    en: Text


class BuildingShape(_Part):
    """A building of a site."""

    id: Id
    name: NameShape
    at: Annotated[list[Metres], Field(min_length=2, max_length=2)] | None = None
    listener: Address | None = None


class SiteShape(_Part):
    """A site: buildings within one fence. `listener`: where its gateway hears passages, of those of its buildings that say
    nothing else."""

    id: Id
    name: NameShape
    listener: Address | None = None
    buildings: list[BuildingShape]


class DepartmentShape(_Part):
    """A department, below another or at the top."""

    id: Id
    name: NameShape
    parent: Id | None = None


class AreaShape(_Part):
    """An office area (办公区): where a stay works."""

    id: Id
    name: NameShape


class ZoneShape(_Part):
    """A named set of doors."""

    id: Id
    name: NameShape


class CalendarShape(_Part):
    """Days that differ from Monday to Friday worked and the weekend off."""

    holidays: list[date] = []
    workdays: list[date] = []


class EmulateShape(_Part):
    """Where an emulated target listens for its rehearsals, and how it is made; its bounds are its emulator's affair."""

    control: str | None = None
    version: Literal["8.92", "6.62"] | None = None
    events_max: int | None = None
    events_chunk: int | None = None
    held_open_s: int | None = None
    card_bits: int | None = None


class TargetShape(_Part):
    """One target; what its settings may say, its connector knows."""

    id: Id
    kind: str
    name: NameShape
    building: Id
    settings: dict[str, Any]
    emulate: EmulateShape | None = None


class OfficeShape(_Part):
    """An office: a room of so many seats, of a department or of none, behind a zone's doors or behind none."""

    id: Id
    name: NameShape
    building: Id
    floor: Annotated[int, Field(ge=FLOOR_MIN, le=FLOOR_MAX)]
    area: Id
    department: Id | None = None
    zone: Id | None = None
    seats: Annotated[int, Field(ge=1, le=OFFICE_SEATS_MAX)]


class BlockShape(_Part):
    """A block: flats of one tier behind one door, such as those of a staircase."""

    id: Id
    name: NameShape
    building: Id
    tier: Id
    zone: Id | None = None
    flats: Annotated[list[Id], Field(min_length=1, max_length=BLOCK_FLATS_MAX)]


class HoldsShape(_Part):
    """From which size on a change of mind waits for a second person; counted over 24 hours."""

    arrivals_max: Annotated[int, Field(ge=0, le=HELD_ARRIVALS_MAX)] = 200
    losses_percent_max: Annotated[int, Field(ge=0, le=100)] = 20
    losses_min: Annotated[int, Field(ge=0, le=HELD_ARRIVALS_MAX)] = 20


class OffersShape(_Part):
    """How long a flat that is offered waits for an answer."""

    days: Annotated[int, Field(ge=1, le=OFFER_DAYS_MAX)] = 7


class PassagesShape(_Part):
    """Where the hub's own gateway hears passages: "IP:PORT" of its machine, as panels reach it."""

    listen: Address | None = None


class HoursShape(_Part):
    """From when to when, on some weekdays: `"08:00-18:00"`; what ends at 24:00 ends with the day."""

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    spans: Annotated[list[Hours], Field(min_length=1, max_length=SPANS_MAX)]


class ScheduleShape(_Part):
    """When doors may be open. A day that no line names has no hours; a weekend day that is worked goes by Monday's where
    `workday` is not told, and on a holiday there are none where `holiday` is not."""

    id: Id
    name: NameShape
    hours: Annotated[list[HoursShape], Field(max_length=7)]
    holiday: Annotated[list[Hours], Field(max_length=SPANS_MAX)] = []
    workday: Annotated[list[Hours], Field(max_length=SPANS_MAX)] | None = None


class CampusShape(_Part):
    """The whole file."""

    campus: Id
    name: NameShape
    time_zone: str
    calendar: CalendarShape = CalendarShape()
    schedules: Annotated[list[ScheduleShape], Field(max_length=SCHEDULES_MAX)] = []
    sites: Annotated[list[SiteShape], Field(min_length=1)]
    departments: Annotated[list[DepartmentShape], Field(min_length=1)]
    areas: Annotated[list[AreaShape], Field(min_length=1)]
    zones: list[ZoneShape]
    targets: list[TargetShape]
    offices: list[OfficeShape] = []
    blocks: list[BlockShape] = []
    holds: HoldsShape = HoldsShape()
    offers: OffersShape = OffersShape()
    passages: PassagesShape = PassagesShape()
