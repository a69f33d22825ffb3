"""The checkpoints once more, in a file outside the database: whoever rewrites the one would have to rewrite the other.
One JSON object a line, only ever appended to; a last line that a crash tore is none."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Stone:
    """One checkpoint as the file has it; `roots` empty where they were not kept."""

    at: datetime
    note: str
    roots: tuple[bytes, ...]


def notes_in(path: Path, end: int) -> Iterator[str]:
    """The signed notes in the first `end` bytes, in order. Raises `OutsideDamaged`."""
    return (_note(line, path) for line in _lines(path, end))


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


def stones(path: Path) -> Iterator[Stone]:
    """Every checkpoint of the file, in order. Raises `OutsideDamaged`."""
    for line in _lines(path, end_of(path)):
        yield _stone(line, path)


def append(path: Path, checkpoint: Checkpoint, roots: Sequence[bytes] = ()) -> None:
    """Write one more checkpoint, and wait until it is on the disk. `roots` are those of the tree's full subtrees: with
    them the tree can go on even where its leaves are lost. Raises `OutsideUnwritable`."""
    told = {"at": checkpoint.at.isoformat(), "note": checkpoint.note}
    kept = [base64.b64encode(root).decode() for root in roots]
    line = json.dumps(told | ({"roots": kept} if kept else {}), ensure_ascii=False)
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


def _lines(path: Path, end: int) -> Iterator[bytes]:
    if not end:
        return
    with path.open("rb") as file:
        while file.tell() < end:
            line = file.readline(LINE_BYTES_MAX)
            if line.endswith(b"\n"):
                yield line
            elif len(line) == LINE_BYTES_MAX:
                raise OutsideDamaged(path=str(path))


def _stone(line: bytes, path: Path) -> Stone:
    note = _note(line, path)
    try:
        told = json.loads(line)
        roots = tuple(base64.b64decode(root, validate=True) for root in told.get("roots", ()))
        return Stone(datetime.fromisoformat(told["at"]), note, roots)
    except (ValueError, KeyError, TypeError) as error:
        raise OutsideDamaged(path=str(path)) from error


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
