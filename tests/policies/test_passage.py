"""A door decided at the edge: every answer, in its order, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policies.calendar import DAY_MINUTES, Schedule
from policies.passage import Asked, DoorRules, Entry, Mode, Now, Pin, Window, decide, first_hours, open_at
from policies.passage_reasons import OPENS, Reason, Sentence, told

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2027, 3, 2, 12, tzinfo=ZONE).astimezone(UTC)  # a Tuesday
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
OFFICE, ALWAYS, EVENING, FEAST = 2, 3, 4, 5
WEEKDAYS = ((480, 1080),)
SCHEDULES = {
    OFFICE: Schedule("office", OFFICE, (*[WEEKDAYS] * 5, (), ())),
    ALWAYS: Schedule("always", ALWAYS, (((0, DAY_MINUTES),),) * 7),
    EVENING: Schedule("evening", EVENING, (((1080, 1200),),) * 7),
    FEAST: Schedule("feast", FEAST, (WEEKDAYS,) * 7, {date(2027, 3, 2): ()}),
}
UNKNOWN = 99
WINDOW = Window(1, NOON - DAY, NOON + DAY, OFFICE)
ENTRY = Entry(7, (WINDOW,), pin=True)
RULES = DoorRules(1)
NOW = Now(NOON, ZONE, schedules=SCHEDULES)
ASKED = Asked(1, 7, entering=True)


def held(*windows: Window, **more: bool) -> Entry:
    return replace(ENTRY, windows=windows, **more)


def test_a_card_with_a_right_passes():
    verdict = decide(ASKED, ENTRY, RULES, NOW)
    assert (verdict.granted, verdict.reason, verdict.inside) == (True, Reason.CARD, True)
    assert not verdict.first_done
    assert not verdict.ask_pin


# In the order of the checks: each case breaks one thing more, and all that the later ones break stays broken below.
ORDER: list[tuple[Reason, dict[str, Any]]] = [
    (Reason.INTERLOCK, {"rules.interlock": frozenset({2, 3}), "now.open_doors": frozenset({3, 4})}),
    (Reason.PASSBACK, {"rules.antipassback": True, "now.inside": True}),
    (Reason.FIRST_MISSING, {"rules.first_person": OFFICE}),
    (Reason.LOCKDOWN, {"now.mode": Mode.LOCKED}),
    (Reason.PIN_WANTED, {"rules.pin": OFFICE}),
    (Reason.NO_PIN, {"entry.pin": False}),
    (Reason.WRONG_PIN, {"asked.pin": Pin.WRONG}),
    (Reason.HOURS_UNKNOWN, {"entry.windows": (replace(WINDOW, schedule=UNKNOWN),)}),
    (Reason.OUT_OF_HOURS, {"entry.windows": (replace(WINDOW, schedule=EVENING),)}),
    (Reason.HOLIDAY, {"entry.windows": (replace(WINDOW, schedule=FEAST),)}),
    (Reason.OVER, {"entry.windows": (replace(WINDOW, closes=NOON),)}),
    (Reason.NOT_YET, {"entry.windows": (replace(WINDOW, opens=NOON + TICK),)}),
    (Reason.NO_RIGHT, {"entry.windows": (replace(WINDOW, door=2),)}),
    (Reason.UNKNOWN_CARD, {"entry.card": 8}),
    (Reason.NO_CARD, {"asked.card": None}),
    (Reason.FREE, {"now.mode": Mode.FREE}),
    (Reason.UNDECIDED, {"asked.door": 2}),
    (Reason.TERM_OVER, {"now.term_over": True}),
    (Reason.STALE, {"asked.fresh": False}),
    (Reason.FIRE, {"now.fire": True}),
]


ALL: dict[str, Any] = {"asked": ASKED, "entry": ENTRY, "rules": RULES, "now": NOW}


def broken(*cases: dict[str, Any]) -> Any:
    parts = dict(ALL)
    for case in cases:
        for name, value in case.items():
            part, _, field = name.partition(".")
            parts[part] = replace(parts[part], **{field: value})
    return tuple(parts.values())


@pytest.mark.parametrize(("reason", "case"), ORDER, ids=[reason.name for reason, _ in ORDER])
def test_each_check_by_itself(reason: Reason, case: dict[str, Any]):
    before = {"rules.pin": OFFICE} if reason is Reason.NO_PIN else {}
    verdict = decide(*broken(before, case))
    assert verdict.reason is reason
    assert verdict.granted is (reason in OPENS)
    assert verdict.ask_pin is (reason is Reason.PIN_WANTED)


@pytest.mark.parametrize("nth", range(len(ORDER)), ids=[reason.name for reason, _ in ORDER])
def test_an_earlier_check_speaks_before_a_later_one(nth: int):
    assert decide(*broken(*(case for _, case in ORDER[: nth + 1]))).reason is ORDER[nth][0]


def test_every_reason_is_reached_and_has_its_sentence():
    assert {reason for reason, _ in ORDER} | {Reason.CARD} == set(Reason)
    assert {one.name for one in Sentence} == {one.name for one in Reason}
    for reason in Reason:
        said = told(reason)
        assert said.text == said.template == Sentence[reason.name].value
        assert not [name for _, name, _, _ in Formatter().parse(said.template) if name]


def test_nobody_on_the_list_is_an_unknown_card():
    assert decide(ASKED, None, RULES, NOW).reason is Reason.UNKNOWN_CARD
    assert decide(replace(ASKED, card=None), None, RULES, NOW).reason is Reason.NO_CARD


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("entry", [ENTRY, None])
def test_fire_lets_everybody_out_whatever_else_holds(mode: Mode, entry: Entry | None):
    now = replace(NOW, fire=True, mode=mode, term_over=True, open_doors=frozenset({2}))
    asked = Asked(9, None, entering=False, pin=Pin.WRONG, fresh=False)
    verdict = decide(asked, entry, replace(RULES, interlock=frozenset({2})), now)
    assert (verdict.granted, verdict.reason, verdict.inside) == (True, Reason.FIRE, False)


def test_a_free_door_denies_nobody_and_tells_who_came():
    now = replace(NOW, mode=Mode.FREE, open_doors=frozenset({2}), inside=True)
    rules = DoorRules(1, pin=OFFICE, antipassback=True, interlock=frozenset({2}), first_person=OFFICE)
    for asked in (ASKED, replace(ASKED, card=None), replace(ASKED, pin=Pin.WRONG)):
        verdict = decide(asked, None, rules, now)
        assert (verdict.granted, verdict.reason) == (True, Reason.FREE)


def test_a_locked_door_opens_only_for_the_exempt_and_only_where_they_have_a_right():
    locked = replace(NOW, mode=Mode.LOCKED)
    assert decide(ASKED, ENTRY, RULES, locked).reason is Reason.LOCKDOWN
    assert decide(ASKED, replace(ENTRY, exempt=True), RULES, locked).granted
    assert decide(ASKED, held(exempt=True), RULES, locked).reason is Reason.NO_RIGHT


def test_what_is_no_mode_at_all_is_taken_for_a_locked_door():
    assert decide(*broken({"now.mode": "open"})).reason is Reason.LOCKDOWN


@pytest.mark.parametrize(
    ("windows", "reason"),
    [
        ((replace(WINDOW, door=2), WINDOW), Reason.CARD),
        ((replace(WINDOW, closes=NOON), replace(WINDOW, opens=NOON)), Reason.CARD),
        ((replace(WINDOW, schedule=EVENING), replace(WINDOW, schedule=None)), Reason.CARD),
        ((replace(WINDOW, schedule=UNKNOWN), WINDOW), Reason.CARD),
        ((replace(WINDOW, closes=NOON), replace(WINDOW, opens=NOON + TICK)), Reason.NOT_YET),
        ((replace(WINDOW, door=2), replace(WINDOW, closes=NOON)), Reason.OVER),
        ((replace(WINDOW, schedule=EVENING), replace(WINDOW, schedule=FEAST)), Reason.HOLIDAY),
        ((replace(WINDOW, schedule=UNKNOWN), replace(WINDOW, schedule=EVENING)), Reason.OUT_OF_HOURS),
        ((replace(WINDOW, schedule=OFFICE), replace(WINDOW, closes=NOON, schedule=None)), Reason.CARD),
        ((replace(WINDOW, schedule=EVENING), replace(WINDOW, closes=NOON, schedule=None)), Reason.OUT_OF_HOURS),
    ],
)
def test_any_one_window_is_enough_and_of_several_the_nearest_miss_is_told(windows: tuple[Window, ...], reason: Reason):
    assert decide(ASKED, held(*windows), RULES, NOW).reason is reason
    assert decide(ASKED, held(*reversed(windows)), RULES, NOW).reason is reason


def test_a_window_without_an_end_stays_open():
    assert decide(ASKED, held(replace(WINDOW, closes=None)), RULES, NOW).granted


@pytest.mark.parametrize(
    ("wanted", "has", "typed", "reason"),
    [
        (None, True, Pin.NONE, Reason.CARD),
        (None, False, Pin.NONE, Reason.CARD),
        (None, True, Pin.RIGHT, Reason.CARD),
        (None, True, Pin.WRONG, Reason.WRONG_PIN),
        (OFFICE, True, Pin.NONE, Reason.PIN_WANTED),
        (OFFICE, True, Pin.RIGHT, Reason.CARD),
        (OFFICE, True, Pin.WRONG, Reason.WRONG_PIN),
        (OFFICE, False, Pin.NONE, Reason.NO_PIN),
        (OFFICE, False, Pin.RIGHT, Reason.NO_PIN),
        (EVENING, True, Pin.NONE, Reason.CARD),
        (EVENING, False, Pin.NONE, Reason.CARD),
        (UNKNOWN, True, Pin.NONE, Reason.PIN_WANTED),
        (UNKNOWN, True, Pin.RIGHT, Reason.CARD),
    ],
)
def test_a_pin(wanted: int | None, has: bool, typed: Pin, reason: Reason):
    verdict = decide(replace(ASKED, pin=typed), replace(ENTRY, pin=has), replace(RULES, pin=wanted), NOW)
    assert verdict.reason is reason


@pytest.mark.parametrize(
    ("entering", "inside", "granted", "after"),
    [
        (True, None, True, True),
        (True, False, True, True),
        (True, True, False, True),
        (False, None, True, False),
        (False, True, True, False),
        (False, False, False, False),
        (None, True, True, True),
        (None, False, True, False),
        (None, None, True, None),
    ],
)
def test_anti_passback(entering: bool | None, inside: bool | None, granted: bool, after: bool | None):
    rules, now = replace(RULES, antipassback=True), replace(NOW, inside=inside)
    verdict = decide(replace(ASKED, entering=entering), ENTRY, rules, now)
    assert (verdict.granted, verdict.inside) == (granted, after)
    assert verdict.reason is (Reason.CARD if granted else Reason.PASSBACK)
    assert decide(replace(ASKED, entering=entering), ENTRY, RULES, now).granted, "a door without it asks nothing"


def test_who_is_turned_away_stays_where_they_were():
    now = replace(NOW, inside=False, mode=Mode.LOCKED)
    assert decide(ASKED, ENTRY, RULES, now).inside is False


@pytest.mark.parametrize(
    ("interlock", "standing_open", "granted"),
    [(set(), {2, 3}, True), ({2}, set(), True), ({2}, {3}, True), ({2, 3}, {3}, False), ({1, 2}, {1}, True)],
)
def test_a_lock_of_doors(interlock: set[int], standing_open: set[int], granted: bool):
    rules, now = replace(RULES, interlock=frozenset(interlock)), replace(NOW, open_doors=frozenset(standing_open))
    assert decide(ASKED, ENTRY, rules, now).granted is granted


@pytest.mark.parametrize(
    ("wanted", "first", "done", "reason", "after"),
    [
        (None, True, False, Reason.CARD, False),
        (OFFICE, False, False, Reason.FIRST_MISSING, False),
        (OFFICE, True, False, Reason.CARD, True),
        (OFFICE, False, True, Reason.CARD, True),
        (OFFICE, True, True, Reason.CARD, True),
        (EVENING, False, False, Reason.CARD, False),
        (EVENING, True, False, Reason.CARD, False),
        (UNKNOWN, False, False, Reason.FIRST_MISSING, False),
        (UNKNOWN, True, False, Reason.CARD, True),
    ],
)
def test_a_first_person(wanted: int | None, first: bool, done: bool, reason: Reason, after: bool):
    verdict = decide(
        ASKED, replace(ENTRY, first=first), replace(RULES, first_person=wanted), replace(NOW, first_done=done)
    )
    assert (verdict.reason, verdict.first_done) == (reason, after)


def test_a_first_person_who_is_turned_away_opens_for_nobody():
    rules = replace(RULES, first_person=OFFICE, antipassback=True)
    assert not decide(ASKED, replace(ENTRY, first=True), rules, replace(NOW, inside=True)).first_done


def test_a_first_person_at_a_released_door_does_not_count_yet():
    rules, first = replace(RULES, first_person=OFFICE), replace(ENTRY, first=True)
    assert not decide(ASKED, first, rules, replace(NOW, fire=True)).first_done
    assert not decide(ASKED, first, rules, replace(NOW, mode=Mode.FREE)).first_done


def test_the_hours_of_a_first_person_are_told_apart():
    spans = ((480, 600), (570, 720), (780, 1080))
    halves = Schedule("halves", 6, (spans,) * 7)
    rules = replace(RULES, first_person=6)

    def at(hour: int, minute: int = 0) -> tuple[date, int] | None:
        when = datetime(2027, 3, 2, hour, minute, 59, tzinfo=ZONE)
        return first_hours(rules, replace(NOW, at=when, schedules={6: halves}))

    day = date(2027, 3, 2)
    assert at(7, 59) is None
    assert at(8) == at(9, 45) == at(11, 59) == (day, 480), "spans that overlap are one"
    assert at(12) is None
    assert at(13) == at(17, 59) == (day, 780)
    assert first_hours(rules, NOW) is None, "a schedule that is not known has no hours"
    assert first_hours(RULES, NOW) is None


def test_a_schedule_holds_from_the_day_on_which_it_was_laid_down():
    late = replace(SCHEDULES[OFFICE], since=date(2027, 3, 2))
    assert open_at(late, NOON, ZONE)
    assert not open_at(late, NOON - DAY, ZONE)
    rules, now = replace(RULES, first_person=2), replace(NOW, schedules={2: late})
    assert first_hours(rules, now) == (date(2027, 3, 2), 480)
    assert first_hours(rules, replace(now, at=NOON - DAY)) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"now.at": NOON.replace(tzinfo=None)},
        {"now.at": datetime.min.replace(tzinfo=ZONE)},
        {"now.schedules": {OFFICE: replace(SCHEDULES[OFFICE], week=())}},
        {"entry.windows": (replace(WINDOW, opens=datetime(2027, 1, 1)),)},
        {"entry.windows": None},
        {"rules.interlock": None},
        {"rules.number": None},
    ],
)
def test_what_cannot_be_decided_stays_shut(spoilt: dict[str, Any]):
    verdict = decide(*broken(spoilt))
    assert (verdict.granted, verdict.reason, verdict.inside) == (False, Reason.UNDECIDED, None)
    assert decide(*broken(spoilt, {"now.fire": True})).granted, "a release asks nothing, and so breaks on nothing"


def test_a_first_person_whose_hours_are_broken_stays_out():
    now = replace(NOW, schedules={**SCHEDULES, 6: replace(SCHEDULES[OFFICE], week=())})
    verdict = decide(ASKED, replace(ENTRY, first=True), replace(RULES, first_person=6), now)
    assert (verdict.granted, verdict.reason) == (False, Reason.UNDECIDED)
    assert not verdict.first_done
