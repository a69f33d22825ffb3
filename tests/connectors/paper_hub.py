"""A hub in memory that keeps the law of `connectors.messages`, on a real port: so that a gateway by itself can be tried
without a database, with a hub that is gone, slow, restored or confused."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from connectors import messages as m
from connectors import tokens
from connectors.contract import Act, Done, Fingerprint, Json, Later, Mark, Outcome, Record
from connectors.desk import Found, Passed, Report, Watch, Watched
from devices.clock import SystemClock
from tests.connectors.emulated import ZONE

HUB = "hub-paper"
CODE = "paper-code"


@dataclass
class Row:
    """One record, as the hub would keep it."""

    wanted: str | None
    revision: int = 1
    urgent: bool = False
    dirty: bool = True
    waits: bool = True
    seq: int = 0
    held: str | None = None
    receipts: list[Report] = field(default_factory=list)


@dataclass
class Target:
    """One target of a gateway."""

    kind: str
    settings: Mapping[str, Json]
    epoch: int = 1
    seq: int = 0
    term_s: float = 3 * 86_400.0
    read_due: bool = False
    leaving: bool = False
    ours: bool = True
    fingerprint: Fingerprint | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    reach: list[m.Reach] = field(default_factory=list)
    readings: list[tuple[Found, ...]] = field(default_factory=list)
    passed: list[Any] = field(default_factory=list)
    mark: Mark = field(default_factory=Mark)
    handed: bool = False


class PaperHub:
    """Everything that one gateway asks of its hub. What tests change is changed from the test's own thread, under a lock."""

    def __init__(self) -> None:
        self.era = 1
        self.unsettled = False
        self.targets: dict[str, Target] = {}
        self.public_key: str | None = None
        self.revoked = False
        self.calls: Counter[str] = Counter()
        self.stale: list[Report] = []
        self.begun: list[str] = []
        self.acted: dict[str, Outcome] = {}
        self.slow_s = 0.0
        self.fail_next = 0
        self.lose_answers = 0
        self.mute: set[str] = set()
        """What is taken, and not answered."""
        self.put_off: set[str] = set()
        """What waits until it is put off no more."""
        self.waiting: set[str] = set()
        self.refuse_keys: set[str] = set()
        self.lock = threading.RLock()
        self._bells: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self.app = FastAPI()
        for path, shape, answer in (
            (m.LIST, m.Asked, self._list), (m.REPORT, m.Reporting, self._report),
            (m.INTRODUCE, m.Introducing, self._introduce), (m.READING, m.Reading, self._reading),
            (m.MISSING, m.Reading, self._missing), (m.REACH, m.Reach, self._reach), (m.HANDED, m.Letting, self._handed),
            (m.ACTS, m.Ours, self._acts), (m.ACT_BEGUN, m.Beginning, self._act_begun), (m.ACTED, m.Acted, self._acted),
            (m.WATCH, m.Watching, self._watch), (m.PASSED, m.PassedBy, self._passed),
            (m.OVERHEARD, m.Overheard, self._nothing), (m.DEAF, m.Deaf, self._nothing),
        ):  # fmt: skip
            self._route(path, shape, answer)
        self.app.post(m.ENROL)(self._enrol)
        self.app.get(m.CHANGES)(self._changes)

    # What tests do

    def add(self, name: str, kind: str, settings: Mapping[str, Json]) -> Target:
        with self.lock:
            self.targets[name] = Target(kind, settings)
        self.ring()
        return self.targets[name]

    def want(self, target: str, record: Record | str, *, urgent: bool = False) -> Row:
        """Want a record, or (given a key) its absence."""
        key, body = (record, None) if isinstance(record, str) else (record.key, record.body)
        with self.lock:
            there = self.targets[target]
            row = there.rows.get(key)
            if row is None:
                row = there.rows[key] = Row(body)
            else:
                row.wanted, row.revision, row.dirty = body, row.revision + 1, True
            row.urgent = urgent
            there.seq += 1
            row.seq = there.seq
        self.ring()
        return row

    def touch(self, target: str) -> None:
        """Have every record put again, at the revision that it has."""
        with self.lock:
            there = self.targets[target]
            for row in there.rows.values():
                there.seq += 1
                row.seq, row.dirty = there.seq, True
        self.ring()

    def settled(self) -> bool:
        with self.lock:
            return not any(row.dirty for target in self.targets.values() for row in target.rows.values())

    def ring(self) -> None:
        for loop, bell in self._bells:
            loop.call_soon_threadsafe(bell.set)

    # What a gateway asks

    def _route(self, path: str, shape: type[BaseModel], answer: Any) -> None:
        async def route(request: Request) -> Response:
            await asyncio.sleep(self.slow_s)
            while path in self.put_off:
                self.waiting.add(path)
                await asyncio.sleep(0.01)
            if self.fail_next > 0:
                self.fail_next -= 1
                return Response("out of order", status_code=503)
            refused = self._unsigned(request)
            if refused is not None:
                return refused
            told = shape.model_validate_json(await request.body())
            with self.lock:
                self.calls[path] += 1
                found = answer(told)
            if self.lose_answers > 0 or path in self.mute:
                self.lose_answers = max(0, self.lose_answers - 1)
                return Response("the answer was lost", status_code=502)
            if isinstance(found, Response):
                return found
            if found is None:
                return Response(status_code=204)
            return Response(found.model_dump_json(), media_type="application/json")

        self.app.post(path)(route)

    def _unsigned(self, request: Request) -> Response | None:
        if self.revoked:
            return problem(401, m.REVOKED, "This gateway's credential was revoked by the-system: enrol it anew.")
        word = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = tokens.read(word, self.public_key or "")
        except tokens.TokenBroken:
            return problem(401, m.UNSIGNED, "This call is not signed by a gateway of this hub.")
        fits = claims.hub == HUB and claims.ends > datetime.now(UTC).timestamp()
        return None if fits else problem(401, m.CLOCK_OFF, "The gateway's clock is off.")

    async def _enrol(self, request: Request) -> Response:
        told = m.Enrolment.model_validate_json(await request.body())
        if told.code.partition(".")[0] != CODE:
            return problem(401, m.BAD_CODE, "This is not a code that waits to be used.")
        if self.public_key not in (None, told.public_key):
            return problem(409, m.CODE_USED, "This code was used already.")
        self.public_key = told.public_key
        self.calls[m.ENROL] += 1
        if self.lose_answers > 0:
            self.lose_answers -= 1
            return Response("the answer was lost", status_code=502)
        return Response(m.Enrolled(gateway="gw-1", hub=HUB, term_s=3 * 86_400.0).model_dump_json())

    async def _changes(self, request: Request) -> Response:
        refused = self._unsigned(request)
        if refused is not None:
            return refused
        mine = (asyncio.get_running_loop(), asyncio.Event())
        self._bells.append(mine)

        async def events() -> Any:
            try:
                while True:
                    yield f"event: {m.CHANGED}\ndata:\n\n"
                    await mine[1].wait()
                    mine[1].clear()
            finally:
                self._bells.remove(mine)

        return StreamingResponse(events(), media_type="text/event-stream")

    def _list(self, told: m.Asked) -> m.Listed:
        anew = told.era != self.era
        targets, tasks = [], []
        now = datetime.now(UTC)
        room = told.most
        for name, target in self.targets.items():
            if not target.ours:
                continue
            have = told.have.get(name)
            since = 0 if anew or have is None else have.seq
            new = sorted((row.seq, key) for key, row in target.rows.items() if row.seq > since and (since or row.dirty))
            some, room = new[:room], room - len(new[:room])
            upto = some[-1][0] if len(some) < len(new) else target.seq
            upto = since if new and not some else upto
            tasks += [self._task(name, key, target.rows[key], now) for _, key in some]
            targets.append(
                m.TargetTold(
                    id=name, kind=target.kind, settings=dict(target.settings), upto=m.Upto(seq=upto, key="", fresh=False),
                    epoch=target.epoch,
                    term_until=now + timedelta(seconds=target.term_s), fingerprint=target.fingerprint,
                    read_due=target.read_due, leaving=target.leaving, zone=ZONE.key,
                )
            )  # fmt: skip
        gone = tuple(each for each in told.have if each not in self.targets or not self.targets[each].ours)
        return m.Listed(
            hub=HUB, era=self.era, now=now, unsettled=self.unsettled, targets=tuple(targets), tasks=tuple(tasks), gone=gone,
            more=room <= 0,
        )  # fmt: skip

    def _task(self, name: str, key: str, row: Row, now: datetime) -> m.TaskTold:
        return m.TaskTold(
            target=name, key=key, revision=row.revision, body=row.wanted, rank=1, grants=("g1",), urgent=row.urgent,
            first=row.revision == 1, due=now, dirty=row.dirty, waits=row.waits and row.wanted is not None,
        )  # fmt: skip

    def _ours(self, told: m.About) -> Target | None:
        target = self.targets.get(told.target)
        return target if target is not None and target.ours and target.epoch == told.epoch else None

    def _report(self, told: m.Reporting) -> m.RefusedTargets | Response:
        if any(each.key in self.refuse_keys for of in told.outcomes for each in of.reports):
            return problem(422, "no-such-thing", "One of these cannot be taken.")
        refused = []
        for each in told.outcomes:
            target = self._ours(each)
            if target is None:
                refused.append(each.target)
                continue
            for report in each.reports:
                self._note(target.rows[report.key], report)
        return m.RefusedTargets(refused=tuple(refused))

    def _note(self, row: Row, report: Report) -> None:
        if report.seen:
            row.held = report.held
        if report.revision != row.revision:
            self.stale.append(report)
            return
        if isinstance(report.outcome, Done) and row.dirty:
            row.receipts.append(report)
        row.dirty = row.dirty and isinstance(report.outcome, Later)

    def _introduce(self, told: m.Introducing) -> m.Introduced | Response:
        target = self._ours(told)
        if target is None:
            return problem(409, m.NOT_YOURS, "Another gateway has it.")
        before, target.fingerprint = target.fingerprint, told.fingerprint
        anew = before is not None and not told.fingerprint.continues(before)
        if anew:
            self.touch(told.target)
        return m.Introduced(anew=anew)

    def _reading(self, told: m.Reading) -> m.Read | Response:
        target = self._ours(told)
        if target is None:
            return problem(409, m.NOT_YOURS, "Another gateway has it.")
        target.read_due = False
        target.readings.append(told.found)
        return m.Read(drifts=0)

    def _missing(self, told: m.Reading) -> m.MissingKeys:
        there = {each.key for each in told.found}
        rows = self.targets[told.target].rows
        return m.MissingKeys(keys=tuple(key for key, row in rows.items() if not row.dirty and key not in there))

    def _reach(self, told: m.Reach) -> None:
        self.targets[told.target].reach.append(told)

    def _handed(self, told: m.Letting) -> None:
        self.targets[told.target].handed = True
        self.targets[told.target].ours = False

    def _acts(self, told: m.Ours) -> m.ActsTold:
        acts = [m.ActTold(target=name, act=act) for name in told.targets for act in self.targets[name].acts]
        return m.ActsTold(acts=tuple(acts))

    def _act_begun(self, told: m.Beginning) -> m.Go:
        target = self.targets[told.target]
        found = [act for act in target.acts if act.id == told.act]
        target.acts = [act for act in target.acts if act.id != told.act]
        if not found or found[0].until <= SystemClock().now():
            return m.Go(go=False)
        self.begun.append(told.act)
        return m.Go(go=True)

    def _acted(self, told: m.Acted) -> None:
        self.acted[told.act] = told.outcome

    def _watch(self, told: m.Watching) -> m.WatchTold:
        ours = {name: each for name, each in self.targets.items() if each.ours}
        version = f"{self.era}-{sorted(ours)}"
        if told.since == version:
            return m.watch_told(None)
        watched = (Watched(name, each.kind, each.settings, each.mark) for name, each in ours.items())
        return m.watch_told(Watch(version, ZONE, tuple(watched)))

    def _passed(self, told: m.PassedBy) -> m.Marks:
        return m.Marks(marks=tuple(self._take(each) for each in told.told))

    def _take(self, told: Passed) -> Mark | None:
        target = self.targets.get(told.target)
        if target is None or not target.ours:
            return None
        if told.after == target.mark:
            target.passed += told.told
            last = told.told[-1]
            target.mark = Mark(getattr(last, "index", getattr(last, "last", 0)), getattr(last, "at", None))
        return target.mark

    def _nothing(self, told: BaseModel) -> None:
        return None


class PaperServer:
    """The paper hub on a port, which may go and come back."""

    def __init__(self, hub: PaperHub, host: str = "127.75.0.1", **tls: Any) -> None:
        self.hub = hub
        self._tls = tls
        self._host = host
        with socket.create_server((host, 0)) as door:
            self._port = door.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://{self._host}:{self._port}"

    def present(self, **tls: Any) -> None:
        """Show another certificate from the next start on."""
        self._tls = tls

    def start(self) -> None:
        config = uvicorn.Config(
            self.hub.app, host=self._host, port=self._port, log_level="critical", lifespan="off",
            timeout_graceful_shutdown=0, **self._tls,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            threading.Event().wait(0.01)

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self.hub.ring()
            self._thread.join(10)
            self._server = None


def problem(status: int, code: str, detail: str) -> JSONResponse:
    return JSONResponse({"status": status, "code": code, "detail": detail}, status_code=status)
