"""200 people × 8 panels, from file to all proved, against the same records put and read back by the bare client."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from uhppoted.uhppote_async import UhppoteAsync

from bench.ground import Figure, all_proved, house, panels, sheet, take, until
from devices.campus import Wire
from provisioning.cli import looping
from provisioning.store.delivery import records_at

PEOPLE = 200
ROUNDS = 5
TIMEOUT_S = 2.5
RATIO_MAX = 2.0

Bodies = dict[str, list[dict[str, Any]]]


def measure() -> list[Figure]:
    """Ours and theirs in turns, each on panels with empty memories; the median of each."""
    ours: list[float] = []
    theirs: list[float] = []
    bodies: Bodies = {}
    for _ in range(ROUNDS):
        with panels() as wires:
            seconds, bodies = looping.run(_ours(wires))
            ours.append(seconds)
        with panels() as wires:
            theirs.append(asyncio.run(_theirs(wires, bodies)))
    count = sum(map(len, bodies.values()))
    ratio = statistics.median(ours) / statistics.median(theirs)
    yardstick = f"bare uhppoted, one request in flight a panel: {statistics.median(theirs):.2f} s"
    return [
        Figure(
            f"walk: {PEOPLE} people × 8 panels ({count} records), file to all proved", ratio, "×", RATIO_MAX, yardstick
        ),
        Figure(
            "walk: seconds of ours", statistics.median(ours), "s", None, f"spread {min(ours):.2f}–{max(ours):.2f} s"
        ),
    ]


async def _ours(wires: Sequence[Wire]) -> tuple[float, Bodies]:
    data = sheet(PEOPLE)
    async with house() as built:
        began = time.perf_counter()
        await asyncio.to_thread(take, built, data)
        await until(lambda: all_proved(built, PEOPLE))
        seconds = time.perf_counter() - began
        with built.store.reading() as tx:
            found = {wire.id: [json.loads(row.wanted or "") for row in records_at(tx, wire.id)] for wire in wires}
        return seconds, found


async def _theirs(wires: Sequence[Wire], bodies: Bodies) -> float:
    client = UhppoteAsync()
    began = time.perf_counter()
    await asyncio.gather(*(_panel(client, wire, bodies[wire.id]) for wire in wires))
    return time.perf_counter() - began


async def _panel(client: UhppoteAsync, wire: Wire, bodies: Sequence[dict[str, Any]]) -> None:
    at = (wire.serial, wire.address, "udp")
    for body in bodies:
        opens, closes = date.fromisoformat(body["opens"]), date.fromisoformat(body["closes"])
        one, two, three, four = body["doors"]
        put = await client.put_card(at, body["number"], opens, closes, one, two, three, four, 0, timeout=TIMEOUT_S)
        read = await client.get_card(at, body["number"], timeout=TIMEOUT_S)
        if put is None or not put.stored or read is None or read.end_date != closes:
            raise AssertionError("the panel does not hold what was put there")
