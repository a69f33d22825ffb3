"""What an emulated line is told about itself."""

from __future__ import annotations

from dataclasses import dataclass

from devices.osdp.cards import WIEGAND_34


@dataclass(frozen=True, slots=True)
class ReaderSeat:
    """A reader at a door. An `exit` reader hangs on the inner side; strike, contact and button belong to the other one."""

    address: int
    door: int
    exit: bool = False


@dataclass(frozen=True, slots=True)
class LineWire:
    """A serial line with its readers. `path` is where the adapter is found: a symlink below the lines folder, or absolute.
    `card_bits`: how readers send card numbers (26, 32 or 34). `control`: its control port, "host:port"."""

    id: str
    path: str
    baud: int
    readers: tuple[ReaderSeat, ...]
    card_bits: int = WIEGAND_34
    control: str | None = None
