"""Rows of campus versions, and the targets that the campus file configures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from connectors.contract import Json
from provisioning.store import news
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import campus_version, target

_LATEST = Query(select(campus_version.c.id, campus_version.c.digest).order_by(campus_version.c.id.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What the campus file says of a target."""

    id: str
    kind: str
    name: Mapping[str, str]
    building: str
    settings: Mapping[str, Json]
    active: bool


def latest_campus(tx: Tx) -> tuple[int, str] | None:
    """The version in force, and the digest of its text; None before the first."""
    row = _LATEST.first(tx)
    return None if row is None else (row.id, row.digest)


def campus_text(tx: Tx, version: int) -> str:
    """The text of a version."""
    return tx.run(select(campus_version.c.text).where(campus_version.c.id == version)).scalar_one()


def add_campus(tx: Tx, text: str, digest: str, operator: str) -> int:
    """Put a new version in force; its number."""
    values = {"text": text, "digest": digest, "operator": operator, "at": tx.now}
    return tx.run(insert(campus_version).values(values).returning(campus_version.c.id)).scalar_one()


def target_rows(tx: Tx) -> dict[str, TargetRow]:
    """Every target that ever was, by id."""
    c = target.c
    query = select(c.id, c.kind, c.name, c.building, c.settings, c.active)
    return {
        row.id: TargetRow(row.id, row.kind, row.name, row.building, row.settings, row.active) for row in tx.run(query)
    }


def add_targets(tx: Tx, rows: Sequence[TargetRow]) -> None:
    """New targets, to be read at once: nothing is known of what they hold."""
    if rows:
        again = {"due": tx.now, "read_due": tx.now}
        tx.run(insert(target), [{name: getattr(row, name) for name in TargetRow.__slots__} | again for row in rows])
        tx.wake("delivery")


def change_targets(tx: Tx, rows: Sequence[TargetRow]) -> None:
    """Put what the file says of targets that were there before, to be looked at and read again at once."""
    names = ("kind", "name", "building", "settings", "active")
    if rows:
        # Whoever works there by the old settings may speak to another device: what it reports proves nothing any more.
        again = {"due": tx.now, "read_due": tx.now, "epoch": target.c.epoch + 1}
        tx.run(
            update(target)
            .where(target.c.id == bindparam("at_id"))
            .values({name: bindparam(f"new_{name}") for name in names} | again),
            [{"at_id": row.id, **{f"new_{name}": getattr(row, name) for name in names}} for row in rows],
        )
        news.tell(tx, [row.id for row in rows])
        tx.wake("delivery")
