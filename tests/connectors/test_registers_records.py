"""Seats and flats: what a register should hold for a holder. Pure."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import registry
from connectors.contract import Card, Connector, Holder, Json, Right
from devices.register.client import GET_S, PUT_S

ZONE = ZoneInfo("Asia/Shanghai")
SETTINGS: dict[str, Json] = {"register": "r-1", "address": "127.75.0.9:8080", "units": ["u-*", "x-1"]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


NOW = at("2027-03-02 10:00")
HORIZON = at("2027-04-01 00:00")


def holder(*rights: tuple[str, str, str | None], cards: tuple[Card, ...] = (), now: datetime = NOW) -> Holder:
    made = tuple(
        Right(f"g{n}", resource, at(opens), None if closes is None else at(closes))
        for n, (resource, opens, closes) in enumerate(rights)
    )
    return Holder("per_1", cards, made, now, HORIZON, ZONE)


def card(number: int = 7001, opens: str = "2027-01-01", closes: str | None = None) -> Card:
    return Card(number, at(opens), None if closes is None else at(closes))


@pytest.fixture
def seats() -> Connector:
    return registry.build("seats", SETTINGS, ZONE)


@pytest.fixture
def flats() -> Connector:
    return registry.build("flats", SETTINGS, ZONE)


def test_resources_are_patterns(seats: Connector, flats: Connector) -> None:
    assert seats.resources() == {"seat:u-*", "seat:x-1"}
    assert flats.resources() == {"flat:u-*", "flat:x-1", "lock:u-*", "lock:x-1"}


def test_a_seat_is_registered_from_when_it_is_allotted_in_local_days(seats: Connector) -> None:
    made = seats.records(holder(("seat:u-01", "2027-09-01", "2028-01-01")))
    record = made.records["seat:u-01/per_1"]
    assert record.body == '{"from":"2027-09-01","to":"2027-12-31","unit":"u-01"}'
    assert (record.grants, record.rank) == (("g0",), 1)
    assert made.look_again == at("2028-01-01")
    assert seats.exposed_until(record.body) == datetime.min.replace(tzinfo=UTC)


def test_a_seat_without_an_end_has_none(seats: Connector) -> None:
    made = seats.records(holder(("seat:u-01", "2027-03-01", None)))
    assert json.loads(made.records["seat:u-01/per_1"].body)["to"] is None
    assert made.look_again is None


def test_units_of_others_and_other_things_make_no_record(seats: Connector, flats: Connector) -> None:
    one = holder(
        ("seat:y-01", "2027-03-01", None), ("zone:u-01", "2027-03-01", None), ("flat:u-01", "2027-03-01", None)
    )
    assert seats.records(one).records == {}
    assert set(flats.records(one).records) == {"flat:u-01/per_1"}


def test_what_is_over_makes_no_record_and_what_touches_is_one(seats: Connector) -> None:
    made = seats.records(
        holder(
            ("seat:u-01", "2027-01-01", "2027-02-01"),
            ("seat:u-01", "2027-03-01", "2027-03-10"),
            ("seat:u-01", "2027-03-10", "2027-03-20"),
            ("seat:u-01", "2027-05-01", None),
        )
    )
    record = made.records["seat:u-01/per_1"]
    assert record.body == '{"from":"2027-03-01","to":"2027-03-19","unit":"u-01"}'
    assert record.grants == ("g1", "g2")
    assert made.look_again == at("2027-03-10")


def test_the_lock_has_each_card_until_the_horizon_at_most(flats: Connector) -> None:
    one = holder(
        ("flat:u-01", "2027-03-01", None),
        ("lock:u-01", "2027-03-01", None),
        cards=(card(7001), card(7002, closes="2027-03-10")),
    )
    made = flats.records(one)
    assert made.records["lock:u-01/7001"].body == '{"from":"2027-03-01","ref":"per_1","to":"2027-03-31"}'
    assert made.records["lock:u-01/7002"].body == '{"from":"2027-03-01","ref":"per_1","to":"2027-03-09"}'
    assert made.records["lock:u-01/7001"].rank > made.records["flat:u-01/per_1"].rank
    assert made.look_again == at("2027-03-10")
    assert flats.exposed_until(made.records["lock:u-01/7002"].body) == at("2027-03-10")


def test_a_lock_that_opens_within_a_day_gets_its_card_at_that_hour_and_not_before(flats: Connector) -> None:
    rights = ("lock:u-01", "2027-03-02 14:00", None)
    early = flats.records(holder(rights, cards=(card(),)))
    assert early.records == {}
    assert early.look_again == at("2027-03-02 14:00")
    then = flats.records(holder(rights, cards=(card(),), now=at("2027-03-02 14:00")))
    assert json.loads(then.records["lock:u-01/7001"].body)["from"] == "2027-03-02"


def test_a_lock_far_ahead_waits_for_the_horizon(flats: Connector) -> None:
    made = flats.records(holder(("lock:u-01", "2027-06-01", None), cards=(card(),)))
    assert made.records == {}
    assert made.look_again == at("2027-06-01")


def test_a_lock_without_a_card_has_no_record(flats: Connector) -> None:
    assert flats.records(holder(("lock:u-01", "2027-03-01", None))).records == {}


HOURS = st.integers(min_value=-400, max_value=1200)


@given(st.lists(st.tuples(HOURS, HOURS | st.none()), max_size=5), st.tuples(HOURS, HOURS | st.none()))
def test_at_every_instant_a_lock_that_opens_is_covered_by_a_grant_in_force(spans: Any, held: Any) -> None:
    def window(span: Any) -> tuple[datetime, datetime | None]:
        opens = NOW + timedelta(hours=span[0])
        return opens, None if span[1] is None else NOW + timedelta(hours=span[1])

    rights = tuple(Right(f"g{n}", "lock:u-01", *window(span)) for n, span in enumerate(spans))
    its_card = Card(7001, *window(held))
    made = registry.build("flats", SETTINGS, ZONE).records(Holder("per_1", (its_card,), rights, NOW, HORIZON, ZONE))
    assert made.look_again is None or made.look_again > NOW
    record = made.records.get("lock:u-01/7001")

    def entitled(instant: datetime) -> bool:
        windows = [(its_card.opens, its_card.closes), *((r.opens, r.closes) for r in rights if r.grant in grants)]
        return all(
            any(a <= instant and (b is None or instant < b) for a, b in part) for part in (windows[:1], windows[1:])
        )

    if record is None:
        return
    grants = record.grants
    told = json.loads(record.body)
    first = datetime.combine(date.fromisoformat(told["from"]), datetime.min.time(), ZONE)
    last = datetime.combine(date.fromisoformat(told["to"]), datetime.min.time(), ZONE) + timedelta(days=1)
    assert last <= HORIZON
    instant = max(NOW, first)
    while instant < (min(last, made.look_again) if made.look_again else last):
        assert entitled(instant), instant
        instant += timedelta(hours=1)


def test_the_verbs_keep_to_their_times(seats: Connector) -> None:
    assert seats.verb_s_max == 2 * (GET_S + PUT_S)
