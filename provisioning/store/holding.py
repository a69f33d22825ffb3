"""One hub at a time on one folder. The lock is the kernel's, so it goes with the process however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from provisioning.nouns.refusals import StoreHeld


@contextmanager
def held(lock: Path) -> Generator[None]:
    """Hold a folder by its lock file until the block ends. Raises `StoreHeld` where another process holds it."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "?"
            raise StoreHeld(path=lock.parent, pid=pid) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
