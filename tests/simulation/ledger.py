"""What a gateway keeps for its serial lines, read from its disk beside it and with plain SQL."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

LIST = "list.sqlite"
_PASSAGES = "SELECT number, told FROM passage WHERE line = ? AND number > ? ORDER BY number"


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as it was kept."""

    number: int
    at: datetime
    key: str
    card: int | None
    granted: bool
    reason: str


class Ledger:
    """The file of one process; nothing where it is not there yet."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIST

    def passages(self, line: str, after: int = 0) -> list[Entry]:
        """What the doors of a line reported after a number, in order."""
        return [_entry(number, json.loads(told)) for number, told in self._rows(_PASSAGES, line, after)]

    def latest(self, line: str, most: int) -> list[Entry]:
        """The last so many, in order."""
        query = "SELECT coalesce(max(number), 0) FROM passage WHERE line = ?"
        found = self._rows(query, line)
        return self.passages(line, found[0][0] - most) if found else []

    def body(self, line: str, key: str) -> Any:
        """What is kept under a key; None: nothing."""
        found = self._rows("SELECT body FROM record WHERE line = ? AND key = ?", line, key)
        return json.loads(found[0][0]) if found else None

    def bodies(self, line: str) -> dict[str, str]:
        """All that is kept of a line."""
        return dict(self._rows("SELECT key, body FROM record WHERE line = ?", line))

    def _rows(self, query: str, *told: object) -> list[Any]:
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as connection:
            try:
                return connection.execute(query, told).fetchall()
            except sqlite3.OperationalError:
                # Whoever makes it has not come further yet.
                return []


def _entry(number: int, told: dict[str, Any]) -> Entry:
    at = datetime.fromisoformat(told["at"])
    return Entry(number, at, told["key"], told["card"], told["granted"], told["reason"])
