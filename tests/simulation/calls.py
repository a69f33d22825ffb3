"""Calls of far gateways to the hub's own web app, in memory: lost on the way there, or on the way back when they have been
done, late, cut off for minutes, refused while no hub is there, and a line of events that breaks off. All chance is the
seed's."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import anyio.to_thread
import httpx2
from fastapi import FastAPI

from connectors.messages import CHANGES
from provisioning.compose import House, web
from tests.simulation.hub import Hub
from tests.simulation.keeping import Incarnation
from tests.simulation.network import SENDER
from tests.simulation.trace import Trace

URL = "http://127.0.0.1:8443"
"""A hub on this machine is spoken to without TLS, which could not be the same in two runs."""
QUICK_S = (0.002, 0.03)
SLOW_S = (1.0, 18.0)
LOOK_S = 1.0
AT_ONCE = 0.5
"""Of what is lost, this share is told at once, as by a reset; of the rest nobody hears until time is up."""
_END = b""


@dataclass(frozen=True, slots=True)
class Sky:
    """Shares of calls that suffer each fault; `cut`: nothing comes through in either direction."""

    lost: float = 0.0
    reply_lost: float = 0.0
    late: float = 0.0
    cut: bool = False


CLEAR = Sky()


class Switchboard:
    """Between gateways and whichever house lives. The app is built once, as each house after the first would build it."""

    def __init__(self, hub: Hub, dice: Random, trace: Trace) -> None:
        self.sky = CLEAR
        self.fired: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.trace = trace
        self.dice = dice
        self._hub = hub
        self._app: FastAPI | None = None
        self._under_way: set[Exchange] = set()

    def meet(self, house: House) -> None:
        """A house was opened: from now on it answers."""
        if self._app is None:
            self._app = web(house).app
        self._app.state.rooms = house

    def ended(self) -> None:
        """The hub's process has ended, and with it whatever it was answering."""
        for each in tuple(self._under_way):
            each.break_off()

    def cut_lines(self) -> int:
        """Break off every line of events; how many there were."""
        lines = [each for each in self._under_way if each.path == CHANGES]
        for each in lines:
            each.break_off()
        self.fired["line_cut"] += len(lines)
        return len(lines)

    def begin(self, request: httpx2.Request, body: bytes) -> Exchange | None:
        """Hand a call to the house that lives; None: there is none."""
        house, life, app = self._hub.house, self._hub.life, self._app
        if house is None or life is None or app is None:
            return None
        exchange = Exchange(app, request, body, life, self._under_way.discard)
        self._under_way.add(exchange)
        return exchange

    def strikes(self, name: str, share: float) -> bool:
        strikes = share > 0 and self.dice.random() < share
        self.fired[name] += strikes
        return strikes


class Exchange:
    """One call as the app answers it, in a task of the hub's process."""

    def __init__(
        self, app: FastAPI, request: httpx2.Request, body: bytes, life: Incarnation, over: Callable[[Exchange], None]
    ) -> None:
        self.path = request.url.path
        self.status: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] = asyncio.get_running_loop().create_future()
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._asked = body
        self._taken = False
        self._gone = asyncio.Event()
        within = contextvars.Context()
        within.run(SENDER.set, life)
        self._task = asyncio.get_running_loop().create_task(self._answer(app, request), context=within)
        self._task.add_done_callback(lambda _: over(self))

    def break_off(self) -> None:
        """The connection is no more; who answers is told so, or is dead as well."""
        self._gone.set()
        self._task.cancel()
        if not self.status.done():
            self.status.set_exception(httpx2.ReadError("broken off"))
        self._parts.put_nowait(None)

    async def part(self) -> bytes:
        """The next part of the body; empty: that was all. Raises `httpx2.ReadError`."""
        part = await self._parts.get()
        if part is None:
            raise httpx2.ReadError("broken off")
        return part

    async def _answer(self, app: FastAPI, request: httpx2.Request) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path,
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 1),
            "root_path": "",
        }
        try:
            await app(scope, self._receive, self._send)
        except BaseException:
            self.break_off()
        else:
            self._parts.put_nowait(_END)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._taken:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        self._taken = True
        return {"type": "http.request", "body": self._asked, "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            if not self.status.done():
                self.status.set_result((message["status"], list(message.get("headers", ()))))
        elif body := message.get("body", b""):
            self._parts.put_nowait(body)


class Calls(httpx2.AsyncBaseTransport):
    """How one life of a gateway's process calls the hub."""

    def __init__(self, board: Switchboard, life: Incarnation) -> None:
        self._board = board
        self._life = life

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        board, path = self._board, request.url.path
        waits_s = request.extensions["timeout"]
        if not self._life.may_send():
            raise httpx2.ConnectError("dead")
        if board.sky.cut:
            board.fired["partition"] += 1
            await asyncio.sleep(waits_s["connect"])
            raise httpx2.ConnectTimeout("no route")
        await self._delay()
        if board.strikes("request_lost", board.sky.lost):
            await self._silence(waits_s["read"])
        exchange = board.begin(request, await request.aread())
        if exchange is None:
            board.fired["hub_away"] += 1
            raise httpx2.ConnectError("refused")
        board.calls[path] += 1
        try:
            self._life.sent()
            status, headers = await exchange.status
            if path == CHANGES:
                return httpx2.Response(status, headers=headers, stream=_Line(board, exchange, waits_s["read"]))
            body = bytearray()
            while part := await exchange.part():
                body += part
        except BaseException:
            exchange.break_off()
            raise
        board.trace("call", path, status, len(body))
        if board.sky.cut or board.strikes("reply_lost", board.sky.reply_lost):
            await self._silence(waits_s["read"])
        await self._delay()
        return httpx2.Response(status, headers=headers, content=bytes(body))

    async def _delay(self) -> None:
        late = self._board.strikes("call_late", self._board.sky.late)
        await asyncio.sleep(self._board.dice.uniform(*(SLOW_S if late else QUICK_S)))

    async def _silence(self, seconds: float) -> None:
        """Nothing comes, or a reset does."""
        if self._board.dice.random() < AT_ONCE:
            raise httpx2.ReadError("reset")
        await asyncio.sleep(seconds)
        raise httpx2.ReadTimeout("nothing came")


class _Line(httpx2.AsyncByteStream):
    """The body of a line of events, as it comes."""

    def __init__(self, board: Switchboard, exchange: Exchange, silent_s: float) -> None:
        self._board = board
        self._exchange = exchange
        self._silent_s = silent_s

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self._silent_s):
                    part = await self._exchange.part()
                    # What is sent while the way is cut comes once it is free again, if anybody still listens.
                    while self._board.sky.cut:  # noqa: ASYNC110 - weather rings no bell
                        await asyncio.sleep(LOOK_S)
            except TimeoutError as error:
                raise httpx2.ReadTimeout("silent") from error
            if not part:
                return
            yield part

    async def aclose(self) -> None:
        self._exchange.break_off()


@contextmanager
def no_threads() -> Generator[None]:
    """Routes that would go to a thread are called here and now: the one hop of the web."""
    before = anyio.to_thread.run_sync

    async def inline(work: Callable[..., Any], *told: Any, **_: Any) -> Any:
        return work(*told)

    anyio.to_thread.run_sync = inline
    try:
        yield
    finally:
        anyio.to_thread.run_sync = before
