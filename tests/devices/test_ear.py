"""The ear against served panels and against whoever else sends to it: what is registered counts, all else is counted."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import IPv4Address
from zoneinfo import ZoneInfo

import pytest

from devices.wg import ear as ears
from devices.wg.acts import perform
from devices.wg.ear import STRANGERS_MAX, Ear, Stranger, Told
from devices.wg.panel import Listener, Panel, PanelEvent, PanelStatus
from devices.wire import Unreachable

SERIAL = 405419896
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOST = "127.71.1.1"
AT = datetime(2027, 3, 2, 2, 0, tzinfo=UTC)


class Heard:
    """An ear, and all that it heard."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[int, Told]] = asyncio.Queue()
        self.strangers: list[Stranger] = []
        self.ear = Ear(lambda serial, told: self.told.put_nowait((serial, told)), self.strangers.append)

    async def next(self) -> Told:
        async with asyncio.timeout(5):
            return (await self.told.get())[1]

    async def all_in(self, datagrams: int) -> None:
        await counted(self.ear, datagrams)


async def counted(ear: Ear, datagrams: int) -> None:
    async with asyncio.timeout(5):
        while ear.counts.total() < datagrams:  # noqa: ASYNC110 - garbage, too, is only counted: nobody is called
            await asyncio.sleep(0.005)


def run(scenario: Callable[[Heard], Awaitable[None]]) -> None:
    async def main() -> None:
        heard = Heard()
        await heard.ear.listen(f"{HOST}:0")
        with closing(heard.ear):
            await scenario(heard)

    asyncio.run(main())


def frame(serial: int = SERIAL, index: int = 7, start: int = 0x17) -> bytes:
    """An event of an unknown card at door 2, with doors, buttons and inputs to tell apart."""
    told = bytearray(64)
    told[0], told[1] = start, 0x20
    told[4:8], told[8:12] = serial.to_bytes(4, "little"), index.to_bytes(4, "little")
    told[12:16] = bytes((1, 0, 2, 1))
    told[16:20] = (8165538).to_bytes(4, "little")
    told[20:27] = bytes.fromhex("20270302100000")
    told[27:36] = bytes((18, 0, 1, 0, 0, 1, 0, 0, 0))
    told[37:40], told[40:44] = bytes.fromhex("100001"), (9).to_bytes(4, "little")
    told[49:51], told[51:54] = bytes((0b0100, 0b11)), bytes.fromhex("270302")
    return bytes(told)


def from_address(host: str, to: str, *datagrams: bytes) -> None:
    address, _, port = to.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        for data in datagrams:
            sock.sendto(data, (address, int(port)))


@pytest.mark.parametrize("start", [0x17, 0x19])
def test_an_event_is_heard_with_all_that_stands_around_it(start):
    async def scenario(heard: Heard) -> None:
        heard.ear.register(SERIAL, f"{HOST}:60000", SHANGHAI)
        from_address(HOST, heard.ear.address, frame(start=start))
        event = await heard.next()
        shown = AT.replace(second=1)
        assert event == PanelEvent(
            7, 1, False, 2, 1, 8165538, AT, 18,
            status=PanelStatus(shown, 7, 0b0100, 0b11, 0, (False, True, False, False), (True, False, False, False), 9),
        )  # fmt: skip

    run(scenario)


def test_a_panel_is_heard_as_it_is_told_to_tell(serve_panel):
    async def scenario(heard: Heard) -> None:
        async with serve_panel() as served:
            address = "{}:{}".format(*served.address)
            heard.ear.register(SERIAL, address, SHANGHAI)
            host, _, port = heard.ear.address.partition(":")
            with closing(Panel(SERIAL, address, zone=SHANGHAI)) as panel:
                await panel.set_listener(Listener(IPv4Address(host), int(port), 1))
                first = await heard.next()  # unasked, after a second: there is no event yet
                assert isinstance(first, PanelStatus) and (first.event_index, first.at) == (0, AT)
                perform(served, {"act": "swipe", "card": 7, "door": 2})
                event = await heard.next()
                assert isinstance(event, PanelEvent) and event.status is not None
                kept = await panel.event(event.index)
                assert kept is not None
                told = (event.index, event.kind, event.granted, event.door, event.card, event.at, event.reason)
                assert told == (kept.index, kept.kind, kept.granted, kept.door, kept.card, kept.at, kept.reason)
                again = await heard.next()  # unasked: the newest event once more
                assert isinstance(again, PanelEvent) and again.index == event.index

    run(scenario)


@pytest.mark.parametrize(
    ("registered", "source", "serial"),
    [((SERIAL, HOST), "127.71.1.2", SERIAL), ((SERIAL, HOST), HOST, SERIAL + 1), ((SERIAL + 1, HOST), HOST, SERIAL)],
)
def test_who_is_not_registered_never_counts(registered, source, serial):
    async def scenario(heard: Heard) -> None:
        heard.ear.register(*registered)
        from_address(source, heard.ear.address, frame(serial), frame(serial))
        await heard.all_in(2)
        assert heard.told.empty()
        assert heard.ear.counts == {"strangers": 2}
        assert heard.strangers == [Stranger(source, serial)]

    run(scenario)


def test_who_is_forgotten_counts_no_longer():
    async def scenario(heard: Heard) -> None:
        heard.ear.register(SERIAL, HOST)
        from_address(HOST, heard.ear.address, frame())
        await heard.next()
        heard.ear.forget(SERIAL, f"{HOST}:60000")
        from_address(HOST, heard.ear.address, frame())
        await heard.all_in(2)
        assert heard.ear.counts == {"heard": 1, "strangers": 1}

    run(scenario)


def test_no_more_than_some_strangers_are_told_of(monkeypatch):
    async def scenario(heard: Heard) -> None:
        from_address(HOST, heard.ear.address, *(frame(serial) for serial in range(1, 2 * STRANGERS_MAX)))
        await heard.all_in(2 * STRANGERS_MAX - 1)
        assert len(heard.strangers) == STRANGERS_MAX
        monkeypatch.setattr(ears, "STRANGERS_S", 0.0)
        from_address(HOST, heard.ear.address, frame(5))
        await heard.all_in(2 * STRANGERS_MAX)
        assert heard.strangers[-1] == Stranger(HOST, 5)

    run(scenario)


def test_garbage_is_counted_and_hurts_nobody():
    dice = random.Random(71)
    lengths = [b"", frame()[:63], frame() + b"\0", bytes(1500)]
    starts = [bytes(64), b"\xff" * 64, frame(start=0x18), b"\x19\x22" + frame()[2:]]

    async def scenario(heard: Heard) -> None:
        heard.ear.register(SERIAL, HOST, SHANGHAI)
        wild = [frame()[:8] + dice.randbytes(56) for _ in range(500)]
        old = frame()[:20] + bytes.fromhex("00010101000000") + frame()[27:]  # before all time, in UTC
        from_address(HOST, heard.ear.address, *lengths, *starts, *wild, old, frame())
        await heard.all_in(len(lengths) + len(starts) + len(wild) + 2)
        assert heard.ear.counts == {"garbage": len(lengths) + len(starts), "heard": len(wild) + 2}
        told = [heard.told.get_nowait()[1] for _ in range(len(wild) + 2)]
        assert isinstance(told[-2], PanelEvent) and told[-2].at is None
        assert isinstance(told[-1], PanelEvent) and told[-1].at == AT

    run(scenario)


def test_a_fault_of_who_takes_it_is_logged_and_the_next_is_heard(caplog):
    taken: list[int] = []

    def take(serial: int, told: Told) -> None:
        taken.append(serial)
        if len(taken) == 1:
            raise RuntimeError("a fault")

    async def main() -> None:
        ear = Ear(take)
        await ear.listen(f"{HOST}:0")
        with closing(ear):
            ear.register(SERIAL, HOST)
            from_address(HOST, ear.address, frame(), frame())
            await counted(ear, 3)
            assert (len(taken), ear.counts["failed"]) == (2, 1)

    asyncio.run(main())
    assert "could not be taken" in caplog.text


def test_a_burst_that_comes_at_once_finds_room():
    """More than a default buffer of the system holds, before the ear reads the first."""

    async def scenario(heard: Heard) -> None:
        if heard.ear.buffer_bytes < ears.RECEIVE_BUFFER_BYTES:
            pytest.skip("this system grants no larger buffer")
        heard.ear.register(SERIAL, HOST)
        from_address(HOST, heard.ear.address, *(frame(index=index) for index in range(1, 2001)))
        for index in range(1, 2001):
            told = await heard.next()
            assert isinstance(told, PanelEvent) and told.index == index

    run(scenario)


def test_bursts_and_pauses_are_heard_in_order():
    """The ear sleeps and wakes between them, and some bursts are more than it takes in one turn of the loop."""

    async def scenario(heard: Heard) -> None:
        heard.ear.register(SERIAL, HOST)
        first = 1
        for size, pause_s in ((1, 0.0), (3, ears.REST_S), (ears.READS_MAX + 1, 0.0), (1, 4 * ears.REST_S), (40, 0.0)):
            from_address(HOST, heard.ear.address, *(frame(index=index) for index in range(first, first + size)))
            for index in range(first, first + size):
                told = await heard.next()
                assert isinstance(told, PanelEvent) and told.index == index
            first += size
            await asyncio.sleep(pause_s)
        assert heard.ear.counts == {"heard": first - 1}

    run(scenario)


@pytest.mark.parametrize("again", [False, True])
def test_who_is_told_may_close_the_ear_and_open_it_anew(again):
    taken: list[int] = []

    async def main() -> None:
        opening: list[asyncio.Task[None]] = []

        def take(serial: int, told: Told) -> None:
            taken.append(told.index if isinstance(told, PanelEvent) else 0)
            if len(taken) == 1:
                ear.close()
                if again:
                    opening.append(asyncio.create_task(ear.listen(f"{HOST}:0")))

        ear = Ear(take)
        await ear.listen(f"{HOST}:0")
        with closing(ear):
            ear.register(SERIAL, HOST)
            from_address(HOST, ear.address, *(frame(index=index) for index in (1, 2, 3)))
            await counted(ear, 1)
            await asyncio.gather(*opening)
            assert bool(ear.listening) == again
            if again:
                from_address(HOST, ear.address, *(frame(index=index) for index in (4, 5)))
                await counted(ear, 3)
            await asyncio.sleep(2 * ears.REST_S)

    asyncio.run(main())
    assert taken == ([1, 4, 5] if again else [1])


def test_an_address_that_is_taken_is_told():
    async def scenario(heard: Heard) -> None:
        with pytest.raises(Unreachable, match="passages cannot be heard at"):
            await Ear(lambda *_: None).listen(heard.ear.address)
        assert heard.ear.listening

    run(scenario)


def test_who_is_closed_hears_nothing():
    async def scenario(heard: Heard) -> None:
        heard.ear.register(SERIAL, HOST)
        heard.ear.close()
        from_address(HOST, heard.ear.address, frame())
        await asyncio.sleep(0.05)
        assert heard.told.empty() and not heard.ear.listening

    run(scenario)


def test_only_an_address_can_be_registered():
    with pytest.raises(ValueError, match="gate"):
        Ear(lambda *_: None).register(SERIAL, "gate-1:60000")
