"""Many rows put in, or many values looked up, by few statements.

Python lets go of the interpreter at each step that SQLite takes, and has to wait for it again while another thread is
busy: the gateway's loop, when doors tell of a thousand people at once. Row by row that costs more than all the rest. A
statement that takes hundreds of rows, or gives one row that holds them all, is one step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Insert, Select, func, select
from sqlalchemy.engine import Dialect

from provisioning.store.bulk import Convert, to_driver
from provisioning.store.engine import Tx
from provisioning.store.query import Query

_VALUES = re.compile(r"(?<= VALUES )(\([^()]*\))")

SIZES = (512, 64, 8, 1)
"""Rows of one statement: few sizes, so that few texts are kept ready. The largest binds fewer values than SQLite takes,
32,766, where a row has up to 60."""


class Sheaf:
    """An INSERT of rows, each given as its values in the order of `names`."""

    def __init__(self, statement: Insert, names: Iterable[str]) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._ready: dict[str, tuple[dict[int, str], tuple[tuple[int, Convert], ...]]] = {}

    def run(self, tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
        """Put them all in."""
        texts, order = self._for(tx.connection.dialect)
        columns = list(zip(*rows, strict=True))
        told = (columns[at] if convert is None else _told(columns[at], convert) for at, convert in order)
        ready = list(zip(*told, strict=True)) if rows else []
        start = 0
        for size in SIZES:
            while len(ready) - start >= size:
                some = ready[start : start + size]
                tx.connection.exec_driver_sql(texts[size], tuple(value for row in some for value in row))
                start += size

    def _for(self, dialect: Dialect) -> tuple[dict[int, str], tuple[tuple[int, Convert], ...]]:
        if dialect.name not in self._ready:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
            order = tuple(
                (self._names.index(name), to_driver(compiled.binds[name].type, dialect))
                for name in compiled.positiontup or ()
            )
            head, row, tail = _VALUES.split(str(compiled), 1)
            self._ready[dialect.name] = ({size: head + ", ".join([row] * size) + tail for size in SIZES}, order)
        return self._ready[dialect.name]


def _told(column: Sequence[Any], convert: Callable[[Any], Any]) -> Iterable[Any]:
    """The values as the driver takes them; where many rows have one and the same, it is converted once."""
    distinct = {id(value): value for value in column}
    if len(distinct) * 2 > len(column):
        return map(convert, column)
    ready = {key: convert(value) for key, value in distinct.items()}
    return [ready[id(value)] for value in column]


def gathered(statement: Select[*tuple[Any, ...]]) -> Query:
    """A SELECT whose rows come as one, for `rows_of`; its columns are kept as the database has them."""
    inner = statement.subquery()
    whole = func.json_group_array(func.json_array(*inner.c))
    return Query(select(whole.label("whole")))


def rows_of(row: Any) -> list[list[Any]]:
    """The rows that a `gathered` statement found."""
    return json.loads(row.whole)
