"""Seats: one unit, one person; the whole batch as near as can be; nobody who has one is moved."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provisioning.campus.file import Campus
from provisioning.nouns.units import AllotmentState
from provisioning.space.asks import UnitKind
from provisioning.space.nearness import (
    AREA_WEIGHT,
    BATCH_MAX,
    BUILDING_WEIGHT,
    DEPARTMENT_WEIGHT,
    FLOORS,
    STRANGERS,
    Nearness,
    nearest,
)
from provisioning.store.engine import Store
from provisioning.store.tables import allotment
from tests.provisioning.roomed import HOUSE, LI, SEAT, Roomed, campus_of, office

HELD = AllotmentState.HELD
QUEUED = AllotmentState.QUEUED
TREE = "office-affairs:null finance:null tax:finance budget:finance law:null"


@pytest.fixture
def roomed(store, story, small, clock) -> Roomed:
    return Roomed(store, story, small, clock)


def on(roomed: Roomed, campus: Campus) -> Roomed:
    return Roomed(roomed.store, roomed.story, campus, roomed.clock)


def test_a_newcomer_has_a_seat_of_the_department_at_once(roomed: Roomed):
    roomed.ask("N1", department="finance")
    (row,) = roomed.settle("N1")["N1"]
    assert (row.unit, row.state, row.held) == ("a-301-01", HELD, roomed.clock.now())
    assert [event["data"]["unit"] for event in roomed.told("seat.allotted")] == ["a-301-01"]
    assert roomed.settle("N1")["N1"] == (row,)
    assert len(roomed.told("seat.allotted")) == 1


def test_own_department_then_kin_then_nobodys_then_strangers(roomed: Roomed):
    rooms = [office("law", 1, "law"), office("free", 1), office("budget", 1, "budget"), office("tax", 1, "tax")]
    here = on(roomed, campus_of(rooms, departments=TREE))
    for number in range(5):
        here.ask(f"N{number}", department="tax")
        here.settle(f"N{number}")
    assert [here.units()[f"N{number}"][0] for number in range(5)] == ["tax-01", "budget-01", "free-01", "law-01", None]


def test_then_area_then_the_departments_building_then_the_floor(roomed: Roomed):
    buildings = ["{id: a, name: {zh: A, en: A}}", "{id: b, name: {zh: B, en: B}}"]
    rooms = [
        office("far", 1, "law", building="a", area="south"),
        office("other", 1, "law", building="b"),
        office("high", 1, "law", building="a", floor=9),
        office("near", 1, "law", building="a", floor=3),
        office("first", 1, "law", building="a", floor=2),
    ]
    here = on(roomed, campus_of(rooms, buildings=buildings))
    here.ask("N0", department="law")
    with here.store.writing() as tx:  # the first sits on floor 2 of A by an operator's hand
        here.hand.allot(tx, here.campus, here.person("N0"), "first-01", LI)
    for number in range(1, 5):
        here.ask(f"N{number}", department="law")
        here.settle(f"N{number}")
    given = [here.units()[f"N{number}"][0] for number in range(1, 5)]
    assert given == ["near-01", "high-01", "other-01", "far-01"]


def test_the_batch_together_costs_least_by_brute_force():
    rng = random.Random(4)
    buildings = [f"{{id: b{n}, name: {{zh: 楼, en: B}}}}" for n in range(3)]
    for _ in range(40):
        rooms = [
            office(
                f"o{n}", 1, rng.choice(["finance", "tax", "budget", "law", ""]),
                building=f"b{rng.randrange(3)}", floor=rng.randrange(1, 9), area=rng.choice(["north", "south"]),
            )
            for n in range(6)
        ]  # fmt: skip
        campus = campus_of(rooms, buildings=buildings, departments=TREE)
        homes = [(rng.choice(["finance", "tax", "law"]), rng.choice(["north", "south"])) for _ in range(4)]
        nearness, seated = Nearness(campus), {department: [] for department in ("finance", "tax", "law")}
        for n in range(2):
            seated[rng.choice(list(seated))].append(f"o{n}-01")
        vacant = nearness.vacant(["o0-01"])
        costs = nearness.costs(homes, vacant, nearness.where(seated))
        columns = nearest(costs)
        assert len(set(columns)) == len(homes)
        best = min(
            sum(int(costs[row][column]) for row, column in enumerate(chosen))
            for chosen in permutations(range(len(vacant)), len(homes))
        )
        assert sum(int(costs[row][column]) for row, column in enumerate(columns)) == best


def test_each_weight_outweighs_all_that_comes_after_it_and_a_double_holds_the_heaviest():
    floors = BATCH_MAX * (FLOORS - 1)
    assert floors < BUILDING_WEIGHT
    assert floors + BATCH_MAX * BUILDING_WEIGHT < AREA_WEIGHT
    assert floors + BATCH_MAX * (BUILDING_WEIGHT + AREA_WEIGHT) < DEPARTMENT_WEIGHT
    assert (STRANGERS + 1) * DEPARTMENT_WEIGHT < 2**53


def test_where_there_are_too_few_who_asked_first_comes_first(roomed: Roomed):
    here = on(roomed, campus_of([office("o", 2, "finance")]))
    for no in ("N3", "N1", "N2"):
        here.ask(no)
    here.settle("N3", "N1", "N2")  # all asked at one instant: then the staff number decides
    assert here.units() == {"N1": ("o-01", HELD), "N2": ("o-02", HELD), "N3": (None, QUEUED)}
    here.later(minutes=5)
    here.ask("N0")
    here.settle("N0")
    here.leave("N1")
    assert here.units() == {"N3": ("o-01", HELD), "N2": ("o-02", HELD), "N0": (None, QUEUED)}
    assert here.due() >= {"N3"}, "whoever moved up is to be looked at again"
    assert here.told("seat.queued")[-1]["person"] == here.person("N0").id


def test_who_leaves_frees_the_seat_at_once(roomed: Roomed):
    roomed.ask("N1")
    roomed.settle("N1")
    roomed.leave("N1")
    assert roomed.units() == {}
    (row,) = roomed.rows()
    assert (row.unit, row.ended, row.ended_by) == ("a-301-01", roomed.clock.now(), "not-asked")
    assert [event["data"]["unit"] for event in roomed.told("seat.freed")] == ["a-301-01"]


def test_the_automatic_one_moves_nobody_even_where_better_is_free(roomed: Roomed):
    roomed.ask("N1", department="finance")
    with roomed.store.writing() as tx:
        roomed.hand.allot(tx, roomed.campus, roomed.person("N1"), "e-301-04", LI)
    assert roomed.settle("N1")["N1"][0].unit == "e-301-04"
    assert roomed.serve() == 0
    assert roomed.units() == {"N1": ("e-301-04", HELD)}


def test_a_seat_that_left_the_campus_file_is_given_up_and_another_given(roomed: Roomed):
    before = on(roomed, campus_of([office("old", 1, "finance"), office("new", 1, "law")]))
    before.ask("N1")
    before.settle("N1")
    after = on(roomed, campus_of([office("new", 1, "law")]))
    after.asks = before.asks
    after.settle("N1")
    assert after.units() == {"N1": ("new-01", HELD)}
    assert [row.ended_by for row in after.rows()] == ["unit-gone", None]


def test_the_database_itself_keeps_one_unit_to_one_person(roomed: Roomed):
    roomed.ask("N1")
    roomed.ask("N2")
    roomed.settle("N1", "N2")
    (row, other) = roomed.rows()
    twin = {name: getattr(row, name) for name in row.__slots__}
    with pytest.raises(IntegrityError), roomed.store.writing() as tx:
        tx.run(insert(allotment), [twin | {"id": "x", "stay": other.stay, "ask": "seat:second"}])
    with pytest.raises(IntegrityError), roomed.store.writing() as tx:
        tx.run(insert(allotment), [twin | {"id": "x", "unit": "e-301-01"}])


def test_a_stay_that_is_anothers_by_now_keeps_its_seat(roomed: Roomed):
    """Where two staff numbers turn out to be one person, the stay goes over, and the seat with it."""
    roomed.ask("N1")
    roomed.settle("N1")
    roomed.ask("N2")
    (mine,), (theirs,) = roomed.asks["N1"], roomed.asks["N2"]
    roomed.asks = {"N2": [theirs, replace(mine, person=theirs.person)]}
    assert {row.unit for row in roomed.settle("N2")["N2"]} == {"a-301-01", "a-301-02"}
    roomed.holds()


class Days:
    """Random batches, departures, moves, swaps and closures, by hand and by themselves."""

    def __init__(self, here: Roomed, seed: int) -> None:
        self.here = here
        self.rng = random.Random(seed)
        self.present: list[str] = []
        self.closed: set[str] = set()
        self.acts = (self.arrive, self.arrive, self.leave, self.move, self.swap, self.close, self.look)

    def step(self) -> None:
        """One act, after which all that must be true is."""
        here, before, shut = self.here, self.here.units(), set(self.closed)
        here.later(minutes=1)
        self.rng.choice(self.acts)()
        here.holds()
        after = here.units()
        assert set(after) == set(self.present), "whoever is entitled has a seat or waits for one"
        newly = {unit for no, (unit, _) in after.items() if unit and before.get(no, (None,))[0] != unit}
        assert not newly & (shut & self.closed), "nobody is newly in a closed seat"

    def arrive(self) -> None:
        batch = [f"S{len(self.here.asks)}-{self.rng.random()}" for _ in range(self.rng.randrange(1, 5))]
        for no in batch:
            self.here.ask(no, department=self.rng.choice(["finance", "law"]), area=self.rng.choice(["north", "south"]))
        self.here.settle(*batch)
        self.present += batch

    def leave(self) -> None:
        if self.present:
            self.here.leave(self.present.pop(self.rng.randrange(len(self.present))))

    def move(self) -> None:
        if self.present:
            here, no = self.here, self.rng.choice(self.present)
            here.tried(lambda tx: here.hand.move(tx, here.campus, here.person(no), self.seat(), LI))

    def swap(self) -> None:
        if self.present:
            here, one, other = self.here, self.rng.choice(self.present), self.rng.choice(self.present)
            here.tried(lambda tx: here.hand.swap(tx, here.person(one), here.person(other), LI))

    def close(self) -> None:
        here, unit = self.here, self.seat()
        if unit in self.closed:
            assert here.tried(lambda tx: here.hand.open(tx, here.campus, UnitKind.SEAT, unit, LI))
        else:
            assert here.tried(lambda tx: here.hand.close(tx, here.campus, UnitKind.SEAT, unit, "wet", LI))
        self.closed ^= {unit}

    def look(self) -> None:
        self.here.settle(*self.present)
        self.here.serve()

    def seat(self) -> str:
        return self.rng.choice(list(self.here.campus.seats))


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_one_unit_is_one_persons(roomed: Roomed, seed: int):
    rng = random.Random(seed)
    rooms = [office(f"o{n}", rng.randrange(1, 4), rng.choice(["finance", "law", ""])) for n in range(5)]
    here = on(roomed, campus_of(rooms))
    days = Days(here, seed)
    for _ in range(40):
        days.step()
    while here.serve():
        here.holds()
    free = set(here.campus.seats) - {unit for unit, _ in here.units().values()} - days.closed
    assert not free or all(state is HELD for _, state in here.units().values()), "nobody waits beside a vacant seat"


def test_what_was_settled_is_there_after_a_restart(tmp_path, clock, roomed: Roomed):
    roomed.ask("N1")
    roomed.settle("N1")
    told = roomed.units()
    path = roomed.store.path
    roomed.store.close()
    again = Store(path, clock, roomed.store.ids)
    assert Roomed(again, roomed.story, roomed.campus, clock).units() == told == {"N1": ("a-301-01", HELD)}
    again.close()


def test_a_whole_first_load_is_settled_in_one_go(roomed: Roomed):
    nos = [f"N{n:03d}" for n in range(70)]
    for no in nos:
        roomed.ask(no, department=random.Random(no).choice(list(roomed.campus.departments)))
    found = roomed.settle(*nos)
    assert sum(rows[0].state is HELD for rows in found.values()) == 60
    assert {no for no, rows in found.items() if rows[0].state is QUEUED} == set(nos[60:])
    assert {rows[0].ask for rows in found.values()} == {SEAT}
    assert all(event["actor"] == HOUSE.name for event in roomed.told("seat.allotted"))
    roomed.holds()
