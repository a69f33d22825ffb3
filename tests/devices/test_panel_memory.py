"""A panel's memory outlives its process, in any state that a kill or a full disk can leave it in."""

from __future__ import annotations

import json
import resource
import signal
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address

import pytest
from uhppoted import decode, encode, structs

from devices.wg.memory import Card, Journal, MemoryDamaged

SERIAL = 405419896
TODAY = date(2027, 3, 2)
FIRST_CARD = structs.FirstCard(
    time(9), time(17), structs.DoorMode.NORMALLY_OPEN, structs.DoorMode.FIRSTCARD_ONLY, structs.Weekdays(monday=True)
)
ADDRESSES = IPv4Address("10.1.2.3"), IPv4Address("255.0.0.0"), IPv4Address("10.0.0.1")


def filled(make, path):
    """A panel with something of everything in its memory."""
    emulator = make(path)
    for number in (11, 12, 13, 14):
        emulator.put(Card(number, TODAY, date(2027, 12, 31), (1, 0, 29, 1), 7531, 5))
    emulator.remove(12)
    emulator.put(Card(15, None, None, (1, 1, 1, 1)))
    emulator.remove(13)
    emulator.swipe(11, 1)
    emulator.swipe(99, 2)
    emulator.set_local_time(datetime(2027, 3, 2, 11, 0))
    weekdays, times = (True,) * 5 + (False, False), (datetime(2027, 1, 1, 8, 30).time(),) * 6
    for request in (
        encode.set_door_control_request(SERIAL, 3, 2, 9),
        encode.set_time_profile_request(SERIAL, 29, TODAY, TODAY, *weekdays, *times, 3),
        encode.set_event_index_request(SERIAL, 2),
        encode.set_antipassback_request(SERIAL, 2),
        encode.set_interlock_request(SERIAL, 4),
        encode.activate_keypads_request(SERIAL, True, False, False, True),
        encode.set_door_passcodes_request(SERIAL, 2, 1, 22, 333, 999999),
        encode.record_special_events_request(SERIAL, True),
        encode.add_task_request(SERIAL, TODAY, TODAY, *(True,) * 7, times[0], 4, 2, 0),
        encode.set_firstcard_request(SERIAL, 1, FIRST_CARD),
        encode.refresh_tasklist_request(SERIAL),
    ):
        reply = emulator.answer(bytes(request))
        assert reply is not None and reply[8]
    assert emulator.answer(bytes(encode.set_ip_request(SERIAL, *ADDRESSES))) is None
    return emulator


def everything(emulator):
    """All that can be asked of it over the wire, and its slots."""
    requests = [
        encode.get_status_request(SERIAL), encode.get_cards_request(SERIAL), encode.get_door_control_request(SERIAL, 3),
        encode.get_time_profile_request(SERIAL, 29), encode.get_event_index_request(SERIAL),
        encode.get_listener_request(SERIAL), encode.get_event_request(SERIAL, 0), encode.get_event_request(SERIAL, 2),
        *(encode.get_card_by_index_request(SERIAL, index) for index in range(7)),
        encode.get_antipassback_request(SERIAL), encode.get_controller_request(SERIAL),
    ]  # fmt: skip
    told = emulator.state.rules, emulator.state.tasks, emulator.state.first_cards
    return [emulator.answer(bytes(request)) for request in requests], emulator.cards(), told


def test_a_restarted_panel_is_the_same(make, clock, tmp_path):
    emulator = filled(make, tmp_path / "panel")
    clock.put(clock.now() + timedelta(seconds=60))  # the lock that the swipe released is shut again
    before = everything(emulator)
    emulator.close()
    for _ in range(2):  # once from what was appended, once from what was compacted
        emulator = make(tmp_path / "panel")
        assert everything(emulator) == before
        emulator.close()


def test_the_file_is_compacted_at_the_start(make, tmp_path):
    path = tmp_path / "panel"
    emulator = make(path)
    for turn in range(50):
        emulator.put(Card(11, TODAY, TODAY, (turn % 2, 0, 0, 0)))
    emulator.close()
    long = path.read_bytes().count(b"\n")
    make(path).close()
    assert path.read_bytes().count(b"\n") < long - 40


def test_what_was_acknowledged_is_in_the_file_already(make, tmp_path):
    path = tmp_path / "panel"
    emulator = make(path)
    reply = emulator.answer(bytes(encode.put_card_request(SERIAL, 77, TODAY, TODAY, 1, 1, 1, 1, 0)))
    assert decode.put_card_response(reply).stored
    copy = tmp_path / "copy"
    copy.write_bytes(path.read_bytes())
    assert make(copy).card(77) is not None
    emulator.close()


@pytest.mark.parametrize("cut", [1, 2, 10, 40])
def test_a_torn_last_line_is_dropped(make, tmp_path, cut):
    path = tmp_path / "panel"
    emulator = make(path)
    emulator.put(Card(1, TODAY, TODAY, (1, 1, 1, 1)))
    emulator.put(Card(2, TODAY, TODAY, (1, 1, 1, 1)))
    emulator.close()
    path.write_bytes(path.read_bytes()[:-cut])
    emulator = make(path)
    assert emulator.card(1) is not None and emulator.card(2) is None
    emulator.put(Card(3, TODAY, TODAY, (1, 1, 1, 1)))
    emulator.close()
    assert make(path).count() == 2


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"op":"fly"}', b'{"op":"card","number":1}', b"\xff", b'{"op":"delete"}']
)
def test_a_damaged_line_is_told_with_its_number(make, tmp_path, line):
    path = tmp_path / "panel"
    path.write_bytes(b'{"op":"hole"}\n' + line + b'\n{"op":"hole"}\n')
    with pytest.raises(MemoryDamaged, match="line 2: remove the file"):
        make(path)
    assert path.read_bytes().startswith(b'{"op":"hole"}\n')


def test_a_lost_memory_stays_lost(make, tmp_path):
    emulator = filled(make, tmp_path / "panel")
    emulator.power_cycle(keep_memory=False)
    assert emulator.local_time() == datetime(2027, 3, 2, 11, 0)
    emulator.close()
    assert make(tmp_path / "panel").count() == 0


def test_a_full_disk_gets_no_acknowledgement_and_leaves_no_half_line(make, tmp_path):
    path = tmp_path / "panel"
    emulator = make(path)
    emulator.put(Card(1, TODAY, TODAY, (1, 1, 1, 1)))
    room = path.stat().st_size + 20
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(OSError, match="bytes could be written"):
            emulator.answer(bytes(encode.put_card_request(SERIAL, 2, TODAY, TODAY, 1, 1, 1, 1, 0)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert emulator.card(2) is None
    emulator.put(Card(3, TODAY, TODAY, (1, 1, 1, 1)))
    emulator.close()
    assert [json.loads(line)["op"] for line in path.read_bytes().splitlines()][-2:] == ["card", "card"]
    emulator = make(path)
    assert [card.number for card in emulator.cards()] == [1, 3]
    emulator.close()


def test_a_journal_without_a_file_is_empty(tmp_path):
    journal = Journal(tmp_path / "none")
    assert journal.read() == []
    journal.rewrite([])
    assert [path.name for path in tmp_path.iterdir()] == ["none"]
    journal.close()


def test_a_restore_is_remembered_whole(make, tmp_path):
    emulator = filled(make, tmp_path / "panel")
    assert emulator.answer(bytes(encode.restore_default_parameters_request(SERIAL)))[8]
    before = everything(emulator)
    assert before[1:] == ([], (make().state.rules, (), {}))
    emulator.close()
    assert everything(make(tmp_path / "panel")) == before


def test_a_cleared_profile_and_a_lost_event_stay_lost(make, tmp_path):
    emulator = filled(make, tmp_path / "panel")
    assert emulator.answer(bytes(encode.delete_all_time_profiles_request(SERIAL)))[8]
    emulator.overflow(1)
    emulator.close()
    again = make(tmp_path / "panel")
    assert again.state.profiles == {} and [event.index for event in again.events()] == [2]


def test_what_is_not_written_down_is_not_kept(make, tmp_path):
    emulator = make(tmp_path / "panel")
    emulator.put(Card(11, TODAY, TODAY, (1, 1, 1, 1), 7531))
    for request in (
        encode.set_pc_control_request(SERIAL, True),
        encode.add_task_request(SERIAL, TODAY, TODAY, *(True,) * 7, time(10), 1, 1, 0),
    ):
        assert emulator.answer(bytes(request))[8]
    emulator.close()
    again = make(tmp_path / "panel")
    assert again.answer(bytes(encode.refresh_tasklist_request(SERIAL)))[8]
    assert again.swipe(11, 1).granted and again.state.tasks == ()
