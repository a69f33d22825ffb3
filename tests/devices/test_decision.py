"""What a panel decides, told as values: cards, profiles, tasks, anti-passback; and a second opinion on each."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wg import reasons, timetable
from devices.wg.decision import Doorway, Profile, reason_for
from devices.wg.memory import Card
from devices.wg.passback import Passback, interlocked
from devices.wg.timetable import FirstCard, Task, Timetable

TODAY = date(2027, 3, 2)
NOON = datetime(2027, 3, 2, 12, 0)
CARD = Card(8165538, TODAY, TODAY, (1, 0, 29, 1), 7531)
ALWAYS = (True,) * 7


@pytest.mark.parametrize(
    ("card", "door", "mode", "reason"),
    [
        (None, 1, 3, reasons.UNKNOWN_CARD),
        (CARD, 1, 3, reasons.SWIPE),
        (CARD, 2, 3, reasons.NO_RIGHT),
        (CARD, 3, 3, reasons.SWIPE),  # door 3 names profile 29, which is missing: granted
        (CARD, 4, 2, reasons.DOOR_NORMALLY_CLOSED),
        (CARD, 4, 1, reasons.SWIPE),
        (Card(1, TODAY + timedelta(1), TODAY + timedelta(9), (1, 1, 1, 1)), 1, 3, reasons.NOT_AT_THIS_TIME),
        (Card(1, TODAY - timedelta(9), TODAY - timedelta(1), (1, 1, 1, 1)), 1, 3, reasons.NOT_AT_THIS_TIME),
        (Card(1, None, None, (1, 1, 1, 1)), 1, 3, reasons.NOT_AT_THIS_TIME),
        (Card(1, TODAY, TODAY, (255, 1, 1, 1)), 1, 3, reasons.NO_RIGHT),
    ],
)
def test_a_swipe_is_decided_as_the_hardware_does(card, door, mode, reason):
    assert reason_for(card, door, Doorway(mode), {}, NOON) == reason


@pytest.mark.parametrize("hour", [0, 23])
def test_both_dates_count_whole(hour):
    assert reason_for(CARD, 1, Doorway(), {}, datetime(2027, 3, 2, hour, 59)) == reasons.SWIPE


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (datetime(2027, 3, 2, 8, 29, 59), False),
        (datetime(2027, 3, 2, 8, 30), True),
        (datetime(2027, 3, 2, 11, 30, 59), True),
        (datetime(2027, 3, 2, 11, 31), False),
        (datetime(2027, 3, 3, 9, 0), False),  # a Wednesday
        (datetime(2028, 3, 7, 9, 0), False),  # past its last date
    ],
)
def test_a_profile_bounds_date_weekday_and_minutes(at, allowed):
    tuesdays = (False, True, False, False, False, False, False)
    spans = ((time(8, 30), time(11, 30)), (time(), time()), (time(), time()))
    profile = Profile(date(2027, 1, 1), date(2027, 12, 31), tuesdays, spans, 0)
    card = Card(1, date(2027, 1, 1), date(2028, 12, 31), (29, 0, 0, 0))
    assert (reason_for(card, 1, Doorway(), {29: profile}, at) == reasons.SWIPE) is allowed


def test_a_ring_of_links_ends_and_a_missing_link_allows():
    shut = Profile(TODAY, TODAY, (False,) * 7, (), 30)
    card = Card(1, TODAY, TODAY, (29, 0, 0, 0))
    ring = {29: shut, 30: Profile(TODAY, TODAY, (False,) * 7, (), 29)}
    assert reason_for(card, 1, Doorway(), ring, NOON) == reasons.NOT_AT_THIS_TIME
    assert reason_for(card, 1, Doorway(), {29: shut}, NOON) == reasons.SWIPE


PIN = Card(1, TODAY, TODAY, (1, 1, 1, 1), 7531)


@pytest.mark.parametrize(
    ("card", "way", "pin", "reason"),
    [
        (PIN, Doorway(keypad=True), None, reasons.UNDECIDED),
        (PIN, Doorway(keypad=True), 7531, reasons.SWIPE),
        (PIN, Doorway(keypad=True), 7532, reasons.WRONG_PIN),
        (PIN, Doorway(keypad=True), 0, reasons.WRONG_PIN),
        (PIN, Doorway(), None, reasons.SWIPE),
        (Card(1, TODAY, TODAY, (1, 1, 1, 1)), Doorway(keypad=True), None, reasons.SWIPE),  # a card without a PIN
        (PIN, Doorway(mode=1, keypad=True), 7531, reasons.SWIPE),
        (PIN, Doorway(turned_back=True), None, reasons.PASSBACK),
        (PIN, Doorway(interlocked=True), None, reasons.INTERLOCK),
        (PIN, Doorway(lacks_cards=True), None, reasons.MORE_CARDS),
        (PIN, Doorway(profiles_off=True), None, reasons.SWIPE),
        (Card(1, TODAY, TODAY, (29, 1, 1, 1)), Doorway(profiles_off=True), None, reasons.NOT_AT_THIS_TIME),
    ],
)
def test_what_stands_in_the_way_has_its_reason(card, way, pin, reason):
    assert reason_for(card, 1, way, {}, NOON, pin) == reason


# uhppoted/uhppote-simulator, NOTES.md: "Card Swipe Access Matrix", taken from a real panel
PLAIN, PRIVILEGED = Card(10058399, TODAY, TODAY, (1, 0, 0, 0)), Card(10058400, TODAY, TODAY, (1, 0, 0, 0), 0, 1)
NOWHERE, FIRST_NOWHERE = Card(10058398, TODAY, TODAY, (0, 0, 0, 0)), Card(10058397, TODAY, TODAY, (0, 0, 0, 0), 0, 1)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (Doorway(mode=3), (6, 1, 1, 6)),
        (Doorway(mode=1), (6, 1, 1, 6)),
        (Doorway(mode=2), (6, 11, 11, 6)),
        (Doorway(mode=3, first_only=True), (6, 10, 1, 6)),
    ],
)
def test_the_matrix_of_a_real_panel(way, expected):
    cards = (NOWHERE, PLAIN, PRIVILEGED, FIRST_NOWHERE)
    assert tuple(reason_for(card, 1, way, {}, NOON) for card in cards) == expected


# A second opinion, by one long condition for each reason, in no order of checks.

spans = st.tuples(st.integers(0, 1439), st.integers(0, 1439))
profiles = st.builds(
    lambda first, length, weekdays, told, linked: Profile(
        TODAY + timedelta(first), TODAY + timedelta(first + length), weekdays,
        tuple((time(*divmod(start, 60)), time(*divmod(end, 60))) for start, end in told), linked,
    ),
    st.integers(-2, 2), st.integers(0, 3), st.tuples(*[st.booleans()] * 7), st.tuples(spans, spans, spans),
    st.integers(0, 6),
)  # fmt: skip
cards = st.builds(
    lambda first, length, right, pin, bits: Card(
        7, TODAY + timedelta(first), TODAY + timedelta(first + length), (right, 0, 0, 0), pin, bits
    ),
    st.integers(-2, 2), st.integers(0, 3), st.sampled_from([0, 1, 2, 3, 4, 5, 255]), st.sampled_from([0, 7531]),
    st.integers(0, 15),
)  # fmt: skip
ways = st.builds(
    Doorway, st.integers(1, 3), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans()
)


def chain(number, held):
    """The profiles that are asked, one after another; None where one is missing."""
    asked, seen = [], []
    while number not in seen and 2 <= number <= 254:
        seen.append(number)
        asked.append(held.get(number))
        if asked[-1] is None:
            break
        number = asked[-1].linked
    return asked


def opens_at(profile, now):
    minute = now.hour * 60 + now.minute
    times = [(s.hour * 60 + s.minute, e.hour * 60 + e.minute) for s, e in profile.spans]
    in_span = [start <= minute <= end and not start == end == 0 for start, end in times]
    return profile.opens <= now.date() <= profile.closes and profile.weekdays[now.weekday()] and any(in_span)


@given(cards | st.none(), ways, st.dictionaries(st.integers(2, 6), profiles, max_size=5), st.integers(0, 1439),
       st.sampled_from([None, 7531, 1]))  # fmt: skip
def test_a_second_opinion_agrees(card, way, held, minute, pin):
    now = datetime.combine(TODAY, time(*divmod(minute, 60)))
    reason = reason_for(card, 1, way, held, now, pin)
    known = card is not None
    right = card.doors[0] if known else 0
    may = known and 1 <= right <= 254
    in_time = may and card.opens <= TODAY <= card.closes
    if in_time and right > 1:
        in_time = not way.profiles_off and any(p is None or opens_at(p, now) for p in chain(right, held))
    asked = in_time and way.keypad and card.pin != 0
    proved = in_time and (not asked or pin == card.pin)
    passes = proved and way.mode != 2 and (not way.first_only or card.first_card % 2 == 1)
    assert (reason == reasons.UNKNOWN_CARD) == (not known)
    assert (reason == reasons.NO_RIGHT) == (known and not may)
    assert (reason == reasons.NOT_AT_THIS_TIME) == (may and not in_time)
    assert (reason == reasons.UNDECIDED) == (asked and pin is None)
    assert (reason == reasons.WRONG_PIN) == (asked and pin not in (None, card.pin))
    assert (reason == reasons.DOOR_NORMALLY_CLOSED) == (proved and way.mode == 2)
    assert (reason == reasons.FIRST_CARD) == (proved and way.mode != 2 and not passes)
    free = passes and not (way.turned_back or way.interlocked or way.lacks_cards)
    assert (reason == reasons.SWIPE) == bool(free)


# uhppoted/uhppote-simulator, entities/anti-passback_test.go
SEQUENCES = {
    0: "1+ 1+ 2+ 2+ 3+ 3+ 4+ 4+",
    1: "1+ 1- 1- 2+ 2- 2- 1+ 1- 1- 3+ 3- 3- 4+ 4- 4- 3+ 3- 3-",
    2: "1+ 1- 1- 3+ 3- 3- 1+ 1- 1- 2+ 2- 2- 4+ 4- 4- 2+ 2- 2-",
    3: "1+ 1- 2+ 2- 3- 1+ 2+ 1+ 1- 3+ 2- 3- 1+ 3+ 4+ 4+",
    4: "1+ 1- 2+ 2- 3- 4- 1+ 2+ 1+ 1- 3+ 2- 3- 4- 1+ 3+ 1+ 1- 4+ 2- 3- 4- 1+ 4+",
}


@pytest.mark.parametrize("mode", SEQUENCES)
def test_anti_passback_lets_nobody_in_twice(mode):
    passback = Passback()
    for step in SEQUENCES[mode].split():
        door, allowed = int(step[0]), step[1] == "+"
        assert passback.bars(7, door) is not allowed, step
        if allowed:
            passback.passed(mode, 7, door)
        assert not any(passback.bars(8, other) for other in (1, 2, 3, 4))
    passback.forget()
    assert not any(passback.bars(7, door) for door in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("mode", "door", "barred_by"),
    [(0, 1, ()), (1, 1, (2,)), (1, 3, ()), (2, 3, (4,)), (2, 1, ()), (3, 2, (1,)), (3, 4, (3,)), (4, 2, (1, 3)), (4, 4, ()),
     (8, 4, (1, 2, 3))],
)  # fmt: skip
def test_an_interlock_bars_a_door_while_another_is_open(mode, door, barred_by):
    assert [other for other in (1, 2, 3, 4) if interlocked(mode, door, {other})] == list(barred_by)


def task(kind, start, door=1, opens=TODAY, closes=TODAY, weekdays=ALWAYS, more_cards=0):
    return Task(kind, door, opens, closes, weekdays, time(*divmod(start, 60)), more_cards)


def test_tasks_run_in_order_and_a_refresh_leaves_out_what_began_earlier():
    tasks = [
        task(timetable.DOOR_CLOSED, 8 * 60),
        task(timetable.DOOR_OPEN, 12 * 60),
        task(timetable.TRIGGER_ONCE, 13 * 60),
    ]
    table = Timetable((1, 2, 3, 4))
    assert table.run((), NOON) == []  # the panel has been up today
    table.refresh(tasks, NOON)
    assert table.next_at(NOON) == NOON
    assert table.run(tasks, NOON) == [] and table.rules[1].mode == 1
    assert table.next_at(NOON) == datetime.combine(TODAY, time(13))
    assert table.run(tasks, datetime.combine(TODAY, time(13, 0, 30))) == [1]
    assert table.run(tasks, datetime.combine(TODAY, time(14))) == []
    assert table.next_at(NOON) == datetime.combine(TODAY + timedelta(1), time())


def test_a_panel_that_woke_runs_the_day_up_to_now():
    tasks = [task(timetable.DOOR_OPEN, 9 * 60), task(timetable.DOOR_CLOSED, 8 * 60), task(timetable.PASSWORD, 20 * 60)]
    table = Timetable((1, 2, 3, 4))
    assert table.next_at(NOON) == NOON
    table.run(tasks, NOON)
    assert (table.rules[1].mode, table.rules[1].keypad) == (1, None)
    table.run(tasks, NOON + timedelta(days=1))  # none of them is for tomorrow
    assert (table.rules[1].mode, table.rules[1].keypad) == (1, None)


tasks_of_a_day = st.lists(
    st.builds(
        task, st.integers(0, 12), st.integers(0, 1439), st.integers(1, 4), st.just(TODAY - timedelta(3)),
        st.sampled_from([TODAY - timedelta(1), TODAY, TODAY + timedelta(9)]), st.tuples(*[st.booleans()] * 7),
        st.integers(0, 3),
    ),
    max_size=8,
)  # fmt: skip


@given(tasks_of_a_day, st.lists(st.integers(0, 3 * 1439), max_size=10))
def test_whenever_it_is_asked_the_last_task_of_the_day_counts(tasks, instants):
    table, begin = Timetable((1, 2, 3, 4)), datetime.combine(TODAY, time())
    modes: dict[int, int | None] = dict.fromkeys((1, 2, 3, 4))
    for instant in sorted(instants):
        now = begin + timedelta(minutes=instant)
        table.run(tasks, now)
        assert table.next_at(now) > now
        for told in sorted(tasks, key=lambda told: told.start):
            due = told.opens <= now.date() <= told.closes and told.weekdays[now.weekday()] and told.start <= now.time()
            if due and told.kind in (0, 1, 2):
                modes[told.door] = {0: 3, 1: 1, 2: 2}[told.kind]
        assert {door: rule.mode for door, rule in table.rules.items()} == modes


def test_a_first_card_counts_from_minute_to_minute():
    told = FirstCard(time(8, 30), time(17, 45), 1, 3, (False, True) + (False,) * 5)
    at = [datetime(2027, 3, 2, 8, 29, 59), datetime(2027, 3, 2, 8, 30), datetime(2027, 3, 2, 17, 45, 59)]
    assert [told.covers(now) for now in (*at, datetime(2027, 3, 2, 17, 46), datetime(2027, 3, 3, 9, 0))] == [
        False, True, True, False, False,
    ]  # fmt: skip
