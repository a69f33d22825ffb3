"""Rows of hooks: where alarms are told outside the hub, and what is still to be told there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query
from provisioning.store.tables import hook, hook_message


@dataclass(frozen=True, slots=True)
class Hook:
    """One place where alarms from `level` up are told. `due` is when it may be tried next, after `attempts` in a row that
    failed; `failing` since when, and `why` (a template that may name `status`)."""

    id: str
    url: str
    level: int
    sealed: bytes
    by: str
    created: datetime
    ended: datetime | None = None
    due: datetime | None = None
    attempts: int = 0
    sent: datetime | None = None
    failing: datetime | None = None
    why: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell at a hook; its id and its body stay the same however often it is sent."""

    id: str
    hook: str
    alarm: str
    body: str
    at: datetime
    attempts: int
    due: datetime


_IN_ORDER = attrgetter(*Hook.__slots__)
_HOOK = [hook.c[name] for name in Hook.__slots__]
_MESSAGE = [hook_message.c[name] for name in Message.__slots__]
_BY_LEVEL = Query(
    select(hook.c.id).where(hook.c.ended.is_(None), hook.c.level <= bindparam("least")).order_by(hook.c.id)
)
_ADD = Bulk(insert(hook_message), Message.__slots__)
_FREE = or_(hook.c.due.is_(None), hook.c.due <= bindparam("now"))
_READY = Query(
    select(hook.c.id).where(
        hook.c.ended.is_(None),
        _FREE,
        select(hook_message.c.id)
        .where(hook_message.c.hook == hook.c.id, hook_message.c.due <= bindparam("now"))
        .exists(),
    )
)
_NEXT = Query(
    select(*_MESSAGE)
    .where(hook_message.c.hook == bindparam("at_hook"), hook_message.c.due <= bindparam("now"))
    .order_by(hook_message.c.due, hook_message.c.at, hook_message.c.id)
    .limit(1)
)


def hooks(tx: Tx) -> list[Hook]:
    """Every hook in force, the oldest first."""
    statement = select(*_HOOK).where(hook.c.ended.is_(None)).order_by(hook.c.created, hook.c.id)
    return [_hook(row) for row in tx.run(statement)]


def hook_of(tx: Tx, id_: str) -> Hook | None:
    """One hook in force."""
    row = tx.run(select(*_HOOK).where(hook.c.id == id_, hook.c.ended.is_(None))).first()
    return None if row is None else _hook(row)


def hooks_from(tx: Tx, level: int) -> list[str]:
    """The hooks at which an alarm of this level is told."""
    return [row.id for row in _BY_LEVEL.all(tx, least=level)]


def add_hook(tx: Tx, one: Hook) -> None:
    """A new hook."""
    tx.run(insert(hook).values(dict(zip(Hook.__slots__, _IN_ORDER(one), strict=True))))


def reseal_hook(tx: Tx, id_: str, sealed: bytes) -> None:
    """Put a secret sealed anew."""
    tx.run(update(hook).where(hook.c.id == id_).values(sealed=sealed))


def end_hook(tx: Tx, id_: str) -> int:
    """Tell nothing there any more; returns how much was still to be told."""
    tx.run(update(hook).where(hook.c.id == id_).values(ended=tx.now))
    return tx.run(delete(hook_message).where(hook_message.c.hook == id_)).rowcount


def add_messages(tx: Tx, messages: Sequence[Message]) -> None:
    """Note what is to be told."""
    _ADD.run(tx, [[getattr(one, name) for name in Message.__slots__] for one in messages])


def waiting(tx: Tx) -> dict[str, int]:
    """How many messages wait, by hook."""
    counted = select(hook_message.c.hook, func.count()).group_by(hook_message.c.hook)
    return dict(tx.tuples(counted))  # type: ignore[arg-type]  # rows of two


def ready(tx: Tx) -> list[str]:
    """The hooks that have something to be told by now and may be tried."""
    return [row.id for row in _READY.all(tx, now=tx.now)]


def next_message(tx: Tx, id_: str) -> Message | None:
    """What is to be told next at a hook; None where nothing is due."""
    row = _NEXT.first(tx, at_hook=id_, now=tx.now)
    return None if row is None else Message(*row)


def next_due(tx: Tx) -> datetime | None:
    """When something may be told next; None where nothing waits."""
    first = (
        select(hook.c.due, func.min(hook_message.c.due))
        .join(hook_message, hook_message.c.hook == hook.c.id)
        .where(hook.c.ended.is_(None))
        .group_by(hook.c.id, hook.c.due)
    )
    # Both must have come: the message's own wait, and that of the place.
    return min((due if of_hook is None else max(of_hook, due) for of_hook, due in tx.tuples(first)), default=None)


def was_told(tx: Tx, message: Message) -> None:
    """A message was taken, and so the place is well."""
    values = {"attempts": 0, "due": None, "failing": None, "why": None, "status": None, "sent": tx.now}
    tx.run(update(hook).where(hook.c.id == message.hook).values(**values))
    tx.run(delete(hook_message).where(hook_message.c.id == message.id))


def drop_older(tx: Tx, id_: str, before: datetime) -> int:
    """Give up what has waited at a hook since before then; how many."""
    return tx.run(delete(hook_message).where(hook_message.c.hook == id_, hook_message.c.at < before)).rowcount


def was_not_told(tx: Tx, message: Message, due: datetime) -> None:
    """A message was not taken: it is tried again from `due` on, behind the others."""
    where = hook_message.c.id == message.id
    tx.run(update(hook_message).where(where).values(attempts=message.attempts + 1, due=due))


def note_failure(tx: Tx, id_: str, due: datetime | None, why: str, status: int | None) -> None:
    """A place failed, and is not tried before `due`."""
    values = {
        "attempts": hook.c.attempts + 1, "due": due, "why": why, "status": status,
        "failing": func.coalesce(hook.c.failing, bindparam("since", tx.now, hook.c.failing.type)),
    }  # fmt: skip
    tx.run(update(hook).where(hook.c.id == id_).values(**values))


def _hook(row: Sequence[Any]) -> Hook:
    return Hook(*row)
