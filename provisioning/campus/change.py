"""What differs between two readings of a campus file, thing by thing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provisioning.campus.file import Campus, TargetSpec
from provisioning.nouns.words import Language, listed, say


class Verb(StrEnum):
    """What happens to a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


SENTENCES: Mapping[Verb, str] = {
    Verb.ADDED: "The {what} {id} ({name}) is added.",
    Verb.REMOVED: "The {what} {id} ({name}) is removed.",
    Verb.CHANGED: "The {what} {id} ({name}) changes: {fields}.",
}
WHATS = (
    "campus",
    "site",
    "building",
    "department",
    "office area",
    "zone",
    "schedule",
    "office",
    "block of flats",
    "target",
    "door",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is added, removed or changed; `fields` names what changes of it."""

    what: str
    verb: Verb
    id: str
    name: Mapping[str, str]
    fields: tuple[str, ...] = ()

    def sentence(self, language: Language) -> str:
        """The change in words."""
        told = {"what": say(self.what, language), "id": self.id, "name": self.name[language]}
        return say(SENTENCES[self.verb], language, told | {"fields": listed(self.fields, language)})


@dataclass(frozen=True, slots=True)
class CampusChange:
    """All that a campus file would change, or has changed. `version` None while it is only a preview."""

    campus: str
    changes: tuple[Change, ...]
    version: int | None = None

    @property
    def nothing(self) -> bool:
        """Whether it changes nothing at all."""
        return not self.changes

    def ids(self, what: str, verb: Verb) -> tuple[str, ...]:
        """The ids of the things of a kind to which that happens."""
        return tuple(one.id for one in self.changes if one.what == what and one.verb is verb)


def difference(before: Campus | None, after: Campus) -> tuple[Change, ...]:
    """What comes, goes and changes, kind by kind in the order of `WHATS`."""
    old = {} if before is None else dict(_things(before))
    new = dict(_things(after))
    every = sorted(dict.fromkeys([*old, *new]), key=lambda key: WHATS.index(key[0]))
    return tuple(change for key in every if (change := _change(key, old.get(key), new.get(key))) is not None)


def _change(key: tuple[str, str], old: dict[str, Any] | None, new: dict[str, Any] | None) -> Change | None:
    what, at = key
    if old is None and new is not None:
        return Change(what, Verb.ADDED, at, new["name"])
    if new is None and old is not None:
        return Change(what, Verb.REMOVED, at, old["name"])
    if old is None or new is None or old == new:
        return None
    fields = tuple(name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name))
    return Change(what, Verb.CHANGED, at, new["name"], fields)


def _things(campus: Campus) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Everything that has an id, with what the file says of it and no more."""
    calendar, limits = campus.calendar, campus.hold_limits
    yield (
        ("campus", campus.id),
        {
            "name": campus.name,
            "time_zone": campus.zone.key,
            "holidays": calendar.holidays,
            "workdays": calendar.workdays,
            "holds": limits,
            "offers": campus.offer_days,
            "passages": campus.listener,
        },
    )
    for site in campus.sites:
        yield ("site", site.id), {"name": site.name, "listener": site.listener}
        for building in site.buildings:
            told = {"name": building.name, "site": site.id, "at": building.at, "listener": building.listener}
            yield ("building", building.id), told
    for department in campus.departments.values():
        yield ("department", department.id), {"name": department.name, "parent": department.parent}
    for area in campus.areas.values():
        yield ("office area", area.id), {"name": area.name}
    for zone in campus.zones.values():
        yield ("zone", zone.id), {"name": zone.name}
    for schedule in campus.schedules.values():
        hours = {"hours": schedule.week, "holiday": schedule.holiday, "workday": schedule.workday}
        yield ("schedule", schedule.id), {"name": schedule.name, **hours}
    for office in campus.offices.values():
        told = {"name": office.name, "building": office.building, "floor": office.floor, "area": office.area}
        its = {"department": office.department, "zone": office.zone, "seats": len(office.seats)}
        yield ("office", office.id), told | its
    for block in campus.blocks.values():
        told = {"name": block.name, "building": block.building, "tier": block.tier}
        yield ("block of flats", block.id), told | {"zone": block.zone, "flats": block.flats}
    for target in campus.targets:
        yield from _things_of(target)


def _things_of(target: TargetSpec) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    own = {name: value for name, value in target.settings.items() if name != "doors"}
    yield ("target", target.id), {"kind": target.kind, "name": target.name, "building": target.building, **own}
    settings: Any = target.settings.get("doors", ())
    for door, said in zip(target.doors, settings, strict=True):
        told = {"name": door.name, "number": door.number, "zones": door.zones, "target": target.id}
        # How a door is set is its connector's affair; that it changes is everybody's.
        yield ("door", door.id), told | {name: value for name, value in said.items() if name not in ("id", *told)}
