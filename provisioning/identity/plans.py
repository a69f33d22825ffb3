"""From what is known and what a notice says to what taking it will do. Pure: preview and import are this one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from policies.says import Said
from provisioning.identity.arrivals import Announcement, Arrival, Effect, Plan, note
from provisioning.identity.cards import CardsKnown
from provisioning.nouns.people import CardState, Credential, Notice, Person, Private, Stay, StayState
from provisioning.nouns.refusals import Refusal

TAKEN_BEFORE = "This very row was taken before; what was done since then stands."
REVOKED_STAYS_SO = "This stay was revoked on {day} and stays so."
REVOKED_BEFORE = "An earlier stay of this person was revoked on {day}; this row begins a new one."
CARD_STAYS_ENDED = "Card {number} was taken from this person before and stays so."
NOTES = (TAKEN_BEFORE, REVOKED_STAYS_SO, REVOKED_BEFORE, CARD_STAYS_ENDED)

_CONTENT = ("department", "post", "kind", "area", "departure")
_PRIVATE = ("name", "id_number", "phone")


class IdNumberTaken(Refusal):
    """This identity number is on file under staff number {other}. Write that staff number, or correct the identity
    number."""


class NoTaken(Refusal):
    """Staff number {no} is on file with another identity number. Give the newcomer a staff number of their own, or
    correct the identity number."""


class NameDiffers(Refusal):
    """Staff number {no} is on file with another name, and no identity number shows that it is the same person. Correct
    the staff number; or, where the name has changed, first bring in the old name with the identity number."""


class StayOverlaps(Refusal):
    """This overlaps the stay from {arrival} to {departure}. Give that stay an earlier last day in a row of its own, or
    write its arrival date here."""


class StayRevoked(Refusal):
    """The stay from {arrival} was revoked on {day}; nothing of it opens again. Where the person is to come back, write an
    arrival date after {after}."""


class CardDiffers(Refusal):
    """This person holds card {held}, not {number}. If the card was changed, run: foyer card replace {held} {number}"""


class CardReportedLost(Refusal):
    """Card {number} was reported lost by this person. If it was found, run: foyer card assign {no} {number}; else leave
    the card out of the row."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that planning some announcements needs, read at one instant: persons by staff number, the rest by person."""

    now: datetime
    zone: ZoneInfo
    persons: Mapping[str, Person]
    privates: Mapping[str, Private]
    digests: Mapping[str, bytes | None]
    nos_by_digest: Mapping[bytes, str]
    stays: Mapping[str, tuple[Stay, ...]]
    credentials: Mapping[str, tuple[Credential, ...]]
    cards: CardsKnown
    taken: Mapping[str, Notice]

    @property
    def today(self) -> date:
        """The day on the site."""
        return self.day_of(self.now)

    def day_of(self, at: datetime) -> date:
        """The day on the site at an instant."""
        return at.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class _StayStep:
    """The stay that the row concerns (None: it begins a new one), and what of it changes."""

    stay: Stay | None
    fields: tuple[str, ...] = ()
    notes: tuple[Said, ...] = ()


def plan_one(announcement: Announcement, id_digest: bytes | None, known: Known) -> Plan:
    """What taking this announcement will do. No two of those planned together share staff number, identity or card."""
    arrival = announcement.arrival
    person = known.persons.get(arrival.no)
    try:
        plan = _plan(arrival, id_digest, person, known)
    except Refusal as refusal:
        plan = Plan(Effect.REFUSED, person, refusal=refusal)
    before = known.taken.get(announcement.notice)
    if before is None or plan.effect is Effect.SAME:
        return plan
    stay = next((one for one in known.stays.get(before.person, ()) if one.id == before.stay), None)
    return Plan(Effect.SAME, person, stay, notes=(note(TAKEN_BEFORE),))


def _plan(arrival: Arrival, id_digest: bytes | None, person: Person | None, known: Known) -> Plan:
    _check_identity(arrival, id_digest, person, known)
    private, personal = _private(arrival.private, known.privates.get(person.id) if person else None)
    step = _stay(arrival, known.stays.get(person.id, ()) if person else (), known)
    card, card_notes = _card(arrival, person, step.stay, known)
    notes = step.notes + card_notes
    on_file = known.digests.get(person.id) if person else None
    if step.stay is None:
        effect, fields = Effect.NEW, ()
    else:
        fields = step.fields + personal + (("card",) if card is not None else ())
        effect = Effect.CHANGED if fields else Effect.SAME
    return Plan(effect, person, step.stay, fields, private, id_digest or on_file, card, notes)


def _check_identity(arrival: Arrival, id_digest: bytes | None, person: Person | None, known: Known) -> None:
    other = known.nos_by_digest.get(id_digest) if id_digest else None
    if other is not None and other != arrival.no:
        raise IdNumberTaken(other=other)
    if person is None:
        return
    on_file = known.digests.get(person.id)
    if on_file and id_digest and on_file != id_digest:
        raise NoTaken(no=arrival.no)
    proved_same = on_file is not None and on_file == id_digest
    before = known.privates.get(person.id)
    if before is not None and before.name != arrival.private.name and not proved_same:
        raise NameDiffers(no=arrival.no)


def _private(told: Private, before: Private | None) -> tuple[Private | None, tuple[str, ...]]:
    """What to seal anew, and the names of what differs; a blank cell takes nothing away."""
    if before is None:
        return told, tuple(name for name in _PRIVATE if getattr(told, name))
    merged = Private(told.name, told.id_number or before.id_number, told.phone or before.phone)
    fields = tuple(name for name in _PRIVATE if getattr(merged, name) != getattr(before, name))
    return (merged if fields else None), fields


def _stay(arrival: Arrival, stays: tuple[Stay, ...], known: Known) -> _StayStep:
    same_day = [stay for stay in stays if stay.arrival == arrival.arrival]
    for stay in same_day:
        if stay.state is StayState.OPEN:
            return _revised(arrival, stay, stays)
    for stay in reversed(same_day):
        return _kept_shut(arrival, stay, known)
    opened = [stay for stay in stays if stay.state is StayState.OPEN]
    for stay in opened:
        ahead = stay.arrival > known.today
        if ahead and (stay.departure is None or arrival.arrival <= stay.departure):
            _after_revocations(arrival, stays, known)
            return _revised(arrival, stay, stays)
    _refuse_overlap(arrival, opened)
    return _StayStep(None, notes=_after_revocations(arrival, stays, known))


def _revised(arrival: Arrival, stay: Stay, stays: tuple[Stay, ...]) -> _StayStep:
    """The stay with what the row says of it; its arrival may move only while it has not begun."""
    names = ("arrival", *_CONTENT)
    fields = tuple(name for name in names if getattr(stay, name) != getattr(arrival, name))
    _refuse_overlap(arrival, [one for one in stays if one.state is StayState.OPEN and one.id != stay.id])
    return _StayStep(stay, fields)


def _kept_shut(arrival: Arrival, stay: Stay, known: Known) -> _StayStep:
    """A stay that people ended by decision: the same row changes nothing, another row does not reopen it."""
    day = known.day_of(stay.ended or stay.created)
    if any(getattr(stay, name) != getattr(arrival, name) for name in _CONTENT):
        raise StayRevoked(arrival=stay.arrival, day=day, after=max(day, stay.arrival))
    return _StayStep(stay, notes=(note(REVOKED_STAYS_SO, day=day.isoformat()),))


def _after_revocations(arrival: Arrival, stays: tuple[Stay, ...], known: Known) -> tuple[Said, ...]:
    """A new stay after a revoked one begins later than both its arrival and its revocation, and says so."""
    last: date | None = None
    for stay in stays:
        if stay.state is StayState.OPEN:
            continue
        day = known.day_of(stay.ended or stay.created)
        after = max(day, stay.arrival)
        if stay.arrival <= (arrival.departure or date.max) and arrival.arrival <= after:
            raise StayRevoked(arrival=stay.arrival, day=day, after=after)
        last = max(last, day) if last else day
    return () if last is None else (note(REVOKED_BEFORE, day=last.isoformat()),)


def _refuse_overlap(arrival: Arrival, stays: list[Stay]) -> None:
    for stay in stays:
        begins_in_time = arrival.arrival <= (stay.departure or date.max)
        if begins_in_time and stay.arrival <= (arrival.departure or date.max):
            raise StayOverlaps(arrival=stay.arrival, departure=stay.departure or "…")


def _card(
    arrival: Arrival, person: Person | None, stay: Stay | None, known: Known
) -> tuple[int | None, tuple[Said, ...]]:
    """The card to assign, and remarks. A card that was taken from its holder comes back only with a new stay."""
    number = arrival.card
    if number is None:
        return None, ()
    own = known.credentials.get(person.id, ()) if person else ()
    held = [card.number for card in own if card.state is CardState.ACTIVE]
    if number in held:
        return None, ()
    former = [card for card in own if card.number == number]
    if former and stay is not None:
        return None, (note(CARD_STAYS_ENDED, number=number),)
    obstacle = known.cards.obstacle(number, person.id if person else None)
    if obstacle is not None:
        raise obstacle
    if held:
        raise CardDiffers(held=held[0], number=number)
    if former and former[-1].state is CardState.LOST:
        raise CardReportedLost(number=number, no=arrival.no)
    if stay is not None and stay.state is not StayState.OPEN:
        return None, ()
    return number, ()
