"""uhppoted's own clients, unmodified, against the served emulator by UDP and TCP: sync from a thread, async in the loop."""

from __future__ import annotations

import asyncio
import inspect
from datetime import date, datetime, time
from ipaddress import IPv4Address

import pytest
from uhppoted import structs
from uhppoted.errors import CardDeleted, CardNotFound, EventNotFound, EventOverwritten, TimeProfileNotFound
from uhppoted.uhppote import Uhppote
from uhppoted.uhppote_async import UhppoteAsync

from devices.wg.acts import perform

SERIAL = 405419896
TODAY, LATER = date(2027, 3, 2), date(2027, 12, 31)
AT = datetime(2027, 3, 2, 10, 0)


class Client:
    """One of the two clients, called the same way."""

    def __init__(self, client, address, transport):
        self.client = client
        self.controller = (SERIAL, address, transport)

    async def __call__(self, name, *told):
        verb = getattr(self.client, name)
        if inspect.iscoroutinefunction(verb):
            return await verb(self.controller, *told, timeout=5)
        return await asyncio.to_thread(verb, self.controller, *told, timeout=5)

    async def discover(self):
        verb = self.client.get_all_controllers
        if inspect.iscoroutinefunction(verb):
            return await verb(timeout=0.3)
        return await asyncio.to_thread(verb, timeout=0.3)


@pytest.fixture(params=[(client, transport) for client in (Uhppote, UhppoteAsync) for transport in ("udp", "tcp")])
def against(request, serve_panel):
    """Runs a scenario with one of the clients and a served panel."""

    def run(scenario, **options):
        async def main():
            async with serve_panel(**options) as panel:
                address = "{}:{}".format(*panel.address)
                client, transport = request.param
                await scenario(Client(client(bind="0.0.0.0", broadcast=address), address, transport), panel)

        asyncio.run(main())

    return run


def test_who_is_there(against):
    async def scenario(ask, _):
        told = await ask("get_controller")
        assert (told.controller, told.version, told.mac_address) == (SERIAL, "v8.92", "00:12:23:34:45:56")
        assert (told.ip_address, told.date) == (IPv4Address("192.168.1.100"), date(2018, 11, 5))
        assert [found.controller for found in await ask.discover()] == [SERIAL]

    against(scenario)


def test_time_and_status(against):
    async def scenario(ask, panel):
        assert (await ask("get_time")).datetime == AT
        put = datetime(2028, 2, 29, 23, 59, 58)
        assert (await ask("set_time", put)).datetime == put
        status = await ask("get_status")
        assert (status.system_date, status.system_time, status.event_index) == (put.date(), put.time(), 0)
        record = await ask("get_status_record")
        assert record.event is None and record.system.datetime == put
        panel.emulator.swipe(5, 2)
        record = await ask("get_status_record")
        assert (record.event.index, record.event.card, record.event.door, record.event.access_granted) == (
            1,
            5,
            2,
            False,
        )

    against(scenario)


def test_cards(against):
    async def scenario(ask, _):
        assert (await ask("put_card", 8165538, TODAY, LATER, 1, 0, 29, 1, 7531)).stored
        first = structs.Card(8165539, TODAY, LATER, {1: 1, 3: 29}, 999999)
        assert await ask("put_card_record", first) is True
        assert (await ask("get_cards")).cards == 2
        told = await ask("get_card", 8165538)
        assert (told.start_date, told.end_date, told.door_3, told.pin) == (TODAY, LATER, 29, 7531)
        assert (await ask("get_card_record", 8165539)).pin == 999999
        assert (await ask("get_card_by_index", 2)).card_number == 8165539
        assert (await ask("delete_card", 8165538)).deleted
        assert (await ask("get_card", 8165538)).card_number == 0
        with pytest.raises(CardNotFound):
            await ask("get_card_record", 8165538)
        with pytest.raises(CardDeleted):
            await ask("get_card_record_by_index", 1)
        with pytest.raises(CardNotFound):
            await ask("get_card_record_by_index", 3)
        assert (await ask("get_card_record_by_index", 2)).card == 8165539
        assert (await ask("delete_all_cards")).deleted
        assert (await ask("get_cards")).cards == 0

    against(scenario)


def test_doors(against):
    async def scenario(ask, panel):
        told = await ask("get_door_control", 3)
        assert (told.mode, told.delay) == (3, 5)
        told = await ask("set_door_control", 3, 2, 4)
        assert (told.door, told.mode, told.delay) == (3, 2, 4)
        assert (await ask("get_door_control", 3)).mode == 2
        assert (await ask("open_door", 3)).opened
        assert (await ask("get_status")).relays == 0b100
        assert panel.emulator.events()[-1].door == 3

    against(scenario)


def test_events(against):
    async def scenario(ask, panel):
        assert (await ask("get_event_index")).event_index == 0
        with pytest.raises(EventNotFound):
            await ask("get_event_record", 1)
        for number in range(1, 12):
            panel.emulator.swipe(number, 1)
        assert (await ask("get_event", 0xFFFFFFFF)).card == 11
        assert (await ask("get_event_record", 9)).timestamp == AT
        with pytest.raises(EventOverwritten):
            await ask("get_event_record", 2)
        assert (await ask("set_event_index", 9)).updated
        assert (await ask("get_event_index")).event_index == 9

    against(scenario, events_max=10, events_chunk=4)


def test_listener(against):
    async def scenario(ask, panel):
        loop, heard = asyncio.get_running_loop(), asyncio.Queue()

        class Ear(asyncio.DatagramProtocol):
            def datagram_received(self, data, addr):
                heard.put_nowait((data, addr))

        transport, _ = await loop.create_datagram_endpoint(Ear, local_addr=("127.61.0.2", 0))
        port = transport.get_extra_info("sockname")[1]
        assert (await ask("set_listener", IPv4Address("127.61.0.2"), port, 0)).ok
        told = await ask("get_listener")
        assert (told.address, told.port, told.interval) == (IPv4Address("127.61.0.2"), port, 0)
        perform(panel, {"act": "swipe", "card": 7, "door": 1})
        data, sender = await asyncio.wait_for(heard.get(), 5)
        assert (data[0], data[1], data[16], sender) == (0x17, 0x20, 7, panel.address)
        await ask("open_door", 2)
        data, _ = await asyncio.wait_for(heard.get(), 5)
        assert data[27] == 44
        assert (await ask("set_listener", IPv4Address("127.61.0.2"), port, 1)).ok
        data, _ = await asyncio.wait_for(heard.get(), 5)  # unasked, after a second
        assert data[8] == 2
        transport.close()

    against(scenario)


def test_time_profiles(against):
    async def scenario(ask, _):
        with pytest.raises(TimeProfileNotFound):
            await ask("get_time_profile_record", 29)
        profile = structs.TimeProfile(
            id=29, start_date=TODAY, end_date=LATER, weekdays=structs.Weekdays(monday=True, friday=True),
            segments={1: structs.TimeSegment(time(8, 30), time(11, 30)), 2: structs.TimeSegment(time(0), time(0)),
                      3: structs.TimeSegment(time(13, 45), time(17, 0))},
            linked_profile=3,
        )  # fmt: skip
        assert await ask("set_time_profile_record", profile) is True
        assert await ask("get_time_profile_record", 29) == profile

    against(scenario)


def test_how_doors_are_driven(against):
    async def scenario(ask, panel):
        state = panel.emulator.state
        assert (await ask("get_antipassback")).antipassback == 0
        assert (await ask("set_antipassback", 3)).ok
        assert (await ask("get_antipassback")).antipassback == 3
        assert not (await ask("set_antipassback", 5)).ok
        assert (await ask("set_interlock", 8)).ok and state.rules.interlock == 8
        assert not (await ask("set_interlock", 5)).ok and state.rules.interlock == 8
        assert (await ask("activate_keypads", True, False, True, False)).ok
        assert state.rules.keypads == (True, False, True, False)
        assert (await ask("set_door_passcodes", 3, 12345, 0, 999999, 54321)).ok
        assert state.rules.passcodes[2] == (12345, 0, 999999, 54321)
        assert await ask("set_door_passcodes_record", 4, [7, 8]) is True
        assert state.rules.passcodes[3] == (7, 8, 0, 0)
        assert not (await ask("set_door_passcodes", 5, 1, 2, 3, 4)).ok
        assert (await ask("record_special_events", True)).updated and state.rules.special_events
        assert (await ask("record_special_events", False)).updated and not state.rules.special_events
        assert (await ask("get_antipassback")).antipassback == 3

    against(scenario)


def test_tasks_first_cards_and_profiles(against):
    async def scenario(ask, panel):
        emulator, everyday = panel.emulator, (True,) * 7
        weekdays = structs.Weekdays(*everyday)
        assert (await ask("add_task", TODAY, LATER, *everyday, time(10, 0), 3, 1, 0)).added
        assert not (await ask("add_task", TODAY, LATER, *everyday, time(10, 0), 5, 1, 0)).added
        assert await ask("add_task_record", structs.Task(2, 4, TODAY, LATER, weekdays, time(11, 0), 0)) is True
        told = structs.FirstCard(
            time(8, 30), time(17, 45), structs.DoorMode.NORMALLY_OPEN, structs.DoorMode.FIRSTCARD_ONLY, weekdays
        )
        assert await ask("set_firstcard", 1, told) is True
        assert (emulator.state.tasks, emulator.state.first_cards) == ((), {})
        assert (await ask("get_status")).relays == 0
        assert (await ask("refresh_tasklist")).refreshed
        assert len(emulator.state.tasks) == 2 and list(emulator.state.first_cards) == [1]
        assert (await ask("get_status")).relays == 0b100
        assert (await ask("get_door_control", 3)).mode == 3  # what a task did is not told
        assert (await ask("clear_tasklist")).cleared and emulator.state.tasks == ()
        span = {n: structs.TimeSegment(time(8, 30), time(11, 30)) for n in (1, 2, 3)}
        profile = structs.TimeProfile(29, TODAY, LATER, weekdays, span, 0)
        assert await ask("set_time_profile_record", profile) is True
        assert (await ask("delete_all_time_profiles")).deleted
        with pytest.raises(TimeProfileNotFound):
            await ask("get_time_profile_record", 29)

    against(scenario)


def test_a_host_decides_and_a_panel_is_restored(against):
    async def scenario(ask, panel):
        await ask("put_card", 7, TODAY, LATER, 1, 1, 1, 1, 0)
        assert panel.emulator.swipe(7, 1).reason == 1
        assert (await ask("set_pc_control", True)).ok
        assert panel.emulator.swipe(7, 1).reason == 5
        assert (await ask("open_door", 1)).opened
        assert (await ask("set_pc_control", False)).ok
        assert panel.emulator.swipe(7, 1).reason == 1
        await ask("set_door_control", 2, 2, 9)
        await ask("set_listener", IPv4Address("127.61.0.9"), 60001)
        assert (await ask("restore_default_parameters")).reset
        told = await ask("get_controller")
        assert (told.ip_address, told.subnet_mask) == (IPv4Address(0), IPv4Address("255.255.255.0"))
        assert (await ask("get_cards")).cards == 0
        told = await ask("get_door_control", 2)
        assert (told.mode, told.delay, (await ask("get_listener")).port) == (3, 5, 0)
        assert [event.reason for event in panel.emulator.events()] == [29]

    against(scenario)


def test_a_panel_is_moved_without_a_word(serve_panel):
    async def main():
        async with serve_panel() as panel:
            controller = (SERIAL, "{}:{}".format(*panel.address), "udp")
            network = (IPv4Address("192.168.1.125"), IPv4Address("255.255.254.0"), IPv4Address("192.168.1.2"))
            client = UhppoteAsync(bind="0.0.0.0", broadcast="127.61.0.1:60000")
            assert await client.set_ip(controller, *network, timeout=1) is True
            told = await client.get_controller(controller, timeout=5)
            assert told is not None and (told.ip_address, told.subnet_mask, told.gateway) == network

    asyncio.run(main())
