"""Queries: holds, and the changes of mind that went through without one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update

from connectors.contract import Json
from provisioning.nouns.minds import Hold, HoldKind, HoldState
from provisioning.nouns.people import StayState
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.tables import change_of_mind, hold, person, stay

_COLUMNS = tuple(hold.c.keys())
_ADD = Bulk(insert(hold), _COLUMNS)
_SETTLE = Bulk(
    update(hold)
    .where(hold.c.id == bindparam("at_id"), hold.c.state == bindparam("was"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "decided_by", "decided", "reason")}),
    ("at_id", "was", "new_state", "new_decided_by", "new_decided", "new_reason"),
)
_ADD_CHANGE = Bulk(insert(change_of_mind), ("at", "kind", "more", "less"))
_BY_ID = Query(select(hold).where(hold.c.id == bindparam("at_id")))
_OF_BATCH = Query(select(hold).where(hold.c.batch == bindparam("of")).order_by(hold.c.at, hold.c.id))
_CHANGES = Query(
    select(
        func.coalesce(func.sum(change_of_mind.c.more), 0).label("gained"),
        func.coalesce(func.sum(change_of_mind.c.less), 0).label("lost"),
    ).where(
        change_of_mind.c.at > bindparam("since", type_=change_of_mind.c.at.type),
        among(change_of_mind.c.kind),
    )
)
_ANYBODY = Query(select(person.c.id).limit(1))


def add_hold(tx: Tx, one: Hold) -> None:
    """A change of mind that waits."""
    told = {name: getattr(one, name) for name in _COLUMNS}
    told |= {"kind": one.kind.value, "state": one.state.value, "plan": dict(one.plan)}
    _ADD.run(tx, [tuple(told.values())])


def hold_of(tx: Tx, at: str) -> Hold | None:
    """The hold with this id."""
    row = _BY_ID.first(tx, at_id=at)
    return None if row is None else _hold(row)


def holds(tx: Tx, limit: int, *, open_only: bool) -> list[Hold]:
    """The newest first."""
    query = select(hold).order_by(hold.c.at.desc(), hold.c.id.desc()).limit(limit)
    return [_hold(row) for row in tx.run(query.where(hold.c.state == HoldState.OPEN.value) if open_only else query)]


def open_hold(tx: Tx, kind: HoldKind, name: str | None = None) -> Hold | None:
    """The newest open hold of a kind, and of a name where one is given."""
    query = select(hold).where(hold.c.kind == kind.value, hold.c.state == HoldState.OPEN.value)
    if name is not None:
        query = query.where(hold.c.name == name)
    row = tx.run(query.order_by(hold.c.at.desc(), hold.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _hold(row)


def holds_of_batch(tx: Tx, batch: str) -> list[Hold]:
    """The holds in which parts of a batch wait, or waited, oldest first."""
    return [_hold(row) for row in _OF_BATCH.all(tx, of=batch)]


def open_holds(tx: Tx) -> int:
    """How many wait."""
    query = select(func.count()).select_from(hold).where(hold.c.state == HoldState.OPEN.value)
    return tx.run(query).scalar_one()


def put_plan(tx: Tx, at: str, more: int, less: int, plan: Mapping[str, Json], digest: str) -> None:
    """Another plan in the place of the one that was shown."""
    new = {"more": more, "less": less, "plan": dict(plan), "digest": digest}
    tx.run(update(hold).where(hold.c.id == at).values(new))


def settle_hold(tx: Tx, at: str, state: HoldState, by: str, reason: str | None) -> bool:
    """Put what became of an open hold; whether it was open."""
    return bool(_SETTLE.run(tx, [(at, HoldState.OPEN.value, state.value, by, tx.now, reason)]))


def add_change(tx: Tx, kind: HoldKind, more: int, less: int) -> None:
    """A change of mind that went through."""
    _ADD_CHANGE.run(tx, [(tx.now, kind.value, more, less)])


def changes_since(tx: Tx, kinds: Collection[HoldKind], since: datetime) -> tuple[int, int]:
    """How many people gained and lost by the changes of these kinds after an instant."""
    (found,) = _CHANGES.among(tx, (kind.value for kind in kinds), since=since)
    return int(found.gained), int(found.lost)


def anybody(tx: Tx) -> bool:
    """Whether the hub knows any person."""
    return _ANYBODY.first(tx) is not None


def people_staying(tx: Tx, day: date) -> int:
    """How many people have an open stay that is not over on a day."""
    lasting = or_(stay.c.departure.is_(None), stay.c.departure >= day)
    query = select(func.count(stay.c.person.distinct())).where(stay.c.state == StayState.OPEN.value, lasting)
    return tx.run(query).scalar_one()


def _hold(row: Any) -> Hold:
    told = dict(zip(_COLUMNS, row, strict=True))
    return Hold(**told | {"kind": HoldKind(row.kind), "state": HoldState(row.state)})
