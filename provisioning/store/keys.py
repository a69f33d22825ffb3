"""The wrapped keys of persons. A row gone is a person erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import bindparam, delete, insert, select, update

from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.tables import person_key

ASKED_AT_ONCE_MAX = 500
_ADD = Bulk(insert(person_key), ("person", "wrapped"))
_WRAPPED = Query(select(person_key.c.person, person_key.c.wrapped).where(among(person_key.c.person)))


def wrapped_keys(tx: Tx, persons: Iterable[str]) -> dict[str, bytes]:
    """The wrapped key of each of these persons who has one."""
    return {row.person: row.wrapped for row in _WRAPPED.among(tx, persons)}


def keep_wrapped(tx: Tx, keys: dict[str, bytes]) -> None:
    """Write the keys of persons who had none; their person rows are there already."""
    _ADD.run(tx, keys.items())


def rewrite_wrapped(tx: Tx, keys: dict[str, bytes]) -> None:
    """Put other wrappings of the same keys in place."""
    if keys:
        statement = update(person_key).where(person_key.c.person == bindparam("of")).values(wrapped=bindparam("anew"))
        tx.run(statement, [{"of": person, "anew": wrapped} for person, wrapped in keys.items()])


def lose_key(tx: Tx, person: str) -> bool:
    """Delete a person's key; whether there was one. `secure_delete` overwrites its bytes in the file."""
    return tx.run(delete(person_key).where(person_key.c.person == person)).rowcount > 0


def all_wrapped(tx: Tx) -> Iterator[dict[str, bytes]]:
    """Every wrapped key, some hundreds at a time, by person."""
    after = ""
    while True:
        query = select(person_key.c.person, person_key.c.wrapped).where(person_key.c.person > after)
        rows = tx.run(query.order_by(person_key.c.person).limit(ASKED_AT_ONCE_MAX)).all()
        if not rows:
            return
        after = rows[-1][0]
        yield {row.person: row.wrapped for row in rows}
