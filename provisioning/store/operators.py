"""Operators and the digests of their tokens. A name is never given to another: the story would speak of two people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from provisioning.nouns.told import Operator
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import operator

_OPERATOR = select(
    operator.c.id, operator.c.name, operator.c.roles, operator.c.bootstrap, operator.c.created, operator.c.ended
)
_BY_TOKEN = Query(_OPERATOR.where(operator.c.token_digest == bindparam("digest")))
_BY_NAME = Query(_OPERATOR.where(operator.c.name == bindparam("called")))


def add_operator(tx: Tx, added: Operator, token_digest: bytes) -> None:
    """Keep an operator."""
    tx.run(
        insert(operator).values(
            id=added.id,
            name=added.name,
            roles=sorted(added.roles),
            token_digest=token_digest,
            bootstrap=added.bootstrap,
            created=added.created,
        )
    )


def by_token(tx: Tx, token_digest: bytes) -> Operator | None:
    """Who holds this token, ended or not."""
    row = _BY_TOKEN.first(tx, digest=token_digest)
    return _operator(row) if row else None


def by_name(tx: Tx, name: str) -> Operator | None:
    """Who has or had this name."""
    row = _BY_NAME.first(tx, called=name)
    return _operator(row) if row else None


def operators(tx: Tx, *, in_force: bool) -> Sequence[Operator]:
    """Operators by name; `in_force` leaves out those who have ended."""
    query = _OPERATOR.where(operator.c.ended.is_(None)) if in_force else _OPERATOR
    return [_operator(row) for row in tx.run(query.order_by(operator.c.name))]


def end_operator(tx: Tx, operator_id: str) -> None:
    """Their token opens nothing from now on."""
    tx.run(update(operator).where(operator.c.id == operator_id).values(ended=tx.now))


def _operator(row: Any) -> Operator:
    return Operator(row.id, row.name, frozenset(row.roles), row.bootstrap, row.created, row.ended)
