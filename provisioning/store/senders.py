"""Rows of senders: who may sign notices, and with which sealed secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy import insert, select, update

from provisioning.store.engine import Tx
from provisioning.store.tables import sender


@dataclass(frozen=True, slots=True)
class Sender:
    """One secret of one source. A source may have two for a while, so that one takes the other's place."""

    id: str
    name: str
    source: str
    sealed: bytes
    created: datetime
    ended: datetime | None = None


_IN_ORDER = attrgetter(*Sender.__slots__)


def senders(tx: Tx) -> list[Sender]:
    """Every sender that ever was, by name."""
    return [Sender(*_IN_ORDER(row)) for row in tx.run(select(sender).order_by(sender.c.name))]


def add_sender(tx: Tx, one: Sender) -> None:
    """A new sender."""
    tx.run(insert(sender).values(dict(zip(Sender.__slots__, _IN_ORDER(one), strict=True))))


def reseal_sender(tx: Tx, at: str, sealed: bytes) -> None:
    """Put a secret sealed anew."""
    tx.run(update(sender).where(sender.c.id == at).values(sealed=sealed))


def end_sender(tx: Tx, at: str) -> None:
    """A sender's secret signs nothing from now on."""
    tx.run(update(sender).where(sender.c.id == at).values(ended=tx.now))
