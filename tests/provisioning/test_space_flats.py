"""Flats: points order decides who, the commute decides which within ties, nobody is passed over, offers expire."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from provisioning.campus.file import Campus
from provisioning.nouns.units import AllotmentState
from provisioning.space.allotments import NoOffer, NotEntitled, WaitsAlready
from provisioning.space.asks import UnitKind
from provisioning.space.housing import Applicant, Distances, offers
from tests.provisioning.roomed import LI, Roomed, block, campus_of, office

FLAT = "flat:one-room"
BUILDINGS = (
    "{id: a, name: {zh: A, en: A}, at: [0, 0]}",
    "{id: b, name: {zh: B, en: B}, at: [3000, 0]}",
    "{id: h1, name: {zh: H1, en: H1}, at: [30, 40]}",
    "{id: h2, name: {zh: H2, en: H2}, at: [3030, 40]}",
    "{id: nowhere, name: {zh: N, en: N}}",
)
OFFERED, QUEUED, HELD, WAIVED = (
    AllotmentState.OFFERED, AllotmentState.QUEUED, AllotmentState.HELD, AllotmentState.WAIVED,
)  # fmt: skip


def estate(*blocks: str) -> Campus:
    rooms = [office("north", 4, building="a", area="north"), office("south", 4, building="b", area="south")]
    return campus_of(rooms, blocks, BUILDINGS)


@pytest.fixture
def roomed(store, story, clock) -> Roomed:
    return Roomed(
        store, story, estate(block("h1", ["f1", "f2"], building="h1"), block("h2", ["f3"], "two-room")), clock
    )


def flats(roomed: Roomed) -> dict[str, tuple[str | None, AllotmentState]]:
    return roomed.units(UnitKind.FLAT)


def queue_up(roomed: Roomed, **points: int) -> None:
    for no, counted in points.items():
        roomed.ask(no, FLAT, points=counted)
    roomed.settle(*points)


def test_who_asks_waits_and_the_first_by_points_are_offered_a_flat_of_the_tier(roomed: Roomed):
    queue_up(roomed, N1=5, N2=9, N3=7)
    assert set(flats(roomed).values()) == {(None, QUEUED)}
    assert roomed.serve() == 2
    assert {no: state for no, (_, state) in flats(roomed).items()} == {"N2": OFFERED, "N3": OFFERED, "N1": QUEUED}
    assert {unit for unit, _ in flats(roomed).values()} == {"f1", "f2", None}
    assert roomed.serve() == 0
    assert roomed.due() >= {"N2", "N3"}
    roomed.holds()


def test_equal_points_go_by_who_asked_first_and_then_by_staff_number(roomed: Roomed):
    queue_up(roomed, N5=3)
    roomed.later(minutes=1)
    queue_up(roomed, N4=3, N2=3)
    roomed.serve()
    assert {no: state for no, (_, state) in flats(roomed).items()} == {"N5": OFFERED, "N2": OFFERED, "N4": QUEUED}


def test_accepted_it_is_theirs_and_declined_it_goes_to_the_next(roomed: Roomed):
    queue_up(roomed, N1=1, N2=9, N3=7)
    roomed.serve()
    with roomed.store.writing() as tx:
        assert roomed.hand.accept(tx, roomed.person("N2"), LI).state is HELD
        roomed.hand.decline(tx, roomed.person("N3"), LI)
    roomed.settle("N2", "N3")
    assert roomed.serve() == 1
    given = flats(roomed)
    assert (given["N2"][1], given["N1"][1], set(given)) == (HELD, OFFERED, {"N1", "N2"})
    assert [event["kind"] for name in ("accepted", "declined") for event in roomed.told(f"flat.{name}")] == [
        "flat.accepted", "flat.declined",
    ]  # fmt: skip
    roomed.holds()


def test_who_declined_is_offered_nothing_until_an_operator_asks_anew(roomed: Roomed):
    queue_up(roomed, N1=1)
    roomed.serve()
    with roomed.store.writing() as tx:
        roomed.hand.decline(tx, roomed.person("N1"), LI)
    roomed.settle("N1")
    assert (roomed.serve(), flats(roomed)) == (0, {})
    assert [row.state for row in roomed.rows()] == [WAIVED]
    with roomed.store.writing() as tx:
        assert roomed.hand.ask(tx, UnitKind.FLAT, roomed.person("N1"), LI).points == 1
    with pytest.raises(WaitsAlready), roomed.store.writing() as tx:
        roomed.hand.ask(tx, UnitKind.FLAT, roomed.person("N1"), LI)
    roomed.settle("N1")
    assert roomed.serve() == 1
    assert flats(roomed)["N1"][1] is OFFERED


def test_an_offer_expires_and_who_let_it_pass_stands_behind_all_who_let_none_pass(roomed: Roomed):
    queue_up(roomed, N1=5, N2=5, N3=5, N4=4)
    roomed.serve()
    assert {no for no, (_, state) in flats(roomed).items() if state is OFFERED} == {"N1", "N2"}
    roomed.later(days=7, seconds=-1)
    assert roomed.serve() == 0
    roomed.later(seconds=1)
    roomed.serve()
    assert {no: state for no, (_, state) in flats(roomed).items()} == {
        "N3": OFFERED, "N4": OFFERED, "N1": QUEUED, "N2": QUEUED,
    }  # fmt: skip
    assert len(roomed.told("flat.offer-expired")) == 2
    assert roomed.due() >= {"N1", "N2", "N3", "N4"}
    roomed.holds()


def test_those_of_the_most_points_who_never_answer_keep_no_flat_from_the_others(roomed: Roomed):
    queue_up(roomed, N1=9, N2=8, N3=1, N4=0, N5=0)
    offered = []
    for _ in range(5):
        roomed.serve()
        offered.append({no for no, (_, state) in flats(roomed).items() if state is OFFERED})
        roomed.later(days=7)
    # Who has let as many pass as all others comes again by points.
    assert offered == [{"N1", "N2"}, {"N3", "N4"}, {"N5", "N1"}, {"N2", "N3"}, {"N4", "N5"}]
    assert sorted(row.lapses for row in roomed.rows()) == [1, 1, 2, 2, 2]
    roomed.holds()


def test_who_accepts_at_last_has_let_none_pass(roomed: Roomed):
    queue_up(roomed, N1=5)
    roomed.serve()
    roomed.later(days=7)
    roomed.serve()
    assert [row.lapses for row in roomed.rows()] == [1]
    with roomed.store.writing() as tx:
        roomed.hand.accept(tx, roomed.person("N1"), LI)
    assert [row.lapses for row in roomed.rows()] == [0]


def test_an_offer_that_is_over_cannot_be_accepted(roomed: Roomed):
    queue_up(roomed, N1=5)
    roomed.serve()
    roomed.later(days=7)
    with pytest.raises(NoOffer), roomed.store.writing() as tx:
        roomed.hand.accept(tx, roomed.person("N1"), LI)


def test_a_flat_that_closes_is_offered_to_nobody_and_its_offer_is_taken_back(roomed: Roomed):
    queue_up(roomed, N1=5)
    roomed.serve()
    unit = flats(roomed)["N1"][0]
    assert unit is not None
    with roomed.store.writing() as tx:
        roomed.hand.close(tx, roomed.campus, UnitKind.FLAT, unit, "water", LI)
    assert flats(roomed)["N1"] == (None, QUEUED)
    roomed.serve()
    other = flats(roomed)["N1"]
    assert other[1] is OFFERED
    assert other[0] != unit
    with roomed.store.writing() as tx:
        roomed.hand.open(tx, roomed.campus, UnitKind.FLAT, unit, LI)
    queue_up(roomed, N2=1)
    roomed.serve()
    assert flats(roomed)["N2"] == (unit, OFFERED)


def test_points_that_change_change_the_order(roomed: Roomed):

    queue_up(roomed, N1=5, N2=4, N3=3)
    roomed.asks["N3"] = [replace(ask, points=9) for ask in roomed.asks["N3"]]
    roomed.settle("N3")
    roomed.serve()
    assert {no for no, (_, state) in flats(roomed).items() if state is OFFERED} == {"N3", "N1"}


def test_who_gives_a_flat_back_makes_room_for_the_next(roomed: Roomed):
    queue_up(roomed, N1=5, N2=4, N3=3)
    roomed.serve()
    with roomed.store.writing() as tx:
        roomed.hand.accept(tx, roomed.person("N1"), LI)
        roomed.hand.free(tx, UnitKind.FLAT, roomed.person("N1"), LI)
    roomed.settle("N1")
    roomed.serve()
    assert {no: state for no, (_, state) in flats(roomed).items()} == {"N2": OFFERED, "N3": OFFERED}


def test_who_is_entitled_to_none_cannot_ask(roomed: Roomed):
    queue_up(roomed, N1=5)
    roomed.leave("N1")
    with pytest.raises(NotEntitled), roomed.store.writing() as tx:
        roomed.hand.ask(tx, UnitKind.FLAT, roomed.person("N1"), LI)


def test_within_ties_the_ways_to_work_together_are_least(roomed: Roomed):
    campus = estate(block("h1", ["f1"], building="h1"), block("h2", ["f2"], building="h2"))
    here = Roomed(roomed.store, roomed.story, campus, roomed.clock)
    here.ask("N1", FLAT, area="south", points=5)
    here.ask("N2", FLAT, area="north", points=5)
    here.settle("N1", "N2")
    here.serve()
    assert {no: unit for no, (unit, _) in flats(here).items()} == {"N1": "f2", "N2": "f1"}


def test_the_way_is_that_to_ones_own_seat_where_one_has_a_seat(roomed: Roomed):
    campus = estate(block("h1", ["f1"], building="h1"), block("h2", ["f2"], building="h2"))
    here = Roomed(roomed.store, roomed.story, campus, roomed.clock)
    for no, seat in (("N1", "south-01"), ("N2", "north-01")):  # both are of the other area
        here.ask(no, "seat:near-department", area="north" if seat.startswith("south") else "south")
        with here.store.writing() as tx:
            here.hand.allot(tx, campus, here.person(no), seat, LI)
            stay = here.asks[no][0].stay

        here.asks[no].append(replace(here.asks[no][0], stay=stay, resource=FLAT, points=5))
        here.settle(no)
    here.serve()
    assert {no: unit for no, (unit, _) in flats(here).items()} == {"N1": "f2", "N2": "f1"}


def test_a_building_of_which_the_file_does_not_say_where_it_stands_costs_nothing():
    campus = estate(block("h1", ["f1"], building="nowhere"))
    assert Distances(campus).metres("nowhere", ("a", "b")) == 0
    assert Distances(campus).metres("h1", ("a",)) == 50
    assert Distances(campus).metres("h1", ()) == 0


@pytest.mark.parametrize("seed", range(60))
def test_nobody_is_passed_over(seed: int):
    """No justified envy: whoever comes before another has a flat if the other has one; and would not rather have that of
    one whom they do not tie with, or one that is left. Among those who tie no exchange shortens the sum of their ways."""
    rng = random.Random(seed)
    homes = [
        f"{{id: h{n}, name: {{zh: H, en: H}}, at: [{rng.randrange(5000)}, {rng.randrange(5000)}]}}" for n in range(4)
    ]
    blocks = [block(f"h{n}", [f"f{n}{m}" for m in range(rng.randrange(1, 3))], building=f"h{n}") for n in range(4)]
    rooms = [office("north", 1, building="a"), office("south", 1, building="b", area="south")]
    campus = campus_of(rooms, blocks, [*BUILDINGS[:2], *homes])
    queue = [
        Applicant(f"N{n}", (lapses, -points), (rng.choice("ab"),))
        for n, (lapses, points) in enumerate(
            sorted((rng.randrange(2), -rng.randrange(4)) for _ in range(rng.randrange(1, 9)))
        )
    ]
    every = list(campus.flats)
    given = dict(offers(queue, every, campus))
    assert list(given) == [one.id for one in queue[: len(every)]], "the first of the queue, and no other"
    assert len(set(given.values())) == len(given)
    distances = Distances(campus)

    def way(one: Applicant, flat: str) -> int:
        return distances.metres(campus.flats[flat].building, one.work)

    served = [one for one in queue if one.id in given]
    place = {one.standing: nth for nth, one in enumerate(queue)}
    left = set(every) - set(given.values())
    for one in served:
        lower = {given[other.id] for other in served if place[other.standing] > place[one.standing]}
        assert all(way(one, given[one.id]) <= way(one, flat) for flat in lower | left)
    for standing in place:
        tied = [one for one in served if one.standing == standing]
        own = [given[one.id] for one in tied]
        if len(tied) <= 6:
            least = min(sum(map(way, tied, turn)) for turn in permutations(own))
            assert sum(map(way, tied, own)) == least


def test_an_offer_lasts_as_long_as_the_campus_file_says(roomed: Roomed):
    queue_up(roomed, N1=1)
    roomed.serve()
    (row,) = roomed.rows()
    assert row.offered_until == roomed.clock.now() + timedelta(days=roomed.campus.offer_days)
