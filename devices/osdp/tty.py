"""The adapter of a serial line: opened for this process alone, read and written without waiting, and what may be wrong
with it, in a sentence."""

from __future__ import annotations

import errno
import os
import select
from contextlib import suppress
from pathlib import Path

import serial

from devices.wire import Unreachable

READ_BYTES = 4_096
MISSING = (
    "There is no serial adapter at {path}. Plug it in, or write its device path (below /dev/serial/by-id) into the"
    " campus file."
)
UNPLUGGED = "The serial adapter at {path} was unplugged. Plug it in again: the line goes on by itself."
NO_TTY = "{path} is no serial adapter. Write the device path of one (below /dev/serial/by-id) into the campus file."
FORBIDDEN = (
    "The serial adapter at {path} may not be opened. Add the gateway's user to the group that owns it (often dialout), and"
    " start the gateway again."
)
TAKEN = (
    "Another program uses the serial adapter at {path}. A line has one driver: end the other program, or hand the line"
    " over."
)
BAD_SPEED = "The serial adapter at {path} cannot do this speed. Write another baud rate into the campus file."
FAILED = "The serial adapter at {path} cannot be used ({why}). Plug it in anew; if this stays, replace it."
SENTENCES = (MISSING, UNPLUGGED, NO_TTY, FORBIDDEN, TAKEN, BAD_SPEED, FAILED)

_BY_ERRNO = {
    errno.ENOENT: MISSING,
    errno.ENXIO: UNPLUGGED,
    errno.ENODEV: UNPLUGGED,
    errno.EIO: UNPLUGGED,
    errno.ENOTTY: NO_TTY,
    errno.EISDIR: NO_TTY,
    errno.EINVAL: NO_TTY,
    errno.ENOTDIR: MISSING,
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.EBUSY: TAKEN,
    errno.EAGAIN: TAKEN,
}


class LineTrouble(Unreachable):
    """The line itself cannot be used: `template` of `fields` says why, and what to do."""

    def __init__(self, template: str, path: Path, why: str = "") -> None:
        self.template = template
        self.fields = {"path": str(path), "why": why}
        super().__init__(template.format_map(self.fields))


class Tty:
    """An open serial adapter. Its verbs raise `LineTrouble` once it is gone."""

    def __init__(self, path: Path, baud: int) -> None:
        """Open it. Raises `LineTrouble`."""
        self._path = path
        try:
            self._port = serial.Serial(str(path), baud, timeout=0, exclusive=True)
            with suppress(OSError, serial.SerialException):
                self._port.reset_input_buffer()
        except (OSError, ValueError) as error:
            raise _trouble(error, path) from None
        self._fd = self._port.fileno()

    def read(self) -> bytes:
        """What has come in, if anything."""
        try:
            if not select.select((self._fd,), (), (), 0)[0]:
                return b""
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:
            raise _trouble(error, self._path, was_there=True) from None
        if not data:
            raise LineTrouble(UNPLUGGED, self._path)
        return data

    def write(self, data: bytes) -> None:
        """Send; what finds no room is lost, as on any wire."""
        try:
            os.write(self._fd, data)
        except BlockingIOError:
            return
        except (OSError, ValueError) as error:
            raise _trouble(error, self._path, was_there=True) from None

    def fileno(self) -> int:
        """For select."""
        return self._fd

    def close(self) -> None:
        """Let go of it."""
        with suppress(OSError, serial.SerialException):
            self._port.close()


def _trouble(error: Exception, path: Path, *, was_there: bool = False) -> LineTrouble:
    number = getattr(error, "errno", None)
    if was_there:
        return LineTrouble(UNPLUGGED if _BY_ERRNO.get(number or 0) == UNPLUGGED else FAILED, path, str(error))
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return LineTrouble(BAD_SPEED, path, str(error))
    if number is None and error.__context__ is not None and error.__context__.args:
        # pyserial puts what termios said into words, and drops the number.
        number = error.__context__.args[0]
    return LineTrouble(_BY_ERRNO.get(number or 0, FAILED), path, str(error))
