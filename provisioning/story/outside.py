"""The checkpoints once more, in a file outside the database: whoever rewrites the one would have to rewrite the other.
One JSON object a line, only ever appended to; a last line that a crash tore is none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Checkpoint
from provisioning.vault.keyfile import sync_folder

LINE_BYTES_MAX = 32_768


class OutsideUnwritable(Refusal):
    """The checkpoint could not be written to {path} ({reason}). Free some space there, or let the account that runs
    the hub own it: until then the story is not anchored outside the database."""

    status = 503


class OutsideDamaged(Refusal):
    """{path} holds a line that is no checkpoint. Keep it as it is, and put back its copy."""

    status = 500


def end_of(path: Path) -> int:
    """How many bytes the file has now; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def notes_in(path: Path, end: int) -> Iterator[str]:
    """The signed notes in the first `end` bytes, in order. Raises `OutsideDamaged`."""
    if not end:
        return
    with path.open("rb") as file:
        while file.tell() < end:
            line = file.readline(LINE_BYTES_MAX)
            if line.endswith(b"\n"):
                yield _note(line, path)
            elif len(line) == LINE_BYTES_MAX:
                raise OutsideDamaged(path=str(path))


def last_note(path: Path) -> str | None:
    """The newest signed note; None where there is none. Raises `OutsideDamaged`."""
    end = end_of(path)
    if not end:
        return None
    with path.open("rb") as file:
        file.seek(max(0, end - 2 * LINE_BYTES_MAX))
        tail = file.read(2 * LINE_BYTES_MAX)
    whole = tail[: tail.rfind(b"\n") + 1].splitlines()
    return _note(whole[-1], path) if whole else None


def append(path: Path, checkpoint: Checkpoint) -> None:
    """Write one more checkpoint, and wait until it is on the disk. Raises `OutsideUnwritable`."""
    line = json.dumps({"at": checkpoint.at.isoformat(), "note": checkpoint.note}, ensure_ascii=False)
    try:
        is_new = not path.exists()
        with path.open("a+b") as file:
            _drop_torn_line(path, file.fileno())
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(path.parent)
    except OSError as error:
        raise OutsideUnwritable(path=str(path), reason=error.strerror) from error


def _note(line: bytes, path: Path) -> str:
    try:
        note = json.loads(line)["note"]
    except (ValueError, KeyError, TypeError) as error:
        raise OutsideDamaged(path=str(path)) from error
    if not isinstance(note, str):
        raise OutsideDamaged(path=str(path))
    return note


def _drop_torn_line(path: Path, descriptor: int) -> None:
    end = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, LINE_BYTES_MAX, max(0, end - LINE_BYTES_MAX))
    torn = len(tail) - (tail.rfind(b"\n") + 1)
    if torn == len(tail) == LINE_BYTES_MAX:
        raise OutsideDamaged(path=str(path))
    if torn:
        os.ftruncate(descriptor, end - torn)
