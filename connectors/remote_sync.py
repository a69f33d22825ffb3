"""What keeps a gateway's own work and the hub in step: it lists what is new, waits for the hub to say that more is, and
hands in what is owed, in order. A hub that is gone, slow or restored only makes it wait: each message may be said twice."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from connectors import kept_outbox, kept_work
from connectors.contract import Act, EdgeError
from connectors.desk import Found, Report
from connectors.kept_file import ReservedFile, WorkFull
from connectors.kept_outbox import Owed
from connectors.messages import (
    ACT_BEGUN,
    ACTED,
    ACTS,
    BYTES_MAX,
    HANDED,
    INTRODUCE,
    LIST,
    MISSING,
    REACH,
    READING,
    REPORT,
    REPORTS_MAX,
    REVOKED,
    TASKS_MAX,
    Acted,
    ActsTold,
    Beginning,
    Go,
    Introduced,
    Introducing,
    Letting,
    Listed,
    MissingKeys,
    Ours,
    Outcomes,
    Reach,
    Read,
    Reading,
    RefusedTargets,
    Reporting,
)
from connectors.remote import RemoteDesk
from connectors.remote_line import HubAway, HubTroubled, Line, NotOurs, NotTaken, NotTheHub, Untrusted
from connectors.visit import end_tasks
from connectors.waits import doubled_s
from devices.clock import Clock

PAGES_MAX = 10_000
SHARES = 256

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


class HubAsks:
    """What the desk asks of the hub itself."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def missing(self, target: str, epoch: int, found: Sequence[Found], started: datetime) -> Sequence[str]:
        """The keys that a full reading would show to be missing. Raises `HubAway`."""
        message = Reading(target=target, epoch=epoch, started=started, found=tuple(found))
        try:
            return (await self._line.call(MISSING, message, MissingKeys)).keys
        except NotTaken as error:
            raise HubTroubled(url=self._line.url, why=error.fields["why"]) from error

    async def act_begun(self, target: str, epoch: int, act: str) -> bool:
        """Whether an act may leave. Raises `HubAway`."""
        try:
            return (await self._line.call(ACT_BEGUN, Beginning(target=target, epoch=epoch, act=act), Go)).go
        except NotTaken:
            return False


class Backoff:
    """Waits that double, each cut by chance."""

    def __init__(self, first_s: float, longest_s: float, random_bytes: Callable[[int], bytes]) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._random = random_bytes
        self._tries = 0

    def over(self) -> None:
        """It went well."""
        self._tries = 0

    def next_s(self) -> float:
        """How long to wait this time."""
        whole_s = doubled_s(self._first_s, self._tries, self._longest_s)
        self._tries += 1
        return whole_s * (0.5 + self._random(1)[0] / SHARES / 2)


class Sync:
    """One gateway's talk with its hub. `stand` is told what keeps them apart, each time that this changes; None: nothing.
    `look` is called when the gateway's targets are others than before."""

    def __init__(
        self,
        line: Line,
        desk: RemoteDesk,
        file: ReservedFile,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        stand: Stand,
        look: Callable[[], None],
        pace: Pace | None = None,
    ) -> None:
        self._line = line
        self._desk = desk
        self._file = file
        self._clock = clock
        self._pace = pace or Pace()
        self._random = random_bytes
        self._stand = stand
        self._look = look
        self._told: tuple[tuple[str, str, str, int], ...] = ()
        self._trouble: str | None = ""
        self._news = True
        self._attending = False
        self._list_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Keep in step until told to stop; then hand in what is owed, if the hub takes it soon."""
        parts = [asyncio.create_task(part) for part in (self._attend(), self._turns())]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({*parts, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for part in done & set(parts):
                part.result()
            await end_tasks(*parts)
            await self._say_last()
        finally:
            await end_tasks(*parts, stopping)

    async def _attend(self) -> None:
        """Listen for news; what may have been missed counts as news."""
        backoff = self._backoff()
        while True:
            try:
                async for _ in self._line.changes():
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
                # Whatever the hub was meanwhile, it is asked first who is whose in which era, and then told.
                self._news = True
                await self._stands(error)
                await asyncio.sleep(backoff.next_s())
                continue
            backoff.over()
            await self._stands(WorkFull(path=self._file.path) if self._file.short else None)
            if not more:
                await self._pause()

    async def _turn(self) -> bool:
        """List where there is news, and hand in some of what is owed; whether more of it waits."""
        if self._news or self._clock.monotonic() >= self._list_at:
            self._news = False
            await self._list()
        await self._let_go()
        return await self._send()

    async def _pause(self) -> None:
        every_s = self._pace.list_s if self._attending else self._pace.deaf_s
        self._list_at = min(self._list_at, self._clock.monotonic() + every_s)
        try:
            async with asyncio.timeout(max(0.0, self._list_at - self._clock.monotonic())):
                await self._desk.owing.wait()
        except TimeoutError:
            return

    def _stir(self) -> None:
        self._news = True
        self._desk.owing.set()

    async def _list(self) -> None:
        for _ in range(PAGES_MAX):
            listed = await self._line.call(LIST, self._desk.asked(TASKS_MAX), Listed)
            if self._line.who is not None and listed.hub != self._line.who.hub:
                raise NotTheHub(url=self._line.url, why="it is another hub than this gateway enrolled at")
            again = await self._desk.take(listed)
            self._compare(listed)
            if not again:
                break
        self._list_at = self._clock.monotonic() + self._pace.list_s
        epochs = self._file.read(kept_work.epochs)
        if not epochs:
            return
        acts: dict[str, list[Act]] = {}
        for told in (await self._line.call(ACTS, Ours(targets=epochs), ActsTold)).acts:
            acts.setdefault(told.target, []).append(told.act)
        await self._desk.take_acts(acts)

    def _compare(self, listed: Listed) -> None:
        told = tuple((each.id, each.kind, json.dumps(each.settings), each.epoch) for each in listed.targets)
        if told != self._told:
            self._told = told
            self._look()

    async def _let_go(self) -> None:
        """Say of each target that is to be let go, and on which nobody works any more, that it is: after all else."""
        epochs = self._file.read(kept_work.leaving)
        for target in self._desk.idle(epochs):
            message = Letting(target=target, epoch=epochs[target])
            await self._file.write(
                lambda tx, message=message: kept_outbox.put(
                    tx, kept_outbox.HANDED, message.target, message.epoch, message
                )
            )

    async def _send(self) -> bool:
        self._desk.owing.clear()
        owed = self._file.read(lambda tx: kept_outbox.owed(tx, REPORTS_MAX))
        if not owed:
            return False
        if owed[0].kind == kept_outbox.REPORT:
            await self._report(_bounded(owed))
        else:
            await self._say(owed[0])
        return True

    async def _report(self, owed: Sequence[Owed]) -> None:
        groups: dict[tuple[str, int], list[Report]] = {}
        for one in owed:
            groups.setdefault((one.target, one.epoch), []).append(kept_outbox.report_of(one))
        try:
            outcomes = tuple(
                Outcomes(target=target, epoch=epoch, reports=tuple(each)) for (target, epoch), each in groups.items()
            )
            answer = await self._line.call(REPORT, Reporting(outcomes=outcomes), RefusedTargets)
        except (NotTaken, ValidationError) as error:
            if len(owed) > 1:
                # One that the hub cannot take holds up no other.
                for one in owed:
                    await self._report([one])
                return
            await self._set_aside(owed[0], error)
            return
        done = {
            target: [(report.key, report.revision) for report in reports] for (target, _), reports in groups.items()
        }

        def paid(tx: kept_work.Connection) -> None:
            kept_outbox.paid(tx, [one.nth for one in owed])
            for target, reports in done.items():
                kept_work.taken(tx, target, reports)

        await self._file.write(paid)
        if answer.refused:
            await self._lose(answer.refused)

    async def _say(self, one: Owed) -> None:
        """Hand in one message that is no outcome of tasks."""
        try:
            await self._say_by_kind(one)
        except NotOurs as error:
            _log.warning("%s: %s", one.target, error)
            await self._lose([one.target])
        except (NotTaken, ValidationError) as error:
            _log.error("%s: the hub does not take a message (%s): %s", one.target, one.kind, error)
        await self._file.write(lambda tx: kept_outbox.paid(tx, [one.nth]))
        if one.kind == kept_outbox.HANDED:
            await self._desk.lose([one.target])

    async def _say_by_kind(self, one: Owed) -> None:
        match one.kind:
            case kept_outbox.INTRODUCE:
                told = Introducing.model_validate_json(one.body)
                answer = await self._line.call(INTRODUCE, told, Introduced)
                await self._desk.answered(one.nth, told, anew=answer.anew)
                self._news |= answer.anew
            case kept_outbox.READING:
                await self._line.call(READING, Reading.model_validate_json(one.body), Read)
                self._news = True
            case kept_outbox.REACH:
                await self._line.tell(REACH, Reach.model_validate_json(one.body))
            case kept_outbox.ACTED:
                await self._line.tell(ACTED, Acted.model_validate_json(one.body))
            case kept_outbox.HANDED:
                await self._line.tell(HANDED, Letting.model_validate_json(one.body))

    async def _set_aside(self, one: Owed, error: Exception) -> None:
        _log.error("%s: the hub does not take an outcome, so it is done again: %s", one.target, error)
        key, now = kept_outbox.report_of(one).key, self._desk.wall()

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
                while self._trouble is None and await self._send():
                    pass
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
