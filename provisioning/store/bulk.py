"""Many rows through one statement, at the driver's own speed.

SQLAlchemy prepares each row's values with much care and at some cost (here about 20 µs a row, of which the database
takes 3). A statement that is compiled once, and whose values are converted by the columns' own types, needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Insert, LargeBinary, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from provisioning.store.engine import Tx

Convert = Callable[[Any], Any] | None
_Place = tuple[int | None, Convert, Any]
"""Where a bound value comes from: the place in a row and its conversion; or None, and the value that the statement has."""


class Bulk:
    """An INSERT or UPDATE of named values, run for many rows at once."""

    def __init__(self, statement: Insert | Update, names: Iterable[str]) -> None:
        """`names` says in which order a row gives its values: an INSERT's columns, or an UPDATE's bound names."""
        self._statement = statement
        self._names = tuple(names)
        self._compiled: dict[str, tuple[str, tuple[_Place, ...]]] = {}

    def run(self, tx: Tx, rows: Iterable[Sequence[Any]]) -> int:
        """Run it for every row; how many rows of the table that touched."""
        text, order = self._for(tx.connection.dialect)
        columns = list(zip(*rows, strict=True))
        if not columns:
            return 0
        told = [
            [fixed] * len(columns[0]) if at is None else _told(columns[at], convert) for at, convert, fixed in order
        ]
        return tx.connection.exec_driver_sql(text, list(zip(*told, strict=True))).rowcount

    def _for(self, dialect: Dialect) -> tuple[str, tuple[_Place, ...]]:
        if dialect.name not in self._compiled:
            columns = self._names if isinstance(self._statement, Insert) else None
            compiled = self._statement.compile(dialect=dialect, column_keys=columns)
            order = tuple(self._place(compiled.binds[name], dialect) for name in compiled.positiontup or ())
            self._compiled[dialect.name] = (str(compiled), order)
        return self._compiled[dialect.name]

    def _place(self, bind: BindParameter[Any], dialect: Dialect) -> _Place:
        convert = to_driver(bind.type, dialect)
        if bind.key in self._names:
            return self._names.index(bind.key), convert, None
        return None, None, bind.value if convert is None else convert(bind.value)


def _told(column: Sequence[Any], convert: Convert) -> Iterable[Any]:
    if convert is None:
        return column
    # Many a column has one thing in every row, such as the present instant: that is converted once.
    alike = len(set(map(id, column))) == 1
    return [convert(column[0])] * len(column) if alike else map(convert, column)


def to_driver(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    """What makes a value of a column's type one that the driver takes; None where it is one already."""
    # Drivers take bytes as they are; what SQLAlchemy would wrap them in costs more than writing them.
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)
