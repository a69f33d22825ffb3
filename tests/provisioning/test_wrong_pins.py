"""Wrong PINs: somebody hears of five in a row at a door, or with one card, and of nothing less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import Heard, Mark, PassageKind
from connectors.desk import Passed
from connectors.wg_passages import _REASONS
from devices.clock import SetClock
from devices.wg import reasons
from policies.passage_reasons import Reason
from provisioning.nouns.zh import ZH
from provisioning.passages.judging import WRONG_PINS_MAX
from tests.provisioning.housed import BOSS, Housed, housing

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
KIND = "passage.wrong-pins"
EAST, WEST = "door:1", "door:2"


@pytest.fixture
def housed(tmp_path) -> Iterator[Housed]:
    with housing(tmp_path, SetClock(NOON)) as housed:
        for nth in range(1, 4):
            housed.come(f"FX{nth}", nth)
        yield housed


class Door:
    """What one panel tells, in a row."""

    def __init__(self, housed: Housed, target: str = "a-1") -> None:
        self.housed, self.target, self.mark = housed, target, Mark()

    def tell(
        self,
        *told: tuple[str, int, str],
    ) -> None:
        """(reason, card, key) of each, a second apart."""
        heard = []
        for reason, card, key in told:
            self.housed.later(seconds=1)
            granted = reason in {Reason.CARD, Reason.FREE}
            kind = PassageKind.PASSED if granted else PassageKind.DENIED
            index = self.mark.index + len(heard) + 1
            heard.append(Heard(index, kind, key, card, self.housed.clock.now(), granted, reason, True))
        with self.housed.house.store.writing() as tx:
            (self.mark,) = self.housed.house.hearing.passages.take(tx, [Passed(self.target, self.mark, tuple(heard))])

    def wrong(self, *cards: int, key: str = EAST) -> None:
        for card in cards:
            self.tell((Reason.WRONG_PIN, card, key))

    def passed(self, *cards: int, key: str = EAST) -> None:
        for card in cards:
            self.tell((Reason.CARD, card, key))


def heard_of(housed: Housed) -> int:
    return housed.alarms().count(KIND)


def test_five_in_a_row_and_not_four(housed: Housed):
    door = Door(housed)
    door.wrong(1, 1, 1, 1)
    assert heard_of(housed) == 0
    door.wrong(1)
    assert heard_of(housed) == 1
    door.wrong(1, 1)
    assert heard_of(housed) == 1, "one that is open says it already"


def test_five_at_a_door_whoever_types_them(housed: Housed):
    Door(housed).wrong(1, 2, 3, 2, 1)
    assert heard_of(housed) == 1


def test_a_right_one_in_between_ends_the_row(housed: Housed):
    door = Door(housed)
    door.wrong(1, 1, 1, 1)
    door.passed(1)
    door.wrong(1, 1, 1, 1)
    assert heard_of(housed) == 0


def test_who_gets_in_with_a_card_of_their_own_hides_nobody(housed: Housed):
    door = Door(housed)
    for _ in range(WRONG_PINS_MAX):
        assert heard_of(housed) == 0
        door.wrong(1)
        door.passed(2)
    assert heard_of(housed) == 1


def test_what_is_no_pin_at_all_neither_counts_nor_ends_the_row(housed: Housed):
    door = Door(housed)
    for reason in (Reason.PIN_WANTED, Reason.UNKNOWN_CARD, Reason.NO_RIGHT, Reason.OUT_OF_HOURS):
        door.wrong(1)
        door.tell((reason, 9, EAST))
    assert heard_of(housed) == 0
    door.wrong(1)
    assert heard_of(housed) == 1


def test_two_doors_are_two_rows(housed: Housed):
    door = Door(housed)
    door.wrong(1, 1, 1)
    door.wrong(1, 1, 1, key=WEST)
    assert heard_of(housed) == 0


def test_a_row_that_came_at_once_and_ended_is_heard_of_all_the_same(housed: Housed):
    door = Door(housed)
    door.tell(*[(Reason.WRONG_PIN, 1, EAST)] * WRONG_PINS_MAX, (Reason.CARD, 1, EAST))
    assert heard_of(housed) == 1


def test_a_row_of_long_ago_is_not_told_again_by_the_next_mistake(housed: Housed):
    door = Door(housed)
    door.wrong(*[1] * WRONG_PINS_MAX)
    with housed.house.store.writing() as tx:
        (alarm,) = (one for one in housed.house.alarms.open(tx) if one.kind == KIND)
        housed.house.alarms.acknowledge(tx, alarm.id, BOSS)
    door.passed(1)
    door.wrong(1, 1)
    assert heard_of(housed) == 0


def test_panels_call_it_by_the_same_word():
    assert _REASONS[reasons.WRONG_PIN] == Reason.WRONG_PIN
    assert _REASONS[reasons.DOOR_NORMALLY_CLOSED] == Reason.LOCKDOWN
    same = {
        reasons.SWIPE: Reason.CARD,
        reasons.NO_RIGHT: Reason.NO_RIGHT,
        reasons.UNKNOWN_CARD: Reason.UNKNOWN_CARD,
        reasons.PASSBACK: Reason.PASSBACK,
        reasons.INTERLOCK: Reason.INTERLOCK,
        reasons.FIRST_CARD: Reason.FIRST_MISSING,
    }
    assert {code: _REASONS[code] for code in same} == same


def test_a_card_of_nobodys_at_a_door_that_asks_nobody_is_no_alarm(housed: Housed):
    door = Door(housed)
    door.tell((Reason.FREE, 77, EAST))
    assert "passage.unknown-card" not in housed.alarms()
    door.tell((Reason.CARD, 77, EAST))
    assert "passage.unknown-card" in housed.alarms()


def test_a_long_day_of_others_between_two_mistakes_is_bounded(housed: Housed):
    """What is looked at is bounded; beyond that, mistakes with one card at a busy door begin anew."""
    door = Door(housed)
    door.wrong(1, 1, 1, 1)
    door.tell(*[(Reason.CARD, 2, EAST)] * 250)
    door.wrong(1)
    assert heard_of(housed) == 0
    assert door.mark.at is not None
    assert door.mark.at - NOON < timedelta(hours=1)


def test_every_reason_is_read_in_both_languages():
    assert [reason for reason in Reason if reason.value not in ZH] == []
