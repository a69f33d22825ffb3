"""Revocation until a reader on a serial line refuses the card: from the call to the instant from which the gateway would
turn the card away, and a real swipe that shows it. The emulated line is a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.ground import BENCH, Figure, sheet, take, until
from devices.wg.control import act
from provisioning.campus.campuses import shipped
from provisioning.cli import looping
from provisioning.compose import House, opened
from provisioning.settings import Settings
from provisioning.store import people
from provisioning.store.rights import records_of

PEOPLE = 100
P99_S_MAX = 0.5
LOOK_S = 0.001
NET = "127.68.0"
LINE, DOOR, READERS = (
    "lines/g-1",
    1,
    (("a-1-link", False), ("a-3-stacks", False), ("a-3-stacks", True), ("a-3-reading", False)),
)
SURE_S = 1.2
"""A reader that has just come is not believed before."""


def measure() -> list[Figure]:
    """One revocation after another, of people who have a card on the line; each is tried at the reader afterwards."""
    took, opened_ = looping.run(_ours())
    took.sort()
    p99 = took[int(len(took) * 0.99) - 1]
    yardstick = f"{PEOPLE} people, one line; {opened_} of their swipes afterwards opened"
    return [
        Figure(f"revocation → refused at a serial reader, p99 of {len(took)}", p99, "s", P99_S_MAX, yardstick),
        Figure("revocation → refused at a serial reader, median", took[len(took) // 2], "s", None, yardstick),
    ]


async def _ours() -> tuple[list[float], int]:
    async with _house() as built:
        ids = await asyncio.to_thread(take, built, sheet(PEOPLE))
        await until(lambda: all(_proved(built, id_) for id_ in ids))
        took: list[float] = []
        wrong = 0
        for id_ in ids:
            number = _number(built, id_)
            began = time.perf_counter()
            revoking = asyncio.create_task(asyncio.to_thread(_order, built, id_))
            cards = built.edge.lists.roll(LINE).cards
            while number in cards:  # noqa: ASYNC110 - what decides rings no bell, and is looked at as a reader would
                await asyncio.sleep(LOOK_S)
            took.append(time.perf_counter() - began)
            await revoking
            wrong += bool((await act(f"{NET}.9:60100", "swipe", card=number, door=DOOR))["open"])
        return took, wrong


@asynccontextmanager
async def _house() -> AsyncGenerator[House]:
    """A house whose campus has the serial line alone, its readers paired."""
    head, _, rest = shipped("small").read_text("utf-8").partition("\ntargets:\n")
    text = f"{head}\ntargets:\n  # A serial line{rest.partition('  # A serial line')[2]}".replace("127.60.0", NET)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as heard:
        path = Path(folder) / "bench.yaml"
        path.write_text(text, "utf-8")
        command = [sys.executable, "-m", "provisioning.cli.main", "emulate", str(path), "--lines", folder]
        told = os.environ | {"NO_COLOR": "1"}
        process = await asyncio.create_subprocess_exec(*command, stdout=heard, stderr=heard, env=told)
        stop = asyncio.Event()
        try:
            with opened(Settings(data=Path(folder))) as built:
                with built.store.writing() as tx:
                    built.campuses.apply(tx, text, "bench.yaml", BENCH)
                running = asyncio.create_task(built.run(stop))
                for door, way_out in READERS:
                    await _paired(built, door, way_out=way_out)
                await asyncio.sleep(SURE_S)
                yield built
                stop.set()
                await running
        finally:
            process.terminate()
            await process.wait()


async def _paired(built: House, door: str, *, way_out: bool) -> None:
    state = ""
    while state != "done":
        with built.store.writing() as tx:
            made = built.conditions.pair_reader(tx, door, BENCH, "measurement", 30, way_out=way_out)
        while (state := _state(built, made.id)) in {"waiting", "begun"}:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


def _state(built: House, id_: str) -> str:
    with built.store.reading() as tx:
        return built.delivery.acts.act(tx, id_).state.value


def _order(built: House, id_: str) -> None:
    with built.store.writing() as tx:
        built.revoking.revoke(tx, people.persons(tx, [id_])[id_], BENCH, "measurement")


def _number(built: House, id_: str) -> int:
    with built.store.reading() as tx:
        return next(card.number for card in people.credentials_of(tx, [id_])[id_])


def _proved(built: House, id_: str) -> bool:
    with built.store.reading() as tx:
        rows = records_of(tx, [id_])
        return bool(rows) and all(row.known and row.held is not None and row.held == row.wanted for row in rows)
