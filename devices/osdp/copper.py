"""The two wires of an emulated line, and the thread that lets bytes pass over them at the pace of its baud rate: a pty at
the gateway's end, readers at the other. Half duplex: who speaks while another does garbles both.
"""

from __future__ import annotations

import heapq
import os
import pty
import select
import socket
import threading
import tty
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from devices.clock import Clock
from devices.osdp.emulator import OsdpEmulator
from devices.osdp.faults import NONE, Faults
from devices.wg.faults import Chance

BITS_A_BYTE = 10
"""A start bit, eight of data, a stop bit."""
CHUNK_BYTES = 16
"""What arrives at the gateway at once: an adapter hands on some bytes at a time."""
READ_BYTES = 4_096
IDLE_S = 0.05
"""Readers work at least so often, though nothing passes."""
NOISE_BYTES_MAX = 8
TO_READERS, TO_GATEWAY = 0, 1


class Copper(threading.Thread):
    """One line. Everything that touches its readers is done within `held`."""

    def __init__(self, link: Path, baud: int, readers: dict[int, OsdpEmulator], clock: Clock, chance: Chance) -> None:
        super().__init__(name=f"line {link.name}", daemon=True)
        self.faults: Faults = NONE
        self.fired: Counter[str] = Counter()
        self.readers = readers
        self.twins: dict[int, OsdpEmulator] = {}
        self._link = link
        self._byte_s = BITS_A_BYTE / baud
        self._clock, self._chance = clock, chance
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._ear, self._bell = socket.socketpair()
        self._bell.setblocking(False)
        self._ends: tuple[int, int] | None = None
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._counted = 0
        self._gateway_until = self._readers_until = 0.0
        self._work_at = 0.0

    @contextmanager
    def held(self) -> Generator[None]:
        """Stop the line for a moment; it goes on at once with what was done meanwhile."""
        with self._lock:
            yield
        self._ring()

    @property
    def plugged(self) -> bool:
        """Whether the adapter is there."""
        return self._ends is not None

    def plug(self) -> None:
        """The adapter appears at its path. Raises OSError."""
        master, slave = pty.openpty()
        try:
            tty.setraw(slave)
            os.set_blocking(master, False)
            fresh = self._link.with_name(f".{self._link.name}.new")
            with suppress(FileNotFoundError):
                fresh.unlink()
            fresh.symlink_to(os.ttyname(slave))
            fresh.replace(self._link)
        except OSError:
            os.close(master)
            os.close(slave)
            raise
        self._ends = (master, slave)

    def unplug(self) -> None:
        """The adapter is gone, and its path with it."""
        if self._ends is None:
            return
        with suppress(FileNotFoundError):
            self._link.unlink()
        for end in self._ends:
            os.close(end)
        self._ends = None
        self._under_way.clear()

    def strikes(self, fault: str) -> bool:
        """Whether a fault of some share strikes now."""
        share = getattr(self.faults, fault)
        struck = share > 0 and self._chance.random() < share
        self.fired[fault] += struck
        return struck

    def stop(self) -> None:
        """End the thread; the caller joins it."""
        self._ended.set()
        self._ring()
        if self.ident is None:
            self._close()  # It never ran.

    def run(self) -> None:
        """The thread itself."""
        try:
            while not self._ended.is_set():
                self._rest()
                with self._lock:
                    self._turn(self._clock.monotonic())
        finally:
            self._close()

    def _close(self) -> None:
        with self._lock:
            self.unplug()
        self._ear.close()
        self._bell.close()

    def _ring(self) -> None:
        with suppress(OSError):  # Full: it will be heard. Closed: nobody is there.
            self._bell.send(b"!")

    def _rest(self) -> None:
        now = self._clock.monotonic()
        wait_s = max(0.0, min(self._work_at, self._under_way[0][0] if self._under_way else self._work_at) - now)
        with self._lock:
            sources = [self._ear.fileno(), *(() if self._ends is None else self._ends[:1])]
        try:
            ready, _, _ = select.select(sources, (), (), min(wait_s, IDLE_S))
        except (OSError, ValueError):
            return  # The adapter was unplugged this moment.
        if self._ear.fileno() in ready:
            self._ear.recv(READ_BYTES)

    def _turn(self, now: float) -> None:
        self._hear_gateway(now)
        delivered = False
        while self._under_way and self._under_way[0][0] <= now:
            _, _, way, data = heapq.heappop(self._under_way)
            if way == TO_GATEWAY:
                self._hand_to_gateway(data)
            else:
                delivered = True
                for reader in self._all_readers():
                    reader.hear(data)
        if delivered or now >= self._work_at:
            self._work_at = now + IDLE_S
            self._let_readers_work(now)

    def _hear_gateway(self, now: float) -> None:
        if self._ends is None:
            return
        try:
            data = os.read(self._ends[0], READ_BYTES)
        except OSError:
            return  # Nothing is there, or nobody has the adapter open.
        start = max(now, self._gateway_until)
        self._gateway_until = start + len(data) * self._byte_s
        if self.faults.looped:
            self.fired["looped"] += 1
            self._send(data, start, TO_GATEWAY)
        if start < self._readers_until:
            self.fired["collision"] += 1
            data = self._garbled(data)
        self._pass_on(data, start, TO_READERS)

    def _let_readers_work(self, now: float) -> None:
        speakers = [(reader, frame) for reader in self._all_readers() for frame in reader.take_said()]
        silent = [reader for reader, _ in speakers if reader.address in self.faults.dead]
        self.fired["dead"] += len(silent)
        frames = [frame for reader, frame in speakers if reader not in silent]
        if len(frames) > 1:
            self.fired["collision"] += 1
            frames = [_clash(frames)]
        for frame in frames:
            start = max(now, self._readers_until)
            self._readers_until = start + len(frame) * self._byte_s
            self._pass_on(frame, start, TO_GATEWAY)

    def _pass_on(self, data: bytes, start: float, way: int) -> None:
        faults = self.faults
        if faults is not NONE:
            if faults.cut:
                self.fired["cut"] += 1
                return
            if self.strikes("drop"):
                return
            if faults.swapped:
                self.fired["swapped"] += 1
                data = bytes(byte ^ 0xFF for byte in data)
            if self.strikes("corrupt"):
                data = self._garbled(data)
            if self.strikes("noise"):
                data = self._chance.randbytes(1 + int(self._chance.random() * NOISE_BYTES_MAX)) + data
        self._send(data, start, way)

    def _send(self, data: bytes, start: float, way: int) -> None:
        step = CHUNK_BYTES if way == TO_GATEWAY else len(data)
        for first in range(0, len(data), max(step, 1)):
            chunk = data[first : first + step]
            self._counted += 1
            due = start + (first + len(chunk)) * self._byte_s
            heapq.heappush(self._under_way, (due, self._counted, way, chunk))

    def _hand_to_gateway(self, data: bytes) -> None:
        if self._ends is not None:
            with suppress(OSError):  # Nobody reads, and its buffer is full: lost, as on any wire.
                os.write(self._ends[0], data)

    def _garbled(self, data: bytes) -> bytes:
        if not data:
            return data
        spoilt = bytearray(data)
        spoilt[int(self._chance.random() * len(data))] ^= 1 << int(self._chance.random() * 8)
        return bytes(spoilt)

    def _all_readers(self) -> list[OsdpEmulator]:
        return [*self.readers.values(), *self.twins.values()]


def _clash(frames: list[bytes]) -> bytes:
    """What is heard of several who speak at once: where they differ, nobody's bits."""
    longest = max(frames, key=len)
    heard = bytearray(longest)
    for at in range(len(heard)):
        bits = {frame[at] for frame in frames if at < len(frame)}
        if len(bits) > 1:
            heard[at] = 0
            for one in bits:
                heard[at] |= one
    return bytes(heard)
