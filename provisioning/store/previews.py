"""Queries: what a preview reads of many people at once, in as few and plain values as it needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Text, cast, or_, select

from provisioning.nouns.people import StayState
from provisioning.nouns.units import AllotmentState
from provisioning.store.engine import Tx
from provisioning.store.tables import allotment, person, stay

_EMPTY = "[]"


class StayRow(NamedTuple):
    """One open stay. `plain`: it has neither moves nor pauses."""

    person: str
    no: str
    department: str
    post: str
    kind: str
    area: str
    arrival: date
    departure: date | None
    plain: bool


def open_stays(tx: Tx, since: date | None) -> Iterator[StayRow]:
    """The open stays of everybody, person by person; without those whose last day lies before `since`."""
    c = stay.c
    plain = (cast(c.moves, Text) == _EMPTY) & (cast(c.pauses, Text) == _EMPTY)
    query = (
        select(
            c.person, person.c.no, c.department, c.post, c.kind, c.area, c.arrival, c.departure, plain.label("plain")
        )
        .join(person, person.c.id == c.person)
        .where(c.state == StayState.OPEN.value)
        .order_by(c.person)
    )
    if since is not None:
        query = query.where(or_(c.departure.is_(None), c.departure >= since))
    return map(StayRow._make, tx.tuples(query))


def unit_holders(tx: Tx) -> set[str]:
    """Everybody who holds a unit."""
    c = allotment.c
    query = select(c.person).where(c.ended.is_(None), c.state == AllotmentState.HELD.value)
    return {row.person for row in tx.run(query)}
