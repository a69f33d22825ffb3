"""Revocation while the panels are busy with a bulk: from the call to the first read-back without the card on the last
panel, and to the last receipt."""

from __future__ import annotations

import asyncio
import time

from bench.ground import BENCH, Figure, all_proved, house, panels, sheet, take, until
from provisioning.cli import looping
from provisioning.compose import House
from provisioning.store import people
from provisioning.store.rights import records_of

FIRST = 120
BULK = 400
REVOKED = 100
SHUT_S_MAX = 1.0


def measure() -> list[Figure]:
    """Many revocations, one after another, while one sheet after another is taken and put on the panels."""
    with panels():
        shut, settled, busy = looping.run(_ours())
    shut.sort()
    p99 = shut[int(len(shut) * 0.99) - 1]
    what = f"revocation under bulk: last panel read without the card, p99 of {len(shut)}"
    return [
        Figure(what, p99, "s", SHUT_S_MAX, busy),
        Figure("revocation under bulk: the same, median", shut[len(shut) // 2], "s", None, busy),
        Figure(
            "revocation of a card put there just before: call to the last receipt",
            settled,
            "s",
            None,
            "the wire settles in 5 s",
        ),
    ]


async def _ours() -> tuple[list[float], float, str]:
    async with house() as built:
        first = await asyncio.to_thread(take, built, sheet(FIRST))
        await until(lambda: all_proved(built, FIRST))
        stop = asyncio.Event()
        bulk = asyncio.create_task(_bulk(built, stop))
        await until(lambda: _outstanding(built) > 0)
        shut = [await _revoke(built, person) for person in first[:REVOKED]]
        stop.set()
        sheets = await bulk
        await until(lambda: not _outstanding(built))
        (newest,) = await asyncio.to_thread(take, built, sheet(1, first=FIRST + BULK * sheets))
        await until(lambda: not _outstanding(built))
        began = time.perf_counter()
        id_ = await asyncio.to_thread(_order, built, newest)
        await until(lambda: _settled(built, id_))
        return shut, time.perf_counter() - began, f"{sheets} sheets of {BULK} people taken meanwhile"


async def _bulk(built: House, stop: asyncio.Event) -> int:
    """Take sheets until told to stop, each once half of the last one is on the panels; how many."""
    sheets = 0
    while not stop.is_set():
        await asyncio.to_thread(take, built, sheet(BULK, first=FIRST + BULK * sheets))
        sheets += 1
        await until(lambda: _outstanding(built) < BULK * 4)
    return sheets


async def _revoke(built: House, person: str) -> float:
    began = time.perf_counter()
    await asyncio.to_thread(_order, built, person)
    await until(lambda: _gone(built, person))
    return time.perf_counter() - began


def _order(built: House, id_: str) -> str:
    with built.store.writing(urgent=True) as tx:
        person = people.persons(tx, [id_])[id_]
        return built.revoking.revoke(tx, person, BENCH, "measurement")


def _gone(built: House, person: str) -> bool:
    with built.store.reading() as tx:
        return all(row.known and row.held is None for row in records_of(tx, [person]))


def _outstanding(built: House) -> int:
    with built.store.reading() as tx:
        return built.readiness.outstanding(tx)


def _settled(built: House, id_: str) -> bool:
    with built.store.reading() as tx:
        return built.readiness.certificate(tx, id_).settled
