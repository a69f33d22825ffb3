"""The story's tail: every event once more in files outside the database, with images of the rows that it changed, so that
a restored backup can be told what was taken away since. One JSON object a line, a file a day, only ever appended to; a
last line that a crash tore is none. What is personal stays sealed as it is in the database.

Whatever the last signed checkpoint covers stands here first: a tail that does not reach it is short, and that shows.
"""

from __future__ import annotations

import base64
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from connectors.contract import Json
from provisioning.nouns.eras import Image, Images
from provisioning.nouns.refusals import Refusal
from provisioning.nouns.told import Event
from provisioning.story.tree import leaf_hash
from provisioning.vault.keyfile import sync_folder

MARK = "foyer tail 1"
LINE_BYTES_MAX = 64 * 1024 * 1024
"""A campus file or a rule text is one line."""
ENDING_BYTES = 1 << 20
_COLUMNS = ("kind", "actor", "person", "target", "trace")

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class TailUnwritable(Refusal):
    """The story's tail could not be written to {path} ({reason}). Free some space there, or let the account that runs the
    hub own it: until then a restored backup could not be told what was taken away."""

    status = 503


class TailForeign(Refusal):
    """{path} is the tail of another hub's story. Give this hub a tail folder of its own: FOYER_TAIL"""

    status = 500


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from a tail: events in the order of their places, the last image of each row, and what was wrong with
    it, as templates and fields."""

    events: tuple[Event, ...] = ()
    images: Images = field(default_factory=lambda: defaultdict(dict))
    faults: tuple[tuple[str, Mapping[str, Json]], ...] = ()

    @property
    def until(self) -> datetime | None:
        """The instant of the last event."""
        return max((one.at for one in self.events), default=None)


NO_TAIL = "There is no tail of the story in {path}."
FOREIGN = "{name} is the tail of another hub's story."
DAMAGED = "Line {line} of {name} cannot be read."
ALTERED = "The event on line {line} of {name} was changed."


class Tail:
    """Writes the tail of one story. `era` is the last era whose tail was short: what was written before it is set aside,
    for the story went on otherwise."""

    def __init__(self, folder: Path, origin: str, era: int = 0) -> None:
        self.folder = folder
        self._origin = origin
        self._era = era
        self._reaches: int | None = None

    def reaches(self) -> int:
        """How many events, by their places, stand in the tail. Raises `TailUnwritable`, `TailForeign`."""
        if self._reaches is None:
            try:
                self._set_aside()
                self._reaches = max((_end_of(path) for path in _files(self.folder)[-2:]), default=0)
            except OSError as error:
                raise TailUnwritable(path=str(self.folder), reason=error.strerror) from error
        return self._reaches

    def append(self, events: Sequence[Event], images: Iterable[Image], at: datetime) -> None:
        """Write sealed events in the order of their places, behind what they changed, and wait until they are on the
        disk. Raises `TailUnwritable`, `TailForeign`."""
        start = self.reaches()
        path = self.folder / f"tail-{at.date().isoformat()}.jsonl"
        lines = [_json({"row": one.table, "is": dict(one.row)}) for one in images]
        lines += [_line(one) for one in events if one.position is not None and one.position >= start]
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = not path.exists() or not path.stat().st_size
            with open(path, "a+b", opener=_private) as file:
                _drop_torn_line(file)
                if fresh:
                    lines.insert(0, _json({"is": MARK, "origin": self._origin, "era": self._era}))
                file.write(b"".join(line.encode() + b"\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                sync_folder(self.folder)
        except OSError as error:
            self._reaches = None  # how much of it got there is read anew
            raise TailUnwritable(path=str(self.folder), reason=error.strerror) from error
        self._reaches = max([start, *(one.position + 1 for one in events if one.position is not None)])

    def _set_aside(self) -> None:
        for path in _files(self.folder):
            header = _header(path)
            if header.get("origin") != self._origin:
                raise TailForeign(path=str(path))
            if header.get("era", 0) != self._era:
                path.rename(path.with_name(f"{path.name}.before-era-{self._era}"))


def read_tail(folder: Path, origin: str, after_id: int, since: datetime) -> Read:
    """The events of a tail past `after_id`, and those just before that join them to the database; files of days before
    `since` are passed over. What cannot be read is told, and the rest is read all the same."""
    paths = [path for path in _files(folder) if _day(path) >= since.date().isoformat()]
    faults: list[tuple[str, Mapping[str, Json]]] = []
    if not _files(folder):
        faults.append((NO_TAIL, {"path": str(folder)}))
    reading = _Reading(after_id)
    for path in paths:
        if _header(path).get("origin") != origin:
            faults.append((FOREIGN, {"name": path.name}))
            continue
        for number, line in _lines(path):
            try:
                reading.line(json.loads(line))
            except _Altered:
                faults.append((ALTERED, {"line": number, "name": path.name}))
            except (ValueError, KeyError, TypeError, AttributeError):
                faults.append((DAMAGED, {"line": number, "name": path.name}))
    ordered = tuple(sorted(reading.events.values(), key=lambda one: one.position or 0))
    return Read(ordered, reading.images, tuple(faults))


class _Altered(Exception):
    """An event whose body does not have its hash, or says something else than its columns."""


class _Reading:
    """Goes along a tail. Images stand before the events that they belong to: those of events that the database has
    already, as it is, say nothing newer than it does."""

    def __init__(self, after_id: int) -> None:
        self.events: dict[int, Event] = {}
        self.images: dict[str, dict[str, Image]] = defaultdict(dict)
        self._after_id = after_id
        self._before: list[tuple[str, Image]] = []
        self._told = False

    def line(self, told: dict[str, Any]) -> None:
        """One line. Raises `_Altered`, and what a line that is none of ours raises."""
        if "row" in told:
            self._image(Image(told["row"], told["is"]))
        elif "body" in told:
            one = _event(told)
            self._told = True
            if not _agrees(one):
                raise _Altered
            self.events[one.id] = one
            if one.id > self._after_id:
                for key, image in self._before:
                    self.images[image.table][key] = image
                self._before.clear()
        elif told.get("is") != MARK:
            raise ValueError("no line of a tail")

    def _image(self, one: Image) -> None:
        key = one.row.get("id", one.row.get("person"))
        if not isinstance(key, str | int):
            raise TypeError("a row has a key")
        if self._told:
            self._before.clear()
            self._told = False
        self._before.append((str(key), one))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("tail-*.jsonl"))


def _day(path: Path) -> str:
    return path.name.removeprefix("tail-").removesuffix(".jsonl")


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        line = file.readline(LINE_BYTES_MAX)
    try:
        header = json.loads(line)
    except ValueError:
        return {}
    return header if isinstance(header, dict) and header.get("is") == MARK else {}


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines with their numbers."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX):
            number += 1
            if not line.endswith(b"\n"):
                return
            yield number, line


def _end_of(path: Path) -> int:
    """One past the last place in a file: its last event is looked for from the end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        span = ENDING_BYTES
        while True:
            file.seek(max(0, size - span))
            for line in reversed(file.read(span).split(b"\n")[:-1]):
                try:
                    place = json.loads(line).get("position")
                except (ValueError, AttributeError):
                    continue
                if isinstance(place, int):
                    return place + 1
            if span >= size:
                return 0
            span *= 4


def _line(one: Event) -> str:
    """An event as one JSON object. Each event of the story passes here, and put together by hand it costs a quarter."""
    kind, actor, person, target, trace = (_text(getattr(one, name)) for name in _COLUMNS)
    return (
        f'{{"id":{one.id},"at":"{one.at.isoformat(timespec="microseconds")}","kind":{kind},"actor":{actor},'
        f'"person":{person},"target":{target},"trace":{trace},"body":"{base64.b64encode(one.body).decode()}",'
        f'"leaf":"{base64.b64encode(one.leaf).decode()}","position":{one.position}}}'
    )


def _event(told: Mapping[str, Any]) -> Event:
    at = datetime.fromisoformat(told["at"])
    kind, actor, person, target, trace = words = [told[name] for name in _COLUMNS]
    body, leaf = (base64.b64decode(told[name], validate=True) for name in ("body", "leaf"))
    place = told["position"]
    numbers = isinstance(told["id"], int) and isinstance(place, int) and at.tzinfo is not None
    if not numbers or not all(word is None or isinstance(word, str) for word in words):
        raise TypeError("an event's columns are text")
    return Event(told["id"], at, kind, actor, person, target, trace, body, leaf, place)


def _agrees(one: Event) -> bool:
    said = json.loads(one.body)
    columns = [one.at.isoformat(timespec="microseconds"), *(getattr(one, name) for name in _COLUMNS)]
    return leaf_hash(one.body) == one.leaf and [said[name] for name in ("at", *_COLUMNS)] == columns


def _text(word: str | None) -> str:
    return "null" if word is None else _json(word)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _drop_torn_line(file: BinaryIO) -> None:
    """Cut what a crash tore off behind the last whole line."""
    end = file.seek(0, os.SEEK_END)
    start = end
    while start > 0:
        step = min(start, ENDING_BYTES)
        found = os.pread(file.fileno(), step, start - step).rfind(b"\n")
        start -= step
        if found >= 0:
            start += found + 1
            break
    if start < end:
        os.ftruncate(file.fileno(), start)
