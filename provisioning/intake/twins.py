"""Rows of one sheet that speak of one person, one card or one identity: said twice alike is once; else none counts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from provisioning.identity.arrivals import Arrival
from provisioning.intake.report import Fault
from provisioning.intake.rows import Columns, Header, Row
from provisioning.nouns.refusals import Refusal


class NoTwice(Refusal):
    """Line {other} says something else of the same staff number. Keep one of the two rows, or correct the staff number."""


class CardTwice(Refusal):
    """Line {other} gives the same card to somebody else. Correct whichever of the two is wrong."""


class IdNumberTwice(Refusal):
    """Line {other} gives the same identity number under another staff number. Correct whichever of the two is wrong."""


def echoes(rows: Sequence[Row]) -> dict[int, int]:
    """Lines that only repeat an earlier line, each with that line."""
    first: dict[Arrival, int] = {}
    found: dict[int, int] = {}
    for row in rows:
        if row.arrival is not None and first.setdefault(row.arrival, row.line) != row.line:
            found[row.line] = first[row.arrival]
    return found


def conflicts(rows: Iterable[Row], columns: Columns) -> dict[int, tuple[Fault, ...]]:
    """Faults by line where rows that are not echoes contradict one another."""
    told = [(row.line, row.arrival) for row in rows if row.arrival is not None]
    found: dict[int, tuple[Fault, ...]] = {}
    for header, refusal, key in _SINGULAR:
        for line, other in _shared(told, key):
            found[line] = (*found.get(line, ()), columns.fault(header, refusal(other=other)))
    return found


def _shared(told: Sequence[tuple[int, Arrival]], key: Callable[[Arrival], Hashable]) -> list[tuple[int, int]]:
    """Each line whose key another line has too, with the first such other line."""
    lines: dict[Hashable, list[int]] = {}
    for line, arrival in told:
        if (value := key(arrival)) is not None:
            lines.setdefault(value, []).append(line)
    return [
        (line, same[1] if line == same[0] else same[0]) for same in lines.values() if len(same) > 1 for line in same
    ]


_SINGULAR: tuple[tuple[Header, type[Refusal], Callable[[Arrival], Hashable]], ...] = (
    (Header.NO, NoTwice, lambda arrival: arrival.no),
    (Header.CARD, CardTwice, lambda arrival: arrival.card),
    (Header.ID_NUMBER, IdNumberTwice, lambda arrival: arrival.private.id_number),
)
