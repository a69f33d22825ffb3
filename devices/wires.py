"""What a target of the campus file tells an emulator, kind by kind, and the shapes in which it must be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from devices.osdp.cards import WIEGAND_34
from devices.osdp.line import LineWire, ReaderSeat
from devices.units import units_of

READER_ADDRESS_MAX = 126
"""127 is the address of a message to every reader."""
LINE_DOORS_MAX = 32
LINE_CHARACTERS_MAX = 255
REGISTERS = frozenset({"seats", "flats"})
KINDS = REGISTERS | {"wg", "osdp"}


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

    A panel has a serial, and room for cards behind its doors; a serial line has readers, and no address; a register has a
    name of its own, and units.
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
    line: LineWire | None = None

    @property
    def name(self) -> str:
        """What the device is known by: a panel's serial, a line's path, a register's name."""
        return self.register or (str(self.serial) if self.line is None else self.line.path)

    @property
    def own(self) -> tuple[str, str | int]:
        """What no other target may have, and what it is called in the file."""
        if self.register:
            return "register", self.register
        return ("serial", self.serial) if self.line is None else ("line", self.line.path)


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


class _LineDoor(_Part):
    # Field by field as the connector has them: a line is driven by what is read here, too.
    number: int = Field(ge=1, le=LINE_DOORS_MAX)
    reader: int = Field(ge=0, le=READER_ADDRESS_MAX)
    exit: int | None = Field(default=None, ge=0, le=READER_ADDRESS_MAX)


class _LineSettings(_Part):
    line: str = Field(min_length=1, max_length=LINE_CHARACTERS_MAX)
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400] = 115200
    doors: list[_LineDoor] = Field(min_length=1, max_length=LINE_DOORS_MAX)


class _RegisterSettings(_Part):
    # Classes of this kind have a `register` of their own. It is part of a file's name, so it can be no path.
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", alias="register")
    address: str
    units: list[str] = Field(min_length=1, max_length=1000)


class _Emulate(_Part):
    control: str | None = None
    version: Literal["8.92", "6.62"] | None = None
    events_max: int | None = Field(default=None, ge=1, le=1_000_000)
    events_chunk: int | None = Field(default=None, ge=1, le=1_000_000)
    held_open_s: int | None = Field(default=None, ge=0, le=86_400)
    card_bits: Literal[26, 32, 34] | None = None

    def emulation(self) -> Emulation:
        """The same as a value."""
        version = {None: None, "8.92": (8, 92), "6.62": (6, 62)}[self.version]
        return Emulation(version, self.events_max, self.events_chunk, self.held_open_s)


class Target(_Part):
    """A target of any kind."""

    id: str = Field(min_length=1)
    kind: str
    emulate: _Emulate | None = None

    @property
    def control(self) -> str | None:
        """Its control port."""
        return None if self.emulate is None else self.emulate.control


class PanelTarget(Target):
    """A door panel."""

    settings: _Settings

    def wire(self, zone: ZoneInfo, _: dict[str, Any]) -> Wire:
        """The same as a value."""
        its, doors = self.settings, tuple(door.number for door in self.settings.doors)
        emulation = Emulation() if self.emulate is None else self.emulate.emulation()
        return Wire(
            self.id, self.kind, its.serial, its.address, its.cards_max, doors, zone, self.emulate is not None,
            self.control, emulation=emulation,
        )  # fmt: skip


class LineTarget(Target):
    """A serial line and its readers."""

    settings: _LineSettings

    def wire(self, zone: ZoneInfo, _: dict[str, Any]) -> Wire:
        """The same as a value."""
        its, made = self.settings, self.emulate
        inner = (ReaderSeat(door.exit, door.number, exit=True) for door in its.doors if door.exit is not None)
        readers = (*(ReaderSeat(door.reader, door.number) for door in its.doors), *inner)
        bits = WIEGAND_34 if made is None or made.card_bits is None else made.card_bits
        line = LineWire(self.id, its.line, its.baud, readers, bits, self.control)
        doors = tuple(door.number for door in its.doors)
        return Wire(self.id, self.kind, 0, "", 0, doors, zone, made is not None, self.control, line=line)


class RegisterTarget(Target):
    """A register of units."""

    settings: _RegisterSettings

    def wire(self, zone: ZoneInfo, campus: dict[str, Any]) -> Wire:
        """The same as a value, with those of the campus's units that it has."""
        its, units = self.settings, units_of(campus, self.kind, self.settings.units)
        emulated = self.emulate is not None
        return Wire(self.id, self.kind, 0, its.address, 0, (), zone, emulated, self.control, its.name, units)


AnyTarget = PanelTarget | LineTarget | RegisterTarget


def shape_of(kind: object) -> type[AnyTarget]:
    """The shape of a target of one of `KINDS`; of a panel where it says nothing that is known."""
    if kind in REGISTERS:
        return RegisterTarget
    return LineTarget if kind == "osdp" else PanelTarget
