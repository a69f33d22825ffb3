"""A bell for each gateway, rung when there is news for it: server-sent events that say only "changed", or "urgent" where
somebody waits for it. Many changes at once ring it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from connectors.messages import CHANGED, KEEP_ALIVE_S, URGENT
from provisioning.nouns.refusals import Refusal
from provisioning.store import rights
from provisioning.store.engine import Store
from provisioning.store.news import GATEWAY, GATEWAYS

LISTENERS_MAX = 2_000
EACH_MAX = 2
"""A gateway that lost its line comes again before the old one is known to be dead."""


class TooManyListen(Refusal):
    """Too many gateways listen to this hub for changes ({most}). They go on by asking for their lists; start another hub for
    some of them."""

    status = 503


@dataclass(eq=False, slots=True)
class _Listener:
    """One open line. `rung` is set from the line's own loop only."""

    loop: asyncio.AbstractEventLoop
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    urgent: bool = False
    over: bool = False

    def ring(self, *, urgent: bool = False) -> None:
        self.urgent |= urgent
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.rung.set)

    def end(self) -> None:
        self.over = True
        self.ring()


class Bells:
    """Rings for gateways."""

    def __init__(self, store: Store) -> None:
        self._listeners: dict[str, list[_Listener]] = {}
        store.listen(self._on_commit)

    def check(self) -> None:
        """Return where one more may listen. Raises `TooManyListen`."""
        if sum(map(len, self._listeners.values())) >= LISTENERS_MAX:
            raise TooManyListen(most=LISTENERS_MAX)

    async def listen(self, gateway: str) -> AsyncGenerator[str]:
        """Server-sent events for one gateway: "changed" at once, and whenever something has ("urgent" where that may not
        wait). It ends when the server does, or the gateway listens anew elsewhere."""
        mine = self._listeners.setdefault(gateway, [])
        listener = _Listener(asyncio.get_running_loop())
        mine.append(listener)
        for old in mine[:-EACH_MAX]:
            old.end()
        try:
            yield f"event: {CHANGED}\ndata:\n\n"
            while not listener.over:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        await listener.rung.wait()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                listener.rung.clear()
                urgent, listener.urgent = listener.urgent, False
                if not listener.over:
                    yield f"event: {URGENT if urgent else CHANGED}\ndata:\n\n"
        finally:
            mine.remove(listener)

    def stop(self) -> None:
        """Let everybody go: an open line would hold up the end of the server."""
        self._end(list(self._listeners))

    def drop(self, gateway: str) -> None:
        """Let one gateway go: whether it may come again is asked anew."""
        self._end([gateway])

    def _end(self, gateways: list[str]) -> None:
        for gateway in gateways:
            for each in list(self._listeners.get(gateway, ())):
                each.end()

    def _on_commit(self, topics: frozenset[str]) -> None:
        every = GATEWAYS in topics
        urgent = any(topic.startswith(rights.URGENT) for topic in topics)
        for gateway, listeners in list(self._listeners.items()):
            if every or GATEWAY + gateway in topics:
                for each in list(listeners):
                    each.ring(urgent=urgent)
