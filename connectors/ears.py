"""The gateway's ear: hears what doors report by themselves, and fetches from each target's own memory what was not heard.

It delays no delivery: it has sockets and a bounded number of tasks of its own, and speaks to the hub by a desk of its own.
A target is looked at when the gateway starts, when a hole is heard, and from time to time, for the last report may be the
one that was lost.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from typing import Any, cast
from zoneinfo import ZoneInfo

from connectors.bell import Bell
from connectors.contract import Connector, EdgeError, Json, PassageKind
from connectors.desk import PassageDesk, Passed, Watch, Watched
from connectors.following import Came, Following
from connectors.listening import Listening
from connectors.visit import end_tasks
from connectors.waits import doubled_s
from devices.clock import Clock
from devices.wg.ear import Ear, Stranger, Told
from devices.wire import WireError

STRANGERS_MAX = 16
"""So many addresses of strangers are told to the hub while this gateway runs; the others are counted."""
PRESSING = frozenset({PassageKind.FIRE, PassageKind.FORCED, PassageKind.TAMPER})
"""What is handed in at once, also in the midst of a burst."""

_log = logging.getLogger(__name__)
Build = Callable[[str, Mapping[str, Json]], Connector]


@dataclass(frozen=True, slots=True)
class Looks:
    """How often targets are looked at, in seconds, and how much is done at once.

    `heard_s` between two looks at a target that is heard, `unheard_s` where there is no ear. An address where nothing can
    be heard is told of after `deaf_s`: another process may be about to leave it. What lies ahead waits
    `gap_s` for what is missing before it is fetched; what does not fit is looked into once in `doubt_s`. Looks that
    nothing was heard for leave `spare` of the `at_once_max` tasks free. After `burst_min` reports the next are gathered for
    `burst_s`, since the hub keeps many at once for little more than one.
    """

    heard_s: float = 60.0
    unheard_s: float = 15.0
    deaf_s: float = 10.0
    gap_s: float = 0.3
    doubt_s: float = 2.0
    backoff_s: float = 1.0
    backoff_s_max: float = 60.0
    watch_s: float = 1.0
    retry_s: float = 1.0
    stop_s_max: float = 3.0
    at_once_max: int = 12
    spare: int = 4
    fetch_max: int = 2_000
    send_max: int = 4_000
    burst_min: int = 32
    burst_s: float = 0.2


class Ears:
    """Follows the passages of all targets of one hub."""

    def __init__(
        self, desk: PassageDesk, build: Build, clock: Clock, looks: Looks | None = None, bell: Bell | None = None
    ) -> None:
        """`bell` rings for what this process keeps by itself, under the names by which connectors know it."""
        self._desk = desk
        self._build = build
        self._clock = clock
        self._looks = looks or Looks()
        self._version: str | None = None
        self._ear = Ear(self._hear, self._estrange)
        self._listening = Listening(self._ear, desk.deaf, clock, self._looks.deaf_s)
        self._following: dict[str, tuple[Watched, Following]] = {}
        self._by_serial: dict[int, Following] = {}
        self._by_bell: dict[str, Following] = {}
        self._bell = bell or Bell()
        self._unsent: dict[str, Following] = {}
        self._strangers: dict[str, Stranger] = {}
        self._strange: deque[Stranger] = deque()
        self._heap: list[tuple[float, int, Following]] = []
        self._nth = count()
        self._fetches: set[asyncio.Task[None]] = set()
        self._something_to_send = asyncio.Event()
        self._pressing = asyncio.Event()
        self._something_due = asyncio.Event()
        self._handed_in = asyncio.Event()

    @property
    def counts(self) -> Mapping[str, int]:
        """What the ear has counted: heard, strangers, garbage, failed, errors."""
        return self._ear.counts

    @property
    def listening(self) -> bool:
        """Whether anything is heard just now."""
        return bool(self._ear.listening)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until told to stop; what was heard by then is still handed in, if the hub takes it soon."""
        unhear = self._bell.hear(self._rung)
        parts = [
            asyncio.create_task(self._again_and_again(step, stop)) for step in (self._watch, self._look, self._send)
        ]
        try:
            await stop.wait()
            await end_tasks(*parts, *self._fetches)
            async with asyncio.timeout(self._looks.stop_s_max):
                while self._unsent and await self._hand_in():
                    pass
        except TimeoutError:
            _log.warning("The hub did not take the last passages in time; they are fetched at the next start.")
        finally:
            await end_tasks(*parts, *self._fetches)
            unhear()
            self._ear.close()
            for _, following in self._following.values():
                await following.connector.close()

    async def _again_and_again(self, step: Callable[[], Coroutine[Any, Any, None]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await step()
            except Exception:  # noqa: BLE001 - whatever ails the hub or us, what doors tell must be heard again
                _log.exception("a fault in following passages; going on in %s s", self._looks.retry_s)
                await asyncio.sleep(self._looks.retry_s)

    async def handed_in(self, target: str) -> bool:
        """Whether the hub has all that a target has reported by now, as far as its own memory tells."""
        found = self._following.get(target)
        if found is None or found[1].waiting:
            return False
        following = found[1]
        try:
            async with aclosing(cast("Any", following.connector.passages(following.mark, 1))) as reports:
                async for _ in reports:
                    return False
        except WireError:
            return False
        return True

    # Whom to follow

    async def _watch(self) -> None:
        found = await self._desk.watch(self._version)
        if found is not None:
            await self._follow(found)
            self._version = found.version
        await self._listening.keep({each.listen for _, each in self._following.values() if each.listen is not None})
        await asyncio.sleep(self._looks.watch_s)

    async def _follow(self, watch: Watch) -> None:
        kept = {each.target: each for each in watch.targets}
        for target in [target for target in self._following if target not in kept]:
            await self._leave(target)
        for each in watch.targets:
            before = self._following.get(each.target)
            if before is not None and (before[0].kind, before[0].settings) == (each.kind, each.settings):
                before[1].listen = each.listen
                continue
            if before is not None:
                await self._leave(each.target)
            self._begin(each, watch.zone)

    def _begin(self, watched: Watched, zone: ZoneInfo) -> None:
        try:
            connector = self._build(watched.kind, watched.settings)
        except EdgeError as error:
            _log.warning("%s is not followed: %s", watched.target, error)
            return
        following = Following(watched.target, connector, watched.mark)
        if connector.ear is not None:
            host, serial = connector.ear
            following.listen = watched.listen
            self._ear.register(serial, host, zone)
            self._by_serial[serial] = following
        elif connector.rings is not None:
            self._by_bell[connector.rings] = following
        else:
            return
        self._following[watched.target] = (watched, following)
        self._plan(following, 0.0)

    async def _leave(self, target: str) -> None:
        _, following = self._following.pop(target)
        self._unsent.pop(target, None)
        following.due = None
        if following.connector.ear is not None:
            host, serial = following.connector.ear
            self._ear.forget(serial, host)
            self._by_serial.pop(serial, None)
        if following.connector.rings is not None:
            self._by_bell.pop(following.connector.rings, None)
        await following.connector.close()

    # What is heard

    def _hear(self, serial: int, told: Told) -> None:
        following = self._by_serial[serial]
        heard = following.connector.hears(told)
        if heard is None:
            return
        came = following.hear(heard)
        if came is Came.TAKEN:
            self._wants_to_send(following)
            if heard.kind in PRESSING:
                self._pressing.set()
        elif came is Came.AHEAD and not following.fetching:
            following.evident = True
            self._plan(following, self._looks.gap_s)
        elif came is Came.DOUBTED and not following.fetching:
            following.evident = True
            since = following.looked_at
            wait_s = 0.0 if since is None else since + self._looks.doubt_s - self._clock.monotonic()
            self._plan(following, max(0.0, wait_s))

    def _rung(self, name: str) -> None:
        following = self._by_bell.get(name)
        if following is not None:
            following.evident = True
            self._plan(following, 0.0)

    def _estrange(self, stranger: Stranger) -> None:
        if stranger.address not in self._strangers and len(self._strangers) < STRANGERS_MAX:
            self._strangers[stranger.address] = stranger
            self._strange.append(stranger)
            self._something_to_send.set()

    # What is fetched

    def _plan(self, following: Following, wait_s: float) -> None:
        """Look at a target in so many seconds, unless it is to be sooner anyway."""
        due = self._clock.monotonic() + wait_s
        if following.due is None or due < following.due:
            following.due = due
            heapq.heappush(self._heap, (due, next(self._nth), following))
            self._something_due.set()

    async def _look(self) -> None:
        self._something_due.clear()
        now = self._clock.monotonic()
        ready: list[Following] = []
        while self._heap and self._heap[0][0] <= now:
            due, _, following = heapq.heappop(self._heap)
            if following.due == due:
                ready.append(following)
        ready.sort(key=_idle)
        for following in ready:
            if following.fetching:
                following.due, following.evident = None, True
                continue
            most = self._looks.at_once_max - (0 if following.evident else self._looks.spare)
            if len(self._fetches) < most:
                self._start(following)
            else:
                heapq.heappush(self._heap, (cast("float", following.due), next(self._nth), following))
        wait_s = self._heap[0][0] - now if self._heap else None
        if wait_s is not None and wait_s <= 0:
            wait_s = None  # all slots are taken: whoever ends wakes us
        try:
            async with asyncio.timeout(wait_s):
                await self._something_due.wait()
        except TimeoutError:
            return

    def _start(self, following: Following) -> None:
        following.due, following.fetching, following.evident = None, True, False
        task = asyncio.create_task(self._fetch(following))
        self._fetches.add(task)
        task.add_done_callback(self._fetched)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetches.discard(task)
        self._something_due.set()

    async def _fetch(self, following: Following) -> None:
        looks = self._looks
        following.looked_at = self._clock.monotonic()
        told = following.listen in self._ear.listening or following.connector.rings is not None
        wait_s = looks.heard_s if told else looks.unheard_s
        missing = following.missing
        try:
            taken = await self._read(following, min(missing or looks.fetch_max, looks.fetch_max))
            following.attempts = 0
            if missing and not taken:
                following.disbelieve()
            if taken >= looks.fetch_max or following.evident:
                wait_s = 0.0
        except WireError as error:
            _log.info("the passages of %s: %s", following.target, error)
            wait_s = doubled_s(looks.backoff_s, following.attempts, looks.backoff_s_max)
            following.attempts += 1
        except Exception:  # noqa: BLE001 - a fault with one target keeps nobody else unheard
            _log.exception("the passages of %s: a fault of the gateway's own", following.target)
            wait_s = looks.backoff_s_max
        finally:
            following.fetching = False
        following.catch_up()
        if following.missing and not following.attempts:
            following.evident = True
            wait_s = min(wait_s, looks.gap_s)
        if following.waiting:
            self._wants_to_send(following)
        if following.target in self._following:
            self._plan(following, wait_s)

    async def _read(self, following: Following, most: int) -> int:
        """How many reports were taken from its memory. Those that came by themselves meanwhile wait."""
        taken = 0
        async with aclosing(cast("Any", following.connector.passages(following.mark, most))) as reports:
            async for told in reports:
                if not following.take(told):
                    break
                taken += 1
                self._wants_to_send(following)
                while following.waiting >= self._looks.send_max:
                    self._handed_in.clear()
                    await self._handed_in.wait()
        return taken

    # What is handed in

    def _wants_to_send(self, following: Following) -> None:
        self._unsent[following.target] = following
        self._something_to_send.set()

    async def _send(self) -> None:
        await self._something_to_send.wait()
        self._something_to_send.clear()
        while self._strange:
            stranger = self._strange.popleft()
            await self._desk.overheard(stranger.address, stranger.serial)
        while taken := await self._hand_in():
            if taken >= self._looks.burst_min:
                await self._gather(self._looks.burst_s)

    async def _gather(self, for_s: float) -> None:
        """Leave a burst that much time, unless something presses."""
        try:
            async with asyncio.timeout(for_s):
                await self._pressing.wait()
        except TimeoutError:
            return

    async def _hand_in(self) -> int:
        """Hand in some of what waits, of as many targets as have any; how much that was."""
        self._pressing.clear()
        batches: list[tuple[Following, Passed]] = []
        room = self._looks.send_max
        for target in list(self._unsent):
            following = self._unsent.pop(target)
            batch = following.batch(room)
            if batch is not None:
                batches.append((following, batch))
                room -= len(batch.told)
            if room <= 0:
                break
        if not batches:
            return 0
        try:
            marks = await self._desk.passed([batch for _, batch in batches])
        except BaseException:
            for following, _ in batches:
                following.undelivered()
                self._wants_to_send(following)
            raise
        for (following, _), mark in zip(batches, marks, strict=True):
            if not following.delivered(mark):
                self._plan(following, 0.0)
            elif following.waiting:
                self._unsent[following.target] = following
        self._handed_in.set()
        return self._looks.send_max - room


def _idle(following: Following) -> bool:
    return not following.evident
