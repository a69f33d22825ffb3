"""Queries: conditions of zones, and acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, insert, or_, select, update

from provisioning.nouns.conditions import ActState, Condition, ConditionKind, DoorAct
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.query import Query
from provisioning.store.rights import hasten_target
from provisioning.store.tables import Instant, act, condition, target

_CONDITION = select(*(condition.c[name] for name in Condition.__slots__))
_NOW = bindparam("now", type_=Instant)
_IN_FORCE = condition.c.released.is_(None)
_OPEN = act.c.ended.is_(None)
_MAY_BEGIN = (_OPEN, act.c.state == ActState.WAITING.value, act.c.until > _NOW)
_WAITING = (act.c.target == bindparam("of_target"), *_MAY_BEGIN)
_ACTS_WAITING = select(act).where(*_WAITING).order_by(act.c.at, act.c.id).limit(bindparam("most"))
_ACTS_OF_GATEWAY = Query(
    select(act.c.target)
    .distinct()
    .select_from(act.join(target, target.c.id == act.c.target))
    .where(target.c.gateway == bindparam("of_gateway"), *_MAY_BEGIN)
)
_ZONES = select(condition.c.kind, condition.c.zone).where(_IN_FORCE)
_BEGIN = (
    update(act)
    .where(act.c.id == bindparam("of_act"), *_WAITING)
    .values(state=ActState.BEGUN.value, begun=bindparam("begun_at", type_=Instant))
)
_CONDITION_OVER = select(condition.c.id).where(_IN_FORCE, condition.c.until <= _NOW).limit(1)
_ACT_OVER = select(act.c.id).where(_OPEN, act.c.until <= _NOW).limit(1)


def lockdowns_unwarned(tx: Tx, since: datetime) -> list[Condition]:
    """The lockdowns in force since then at the latest, of which nobody was told that some door is exposed."""
    where = (_IN_FORCE, condition.c.kind == ConditionKind.LOCKDOWN.value, condition.c.warned.is_(None))
    return [_condition(row) for row in tx.run(_CONDITION.where(*where, condition.c.since <= since))]


def note_warned(tx: Tx, id_: str) -> None:
    """Somebody was told of a lockdown's exposed doors."""
    tx.run(update(condition).where(condition.c.id == id_).values(warned=tx.now))


def act_waits(at: ColumnElement[str]) -> ColumnElement[bool]:
    """That some act waits for the target in this column, and may still be begun: `now` is bound."""
    return select(act.c.id).where(act.c.target == at, *_MAY_BEGIN).exists()


def add_condition(tx: Tx, made: Condition) -> None:
    """Keep a condition."""
    row = {name: getattr(made, name) for name in made.__slots__}
    tx.run(insert(condition), {**row, "kind": made.kind.value, "exempt": list(made.exempt)})


def in_force(tx: Tx, kind: ConditionKind | None = None, zone: str | None = None) -> list[Condition]:
    """The conditions that nobody has released, the latest first."""
    query = _CONDITION.where(_IN_FORCE).order_by(condition.c.since.desc(), condition.c.id)
    if kind is not None:
        query = query.where(condition.c.kind == kind.value)
    if zone is not None:
        query = query.where(condition.c.zone == zone)
    return [_condition(row) for row in tx.run(query)]


def latest(tx: Tx, limit: int) -> list[Condition]:
    """Conditions in force or released, the latest first."""
    query = _CONDITION.order_by(condition.c.since.desc(), condition.c.id).limit(limit)
    return [_condition(row) for row in tx.run(query)]


def known_of(tx: Tx, ids: Iterable[str]) -> list[Condition]:
    """Those of these conditions that are known here."""
    return [_condition(row) for some in parts(ids) for row in tx.run(_CONDITION.where(condition.c.id.in_(some)))]


def condition_by_id(tx: Tx, id_: str) -> Condition | None:
    """The condition of this id."""
    row = tx.run(_CONDITION.where(condition.c.id == id_)).first()
    return None if row is None else _condition(row)


def over(tx: Tx) -> list[Condition]:
    """The conditions whose time is over, and that nobody has released."""
    return [_condition(row) for row in tx.run(_CONDITION.where(_IN_FORCE, condition.c.until <= tx.now))]


def release(tx: Tx, id_: str, by: str) -> bool:
    """Release a condition; False where that was done before."""
    query = update(condition).where(condition.c.id == id_, _IN_FORCE).values(released=tx.now, released_by=by)
    return tx.run(query).rowcount == 1


def zones_in_force(tx: Tx) -> tuple[frozenset[str], frozenset[str]]:
    """The zones under lockdown, and those that fire has released."""
    found = tx.run(_ZONES).all()
    of = {kind: frozenset(row.zone for row in found if row.kind == kind) for kind in ConditionKind}
    return of[ConditionKind.LOCKDOWN], of[ConditionKind.FIRE]


def reach_of(tx: Tx, targets: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """Why, and from when on, these targets are out of reach; those that answer are not among them."""
    query = select(target.c.id, target.c.unreachable, target.c.unreachable_since).where(
        target.c.id.in_(targets), target.c.unreachable.is_not(None)
    )
    return {row.id: (row.unreachable, row.unreachable_since) for row in tx.run(query)}


def add_act(tx: Tx, made: DoorAct) -> None:
    """Keep an act, and have its target worked ahead of all other work."""
    row = {name: getattr(made, name) for name in made.__slots__}
    tx.run(insert(act), {**row, "state": made.state.value})
    hasten_target(tx, made.target)


def act_by_id(tx: Tx, id_: str) -> DoorAct | None:
    """The act of this id."""
    row = tx.run(select(act).where(act.c.id == id_)).first()
    return None if row is None else _act(row)


def acts(tx: Tx, limit: int) -> list[DoorAct]:
    """Acts, the latest first."""
    return [_act(row) for row in tx.run(select(act).order_by(act.c.at.desc(), act.c.id).limit(limit))]


def acts_waiting(tx: Tx, at: str, limit: int) -> list[DoorAct]:
    """The acts that wait for a target and may still be begun, in the order in which they were ordered."""
    return [_act(row) for row in tx.run(_ACTS_WAITING, {"of_target": at, "now": tx.now, "most": limit})]


def acts_of_gateway(tx: Tx, gateway: str) -> set[str]:
    """The targets of a gateway for which some act waits that may still be begun."""
    return {row.target for row in _ACTS_OF_GATEWAY.all(tx, of_gateway=gateway, now=tx.now)}


def open_act_for(tx: Tx, at: str, key: str, person: str) -> bool:
    """Whether an act upon this door for this person is under way already."""
    query = select(act.c.id).where(act.c.target == at, _OPEN, act.c.key == key, act.c.person == person)
    return tx.run(query.limit(1)).first() is not None


def begin_act(tx: Tx, at: str, id_: str) -> bool:
    """Note that an act is about to be sent; False where it must not be any more."""
    values = {"of_act": id_, "of_target": at, "now": tx.now, "begun_at": tx.now}
    return tx.run(_BEGIN, values).rowcount == 1


def end_act(tx: Tx, id_: str, state: ActState, said: str | None) -> bool:
    """Note what became of an act; False where that is known already, or is still not."""
    news = or_(_OPEN, and_(act.c.state == ActState.UNKNOWN.value, act.c.state != state.value))
    query = update(act).where(act.c.id == id_, news).values(state=state.value, ended=tx.now, said=said)
    return tx.run(query).rowcount == 1


def acts_over(tx: Tx, begun_before: datetime) -> list[DoorAct]:
    """The acts that were not begun in time, and those that were begun before an instant and never reported."""
    late = (act.c.state == ActState.WAITING.value) & (act.c.until <= tx.now)
    lost = (act.c.state == ActState.BEGUN.value) & (act.c.begun <= begun_before)
    return [_act(row) for row in tx.run(select(act).where(_OPEN, or_(late, lost)).order_by(act.c.at))]


def anything_over(tx: Tx) -> bool:
    """Whether the time of some condition, or of some act, is over."""
    asked = {"now": tx.now}
    return tx.run(_CONDITION_OVER, asked).first() is not None or tx.run(_ACT_OVER, asked).first() is not None


def _condition(row: Row[Any]) -> Condition:
    told = row._asdict()
    return Condition(**told | {"kind": ConditionKind(told["kind"]), "exempt": tuple(told["exempt"])})


def _act(row: Row[Any]) -> DoorAct:
    return DoorAct(**row._asdict() | {"state": ActState(row.state)})
