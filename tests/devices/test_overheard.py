"""What a panel tells of by itself reads here as the library reads it, whatever the frame holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uhppoted import decode

from devices.wg.overheard import is_told, read, serial_of
from devices.wg.verbs.asking import in_utc
from devices.wg.verbs.events import PanelEvent, PanelStatus, state_of

SHANGHAI = ZoneInfo("Asia/Shanghai")

octets = st.integers(0, 255)
bodies = st.binary(min_size=62, max_size=62)
instants = st.datetimes(datetime(1990, 1, 1), datetime(2110, 1, 1))
spoilt = st.lists(st.tuples(st.integers(20, 62), octets), max_size=3)


def by_the_library(frame: bytes) -> tuple[int, PanelEvent | PanelStatus]:
    """What the library makes of it, in our words."""
    told: Any = decode.event(frame)
    day, at = told.system_date, told.system_time
    shown = None if day is None or at is None else in_utc(datetime.combine(day, at), SHANGHAI)
    status = PanelStatus(shown, told.event_index, *state_of(told))
    if told.event_index == 0:
        return told.controller, status
    event = PanelEvent(
        told.event_index, told.event_type, told.event_access_granted, told.event_door, told.event_direction,
        told.event_card, in_utc(told.event_timestamp, SHANGHAI), told.event_reason, status=status,
    )  # fmt: skip
    return told.controller, event


def same(frame: bytes) -> None:
    ours, theirs = (serial_of(frame), read(frame, SHANGHAI)), by_the_library(frame)
    assert ours == theirs
    assert repr(ours) == repr(theirs)  # True is 1, but is not a panel's bit


def dated(start: int, body: bytes, at: datetime, later_s: int, changes: list[tuple[int, int]]) -> bytes:
    """A frame with dates that are some, but for a few bytes."""
    frame = bytearray((start, 0x20)) + body
    shown = at + timedelta(seconds=later_s)
    frame[20:27] = bytes.fromhex(f"{at:%Y%m%d%H%M%S}")
    frame[37:40], frame[51:54] = bytes.fromhex(f"{shown:%H%M%S}"), bytes.fromhex(f"{shown:%y%m%d}")
    for place, value in changes:
        frame[place] = value
    return bytes(frame)


@given(st.sampled_from([0x17, 0x19]), bodies)
def test_any_bytes_read_as_the_library_reads_them(start, body):
    same(bytes((start, 0x20)) + body)


@given(st.sampled_from([0x17, 0x19]), bodies, instants, st.integers(-90_000, 90_000), spoilt)
def test_any_date_reads_as_the_library_reads_it(start, body, at, later_s, changes):
    same(dated(start, body, at, later_s, changes))


@given(bodies, st.sampled_from([0, 1, 0xFFFFFFFF]), instants)
def test_an_event_that_is_none_is_a_state(body, index, at):
    same(dated(0x17, body[:6] + index.to_bytes(4, "little") + body[10:], at, 0, []))


@given(st.binary(max_size=70) | st.builds(lambda start, body: bytes(start) + body, st.tuples(octets, octets), bodies))
def test_what_the_library_refuses_is_nothing(data):
    try:
        decode.event(data)
    except ValueError:
        assert not is_told(data)
    else:
        assert is_told(data)


@pytest.mark.parametrize(
    ("bcd", "at"),
    [
        ("20270302100001", datetime(2027, 3, 2, 2, 0, 1, tzinfo=UTC)),
        ("20270229100000", None),
        ("20270302240000", None),
        ("2027030210005a", None),
        ("00000000000000", None),
        ("20280229000000", datetime(2028, 2, 28, 16, tzinfo=UTC)),
    ],
)
def test_a_date_that_is_none_is_none_and_harms_nothing_else(bcd, at):
    frame = bytearray(dated(0x17, bytes(62), datetime(2027, 3, 2, 10), 0, []))
    frame[4:12], frame[20:27] = bytes.fromhex("7856341209000000"), bytes.fromhex(bcd)
    told = read(bytes(frame), SHANGHAI)
    assert serial_of(bytes(frame)) == 0x12345678
    assert isinstance(told, PanelEvent) and told.status is not None
    assert (told.index, told.at, told.status.at) == (9, at, datetime(2027, 3, 2, 2, tzinfo=UTC))
