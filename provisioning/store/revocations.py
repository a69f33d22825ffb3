"""Queries: revocations and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from provisioning.nouns.people import CardState, StayState
from provisioning.store.engine import Tx
from provisioning.store.tables import credential, revocation, revocation_line, stay


@dataclass(frozen=True, slots=True)
class Revocation:
    """One act of taking everything away from a person."""

    id: str
    person: str
    operator: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RevokedLine:
    """One record that was to go; proved once it was read back as gone at this revision or a later one."""

    revocation: str
    target: str
    key: str
    revision: int
    exposed_until: datetime | None
    proved: datetime | None = None
    receipt: int | None = None


def revoke_stays(tx: Tx, person: str) -> int:
    """End every open stay of a person as revoked; returns how many."""
    where = (stay.c.person == person, stay.c.state == StayState.OPEN)
    return tx.run(update(stay).where(*where).values(state=StayState.REVOKED, ended=tx.now)).rowcount


def end_credentials(tx: Tx, person: str) -> int:
    """End every active credential of a person; returns how many."""
    where = (credential.c.person == person, credential.c.state == CardState.ACTIVE)
    return tx.run(update(credential).where(*where).values(state=CardState.ENDED, ended=tx.now)).rowcount


def add_revocation(tx: Tx, made: Revocation, lines: Sequence[RevokedLine]) -> None:
    """Keep a revocation with its lines."""
    tx.run(insert(revocation), {name: getattr(made, name) for name in made.__slots__})
    if lines:
        tx.run(insert(revocation_line), [{name: getattr(line, name) for name in line.__slots__} for line in lines])


def revocation_by_id(tx: Tx, id_: str) -> Revocation | None:
    """The revocation of this id."""
    found = tx.rows(select(revocation).where(revocation.c.id == id_))
    return Revocation(**found[0]) if found else None


def revocations_of(tx: Tx, person: str) -> list[Revocation]:
    """A person's revocations, the latest first."""
    statement = select(revocation).where(revocation.c.person == person).order_by(revocation.c.at.desc())
    return [Revocation(**row) for row in tx.rows(statement)]


def lines_of(tx: Tx, id_: str) -> list[RevokedLine]:
    """The lines of a revocation, by target."""
    statement = select(revocation_line).where(revocation_line.c.revocation == id_)
    return [RevokedLine(**row) for row in tx.rows(statement.order_by(revocation_line.c.target, revocation_line.c.key))]


def prove_lines(tx: Tx, target: str, key: str, revision: int, receipt: int) -> None:
    """Note the receipt on every line that waited for this record to be gone."""
    where = (
        revocation_line.c.target == target,
        revocation_line.c.key == key,
        revocation_line.c.revision <= revision,
        revocation_line.c.receipt.is_(None),
    )
    tx.run(update(revocation_line).where(*where).values(proved=tx.now, receipt=receipt))
