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


@dataclass(frozen=True, slots=True)
class Row:
    """A passage: what a panel reported under a number of its own."""

    incarnation: int
    number: int
    key: str
    card: int | None
    granted: bool
    at: datetime


_COLUMNS = "target, key, holder, wanted, revision, grants, dirty, known, held, proved, receipt, refused"

_COVERED = """
SELECT 1 FROM credential c JOIN "grant" g ON g.person = c.person
WHERE c.number = ? AND c.state = 'active' AND c.opens <= ? AND (c.closes IS NULL OR c.closes > ?)
AND g.ended IS NULL AND g.opens <= ? AND (g.closes IS NULL OR g.closes > ?) AND g.resource IN ({})
AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.person = c.person AND r.kind = 'suspended' AND r.lifted IS NULL)
AND NOT (c.kind = 'card' AND EXISTS (
    SELECT 1 FROM credential l WHERE l.person = c.person AND l.kind = 'loan' AND l.state = 'active'
    AND l.opens <= ? AND l.closes > ?)) LIMIT 1
"""


class Book:
    """The hub's database, as it is committed."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def line(self, target: str, key: int | str) -> Line | None:
        """The record under a key, or of a card, on a panel."""
        found = self._lines("target = ? AND key = ?", target, key if isinstance(key, str) else f"card:{key}")
        return found[0] if found else None

    def lines(self) -> list[Line]:
        """All records."""
        return self._lines("1 ORDER BY target, key")

    def gone(self, target: str) -> list[int]:
        """Cards that are proved gone from a panel."""
        wanted = (
            "target = ? AND key LIKE 'card:%' AND wanted IS NULL AND NOT dirty AND held IS NULL AND receipt IS NOT NULL "
            "ORDER BY key"
        )
        return [line.number for line in self._lines(wanted, target)]

    def gone_in_tail(self) -> list[tuple[str, int]]:
        """Target and card of what is proved gone by a receipt that stands outside the database as well."""
        statement = (
            "SELECT r.target, r.key FROM record r JOIN event e ON e.id = r.receipt WHERE r.wanted IS NULL AND NOT r.dirty "
            "AND r.held IS NULL AND r.key LIKE 'card:%' AND e.position < (SELECT coalesce(max(size), 0) FROM checkpoint) "
            "ORDER BY 1, 2"
        )
        return [(target, int(key.partition(":")[2])) for target, key in self._connection.execute(statement)]

    def rights(self) -> frozenset[str]:
        """The ids of all grants and credentials that stand, and of what kept others from opening and is over."""
        statement = (
            """SELECT id FROM "grant" WHERE ended IS NULL UNION SELECT id FROM credential WHERE state = 'active' """
            "UNION SELECT id FROM revocation WHERE lifted IS NOT NULL "
            "UNION SELECT id || ' over' FROM credential WHERE kind = 'loan' AND state <> 'active'"
        )
        return frozenset(id_ for (id_,) in self._connection.execute(statement))

    def rights_of(self, number: int, zones: Sequence[str]) -> frozenset[str]:
        """Of these ids, those that concern a card that somebody has: itself, grants on these zones, and what is over."""
        statement = (
            "SELECT c.id, g.id, r.id, l.id || ' over' FROM credential c "  # noqa: S608 - only question marks are put in
            'JOIN "grant" g ON g.person = c.person '
            "LEFT JOIN revocation r ON r.person = c.person AND r.lifted IS NOT NULL "
            "LEFT JOIN credential l ON l.person = c.person AND l.kind = 'loan' AND l.state <> 'active' "
            f"WHERE c.number = ? AND c.state = 'active' AND g.ended IS NULL AND g.resource IN ({','.join('?' * len(zones))})"
        )
        return frozenset(id_ for row in self._connection.execute(statement, (number, *zones)) for id_ in row if id_)

    def last_event(self) -> int:
        """The newest event's id."""
        return self._connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]

    def recovering(self) -> bool:
        """Whether a backup was put back, and nobody has settled yet what that means."""
        return self._connection.execute("SELECT 1 FROM era WHERE settled IS NULL").fetchone() is not None

    def read_since_restore(self, target: str) -> bool:
        """Whether what a backup says of a target was held against it: at once where none was ever put back."""
        statement = (
            "SELECT 1 FROM target t WHERE t.id = ? AND coalesce(t.read, 0) < (SELECT coalesce(max(begun), 0) FROM era)"
        )
        return self._connection.execute(statement, (target,)).fetchone() is None

    def passages(self, target: str) -> list[Row]:
        """What was taken in of a target, in the order in which it was."""
        statement = "SELECT incarnation, number, key, card, granted, at FROM passage WHERE target = ? ORDER BY id"
        return [
            Row(incarnation, number, key, card, bool(granted), _instant(at))
            for incarnation, number, key, card, granted, at in self._connection.execute(statement, (target,))
        ]

    def owner(self, target: str) -> tuple[str | None, datetime | None]:
        """Which gateway has a target (None: the hub's own), and until when it may be worked without the hub."""
        statement = "SELECT gateway, term_until FROM target WHERE id = ?"
        gateway, term = self._connection.execute(statement, (target,)).fetchone() or (None, None)
        return gateway, _instant(term)

    def terms_over(self, target: str) -> list[datetime]:
        """When a target was given to another gateway because the term of the one that had it was over."""
        statement = "SELECT at, body FROM event WHERE kind = 'gateway.handed' AND target = ?"
        found = self._connection.execute(statement, (target,))
        return [_instant(at) for at, body in found if json.loads(body)["data"]["because"] == "term"]

    def acts_begun(self, target: str) -> frozenset[str]:
        """The ids of orders to open a door there that were noted as begun."""
        statement = "SELECT id FROM act WHERE target = ? AND begun IS NOT NULL"
        return frozenset(id_ for (id_,) in self._connection.execute(statement, (target,)))

    def anything_ordered(self) -> bool:
        """Whether any zone is locked down, or released."""
        return self._connection.execute("SELECT 1 FROM condition WHERE released IS NULL").fetchone() is not None

    def first_in_line(self, target: str) -> int | None:
        """The card that is written first there where all are."""
        statement = (
            "SELECT key FROM record WHERE target = ? AND wanted IS NOT NULL AND key LIKE 'card:%' "
            "ORDER BY urgent DESC, rank, changed, key LIMIT 1"
        )
        found = self._connection.execute(statement, (target,)).fetchone()
        return None if found is None else int(found[0].partition(":")[2])

    def events(self, after: int) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Receipts told after an event: id, kind, target, data."""
        statement = "SELECT id, kind, target, body FROM event WHERE id > ? ORDER BY id"
        return [
            (id_, kind, target, json.loads(body)["data"])
            for id_, kind, target, body in self._connection.execute(statement, (after,))
        ]

    def covered(self, number: int, zones: Sequence[str], at: datetime, since: datetime | None = None) -> bool:
        """Whether some grant in force at this instant, or at some since another, lets the card's holder through a door of
        these zones."""
        moment = (at - _EPOCH) // _TICK
        early = moment if since is None else (since - _EPOCH) // _TICK
        statement = _COVERED.format(",".join("?" * len(zones)))
        told = (number, moment, early, moment, early, *zones, moment, moment)
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
