"""Emulated serial lines, each on a pty that a symlink leads to, with a control port for hands beside it where one is
asked for. The gateway that drives a line never uses the control port."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from devices.clock import Clock
from devices.osdp.acts import perform
from devices.osdp.copper import Copper
from devices.osdp.emulator import OsdpEmulator
from devices.osdp.faults import Faults
from devices.osdp.line import LineWire, ReaderSeat
from devices.osdp.memory import KeyMemory
from devices.osdp.strike import Door
from devices.wg.control import ControlServer
from devices.wg.faults import Chance
from devices.wg.served import BIND_PATIENCE_S, bind
from devices.wire import WireError

STOP_S_MAX = 5.0
STRANGE_KEY = bytes(range(200, 216))
"""What a reader of another site might hold."""
STRANGE_SERIAL = 77

Address = tuple[str, int]


class LineTaken(WireError):
    """The emulated line {name} cannot be put at {path} ({why}): end the program that serves it, or give the line another
    path in the campus file."""

    def __init__(self, name: str, path: Path, why: str) -> None:
        super().__init__(" ".join(str(type(self).__doc__).split()).format(name=name, path=path, why=why))


class ServedLine:
    """One line with its readers. `suffer` may be called at any time; `fired` counts what the faults did."""

    def __init__(self, wire: LineWire, link: Path, memory_dir: Path | None, clock: Clock, chance: Chance) -> None:
        """Raises `MemoryDamaged`, OSError."""
        self.name, self.wire, self.path = wire.id, wire, link
        self.doors: dict[int, Door] = {}
        self._memory_dir = memory_dir
        self._control: ControlServer | None = None
        self._lock_file: int | None = None
        readers = {seat.address: self._made(seat, clock) for seat in wire.readers}
        # After all that may fail: it holds sockets.
        self._copper = Copper(link, wire.baud, readers, clock, chance)

    def _made(self, seat: ReaderSeat, clock: Clock) -> OsdpEmulator:
        door = self.doors.setdefault(seat.door, Door(seat.door, clock))
        memory = KeyMemory.of(self._memory_dir, self.name, seat.address)
        return OsdpEmulator(
            self.name, seat.address, door, memory, lambda: self._copper.strikes("nak"), at_door=not seat.exit
        )

    @property
    def copper(self) -> Copper:
        """The wires themselves."""
        return self._copper

    @property
    def control_address(self) -> Address | None:
        """Where the control port listens, if there is one."""
        return None if self._control is None else self._control.address

    @property
    def faults(self) -> Faults:
        """What goes wrong at present."""
        return self._copper.faults

    @property
    def fired(self) -> Counter[str]:
        """How often each fault struck."""
        return self._copper.fired

    def reader(self, address: int) -> OsdpEmulator:
        """One reader; use it within `copper.held()`. Raises KeyError."""
        return self._copper.readers[address]

    def reader_at(self, door: int, *, exit_: bool = False) -> OsdpEmulator:
        """The reader of a door. Raises KeyError."""
        address = next((seat.address for seat in self.wire.readers if (seat.door, seat.exit) == (door, exit_)), None)
        if address is None:
            raise KeyError(door)
        return self._copper.readers[address]

    def suffer(self, faults: Faults) -> None:
        """Let this go wrong from now on; `faults.NONE` ends it. Raises OSError where the adapter cannot come back."""
        copper = self._copper
        with copper.held():
            before, copper.faults = copper.faults, faults
            for address, reader in copper.readers.items():
                self._replace(reader, before, faults, address)
            if faults.unplugged:
                copper.unplug()
            elif not copper.plugged:
                copper.plug()

    def _replace(self, reader: OsdpEmulator, before: Faults, faults: Faults, address: int) -> None:
        strange = [
            [address in told for told in (one.wrong_key, one.install, one.swapped_in)] for one in (before, faults)
        ]
        if strange[0] != strange[1]:
            wrong, install, swapped = strange[1]
            reader.pretend(
                key=STRANGE_KEY if wrong else None, install=install, serial=STRANGE_SERIAL if swapped else None
            )
        if address in faults.twins and address not in self._copper.twins:
            twin = KeyMemory(None)
            twin.store(reader.key)
            self._copper.twins[address] = OsdpEmulator(
                f"{self.name} again", address, reader.door, twin, lambda: False, at_door=False
            )
        elif address not in faults.twins:
            self._copper.twins.pop(address, None)

    async def open(self, patience_s: float) -> None:
        """Put the adapter at its path and let the line run. Raises `LineTaken`, `AddressTaken`."""
        self._take_path()
        try:
            self._copper.plug()
        except OSError as error:
            self._leave_path()
            raise LineTaken(self.name, self.path, error.strerror or str(error)) from None
        self._copper.start()
        if self.wire.control is not None:
            host, _, port = self.wire.control.rpartition(":")
            address = (host, int(port))
            control = ControlServer(self, perform)
            await bind(lambda: control.start(address), f"{self.name} (control)", address, patience_s)
            self._control = control

    async def close(self) -> None:
        """Take the adapter away, and end the line's thread."""
        if self._control is not None:
            await self._control.close()
        self._copper.stop()
        if self._copper.is_alive():
            await asyncio.to_thread(self._copper.join, STOP_S_MAX)
        self._leave_path()

    def _take_path(self) -> None:
        """Two emulators never share a path: a lock outlives no process, as a symlink does."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.path.is_symlink() and self.path.exists():
                raise FileExistsError(17, "something else is there")
        except OSError as error:
            self._leave_path()
            why = "another program serves it" if isinstance(error, BlockingIOError) else error.strerror or str(error)
            raise LineTaken(self.name, self.path, why) from None

    def _leave_path(self) -> None:
        if self._lock_file is not None:
            with suppress(OSError):
                os.close(self._lock_file)
            self._lock_file = None


@asynccontextmanager
async def serve_line(
    wire: LineWire,
    memory_dir: Path | None,
    lines_dir: Path,
    clock: Clock,
    chance: Chance,
    *,
    keys: Mapping[int, bytes] | None = None,
    patience_s: float = BIND_PATIENCE_S,
) -> AsyncGenerator[ServedLine]:
    """Serve a line until the block ends, at `lines_dir` / the wire's path. Each reader remembers its key below `memory_dir`
    (None: while it runs), and is in install mode without one; `keys` gives some to readers by address.

    Raises `LineTaken`, `AddressTaken`, `MemoryDamaged`, OSError, and then nothing is served.
    """
    served = ServedLine(wire, lines_dir / wire.path, memory_dir, clock, chance)
    try:
        for address, key in (keys or {}).items():
            served.reader(address).set_key(key)
        await served.open(patience_s)
        yield served
    finally:
        await served.close()
