"""Virtual time itself: it leaps, it never hangs, and its network does to datagrams what it is told, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator
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


@pytest.mark.parametrize("asks", [lambda loop: loop.create_connection(), lambda loop: loop.create_server()])
def test_real_time_is_refused(loop: SimLoop, asks: Any):
    asked: Coroutine[Any, Any, Any] = asks(loop)
    with pytest.raises(RuntimeError, match="no TCP"):
        loop.run_until_complete(asked)
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

    async def asks() -> tuple[Heard, Heard]:
        SENDER.set(Dead())
        return await _sent(network, Weather(), 3)

    panel, asker = loop.run_until_complete(asks())
    assert panel.came == asker.came == []
    assert network.datagrams == 0
