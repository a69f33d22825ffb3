"""The bytes: golden packets of uhppoted's own tests, written out; then properties, with uhppoted as an independent judge."""

from __future__ import annotations

from datetime import date, datetime, time
from ipaddress import IPv4Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from uhppoted import decode, encode, structs

from devices.wg import frames
from devices.wg.frames import read_request, write_event, write_reply
from devices.wire import ProtocolError

SERIAL = 405419896
LOCAL = datetime(2021, 5, 28, 13, 51, 30)


def packet(text: str) -> bytes:
    """Bytes from hexadecimal, filled with zeros to 64."""
    return bytes.fromhex(text).ljust(64, b"\0")


# uhppoted-lib-python, tests/uhppoted/test_encode.py and integration_tests/uhppoted/stub.py
REQUESTS = [
    ("17 20 0000 78372a18", 0x20, frames.Ask(SERIAL)),
    ("17 30 0000 78372a18 20210528145614", 0x30, frames.SetTime(SERIAL, datetime(2021, 5, 28, 14, 56, 14))),
    ("17 32 0000 78372a18", 0x32, frames.Ask(SERIAL)),
    ("17 40 0000 78372a18 03", 0x40, frames.AskDoor(SERIAL, 3)),
    (
        "17 50 0000 78372a18 a07a9900 20250101 20251231 01001101 3f420f 00",
        0x50,
        frames.CardFrame(SERIAL, 10058400, date(2025, 1, 1), date(2025, 12, 31), (1, 0, 17, 1), 999999, 0),
    ),
    (
        "17 50 0000 78372a18 15cd5b07 20230101 20251231 01001d01 6b1d00",
        0x50,
        frames.CardFrame(SERIAL, 123456789, date(2023, 1, 1), date(2025, 12, 31), (1, 0, 29, 1), 7531, 0),
    ),
    ("17 52 0000 78372a18 a2987c00", 0x52, frames.AskNumber(SERIAL, 8165538)),
    ("17 54 0000 78372a18 55aaaa55", 0x54, frames.Sworn(SERIAL, frames.MAGIC)),
    ("17 58 0000 78372a18", 0x58, frames.Ask(SERIAL)),
    ("17 5a 0000 78372a18 9f7a9900", 0x5A, frames.AskNumber(SERIAL, 10058399)),
    ("17 5c 0000 78372a18 11270000", 0x5C, frames.AskNumber(SERIAL, 10001)),
    ("17 80 0000 78372a18 03 02 04", 0x80, frames.DoorFrame(SERIAL, 3, 2, 4)),
    ("17 82 0000 78372a18 03", 0x82, frames.AskDoor(SERIAL, 3)),
    (
        "17 88 0000 78372a18 25 20241126 20241229 01010001000101 0830 0945 1135 1315 1401 1759 13",
        0x88,
        frames.ProfileFrame(
            SERIAL, 37, date(2024, 11, 26), date(2024, 12, 29), (True, True, False, True, False, True, True),
            time(8, 30), time(9, 45), time(11, 35), time(13, 15), time(14, 1), time(17, 59), 19,
        ),
    ),
    ("17 90 0000 78372a18 c0a80164 61ea 0f", 0x90, frames.ListenerFrame(SERIAL, IPv4Address("192.168.1.100"), 60001, 15)),
    ("17 92 0000 78372a18", 0x92, frames.Ask(SERIAL)),
    ("17 94 0000 00000000", 0x94, frames.Ask(0)),
    ("17 b0 0000 78372a18 1d000000", 0xB0, frames.AskNumber(SERIAL, 29)),
    ("17 b2 0000 78372a18 1d000000 55aaaa55", 0xB2, frames.SetEventIndex(SERIAL, 29, frames.MAGIC)),
    ("17 b4 0000 78372a18", 0xB4, frames.Ask(SERIAL)),
    ("17 98 0000 78372a18 1d", 0x98, frames.AskDoor(SERIAL, 29)),
    ("17 84 0000 78372a18 02", 0x84, frames.ModeFrame(SERIAL, 2)),
    ("17 86 0000 78372a18", 0x86, frames.Ask(SERIAL)),
    ("17 8a 0000 78372a18 55aaaa55", 0x8A, frames.Sworn(SERIAL, frames.MAGIC)),
    (
        "17 8c 0000 78372a18 03 000000 39300000 00000000 3f420f00 31d40000",
        0x8C,
        frames.PasscodesFrame(SERIAL, 3, 12345, 0, 999999, 54321),
    ),
    ("17 8e 0000 78372a18 01", 0x8E, frames.Switch(SERIAL, True)),
    ("17 a0 0000 78372a18 55aaaa55 01", 0xA0, frames.PcControl(SERIAL, frames.MAGIC, True)),
    ("17 a2 0000 78372a18 08", 0xA2, frames.ModeFrame(SERIAL, 8)),
    ("17 a4 0000 78372a18 01010001", 0xA4, frames.KeypadsFrame(SERIAL, (True, True, False, True))),
    ("17 a6 0000 78372a18 55aaaa55", 0xA6, frames.Sworn(SERIAL, frames.MAGIC)),
    (
        "17 a8 0000 78372a18 20210101 20211231 01000100010000 0830 03 04 11",
        0xA8,
        frames.TaskFrame(
            SERIAL, date(2021, 1, 1), date(2021, 12, 31), (True, False, True, False, True, False, False), time(8, 30), 3, 4,
            17,
        ),
    ),
    ("17 ac 0000 78372a18 55aaaa55", 0xAC, frames.Sworn(SERIAL, frames.MAGIC)),
    ("17 c8 0000 78372a18 55aaaa55", 0xC8, frames.Sworn(SERIAL, frames.MAGIC)),
    (  # uhppoted/uhppote-core, messages/set_first_card_test.go
        "17 aa 0000 78372a18 03 0830 01 1745 02 01010001000101",
        0xAA,
        frames.FirstCardFrame(SERIAL, 3, time(8, 30), 1, time(17, 45), 2, (True, True, False, True, False, True, True)),
    ),
]  # fmt: skip

# uhppoted-lib-python, tests/uhppoted/test_decode.py and integration_tests/uhppoted/stub.py
REPLIES = [
    (0x30, frames.SetTime(SERIAL, datetime(2021, 5, 28, 14, 56, 14)), "17 30 0000 78372a18 20210528145614"),
    (0x32, frames.SetTime(SERIAL, LOCAL), "17 32 0000 78372a18 20210528135130"),
    (0x40, frames.Ok(SERIAL, True), "17 40 0000 78372a18 01"),
    (0x58, frames.NumberFrame(SERIAL, 3), "17 58 0000 78372a18 03000000"),
    (
        0x5A,
        frames.CardFrame(SERIAL, 8165538, date(2023, 1, 1), date(2023, 12, 31), (1, 0, 29, 1), 7531, 0),
        "17 5a 0000 78372a18 a2987c00 20230101 20231231 01001d01 6b1d00",
    ),
    (0x5A, frames.CardFrame(SERIAL, 0, None, None, (0, 0, 0, 0), 0, 0), "17 5a 0000 78372a18"),
    (0x5C, frames.CardFrame(SERIAL, 0xFFFFFFFF, None, None, (0, 0, 0, 0), 0, 0), "17 5c 0000 78372a18 ffffffff"),
    (0x82, frames.DoorFrame(SERIAL, 3, 3, 7), "17 82 0000 78372a18 03 03 07"),
    (0x86, frames.ModeFrame(SERIAL, 2), "17 86 0000 78372a18 02"),
    (0xA0, frames.Ok(SERIAL, True), "17 a0 0000 78372a18 01"),
    (0x92, frames.ListenerFrame(SERIAL, IPv4Address("192.168.1.100"), 60001, 15), "17 92 0000 78372a18 c0a80164 61ea 0f"),
    (
        0x94,
        frames.ControllerFrame(
            SERIAL, IPv4Address("192.168.1.100"), IPv4Address("255.255.255.0"), IPv4Address("192.168.1.1"),
            bytes.fromhex("001223344556"), (8, 92), date(2018, 11, 5),
        ),
        "17 94 0000 78372a18 c0a80164 ffffff00 c0a80101 001223344556 0892 20181105",
    ),
    (
        0xB0,
        frames.EventFrame(SERIAL, 29, 2, True, 1, 1, 0, datetime(2019, 8, 3, 10, 34, 29), 0),
        "17 b0 0000 78372a18 1d000000 02 01 01 01 00000000 20190803103429 00",
    ),
    (0xB0, frames.EventFrame(201020304, 0, 0xFF, False, 0, 0, 0, None, 0), "17 b0 0000 9053fb0b 00000000 ff"),
]  # fmt: skip

STATUS = frames.StatusFrame(
    SERIAL, 70, 2, True, 3, 1, 8165535, datetime(2024, 2, 22, 10, 23, 40), 44,
    doors_open=(True, False, False, True), buttons=(True, False, True, True), error=3, system_time=time(10, 23, 40),
    sequence=123, info=39, relays=10, inputs=5, system_date=date(2024, 2, 22),
)  # fmt: skip
STATUS_HEX = (
    "17 20 0000 78372a18 46000000 02 01 03 01 9f987c00 20240222102340 2c 01000001 01000101 03 102340 7b000000"
    " 00000000 27 0a 05 240222"
)


@pytest.mark.parametrize(("text", "function", "message"), REQUESTS)
def test_golden_requests_are_read(text, function, message):
    assert read_request(packet(text)) == (function, message)


@pytest.mark.parametrize(("function", "reply", "text"), REPLIES)
def test_golden_replies_are_written(function, reply, text):
    assert write_reply(function, reply) == packet(text)


def test_golden_event_is_written():
    assert write_event(STATUS) == packet(STATUS_HEX)
    assert write_event(STATUS, v6_62=True) == b"\x19" + packet(STATUS_HEX)[1:]
    assert decode.event(write_event(STATUS, v6_62=True)).event_card == 8165535


days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(microsecond=0))
minutes = st.times().map(lambda at: at.replace(second=0, microsecond=0))
u32 = st.integers(0, 0xFFFFFFFF)
u8 = st.integers(0, 255)


@given(u32, days, days, st.tuples(u8, u8, u8, u8), st.integers(0, 0xFFFFFF))
def test_put_card_as_uhppoted_writes_it_is_read_whole(number, opens, closes, doors, pin):
    one, two, three, four = doors
    request = bytes(encode.put_card_request(SERIAL, number, opens, closes, one, two, three, four, pin))
    assert read_request(request) == (0x50, frames.CardFrame(SERIAL, number, opens, closes, doors, pin, 0))
    assert write_reply(0x50, frames.CardFrame(SERIAL, number, opens, closes, doors, pin, 0)) == request


@given(u32, days, days, st.tuples(u8, u8, u8, u8), st.integers(0, 0xFFFFFF))
def test_card_reply_is_what_uhppoted_reads(number, opens, closes, doors, pin):
    told = decode.get_card_response(write_reply(0x5A, frames.CardFrame(SERIAL, number, opens, closes, doors, pin, 5)))
    assert (told.controller, told.card_number, told.start_date, told.end_date) == (SERIAL, number, opens, closes)
    assert (told.door_1, told.door_2, told.door_3, told.door_4, told.pin) == (*doors, pin)
    assert told.firstcard == {1: True, 2: False, 3: True, 4: False}


@given(st.integers(2, 254), days, days, st.tuples(*[st.booleans()] * 7), st.tuples(*[minutes] * 6), u8)
def test_profiles_agree_with_uhppoted_both_ways(number, opens, closes, weekdays, spans, linked):
    one, two, three, four, five, six = spans
    request = encode.set_time_profile_request(SERIAL, number, opens, closes, *(*weekdays, *spans, linked))
    message = frames.ProfileFrame(SERIAL, number, opens, closes, weekdays, one, two, three, four, five, six, linked)
    assert read_request(bytes(request)) == (0x88, message)
    told = decode.get_time_profile_response(write_reply(0x98, message))
    assert (told.profile_id, told.start_date, told.sunday, told.segment_3_end) == (number, opens, weekdays[6], spans[5])


@given(instants, u32, u8, st.booleans())
def test_times_and_events_agree_with_uhppoted(at, index, reason, granted):
    assert read_request(bytes(encode.set_time_request(SERIAL, at)))[1] == frames.SetTime(SERIAL, at)
    assert decode.get_time_response(write_reply(0x32, frames.SetTime(SERIAL, at))).datetime == at
    told = decode.get_event_response(
        write_reply(0xB0, frames.EventFrame(SERIAL, index, 1, granted, 4, 2, 7, at, reason))
    )
    assert (told.index, told.access_granted, told.timestamp, told.reason) == (index, granted, at, reason)


addresses = st.integers(0, 0xFFFFFFFF).map(IPv4Address)
flags7 = st.tuples(*[st.booleans()] * 7)


@given(days, days, flags7, minutes, st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_a_task_as_uhppoted_writes_it_is_read_whole(opens, closes, weekdays, start, door, kind, more_cards):
    request = bytes(encode.add_task_request(SERIAL, opens, closes, *(*weekdays, start, door, kind, more_cards)))
    assert read_request(request) == (
        0xA8, frames.TaskFrame(SERIAL, opens, closes, weekdays, start, door, kind, more_cards)
    )  # fmt: skip


@given(st.integers(0, 255), st.tuples(u32, u32, u32, u32), st.tuples(*[st.booleans()] * 4), flags7, minutes, minutes)
def test_passcodes_keypads_and_first_cards_as_uhppoted_writes_them_are_read_whole(
    door, codes, readers, weekdays, start, end
):
    request = bytes(encode.set_door_passcodes_request(SERIAL, door, *codes))
    assert read_request(request)[1] == frames.PasscodesFrame(SERIAL, door, *codes)
    request = bytes(encode.activate_keypads_request(SERIAL, *readers))
    assert read_request(request) == (0xA4, frames.KeypadsFrame(SERIAL, readers))
    modes = structs.DoorMode
    for active, a in ((modes.CONTROLLED, 0), (modes.NORMALLY_OPEN, 1), (modes.NORMALLY_CLOSED, 2)):
        told = structs.FirstCard(start, end, active, modes.FIRSTCARD_ONLY, structs.Weekdays(*weekdays))
        request = bytes(encode.set_firstcard_request(SERIAL, door, told))
        assert read_request(request)[1] == frames.FirstCardFrame(SERIAL, door, start, a, end, 3, weekdays)


@given(addresses, addresses, addresses)
def test_an_address_as_uhppoted_writes_it_is_read_whole(address, netmask, gateway):
    request = bytes(encode.set_ip_request(SERIAL, address, netmask, gateway))
    assert read_request(request) == (0x96, frames.AddressFrame(SERIAL, address, netmask, gateway, frames.MAGIC))


def test_status_is_what_uhppoted_reads():
    told = decode.get_status_response(write_reply(0x20, STATUS))
    assert (told.system_date, told.system_time) == (date(2024, 2, 22), time(10, 23, 40))
    assert (told.door_1_open, told.door_4_open, told.door_2_button) == (True, True, False)
    assert (told.relays, told.inputs, told.system_error, told.special_info, told.sequence_no) == (10, 5, 3, 39, 123)


@given(st.binary(max_size=130))
@example(b"")
@example(packet("17 50 0000 78372a18 a07a9900 2025ab01 20251231"))
@example(packet("17 50 0000 78372a18 a07a9900 20251301 20251231"))
@example(packet("17 30 0000 78372a18 20210528246060"))
@example(packet("17 ff 0000 78372a18"))
@example(packet("19 20 0000 78372a18"))
def test_garbage_raises_protocol_error_alone(data):
    try:
        function, message = read_request(data)
    except ProtocolError:
        return
    assert len(data) == 64 and function == data[1] and message.serial == int.from_bytes(data[4:8], "little")


@given(st.sampled_from(sorted({int(text[3:5], 16) for text, _, _ in REQUESTS})), st.binary(min_size=62, max_size=62))
def test_garbage_behind_a_known_function_raises_protocol_error_alone(function, rest):
    try:
        read_request(bytes((0x17, function)) + rest)
    except ProtocolError as error:
        assert "none" in str(error)


def test_a_byte_less_and_a_byte_more_are_no_frame():
    frame = packet(REQUESTS[0][0])
    for data in (*(frame[:length] for length in range(64)), frame + b"\0"):
        with pytest.raises(ProtocolError, match="64 bytes"):
            read_request(data)


@pytest.mark.parametrize(
    "reply",
    [
        frames.NumberFrame(SERIAL, -1),
        frames.NumberFrame(1 << 32, 0),
        frames.CardFrame(SERIAL, 1, None, None, (1, 2, 3, 256), 0, 0),
        frames.CardFrame(SERIAL, 1, None, None, (0, 0, 0, 0), 1 << 24, 0),
    ],
)
def test_what_does_not_fit_is_not_written(reply):
    with pytest.raises(ProtocolError, match="does not fit"):
        write_reply(0x58, reply)
