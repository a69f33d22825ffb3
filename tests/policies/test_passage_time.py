"""A door by the second, by the hour, at the turn of the clock and of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policies.calendar import Calendar, Schedule, Spans, odd_days
from policies.passage import Asked, DoorRules, Entry, Now, Window, decide, open_at
from policies.passage_reasons import Reason

SHANGHAI, BERLIN, APIA = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
NIGHT: Spans = ((120, 180),)
OFFICE: Spans = ((510, 1080),)


def reason_at(
    at: datetime,
    *windows: tuple[datetime, datetime | None, int | None],
    zone: ZoneInfo = SHANGHAI,
    **schedules: Schedule,
) -> Reason:
    entry = Entry(7, tuple(Window(1, *each) for each in windows))
    now = Now(at, zone, schedules={each.number: each for each in schedules.values()})
    return decide(Asked(1, 7), entry, DoorRules(1), now).reason


def test_a_window_holds_to_the_second_and_its_end_is_no_part_of_it():
    opens, closes = datetime(2027, 3, 2, 8, 29, 59, tzinfo=UTC), datetime(2027, 3, 2, 17, 0, 1, tzinfo=UTC)
    window = (opens, closes, None)
    assert reason_at(opens - TICK, window) is Reason.NOT_YET
    assert reason_at(opens, window) is Reason.CARD
    assert reason_at(closes - TICK, window) is Reason.CARD
    assert reason_at(closes, window) is Reason.OVER
    assert reason_at(opens, (opens, opens, None)) is Reason.OVER, "an empty window is open at no instant"


def test_two_windows_that_touch_leave_no_gap():
    turn = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    before, after = (turn - SECOND, turn, None), (turn, None, None)
    for at in (turn - TICK, turn, turn + TICK):
        assert reason_at(at, before, after) is Reason.CARD


def test_hours_hold_to_the_second():
    office = Schedule("office", 2, (OFFICE,) * 7)
    always = (datetime(2020, 1, 1, tzinfo=UTC), None, 2)
    day = datetime(2027, 3, 2, tzinfo=SHANGHAI)
    opens, closes = day + timedelta(minutes=510), day + timedelta(minutes=1080)
    assert reason_at(opens - TICK, always, office=office) is Reason.OUT_OF_HOURS
    assert reason_at(opens, always, office=office) is Reason.CARD
    assert reason_at(closes - TICK, always, office=office) is Reason.CARD
    assert reason_at(closes, always, office=office) is Reason.OUT_OF_HOURS


def test_holidays_and_the_days_worked_in_their_place():
    # The spring festival of 2027: the 8th of February is a Monday off, Saturday the 20th is worked.
    calendar = Calendar(frozenset({date(2027, 2, 8)}), frozenset({date(2027, 2, 20)}))
    days = odd_days(calendar, (), OFFICE, date(2027, 1, 1))
    office = Schedule("office", 2, (*[OFFICE] * 5, (), ()), days, date(2027, 1, 1))
    always = (datetime(2020, 1, 1, tzinfo=UTC), None, 2)

    def at(day: int, hour: int) -> Reason:
        return reason_at(datetime(2027, 2, day, hour, tzinfo=SHANGHAI), always, office=office)

    assert at(9, 10) is Reason.CARD
    assert at(8, 10) is Reason.HOLIDAY
    assert at(8, 19) is Reason.OUT_OF_HOURS, "shut at that hour on any day"
    begins, ends = datetime(2027, 2, 8, 8, 30, tzinfo=SHANGHAI), datetime(2027, 2, 8, 18, tzinfo=SHANGHAI)
    for inside, outside in ((begins, begins - TICK), (ends - TICK, ends)):
        assert reason_at(inside, always, office=office) is Reason.HOLIDAY
        assert reason_at(outside, always, office=office) is Reason.OUT_OF_HOURS
    assert at(13, 10) is Reason.OUT_OF_HOURS, "a Saturday like any other"
    assert at(20, 10) is Reason.CARD
    before = reason_at(datetime(2026, 12, 31, 10, tzinfo=SHANGHAI), always, office=office)
    assert before is Reason.OUT_OF_HOURS, "nothing is part of it before it was laid down"


@pytest.mark.parametrize(
    ("first", "open_s"),
    [
        (datetime(2027, 3, 28, tzinfo=BERLIN), 0),  # 02:00 to 03:00 does not come
        (datetime(2027, 3, 29, tzinfo=BERLIN), 3600),
        (datetime(2027, 10, 31, tzinfo=BERLIN), 7200),  # it comes twice
    ],
)
def test_hours_go_by_the_wall_clock_when_it_is_put(first: datetime, open_s: int):
    night = Schedule("night", 2, (NIGHT,) * 7)
    seconds = (first.astimezone(UTC) + timedelta(seconds=n) for n in range(0, 6 * 3600, 60))
    assert 60 * sum(open_at(night, at, BERLIN) for at in seconds) == open_s


def test_a_window_that_ends_in_the_hour_that_comes_twice_ends_once():
    # 02:30 comes twice; this right ends at the second of them.
    closes = datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=BERLIN)
    window = (datetime(2027, 10, 30, tzinfo=UTC), closes, None)
    at = datetime(2027, 10, 31, 2, 45, fold=0, tzinfo=BERLIN)
    assert reason_at(at, window, zone=BERLIN) is Reason.CARD
    assert reason_at(closes, window, zone=BERLIN) is Reason.OVER


def test_a_year_ends_at_the_site_and_nowhere_else():
    feast = Schedule("feast", 2, (OFFICE,) * 7, {date(2027, 1, 1): ((0, 60),)})
    always = (datetime(2020, 1, 1, tzinfo=UTC), None, 2)
    turn = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert turn.astimezone(UTC).year == 2026
    assert reason_at(turn - TICK, always, feast=feast) is Reason.OUT_OF_HOURS
    assert reason_at(turn, always, feast=feast) is Reason.CARD
    assert reason_at(turn + timedelta(hours=1), always, feast=feast) is Reason.OUT_OF_HOURS
    assert reason_at(turn + timedelta(hours=9), always, feast=feast) is Reason.HOLIDAY


def test_a_day_that_a_site_never_had():
    # Samoa went from Thursday the 29th of December 2011 to Saturday the 31st.
    fridays = Schedule("fridays", 2, ((), (), (), (), ((0, 1440),), (), ()))
    hours = (datetime(2011, 12, 29, tzinfo=UTC) + timedelta(hours=n) for n in range(96))
    assert not any(open_at(fridays, at, APIA) for at in hours)
