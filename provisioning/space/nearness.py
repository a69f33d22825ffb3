"""How far a seat is from where somebody belongs, as whole numbers: first the office's department against theirs, then
their area, then the building where their department's people sit, then the floor. What comes first outweighs all that
comes after it, for a whole batch taken together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from provisioning.campus.checks import DEPARTMENT_DEPTH_MAX
from provisioning.campus.file import Campus
from provisioning.campus.shape import FLOOR_MAX, FLOOR_MIN

if TYPE_CHECKING:
    import numpy as np

    Costs = np.ndarray[tuple[int, int], np.dtype[np.float64]]
    Row = np.ndarray[tuple[int], np.dtype[np.float64]]
    Places = np.ndarray[tuple[int], np.dtype[np.intp]]
    Marks = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

BATCH_MAX = 2_000
"""People of one assignment. The heaviest weight times the largest measure stays below 2^53, so a double holds it."""

# Kin are nearer than nobody, and nobody is nearer than strangers.
NOBODYS = 2 * DEPARTMENT_DEPTH_MAX + 1
STRANGERS = NOBODYS + 1
FLOORS = FLOOR_MAX - FLOOR_MIN + 1
FAR = 8_192
"""A floor from which none is near: above FLOORS, and twice it still fits sixteen bits."""

# Each weight outweighs the worst that a whole batch can add up of all that comes after it.
FLOOR_WEIGHT = 1
BUILDING_WEIGHT = FLOORS * BATCH_MAX + 1
AREA_WEIGHT = BUILDING_WEIGHT * (BATCH_MAX + 1)
DEPARTMENT_WEIGHT = AREA_WEIGHT * (BATCH_MAX + 1)

Home = tuple[str, str]
"""A department and an area: whoever has the same is as near to every seat."""


class _Places(dict[str, int]):
    """Seats' places; -1 for whatever has none."""

    def __missing__(self, seat: str) -> int:
        return -1


class Nearness:
    """The seats of one campus, each known by its place in the campus file. What does not depend on who sits where is
    worked out once."""

    def __init__(self, campus: Campus) -> None:
        import numpy as np

        self._campus = campus
        self._seats = tuple(campus.seats)
        self._of_seat = _Places((seat, place) for place, seat in enumerate(self._seats))
        offices = tuple(campus.offices.values())
        places = {office.id: place for place, office in enumerate(offices)}
        self._office = np.array([places[office.id] for office in campus.seats.values()], np.intp)
        areas = [office.area for office in offices]
        self._owners = [office.department for office in offices]
        classes = {one: place for place, one in enumerate(dict.fromkeys(zip(self._owners, areas, strict=True)))}
        self._classes = tuple(classes)
        self._class = np.array([classes[one] for one in zip(self._owners, areas, strict=True)], np.intp)
        buildings = {name: place for place, name in enumerate(dict.fromkeys(office.building for office in offices))}
        floors = sorted({office.floor for office in offices})
        self._floors = np.array(floors, np.int16)[:, None, None]
        self._grid = (len(floors), len(buildings))
        on = [floors.index(office.floor) * len(buildings) + buildings[office.building] for office in offices]
        self._storey = np.array(on, np.intp)
        # One more than there are seats and storeys: what is in no campus any more goes there, and is let go.
        self._storey_of_seat = np.append(self._storey[self._office], len(floors) * len(buildings))
        self._standing: dict[Home, Row] = {}

    def vacant(self, taken: Sequence[str]) -> Places:
        """The seats that are not among these, in the order of the campus file."""
        import numpy as np

        free = np.ones(len(self._seats) + 1, bool)
        free[self._places(taken)] = False
        return np.flatnonzero(free[:-1])

    def where(self, seated: Mapping[str, Sequence[str]]) -> dict[str, Marks]:
        """For each department, on which storeys these seats of its people are. Where they sit nowhere yet, its own offices
        say where it belongs."""
        import numpy as np

        wide = self._grid[0] * self._grid[1] + 1
        starts = np.arange(0, len(seated) * wide, wide).repeat([len(seats) for seats in seated.values()])
        found = np.zeros(len(seated) * wide, bool)
        found[starts + self._storey_of_seat[self._places(list(chain.from_iterable(seated.values())))]] = True
        marks = dict(zip(seated, found.reshape(-1, wide)[:, :-1], strict=True))
        for department, on in marks.items():
            if not on.any():
                on[[place for place, of in zip(self._storey, self._owners, strict=True) if of == department]] = True
        return marks

    def choose(self, homes: Sequence[Home], vacant: Places, where: Mapping[str, Marks]) -> list[str]:
        """A vacant seat for each of these homes, of which there are no more than seats, so that all together are nearest.

        Within an office every seat is as near: its lowest numbers are given first, in the order of asking. `where` are
        these homes' departments, as for `costs`.
        """
        import numpy as np

        offices = self._office[vacant]
        first = np.searchsorted(offices, offices[nearest(self.costs(homes, vacant, where))])
        order = first.argsort(kind="stable")
        alike = first[order]
        given = np.empty_like(first)
        given[order] = np.arange(len(first)) - np.searchsorted(alike, alike)
        return [self._seats[place] for place in vacant[first + given].tolist()]

    def nearest_to(self, home: Home, own: str | None, vacant: Places, where: Mapping[str, Marks]) -> str | None:
        """The one seat that is nearest to a home, of those which are vacant and one's own: that one where none is nearer,
        and None where there is none. `where` is as for `costs`."""
        choice = self._places(() if own is None else (own,)).tolist() + vacant.tolist()
        if not choice:
            return None
        (costs,) = self.costs([home], choice, where)
        return self._seats[choice[int(costs.argmin())]]

    def costs(self, homes: Sequence[Home], vacant: Places | Sequence[int], where: Mapping[str, Marks]) -> Costs:
        """What each of these vacant seats costs for each of these homes: homes × seats, whole numbers below 2^53.

        `where` says on which storeys each department of these homes is.
        """
        import numpy as np

        if not homes:
            return np.empty((0, len(vacant)), np.float64)
        rows: dict[Home, int] = {}
        alike = [rows.setdefault(home, len(rows)) for home in homes]
        departments = {name: row for row, name in enumerate(dict.fromkeys(department for department, _ in rows))}
        # Whoever has the same home has the same row; offices of one owner in one area, and those of one storey, are alike.
        offices = self._office[vacant]
        table = np.array([self._stands(home) for home in rows]).take(self._class[offices], axis=1)
        moving = self._moving(np.array([where[department] for department in departments]))
        table += moving.take(self._storey[offices], axis=1).take([departments[name] for name, _ in rows], axis=0)
        return table.take(alike, axis=0)

    def _places(self, seats: Sequence[str]) -> Places:
        """Where these seats are; -1 for those that left the campus."""
        import numpy as np

        return np.fromiter(map(self._of_seat.__getitem__, seats), np.intp, len(seats))

    def _stands(self, home: Home) -> Row:
        """What department and area add, for each class of offices."""
        fixed = self._standing.get(home)
        if fixed is None:
            fixed = self._standing[home] = self._worked_out(home)
        return fixed

    def _worked_out(self, home: Home) -> Row:
        import numpy as np

        department, area = home
        apart = {owner: self._apart(department, owner) for owner in dict.fromkeys(self._owners)}
        return np.array(
            [apart[owner] * DEPARTMENT_WEIGHT + (of != area) * AREA_WEIGHT for owner, of in self._classes], np.float64
        )

    def _moving(self, where: Marks) -> Costs:
        """What building and floor add, for each department, which is on these storeys, and each storey; nothing for one
        that is on none."""
        import numpy as np

        there = where.T.copy().reshape(*self._grid, len(where))
        # Floors to the next storey of theirs below, and above, in one building; then, but dearer, in whichever.
        below, above = np.where(there, self._floors, -FAR), np.where(there, self._floors, FAR)
        for at in range(1, len(below)):
            np.maximum(below[at], below[at - 1], out=below[at])
            np.minimum(above[-at - 1], above[-at], out=above[-at - 1])
        here = np.minimum(self._floors - below, above - self._floors)
        anywhere = here.min(axis=1, keepdims=True) * float(FLOOR_WEIGHT) + BUILDING_WEIGHT
        adds = here * float(FLOOR_WEIGHT)
        np.copyto(adds, anywhere, where=here >= FLOORS)
        adds[:, :, ~where.any(axis=1)] = 0
        return adds.reshape(-1, len(where)).T.copy()

    def _apart(self, one: str, other: str | None) -> int:
        """Steps in the tree of departments from one to the other, by the nearest that is above both."""
        if other is None:
            return NOBODYS
        up = {department: steps for steps, department in enumerate(self._campus.lineage(one))}
        meeting = (
            steps + up[department] for steps, department in enumerate(self._campus.lineage(other)) if department in up
        )
        return next(meeting, STRANGERS)


def nearest(costs: Costs) -> Places:
    """For each row the column that it is given, so that all together cost least. No more rows than columns."""
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(costs)
    return columns
