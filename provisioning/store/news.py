"""What is new for whom: a counter per target, which stands on each record that changed, and who is told to look again.

A counter per target, raised under that target's row lock, loses no row that commits out of order; one for all would
(guide: engine, trap 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select, update

from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.tables import target

GATEWAY = "gateway/"
"""The topic of one gateway: that there is news for it."""
GATEWAYS = "gateways"
"""The topic of all of them: that there may be news for anybody."""

_RAISE = Bulk(update(target).where(target.c.id == bindparam("at")).values(seq=target.c.seq + 1), ("at",))
_OWNED = Query(select(target.c.id, target.c.seq, target.c.gateway).where(among(target.c.id)))


def raised(tx: Tx, targets: Iterable[str]) -> dict[str, int]:
    """Raise the counters of these targets and tell their gateways; what is to stand on the records that change with it,
    by target: 0 for those of the hub's own gateway, which asks the records themselves."""
    # In id order, so that two transactions never wait for each other.
    _RAISE.run(tx, ((id_,) for id_ in sorted(set(targets))))
    return {row.id: row.seq if row.gateway is not None else 0 for row in _told(tx, targets)}


def tell(tx: Tx, targets: Iterable[str]) -> None:
    """Tell the gateways of these targets to look again."""
    _told(tx, targets)


def _told(tx: Tx, targets: Iterable[str]) -> list[Any]:
    owned = list(_OWNED.among(tx, targets))
    for row in owned:
        if row.gateway is not None:
            tx.wake(GATEWAY + row.gateway)
    return owned
