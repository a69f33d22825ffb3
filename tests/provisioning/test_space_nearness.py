"""How near a seat is, and who is given which, against the same worked out plainly: seat by seat, in whole numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from provisioning.campus.file import Campus
from provisioning.nouns.people import Move
from provisioning.space.asks import UnitKind
from provisioning.space.nearness import (
    AREA_WEIGHT,
    BUILDING_WEIGHT,
    DEPARTMENT_WEIGHT,
    NOBODYS,
    STRANGERS,
    Home,
    Nearness,
)
from provisioning.store import people, units
from tests.provisioning.roomed import LI, Roomed, campus_of, office

TREE = "office-affairs:null finance:null tax:finance budget:finance vat:tax law:null"
DEPARTMENTS = [pair.partition(":")[0] for pair in TREE.split()]
AREAS = ["north", "south"]


def plainly(campus: Campus, home: Home, seat: str, seated: Mapping[str, Sequence[str]]) -> int:
    """What a seat costs for a home."""
    department, area = home
    here = campus.seats[seat]
    levels = STRANGERS
    if here.department is None:
        levels = NOBODYS
    else:
        up, down = campus.lineage(department), campus.lineage(here.department)
        shared = [one for one in up if one in down]
        if shared:
            levels = up.index(shared[0]) + down.index(shared[0])
    theirs = [campus.seats[one] for one in seated[department] if one in campus.seats]
    theirs = theirs or [one for one in campus.offices.values() if one.department == department]
    ways = [(one.building != here.building) * BUILDING_WEIGHT + abs(one.floor - here.floor) for one in theirs]
    return levels * DEPARTMENT_WEIGHT + (here.area != area) * AREA_WEIGHT + min(ways, default=0)


def chosen_plainly(campus: Campus, homes: Sequence[Home], vacant: Sequence[str], seated) -> list[str]:
    """The solver's answer on the plain table, then in each office the lowest seats first, in the order of asking."""
    table = np.array([[plainly(campus, home, seat, seated) for seat in vacant] for home in homes], np.int64)
    _, columns = linear_sum_assignment(table)
    free = list(vacant)
    found: list[str] = []
    for column in columns:
        found.append(next(seat for seat in free if campus.seats[seat] is campus.seats[vacant[column]]))
        free.remove(found[-1])
    return found


class Crowd:
    """A campus with people in it: few offices that are alike in many ways, so that much is tied."""

    def __init__(self, rng: random.Random) -> None:
        buildings = [f"{{id: b{n}, name: {{zh: 楼, en: B}}}}" for n in range(rng.randrange(1, 5))]
        floors = rng.sample([-2, 1, 2, 3, 9, 60], rng.randrange(1, 5))
        rooms = [
            office(
                f"o{n}", rng.randrange(1, 4), rng.choice([*DEPARTMENTS[1:], "", ""]), floor=rng.choice(floors),
                building=f"b{rng.randrange(len(buildings))}", area=rng.choice(AREAS),
            )
            for n in range(rng.randrange(2, 14))
        ]  # fmt: skip
        self.campus = campus_of(rooms, buildings=buildings, departments=TREE)
        seats = list(self.campus.seats)
        taken = rng.sample(seats, rng.randrange(len(seats)))
        self.seated: dict[str, list[str]] = {department: [] for department in DEPARTMENTS}
        for seat in [*taken, "gone-01"]:  # one whose office left the campus file
            self.seated[rng.choice(DEPARTMENTS)].append(seat)
        self.taken = [*taken, "gone-01"]
        self.vacant = [seat for seat in seats if seat not in taken]
        count = rng.randrange(1, len(self.vacant) + 1)
        self.homes = [(rng.choice(DEPARTMENTS), rng.choice(AREAS)) for _ in range(count)]


@pytest.mark.parametrize("seed", range(60))
def test_the_table_and_the_choice_are_those_worked_out_plainly_ties_and_all(seed: int):
    crowd = Crowd(random.Random(seed))
    nearness = Nearness(crowd.campus)
    vacant, where = nearness.vacant(crowd.taken), nearness.where(crowd.seated)
    assert [list(crowd.campus.seats)[place] for place in vacant] == crowd.vacant
    costs = nearness.costs(crowd.homes, vacant, where)
    assert costs.tolist() == [
        [plainly(crowd.campus, home, seat, crowd.seated) for seat in crowd.vacant] for home in crowd.homes
    ]
    expected = chosen_plainly(crowd.campus, crowd.homes, crowd.vacant, crowd.seated)
    assert nearness.choose(crowd.homes, vacant, where) == expected


@pytest.mark.parametrize("seed", range(30))
def test_the_one_nearest_seat_is_ones_own_unless_another_is_nearer(seed: int):
    rng = random.Random(seed)
    crowd = Crowd(rng)
    nearness, home, own = Nearness(crowd.campus), crowd.homes[0], rng.choice(list(crowd.campus.seats))
    vacant = [seat for seat in crowd.vacant if seat != own]
    places = nearness.vacant([*crowd.taken, own])
    where = nearness.where(crowd.seated)
    ways = {seat: plainly(crowd.campus, home, seat, crowd.seated) for seat in (own, *vacant)}
    assert nearness.nearest_to(home, own, places, where) == min(ways, key=lambda seat: ways[seat])
    del ways[own]
    assert nearness.nearest_to(home, None, places, where) == min(ways, key=lambda seat: ways[seat], default=None)


def test_where_a_departments_people_sit_goes_by_the_day_and_counts_flats_and_the_gone_out(store, story, small, clock):
    roomed = Roomed(store, story, small, clock)
    for no in ("N1", "N2", "N3"):
        roomed.ask(no)
    roomed.ask("N4", department="law")
    roomed.ask("N4", resource="flat:one-room", department="law")
    roomed.settle("N1", "N2", "N3", "N4")
    roomed.leave("N3")
    seats = {no: unit or "" for no, (unit, _) in roomed.units().items()}
    with store.writing() as tx:
        who = roomed.person("N2").id
        (stay,) = people.stays_of(tx, [who])[who]
        moved = (Move(date(2026, 6, 1), "law", "科员", "公务员", "north"),)
        people.change_stays(tx, [replace(stay, moves=moved)])
    with store.reading() as tx:
        before = units.occupants(tx, UnitKind.SEAT, ["finance", "law", "nobody"], date(2026, 5, 31))
        after = units.occupants(tx, UnitKind.SEAT, ["law"], date(2026, 6, 1))
    told = {department: sorted(some) for department, some in before.items()}
    assert told == {"finance": sorted([seats["N1"], seats["N2"]]), "law": [seats["N4"]], "nobody": []}
    assert {department: sorted(some) for department, some in after.items()} == {
        "law": sorted([seats["N2"], seats["N4"]])
    }


def test_what_is_not_vacant_is_what_somebody_has_and_what_is_closed(store, story, small, clock):
    roomed = Roomed(store, story, small, clock)
    roomed.ask("N1")
    roomed.settle("N1")
    (taken,) = (unit or "" for unit, _ in roomed.units().values())
    other = next(seat for seat in small.seats if seat != taken)
    with store.reading() as tx:
        assert units.not_vacant(tx, UnitKind.SEAT) == [taken]
        assert units.not_vacant(tx, UnitKind.FLAT) == []
    for seat in (taken, other):
        with store.writing() as tx:
            roomed.hand.close(tx, small, UnitKind.SEAT, seat, "wet", LI)
    with store.reading() as tx:
        assert set(units.not_vacant(tx, UnitKind.SEAT)) == {taken, other}
        assert units.not_vacant(tx, UnitKind.FLAT) == []
