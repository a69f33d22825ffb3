"""Offices, seats, flats, limits and offers of a campus file: what ships is sound, faults have their place, old files stay
valid."""

from __future__ import annotations

import pytest

from provisioning.campus.change import Verb, difference
from provisioning.campus.file import HoldLimits, read_campus
from tests.provisioning.test_campus_file import SMALL, faults_of, place_of

OFFICE = (
    "{id: a-203, name: {zh: A 座 203 室, en: Room A-203}, building: a, floor: 2, area: north, department: organisation"
)


def old_file() -> str:
    """The file as it was before there were seats and flats."""
    head, _, rest = SMALL.partition("# Seats are numbered")
    return head + rest[rest.index("targets:\n") :]


def test_the_campus_that_ships_has_seats_and_flats():
    campus = read_campus(SMALL, "small.yaml")
    assert len(campus.offices) == 12
    assert len(campus.seats) == 60
    assert len(campus.flats) == 12
    assert campus.offices["a-203"].seats == ("a-203-01", "a-203-02", "a-203-03", "a-203-04")
    assert campus.seats["a-203-04"] is campus.offices["a-203"]
    assert campus.flats["h2-1-302"].tier == "two-room"
    assert campus.sites[0].buildings[0].at == (0, 400)
    assert campus.offices["b-202"].department is None


def test_a_file_without_any_of_it_is_as_good_as_ever():
    campus = read_campus(old_file(), "old.yaml")
    assert (campus.offices, campus.blocks, campus.seats, campus.flats) == ({}, {}, {}, {})
    assert campus.hold_limits == HoldLimits(arrivals_max=200, losses_percent_max=20, losses_min=20)
    assert campus.offer_days == 7


def test_limits_and_offers_are_what_the_file_says():
    more = "holds: {arrivals_max: 5, losses_percent_max: 0, losses_min: 1}\noffers: {days: 3}\n"
    campus = read_campus(SMALL + more, "x.yaml")
    assert campus.hold_limits == HoldLimits(5, 0, 1)
    assert campus.offer_days == 3


@pytest.mark.parametrize(
    ("right", "wrong", "at", "says"),
    [
        (OFFICE, OFFICE.replace("building: a", "building: x"), "building: x", "There is no building x"),
        (OFFICE, OFFICE.replace("area: north", "area: moon"), "area: moon", "There is no area moon"),
        (OFFICE, OFFICE.replace("organisation", "nobody"), "department: nobody", "There is no department nobody"),
        (OFFICE, OFFICE.replace("a-203,", "a-202,"), "id: a-202, name: {zh: A 座 203", "id a-202 stands here a second"),
        (OFFICE, OFFICE.replace("floor: 2", "floor: '2'"), "floor: '2'", "floor must be a whole number"),
        ("seats: 6}", "seats: 0}", "seats: 0", "seats 0 is too small"),
        ("zone: north-offices, seats: 6}", "zone: attic, seats: 6}", "zone: attic", "There is no zone attic"),
        ("zone: garage\n    flats", "zone: attic\n    flats", "zone: attic", "There is no zone attic"),
        ("building: h1\n", "building: h9\n", "building: h9", "There is no building h9"),
        ("[h2-1-101, h2-1-102", "[h2-1-101, h1-1-102", "h1-1-102, h2-1-201", "id h1-1-102 stands here a second"),
        ("id: h2-1\n", "id: h1-1\n", "id: h1-1\n    name: {zh: 2", "id h1-1 stands here a second"),
        ("at: [0, 400]", "at: [0]", "at: [0]", "at has too few items"),
        ("at: [0, 400]", "at: [0, far]", "far]", "at must be a whole number, not far"),
        ("tier: one-room", "tear: one-room", "tear:", "tear is not known here"),
        ("targets:\n", "offers: {days: 0}\ntargets:\n", "days: 0", "days 0 is too small"),
        ("targets:\n", "holds: {losses_percent_max: 101}\ntargets:\n", "losses_percent_max", "101 is too large"),
    ],
)
def test_a_fault_is_named_with_its_place(right: str, wrong: str, at: str, says: str):
    assert right in SMALL
    text = SMALL.replace(right, wrong, 1)
    named = [(line, column) for line, column, said in faults_of(text) if says in said]
    assert place_of(text, at) in named


def test_the_difference_names_offices_and_blocks():
    before = read_campus(SMALL, "small.yaml")
    text = SMALL.replace(OFFICE, OFFICE.replace("floor: 2", "floor: 5"))
    text = text.replace(", h2-1-302]", "]").replace("at: [0, 400]", "at: [0, 401]")
    text += "offers: {days: 3}\nholds: {arrivals_max: 5}\n"
    changes = difference(before, read_campus(text, "x.yaml"))
    told = {(one.what, one.id): one.fields for one in changes}
    assert told == {
        ("campus", "small"): ("holds", "offers"),
        ("building", "a"): ("at",),
        ("office", "a-203"): ("floor",),
        ("block of flats", "h2-1"): ("flats",),
    }
    gone = difference(before, read_campus(old_file(), "old.yaml"))
    assert len([one for one in gone if one.verb is Verb.REMOVED]) == 12 + 2
    assert gone[0].sentence("zh").startswith("移除办公室 a-201")
