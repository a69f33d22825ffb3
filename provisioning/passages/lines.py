"""Which serial lines the hub's own gateway drives, and what it must know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from connectors.edge import Line
from provisioning.campus.campuses import Campuses
from provisioning.store import passages as rows
from provisioning.store.engine import Store
from provisioning.vault.vault import Vault


class OwnLines:
    """Asked again and again by `connectors.edge.Edge`. A gateway beside its hub has no term."""

    def __init__(self, store: Store, campuses: Campuses, vault: Vault, hop: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._campuses = campuses
        self._vault = vault
        self._hop = hop

    async def __call__(self) -> Sequence[Line]:
        """The lines of the campus in force that no other gateway has."""
        return await self._hop(self._lines)

    def _lines(self) -> list[Line]:
        with self._store.reading() as tx:
            zone = self._campuses.zone(tx)
            if zone is None:
                return []
            return [Line(settings, ZoneInfo(zone), pin_key=self._vault.pin_key()) for settings in rows.own_lines(tx)]
