"""The shape of a campus file: which keys stand where, and of what kind. Settings of targets are their connectors' affair."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

NAME_CHARS_MAX = 100
ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"


def _told(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("blank", "blank")
    return text


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, Field(max_length=NAME_CHARS_MAX), AfterValidator(_told)]


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
