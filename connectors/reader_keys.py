"""The keys by which readers on serial lines are spoken to, sealed on the gateway's own disk under a key that lies beside
them. They have a file of their own: a list that is lost is told anew by the hub, a key that is lost costs a walk to the
reader."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

from connectors.contract import EdgeError
from connectors.kept_file import KeptFile
from devices.clock import Clock
from devices.seal import KEY_BYTES, NONCE_BYTES, SealBroken, seal, unseal

OWN_ONLY, OTHERS = 0o600, 0o077

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS reader (
        line TEXT, address INTEGER, sealed BLOB NOT NULL, identity TEXT, PRIMARY KEY (line, address)) WITHOUT ROWID""",
)
_log = logging.getLogger(__name__)


class KeyExposed(EdgeError):
    """Others on this machine can read the key file {path}. Take that right from them (chmod 600), and pair every reader of
    this gateway anew, since its key may be known."""


class _KeyFile(KeptFile):
    once_torn: ClassVar[str] = (
        "nobody else has these keys: put every reader of this gateway into install mode, and pair it"
    )


class ReaderKeys:
    """The keys of all readers of one process, 16 bytes each."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        """Open or make both files. Raises `WorkUnusable`, `KeyExposed`."""
        self._random = random_bytes
        self._file = _KeyFile(path, _SCHEMA, clock, hop)
        try:
            self._key = _load(path.with_suffix(".key"), random_bytes)
        except BaseException:
            self._file.close()
            raise

    def of(self, line: str, address: int) -> bytes | None:
        """The key of a reader; None where it was never paired, or its key cannot be opened. Raises `WorkUnusable`."""
        query = "SELECT sealed FROM reader WHERE line = ? AND address = ?"
        row = self._file.read(lambda connection: connection.execute(query, (line, address)).fetchone())
        try:
            return None if row is None else unseal(self._key, row[0], _owner(line, address))
        except SealBroken:
            _log.warning("%s: the key of reader %s does not open; pair it again", line, address)
            return None

    def identity_of(self, line: str, address: int) -> str | None:
        """As whom a reader came first after it was paired; None: it did not yet. Raises `WorkUnusable`."""
        query = "SELECT identity FROM reader WHERE line = ? AND address = ?"
        row = self._file.read(lambda connection: connection.execute(query, (line, address)).fetchone())
        return None if row is None else row[0]

    async def met(self, line: str, address: int, identity: str) -> None:
        """Keep as whom a reader came, where nobody knew it. Raises `WorkUnusable`, `WorkFull`."""
        query = "UPDATE reader SET identity = ? WHERE line = ? AND address = ? AND identity IS NULL"
        await self._file.write(lambda connection: connection.execute(query, (identity, line, address)))

    async def put(self, line: str, address: int, key: bytes | None, identity: str | None = None) -> None:
        """Keep a reader's key, and as whom it came with it (None: it did not yet); no key: forget both. Raises
        `WorkUnusable`, `WorkFull`."""
        if key is None:
            query, told = "DELETE FROM reader WHERE line = ? AND address = ?", (line, address)
            await self._file.write(lambda connection: connection.execute(query, told))
            return
        sealed = seal("aes-256-gcm", self._key, self._random(NONCE_BYTES), key, _owner(line, address))
        query = "INSERT OR REPLACE INTO reader VALUES (?, ?, ?, ?)"
        await self._file.write(lambda connection: connection.execute(query, (line, address, sealed, identity)))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _owner(line: str, address: int) -> bytes:
    return f"reader/{line}/{address}".encode()


def _load(path: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN_ONLY)
    except FileExistsError:
        if path.stat().st_mode & OTHERS:
            raise KeyExposed(path=path) from None
        key = path.read_bytes()
        if len(key) == KEY_BYTES:
            return key
        # Its making was cut short: nothing was sealed with it yet.
        path.unlink()
        return _load(path, random_bytes)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key := random_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    return key
