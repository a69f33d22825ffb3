"""From what is known and what a notice says to what taking it will do. Pure: preview and import are this one answer,
a life folded with the notice against the stays on file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.contract import Json
from policies.says import Said
from provisioning.identity import obstacles
from provisioning.identity.arrivals import Announcement, Effect, Letter, Plan, Sway, note
from provisioning.identity.cards import CardsKnown, CardTaken
from provisioning.identity.heard import Heard
from provisioning.identity.life import REVOKED_BEFORE, Life, Past, fold
from provisioning.identity.personal import PRIVATE
from provisioning.identity.settled import UNBEGUN, Change, Settled, rows_of
from provisioning.identity.spell import Spell
from provisioning.nouns.people import (
    CardState,
    Credential,
    Notice,
    NoticeKind,
    Person,
    Private,
    Standing,
    Stay,
    StayState,
)
from provisioning.nouns.refusals import Refusal

TAKEN_BEFORE = "This very row was taken before; what was done since then stands."
REVOKED_STAYS_SO = "This stay was revoked on {day} and stays so."
CARD_STAYS_ENDED = "Card {number} was taken from this person before and stays so."
WAITS_IN_HOLD = "This was taken before, and waits for a second person: foyer hold show {hold}"
TURNED_DOWN = "This was taken before, and a second person refused it: foyer hold show {hold}"
NOTES = (TAKEN_BEFORE, REVOKED_STAYS_SO, REVOKED_BEFORE, CARD_STAYS_ENDED, WAITS_IN_HOLD, TURNED_DOWN)

AGAIN = "again"
"""The id under which a notice that was taken before is planned once more, to see whether it would change anything."""
TICK = timedelta(microseconds=1)

_STAY = ("arrival", "department", "post", "kind", "area", "departure", "arrived", "moves", "pauses", "state")
_FACTS = ("department", "post", "kind", "area", "moves")


@dataclass(frozen=True, slots=True)
class Filed:
    """All that is on file of one person; of somebody new, nothing but the number."""

    no: str
    person: Person | None = None
    private: Private | None = None
    id_digest: bytes | None = None
    stays: tuple[Stay, ...] = ()
    cards: tuple[Credential, ...] = ()
    heard: tuple[Heard, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """All that planning some notices needs, read at one instant. `claimed` is what those planned before will take."""

    now: datetime
    zone: ZoneInfo
    filed: Mapping[str, Filed]
    nos_by_digest: Mapping[bytes, str]
    cards: CardsKnown
    taken: Mapping[str, Notice]
    digest_of: Callable[[str], bytes]
    claimed: dict[bytes | int, str]


def heard_of(said: Announcement | Letter, filed: Filed, now: datetime) -> Heard:
    """A notice as it will be kept, but for what only keeping it gives."""
    if isinstance(said, Letter):
        content = {**said.content, "no": said.no}
        kept = Notice(
            said.notice, said.kind, None, None, "", None, now, said.told, said.source, said.sequence, said.day
        )
        return Heard(replace(kept, content=content), said.private)
    arrival = said.arrival
    content: dict[str, Json] = {
        "department": arrival.department,
        "post": arrival.post,
        "kind": arrival.kind,
        "area": arrival.area,
        "arrival": arrival.arrival.isoformat(),
        "departure": arrival.departure.isoformat() if arrival.departure else None,
    }
    if arrival.card is not None:
        content["card"] = arrival.card
    if filed.person is not None and arrival.no != filed.no:
        content["no"] = arrival.no
    told = _after_all(filed, now)
    private = {name: getattr(arrival.private, name) for name in PRIVATE}
    kept = Notice(said.notice, NoticeKind.ANNOUNCED, None, None, "", None, now, told, content=content)
    return Heard(kept, private)


def plan_one(said: Announcement | Letter, no: str, known: Known) -> Plan:
    """What taking this will do for the person who now has the number `no`."""
    filed = known.filed[no]
    heard = heard_of(said, filed, known.now)
    before = known.taken.get(heard.notice.id)
    if before is not None and before.standing in (Standing.HELD, Standing.REFUSED):
        held = before.standing is Standing.HELD
        told = note(WAITS_IN_HOLD if held else TURNED_DOWN, hold=before.hold or "–")
        return Plan(Effect.HELD if held else Effect.SAME, filed.person, notes=(told,))
    if before is None:
        return plans_of([heard], filed, known)[0]
    again = replace(heard, notice=replace(heard.notice, id=AGAIN))
    plan = plans_of([again], filed, known)[0]
    if plan.effect is Effect.SAME:
        return plan
    stay = next((one for one in filed.stays if one.id == before.stay), None)
    return Plan(Effect.SAME, filed.person, stay, notes=(note(TAKEN_BEFORE),))


def plans_of(fresh: Sequence[Heard], filed: Filed, known: Known) -> list[Plan]:
    """What taking these together will do for one person: a plan for each, which all lead to one end."""
    settled, remarks = settle(fresh, filed, known)
    sways = _sway(settled.changes)
    return [_plan(one, filed, settled, remarks, sways) for one in fresh]


def settle(
    fresh: Sequence[Heard], filed: Filed, known: Known, cause: str = ""
) -> tuple[Settled, dict[str, tuple[Said, ...]]]:
    """Fold a person's life with these notices, and match it with what is on file; with remarks by notice. `cause` is the
    notice that changes rows, where there is none among them.

    What stands against a notice from outside the life (somebody else's card or identity number, a revocation) bars it,
    and the life is folded anew without it: each time round one more is barred, so it comes to an end.
    """
    waiting = [one for one in filed.heard if one.notice.standing is Standing.WAITING]
    open_to_doubt = [*waiting, *fresh]
    barred = _not_theirs(open_to_doubt, filed, known)
    heard = [*filed.heard, *fresh]
    kept_all = all(one.private is not None for one in filed.heard if one.notice.kind is NoticeKind.ANNOUNCED)
    revoked = [stay for stay in filed.stays if stay.state is StayState.REVOKED]
    past = Past(filed.no, None if kept_all else filed.private, revoked, known.zone)
    cause = fresh[-1].notice.id if fresh else cause
    while True:
        life = fold(heard, past, barred)
        rows = rows_of(life, filed.stays, known.now, known.zone, cause)
        cards, remarks, refused = _cards(open_to_doubt, life, rows.stays, filed, known)
        if not rows.kept_shut and not refused:
            break
        barred |= {**rows.kept_shut, **refused}
    private = life.private if life.private != filed.private and life.private is not None else None
    number = life.private.id_number if life.private else None
    digest = known.digest_of(number) if number else filed.id_digest
    _claim(known, filed.no, digest, cards)
    for one in fresh:
        at = one.notice.id
        first = (*_revoked(life.spell_of(at), rows.stays, known.zone), *life.remarks.get(at, ()))
        remarks[at] = first + remarks.get(at, ())
    return Settled(life, filed.heard, rows.stays, rows.changes, private, digest, cards), remarks


def _plan(heard: Heard, filed: Filed, settled: Settled, remarks: Mapping[str, tuple[Said, ...]], sways: Sway) -> Plan:
    at = heard.notice.id
    if heard.notice.kind is NoticeKind.MERGED:
        # Of two people one goes: what stood under that number may be lost.
        return Plan(Effect.CHANGED, filed.person, fields=("no",), sways=Sway.LESS, heard=heard, settled=settled)
    refusal = settled.life.ineffective.get(at)
    if refusal is not None:
        return Plan(Effect.REFUSED, filed.person, refusal=refusal, sways=sways, heard=heard, settled=settled)
    stay, card = settled.stay_of(at), settled.cards.get(at)
    change = settled.change_to(stay)
    begins = change is not None and change.before is None
    fields = () if begins else _fields(change, settled.private, filed.private, card)
    effect = Effect.NEW if begins else Effect.CHANGED if fields or settled.changes else Effect.SAME
    return Plan(
        effect,
        filed.person,
        None if begins else change.before if change else stay,
        fields,
        settled.private,
        settled.id_digest,
        card,
        remarks.get(at, ()),
        sways=sways,
        heard=heard,
        settled=settled,
    )


def _fields(
    change: Change | None, private: Private | None, before: Private | None, card: int | None
) -> tuple[str, ...]:
    named: tuple[str, ...] = ()
    if change is not None and change.before is not None:
        named = tuple(name for name in _STAY if getattr(change.after, name) != getattr(change.before, name))
    if private is not None:
        old = before or Private("")
        named += tuple(name for name in PRIVATE if getattr(private, name) != getattr(old, name))
    return named + (("card",) if card is not None else ())


def _after_all(filed: Filed, now: datetime) -> datetime:
    """When a row is told: now, and later than all that was said in rows, or revoked, of this person before."""
    said = [one.notice.told for one in filed.heard if one.notice.source is None]
    said += [stay.ended for stay in filed.stays if stay.state is StayState.REVOKED and stay.ended is not None]
    latest = max(said, default=None)
    return now if latest is None else max(now, latest + TICK)


def _not_theirs(doubted: Sequence[Heard], filed: Filed, known: Known) -> dict[str, Refusal]:
    """Notices that give an identity number which is on file as somebody else's."""
    found: dict[str, Refusal] = {}
    for one in doubted:
        number = (one.private or {}).get("id_number")
        if not number:
            continue
        digest = known.digest_of(str(number))
        other = known.claimed.get(digest) or known.nos_by_digest.get(digest)
        if other is not None and other != filed.no:
            found[one.notice.id] = obstacles.IdNumberTaken(other=other)
        elif filed.private is None and filed.id_digest not in (None, digest):
            # Of somebody erased nothing is left to compare but this.
            found[one.notice.id] = obstacles.NoTaken(no=filed.no)
    return found


def _cards(
    doubted: Sequence[Heard], life: Life, rows: Mapping[str, Stay], filed: Filed, known: Known
) -> tuple[dict[str, int], dict[str, tuple[Said, ...]], dict[str, Refusal]]:
    """The cards to assign, remarks on others, and what stands against the rest; each by notice."""
    assigned: dict[str, int] = {}
    remarks: dict[str, tuple[Said, ...]] = {}
    refused: dict[str, Refusal] = {}
    for one in doubted:
        at, number = one.notice.id, one.notice.content.get("card")
        spell = life.spell_of(at) if number is not None else None
        if spell is None or not isinstance(number, int) or number in assigned.values():
            continue
        stay = rows.get(spell.opened_by)
        try:
            gives, remark = _card(number, stay, tuple(assigned.values()), filed, known)
        except Refusal as refusal:
            refused[at] = refusal
            continue
        if gives:
            assigned[at] = number
        if remark is not None:
            remarks[at] = (remark,)
    return assigned, remarks, refused


def _card(
    number: int, stay: Stay | None, given: tuple[int, ...], filed: Filed, known: Known
) -> tuple[bool, Said | None]:
    """Whether to assign the card, and a remark. One that was taken from its holder comes back only with a new stay."""
    held = [card.number for card in filed.cards if card.state is CardState.ACTIVE]
    if number in held:
        return False, None
    former = [card for card in filed.cards if card.number == number]
    begins = stay is not None and stay.id == UNBEGUN
    if former and not begins:
        return False, note(CARD_STAYS_ENDED, number=number)
    holder = known.claimed.get(number)
    if holder is not None and holder != filed.no:
        raise CardTaken(number=number, holder=holder)
    obstacle = known.cards.obstacle(number, filed.person.id if filed.person else None)
    if obstacle is not None:
        raise obstacle
    if held or given:
        raise obstacles.CardDiffers(held=[*held, *given][0], number=number)
    if former and former[-1].state is CardState.LOST:
        raise obstacles.CardReportedLost(number=number, no=filed.no)
    return begins or (stay is not None and stay.state is StayState.OPEN), None


def _revoked(spell: Spell | None, rows: Mapping[str, Stay], zone: ZoneInfo) -> tuple[Said, ...]:
    """What is to be said of a notice of a stay that people took away: nothing of it opens again."""
    stay = rows.get(spell.opened_by) if spell is not None else None
    if stay is None or stay.state is not StayState.REVOKED:
        return ()
    return (note(REVOKED_STAYS_SO, day=(stay.ended or stay.created).astimezone(zone).date().isoformat()),)


def _claim(known: Known, no: str, digest: bytes | None, cards: Mapping[str, int]) -> None:
    if digest is not None:
        known.claimed[digest] = no
    for number in cards.values():
        known.claimed[number] = no


def _sway(changes: Sequence[Change]) -> Sway:
    """Whether a person loses anything by these changes, else whether they gain."""
    more = False
    for change in changes:
        before, after = change.before, change.after
        if before is None or before.state is not StayState.OPEN:
            more = more or after.state is StayState.OPEN
            continue
        if after.state is not StayState.OPEN or _loses(before, after):
            return Sway.LESS
        more = more or _dates(before) != _dates(after) or before.pauses != after.pauses
    return Sway.MORE if more else Sway.NEITHER


def _loses(before: Stay, after: Stay) -> bool:
    fewer = after.arrival > before.arrival or _dates(after)[1] < _dates(before)[1]
    moved = any(getattr(before, name) != getattr(after, name) for name in _FACTS)
    paused = any(
        not any(
            old.opens <= new.opens and (old.closes is None or (new.closes is not None and new.closes <= old.closes))
            for old in before.pauses
        )
        for new in after.pauses
    )
    return fewer or moved or paused


def _dates(stay: Stay) -> tuple[date, date]:
    return stay.arrival, stay.departure or date.max
