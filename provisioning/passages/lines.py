"""Which serial lines the hub's own gateway drives, and what it must know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from connectors.edge import Line
from connectors.partings import Partings
from provisioning.campus.campuses import Campuses
from provisioning.gateways.handing import Handing
from provisioning.store import passages as rows
from provisioning.store.engine import Store
from provisioning.vault.vault import Vault


class OwnLines:
    """Asked again and again by `connectors.edge.Edge`. A gateway beside its hub has no term."""

    def __init__(
        self,
        store: Store,
        campuses: Campuses,
        vault: Vault,
        hop: Callable[..., Awaitable[Any]],
        handing: Handing,
        partings: Partings,
    ) -> None:
        self._store = store
        self._campuses = campuses
        self._vault = vault
        self._hop = hop
        self._handing = handing
        self._partings = partings

    async def __call__(self) -> Sequence[Line]:
        """The lines of the campus in force that no other gateway has. One that is being handed over rests first, and is let
        go once nobody keeps its doors and all that they reported is here."""
        lines = await self._hop(self._lines)
        for line, passing in lines:
            if passing and await self._partings.over(line.target, str(line.settings.get("line"))):
                await self._hop(self._part, line.target)
        return [replace(line, rests=self._partings.rests(line.target)) for line, _ in lines]

    def _part(self, target: str) -> None:
        with self._store.writing() as tx:
            self._handing.part(tx, target)

    def _lines(self) -> list[tuple[Line, bool]]:
        with self._store.reading() as tx:
            zone = self._campuses.zone(tx)
            if zone is None:
                return []
            key = self._vault.pin_key()
            found = rows.own_lines(tx)
            return [(Line(id_, settings, ZoneInfo(zone), pin_key=key), passing) for id_, settings, passing in found]
