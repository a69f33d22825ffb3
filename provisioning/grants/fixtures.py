"""What targets are to be set to, beside anybody's rights: schedules, door modes and the rest, under the conditions in force.
Like rights it is wanted state, so it outlives every restart, and is put back wherever a reading shows that it differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.contract import Compiled, Conditions, Json, Record
from provisioning.campus.campuses import Campuses
from provisioning.campus.file import Campus
from provisioning.campus.schedules import lay_down, schedules
from provisioning.grants.grants import Grants
from provisioning.grants.horizon import horizon_of
from provisioning.nouns.rights import WantedHeld
from provisioning.nouns.told import Actor, Told
from provisioning.store import conditions as conditions_store
from provisioning.store import rights as rights_store
from provisioning.store.engine import Tx
from provisioning.store.rights import Wish
from provisioning.story.story import Story

STATING = Actor("house:settings")


@dataclass(frozen=True, slots=True)
class Stated:
    """What was made of one campus: how many records changed, and when to look again."""

    campus: Campus
    changed: int
    look_again: datetime


class Fixtures:
    """Says what every target is to be set to."""

    def __init__(self, story: Story, campuses: Campuses, grants: Grants) -> None:
        self._story = story
        self._campuses = campuses
        self._grants = grants
        self._campus: Campus | None = None
        self._look_again: datetime | None = None

    def due(self, tx: Tx) -> bool:
        """Whether to look now: there is another campus, or an instant has come at which something changes by itself."""
        if self._campuses.zone(tx) is None:
            return False
        known = self._campus is self._campuses.current(tx)
        return not known or self._look_again is None or self._look_again <= tx.now

    def restate(self, tx: Tx, *, urgent: bool = False) -> Stated:
        """Put what every target is to be set to now; `urgent` sends what changed ahead of all other work. It is always safe
        to look again: what has not changed writes nothing. Raises `NoCampus`,
        `SchedulesFull`."""
        campus = self._campuses.current(tx)
        if lay_down(tx, campus):
            # The file came by another way than being applied here: by the tail of a story, say.
            rights_store.everybody_due(tx)
            tx.wake("persons")
        found = {target: (made, again) for target, made, again in self._compiled(tx, campus)}
        wishes = list(_wishes(found, rights_store.records_unheld(tx), urgent=urgent))
        rights_store.wish(tx, wishes)
        self._tell(tx, wishes)
        look_again = min(again for _, again in found.values()) if found else tx.now
        if self._look_again is not None:
            # Only ever sooner: should this be rolled back, it is looked at once too often, and not too late.
            self._look_again = min(self._look_again, look_again)
        return Stated(campus, len(wishes), look_again)

    def committed(self, stated: Stated) -> None:
        """Note that what was stated is kept, so that nobody need look before it changes."""
        self._campus, self._look_again = stated.campus, stated.look_again

    def _compiled(self, tx: Tx, campus: Campus) -> Iterator[tuple[str, Compiled, datetime]]:
        locked, freed = conditions_store.zones_in_force(tx)
        laid_down = schedules(tx, campus)
        for target, connector in self._grants.serving(campus).connectors.items():
            horizon = horizon_of(target, tx.now, campus.zone)
            listener = campus.listeners.get(target, campus.listener)
            told = (locked, freed, listener, tx.now, horizon.ends, campus.zone)
            made = connector.fixtures(Conditions(campus.calendar, laid_down, *told))
            yield target, made, min(horizon.rolls, made.look_again or horizon.rolls)

    def _tell(self, tx: Tx, wishes: list[Wish]) -> None:
        by_target: dict[str, list[Wish]] = defaultdict(list)
        for wish in wishes:
            by_target[wish.target].append(wish)
        told: list[Told] = []
        for target, its in by_target.items():
            data: dict[str, Json] = {
                "wanted": [f"{wish.key}@{wish.revision}" for wish in its if wish.body is not None],
                "unwanted": [f"{wish.key}@{wish.revision}" for wish in its if wish.body is None],
            }
            told.append(Told("target.settings-decided", STATING.name, target=target, data=data))
        self._story.tell(tx, *told)


def _wishes(found: Mapping[str, tuple[Compiled, datetime]], rows: list[WantedHeld], *, urgent: bool) -> Iterator[Wish]:
    known = {(row.target, row.key): row for row in rows}
    wanted = {(target, key): record for target, (made, _) in found.items() for key, record in made.records.items()}
    for at, record in wanted.items():
        row = known.get(at)
        if row is None or row.wanted != record.body:
            yield _put(at[0], record, row, urgent=urgent)
    for at, row in known.items():
        if row.wanted is not None and at not in wanted:
            revision = row.revision + 1
            yield Wish(row.target, row.key, None, None, revision, row.rank, (), urgent, fresh=False)


def _put(target: str, record: Record, row: WantedHeld | None, *, urgent: bool) -> Wish:
    revision = 1 if row is None else row.revision + 1
    return Wish(target, record.key, None, record.body, revision, record.rank, (), urgent, fresh=row is None)
