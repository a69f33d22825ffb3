"""Time travel: what was believed at an instant is what the hub then answered, whatever it learned since; and what is
known since corrects what held."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from provisioning.nouns.asof import DeviceSaid, Held, Moment
from provisioning.nouns.people import Person
from provisioning.nouns.refusals import NotFound
from provisioning.readiness.asof import KnownLater
from tests.provisioning.conftest import START
from tests.provisioning.housed import Housed

WORDS = ("zone:north-public", "zone:south-offices", "zone:meeting")
AREAS = ("北办公区", "南办公区")
Answer = frozenset[tuple[str, str, str, datetime, datetime | None]]


def who(housed: Housed, word: str, at: datetime, known: datetime | None = None) -> list[Held]:
    with housed.house.store.reading() as tx:
        return housed.house.asof.who(tx, word, Moment(at, known or tx.now), after="", limit=500)


def of(housed: Housed, person: Person, at: datetime, known: datetime | None = None) -> list[Held]:
    with housed.house.store.reading() as tx:
        return housed.house.asof.of_person(tx, person, Moment(at, known or tx.now), None)


def shown(rights: list[Held], *, believed: bool = False) -> Answer:
    return frozenset(
        (one.no, one.resource, one.rule, one.opens, one.closes)
        for one in rights
        if (one.believed if believed else one.holds)
    )


def test_a_door_a_zone_and_nobody(housed: Housed):
    housed.come("E1", 1001)
    housed.come("E2", 1002, area="南办公区")
    now = housed.clock.now()
    assert {one.no for one in who(housed, "zone:north-public", now)} == {"E1", "E2"}
    assert {one.no for one in who(housed, "zone:north-offices", now)} == {"E1"}
    # a-1-east belongs to the zone of the north's public doors, on one panel only.
    assert {one.no for one in who(housed, "a-1-east", now)} == {"E1", "E2"}
    before = now - timedelta(days=60)
    assert who(housed, "zone:north-public", before) == [], "asked in the words of the first campus"
    with pytest.raises(NotFound):
        who(housed, "zone:nowhere", now)
    with pytest.raises(KnownLater):
        who(housed, "zone:north-public", now, now + timedelta(hours=1))


def test_a_revocation_changes_what_holds_from_then_on_and_nothing_before(housed: Housed):
    person = housed.come("E1", 1001)
    before = housed.later(hours=1)
    housed.later(hours=1)
    housed.revoke(person)
    after = housed.later(hours=1)
    for known in (before, after):
        then = [one for one in who(housed, "zone:north-public", before, known) if one.no == "E1"]
        assert [(one.believed, one.holds) for one in then] == [(True, True)]
        # Nobody knew of its end yet, before it had come.
        assert [one.ended is None for one in then] == [known == before]
    assert who(housed, "zone:north-public", after) == []


def test_a_departure_told_too_late_is_believed_then_and_corrected_since(housed: Housed):
    person = housed.come("E1", 1001, arrival="2026-02-02", departure="2026-12-31")
    wednesday = housed.later(days=2)
    friday = housed.later(days=2)
    # On Friday HR says that Tuesday had been the last day.
    housed.come("E1", 1001, arrival="2026-02-02", departure="2026-03-03")
    (then,) = [one for one in of(housed, person, wednesday, wednesday) if one.resource == "zone:north-public"]
    assert (then.believed, then.holds) == (True, True)
    (since,) = [one for one in of(housed, person, wednesday) if one.resource == "zone:north-public"]
    assert (since.believed, since.holds) == (True, False)
    # What held on the last day holds still, by the dates that are known now.
    monday = START + timedelta(hours=1)
    held = [one for one in of(housed, person, monday) if one.resource == "zone:north-public" and one.holds]
    assert [one.closes for one in held] == [datetime(2026, 3, 3, 16, tzinfo=UTC)]
    assert of(housed, person, friday + timedelta(minutes=1), housed.clock.now()) == []


def test_devices_are_quoted_with_their_receipts(housed: Housed):
    person = housed.come("E1", 1001)
    nothing = who(housed, "a-1-east", housed.clock.now())
    assert [one.devices for one in nothing] == [()]
    housed.later(seconds=1)
    housed.hand.work()
    proved_at = housed.clock.now()
    (held,) = who(housed, "a-1-east", housed.later(minutes=1))
    assert [(one.target, one.said) for one in held.devices] == [("a-1", DeviceSaid.HELD)]
    assert held.devices[0].at == proved_at
    receipts = [event["id"] for event in housed.story("record.proved") if event["target"] == "a-1"]
    assert held.devices[0].event in receipts
    # Somebody takes the card off the panel by hand: from the reading on, the panel is said to differ.
    housed.hand.memory["a-1"].clear()
    housed.later(hours=1)
    for claim in housed.hand.claim():
        housed.hand.meet(claim)
        housed.hand.read(claim)
        housed.hand.release(claim)
    (drifted,) = who(housed, "a-1-east", housed.later(seconds=1))
    assert [one.said for one in drifted.devices] == [DeviceSaid.DIFFERED]
    (still,) = who(housed, "a-1-east", proved_at)
    assert [one.said for one in still.devices] == [DeviceSaid.HELD]
    assert person.no == held.no


def test_what_was_answered_once_is_answered_again(housed: Housed):
    """Random lives; at each step the hub's answer of that instant is kept. Asked for later, by what was known then, it is
    the same, and so is what the hub believed."""
    dice = random.Random(20260302)
    people: dict[str, Person] = {}
    kept: list[tuple[datetime, str, Answer]] = []
    departures = ("", "2026-03-20", "2026-06-30", "2026-03-06")
    for _ in range(40):
        housed.later(hours=dice.choice((1, 7, 19, 30)))
        no = f"E{dice.randrange(6)}"
        act = dice.random()
        if act < 0.15 and no in people:
            person = people.pop(no)
            if housed.grants(person):
                housed.revoke(person)
        elif act < 0.8:
            arrival = "2026-03-02" if no in people else (housed.clock.now() + timedelta(days=1)).date().isoformat()
            try:
                people[no] = housed.come(
                    no,
                    1000 + int(no[1:]),
                    arrival=arrival,
                    departure=dice.choice(departures),
                    area=dice.choice(AREAS),
                )
            except AssertionError:
                continue  # the sheet's row was refused: an overlap, or a stay that was revoked
        else:
            housed.look_due()
        housed.later(seconds=1)
        now = housed.clock.now()
        kept += [(now, word, shown(who(housed, word, now))) for word in WORDS]
    assert sum(bool(answer) for _, _, answer in kept) > 40
    for at, word, answer in kept:
        again = who(housed, word, at, at)
        assert shown(again) == answer, (at, word)
        assert shown(who(housed, word, at), believed=True) == answer, (at, word)
