"""Secrets in files outside the database: readable by their owner alone, made whole or not at all, never overwritten."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from provisioning.nouns.ids import RandomBytes
from provisioning.nouns.refusals import Refusal

SECRET_BYTES_MAX = 4_096
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyExposed(Refusal):
    """Others on this machine may read {path} (mode {mode}). Look whether anybody did, then run: chmod 600 {path}"""

    status = 500


class KeyDamaged(Refusal):
    """{path} does not hold a key as this system writes it. Put back its copy from the place where copies are kept."""

    status = 500


class KeyMissing(Refusal):
    """{path} is missing, but the database that belongs to it is there. Put back its copy: a new key could open
    nothing of what is stored."""

    status = 500


class KeyUnreadable(Refusal):
    """{path} cannot be opened or made ({reason}). Let the account that runs the hub own the folder and the file."""

    status = 500


def read_secret(path: Path) -> bytes | None:
    """The bytes of a secret file; None where there is none. Raises `KeyExposed`, `KeyDamaged`, `KeyUnreadable`."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(SECRET_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyUnreadable(path=path, reason=error.strerror) from error
    if mode & OTHERS:
        raise KeyExposed(path=path, mode=f"{mode:03o}")
    if len(data) > SECRET_BYTES_MAX:
        raise KeyDamaged(path=path)
    return data


def make_secret(path: Path, data: bytes, random_bytes: RandomBytes) -> bytes:
    """Write a new secret file and return what it holds: these bytes, or those of whoever was first.

    Raises `KeyUnreadable` and what `read_secret` raises.
    """
    draft = path.with_name(f".{path.name}.{random_bytes(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(draft, data)
        try:
            # A link is made only where no file is: two programs that start at once end with one key.
            with suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise KeyUnreadable(path=path, reason=error.strerror) from error
    kept = read_secret(path)
    if kept is None:
        raise KeyMissing(path=path)
    return kept


def write_synced(path: Path, data: bytes) -> None:
    """Write a file that was not there, 0600, down to the disk. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the disk know which files a folder holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
