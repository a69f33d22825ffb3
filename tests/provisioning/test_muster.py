"""Who is inside: a stack of places for each person, against a model that walks through the doors itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from provisioning.nouns.passages import Step
from provisioning.passages.muster import Place, blind, inside

START = datetime(2027, 3, 2, tzinfo=UTC)
PLACES = {
    "gate": Place("north", frozenset({"fence"})),
    "back-gate": Place("north", frozenset({"fence"})),
    "house": Place("north", frozenset({"house"})),
    "office": Place("north", frozenset({"office"})),
    "far-gate": Place("south", frozenset({"far"})),
}
# One within another, from the outermost; each with the doors that lead into it.
NESTED = (("fence", ("gate", "back-gate")), ("house", ("house",)), ("office", ("office",)))


def steps(*told: tuple[str, bool], who: str = "p") -> list[Step]:
    return [Step(who, door, way, START + timedelta(minutes=nth)) for nth, (door, way) in enumerate(told)]


def where(*told: tuple[str, bool]) -> list[str]:
    return [one.door for one in inside(steps(*told), PLACES).get("p", ())]


def test_whoever_came_in_is_in_and_whoever_left_is_out():
    assert where(("gate", True)) == ["gate"]
    assert where(("gate", True), ("gate", False)) == []
    assert where(("gate", False)) == []


def test_whoever_leaves_an_office_is_still_within_the_fence():
    assert where(("gate", True), ("house", True), ("office", True), ("office", False)) == ["gate", "house"]


def test_whoever_leaves_by_the_fence_has_left_all_within_it_also_by_another_gate():
    assert where(("gate", True), ("house", True), ("office", True), ("back-gate", False)) == []


def test_whoever_comes_in_again_was_not_seen_leaving():
    assert where(("gate", True), ("house", True), ("back-gate", True)) == ["back-gate"]


def test_nobody_is_on_two_sites():
    assert where(("gate", True), ("house", True), ("far-gate", True)) == ["far-gate"]


def test_a_door_that_the_campus_has_no_more_says_nothing():
    assert where(("gate", True), ("gone", False)) == ["gate"]


def test_where_nobody_was_seen_leaving_is_told():
    assert blind(steps(("gate", True), ("house", True), ("gate", False))) == {"house"}


@given(st.lists(st.booleans(), max_size=40), st.data())
def test_whoever_is_seen_at_every_door_is_where_they_are(inwards, data):
    """A walker goes one door further in, or one back out, by any door of that wall."""
    depth, told = 0, []
    for inward in inwards:
        if (inward and depth == len(NESTED)) or (not inward and depth == 0):
            continue
        _, doors = NESTED[depth if inward else depth - 1]
        told.append((data.draw(st.sampled_from(doors)), inward))
        depth += 1 if inward else -1
    assert len(where(*told)) == depth


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(sorted(PLACES)), st.booleans()), max_size=40))
def test_nobody_changes_where_another_is(walks):
    every = [Step(who, door, way, START + timedelta(minutes=nth)) for nth, (who, door, way) in enumerate(walks)]
    together = inside(every, PLACES)
    for who in ("a", "b"):
        alone = inside([step for step in every if step.person == who], PLACES)
        assert together.get(who) == alone.get(who)
