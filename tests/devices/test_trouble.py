"""What goes wrong with a served panel and its events, by the seed; and what a served panel does by itself."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime
from ipaddress import IPv4Address
from random import Random
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uhppoted import decode, encode
from uhppoted.uhppote_async import UhppoteAsync

from devices.clock import SetClock, SystemClock
from devices.wg import reasons
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.faults import NONE, Faults
from devices.wg.memory import Card, Journal
from devices.wg.served import serve
from devices.wg.trouble import Trouble

SERIAL = 405419896
HOST = "127.70.0.1"
CARD = Card(7, date(2020, 1, 1), date(2099, 12, 31), (1, 1, 1, 1))
WAIT_S = 5.0


class Ear(asyncio.DatagramProtocol):
    """Hears events."""

    def __init__(self):
        self.heard = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.heard.put_nowait(data)


@pytest.fixture
def told():
    """Runs a scenario with a panel by the machine's clock, and a listener that it was given."""

    def run(scenario, **options):
        async def main():
            loop = asyncio.get_running_loop()
            panel = await serve(
                "a-1", lambda: WgEmulator(Identity(SERIAL), SystemClock(), UTC, **options), (HOST, 0), Random(3)
            )
            transport, ear = await loop.create_datagram_endpoint(Ear, local_addr=(HOST, 0))
            try:
                port = transport.get_extra_info("sockname")[1]
                panel.emulator.answer(bytes(encode.set_listener_request(SERIAL, IPv4Address(HOST), port)))
                panel.emulator.put(CARD)
                await scenario(panel, ear)
            finally:
                transport.close()
                await panel.close()

        asyncio.run(main())

    return run


def swipe(panel, number=7):
    swiped = panel.emulator.swipe(number, 1)
    panel.settle()
    return swiped


async def event(ear):
    return decode.event(await asyncio.wait_for(ear.heard.get(), WAIT_S))


def test_events_that_are_lost_leave_gaps_in_their_indexes(told):
    async def scenario(panel, ear):
        panel.suffer(Faults(unheard=0.5))
        for _ in range(40):
            swipe(panel)
        panel.suffer(NONE)
        swipe(panel)
        heard = [(await event(ear)).event_index]
        while heard[-1] != 41:
            heard.append((await event(ear)).event_index)
        assert heard == sorted(set(heard)) and len(heard) == 41 - panel.fired["unheard"]
        assert 5 < panel.fired["unheard"] < 35

    told(scenario)


def test_events_come_late_and_twice(told):
    async def scenario(panel, ear):
        panel.suffer(Faults(heard_late=1.0, delay_s=0.05))
        swipe(panel)
        panel.suffer(Faults(heard_twice=1.0))
        swipe(panel)
        assert [(await event(ear)).event_index for _ in range(3)] == [2, 2, 1]
        assert (panel.fired["heard_late"], panel.fired["heard_twice"]) == (1, 1)

    told(scenario)


def test_events_as_firmware_6_62_tells_them(told):
    async def scenario(panel, ear):
        panel.suffer(Faults(v6_62=True))
        swipe(panel)
        assert (await asyncio.wait_for(ear.heard.get(), WAIT_S))[0] == 0x19
        panel.suffer(NONE)
        swipe(panel)
        assert (await asyncio.wait_for(ear.heard.get(), WAIT_S))[0] == 0x17

    told(scenario)


@pytest.mark.parametrize(("faults", "cards"), [(Faults(reboot=1.0), 1), (Faults(amnesia=1.0), 0)])
def test_the_power_goes_at_a_request(told, faults, cards):
    async def scenario(panel, _):
        client, controller = UhppoteAsync(bind="0.0.0.0"), (SERIAL, "{}:{}".format(*panel.address), "udp")
        panel.suffer(faults)
        with pytest.raises(TimeoutError):
            await client.get_cards(controller, timeout=0.2)
        panel.suffer(NONE)
        assert (panel.fired.total(), panel.emulator.count()) == (1, cards)
        assert panel.emulator.events()[-1].reason == reasons.POWER_ON
        reply = await client.get_cards(controller, timeout=WAIT_S)
        assert reply is not None and reply.cards == cards

    told(scenario)


def test_a_store_that_overflows_at_a_request(told):
    async def scenario(panel, _):
        for _ in range(5):
            swipe(panel)
        controller = (SERIAL, "{}:{}".format(*panel.address), "udp")
        panel.suffer(Faults(overflow=1.0))
        reply = await UhppoteAsync(bind="0.0.0.0").get_event(controller, 2, timeout=WAIT_S)
        assert reply is not None and (reply.event_type, panel.fired["overflow"]) == (0xFF, 1)

    told(scenario)


def test_a_panel_tells_by_itself_of_a_door_that_is_held_open(told):
    async def scenario(panel, ear):
        panel.emulator.answer(bytes(encode.set_door_control_request(SERIAL, 1, 3, 1)))
        assert swipe(panel).granted and panel.emulator.open_door(1)
        panel.settle()
        assert (await event(ear)).event_reason == reasons.SWIPE
        held = await event(ear)  # unasked, a second later
        assert (held.event_reason, held.door_1_open, held.relays) == (reasons.HELD_OPEN, True, 0)

    told(scenario, held_open_s=0)


def test_what_cannot_be_remembered_is_said_in_the_log(caplog, tmp_path):
    async def main():
        journal = Journal(tmp_path / "panel")
        panel = await serve(
            "a-1",
            lambda: WgEmulator(Identity(SERIAL), SystemClock(), UTC, held_open_s=0, journal=journal),
            (HOST, 0),
            Random(3),
        )
        try:
            panel.emulator.put(CARD)
            panel.emulator.answer(bytes(encode.set_door_control_request(SERIAL, 1, 3, 1)))
            assert panel.emulator.swipe(7, 1).granted and panel.emulator.open_door(1)
            journal.close()  # the disk is gone
            panel.settle()
            async with asyncio.timeout(WAIT_S):
                while not caplog.records:  # noqa: ASYNC110 - a log has no event to wait for
                    await asyncio.sleep(0.02)
            assert [event.reason for event in panel.emulator.events()] == [reasons.SWIPE]
        finally:
            await panel.close()

    with caplog.at_level(logging.ERROR, "devices.wg.served"):
        asyncio.run(main())
    assert "cannot remember what it did by itself" in caplog.text


knobs = st.sampled_from(
    ["drop", "late", "duplicate", "reply_lost", "wrong_serial", "wrong_function", "garbage", "stale", "short", "split",
     "coalesce", "stall", "hang_up", "reset", "reboot", "amnesia", "overflow"]
)  # fmt: skip


class Way:
    """Counts what comes back."""

    connected: ClassVar[bool] = True

    def __init__(self):
        self.sent = []

    def send(self, data):
        self.sent.append(data)

    def hang_up(self):
        self.sent.append("hang up")

    def reset(self):
        self.sent.append("reset")


@given(st.dictionaries(knobs, st.sampled_from([0.0, 0.3, 1.0]), max_size=6), st.integers(0, 1 << 32))
def test_the_same_seed_suffers_the_same(shares, seed):
    async def suffered():
        emulator = WgEmulator(Identity(SERIAL), SetClock(datetime(2027, 3, 2, tzinfo=UTC)), UTC)
        befell, way = [], Way()
        trouble = Trouble(emulator.answer, Random(seed), befell.append)
        trouble.faults = Faults(**shares, delay_s=0.0)
        for number in range(10):
            trouble.pass_on(bytes(encode.get_card_request(SERIAL, number)), way)
            await asyncio.sleep(0)
        return way.sent, befell, trouble.fired

    first, second = asyncio.run(suffered()), asyncio.run(suffered())
    assert first[1:] == second[1:] and len(first[0]) <= 40
    assert {name for name, struck in first[2].items() if struck} <= {name for name, share in shares.items() if share}
