"""Long lists of values, cut to what one statement takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

VALUES_MAX = 5_000
"""Values in one IN list: SQLite takes 32,766 parameters, PostgreSQL 65,535."""

_T = TypeVar("_T")


def parts(values: Iterable[_T]) -> Iterator[list[_T]]:
    """The values in order, each once, in pieces; none where there is none."""
    every = list(dict.fromkeys(values))
    return (every[at : at + VALUES_MAX] for at in range(0, len(every), VALUES_MAX))
