"""What keeps a gateway's own work and the hub in step: it lists what is new, waits for the hub to say that more is, and
hands in what is owed, of each target in order. A hub that is gone, slow or restored only makes it wait: each message may be
said twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from connectors import kept_outbox, kept_work
from connectors.contract import Act, EdgeError
from connectors.kept_file import ReservedFile, WorkFull
from connectors.kept_outbox import Owed
from connectors.messages import (
    ACTED,
    ACTS,
    BYTES_MAX,
    HANDED,
    INTRODUCE,
    LIST,
    REACH,
    READING,
    REPORT,
    REVOKED,
    TASKS_MAX,
    ActsTold,
    Introduced,
    Introducing,
    Letting,
    Listed,
    Ours,
    Reach,
    Read,
    RefusedTargets,
)
from connectors.remote import RemoteDesk
from connectors.remote_line import HubAway, Line, NotOurs, NotTaken, NotTheHub, Untrusted
from connectors.visit import end_tasks
from connectors.waits import Backoff
from devices.clock import Clock

PAGES_MAX = 10_000
OUTCOMES_AT_ONCE_MAX = 500
"""As many as the hub takes in while somebody who revokes may have to wait for it."""
SAID_AT_ONCE_MAX = 6
"""So many messages that are no outcomes are said at once: fewer than the line has connections."""
REST_S_MAX = 0.25
"""After a list, and after usual outcomes, the gateway rests as long as the hub took for them, and no longer than this: a
busy hub then has more to tell and to take at once, which costs both less."""
PARTING_S = 0.25
"""So often it is looked whether a target that is to be let go is done with."""

_TOLD_AT = {kept_outbox.REACH: REACH, kept_outbox.ACTED: ACTED, kept_outbox.HANDED: HANDED}
_log = logging.getLogger(__name__)
Stand = Callable[[EdgeError | None], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the hub is asked, in seconds: while its line of events stands, and while it does not. After a failure the
    wait doubles up to `backoff_s_max`, and is cut by chance down to a half, so that gateways do not come all at once."""

    list_s: float = 30.0
    deaf_s: float = 5.0
    backoff_s: float = 0.5
    backoff_s_max: float = 15.0
    stop_s_max: float = 3.0


class Sync:
    """One gateway's talk with its hub. `stand` is told what keeps them apart, each time that this changes; None: nothing.
    `look` is called when the gateway's targets are others than before; `over` tells whether all is ended at a target that is
    to be let go."""

    def __init__(
        self,
        line: Line,
        desk: RemoteDesk,
        file: ReservedFile,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        stand: Stand,
        look: Callable[[], None],
        over: Callable[[str], Awaitable[bool]],
        pace: Pace | None = None,
    ) -> None:
        self._line = line
        self._desk = desk
        self._over = over
        self._file = file
        self._clock = clock
        self._pace = pace or Pace()
        self._random = random_bytes
        self._stand = stand
        self._look = look
        self._told: dict[str, tuple[str, Mapping[str, Any], int, str | None]] | None = None
        self._trouble: str | None = ""
        self._news = True
        self._attending = False
        self._list_at = 0.0
        self._rests_until = 0.0
        self._hurried = False
        self._listing: asyncio.Task[None] | None = None
        self._usual: asyncio.Task[None] | None = None
        self._under_way: frozenset[tuple[str, str]] = frozenset()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep in step until told to stop; then hand in what is owed, if the hub takes it soon."""
        parts = [asyncio.create_task(part) for part in (self._attend(), self._turns())]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({*parts, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for part in done & set(parts):
                part.result()
            await end_tasks(*parts)
            await self._end_listing()
            await self._say_last()
        finally:
            await end_tasks(*parts, stopping, *([self._usual] if self._usual else ()))
            await self._end_listing()

    async def _attend(self) -> None:
        """Listen for news; what may have been missed counts as news."""
        backoff = self._backoff()
        while True:
            try:
                async for urgent in self._line.changes():
                    self._hurried |= urgent
                    self._attending = True
                    backoff.over()
                    self._stir()
            except HubAway as error:
                _log.info("no news from the hub: %s", error)
            self._attending = False
            self._stir()
            await asyncio.sleep(backoff.next_s())

    async def _turns(self) -> None:
        backoff = self._backoff()
        while True:
            try:
                more = await self._turn()
            except EdgeError as error:
                await self._end_listing()
                self._news = True
                await self._stands(error)
                await asyncio.sleep(backoff.next_s())
                continue
            backoff.over()
            await self._stands(WorkFull(path=self._file.path) if self._file.short else None)
            if not more:
                await self._pause()

    async def _turn(self) -> bool:
        """List where there is news, and hand in some of what is owed; whether more of it waits. Outcomes go beside a list;
        all else, which bears on whose a target is, before the next."""
        if self._listing is not None and self._listing.done():
            ended, self._listing = self._listing, None
            ended.result()
        elif self._listing is None and self._clock.monotonic() >= self._next_list():
            self._news = self._hurried = False
            if self._trouble is None:
                self._listing = asyncio.create_task(self._list())
            else:
                # Whatever the hub was meanwhile, it is asked first who is whose in which era, and then told.
                await self._list()
        if self._listing is None:
            await self._let_go()
        return await self._send()

    async def _pause(self) -> None:
        every_s = self._pace.list_s if self._attending else self._pace.deaf_s
        self._list_at = min(self._list_at, self._clock.monotonic() + every_s)
        rest_s = max(0.0, self._next_list() - self._clock.monotonic()) if self._listing is None else None
        try:
            async with asyncio.timeout(rest_s):
                await self._desk.owing.wait()
        except TimeoutError:
            return

    async def _end_listing(self) -> None:
        listing, self._listing = self._listing, None
        if listing is not None:
            await end_tasks(listing)

    def _next_list(self) -> float:
        """From when the hub is asked again; for what is urgent at once."""
        if self._hurried:
            return 0.0
        return self._rests_until if self._news else self._list_at

    def _stir(self) -> None:
        self._news = True
        self._desk.owing.set()

    async def _list(self) -> None:
        began = self._clock.monotonic()
        try:
            await self._list_all()
        finally:
            self._rests_until = self._clock.monotonic() + self._rest_s(began)
            self._desk.owing.set()

    async def _list_all(self) -> None:
        for _ in range(PAGES_MAX):
            listed = await self._line.call(LIST, self._desk.asked(TASKS_MAX), Listed)
            if self._line.who is not None and listed.hub != self._line.who.hub:
                raise NotTheHub(url=self._line.url, why="it is another hub than this gateway enrolled at")
            again = await self._desk.take(listed)
            self._compare(listed)
            if not again:
                break
        self._list_at = self._clock.monotonic() + self._pace.list_s
        if not listed.acts:
            await self._desk.take_acts({})
            return
        epochs = self._file.read(kept_work.epochs)
        if not epochs:
            return
        acts: dict[str, list[Act]] = {}
        for told in (await self._line.call(ACTS, Ours(targets=epochs), ActsTold)).acts:
            acts.setdefault(told.target, []).append(told.act)
        await self._desk.take_acts(acts)

    def _compare(self, listed: Listed) -> None:
        told = dict(self._told or {})
        told |= {each.id: (each.kind, each.settings, each.epoch, each.listen) for each in listed.targets}
        for id_ in listed.gone:
            told.pop(id_, None)
        if told != self._told:
            self._told = told
            self._look()

    async def _let_go(self) -> None:
        """Say of each target that is to be let go, and on which nobody works any more, that it is: after all else."""
        epochs = self._file.read(kept_work.leaving)
        for target in self._desk.idle(epochs):
            if not await self._over(target):
                self._list_at = min(self._list_at, self._clock.monotonic() + PARTING_S)
                continue
            message = Letting(target=target, epoch=epochs[target])
            await self._file.write(lambda tx, message=message: kept_work.parted(tx, message))

    async def _send(self) -> bool:
        """Hand in some of what is owed; whether anything. Usual outcomes go by the way: the hub takes its time for them,
        and neither its list nor the proof that something is gone waits for that."""
        self._desk.owing.clear()
        if self._usual is not None and self._usual.done():
            ended, self._usual = self._usual, None
            ended.result()
        # While usual ones are under way, no more of them are looked up.
        most = OUTCOMES_AT_ONCE_MAX if self._usual is None else 0
        outcomes, others = self._file.read(lambda tx: kept_outbox.owed(tx, most, SAID_AT_ONCE_MAX, BYTES_MAX // 2))
        shown_gone = self._file.read(lambda tx: kept_outbox.gone(tx, OUTCOMES_AT_ONCE_MAX))
        # What a key held before is told before what it holds now.
        gone = [one for one in shown_gone if (one.target, one.told[0]) not in self._under_way]
        nths = {one.nth for one in gone}
        if usual := [one for one in outcomes if one.nth not in nths]:
            self._under_way = frozenset((one.target, one.told[0]) for one in usual)
            self._usual = asyncio.create_task(self._report_usual(_bounded(usual)))
        if gone:
            await self._report(_bounded(gone))
        if others and self._listing is None:
            await self._say(others)
            return True
        return bool(gone)

    async def _report_usual(self, owed: Sequence[Owed]) -> None:
        began = self._clock.monotonic()
        try:
            await self._report(owed)
        finally:
            self._under_way = frozenset()
            self._desk.owing.set()
        await asyncio.sleep(self._rest_s(began))
        self._desk.owing.set()

    async def _report(self, owed: Sequence[Owed]) -> None:
        try:
            answer = await self._line.call(REPORT, kept_outbox.reporting(owed), RefusedTargets)
        except NotTaken as error:
            if len(owed) > 1:
                # One that the hub cannot take holds up no other.
                for one in owed:
                    await self._report([one])
                return
            await self._set_aside(owed[0], error)
            return
        done: dict[str, list[tuple[str, int]]] = {}
        for one in owed:
            done.setdefault(one.target, []).append(one.told)

        def paid(tx: kept_work.Connection) -> None:
            kept_outbox.paid(tx, [one.nth for one in owed])
            for target, told in done.items():
                kept_work.taken(tx, target, told)

        await self._file.write(paid)
        if answer.refused:
            await self._lose(answer.refused)

    async def _say(self, some: Sequence[Owed]) -> None:
        """Hand in messages that are no outcomes of tasks, all at once, since none of them bears on another."""
        answers = await asyncio.gather(*(self._say_one(one) for one in some), return_exceptions=True)
        said = [one for one, answer in zip(some, answers, strict=True) if answer is None]
        if said:
            await self._file.write(lambda tx: kept_outbox.paid(tx, [one.nth for one in said]))
        if handed := [one.target for one in said if one.kind == kept_outbox.HANDED]:
            await self._desk.lose(handed)
        for answer in answers:
            if answer is not None:
                raise answer

    async def _say_one(self, one: Owed) -> None:
        try:
            await self._say_by_kind(one)
        except NotOurs as error:
            _log.warning("%s: %s", one.target, error)
            await self._lose([one.target])
        except (NotTaken, ValidationError) as error:
            _log.error("%s: the hub does not take a message (%s): %s", one.target, one.kind, error)

    async def _say_by_kind(self, one: Owed) -> None:
        # What is kept is the message itself, and the hub judges it.
        body = one.body.encode()
        match one.kind:
            case kept_outbox.INTRODUCE:
                answer = await self._line.call(INTRODUCE, body, Introduced)
                await self._desk.answered(one.nth, Introducing.model_validate_json(body), anew=answer.anew)
                self._news |= answer.anew
            case kept_outbox.READING:
                await self._line.call(READING, body, Read)
                self._news = True
            case _:
                await self._line.tell(_TOLD_AT[one.kind], body)

    def _rest_s(self, began: float) -> float:
        return min(self._clock.monotonic() - began, REST_S_MAX)

    async def _set_aside(self, one: Owed, error: Exception) -> None:
        _log.error("%s: the hub does not take an outcome, so it is done again: %s", one.target, error)
        (key, _), now = one.told, self._desk.wall()

        def aside(tx: kept_work.Connection) -> None:
            kept_outbox.paid(tx, [one.nth])
            kept_work.reopen(tx, one.target, key, now)

        await self._file.write(aside)

    async def _lose(self, targets: Sequence[str]) -> None:
        await self._desk.lose(targets)
        self._news = True

    async def _stands(self, error: EdgeError | None) -> None:
        """Tell what keeps the two apart, once. Whose credential was taken away opens nothing more."""
        said = None if error is None else str(error)
        if said != self._trouble:
            self._trouble = said
            self._stand(error)
            if isinstance(error, WorkFull):
                await self._tell_full(error)
        if isinstance(error, Untrusted) and error.fields.get("code") == REVOKED:
            await self._file.write(kept_work.end_terms)

    async def _tell_full(self, error: WorkFull) -> None:
        """Have the hub raise an alarm on each target, if it can be reached."""
        with suppress(EdgeError):
            for target, epoch in self._file.read(kept_work.epochs).items():
                await self._line.tell(REACH, Reach(target=target, epoch=epoch, parked=str(error)))

    async def _say_last(self) -> None:
        try:
            async with asyncio.timeout(self._pace.stop_s_max):
                while self._trouble is None and (await self._send() or self._usual is not None):
                    if self._usual is not None:
                        await asyncio.wait({self._usual})
        except (TimeoutError, EdgeError):
            _log.warning("The hub did not take everything in time; it is told at the next start.")

    def _backoff(self) -> Backoff:
        return Backoff(self._pace.backoff_s, self._pace.backoff_s_max, self._random)


def _bounded(owed: Sequence[Owed]) -> Sequence[Owed]:
    """As many as fit well into one message."""
    room = BYTES_MAX // 2
    for nth, one in enumerate(owed):
        room -= len(one.body)
        if room < 0:
            return owed[: max(1, nth)]
    return owed
