"""The product with a guard taken away, so that the simulation can prove that it would see the harm. Only tests use this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors import wg_cards
from connectors.desk import Report
from connectors.kept import Kept
from devices.wg.panel import Panel
from provisioning.delivery import delivery
from provisioning.nouns.rights import WantedHeld


def late_datagrams(patch: pytest.MonkeyPatch) -> None:
    """Nothing ever waits for late datagrams."""
    patch.setattr(Kept, "waits_s", lambda *_, **__: 0.0)


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
