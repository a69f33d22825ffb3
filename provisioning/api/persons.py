"""People: who they are, what they hold, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import CardShape, GrantShape, No, Shape
from provisioning.campus.file import Area, Campus, Department
from provisioning.identity.loans import resting
from provisioning.nouns.answers import StayWhy
from provisioning.nouns.people import CardState, Credential, Move, Person, Private, Stay, StayState
from provisioning.nouns.words import Language
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
    department_name: str = Field(description="Its name in the asker's language; its id where the file has it no more")
    area_name: str = Field(description="Likewise")


class PauseShape(Shape):
    """Days on which a stay is suspended."""

    opens: date
    closes: date | None = Field(description="The first day after it; null until somebody resumes the stay")


class StayShape(Shape):
    """One person's time here (在岗期). Department, post, kind and area are what holds today; before the arrival, what will
    hold then; once it is over, what held on its last day."""

    id: str
    department: str = Field(description="Its id in the campus file", examples=["finance"])
    post: str
    kind: str = Field(description="人员类别", examples=["公务员"])
    area: str = Field(description="办公区: its id in the campus file", examples=["north"])
    department_name: str = Field(description="Its name in the asker's language; its id where the file has it no more")
    area_name: str = Field(description="Likewise")
    arrival: date
    departure: date | None = Field(description="The last day in post; null while it is open-ended")
    state: str = Field(description="open, cancelled or revoked: what people decided, whatever the dates")
    standing: str = Field(description="to come, in place, ended, cancelled or revoked")
    over: date | None = Field(
        description="The day on which it ended: the last in post, or that of the cancellation or revocation; else null"
    )
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
    stays: list[StayShape]
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


@router.get("/persons", summary="List people")
def list_people(
    rooms: House,
    asker: Annotated[Asker, may("person.read")],
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
        now = _now(rooms, tx, asker, ids)
    people = [_person(one, privates, stays.get(one.id, ()), cards.get(one.id, ()), now) for one in found]
    return PeoplePage(people=people, next=found[-1].no if len(found) == limit else None)


@router.get("/persons/{no}", summary="Show one person", responses=responses(404))
def show_person(rooms: House, asker: Annotated[Asker, may("person.read")], no: No) -> PersonShape:
    """One person with all stays and cards."""
    with rooms.store.reading() as tx:
        person = rooms.persons.get(tx, no)
        privates = rooms.persons.privates(tx, [person])
        stays, cards = rooms.persons.stays(tx, person.id), rooms.cards.of(tx, person.id)
        return _person(person, privates, stays, cards, _now(rooms, tx, asker, [person.id]))


@router.get("/persons/{no}/why", summary="Why somebody has a right, or not", responses=responses(404))
def why(
    rooms: House,
    asker: Annotated[Asker, may("why.read")],
    no: No,
    resource: Annotated[
        str | None,
        Query(
            description="Only this: a zone, a door, a seat, a flat or a sort of them",
            max_length=128,
            examples=["zone:north-public", "a-1-east"],
        ),
    ] = None,
) -> list[WhyShape]:
    """What each rule says to each stay, with the demand that failed and the values it saw."""
    with rooms.store.reading() as tx:
        person = rooms.persons.get(tx, no)
        asked = [None] if resource is None else _asked(rooms, tx, resource, person)
        answers = [rooms.grants.why(tx, person, each) for each in asked]
        now = _now(rooms, tx, asker, [person.id])
    return [_why(_joined(each), asker, now) for each in zip(*answers, strict=True)]


@dataclass(frozen=True, slots=True)
class _Now:
    """The instant, its zone, who is suspended by security, and the campus by whose names places are told."""

    at: datetime
    zone: tzinfo
    suspended: frozenset[str]
    campus: Campus | None
    language: Language

    @property
    def today(self) -> date:
        """The day at the site."""
        return self.at.astimezone(self.zone).date()

    def department(self, of: str) -> str:
        """A department's name."""
        return self._named(of, self.campus.departments if self.campus else {})

    def area(self, of: str) -> str:
        """An office area's name."""
        return self._named(of, self.campus.areas if self.campus else {})

    def _named(self, of: str, found: Mapping[str, Department] | Mapping[str, Area]) -> str:
        one = found.get(of)
        return of if one is None else one.name[self.language]


def _now(rooms: Rooms, tx: Tx, asker: Asker, ids: Sequence[str]) -> _Now:
    """What is told of these persons just now; before there is a campus, in UTC."""
    campus = None if rooms.campuses.zone(tx) is None else rooms.campuses.current(tx)
    zone = UTC if campus is None else campus.zone
    return _Now(tx.now, zone, frozenset(revocations.suspended(tx, ids)), campus, asker.language)


def _asked(rooms: Rooms, tx: Tx, word: str, person: Person) -> Sequence[str]:
    """What rules call it that somebody asked for; of a door, each of its zones; of their own
    unit, what it answers. Raises `NotFound`."""
    # A sort of unit, such as seat:near-department, stands in the rules alone.
    if any(word in rule.grant for rule in rooms.rulebook.current(tx)):
        return [word]
    return rooms.asof.resources(tx, word, person) or [word]


def _joined(answers: Sequence[StayWhy]) -> StayWhy:
    """What was told of one stay, resource by resource, as one answer; each thing once."""
    return replace(
        answers[0],
        findings=tuple({(f.rule, f.verdict, f.says): f for each in answers for f in each.findings}.values()),
        grants=tuple(dict.fromkeys(grant for each in answers for grant in each.grants)),
        units=tuple(dict.fromkeys(unit for each in answers for unit in each.units)),
    )


def _standing(stay: Stay, now: _Now) -> tuple[str, date | None]:
    """Where the stay is in its life, and the day on which it ended where it has."""
    if stay.state is not StayState.OPEN:
        return stay.state.value, None if stay.ended is None else stay.ended.astimezone(now.zone).date()
    if stay.departure is not None and stay.departure < now.today:
        return "ended", stay.departure
    return ("to come" if stay.arrival > now.today else "in place"), None


def _lived(stay: Stay, now: _Now) -> StayShape:
    standing, over = _standing(stay, now)
    at = stay.on(max(stay.arrival, min(now.today, over or now.today)))
    placements = [stay.on(stay.arrival), *(move for move in stay.moves if move.day > stay.arrival)]
    return StayShape(
        id=stay.id,
        department=at.department,
        post=at.post,
        kind=at.kind,
        area=at.area,
        department_name=now.department(at.department),
        area_name=now.area(at.area),
        standing=standing,
        over=over,
        arrival=stay.arrival,
        departure=stay.departure,
        state=stay.state.value,
        arrived=stay.arrived,
        placements=[_placed(each, now) for each in placements],
        pauses=[PauseShape.of(each) for each in stay.pauses],
    )


def _placed(move: Move, now: _Now) -> PlacementShape:
    return PlacementShape(
        day=move.day,
        department=move.department,
        post=move.post,
        kind=move.kind,
        area=move.area,
        department_name=now.department(move.department),
        area_name=now.area(move.area),
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
        stays=[_lived(each, now) for each in stays],
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


def _why(answer: StayWhy, asker: Asker, now: _Now) -> WhyShape:
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
        stay=_lived(answer.stay, now),
        findings=findings,
        grants=[GrantShape.of(each) for each in answer.grants],
        units=[UnitShape.of(each) for each in answer.units],
    )
