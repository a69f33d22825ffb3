"""libosdp's control panel on one open adapter: what it says of readers, what is sent to them, and who is tried again.

Four habits of libosdp 3.2.9 are met here. Its challenges come from C's rand(), which nobody seeds: the first of a process
is always the same, so what a reader once answered could be played back to the next process. It is seeded before each of
them, with 32 bits, from real chance. A reader that it gave up is left alone for 300 s: it is disabled, and enabled
again a moment later. It sends an unanswered command again for 8 s, so a door could open long after: such commands are
held back once they have expired. And what is queued for a reader that went is dropped rather than kept.
"""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from osdp import (
    Capability,
    Command,
    CompletionStatus,
    ControlPanel,
    Event,
    EventNotification,
    LibFlag,
    LogLevel,
    PDInfo,
    StatusReportType,
)

from devices.osdp.events import SENTENCES, Told, Trouble
from devices.osdp.pairing import Pairing
from devices.osdp.reader import Order, Reader
from devices.osdp.trunk import Trunk
from devices.wire import DeviceError, Unreachable

DISABLED_S = 0.2
"""For less the library does nothing at all (seen in runs)."""
MEND_S, MEND_SLOWLY_S = 0.05, 2.0
"""Before a reader is tried again: one that stumbled, and one that will not change by itself."""
INPUTS_S_MAX = 10.0
SEED_BYTES = 4
FORGOTTEN = "The reader did not confirm the command in time."
REFUSED = "The reader refused the command. Compare its model with its settings."
_LIBC = ctypes.CDLL(None)
_STUMBLED = (Trouble.REFUSED, Trouble.GARBLED, Trouble.SILENT)
_STRICT = (LibFlag.EnforceSecure, LibFlag.EnableNotification)
_LENIENT = (LibFlag.EnableNotification,)

RandomBytes = Callable[[int], bytes]


class Session:
    """All readers that have a key, from now on. Used by the line's own thread alone."""

    def __init__(
        self, trunk: Trunk, readers: Mapping[int, Reader], pairing: Pairing | None, random_bytes: RandomBytes
    ) -> None:
        trunk.release_all()
        self._random_bytes = random_bytes
        self._trunk, self._pairing = trunk, pairing
        self._readers = [reader for reader in readers.values() if reader.wire.key is not None]
        self._completed: deque[tuple[int, int, int]] = deque()
        self._panel = self._made() if self._readers else None

    def turn(self, now: float) -> list[Told]:
        """Let the library work once; what came of it."""
        if self._panel is None:
            return []
        if any(not reader.secured for reader in self._readers):
            _LIBC.srand(int.from_bytes(self._random_bytes(SEED_BYTES), "little"))
        self._panel.ctx.refresh()
        told: list[Told] = []
        for reader, queue in zip(self._readers, self._panel.event_queue, strict=True):
            told += reader.watch(now)
            while not queue.empty():
                told += self._understood(self._panel, reader, queue.get_nowait(), now)
        while self._completed:
            self._complete(*self._completed.popleft())
        for index, reader in enumerate(self._readers):
            self._expire(self._panel, index, reader, now)
            self._mend(self._panel, index, reader, now)
        return told

    def submit(self, reader: Reader, order: Order) -> None:
        """Put a command on its way."""
        panel = self._panel
        if panel is not None and panel.ctx.submit_command(self._readers.index(reader), dict(order.command)):
            reader.pending.append(order)
        else:
            order.settle(Unreachable(SENTENCES[Trouble.SILENT]))

    def _made(self) -> ControlPanel:
        infos = [
            PDInfo(
                reader.wire.address,
                self._trunk,
                scbk=reader.wire.key or b"",
                flags=list(_LENIENT if self._is_pairing(reader) else _STRICT),
            )
            for reader in self._readers
        ]
        panel = ControlPanel(infos, log_level=LogLevel.Emergency, command_completion_handler=self._note_completion)
        # The library's own verbs take this lock; only this thread ever does.
        panel.lock = threading.Lock()
        return panel

    def _note_completion(self, address: int, command: Mapping[str, Any], status: int) -> None:
        self._completed.append((address, command["command"], status))

    def _understood(self, panel: ControlPanel, reader: Reader, event: Mapping[str, Any], now: float) -> list[Told]:
        if event["event"] != Event.Notification:
            return [] if self._is_pairing(reader) else reader.understood(event)
        if event["type"] != EventNotification.PeripheralDeviceStatus:
            return []
        return self._came(panel, reader, now) if event["arg0"] else self._went(reader, now)

    def _came(self, panel: ControlPanel, reader: Reader, now: float) -> list[Told]:
        index = self._readers.index(reader)
        secure = bool(panel.ctx.sc_status() & 1 << index) and reader.by_its_own_key
        if self._pairing is not None and self._is_pairing(reader):
            self._pairing.came(secure=secure, why=reader.why())
        if not secure:
            return self._went(reader, now)
        panel.ctx.set_flag(index, LibFlag.EnforceSecure)
        told = reader.came(_identity(panel.ctx.get_pd_id(index)), now)
        level, inputs = panel.ctx.check_capability(index, Capability.ContactStatusMonitoring)
        if level and inputs and not reader.refuses_status:
            self.submit(reader, _asks_inputs(reader.wire.address, now))
        return told

    def _went(self, reader: Reader, now: float) -> list[Told]:
        if reader.enable_at is not None:
            return []  # This is our own disabling, told once more.
        if any(order.command["command"] == Command.Status for order in reader.pending):
            reader.refuses_status = True
        told = reader.went()
        refused = reader.trouble == Trouble.REFUSED
        reader.fail(DeviceError(REFUSED) if refused else Unreachable(SENTENCES[reader.trouble or Trouble.SILENT]))
        reader.mend_at = now + (MEND_S if reader.trouble in _STUMBLED else MEND_SLOWLY_S)
        return told

    def _mend(self, panel: ControlPanel, index: int, reader: Reader, now: float) -> None:
        if reader.mend_at is not None and now >= reader.mend_at:
            reader.mend_at = None
            panel.ctx.disable_pd(index)
            reader.enable_at = now + DISABLED_S
        elif reader.enable_at is not None and now >= reader.enable_at and not panel.ctx.is_pd_enabled(index):
            reader.enable_at = None if panel.ctx.enable_pd(index) else reader.enable_at

    def _complete(self, address: int, command: int, status: int) -> None:
        reader = next(reader for reader in self._readers if reader.wire.address == address)
        order = next((one for one in reader.pending if one.command["command"] == command), None)
        if order is None:
            return
        reader.pending.remove(order)
        if status == CompletionStatus.Ok:
            order.settle(None)
        elif status == CompletionStatus.Failed and not reader.is_answered():
            order.settle(Unreachable(FORGOTTEN))
        elif status == CompletionStatus.Failed:
            reader.refuses_status |= command == Command.Status
            order.settle(DeviceError(REFUSED))
        else:
            order.settle(Unreachable(FORGOTTEN))

    def _expire(self, panel: ControlPanel, index: int, reader: Reader, now: float) -> None:
        if not reader.pending or now < min(order.expires for order in reader.pending):
            return
        reader.held_back = reader.waits_for_output()
        panel.ctx.flush_commands(index)
        reader.fail(Unreachable(FORGOTTEN))

    def _is_pairing(self, reader: Reader) -> bool:
        pairing = self._pairing
        return pairing is not None and pairing.address == reader.wire.address and not pairing.done


def _identity(about: Mapping[str, int]) -> str:
    vendor, serial, firmware = about["vendor_code"], about["serial_number"], about["firmware_version"]
    return f"{vendor & 0xFFFFFF:06x}-{about['model']}-{serial & 0xFFFFFFFF:08x}-{firmware & 0xFFFFFF:06x}"


def _asks_inputs(address: int, now: float) -> Order:
    command = {"command": Command.Status, "type": StatusReportType.Input, "report": b""}
    return Order(address, command, now + INPUTS_S_MAX, lambda _: None)
