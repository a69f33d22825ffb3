"""Long lists of values, cut to what one statement takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, bindparam
from sqlalchemy.sql import Executable

from provisioning.store.engine import Tx

VALUES_MAX = 5_000
"""Values in one IN list: SQLite takes 32,766 parameters, PostgreSQL 65,535."""

_T = TypeVar("_T")


def parts(values: Iterable[_T]) -> Iterator[list[_T]]:
    """The values in order, each once, in pieces; none where there is none."""
    every = list(dict.fromkeys(values))
    return (every[at : at + VALUES_MAX] for at in range(0, len(every), VALUES_MAX))


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a column's value is one of those which `rows_among` is handed: for statements that are built once, since
    putting one together costs more than running it."""
    return column.in_(bindparam("some", expanding=True))


def rows_among(tx: Tx, statement: Executable, values: Iterable[Any]) -> Iterator[Row[Any]]:
    """The rows of a statement that says `among`, for these values."""
    for some in parts(values):
        yield from tx.run(statement, {"some": some})
