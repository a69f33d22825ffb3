"""The status page as it changes: one rendering per language, shared by all who watch, and made only when something
happened. Each watcher gets the newest one at most twice a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from devices.clock import Clock
from provisioning.nouns.words import Language

PUSH_S = 0.5
REFRESH_S = 10.0
KEEP_ALIVE_S = 15.0
WATCHERS_MAX = 200


@dataclass(frozen=True, slots=True)
class _Board:
    """One rendering: of which change, when."""

    html: str
    change: int
    at_s: float


class Live:
    """Renders boards and tells watchers. `render` runs in a thread; `changed` may be called from any."""

    def __init__(self, render: Callable[[Language], str], clock: Clock) -> None:
        self._render = render
        self._clock = clock
        self._change = 0
        self._stopped = False
        self._boards: dict[Language, _Board] = {}
        self._locks: dict[Language, asyncio.Lock] = {}
        self._watchers = 0

    def changed(self, topics: frozenset[str]) -> None:
        """Something was committed: the next board shows it."""
        self._change += bool(topics)

    def stop(self) -> None:
        """Let every watcher go: an open stream would hold up the end of the server."""
        self._stopped = True

    @property
    def full(self) -> bool:
        """Whether no more may watch."""
        return self._watchers >= WATCHERS_MAX

    async def watch(self, language: Language, still: Callable[[], bool]) -> AsyncGenerator[str]:
        """Server-sent events: a board whenever it changes, `gone` once `still` says that this watcher may no longer."""
        seen: _Board | None = None
        shown, told_s = "", self._clock.monotonic()
        self._watchers += 1
        try:
            while not self._stopped:
                board = await self._board(language)
                now_s = self._clock.monotonic()
                if board is not seen and not await asyncio.to_thread(still):
                    yield "event: gone\ndata:\n\n"
                    return
                seen = board
                if board.html != shown:
                    yield _event("board", board.html)
                    shown, told_s = board.html, now_s
                elif now_s - told_s >= KEEP_ALIVE_S:
                    yield ": still here\n\n"
                    told_s = now_s
                await asyncio.sleep(PUSH_S)
        finally:
            self._watchers -= 1

    async def _board(self, language: Language) -> _Board:
        async with self._locks.setdefault(language, asyncio.Lock()):
            board, now_s = self._boards.get(language), self._clock.monotonic()
            if board is None or board.change != self._change or now_s - board.at_s >= REFRESH_S:
                change = self._change  # read before rendering: what comes meanwhile is shown next time
                board = _Board(await asyncio.to_thread(self._render, language), change, now_s)
                self._boards[language] = board
            return board


def _event(name: str, text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"event: {name}\n{lines}\n"
