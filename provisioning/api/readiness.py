"""Readiness: how much is proved on the targets, with receipts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from provisioning.api.asking import Asker, House, may
from provisioning.api.problems import responses
from provisioning.api.rooms import Rooms
from provisioning.api.shapes import Shape
from provisioning.nouns.answers import HowReady, Need
from provisioning.nouns.refusals import Refusal
from provisioning.store.engine import Tx

router = APIRouter(tags=["readiness"], responses=responses(401, 403, 422))


class AskOne(Refusal):
    """Readiness is asked of one person, one batch, or one day. Give one of person, batch and day, or none for today."""


class NeedShape(Shape):
    """One grant on one target, and how far it has come."""

    no: str
    grant: str
    resource: str
    target: str | None
    opens: datetime
    closes: datetime | None
    state: str = Field(description="waiting, missing, wanted, sent, proved or refused")
    at: datetime | None
    receipt: int | None = Field(description="The event that proves it")
    reason: str | None = Field(description="Why it is not proved, or what it waits for")


class LateShape(Shape):
    """One opening that came before its proof."""

    no: str
    grant: str
    resource: str
    target: str
    key: str
    since: datetime = Field(description="When it was to be open, or could first be: told of, and with a unit or a card")
    proved: datetime | None = Field(description="When it was read back as open; null while it is not")
    late_s: int = Field(description="Seconds between the two, or by now")
    reason: str | None


class LatenessShape(Shape):
    """What is late by now, and what came late within the last 24 hours."""

    now: list[LateShape]
    proved: list[LateShape]
    more: bool = Field(description="Whether either list was cut")


class ReadinessShape(Shape):
    """How ready some people are."""

    people: int
    counts: dict[str, int] = Field(description="Needs by state")
    percent: float | None = Field(description="Proved of all that count; null where none counts yet")
    first_proved: datetime | None = Field(description="When the first of these needs was proved")
    last_proved: datetime | None = Field(description="When the last one was")
    needs: list[NeedShape]


@router.get("/readiness", summary="How ready are they?", responses=responses(404, 422))
def readiness(
    rooms: House,
    asker: Annotated[Asker, may("readiness.read")],
    person: Annotated[str | None, Query(description="Staff number", max_length=64)] = None,
    batch: Annotated[str | None, Query(description="A batch's id", max_length=64)] = None,
    day: Annotated[date | None, Query(description="Those who arrive on this day")] = None,
    *,
    needs: Annotated[bool, Query(description="List each need; false gives the figures alone")] = True,
) -> ReadinessShape:
    """Of a person, a batch or a day; of today where none is given."""
    with rooms.store.reading() as tx:
        found = _asked(rooms, tx, person, batch, day)
    proved = sorted(each.at for each in found.needs if each.state == "proved" and each.at is not None)
    return ReadinessShape(
        people=found.people,
        counts={state.value: count for state, count in found.counts.items()},
        percent=found.percent,
        first_proved=proved[0] if proved else None,
        last_proved=proved[-1] if proved else None,
        needs=[_need(each, asker) for each in found.needs] if needs else [],
    )


@router.get("/late", summary="What opened late, or still has to", dependencies=[may("readiness.read")])
def late(rooms: House) -> LatenessShape:
    """Openings whose time has come and which are not proved, and those of the last 24 hours that were proved late."""
    with rooms.store.reading() as tx:
        return LatenessShape.of(rooms.readiness.late(tx))


def _need(need: Need, asker: Asker) -> NeedShape:
    shape = NeedShape.of(need)
    if need.said is None:
        return shape
    return shape.model_copy(update={"reason": asker.say(need.said.template, **dict(need.said.fields))})


def _asked(rooms: Rooms, tx: Tx, person: str | None, batch: str | None, day: date | None) -> HowReady:
    if sum(each is not None for each in (person, batch, day)) > 1:
        raise AskOne
    if person is not None:
        return rooms.readiness.of_people(tx, [rooms.persons.get(tx, person)])
    if batch is not None:
        return rooms.readiness.of_batch(tx, batch)
    return rooms.readiness.of_day(tx, day or tx.now.astimezone(rooms.campuses.current(tx).zone).date())
