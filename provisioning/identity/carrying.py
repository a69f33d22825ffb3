"""Carries plans out: what was planned in a transaction, and nothing else, with the story of it. All rows of a whole
sheet go in by a few statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.contract import Json
from provisioning.identity.arrivals import Announcement, Letter, Plan, said
from provisioning.identity.cards import new_card
from provisioning.identity.heard import Heard
from provisioning.identity.personal import PRIVATE
from provisioning.identity.settled import Settled
from provisioning.nouns.people import Credential, Notice, Person, Private, Standing, Stay, StayState
from provisioning.nouns.told import Actor, Told
from provisioning.store import intake, people
from provisioning.store.engine import Tx
from provisioning.story.story import Story
from provisioning.vault.vault import Vault

NAMELESS: Mapping[str, Json] = {"name": ""}
"""What is sealed of a person of whom nobody has said who they are."""

_Text = tuple[str, tuple[tuple[str, Json], ...]]


@dataclass(frozen=True, slots=True)
class Taking:
    """A planned notice that is to be carried out; `line` is where it stands in its batch. With `hold` it is kept, and its
    person too, but nothing takes effect until a second person lets it go."""

    announcement: Announcement | Letter
    plan: Plan
    line: int | None = None
    hold: str | None = None

    @property
    def no(self) -> str:
        """The staff number that it names."""
        named = self.announcement
        return named.no if isinstance(named, Letter) else named.arrival.no


@dataclass(frozen=True, slots=True)
class Deed:
    """What comes of some notices for one person, with the ids of what is new. `heard` are those notices, which are
    `kept` already where a second person lets them go; `rows` the stays by the notice that opened each."""

    person: Person
    newcomer: bool
    settled: Settled
    fields: tuple[str, ...]
    rows: Mapping[str, Stay]
    heard: tuple[Heard, ...]
    kept: bool


def deed(
    tx: Tx,
    person: Person,
    settled: Settled,
    plans: Sequence[Plan] = (),
    *,
    at: tuple[str | None, int | None] = (None, None),
    kept: bool = False,
) -> Deed:
    """Work out what `settled` is for a person; `plans` are those of the notices that led to it, `at` their batch and
    line."""
    begun = {
        one.after.opened_by: replace(one.after, id=tx.ids.new("sty"), person=person.id)
        for one in settled.changes
        if one.before is None
    }
    rows = {**{one.after.opened_by: one.after for one in settled.changes}, **settled.rows, **begun}
    heard = []
    for plan in plans:
        if plan.heard is not None:
            one = plan.heard.notice
            stands = _standing(one.id, settled, rows)
            if not kept:
                stands |= {"person": person.id, "batch": at[0], "line": at[1], "at": tx.now}
            heard.append(Heard(replace(one, **stands), plan.heard.private))
    newcomer = bool(plans) and plans[0].person is None
    fields = tuple(dict.fromkeys(name for plan in plans for name in plan.fields))
    return Deed(person, newcomer, settled, fields, rows, tuple(heard), kept)


def new_person(tx: Tx, no: str) -> Person:
    """Somebody of whom nothing is known yet but a number; not kept by this."""
    return Person(tx.ids.new("per"), no, b"", tx.now, people.soon(tx))


class Carrying:
    """Writes what was planned."""

    def __init__(self, vault: Vault, story: Story) -> None:
        self._vault = vault
        self._story = story

    def write(self, tx: Tx, deeds: Sequence[Deed], actor: Actor) -> None:
        """Write all that these deeds are, and tell the story of them."""
        people.mark_due(tx, [deed.person.id for deed in deeds if not deed.newcomer])
        sealed = self._sealed(tx, [text for deed in deeds for text in _texts(deed)])
        people.reseal_persons(tx, [row for deed in deeds if (row := _resealed(deed, sealed)) is not None])
        stays = [(one.before, deed.rows[one.after.opened_by]) for deed in deeds for one in deed.settled.changes]
        people.add_stays(tx, [after for before, after in stays if before is None])
        people.change_stays(tx, [after for before, after in stays if before is not None])
        cards = {deed.person.id: _new_cards(tx, deed) for deed in deeds if deed.settled.cards}
        people.add_credentials(tx, [card for given in cards.values() for card in given])
        _add(tx, [one for deed in deeds if not deed.kept for one in deed.heard], sealed)
        intake.change_notices(tx, [one.notice for deed in deeds if deed.kept for one in deed.heard])
        intake.change_notices(tx, [one for deed in deeds for one in _restated(deed)])
        self._story.tell(tx, *(told for deed in deeds for told in _told(deed, cards.get(deed.person.id, ()), actor)))
        tx.wake("persons")

    def hold(self, tx: Tx, held: Sequence[tuple[Person, Taking]], batch: str | None, actor: Actor) -> None:
        """Keep these notices, and do nothing of what they say."""
        heard = [
            replace(each.plan.heard, notice=_held(each, each.plan.heard.notice, person, tx, batch))
            for person, each in held
            if each.plan.heard is not None
        ]
        texts = [(one.notice.person, one.private) for one in heard if one.private is not None]
        nameless = [person.id for person, each in held if each.plan.person is None]
        sealed = self._sealed(tx, texts + [(person, NAMELESS) for person in nameless])
        people.reseal_persons(tx, [(person, sealed[_text(person, NAMELESS)], None) for person in nameless])
        _add(tx, heard, sealed)
        self._story.tell(tx, *(_notice_told("notice.held", one.notice, actor) for one in heard))

    def _sealed(self, tx: Tx, texts: Sequence[tuple[str, Mapping[str, Json]]]) -> dict[_Text, bytes]:
        """What is personal, sealed under each person's key; one text of one person once."""
        unlike = {_text(person, text): (person, text) for person, text in texts}
        return dict(zip(unlike, self._vault.seal_all(tx, list(unlike.values())), strict=True))


def as_json(private: Private) -> dict[str, Json]:
    """What is personal as it is sealed."""
    return {name: getattr(private, name) for name in PRIVATE}


def as_private(fields: Mapping[str, Json]) -> Private:
    """What was sealed, as a value."""
    told = {name: fields.get(name) for name in PRIVATE}
    return Private(str(told["name"]), *(None if told[name] is None else str(told[name]) for name in PRIVATE[1:]))


def _text(person: str, text: Mapping[str, Json]) -> _Text:
    return person, tuple(text.items())


def _texts(deed: Deed) -> Iterator[tuple[str, Mapping[str, Json]]]:
    if deed.settled.private is not None or deed.newcomer:
        yield deed.person.id, _on_file(deed)
    for one in () if deed.kept else deed.heard:
        if one.private is not None:
            yield deed.person.id, one.private


def _on_file(deed: Deed) -> Mapping[str, Json]:
    return NAMELESS if deed.settled.private is None else as_json(deed.settled.private)


def _resealed(deed: Deed, sealed: Mapping[_Text, bytes]) -> tuple[str, bytes, bytes | None] | None:
    if deed.settled.private is None and not deed.newcomer:
        return None
    return deed.person.id, sealed[_text(deed.person.id, _on_file(deed))], deed.settled.id_digest


def _add(tx: Tx, heard: Sequence[Heard], sealed: Mapping[_Text, bytes]) -> None:
    personal = {
        one.notice.id: sealed[_text(one.notice.person, one.private)] for one in heard if one.private is not None
    }
    intake.add_notices(tx, [one.notice for one in heard], personal)


def _standing(notice: str, settled: Settled, rows: Mapping[str, Stay]) -> dict[str, Any]:
    """How a notice stands by a life."""
    refusal = settled.life.ineffective.get(notice)
    if refusal is not None:
        why = said(refusal)
        reason: dict[str, Json] = {"template": why.template, "fields": dict(why.fields)}
        return {"standing": Standing.WAITING, "reason": reason, "stay": None}
    spell = settled.life.spell_of(notice)
    stay = rows.get(spell.opened_by) if spell else None
    return {"standing": Standing.APPLIED, "reason": None, "stay": stay.id if stay else None}


def _restated(deed: Deed) -> Iterator[Notice]:
    """Earlier notices of which something else became by what is taken now."""
    for one in deed.settled.heard:
        now = _standing(one.notice.id, deed.settled, deed.rows)
        if any(getattr(one.notice, name) != value for name, value in now.items()):
            yield replace(one.notice, **now)


def _held(taking: Taking, notice: Notice, person: Person, tx: Tx, batch: str | None) -> Notice:
    held = replace(notice, person=person.id, batch=batch, line=taking.line, at=tx.now)
    return replace(held, standing=Standing.HELD, hold=taking.hold)


def _new_cards(tx: Tx, deed: Deed) -> list[Credential]:
    return [new_card(tx, deed.person.id, number) for number in deed.settled.cards.values()]


def _told(deed: Deed, cards: Sequence[Credential], actor: Actor) -> Iterator[Told]:
    """One event for each stay that is new or changes, what is personal and the card with the first; and one for each
    notice that came by itself."""
    stays = [(one.before is None, deed.rows[one.after.opened_by]) for one in deed.settled.changes]
    if not stays and (cards or deed.settled.private is not None):
        concerned = [one.notice.stay for one in deed.heard if one.notice.stay is not None]
        stays = [(False, stay) for stay in deed.rows.values() if stay.id in concerned[:1]]
    first = deed.heard[0].notice if deed.heard else None
    trace = first.id if first else None
    for nth, (begins, stay) in enumerate(stays):
        data = _stay_data(stay)
        if first is not None:
            data |= {"batch": first.batch, "line": first.line}
        if not begins:
            data["fields"] = list(deed.fields)
        for card in cards if nth == 0 else ():
            data |= {"credential": card.id, "number": card.number}
        private = _private_told(deed, begins=begins) if nth == 0 else {}
        kind = "stay.announced" if begins else "stay.changed"
        yield Told(kind, actor.name, deed.person.id, trace=trace or stay.notice, data=data, private=private)
    for one in deed.heard:
        if one.notice.source is not None:
            waits = one.notice.standing is Standing.WAITING
            yield _notice_told("notice.waiting" if waits else "notice.taken", one.notice, actor)


def _stay_data(stay: Stay) -> dict[str, Json]:
    """A stay in the open; what few stays have only where there is any."""
    data: dict[str, Json] = {
        "stay": stay.id,
        "department": stay.department,
        "post": stay.post,
        "kind": stay.kind,
        "area": stay.area,
        "arrival": stay.arrival.isoformat(),
        "departure": stay.departure.isoformat() if stay.departure else None,
    }
    if stay.state is not StayState.OPEN:
        data["state"] = stay.state.value
    if stay.arrived is not None:
        data["arrived"] = stay.arrived.isoformat()
    if stay.moves:
        data["moves"] = [[one.day.isoformat(), one.department, one.post, one.kind, one.area] for one in stay.moves]
    if stay.pauses:
        data["pauses"] = [
            [one.opens.isoformat(), one.closes.isoformat() if one.closes else None] for one in stay.pauses
        ]
    return data


def _private_told(deed: Deed, *, begins: bool) -> dict[str, Json]:
    private: dict[str, Json] = {} if deed.settled.private is None else as_json(deed.settled.private)
    if not begins:
        return {name: value for name, value in private.items() if name in deed.fields}
    return private | {"no": deed.person.no} if deed.newcomer else private


def _notice_told(kind: str, notice: Notice, actor: Actor) -> Told:
    data: dict[str, Json] = {
        "notice": notice.id,
        "kind": notice.kind.value,
        "source": notice.source,
        "sequence": notice.sequence,
        "told": notice.told.isoformat(),
        "standing": notice.standing.value,
    }
    if notice.hold is not None:
        data["hold"] = notice.hold
    return Told(kind, actor.name, notice.person, trace=notice.id, data=data)
