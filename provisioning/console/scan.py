"""What a phone shows that read a seat's label. Anybody may look, and nobody can change anything here."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from provisioning.campus.file import Campus
from provisioning.console.status import Rooms, rendered
from provisioning.nouns.told import Actor, Operator
from provisioning.nouns.words import Language, language_of
from provisioning.operators.permits import Forbidden, permit
from provisioning.space.scans import Seen

SEAT_CHARS_MAX = 80
SIGNATURE_CHARS_MAX = 64
SEES_NUMBERS = "seat.read"

Who = Callable[[Request], Operator | None]


class ScanPage:
    """The page of a seat. `who` tells which operator has entered in this browser, if one has."""

    def __init__(self, rooms: Rooms, who: Who) -> None:
        self._rooms = rooms
        self._who = who
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/seat/{seat}/{signature}", self._scanned, methods=["GET"], response_model=None)

    def _scanned(
        self,
        request: Request,
        seat: Annotated[str, Path(max_length=SEAT_CHARS_MAX)],
        signature: Annotated[str, Path(max_length=SIGNATURE_CHARS_MAX)],
        lang: Annotated[str | None, Query(max_length=8)] = None,
    ) -> Response:
        """The seat, and whose it is; 404 where the label is not ours."""
        language = language_of(lang or request.headers.get("accept-language", ""))
        with self._rooms.store.reading() as tx:
            campus = self._rooms.campuses.current(tx)
            seen = self._rooms.scans.seen(tx, campus, seat, signature)
        if seen is None:
            return self._page(language, {"title": campus.name[language], "seen": None}, HTTPStatus.NOT_FOUND)
        operator = self._who(request)
        if self._rooms.scans.worth_telling(seat):
            with self._rooms.store.writing() as tx:
                self._rooms.scans.tell(tx, seat, Actor(operator.name, operator.roles) if operator else None)
        return self._page(language, _told(seen, campus, language, numbers=_sees_numbers(operator)), HTTPStatus.OK)

    def _page(self, language: Language, told: dict[str, Any], status: HTTPStatus) -> Response:
        return HTMLResponse(rendered("scan.html", language, told), status)


def _sees_numbers(operator: Operator | None) -> bool:
    if operator is None:
        return False
    try:
        permit(operator, SEES_NUMBERS)
    except Forbidden:
        return False
    return True


def _told(seen: Seen, campus: Campus, language: Language, *, numbers: bool) -> dict[str, Any]:
    office = seen.office
    building = next(one for site in campus.sites for one in site.buildings if one.id == office.building)
    department = None if office.department is None else campus.departments[office.department].name[language]
    return {
        "title": campus.name[language],
        "seen": seen,
        "office": office.name[language],
        "building": building.name[language],
        "department": department,
        "area": campus.areas[office.area].name[language],
        "no": seen.no if numbers else None,
    }
