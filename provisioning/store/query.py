"""A SELECT that is asked again and again, at the driver's own speed.

Having SQLAlchemy put a statement together and run it costs here about 170 µs, of which the database takes 9. One that is
built and compiled once, and whose values are converted by the columns' own types, needs little more than those.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, LargeBinary, Select, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from provisioning.store.bulk import Convert, to_driver
from provisioning.store.engine import Tx
from provisioning.store.parts import parts

_SOME = "some"
"""What `among` calls its list."""


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a column's value is one of those which `Query.among` is handed; once in a statement."""
    return column.in_(bindparam(_SOME, expanding=True))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement for one driver and one length of its list.

    `values` are all that it binds, in order: what never changes is there already, `named` (place, name, conversion) and
    the list, from `listed` on, are put in. `found` is what becomes of a row's values (place, conversion).
    """

    text: str
    values: tuple[Any, ...]
    named: tuple[tuple[int, str, Convert], ...]
    listed: int
    each: Convert
    found: tuple[tuple[int, Callable[[Any], Any]], ...]


class Query:
    """A SELECT, asked with other named values each time. Its rows are named tuples, by the names of its columns."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self._row = namedtuple("Row", statement.selected_columns.keys(), rename=True)._make  # noqa: PYI024 - names are the statement's  # pyrefly: ignore - the same
        self._ready: dict[tuple[str, int], _Ready] = {}

    def all(self, tx: Tx, **values: Any) -> list[Any]:
        """The rows, for these named values."""
        return self._asked(tx, values, ())

    def first(self, tx: Tx, **values: Any) -> Any | None:
        """The first row, or None; a statement that would find many says `limit(1)`."""
        return next(iter(self._asked(tx, values, ())), None)

    def among(self, tx: Tx, some: Iterable[Any], **values: Any) -> Iterator[Any]:
        """The rows of a statement that says `among`, for the values of this list; none where it is empty."""
        for part in parts(some):
            yield from self._asked(tx, values, part)

    def _asked(self, tx: Tx, values: Mapping[str, Any], some: Sequence[Any]) -> list[Any]:
        # A list is filled up with its last value to a power of two, so that few texts serve lists of every length.
        size = 1 << (len(some) - 1).bit_length() if some else 0
        dialect = tx.connection.dialect
        ready = self._ready.get((dialect.name, size)) or self._prepared(dialect, size)
        told = list(ready.values)
        for at, name, convert in ready.named:
            told[at] = values[name] if convert is None else convert(values[name])
        if some:
            listed = list(some) if ready.each is None else [ready.each(value) for value in some]
            told[ready.listed : ready.listed + size] = listed + listed[-1:] * (size - len(listed))
        rows = tx.fetched(ready.text, told)
        return [self._row(row) for row in _converted(rows, ready.found)]

    def _prepared(self, dialect: Dialect, size: int) -> _Ready:
        compiled: Any = self._statement.compile(dialect=dialect)
        binds = {name: compiled.binds[name] for name in compiled.positiontup}
        asked = {name for name, bind in binds.items() if bind.required}
        state = compiled.construct_expanded_state({name: [None] * size if name == _SOME else None for name in asked})
        listed: Sequence[str] = state.parameter_expansion.get(_SOME, ())
        convert = {name: to_driver(bind.type, dialect) for name, bind in binds.items()}
        columns = self._statement.selected_columns
        ready = _Ready(
            state.statement,
            tuple(None if name in listed else _fixed(binds[name], convert[name]) for name in state.positiontup),
            tuple((at, name, convert[name]) for at, name in enumerate(state.positiontup) if name in asked),
            state.positiontup.index(listed[0]) if listed else 0,
            convert.get(_SOME),
            tuple((at, one) for at, column in enumerate(columns) if (one := _from_driver(column.type, dialect))),
        )
        self._ready[dialect.name, size] = ready
        return ready


def _fixed(bind: BindParameter[Any], convert: Convert) -> Any:
    return bind.value if convert is None else convert(bind.value)


def _from_driver(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return None if isinstance(kind, LargeBinary) else kind.dialect_impl(dialect).result_processor(dialect, None)


def _converted(rows: Sequence[Any], found: Sequence[tuple[int, Callable[[Any], Any]]]) -> Iterator[Sequence[Any]]:
    if not found:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for at, convert in found:
            values[at] = convert(values[at])
        yield values
