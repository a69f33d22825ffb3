"""Room on the disk that is taken in advance, and given back when there is no other: a full disk must not keep a gateway from
shutting doors, nor from noting who went through."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 4 << 20
"""Room for some ten thousand passages."""

_log = logging.getLogger(__name__)


class Reserve:
    """One file that says nothing and takes room. `short`: the disk is full, and the room was given back or never had."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self.short = False
        self.take()

    def take(self) -> None:
        """Take the room, where it is not taken."""
        try:
            if not self._path.exists() or self._path.stat().st_size < self._size:
                with self._path.open("wb") as file:
                    file.write(bytes(self._size))
                    file.flush()
                    os.fsync(file.fileno())
            self.short = False
        except OSError as error:
            if not self.short:
                _log.warning("No room could be reserved at %s: %s. Free disk space.", self._path, error)
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self.short = True

    def spend(self) -> bool:
        """Give the room back to the disk; False where there is none."""
        self.short = True
        try:
            self._path.unlink()
        except OSError:
            return False
        _log.warning("The disk is full, and the reserve %s is in use. Free disk space.", self._path)
        return True
