"""Queries of delivery: claiming targets, their differences, and what became of them. A claim is fenced by its epoch."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, or_, select, true, update
from sqlalchemy.sql import Executable

from connectors.contract import Fingerprint, Json
from connectors.desk import Task
from provisioning.nouns.answers import TargetState
from provisioning.nouns.rights import WantedHeld
from provisioning.store import news
from provisioning.store.bulk import Bulk
from provisioning.store.conditions import act_waits
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.rights import DELIVERY, PRIORITY_URGENT, PRIORITY_USUAL, RECORD
from provisioning.store.tables import Instant, assignment, era, record, target


@dataclass(frozen=True, slots=True)
class Taken:
    """A target that was claimed."""

    id: str
    kind: str
    settings: Mapping[str, Json]
    epoch: int
    reconcile: bool
    fingerprint: Fingerprint | None
    doubtful: bool
    handed: int


@dataclass(frozen=True, slots=True)
class Outward:
    """What the hub knows of a target's reach."""

    identity: str | None
    counter: int | None
    attempts: int
    unreachable: str | None
    unreachable_since: datetime | None
    read: datetime | None


class Noted(NamedTuple):
    """What a report changes in a record: every field that it may touch, as it is from now on."""

    target: str
    key: str
    dirty: bool
    urgent: bool
    due: datetime | None
    attempts: int
    known: bool
    held: str | None
    held_revision: int
    seen: datetime | None
    sent: datetime | None
    proved: datetime | None
    proof: str | None
    receipt: int | None
    refused: str | None
    reason: str | None


# Built once: putting a statement together costs more than running it.
_GOING = record.c.wanted.is_(None)
# Until the era after a restore is settled, what was wanted then may have been taken away since: only erasures of rights go
# out, and what was ordered since, such as a lockdown. To put a setting back may open a door, and waits (ranks up to 0).
_UNSETTLED = era.c.settled.is_(None)
_ORDERED_SINCE = and_(
    record.c.holder.is_(None),
    record.c.wanted.is_not(None),
    record.c.urgent,
    record.c.changed >= select(func.max(era.c.begun)).where(_UNSETTLED).scalar_subquery(),
)
MAY_GO = or_(and_(_GOING, record.c.rank > 0), ~select(era.c.id).where(_UNSETTLED).exists(), _ORDERED_SINCE)
_TO_DO = (
    select(record.c.key, record.c.revision, record.c.wanted, record.c.rank, record.c.grants, record.c.urgent)
    .where(
        record.c.target == bindparam("of_target"), record.c.dirty == true(), record.c.due <= bindparam("now"), MAY_GO
    )
    .order_by(
        record.c.urgent.desc(),
        _GOING.desc(),
        case((_GOING, -record.c.rank), else_=record.c.rank),
        record.c.changed,
        record.c.key,
    )
    .limit(bindparam("most"))
)
_DIFFERENCES, _URGENT_DIFFERENCES = Query(_TO_DO), Query(_TO_DO.where(record.c.urgent))
_RECORDS_AT = Query(select(*RECORD).where(record.c.target == bindparam("of_target")))
_RECORDS_UNDER = Query(
    select(*RECORD, record.c.attempts).where(record.c.target == bindparam("of_target"), among(record.c.key))
)
_NOTE = Bulk(
    update(record)
    .where(record.c.target == bindparam("new_target"), record.c.key == bindparam("new_key"))
    .values({name: bindparam(f"new_{name}") for name in Noted._fields if name not in ("target", "key")}),
    (f"new_{name}" for name in Noted._fields),
)
_RENEW = Bulk(
    update(target)
    .where(target.c.id == bindparam("of_target"), target.c.epoch == bindparam("of_epoch"), target.c.owner.is_not(None))
    .values(lease=bindparam("until")),
    ("of_target", "of_epoch", "until"),
)
_FIRST = (
    select(func.min(record.c.due))
    .where(record.c.target == bindparam("of_target"), record.c.dirty == true(), MAY_GO)
    .scalar_subquery()
)
_ACT_WAITS = act_waits(bindparam("of_target"))
_ANY_URGENT = or_(
    select(record.c.key)
    .where(record.c.target == bindparam("of_target"), record.c.dirty == true(), record.c.urgent, MAY_GO)
    .exists(),
    _ACT_WAITS,
)
# What left the campus is never read again: counting its reading as due would have it claimed without end.
_READING = case((target.c.active, target.c.read_due))
_GIVE_BACK = (
    update(target)
    .where(target.c.id == bindparam("of_target"), target.c.epoch == bindparam("of_epoch"))
    .values(
        owner=None,
        lease=None,
        # Answering a probe does not end the wait of a target on which the work then fails: only a whole visit does.
        attempts=case((bindparam("instead", type_=Instant).is_not(None), target.c.attempts), else_=0),
        due=case(
            (bindparam("instead", type_=Instant).is_not(None), bindparam("instead", type_=Instant)),
            (_ACT_WAITS, bindparam("now", type_=Instant)),
            (_FIRST.is_(None), _READING),
            (_READING <= _FIRST, _READING),
            # Work that is left over queues up behind what others have been owed since before now.
            (bindparam("now", type_=Instant) > _FIRST, bindparam("now", type_=Instant)),
            else_=_FIRST,
        ),
        priority=case((_ANY_URGENT, PRIORITY_URGENT), else_=PRIORITY_USUAL),
    )
)
_NOW = bindparam("now", type_=Instant)
# What another gateway has, or is to have, the hub's own leaves alone.
_OWN = and_(target.c.gateway.is_(None), target.c.heir.is_(None))
_FREE = and_(or_(target.c.lease.is_(None), target.c.lease <= _NOW), _OWN)
# What still settles, or waits in back-off, is not due, however urgent.
_URGENT_DUE = or_(
    select(record.c.key)
    .where(record.c.target == target.c.id, record.c.dirty == true(), record.c.urgent, record.c.due <= _NOW, MAY_GO)
    .exists(),
    act_waits(target.c.id),
)
_ANY = select(target.c.id).where(target.c.due <= _NOW, _FREE).limit(1)
_ANY_DUE, _ANY_URGENT_DUE = Query(_ANY), Query(_ANY.where(_URGENT_DUE))
_NEXT_DUE = Query(select(target.c.due).where(target.c.due.is_not(None), _FREE).order_by(target.c.due).limit(1))

_HANDED = func.coalesce(
    select(func.max(assignment.c.row)).where(assignment.c.target == target.c.id).scalar_subquery(), 0
)


def _taking(*more: ColumnElement[bool]) -> Executable:
    chosen = (
        select(target.c.id)
        .where(target.c.due <= _NOW, _FREE, *more)
        .order_by(target.c.priority.desc(), target.c.due, target.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    columns = (
        target.c.id, target.c.kind, target.c.settings, target.c.epoch, target.c.identity, target.c.counter,
        target.c.read_due, target.c.priority, target.c.active, target.c.attempts, _HANDED.label("handed"),
    )  # fmt: skip
    return (
        update(target)
        .where(target.c.id.in_(chosen))
        .values(owner=bindparam("who"), epoch=target.c.epoch + 1, lease=bindparam("until"))
        .returning(*columns)
    )


_TAKE, _TAKE_URGENT = _taking(), _taking(_URGENT_DUE)


def take(tx: Tx, owner: str, limit: int, lease_s: float, *, urgent_only: bool) -> list[Taken]:
    """Claim up to `limit` targets that are due and free, urgent ones first."""
    asked = {"now": tx.now, "most": limit, "who": owner, "until": tx.now + timedelta(seconds=lease_s)}
    rows = tx.run(_TAKE_URGENT if urgent_only else _TAKE, asked).all()
    return [_taken(tx, row) for row in sorted(rows, key=_urgent_first)]


def anything_due(tx: Tx, *, urgent_only: bool) -> bool:
    """Whether some target could be claimed now, so that an idle gateway need not write to find out."""
    return (_ANY_URGENT_DUE if urgent_only else _ANY_DUE).first(tx, now=tx.now) is not None


def next_due(tx: Tx) -> datetime | None:
    """When the next free target is due; None where none ever is."""
    found = _NEXT_DUE.first(tx, now=tx.now)
    return None if found is None else found.due


def renew(tx: Tx, id_: str, epoch: int, lease_s: float) -> bool:
    """Hold a target for longer; False where the claim is void."""
    until = tx.now + timedelta(seconds=lease_s)
    return _RENEW.run(tx, [(id_, epoch, until)]) == 1


def void_claims(tx: Tx, owner: str) -> None:
    """Take back every claim of an owner that is known to have stopped."""
    tx.run(update(target).where(target.c.owner == owner).values(owner=None, lease=None, epoch=target.c.epoch + 1))


def read_soon(tx: Tx, spread_s: int) -> None:
    """Have every target read in full within `spread_s`: nobody watched it while no hub ran."""
    watched = select(target.c.id, target.c.due).where(target.c.active, target.c.read.is_not(None))
    for id_, due in tx.tuples(watched):
        at = tx.now + timedelta(seconds=zlib.crc32(id_.encode()) % spread_s)
        values = {"read_due": at, "due": at if due is None else min(at, due)}
        tx.run(update(target).where(target.c.id == id_).values(**values))


def differences(tx: Tx, id_: str, limit: int, *, urgent_only: bool) -> list[Task]:
    """What is not as wanted on a target and due, in the order in which it must be carried out: urgent first, then what
    is to go (descending rank), then what is to come (ascending rank)."""
    statement = _URGENT_DIFFERENCES if urgent_only else _DIFFERENCES
    return [
        Task(key, revision, wanted, rank, grants, urgent, first=revision == 1 and wanted is not None)
        for key, revision, wanted, rank, grants, urgent in statement.all(tx, of_target=id_, now=tx.now, most=limit)
    ]


def records_under(tx: Tx, id_: str, keys: Sequence[str]) -> dict[str, tuple[WantedHeld, int]]:
    """Records of a target by key, each with the tries made since it last changed."""
    return {
        row.key: (WantedHeld._make(row[:-1]), row.attempts) for row in _RECORDS_UNDER.among(tx, keys, of_target=id_)
    }


def records_at(tx: Tx, id_: str) -> list[WantedHeld]:
    """Every record of a target."""
    return [WantedHeld._make(row) for row in _RECORDS_AT.all(tx, of_target=id_)]


def note(tx: Tx, noted: Sequence[Noted]) -> None:
    """Write what became of records."""
    _NOTE.run(tx, noted)


def outward(tx: Tx, id_: str) -> Outward:
    """What is known of a target's reach."""
    columns = (
        target.c.identity, target.c.counter, target.c.attempts, target.c.unreachable, target.c.unreachable_since,
        target.c.read,
    )  # fmt: skip
    return Outward(**tx.rows(select(*columns).where(target.c.id == id_))[0])


def reached(tx: Tx, id_: str, fingerprint: Fingerprint, read_at: datetime | None) -> None:
    """Note who answered; `read_at` has the whole target read then, and puts every waiting record back to due."""
    values: dict[str, Any] = {
        "identity": fingerprint.identity, "counter": fingerprint.counter, "seen": tx.now, "unreachable": None,
        "unreachable_since": None,
    }  # fmt: skip
    if read_at is not None:
        values["read_due"] = read_at
        _tried_again(tx, id_)
    tx.run(update(target).where(target.c.id == id_).values(**values))


def due_again(tx: Tx, id_: str) -> None:
    """Something there answers again: what was tried before is due, unless the target as a whole is out of reach."""
    if not _tried_again(tx, id_):
        return
    here = (target.c.id == id_, target.c.due > tx.now, target.c.unreachable.is_(None))
    tx.run(update(target).where(*here).values(due=tx.now))
    tx.wake(DELIVERY)


def _tried_again(tx: Tx, id_: str) -> int:
    waiting = (record.c.target == id_, record.c.dirty == true(), record.c.attempts > 0)
    return tx.run(update(record).where(*waiting).values(due=tx.now, attempts=0)).rowcount


def forget_held(tx: Tx, id_: str) -> int:
    """A new incarnation: nothing is known of what it holds. Returns how many records are to be put again."""
    tx.run(update(target).where(target.c.id == id_).values(incarnation=target.c.incarnation + 1))
    values: dict[str, Any] = {
        "known": False, "held": None, "held_revision": 0, "proved": None, "receipt": None, "attempts": 0,
        "seq": news.raised(tx, [id_])[id_],
    }  # fmt: skip
    where = (record.c.target == id_, or_(record.c.wanted.is_not(None), record.c.dirty))
    return tx.run(update(record).where(*where).values(**values, dirty=True, due=tx.now)).rowcount


def give_back(tx: Tx, id_: str, epoch: int, *, due: datetime | None) -> bool:
    """End a claim; the target is due when its first difference is, or its next reading, or at `due` where given."""
    return tx.run(_GIVE_BACK, {"of_target": id_, "of_epoch": epoch, "instead": due, "now": tx.now}).rowcount == 1


def urgent_waits(tx: Tx, id_: str) -> bool:
    """Whether something urgent is still to be done on a target."""
    return bool(tx.run(select(_ANY_URGENT), {"of_target": id_, "now": tx.now}).scalar_one())


def out_of_reach(tx: Tx, id_: str, why: str, since: datetime, attempts: int) -> None:
    """Note that a target did not answer."""
    values: dict[str, Any] = {"unreachable": why, "unreachable_since": since, "attempts": attempts}
    values |= {"reading_since": None, "reading_found": None}
    tx.run(update(target).where(target.c.id == id_).values(**values))


def read_through(tx: Tx, id_: str, next_due: datetime) -> None:
    """Note that a target was read in full just now."""
    values = {"read": tx.now, "read_due": next_due, "reading_since": None, "reading_found": None}
    tx.run(update(target).where(target.c.id == id_).values(**values))


def read_on(tx: Tx, id_: str, found: int, next_due: datetime) -> None:
    """Note how far a full reading has come, and when it goes on."""
    since = func.coalesce(target.c.reading_since, bindparam("began", tx.now, target.c.reading_since.type))
    values = {"read_due": next_due, "reading_since": since, "reading_found": found}
    tx.run(update(target).where(target.c.id == id_).values(**values))


def ask_reading(tx: Tx, id_: str) -> bool:
    """Have a target read in full as soon as a gateway is free; False where there is none of this id."""
    tx.wake(DELIVERY)
    news.tell(tx, [id_])
    return tx.run(update(target).where(target.c.id == id_).values(due=tx.now, read_due=tx.now)).rowcount == 1


def target_states(tx: Tx, id_: str | None = None) -> list[TargetState]:
    """How the targets fare, by id; or one of them."""
    counts = (
        select(
            record.c.target,
            func.sum(case((record.c.wanted.is_not(None), 1), else_=0)).label("records"),
            func.sum(case((record.c.dirty, 1), else_=0)).label("dirty"),
            func.sum(case((and_(record.c.dirty, record.c.refused.is_not(None)), 1), else_=0)).label("refused"),
        )
        .group_by(record.c.target)
        .subquery()
    )
    own = [target.c[name] for name in TargetState.__slots__ if name not in ("records", "dirty", "refused")]
    statement = select(
        *own,
        *(func.coalesce(counts.c[name], 0).label(name) for name in ("records", "dirty", "refused")),
    ).select_from(target.outerjoin(counts, counts.c.target == target.c.id))
    if id_ is not None:
        statement = statement.where(target.c.id == id_)
    return [TargetState(**row) for row in tx.rows(statement.order_by(target.c.id))]


def _urgent_first(row: Row[Any]) -> tuple[int, str]:
    return (-row.priority, row.id)


def _taken(tx: Tx, row: Any) -> Taken:
    fingerprint = None if row.identity is None else Fingerprint(row.identity, row.counter)
    reconcile = row.active and row.read_due is not None and row.read_due <= tx.now
    return Taken(row.id, row.kind, row.settings, row.epoch, reconcile, fingerprint, row.attempts > 0, row.handed)
