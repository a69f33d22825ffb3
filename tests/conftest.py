"""What holds for every test: bounded Hypothesis runs, folders in memory, and no packet that leaves this machine."""

from __future__ import annotations

import ipaddress
import shutil
import sys
import tempfile
from pathlib import Path

from hypothesis import settings

MEMORY_DISK = Path("/dev/shm")
ROOM_MIN_B = 1 << 30
"""Many times what a whole run leaves there."""

settings.register_profile("foyer", deadline=None, max_examples=60, print_blob=True)
settings.load_profile("foyer")

# A hub waits for its disk at each commit. What that wait protects from, a power cut, no test has: `kill -9` leaves what was
# written where it is, on either.
if MEMORY_DISK.is_dir() and shutil.disk_usage(MEMORY_DISK).free >= ROOM_MIN_B:
    tempfile.tempdir = str(MEMORY_DISK)

_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


class LeavesTheMachine(AssertionError):
    """A test tried to reach beyond loopback."""


def _is_here(host: object) -> bool:
    """Whether a host is loopback, a local socket's path, or nothing at all."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_number(host: object) -> bool:
    """Whether a host is an address already, so that looking it up asks nobody."""
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


def _guard(event: str, args: tuple[object, ...]) -> None:
    """Refuse what leaves the machine. An audit hook sees every socket of the process, asyncio's among them."""
    if event in _SENDS:
        address = args[1]
        if isinstance(address, tuple) and address and not _is_here(address[0]):
            message = f"{event} to {address[0]}"
            raise LeavesTheMachine(message)
    elif event in _LOOKUPS and not (_is_here(args[0]) or _is_number(args[0])):
        message = f"{event} of {args[0]}"
        raise LeavesTheMachine(message)


sys.addaudithook(_guard)
