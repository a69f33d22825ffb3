"""Passages are kept for so many days, and then forgotten in small steps that hold nobody up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from provisioning.store import passages as rows
from provisioning.store.engine import Store

STEP_MAX = 1_000
STEP_S = 0.2
LOOK_S = 3_600.0
FIRST_S = 60.0
"""A hub that has just started has other things to do."""

_log = logging.getLogger(__name__)


class Keeping:
    """Forgets what is older than `days`."""

    def __init__(self, store: Store, days: int, hop: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._days = days
        self._hop = hop

    async def run(self, stop: asyncio.Event) -> None:
        """Forget, from time to time, until told to stop."""
        wait_s = FIRST_S
        while not await _stopped(stop, wait_s):
            try:
                wait_s = STEP_S if await self._hop(self.forget) else LOOK_S
            except Exception:  # noqa: BLE001 - whatever ails the database, the house goes on
                _log.exception("old passages could not be forgotten; they are tried again in %s s", LOOK_S)
                wait_s = LOOK_S

    def forget(self) -> int:
        """Forget some of what is too old; how much that was."""
        with self._store.reading() as tx:
            if not rows.any_before(tx, tx.now - timedelta(days=self._days)):
                return 0
        with self._store.writing() as tx:
            return rows.prune(tx, tx.now - timedelta(days=self._days), STEP_MAX)


async def _stopped(stop: asyncio.Event, wait_s: float) -> bool:
    try:
        async with asyncio.timeout(wait_s):
            await stop.wait()
    except TimeoutError:
        return False
    return True
