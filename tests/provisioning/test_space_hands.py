"""What operators decide of seats: it wins over the automatic, survives every look, and of two the first wins."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from provisioning.nouns.people import Move
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor
from provisioning.nouns.units import AllotmentState
from provisioning.space.allotments import (
    HasAlready,
    HasNone,
    NoneVacant,
    NotEntitled,
    SameUnit,
    UnitClosed,
    UnitOpen,
    UnitTaken,
)
from provisioning.space.asks import UnitKind
from provisioning.space.views import UnitState, history, view, views
from provisioning.store import people
from tests.provisioning.roomed import LI, Roomed, campus_of, office

HELD = AllotmentState.HELD
SEAT = UnitKind.SEAT


@pytest.fixture
def roomed(store, story, small, clock) -> Roomed:
    here = Roomed(store, story, small, clock)
    for no in ("N1", "N2"):
        here.ask(no)
    here.settle("N1", "N2")
    return here


def test_of_two_operators_who_allot_one_seat_the_second_is_told_who_has_it(store, story, small, clock):
    here = Roomed(store, story, small, clock)
    nos = [f"N{n}" for n in range(6)]
    for no in nos:
        here.ask(no)
    gate = threading.Barrier(len(nos))
    won: list[str] = []
    refused: list[Refusal] = []

    def allot(no: str) -> None:
        person = here.person(no)
        gate.wait()
        try:
            with here.store.writing() as tx:
                here.hand.allot(tx, here.campus, person, "b-202-01", Actor(f"op-{no}"))
            won.append(no)
        except Refusal as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=allot, args=(no,)) for no in nos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert here.units() == {won[0]: ("b-202-01", HELD)}
    assert len(refused) == len(nos) - 1
    for refusal in refused:
        assert isinstance(refusal, UnitTaken)
        assert refusal.status == 409
        assert f"staff number {won[0]}" in refusal.sentence("en")
        assert won[0] in refusal.sentence("zh")
    here.holds()


def test_a_move_ends_one_and_begins_another_and_the_story_tells_from_where(roomed: Roomed):
    with roomed.store.writing() as tx:
        row = roomed.hand.move(tx, roomed.campus, roomed.person("N1"), "b-202-03", LI)
    assert (row.unit, row.by) == ("b-202-03", "li")
    assert roomed.units()["N1"] == ("b-202-03", HELD)
    ended = [one for one in roomed.rows() if one.ended is not None]
    assert [(one.unit, one.ended_by) for one in ended] == [("a-301-01", "li")]
    (event,) = roomed.told("seat.moved")
    assert (event["data"]["from"], event["data"]["unit"], event["data"]["before"]) == (
        "a-301-01", "b-202-03", ended[0].id,
    )  # fmt: skip
    assert roomed.settle("N1")["N1"] == (row,), "it survives looks"


def moved_to_justice(roomed: Roomed, no: str) -> None:
    with roomed.store.writing() as tx:
        (stay,) = people.stays_of(tx, [roomed.person(no).id])[roomed.person(no).id]
        move = Move(tx.now.date(), "justice", "科员", "公务员", "south")
        people.change_stays(tx, [replace(stay, moves=(move,))])


def test_who_works_elsewhere_by_now_is_shown_and_moved_there_by_one_word(roomed: Roomed):
    def elsewhere() -> dict[str | None, str]:
        with roomed.store.reading() as tx:
            return {one.no: one.works.department for one in views(tx, roomed.campus, SEAT) if one.works is not None}

    def moved() -> str | None:
        with roomed.store.writing() as tx:
            return roomed.hand.move(tx, roomed.campus, roomed.person("N1"), None, LI).unit

    assert elsewhere() == {}
    assert moved() == "a-301-01", "who sits nearest already stays"
    moved_to_justice(roomed, "N1")
    roomed.settle("N1")
    assert roomed.units()["N1"] == ("a-301-01", HELD), "the automatic one moves nobody"
    assert elsewhere() == {"N1": "justice"}
    with roomed.store.reading() as tx:
        assert view(tx, roomed.campus, SEAT, "a-301-01").works is not None
    seat = moved()
    assert seat is not None
    office = roomed.campus.seats[seat]
    assert (office.department, office.area) == ("justice", "south")
    assert elsewhere() == {}
    assert moved() == seat
    roomed.holds()


def test_who_sits_in_a_closed_seat_is_moved_out_of_it_and_told_where_there_is_none(store, story, clock):
    here = Roomed(store, story, campus_of([office("r1", 2, "finance")]), clock)
    for no in ("N1", "N2"):
        here.ask(no)
    here.settle("N1")
    with here.store.writing() as tx:
        here.hand.close(tx, here.campus, SEAT, "r1-01", "wet", LI)
    with here.store.writing() as tx:
        assert here.hand.move(tx, here.campus, here.person("N1"), None, LI).unit == "r1-02"
    with here.store.writing() as tx:
        here.hand.close(tx, here.campus, SEAT, "r1-02", "wet", LI)
    with pytest.raises(NoneVacant) as refused, here.store.writing() as tx:
        here.hand.move(tx, here.campus, here.person("N1"), None, LI)
    assert "No seat is vacant for staff number N1" in refused.value.sentence("en")
    assert here.units()["N1"] == ("r1-02", HELD)


def test_a_swap_is_one_act(roomed: Roomed):
    with roomed.store.writing() as tx:
        roomed.hand.swap(tx, roomed.person("N1"), roomed.person("N2"), LI)
    assert roomed.units() == {"N1": ("a-301-02", HELD), "N2": ("a-301-01", HELD)}
    assert {event["data"]["from"] for event in roomed.told("seat.moved")} == {"a-301-01", "a-301-02"}
    roomed.holds()


def test_a_swap_that_fails_leaves_both_where_they_are(roomed: Roomed):
    roomed.ask("N3")
    before = roomed.units()
    with pytest.raises(HasNone), roomed.store.writing() as tx:
        roomed.hand.swap(tx, roomed.person("N1"), roomed.person("N3"), LI)
    with pytest.raises(SameUnit), roomed.store.writing() as tx:
        roomed.hand.swap(tx, roomed.person("N1"), roomed.person("N1"), LI)
    with roomed.store.writing() as tx:
        roomed.hand.close(tx, roomed.campus, SEAT, "a-301-01", "wet", LI)
    with pytest.raises(UnitClosed), roomed.store.writing() as tx:
        roomed.hand.swap(tx, roomed.person("N1"), roomed.person("N2"), LI)
    assert roomed.units() == before


def test_who_was_freed_gets_none_again_until_one_is_given(roomed: Roomed):
    with roomed.store.writing() as tx:
        roomed.hand.free(tx, SEAT, roomed.person("N1"), LI)
    assert roomed.settle("N1")["N1"] == ()
    assert roomed.serve() == 0
    with roomed.store.writing() as tx:
        roomed.hand.ask(tx, SEAT, roomed.person("N1"), LI)
    assert roomed.serve() == 1
    assert roomed.units()["N1"] == ("a-301-01", HELD)
    with roomed.store.writing() as tx:
        roomed.hand.free(tx, SEAT, roomed.person("N1"), LI)
        roomed.hand.allot(tx, roomed.campus, roomed.person("N1"), "e-301-01", LI)
    assert roomed.settle("N1")["N1"][0].unit == "e-301-01"


def test_what_cannot_be_is_refused_and_changes_nothing(roomed: Roomed):
    before = roomed.units()
    hand, campus = roomed.hand, roomed.campus
    roomed.ask("N3")
    with roomed.store.writing() as tx:
        hand.close(tx, campus, SEAT, "b-202-04", "wet", LI)
    for refusal, act in (
        (NotFound, lambda tx: hand.move(tx, campus, roomed.person("N1"), "z-1", LI)),
        (UnitTaken, lambda tx: hand.move(tx, campus, roomed.person("N1"), "a-301-02", LI)),
        (UnitClosed, lambda tx: hand.move(tx, campus, roomed.person("N1"), "b-202-04", LI)),
        (HasAlready, lambda tx: hand.allot(tx, campus, roomed.person("N1"), "b-202-01", LI)),
        (UnitTaken, lambda tx: hand.allot(tx, campus, roomed.person("N3"), "a-301-02", LI)),
        (HasNone, lambda tx: hand.move(tx, campus, roomed.person("N3"), "b-202-01", LI)),
        (HasNone, lambda tx: hand.free(tx, SEAT, roomed.person("N3"), LI)),
        (UnitClosed, lambda tx: hand.close(tx, campus, SEAT, "b-202-04", "wet", LI)),
        (UnitOpen, lambda tx: hand.open(tx, campus, SEAT, "b-202-01", LI)),
    ):
        with pytest.raises(refusal), roomed.store.writing() as tx:
            act(tx)
    assert roomed.units() == before
    roomed.leave("N3")
    with pytest.raises(NotEntitled), roomed.store.writing() as tx:
        hand.allot(tx, campus, roomed.person("N3"), "b-202-01", LI)


def test_the_same_act_twice_is_the_same_as_once(roomed: Roomed):
    with roomed.store.writing() as tx:
        first = roomed.hand.move(tx, roomed.campus, roomed.person("N1"), "b-202-03", LI)
    with roomed.store.writing() as tx:
        assert roomed.hand.move(tx, roomed.campus, roomed.person("N1"), "b-202-03", LI).id == first.id
        assert roomed.hand.allot(tx, roomed.campus, roomed.person("N1"), "b-202-03", LI).id == first.id
    assert len(roomed.told("seat.moved")) == 1


def test_a_closed_seat_is_given_to_nobody_and_who_has_it_keeps_it(store, story, clock):
    here = Roomed(store, story, campus_of([office("o", 2, "finance")]), clock)
    here.ask("N1")
    here.settle("N1")
    with here.store.writing() as tx:
        for unit in ("o-01", "o-02"):
            here.hand.close(tx, here.campus, SEAT, unit, "wet", LI)
    here.ask("N2")
    here.settle("N1", "N2")
    assert here.units() == {"N1": ("o-01", HELD), "N2": (None, AllotmentState.QUEUED)}
    with here.store.writing() as tx:
        here.hand.open(tx, here.campus, SEAT, "o-02", LI)
    assert here.serve() == 1
    assert here.units()["N2"] == ("o-02", HELD)
    assert [event["data"] for event in here.told("seat.opened")] == [{"unit": "o-02"}]


def test_the_list_shows_whose_each_seat_is_and_its_history_whose_it_was(roomed: Roomed):
    roomed.later(hours=1)
    with roomed.store.writing() as tx:
        roomed.hand.move(tx, roomed.campus, roomed.person("N1"), "b-202-03", LI)
        roomed.hand.close(tx, roomed.campus, SEAT, "a-301-06", "wet", LI)
    with roomed.store.reading() as tx:
        finance = views(tx, roomed.campus, SEAT, frozenset({"a-301"}))
        vacant = views(tx, roomed.campus, SEAT, frozenset({"a-301"}), vacant_only=True)
        one = view(tx, roomed.campus, SEAT, "b-202-03")
        held = history(tx, SEAT, "a-301-01")
        with pytest.raises(NotFound):
            views(tx, roomed.campus, SEAT, frozenset({"nowhere"}))
        with pytest.raises(NotFound):
            view(tx, roomed.campus, SEAT, "nowhere-01")
    assert [(each.state, each.no, each.reason) for each in finance] == [
        (UnitState.VACANT, None, None), (UnitState.HELD, "N2", None), *[(UnitState.VACANT, None, None)] * 3,
        (UnitState.CLOSED, None, "wet"),
    ]  # fmt: skip
    assert [each.unit for each in vacant] == ["a-301-01", "a-301-03", "a-301-04", "a-301-05"]
    assert (one.no, one.since) == ("N1", roomed.clock.now())
    assert [(each.no, each.allotment.ended) for each in held] == [("N1", roomed.clock.now())]
