"""Spans of time [first, end), end None where there is none: cut, with pauses taken out, and joined where they touch.
Days or instants, never both together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

Day = TypeVar("Day", bound=date)
Window = tuple[date, date | None]


def cut(window: tuple[Day, Day | None], first: Day | None, end: Day | None) -> tuple[Day, Day | None] | None:
    """The part of a window within [first, end); None where nothing is left."""
    opens = window[0] if first is None else max(window[0], first)
    closes = _earlier(window[1], end)
    return None if closes is not None and closes <= opens else (opens, closes)


def without(
    window: tuple[Day, Day | None], pauses: Sequence[tuple[Day, Day | None]]
) -> tuple[tuple[Day, Day | None], ...]:
    """What is left of a window once all pauses are taken out, in order."""
    left: list[tuple[Day, Day | None]] = []
    opens, closes = window
    for begins, ends in sorted(pauses, key=lambda pause: pause[0]):
        if ends is not None and ends <= begins:
            continue
        if before := cut((opens, closes), None, begins):
            left.append(before)
        if ends is None:
            return tuple(left)
        opens = max(opens, ends)
    if rest := cut((opens, closes), opens, None):
        left.append(rest)
    return tuple(left)


def joined(windows: Iterable[tuple[Day, Day | None]]) -> tuple[tuple[Day, Day | None], ...]:
    """The same time with as few windows as may be, in order."""
    found: list[tuple[Day, Day | None]] = []
    for opens, closes in sorted(windows, key=lambda window: window[0]):
        if not found or (found[-1][1] is not None and found[-1][1] < opens):
            found.append((opens, closes))
        else:
            first, end = found[-1]
            found[-1] = (first, None if end is None or closes is None else max(end, closes))
    return tuple(found)


def _earlier(one: Day | None, other: Day | None) -> Day | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
