"""What an emulated reader keeps without power: the key it was paired with; none in install mode. A file of its own, for
its owner alone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from devices.osdp.reader import KEY_BYTES
from devices.wg.memory import MemoryDamaged

FILE_MODE = 0o600


class KeyMemory:
    """The memory of one reader; without a path it lasts as long as the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._key: bytes | None = None

    @staticmethod
    def of(folder: Path | None, line: str, address: int) -> KeyMemory:
        """The memory of a reader on a line. A line's id could be no name for a file as it is."""
        return KeyMemory(None if folder is None else folder / f"osdp-{quote(line, safe='')}-{address}.json")

    def load(self) -> bytes | None:
        """The key; None: install mode. Raises `MemoryDamaged`, OSError."""
        if self._path is None:
            return self._key
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return None
        try:
            told = json.loads(text)["key"]
            key = None if told is None else bytes.fromhex(told)
        except (ValueError, TypeError, KeyError):
            raise MemoryDamaged(self._path, 1) from None
        if key is not None and len(key) != KEY_BYTES:
            raise MemoryDamaged(self._path, 1)
        return key

    def store(self, key: bytes | None) -> None:
        """Keep a key. Raises OSError, and then what was kept before still is."""
        self._key = key
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "w", encoding="utf-8") as file:
            file.write(json.dumps({"key": None if key is None else key.hex()}))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
