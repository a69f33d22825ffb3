"""Many rows through one statement, at the driver's own speed.

SQLAlchemy prepares each row's values with much care and at some cost (here about 20 µs a row, of which the database
takes 3). A statement that is compiled once, and whose values are converted by the columns' own types, needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Insert, LargeBinary, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from provisioning.store.engine import Tx

Convert = Callable[[Any], Any] | None


class Bulk:
    """An INSERT or UPDATE of named values, run for many rows at once."""

    def __init__(self, statement: Insert | Update, names: Iterable[str]) -> None:
        """`names` says in which order a row gives its values: an INSERT's columns, or an UPDATE's bound names."""
        self._statement = statement
        self._names = tuple(names)
        self._compiled: dict[str, tuple[str, tuple[tuple[int, Convert], ...]]] = {}

    def run(self, tx: Tx, rows: Iterable[Sequence[Any]]) -> None:
        """Run it for every row."""
        text, order = self._for(tx.connection.dialect)
        values = [tuple([row[at] if convert is None else convert(row[at]) for at, convert in order]) for row in rows]
        if values:
            tx.connection.exec_driver_sql(text, values)

    def _for(self, dialect: Dialect) -> tuple[str, tuple[tuple[int, Convert], ...]]:
        if dialect.name not in self._compiled:
            columns = self._names if isinstance(self._statement, Insert) else None
            compiled = self._statement.compile(dialect=dialect, column_keys=columns)
            order = tuple(
                (self._names.index(name), _converter(compiled.binds[name].type, dialect))
                for name in compiled.positiontup or ()
            )
            self._compiled[dialect.name] = (str(compiled), order)
        return self._compiled[dialect.name]


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    # Drivers take bytes as they are; what SQLAlchemy would wrap them in costs more than writing them.
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).bind_processor(dialect)
