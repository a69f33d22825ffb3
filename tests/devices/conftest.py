"""What tests of devices share: a panel with a set clock, and the same panel on a free port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from devices.clock import SetClock
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.memory import Journal
from devices.wg.served import ServedPanel, serve

SERIAL = 405419896
SHANGHAI = ZoneInfo("Asia/Shanghai")

ServePanel = Callable[..., AbstractAsyncContextManager[ServedPanel]]


@pytest.fixture
def clock() -> SetClock:
    """10:00 in Shanghai on Tuesday, 2027-03-02."""
    return SetClock(datetime(2027, 3, 2, 2, 0, tzinfo=UTC))


@pytest.fixture
def make(clock: SetClock) -> Callable[..., WgEmulator]:
    """Makes a panel, with a memory file where a path is given."""

    def make(path: Path | None = None, **options: Any) -> WgEmulator:
        journal = None if path is None else Journal(path)
        return WgEmulator(Identity(SERIAL), clock, SHANGHAI, journal=journal, **options)

    return make


@pytest.fixture
def serve_panel(make: Callable[..., WgEmulator]) -> ServePanel:
    """Serves a panel on a free port of this machine, with a control port beside it."""

    @asynccontextmanager
    async def served(path: Path | None = None, seed: int = 1, **options: Any) -> AsyncGenerator[ServedPanel]:
        panel = await serve(
            "a-1", lambda: make(path, **options), ("127.61.0.1", 0), Random(seed), control=("127.61.0.1", 0)
        )
        try:
            yield panel
        finally:
            await panel.close()

    return served
