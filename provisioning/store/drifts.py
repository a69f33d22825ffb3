"""Queries: what readings of targets showed beside what was proved there, and what no reading can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from connectors.contract import Proof
from provisioning.nouns.answers import Drift
from provisioning.nouns.rights import DriftKind
from provisioning.store import news
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.tables import drift, record

ACKNOWLEDGED: Proof = "acknowledged"

_RIGHT_DRIFTS = Bulk(
    update(drift)
    .where(
        drift.c.target == bindparam("of_target"),
        drift.c.righted.is_(None),
        drift.c.key.in_(
            select(record.c.key).where(record.c.target == bindparam("of_target"), record.c.dirty.is_(False))
        ),
    )
    .values(righted=bindparam("when")),
    ("of_target", "when"),
)


def add_foreign(tx: Tx, id_: str, found: Mapping[str, str], ranks: Mapping[str, int]) -> None:
    """Note things that nobody ever wanted there, as records of these ranks that are to go."""
    seq = news.raised(tx, [id_])[id_] if found else 0
    rows: list[dict[str, Any]] = [
        {
            "target": id_, "key": key, "holder": None, "wanted": None, "revision": 1, "rank": ranks[key], "grants": (),
            "urgent": True, "dirty": True, "due": tx.now, "attempts": 0, "changed": tx.now, "known": True,
            "held": body, "held_revision": 0, "seen": tx.now, "seq": seq,
        }
        for key, body in found.items()
    ]  # fmt: skip
    if rows:
        tx.run(insert(record), rows)


def send_again(tx: Tx, id_: str, since: datetime) -> None:
    """Have what a target only acknowledged, and that since then at the latest, sent again."""
    told = (record.c.target == id_, record.c.proof == ACKNOWLEDGED, record.c.wanted.is_not(None))
    old = (*told, record.c.dirty.is_(False), record.c.proved <= since)
    if tx.run(select(record.c.key).where(*old).limit(1)).first() is not None:
        seq = news.raised(tx, [id_])[id_]
        tx.run(update(record).where(*old).values(dirty=True, due=tx.now, seq=seq))


def note_found(tx: Tx, id_: str, found: Mapping[str, str | None]) -> None:
    """Note what a reading showed under keys where something else had been proved."""
    if found:
        at = (record.c.target == id_, record.c.key == bindparam("under"))
        statement = update(record).where(*at).values(known=True, held=bindparam("shown"), seen=tx.now)
        tx.run(statement, [{"under": key, "shown": body} for key, body in found.items()])


def add_drifts(tx: Tx, drifts: Sequence[Drift], alarm: str | None) -> None:
    """Keep what a reading showed."""
    if drifts:
        tx.run(
            insert(drift),
            [{**{name: getattr(each, name) for name in each.__slots__}, "alarm": alarm} for each in drifts],
        )


def right_drifts(tx: Tx, ids: Iterable[str]) -> None:
    """Note which drifts of these targets are as wanted again."""
    _RIGHT_DRIFTS.run(tx, [(id_, tx.now) for id_ in ids])


def drifts(tx: Tx, limit: int, *, open_only: bool) -> list[Drift]:
    """Drifts, the latest first."""
    columns = [drift.c[name] for name in Drift.__slots__]
    statement = select(*columns).order_by(drift.c.at.desc(), drift.c.id).limit(limit)
    if open_only:
        statement = statement.where(drift.c.righted.is_(None))
    return [Drift(**row | {"kind": DriftKind(row["kind"])}) for row in tx.rows(statement)]
