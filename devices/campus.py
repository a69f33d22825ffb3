"""The campus file as far as wires are concerned: YAML read with the place of every value, and the devices it names.

Whatever is wrong is said with line, column and cure, all of it at once. The whole-file check builds on `Document`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.places import Loc, Misread, Place, values
from devices.units import units_of
from devices.wire import WireError

TEXT_CHARACTERS_MAX = 4 << 20


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
class Emulation:
    """How an emulated panel is made: None as it is made where nothing is said. `version`: of its firmware; 6.62 begins
    events with another byte. `held_open_s`: how long after its delay a door may stand open without an alarm."""

    version: tuple[int, int] | None = None
    events_max: int | None = None
    events_chunk: int | None = None
    held_open_s: int | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """What an emulator needs of a target. `emulated` tells whether the file asks for one, `control` its control port.

    A panel has a serial, and room for cards behind its doors; a register has a name of its own, and units.
    """

    id: str
    kind: str
    serial: int
    address: str
    cards_max: int
    doors: tuple[int, ...]
    zone: ZoneInfo
    emulated: bool
    control: str | None
    register: str = ""
    units: tuple[str, ...] = ()
    emulation: Emulation = Emulation()

    @property
    def name(self) -> str:
        """What the device calls itself: a panel's serial, a register's name."""
        return self.register or str(self.serial)


def read(text: str, name: str) -> Document:
    """Read a campus file. Raises `CampusError`: no YAML, a key twice, a tag, no mapping, or too much of anything."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise CampusError(name, [Problem(1, 1, "The file is too large.", "A campus fits into 4 million characters.")])
    try:
        value, places = values(text)
    except Misread as misread:
        raise CampusError(name, [Problem(*misread.place, misread.says, misread.cure, misread.fields)]) from None
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
        shape = _Register if isinstance(target, dict) and target.get("kind") in _REGISTERS else _Panel
        try:
            checked = shape.model_validate(target)
        except ValidationError as error:
            problems += [_problem_of(document, ("targets", i), told) for told in error.errors(include_url=False)]
            continue
        problems += [*_odd(document, i, checked), *_odd_doors(document, i, checked)]
        found.append((i, checked.wire(zone, document.value)))
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
    version: Literal["8.92", "6.62"] | None = None
    events_max: int | None = Field(default=None, ge=1, le=1_000_000)
    events_chunk: int | None = Field(default=None, ge=1, le=1_000_000)
    held_open_s: int | None = Field(default=None, ge=0, le=86_400)

    def emulation(self) -> Emulation:
        """The same as a value."""
        version = {None: None, "8.92": (8, 92), "6.62": (6, 62)}[self.version]
        return Emulation(version, self.events_max, self.events_chunk, self.held_open_s)


class _RegisterSettings(_Part):
    # Classes of this kind have a `register` of their own. It is part of a file's name, so it can be no path.
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", alias="register")
    address: str
    units: list[str] = Field(min_length=1, max_length=1000)


class _Target(_Part):
    id: str = Field(min_length=1)
    kind: str
    emulate: _Emulate | None = None

    @property
    def control(self) -> str | None:
        """Its control port."""
        return None if self.emulate is None else self.emulate.control


class _Panel(_Target):
    settings: _Settings

    def wire(self, zone: ZoneInfo, _: dict[str, Any]) -> Wire:
        """The same as a value."""
        its, doors = self.settings, tuple(door.number for door in self.settings.doors)
        emulation = Emulation() if self.emulate is None else self.emulate.emulation()
        return Wire(
            self.id, self.kind, its.serial, its.address, its.cards_max, doors, zone, self.emulate is not None,
            self.control, emulation=emulation,
        )  # fmt: skip


class _Register(_Target):
    settings: _RegisterSettings

    def wire(self, zone: ZoneInfo, campus: dict[str, Any]) -> Wire:
        """The same as a value, with those of the campus's units that it has."""
        its, units = self.settings, units_of(campus, self.kind, self.settings.units)
        emulated = self.emulate is not None
        return Wire(self.id, self.kind, 0, its.address, 0, (), zone, emulated, self.control, its.name, units)


_REGISTERS = frozenset({"seats", "flats"})
_KINDS = _REGISTERS | {"wg"}
_ADDRESS = re.compile(r"(?P<host>[0-9.]+):(?P<port>[0-9]{1,5})")


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
    "string_pattern_mismatch": (
        "{found} cannot be an id.",
        "Use small letters, digits and hyphens, at most 64, and no hyphen first.",
    ),
}


def _problem_of(document: Document, loc: Loc, told: Any) -> Problem:
    where = (*loc, *told["loc"])
    says, cure = _SAYS.get(told["type"], ("{field} is wrong: {why}.", "Correct it."))
    field = next((step for step in reversed(where) if isinstance(step, str)), "this")
    context = {name: str(value) for name, value in told.get("ctx", {}).items()}
    found = repr(told["input"])
    found = found if len(found) <= 40 else f"{found[:37]}…"
    return document.problem(where, says, cure, **context, field=field, found=found, why=told["msg"])


def _odd(document: Document, i: int, target: _Panel | _Register) -> Iterable[Problem]:
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
            (*base, "settings", "address"), "An emulated device cannot have the address {found}.",
            "Give it one of this machine alone: 127.x.y.z:PORT.", found=target.settings.address,
        )  # fmt: skip
    control = target.control
    if control is not None and ((at := _host_of(control)) is None or not at.is_loopback):
        yield document.problem(
            (*base, "emulate", "control"), "control {found} is no address of this machine alone.",
            "Write 127.x.y.z:PORT.", found=control,
        )  # fmt: skip


def _odd_doors(document: Document, i: int, target: _Panel | _Register) -> Iterable[Problem]:
    base: Loc = ("targets", i)
    numbers = [door.number for door in target.settings.doors] if isinstance(target, _Panel) else []
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
            ("register", wire.register, ("targets", i, "settings", "register"))
            if wire.register
            else ("serial", wire.serial, ("targets", i, "settings", "serial")),
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
