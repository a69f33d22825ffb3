"""What a full reading of a target shows against what was proved there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioning.nouns.rights import DriftKind, WantedHeld

READ_EVERY_S = 600.0
READ_EVERY_S_MAX = 3_600.0
READ_BY_SIZE: tuple[tuple[int, float], ...] = ((1_000, READ_EVERY_S), (5_000, 1_800.0))
"""How long after a full reading the next is due, by how much was found: a panel of 20,000 cards takes minutes to read."""


def read_every_s(found: int) -> float:
    """How long after a reading that found so much the next one is due."""
    return next((every_s for most, every_s in READ_BY_SIZE if found <= most), READ_EVERY_S_MAX)


@dataclass(frozen=True, slots=True)
class Difference:
    """One key at which the target is not as was proved: what was found there, and what was proved."""

    key: str
    kind: DriftKind
    found: str | None
    proved: str | None
    row: WantedHeld | None


def differences(rows: Sequence[WantedHeld], found: Mapping[str, str], started: datetime) -> tuple[Difference, ...]:
    """Foreign, altered and missing records. What a target cannot be asked for, and only acknowledged, is not missing. What
    was being changed while the reading ran proves nothing, so a record
    that is under way, or was touched since `started`, is passed over: its own read-back tells."""
    known = {row.key: row for row in rows}
    shown = [
        _difference(row, found.get(row.key))
        for row in rows
        if not _under_way(row, started) and row.held != found.get(row.key) and not _untold(row, found)
    ]
    foreign = [Difference(key, DriftKind.FOREIGN, body, None, None) for key, body in found.items() if key not in known]
    return (*shown, *foreign)


def _under_way(row: WantedHeld, started: datetime) -> bool:
    touched = max(moment for moment in (row.changed, row.seen or row.changed, row.proved or row.changed))
    return row.dirty or not row.known or touched >= started


def _untold(row: WantedHeld, found: Mapping[str, str]) -> bool:
    return row.proof == "acknowledged" and row.key not in found


def _difference(row: WantedHeld, found: str | None) -> Difference:
    if row.wanted is None:
        kind = DriftKind.FOREIGN
    elif found is None:
        kind = DriftKind.MISSING
    else:
        kind = DriftKind.ALTERED
    return Difference(row.key, kind, found, row.held, row)
