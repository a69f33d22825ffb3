"""One person's change, from the command to wanted records in the database: a card replaced by another."""

from __future__ import annotations

import asyncio
import statistics
import time

from bench.ground import BENCH, Figure, house, panels, sheet, take
from provisioning.cli import looping

PEOPLE = 200
CHANGES = 100
WANTED_MS_MAX = 20.0


def measure() -> list[Figure]:
    """Median and worst of many, one after another."""
    with panels():
        spent_ms = looping.run(_ours())
    yardstick = f"worst of {len(spent_ms)}: {max(spent_ms):.1f} ms; committed to disk (WAL, synchronous=FULL)"
    what = "one person's change, command to wanted records, median"
    return [Figure(what, statistics.median(spent_ms), "ms", WANTED_MS_MAX, yardstick)]


async def _ours() -> list[float]:
    async with house() as built:
        people = await asyncio.to_thread(take, built, sheet(PEOPLE))
        spent_ms = []
        for place in range(CHANGES):
            began = time.perf_counter()
            with built.store.writing() as tx:
                built.cards.replace(tx, 30_000_000 + place, 40_000_000 + place, BENCH)
                built.grants.look(tx, [people[place]], BENCH, urgent=True)
            spent_ms.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.02)
        return spent_ms
