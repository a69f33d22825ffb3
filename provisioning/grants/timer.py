"""Looks again at whoever is due, and at what targets are to be set to; and has vacant units given to who waits. A timer
carries no decision: it only says "look again", and the facts are read anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from provisioning.grants.fixtures import Fixtures
from provisioning.grants.grants import Grants
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Actor
from provisioning.store import rights as rights_store
from provisioning.store.engine import Store

LOOK_MAX = 25
POLL_S = 1.0
SERVE_EVERY_POLLS = 5
"""A unit may have fallen vacant without anybody's rights having changed: closed and opened again, say."""
SERVE_ROUNDS_MAX = 20
TIMER = Actor("house:timer")

logger = logging.getLogger(__name__)


class Timer:
    """Runs beside the API: persons whose dates have come, whose facts have changed, or whom a crash left unlooked at."""

    def __init__(self, store: Store, grants: Grants, fixtures: Fixtures, hop: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._grants = grants
        self._fixtures = fixtures
        self._hop = hop

    async def run(self, stop: asyncio.Event) -> None:
        """Look at whoever is due, until told to stop."""
        rest = 0
        while not stop.is_set():
            await self._settings()
            looked = await self._step()
            rest = 0 if looked else rest - 1
            if rest <= 0 and looked < LOOK_MAX:
                await self._serve()
                rest = SERVE_EVERY_POLLS
            if looked < LOOK_MAX:
                await _either(stop, POLL_S)

    async def _step(self) -> int:
        try:
            return await self._hop(self._look)
        except Refusal as refusal:
            # No campus or no rules yet, or no room on the disk: who is due stays due.
            logger.warning("nobody was looked at: %s", refusal)
            return 0
        except Exception:
            # A bug is logged whole, and keeps waiting only those whom it concerns.
            logger.exception("a fault of the hub's own, for somebody among those who are due: each is looked at alone")
        try:
            return await self._hop(self._look_at_each)
        except Exception:
            # Not even that: who is due stays due, and the rest of the house goes on.
            logger.exception("nobody could be looked at")
            return 0

    async def _settings(self) -> None:
        """Ahead of people: what cards name is to be on the targets before them."""
        try:
            await self._hop(self._restate)
        except Refusal as refusal:
            logger.warning("no settings were looked at: %s", refusal)
        except Exception:
            # Targets stay as they are set, and the rest of the house goes on.
            logger.exception("a fault of the hub's own, in what targets are to be set to: it is tried again")

    def _restate(self) -> None:
        with self._store.reading() as tx:
            if not self._fixtures.due(tx):
                return
        with self._store.writing() as tx:
            stated = self._fixtures.restate(tx)
        self._fixtures.committed(stated)

    async def _serve(self) -> None:
        try:
            for _ in range(SERVE_ROUNDS_MAX):
                if not await self._hop(self._give_out):
                    return
        except Refusal as refusal:
            logger.warning("nobody was given a unit: %s", refusal)
        except Exception:
            # Who waits goes on waiting, and the rest of the house goes on.
            logger.exception("a fault of the hub's own, in giving out units: it is tried again")

    def _give_out(self) -> int:
        with self._store.reading() as tx:
            if not self._grants.anybody_waits(tx):
                return 0
        with self._store.writing() as tx:
            return self._grants.serve(tx, TIMER)

    def _look_at_each(self) -> int:
        """One person a transaction, so that whoever cannot be looked at keeps nobody else waiting."""
        with self._store.reading() as tx:
            persons = rights_store.persons_due(tx, LOOK_MAX)
        for person in persons:
            try:
                with self._store.writing() as tx:
                    self._grants.look(tx, [person], TIMER)
            except Refusal:
                raise
            except Exception as error:
                logger.exception("%s cannot be looked at", person)
                with self._store.writing() as tx:
                    self._grants.park(tx, person, type(error).__name__)
        return len(persons)

    def _look(self) -> int:
        with self._store.reading() as tx:
            if not self._grants.anybody_due(tx):
                return 0
        with self._store.writing() as tx:
            return self._grants.look_due(tx, LOOK_MAX, TIMER)


async def _either(stop: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await stop.wait()
    except TimeoutError:
        return
