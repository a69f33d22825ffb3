"""What a panel's records may say: each door and hour that a record opens is covered by a grant in force."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from connectors.contract import Card, Compiled, Holder, Right, canonical
from connectors.wg_doors import WgDoors, WgSettings

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Santiago puts its clocks on at midnight, so that some days there begin at one o'clock.
ZONES = [SHANGHAI, ZoneInfo("America/New_York"), ZoneInfo("America/Santiago"), ZoneInfo("Asia/Kolkata")]
START = date(2027, 3, 1)
DOORS_OF = {"zone:a": {1, 2}, "zone:b": {2, 3}, "zone:c": {4}, "zone:elsewhere": set[int]()}
DAYS = 40


def settings(**changes: Any) -> dict[str, Any]:
    doors = [
        {"number": 1, "id": "d1", "name": {"zh": "一", "en": "one"}, "zones": ["a"]},
        {"number": 2, "id": "d2", "name": {"zh": "二", "en": "two"}, "zones": ["a", "b"]},
        {"number": 3, "id": "d3", "name": {"zh": "三", "en": "three"}, "zones": ["b"]},
        {"number": 4, "id": "d4", "name": {"zh": "四", "en": "four"}, "zones": ["c"]},
    ]
    told = {"serial": 405419896, "address": "127.62.9.1:60000", "model": "wg-2054", "cards_max": 20000, "doors": doors}
    return told | changes


def connector(zone: ZoneInfo = SHANGHAI) -> WgDoors:
    return WgDoors(WgSettings.model_validate(settings()), zone)


def local(day: int, hour: float = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    midnight = datetime.combine(START + timedelta(days=day), time(), zone).astimezone(UTC)
    return midnight + timedelta(hours=hour)


def holder(rights: list[Right], now: datetime, *, cards: list[Card] | None = None, horizon: float = 30) -> Holder:
    whole = [Card(5, local(-100), None)]
    return Holder("p", tuple(cards or whole), tuple(rights), now, local(int(horizon), horizon % 1 * 24), SHANGHAI)


def said(compiled: Compiled, number: int = 5) -> tuple[str, str, list[int]] | None:
    record = compiled.records.get(f"card:{number}")
    if record is None:
        return None
    body = json.loads(record.body)
    return body["opens"], body["closes"], body["doors"]


def test_one_grant_until_its_end_exclusive_becomes_an_inclusive_date() -> None:
    compiled = connector().records(holder([Right("g", "zone:a", local(2), local(10))], local(0, 9)))
    assert said(compiled) == ("2027-03-03", "2027-03-10", [1, 1, 0, 0])
    assert compiled.look_again == local(10)
    record = compiled.records["card:5"]
    assert (record.rank, record.grants, record.look_again) == (1, ("g",), local(10))
    assert connector().exposed_until(record.body) == local(10)


def test_dates_are_the_sites_own() -> None:
    evening_before_in_utc = datetime(2027, 3, 2, 16, tzinfo=UTC)
    assert evening_before_in_utc == local(2)
    compiled = connector().records(holder([Right("g", "zone:c", evening_before_in_utc, None)], local(0)))
    assert said(compiled) == ("2027-03-03", "2027-03-30", [0, 0, 0, 1])


def test_two_grants_never_become_a_union() -> None:
    rights = [Right("g1", "zone:a", local(0), local(5)), Right("g2", "zone:c", local(3), local(10))]
    doors = connector()
    first = doors.records(holder(rights, local(1)))
    assert said(first) == ("2027-03-01", "2027-03-05", [1, 1, 0, 0])
    assert first.look_again == local(3)
    both = doors.records(holder(rights, local(3)))
    assert said(both) == ("2027-03-04", "2027-03-05", [1, 1, 0, 1])
    assert both.records["card:5"].grants == ("g1", "g2")
    assert said(doors.records(holder(rights, local(5)))) == ("2027-03-04", "2027-03-10", [0, 0, 0, 1])


def test_equal_neighbours_are_one_record() -> None:
    rights = [Right("g1", "zone:a", local(0), local(5)), Right("g2", "zone:a", local(5), local(9))]
    compiled = connector().records(holder(rights, local(1)))
    assert said(compiled) == ("2027-03-01", "2027-03-09", [1, 1, 0, 0])
    assert compiled.records["card:5"].grants == ("g1", "g2")


def test_no_date_lies_at_or_past_the_horizon() -> None:
    rights = [Right("g", "zone:a", local(0), None)]
    assert said(connector().records(holder(rights, local(1), horizon=7))) == ("2027-03-01", "2027-03-07", [1, 1, 0, 0])
    assert said(connector().records(holder(rights, local(1), horizon=7.5))) == (
        "2027-03-01",
        "2027-03-07",
        [1, 1, 0, 0],
    )
    later = connector().records(holder([Right("g", "zone:a", local(8), None)], local(1), horizon=7))
    assert later.records == {}
    assert later.look_again == local(8)


def test_a_right_from_the_middle_of_a_day_waits_for_its_hour() -> None:
    rights = [Right("g", "zone:a", local(2, 14), local(5))]
    before = connector().records(holder(rights, local(2, 9)))
    assert before == Compiled({}, local(2, 14))
    assert said(connector().records(holder(rights, local(2, 14)))) == ("2027-03-03", "2027-03-05", [1, 1, 0, 0])


def test_a_right_that_ends_in_the_middle_of_a_day_keeps_that_day_and_asks_to_be_looked_at() -> None:
    compiled = connector().records(holder([Right("g", "zone:a", local(0), local(5, 12))], local(1)))
    assert said(compiled) == ("2027-03-01", "2027-03-06", [1, 1, 0, 0])
    assert compiled.look_again == local(5, 12)


def test_a_card_opens_nothing_outside_its_own_time() -> None:
    cards = [Card(5, local(-1), local(4)), Card(6, local(4), None), Card(7, local(-9), local(-1))]
    compiled = connector().records(holder([Right("g", "zone:a", local(0), local(9))], local(1), cards=cards))
    assert said(compiled, 5) == ("2027-03-01", "2027-03-04", [1, 1, 0, 0])
    assert said(compiled, 6) == ("2027-03-05", "2027-03-09", [1, 1, 0, 0])
    assert compiled.records.keys() == {"card:5", "card:6"}


def test_a_card_that_left_and_came_back_is_one_key() -> None:
    cards = [Card(5, local(-9), local(3)), Card(5, local(6), None)]
    rights = [Right("g", "zone:a", local(0), local(9))]
    assert said(connector().records(holder(rights, local(1), cards=cards))) == (
        "2027-03-01",
        "2027-03-03",
        [1, 1, 0, 0],
    )
    assert said(connector().records(holder(rights, local(4), cards=cards))) == (
        "2027-03-07",
        "2027-03-09",
        [1, 1, 0, 0],
    )


def test_rights_elsewhere_say_nothing_here() -> None:
    assert connector().resources() == {"zone:a", "zone:b", "zone:c"}
    compiled = connector().records(holder([Right("g", "zone:elsewhere", local(0), None)], local(1)))
    assert compiled == Compiled({}, None)


instants = st.one_of(
    st.integers(-5, DAYS).map(lambda day: (day, 0.0)),
    st.tuples(st.integers(-5, DAYS), st.sampled_from([0.0, 0.5, 9.0, 13.25, 23.75])),
)


@st.composite
def holders(draw: st.DrawFn) -> Holder:
    zone = draw(st.sampled_from(ZONES))

    def span() -> tuple[datetime, datetime | None]:
        opens = local(*draw(instants), zone)
        closes = draw(st.none() | instants)
        return opens, None if closes is None else local(*closes, zone)

    rights = [Right(f"g{n}", draw(st.sampled_from(sorted(DOORS_OF))), *span()) for n in range(draw(st.integers(0, 5)))]
    cards = [Card(draw(st.sampled_from([5, 6])), *span()) for _ in range(draw(st.integers(1, 3)))]
    now = local(*draw(instants), zone) + timedelta(minutes=draw(st.integers(0, 1439)))
    horizon = local(*draw(instants), zone)
    assume(horizon > now)
    return Holder("p", tuple(cards), tuple(rights), now, horizon, zone)


def doors_in_force(who: Holder, number: int, at: datetime) -> set[int]:
    carried = any(c.number == number and c.opens <= at and (c.closes is None or at < c.closes) for c in who.cards)
    if not carried:
        return set()
    return {
        door
        for right in who.rights
        if right.opens <= at and (right.closes is None or at < right.closes)
        for door in DOORS_OF[right.resource]
    }


def instants_of(day: date, who: Holder) -> list[datetime]:
    """Enough instants of a local day to see every change within it."""
    begin = datetime.combine(day, time(), who.zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), who.zone).astimezone(UTC)
    edges = {e for thing in (*who.cards, *who.rights) for e in (thing.opens, thing.closes) if e is not None}
    within = {begin + timedelta(hours=h) for h in range(24)} | edges | {edge - timedelta(seconds=1) for edge in edges}
    return sorted(at for at in within if begin <= at < end)


@given(holders())
def test_all_that_a_record_opens_is_covered_by_grants_in_force(who: Holder) -> None:
    compiled = connector(who.zone).records(who)
    for record in compiled.records.values():
        body = json.loads(record.body)
        assert record.body == canonical(body)
        doors = {n for n, flag in enumerate(body["doors"], 1) if flag}
        opens, closes = date.fromisoformat(body["opens"]), date.fromisoformat(body["closes"])
        assert opens <= closes < who.horizon.astimezone(who.zone).date()
        assert doors
        day = max(opens, who.now.astimezone(who.zone).date())
        while day <= closes:
            for at in instants_of(day, who):
                if at < who.now or (in_force := doors_in_force(who, body["number"], at)) == doors:
                    continue
                # Never more than is in force, but for the rest of the last day; and of either, the hub is told.
                assert doors < in_force or day == closes
                assert compiled.look_again is not None
                assert compiled.look_again <= at
            day += timedelta(days=1)


@given(holders())
def test_what_is_in_force_now_is_what_the_panel_opens_now(who: Holder) -> None:
    compiled = connector(who.zone).records(who)
    today = who.now.astimezone(who.zone).date()
    if today >= who.horizon.astimezone(who.zone).date():
        return
    for number in {card.number for card in who.cards}:
        wanted = doors_in_force(who, number, who.now)
        if not wanted:
            continue
        opens, closes, flags = said(compiled, number) or pytest.fail(f"nothing for card {number}")
        assert date.fromisoformat(opens) <= today <= date.fromisoformat(closes)
        assert {n for n, flag in enumerate(flags, 1) if flag} == wanted


@given(holders(), st.floats(0, 1, exclude_max=True))
def test_look_again_is_ahead_and_nothing_changes_before_it(who: Holder, share: float) -> None:
    compiled = connector(who.zone).records(who)
    agains = [record.look_again for record in compiled.records.values() if record.look_again is not None]
    assert all(again > who.now for again in agains)
    if compiled.look_again is not None:
        assert compiled.look_again > who.now
        assert all(compiled.look_again <= again for again in agains)
    last_day = datetime.combine(who.horizon.astimezone(who.zone).date(), time.min, who.zone).astimezone(UTC)
    until = last_day if compiled.look_again is None else min(last_day, compiled.look_again)
    assume(until > who.now)
    then = min(who.now + (until - who.now) * share, until - timedelta(microseconds=1))
    assert connector(who.zone).records(Holder(who.id, who.cards, who.rights, then, who.horizon, who.zone)) == compiled


@given(holders())
def test_exposure_ends_with_the_last_date(who: Holder) -> None:
    doors = connector(who.zone)
    for record in doors.records(who).records.values():
        last = date.fromisoformat(json.loads(record.body)["closes"])
        until = doors.exposed_until(record.body)
        assert until.astimezone(who.zone).date() == last + timedelta(days=1)
        assert (until - timedelta(seconds=1)).astimezone(who.zone).date() == last


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"address": "127.62.9.1"}, "IP:PORT"),
        ({"address": "panel.local:60000"}, "address"),
        ({"address": "127.62.9.1:0"}, "IP:PORT"),
        ({"serial": False}, "serial"),
        ({"serial": 0}, "serial"),
        ({"cards_max": "20000"}, "cards_max"),
        ({"colour": "red"}, "colour"),
        ({"doors": []}, "doors"),
        ({"doors": settings()["doors"][:1] * 2}, "same number"),
        ({"doors": [settings()["doors"][0] | {"zones": [7]}]}, "zones"),
        ({"doors": [settings()["doors"][0] | {"number": 5}]}, "number"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        WgSettings.model_validate(settings(**changes))


def test_settings_survive_as_json() -> None:
    model = WgSettings.model_validate(settings())
    assert WgSettings.model_validate(json.loads(model.model_dump_json())) == model
    assert WgSettings.model_validate_json(json.dumps(settings())) == model
