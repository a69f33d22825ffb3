"""Giving a reader in install mode its key: the only time at which the key that everybody knows is taken."""

from __future__ import annotations

from devices.osdp.events import SENTENCES, Trouble
from devices.osdp.reader import ReaderWire, Settle
from devices.osdp.tty import LineTrouble
from devices.wire import DeviceError, Unreachable

PAIR_S_MAX = 10.0
NOT_IN_INSTALL_MODE = (
    "The reader has a key already, and not this one. Set it back to install mode (its manual says how), then pair it"
    " again."
)
SENTENCES_OF_PAIRING = (NOT_IN_INSTALL_MODE,)


class Pairing:
    """One reader that is being given a key. Used by the line's own thread."""

    def __init__(self, address: int, key: bytes, ends: float, settle: Settle) -> None:
        self.address, self.key, self.settle = address, key, settle
        self.before: ReaderWire | None = None
        self.done = False
        self._ends = ends
        self._refused: Trouble | None = None

    def came(self, *, secure: bool, why: Trouble) -> None:
        """It is there: with the new key, or without any."""
        self.done = secure
        self._refused = None if secure else why

    def failure(self, now: float, line: LineTrouble | None) -> Exception | None:
        """Why this came to nothing; None where it did not, or not yet."""
        if self.done:
            return None
        if line is not None:
            return line
        if self._refused == Trouble.WRONG_KEY:
            return DeviceError(NOT_IN_INSTALL_MODE)
        if self._refused is not None:
            return DeviceError(SENTENCES[self._refused])
        return Unreachable(SENTENCES[Trouble.SILENT]) if now >= self._ends else None
