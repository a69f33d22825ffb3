"""Virtual time itself: it leaps, it never hangs, and its network does to datagrams what it is told, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from random import Random
from typing import Any

import pytest

from tests.simulation.loop import NothingLeft, SimLoop, inline
from tests.simulation.network import SENDER, Network, Weather
from tests.simulation.trace import Trace

PANEL = ("127.70.0.1", 60_000)


class Heard(asyncio.DatagramProtocol):
    """Keeps what came, and echoes it where it is told to."""

    def __init__(self, *, echoes: bool = False) -> None:
        self.came: list[bytes] = []
        self.transport: Any = None
        self._echoes = echoes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.append(data)
        if self._echoes:
            self.transport.sendto(data, addr)


@pytest.fixture
def network() -> Network:
    return Network(Random(1), Trace())


@pytest.fixture
def loop(network: Network) -> Generator[SimLoop]:
    loop = SimLoop(network)
    yield loop
    loop.close()


async def _sent(network: Network, weather: Weather, count: int) -> tuple[Heard, Heard]:
    """Panel and asker, after so many datagrams in this weather."""
    loop = asyncio.get_running_loop()
    network.weather[PANEL] = weather
    panel, asker = Heard(echoes=True), Heard()
    await loop.create_datagram_endpoint(lambda: panel, local_addr=PANEL)
    await loop.create_datagram_endpoint(lambda: asker, local_addr=("0.0.0.0", 0), remote_addr=PANEL)
    for nth in range(count):
        asker.transport.sendto(nth.to_bytes(2, "big"))
        await asyncio.sleep(0.001)
    await asyncio.sleep(30)
    return panel, asker


def test_an_hour_takes_no_time(loop: SimLoop):
    loop.run_until_complete(asyncio.sleep(3_600))
    assert loop.time() == pytest.approx(3_600)


def test_a_wait_that_nobody_ends_is_an_error(loop: SimLoop):
    with pytest.raises(NothingLeft):
        loop.run_until_complete(loop.create_future())


def test_threads_are_refused(loop: SimLoop):
    with pytest.raises(RuntimeError, match="no threads"):
        loop.run_until_complete(_in_thread())


async def _in_thread() -> None:
    await asyncio.to_thread(time.time)


def test_the_hop_is_a_call(loop: SimLoop):
    assert loop.run_until_complete(inline(int, "7")) == 7


def test_fair_weather_loses_nothing(loop: SimLoop, network: Network):
    panel, asker = loop.run_until_complete(_sent(network, Weather(), 50))
    assert sorted(panel.came) == sorted(asker.came) == [nth.to_bytes(2, "big") for nth in range(50)]


def test_every_weather_strikes(loop: SimLoop, network: Network):
    panel, _ = loop.run_until_complete(_sent(network, Weather(lost=0.2, late=0.2, doubled=0.2), 200))
    assert len(set(panel.came)) < 200
    assert len(set(panel.came)) < len(panel.came)
    assert min(network.fired[name] for name in ("lost", "late", "doubled", "reordered")) > 0


@pytest.mark.parametrize(("weather", "came"), [(Weather(cut_to=True), (0, 0)), (Weather(cut_from=True), (9, 0))])
def test_one_direction_alone_can_be_cut(loop: SimLoop, network: Network, weather: Weather, came: tuple[int, int]):
    panel, asker = loop.run_until_complete(_sent(network, weather, 9))
    assert (len(panel.came), len(asker.came)) == came


def test_an_address_is_held_until_it_is_let_go(loop: SimLoop):
    async def twice() -> None:
        transport, _ = await loop.create_datagram_endpoint(Heard, local_addr=PANEL)
        with pytest.raises(OSError, match="in use"):
            await loop.create_datagram_endpoint(Heard, local_addr=PANEL)
        transport.close()
        again, _ = await loop.create_datagram_endpoint(Heard, local_addr=PANEL)
        assert again.get_extra_info("socket").getsockname() == PANEL

    loop.run_until_complete(twice())


def test_the_dead_send_nothing(loop: SimLoop, network: Network):
    class Dead:
        def may_send(self) -> bool:
            return False

        def sent(self) -> None:
            raise AssertionError

        def owns(self, task: asyncio.Task[Any]) -> None:
            """It dies with its loop."""

    async def asks() -> tuple[Heard, Heard]:
        SENDER.set(Dead())
        return await _sent(network, Weather(), 3)

    panel, asker = loop.run_until_complete(asks())
    assert panel.came == asker.came == []
    assert network.datagrams == 0


class Taking(asyncio.Protocol):
    """One end of a connection, which echoes or listens."""

    def __init__(self, *, echoes: bool = False):
        self.came = b""
        self.lost: list[Exception | None] = []
        self._echoes = echoes

    def connection_made(self, transport: Any):
        self.transport = transport

    def data_received(self, data: bytes):
        self.came += data
        if self._echoes:
            self.transport.write(data)

    def connection_lost(self, exc: Exception | None):
        self.lost.append(exc)


async def _connected(loop: SimLoop, taken: list[Taking]) -> tuple[Any, Taking]:
    def take() -> Taking:
        taken.append(Taking(echoes=True))
        return taken[-1]

    await loop.create_server(take, *PANEL)
    return await loop.create_connection(Taking, *PANEL)


def test_a_connection_keeps_its_bytes_in_order_however_bad_the_weather(loop: SimLoop, network: Network):
    async def talk() -> None:
        transport, asker = await _connected(loop, [])
        network.weather[PANEL] = Weather(lost=0.4, late=0.3)
        for nth in range(100):
            transport.write(bytes((nth,)))
        await asyncio.sleep(3_000)
        assert asker.came == bytes(range(100))

    loop.run_until_complete(talk())
    assert network.fired["stream_lost"] > 0 and network.fired["late"] > 0


def test_what_is_given_up_while_cut_off_never_comes(loop: SimLoop, network: Network):
    async def talk() -> None:
        taken: list[Taking] = []
        transport, _ = await _connected(loop, taken)
        network.weather[PANEL] = Weather(cut_to=True)
        transport.write(b"late")
        await asyncio.sleep(2)
        transport.abort()
        network.weather[PANEL] = Weather()
        await asyncio.sleep(60)
        assert taken[0].came == b""
        with pytest.raises(TimeoutError):
            network.weather[PANEL] = Weather(cut_from=True)
            await asyncio.wait_for(loop.create_connection(Taking, *PANEL), 1)
        with pytest.raises(ConnectionRefusedError):
            await loop.create_connection(Taking, "127.70.9.9", 60000)

    loop.run_until_complete(talk())


def test_an_end_is_told_to_the_other_side(loop: SimLoop, network: Network):
    async def talk() -> None:
        taken: list[Taking] = []
        for end, told in (("close", type(None)), ("abort", ConnectionResetError)):
            transport, _ = await loop.create_connection(Taking, *PANEL) if taken else await _connected(loop, taken)
            getattr(transport, end)()
            await asyncio.sleep(1)
            assert [type(why) for why in taken[-1].lost] == [told]

    loop.run_until_complete(talk())
