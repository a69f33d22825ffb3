"""One emulated OSDP reader: libosdp's peripheral device, with what hangs on it. It keeps a key and no cards.

Used under the lock of its line. It is told what passes on the line by `hear`, and what it says comes from `take_said`.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Mapping
from typing import Any

from osdp import (
    Capability,
    CardFormat,
    Channel,
    Command,
    CommandLEDColor,
    Event,
    LibFlag,
    LogLevel,
    PDCapabilities,
    PdId,
    PDInfo,
    PeripheralDevice,
    StatusReportType,
)

from devices.osdp.cards import encoded
from devices.osdp.memory import KeyMemory
from devices.osdp.strike import Door

VENDOR, MODEL, FIRMWARE = 0x0F0E12, 1, 0x010002
HEARD_BYTES_MAX = 4_096
TURNS_MAX = 4
"""A frame is taken in by one turn of the library and answered by another."""
OUTPUTS = 2
COLOURS = {
    CommandLEDColor.Black: "black", CommandLEDColor.Red: "red", CommandLEDColor.Green: "green",
    CommandLEDColor.Amber: "amber", CommandLEDColor.Blue: "blue", CommandLEDColor.Magenta: "magenta",
    CommandLEDColor.Cyan: "cyan", CommandLEDColor.White: "white",
}  # fmt: skip
_REFUSE = (-1, None)
# Where libosdp 3.2.9 is asked for the state of inputs, its Python side has no way to answer but by a NAK. So these readers
# say that they cannot be asked (level 0), and tell their inputs by themselves.
_CAPABILITIES = [
    (Capability.ContactStatusMonitoring, 0, 2),
    (Capability.OutputControl, 1, OUTPUTS),
    (Capability.CardDataFormat, 1, 1),
    (Capability.LEDControl, 1, 1),
    (Capability.AudibleControl, 1, 1),
    (Capability.CommunicationSecurity, 1, 1),
]


_log = logging.getLogger(__name__)


class _Pins(Channel):
    """The reader's end of the line."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()
        self.said: list[bytes] = []

    def read(self, max_bytes: int) -> bytes:
        data = bytes(self.heard[:max_bytes])
        del self.heard[:max_bytes]
        return data

    def write(self, buf: bytes) -> int:
        self.said.append(bytes(buf))
        return len(buf)

    def flush(self) -> None:
        """What is said is on the line already."""


class OsdpEmulator:
    """A reader. `powered`, `tampered` and what it shows are plain state; `key` is what it holds, None in install mode."""

    def __init__(
        self, line: str, address: int, door: Door, memory: KeyMemory, nak: Callable[[], bool], *, at_door: bool = True
    ) -> None:
        """Raises `MemoryDamaged`, OSError."""
        self.address, self.door, self.at_door = address, door, at_door
        self.powered, self.tampered, self.power_failed = True, False, False
        self.light = "black"
        self.answers: list[str] = []
        self.beeps = 0
        self._line = line
        self._memory = memory
        self._nak = nak
        self._foreign_key: bytes | None = None
        self._serial = sum(line.encode()) << 8 | address
        self._pins = _Pins()
        self._device: PeripheralDevice | None = None
        self._was_secure = False
        self.key = memory.load()
        self._start()

    def hear(self, data: bytes) -> None:
        """What is on the line."""
        if self._device is not None:
            self._pins.heard += data
            del self._pins.heard[:-HEARD_BYTES_MAX]

    def take_said(self) -> list[bytes]:
        """Let it work; what it says, frame by frame."""
        if self._device is None:
            return []
        for _ in range(TURNS_MAX):
            self._device.ctx.refresh()
            if self._pins.said:
                break
        while not self._device.command_queue.empty():
            self._device.command_queue.get_nowait()
        secure = bool(self._device.is_sc_active())
        if secure and not self._was_secure:
            self._tell_all()
        self._was_secure = secure
        said, self._pins.said = self._pins.said, list[bytes]()
        return said

    @property
    def online(self) -> bool:
        """Whether somebody speaks to it by secure channel."""
        return self._device is not None and bool(self._device.is_sc_active())

    def show_card(self, number: int, bits: int) -> bool:
        """Hold a card to it; False where it has no power. Raises `NoSuchCard`."""
        data = encoded(number, bits)
        self.answers.clear()
        return self._submit(
            {
                "event": Event.CardRead, "reader_no": 0, "format": CardFormat.Wiegand, "direction": 0, "length": bits,
                "data": data,
            }
        )  # fmt: skip

    def type(self, keys: str) -> bool:
        """Press keys: digits, * and #."""
        data = bytes({"*": 0x7F, "#": 0x0D}.get(key, ord(key)) for key in keys)
        return self._submit({"event": Event.KeyPress, "reader_no": 0, "data": data})

    def tell_inputs(self) -> None:
        """Say how the door's contact and button are; only the reader on the outer side is wired to them."""
        if self.at_door:
            report = bytes((self.door.is_open, self.door.pressed))
            self._submit({"event": Event.Status, "type": StatusReportType.Input, "report": report})

    def tell_status(self) -> None:
        """Say how lid and supply are."""
        report = bytes((self.tampered, self.power_failed))
        self._submit({"event": Event.Status, "type": StatusReportType.Local, "report": report})

    def power(self, *, on: bool) -> None:
        """Cut its supply, or give it back: what was queued is gone, its relay falls off, its key is kept."""
        self.powered = on
        if not on:
            self._device = None
            self.light, self._was_secure = "black", False
            if self.at_door:
                self.door.lose_power()
        elif self._device is None:
            self._start()

    def set_key(self, key: bytes | None) -> None:
        """Give it a key at its own site, or none: install mode. Raises OSError."""
        self._memory.store(key)
        self.key = key
        self._restart()

    def pretend(self, *, key: bytes | None, install: bool, serial: int | None) -> None:
        """Be another reader at the same place: of another key, in install mode, of another serial number."""
        self._foreign_key = key
        wanted = (self._serial & 0xFFFF) | (0 if serial is None else serial << 16)
        self._serial = wanted
        self._restart(install=install)

    def _restart(self, *, install: bool = False) -> None:
        if self.powered:
            self._start(install=install)

    def _start(self, *, install: bool = False) -> None:
        key = None if install else self._foreign_key or self.key
        self._pins = _Pins()
        self._was_secure = False
        self._device = PeripheralDevice(
            PDInfo(
                self.address,
                self._pins,
                scbk=key or b"",
                name=f"emulated-{self.address}",
                flags=[LibFlag.InstallMode] if key is None else [LibFlag.EnforceSecure],
                id=PdId(1, MODEL, VENDOR, self._serial, FIRMWARE),
            ),
            PDCapabilities(_CAPABILITIES),
            log_level=LogLevel.Emergency,
            command_handler=self._obey,
        )
        # The library's own verbs take no other lock than that of the line, which whoever calls holds.
        self._device.lock = _Open()

    def _tell_all(self) -> None:
        self.tell_inputs()
        if self.tampered or self.power_failed:
            self.tell_status()

    def _submit(self, event: dict[str, Any]) -> bool:
        return self._device is not None and bool(self._device.ctx.submit_event(event))

    def _obey(self, command: dict[str, Any]) -> Any:
        # libosdp 3.2.9 gives back one reference too many to what stands second in the answer.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))
        if self._nak():
            return _REFUSE
        kind = command["command"]
        if kind == Command.Output:
            if command["output_no"] != 0 or not self.at_door:
                return 0, None
            return (0, None) if self.door.drive(command["control_code"], command["timer_count"]) else _REFUSE
        if kind == Command.LED:
            self._shine(command)
        elif kind == Command.Buzzer:
            self.beeps += command["rep_count"]
        elif kind == Command.Keyset:
            return (0, None) if self._take_key(command["data"]) else _REFUSE
        elif kind != Command.Text:
            return _REFUSE
        return 0, None

    def _shine(self, command: Mapping[str, Any]) -> None:
        colour = COLOURS.get(command["on_color"], "black")
        if command["temporary"]:
            self.answers.append(colour)
        else:
            self.light = colour

    def _take_key(self, key: bytes) -> bool:
        try:
            self._memory.store(bytes(key))
        except OSError as error:
            # A reader that cannot remember must not say that it did.
            _log.error("reader %d of line %s cannot remember its key: %s", self.address, self._line, error)
            return False
        self.key = bytes(key)
        return True


class _Open:
    """A lock that is always free."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
