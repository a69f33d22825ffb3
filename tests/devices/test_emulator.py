"""What the emulated panel decides and keeps, told without a socket."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uhppoted import decode, encode

from devices.clock import SetClock
from devices.wg import reasons
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.memory import Card, Cards, Event, Events

SERIAL = 405419896
TODAY = date(2027, 3, 2)
NOON = datetime(2027, 3, 2, 12, 0)
FUNCTIONS = frozenset(bytes.fromhex(
    "20 30 32 40 50 52 54 58 5a 5c 80 82 84 86 88 8a 8c 8e 90 92 94 96 98 a0 a2 a4 a6 a8 aa ac b0 b2 b4 c8"
))  # fmt: skip


def ask(emulator, request):
    return emulator.answer(bytes(request))


def put(emulator, number, opens=TODAY, closes=TODAY, doors=(1, 0, 29, 1)):
    one, two, three, four = doors
    reply = ask(emulator, encode.put_card_request(SERIAL, number, opens, closes, one, two, three, four, 0))
    return decode.put_card_response(reply).stored


def number_at(emulator, index):
    return decode.get_card_by_index_response(ask(emulator, encode.get_card_by_index_request(SERIAL, index))).card_number


def test_cards_leave_holes_that_the_next_new_card_fills(make):
    emulator = make()
    for number in (11, 12, 13):
        assert put(emulator, number)
    deleted = ask(emulator, encode.delete_card_request(SERIAL, 12))
    assert decode.delete_card_response(deleted).deleted
    assert [number_at(emulator, index) for index in (1, 2, 3, 4)] == [11, 0xFFFFFFFF, 13, 0]
    assert decode.get_cards_response(ask(emulator, encode.get_cards_request(SERIAL))).cards == 2
    assert put(emulator, 14)
    assert put(emulator, 13, doors=(0, 0, 0, 0))
    assert [number_at(emulator, index) for index in (1, 2, 3, 4)] == [11, 14, 13, 0]
    again = ask(emulator, encode.delete_card_request(SERIAL, 12))
    assert not decode.delete_card_response(again).deleted


def test_a_full_panel_refuses_new_cards_and_takes_old_ones(make):
    emulator = make(cards_max=2)
    assert put(emulator, 1) and put(emulator, 2)
    assert not put(emulator, 3)
    assert put(emulator, 2, closes=TODAY + timedelta(5))
    assert emulator.card(2).closes == TODAY + timedelta(5)


@pytest.mark.parametrize("number", [0, 0xFFFFFFFF])
def test_numbers_that_mean_none_are_refused(make, number):
    assert not put(make(), number)


def test_a_zero_date_is_refused(make):
    emulator = make()
    request = encode.put_card_request(SERIAL, 7, TODAY, TODAY, 1, 1, 1, 1, 0)
    request[12:16] = bytes(4)
    assert not decode.put_card_response(ask(emulator, request)).stored
    assert emulator.card(7) is None


@pytest.mark.parametrize(
    ("pin", "kept"),
    [(999_999, 999_999), (1_000_000, 0), (1_000_001, 0), (1_048_576, 0), (1_048_577, 1), (1_999_999, 951_423)],
)
def test_a_pin_that_is_too_long_is_mangled_as_firmware_does(make, pin, kept):
    emulator = make()
    assert decode.put_card_response(
        ask(emulator, encode.put_card_request(SERIAL, 7, TODAY, TODAY, 1, 1, 1, 1, pin))
    ).stored
    assert decode.get_card_response(ask(emulator, encode.get_card_request(SERIAL, 7))).pin == kept


def test_delete_all_needs_the_magic_word(make):
    emulator = make()
    put(emulator, 1)
    request = encode.delete_cards_request(SERIAL)
    request[8:12] = bytes(4)
    assert ask(emulator, request) is None
    assert emulator.count() == 1
    assert decode.delete_all_cards_response(ask(emulator, encode.delete_cards_request(SERIAL))).deleted
    assert number_at(emulator, 1) == 0


def test_another_serial_gets_no_answer_save_that_all_are_discovered(make):
    emulator = make()
    assert ask(emulator, encode.get_time_request(SERIAL + 1)) is None
    assert ask(emulator, encode.get_time_request(0)) is None
    assert ask(emulator, encode.get_controller_request(0))[4:8] == SERIAL.to_bytes(4, "little")


def test_an_unknown_function_gets_no_answer(make):
    emulator = make()
    for function in set(range(256)) - FUNCTIONS:
        assert ask(emulator, bytes((0x17, function, 0, 0)) + SERIAL.to_bytes(4, "little") + bytes(56)) is None


def test_swipes_are_kept_and_told_to_the_listener(make):
    emulator = make()
    put(emulator, 7)
    assert emulator.swipe(7, 1).granted
    assert emulator.take_datagrams() == []
    listener = encode.set_listener_request(SERIAL, IPv4Address("127.0.0.9"), 60001)
    assert decode.set_listener_response(ask(emulator, listener)).ok
    swiped = emulator.swipe(8, 2)
    assert (swiped.granted, swiped.open, swiped.event) == (False, False, 2)
    [(where, datagram)] = emulator.take_datagrams()
    event = decode.event(datagram)
    assert where == ("127.0.0.9", 60001)
    assert (event.event_index, event.event_card, event.event_door, event.event_access_granted) == (2, 8, 2, False)
    assert event.event_timestamp == datetime(2027, 3, 2, 10, 0)
    assert emulator.take_datagrams() == []


def test_a_door_held_open_lets_the_unknown_through_and_says_so(make):
    emulator = make()
    ask(emulator, encode.set_door_control_request(SERIAL, 2, 1, 5))
    swiped = emulator.swipe(99, 2)
    assert (swiped.granted, swiped.open) == (False, True)


def test_a_granted_swipe_releases_the_lock_for_its_delay(make, clock):
    emulator = make()
    put(emulator, 7)
    ask(emulator, encode.set_door_control_request(SERIAL, 4, 3, 6))

    def relays():
        return decode.get_status_response(ask(emulator, encode.get_status_request(SERIAL))).relays

    emulator.swipe(7, 4)
    assert relays() == 0b1000
    clock.put(clock.now() + timedelta(seconds=6))
    assert relays() == 0


def test_open_door_is_an_event(make):
    emulator = make()
    assert decode.open_door_response(ask(emulator, encode.open_door_request(SERIAL, 3))).opened
    assert ask(emulator, encode.open_door_request(SERIAL, 5)) is None
    [event] = emulator.events()
    assert (event.door, event.granted, event.reason) == (3, True, reasons.REMOTE_OPEN)


def test_events_are_found_by_index_and_the_oldest_are_overwritten(make):
    emulator = make(events_max=10, events_chunk=4)
    for number in range(1, 12):
        emulator.swipe(number, 1)

    def event(index):
        return decode.get_event_response(ask(emulator, encode.get_event_request(SERIAL, index)))

    assert (event(0).index, event(0xFFFFFFFF).index, event(7).card) == (5, 11, 7)
    assert (event(4).event_type, event(12).event_type) == (0xFF, 0)
    assert decode.set_event_index_response(ask(emulator, encode.set_event_index_request(SERIAL, 7))).updated
    assert not decode.set_event_index_response(ask(emulator, encode.set_event_index_request(SERIAL, 7))).updated
    assert not decode.set_event_index_response(ask(emulator, encode.set_event_index_request(SERIAL, 12))).updated
    assert decode.get_event_index_response(ask(emulator, encode.get_event_index_request(SERIAL))).event_index == 7


def test_no_event_at_all(make):
    reply = ask(make(), encode.get_event_request(SERIAL, 0xFFFFFFFF))
    assert decode.get_event_response(reply).event_type == 0


def test_the_clock_is_local_can_be_put_and_drifts(make, clock):
    emulator = make()
    assert emulator.local_time() == datetime(2027, 3, 2, 10, 0)
    put_to = datetime(2030, 1, 1, 8, 0, 30)
    assert decode.set_time_response(ask(emulator, encode.set_time_request(SERIAL, put_to))).datetime == put_to
    emulator.drift(1_000)
    clock.put(clock.now() + timedelta(seconds=10_000))
    assert emulator.local_time() == put_to + timedelta(seconds=10_010)


def test_a_panel_whose_clock_is_wrong_decides_by_its_own(make):
    emulator = make()
    put(emulator, 7)
    emulator.set_local_time(datetime(2027, 3, 3, 0, 0))
    assert emulator.swipe(7, 1).reason == reasons.NOT_AT_THIS_TIME


def test_power(make):
    emulator = make()
    put(emulator, 7)
    emulator.power(on=False)
    assert ask(emulator, encode.get_time_request(SERIAL)) is None
    with pytest.raises(ValueError, match="no power"):
        emulator.swipe(7, 1)
    emulator.power_cycle(keep_memory=True)
    assert emulator.swipe(7, 1).granted
    emulator.power_cycle(keep_memory=False)
    assert emulator.count() == 0
    assert [event.reason for event in emulator.events()] == [reasons.POWER_ON]


def test_hands_can_alter_what_is_held(make):
    emulator = make(cards_max=1)
    emulator.put(Card(5, TODAY, TODAY, (0, 0, 0, 0)))
    emulator.alter(5, doors=(1, 1, 1, 1))
    assert emulator.swipe(5, 2).granted
    with pytest.raises(ValueError, match="not on this panel"):
        emulator.alter(6, pin=1)
    with pytest.raises(ValueError, match="full"):
        emulator.put(Card(6, TODAY, TODAY, (0, 0, 0, 0)))
    assert emulator.remove(5) and not emulator.remove(5)


@given(st.lists(st.tuples(st.sampled_from("pd"), st.integers(1, 6)), max_size=60))
def test_slots_and_numbers_never_disagree(steps):
    cards, held = Cards(4), {}
    for step, number in steps:
        if step == "d":
            assert cards.delete(number) == (held.pop(number, None) is not None)
        elif cards.has_room(number):
            held[number] = Card(number, TODAY, TODAY, (len(held), 0, 0, 0))
            cards.put(held[number])
        else:
            assert len(held) == 4 and number not in held
    slots = list(cards.slots())
    assert sorted(card.number for card in slots if card) == sorted(held)
    assert all(cards.get(number) == card for number, card in held.items()) and len(cards) == len(held)
    assert len(slots) <= 4


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 100))
def test_the_event_store_keeps_the_newest_in_one_row(events_max, chunk, number):
    store = Events(events_max, chunk)
    for index in range(1, number + 1):
        store.add(Event(index, 1, False, 1, 1, index, NOON, 1))
    kept = [event.index for event in store]
    assert kept == list(range(kept[0], number + 1)) and 1 <= len(kept) <= events_max
    oldest = store.get(kept[0])
    assert oldest is not None and oldest.card == kept[0]
    assert store.get(kept[0] - 1) is None and store.get(number + 1) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)))
def test_the_clock_shows_what_it_was_put_to(at):
    clock = SetClock(datetime(2027, 3, 2, 2, 0, 0, 123457, tzinfo=UTC))
    emulator = WgEmulator(Identity(SERIAL), clock, UTC, drift_ppm=250.0)
    emulator.set_local_time(at.replace(microsecond=0))
    assert emulator.local_time() == at.replace(microsecond=0)


def remembered(emulator):
    """Everything that the panel keeps, as its journal would have it."""
    return [str(line) for line in emulator.state.lines()]


def filled():
    """A panel with something of everything."""
    emulator = WgEmulator(Identity(SERIAL), SetClock(datetime(2027, 3, 2, 2, 0, tzinfo=UTC)), UTC)
    for number in (7, 8, 9):
        emulator.put(Card(number, TODAY, TODAY, (1, 0, 29, 1), 7531, 5))
    emulator.remove(8)
    emulator.swipe(7, 1)
    return emulator


@given(st.lists(st.binary(max_size=130), max_size=8))
def test_garbage_gets_no_answer_and_changes_nothing(frames):
    emulator = filled()
    before = remembered(emulator)
    for frame in frames:
        if len(frame) != 64 or frame[0] != 0x17 or frame[1] not in FUNCTIONS:
            assert emulator.answer(frame) is None
    assert remembered(emulator) == before


requests = st.builds(
    lambda function, serial, body: bytes((0x17, function, 0, 0)) + serial.to_bytes(4, "little") + body,
    st.sampled_from(sorted(FUNCTIONS)),
    st.sampled_from([SERIAL, SERIAL, SERIAL, 0, 1]),
    st.one_of(
        st.binary(min_size=56, max_size=56),
        st.binary(max_size=12).map(lambda told: (b"\x55\xaa\xaa\x55" + told).ljust(56, b"\0")),
        st.lists(st.sampled_from([0, 1, 2, 3, 4, 0x20, 0x27, 0x08, 0x30, 0xFF]), max_size=36).map(
            lambda told: bytes(told).ljust(56, b"\0")
        ),
    ),
)


@given(st.lists(requests, max_size=12))
def test_frames_that_somebody_made_up_crash_nothing_and_what_they_did_is_remembered(frames):
    emulator = filled()
    for frame in frames:
        before, reply = remembered(emulator), emulator.answer(frame)
        if reply is None:
            assert frame[1] == 0x96 or remembered(emulator) == before
        else:
            assert (len(reply), reply[1], reply[4:8]) == (64, frame[1], SERIAL.to_bytes(4, "little"))
        assert frame[4:8] == SERIAL.to_bytes(4, "little") or frame[1] == 0x94 or reply is None
    again = WgEmulator(Identity(SERIAL), SetClock(datetime(2027, 3, 2, 2, 0, tzinfo=UTC)), UTC)
    for line in emulator.state.lines():
        again.state.apply(line)
    assert remembered(again) == remembered(emulator)
