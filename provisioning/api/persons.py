"""People: who they are, what they hold, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import CardShape, GrantShape, No, Shape, StayShape
from provisioning.identity.loans import resting
from provisioning.nouns.answers import StayWhy
from provisioning.nouns.people import CardState, Credential, Person, Private, Stay
from provisioning.store import people as rows
from provisioning.store import revocations
from provisioning.store.engine import Tx

router = APIRouter(tags=["persons"], responses=responses(401, 403, 422))
ID_NUMBER_SHOWN = 4


class PlacementShape(Shape):
    """What somebody is, and where they work, from the beginning of a day."""

    day: date
    department: str = Field(description="Its id in the campus file")
    post: str
    kind: str = Field(description="人员类别")
    area: str = Field(description="办公区: its id in the campus file")


class PauseShape(Shape):
    """Days on which a stay is suspended."""

    opens: date
    closes: date | None = Field(description="The first day after it; null until somebody resumes the stay")


class LivedStayShape(StayShape):
    """One person's time here (在岗期). Department, post, kind and area are what holds today; before the arrival, what will
    hold then."""

    arrived: date | None = Field(description="The day on which HR says the person came")
    placements: list[PlacementShape] = Field(description="What holds from which day on, from the arrival")
    pauses: list[PauseShape]


class PersonShape(Shape):
    """One person. What is personal is null once it was erased."""

    no: str = Field(description="Staff number (工号)")
    announced: bool = Field(
        description="False while nothing has told who this is, but something was told of the number"
    )
    name: str | None
    phone: str | None
    id_number: str | None = Field(description="Masked but for its last four characters")
    created: datetime
    stays: list[LivedStayShape]
    cards: list[CardShape]
    suspended: bool = Field(description="By security: no card of theirs opens anything until they are resumed")


class PeoplePage(Shape):
    """Some people, and the `after` of the next page; null where this is the last."""

    people: list[PersonShape]
    next: str | None


class FindingShape(Shape):
    """What one rule says to one stay."""

    rule: str
    version: int
    clause: str
    title: str
    verdict: str = Field(description="granted, unmet, broken, no_days or elsewhere")
    condition: str
    says: list[str]


class UnitShape(Shape):
    """The unit that answers what a stay asks for, or the place in a queue."""

    ask: str = Field(examples=["seat:near-department"])
    kind: str
    unit: str | None
    state: str = Field(description="queued, offered or held")
    points: int
    held: datetime | None


class WhyShape(Shape):
    """What the rules say of one stay, what is granted to it, and the units that answer what it asks for."""

    stay: StayShape
    findings: list[FindingShape]
    grants: list[GrantShape]
    units: list[UnitShape]


@router.get("/persons", summary="List people", dependencies=[may("person.read")])
def list_people(
    rooms: House,
    search: Annotated[
        str | None, Query(description="A part of the staff number, or a whole identity number", max_length=64)
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[str | None, Query(description="The `next` of the page before", max_length=64)] = None,
) -> PeoplePage:
    """People in the order of their staff numbers."""
    with rooms.store.reading() as tx:
        found = rooms.persons.search(tx, search, limit, after)
        ids = [person.id for person in found]
        privates = rooms.persons.privates(tx, found)
        stays, cards = rows.stays_of(tx, ids), rows.credentials_of(tx, ids)
        now = _Now(_today(rooms, tx), tx.now, frozenset(revocations.suspended(tx, ids)))
    people = [_person(one, privates, stays.get(one.id, ()), cards.get(one.id, ()), now) for one in found]
    return PeoplePage(people=people, next=found[-1].no if len(found) == limit else None)


@router.get("/persons/{no}", summary="Show one person", responses=responses(404), dependencies=[may("person.read")])
def show_person(rooms: House, no: No) -> PersonShape:
    """One person with all stays and cards."""
    with rooms.store.reading() as tx:
        person = rooms.persons.get(tx, no)
        privates = rooms.persons.privates(tx, [person])
        stays, cards = rooms.persons.stays(tx, person.id), rooms.cards.of(tx, person.id)
        now = _Now(_today(rooms, tx), tx.now, frozenset(revocations.suspended(tx, [person.id])))
        return _person(person, privates, stays, cards, now)


@router.get("/persons/{no}/why", summary="Why somebody has a right, or not", responses=responses(404))
def why(
    rooms: House,
    asker: Annotated[Asker, may("why.read")],
    no: No,
    resource: Annotated[
        str | None, Query(description="Only this resource", max_length=128, examples=["zone:north-public"])
    ] = None,
) -> list[WhyShape]:
    """What each rule says to each stay, with the demand that failed and the values it saw."""
    with rooms.store.reading() as tx:
        answers = rooms.grants.why(tx, rooms.persons.get(tx, no), resource)
    return [_why(each, asker) for each in answers]


@dataclass(frozen=True, slots=True)
class _Now:
    """The day at the site, the instant, and who is suspended by security."""

    today: date
    at: datetime
    suspended: frozenset[str]


def _today(rooms: Rooms, tx: Tx) -> date:
    """The day on the site; before there is a campus, that of UTC."""
    return tx.now.astimezone(ZoneInfo(rooms.campuses.zone(tx) or "UTC")).date()


def _lived(stay: Stay, today: date) -> LivedStayShape:
    now = stay.on(max(today, stay.arrival))
    placements = [stay.on(stay.arrival), *(move for move in stay.moves if move.day > stay.arrival)]
    return LivedStayShape(
        id=stay.id,
        department=now.department,
        post=now.post,
        kind=now.kind,
        area=now.area,
        arrival=stay.arrival,
        departure=stay.departure,
        state=stay.state.value,
        arrived=stay.arrived,
        placements=[PlacementShape.of(each) for each in placements],
        pauses=[PauseShape.of(each) for each in stay.pauses],
    )


def _person(
    person: Person,
    privates: Mapping[str, Private],
    stays: tuple[Stay, ...],
    cards: tuple[Credential, ...],
    now: _Now,
) -> PersonShape:
    private = privates.get(person.id)
    suspended = person.id in now.suspended
    idle = frozenset(card.id for card in cards) if suspended else resting(cards, now.at)
    return PersonShape(
        no=person.no,
        announced=private is None or bool(private.name),
        name=(private.name or None) if private else None,
        phone=private.phone if private else None,
        id_number=_masked(private.id_number) if private and private.id_number else None,
        created=person.created,
        stays=[_lived(each, now.today) for each in stays],
        cards=[CardShape.of(_shown(each, idle)) for each in cards],
        suspended=suspended,
    )


def _shown(card: Credential, idle: frozenset[str]) -> Credential:
    """An active card that opens nothing just now is shown as suspended."""
    if card.state is CardState.ACTIVE and card.id in idle:
        return replace(card, state=CardState.SUSPENDED)
    return card


def _masked(number: str) -> str:
    return "*" * (len(number) - ID_NUMBER_SHOWN) + number[-ID_NUMBER_SHOWN:]


def _why(answer: StayWhy, asker: Asker) -> WhyShape:
    findings = [
        FindingShape(
            rule=each.rule,
            version=each.version,
            clause=each.clause,
            title=each.title_zh if asker.language == "zh" else each.title_en,
            verdict=each.verdict,
            condition=each.condition,
            says=[asker.say(said.template, **dict(said.fields)) for said in each.says],
        )
        for each in answer.findings
    ]
    return WhyShape(
        stay=StayShape.of(answer.stay),
        findings=findings,
        grants=[GrantShape.of(each) for each in answer.grants],
        units=[UnitShape.of(each) for each in answer.units],
    )
