"""Tells at the hooks what waits in the outbox: at least once, signed, each hook by itself. No transaction is open while a
wire is busy, and a place that fails is tried after growing waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.contract import Json
from connectors.waits import doubled_s
from devices.clock import Clock
from provisioning.alarms.alarms import Alarms
from provisioning.alarms.hooks import Hooks, place_of
from provisioning.alarms.outgoing import SILENT, TRIAL, TRIAL_SAYS, WAKES, message
from provisioning.alarms.posting import Posted, Poster
from provisioning.nouns.told import Actor, Alarm, Level, Told
from provisioning.store import hooks as rows
from provisioning.store.engine import Store, Tx
from provisioning.store.hooks import Hook, Message
from provisioning.story.story import Story
from provisioning.vault.signatures import sign

WAIT_S = 5.0
WAIT_S_MAX = 3_600.0
SILENT_AFTER_TRIES = 8
"""By then a place has been silent for about twenty minutes, and somebody is told on the page."""
GIVEN_UP_S = 24 * 3_600
IDLE_S_MIN, IDLE_S_MAX = 0.5, 60.0
AT_ONCE_MAX = 500
"""So many messages a hook is told in one go, before others that wait for the disk come in between."""
CONTENT = "application/cloudevents+json"
HOUSE = Actor("house:courier")
SILENCE = (
    "Alarms can no longer be told at {place} (hook {hook}). They are shown here alone; see what it answers: foyer alarms "
    "hook list"
)

logger = logging.getLogger(__name__)
Hop = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class _Errand:
    hook: Hook
    secret: str
    message: Message


class Courier:
    """Sends what waits. One for a database."""

    def __init__(
        self, store: Store, story: Story, alarms: Alarms, hooks: Hooks, poster: Poster, clock: Clock, hop: Hop
    ) -> None:
        self._store = store
        self._story = story
        self._alarms = alarms
        self._hooks = hooks
        self._poster = poster
        self._clock = clock
        self._hop = hop
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        store.listen(self._on_commit)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; what is on its way then is sent again by the next hub."""
        self._loop = asyncio.get_running_loop()
        stopping = asyncio.create_task(stop.wait())
        busy: dict[str, asyncio.Task[None]] = {}
        try:
            while not stop.is_set():
                self._woken.clear()
                ready, rest_s = await self._hop(self._look)
                for hook in ready:
                    if hook not in busy:
                        busy[hook] = asyncio.create_task(self._serve(hook))
                await self._rest(rest_s, stopping, *busy.values())
                busy = {hook: task for hook, task in busy.items() if not task.done()}
        finally:
            self._loop = None
            await _ended(stopping, *busy.values())

    def attempt(self, id_: str, actor: Actor) -> Posted:
        """Send a test to a hook now, and return what came of it. Blocks for as long as a post may take; opens
        transactions of its own. Raises `NotFound`."""
        with self._store.reading() as tx:
            hook = self._hooks.get(tx, id_)
            trial = Alarm(TRIAL, "hook.test", None, None, tx.now, TRIAL_SAYS, {"hook": id_}, level=Level(hook.level))
            errand = _Errand(hook, self._hooks.secret(hook), message(tx, id_, TRIAL, trial))
        posted = asyncio.run(self._post(errand))
        with self._store.writing() as tx:
            data: dict[str, Json] = {"hook": id_, "status": posted.status, "why": posted.why}
            self._story.tell(tx, Told("hook.tested", actor.name, data=data))
        return posted

    async def _rest(self, rest_s: float, *others: asyncio.Task[Any]) -> None:
        waking = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait({waking, *others}, timeout=rest_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(waking)

    def _look(self) -> tuple[list[str], float]:
        """The hooks that may be served, and for how long there is nothing else to do."""
        with self._store.reading() as tx:
            due = rows.next_due(tx)
            rest_s = IDLE_S_MAX if due is None else (due - tx.now).total_seconds()
            return rows.ready(tx), min(IDLE_S_MAX, max(IDLE_S_MIN, rest_s))

    async def _serve(self, hook: str) -> None:
        """Tell one hook what waits for it, until nothing does or it fails. Raises nothing: other hooks go on."""
        try:
            for _ in range(AT_ONCE_MAX):
                errand = await self._hop(self._next, hook)
                if errand is None:
                    return
                posted = await self._post(errand)
                if not await self._hop(self._note, errand, posted):
                    return
        except Exception:
            # A full disk, a bug: what waits stays in the outbox.
            logger.exception("%s: nothing could be told there; trying again in %s s", hook, WAIT_S)
            await asyncio.sleep(WAIT_S)

    def _next(self, hook: str) -> _Errand | None:
        with self._store.reading() as tx:
            found = rows.hook_of(tx, hook)
            waits = None if found is None else rows.next_message(tx, hook)
            if found is None or waits is None:
                return None
            return _Errand(found, self._hooks.secret(found), waits)

    async def _post(self, errand: _Errand) -> Posted:
        told = errand.message
        # Signed anew each time, for a signature is good for minutes; the id says that it is the same message.
        headers = sign(errand.secret, told.id, self._clock.now(), told.body)
        return await self._poster.post(errand.hook.url, {**headers, "Content-Type": CONTENT}, told.body.encode())

    def _note(self, errand: _Errand, posted: Posted) -> bool:
        """What became of a message; whether the place goes on taking them."""
        with self._store.writing() as tx:
            # Who reads it afresh sees whether somebody removed it meanwhile.
            hook = rows.hook_of(tx, errand.hook.id)
            if hook is None:
                return False
            if posted.why is None:
                self._taken(tx, hook, errand.message, posted)
                return True
            self._not_taken(tx, hook, errand.message, posted, posted.why)
            return False

    def _taken(self, tx: Tx, hook: Hook, told: Message, posted: Posted) -> None:
        rows.was_told(tx, told)
        data: dict[str, Json] = {"hook": hook.id, "message": told.id, "status": posted.status}
        self._story.tell(tx, Told("alarm.sent", HOUSE.name, trace=told.alarm, data=data))
        if hook.failing is not None:
            self._alarms.settle(tx, SILENT, _named(hook), HOUSE)

    def _not_taken(self, tx: Tx, hook: Hook, told: Message, posted: Posted, why: str) -> None:
        rows.was_not_told(tx, told, tx.now + timedelta(seconds=_wait_s(told.attempts)))
        rows.note_failure(tx, hook.id, tx.now + timedelta(seconds=_wait_s(hook.attempts)), why, posted.status)
        lost = rows.drop_older(tx, hook.id, tx.now - timedelta(seconds=GIVEN_UP_S))
        if lost:
            data: dict[str, Json] = {"hook": hook.id, "messages": lost, "why": why, "status": posted.status}
            self._story.tell(tx, Told("alarm.unsent", HOUSE.name, data=data))
        if lost or hook.attempts + 1 >= SILENT_AFTER_TRIES:
            self._alarms.raise_alarm(tx, SILENT, SILENCE, _named(hook))

    def _on_commit(self, topics: frozenset[str]) -> None:
        loop = self._loop
        if WAKES in topics and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)


def _named(hook: Hook) -> dict[str, Json]:
    return {"place": place_of(hook.url), "hook": hook.id}


def _wait_s(attempts: int) -> float:
    """How long after so many tries that failed."""
    return doubled_s(WAIT_S, attempts, WAIT_S_MAX)


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
