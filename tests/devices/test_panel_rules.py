"""How an emulated panel drives its doors when it was told how: modes, tasks, first cards, keypads, hosts, alarms."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address

import pytest
from uhppoted import decode, encode, structs

from devices.wg import reasons, timetable
from devices.wg.body import HELD_OPEN_S, HOST_SILENCE_S
from devices.wg.memory import Card
from devices.wg.readers import MORE_CARDS_S, PIN_S

SERIAL = 405419896
TODAY = date(2027, 3, 2)
EVER = (date(2027, 1, 1), date(2027, 12, 31))
EVERYDAY = (True,) * 7
ANNE, BEN, EVE = 7, 8, 9


@pytest.fixture
def panel(make):
    """A panel that knows Anne (who has a PIN) and Ben; its clock shows 10:00."""
    emulator = make()
    emulator.put(Card(ANNE, *EVER, (1, 1, 1, 1), 7531, 0b0001))
    emulator.put(Card(BEN, *EVER, (1, 1, 1, 1)))
    return emulator


def tell(emulator, request):
    """Send a request that must be done, if there is a reply at all that says so."""
    reply = emulator.answer(bytes(request))
    assert reply is not None and reply[8], bytes(request).hex()


@pytest.fixture
def after(clock):
    """Lets time pass, in seconds."""

    def after(seconds):
        clock.put(clock.now() + timedelta(seconds=seconds))

    return after


def status(emulator):
    return decode.get_status_response(emulator.answer(bytes(encode.get_status_request(SERIAL))))


def last(emulator):
    event = emulator.events()[-1]
    return event.kind, event.granted, event.door, event.card, event.reason


def add_tasks(emulator, *told):
    for kind, door, start, *more in told:
        tell(emulator, encode.add_task_request(SERIAL, *EVER, *EVERYDAY, start, door, kind, *(more or [0])))
    tell(emulator, encode.refresh_tasklist_request(SERIAL))


def test_a_normally_closed_door_shuts_at_once_and_opens_to_the_hub_alone(panel, after):
    assert panel.swipe(BEN, 1).open and panel.is_released(1)
    tell(panel, encode.set_door_control_request(SERIAL, 1, 2, 5))
    assert not panel.is_released(1)
    assert panel.swipe(BEN, 1).reason == reasons.DOOR_NORMALLY_CLOSED and not panel.is_released(1)
    tell(panel, encode.open_door_request(SERIAL, 1))
    assert last(panel) == (2, True, 1, 3922570474, 44)
    assert status(panel).relays == 0b0001
    after(5)
    assert status(panel).relays == 0


def test_a_keypad_asks_for_the_pin_of_a_card_that_has_one(panel, after):
    tell(panel, encode.activate_keypads_request(SERIAL, True, False, False, False))
    assert panel.swipe(BEN, 1).granted
    before = len(panel.events())
    waiting = panel.swipe(ANNE, 1)
    assert (waiting.granted, waiting.event, len(panel.events())) == (False, 0, before)
    assert panel.type_code(1, 7531).granted
    assert panel.swipe(ANNE, 1, pin=7531).granted
    assert panel.swipe(ANNE, 1, pin=1).reason == reasons.WRONG_PIN
    assert panel.swipe(ANNE, 2).granted
    panel.swipe(ANNE, 1)
    assert panel.next_in_s() == PIN_S
    after(PIN_S)
    panel.tick()
    assert last(panel) == (1, False, 1, ANNE, reasons.WRONG_PIN)
    assert panel.type_code(1, 7531).reason == reasons.WRONG_PIN  # too late: now it is a passcode


def test_a_passcode_opens_and_a_normally_closed_door_only_says_so(panel):
    tell(panel, encode.set_door_passcodes_request(SERIAL, 3, 12345, 0, 0, 999999))
    assert not panel.type_code(3, 12345).granted  # the keypad is off
    tell(panel, encode.activate_keypads_request(SERIAL, False, False, True, False))
    assert not panel.type_code(3, 0).granted and not panel.type_code(3, 7).granted
    opened = panel.type_code(3, 999999)
    assert (opened.granted, opened.open, opened.reason) == (True, True, reasons.PASSCODE) and panel.is_released(3)
    assert last(panel) == (2, True, 3, 0, 25)
    tell(panel, encode.set_door_control_request(SERIAL, 3, 2, 5))
    opened = panel.type_code(3, 12345)
    assert (opened.granted, opened.open) == (True, False) and not panel.is_released(3)


def test_a_host_decides_until_it_falls_silent(panel, after):
    assert not encode.set_pc_control_request(SERIAL, True)[13]
    tell(panel, encode.set_pc_control_request(SERIAL, True))
    assert panel.swipe(BEN, 1).reason == reasons.PC_CONTROL and not panel.is_released(1)
    assert last(panel) == (1, False, 1, BEN, 5)
    after(HOST_SILENCE_S - 1)
    panel.answer(bytes(encode.get_card_request(SERIAL, 1)))  # any word will do
    after(HOST_SILENCE_S - 1)
    assert panel.swipe(BEN, 1).reason == reasons.PC_CONTROL
    after(1)
    assert panel.swipe(BEN, 1).granted
    status(panel)  # the host is back
    assert panel.swipe(BEN, 1).reason == reasons.PC_CONTROL
    panel.power_cycle(keep_memory=True)
    assert panel.swipe(BEN, 1).granted


@pytest.mark.parametrize(
    "request_of",
    [
        encode.delete_all_time_profiles_request,
        encode.clear_tasklist_request,
        encode.refresh_tasklist_request,
        encode.restore_default_parameters_request,
        lambda serial: encode.set_pc_control_request(serial, True),
    ],
)
def test_without_the_magic_word_nothing_is_done(panel, request_of):
    tell(panel, encode.set_time_profile_request(SERIAL, 29, *EVER, *EVERYDAY, *(time(8),) * 6, 0))
    tell(panel, encode.add_task_request(SERIAL, *EVER, *EVERYDAY, time(10), 1, timetable.DOOR_OPEN, 0))
    request = request_of(SERIAL)
    request[8] ^= 1
    before = list(panel.state.lines())
    assert panel.answer(bytes(request))[8] == 0
    assert list(panel.state.lines()) == before and panel.swipe(BEN, 1).granted
    moved = encode.set_ip_request(SERIAL, *[IPv4Address("10.0.0.1")] * 3)
    moved[20] ^= 1
    assert panel.answer(bytes(moved)) is None and panel.state.network is None


def test_anti_passback_by_the_wire(panel):
    tell(panel, encode.set_antipassback_request(SERIAL, 1))
    assert panel.swipe(BEN, 1).granted
    assert panel.swipe(BEN, 1).reason == reasons.PASSBACK and panel.swipe(ANNE, 1).granted
    assert panel.swipe(BEN, 2).granted and panel.swipe(BEN, 1).granted
    tell(panel, encode.set_antipassback_request(SERIAL, 1))  # setting it forgives
    assert panel.swipe(BEN, 1).granted
    panel.power_cycle(keep_memory=True)
    assert panel.swipe(BEN, 1).granted and panel.swipe(BEN, 1).reason == reasons.PASSBACK


def test_an_interlock_by_the_wire(panel):
    tell(panel, encode.set_interlock_request(SERIAL, 1))
    assert panel.swipe(BEN, 1).granted and panel.open_door(1)
    assert panel.swipe(BEN, 2).reason == reasons.INTERLOCK
    assert not panel.press_button(2)
    assert panel.swipe(BEN, 3).granted and panel.swipe(BEN, 1).granted
    assert panel.shut_door(1) and panel.swipe(BEN, 2).granted and panel.press_button(2)


def test_tasks_drive_the_doors_and_what_is_set_later_goes_over_them(panel, after):
    add_tasks(
        panel,
        (timetable.DOOR_CLOSED, 1, time(9)),
        (timetable.DOOR_OPEN, 1, time(11)),
        (timetable.PROFILES_OFF, 2, time(11)),
        (timetable.BUTTON_OFF, 2, time(11)),
        (timetable.TRIGGER_ONCE, 3, time(12)),
    )
    assert panel.swipe(BEN, 1).granted  # nine o'clock was over when it was refreshed
    assert panel.next_in_s() == 3600
    after(3600)
    panel.tick()
    assert (status(panel).relays, panel.press_button(2)) == (0b0001, False)
    panel.alter(BEN, doors=(1, 29, 1, 1))
    assert panel.swipe(BEN, 2).reason == reasons.NOT_AT_THIS_TIME
    tell(panel, encode.set_door_control_request(SERIAL, 1, 2, 5))
    assert status(panel).relays == 0
    after(3600)
    assert status(panel).relays == 0b0100
    after(60)
    assert status(panel).relays == 0
    panel.power_cycle(keep_memory=True)  # the day runs again, and its tasks are now the more recent
    assert status(panel).relays == 0b0001


def test_what_waits_for_a_refresh_is_lost_with_the_power(panel):
    tell(panel, encode.add_task_request(SERIAL, *EVER, *EVERYDAY, time(10), 1, timetable.DOOR_OPEN, 0))
    panel.power_cycle(keep_memory=True)
    tell(panel, encode.refresh_tasklist_request(SERIAL))
    assert panel.state.tasks == () and status(panel).relays == 0
    add_tasks(panel, (timetable.DOOR_OPEN, 1, time(10)))
    assert status(panel).relays == 0b0001
    tell(panel, encode.clear_tasklist_request(SERIAL))
    assert status(panel).relays == 0b0001  # what a task did stays


def test_passwords_and_more_cards_by_task(panel, after):
    add_tasks(panel, (timetable.IN_PASSWORD, 1, time(10)), (timetable.MORE_CARDS_ON, 2, time(10), 2))
    assert panel.swipe(ANNE, 1).event == 0 and panel.swipe(ANNE, 1, direction=reasons.OUT).granted
    assert panel.swipe(BEN, 2).reason == reasons.MORE_CARDS
    assert panel.swipe(BEN, 2).reason == reasons.MORE_CARDS  # the same card twice is one
    assert panel.swipe(ANNE, 2).granted
    assert panel.swipe(BEN, 2).reason == reasons.MORE_CARDS
    after(MORE_CARDS_S + 1)
    assert panel.swipe(ANNE, 2).reason == reasons.MORE_CARDS
    tell(panel, encode.clear_tasklist_request(SERIAL))
    add_tasks(panel, (timetable.PASSWORD, 1, time(10, 1)), (timetable.MORE_CARDS_OFF, 2, time(10, 1)))
    after(60)
    assert panel.swipe(ANNE, 1, direction=reasons.OUT).event == 0 and panel.swipe(BEN, 2).granted
    tell(panel, encode.clear_tasklist_request(SERIAL))
    add_tasks(panel, (timetable.NO_PASSWORD, 1, time(10, 2)))
    after(60)
    assert panel.swipe(ANNE, 1).granted


def test_the_first_card_of_the_day_opens_the_door_to_all(panel, after):
    modes = structs.DoorMode
    told = structs.FirstCard(time(9), time(11), modes.NORMALLY_OPEN, modes.FIRSTCARD_ONLY, structs.Weekdays(*EVERYDAY))
    tell(panel, encode.set_firstcard_request(SERIAL, 1, told))
    assert panel.swipe(BEN, 1).granted  # not in force before a refresh
    after(5)
    tell(panel, encode.refresh_tasklist_request(SERIAL))
    mode = encode.get_door_control_request(SERIAL, 1)
    assert panel.swipe(BEN, 1).reason == reasons.FIRST_CARD and panel.answer(bytes(mode))[9] == 3
    assert panel.swipe(ANNE, 1).granted and panel.answer(bytes(mode))[9] == 1
    after(60)
    assert status(panel).relays == 0b0001 and panel.swipe(BEN, 1).granted
    after(3600)
    assert status(panel).relays == 0 and panel.swipe(BEN, 1).reason == reasons.FIRST_CARD
    assert panel.swipe(ANNE, 1).granted  # past the end she passes, but opens it to nobody else
    after(6)
    assert status(panel).relays == 0
    tell(panel, encode.set_door_control_request(SERIAL, 1, 3, 5))
    assert panel.swipe(BEN, 1).granted and panel.state.first_cards == {}


def test_doors_and_buttons_are_events_only_where_special_events_are_recorded(panel):
    def acts():
        panel.press_button(1)
        panel.open_door(1)
        panel.shut_door(1)
        tell(panel, encode.set_door_control_request(SERIAL, 2, 2, 5))
        panel.press_button(2)

    acts()
    assert panel.events() == []
    panel.power_cycle(keep_memory=True)
    tell(panel, encode.record_special_events_request(SERIAL, True))
    acts()
    told = [(event.kind, event.granted, event.door, event.card, event.reason) for event in panel.events()]
    assert told == [
        (3, False, 0, 0, 28),
        (2, True, 1, 1, 20),
        (2, True, 1, 8, 23),
        (2, True, 1, 9, 24),
        (3, False, 2, 6, 31),
    ]


def test_a_forced_door_is_an_alarm_and_a_locked_one_cannot_be_pulled(panel):
    assert not panel.open_door(2) and not status(panel).door_2_open
    assert panel.force_door(2) == 1 and last(panel) == (3, False, 2, 0, reasons.FORCED)
    assert status(panel).door_2_open and panel.next_in_s() is None
    assert panel.shut_door(2) and not panel.shut_door(2)
    panel.swipe(BEN, 2)
    assert panel.force_door(2) == 0  # it was released


def test_a_door_held_open_is_an_alarm_once(panel, after):
    panel.swipe(BEN, 4)
    assert panel.open_door(4)
    assert panel.next_in_s() == 5 + HELD_OPEN_S
    after(5 + HELD_OPEN_S - 0.1)
    panel.tick()
    assert len(panel.events()) == 1
    after(0.1)
    panel.tick()
    assert last(panel) == (3, False, 4, 0, reasons.HELD_OPEN)
    after(1_000)
    panel.tick()
    assert len(panel.events()) == 2 and panel.next_in_s() is None
    panel.shut_door(4)
    panel.hold_open_for(2)
    panel.swipe(BEN, 4)
    panel.open_door(4)
    assert panel.next_in_s() == 7
    panel.shut_door(4)
    tell(panel, encode.set_door_control_request(SERIAL, 4, 1, 5))
    panel.open_door(4)
    after(10)
    panel.tick()
    assert last(panel)[4] == reasons.SWIPE  # nobody minds a door that is held open by its mode


def test_fire_releases_all_and_is_told_in_the_inputs(panel):
    tell(panel, encode.set_door_control_request(SERIAL, 2, 2, 5))
    tell(panel, encode.set_listener_request(SERIAL, IPv4Address("127.0.0.9"), 60001))
    index = panel.fire(on=True)
    assert last(panel) == (3, False, 0, 0, reasons.FIRE) and panel.fire(on=True) == 0
    [(_, datagram)] = panel.take_datagrams()
    told = decode.event(datagram)
    assert (told.event_index, told.relays, told.inputs & 1, told.sequence_no) == (index, 0b1111, 1, 1)
    assert panel.swipe(EVE, 2).open and panel.open_door(2)
    panel.power_cycle(keep_memory=True)  # the fire burns on
    assert status(panel).relays == 0b1111
    assert panel.fire(on=False) == 0 and status(panel).relays == 0
    assert panel.tamper(on=True) and last(panel)[4] == reasons.ZONE_24H and not panel.tamper(on=True)
    assert status(panel).inputs == 4 and not panel.tamper(on=False) and status(panel).inputs == 0


def test_events_tell_doors_and_buttons_and_count_their_datagrams(panel, after):
    tell(panel, encode.record_special_events_request(SERIAL, True))
    tell(panel, encode.set_listener_request(SERIAL, IPv4Address("127.0.0.9"), 60001))
    panel.press_button(3)
    panel.press_button(3)  # a finger that stays there is one event
    panel.open_door(3)
    pressed, opened = [decode.event(datagram) for _, datagram in panel.take_datagrams()]
    assert (pressed.door_3_button, pressed.relays, pressed.sequence_no) == (True, 0b0100, 1)
    assert (opened.door_3_open, opened.door_1_open, opened.sequence_no) == (True, False, 2)
    after(2)
    assert not status(panel).door_3_button and status(panel).door_3_open


def test_a_direction_is_told(panel):
    panel.swipe(BEN, 1, direction=reasons.OUT)
    assert panel.events()[-1].direction == 2


def test_a_store_that_overflowed_tells_of_what_it_lost(panel):
    for _ in range(5):
        panel.swipe(EVE, 1)
    panel.overflow(3)
    reply = panel.answer(bytes(encode.get_event_request(SERIAL, 2)))
    assert decode.get_event_response(reply).event_type == 0xFF
    panel.overflow(99)
    assert [event.index for event in panel.events()] == [5]


def test_a_panel_without_power_takes_no_act(panel):
    panel.power(on=False)
    for act in (
        lambda: panel.type_code(1, 1), lambda: panel.press_button(1), lambda: panel.force_door(1),
        lambda: panel.fire(on=True), lambda: panel.tamper(on=True), lambda: panel.open_door(1),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="no power"):
            act()
    assert panel.next_in_s() is None
    panel.tick()
    assert panel.events() == []


def test_the_clock_that_is_put_forward_brings_the_tasks_of_the_day(panel):
    add_tasks(panel, (timetable.DOOR_OPEN, 1, time(11)))
    panel.set_local_time(datetime(2027, 3, 3, 11, 0))
    assert status(panel).relays == 0b0001
