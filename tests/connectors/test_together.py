"""Calls that are done as one: each asker has its own answer, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from connectors.together import AT_ONCE_MAX, Together


class Work:
    """Doubles numbers; a negative one is answered with an error, and 13 breaks the work for all who share it."""

    def __init__(self) -> None:
        self.shares: list[int] = []

    def __call__(self, asked: Sequence[int]) -> list[int | BaseException]:
        self.shares.append(len(asked))
        if 13 in asked:
            raise RuntimeError("broken")
        return [ValueError(one) if one < 0 else 2 * one for one in asked]


def test_what_comes_at_one_time_is_done_as_one_in_order() -> None:
    work = Work()

    async def main() -> list[int]:
        together: Together[int, int] = Together(work, asyncio.to_thread)
        return await asyncio.gather(*map(together.ask, range(20, 20 + AT_ONCE_MAX + 5)))

    assert asyncio.run(main()) == [2 * one for one in range(20, 20 + AT_ONCE_MAX + 5)]
    assert work.shares == [AT_ONCE_MAX, 5]


def test_an_error_is_seen_by_its_asker_alone_unless_the_work_breaks() -> None:
    async def main() -> tuple[list[int | BaseException], list[int | BaseException], int]:
        together: Together[int, int] = Together(Work(), asyncio.to_thread)
        first = await asyncio.gather(*map(together.ask, (1, -1, 2)), return_exceptions=True)
        second = await asyncio.gather(*map(together.ask, (3, 13)), return_exceptions=True)
        return first, second, await together.ask(4)

    first, second, third = asyncio.run(main())
    assert [first[0], str(first[1]), first[2]] == [2, "-1", 4]
    assert [str(one) for one in second] == ["broken", "broken"]
    assert third == 8


def test_who_gives_up_stops_nobody() -> None:
    async def main() -> int:
        together: Together[int, int] = Together(Work(), asyncio.to_thread)
        one, other = asyncio.create_task(together.ask(1)), asyncio.create_task(together.ask(2))
        await asyncio.sleep(0)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        return await other

    assert asyncio.run(main()) == 4


def test_it_serves_one_loop_after_another() -> None:
    together: Together[int, int] = Together(Work(), asyncio.to_thread)
    assert [asyncio.run(together.ask(one)) for one in (1, 2)] == [2, 4]
