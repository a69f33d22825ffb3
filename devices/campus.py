"""The campus file as far as wires are concerned: YAML read with the place of every value, and the devices it names.

Whatever is wrong is said with line, column and cure, all of it at once. The whole-file check builds on `Document`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from devices.places import Loc, Misread, Place, values
from devices.wire import WireError
from devices.wires import KINDS, AnyTarget, LineTarget, RegisterTarget, Wire, shape_of

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
        kind = target.get("kind") if isinstance(target, dict) else None
        if isinstance(target, dict) and kind not in KINDS:
            continue
        try:
            checked = shape_of(kind).model_validate(target)
        except ValidationError as error:
            problems += [_problem_of(document, ("targets", i), told) for told in error.errors(include_url=False)]
            continue
        odd = _odd_line if isinstance(checked, LineTarget) else _odd_address
        problems += [*odd(document, i, checked), *_odd_control(document, i, checked), *_odd_doors(document, i, checked)]
        found.append((i, checked.wire(zone, document.value)))
    problems += _twice(document, found)
    if problems:
        raise CampusError(document.name, problems)
    return tuple(wire for _, wire in found)


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
    "literal_error": ("{field} cannot be {found}.", "Write one of: {expected}."),
    "string_pattern_mismatch": (
        "{found} cannot be an id.",
        "Use small letters, digits and hyphens, at most 64, and no hyphen first.",
    ),
}


def _problem_of(document: Document, loc: Loc, told: Any) -> Problem:
    where = (*loc, *told["loc"])
    says, cure = _SAYS.get(told["type"], ("{field} is wrong: {why}.", "Correct it."))
    field = next((step for step in reversed(where) if isinstance(step, str)), "this")
    # pydantic lists what may stand there as "a, b or c": its one English word.
    context = {name: str(value).replace(" or ", ", ") for name, value in told.get("ctx", {}).items()}
    found = repr(told["input"])
    found = found if len(found) <= 40 else f"{found[:37]}…"
    return document.problem(where, says, cure, **context, field=field, found=found, why=told["msg"])


def _odd_address(document: Document, i: int, target: AnyTarget) -> Iterable[Problem]:
    """What one target says of its address that no model can tell."""
    if isinstance(target, LineTarget):
        return
    where: Loc = ("targets", i, "settings", "address")
    host = _host_of(target.settings.address)
    if host is None:
        yield document.problem(
            where, "address {found} is none.", "Write IP:PORT, such as 192.168.1.100:60000.",
            found=target.settings.address,
        )  # fmt: skip
    elif target.emulate is not None and not host.is_loopback:
        yield document.problem(
            where, "An emulated device cannot have the address {found}.",
            "Give it one of this machine alone: 127.x.y.z:PORT.", found=target.settings.address,
        )  # fmt: skip


def _odd_line(document: Document, i: int, target: AnyTarget) -> Iterable[Problem]:
    """The same of a line's path, and of two readers that would answer at once."""
    if not isinstance(target, LineTarget):
        return
    its, base = target.settings, ("targets", i, "settings")
    path = PurePosixPath(its.line)
    if not its.line.isprintable() or str(path) != its.line or {".", ".."}.intersection(path.parts):
        yield document.problem(
            (*base, "line"), "{found} is no path of a line.",
            "Write that of its adapter, such as /dev/serial/by-id/usb-1, or one below the data folder: lines/a-1.",
            found=repr(its.line),
        )  # fmt: skip
    elif target.emulate is not None and path.is_absolute():
        yield document.problem(
            (*base, "line"), "An emulated line cannot stand at {found}.",
            "Give it a path below the data folder, such as lines/a-1; or take `emulate` away, where the line is real.",
            found=its.line,
        )  # fmt: skip
    seen: set[int] = set()
    for d, door in enumerate(its.doors):
        for field, address in (("reader", door.reader), ("exit", door.exit)):
            if address in seen:
                yield document.problem(
                    (*base, "doors", d, field), "Two readers of this line have the address {found}.",
                    "Give each its own, here and in the reader itself: they would answer at once.", found=address,
                )  # fmt: skip
            seen |= set() if address is None else {address}


def _odd_control(document: Document, i: int, target: AnyTarget) -> Iterable[Problem]:
    control = target.control
    if control is not None and ((at := _host_of(control)) is None or not at.is_loopback):
        yield document.problem(
            ("targets", i, "emulate", "control"), "control {found} is no address of this machine alone.",
            "Write 127.x.y.z:PORT.", found=control,
        )  # fmt: skip


def _odd_doors(document: Document, i: int, target: AnyTarget) -> Iterable[Problem]:
    base: Loc = ("targets", i)
    numbers = [] if isinstance(target, RegisterTarget) else [door.number for door in target.settings.doors]
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
            (*wire.own, ("targets", i, "settings", wire.own[0])),
        ]
        if wire.line is None:
            told.append(("address", wire.address, ("targets", i, "settings", "address")))
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
