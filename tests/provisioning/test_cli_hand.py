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
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.memory import Card
from devices.wg.served import ServedPanel, serve
from provisioning.cli.main import main

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
