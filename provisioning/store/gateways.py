"""Queries: gateways of their own, which targets they have, and what is new for them there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)

from provisioning.nouns.gateways import LINES, Assigned, Because, Gateway
from provisioning.store import news
from provisioning.store.delivery import MAY_GO, forget_held
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.query import Query
from provisioning.store.rights import DELIVERY
from provisioning.store.tables import Instant, assignment, gateway, passage_cursor, record, target


class Owned(NamedTuple):
    """A target of a gateway; `settings` are the text that is stored."""

    id: str
    kind: str
    settings: str
    seq: int
    epoch: int
    term_until: datetime | None
    identity: str | None
    counter: int | None
    read_due: datetime | None
    active: bool
    heir: str | None


class News(NamedTuple):
    """One record as its gateway is told of it; `waits`: not before the era is settled."""

    key: str
    revision: int
    wanted: str | None
    rank: int
    grants: tuple[str, ...]
    urgent: bool
    due: datetime | None
    dirty: bool
    seq: int
    waits: bool


_GATEWAY = tuple(gateway.c[name] for name in Gateway.__slots__)
_BY_ID = Query(select(*_GATEWAY).where(gateway.c.id == bindparam("of_id")))
_OWNED = Query(
    select(
        target.c.id, target.c.kind, cast(target.c.settings, Text).label("settings"), target.c.seq, target.c.epoch,
        target.c.term_until, target.c.identity, target.c.counter, target.c.read_due, target.c.active, target.c.heir,
    )
    .where(target.c.gateway == bindparam("of_gateway"))
    .order_by(target.c.id)
)  # fmt: skip
_FENCE = Query(
    select(target.c.id).where(
        target.c.id == bindparam("of_target"),
        target.c.gateway == bindparam("of_gateway"),
        target.c.epoch == bindparam("of_epoch"),
    )
)
_EPOCHS = Query(select(target.c.id, target.c.epoch).where(target.c.gateway == bindparam("of_gateway")))
_UNTOLD = Query(
    select(target.c.id)
    .where(target.c.gateway == bindparam("of_gateway"), target.c.heir.is_(None), target.c.term_until.is_(None))
    .limit(1)
)
_NEWS = select(
    record.c.key, record.c.revision, record.c.wanted, record.c.rank, record.c.grants, record.c.urgent, record.c.due,
    record.c.dirty, record.c.seq, case((MAY_GO, false()), else_=true()).label("waits"),
)  # fmt: skip
_HERE = record.c.target == bindparam("of_target")
_ORDER = (record.c.seq, record.c.key)
_BEHIND = tuple_(*_ORDER) > tuple_(bindparam("seq"), bindparam("after"))
# In this order, and 0 as it is: SQLite goes by the first of them through its index, which holds only what is above 0.
_ALL_NEWS = Query(
    _NEWS.where(_HERE, _BEHIND, record.c.seq > literal_column("0")).order_by(*_ORDER).limit(bindparam("most"))
)
_OWED = Query(_NEWS.where(_HERE, record.c.dirty == true(), _BEHIND).order_by(*_ORDER).limit(bindparam("most")))
_ASSIGNED = select(
    target.c.id.label("target"), target.c.kind, target.c.building, target.c.active, target.c.gateway, target.c.heir,
    target.c.term_until, target.c.lease,
)  # fmt: skip
_NOW, _OVER = bindparam("now", type_=Instant), bindparam("over", type_=Instant)
_PASSING = target.c.heir.is_not(None)
_FREE = and_(target.c.gateway.is_(None), or_(target.c.lease.is_(None), target.c.lease <= _NOW))
_OUT_OF_TERM = and_(target.c.gateway.is_not(None), or_(target.c.term_until.is_(None), target.c.term_until <= _OVER))
# Beside its workers the hub's own gateway keeps the doors of lines, and says itself when it does so no more.
_NOT_KEPT = or_(target.c.active != true(), and_(*(target.c.kind != kind for kind in sorted(LINES))))
_RIPE = Query(_ASSIGNED.where(_PASSING, or_(and_(_FREE, _NOT_KEPT), _OUT_OF_TERM)))
_LAST = Query(select(func.max(assignment.c.row).label("row")))
_WATCHED = (gateway.c.enrolled.is_not(None), gateway.c.revoked.is_(None))
_HAS_TARGETS = select(target.c.id).where(target.c.gateway == gateway.c.id).exists()
_FALLEN_SILENT = Query(
    select(*_GATEWAY).where(*_WATCHED, gateway.c.silent.is_(None), gateway.c.heard <= _OVER, _HAS_TARGETS)
)


def gateways(tx: Tx) -> list[Gateway]:
    """Every gateway that ever was, by name."""
    return [_gateway(row) for row in tx.run(select(*_GATEWAY).order_by(gateway.c.name))]


def gateway_of(tx: Tx, id_: str) -> Gateway | None:
    """The gateway of this id."""
    row = _BY_ID.first(tx, of_id=id_)
    return None if row is None else _gateway(row)


def gateway_called(tx: Tx, name: str) -> Gateway | None:
    """The gateway of this name or id."""
    row = tx.run(select(*_GATEWAY).where(or_(gateway.c.name == name, gateway.c.id == name))).first()
    return None if row is None else _gateway(row)


def gateway_with(tx: Tx, code_digest: bytes) -> Gateway | None:
    """The gateway for which a code was made."""
    row = tx.run(select(*_GATEWAY).where(gateway.c.code_digest == code_digest)).first()
    return None if row is None else _gateway(row)


def add_gateway(tx: Tx, added: Gateway, code_digest: bytes) -> None:
    """Keep a new gateway."""
    row = {name: getattr(added, name) for name in Gateway.__slots__}
    tx.run(insert(gateway), {**row, "attested": list(added.attested), "code_digest": code_digest})


def change(tx: Tx, id_: str, **new: Any) -> None:
    """Put columns of a gateway."""
    tx.run(update(gateway).where(gateway.c.id == id_).values(**new))


def fallen_silent(tx: Tx, before: datetime) -> list[Gateway]:
    """Gateways with targets that have not been heard since then, and are not known to be silent."""
    return [_gateway(row) for row in _FALLEN_SILENT.all(tx, over=before)]


def unreach(tx: Tx, id_: str, why: str) -> None:
    """Nothing is known of what its targets answer, for this reason, until it is heard again."""
    here = (target.c.gateway == id_, target.c.unreachable.is_(None))
    tx.run(update(target).where(*here).values(unreachable=why, unreachable_since=tx.now))


def reach_again(tx: Tx, id_: str, why: str) -> None:
    """It is heard again: what was out of reach for that reason is not any more."""
    here = (target.c.gateway == id_, target.c.unreachable == why)
    tx.run(update(target).where(*here).values(unreachable=None, unreachable_since=None))


def untold(tx: Tx, id_: str) -> bool:
    """Whether it has a target of which it has never been told."""
    return _UNTOLD.first(tx, of_gateway=id_) is not None


def renew_terms(tx: Tx, id_: str, until: datetime) -> None:
    """It may work its targets until then without the hub; save those that it is to let go."""
    tx.run(update(target).where(target.c.gateway == id_, target.c.heir.is_(None)).values(term_until=until))


def owned(tx: Tx, id_: str) -> list[Owned]:
    """All targets of a gateway, by id."""
    return [Owned(*row) for row in _OWNED.all(tx, of_gateway=id_)]


def epochs(tx: Tx, id_: str) -> dict[str, int]:
    """Its targets, by id, each with the epoch of its assignment."""
    return {row.id: row.epoch for row in _EPOCHS.all(tx, of_gateway=id_)}


def has(tx: Tx, id_: str, target_id: str, epoch: int) -> bool:
    """Whether a gateway has a target, by the assignment of this epoch."""
    return _FENCE.first(tx, of_gateway=id_, of_target=target_id, of_epoch=epoch) is not None


def news_since(tx: Tx, target_id: str, seq: int, after: str, most: int) -> list[News]:
    """Records that have changed since a place in the order of changes."""
    return [News(*row) for row in _ALL_NEWS.all(tx, of_target=target_id, seq=seq, after=after, most=most)]


def owed_since(tx: Tx, target_id: str, seq: int, after: str, most: int) -> list[News]:
    """Only those that are not as wanted: what a gateway is told that knows nothing of the target yet."""
    return [News(*row) for row in _OWED.all(tx, of_target=target_id, seq=seq, after=after, most=most)]


def assigned(tx: Tx, ids: Iterable[str] | None = None) -> list[Assigned]:
    """Who has which target, by id; of all, or of those that there are of these."""
    if ids is None:
        return [Assigned(**row._asdict()) for row in tx.run(_ASSIGNED.order_by(target.c.id))]
    return [Assigned(**row._asdict()) for some in parts(ids) for row in tx.run(_ASSIGNED.where(target.c.id.in_(some)))]


def ripe(tx: Tx, term_over_before: datetime) -> list[Assigned]:
    """Targets that are being handed over, and that nobody works any more: no worker of the hub's own has a claim, or the
    gateway was never told of it, or its term is over."""
    return [Assigned(**row._asdict()) for row in _RIPE.all(tx, now=tx.now, over=term_over_before)]


def set_heir(tx: Tx, ids: Sequence[str], heir: str | None) -> None:
    """Hand targets over to somebody, from when they are let go; None: to nobody."""
    for some in parts(ids):
        tx.run(update(target).where(target.c.id.in_(some)).values(heir=heir))
    news.tell(tx, ids)
    tx.wake(DELIVERY)


def give(tx: Tx, one: Assigned, to: str | None, because: Because) -> None:
    """A target is another gateway's from now on: to be read at once, and worked under a new epoch."""
    news.tell(tx, [one.target])
    values: dict[str, Any] = {
        "gateway": to, "heir": None, "term_until": None, "owner": None, "lease": None, "epoch": target.c.epoch + 1,
        "due": tx.now, "read_due": tx.now, "unreachable": None, "unreachable_since": None, "attempts": 0,
    }  # fmt: skip
    if one.kind in LINES:
        values |= {"identity": None, "counter": None}
    tx.run(update(target).where(target.c.id == one.target).values(**values))
    if one.kind in LINES:
        forget_held(tx, one.target)
        # What its doors report is numbered by whoever keeps them.
        anew = {"incarnation": passage_cursor.c.incarnation + 1, "number": 0, "at": None}
        tx.run(update(passage_cursor).where(passage_cursor.c.target == one.target).values(**anew))
    row = {"target": one.target, "gateway": to, "before": one.gateway, "at": tx.now, "because": because.value}
    tx.run(insert(assignment), row)
    news.tell(tx, [one.target])
    tx.wake(DELIVERY)


def last_assignment(tx: Tx) -> int:
    """The number of the last assignment; 0 where there was none."""
    row = _LAST.first(tx)
    return 0 if row is None or row.row is None else row.row


def _gateway(row: Any) -> Gateway:
    told: dict[str, Any] = row._asdict()
    return Gateway(**told | {"attested": tuple(row.attested)})
