"""Physical acts over the control port, by its own client and by whoever sends strange lines."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wg import acts
from devices.wg.control import ControlServer, act
from devices.wg.faults import Faults
from devices.wire import DeviceError, ProtocolError, Unreachable

DATES: dict[str, Any] = {"opens": "2027-03-01", "closes": "2027-03-02", "doors": [1, 0, 0, 0]}
CARD: dict[str, Any] = DATES | {"number": 7, "pin": 0}


@pytest.fixture
def against(serve_panel):
    def run(scenario, **options):
        async def main():
            async with serve_panel(**options) as panel:
                await scenario("{}:{}".format(*panel.control_address), panel)

        asyncio.run(main())

    return run


def test_every_act(against):
    async def scenario(at, panel):
        assert (await act(at, "look"))["cards"] == 0
        assert (await act(at, "swipe", card=7, door=1)) == {"granted": False, "open": False, "reason": 18, "event": 1}
        assert (await act(at, "put", **CARD))["card"]["number"] == 7
        assert (await act(at, "swipe", card=7, door=1))["granted"]
        altered = await act(at, "alter", number=7, doors=[0, 1, 0, 0])
        assert altered["card"]["doors"] == [0, 1, 0, 0] and altered["card"]["closes"] == "2027-03-02"
        assert (await act(at, "swipe", card=7, door=1))["granted"] is False
        assert [card["number"] for card in (await act(at, "cards"))["cards"]] == [7]
        assert (await act(at, "remove", number=7)) == {"removed": True}
        assert (await act(at, "clock", set="2027-03-02T11:00:00"))["time"] == "2027-03-02T11:00:00"
        assert (await act(at, "clock", drift_ppm=50))["time"] == "2027-03-02T11:00:00"
        assert (await act(at, "faults", drop=0.25))["faults"]["drop"] == 0.25
        assert panel.faults == Faults(drop=0.25)
        assert (await act(at, "faults"))["faults"]["drop"] == 0
        assert (await act(at, "power", on=False)) == {"powered": False}
        assert (await act(at, "power", on=True)) == {"powered": True}
        await act(at, "put", **CARD)
        assert (await act(at, "power-cycle", keep_memory=True)) == {"powered": True}
        assert (await act(at, "look"))["cards"] == 1
        await act(at, "power-cycle", keep_memory=False)
        assert (await act(at, "look"))["cards"] == 0

    against(scenario)


def test_every_act_of_hands(against):
    async def scenario(at, panel):
        await act(at, "put", **CARD | {"pin": 7531, "first_card": 1})
        assert (await act(at, "swipe", card=7, door=1, direction=2))["granted"]
        assert (await act(at, "swipe", card=7, door=1, pin=7531))["granted"]
        assert (await act(at, "type", door=1, code=1)) == {"granted": False, "open": False, "reason": 7, "event": 3}
        assert (await act(at, "look"))["released"] == [1]
        assert (await act(at, "open", door=1)) == {"open": True}
        assert (await act(at, "shut", door=1)) == {"was_open": True}
        assert (await act(at, "open", door=2)) == {"open": False}
        assert (await act(at, "button", door=3)) == {"released": True}
        assert (await act(at, "force", door=2)) == {"open": True, "event": 4}
        assert (await act(at, "fire", on=True)) == {"event": 5}
        assert (await act(at, "look"))["released"] == [1, 2, 3, 4]
        assert (await act(at, "fire", on=False)) == {"event": 0}
        assert (await act(at, "tamper", on=True)) == {"event": 6}
        assert (await act(at, "held-open", seconds=3)) == {"seconds": 3}
        page = await act(at, "events", limit=4)
        assert [event["reason"] for event in page["events"]] == [1, 1, 7, 38] and page["next"] == 5
        rest = await act(at, "events", **{"from": page["next"]})
        assert [event["reason"] for event in rest["events"]] == [39, 42] and rest["next"] is None
        assert (await act(at, "overflow", events=4)) == {"events": 2}
        told = await act(at, "settings")
        assert (told["interlock"], told["keypads"], told["tasks"], len(told["doors"])) == (0, [False] * 4, [], 4)

    against(scenario)


def test_many_cards_come_in_pages(against):
    async def scenario(at, panel):
        for number in range(1, 8):
            await act(at, "put", number=number, **DATES)
        await act(at, "remove", number=2)
        first = await act(at, "cards", limit=4)
        second = await act(at, "cards", limit=4, **{"from": first["next"]})
        assert [card["number"] for card in first["cards"] + second["cards"]] == [1, 3, 4, 5, 6, 7]
        assert (first["next"], second["next"]) == (5, None)

    against(scenario)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"act": "fly"}, "there is no act 'fly'"),
        ({"act": ["swipe"]}, "there is no act"),
        ({"act": "swipe", "card": 7}, "swipe needs 'door'"),
        ({"act": "swipe", "card": True, "door": 1}, "card must be a whole number"),
        ({"act": "swipe", "card": 7, "door": 5}, "door must be a whole number from 1 to 4"),
        ({"act": "swipe", "card": 7, "door": 1, "pin": -1}, "pin must be a whole number"),
        ({"act": "swipe", "card": 7, "door": 1, "direction": 3}, "direction must be a whole number from 1 to 2"),
        ({"act": "type", "door": 1}, "type needs 'code'"),
        ({"act": "fire", "on": "yes"}, "true or false"),
        ({"act": "overflow", "events": 0}, "events must be a whole number"),
        ({"act": "put", **CARD, "opens": "yesterday"}, "yesterday"),
        ({"act": "put", **CARD, "doors": [1, 2]}, "unpack"),
        ({"act": "put", **CARD, "doors": [1, 2, 3, 256]}, "from 0 to 255"),
        ({"act": "put", **CARD, "doors": 7}, "strange"),
        ({"act": "alter", "number": 9}, "card 9 is not on this panel"),
        ({"act": "power", "on": 1}, "true or false"),
        ({"act": "power-cycle"}, "keep_memory"),
        ({"act": "faults", "rain": 1}, "there is no fault rain"),
        ({"act": "faults", "drop": 2}, "drop cannot be 2"),
        ({"act": "faults", "off": 1}, "off is true or false"),
        ({"act": "faults", "v6_62": 0.5}, "v6_62 is true or false"),
        ({"act": "clock", "drift_ppm": "fast"}, "drift_ppm must be a number"),
        ({"act": "clock", "set": "2027-03-02T11:00:00+08:00"}, "without a zone"),
    ],
)
def test_a_strange_act_gets_a_sentence(against, told, says):
    async def scenario(at, panel):
        with pytest.raises(DeviceError, match=says):
            await act(at, **told)

    against(scenario)


def test_a_panel_without_power_cannot_be_swiped_at(against):
    async def scenario(at, _):
        await act(at, "power", on=False)
        with pytest.raises(DeviceError, match="no power"):
            await act(at, "swipe", card=7, door=1)

    against(scenario)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = [
    "code", "direction", "seconds", "events", "card", "door", "number", "opens", "closes", "doors", "pin", "on",
    "keep_memory", "set", "drift_ppm", "from", "limit", "drop", "delay_s", "first_card",
]  # fmt: skip


@given(st.sampled_from(sorted(acts._ACTS)), st.dictionaries(st.sampled_from(fields), json_values))
def test_no_line_of_json_raises_anything_but_a_sentence(name, told):
    from datetime import UTC, datetime
    from random import Random

    from devices.clock import SetClock
    from devices.wg.body import Identity
    from devices.wg.emulator import WgEmulator
    from devices.wg.served import ServedPanel

    panel = ServedPanel("a-1", ("127.61.0.1", 0), Random(1))
    panel.switch_on(WgEmulator(Identity(1), SetClock(datetime(2027, 3, 2, tzinfo=UTC)), UTC))
    try:
        json.dumps(acts.perform(panel, {"act": name} | told))
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("line", "says"), [(b"hello\n", "one JSON object"), (b"[1]\n", "one JSON object"), (b"x" * 70_000, "too long")]
)
def test_strange_lines_are_answered(against, line, says):
    async def scenario(at, panel):
        reader, writer = await asyncio.open_connection(*panel.control_address)
        writer.write(line)
        await writer.drain()
        assert says in json.loads(await reader.readline())["error"]
        writer.close()

    against(scenario)


def test_nobody_there_is_unreachable(against):
    async def scenario(at, panel):
        await panel.close()
        with pytest.raises(Unreachable, match="no emulator can be reached"):
            await act(at, "look")
        with pytest.raises(Unreachable, match="host:port"):
            await act("127.0.0.1", "look")

    against(scenario)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"[]\n", b"x" * 2_000_000])
def test_who_speaks_something_else_is_no_emulator(answer):
    async def other(reader, writer):
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(other, "127.61.0.4", 0)
        async with server:
            with pytest.raises((ProtocolError, Unreachable)):
                await act("{}:{}".format(*server.sockets[0].getsockname()), "look")

    asyncio.run(main())


def test_the_control_port_is_for_this_machine_alone(against):
    async def scenario(at, panel):
        with pytest.raises(ValueError, match="loopback only"):
            await ControlServer(panel).start(("0.0.0.0", 0))

    against(scenario)
