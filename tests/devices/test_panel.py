"""The typed verbs against a served panel: what goes right, and every way in which a wire goes wrong."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.wg.faults import NONE, Faults
from devices.wg.memory import Card
from devices.wg.panel import CardEntry, DoorMode, Panel
from devices.wire import DeviceError, ProtocolError, Unreachable, WireError

SERIAL = 405419896
TODAY, LATER = date(2027, 3, 2), date(2027, 12, 31)
ENTRY = CardEntry(8165538, TODAY, LATER, (1, 0, 29, 1), 7531)


@pytest.fixture(params=["udp", "tcp"])
def against(request, serve_panel):
    """Runs a scenario with a panel as the hub sees it, and the emulator behind it."""

    def run(scenario, *, seed=1, timeout_s=0.1, tries_max=3, cards_max=20_000, **options):
        async def main():
            async with serve_panel(seed=seed, cards_max=cards_max, **options) as served:
                address = "{}:{}".format(*served.address)
                panel = Panel(
                    SERIAL, address, timeout_s=timeout_s, tries_max=tries_max, cards_max=cards_max,
                    zone=ZoneInfo("Asia/Shanghai"), transport=request.param,
                )  # fmt: skip
                with closing(panel):
                    await scenario(panel, served)

        asyncio.run(main())

    return run


def only(fault: str, share: float) -> Faults:
    told: dict[str, Any] = {fault: share}
    return Faults(**told)


def entry(number):
    return CardEntry(number, TODAY, LATER, (1, 0, 0, 0), 0)


def test_verbs(against):
    async def scenario(panel, served):
        identity = await panel.identity()
        assert (identity.serial, identity.mac, identity.version) == (SERIAL, "00:12:23:34:45:56", "v8.92")
        assert await panel.time() == datetime(2027, 3, 2, 2, 0, tzinfo=UTC)
        put = datetime(2027, 3, 2, 2, 30, 5, tzinfo=UTC)
        assert await panel.set_time(put) == put
        assert served.emulator.local_time() == datetime(2027, 3, 2, 10, 30, 5)
        status = await panel.status()
        assert (status.at, status.event_index) == (put, 0)
        assert await panel.event(0xFFFFFFFF) is None
        served.emulator.swipe(5, 2)
        event = await panel.event(1)
        assert (event.index, event.card, event.door, event.at, event.overwritten) == (1, 5, 2, put, False)
        assert await panel.event(2) is None
        assert await panel.set_event_index(1) and await panel.event_index() == 1
        assert await panel.door(2) == DoorMode(3, 5)
        assert await panel.set_door(2, DoorMode(1, 9)) == DoorMode(1, 9)
        with pytest.raises(DeviceError, match="1 to 4"):
            await panel.door(5)
        with pytest.raises(DeviceError, match="mode"):
            await panel.set_door(1, DoorMode(4, 9))

    against(scenario)


def test_cards_are_put_read_and_deleted(against):
    async def scenario(panel, served):
        await panel.put(ENTRY)
        await panel.put(ENTRY)
        assert await panel.card(ENTRY.number) == ENTRY
        assert await panel.card(1) is None
        assert await panel.card_at(1) == ENTRY
        assert await panel.count() == 1
        await panel.delete(ENTRY.number)
        assert await panel.card(ENTRY.number) is None
        assert (await panel.card_at(1), await panel.card_at(2)) == (None, None)
        with pytest.raises(DeviceError, match="did not delete"):
            await panel.delete(ENTRY.number)

    against(scenario)


def test_events_that_are_gone_are_told_apart_from_those_to_come(against):
    async def scenario(panel, served):
        for number in range(1, 12):
            served.emulator.swipe(number, 1)
        assert (await panel.event(2)).overwritten
        assert await panel.event(12) is None

    against(scenario, events_max=10, events_chunk=4)


def test_all_cards_are_found_around_holes(against):
    async def scenario(panel, served):
        assert [card async for card in panel.cards()] == []
        for number in range(1, 101):
            await panel.put(entry(number))
        for number in (*range(1, 40), 50, 51, 99):
            await panel.delete(number)
        found = [card.number async for card in panel.cards()]
        assert found == [*range(40, 50), *range(52, 99), 100]

    against(scenario)


def test_a_card_with_dates_that_are_none_is_still_seen(against):
    async def scenario(panel, served):
        served.emulator.put(Card(5, None, None, (1, 1, 1, 1)))
        assert [card async for card in panel.cards()] == [CardEntry(5, None, None, (1, 1, 1, 1), 0)]

    against(scenario)


def test_cards_that_go_while_they_are_read_end_the_walk(against):
    async def scenario(panel, served):
        for number in range(1, 6):
            await panel.put(entry(number))
        found = []
        async for card in panel.cards():
            found.append(card.number)
            served.emulator.remove(5)
        assert found == [1, 2, 3, 4]

    against(scenario)


def test_a_full_panel_says_so(against):
    async def scenario(panel, served):
        await panel.put(entry(1))
        with pytest.raises(DeviceError, match="is full: it holds 1 cards"):
            await panel.put(entry(2))
        await panel.put(CardEntry(1, TODAY, TODAY, (0, 0, 0, 0)))
        await panel.delete(1)
        served.suffer(Faults(full=True))
        with pytest.raises(DeviceError, match="refused card 3"):
            await panel.put(entry(3))

    against(scenario, cards_max=1)


@pytest.mark.parametrize(
    "wrong",
    [
        CardEntry(0, TODAY, LATER, (1, 1, 1, 1)),
        CardEntry(0xFFFFFFFF, TODAY, LATER, (1, 1, 1, 1)),
        CardEntry(1, None, LATER, (1, 1, 1, 1)),
        CardEntry(1, TODAY, None, (1, 1, 1, 1)),
        CardEntry(1, date.min, LATER, (1, 1, 1, 1)),
        CardEntry(1, TODAY, LATER, (1, 1, 1, 255)),
        CardEntry(1, TODAY, LATER, (1, 1, 1, 1), 1_000_000),
    ],
)
def test_what_a_panel_would_store_wrongly_never_leaves(against, wrong):
    async def scenario(panel, served):
        served.suffer(Faults(off=True))
        with pytest.raises(DeviceError):
            await panel.put(wrong)
        assert served.fired["off"] == 0

    against(scenario)


def test_what_is_dropped_is_asked_again(against):
    async def scenario(panel, served):
        served.suffer(Faults(drop=0.5))
        for number in range(1, 11):
            await panel.put(entry(number))
        assert served.fired["drop"] > 0
        assert served.emulator.count() == 10

    against(scenario, tries_max=20)


def test_a_lost_reply_is_asked_again_though_the_panel_did_it(against):
    async def scenario(panel, served):
        served.suffer(Faults(reply_lost=0.5))
        for number in range(1, 11):
            await panel.put(entry(number))
        assert served.fired["reply_lost"] > 0
        assert served.emulator.count() == 10

    against(scenario, tries_max=20)


def test_a_dead_panel_is_unreachable_after_the_bounded_tries(against):
    async def scenario(panel, served):
        served.suffer(Faults(off=True))
        with pytest.raises(Unreachable, match=r"0\.05 s, 2 times"):
            await panel.count()
        assert served.fired["off"] == 2
        served.suffer(NONE)
        assert await panel.count() == 0
        served.emulator.power(on=False)
        with pytest.raises(Unreachable):
            await panel.identity()

    against(scenario, timeout_s=0.05, tries_max=2)


def test_nobody_there_is_unreachable(against):
    async def scenario(panel, served):
        await served.close()
        with pytest.raises(Unreachable):
            await panel.count()

    against(scenario, timeout_s=0.05, tries_max=2)


def test_another_serial_is_a_protocol_error(against):
    async def scenario(panel, served):
        served.suffer(Faults(wrong_serial=1.0))
        with pytest.raises(ProtocolError, match=f"answered as panel {SERIAL ^ 1}"):
            await panel.put(ENTRY)
        with pytest.raises(ProtocolError):
            await panel.delete(ENTRY.number)

    against(scenario)


def test_garbage_is_a_protocol_error(against):
    verbs = [
        lambda panel: panel.identity(), lambda panel: panel.status(), lambda panel: panel.time(),
        lambda panel: panel.set_time(datetime(2027, 1, 1, tzinfo=UTC)), lambda panel: panel.count(),
        lambda panel: panel.card(1), lambda panel: panel.card_at(1), lambda panel: panel.put(ENTRY),
        lambda panel: panel.delete(1), lambda panel: panel.event(1), lambda panel: panel.event_index(),
        lambda panel: panel.door(1), lambda panel: panel.set_door(1, DoorMode(1, 1)), lambda panel: anext(panel.cards()),
    ]  # fmt: skip

    async def scenario(panel, served):
        served.suffer(Faults(garbage=1.0))
        for verb in verbs:
            with pytest.raises(ProtocolError):
                await verb(panel)

    against(scenario)


def test_right_frames_with_wrong_contents_never_become_other_errors():
    """A peer that echoes serial and function, and fills the rest with whatever hurts."""

    class Liar(asyncio.DatagramProtocol):
        fill = b"\xff"

        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            self.transport.sendto(data[:8] + self.fill * 56, addr)

    async def main():
        transport, liar = await asyncio.get_running_loop().create_datagram_endpoint(Liar, local_addr=("127.61.0.3", 0))
        panel = Panel(SERIAL, "{}:{}".format(*transport.get_extra_info("sockname")), timeout_s=0.2, tries_max=1)
        for liar.fill in (b"\xff", b"\x00", b"\x99", b"\x1a"):
            for verb in (
                panel.identity, panel.status, panel.time, panel.count, panel.event_index,
                lambda: panel.card(5), lambda: panel.card_at(1), lambda: panel.event(1), lambda: panel.door(1),
                lambda: panel.put(ENTRY), lambda: panel.delete(5),
            ):  # fmt: skip
                try:
                    await verb()
                except WireError as error:
                    assert str(SERIAL) in str(error)
        liar.fill = b"\x07"
        with pytest.raises(ProtocolError, match="card 5 and told of card"):
            await panel.card(5)
        with pytest.raises(ProtocolError, match="door 1 and told of door 7"):
            await panel.door(1)
        with pytest.raises(ProtocolError, match="counts 117901063 cards, but 1 were found"):
            [card async for card in panel.cards()]
        panel.close()
        transport.close()

    asyncio.run(asyncio.wait_for(main(), 90))


@pytest.mark.parametrize("fault", ["wrong_function", "stale"])
def test_an_answer_to_something_else_is_a_protocol_error_and_the_next_call_works(against, fault):
    async def scenario(panel, served):
        served.suffer(only(fault, 1.0))
        await answered(panel) if fault == "stale" else None  # there is an answer that can come late
        with pytest.raises(ProtocolError, match="cannot be read"):
            await panel.put(ENTRY)
        served.suffer(NONE)
        await panel.put(ENTRY)
        assert await panel.card(ENTRY.number) == ENTRY

    async def answered(panel):
        assert await panel.count() == 0

    against(scenario)


def test_half_an_answer_is_none(against):
    async def scenario(panel, served):
        served.suffer(Faults(short=1.0))
        with pytest.raises(Unreachable):
            await panel.put(ENTRY)
        assert served.fired["short"] == 2
        served.suffer(NONE)
        assert await panel.card(ENTRY.number) == ENTRY

    against(scenario, tries_max=2)


def test_a_late_put_restores_what_was_deleted(against):
    """The trap that the gateway's guard is for: the emulator can set it."""

    async def scenario(panel, served):
        served.suffer(Faults(duplicate=1.0, delay_s=0.3))
        await panel.put(ENTRY)
        served.suffer(NONE)
        await panel.delete(ENTRY.number)
        assert await panel.card(ENTRY.number) is None
        await asyncio.sleep(0.5)
        assert await panel.card(ENTRY.number) == ENTRY

    against(scenario, timeout_s=2)
