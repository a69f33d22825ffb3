"""Revocation while the panels are busy with a bulk: from the call to the first read-back without the card on the last
panel, and to the last receipt."""

from __future__ import annotations

import asyncio
import time

from bench.ground import BENCH, Figure, all_proved, house, panels, sheet, take, until
from provisioning.compose import House
from provisioning.store import people
from provisioning.store.rights import records_of

FIRST = 120
BULK = 1_500
REVOKED = 100
SHUT_S_MAX = 1.0


def measure() -> list[Figure]:
    """Many revocations, one after another, under one bulk."""
    with panels() as wires:
        shut, settled, busy = asyncio.run(_ours(len(wires)))
    shut.sort()
    p99 = shut[int(len(shut) * 0.99) - 1]
    return [
        Figure(
            f"revocation under bulk: last panel read without the card, p99 of {len(shut)}", p99, "s", SHUT_S_MAX, busy
        ),
        Figure("revocation under bulk: the same, median", shut[len(shut) // 2], "s", None, busy),
        Figure("revocation: call to the last receipt", settled, "s", None, "the settling time of the wire is 5 s"),
    ]


async def _ours(count: int) -> tuple[list[float], float, str]:
    async with house() as built:
        first = await asyncio.to_thread(take, built, sheet(FIRST))
        await until(lambda: all_proved(built, FIRST))
        bulk = asyncio.create_task(asyncio.to_thread(take, built, sheet(BULK, first=FIRST)))
        await until(lambda: _outstanding(built) > 0)
        shut = []
        least = BULK * count
        for person in first[:REVOKED]:
            least = min(least, _outstanding(built))
            shut.append(await _revoke(built, person))
        await bulk
        began = time.perf_counter()
        id_ = await asyncio.to_thread(_order, built, first[REVOKED])
        await until(lambda: _settled(built, id_))
        return shut, time.perf_counter() - began, f"at least {least} records outstanding all the while"


async def _revoke(built: House, person: str) -> float:
    began = time.perf_counter()
    await asyncio.to_thread(_order, built, person)
    await until(lambda: _gone(built, person))
    return time.perf_counter() - began


def _order(built: House, id_: str) -> str:
    with built.store.writing() as tx:
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
