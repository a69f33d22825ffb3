"""The living board: rendered once for all who watch in a language, and only when something happened."""

from __future__ import annotations

import asyncio

from devices.clock import SystemClock
from provisioning.console.live import Live

SOMETHING = frozenset({"story"})


class _Pages:
    """Renders a number that grows, and counts."""

    def __init__(self) -> None:
        self.rendered: list[str] = []

    def render(self, language: str) -> str:
        self.rendered.append(language)
        return f"{language}\nnumber {len(self.rendered)}"


def test_watchers_of_one_language_share_a_rendering_and_get_the_next_when_something_happened():
    pages = _Pages()
    live = Live(pages.render, SystemClock())

    async def look() -> list[str]:
        streams = [live.watch(language, lambda: True) for language in ("en", "en", "zh", "en")]
        first = await asyncio.gather(*(anext(stream) for stream in streams))
        live.changed(SOMETHING)
        second = await asyncio.gather(*(anext(stream) for stream in streams))
        for stream in streams:
            await stream.aclose()
        return [*first, *second]

    seen = asyncio.run(look())
    assert sorted(pages.rendered) == ["en", "en", "zh", "zh"]
    assert seen[0] == seen[1] == seen[3] != seen[4] == seen[5] == seen[7]
    assert seen[0].startswith("event: board\ndata: en\ndata: number ")
    assert seen[0].endswith("\n\n")


def test_who_may_no_longer_watch_is_told_so_and_let_go():
    live = Live(_Pages().render, SystemClock())
    allowed = [True, False]

    async def look() -> list[str]:
        found = []
        async for event in live.watch("en", lambda: allowed.pop(0)):
            found.append(event)
            live.changed(SOMETHING)
        return found

    first, last = asyncio.run(look())
    assert first.startswith("event: board")
    assert last == "event: gone\ndata:\n\n"


def test_everybody_is_let_go_at_the_end():
    live = Live(_Pages().render, SystemClock())

    async def look() -> int:
        count = 0
        async for _ in live.watch("en", lambda: True):
            count += 1
            live.stop()
        return count

    assert asyncio.run(look()) == 1
