"""Hostile bytes at a live panel, at the hub's client and at its ear, in small: `make fuzz` does the same a million times.
What was ever found is fought again; and a guard that is taken away is missed."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address
from random import Random

import pytest

from devices.wg import frames
from devices.wg.ear import Ear
from devices.wg.emulator import WgEmulator
from devices.wg.panel import Panel
from devices.wg.verbs.asking import Asking
from devices.wire import ProtocolError
from tests.fuzz.bouts import FOUND, fight
from tests.fuzz.breach import Breach
from tests.fuzz.forge import FRAME_BYTES, FUNCTIONS, Forger
from tests.fuzz.twin import is_request

SERIAL = 405419896
TASK = {
    0xA8: (bytes.fromhex("20200101 20991231 01010101010101 0830 01 01 00"),),
    0xAC: (bytes.fromhex("55aaaa55"),),
    0x20: (),
    0x32: (),
}
"""What is told with each function: a task for every day, that it is in force, and two plain questions."""
KEPT = sorted(FOUND.glob("*.json"))


@pytest.mark.parametrize(("kind", "rounds"), [("panel", 2_000), ("remembered", 1_000), ("hub", 300), ("ear", 2_000)])
@pytest.mark.parametrize("seed", ["suite/1", "suite/2"])
def test_hostile_frames_change_nothing_that_they_must_not(kind, rounds, seed):
    counts = fight(kind, seed, rounds)
    assert max(counts["frames"], counts["lies"], counts["heard"] + counts["strangers"] + counts["garbage"]) >= rounds
    if kind == "panel":
        assert min(counts["answers"], counts["verbs"], counts["streams"]) > 10 and counts["let in"]
    if kind == "hub":
        assert min(counts["believed"], counts["refused"], counts["errors"]) > 5


def test_every_byte_of_every_request_is_read_or_refused_as_it_must_be():
    """Against the twin, which has the forms of all values from elsewhere."""
    forger, refused = Forger(SERIAL, Random(1), bytes(2)), 0
    for function in FUNCTIONS:
        request = forger.request(function, *forger.told(function))
        assert is_request(request)
        for at in range(FRAME_BYTES):
            for value in (
                0x00,
                0x01,
                0x0A,
                0x1F,
                0x24,
                0x32,
                0x60,
                0x99,
                0xFF,
                *(request[at] ^ 1 << bit for bit in range(8)),
            ):
                frame = request[:at] + bytes((value,)) + request[at + 1 :]
                try:
                    frames.read_request(frame)
                    read = True
                except ProtocolError:
                    read, refused = False, refused + 1
                assert read == is_request(frame), frame.hex()
    assert refused > 1_000


@pytest.mark.parametrize("path", KEPT, ids=[path.stem for path in KEPT])
def test_what_was_found_once_is_found_no_more(path):
    told = json.loads(path.read_text("utf-8"))
    fight(told["kind"], told["seed"], told["rounds"])


def test_a_clock_that_is_put_to_the_end_of_time_goes_on(make, clock):
    panel, forger = make(), Forger(SERIAL, Random(1), bytes(2))
    for told in ("99991231235959", "99991231000000"):
        panel.answer(forger.request(0x30, bytes.fromhex(told)))
        clock.put(clock.now() + timedelta(seconds=5))
        for function in (0xA8, 0xAC, 0x20, 0x32):
            assert panel.answer(forger.request(function, *TASK[function])) is not None


def test_a_panel_that_is_told_to_tell_itself_does_not_talk_for_ever(serve_panel):
    async def scenario():
        async with serve_panel() as served:
            address, port = served.address
            told = IPv4Address(address).packed, port.to_bytes(2, "little")
            served.emulator.answer(Forger(SERIAL, Random(1), bytes(2)).request(0x90, *told))
            served.emulator.swipe(7, 1)
            served.settle()
            with closing(Panel(SERIAL, f"{address}:{port}")) as panel:
                before = (await panel.status()).event_index
                heard = [await panel.status() for _ in range(50)]
            assert before == 1 and len(heard) == 50
            assert len(answered) <= 60

    answered: list[bytes] = []
    answer = WgEmulator.answer

    def counted(self, frame):
        answered.append(frame)
        return answer(self, frame)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WgEmulator, "answer", counted)
        asyncio.run(scenario())


def test_a_panel_that_obeys_whoever_speaks_is_found(monkeypatch):
    read = frames.read_request

    def obedient(frame):
        function, request = read(frame)
        return function, replace(request, serial=SERIAL)

    monkeypatch.setattr(frames, "read_request", obedient)
    with pytest.raises(Breach):
        fight("panel", "suite/1", 1_000)


def test_a_panel_that_needs_no_magic_word_is_found(monkeypatch):
    monkeypatch.setattr(frames, "MAGIC", _Anything())
    with pytest.raises(Breach):
        fight("panel", "suite/1", 2_000)


def test_a_client_that_believes_another_panel_is_found(monkeypatch):
    async def believing(self, verb, *told):
        return await verb(self._controller, *told, timeout=self._timeout_s)

    monkeypatch.setattr(Asking, "_once", believing)
    with pytest.raises(Breach, match=r"believed|raised|returned"):
        fight("hub", "suite/1", 1_000)


def test_an_ear_that_asks_nobody_for_an_address_is_found(monkeypatch):
    hear = Ear.datagram_received

    def deaf_to_where(self, data, addr):
        hear(self, data, (next(host for host, serial in self._zones if serial == SERIAL), addr[1]))

    monkeypatch.setattr(Ear, "datagram_received", deaf_to_where)
    with pytest.raises(Breach, match="the ear counted"):
        fight("ear", "suite/1", 1_000)


class _Anything:
    """A magic word that every word equals."""

    __hash__ = None  # type: ignore[assignment]  # what equals everything has no hash

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False
