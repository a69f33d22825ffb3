"""Lives of many hundreds of notices that all wait, or all change the same: what they come to, in whatever order they came.
Were each that waits tried again after every notice, these would take minutes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from provisioning.identity import obstacles
from provisioning.identity.heard import Heard
from provisioning.identity.life import Life, Past, fold
from provisioning.identity.spell import Spell
from provisioning.nouns.people import Notice, NoticeKind, Pause

FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
PAST = Past("K1", None, (), ZoneInfo("Asia/Shanghai"))
FACTS = {"department": "finance", "post": "科员", "kind": "公务员", "area": "north"}
MANY = 2000
RANDOM_LIVES, NOTICES, SPAN_DAYS = 150, 60, 60


def day(nth: int) -> date:
    return date(2026, 3, 1) + timedelta(days=nth)


class Teller:
    """HR, who tells one notice an hour."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    def tell(self, kind: NoticeKind, on: int | None = None, /, **said: int | str | None) -> str:
        """A number is a day; the notice's id."""
        content = {name: day(value).isoformat() if isinstance(value, int) else value for name, value in said.items()}
        nth = len(self.heard)
        at = FIRST + timedelta(hours=nth)
        when = None if on is None else day(on)
        self.heard.append(Heard(Notice(f"{nth:05}", kind, None, None, "", None, at, at, "hr", nth, when, content)))
        return f"{nth:05}"

    def announce(self, arrival: int, departure: int | None = None) -> str:
        return self.tell(NoticeKind.ANNOUNCED, **FACTS, arrival=arrival, departure=departure)

    def life(self) -> Life:
        """What it comes to, in another order than that of the telling."""
        return fold(random.Random(len(self.heard)).sample(self.heard, len(self.heard)), PAST)


def dates(life: Life) -> list[tuple[date, date | None]]:
    return [(spell.arrival, spell.departure) for spell in life.spells if spell.living]


def in_the_way(life: Life, one: Heard) -> Sequence[Spell]:
    """The stays that the reason for which an announcement waits names, as they are in the end."""
    why, said = life.ineffective[one.notice.id].fields, one.notice.content
    arrival = date.fromisoformat(str(said["arrival"]))
    departure = date.fromisoformat(str(said["departure"])) if said["departure"] else None
    return [
        spell
        for spell in life.spells
        if spell.living
        and (spell.arrival, spell.departure or "…") == (why["arrival"], why["departure"])
        and spell.meets(arrival, departure)
    ]


def test_many_that_wait_and_many_moves():
    hr = Teller()
    hr.announce(0)
    waiting = [hr.announce(10 + nth, 12 + nth) for nth in range(MANY)]
    for nth in range(MANY):
        hr.tell(NoticeKind.MOVED, nth, department=f"d{nth}")
    life = hr.life()
    (spell,) = life.spells
    assert [at for at, _ in spell.patches] == [day(nth) for nth in range(MANY)]
    assert sorted(life.ineffective) == waiting
    assert all(why.fields == {"arrival": day(0), "departure": "…"} for why in life.ineffective.values())


def test_many_that_wait_and_many_mergers():
    hr = Teller()
    hr.announce(0)
    waiting = [hr.announce(10 + nth, 12 + nth) for nth in range(MANY)]
    for _ in range(MANY):
        hr.tell(NoticeKind.MERGED, into="K1")
    assert sorted(hr.life().ineffective) == waiting


def test_the_reason_names_the_dates_as_they_are_in_the_end():
    hr = Teller()
    hr.announce(0)
    for nth in range(MANY // 4):
        hr.announce(10 + nth, 12 + nth)
    for nth in range(MANY // 4):
        hr.tell(NoticeKind.EXTENDED, arrival=0, departure=2 * MANY + nth)
    life = hr.life()
    assert len(life.ineffective) == MANY // 4
    assert {why.fields["departure"] for why in life.ineffective.values()} == {day(2 * MANY + MANY // 4 - 1)}


def test_one_leaving_lets_in_all_that_no_longer_overlap():
    hr = Teller()
    hr.announce(0)
    for nth in range(MANY // 8):
        hr.announce(10 + 3 * nth, 12 + 3 * nth)
        hr.tell(NoticeKind.MOVED, 11 + 3 * nth, arrival=10 + 3 * nth, post="处长")
    hr.tell(NoticeKind.LEFT, 5, arrival=0)
    life = hr.life()
    assert life.ineffective == {}
    assert dates(life) == [(day(0), day(5)), *((day(10 + 3 * nth), day(12 + 3 * nth)) for nth in range(MANY // 8))]
    assert {len(spell.patches) for spell in life.spells[1:]} == {1}


def test_many_suspensions_without_an_end_and_many_returns():
    hr = Teller()
    hr.announce(0)
    for nth in range(MANY // 2):
        hr.tell(NoticeKind.SUSPENDED, nth)
    for nth in range(MANY // 2):
        hr.tell(NoticeKind.RESUMED, MANY - nth)
    (spell,) = hr.life().spells
    back = day(MANY - MANY // 2 + 1)
    assert sorted(spell.pauses, key=lambda one: one.opens) == [Pause(day(nth), back) for nth in range(MANY // 2)]


def test_a_later_word_on_one_stay_lets_another_be_said_anew():
    """An announcement would say anew the first stay that is to come; of which HR has spoken since, it does not."""
    hr = Teller()
    hr.announce(15, 18)
    hr.announce(30, 40)
    hr.tell(NoticeKind.REDATED, was=15, arrival=50, departure=60)
    waits = hr.announce(25, 45)
    assert list(hr.life().ineffective) == [waits]
    hr.tell(NoticeKind.MOVED, 51, arrival=50, area="south")
    life = hr.life()
    assert life.ineffective == {}
    assert dates(life) == [(day(50), day(60)), (day(25), day(45))]


@pytest.mark.parametrize("seed", range(4))
def test_what_waits_overlaps_a_stay_as_it_is_in_the_end_and_changes_nothing(seed: int):
    dice = random.Random(seed)
    waited = 0
    for _ in range(RANDOM_LIVES):
        hr = Teller()
        for _ in range(NOTICES):
            _say_anything(hr, dice)
        life = hr.life()
        overlapping = [
            one
            for one in hr.heard
            if one.notice.kind is NoticeKind.ANNOUNCED
            and isinstance(life.ineffective.get(one.notice.id), obstacles.StayOverlaps)
        ]
        waited += len(overlapping)
        assert all(in_the_way(life, one) for one in overlapping)
        effective = fold([one for one in hr.heard if one.notice.id not in life.ineffective], PAST)
        assert (effective.spells, effective.ineffective) == (_placed_as(effective, life), {})
    assert waited > RANDOM_LIVES


def _placed_as(few: Life, all_: Life) -> tuple[Spell, ...]:
    """The stays of a life of all notices, with the places that its notices have among fewer."""
    for one, other in zip(few.spells, all_.spells, strict=True):
        other.newest = one.newest
    return all_.spells


def _say_anything(hr: Teller, dice: random.Random) -> None:
    arrival, other = dice.randrange(0, SPAN_DAYS, 6), dice.randrange(SPAN_DAYS)
    named = {"arrival": arrival} if dice.random() < 0.6 else {}
    kind = dice.choice(list(NoticeKind))
    if dice.random() < 0.4:
        hr.announce(arrival, dice.choice((None, arrival + 4, arrival + 20)))
    elif kind is NoticeKind.ANNOUNCED:
        hr.announce(arrival, arrival)
    elif kind is NoticeKind.REDATED:
        hr.tell(
            kind, **({"was": arrival} if named else {}), departure=other, **({"arrival": other // 2} if named else {})
        )
    elif kind is NoticeKind.EXTENDED:
        hr.tell(kind, **named, departure=dice.choice((None, other)))
    elif kind is NoticeKind.MOVED:
        hr.tell(kind, other, **named, area="south")
    elif kind is NoticeKind.SUSPENDED:
        hr.tell(kind, other, **named, until=dice.choice((None, other + 3)))
    else:
        hr.tell(kind, None if kind is NoticeKind.CANCELLED else other, **named)
