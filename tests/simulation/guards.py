"""The product with a guard taken away, so that the simulation can prove that it would see the harm. Only tests use this."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors import wg_cards
from connectors.desk import Report, Task
from connectors.kept import Kept
from connectors.visit import Visit
from connectors.wg_doors import WgDoors
from devices.wg.panel import Panel
from provisioning.delivery import delivery
from provisioning.grants.replay import Replay
from provisioning.nouns.rights import WantedHeld
from provisioning.store import delivery as delivery_rows
from provisioning.store import eras as era_rows
from provisioning.story.tail import Tail
from tests.simulation.play import play
from tests.simulation.world import Options

LEASE_S = 1.0

Guard = Callable[[pytest.MonkeyPatch], None]


def must_show(harm: str, guard: Guard, patch: pytest.MonkeyPatch, seeds: range, options: dict[str, Any]) -> None:
    """Take a guard away and play seeds in their order until one shows its harm, a pattern; none does: the test fails."""
    guard(patch)
    breaches: dict[int, str | None] = {}
    for seed in seeds:
        breaches[seed] = play(Options(seed, **options)).breach
        if re.search(harm, breaches[seed] or ""):
            return
    pytest.fail(
        f"With {guard.__name__} taken away, no seed of {list(seeds)} shows its harm ({harm}): either the simulation has "
        f"gone blind, or another guard does the same by now. What they showed instead: {breaches}"
    )


def late_datagrams(patch: pytest.MonkeyPatch) -> None:
    """Nothing ever waits for late datagrams."""
    patch.setattr(Kept, "waits_s", lambda *_, **__: 0.0)


def narrowing(patch: pytest.MonkeyPatch) -> None:
    """Only what is taken away whole waits for late datagrams; a write that makes something narrower does not."""
    waits_s = Kept.waits_s

    def careless(kept: Kept, target: str, key: str, body: str | None, settle_s: float, *, first: bool) -> float:
        return 0.0 if body is not None else waits_s(kept, target, key, body, settle_s, first=first)

    patch.setattr(Kept, "waits_s", careless)


def leases(patch: pytest.MonkeyPatch) -> None:
    """Leases end after a second, and a worker goes on while another has its target, too."""
    take = delivery_rows.take
    patch.setattr(delivery_rows, "take", lambda tx, owner, limit, _, **how: take(tx, owner, limit, LEASE_S, **how))
    patch.setattr(delivery_rows, "renew", lambda *_: True)


def starvation(patch: pytest.MonkeyPatch) -> None:
    """The first task that gets no answer ends the visit, and is the first again in the next."""

    async def despair(visit: Visit, report: Report, reason: str) -> str:
        await visit._lease.report([report])
        return reason

    patch.setattr(Visit, "_doubt", despair)


def eras(patch: pytest.MonkeyPatch) -> None:
    """A backup is put back, and the hub goes on as if nothing had been since."""
    patch.setattr(era_rows, "begin", lambda *_: 0)
    patch.setattr(Replay, "resume", lambda replay, _: Tail(replay._tail, replay._key.name, 0))


def forgotten_sendings(patch: pytest.MonkeyPatch) -> None:
    """A gateway that starts without its file, or with an older one, believes that nothing was sent before."""
    recall = Kept._recall

    def forgetful(kept: Kept, connection: Any) -> float:
        recall(kept, connection)
        kept._sent.clear()
        return float("-inf")

    patch.setattr(Kept, "_recall", forgetful)


def serials(patch: pytest.MonkeyPatch) -> None:
    """Whoever answers is taken for the panel that was asked."""
    ask = Panel._ask

    async def credulous(panel: Panel, verb: Callable[..., Any], *told: Any) -> Any:
        async def believed(*asked: Any, **how: Any) -> Any:
            reply = await verb(*asked, **how)
            return reply if reply is None else replace(reply, controller=panel.serial)

        return await ask(panel, believed, *told)

    patch.setattr(Panel, "_ask", credulous)


def revisions(patch: pytest.MonkeyPatch) -> None:
    """An outcome counts for whatever is wanted by now."""
    noted, receipt = delivery.noted, delivery.receipt

    def current(row: WantedHeld, report: Report) -> Report:
        return replace(report, revision=row.revision)

    patch.setattr(delivery, "noted", lambda row, n, report, now, event: noted(row, n, current(row, report), now, event))
    patch.setattr(delivery, "receipt", lambda row, report, who: receipt(row, current(row, report), who))


def last_days(patch: pytest.MonkeyPatch) -> None:
    """Records end a day later than the grants that they stand on."""
    last = wg_cards._last_date
    patch.setattr(wg_cards, "_last_date", lambda ends, holder: last(ends, holder) + timedelta(days=1))


def grounds(patch: pytest.MonkeyPatch) -> None:
    """Nobody asks whether the hours that a card names are there."""
    patch.setattr(WgDoors, "needs", lambda *_: frozenset())


def ranks(patch: pytest.MonkeyPatch) -> None:
    """What is to come is written in the wrong order, and nobody asks what a card names."""
    differences = delivery_rows.differences

    def backwards(*told: Any, **how: Any) -> list[Task]:
        return differences(*told, **how)[::-1]

    grounds(patch)
    patch.setattr(delivery_rows, "differences", backwards)
