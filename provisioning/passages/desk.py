"""The desk at which the hub's own gateway hands in passages: `connectors.desk.PassageDesk` over the store."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from connectors.contract import Mark
from connectors.desk import Passed, Watch
from provisioning.nouns.refusals import Refusal
from provisioning.passages.passages import Passages
from provisioning.store.engine import Store

_log = logging.getLogger(__name__)


class HubPassageDesk:
    """Called from the gateway's loop; `hop` carries what writes to where blocking is allowed."""

    def __init__(self, store: Store, passages: Passages, hop: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._passages = passages
        self._hop = hop

    async def watch(self, since: str | None) -> Watch | None:
        """Whose passages to follow; None where that is still what it was at the version `since`."""
        # Reading waits for nobody, and mostly finds that one row is as it was.
        with self._store.reading() as tx:
            return self._passages.watch(tx, since)

    async def passed(self, told: Sequence[Passed]) -> Sequence[Mark]:
        """Hand in, in one step; for each the newest that is kept now."""
        return await self._hop(self._take, told)

    async def overheard(self, address: str, serial: int) -> None:
        """Say that somebody unknown speaks as a device would."""
        await self._hop(self._write, partial(self._passages.overheard, address=address, serial=serial))

    async def deaf(self, listen: str, why: str | None) -> None:
        """Say why nothing can be heard there; None: it is heard again."""
        await self._hop(self._write, partial(self._passages.deaf, listen=listen, why=why))

    def _take(self, told: Sequence[Passed]) -> list[Mark]:
        """All in one transaction, or, where one fails, each in its own: no target suffers for another."""
        try:
            return self._write(partial(self._passages.take, told=told))
        except Refusal:
            raise
        except Exception:
            if len(told) == 1:
                raise
            _log.exception("some passages could not be taken in together; each target's are tried alone")
        marks: list[Mark] = []
        for one in told:
            try:
                marks += self._write(partial(self._passages.take, told=[one]))
            except Refusal:
                raise
            except Exception:  # noqa: BLE001 - what is wrong with one target holds up no other
                _log.exception("the passages of %s could not be taken in", one.target)
                marks.append(one.after)
        return marks

    def _write(self, act: Callable[..., Any]) -> Any:
        with self._store.writing() as tx:
            return act(tx)
