"""From a life to the rows of its stays: which are new, which change. A stay that people revoked never changes, and
nothing opens where one stood until after its revocation, in whatever order HR's notices come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from provisioning.identity.heard import Heard
from provisioning.identity.life import Life
from provisioning.identity.obstacles import StayRevoked
from provisioning.identity.spell import Spell
from provisioning.nouns.people import Private, Stay, StayState
from provisioning.nouns.refusals import Refusal

UNBEGUN = ""
"""The id of a stay whose row is not there yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """One stay's row as it is (None: there is none yet) and as it will be."""

    before: Stay | None
    after: Stay


@dataclass(frozen=True, slots=True)
class Settled:
    """What some notices lead to for one person: the life, the notices `heard` before, all rows by the notice that opened
    their spell, those that change, what must be sealed anew (None: nothing), the identity digest that will stand on
    file, and the cards to assign, by notice."""

    life: Life
    heard: tuple[Heard, ...]
    rows: Mapping[str, Stay]
    changes: tuple[Change, ...] = ()
    private: Private | None = None
    id_digest: bytes | None = None
    cards: Mapping[str, int] = field(default_factory=dict)

    def stay_of(self, notice: str) -> Stay | None:
        """The stay in which a notice has a part, as it will be; its id is `UNBEGUN` where it has no row yet."""
        spell = self.life.spell_of(notice)
        return None if spell is None else self.rows.get(spell.opened_by)

    def change_to(self, stay: Stay | None) -> Change | None:
        """What leads to a stay as it will be; None where it is so already."""
        return next((one for one in self.changes if one.after is stay), None)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a life makes of the stays on file: all rows by the notice that opened their spell, those that change, and
    the announcements that open nothing since people revoked what stood there."""

    stays: Mapping[str, Stay]
    changes: tuple[Change, ...]
    kept_shut: Mapping[str, Refusal]


def rows_of(life: Life, stays: Sequence[Stay], now: datetime, zone: ZoneInfo, cause: str) -> Rows:
    """Match a life with the stays on file, by the notices that opened them. `cause` is the notice now taken."""
    if not stays:
        begun = {one.opened_by: _after(one, None, now, cause) for one in life.spells if not one.cancelled}
        return Rows(begun, tuple(Change(None, stay) for stay in begun.values()), {})
    by_opener = {stay.opened_by: stay for stay in stays}
    revoked = [stay for stay in stays if stay.state is StayState.REVOKED]
    found: dict[str, Stay] = {}
    changes: list[Change] = []
    kept_shut: dict[str, Refusal] = {}
    matched: set[str] = set()
    for spell in life.spells:
        mine = [by_opener[notice] for notice in spell.notices if notice in by_opener]
        frozen = next((stay for stay in mine if stay.state is StayState.REVOKED), None)
        chosen = frozen or _chosen(mine, spell)
        if frozen is None and (obstacle := _obstacle(spell, chosen, revoked, zone)) is not None:
            kept_shut[spell.opened_by] = obstacle
            continue
        if frozen is not None:
            found[spell.opened_by] = frozen
        elif chosen is not None or not spell.cancelled:
            found[spell.opened_by] = after = _after(spell, chosen, now, cause)
            if after is not chosen:
                changes.append(Change(chosen, after))
        if chosen is not None:
            matched.add(chosen.id)
    changes += [
        Change(stay, replace(stay, state=StayState.CANCELLED, ended=now, notice=cause))
        for stay in stays
        if stay.id not in matched and stay.state is StayState.OPEN
    ]
    return Rows(found, tuple(changes), kept_shut)


def _chosen(mine: Sequence[Stay], spell: Spell) -> Stay | None:
    """The row of a spell; where two numbers turned out to be one person, there may be two."""
    ranked = sorted(mine, key=lambda stay: (stay.state is not StayState.OPEN, stay.opened_by != spell.opened_by))
    return next(iter(ranked), None)


def _after(spell: Spell, row: Stay | None, now: datetime, cause: str) -> Stay:
    if row is None:
        return spell.row(UNBEGUN, "", cause, now)
    if spell.onto(row, row.notice) == row:
        return row
    after = spell.onto(row, cause)
    ends = after.state is StayState.CANCELLED and row.state is not StayState.CANCELLED
    return replace(after, ended=now) if ends else after


def _obstacle(spell: Spell, row: Stay | None, revoked: Sequence[Stay], zone: ZoneInfo) -> StayRevoked | None:
    """Why nothing opens: it would begin within what people revoked, and it did not before."""
    if spell.cancelled or (row is not None and row.state is StayState.OPEN and row.arrival <= spell.arrival):
        return None
    for stay in revoked:
        day = (stay.ended or stay.created).astimezone(zone).date()
        after = max(day, stay.arrival)
        if stay.arrival <= spell.last and spell.arrival <= after:
            return StayRevoked(arrival=stay.arrival, day=day, after=after)
    return None
