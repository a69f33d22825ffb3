"""`foyer hand` and `foyer swipe --pin` against a panel that is really served."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from random import Random
from textwrap import dedent

import pytest

from devices.clock import SystemClock
from devices.osdp.line import LineWire, ReaderSeat
from devices.osdp.served import ServedLine, serve_line
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.memory import Card
from devices.wg.served import ServedPanel, serve
from provisioning.cli.main import main
from provisioning.cli.swipe import Place, digits, keys

HOST = "127.70.0.4"


@pytest.fixture
def panel() -> Iterator[ServedPanel]:
    """A panel in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opening = serve("a-1", lambda: WgEmulator(Identity(7), SystemClock(), UTC), (HOST, 0), Random(1), control=(HOST, 0))
    served = asyncio.run_coroutine_threadsafe(opening, loop).result(10)
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(served.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def campus(panel: ServedPanel, tmp_path: Path) -> Path:
    """A campus file that names its doors."""
    path = tmp_path / "campus.yaml"
    assert panel.control_address is not None
    path.write_text(
        dedent("""\
            campus: small
            time_zone: UTC
            targets:
              - id: a-1
                kind: wg
                settings: {{serial: 7, address: "{}:{}", cards_max: 9, doors: [{{number: 2, id: a-1-west}}]}}
                emulate: {{control: "{}:{}"}}
            """).format(*panel.address, *panel.control_address),
        "utf-8",
    )
    return path


def test_what_hands_do_is_told(panel: ServedPanel, campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def hand(*words: str) -> tuple[int, str]:
        status = main(["hand", *words, "--campus", str(campus), "--lang", "en"])
        return status, capsys.readouterr().out.strip()

    assert hand("open", "a-1-west") == (1, "Door a-1-west is locked.")
    assert hand("force", "a-1-west") == (0, "Door a-1-west is broken open; the panel raises an alarm.")
    assert hand("force", "a-1-west")[0] == 1
    assert hand("shut", "a-1-west") == (0, "Door a-1-west is shut.")
    assert hand("button", "a-1-west") == (0, "The button of door a-1-west releases its lock.")
    assert hand("fire", "a-1-west") == (0, "Fire at the panel of door a-1-west: all its locks are released.")
    assert hand("fire", "a-1-west", "--over") == (0, "No fire any more at the panel of door a-1-west.")
    status, out = hand("tamper", "a-1-west", "--json")
    assert (status, json.loads(out)) == (0, {"event": 3})
    assert hand("type", "a-1-west", "--code", "5") == (1, "The code does not open door a-1-west.")
    assert [event.reason for event in panel.emulator.events()] == [38, 39, 42, 7]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[ServedLine, Path]]:
    """A serial line in a loop of its own, driven by nobody, and a campus file that names its doors."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    wire = LineWire(
        "g-1", "lines/g-1", 115_200, (ReaderSeat(1, 2), ReaderSeat(3, 2, exit=True)), 26, "127.76.2.1:60100"
    )
    opening = serve_line(wire, None, tmp_path, SystemClock(), Random(1))
    served = asyncio.run_coroutine_threadsafe(opening.__aenter__(), loop).result(10)
    path = tmp_path / "campus.yaml"
    path.write_text(
        dedent("""\
            campus: small
            time_zone: UTC
            targets:
              - id: g-1
                kind: osdp
                settings: {line: lines/g-1, doors: [{number: 2, id: stacks, reader: 1, exit: 3}]}
                emulate: {control: "127.76.2.1:60100"}
            """),
        "utf-8",
    )
    try:
        yield served, path
    finally:
        asyncio.run_coroutine_threadsafe(opening.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_hands_at_a_serial_door(line: tuple[ServedLine, Path], capsys: pytest.CaptureFixture[str]) -> None:
    served, campus = line

    def foyer(verb: str, *words: str) -> tuple[int, str]:
        status = main([verb, *words, "--campus", str(campus), "--lang", "en"])
        told = capsys.readouterr()
        return status, (told.out + told.err).strip()

    assert foyer("hand", "open", "stacks") == (1, "Door stacks is locked.")
    assert foyer("hand", "force", "stacks") == (0, "Door stacks is broken open.")
    assert served.doors[2].is_open
    assert foyer("hand", "shut", "stacks") == (0, "Door stacks is shut.")
    assert foyer("hand", "tamper", "stacks") == (0, "The lid of the reader of door stacks is lifted.")
    assert foyer("hand", "tamper", "stacks", "--over") == (0, "The lid of the reader of door stacks is closed.")
    status, said = foyer("hand", "fire", "stacks")
    assert (status, "has no fire input" in said) == (1, True)
    status, said = foyer("swipe", "7", "stacks", "--exit")
    assert (status, "nobody answered at the reader" in said) == (1, True)


def test_a_line_that_is_not_there_is_said_to_be_one(line: tuple[ServedLine, Path], capsys: pytest.CaptureFixture[str]):
    _, campus = line
    campus.write_text(campus.read_text("utf-8").replace("127.76.2.1", "127.76.2.2"), "utf-8")
    assert main(["swipe", "7", "stacks", "--campus", str(campus), "--lang", "en"]) == 1
    assert "The emulated line of door stacks does not answer at 127.76.2.2:60100" in capsys.readouterr().err


def test_typed_digits_are_sent_as_they_are() -> None:
    panel, line = Place("127.0.0.1:1", 1, serial=False), Place("127.0.0.1:1", 1, serial=True)
    assert [keys(panel, "0123"), keys(line, "0123"), keys(line, "123")] == [123, "0123", 123]
    for odd in ("", "12a", "-1", "١٢"):
        with pytest.raises(ValueError):
            digits(odd)


def test_a_pin_is_typed_after_the_card(panel: ServedPanel, campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def swipe(*words: str) -> tuple[int, str]:
        status = main(["swipe", "9", "a-1-west", *words, "--campus", str(campus), "--lang", "en"])
        return status, capsys.readouterr().out.strip()

    panel.emulator.put(Card(9, date(2020, 1, 1), date(2099, 12, 31), (0, 1, 0, 0), 7531))
    keypads = bytes.fromhex("17a40000 07000000 00010000").ljust(64, b"\0")
    assert panel.emulator.answer(keypads) is not None
    assert swipe() == (1, "Door a-1-west stays shut for card 9: the panel waits for the PIN.")
    assert swipe("--pin", "1") == (1, "Door a-1-west stays shut for card 9: the PIN is wrong.")
    assert swipe("--pin", "7531") == (0, "Door a-1-west opens for card 9.")
