"""How a message lies in 64 bytes: the kinds of fields that a WG panel knows, and layouts compiled from declarations.

A layout knows no function's meaning; a value that a field cannot hold is a `ProtocolError`, both ways.
Dates and times are BCD, numbers little-endian (uhppoted/uhppote-core, `encoding/UTO311-L0x`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from ipaddress import IPv4Address
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_type_hints

from devices.wire import ProtocolError

FRAME_BYTES = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """How one field looks on the wire: its `struct` code, and the way there and back where the code is not enough."""

    code: str
    read: Callable[[Any], Any] | None = None
    write: Callable[[Any], Any] | None = None


@lru_cache(maxsize=4096)
def _read_date(raw: bytes) -> date | None:
    """BCD YYYYMMDD; four zero bytes are no date."""
    digits = raw.hex()
    return None if raw == b"\0\0\0\0" else date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


@lru_cache(maxsize=4096)
def _write_date(day: date | None) -> bytes:
    return b"\0\0\0\0" if day is None else bytes.fromhex(f"{day.year:04d}{day.month:02d}{day.day:02d}")


def _read_instant(raw: bytes) -> datetime | None:
    if raw == bytes(7):
        return None
    d = raw.hex()
    year, month, day, hour, minute, second = d[:4], d[4:6], d[6:8], d[8:10], d[10:12], d[12:]
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 - local, as the panel


def _write_instant(at: datetime | None) -> bytes:
    return bytes(7) if at is None else bytes.fromhex(at.strftime("%Y%m%d%H%M%S").zfill(14))


def _read_hhmm(raw: bytes) -> time:
    digits = raw.hex()
    return time(int(digits[:2]), int(digits[2:]))


def _write_version(version: tuple[int, int]) -> bytes:
    return bytes.fromhex(f"{version[0]:02d}{version[1]:02d}")


U8 = Kind("B")
U16 = Kind("H")
U32 = Kind("I")
BOOL = Kind("?")
DATE = Kind("4s", _read_date, _write_date)
INSTANT = Kind("7s", _read_instant, _write_instant)
SHORT_DATE = Kind("3s", lambda raw: _read_date(b"\x20" + raw), lambda day: _write_date(day)[1:])
CLOCK_TIME = Kind(
    "3s",
    lambda raw: _read_hhmm(raw[:2]).replace(second=int(raw[2:].hex())),
    lambda at: bytes.fromhex(f"{at.hour:02d}{at.minute:02d}{at.second:02d}"),
)
HHMM = Kind("2s", _read_hhmm, lambda at: bytes.fromhex(f"{at.hour:02d}{at.minute:02d}"))
PIN = Kind("3s", lambda raw: int.from_bytes(raw, "little"), lambda pin: pin.to_bytes(3, "little"))
ADDRESS = Kind("4s", IPv4Address, lambda address: address.packed)
MAC = Kind("6s")
VERSION = Kind("2s", lambda raw: (int(raw[:1].hex()), int(raw[1:].hex())), _write_version)
FOUR = Kind("4s", tuple, bytes)
FLAGS4 = Kind("4s", lambda raw: tuple(octet != 0 for octet in raw), bytes)
FLAGS7 = Kind("7s", lambda raw: tuple(octet != 0 for octet in raw), bytes)

M = TypeVar("M")


class Layout(Generic[M]):
    """The compiled form of a message class: its annotated fields, in the order of their offsets, as one `struct`."""

    def __init__(self, message: type[M]) -> None:
        hints = get_type_hints(message, include_extras=True)
        self._message = message
        self._reads: list[tuple[int, Callable[[Any], Any]]] = []
        self._writes: list[tuple[int, Callable[[Any], Any]]] = []
        names = tuple(name for name in message.__annotations__ if hasattr(hints[name], "__metadata__"))
        form, end = "<", 0
        for i, name in enumerate(names):
            kind, offset = hints[name].__metadata__
            if offset < end:
                raise TypeError(f"{message.__name__}.{name} overlaps the field before it")
            form += f"{offset - end}x{kind.code}"
            end = offset + struct.calcsize("<" + kind.code)
            if kind.read:
                self._reads.append((i, kind.read))
            if kind.write:
                self._writes.append((i, kind.write))
        self._struct = struct.Struct(f"{form}{FRAME_BYTES - end}x")
        self._values = attrgetter(*names)
        self._single = len(names) == 1

    def read(self, frame: bytes) -> M:
        """The message in a frame of 64 bytes. Raises `ProtocolError` where a value is none."""
        values = list(self._struct.unpack(frame))
        try:
            for i, convert in self._reads:
                values[i] = convert(values[i])
        except ValueError as error:
            raise ProtocolError(f"a {self._message.__name__} frame holds a value that is none: {error}") from None
        return self._message(*values)

    def write(self, message: M, function: int, start: int) -> bytes:
        """The 64 bytes of a message. Raises `ProtocolError` where a value does not fit its field."""
        values = [self._values(message)] if self._single else list(self._values(message))
        try:
            for i, convert in self._writes:
                values[i] = convert(values[i])
            frame = bytearray(self._struct.pack(*values))
        except (ValueError, OverflowError, struct.error) as error:
            raise ProtocolError(f"{message} does not fit into a frame: {error}") from None
        frame[0], frame[1] = start, function
        return bytes(frame)
