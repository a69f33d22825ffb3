"""Queries: grants, and the wanted side of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, or_, select, update

from provisioning.nouns.rights import Grant, WantedHeld
from provisioning.store import news
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.query import Query, among
from provisioning.store.tables import grant, person, record, target

DELIVERY = "delivery"
URGENT = "urgent/"
"""Topics woken: that some target has work, and which has urgent work."""

PRIORITY_USUAL = 0
PRIORITY_URGENT = 100

# In the order of WantedHeld's fields.
RECORD = tuple(record.c[name] for name in WantedHeld._fields)
_OPEN_GRANTS = Query(
    select(*(grant.c[name] for name in Grant.__slots__))
    .where(among(grant.c.person), grant.c.ended.is_(None))
    .order_by(grant.c.recorded, grant.c.id)
)
RECORDS_OF = Query(select(*RECORD).where(among(record.c.holder)))
_RECORDS_UNHELD = Query(select(*RECORD).where(record.c.holder.is_(None)))
RECORDS_OF_KEYS = Query(select(*RECORD).where(among(record.c.key)))
_PERSONS_DUE = Query(
    select(person.c.id)
    .where(person.c.due <= bindparam("now", type_=person.c.due.type))
    .order_by(person.c.due, person.c.id)
    .limit(bindparam("limit"))
)


_FRESH = (
    "target", "key", "holder", "wanted", "revision", "rank", "grants", "urgent", "dirty", "due", "attempts", "changed",
    "known", "held", "held_revision", "seq",
)  # fmt: skip
_CHANGED = (
    "holder", "wanted", "revision", "rank", "grants", "urgent", "dirty", "due", "attempts", "changed", "sent", "refused",
    "reason", "seq",
)  # fmt: skip
_HERE = (record.c.target == bindparam("at"), record.c.key == bindparam("under"))
_ADD_GRANTS = Bulk(insert(grant), Grant.__slots__)
_END_GRANTS = Bulk(
    update(grant)
    .where(grant.c.id == bindparam("at"))
    .values(ended=bindparam("now"), ended_by=bindparam("cause"), valid_to=bindparam("until")),
    ("at", "now", "cause", "until"),
)
_ADD_RECORDS = Bulk(insert(record), _FRESH)
_CHANGE_RECORDS = Bulk(
    update(record).where(*_HERE).values({name: bindparam(f"new_{name}") for name in _CHANGED}),
    ("at", "under", *(f"new_{name}" for name in _CHANGED)),
)
_RESTATE = Bulk(update(record).where(*_HERE).values(grants=bindparam("new_grants")), ("at", "under", "new_grants"))
_LATER = or_(target.c.due.is_(None), target.c.due > bindparam("now", type_=target.c.due.type))
_TARGET_DUE = Bulk(
    update(target)
    .where(target.c.id == bindparam("at"), _LATER, target.c.unreachable.is_(None))
    .values(due=bindparam("now", type_=target.c.due.type)),
    ("at", "now"),
)
_TARGET_URGENT = Bulk(
    update(target).where(target.c.id == bindparam("at")).values(due=bindparam("now"), priority=bindparam("priority")),
    ("at", "now", "priority"),
)
_SET_DUE = Bulk(update(person).where(person.c.id == bindparam("who")).values(due=bindparam("when")), ("who", "when"))


class Wish(NamedTuple):
    """What is newly wanted under one key of one target; `body` None: nothing. `fresh`: no row is there yet. A tuple, since
    a batch makes thousands."""

    target: str
    key: str
    holder: str | None
    body: str | None
    revision: int
    rank: int
    grants: tuple[str, ...]
    urgent: bool
    fresh: bool


def open_grants(tx: Tx, persons: Sequence[str]) -> list[Grant]:
    """The grants of these persons that nobody has ended, whatever their dates."""
    return [Grant(*row) for row in _OPEN_GRANTS.among(tx, persons)]


def grant_by_id(tx: Tx, id_: str) -> Grant | None:
    """The grant of this id."""
    found = tx.rows(select(grant).where(grant.c.id == id_))
    return Grant(**found[0]) if found else None


def grants_by_ids(tx: Tx, ids: Sequence[str]) -> list[Grant]:
    """The grants of these ids, ended or not."""
    found: list[Grant] = []
    for some in parts(ids):
        found += [Grant(**row) for row in tx.rows(select(grant).where(grant.c.id.in_(some)))]
    return found


def grants_of(tx: Tx, holder: str, limit: int, *, everything: bool) -> list[Grant]:
    """A person's grants, those that open last first; only what is not over and not ended, unless everything is asked."""
    mine = select(grant).where(grant.c.person == holder)
    if not everything:
        mine = mine.where(grant.c.ended.is_(None), or_(grant.c.closes.is_(None), grant.c.closes > tx.now))
    return [Grant(**row) for row in tx.rows(mine.order_by(grant.c.opens.desc(), grant.c.id).limit(limit))]


def add_grants(tx: Tx, grants: Sequence[Grant]) -> None:
    """Record new grants."""
    _ADD_GRANTS.run(tx, map(attrgetter(*Grant.__slots__), grants))


def end_grants(tx: Tx, valid_to: Mapping[str, datetime], by: str) -> None:
    """End grants now, by id, each with the instant until which it held by what is known now; `by` names the cause."""
    _END_GRANTS.run(tx, ((id_, tx.now, by, until) for id_, until in valid_to.items()))


def records_of(tx: Tx, holders: Sequence[str]) -> list[WantedHeld]:
    """Every record that these holders have or had, on every target."""
    return [WantedHeld._make(row) for row in RECORDS_OF.among(tx, holders)]


def records_of_keys(tx: Tx, keys: Sequence[str]) -> list[WantedHeld]:
    """Every record under these keys, on every target."""
    return [WantedHeld._make(row) for row in RECORDS_OF_KEYS.among(tx, keys)]


def records_unheld(tx: Tx) -> list[WantedHeld]:
    """Every record that is nobody's: what targets are set to, and what was found there and is to go."""
    return [WantedHeld._make(row) for row in _RECORDS_UNHELD.all(tx)]


def wish(tx: Tx, wishes: Sequence[Wish]) -> None:
    """Write what is newly wanted, and make its targets due."""
    seqs = news.raised(tx, {each.target for each in wishes})
    _ADD_RECORDS.run(tx, (_fresh(tx, each, seqs[each.target]) for each in wishes if each.fresh))
    _CHANGE_RECORDS.run(tx, (_again(tx, each, seqs[each.target]) for each in wishes if not each.fresh))
    _make_due(tx, wishes)


def restate_grants(tx: Tx, restated: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
    """Say on which grants unchanged records stand now; no device needs to hear of it."""
    _RESTATE.run(tx, ((at, under, grants) for (at, under), grants in restated.items()))


def set_person_due(tx: Tx, due: Mapping[str, datetime | None]) -> None:
    """When each person's rights may next change by themselves."""
    _SET_DUE.run(tx, due.items())


def persons_due(tx: Tx, limit: int) -> list[str]:
    """Persons whose rights are to be looked at again now, the longest due first."""
    return [row.id for row in _PERSONS_DUE.all(tx, now=tx.now, limit=limit)]


def everybody_due(tx: Tx) -> int:
    """Have everybody looked at again; returns how many."""
    return tx.run(update(person).values(due=tx.now)).rowcount


def hasten(tx: Tx, holder: str) -> None:
    """Put what is still to be taken away from a holder ahead of all other work, past every back-off."""
    going = (record.c.holder == holder, record.c.wanted.is_(None), record.c.dirty)
    places = [row.target for row in tx.run(select(record.c.target).where(*going).distinct().order_by(record.c.target))]
    seqs = news.raised(tx, places)
    for place in places:
        here = update(record).where(*going, record.c.target == place)
        tx.run(here.values(urgent=True, due=tx.now, seq=seqs[place]))
    if places:
        _hasten_targets(tx, places)
        tx.wake(DELIVERY)


def hasten_record(tx: Tx, id_: str, key: str) -> None:
    """Have what waits under one key of a target tried now, past its back-off."""
    here = (record.c.target == id_, record.c.key == key, record.c.dirty)
    tx.run(update(record).where(*here).values(due=tx.now, attempts=0, seq=news.raised(tx, [id_])[id_]))
    hasten_target(tx, id_)


def hasten_target(tx: Tx, id_: str) -> None:
    """Have a target worked now, ahead of those that have nothing urgent."""
    _hasten_targets(tx, [id_])
    news.tell(tx, [id_])
    tx.wake(DELIVERY)


def _fresh(tx: Tx, each: Wish, seq: int) -> tuple[Any, ...]:
    return (
        each.target, each.key, each.holder, each.body, each.revision, each.rank, each.grants, each.urgent,
        True, tx.now, 0, tx.now, False, None, 0, seq,
    )  # fmt: skip


def _again(tx: Tx, each: Wish, seq: int) -> tuple[Any, ...]:
    return (
        each.target, each.key, each.holder, each.body, each.revision, each.rank, each.grants, each.urgent,
        True, tx.now, 0, tx.now, None, None, None, seq,
    )  # fmt: skip


def _make_due(tx: Tx, wishes: Sequence[Wish]) -> None:
    urgent = sorted({each.target for each in wishes if each.urgent})
    usual = sorted({each.target for each in wishes} - set(urgent))
    # In id order, so that two transactions never wait for each other (guide, engine, trap 2).
    if urgent:
        _hasten_targets(tx, urgent)
    if usual:
        _TARGET_DUE.run(tx, ((id_, tx.now) for id_ in usual))
    if wishes:
        tx.wake(DELIVERY)


def _hasten_targets(tx: Tx, ids: Sequence[str]) -> None:
    _TARGET_URGENT.run(tx, ((id_, tx.now, PRIORITY_URGENT) for id_ in ids))
    for id_ in ids:
        tx.wake(URGENT + id_)
