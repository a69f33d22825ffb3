"""What a WG panel is told about itself in the campus file: where it is, its doors, and how it is to be set."""

from __future__ import annotations

from datetime import time
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from connectors.contract import Settings
from devices.wg.panel import Transport
from devices.wg.verbs.doors import (
    ANTI_PASSBACK_MAX,
    CONTROLLED,
    DELAY_MAX_S,
    FIRST_CARD_ONLY,
    NORMALLY_CLOSED,
    NORMALLY_OPEN,
    PASSCODE_MAX,
    PASSCODES_MAX,
)

DOORS = 4
DELAY_S = 5
"""For so long a lock stays released where nothing else is said; panels leave the factory so."""
MODES = {"normally-open": NORMALLY_OPEN, "normally-closed": NORMALLY_CLOSED, "controlled": CONTROLLED}
_INACTIVE = MODES | {"first-card-only": FIRST_CARD_ONLY}

Schedule = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""The id of a schedule of the campus file."""
Mode = Literal["normally-open", "normally-closed", "controlled"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Name(BaseModel, frozen=True, extra="forbid", strict=True):
    """What people call a thing, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class FirstCard(BaseModel, frozen=True, extra="forbid", strict=True):
    """A door that waits for the first card of the day: on these days, from the minute `begins` to the minute `ends`, a card
    of whoever has a right to `zone` puts it into the mode `active`; until then it is in the mode `inactive`."""

    begins: str
    ends: str
    days: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1, max_length=7)]
    active: Mode = "controlled"
    inactive: Literal["normally-open", "normally-closed", "controlled", "first-card-only"] = "first-card-only"
    zone: str = Field(min_length=1)

    @field_validator("begins", "ends")
    @classmethod
    def _is_minute(cls, told: str) -> str:
        if len(told) != 5 or time.fromisoformat(told).isoformat("minutes") != told:
            raise ValueError("a time of day is written as in 07:30")
        return told

    @model_validator(mode="after")
    def _ends_later(self) -> FirstCard:
        if self.ends <= self.begins:
            raise ValueError("a first card's time ends after it begins, on the same day")
        return self

    @property
    def modes(self) -> tuple[int, int]:
        """The modes `active` and `inactive` as the wire has them."""
        return MODES[self.active], _INACTIVE[self.inactive]


class Door(BaseModel, frozen=True, extra="forbid", strict=True):
    """One door of a panel, and the zones that it belongs to.

    `schedule`: when cards open it; without one, at all times. `unlocked`: when it stands open to all, save on a lockdown.
    `keypad`: its reader takes what is typed. `passcodes` open it without a card.
    """

    number: int = Field(ge=1, le=DOORS)
    id: str = Field(min_length=1)
    name: Name
    zones: Annotated[tuple[str, ...], Field(strict=False)]
    mode: Mode = "controlled"
    delay_s: int = Field(default=DELAY_S, ge=1, le=DELAY_MAX_S)
    schedule: Schedule | None = None
    unlocked: Schedule | None = None
    keypad: bool | None = None
    passcodes: Annotated[
        tuple[Annotated[int, Field(ge=1, le=PASSCODE_MAX)], ...], Field(strict=False, max_length=PASSCODES_MAX)
    ] = ()
    first_card: FirstCard | None = None


class WgSettings(Settings, frozen=True):
    """What a panel is told about itself. What is None is left as the panel has it, unless it can be read: then it is off."""

    serial: int = Field(ge=1, le=0xFFFFFFFF)
    address: str
    model: str = Field(min_length=1)
    cards_max: int = Field(ge=1, le=1_000_000)
    transport: Transport = "udp"
    doors: Annotated[tuple[Door, ...], Field(strict=False, min_length=1, max_length=DOORS)]
    anti_passback: int = Field(default=0, ge=0, le=ANTI_PASSBACK_MAX)
    interlock: Literal[0, 1, 2, 3, 4, 8] | None = None
    special_events: bool | None = None
    pc_control: bool | None = None

    @field_validator("address")
    @classmethod
    def _address_has_port(cls, address: str) -> str:
        host, _, port = address.partition(":")
        IPv4Address(host)
        if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
            raise ValueError("an address is written as IP:PORT, such as 192.168.1.100:60000")
        return address

    @model_validator(mode="after")
    def _doors_differ(self) -> WgSettings:
        if len({door.number for door in self.doors}) < len(self.doors):
            raise ValueError("two doors have the same number")
        if len({door.id for door in self.doors}) < len(self.doors):
            raise ValueError("two doors have the same id")
        return self

    def schedules(self) -> frozenset[str]:
        """The schedules that any door goes by."""
        return frozenset(one for door in self.doors for one in (door.schedule, door.unlocked) if one is not None)
