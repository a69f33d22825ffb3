"""Rows of persons, stays and credentials. Whole sheets are read and written by a few statements, never one per row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, case, false, insert, literal, or_, select, true, update

from provisioning.nouns.people import CardKind, CardState, Credential, Move, Pause, Person, Stay, StayState
from provisioning.store.bulk import Bulk
from provisioning.store.engine import Tx
from provisioning.store.query import Query, among
from provisioning.store.revocations import join_suspensions
from provisioning.store.tables import (
    act,
    allotment,
    credential,
    grant,
    notice,
    passage,
    person,
    record,
    revocation,
    stay,
)

LOOK_S = 20
"""Whoever changes a person looks at once; past this, the timer does it in their place."""

_ACTIVE_FIRST = case((credential.c.state == CardState.ACTIVE.value, 0), else_=1)
_PERSON = (person.c.id, person.c.no, person.c.sealed, person.c.created, person.c.due, person.c.merged_into)

# In the order of `_stay_row`, and in that of `_credential_row`.
_STAY = (
    "id", "person", "department", "post", "kind", "area", "arrival", "departure", "state", "notice", "opened_by",
    "arrived", "moves", "pauses", "created", "ended",
)  # fmt: skip
_STAY_CHANGES = (*_STAY[2:-2], "ended")
_ADD_PERSONS = Bulk(insert(person), ("id", "no", "id_digest", "sealed", "due", "created"))
_RESEAL = Bulk(
    update(person)
    .where(person.c.id == bindparam("at_id"))
    .values(sealed=bindparam("new_sealed"), id_digest=bindparam("new_digest")),
    ("at_id", "new_sealed", "new_digest"),
)
_ADD_STAYS = Bulk(insert(stay), _STAY)
_CHANGE_STAYS = Bulk(
    update(stay)
    .where(stay.c.id == bindparam("at_id"))
    .values({name: bindparam(f"new_{name}") for name in _STAY_CHANGES}),
    ("at_id", *(f"new_{name}" for name in _STAY_CHANGES)),
)
_PINS = Query(
    select(credential.c.person, credential.c.pin)
    .where(among(credential.c.person), credential.c.state == CardState.ACTIVE.value, credential.c.pin.is_not(None))
    .order_by(credential.c.created, credential.c.id)
)
_ADD_CREDENTIALS = Bulk(insert(credential), Credential.__slots__)
_FILED = select(*_PERSON, person.c.id_digest)
_BY_ID, _BY_NO, _BY_DIGEST = (
    Query(_FILED.where(among(column))) for column in (person.c.id, person.c.no, person.c.id_digest)
)
_STAYS_OF = Query(select(stay).where(among(stay.c.person)).order_by(stay.c.arrival, stay.c.id))
# Of two that began at one instant, the one that still is came later.
_CREDENTIALS_OF = Query(
    select(credential)
    .where(among(credential.c.person))
    .order_by(credential.c.created, _ACTIVE_FIRST.desc(), credential.c.id)
)
# The state is written out: were it bound, SQLite would plan anew for each list, since the index is of active cards alone.
_ACTIVE_CARDS = Query(
    select(credential).where(
        among(credential.c.number), credential.c.state == literal(CardState.ACTIVE.value, literal_execute=True)
    )
)
_MAY_HOLD = or_(record.c.dirty == true(), record.c.known == false(), record.c.held.is_not(None))
_NOT_PROVED_GONE = Query(
    select(record.c.key, record.c.target, record.c.holder)
    .where(among(record.c.key), _MAY_HOLD)
    .order_by(record.c.target)
)
_LOANS_OVER = Query(
    select(credential).where(
        credential.c.kind != CardKind.CARD.value,
        credential.c.state == CardState.ACTIVE.value,
        credential.c.closes <= bindparam("now", type_=credential.c.closes.type),
    )
)
_MARK_DUE = Bulk(update(person).where(person.c.id == bindparam("who")).values(due=bindparam("when")), ("who", "when"))


@dataclass(frozen=True, slots=True)
class Found:
    """Persons by the staff numbers and identity digests that were asked for, and the digest on file of each by id. A
    number that was merged into another finds who they are now."""

    by_no: Mapping[str, Person]
    by_digest: Mapping[bytes, Person]
    digests: Mapping[str, bytes | None]

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.digests)


def find_persons(tx: Tx, nos: Iterable[str] = (), digests: Iterable[bytes] = ()) -> Found:
    """Persons who have any of the staff numbers or of the identity digests."""
    asked = [*_BY_NO.among(tx, nos), *_BY_DIGEST.among(tx, digests)]
    merged = {row.merged_into for row in asked if row.merged_into is not None}
    now = {row.id: row for row in [*asked, *_BY_ID.among(tx, merged)]}
    held = [(row, now[row.merged_into or row.id]) for row in asked]
    return Found(
        {row.no: _person(one) for row, one in held},
        {row.id_digest: _person(one) for row, one in held if row.id_digest is not None},
        {one.id: one.id_digest for _, one in held},
    )


def list_persons(tx: Tx, part_of_no: str, limit: int, after: str | None) -> tuple[Person, ...]:
    """Persons whose staff number holds that text, in the order of their numbers, from behind `after` on; none whose
    number was merged into another."""
    query = select(*_PERSON).where(person.c.merged_into.is_(None))
    if part_of_no:
        query = query.where(person.c.no.contains(part_of_no, autoescape=True))
    if after is not None:
        query = query.where(person.c.no > after)
    return tuple(_person(row) for row in tx.run(query.order_by(person.c.no).limit(limit)))


def persons(tx: Tx, ids: Iterable[str]) -> dict[str, Person]:
    """The persons with these ids, by id."""
    return {row.id: _person(row) for row in _BY_ID.among(tx, ids)}


def persons_of_batch(tx: Tx, batch: str) -> tuple[Person, ...]:
    """Those whom a batch told of, by staff number."""
    return _persons_where(tx, person.c.id.in_(select(notice.c.person).where(notice.c.batch == batch)))


def persons_arriving(tx: Tx, day: date) -> tuple[Person, ...]:
    """Those with an open stay that begins on a day, by staff number."""
    arriving = select(stay.c.person).where(stay.c.arrival == day, stay.c.state == StayState.OPEN)
    return _persons_where(tx, person.c.id.in_(arriving))


def add_persons(tx: Tx, rows: Sequence[tuple[Person, bytes | None]]) -> None:
    """New persons, each with the digest of the identity number where there is one."""
    _ADD_PERSONS.run(tx, ((p.id, p.no, digest, p.sealed, p.due, p.created) for p, digest in rows))


def reseal_persons(tx: Tx, rows: Sequence[tuple[str, bytes, bytes | None]]) -> None:
    """Put new sealed fields, and the identity digest, for persons by id."""
    _RESEAL.run(tx, rows)


def merge_persons(tx: Tx, old: str, new: str) -> None:
    """Everything that is one person's is another's from now on, for both are one; the row of the first stays, and says
    so. Its digest is gone, for the number it stands for is the other's."""
    join_suspensions(tx, old, new)
    for table in (stay, credential, notice, grant, allotment, revocation, passage, act):
        tx.run(update(table).where(table.c.person == old).values(person=new))
    tx.run(update(record).where(record.c.holder == old).values(holder=new))
    tx.run(update(person).where(person.c.merged_into == old).values(merged_into=new))
    tx.run(update(person).where(person.c.id == old).values(merged_into=new, id_digest=None))


def soon(tx: Tx) -> datetime:
    """When whoever was just changed is due: whoever changed them looks at once, and the timer only where that failed."""
    return tx.now + timedelta(seconds=LOOK_S)


def mark_due(tx: Tx, ids: Iterable[str]) -> None:
    """Say "look again" for these persons."""
    when = soon(tx)
    _MARK_DUE.run(tx, ((one, when) for one in dict.fromkeys(ids)))


def due_now(tx: Tx, ids: Iterable[str]) -> None:
    """Have the timer look at these persons now: whoever changed them does not."""
    _MARK_DUE.run(tx, ((one, tx.now) for one in dict.fromkeys(ids)))


def stays_of(tx: Tx, ids: Iterable[str]) -> dict[str, tuple[Stay, ...]]:
    """All stays of these persons in the order of their arrivals, by person."""
    found: dict[str, list[Stay]] = {}
    for row in _STAYS_OF.among(tx, ids):
        found.setdefault(row.person, []).append(_stay(row))
    return {holder: tuple(stays) for holder, stays in found.items()}


def add_stays(tx: Tx, stays: Sequence[Stay]) -> None:
    """New stays."""
    _ADD_STAYS.run(tx, map(_stay_row, stays))


def change_stays(tx: Tx, stays: Sequence[Stay]) -> None:
    """Put what HR may change of stays, and the notice that did it."""
    _CHANGE_STAYS.run(tx, ((one.id, *_stay_row(one)[2:-2], one.ended) for one in stays))


def credentials_of(tx: Tx, ids: Iterable[str]) -> dict[str, tuple[Credential, ...]]:
    """All credentials that these persons ever had, oldest first, by person."""
    found: dict[str, list[Credential]] = {}
    for row in _CREDENTIALS_OF.among(tx, ids):
        found.setdefault(row.person, []).append(_credential(row))
    return {holder: tuple(cards) for holder, cards in found.items()}


def active_cards(tx: Tx, numbers: Iterable[int]) -> dict[int, Credential]:
    """The active credential of each of these card numbers that has one."""
    return {row.number: _credential(row) for row in _ACTIVE_CARDS.among(tx, numbers)}


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
    found: dict[int, list[tuple[str, str | None]]] = {}
    for row in _NOT_PROVED_GONE.among(tx, keys):
        found.setdefault(keys[row.key], []).append((row.target, row.holder))
    return {number: tuple(places) for number, places in found.items()}


def loans_over(tx: Tx) -> list[Credential]:
    """The cards on loan whose time is over."""
    return [_credential(row) for row in _LOANS_OVER.all(tx, now=tx.now)]


def add_credentials(tx: Tx, cards: Sequence[Credential]) -> None:
    """New credentials; those that were are never deleted."""
    _ADD_CREDENTIALS.run(tx, map(_credential_row, cards))


def end_credential(tx: Tx, at: str, state: CardState) -> None:
    """A credential is over from now on."""
    tx.run(update(credential).where(credential.c.id == at).values(state=state.value, closes=tx.now, ended=tx.now))


def pins_of(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """How the PINs of these persons are kept, by person: of those who have one on a card in hand, the newest's."""
    return {row.person: row.pin for row in _PINS.among(tx, ids)}


def put_pin(tx: Tx, of: str, pin: str | None) -> None:
    """All cards in a person's hands have this PIN from now on; None: none."""
    active = (credential.c.person == of, credential.c.state == CardState.ACTIVE.value)
    tx.run(update(credential).where(*active).values(pin=pin))


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


def _stay_row(one: Stay) -> tuple[Any, ...]:
    return (
        one.id,
        one.person,
        one.department,
        one.post,
        one.kind,
        one.area,
        one.arrival,
        one.departure,
        one.state.value,
        one.notice,
        one.opened_by,
        one.arrived,
        [[move.day.isoformat(), move.department, move.post, move.kind, move.area] for move in one.moves],
        [[pause.opens.isoformat(), pause.closes.isoformat() if pause.closes else None] for pause in one.pauses],
        one.created,
        one.ended,
    )


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
        row.pin,
    )


def _credential_row(card: Credential) -> tuple[Any, ...]:
    return (
        card.id,
        card.person,
        card.kind,
        card.number,
        card.opens,
        card.closes,
        card.state.value,
        card.created,
        card.ended,
        card.pin,
    )
