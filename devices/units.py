"""Which seats and flats there are, as a campus file has them: what a register of that campus would list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

SEATS_MAX = 500
"""Seats in one office; a file that says more is told so by its whole check."""


def units_of(campus: dict[str, Any], kind: str, patterns: Sequence[str]) -> tuple[str, ...]:
    """The units of a kind, `seats` or `flats`, whose ids fit one of the patterns, in order, without what is misshapen."""
    exact = {pattern for pattern in patterns if not pattern.endswith("*")}
    beginnings = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    found = _seats(campus) if kind == "seats" else _flats(campus)
    return tuple(sorted({unit for unit in found if unit in exact or unit.startswith(beginnings)}))


def _seats(campus: dict[str, Any]) -> Iterator[str]:
    for office in _items(campus, "offices"):
        name, seats = office.get("id"), office.get("seats")
        if isinstance(name, str) and isinstance(seats, int):
            yield from (f"{name}-{number:02}" for number in range(1, min(seats, SEATS_MAX) + 1))


def _flats(campus: dict[str, Any]) -> Iterator[str]:
    for block in _items(campus, "blocks"):
        flats = block.get("flats")
        yield from (flat for flat in (flats if isinstance(flats, list) else ()) if isinstance(flat, str))


def _items(campus: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:
    found = campus.get(key)
    yield from (item for item in (found if isinstance(found, list) else ()) if isinstance(item, dict))
