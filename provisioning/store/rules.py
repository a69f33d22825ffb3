"""Queries: the versions of the rules."""

from __future__ import annotations

from sqlalchemy import insert, select

from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import rules_version

_LATEST = Query(select(rules_version.c.id, rules_version.c.text).order_by(rules_version.c.id.desc()).limit(1))


def latest_rules(tx: Tx) -> tuple[int, str] | None:
    """The version in force and its text; None before the first."""
    row = _LATEST.first(tx)
    return None if row is None else (row.id, row.text)


def add_rules(tx: Tx, text: str, digest: str, operator: str) -> int:
    """Keep a new version; returns its number."""
    row = {"text": text, "digest": digest, "operator": operator, "at": tx.now}
    return tx.run(insert(rules_version).returning(rules_version.c.id), row).scalar_one()
