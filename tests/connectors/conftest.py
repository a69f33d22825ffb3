"""What the tests of this floor share: a gateway's process that can be killed, and the desk and targets it works with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Connector, Json
from connectors.gateway import Gateway
from connectors.kept import Kept
from devices.clock import SystemClock
from tests.connectors.emulated import EMULATED, FILLING, SHARED, WgTarget, wg_target
from tests.connectors.osdp_line import build as build_target
from tests.connectors.paper_desk import PaperDesk

SETTLE_S = 0.6


class Brisk:
    """A connector whose wire settles sooner than the real one, so that tests need not wait for it; it may also promise
    more haste than it keeps to."""

    def __init__(self, inner: Connector, verb_s_max: float | None) -> None:
        self._inner = inner
        self.settle_s = SETTLE_S
        self.verb_s_max = inner.verb_s_max if verb_s_max is None else verb_s_max

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Site:
    """A gateway's process, as far as a test starts and kills it: desk, disk, loop."""

    def __init__(self, folder: Path, desk: PaperDesk) -> None:
        self.desk = desk
        self.path = folder / "kept.sqlite"
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._kept: Kept | None = None

    def start(self, *, brisk: bool = True, known: bool = True, verb_s_max: float | None = None, **bounds: Any) -> None:
        """Start the gateway; `known` lets it believe that its file is old enough to know all that was sent."""
        if known and not self.path.exists():
            Kept(self.path, _Earlier()).close()
        self._kept = Kept(self.path, SystemClock())

        def build(kind: str, settings: Mapping[str, Json]) -> Connector:
            connector = build_target(kind, settings)
            return Brisk(connector, verb_s_max) if brisk else connector  # type: ignore[return-value]  # it passes all else on

        self._stop = asyncio.Event()
        self._running = asyncio.create_task(
            Gateway(self.desk, build, self._kept, SystemClock(), **bounds).run(self._stop)
        )

    async def stop(self) -> None:
        self._stop.set()
        if self._running is not None:
            await self._running
        self._let_go()

    async def kill(self) -> None:
        """As `kill -9`: no goodbye to the desk."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        self._let_go()

    async def until(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                if self._running is not None and self._running.done():
                    self._running.result()
                    raise AssertionError("the gateway has ended")
                await asyncio.sleep(0.005)

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()


class _Earlier(SystemClock):
    """The clock of an hour ago."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(super().now().timestamp() - 3600, tz=super().now().tzinfo)


@pytest.fixture(params=EMULATED)
def emulated(request: pytest.FixtureRequest) -> Callable[[], AbstractAsyncContextManager[Any]]:
    """An emulated target of each registered kind."""
    return EMULATED[request.param]


@pytest.fixture(params=FILLING)
def filling(request: pytest.FixtureRequest) -> Callable[[], AbstractAsyncContextManager[Any]]:
    """An emulated target of each kind that can be full."""
    return EMULATED[request.param]


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest) -> Callable[[], AbstractAsyncContextManager[Any]]:
    """An emulated target of each kind where two people can want one thing."""
    return EMULATED[request.param]


@pytest.fixture
def panels() -> Callable[[int], AbstractAsyncContextManager[WgTarget]]:
    """As many emulated panels as a test asks for, by number."""
    return wg_target


@pytest.fixture
def desk() -> PaperDesk:
    """An empty desk."""
    return PaperDesk()


@pytest.fixture
def site(tmp_path: Path, desk: PaperDesk) -> Site:
    """A gateway that is not started yet, and its disk."""
    return Site(tmp_path, desk)
