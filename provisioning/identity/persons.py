"""Persons and their stays. A notice is planned first; carrying a plan out does that and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from connectors.contract import Json
from provisioning.identity.arrivals import Announcement, Effect, Letter, Plan, said
from provisioning.identity.carrying import Carrying, Taking, as_private, deed, new_person
from provisioning.identity.files import Asked, Files, asked_by
from provisioning.identity.heard import Heard
from provisioning.identity.id_number import LENGTH
from provisioning.identity.merging import Merging
from provisioning.identity.obstacles import MergedTwice, NoticeDiffers
from provisioning.identity.plans import Filed, Known, heard_of, plan_one, plans_of
from provisioning.nouns.people import Notice, NoticeKind, Person, Private, Standing, Stay
from provisioning.nouns.refusals import NotFound, Refusal
from provisioning.nouns.told import Actor, Told
from provisioning.store import intake, people
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

REFUSED_BY = "{operator} refused it: {reason}"

__all__ = ["Held", "Persons", "Taking"]


@dataclass(frozen=True, slots=True)
class Held:
    """What waits in a hold, planned: the notices of each person, each with what it would do now. `zone` is the site's."""

    hold: str
    zone: ZoneInfo
    people: tuple[tuple[Person, tuple[tuple[Notice, Plan], ...]], ...]

    @property
    def plans(self) -> list[tuple[Notice, Plan]]:
        """Every notice with its plan, in the order of their telling; those of one person together."""
        return [each for _, plans in self.people for each in plans]

    @property
    def mergers(self) -> list[Notice]:
        """The notices that two numbers are one person."""
        return [notice for notice, _ in self.plans if notice.kind is NoticeKind.MERGED]


class Persons:
    """Finds people, and changes them as notices say."""

    def __init__(self, vault: Vault, story: Story) -> None:
        self._vault = vault
        self._story = story
        self._carrying = Carrying(vault, story)
        self._files = Files(vault)
        self._merging = Merging(vault, story, self._files, self._carrying)

    def by_no(self, tx: Tx, no: str) -> Person | None:
        """Who has this staff number now: where it was merged into another, who has that one."""
        return people.find_persons(tx, [no]).by_no.get(no)

    def get(self, tx: Tx, no: str) -> Person:
        """Who has this staff number. Raises `NotFound`."""
        found = self.by_no(tx, no)
        if found is None:
            raise NotFound(what="person", name=no, where="foyer person list")
        return found

    def private(self, tx: Tx, person: Person) -> Private | None:
        """What is sealed of a person; None where they were erased."""
        return self.privates(tx, [person]).get(person.id)

    def privates(self, tx: Tx, persons: Sequence[Person]) -> dict[str, Private]:
        """What is sealed of these persons, by id, without those who were erased. The name of somebody of whom nothing
        but a number was told is blank."""
        opened = self._vault.open_all(tx, [(one.id, one.sealed) for one in persons])
        return {one.id: as_private(fields) for one, fields in zip(persons, opened, strict=True) if fields is not None}

    def stays(self, tx: Tx, person_id: str) -> tuple[Stay, ...]:
        """All stays of a person in the order of their arrivals."""
        return people.stays_of(tx, [person_id]).get(person_id, ())

    def search(self, tx: Tx, text: str | None, limit: int, after: str | None = None) -> tuple[Person, ...]:
        """Persons by a part of the staff number, or by the whole identity number; from behind staff number `after`."""
        wanted = (text or "").strip()
        if len(wanted) == LENGTH:
            found = people.find_persons(tx, digests=[self._vault.id_digest(wanted)]).by_digest
            if found:
                return tuple(found.values())
        return people.list_persons(tx, wanted, limit, after)

    def plan(self, tx: Tx, announcement: Announcement, zone: ZoneInfo) -> Plan:
        """What taking this announcement would do now; `zone` is the site's."""
        return self.plan_all(tx, [announcement], zone)[0]

    def plan_all(self, tx: Tx, announcements: Sequence[Announcement], zone: ZoneInfo) -> list[Plan]:
        """What taking these would do, in order. No two may share staff number, identity number or card."""
        nos = [one.arrival.no for one in announcements]
        found = people.find_persons(tx, nos)
        asked = Asked(
            [one.notice for one in announcements],
            [one.arrival.private.id_number for one in announcements],
            [one.arrival.card for one in announcements],
        )
        known = self._files.known(tx, {no: found.by_no.get(no) for no in nos}, asked, zone)
        named: dict[str, str] = {}
        return [_once(named, one, known) or plan_one(one, one.arrival.no, known) for one in announcements]

    def plan_letter(self, tx: Tx, letter: Letter, zone: ZoneInfo) -> Plan:
        """What taking a notice that came by itself would do. One that was taken before comes back as `SAME`; one that has
        no effect yet as `REFUSED`, and may be carried out all the same: it is kept, and waits."""
        found = people.find_persons(tx, [letter.no])
        asked = asked_by([heard_of(letter, Filed(letter.no), tx.now)])
        known = self._files.known(tx, {letter.no: found.by_no.get(letter.no)}, asked, zone)
        return plan_one(letter, letter.no, known)

    def before(self, tx: Tx, letter: Letter) -> Notice | None:
        """The notice under this id that was taken before; None where none was. Raises `NoticeDiffers` where it said
        something else."""
        found = intake.taken_notices(tx, [letter.notice]).get(letter.notice)
        if found is None:
            return None
        (heard,) = self._files.opened(tx, [found])
        said = (
            letter.kind,
            letter.source,
            letter.sequence,
            letter.told,
            letter.day,
            {**letter.content, "no": letter.no},
        )
        was = (found.kind, found.source, found.sequence, found.told, found.day, dict(found.content))
        # Of somebody erased nothing personal is left to compare.
        erased = found.sealed is not None and heard.private is None
        if said != was or not (erased or heard.private == letter.private):
            raise NoticeDiffers(event=letter.content.get("event") or letter.notice)
        return found

    def carry_out(
        self, tx: Tx, announcement: Announcement, plan: Plan, batch: str | None, line: int | None, actor: Actor
    ) -> str:
        """Do what was planned in this same transaction; the person's id."""
        return self.carry_out_all(tx, [Taking(announcement, plan, line)], batch, actor)[0]

    def carry_out_all(self, tx: Tx, takings: Sequence[Taking], batch: str | None, actor: Actor) -> list[str]:
        """Do what was planned in this same transaction, or keep it where it is held; the persons' ids, in order."""
        persons = [each.plan.person or new_person(tx, each.no) for each in takings]
        named = list(zip(persons, takings, strict=True))
        people.add_persons(tx, [(one, None) for one, each in named if each.plan.person is None])
        held = [(one, each) for one, each in named if each.hold is not None]
        if held:
            self._carrying.hold(tx, held, batch, actor)
        deeds = [
            deed(tx, one, each.plan.settled, [each.plan], at=(batch, each.line))
            for one, each in named
            if each.hold is None and each.plan.settled is not None
        ]
        if deeds:
            self._carrying.write(tx, deeds, actor)
        return [one.id for one in persons]

    def held(self, tx: Tx, hold: str, zone: ZoneInfo) -> Held:
        """What each notice that waits in a hold would do now."""
        notices = intake.notices_held(tx, hold)
        persons = people.persons(tx, (one.person for one in notices))
        heard = self._files.opened(tx, notices)
        known = self._files.known(tx, {one.no: one for one in persons.values()}, asked_by(heard), zone)
        told: dict[str, list[Heard]] = {}
        for one in heard:
            told.setdefault(one.notice.person, []).append(one)
        found = []
        for person in persons.values():
            fresh = told[person.id]
            plans = plans_of(fresh, known.filed[person.no], known)
            found.append((person, tuple((one.notice, plan) for one, plan in zip(fresh, plans, strict=True))))
        return Held(hold, zone, tuple(found))

    def let_go(self, tx: Tx, held: Held, actor: Actor) -> list[str]:
        """Have what was planned in this same transaction take effect; the persons' ids. What by now cannot, goes on
        waiting by itself."""
        merged: list[str] = []
        if held.mergers:
            merged = self._let_mergers_go(tx, held.mergers, actor, held.zone)
            # They changed who is who, and with that what else waits would do.
            held = self.held(tx, held.hold, held.zone)
        deeds = [
            deed(tx, person, plans[0][1].settled, [plan for _, plan in plans], kept=True)
            for person, plans in held.people
            if plans[0][1].settled is not None
        ]
        if deeds:
            self._carrying.write(tx, deeds, actor)
        return list(dict.fromkeys([*merged, *(each.person.id for each in deeds)]))

    def turn_down(self, tx: Tx, hold: str, actor: Actor, reason: str) -> int:
        """Have nothing of what waits in a hold ever take effect; how many notices that were."""
        held = intake.notices_held(tx, hold)
        why: Mapping[str, Json] = {"template": REFUSED_BY, "fields": {"operator": actor.name, "reason": reason}}
        intake.change_notices(tx, [replace(one, standing=Standing.REFUSED, reason=why) for one in held])
        told = [Told("notice.refused", actor.name, one.person, trace=one.id, data={"hold": hold}) for one in held]
        self._story.tell(tx, *told)
        return len(held)

    def merger_obstacle(self, tx: Tx, letter: Letter) -> Refusal | None:
        """Why two numbers cannot be one person, as a notice says; None where they can."""
        return self._merging.obstacle(tx, letter.no, str(letter.content["into"]))

    def merge(self, tx: Tx, letter: Letter, actor: Actor, zone: ZoneInfo) -> list[str]:
        """Keep a notice that two numbers are one person, and have it so; the ids of both, who may be one already. Raises
        `TwoIdentities`."""
        return self._merging.merge(tx, letter, actor, zone)

    def _let_mergers_go(self, tx: Tx, mergers: Sequence[Notice], actor: Actor, zone: ZoneInfo) -> list[str]:
        """First of all, for what else waits may be told of either number."""
        persons: list[str] = []
        for one in mergers:
            content = {name: value for name, value in one.content.items() if name != "no"}
            said_of = (one.id, one.kind, str(one.content["no"]), one.source or "", one.sequence, one.told)
            try:
                persons += self._merging.merge(tx, Letter(*said_of, one.day, content, None), actor, zone, one)
            except Refusal as refusal:
                why = said(refusal)
                reason: Mapping[str, Json] = {"template": why.template, "fields": dict(why.fields)}
                intake.change_notices(tx, [replace(one, standing=Standing.REFUSED, reason=reason)])
        return persons


def _once(named: dict[str, str], one: Announcement, known: Known) -> Plan | None:
    """Two numbers of one person in one list: the second is refused."""
    no = one.arrival.no
    person = known.filed[no].person
    other = no if person is None else named.setdefault(person.id, no)
    return None if other == no else Plan(Effect.REFUSED, person, refusal=MergedTwice(no=no, other=other))
