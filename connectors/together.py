"""Calls that come at about the same time, done as one: a disk that syncs once for all of them is as sure as one that syncs
for each, and far sooner done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

AT_ONCE_MAX = 64

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Together(Generic[_Asked, _Answer]):
    """Gathers what is asked while the last work is under way, and hands all of it to `work` through `hop`, in the order of
    asking. `work` answers each, or with the error that its asker is to see; what it raises, all of them see."""

    def __init__(
        self,
        work: Callable[[Sequence[_Asked]], Sequence[_Answer | BaseException]],
        hop: Callable[..., Awaitable[Any]],
    ) -> None:
        self._do = work
        self._hop = hop
        self._waiting: list[tuple[_Asked, asyncio.Future[_Answer]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, one: _Asked) -> _Answer:
        """The answer, once it is done. Whoever gives up waiting does not stop the work."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Answer] = loop.create_future()
        self._waiting.append((one, answer))
        if self._working is None or self._working.done():
            self._working = loop.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting[:AT_ONCE_MAX], self._waiting[AT_ONCE_MAX:]
            answers: Sequence[_Answer | BaseException]
            try:
                answers = await self._hop(self._do, [one for one, _ in asked])
            except BaseException as error:  # noqa: BLE001 - whoever asked is who must see it, whatever it is
                answers = [error] * len(asked)
            for (_, waiting), answer in zip(asked, answers, strict=True):
                if waiting.done():
                    continue
                if isinstance(answer, BaseException):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)
