"""Who is inside, by the last that doors told of each: a stack of places for each person, entered and left.

Whoever comes in at a door is in its zones, and in all that they entered before on the same site. Whoever leaves by a door
has left those zones and all that they entered since. Nobody is on two sites at once. Where a door has no reader on the way
out, nobody is seen leaving it: the muster counts rather too many than too few, since it is asked for when it burns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from provisioning.campus.file import Campus
from provisioning.nouns.passages import Step


@dataclass(frozen=True, slots=True)
class Place:
    """Where a door is: its site, and the zones that one enters by it."""

    site: str
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Inside:
    """The door by which somebody came in, and when; they have not been seen leaving since."""

    door: str
    at: datetime


def places(campus: Campus) -> dict[str, Place]:
    """Where every door is, by its id."""
    sites = {building.id: site.id for site in campus.sites for building in site.buildings}
    return {
        door.id: Place(sites.get(target.building, ""), frozenset(door.zones))
        for target in campus.targets
        for door in target.doors
    }


def inside(steps: Iterable[Step], places: Mapping[str, Place]) -> dict[str, tuple[Inside, ...]]:
    """Where each person is, from the outermost place inwards; nobody who is nowhere. `steps` in the order of time."""
    found: dict[str, list[Inside]] = {}
    for step in steps:
        place = places.get(step.door)
        if place is None:
            continue
        stack = found.setdefault(step.person, [])
        _leave(stack, place, places)
        if step.inside:
            stack[:] = [one for one in stack if places[one.door].site == place.site]
            stack.append(Inside(step.door, step.at))
    return {person: tuple(stack) for person, stack in found.items() if stack}


def blind(steps: Iterable[Step]) -> set[str]:
    """The doors at which somebody was let in and nobody was seen leaving."""
    entered: set[str] = set()
    left: set[str] = set()
    for step in steps:
        (entered if step.inside else left).add(step.door)
    return entered - left


def _leave(stack: list[Inside], place: Place, places: Mapping[str, Place]) -> None:
    """Leave the place, and all that was entered since; also on the way in again, for then nobody saw them leave."""
    for depth, one in enumerate(stack):
        its = places[one.door]
        if its.site == place.site and its.zones & place.zones:
            del stack[depth:]
            return
