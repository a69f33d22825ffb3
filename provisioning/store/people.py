"""Rows of persons, stays and credentials. Whole sheets are read and written by a few statements, never one per row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, case, false, insert, or_, select, true, update

from provisioning.nouns.people import CardState, Credential, Move, Pause, Person, Stay, StayState
from provisioning.store.engine import Tx
from provisioning.store.parts import parts
from provisioning.store.tables import credential, notice, person, record, stay

LOOK_S = 20
"""Whoever changes a person looks at once; past this, the timer does it in their place."""

_ACTIVE_FIRST = case((credential.c.state == CardState.ACTIVE.value, 0), else_=1)
_PERSON = (person.c.id, person.c.no, person.c.sealed, person.c.created, person.c.due, person.c.merged_into)


def find_persons(
    tx: Tx, nos: Iterable[str] = (), digests: Iterable[bytes] = ()
) -> dict[str, tuple[Person, bytes | None]]:
    """Persons who have any of the staff numbers or of the identity digests, by id, each with the digest on file."""
    found: dict[str, tuple[Person, bytes | None]] = {}
    for column, values in ((person.c.no, nos), (person.c.id_digest, digests)):
        for part in parts(values):
            for row in tx.run(select(*_PERSON, person.c.id_digest).where(column.in_(part))):
                found[row.id] = (_person(row), row.id_digest)
    return found


def list_persons(tx: Tx, part_of_no: str, limit: int, after: str | None) -> tuple[Person, ...]:
    """Persons whose staff number holds that text, in the order of their numbers, from behind `after` on."""
    query = (
        select(*_PERSON).where(person.c.no.contains(part_of_no, autoescape=True)) if part_of_no else select(*_PERSON)
    )
    if after is not None:
        query = query.where(person.c.no > after)
    return tuple(_person(row) for row in tx.run(query.order_by(person.c.no).limit(limit)))


def persons(tx: Tx, ids: Iterable[str]) -> dict[str, Person]:
    """The persons with these ids, by id."""
    return {
        row.id: _person(row) for part in parts(ids) for row in tx.run(select(*_PERSON).where(person.c.id.in_(part)))
    }


def persons_of_batch(tx: Tx, batch: str) -> tuple[Person, ...]:
    """Those whom a batch told of, by staff number."""
    return _persons_where(tx, person.c.id.in_(select(notice.c.person).where(notice.c.batch == batch)))


def persons_arriving(tx: Tx, day: date) -> tuple[Person, ...]:
    """Those with an open stay that begins on a day, by staff number."""
    arriving = select(stay.c.person).where(stay.c.arrival == day, stay.c.state == StayState.OPEN)
    return _persons_where(tx, person.c.id.in_(arriving))


def add_persons(tx: Tx, rows: Sequence[tuple[Person, bytes | None]]) -> None:
    """New persons, each with the digest of the identity number where there is one."""
    if rows:
        tx.run(
            insert(person),
            [
                {"id": p.id, "no": p.no, "id_digest": digest, "sealed": p.sealed, "due": p.due, "created": p.created}
                for p, digest in rows
            ],
        )


def reseal_persons(tx: Tx, rows: Sequence[tuple[str, bytes, bytes | None]]) -> None:
    """Put new sealed fields, and the identity digest, for persons by id."""
    if rows:
        tx.run(
            update(person)
            .where(person.c.id == bindparam("at_id"))
            .values(sealed=bindparam("new_sealed"), id_digest=bindparam("new_digest")),
            [{"at_id": at, "new_sealed": sealed, "new_digest": digest} for at, sealed, digest in rows],
        )


def soon(tx: Tx) -> datetime:
    """When whoever was just changed is due: whoever changed them looks at once, and the timer only where that failed."""
    return tx.now + timedelta(seconds=LOOK_S)


def mark_due(tx: Tx, ids: Iterable[str]) -> None:
    """Say "look again" for these persons."""
    for part in parts(ids):
        tx.run(update(person).where(person.c.id.in_(part)).values(due=soon(tx)))


def stays_of(tx: Tx, ids: Iterable[str]) -> dict[str, tuple[Stay, ...]]:
    """All stays of these persons in the order of their arrivals, by person."""
    found: dict[str, list[Stay]] = {}
    for part in parts(ids):
        for row in tx.run(select(stay).where(stay.c.person.in_(part)).order_by(stay.c.arrival, stay.c.id)):
            found.setdefault(row.person, []).append(_stay(row))
    return {holder: tuple(stays) for holder, stays in found.items()}


def add_stays(tx: Tx, stays: Sequence[Stay]) -> None:
    """New stays."""
    if stays:
        tx.run(insert(stay), [_stay_row(one) for one in stays])


def change_stays(tx: Tx, stays: Sequence[Stay]) -> None:
    """Put what HR may change of stays, and the notice that did it."""
    columns = [column.name for column in stay.c if column.name not in ("id", "created")]
    if stays:
        tx.run(
            update(stay)
            .where(stay.c.id == bindparam("at_id"))
            .values({name: bindparam(f"new_{name}") for name in columns}),
            [{"at_id": one.id, **{f"new_{name}": _stay_row(one)[name] for name in columns}} for one in stays],
        )


def credentials_of(tx: Tx, ids: Iterable[str]) -> dict[str, tuple[Credential, ...]]:
    """All credentials that these persons ever had, oldest first, by person."""
    found: dict[str, list[Credential]] = {}
    for part in parts(ids):
        query = select(credential).where(credential.c.person.in_(part))
        # Of two that began at one instant, the one that still is came later.
        for row in tx.run(query.order_by(credential.c.created, _ACTIVE_FIRST.desc(), credential.c.id)):
            found.setdefault(row.person, []).append(_credential(row))
    return {holder: tuple(cards) for holder, cards in found.items()}


def active_cards(tx: Tx, numbers: Iterable[int]) -> dict[int, Credential]:
    """The active credential of each of these card numbers that has one."""
    active = credential.c.state == CardState.ACTIVE.value
    return {
        row.number: _credential(row)
        for part in parts(numbers)
        for row in tx.run(select(credential).where(credential.c.number.in_(part), active))
    }


def last_card(tx: Tx, number: int) -> Credential | None:
    """The credential that stands for this card number: the active one, else the one that came last."""
    query = select(credential).where(credential.c.number == number)
    row = tx.run(
        query.order_by(_ACTIVE_FIRST, credential.c.created.desc(), credential.c.id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _credential(row)


def cards_not_proved_gone(tx: Tx, numbers: Iterable[int]) -> dict[int, tuple[tuple[str, str | None], ...]]:
    """(target, holder) of each record of these card numbers that some target may still hold, by number."""
    keys = {f"card:{number}": number for number in numbers}
    may_hold = or_(record.c.dirty == true(), record.c.known == false(), record.c.held.is_not(None))
    found: dict[int, list[tuple[str, str | None]]] = {}
    for part in parts(keys):
        query = select(record.c.key, record.c.target, record.c.holder).where(record.c.key.in_(part), may_hold)
        for row in tx.run(query.order_by(record.c.target)):
            found.setdefault(keys[row.key], []).append((row.target, row.holder))
    return {number: tuple(places) for number, places in found.items()}


def add_credentials(tx: Tx, cards: Sequence[Credential]) -> None:
    """New credentials; those that were are never deleted."""
    if cards:
        tx.run(insert(credential), [_credential_row(card) for card in cards])


def end_credential(tx: Tx, at: str, state: CardState) -> None:
    """A credential is over from now on."""
    tx.run(update(credential).where(credential.c.id == at).values(state=state.value, closes=tx.now, ended=tx.now))


def _persons_where(tx: Tx, condition: ColumnElement[bool]) -> tuple[Person, ...]:
    return tuple(_person(row) for row in tx.run(select(*_PERSON).where(condition).order_by(person.c.no)))


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.no, row.sealed, row.created, row.due, row.merged_into)


def _stay(row: Row[Any]) -> Stay:
    return Stay(
        row.id,
        row.person,
        row.department,
        row.post,
        row.kind,
        row.area,
        row.arrival,
        row.departure,
        StayState(row.state),
        row.notice,
        row.opened_by,
        row.created,
        row.ended,
        row.arrived,
        tuple(Move(date.fromisoformat(day), *rest) for day, *rest in row.moves),
        tuple(
            Pause(date.fromisoformat(opens), date.fromisoformat(closes) if closes else None)
            for opens, closes in row.pauses
        ),
    )


def _stay_row(one: Stay) -> Mapping[str, Any]:
    told = {column.name: getattr(one, column.name) for column in stay.c}
    moves = [[move.day.isoformat(), move.department, move.post, move.kind, move.area] for move in one.moves]
    pauses = [[pause.opens.isoformat(), pause.closes.isoformat() if pause.closes else None] for pause in one.pauses]
    return told | {"state": one.state.value, "moves": moves, "pauses": pauses}


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        row.id,
        row.person,
        row.kind,
        row.number,
        row.opens,
        row.closes,
        CardState(row.state),
        row.created,
        row.ended,
    )


def _credential_row(card: Credential) -> Mapping[str, Any]:
    return {column.name: getattr(card, column.name) for column in credential.c} | {"state": card.state.value}
