"""From one CloudEvent of HR to a notice that is checked: every field by itself, nothing guessed, nothing personal said
back. CloudEvents 1.0.2, JSON format."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import MINYEAR, date, datetime, timedelta
from typing import Any, Self, TypeVar

from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.spec import SPECVERSION_V1_0
from cloudevents.core.v1.event import CloudEvent
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.contract import Json
from provisioning.campus.file import Campus
from provisioning.identity.arrivals import Letter
from provisioning.identity.cards import CARD_NUMBER_MAX, CARD_NUMBER_MIN
from provisioning.intake import cells
from provisioning.nouns.people import NoticeKind
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.words import Language, say

TYPE = "foyer.hr."
AHEAD_S_MAX = 300
YEARS_AHEAD_MAX = 2
YEARS_BACK_MAX = 50
LAST_YEARS_AHEAD_MAX = 60
EVENT_ID_CHARS_MAX = 128
SEQUENCE_MAX = 10**15
NOTICE_HEX = 32
CONTENT = ("department", "post", "kind", "area")
PERSONAL = ("name", "id_number", "phone")

_FIELD = re.compile(r"[a-z_]{1,32}", re.ASCII)


class EventBroken(Refusal):
    """{field} is missing, or is not written as this kind of notice asks. docs/notices.md shows an example of each kind."""


class EventUnread(Refusal):
    """This is no CloudEvent 1.0 in JSON. docs/notices.md shows an example of each kind."""

    status = 400


class EventKind(Refusal):
    """type must be foyer.hr. and one of {known}. Correct the type."""


class EventSource(Refusal):
    """source must be {source}, for which this sender's secret was made. Write it so, or sign with the other source's
    secret."""


class EventAhead(Refusal):
    """time lies {seconds} s ahead of the hub's clock ({now}), and at most {most} s are taken: nothing can have been told
    before it was. Set the sender's clock."""


class DayFar(Refusal):
    """{field} lies more than {ahead} years ahead or {back} years back: most likely a typing mistake. Correct the year."""


class NotInCampus(Refusal):
    """{field} names nothing that the campus has. Write an id or a name of the campus file; see: foyer campus show"""


class FieldRefused(Refusal):
    """{field} cannot be taken: {why}"""

    def __init__(self, field: str, cause: Refusal) -> None:
        self.cause = cause
        super().__init__(field=field, why=cause.sentence("en"))

    def sentence(self, language: Language) -> str:
        """Where, and why in the same language."""
        return say(self.template(), language, {**self.fields, "why": self.cause.sentence(language)})


class _Said(BaseModel):
    """What every kind may say. `arrival` names the stay by the arrival that was announced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_T = TypeVar("_T", bound=_Said)


class _OfStay(_Said):
    arrival: date | None = None


class _Announced(_Said):
    department: str
    post: str = ""
    kind: str
    area: str
    arrival: date
    departure: date | None = None
    name: str
    id_number: str | None = None
    phone: str | None = None
    card: int | None = Field(default=None, ge=CARD_NUMBER_MIN, le=CARD_NUMBER_MAX)


class _OnDay(_OfStay):
    day: date


class _Moved(_OnDay):
    department: str | None = None
    post: str | None = None
    kind: str | None = None
    area: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return _some(self, CONTENT)


class _Redated(_Said):
    was: date | None = None
    arrival: date | None = None
    departure: date | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.arrival is None and "departure" not in self.model_fields_set:
            raise ValueError("neither date is given")
        return self


class _Suspended(_OnDay):
    until: date | None = None


class _Extended(_OfStay):
    departure: date | None


class _Corrected(_OfStay):
    name: str | None = None
    id_number: str | None = None
    phone: str | None = None
    department: str | None = None
    post: str | None = None
    kind: str | None = None
    area: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return _some(self, (*CONTENT, *PERSONAL))


class _Merged(_Said):
    into: str


_KINDS: Mapping[NoticeKind, type[_Said]] = {
    NoticeKind.ANNOUNCED: _Announced,
    NoticeKind.ARRIVED: _OnDay,
    NoticeKind.MOVED: _Moved,
    NoticeKind.REDATED: _Redated,
    NoticeKind.CANCELLED: _OfStay,
    NoticeKind.SUSPENDED: _Suspended,
    NoticeKind.RESUMED: _OnDay,
    NoticeKind.EXTENDED: _Extended,
    NoticeKind.LEFT: _OnDay,
    NoticeKind.CORRECTED: _Corrected,
    NoticeKind.MERGED: _Merged,
}


def read_letter(event: Mapping[str, Any], source: str, campus: Campus, now: datetime) -> Letter:
    """A notice from one event of the sender of `source`. Raises the refusals above."""
    read = _event(event)
    if read.get_source() != source:
        raise EventSource(source=source)
    kind = _kind(read.get_type())
    told = read.get_time()
    # An hour of the first year may have no date in another zone.
    if not isinstance(told, datetime) or told.year == MINYEAR:
        raise EventBroken(field="time")
    if told > now + timedelta(seconds=AHEAD_S_MAX):
        seconds = int((told - now).total_seconds())
        raise EventAhead(seconds=seconds, now=now.replace(microsecond=0).isoformat(), most=AHEAD_S_MAX)
    said = _said(kind, read.get_data())
    reading = _Reading(campus, now.astimezone(campus.zone).date())
    content, private = reading.content(kind, said), reading.private(said)
    day = said.arrival if isinstance(said, _Announced) else said.day if isinstance(said, _OnDay) else None
    return Letter(
        notice=_notice_id(source, read.get_id()),
        kind=kind,
        no=_read("subject", cells.staff_no, read.get_subject()),
        source=source,
        sequence=_sequence(read.get_extension("sequence")),
        told=told.astimezone(now.tzinfo),
        day=day,
        content={**content, "event": read.get_id()},
        private=private,
    )


def _notice_id(source: str, event: str) -> str:
    """One id for what one source sends under one id."""
    return f"ntc-{hashlib.sha256(f'{source} {event}'.encode()).hexdigest()[:NOTICE_HEX]}"


def event_id(event: object) -> str | None:
    """An event's own id, as far as one can be read, to say whose answer this is."""
    found = event.get("id") if isinstance(event, Mapping) else None
    return found[:EVENT_ID_CHARS_MAX] if isinstance(found, str) else None


class _Reading:
    """What an event says, against the campus and the day."""

    def __init__(self, campus: Campus, today: date) -> None:
        self._campus = campus
        self._today = today

    def content(self, kind: NoticeKind, said: _Said) -> dict[str, Json]:
        """What may stand in the open; only what was given."""
        # In the order of the fields: a set has another in each process, and with it which of two faults is named.
        told = [name for name in type(said).model_fields if name in said.model_fields_set and name not in PERSONAL]
        given = {name: getattr(said, name) for name in told}
        content: dict[str, Json] = {}
        for name, value in given.items():
            content[name] = self._value(name, value)
        if kind is NoticeKind.ANNOUNCED:
            content = {"post": "", "departure": None, **content}
        return content

    def private(self, said: _Said) -> dict[str, Json] | None:
        """What may not; None where nothing was given."""
        given = {name: value for name in PERSONAL if (value := getattr(said, name, None)) is not None}
        reads: Mapping[str, Callable[[str], str]] = {
            "name": cells.name,
            "id_number": lambda told: cells.id_number(told, self._today),
            "phone": cells.phone,
        }
        private: dict[str, Json] = {name: _read(f"data.{name}", reads[name], value) for name, value in given.items()}
        return private or None

    def _value(self, name: str, value: object) -> Json:
        field = f"data.{name}"
        match name, value:
            case _, None:
                return None
            case _, date():
                return self._day(field, value, LAST_YEARS_AHEAD_MAX if name in _LASTS else YEARS_AHEAD_MAX)
            case "department" | "area", str():
                find = self._campus.department if name == "department" else self._campus.area
                found = find(value)
                if found is None:
                    raise NotInCampus(field=field)
                return found
            case "into", str():
                return _read(field, cells.staff_no, value)
            case _, str():
                return _read(field, cells.plain, value)
            case _, int():
                return value
        raise EventBroken(field=field)

    def _day(self, field: str, day: date, ahead: int) -> str:
        if not self._today.year - YEARS_BACK_MAX <= day.year <= self._today.year + ahead:
            raise DayFar(field=field, ahead=ahead, back=YEARS_BACK_MAX)
        return day.isoformat()


_LASTS = frozenset({"departure", "until"})


def _event(event: Mapping[str, Any]) -> CloudEvent:
    for name in ("id", "source", "type", "subject", "time", "specversion"):
        if not isinstance(event.get(name), str):
            raise EventBroken(field=name)
    if not (0 < len(event["id"]) <= EVENT_ID_CHARS_MAX and event["id"].isprintable()):
        raise EventBroken(field="id")
    if event["specversion"] != SPECVERSION_V1_0:
        raise EventBroken(field="specversion")
    if "data_base64" in event:
        raise EventBroken(field="data_base64")
    try:
        read = JSONFormat().read(CloudEvent, json.dumps(event))
    except CloudEventValidationError as error:
        field = next(iter(error.errors))
        raise EventBroken(field=field) if _FIELD.fullmatch(field) else EventUnread from error
    except (ValueError, OverflowError) as error:
        # Of what stands there by now, time alone is more than a text to the library.
        raise EventBroken(field="time") from error
    if not isinstance(read, CloudEvent):
        raise EventUnread
    return read


def _kind(type_: str) -> NoticeKind:
    try:
        return NoticeKind(type_.removeprefix(TYPE)) if type_.startswith(TYPE) else NoticeKind("")
    except ValueError as error:
        raise EventKind(known=", ".join(kind.value for kind in NoticeKind)) from error


def _said(kind: NoticeKind, data: object) -> _Said:
    if data is not None and not isinstance(data, Mapping):
        raise EventBroken(field="data")
    try:
        # By way of JSON: strict models take a date as text only from there.
        return _KINDS[kind].model_validate_json(json.dumps(data or {}))
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        known = bool(place) and _FIELD.fullmatch(str(place[0]))
        raise EventBroken(field=f"data.{place[0]}" if known else "data") from None


def _sequence(told: object) -> int | None:
    if told is None:
        return None
    if not (isinstance(told, str) and told.isascii() and told.isdigit() and int(told[:32]) <= SEQUENCE_MAX):
        raise EventBroken(field="sequence")
    return int(told)


def _read(field: str, read: Callable[[str], str], told: Any) -> str:
    """A value by the rules of sheets; what is wrong with it names the field."""
    if not isinstance(told, str):
        raise EventBroken(field=field)
    try:
        return read(told)
    except Refusal as refusal:
        raise FieldRefused(field, refusal) from refusal


def _some(said: _T, names: tuple[str, ...]) -> _T:
    if all(getattr(said, name) is None for name in names):
        raise ValueError("nothing is said")
    return said
