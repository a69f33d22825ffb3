"""What is asked of passages: which there were, and who is inside. Whoever forgives somebody has the muster forget them."""

from __future__ import annotations

from datetime import datetime, timedelta

from provisioning.campus.campuses import Campuses
from provisioning.nouns.passages import Asked, Listed, Muster, Present
from provisioning.nouns.people import Person
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor, Told
from provisioning.passages.muster import blind, inside, places
from provisioning.store import passages as rows
from provisioning.store.engine import Tx
from provisioning.story.story import Story

MUSTER_HOURS = 24
MUSTER_HOURS_MAX = 7 * 24


class PassageViews:
    """Answers of passages."""

    def __init__(self, story: Story, campuses: Campuses) -> None:
        self._story = story
        self._campuses = campuses

    def listed(self, tx: Tx, asked: Asked, limit: int) -> list[Listed]:
        """Passages, the newest first. Raises `NotFound` for a door that the campus has not, and never had a passage."""
        found = rows.listed(tx, asked, limit)
        if not found and asked.door is not None and asked.door not in places(self._campuses.current(tx)):
            raise NotFound(what="door", name=asked.door, where="foyer campus show")
        return found

    def muster(self, tx: Tx, site: str | None, zone: str | None, hours: int = MUSTER_HOURS) -> Muster:
        """Who came in within so many hours and was not seen leaving: on the campus, a site of it, or in a zone.

        Raises `NotFound`.
        """
        campus = self._campuses.current(tx)
        if site is not None and site not in {one.id for one in campus.sites}:
            raise NotFound(what="site", name=site, where="foyer campus show")
        if zone is not None and zone not in campus.zones:
            raise NotFound(what="zone", name=zone, where="foyer campus show")
        where = places(campus)
        wanted = {
            door
            for door, place in where.items()
            if (site is None or place.site == site) and (zone is None or zone in place.zones)
        }
        since = tx.now - timedelta(hours=hours)
        steps = rows.steps(tx, since)
        found = inside(steps, where)
        last = {person: stack[-1] for person, stack in found.items() if any(one.door in wanted for one in stack)}
        names = rows.numbers_of(tx, last)
        people = [Present(names[person], one.door, one.at) for person, one in last.items() if person in names]
        targets = {target.id for target in campus.targets if any(door.id in wanted for door in target.doors)}
        return Muster(
            at=tx.now,
            since=since,
            people=tuple(sorted(people, key=_by_number)),
            blind=tuple(sorted(blind(steps) & wanted)),
            silent=tuple(target for target in rows.unreachable(tx) if target in targets),
        )

    def forgive(self, tx: Tx, person: Person, actor: Actor) -> datetime:
        """Have the muster forget what somebody did until now; they count as outside until they come in again."""
        rows.forgive(tx, person.id)
        self._story.tell(tx, Told("passages.forgiven", actor.name, person.id))
        return tx.now


def _by_number(present: Present) -> str:
    return present.no
