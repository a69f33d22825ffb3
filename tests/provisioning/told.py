"""HR's office for tests: it tells of people in events, signed for nobody, and hands them to the hub's own room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from provisioning.intake.notices import Taken
from provisioning.nouns.people import Notice, Private, Stay, StayState
from provisioning.store import intake, people
from provisioning.store.senders import Sender
from tests.provisioning.housed import BOSS, Housed

SOURCE = "https://hr.test/notices"
FACTS = {"department": "finance", "post": "科员", "kind": "公务员", "area": "north"}


@dataclass
class Desk:
    """A sender's desk at a house: makes events, and has them taken."""

    housed: Housed
    sender: Sender = field(init=False)
    told: int = 0

    def __post_init__(self) -> None:
        with self.housed.house.store.writing() as tx:
            self.housed.house.senders.add(tx, "hr-office", SOURCE, BOSS)
            (self.sender,) = self.housed.house.senders.all(tx)

    def event(self, kind: str, no: str, at: datetime | None = None, /, **data: Any) -> dict[str, Any]:
        """One event, told at an instant, or now and a little later than the one before."""
        self.told += 1
        return {
            "specversion": "1.0",
            "id": f"e-{self.told}",
            "source": SOURCE,
            "type": f"foyer.hr.{kind}",
            "subject": no,
            "time": (at or self.housed.clock.now() + timedelta(milliseconds=self.told)).isoformat(),
            "data": data,
        }

    def announced(self, no: str, arrival: str, at: datetime | None = None, /, **more: Any) -> dict[str, Any]:
        """Somebody comes."""
        return self.event("announced", no, at, **{**FACTS, "name": "测试员", "arrival": arrival, **more})

    def take(self, *events: Mapping[str, Any]) -> list[Taken]:
        """Hand events in, a transaction each, and look at whom they concern."""
        answers = []
        for event in events:
            with self.housed.house.store.writing() as tx:
                answers += self.housed.house.notices.take(tx, self.sender, [event])
            with self.housed.house.store.writing() as tx:
                self.housed.house.grants.look(tx, list(answers[-1].persons), BOSS)
        return answers

    def one(self, event: Mapping[str, Any]) -> Taken:
        (answer,) = self.take(event)
        return answer

    def stays(self, no: str) -> tuple[Stay, ...]:
        """The stays of a person, without those that never came."""
        with self.housed.house.store.reading() as tx:
            found = self.housed.house.persons.stays(tx, self.housed.house.persons.get(tx, no).id)
        return tuple(stay for stay in found if stay.state is not StayState.CANCELLED)

    def private(self, no: str) -> Private | None:
        with self.housed.house.store.reading() as tx:
            return self.housed.house.persons.private(tx, self.housed.house.persons.get(tx, no))

    def notices(self, no: str) -> list[Notice]:
        with self.housed.house.store.reading() as tx:
            at = self.housed.house.persons.get(tx, no).id
            return intake.notices_of(tx, [at]).get(at, [])

    def grants(self, no: str) -> dict[str, set[str]]:
        """The ids of open grants, by stay."""
        found: dict[str, set[str]] = {}
        for grant in self.housed.grants(self.housed.person(no)):
            found.setdefault(grant.stay, set()).add(grant.id)
        return found

    def persons(self) -> list[str]:
        with self.housed.house.store.reading() as tx:
            return [one.no for one in people.list_persons(tx, "", 1000, None)]


def shown(stays: tuple[Stay, ...]) -> list[tuple]:
    """What stays say, without ids and without the notices that did it."""
    return sorted(
        (
            stay.arrival, stay.departure or stay.arrival.max, stay.department, stay.post, stay.kind, stay.area,
            stay.state.value, stay.arrived or stay.arrival.min, stay.moves, stay.pauses,
        )
        for stay in stays
    )  # fmt: skip
