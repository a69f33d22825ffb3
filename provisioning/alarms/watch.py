"""Looks again and again whether something has become worth saying: an alarm that nobody looked at, a queue that grows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from provisioning.store.engine import Store, Tx

LOOK_S = 15.0

logger = logging.getLogger(__name__)
Hop = Callable[..., Awaitable[Any]]


class Look(Protocol):
    """One thing to look at. Reading is cheap and waits for nobody, so only what is needed is written."""

    def needed(self, tx: Tx) -> bool:
        """Whether there is something to say."""
        ...

    def act(self, tx: Tx) -> None:
        """Say it."""
        ...


class Watch:
    """Runs beside the others, until told to stop."""

    def __init__(self, store: Store, looks: Sequence[Look], hop: Hop, every_s: float = LOOK_S) -> None:
        self._every_s = every_s
        self._store = store
        self._looks = looks
        self._hop = hop

    async def run(self, stop: asyncio.Event) -> None:
        """Look every `every_s`."""
        while not stop.is_set():
            for look in self._looks:
                try:
                    await self._hop(self.look, look)
                except Exception:
                    # A full disk, a bug: the others are looked at all the same, and this one again.
                    logger.exception("%s could not be looked at", type(look).__name__)
            try:
                async with asyncio.timeout(self._every_s):
                    await stop.wait()
            except TimeoutError:
                continue

    def look(self, look: Look) -> None:
        """Look once at one thing."""
        with self._store.reading() as tx:
            if not look.needed(tx):
                return
        with self._store.writing() as tx:
            look.act(tx)
