"""Rows of passages, and how far each target's have been taken in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, insert, or_, select, true, update
from sqlalchemy.dialects import sqlite

from connectors.contract import Json, Mark, PassageKind
from provisioning.nouns.gateways import LINES
from provisioning.nouns.passages import Asked, Listed, Passage, Step
from provisioning.nouns.people import CardState
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.query import Query, among
from provisioning.store.sheaf import Sheaf, gathered, rows_of
from provisioning.store.tables import (
    EPOCH,
    credential,
    forgiven,
    passage,
    passage_cursor,
    person,
    revocation,
    stay,
    target,
)

_ADD = Sheaf(insert(passage), Passage._fields)
_CURSOR = ("target", "incarnation", "number", "at", "since")
_NEW = sqlite.insert(passage_cursor)
_PUT_CURSORS = Sheaf(
    _NEW.on_conflict_do_update(
        index_elements=["target"],
        set_={name: _NEW.excluded[name] for name in ("incarnation", "number", "at")},
    ),
    _CURSOR,
)
_FORGIVEN = Query(select(forgiven.c.person, forgiven.c.at).where(among(forgiven.c.person)))
_CURSORS = gathered(select(*(passage_cursor.c[name] for name in _CURSOR)).where(among(passage_cursor.c.target)))
_HELD = gathered(
    select(
        credential.c.number, credential.c.person, credential.c.opens, credential.c.closes, credential.c.state,
        credential.c.created, credential.c.ended,
    ).where(among(credential.c.number))
)  # fmt: skip
_REVOKED = Query(
    select(revocation.c.person, revocation.c.kind, revocation.c.at, revocation.c.lifted).where(
        among(revocation.c.person)
    )
)
_PAUSED = Query(
    select(stay.c.person, stay.c.pauses).where(
        among(stay.c.person), stay.c.state == "open", func.json_array_length(stay.c.pauses) > 0
    )
)
# Of lines alone: a panel's instants are whole seconds, and one that begins anew may tell of two things in one.
_AT = Query(
    select(passage.c.target, passage.c.number, passage.c.at)
    .join(target, target.c.id == passage.c.target)
    .where(among(passage.c.at), or_(*(target.c.kind == kind for kind in sorted(LINES))))
)
_PASSAGE = tuple(passage.c[name] for name in Passage._fields)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the reports of a target have been taken in; whatever happened before `since` is history of before it
    was followed."""

    target: str
    incarnation: int
    mark: Mark
    since: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A card in somebody's hands for [opens, closes)."""

    number: int
    person: str
    opens: datetime
    closes: datetime | None
    state: CardState
    created: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """When somebody's rights were taken from them, and given back (None: not yet)."""

    person: str
    kind: str
    at: datetime
    lifted: datetime | None


def followed(tx: Tx, gateway: str | None = None) -> list[tuple[str, str, Mapping[str, Json], Mark]]:
    """Every target of the campus in force that a gateway has (None: the hub's own): id, kind, settings, and how far its
    reports have been taken in."""
    columns = (target.c.id, target.c.kind, target.c.settings, passage_cursor.c.number, passage_cursor.c.at)
    joined = target.outerjoin(passage_cursor, passage_cursor.c.target == target.c.id)
    mine = (target.c.active == true(), target.c.gateway == gateway)
    query = select(*columns).select_from(joined).where(*mine).order_by(target.c.id)
    return [(row.id, row.kind, row.settings, Mark(row.number or 0, row.at)) for row in tx.run(query)]


def own_lines(tx: Tx) -> list[tuple[str, Mapping[str, Json], bool]]:
    """Id and settings of every serial line of the campus in force that the hub's own gateway has, and whether it is being
    handed over."""
    mine = (target.c.active == true(), target.c.gateway.is_(None), target.c.kind == "osdp")
    query = select(target.c.id, target.c.settings, target.c.heir).where(*mine).order_by(target.c.id)
    return [(row.id, row.settings, row.heir is not None) for row in tx.run(query)]


def follows_elsewhere(tx: Tx, serial: int, host: str, gateway: str | None) -> bool:
    """Whether a target with this serial number, at this IP address, is another's than this gateway's (None: the hub's
    own)."""
    query = select(target.c.settings).where(target.c.gateway.is_distinct_from(gateway))
    found = [row.settings for row in tx.run(query) if row.settings.get("serial") == serial]
    return any(str(settings.get("address")).partition(":")[0] == host for settings in found)


def known_at(tx: Tx, instants: Iterable[datetime]) -> set[tuple[str, int, datetime]]:
    """Target, number and instant of all that lines have told of these instants."""
    return {(row.target, row.number, row.at) for row in _AT.among(tx, set(instants))}


def cursors(tx: Tx, targets: Iterable[str]) -> dict[str, Cursor]:
    """How far these targets have come, by id; none for one of which nothing was ever taken in."""
    return {
        target_: Cursor(target_, incarnation, Mark(number, None if at is None else _at(at)), _at(since))
        for whole in _CURSORS.among(tx, targets)
        for target_, incarnation, number, at, since in rows_of(whole)
    }


def put_cursors(tx: Tx, moved: Sequence[Cursor]) -> None:
    """Put how far targets have come; `since` stays as it was."""
    _PUT_CURSORS.run(tx, [(c.target, c.incarnation, c.mark.index, c.mark.at, c.since) for c in moved])


def add_passages(tx: Tx, rows: Sequence[Passage]) -> None:
    """Keep passages; one that is there already is an error of the caller's, and nothing is kept."""
    _ADD.run(tx, rows)


def holders(tx: Tx, numbers: Iterable[int]) -> dict[int, list[Held]]:
    """Who has ever held these cards, by number; the latest last."""
    found: dict[int, list[Held]] = {}
    for whole in _HELD.among(tx, numbers):
        for number, person_id, opens, closes, state, created, ended in rows_of(whole):
            end = min((end for end in (closes, ended) if end is not None), default=None)
            held = Held(
                number, person_id, _at(opens), None if end is None else _at(end), CardState(state), _at(created)
            )
            found.setdefault(number, []).append(held)
    for several in found.values():
        if len(several) > 1:
            several.sort(key=_by_beginning)
    return found


def takings(tx: Tx, persons: Iterable[str]) -> dict[str, list[Taken]]:
    """Revocations and suspensions of these persons, by person."""
    found: dict[str, list[Taken]] = {}
    for row in _REVOKED.among(tx, persons):
        found.setdefault(row.person, []).append(Taken(row.person, row.kind, row.at, row.lifted))
    return found


def pauses(tx: Tx, persons: Iterable[str]) -> dict[str, list[tuple[str, str | None]]]:
    """Days [opens, closes) on which open stays of these persons are suspended, by person."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for row in _PAUSED.among(tx, persons):
        found.setdefault(row.person, []).extend((opens, closes) for opens, closes in row.pauses)
    return found


def listed(tx: Tx, asked: Asked, limit: int) -> list[Listed]:
    """Passages, the newest first."""
    c = passage.c
    query = select(c.id, person.c.no, *_PASSAGE).select_from(passage.outerjoin(person, person.c.id == c.person))
    for value, column in ((asked.person, c.person), (asked.door, c.door)):
        if value is not None:
            query = query.where(column == value)
    if asked.since is not None:
        query = query.where(c.at >= asked.since)
    if asked.until is not None:
        query = query.where(c.at < asked.until)
    if asked.denied:
        query = query.where(c.kind == PassageKind.DENIED.value)
    if asked.after is not None:
        at, row = asked.after
        query = query.where(or_(c.at < at, and_(c.at == at, c.id < row)))
    rows = tx.tuples(query.order_by(c.at.desc(), c.id.desc()).limit(limit))
    return [Listed(row[0], Passage._make(row[2:]), row[1]) for row in rows]


def pins_typed(tx: Tx, door: str, wrong: str, most: int) -> list[Passage]:
    """The last passages at a door by which somebody was let in by a card, or turned away for the reason `wrong`; the oldest
    first."""
    c = passage.c
    let_in = and_(c.kind == PassageKind.PASSED.value, c.granted == true())
    query = select(*_PASSAGE).where(c.door == door, or_(let_in, c.reason == wrong))
    found = list(tx.tuples(query.order_by(c.at.desc(), c.id.desc()).limit(most)))
    return [Passage._make(row) for row in reversed(found)]


def steps(tx: Tx, since: datetime) -> list[Step]:
    """Who was let in or out, at which door, since then; in the order in which it happened. What was forgiven is left out."""
    c = passage.c
    query = (
        select(c.person, c.door, c.inside, c.at)
        .select_from(passage.outerjoin(forgiven, forgiven.c.person == c.person))
        .where(
            c.at >= since, c.person.is_not(None), c.door.is_not(None), c.inside.is_not(None), c.granted == true(),
            # A panel's clock may be a little ahead of the hub's, so what was heard before counts as done before.
            or_(forgiven.c.at.is_(None), and_(c.at > forgiven.c.at, c.heard > forgiven.c.at)),
        )
        .order_by(c.at, c.id)
    )  # fmt: skip
    return [Step(*row) for row in tx.tuples(query)]


def forgive(tx: Tx, person_id: str) -> None:
    """Whatever somebody did until now says no more whether they are inside."""
    if not tx.run(update(forgiven).where(forgiven.c.person == person_id).values(at=tx.now)).rowcount:
        tx.run(insert(forgiven).values(person=person_id, at=tx.now))


def forgiven_of(tx: Tx, persons: Iterable[str]) -> dict[str, datetime]:
    """Until when these persons' passages were forgiven; nobody whose never were."""
    return {row.person: row.at for row in _FORGIVEN.among(tx, persons)}


def unreachable(tx: Tx) -> list[str]:
    """Targets of the campus in force that cannot be reached."""
    query = select(target.c.id).where(target.c.active == true(), target.c.unreachable.is_not(None))
    return list(tx.run(query.order_by(target.c.id)).scalars())


def numbers_of(tx: Tx, persons: Iterable[str]) -> dict[str, str]:
    """Staff numbers by person."""
    return {
        id_: no
        for some in parts(persons)
        for id_, no in tx.tuples(select(person.c.id, person.c.no).where(person.c.id.in_(some)))
    }


def prune(tx: Tx, before: datetime, most: int) -> int:
    """Forget up to so many of the passages that were taken in before an instant; how many they were."""
    oldest = select(passage.c.id, passage.c.heard).order_by(passage.c.id).limit(most).subquery()
    query = delete(passage).where(passage.c.id.in_(select(oldest.c.id).where(oldest.c.heard < before)))
    return tx.run(query).rowcount


def any_before(tx: Tx, before: datetime) -> bool:
    """Whether any passage was taken in before an instant."""
    oldest = tx.run(select(passage.c.heard).order_by(passage.c.id).limit(1)).scalar()
    return oldest is not None and oldest < before


def _at(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _by_beginning(held: Held) -> tuple[datetime, datetime]:
    return held.opens, held.created
