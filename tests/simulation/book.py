"""What the hub has written down, read beside it and with plain SQL: the witness must not lean on the code it judges."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A record: what is wanted under a key, and what the hub believes to be held."""

    target: str
    key: str
    holder: str | None
    wanted: str | None
    revision: int
    grants: str
    dirty: bool
    known: bool
    held: str | None
    proved: datetime | None
    receipt: int | None
    refused: str | None

    @property
    def proved_gone(self) -> bool:
        """Whether a receipt says that nothing is held, and nothing has been wanted since."""
        return self.wanted is None and not self.dirty and self.receipt is not None and self.held is None

    @property
    def number(self) -> int:
        """The card's."""
        return int(self.key.partition(":")[2])


_COLUMNS = "target, key, holder, wanted, revision, grants, dirty, known, held, proved, receipt, refused"

_COVERED = """
SELECT 1 FROM credential c JOIN "grant" g ON g.person = c.person
WHERE c.number = ? AND c.state = 'active' AND c.opens <= ? AND (c.closes IS NULL OR c.closes > ?)
AND g.ended IS NULL AND g.opens <= ? AND (g.closes IS NULL OR g.closes > ?) AND g.resource IN ({}) LIMIT 1
"""


class Book:
    """The hub's database, as it is committed."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def line(self, target: str, number: int) -> Line | None:
        """The record of a card on a panel."""
        found = self._lines("target = ? AND key = ?", target, f"card:{number}")
        return found[0] if found else None

    def lines(self) -> list[Line]:
        """All records."""
        return self._lines("1 ORDER BY target, key")

    def gone(self, target: str) -> list[int]:
        """Cards that are proved gone from a panel."""
        wanted = "target = ? AND wanted IS NULL AND NOT dirty AND held IS NULL AND receipt IS NOT NULL ORDER BY key"
        return [line.number for line in self._lines(wanted, target)]

    def events(self, after: int) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Receipts told after an event: id, kind, target, data."""
        statement = "SELECT id, kind, target, body FROM event WHERE id > ? ORDER BY id"
        return [
            (id_, kind, target, json.loads(body)["data"])
            for id_, kind, target, body in self._connection.execute(statement, (after,))
        ]

    def covered(self, number: int, zones: Sequence[str], at: datetime) -> bool:
        """Whether some grant in force at this instant lets the card's holder through a door of these zones."""
        moment = (at - _EPOCH) // _TICK
        statement = _COVERED.format(",".join("?" * len(zones)))
        told = (number, moment, moment, moment, moment, *zones)
        return self._connection.execute(statement, told).fetchone() is not None

    def active_cards(self) -> list[int]:
        """Cards in somebody's hands."""
        return [
            n for (n,) in self._connection.execute("SELECT number FROM credential WHERE state = 'active' ORDER BY 1")
        ]

    def grant_zones(self, ids: Sequence[str]) -> list[tuple[str, datetime, datetime | None]]:
        """Resource, beginning and end of those of these grants that nobody has ended."""
        marks = ",".join("?" * len(ids))
        statement = f'SELECT resource, opens, closes FROM "grant" WHERE ended IS NULL AND id IN ({marks})'  # noqa: S608 - only question marks are put in
        return [
            (zone, _instant(opens), _instant(closes))
            for zone, opens, closes in self._connection.execute(statement, ids)
        ]

    def card_periods(self, number: int, holder: str) -> list[tuple[datetime, datetime | None]]:
        """When a card is in a holder's hands, as far as it is still theirs."""
        statement = "SELECT opens, closes FROM credential WHERE number = ? AND person = ? AND state = 'active'"
        return [(_instant(o), _instant(c)) for o, c in self._connection.execute(statement, (number, holder))]

    def _lines(self, where: str, *told: object) -> list[Line]:
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM record WHERE {where}", told)  # noqa: S608 - this file's own text
        return [
            Line(t, k, h, w, rev, g, bool(d), bool(kn), held, _instant(p), rec, ref)
            for t, k, h, w, rev, g, d, kn, held, p, rec, ref in rows
        ]


def _instant(moment: int | None) -> Any:
    return None if moment is None else _EPOCH + moment * _TICK
