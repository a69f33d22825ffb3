"""Queries: revocations and suspensions by security, and their lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, literal, select, update

from provisioning.nouns.people import CardState, StayState
from provisioning.nouns.rights import RevocationKind
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.tables import credential, revocation, revocation_line, stay

MERGED = "house:merger"
_KIND_SUSPENDED = literal(RevocationKind.SUSPENDED.value, literal_execute=True)
# Written out, so that the index of suspensions in force alone answers.
_SUSPENDED = Query(
    select(revocation.c.person).where(
        among(revocation.c.person), revocation.c.kind == _KIND_SUSPENDED, revocation.c.lifted.is_(None)
    )
)


@dataclass(frozen=True, slots=True)
class Revocation:
    """One act of taking everything away from a person: for good, or, suspended, until it is lifted."""

    id: str
    person: str
    operator: str
    reason: str
    at: datetime
    kind: RevocationKind = RevocationKind.REVOKED
    lifted: datetime | None = None
    lifted_by: str | None = None


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


def suspended(tx: Tx, persons: Iterable[str]) -> set[str]:
    """Those of these persons who are suspended by security."""
    return {row.person for row in _SUSPENDED.among(tx, persons)}


def suspension_of(tx: Tx, person: str) -> Revocation | None:
    """The suspension that stands against a person."""
    return next(
        (each for each in revocations_of(tx, person) if each.kind is RevocationKind.SUSPENDED and each.lifted is None),
        None,
    )


def lift(tx: Tx, id_: str, by: str) -> bool:
    """Lift a suspension; False where that was done before."""
    where = (revocation.c.id == id_, revocation.c.kind == _KIND_SUSPENDED, revocation.c.lifted.is_(None))
    return tx.run(update(revocation).where(*where).values(lifted=tx.now, lifted_by=by)).rowcount == 1


def join_suspensions(tx: Tx, old: str, new: str) -> None:
    """Two persons turn out to be one: where both are suspended, the one's stands for both."""
    if len(suspended(tx, [old, new])) > 1 and (standing := suspension_of(tx, old)) is not None:
        lift(tx, standing.id, MERGED)


def add_revocation(tx: Tx, made: Revocation, lines: Sequence[RevokedLine] = ()) -> None:
    """Keep a revocation with its lines."""
    row = {name: getattr(made, name) for name in made.__slots__}
    tx.run(insert(revocation), {**row, "kind": made.kind.value})
    add_lines(tx, lines)


def add_lines(tx: Tx, lines: Sequence[RevokedLine]) -> None:
    """Keep lines of a revocation."""
    if lines:
        tx.run(insert(revocation_line), [{name: getattr(line, name) for name in line.__slots__} for line in lines])


def revocation_by_id(tx: Tx, id_: str) -> Revocation | None:
    """The revocation of this id."""
    found = tx.rows(select(revocation).where(revocation.c.id == id_))
    return revocation_of(found[0]) if found else None


def revocations_of(tx: Tx, person: str) -> list[Revocation]:
    """A person's revocations, the latest first."""
    statement = select(revocation).where(revocation.c.person == person).order_by(revocation.c.at.desc())
    return [revocation_of(row) for row in tx.rows(statement)]


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


def revocation_of(row: Mapping[str, Any]) -> Revocation:
    """A row as a revocation; one of an older story says no kind, and is one for good."""
    told: dict[str, Any] = {**row, "kind": RevocationKind(row.get("kind", RevocationKind.REVOKED))}
    return Revocation(**told)
