"""The campus in force, and another file for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.previews import PreviewShape, shown_to
from provisioning.api.problems import responses
from provisioning.api.rules import Yaml, as_text
from provisioning.api.shapes import DryRun, Shape
from provisioning.campus.file import Campus

router = APIRouter(tags=["campus"], responses=responses(401, 403, 422))


class DoorShape(Shape):
    """A door of a target."""

    id: str
    number: int
    name: dict[str, str]
    zones: list[str]


class CampusTargetShape(Shape):
    """A target as the campus file has it."""

    id: str
    kind: str
    name: dict[str, str]
    building: str
    doors: list[DoorShape]


class NamedShape(Shape):
    """Something with an id and a name."""

    id: str
    name: dict[str, str]


class CampusShape(Shape):
    """The campus in force."""

    id: str
    name: dict[str, str]
    time_zone: str
    sites: list[NamedShape]
    departments: list[NamedShape]
    areas: list[NamedShape]
    zones: list[NamedShape]
    targets: list[CampusTargetShape]
    text: str = Field(description="The YAML as it was applied")


class ChangeShape(Shape):
    """One thing that is added, removed or changed."""

    what: str
    verb: str = Field(description="added, removed or changed")
    id: str
    sentence: str


class CampusChangeShape(Shape):
    """What another file changes."""

    dry_run: bool
    version: int | None
    changes: list[ChangeShape]
    preview: PreviewShape
    waits: bool = Field(
        description="Whether it is so large, or loosens what is held back, that it waits for a second person"
    )
    hold: str | None = Field(description="The hold as which it waits")


@router.get("/campus", summary="Show the campus", responses=responses(409), dependencies=[may("campus.read")])
def show(rooms: House) -> CampusShape:
    """The campus in force, and its text."""
    with rooms.store.reading() as tx:
        campus, text = rooms.campuses.current(tx), rooms.campuses.text(tx)
    return _shape(campus, text or "")


@router.post("/campus", summary="Apply a campus file, or preview it", responses=responses(400, 409, 413, 422))
def apply(
    rooms: House,
    asker: Annotated[Asker, may("campus.apply")],
    text: Yaml,
    name: Annotated[str, Query(description="What to call the file in sentences", max_length=200)] = "campus.yaml",
    *,
    dry_run: DryRun = False,
) -> CampusChangeShape:
    """A file that does not check is refused whole, by line and column. What is too large waits for a second person; else
    everybody is looked at again afterwards."""
    told = as_text(text)
    if dry_run:
        with rooms.store.reading() as tx:
            proposed = rooms.proposals.preview_campus(tx, told, name)
    else:
        with rooms.store.writing() as tx:
            proposed = rooms.proposals.campus(tx, told, name, asker.actor)
    changes = [
        ChangeShape(what=each.what, verb=each.verb.value, id=each.id, sentence=each.sentence(asker.language))
        for each in proposed.change.changes
    ]
    return CampusChangeShape(
        dry_run=dry_run,
        version=proposed.change.version,
        changes=changes,
        preview=shown_to(asker, proposed.preview),
        waits=proposed.waits,
        hold=proposed.hold.id if proposed.hold else None,
    )


def _shape(campus: Campus, text: str) -> CampusShape:
    return CampusShape(
        id=campus.id,
        name=dict(campus.name),
        time_zone=campus.zone.key,
        sites=[NamedShape.of(each) for each in campus.sites],
        departments=[NamedShape.of(each) for each in campus.departments.values()],
        areas=[NamedShape.of(each) for each in campus.areas.values()],
        zones=[NamedShape.of(each) for each in campus.zones.values()],
        targets=[CampusTargetShape.of(each) for each in campus.targets],
        text=text,
    )
