"""The wires on the loop that Foyer's processes run on: what tests elsewhere see on asyncio's own holds there, too."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date
from ipaddress import IPv4Address

import uvloop

from devices.wg.acts import perform
from devices.wg.ear import Ear, Told
from devices.wg.panel import CardEntry, Listener, Panel, PanelEvent
from tests.devices.conftest import SERIAL, ServePanel

ENTRY = CardEntry(8165538, date(2027, 3, 2), date(2027, 12, 31), (1, 0, 29, 1), 0)


def test_a_card_is_put_by_both_transports_and_its_swipe_is_heard(serve_panel: ServePanel):
    async def scenario() -> None:
        told: asyncio.Queue[Told] = asyncio.Queue()
        ear = Ear(lambda _, one: told.put_nowait(one))
        await ear.listen("127.61.0.1:0")
        async with serve_panel() as served:
            address = "{}:{}".format(*served.address)
            ear.register(SERIAL, address)
            for transport in ("tcp", "udp"):
                with closing(Panel(SERIAL, address, transport=transport)) as panel:
                    await panel.put(ENTRY)
                    assert await panel.card(ENTRY.number) == ENTRY
                    await panel.delete(ENTRY.number)
                    assert await panel.card(ENTRY.number) is None
                    host, _, port = ear.address.partition(":")
                    await panel.set_listener(Listener(IPv4Address(host), int(port)))
            perform(served, {"act": "swipe", "card": ENTRY.number, "door": 1})
            async with asyncio.timeout(5):
                event = await told.get()
        ear.close()
        assert isinstance(event, PanelEvent)
        assert (event.card, event.door, event.granted) == (ENTRY.number, 1, False)

    uvloop.run(scenario())
