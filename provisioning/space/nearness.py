"""How far a seat is from where somebody belongs, as whole numbers: first the office's department against theirs, then
their area, then the building where their department's people sit, then the floor. What comes first outweighs all that
comes after it, for a whole batch taken together. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from provisioning.campus.checks import DEPARTMENT_DEPTH_MAX
from provisioning.campus.file import Campus
from provisioning.campus.shape import FLOOR_MAX, FLOOR_MIN

if TYPE_CHECKING:
    import numpy as np

    Costs = np.ndarray[tuple[int, int], np.dtype[np.int64]]
    Row = np.ndarray[tuple[int], np.dtype[np.int64]]

BATCH_MAX = 2_000
"""People of one assignment. The heaviest weight times the largest measure stays below 2^53, so a double holds it."""

# Kin are nearer than nobody, and nobody is nearer than strangers.
NOBODYS = 2 * DEPARTMENT_DEPTH_MAX + 1
STRANGERS = NOBODYS + 1
FLOORS = FLOOR_MAX - FLOOR_MIN + 1

# Each weight outweighs the worst that a whole batch can add up of all that comes after it.
FLOOR_WEIGHT = 1
BUILDING_WEIGHT = FLOORS * BATCH_MAX + 1
AREA_WEIGHT = BUILDING_WEIGHT * (BATCH_MAX + 1)
DEPARTMENT_WEIGHT = AREA_WEIGHT * (BATCH_MAX + 1)

Home = tuple[str, str]
"""A department and an area: whoever has the same is as near to every seat."""


class Nearness:
    """The offices of one campus. What does not depend on who sits where is worked out once."""

    def __init__(self, campus: Campus) -> None:
        import numpy as np

        self._campus = campus
        offices = tuple(campus.offices.values())
        self._place = {office.id: place for place, office in enumerate(offices)}
        self._of_seat = {seat: self._place[office.id] for seat, office in campus.seats.items()}
        numbered = {name: number for number, name in enumerate(dict.fromkeys(office.building for office in offices))}
        on = [(numbered[office.building], office.floor) for office in offices]
        storeys = {one: place for place, one in enumerate(dict.fromkeys(on))}
        self._storey = [storeys[one] for one in on]
        self._storeys = np.array(list(storeys), np.int64).reshape(-1, 2)
        self._of_office = np.array(self._storey, np.int64)
        self._departments = [office.department for office in offices]
        self._areas = np.array([office.area for office in offices], object)
        self._fixed: dict[Home, Row] = {}

    def costs(self, homes: Sequence[Home], vacant: Sequence[str], seated: Iterable[tuple[str, str]]) -> Costs:
        """What each of these vacant seats costs for each of these homes: homes × seats.

        `seated` are (seat, department of who sits there). Where a department's people sit nowhere yet, its own offices
        say where they belong.
        """
        import numpy as np

        where = self._where(seated)
        moving = {one: self._moving(one, where.get(one, ())) for one in dict.fromkeys(home[0] for home in homes)}
        columns = np.fromiter((self._of_seat[seat] for seat in vacant), np.int64, len(vacant))
        rows = {home: (self._standing(home) + moving[home[0]])[columns] for home in dict.fromkeys(homes)}
        return np.stack([rows[home] for home in homes]) if homes else np.empty((0, len(vacant)), np.int64)

    def _where(self, seated: Iterable[tuple[str, str]]) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for seat, department in seated:
            place = self._of_seat.get(seat)
            if place is not None:
                found[department].add(place)
        return found

    def _standing(self, home: Home) -> Row:
        fixed = self._fixed.get(home)
        if fixed is None:
            fixed = self._fixed[home] = self._worked_out(home)
        return fixed

    def _worked_out(self, home: Home) -> Row:
        import numpy as np

        department, area = home
        apart = {other: self._apart(department, other) for other in dict.fromkeys(self._departments)}
        levels = np.array([apart[other] for other in self._departments], np.int64)
        return levels * DEPARTMENT_WEIGHT + (self._areas != area) * AREA_WEIGHT

    def _moving(self, department: str, places: Iterable[int]) -> Row | int:
        """What building and floor add, where a department's people are in these offices."""
        import numpy as np

        own = sorted(places) or [at for at, owner in enumerate(self._departments) if owner == department]
        if not own:
            return 0
        theirs = self._storeys[sorted({self._storey[at] for at in own})]
        elsewhere = self._storeys[:, None, 0] != theirs[None, :, 0]
        apart = np.abs(self._storeys[:, None, 1] - theirs[None, :, 1])
        return (elsewhere * BUILDING_WEIGHT + apart * FLOOR_WEIGHT).min(axis=1)[self._of_office]

    def _apart(self, one: str, other: str | None) -> int:
        """Steps in the tree of departments from one to the other, by the nearest that is above both."""
        if other is None:
            return NOBODYS
        up = {department: steps for steps, department in enumerate(self._campus.lineage(one))}
        meeting = (
            steps + up[department] for steps, department in enumerate(self._campus.lineage(other)) if department in up
        )
        return next(meeting, STRANGERS)


def nearest(costs: Costs) -> list[int]:
    """For each row the column that it is given, so that all together cost least. No more rows than columns."""
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(costs)
    return [int(column) for column in columns]
