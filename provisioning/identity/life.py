"""A life is a fold: the notices of one person, of all numbers that turned out to be theirs, put in order and gone
through. Any order of their coming gives one life. Pure: what people decided here (revocations) is handed in with it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.contract import Json
from policies.says import Said
from provisioning.identity import obstacles
from provisioning.identity.heard import Heard, Place, order, revoked_at
from provisioning.identity.personal import Personal
from provisioning.identity.spell import DAY, FACTS, Spell
from provisioning.identity.waiting import NOTHING, Look, Waiter, Waiting
from provisioning.nouns.people import NoticeKind, Pause, Private, Stay
from provisioning.nouns.refusals import Refusal

_NO_SUCH_STAY = (obstacles.StayUnknown, obstacles.NoStayThen, obstacles.StayCancelled)
"""Why a notice waits that may speak of a stay whose announcement itself waits."""

REVOKED_BEFORE = "An earlier stay of this person was revoked on {day}; this row begins a new one."


@dataclass(frozen=True, slots=True)
class Past:
    """What a life stands on beside its notices: whose it is, what is on file from a time whose notices kept nothing
    personal, the stays that people revoked, and the site's time zone."""

    no: str
    private: Private | None
    revoked: Sequence[Stay]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Life:
    """What some notices come to: stays in the order in which they were announced, what is personal (None: nothing was
    told), why some notices have no effect yet, and remarks; the last two by notice."""

    spells: tuple[Spell, ...]
    private: Private | None = None
    ineffective: Mapping[str, Refusal] = field(default_factory=dict)
    remarks: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)

    def spell_of(self, notice: str) -> Spell | None:
        """The stay that a notice has a part in."""
        return next((spell for spell in self.spells if notice in spell.notices), None)


def fold(heard: Sequence[Heard], past: Past, barred: Mapping[str, Refusal] | None = None) -> Life:
    """Go through these notices in their order. `barred` are those that something outside this life stands against."""
    folding = _Folding(past, dict(barred or {}))
    if len(heard) == 1 and not past.revoked:
        # Most people who come are new: one notice needs no order.
        folding.hear(heard[0])
        return folding.life()
    places = order([one.notice for one in heard])
    steps: list[tuple[Place, Heard | Stay]] = [(places[one.notice.id], one) for one in heard]
    steps += [(revoked_at(stay, places), stay) for stay in past.revoked]
    for _, step in sorted(steps, key=lambda each: each[0]):
        folding.revoke(step) if isinstance(step, Stay) else folding.hear(step)
    return folding.life()


class _Folding:
    """A life half gone through. A notice either takes effect whole or, raising why it cannot, not at all."""

    def __init__(self, past: Past, barred: dict[str, Refusal]) -> None:
        self._past = past
        self._barred = barred
        self._today = date.min
        self.spells: list[Spell] = []
        self.personal = Personal(past.no, past.private)
        self.ineffective: dict[str, Refusal] = {}
        self.remarks: dict[str, tuple[Said, ...]] = {}
        self._nth: dict[str, int] = {}
        # What something told behind it may yet let through; the one of them that is tried again.
        self._waiting = Waiting()
        self._late: str | None = None
        self._look = NOTHING

    def hear(self, heard: Heard) -> None:
        """One notice, and what waited for it."""
        self._today = max(self._today, self._day_of(heard.notice.told))
        self._nth[heard.notice.id] = len(self._nth)
        if self._takes_effect(heard):
            if self._waiting.stirred:
                self._take_up()
        elif isinstance(self.ineffective[heard.notice.id], (obstacles.StayOverlaps, *_NO_SUCH_STAY)):
            self._waiting.add(Waiter(heard, self._nth[heard.notice.id], self._today, self._look), self.spells)

    def revoke(self, stay: Stay) -> None:
        """People took a stay away: it is for ever as it was then, and what waited for its end begins nothing after it."""
        for spell in self.spells:
            if stay.opened_by in spell.notices:
                spell.freeze(stay, self._day_of(stay.ended or stay.created))
                for waiter in self._waiting.some:
                    if isinstance(self.ineffective[waiter.heard.notice.id], obstacles.StayOverlaps):
                        self.ineffective[waiter.heard.notice.id] = _revoked(spell)
                self._waiting.some.clear()

    def life(self) -> Life:
        """What it has come to. What an announcement overlaps may have other dates by now, though it overlaps it still."""
        for one in self._waiting.some:
            late, spell = one.heard.notice.id, one.look.overlaps
            if one.announces and spell is not None and isinstance(self.ineffective[late], obstacles.StayOverlaps):
                self.ineffective[late] = _overlaps(spell)
        return Life(tuple(self.spells), self.personal.private, self.ineffective, self.remarks)

    def _takes_effect(self, heard: Heard) -> bool:
        told, self._look = heard.notice, NOTHING
        try:
            if told.id in self._barred:
                raise self._barred[told.id]
            spell = _DEEDS[told.kind](self, heard)
        except Refusal as refusal:
            self.ineffective[told.id] = refusal
            return False
        self.ineffective.pop(told.id, None)
        if spell is not None:
            place, before = self._nth[told.id], spell.newest
            spell.notices.append(told.id)
            if place > before:
                spell.newest = place
            if self._waiting.some:
                self._waiting.changed(spell, before, place)
        return True

    def _take_up(self) -> None:
        """Try again what overlapped a stay, in order and as on the day on which it was told, and behind what succeeds
        also what spoke of that stay; until nothing more succeeds."""
        today, succeeds = self._today, True
        while succeeds:
            succeeds = self._waiting.stirred = False
            for one in tuple(self._waiting.some):
                late = one.heard.notice.id
                wanted = (obstacles.StayOverlaps, *_NO_SUCH_STAY) if succeeds else obstacles.StayOverlaps
                if not one.stirred or not isinstance(self.ineffective[late], wanted):
                    continue
                self._today, self._late, one.stirred = one.day, late, False
                if self._takes_effect(one.heard):
                    self._waiting.some.remove(one)
                    succeeds = True
                one.look = self._look
        self._today, self._late = today, None

    def _newer(self, spell: Spell) -> bool:
        """Whether anything told behind the notice in hand has a part in this stay: a late word never undoes that."""
        return self._late is not None and spell.newest > self._nth[self._late]

    def announced(self, heard: Heard) -> Spell:
        """Somebody comes, or what was said of their coming is said anew."""
        said = heard.notice.content
        facts = {name: str(said[name]) for name in FACTS}
        arrival, departure = _date(said["arrival"]), _day(said, "departure")
        if self._late is None:
            self.personal.check(_no_of(heard, self._past), heard.private)
        _check_dates(arrival, departure)
        spell = self._announced_stay(heard.notice.id, facts, arrival, departure)
        self._personal(heard)
        return spell

    def arrived(self, heard: Heard) -> Spell:
        """Somebody has come."""
        spell, day = self._of_day(heard)
        if spell.shut is None:
            spell.arrived = day
        return spell

    def moved(self, heard: Heard) -> Spell:
        """Somebody is something else, or works elsewhere, from a day on."""
        spell, day = self._of_day(heard)
        if spell.shut is None:
            spell.patches.append((day, _facts(heard)))
        return spell

    def redated(self, heard: Heard) -> Spell:
        """A stay has other dates."""
        said = heard.notice.content
        spell = self._meant(_day(said, "was"), self._today)
        departure = _day(said, "departure") if "departure" in said else spell.departure
        return self._dated(spell, _day(said, "arrival") or spell.arrival, departure)

    def extended(self, heard: Heard) -> Spell:
        """A stay has another last day, or none."""
        said = heard.notice.content
        spell = self._meant(_day(said, "arrival"), self._today)
        return self._dated(spell, spell.arrival, _day(said, "departure"))

    def left(self, heard: Heard) -> Spell:
        """Somebody goes; never a stay that begins only later."""
        spell, day = self._of_day(heard, begun=True)
        return self._dated(spell, spell.arrival, day)

    def cancelled(self, heard: Heard) -> Spell:
        """A stay never comes; one that has begun ends on the day on which this was told."""
        spell = self._meant(_day(heard.notice.content, "arrival"), self._today)
        if spell.shut is None:
            spell.cancelled = spell.arrival > self._today
            spell.departure = spell.departure if spell.cancelled else min(spell.last, self._today)
        return spell

    def suspended(self, heard: Heard) -> Spell:
        """Nothing opens on some days."""
        spell, day = self._of_day(heard)
        until = _day(heard.notice.content, "until")
        _check_dates(day, until)
        if spell.shut is None:
            spell.pause(Pause(day, until + DAY if until else None))
        return spell

    def resumed(self, heard: Heard) -> Spell:
        """Somebody is back from a suspension."""
        spell, day = self._of_day(heard)
        if spell.shut is None and not spell.resume(day):
            raise obstacles.NotSuspended(day=day)
        return spell

    def corrected(self, heard: Heard) -> Spell:
        """Something was told wrong from the beginning."""
        facts = _facts(heard)
        spell = self._meant(_day(heard.notice.content, "arrival"), self._today)
        if spell.shut is None:
            spell.facts |= facts
        self._personal(heard)
        return spell

    def merged(self, _: Heard) -> None:
        """Two numbers are one person: that is done by whoever gathers the notices of one life."""

    def _announced_stay(self, notice: str, facts: dict[str, str], arrival: date, departure: date | None) -> Spell:
        older = [spell for spell in self.spells if not self._newer(spell)]
        same_day = [spell for spell in older if spell.arrival == arrival and not spell.cancelled]
        for spell in same_day:
            if spell.shut is None:
                return self._revised(spell, facts, arrival, departure)
        for spell in reversed(same_day):
            return self._kept_shut(spell, facts, departure)
        for spell in older:
            if spell.living and spell.arrival > self._today and arrival <= spell.last:
                self._check_revoked(arrival, departure)
                return self._revised(spell, facts, arrival, departure)
        self._check_overlaps(arrival, departure, None)
        last = self._check_revoked(arrival, departure)
        if last is not None:
            self.remarks[notice] = (_on_day(REVOKED_BEFORE, last),)
        spell = Spell(notice, arrival, departure, facts, [], {arrival})
        insort(self.spells, spell, key=lambda one: self._nth[one.opened_by])
        return spell

    def _revised(self, spell: Spell, facts: dict[str, str], arrival: date, departure: date | None) -> Spell:
        """The stay as it is announced anew: what differs from what holds today is corrected there."""
        self._check_overlaps(arrival, departure, spell)
        now = spell.on(self._today)
        spell.put({name: value for name, value in facts.items() if now[name] != value}, self._today)
        return _put_dates(spell, arrival, departure)

    def _kept_shut(self, spell: Spell, facts: dict[str, str], departure: date | None) -> Spell:
        """A stay that people ended by decision: the same word changes nothing, another does not reopen it."""
        if departure != spell.departure or facts != spell.on(self._today):
            raise _revoked(spell)
        return spell

    def _dated(self, spell: Spell, arrival: date, departure: date | None) -> Spell:
        if spell.shut is not None:
            return spell
        _check_dates(arrival, departure)
        self._check_overlaps(arrival, departure, spell)
        if arrival != spell.arrival:
            self._check_revoked(arrival, departure)
        return _put_dates(spell, arrival, departure)

    def _check_overlaps(self, arrival: date, departure: date | None, but: Spell | None) -> None:
        for spell in self.spells:
            if spell.living and spell is not but and spell.meets(arrival, departure):
                asked = (arrival, departure or date.max)
                self._look = Look(self._look.named, self._look.meant, asked, spell)
                raise _overlaps(spell)

    def _check_revoked(self, arrival: date, departure: date | None) -> date | None:
        """A stay after a revoked one begins later than both its arrival and its revocation; the last of those days."""
        shut = [spell for spell in self.spells if spell.shut is not None]
        for spell in shut:
            if spell.arrival <= (departure or date.max) and arrival <= spell.shut_until:
                raise _revoked(spell)
        return max((spell.shut for spell in shut if spell.shut is not None), default=None)

    def _of_day(self, heard: Heard, *, begun: bool = False) -> tuple[Spell, date]:
        """The stay that a notice with a day speaks of, and the day."""
        day = heard.notice.day or self._today
        return self._meant(_day(heard.notice.content, "arrival"), day, begun=begun), day

    def _meant(self, named: date | None, day: date, *, begun: bool = False) -> Spell:
        self._look = Look(named)
        spell = self._spoken_of(named, day, begun=begun)
        self._look.meant = spell
        if self._late is not None and self._newer(spell):
            raise self.ineffective[self._late]
        return spell

    def _spoken_of(self, named: date | None, day: date, *, begun: bool) -> Spell:
        """The stay whose announced arrival is named; else the one that holds the day; else the latest announced, and
        with `begun` of those that had begun by the day."""
        if not self.spells:
            raise obstacles.NobodyAnnounced
        if named is not None:
            found = [one for one in self.spells if one.arrival == named]
            found = found or [one for one in self.spells if named in one.arrivals]
            return _uncancelled(found, obstacles.StayUnknown(arrival=named))
        holding = [one for one in self.spells if not one.cancelled and one.holds(day)]
        if holding:
            return max(holding, key=lambda one: (one.living, one.arrival))
        rest = [one for one in self.spells if not begun or one.arrival <= day]
        return _uncancelled(rest, obstacles.NoStayThen(day=day))

    def _personal(self, heard: Heard) -> None:
        if heard.private is not None:
            self.personal.take_on(self._nth[heard.notice.id], _no_of(heard, self._past), heard.private)

    def _day_of(self, at: datetime) -> date:
        return at.astimezone(self._past.zone).date()


_DEEDS = {
    NoticeKind.ANNOUNCED: _Folding.announced,
    NoticeKind.ARRIVED: _Folding.arrived,
    NoticeKind.MOVED: _Folding.moved,
    NoticeKind.REDATED: _Folding.redated,
    NoticeKind.CANCELLED: _Folding.cancelled,
    NoticeKind.SUSPENDED: _Folding.suspended,
    NoticeKind.RESUMED: _Folding.resumed,
    NoticeKind.EXTENDED: _Folding.extended,
    NoticeKind.LEFT: _Folding.left,
    NoticeKind.CORRECTED: _Folding.corrected,
    NoticeKind.MERGED: _Folding.merged,
}


def _no_of(heard: Heard, past: Past) -> str:
    """The staff number under which it was told, which may have been merged into another since."""
    return str(heard.notice.content.get("no") or past.no)


def _uncancelled(found: Sequence[Spell], none: Refusal) -> Spell:
    """The latest of these that HR has not cancelled."""
    if not found:
        raise none
    for spell in reversed(found):
        if not spell.cancelled:
            return spell
    raise obstacles.StayCancelled(arrival=found[-1].arrival)


def _on_day(template: str, day: date) -> Said:
    return Said(template, (("day", day.isoformat()),))


def _overlaps(spell: Spell) -> obstacles.StayOverlaps:
    return obstacles.StayOverlaps(arrival=spell.arrival, departure=spell.departure or "…")


def _revoked(spell: Spell) -> obstacles.StayRevoked:
    return obstacles.StayRevoked(arrival=spell.arrival, day=spell.shut, after=spell.shut_until)


def _put_dates(spell: Spell, arrival: date, departure: date | None) -> Spell:
    spell.arrival, spell.departure = arrival, departure
    spell.arrivals.add(arrival)
    return spell


def _check_dates(arrival: date, departure: date | None) -> None:
    if departure is not None and departure < arrival:
        raise obstacles.DatesCross(arrival=arrival, departure=departure)


def _facts(heard: Heard) -> dict[str, str]:
    said = heard.notice.content
    return {name: str(said[name]) for name in FACTS if said.get(name) is not None}


def _day(said: Mapping[str, Json], name: str) -> date | None:
    value = said.get(name)
    return None if value is None else _date(value)


def _date(value: Json) -> date:
    return date.fromisoformat(str(value))
