"""The outermost wall of the web: how much may come in, what browsers are told, and that no fault shows its insides."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provisioning.api.problems import BodyTooLarge, Broken, answer, language_asked
from provisioning.nouns.ids import Ids

BODY_MB_MAX = 16
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; font-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
_log = logging.getLogger("foyer.api")


class Guard:
    """ASGI middleware around the whole app. A body past the bound is a 413, an unknown exception a 500 with an id."""

    def __init__(self, app: ASGIApp, ids: Ids) -> None:
        self._app = app
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Passing(scope, receive, send, self._ids).through(self._app)


class _Passing:
    """One request on its way through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, ids: Ids) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._ids = ids
        self._headers = Headers(scope=scope)
        self._taken = 0
        self._too_large = False
        self._begun = False

    async def through(self, app: ASGIApp) -> None:
        limit = BODY_MB_MAX * 1024 * 1024
        announced = self._headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            await self._refuse_size()
            return
        try:
            await app(self._scope, self._take, self._put)
        except _Overflow:
            await self._refuse_size()
        except Exception:
            number = self._ids.new("err")
            _log.exception("%s %s failed, told as %s", self._scope["method"], self._scope["path"], number)
            if self._begun:
                raise
            await answer(Broken(id=number), language_asked(self._headers))(self._scope, self._receive, self._put)

    async def _take(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > BODY_MB_MAX * 1024 * 1024:
            self._too_large = True
            raise _Overflow
        return message

    async def _put(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # Whoever caught the overflow on its way (a form parser does) answers something vaguer than we know.
            if self._too_large and message["status"] != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise _Overflow
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)

    async def _refuse_size(self) -> None:
        refusal = BodyTooLarge(limit_mb=BODY_MB_MAX)
        await answer(refusal, language_asked(self._headers))(self._scope, self._receive, self._put)


class _Overflow(Exception):
    """More came in than the bound allows."""
