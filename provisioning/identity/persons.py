"""Persons and their stays. A notice is planned first; carrying a plan out does that and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from connectors.contract import Json
from provisioning.identity.arrivals import Announcement, Arrival, Effect, Plan
from provisioning.identity.cards import cards_known, new_card
from provisioning.identity.id_number import LENGTH
from provisioning.identity.plans import Known, plan_one
from provisioning.nouns.people import Credential, Notice, NoticeKind, Person, Private, Stay, StayState
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor, Told
from provisioning.store import intake, people
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

_STAY_FIELDS = frozenset({"department", "post", "kind", "area", "arrival", "departure"})
_PRIVATE_FIELDS = ("name", "id_number", "phone")


@dataclass(frozen=True, slots=True)
class Taking:
    """A planned announcement that is to be carried out; `line` is where it stands in its batch."""

    announcement: Announcement
    plan: Plan
    line: int | None = None


@dataclass(frozen=True, slots=True)
class _Deed:
    """One taking, worked out: the rows that it leaves."""

    taking: Taking
    person: Person
    stay: Stay
    card: Credential | None


class Persons:
    """Finds people, and changes them as notices say."""

    def __init__(self, vault: Vault, story: Story) -> None:
        self._vault = vault
        self._story = story

    def by_no(self, tx: Tx, no: str) -> Person | None:
        """Who has this staff number."""
        return next((one for one, _ in people.find_persons(tx, [no]).values()), None)

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
        """What is sealed of these persons, by id, without those who were erased."""
        opened = self._vault.open_all(tx, [(one.id, one.sealed) for one in persons])
        return {one.id: _as_private(fields) for one, fields in zip(persons, opened, strict=True) if fields is not None}

    def stays(self, tx: Tx, person_id: str) -> tuple[Stay, ...]:
        """All stays of a person in the order of their arrivals."""
        return people.stays_of(tx, [person_id]).get(person_id, ())

    def search(self, tx: Tx, text: str | None, limit: int, after: str | None = None) -> tuple[Person, ...]:
        """Persons by a part of the staff number, or by the whole identity number; from behind staff number `after`."""
        wanted = (text or "").strip()
        if len(wanted) == LENGTH:
            found = [one for one, _ in people.find_persons(tx, digests=[self._vault.id_digest(wanted)]).values()]
            if found:
                return tuple(found)
        return people.list_persons(tx, wanted, limit, after)

    def plan(self, tx: Tx, announcement: Announcement, zone: ZoneInfo) -> Plan:
        """What taking this announcement would do now; `zone` is the site's."""
        return self.plan_all(tx, [announcement], zone)[0]

    def plan_all(self, tx: Tx, announcements: Sequence[Announcement], zone: ZoneInfo) -> list[Plan]:
        """What taking these would do, in order. No two may share staff number, identity number or card."""
        digests = [self._id_digest(one.arrival) for one in announcements]
        known = self._known(tx, announcements, [digest for digest in digests if digest], zone)
        return [plan_one(one, digest, known) for one, digest in zip(announcements, digests, strict=True)]

    def carry_out(
        self, tx: Tx, announcement: Announcement, plan: Plan, batch: str | None, line: int | None, actor: Actor
    ) -> str:
        """Do what was planned in this same transaction; the person's id."""
        return self.carry_out_all(tx, [Taking(announcement, plan, line)], batch, actor)[0]

    def carry_out_all(self, tx: Tx, takings: Sequence[Taking], batch: str | None, actor: Actor) -> list[str]:
        """Do what was planned in this same transaction; the persons' ids, in order. All plans are new or changed."""
        deeds = [_deed(tx, taking) for taking in takings]
        newcomers = [deed for deed in deeds if deed.taking.plan.person is None]
        begun = [deed for deed in deeds if deed.taking.plan.stay is None]
        people.add_persons(tx, [(deed.person, deed.taking.plan.id_digest) for deed in newcomers])
        people.mark_due(tx, [deed.person.id for deed in deeds if deed.taking.plan.person is not None])
        self._seal(tx, [deed for deed in deeds if deed.taking.plan.private is not None])
        people.add_stays(tx, [deed.stay for deed in begun])
        people.change_stays(tx, [deed.stay for deed in deeds if deed.taking.plan.stay not in (None, deed.stay)])
        people.add_credentials(tx, [deed.card for deed in deeds if deed.card is not None])
        intake.add_notices(tx, [_notice(tx, deed, batch) for deed in deeds])
        self._story.tell(tx, *(_told(deed, batch, actor) for deed in deeds))
        tx.wake("persons")
        return [deed.person.id for deed in deeds]

    def _seal(self, tx: Tx, deeds: Sequence[_Deed]) -> None:
        items = [(deed.person.id, _as_json(deed.taking.plan.private)) for deed in deeds]
        sealed = self._vault.seal_all(tx, items)
        people.reseal_persons(
            tx,
            [(deed.person.id, data, deed.taking.plan.id_digest) for deed, data in zip(deeds, sealed, strict=True)],
        )

    def _id_digest(self, arrival: Arrival) -> bytes | None:
        number = arrival.private.id_number
        return self._vault.id_digest(number) if number else None

    def _known(self, tx: Tx, announcements: Sequence[Announcement], digests: list[bytes], zone: ZoneInfo) -> Known:
        found = people.find_persons(tx, [one.arrival.no for one in announcements], digests)
        on_file = [one for one, _ in found.values()]
        return Known(
            now=tx.now,
            zone=zone,
            persons={one.no: one for one in on_file},
            privates=self.privates(tx, on_file),
            digests={at: digest for at, (_, digest) in found.items()},
            nos_by_digest={digest: one.no for one, digest in found.values() if digest},
            stays=people.stays_of(tx, found),
            credentials=people.credentials_of(tx, found),
            cards=cards_known(tx, (one.arrival.card for one in announcements if one.arrival.card is not None)),
            taken=intake.taken_notices(tx, [one.notice for one in announcements]),
        )


def _deed(tx: Tx, taking: Taking) -> _Deed:
    arrival, plan, notice = taking.announcement.arrival, taking.plan, taking.announcement.notice
    person = plan.person or Person(tx.ids.new("per"), arrival.no, b"", tx.now, people.soon(tx))
    if plan.stay is None:
        stay = Stay(
            tx.ids.new("sty"),
            person.id,
            arrival.department,
            arrival.post,
            arrival.kind,
            arrival.area,
            arrival.arrival,
            arrival.departure,
            StayState.OPEN,
            notice,
            notice,
            tx.now,
        )
    elif _STAY_FIELDS.isdisjoint(plan.fields):
        stay = plan.stay
    else:
        stay = replace(
            plan.stay,
            department=arrival.department,
            post=arrival.post,
            kind=arrival.kind,
            area=arrival.area,
            arrival=arrival.arrival,
            departure=arrival.departure,
            notice=notice,
        )
    return _Deed(taking, person, stay, None if plan.card is None else new_card(tx, person.id, plan.card))


def _notice(tx: Tx, deed: _Deed, batch: str | None) -> Notice:
    id_, line = deed.taking.announcement.notice, deed.taking.line
    return Notice(id_, NoticeKind.ANNOUNCED, batch, line, deed.person.id, deed.stay.id, tx.now, tx.now)


def _told(deed: _Deed, batch: str | None, actor: Actor) -> Told:
    """One event a person: the stay as it stands now in the open, what is personal and new under seal."""
    plan, stay = deed.taking.plan, deed.stay
    data: dict[str, Json] = {
        "stay": stay.id,
        "department": stay.department,
        "post": stay.post,
        "kind": stay.kind,
        "area": stay.area,
        "arrival": stay.arrival.isoformat(),
        "departure": stay.departure.isoformat() if stay.departure else None,
        "batch": batch,
        "line": deed.taking.line,
    }
    if deed.card is not None:
        data |= {"credential": deed.card.id, "number": deed.card.number}
    private = _as_json(plan.private)
    if plan.effect is Effect.CHANGED:
        data["fields"] = list(plan.fields)
        private = {name: value for name, value in private.items() if name in plan.fields}
    elif plan.person is None:
        private["no"] = deed.person.no
    kind = "stay.announced" if plan.effect is Effect.NEW else "stay.changed"
    return Told(kind, actor.name, deed.person.id, trace=deed.taking.announcement.notice, data=data, private=private)


def _as_json(private: Private | None) -> dict[str, Json]:
    return {} if private is None else {name: getattr(private, name) for name in _PRIVATE_FIELDS}


def _as_private(fields: Mapping[str, Json]) -> Private:
    told = {name: fields.get(name) for name in _PRIVATE_FIELDS}
    return Private(
        str(told["name"]), *(None if told[name] is None else str(told[name]) for name in _PRIVATE_FIELDS[1:])
    )
