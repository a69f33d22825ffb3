"""Passages taken in: each once, with whoever held the card then, and an alarm where somebody must look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors import osdp_words as words
from connectors.contract import Anew, Gap, Heard, Mark, PassageKind
from connectors.desk import Passed
from devices.clock import SetClock
from provisioning.nouns.passages import Asked, Listed, Muster
from provisioning.nouns.refusals import NotFound
from provisioning.passages import keeping
from provisioning.passages.keeping import Keeping
from provisioning.passages.passages import AHEAD
from provisioning.settings import PASSAGE_DAYS_MIN
from tests.provisioning.housed import BOSS, Housed, housing
from tests.simulation.loop import inline

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
CARD = 4711
EAST, WEST = "door:1", "door:2"


@pytest.fixture
def housed(tmp_path) -> Iterator[Housed]:
    with housing(tmp_path, SetClock(NOON)) as housed:
        yield housed


class At:
    """One target's reports, in a row."""

    def __init__(self, housed: Housed, target: str = "a-1") -> None:
        self.housed = housed
        self.target = target
        self.mark = Mark()

    def heard(
        self,
        kind: PassageKind = PassageKind.PASSED,
        key: str = EAST,
        card: int | None = CARD,
        at: datetime | None = None,
        *,
        inside: bool | None = True,
    ) -> Heard:
        """The next report."""
        granted = kind is PassageKind.PASSED
        told = Heard(self.mark.index + 1, kind, key, card, at or self.housed.clock.now(), granted, "card", inside)
        self.mark = Mark(told.index, told.at)
        return told

    def tell(self, *told: Heard | Gap | Anew, after: Mark = Mark()) -> Mark:  # noqa: B008 - a frozen value
        with self.housed.house.store.writing() as tx:
            (mark,) = self.housed.house.hearing.passages.take(tx, [Passed(self.target, after, tuple(told))])
        return mark

    def swipe(self, kind: PassageKind = PassageKind.PASSED, key: str = EAST, card: int | None = CARD, **more) -> None:
        before = self.mark
        told = self.heard(kind, key, card, **more)
        assert self.tell(told, after=before) == self.mark


def listed(housed: Housed, **asked) -> list[Listed]:
    with housed.house.store.reading() as tx:
        return housed.house.passage_views.listed(tx, Asked(**asked), 100)


def mustered(housed: Housed, site: str | None = None, zone: str | None = None) -> Muster:
    with housed.house.store.reading() as tx:
        return housed.house.passage_views.muster(tx, site, zone)


def test_each_is_kept_once_whoever_tells_it_again(housed):
    housed.come("FX1", CARD)
    at = At(housed)
    told = [at.heard() for _ in range(3)]
    assert at.tell(*told) == at.mark
    assert at.tell(*told) == at.mark, "the mark says that these are known"
    assert at.tell(told[2], after=Mark(2, told[1].at)) == at.mark
    assert [one.passage.number for one in listed(housed)] == [3, 2, 1]
    assert [(one.no, one.passage.door) for one in listed(housed)] == [("FX1", "a-1-east")] * 3


def test_what_does_not_begin_at_the_mark_is_not_taken(housed):
    at = At(housed)
    at.tell(at.heard())
    kept = at.mark
    at.mark = Mark(7)
    assert at.tell(at.heard(), after=Mark(7)) == kept
    assert at.tell(at.heard(), after=Mark(1, NOON + timedelta(seconds=1))) == kept
    assert len(listed(housed)) == 1


def test_many_targets_in_one_step_each_for_itself(housed):
    first, second = At(housed, "a-1"), At(housed, "b-1")
    told = [Passed("a-1", Mark(), (first.heard(),)), Passed("b-1", Mark(5), (second.heard(),))]
    with housed.house.store.writing() as tx:
        assert housed.house.hearing.passages.take(tx, told) == [first.mark, Mark()]
    assert [one.passage.target for one in listed(housed)] == ["a-1"]


def test_a_gap_and_a_lost_memory_are_told(housed):
    at = At(housed)
    told = at.heard(PassageKind.DENIED)
    assert at.tell(told, Gap(2, 9), Anew(), told) == at.mark
    assert [(one.passage.incarnation, one.passage.number) for one in reversed(listed(housed))] == [(1, 1), (2, 1)]
    assert housed.alarms() == ["passages.anew", "passages.lost"]
    (lost,) = housed.story("passages.lost")
    assert lost["data"] == {"target": "a-1", "first": 2, "count": 8}
    (anew,) = housed.story("passages.anew")
    assert anew["data"] == {"target": "a-1", "last": 9}


def test_whoever_held_the_card_then_it_was(housed):
    first = housed.come("FX1", CARD)
    at = At(housed)
    at.swipe()
    swiped = housed.clock.now()
    housed.later(minutes=1)
    housed.revoke(first)
    housed.hand.work()
    housed.later(minutes=1)
    housed.hand.work()
    housed.come("FX2", CARD)
    housed.later(minutes=1)
    at.swipe()
    at.swipe(at=swiped)
    assert [(one.no, one.passage.number) for one in listed(housed)] == [("FX2", 2), ("FX1", 3), ("FX1", 1)]


def test_a_clock_that_is_ahead_or_shows_nothing_is_not_believed(housed):
    at = At(housed)
    at.swipe(at=NOON + AHEAD + timedelta(seconds=1))
    before = at.mark
    told = at.heard()
    told = Heard(told.index, told.kind, told.key, told.card, None, told.granted, told.reason, told.inside)
    assert at.tell(told, after=before) == Mark(2, None)
    assert {one.passage.at for one in listed(housed)} == {NOON}


@pytest.mark.parametrize(
    ("kind", "alarm"),
    [
        (PassageKind.FORCED, "passage.forced"),
        (PassageKind.HELD, "passage.held"),
        (PassageKind.TAMPER, "passage.tamper"),
        (PassageKind.FIRE, "passage.fire"),
    ],
)
def test_what_hands_do_is_an_alarm_once(housed, kind, alarm):
    at = At(housed)
    at.swipe(kind, card=None)
    at.swipe(kind, card=None)
    assert housed.alarms().count(alarm) == 1


@pytest.mark.parametrize(
    ("reason", "alarm"),
    [
        (words.READER_KEY, "passage.reader-strange"),
        (words.READER_OPEN, "passage.reader-strange"),
        (words.READER_OTHER, "passage.reader-strange"),
        (words.READER_SILENT, "passage.reader-away"),
        (words.LINE_DOWN, "passage.line-down"),
        (words.NO_STRIKE, "passage.not-opened"),
    ],
)
def test_what_ails_a_reader_is_an_alarm_once(housed, reason, alarm):
    at = At(housed)
    for _ in range(2):
        before = at.mark
        told = at.heard(PassageKind.OTHER, card=None)
        at.tell(Heard(told.index, told.kind, told.key, None, told.at, False, reason, None), after=before)
    assert housed.alarms().count(alarm) == 1


def test_what_happened_before_anybody_followed_is_history(housed):
    at = At(housed)
    old = at.heard(PassageKind.FORCED, at=NOON - timedelta(days=3))
    at.tell(old)
    assert housed.alarms() == []
    at.swipe(PassageKind.FORCED)
    assert housed.alarms() == ["passage.forced"]


@pytest.mark.parametrize("kind", [PassageKind.PASSED, PassageKind.DENIED])
def test_use_after_revocation_is_an_alarm_granted_or_denied(housed, kind):
    person = housed.come("FX1", CARD)
    at = At(housed)
    at.swipe()
    housed.later(seconds=5)
    housed.revoke(person)
    housed.later(seconds=5)
    assert housed.alarms() == []
    at.swipe(kind)
    assert housed.alarms() == ["passage.after-revocation"]
    with housed.house.store.reading() as tx:
        (alarm,) = housed.house.alarms.open(tx)
    assert (alarm.person, alarm.target) == (person.id, "a-1")
    assert ("let in" in alarm.template) == (kind is PassageKind.PASSED)
    assert listed(housed)[0].no is None, "nobody held the card by then"


def test_what_was_passed_before_a_revocation_and_fetched_after_it_is_none(housed):
    person = housed.come("FX1", CARD)
    then = housed.later(seconds=5)
    housed.later(seconds=5)
    housed.revoke(person)
    housed.later(seconds=5)
    At(housed).swipe(at=then)
    assert housed.alarms() == []


def test_a_lost_card_is_an_alarm_and_one_that_was_replaced_only_where_it_opens(housed):
    person = housed.come("FX1", CARD)
    housed.later(seconds=5)
    with housed.house.store.writing() as tx:
        housed.house.cards.replace(tx, CARD, 4712, BOSS)
        housed.house.cards.lost(tx, 4712, BOSS)
        housed.house.grants.look(tx, [person.id], BOSS)
    housed.later(seconds=5)
    at = At(housed)
    at.swipe(PassageKind.DENIED)
    assert housed.alarms() == []
    at.swipe()
    assert housed.alarms() == ["passage.ended-card"]
    at.swipe(PassageKind.DENIED, card=4712)
    assert housed.alarms() == ["passage.ended-card", "passage.lost-card"]


def test_a_card_that_nobody_was_given_is_an_alarm_where_it_opens(housed):
    at = At(housed)
    at.swipe(PassageKind.DENIED, card=99)
    assert housed.alarms() == []
    at.swipe(card=99)
    assert housed.alarms() == ["passage.unknown-card"]


def test_whoever_security_suspended_is_an_alarm(housed):
    person = housed.come("FX1", CARD)
    with housed.house.store.writing() as tx:
        housed.house.revoking.suspend(tx, person, BOSS, "badge found")
    housed.later(seconds=5)
    at = At(housed)
    at.swipe(PassageKind.DENIED)
    assert housed.alarms() == ["passage.after-suspension"]


def test_the_muster_tells_who_came_in_and_did_not_leave(housed):
    for nth in (1, 2, 3):
        housed.come(f"FX{nth}", 4710 + nth)
    at = At(housed)
    for nth in (1, 2, 3):
        at.swipe(card=4710 + nth)
    at.swipe(card=4711, inside=False)
    at.swipe(PassageKind.DENIED, card=4712, inside=False)
    found = mustered(housed)
    assert [(one.no, one.door) for one in found.people] == [("FX2", "a-1-east"), ("FX3", "a-1-east")]
    assert found.blind == ()
    assert mustered(housed, site="south").people == ()
    assert mustered(housed, zone="canteen").people == ()
    with housed.house.store.writing() as tx:
        housed.house.passage_views.forgive(tx, housed.person("FX2"), BOSS)
    assert [one.no for one in mustered(housed).people] == ["FX3"]
    (told,) = housed.story("passages.forgiven")
    assert told["person"] == housed.person("FX2").id
    housed.later(seconds=1)
    at.swipe(card=4712, key=WEST)
    assert [(one.no, one.door) for one in mustered(housed).people] == [("FX2", "a-1-west"), ("FX3", "a-1-east")]
    assert mustered(housed).blind == ("a-1-west",)
    housed.later(hours=25)
    assert mustered(housed).people == ()


def test_what_is_asked_for_wrongly_is_refused(housed):
    for asked in ({"site": "moon"}, {"zone": "moon"}):
        with pytest.raises(NotFound):
            mustered(housed, **asked)
    with pytest.raises(NotFound):
        listed(housed, door="moon")


def test_they_are_listed_by_person_door_time_and_page(housed):
    person = housed.come("FX1", CARD)
    at = At(housed)
    for nth in range(6):
        at.swipe(
            PassageKind.DENIED if nth % 2 else PassageKind.PASSED,
            key=EAST if nth < 3 else WEST,
            card=CARD if nth else 99,
        )
        housed.later(minutes=1)
    assert [one.passage.number for one in listed(housed, person=person.id)] == [6, 5, 4, 3, 2]
    assert [one.passage.number for one in listed(housed, door="a-1-west")] == [6, 5, 4]
    assert [one.passage.number for one in listed(housed, denied=True)] == [6, 4, 2]
    times = {"since": NOON + timedelta(minutes=1), "until": NOON + timedelta(minutes=3)}
    assert [one.passage.number for one in listed(housed, **times)] == [3, 2]
    first = listed(housed)[2]
    assert [one.passage.number for one in listed(housed, after=(first.passage.at, first.id))] == [3, 2, 1]


def test_a_person_who_turns_out_to_be_another_takes_their_passages_along(housed):
    from provisioning.store import people

    old, new = housed.come("FX1", CARD), housed.come("FX2", 4712)
    At(housed).swipe()
    with housed.house.store.writing() as tx:
        people.merge_persons(tx, old.id, new.id)
    assert [one.no for one in listed(housed)] == ["FX2"]


def test_they_are_kept_for_half_a_year_and_forgotten_in_small_steps(housed, monkeypatch):
    at = At(housed)
    at.tell(*(at.heard() for _ in range(5)))
    keeper = Keeping(housed.house.store, housed.house.settings.passage_days, inline)
    monkeypatch.setattr(keeping, "STEP_MAX", 2)
    housed.later(days=PASSAGE_DAYS_MIN, seconds=-1)
    assert keeper.forget() == 0
    at.swipe()
    housed.later(seconds=2)
    assert [keeper.forget() for _ in range(4)] == [2, 2, 1, 0]
    assert [one.passage.number for one in listed(housed)] == [6]
    at.swipe()
    assert [one.passage.number for one in listed(housed)] == [7, 6]


def test_strangers_and_deafness_are_told_once(housed):
    passages = housed.house.hearing.passages
    with housed.house.store.writing() as tx:
        passages.overheard(tx, "127.74.0.9", 5)
        passages.overheard(tx, "127.74.0.9", 5)
        passages.deaf(tx, "127.74.0.1:60001", "taken")
        passages.deaf(tx, "127.74.0.1:60001", None)
    assert housed.alarms() == ["passages.deaf", "passages.stranger"]
    assert [each["kind"] for each in housed.story() if each["kind"].startswith("passages.")] == [
        "passages.deaf", "passages.hearing",
    ]  # fmt: skip
