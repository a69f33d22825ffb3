"""What a serial line of OSDP readers is told about itself in the campus file: where it is, its doors and their readers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from connectors.contract import Settings
from connectors.wg_settings import Mode, Name, Schedule

ADDRESS_MAX = 126
"""127 is the address of a configuration message, which every reader takes."""
DOORS_MAX = 32
DELAY_S, DELAY_MAX_S = 5, 255
HELD_OPEN_S, HELD_OPEN_MAX_S = 30, 3_600
CARDS_MAX = 100_000

Address = Annotated[int, Field(ge=0, le=ADDRESS_MAX)]
Baud = Literal[9600, 19200, 38400, 57600, 115200, 230400]


class FirstPerson(BaseModel, frozen=True, extra="forbid", strict=True):
    """A door that waits for a first person while `schedule` is open: somebody with a right to `zone` opens it for the
    rest."""

    zone: str = Field(min_length=1)
    schedule: Schedule


class Door(BaseModel, frozen=True, extra="forbid", strict=True):
    """One door of a line, and the zones that it belongs to.

    `reader` is the address of the reader whose relay is the door's strike, and to which its contact and its button are
    wired; `exit` that of a reader on the inner side. For `delay_s` the strike stays released; a door that stands open for
    `held_open_s` after somebody went through is told of. `schedule`: when cards open it; without one, at all times.
    `unlocked`: when it stands open to all, save on a lockdown. `pin`: when a PIN is asked for beside the card. `interlock`:
    doors of this line, by number, which must be shut.
    """

    number: int = Field(ge=1, le=DOORS_MAX)
    id: str = Field(min_length=1)
    name: Name
    zones: Annotated[tuple[str, ...], Field(strict=False)]
    reader: Address
    exit: Address | None = None
    mode: Mode = "controlled"
    delay_s: int = Field(default=DELAY_S, ge=1, le=DELAY_MAX_S)
    held_open_s: int = Field(default=HELD_OPEN_S, ge=1, le=HELD_OPEN_MAX_S)
    schedule: Schedule | None = None
    unlocked: Schedule | None = None
    pin: Schedule | None = None
    anti_passback: bool = False
    interlock: Annotated[tuple[int, ...], Field(strict=False, max_length=DOORS_MAX)] = ()
    first_person: FirstPerson | None = None

    @property
    def readers(self) -> tuple[int, ...]:
        """The addresses of its readers."""
        return (self.reader,) if self.exit is None else (self.reader, self.exit)

    @property
    def schedules(self) -> tuple[str, ...]:
        """The schedules that it goes by."""
        first = None if self.first_person is None else self.first_person.schedule
        return tuple(one for one in (self.schedule, self.unlocked, self.pin, first) if one is not None)

    @model_validator(mode="after")
    def _passback_has_two_sides(self) -> Door:
        if self.anti_passback and self.exit is None:
            raise ValueError("anti-passback needs a reader on each side: name the exit's address")
        if self.number in self.interlock:
            raise ValueError("a door cannot be interlocked with itself")
        return self


class OsdpSettings(Settings, frozen=True):
    """What a line is told about itself. `line` is a device, as /dev/serial/by-id/..., or a path below the folder of whoever
    drives it."""

    line: str = Field(min_length=1, max_length=255)
    baud: Baud = 115200
    cards_max: int = Field(default=10_000, ge=1, le=CARDS_MAX)
    doors: Annotated[tuple[Door, ...], Field(strict=False, min_length=1, max_length=DOORS_MAX)]

    @field_validator("line")
    @classmethod
    def _line_is_a_path(cls, line: str) -> str:
        if "\0" in line or ".." in PurePosixPath(line).parts or str(PurePosixPath(line)) != line:
            raise ValueError("a line is a plain path: /dev/serial/by-id/... or lines/NAME")
        return line

    @model_validator(mode="after")
    def _doors_differ(self) -> OsdpSettings:
        numbers = {door.number for door in self.doors}
        if len(numbers) < len(self.doors):
            raise ValueError("two doors have the same number")
        if len({door.id for door in self.doors}) < len(self.doors):
            raise ValueError("two doors have the same id")
        addresses = [address for door in self.doors for address in door.readers]
        if len(set(addresses)) < len(addresses):
            raise ValueError("two readers have the same address")
        for door in self.doors:
            if not numbers.issuperset(door.interlock):
                raise ValueError(f"door {door.number} is interlocked with a door that is not on this line")
        return self

    def schedules(self) -> frozenset[str]:
        """The schedules that any door goes by."""
        return frozenset(one for door in self.doors for one in door.schedules)

    def readers(self) -> Iterator[tuple[int, Door, bool]]:
        """Each reader's address, its door, and whether it lets in rather than out."""
        for door in self.doors:
            yield door.reader, door, True
            if door.exit is not None:
                yield door.exit, door, False
