"""Reading the whole campus back: 120 panels of 2,000 cards each, by the hub with its gateway and by the bare client."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select
from uhppoted.uhppote_async import UhppoteAsync

from bench.day import AT_ONCE, TIMEOUT_S
from bench.ground import BENCH, Figure, until
from bench.town import devices, town_text
from connectors.contract import Json, canonical
from devices.campus import Document, Wire, wires
from devices.wg.memory import Card, Journal
from devices.wg.state import card_line
from provisioning.cli import looping
from provisioning.compose import House, opened
from provisioning.settings import Settings
from provisioning.store.tables import record, target

CARDS = 2_000
FIRST_CARD = 50_000_001
RATIO_MAX = 1.3
READ_S_MAX = 600.0
DOORS = (1, 0, 1, 0)


def measure() -> list[Figure]:
    """Ours and theirs on the same devices, which start with the cards in their memories."""
    text = town_text()
    with tempfile.TemporaryDirectory() as memory:
        today = date.fromtimestamp(time.time())
        with devices(text, Path(memory), lambda wire: _fill(Path(memory), wire, today)) as document:
            panels = [wire for wire in wires(document) if wire.kind == "wg"]
            theirs = asyncio.run(_theirs(panels, _transports(document)))
            ours = looping.run(_ours(text, panels, today))
    what = f"reading back: {len(panels)} panels × {CARDS} cards"
    yardstick = f"bare uhppoted, {AT_ONCE} panels at once: {theirs:.1f} s"
    return [
        Figure(what, ours / theirs, "×", RATIO_MAX, yardstick),
        Figure("reading back: seconds of ours", ours, "s", None, ""),
    ]


def _fill(folder: Path, wire: Wire, today: date) -> None:
    if wire.kind == "wg":
        cards = (Card(FIRST_CARD + n, today, today + timedelta(days=20), DOORS) for n in range(CARDS))
        journal = Journal(folder / f"wg-{wire.serial}.jsonl")
        journal.rewrite(card_line(card, "slot") for card in cards)
        journal.close()


async def _ours(text: str, panels: Sequence[Wire], today: date) -> float:
    """From the start of the gateway until every panel was read and found as wanted."""
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data=Path(folder))) as built:
        with built.store.writing() as tx:
            built.campuses.apply(tx, text, "bench.yaml", BENCH)
        _want(built, panels, today)
        stop, began = asyncio.Event(), time.perf_counter()
        running = asyncio.create_task(built.run(stop))
        await until(lambda: _all_read(built, len(panels)), READ_S_MAX)
        seconds = time.perf_counter() - began
        with built.store.reading() as tx:
            if drifts := built.delivery.drifts(tx, 10):
                raise AssertionError(f"the panels were not found as wanted: {drifts[0]}")
        stop.set()
        await running
        return seconds


def _want(built: House, panels: Sequence[Wire], today: date) -> None:
    """Rows that say of every card that it is there, and was proved."""
    closes = (today + timedelta(days=20)).isoformat()
    with built.store.writing() as tx:
        for wire in panels:
            rows = []
            for number in range(FIRST_CARD, FIRST_CARD + CARDS):
                told: dict[str, Json] = {
                    "closes": closes,
                    "doors": list(DOORS),
                    "number": number,
                    "opens": today.isoformat(),
                    "pin": 0,
                }
                body = canonical(told)
                rows.append(
                    {
                        "target": wire.id, "key": f"card:{number}", "holder": f"bench:{number}",
                        "wanted": body, "held": body, "revision": 1,
                        "held_revision": 1, "rank": 1, "grants": (), "urgent": False, "dirty": False, "attempts": 0,
                        "known": True, "changed": tx.now, "seen": tx.now, "proved": tx.now, "proof": "read",
                    }
                )  # fmt: skip
            tx.run(insert(record), rows)


def _all_read(built: House, count: int) -> bool:
    """Asked many times a second, so it must cost nothing: the list of targets would count all their records."""
    with built.store.reading() as tx:
        read = select(func.count()).where(target.c.kind == "wg", target.c.read.is_not(None))
        return tx.run(read).scalar_one() == count


def _transports(document: Document) -> dict[str, str]:
    return {told["id"]: told["settings"].get("transport", "udp") for told in document.value["targets"]}


async def _theirs(panels: Sequence[Wire], transports: Mapping[str, str]) -> float:
    client, slots = UhppoteAsync(), asyncio.Semaphore(AT_ONCE)
    began = time.perf_counter()

    async def one(wire: Wire) -> None:
        async with slots:
            at = (wire.serial, wire.address, transports[wire.id])
            count = await client.get_cards(at, timeout=TIMEOUT_S)
            for index in range(1, CARDS + 1):
                found = await client.get_card_by_index(at, index, timeout=TIMEOUT_S)
                if found is None or found.card_number != FIRST_CARD + index - 1:
                    raise AssertionError("the panel does not show what is in its memory")
            if count is None or count.cards != CARDS:
                raise AssertionError("the panel does not count its cards")

    await asyncio.gather(*map(one, panels))
    return time.perf_counter() - began
