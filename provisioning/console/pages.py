"""The status page: enter with a token or a one-time link, look, leave. Pages are thin and call what the API calls."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Header, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from markupsafe import Markup

from provisioning.console.live import Live
from provisioning.console.scan import ScanPage
from provisioning.console.sessions import SESSION_S_MAX, Sessions
from provisioning.console.status import Rooms, board, rendered, title
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Operator
from provisioning.nouns.words import Language, language_of
from provisioning.operators.operators import TokenRefused
from provisioning.operators.permits import permit

COOKIE = "foyer_session"
LANGUAGE_COOKIE = "foyer_language"
YEAR_S = 365 * 86_400
STATIC = {"console.css": "text/css", "console.js": "text/javascript"}
LINK_SPENT = "This link was used already, or is older than ten minutes. Enter with a token, or ask for another link."


class ForeignForm(Refusal):
    """This form was sent from another page than the hub's own, so nothing was done. Open the hub's page and send it
    there."""

    status = 403


class TooManyWatch(Refusal):
    """Too many pages are open to be kept fresh. Close some, or reload this one now and then."""

    status = 503


class NotEntered(Refusal):
    """Nobody has entered here, or the time is over. Open the status page and enter again."""

    status = 401


class Console:
    """The pages of one house, and who is at them."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._sessions = Sessions(rooms.clock, rooms.ids.token, rooms.vault.token_digest)
        self._live = Live(lambda language: board(rooms, language), rooms.clock)
        rooms.store.listen(self._live.changed)
        self.router = APIRouter(include_in_schema=False)
        for path, method, page in (
            ("/", "GET", self._status),
            ("/enter", "GET", self._redeem),
            ("/enter", "POST", self._enter),
            ("/enter/link", "POST", self._link),
            ("/leave", "POST", self._leave),
            ("/live", "GET", self._watch),
            ("/static/{name}", "GET", _static),
        ):
            self.router.add_api_route(path, page, methods=[method], response_model=None)
        self.router.include_router(ScanPage(rooms, self._who).router)

    def stop(self) -> None:
        """Let every open page go, so that the server can end."""
        self._live.stop()

    def _status(self, request: Request, lang: Annotated[str | None, Query(max_length=8)] = None) -> Response:
        """The page, or the door to it."""
        language = _language(request, lang)
        operator = self._who(request)
        if operator is None:
            return self._door(language)
        now = Markup(board(self._rooms, language))  # noqa: S704 - our own rendering, which escapes what it shows
        told = {"title": title(self._rooms, language), "operator": operator.name, "board": now}
        return _page("status.html", language, told)

    def _redeem(self, request: Request, key: Annotated[str, Query(max_length=200)] = "") -> Response:
        """A one-time link."""
        name = self._sessions.redeem(key) if key else None
        if name is None:
            return self._door(_language(request, None), LINK_SPENT if key else None)
        return self._opened(request, name)

    def _enter(self, request: Request, token: Annotated[str, Form(max_length=200)]) -> Response:
        """An operator's token, from the form."""
        _own_form(request)
        origin = request.client.host if request.client else "-"
        try:
            operator = self._rooms.operators.enter(self._rooms.store, token.strip(), origin)
        except TokenRefused as refusal:
            language = _language(request, None)
            return self._door(language, refusal.sentence(language), HTTPStatus.UNAUTHORIZED)
        permit(operator, "status.read")
        return self._opened(request, operator.name)

    def _link(self, request: Request, authorization: Annotated[str, Header(max_length=300)] = "") -> dict[str, str]:
        """A link that opens the page once, for the operator whose token asks for it."""
        origin = request.client.host if request.client else "-"
        token = authorization.removeprefix("Bearer ")
        operator = self._rooms.operators.enter(self._rooms.store, token, origin)
        permit(operator, "status.read")
        return {"path": f"/enter?key={self._sessions.link(operator.name)}"}

    def _leave(self, request: Request) -> Response:
        """End the session."""
        _own_form(request)
        self._sessions.end(request.cookies.get(COOKIE, ""))
        gone = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        gone.delete_cookie(COOKIE)
        return gone

    def _watch(self, request: Request) -> Response:
        """The board as it changes (server-sent events)."""
        if self._who(request) is None:
            raise NotEntered
        if self._live.full:
            raise TooManyWatch
        events = self._live.watch(_language(request, None), lambda: self._who(request) is not None)
        return StreamingResponse(events, media_type="text/event-stream")

    def _who(self, request: Request) -> Operator | None:
        """The operator of the session, who must still be one."""
        name = self._sessions.who(request.cookies.get(COOKIE, ""))
        if name is None:
            return None
        with self._rooms.store.reading() as tx:
            return next(
                (each for each in self._rooms.operators.all(tx) if each.name == name and each.ended is None), None
            )

    def _opened(self, request: Request, operator: str) -> Response:
        inside = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        inside.set_cookie(
            COOKIE,
            self._sessions.open(operator),
            max_age=int(SESSION_S_MAX),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return inside

    def _door(self, language: Language, fault: str | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """The page where one enters."""
        return _page("enter.html", language, {"title": title(self._rooms, language), "fault": fault}, status)


def _page(template: str, language: Language, told: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    page = HTMLResponse(rendered(template, language, told), status)
    page.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, samesite="strict", httponly=True)
    return page


def _language(request: Request, asked: str | None) -> Language:
    """Asked for in the address, else chosen before, else what the browser speaks."""
    return language_of(asked or request.cookies.get(LANGUAGE_COOKIE) or request.headers.get("accept-language", ""))


def _own_form(request: Request) -> None:
    """Raise `ForeignForm` unless the browser says that the form came from the hub's own page."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "")
    own = site == "same-origin" if site is not None else urlsplit(origin).netloc == request.headers.get("host")
    if not own:
        raise ForeignForm


def _static(name: str) -> Response:
    if name not in STATIC:
        raise NotFound(what="file", name=name, where="/")
    data = files("provisioning.console").joinpath("static", name).read_bytes()
    return Response(data, media_type=STATIC[name], headers={"Cache-Control": "no-cache"})
