"""The campus file as far as wires are concerned: YAML read with the place of every value, and the devices it names.

Whatever is wrong is said with line, column and cure, all of it at once. The whole-file check builds on `Document`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import AddressValueError, IPv4Address
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from devices.wire import WireError

TEXT_CHARACTERS_MAX = 4 << 20
NODES_MAX = 500_000
DEPTH_MAX = 32

Loc = tuple[int | str, ...]
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (counted from 1), what, and what to do. Both texts are templates of `fields`."""

    line: int
    column: int
    says: str
    cure: str
    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        told = dict(self.fields)
        return f"{self.line}:{self.column}: {self.says.format(**told)} {self.cure.format(**told)}"


class CampusError(WireError):
    """The campus file {name} cannot be used:"""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.name = name
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        lines = [str(type(self).__doc__).format(name=name), *(f"{name}:{problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Document:
    """A campus file in plain values, and where each of them stands."""

    name: str
    value: dict[str, Any]
    places: Mapping[Loc, Place]

    def at(self, loc: Loc) -> Place:
        """Line and column of what a path of keys and indexes leads to, or of the nearest thing on the way there."""
        for length in range(len(loc), 0, -1):
            if (place := self.places.get(loc[:length])) is not None:
                return place
        return (1, 1)

    def problem(self, loc: Loc, says: str, cure: str, **told: object) -> Problem:
        """A problem with what stands at `loc`."""
        return Problem(*self.at(loc), says, cure, tuple((name, str(value)) for name, value in told.items()))


@dataclass(frozen=True, slots=True)
class Wire:
    """What an emulator needs of a target. `emulated` tells whether the file asks for one, `control` its control port."""

    id: str
    kind: str
    serial: int
    address: str
    cards_max: int
    doors: tuple[int, ...]
    zone: ZoneInfo
    emulated: bool
    control: str | None


def read(text: str, name: str) -> Document:
    """Read a campus file. Raises `CampusError`: no YAML, a key twice, a tag, no mapping, or too much of anything."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise CampusError(name, [Problem(1, 1, "The file is too large.", "A campus fits into 4 million characters.")])
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        raise CampusError(name, [_yaml_problem(error)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        fault = Problem(1, 1, "This is not YAML: {why}.", "Write the file as YAML.", (("why", _first_line(error)),))
        raise CampusError(name, [fault]) from None
    places: dict[Loc, Place] = {}
    try:
        value = _plain(tree, (), places)
    except _Strange as strange:
        raise CampusError(name, [Problem(*strange.place, strange.says, strange.cure)]) from None
    if not isinstance(value, dict):
        raise CampusError(name, [Problem(1, 1, "The file holds no mapping.", "Begin it with `campus:` and a name.")])
    return Document(name, value, places)


def wires(document: Document) -> tuple[Wire, ...]:
    """The wires of all targets of the kinds that are known here. Raises `CampusError` with all that is wrong."""
    problems: list[Problem] = []
    zone = _zone(document, problems)
    targets = document.value.get("targets", [])
    if not isinstance(targets, list):
        cure = "Write `targets:` and below it one `- id:` for each."
        raise CampusError(document.name, [document.problem(("targets",), "targets is no list.", cure)])
    found: list[tuple[int, Wire]] = []
    for i, target in enumerate(targets):
        if isinstance(target, dict) and target.get("kind") not in _KINDS:
            continue
        try:
            checked = _Target.model_validate(target)
        except ValidationError as error:
            problems += [_problem_of(document, ("targets", i), told) for told in error.errors(include_url=False)]
            continue
        problems += _odd(document, i, checked)
        found.append((i, checked.wire(zone)))
    problems += _twice(document, found)
    if problems:
        raise CampusError(document.name, problems)
    return tuple(wire for _, wire in found)


class _Part(BaseModel):
    """Strict: `false` is no number here. What else a target says is checked by its connector."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Door(_Part):
    number: int = Field(ge=1, le=4)


class _Settings(_Part):
    serial: int = Field(ge=1, le=0xFFFFFFFF)
    address: str
    cards_max: int = Field(ge=1, le=1_000_000)
    doors: list[_Door] = Field(min_length=1, max_length=4)


class _Emulate(_Part):
    control: str | None = None


class _Target(_Part):
    id: str = Field(min_length=1)
    kind: str
    settings: _Settings
    emulate: _Emulate | None = None

    def wire(self, zone: ZoneInfo) -> Wire:
        """The same as a value."""
        its, control = self.settings, self.emulate.control if self.emulate else None
        doors = tuple(door.number for door in its.doors)
        return Wire(
            self.id, self.kind, its.serial, its.address, its.cards_max, doors, zone, self.emulate is not None, control
        )


_KINDS = frozenset({"wg"})
_ADDRESS = re.compile(r"(?P<host>[0-9.]+):(?P<port>[0-9]{1,5})")


class _Strange(Exception):
    def __init__(self, place: Place, says: str, cure: str) -> None:
        super().__init__(says)
        self.place, self.says, self.cure = place, says, cure


def _plain(node: Any, loc: Loc, places: dict[Loc, Place]) -> Any:
    """Plain values for YAML's own, noting places; an alias that unfolds without end runs into a bound."""
    place = places.get(loc, (1, 1))
    if len(loc) > DEPTH_MAX or len(places) > NODES_MAX:
        raise _Strange(place, "This is too deep, or too much.", "Write it out without aliases.")
    if isinstance(node, CommentedMap):
        for key in node:
            # A key that came by a merge has no place of its own.
            places[*loc, key] = _from_zero(node.lc.key(key)) if key in (node.lc.data or ()) else place
            if not isinstance(key, str):
                raise _Strange(places[*loc, key], "A key is no text.", "Put it in quotation marks.")
        return {str(key): _plain(value, (*loc, key), places) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for i in range(len(node)):
            places[*loc, i] = _from_zero(node.lc.item(i))
        return [_plain(value, (*loc, i), places) for i, value in enumerate(node)]
    return _plain_scalar(node, place)


def _plain_scalar(node: Any, place: Place) -> Any:
    if node is None or isinstance(node, bool):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    if isinstance(node, datetime):
        return datetime.fromisoformat(node.isoformat())
    if isinstance(node, date):
        return node
    raise _Strange(place, "This is a tag, or a value of a kind that has no place here.", "Write plain text or numbers.")


def _from_zero(place: tuple[int, int]) -> Place:
    return place[0] + 1, place[1] + 1


def _yaml_problem(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = (1, 1) if mark is None else _from_zero((mark.line, mark.column))
    why = _first_line(error.problem or error)
    if "duplicate key" in why:
        key = why.split('"')[1] if why.count('"') >= 2 else why
        return Problem(*place, "The key {key} stands here a second time.", "Take one of the two away.", (("key", key),))
    return Problem(*place, "This is not YAML: {why}.", "Look at the line, and the one before it.", (("why", why),))


def _first_line(error: object) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".")


def _zone(document: Document, problems: list[Problem]) -> ZoneInfo:
    name = document.value.get("time_zone")
    try:
        if isinstance(name, str):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass  # Unknown, no name at all, or the name of a folder of zones.
    cure = "Write one as in `time_zone: Asia/Shanghai`."
    problems.append(document.problem(("time_zone",), "time_zone {found} is no time zone.", cure, found=repr(name)))
    return ZoneInfo("UTC")


_SAYS: dict[str, tuple[str, str]] = {
    "missing": ("{field} is missing.", "Add it."),
    "int_type": ("{field} must be a whole number, not {found}.", "Write digits, without quotation marks."),
    "string_type": ("{field} must be text, not {found}.", "Put it in quotation marks."),
    "list_type": ("{field} must be a list, not {found}.", "Begin each item with a dash."),
    "model_type": ("{field} must be a mapping, not {found}.", "Write `name: value` below it."),
    "greater_than_equal": ("{field} {found} is too small.", "The least is {ge}."),
    "less_than_equal": ("{field} {found} is too large.", "The most is {le}."),
    "too_short": ("{field} has too few items.", "The least is {min_length}."),
    "too_long": ("{field} has too many items.", "The most is {max_length}."),
    "string_too_short": ("{field} is empty.", "Give it a text."),
}


def _problem_of(document: Document, loc: Loc, told: Any) -> Problem:
    where = (*loc, *told["loc"])
    says, cure = _SAYS.get(told["type"], ("{field} is wrong: {why}.", "Correct it."))
    field = next((step for step in reversed(where) if isinstance(step, str)), "this")
    context = {name: str(value) for name, value in told.get("ctx", {}).items()}
    found = repr(told["input"])
    found = found if len(found) <= 40 else f"{found[:37]}…"
    return document.problem(where, says, cure, **context, field=field, found=found, why=told["msg"])


def _odd(document: Document, i: int, target: _Target) -> Iterable[Problem]:
    """What one target says that no model can tell."""
    base: Loc = ("targets", i)
    host = _host_of(target.settings.address)
    if host is None:
        yield document.problem(
            (*base, "settings", "address"), "address {found} is none.", "Write IP:PORT, such as 192.168.1.100:60000.",
            found=target.settings.address,
        )  # fmt: skip
    elif target.emulate is not None and not host.is_loopback:
        yield document.problem(
            (*base, "settings", "address"), "An emulated panel cannot have the address {found}.",
            "Give it one of this machine alone: 127.x.y.z:PORT.", found=target.settings.address,
        )  # fmt: skip
    control = target.emulate.control if target.emulate else None
    if control is not None and ((at := _host_of(control)) is None or not at.is_loopback):
        yield document.problem(
            (*base, "emulate", "control"), "control {found} is no address of this machine alone.",
            "Write 127.x.y.z:PORT.", found=control,
        )  # fmt: skip
    numbers = [door.number for door in target.settings.doors]
    for d, number in enumerate(numbers):
        if number in numbers[:d]:
            where = (*base, "settings", "doors", d, "number")
            yield document.problem(
                where, "Door {found} is there twice.", "Give each door its own number.", found=number
            )


def _host_of(address: str) -> IPv4Address | None:
    match = _ADDRESS.fullmatch(address)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        return None
    try:
        return IPv4Address(match["host"])
    except AddressValueError:
        return None


def _twice(document: Document, found: list[tuple[int, Wire]]) -> Iterable[Problem]:
    """Two of what there may be only one."""
    owner: dict[tuple[str, Hashable], str] = {}
    for i, wire in found:
        told: list[tuple[str, Hashable, Loc]] = [
            ("id", wire.id, ("targets", i, "id")),
            ("serial", wire.serial, ("targets", i, "settings", "serial")),
            ("address", wire.address, ("targets", i, "settings", "address")),
        ]
        if wire.control is not None:
            told.append(("address", wire.control, ("targets", i, "emulate", "control")))
        for field, value, loc in told:
            first = owner.get((field, value))
            if first is None:
                owner[field, value] = wire.id
                continue
            yield document.problem(
                loc, "{field} {found} is that of target {first} already.", "Give each target its own.",
                field=field, found=value, first=first,
            )  # fmt: skip
