"""Where libosdp meets the line: its bytes out and in, and a glance at the frames among them.

libosdp 3.2.9 loses an answer that reaches it in two pieces, as adapters hand it on; and gives a reader up for 300 s on a
byte of noise. So it is handed whole frames only, and only those of the reader that was asked: the rest is as if it had
not come, and what is missing is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping

from osdp import Channel

from devices.osdp import glance
from devices.osdp.glance import Scanner
from devices.osdp.reader import Reader
from devices.osdp.tty import LineTrouble, Tty


class Trunk(Channel):
    """The channel that all readers of a line share. Nothing is raised into the library: `trouble` is set instead."""

    def __init__(self, tty: Tty, readers: Mapping[int, Reader]) -> None:
        super().__init__()
        self.id = 1  # Not 0, which is the library's word for a line that nobody uses just now.
        self.trouble: LineTrouble | None = None
        self._tty = tty
        self._readers = readers
        self._asked: Reader | None = None
        self._waiting = bytearray()
        self._scanner = Scanner()
        self._active = False

    def draw(self, now: float) -> None:
        """Take in what has come over the line."""
        if self.trouble is not None:
            return
        try:
            data = self._tty.read()
        except LineTrouble as trouble:
            self.trouble = trouble
            return
        if not data:
            return
        self._active = True
        asked = self._asked
        frames = self._scanner.feed(data)
        if asked is None:
            return
        asked.heard(len(data))
        for frame in frames:
            if frame.reply and frame.address == asked.wire.address:
                asked.answered(frame, now)
                # One question has one answer: of two, the later one is for nobody.
                self._waiting[:] = self._waiting or frame.raw

    def take_activity(self) -> bool:
        """Whether anything passed since this was last asked."""
        active, self._active = self._active, False
        return active

    def release_all(self) -> None:
        """A new control panel begins: nothing of the former one is under way."""
        for reader in self._readers.values():
            reader.held_back = False
        self._asked = None
        self._waiting.clear()
        self._scanner.forget()

    def read(self, max_bytes: int) -> bytes:
        """Called by the library. A frame that it has no room for is not for it."""
        data = bytes(self._waiting)
        self._waiting.clear()
        return data if len(data) <= max_bytes else b""

    def write(self, buf: bytes) -> int:
        """Called by the library, with one whole frame."""
        self._active = True
        for frame in Scanner().feed(bytes(buf)):
            reader = self._readers.get(frame.address)
            if reader is not None:
                self._asked = reader
                reader.asked(frame)
                if reader.held_back and frame.code == glance.OUTPUT:
                    return len(buf)
        self._scanner.forget()
        try:
            self._tty.write(bytes(buf))
        except LineTrouble as trouble:
            self.trouble = trouble
        return len(buf)

    def flush(self) -> None:
        """Called by the library before it sends: what came unasked is no answer."""
        self._waiting.clear()

    def fileno(self) -> int:
        """For select."""
        return self._tty.fileno()

    def close(self) -> None:
        """Let go of the adapter."""
        self._tty.close()
