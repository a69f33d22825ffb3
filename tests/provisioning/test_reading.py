"""A panel with many cards is read in pieces, while its own work goes on; what comes and goes meanwhile is no drift."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.carry import Bounds
from connectors.gateway import Slots
from connectors.visit import Visit
from provisioning.delivery.readings import READ_EVERY_S, READ_EVERY_S_MAX, read_every_s
from provisioning.nouns.answers import TargetState
from provisioning.store import delivery as rows
from provisioning.store import tables
from tests.connectors.emulated import GET_SLOT, PUT
from tests.provisioning.fair import Fair, RoomyTarget, fair

SLOTS = Slots(workers_max=3, urgent_max=1, rest_s=0.2)
PIECES = Bounds(piece_s_max=0.02)
CARDS = 400


def ask(ground: Fair, name: str) -> None:
    with ground.house.store.writing() as tx:
        rows.ask_reading(tx, name)


def state(ground: Fair, name: str) -> TargetState:
    with ground.house.store.reading() as tx:
        return rows.target_states(tx, name)[0]


async def read_in_pieces(ground: Fair, panel: RoomyTarget) -> None:
    """Ask for a reading, and come back between two of its pieces, with most of them still ahead."""
    # At 2 ms for each slot, no machine is fast enough to read them all in a few pieces.
    panel.trouble(late=1.0, delay_s=0.002)
    await asyncio.to_thread(ask, ground, "p")
    await ground.until(lambda: state(ground, "p").reading_found is not None)


def told(ground: Fair) -> list[str]:
    with ground.house.store.reading() as tx:
        return sorted(set(tx.run(select(tables.event.c.kind)).scalars()))


def test_work_goes_on_between_the_pieces_and_progress_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("provisioning.delivery.delivery.READ_REST_S", 0.02)

    async def run() -> None:
        async with fair(tmp_path, SLOTS, PIECES) as ground:
            panel = await ground.panel("p")
            ground.want("p", [panel.record(n) for n in range(CARDS)])
            ground.start()
            await ground.until(lambda: not ground.owing("p"))
            before, slots = state(ground, "p").read, panel.heard(GET_SLOT)
            await read_in_pieces(ground, panel)
            assert state(ground, "p").reading_since is not None
            puts = panel.heard(PUT)
            await asyncio.to_thread(ground.want, "p", [panel.record(CARDS)])
            await ground.until(lambda: panel.heard(PUT) > puts)
            assert panel.heard(GET_SLOT) - slots < CARDS, "it did not wait for the end of the reading"
            await ground.until(lambda: state(ground, "p").read != before)
            assert state(ground, "p").reading_found is None
            assert panel.heard(GET_SLOT) - slots < 2 * CARDS, "it went on where it was, and did not begin anew"
            assert not [kind for kind in told(ground) if kind.startswith(("drift.", "target.unreachable"))]

    asyncio.run(run())


def disturbed(tmp_path: Path, seed: int) -> list[str]:
    """Read a panel on which cards come and go all the while; what the story tells of drift and of trouble."""
    chance = random.Random(seed)

    async def run() -> list[str]:
        async with fair(tmp_path, SLOTS, PIECES) as ground:
            panel = await ground.panel("p")
            there = [panel.record(n) for n in range(CARDS)]
            ground.want("p", there)
            ground.start()
            await ground.until(lambda: not ground.owing("p"))
            before = state(ground, "p").read
            await read_in_pieces(ground, panel)
            for n in range(10):
                gone = there.pop(chance.randrange(len(there)))
                await asyncio.to_thread(ground.take, "p", gone)
                await asyncio.to_thread(ground.want, "p", [panel.record(CARDS + n)])
                await asyncio.sleep(0.05)
            await ground.until(lambda: state(ground, "p").read != before)
            return [kind for kind in told(ground) if kind.startswith(("drift.", "target.unreachable"))]

    return asyncio.run(run())


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_and_goes_between_the_pieces_is_no_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int):
    monkeypatch.setattr("provisioning.delivery.delivery.READ_REST_S", 0.02)
    assert disturbed(tmp_path, seed) == []


def filled(tmp_path: Path) -> list[str]:
    """Read a panel that had a hole near its end, which a new card fills meanwhile; what the story tells of drift."""

    tmp_path.mkdir()

    async def run() -> list[str]:
        async with fair(tmp_path, SLOTS, PIECES) as ground:
            panel = await ground.panel("p")
            there = [panel.record(n) for n in range(CARDS)]
            ground.want("p", there)
            ground.start()
            await ground.until(lambda: not ground.owing("p"))
            # Cards stand in the order in which they came: the last may be any, its slot is not.
            last_but_few = [frame for frame in panel.panel.heard if frame[1] == PUT][-5]
            gone = next(each for each in there if int(each.key[5:]).to_bytes(4, "little") == last_but_few[8:12])
            await asyncio.to_thread(ground.take, "p", gone)
            await ground.until(lambda: not ground.owing("p"))
            before = state(ground, "p").read
            await read_in_pieces(ground, panel)
            await asyncio.to_thread(ground.want, "p", [panel.record(CARDS)])
            await ground.until(lambda: state(ground, "p").read != before)
            return [kind for kind in told(ground) if kind.startswith(("drift.", "target.unreachable"))]

    return asyncio.run(run())


def test_what_lies_behind_a_hole_that_was_filled_is_asked_for_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def believe(self: Visit, reading: object) -> None:
        """Takes the reading as it is."""

    monkeypatch.setattr("provisioning.delivery.delivery.READ_REST_S", 0.02)
    assert filled(tmp_path / "asked") == []
    monkeypatch.setattr(Visit, "_confirm", believe)
    assert filled(tmp_path / "believed") == ["drift.missing"], "without it, this is what would be told"


def test_a_loss_between_the_pieces_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("provisioning.delivery.delivery.READ_REST_S", 0.02)

    async def run() -> None:
        async with fair(tmp_path, SLOTS, PIECES) as ground:
            panel = await ground.panel("p")
            ground.want("p", [panel.record(n) for n in range(CARDS)])
            ground.start()
            await ground.until(lambda: not ground.owing("p"))
            await read_in_pieces(ground, panel)
            panel.lose(CARDS - 1)
            foreign = panel.tamper()
            await ground.until(lambda: "drift.missing" in told(ground))
            await asyncio.to_thread(ask, ground, "p")
            await ground.until(lambda: "drift.foreign" in told(ground) and not ground.owing("p"))
            assert foreign == "card:99"

    asyncio.run(run())


def test_the_more_a_target_holds_the_less_often_it_is_read():
    spans = [read_every_s(found) for found in (0, 1_000, 1_001, 5_000, 5_001, 200_000)]
    assert spans == sorted(spans)
    assert (spans[0], spans[-1]) == (READ_EVERY_S, READ_EVERY_S_MAX)
