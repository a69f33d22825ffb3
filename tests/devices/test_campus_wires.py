"""The campus file as far as wires are concerned: everything that is wrong is told at its place."""

from __future__ import annotations

from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.campus import CampusError, read, wires
from devices.osdp.line import LineWire, ReaderSeat
from devices.wires import Emulation, Wire

GOOD = dedent("""\
    campus: small
    time_zone: Asia/Shanghai
    calendar:
      holidays: [2027-01-01]
    targets:
      - id: a-1
        kind: wg
        name: {zh: A 座一层控制器, en: "Building A, floor 1"}
        settings:
          serial: 405419896
          address: 127.60.0.1:60000
          model: wg-2054
          cards_max: 20000
          doors:
            - {number: 1, id: a-1-east, name: {zh: 东门, en: East}, zones: [north-public]}
            - {number: 2, id: a-1-west, name: {zh: 西门, en: West}, zones: []}
        emulate: {control: 127.60.0.1:60100}
      - id: a-2
        kind: wg
        settings:
          serial: 405419897
          address: 192.168.1.7:60000
          cards_max: 500
          doors: [{number: 4}]
      - id: desk
        kind: register
        settings: {anything: 1}
    """)


def problems(text):
    with pytest.raises(CampusError) as caught:
        wires(read(text, "campus.yaml"))
    return [(problem.line, problem.column, str(problem)) for problem in caught.value.problems]


def test_wires_of_a_good_file():
    shanghai = ZoneInfo("Asia/Shanghai")
    assert wires(read(GOOD, "campus.yaml")) == (
        Wire("a-1", "wg", 405419896, "127.60.0.1:60000", 20000, (1, 2), shanghai, True, "127.60.0.1:60100"),
        Wire("a-2", "wg", 405419897, "192.168.1.7:60000", 500, (4,), shanghai, False, None),
    )


def test_how_a_panel_is_emulated():
    told = 'version: "6.62", events_max: 500, events_chunk: 20, held_open_s: 0'
    text = GOOD.replace("127.60.0.1:60100}", f"127.60.0.1:60100, {told}}}")
    first, second = wires(read(text, "campus.yaml"))
    assert (first.emulation, second.emulation) == (Emulation((6, 62), 500, 20, 0), Emulation())
    for bad in ('version: "9.9"', "version: 6.62", "events_max: 0", "held_open_s: true", "events_chunk: 2.5"):
        text = GOOD.replace("127.60.0.1:60100}", f"127.60.0.1:60100, {bad}}}")
        [(line, _, says)] = problems(text)
        assert line == 17 and bad.partition(":")[0] in says


UNITS = dedent("""\
    time_zone: Asia/Shanghai
    offices:
      - {id: a-301, seats: 3}
      - {id: b-201, seats: 2}
      - {id: odd, seats: many}
    blocks:
      - {id: h1-1, flats: [h1-1-102, h1-1-101]}
      - {id: h2-1, flats: [h2-1-101]}
    targets:
      - id: seats
        kind: seats
        settings: {register: r-1, address: 127.75.2.1:8080, units: ["a-*", b-201-02]}
        emulate: {control: 127.75.2.1:8090}
      - id: flats
        kind: flats
        settings: {register: r-2, address: 127.75.2.2:8080, units: ["*"]}
    """)


def test_a_register_has_the_units_of_the_file_that_fit_its_patterns():
    seats, flats = wires(read(UNITS, "campus.yaml"))
    assert (seats.name, seats.units) == ("r-1", ("a-301-01", "a-301-02", "a-301-03", "b-201-02"))
    assert (seats.kind, seats.address, seats.emulated, seats.control) == (
        "seats",
        "127.75.2.1:8080",
        True,
        "127.75.2.1:8090",
    )
    assert (flats.name, flats.units, flats.emulated) == ("r-2", ("h1-1-101", "h1-1-102", "h2-1-101"), False)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        ("register: r-2", "register: r-1", 16, 16, "register r-1 is that of target seats already."),
        ("127.75.2.2:8080", "127.75.2.1:8080", 16, 31, "address 127.75.2.1:8080 is that of target seats already."),
        ("127.75.2.1:8080", "10.0.0.1:8080", 12, 31, "An emulated device cannot have the address 10.0.0.1:8080."),
        ("127.75.2.2:8080", "r.local", 16, 31, "address r.local is none."),
        ('units: ["*"]', "units: []", 16, 57, "units has too few items."),
        ('units: ["*"]', "units: all", 16, 57, "units must be a list, not 'all'."),
        ("register: r-1", "register: ../r", 12, 16, "'../r' cannot be an id."),
        ("register: r-1", "serial: 7", 12, 5, "register is missing. Add it."),
    ],
)
def test_what_is_wrong_with_a_register_is_told_at_its_place(old, new, line, column, says):
    [(at_line, at_column, sentence)] = problems(UNITS.replace(old, new))
    assert says in sentence
    assert (at_line, at_column) == (line, column)


def test_places_lead_to_keys_items_and_the_nearest_thing():
    document = read(GOOD, "campus.yaml")
    assert document.at(("campus",)) == (1, 1)
    assert document.at(("targets", 0, "settings", "serial")) == (10, 7)
    assert document.at(("targets", 0, "settings", "doors", 1, "id")) == (16, 23)
    assert document.at(("targets", 1)) == (18, 5)
    assert document.at(("targets", 1, "settings", "model")) == document.at(("targets", 1, "settings")) == (20, 5)
    assert document.at(("nowhere",)) == (1, 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        ("serial: 405419896", "serial: false", 10, 7, "serial must be a whole number, not False."),
        ("serial: 405419896", "serial: '405419896'", 10, 7, "serial must be a whole number, not '405419896'."),
        ("serial: 405419896", "serial: 0", 10, 7, "serial 0 is too small. The least is 1."),
        ("serial: 405419896", "serial: 4294967296", 10, 7, "too large"),
        ("serial: 405419896", "series: 405419896", 9, 5, "serial is missing. Add it."),
        ("serial: 405419897", "serial: 405419896", 21, 7, "serial 405419896 is that of target a-1 already."),
        ("id: a-2", "id: a-1", 18, 5, "id a-1 is that of target a-1 already."),
        ("id: a-2", "id: ''", 18, 5, "id is empty."),
        ("192.168.1.7:60000", "127.60.0.1:60000", 22, 7, "address 127.60.0.1:60000 is that of target a-1 already."),
        ("192.168.1.7:60000", "panel.local:60000", 22, 7, "address panel.local:60000 is none. Write IP:PORT"),
        ("192.168.1.7:60000", "192.168.1.700:60000", 22, 7, "address 192.168.1.700:60000 is none."),
        ("192.168.1.7:60000", "192.168.1.7:65536", 22, 7, "address 192.168.1.7:65536 is none."),
        ("192.168.1.7:60000", "192.168.1.7", 22, 7, "address 192.168.1.7 is none."),
        ("127.60.0.1:60000", "10.0.0.1:60000", 11, 7, "An emulated device cannot have the address 10.0.0.1:60000."),
        ("control: 127.60.0.1:60100", "control: 0.0.0.0:1", 17, 15, "control 0.0.0.0:1 is no address of this machine"),
        (
            "control: 127.60.0.1:60100",
            "control: 127.60.0.1:60000",
            17,
            15,
            "address 127.60.0.1:60000 is that of target",
        ),
        ("{number: 2,", "{number: 5,", 16, 12, "number 5 is too large. The most is 4."),
        ("{number: 2,", "{number: 1,", 16, 12, "Door 1 is there twice."),
        ("doors: [{number: 4}]", "doors: []", 24, 7, "doors has too few items."),
        ("doors: [{number: 4}]", "doors: 4", 24, 7, "doors must be a list, not 4."),
        ("time_zone: Asia/Shanghai", "time_zone: Asia/Nowhere", 2, 1, "time_zone 'Asia/Nowhere' is no time zone."),
        ("time_zone: Asia/Shanghai", "time_zone: Asia", 2, 1, "time_zone 'Asia' is no time zone."),
        ("time_zone: Asia/Shanghai", "time_zone: ../../etc/passwd", 2, 1, "is no time zone."),
        ("time_zone: Asia/Shanghai", "time_zone: 8", 2, 1, "time_zone 8 is no time zone."),
        (
            "cards_max: 500",
            "cards_max: 500\n      cards_max: 600",
            24,
            7,
            "The key cards_max stands here a second time.",
        ),
        ("model: wg-2054", "model: [wg", 13, 16, "This is not YAML"),
        ("model: wg-2054", "model: !!python/object:os.system x", 12, 7, "This is a tag"),
        ("model: wg-2054", "7: wg-2054", 12, 7, "A key is no text."),
    ],
)
def test_what_is_wrong_is_told_at_its_place(old, new, line, column, says):
    assert old in GOOD
    [(at_line, at_column, sentence)] = problems(GOOD.replace(old, new))
    assert says in sentence
    assert (at_line, at_column) == (line, column)


def test_all_that_is_wrong_is_told_at_once_and_in_order():
    text = GOOD.replace("405419897", "405419896").replace("192.168.1.7:60000", "x").replace("{number: 2", "{number: 9")
    text = text.replace("time_zone: Asia/Shanghai\n", "")
    told = problems(text)
    assert [line for line, _, _ in told] == sorted(line for line, _, _ in told)
    assert len(told) == 3  # a target that is wrong in itself is not compared with the others
    with pytest.raises(CampusError, match=r"The campus file campus\.yaml cannot be used:\ncampus\.yaml:1:1: time_zone"):
        wires(read(text, "campus.yaml"))


@pytest.mark.parametrize("text", ["", "[]", "just words", "- a\n- b"])
def test_a_file_without_a_mapping(text):
    assert problems(text) == [(1, 1, "1:1: The file holds no mapping. Begin it with `campus:` and a name.")]


def test_two_documents_in_one_file_are_refused():
    assert "not YAML" in problems("a: 1\n---\nb: 2\n")[0][2]


def test_targets_that_are_no_list():
    assert problems("time_zone: UTC\ntargets: {a: 1}\n")[0][:2] == (2, 1)
    assert problems("time_zone: UTC\ntargets: [7]\n")[0][:2] == (2, 11)


def test_no_targets_are_no_wires():
    assert wires(read("time_zone: UTC\n", "campus.yaml")) == ()


def test_aliases_that_unfold_without_end_are_refused():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 10) + "]\n" for i in range(1, 9)
    )
    assert "too much" in problems(bomb)[0][2]
    assert "too deep" in problems("a: " + "[" * 40 + "]" * 40)[0][2]
    assert "too deep" in problems("a: " + "[" * 100_000)[0][2]
    assert "too deep" in problems("- " * 100_000)[0][2]
    assert "too large" in problems("#" * (4 << 20) + "\n")[0][2]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        assert isinstance(read(text, "x").value, dict)
    except CampusError as error:
        assert error.problems


def test_plain_values_are_plain():
    value = read(GOOD + "more: {a: 0x10, b: 1.5, c: true, d: null, e: 'x', f: 2027-01-01T10:00:00}\n", "x").value

    def kinds(node):
        if isinstance(node, dict):
            return {type(node)}.union(*(kinds(inner) for inner in node.values()))
        return {type(node)}.union(*(kinds(inner) for inner in node)) if isinstance(node, list) else {type(node)}

    assert {kind.__module__ for kind in kinds(value)} == {"builtins", "datetime"}
    assert value["more"]["a"] == 16


LINES = dedent("""\
    time_zone: Asia/Shanghai
    targets:
      - id: g-1
        kind: osdp
        settings:
          line: lines/g-1
          doors:
            - {number: 1, reader: 1, exit: 2}
            - {number: 2, reader: 3}
        emulate: {control: 127.76.0.1:60100, card_bits: 26}
      - id: g-2
        kind: osdp
        settings: {line: /dev/serial/by-id/usb-1, baud: 9600, doors: [{number: 1, reader: 0}]}
    """)


def test_a_line_has_readers_and_no_address():
    first, second = wires(read(LINES, "campus.yaml"))
    seats = (ReaderSeat(1, 1), ReaderSeat(3, 2), ReaderSeat(2, 1, exit=True))
    assert first.line == LineWire("g-1", "lines/g-1", 115_200, seats, 26, "127.76.0.1:60100")
    assert (first.name, first.doors, first.emulated) == ("lines/g-1", (1, 2), True)
    assert second.line == LineWire("g-2", "/dev/serial/by-id/usb-1", 9_600, (ReaderSeat(0, 1),))
    assert not second.emulated


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        ("reader: 3", "reader: 1", 9, 23, "Two readers of this line have the address 1. Give each its own"),
        ("reader: 3", "reader: 2", 9, 23, "Two readers of this line have the address 2."),
        ("reader: 3", "reader: 127", 9, 23, "reader 127 is too large. The most is 126."),
        ("reader: 3", "reader: true", 9, 23, "reader must be a whole number, not True."),
        (", reader: 3", "", 9, 11, "reader is missing."),
        ("number: 2", "number: 1", 9, 12, "Door 1 is there twice."),
        ("number: 2", "number: 33", 9, 12, "number 33 is too large. The most is 32."),
        (
            "baud: 9600",
            "baud: 9601",
            13,
            47,
            "baud cannot be 9601. Write one of: 9600, 19200, 38400, 57600, 115200, 230400.",
        ),
        ("lines/g-1", "../lines/g-1", 6, 7, "'../lines/g-1' is no path of a line. Write that of its adapter"),
        ("lines/g-1", "lines//g-1", 6, 7, "'lines//g-1' is no path of a line."),
        ("lines/g-1", '"lines/\\x00"', 6, 7, "is no path of a line."),
        ("lines/g-1", "/dev/ttyS0", 6, 7, "An emulated line cannot stand at /dev/ttyS0. Give it a path below"),
        ("/dev/serial/by-id/usb-1", "lines/g-1", 13, 16, "line lines/g-1 is that of target g-1 already."),
        ("control: 127.76.0.1", "control: 10.0.0.1", 10, 15, "control 10.0.0.1:60100 is no address of this machine"),
        ("card_bits: 26", "card_bits: 37", 10, 42, "card_bits cannot be 37. Write one of: 26, 32, 34."),
    ],
)
def test_what_is_wrong_with_a_line_is_told_at_its_place(old, new, line, column, says):
    assert old in LINES
    [(at_line, at_column, sentence)] = problems(LINES.replace(old, new))
    assert says in sentence
    assert (at_line, at_column) == (line, column)
