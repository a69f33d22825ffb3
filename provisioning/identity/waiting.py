"""Notices of a life that a change of its stays may yet let through, and to which of them a change can matter. What it does
not matter to would be answered as before, so it is not tried again: many that wait cost little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from provisioning.identity.heard import Heard
from provisioning.identity.spell import Spell
from provisioning.nouns.people import NoticeKind

Dates = tuple[date, date, bool]
"""All of a stay that decides about another: its first and last day, and whether it is living."""


@dataclass(slots=True)
class Look:
    """What a notice looked at when it was tried: the arrival that it names, the stay that it was found to mean, and where
    one overlaps the days that it asked for: the first and last of those, and that stay."""

    named: date | None = None
    meant: Spell | None = None
    asked: tuple[date, date] | None = None
    overlaps: Spell | None = None


NOTHING = Look()


@dataclass(slots=True, eq=False)
class Waiter:
    """A notice that waits: its place in the life, the day on which it was told, what it looked at when it was tried last,
    and whether anything that matters to it has changed since."""

    heard: Heard
    place: int
    day: date
    look: Look
    stirred: bool = False

    @property
    def announces(self) -> bool:
        """Whether it would begin a stay, or say one anew."""
        return self.heard.notice.kind is NoticeKind.ANNOUNCED


class Waiting:
    """Those that wait, in the order of the life, and whether a change has mattered to any of them."""

    def __init__(self) -> None:
        self.some: list[Waiter] = []
        self.stirred = False
        self._dates: dict[str, Dates] = {}

    def add(self, waiter: Waiter, spells: Sequence[Spell]) -> None:
        """One waits that was tried in vain just now on these stays; later in the life than all that wait."""
        if not self.some:
            self._dates = {spell.opened_by: _dates(spell) for spell in spells}
        self.some.append(waiter)

    def changed(self, spell: Spell, before: int, place: int) -> None:
        """A notice took effect on a stay. `place` is that of the notice, `before` that of the latest which had a part in
        the stay until now: to what lies between them, the stay has only now had a later word."""
        was, now = self._dates.get(spell.opened_by), _dates(spell)
        self._dates[spell.opened_by] = now
        for one in reversed(self.some):
            if was != now:
                matters = _redated_for(one, spell, was, now, before)
            elif one.place < before:
                break
            else:
                matters = one.place < place and (_concerns(one, now) if one.announces else one.look.meant is spell)
            if matters:
                one.stirred = self.stirred = True


def _dates(spell: Spell) -> Dates:
    return spell.arrival, spell.last, spell.living


def _redated_for(one: Waiter, spell: Spell, was: Dates | None, now: Dates, before: int) -> bool:
    """Whether it matters to one that waits that a stay has other dates. What an announcement overlaps, and does not say
    anew since there is a later word, stands in its way as before."""
    look = one.look
    if one.announces:
        if one.place < before and was is not None and _meet(look, was) and _meet(look, now):
            return False
        return _concerns(one, now) or (was is not None and _concerns(one, was))
    if look.named is None or look.meant is spell or look.named in spell.arrivals:
        return True
    return _meet(look, now) or (was is not None and _meet(look, was))


def _meet(look: Look, dates: Dates) -> bool:
    """Whether a living stay of these dates lies in the days asked for."""
    return look.asked is not None and dates[2] and look.asked[0] <= dates[1] and dates[0] <= look.asked[1]


def _concerns(one: Waiter, dates: Dates) -> bool:
    """Whether an announcement overlaps a stay of these dates, would say it anew, or is kept from it."""
    if one.look.asked is None:
        return False
    arrival, (begins, ends, living) = one.look.asked[0], dates
    return begins == arrival or _meet(one.look, dates) or (living and arrival <= ends and begins > one.day)
