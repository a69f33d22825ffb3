"""Who is offered which flat: points order decides who, and only within ties the commute decides which. So nobody is
passed over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isqrt
from operator import attrgetter
from typing import TYPE_CHECKING

from provisioning.campus.file import Campus
from provisioning.space.nearness import nearest

if TYPE_CHECKING:
    from provisioning.campus.file import Building


@dataclass(frozen=True, slots=True)
class Applicant:
    """One who waits for a flat; `standing` is (lapses, points), alike for those who tie; `work` are the buildings, by id,
    where they work or may."""

    id: str
    standing: tuple[int, int]
    work: tuple[str, ...]


class Distances:
    """Metres between the buildings of a campus, as the crow flies."""

    def __init__(self, campus: Campus) -> None:
        self._buildings: Mapping[str, Building] = {one.id: one for site in campus.sites for one in site.buildings}

    def metres(self, home: str, work: Sequence[str]) -> int:
        """From a building to those where one works, on average; 0 where the file does not say where they stand."""
        known = [one for place in work if (one := self._between(home, place)) is not None]
        return sum(known) // len(known) if known else 0

    def _between(self, one: str, other: str) -> int | None:
        here, there = self._buildings[one].at, self._buildings[other].at
        if here is None or there is None:
            return None
        return isqrt((here[0] - there[0]) ** 2 + (here[1] - there[1]) ** 2)


def offers(queue: Sequence[Applicant], flats: Sequence[str], campus: Campus) -> list[tuple[str, str]]:
    """(applicant, flat) for the first of the queue, as many as there are flats. `queue` is in its order. Of those who
    tie the first come first; which flats they are given, keeps the sum of their ways least."""
    distances = Distances(campus)
    free, found = list(flats), list[tuple[str, str]]()
    for _, tied in groupby(queue, key=attrgetter("standing")):
        group = list(tied)[: len(free)]
        if not group:
            break
        given = _least_way(group, free, campus, distances)
        found += zip((one.id for one in group), given, strict=True)
        free = [flat for flat in free if flat not in set(given)]
    return found


def _least_way(group: Sequence[Applicant], free: Sequence[str], campus: Campus, distances: Distances) -> list[str]:
    import numpy as np

    ways: dict[tuple[str, tuple[str, ...]], int] = {}
    for home in dict.fromkeys(campus.flats[flat].building for flat in free):
        for work in dict.fromkeys(one.work for one in group):
            ways[home, work] = distances.metres(home, work)
    homes = [campus.flats[flat].building for flat in free]
    costs = np.array([[ways[home, one.work] for home in homes] for one in group], np.float64)
    return [free[column] for column in nearest(costs).tolist()]
