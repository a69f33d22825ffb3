"""What a gateway keeps on its own disk for doors that it decides about itself: the list of each line, and what its doors
report. Every commit is synced.

A right counts only once it is on the disk; what takes a right away counts at once, whatever the disk says.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from connectors.contract import Anew, EdgeError, Gap, Heard, Mark, PassageKind, Reported, canonical
from connectors.kept_file import PAGES_MAX, ReservedFile, WorkFull
from connectors.roll import Roll
from devices.clock import Clock

PASSAGES_MAX = 200_000
"""Reports of one line that are kept; older ones give way, and whoever asks for them is told of the gap."""
TRIM_EVERY = 256
OWED_MAX = 1_000
"""Reports of one line that wait in memory while the disk takes none."""
ID_BYTES = 12

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS list (id TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS line (line TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS record (line TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (line, key)) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS passage (
        line TEXT, number INTEGER, at TEXT NOT NULL, told TEXT NOT NULL, PRIMARY KEY (line, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS inside (
        line TEXT, card INTEGER, inside INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (line, card)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS first (
        line TEXT, door INTEGER, hours TEXT NOT NULL, PRIMARY KEY (line, door)) WITHOUT ROWID""",
)
_NAMED = "INSERT INTO list SELECT '{id}' WHERE NOT EXISTS (SELECT 1 FROM list)"
_GENERATION = (
    "INSERT INTO line (line, generation) VALUES (?, 1) ON CONFLICT (line) DO UPDATE SET generation = generation + 1"
)
_PUT = (
    "INSERT INTO record (line, key, body) VALUES (?, ?, ?) ON CONFLICT (line, key) DO UPDATE SET body = excluded.body"
)
_FORGET = tuple(f"DELETE FROM {table} WHERE line = ?" for table in ("record", "inside", "first", "line"))  # noqa: S608 - of constants
_AFTER = "SELECT number, told FROM passage WHERE line = ? AND number > ? ORDER BY number LIMIT ?"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class After:
    """What a passage changes beside being told: where a card is now (None: nobody knows), and which first hours of a door
    have had their first person. None: nothing."""

    inside: tuple[int, bool | None] | None = None
    first: tuple[int, str] | None = None


class KeptList:
    """The lists of all lines of one process. What decides reads `roll`, in memory; what proves reads the disk."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        *,
        passages_max: int = PASSAGES_MAX,
        pages_max: int = PAGES_MAX,
    ) -> None:
        """Open or make the file. Raises `WorkUnusable` where it can be neither opened nor made."""
        self._path = path
        self._max = passages_max
        self._rolls: dict[str, Roll] = {}
        self._owed: dict[str, list[Heard]] = {}
        named = _NAMED.format(id=random_bytes(ID_BYTES).hex())
        self._file = ReservedFile(path, (*_SCHEMA, named), clock, hop, pages_max=pages_max)
        self._load()

    @property
    def short(self) -> bool:
        """Whether the disk is full: then only what takes rights away is kept, and passages as long as its reserve lasts."""
        return self._file.short

    def roll(self, line: str) -> Roll:
        """What decides at this line."""
        return self._rolls.setdefault(line, Roll())

    # The list

    async def put(self, line: str, key: str, body: str) -> None:
        """Keep a record. Raises `WorkUnusable`, `WorkFull`; then what it takes away counts all the same."""
        roll = self.roll(line)
        try:
            if self.short and not roll.narrows(key, body):
                raise WorkFull(path=self._path)
            await self._file.write(lambda connection: _put(connection, line, key, body))
        except EdgeError:
            roll.narrow(key, body)
            raise
        roll.put(key, body)

    async def drop(self, line: str, key: str) -> None:
        """Take a record away: at once for whoever stands at a door, then on disk. Raises `WorkUnusable`, `WorkFull`."""
        self.roll(line).put(key, None)
        await self._file.write(lambda connection: _drop(connection, line, key))

    def read(self, line: str, key: str) -> str | None:
        """What the disk holds under a key; None: nothing. Raises `WorkUnusable`."""
        found = self._rows("SELECT body FROM record WHERE line = ? AND key = ?", line, key)
        return found[0][0] if found else None

    def page(self, line: str, after: str, most: int) -> list[tuple[str, str]]:
        """Up to so many (key, body) on disk whose keys come after `after`, in order. Raises `WorkUnusable`."""
        query = "SELECT key, body FROM record WHERE line = ? AND key > ? ORDER BY key LIMIT ?"
        return self._rows(query, line, after, most)

    def cards(self, line: str) -> int:
        """How many cards are kept. Raises `WorkUnusable`."""
        query = "SELECT count(*) FROM record WHERE line = ? AND key >= 'card:' AND key < 'card;'"
        return self._rows(query, line)[0][0]

    def lines(self) -> frozenset[str]:
        """The lines that have a list. Raises `WorkUnusable`."""
        return frozenset(line for (line,) in self._rows("SELECT line FROM line"))

    async def forget(self, line: str) -> None:
        """Empty the list of a line that nobody drives; should it come back, it is a new incarnation. What its doors reported
        stays. Raises `WorkUnusable`, `WorkFull`."""
        self._rolls.pop(line, None)

        def forget(connection: Connection) -> None:
            for query in _FORGET:
                connection.execute(query, (line,))

        await self._file.write(forget)

    async def standing(self, line: str) -> tuple[str, int]:
        """The file's id, random and made with it, and a counter that every change of this list raises; whether the file can
        be written is tried. Raises `WorkUnusable`."""
        query = "INSERT OR IGNORE INTO line (line, generation) VALUES (?, 0)"
        await self._file.write(lambda connection: connection.execute(query, (line,)))
        ((id_,),) = self._rows("SELECT id FROM list LIMIT 1")
        ((generation,),) = self._rows("SELECT generation FROM line WHERE line = ?", line)
        return id_, generation

    # What doors report

    async def keep(self, line: str, told: Heard, after: After | None = None) -> Heard:
        """Keep a report under the next number. Raises `WorkUnusable`, `WorkFull`: then nothing was kept."""
        (kept,) = await self._file.write(lambda connection: self._keep(connection, line, [told], after or After()))
        return kept

    def owe(self, line: str, told: Heard) -> None:
        """Remember what could not be kept and has happened all the same, until the disk takes it."""
        owed = self._owed.setdefault(line, [])
        if len(owed) < OWED_MAX:
            owed.append(told)
        else:
            _log.error("%s: a report is lost, for the disk takes none: %s", line, told)

    async def settle(self, line: str) -> bool:
        """Keep what was owed, and see whether a full disk has room again. Whether anything was kept."""
        await self._file.look_for_room()
        owed = self._owed.get(line)
        if not owed:
            return False
        some = tuple(owed)
        try:
            await self._file.write(lambda connection: self._keep(connection, line, some, After()))
        except EdgeError:
            return False
        del owed[: len(some)]
        return True

    def passages(self, line: str, after: Mark, most: int) -> list[Reported]:
        """What was kept after a mark, up to so many, in order. Raises `WorkUnusable`."""
        ((first, last),) = self._rows("SELECT min(number), max(number) FROM passage WHERE line = ?", line)
        begin, found = after.index, list[Reported]()
        if begin and not self._goes_on(line, after, last or 0):
            begin = 0
            found.append(Anew())
        if first is not None and begin + 1 < first:
            found.append(Gap(begin + 1, first - 1))
            begin = first - 1
        return found + [_heard(number, told) for number, told in self._rows(_AFTER, line, begin, most)]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _goes_on(self, line: str, after: Mark, last: int) -> bool:
        """Whether the report of this mark is one of ours, as far as can be told."""
        if after.index > last:
            return False
        rows = self._rows("SELECT at FROM passage WHERE line = ? AND number = ?", line, after.index)
        return not rows or after.at is None or rows[0][0] == _text(after.at)

    def _keep(self, connection: Connection, line: str, told: Sequence[Heard], after: After) -> list[Heard]:
        query = "SELECT coalesce(max(number), 0) FROM passage WHERE line = ?"
        (last,) = connection.execute(query, (line,)).fetchone()
        kept = [replace(one, index=last + nth) for nth, one in enumerate(told, 1)]
        rows = [(line, one.index, _text(one.at), _body(one)) for one in kept]
        connection.executemany("INSERT INTO passage VALUES (?, ?, ?, ?)", rows)
        if after.inside is not None:
            card, inside = after.inside
            connection.execute("DELETE FROM inside WHERE line = ? AND card = ?", (line, card))
            if inside is not None:
                connection.execute("INSERT INTO inside VALUES (?, ?, ?, ?)", (line, card, inside, rows[-1][2]))
        if after.first is not None:
            connection.execute("INSERT OR REPLACE INTO first VALUES (?, ?, ?)", (line, *after.first))
        if any(one.index % TRIM_EVERY == 0 for one in kept):
            past = kept[-1].index - self._max
            connection.execute("DELETE FROM passage WHERE line = ? AND number <= ?", (line, past))
        return kept

    def _rows(self, query: str, *told: Any) -> list[Any]:
        return self._file.read(lambda connection: connection.execute(query, told).fetchall())

    def _load(self) -> None:
        for line, key, body in self._rows("SELECT line, key, body FROM record"):
            try:
                self.roll(line).put(key, body)
            except (ValueError, KeyError, TypeError, AttributeError):
                # Somebody else wrote it: it opens nothing, and the next reading shows it to the hub.
                _log.warning("%s: %s on the gateway's own disk is no record, and is not gone by", line, key)
        for line, card, inside, at in self._rows("SELECT line, card, inside, at FROM inside"):
            self.roll(line).inside[card] = (bool(inside), datetime.fromisoformat(at))
        for line, door, hours in self._rows("SELECT line, door, hours FROM first"):
            self.roll(line).firsts[door] = hours


def _put(connection: Connection, line: str, key: str, body: str) -> None:
    connection.execute(_PUT, (line, key, body))
    connection.execute(_GENERATION, (line,))


def _drop(connection: Connection, line: str, key: str) -> None:
    if connection.execute("DELETE FROM record WHERE line = ? AND key = ?", (line, key)).rowcount:
        connection.execute(_GENERATION, (line,))


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _body(told: Heard) -> str:
    return canonical({
        "at": _text(told.at), "card": told.card, "granted": told.granted, "inside": told.inside, "key": told.key,
        "kind": str(told.kind), "reason": told.reason,
    })  # fmt: skip


def _heard(number: int, body: str) -> Heard:
    told = json.loads(body)
    at = datetime.fromisoformat(told["at"]) if told["at"] else None
    return Heard(
        number,
        PassageKind(told["kind"]),
        told["key"],
        told["card"],
        at,
        told["granted"],
        told["reason"],
        told["inside"],
    )
