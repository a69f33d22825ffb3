"""The shape of a campus file: which keys stand where, and of what kind. Settings of targets are their connectors' affair."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

NAME_CHARS_MAX = 100
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
# Metres from the campus's origin: a point further off is a slip of the pen.
METRES_MAX = 100_000
FLOOR_MIN, FLOOR_MAX = -10, 200
OFFICE_SEATS_MAX = 500
BLOCK_FLATS_MAX = 500
HELD_ARRIVALS_MAX = 1_000_000
OFFER_DAYS_MAX = 90


def _told(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("blank", "blank")
    return text


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


class SiteShape(_Part):
    """A site: buildings within one fence."""

    id: Id
    name: NameShape
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
    """Where an emulated target listens for its rehearsals."""

    control: str | None = None


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


class CampusShape(_Part):
    """The whole file."""

    campus: Id
    name: NameShape
    time_zone: str
    calendar: CalendarShape = CalendarShape()
    sites: Annotated[list[SiteShape], Field(min_length=1)]
    departments: Annotated[list[DepartmentShape], Field(min_length=1)]
    areas: Annotated[list[AreaShape], Field(min_length=1)]
    zones: list[ZoneShape]
    targets: list[TargetShape]
    offices: list[OfficeShape] = []
    blocks: list[BlockShape] = []
    holds: HoldsShape = HoldsShape()
    offers: OffersShape = OffersShape()
