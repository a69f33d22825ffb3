"""What a panel does to its doors by the clock: tasks, and first cards.

Pure: whoever holds a timetable asks what has become due, and when to ask again. Tasks: uhppoted/uhppote-core
`types/task.go` for the kinds, uhppoted/uhppote-simulator `entities/tasklist.go` for when they run: a refresh takes up
what is left of today, and a new day, or a panel that woke, runs the whole day up to now, in order. What a task did
stays until another undoes it; a door mode that is set later goes over it (uhppote-simulator `NOTES.md`: the most recent
command wins). First cards: the card swipe matrix in the same notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from devices.wg.decision import CONTROLLED, NORMALLY_CLOSED, NORMALLY_OPEN

TASKS_MAX = 256
"""No source says how many tasks a panel takes; beyond these the emulated one refuses."""

(
    DOOR_CONTROLLED, DOOR_OPEN, DOOR_CLOSED, PROFILES_OFF, PROFILES_ON, NO_PASSWORD, IN_PASSWORD, PASSWORD, MORE_CARDS_ON,
    MORE_CARDS_OFF, TRIGGER_ONCE, BUTTON_OFF, BUTTON_ON,
) = range(13)  # fmt: skip
FIRST_CARD_ONLY = 3
"""The inactive mode under which just privileged cards pass, and the first of them changes the mode."""
_MODES = {DOOR_CONTROLLED: CONTROLLED, DOOR_OPEN: NORMALLY_OPEN, DOOR_CLOSED: NORMALLY_CLOSED}


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list: dates inclusive, Monday first, local minute at which it runs."""

    kind: int
    door: int
    opens: date
    closes: date
    weekdays: tuple[bool, ...]
    start: time
    more_cards: int

    def runs_on(self, day: date) -> bool:
        """Whether it runs on a day."""
        return self.opens <= day <= self.closes and self.weekdays[day.weekday()]


@dataclass(frozen=True, slots=True)
class FirstCard:
    """First-card settings of a door: local minutes, both inclusive; modes as on the wire (0 controlled, 1 normally open,
    2 normally closed, and inactive also 3: first card only)."""

    start: time
    end: time
    active: int
    inactive: int
    weekdays: tuple[bool, ...]

    def covers(self, now: datetime) -> bool:
        """Whether a first card counts at this local time."""
        return self.weekdays[now.weekday()] and self.start <= now.time().replace(second=0, microsecond=0) <= self.end


@dataclass(slots=True)
class DoorRule:
    """What tasks have made of a door since the panel woke; None and 0: nothing."""

    mode: int | None = None
    profiles_off: bool = False
    keypad: bool | None = None
    keypad_out: bool | None = None
    more_cards: int = 0
    button_off: bool = False
    activated_on: date | None = None


class Timetable:
    """What is still to run today, and what already ran."""

    def __init__(self, doors: Sequence[int]) -> None:
        self.rules = {door: DoorRule() for door in doors}
        self._day: date | None = None
        self._left: list[Task] = []

    def refresh(self, tasks: Sequence[Task], now: datetime) -> None:
        """Take up a list that has just come into force: what began earlier today is left out."""
        self._day = now.date()
        minute = now.time().replace(second=0, microsecond=0)
        self._left = [task for task in _of_day(tasks, now.date()) if task.start >= minute]

    def run(self, tasks: Sequence[Task], now: datetime) -> list[int]:
        """Carry out what has become due; returns the doors that are to be opened once."""
        if now.date() != self._day:
            woke, self._day = self._day is None, now.date()
            self._left = _of_day(tasks, now.date())
            if woke:
                # What was to open a door once is past.
                minute = now.time().replace(second=0, microsecond=0)
                self._left = [task for task in self._left if task.kind != TRIGGER_ONCE or task.start >= minute]
        triggered: list[int] = []
        while self._left and self._left[0].start <= now.time():
            task = self._left.pop(0)
            if task.kind == TRIGGER_ONCE:
                triggered.append(task.door)
            else:
                _carry_out(task, self.rules[task.door])
        return triggered

    def next_at(self, now: datetime) -> datetime:
        """When to ask again, in local time: at the next task, or when the day ends."""
        if now.date() != self._day:
            return now
        if self._left:
            return datetime.combine(now.date(), self._left[0].start)
        return datetime.combine(now.date(), time()) + timedelta(days=1)

    def more_recent(self, door: int) -> None:
        """The mode of a door was set by hand or wire: that is more recent than any task."""
        rule = self.rules[door]
        rule.mode = rule.activated_on = None


def _of_day(tasks: Sequence[Task], day: date) -> list[Task]:
    return sorted((task for task in tasks if task.runs_on(day)), key=lambda task: task.start)


def _carry_out(task: Task, rule: DoorRule) -> None:
    if task.kind in _MODES:
        rule.mode = _MODES[task.kind]
    elif task.kind in (PROFILES_OFF, PROFILES_ON):
        rule.profiles_off = task.kind == PROFILES_OFF
    elif task.kind in (NO_PASSWORD, IN_PASSWORD, PASSWORD):
        rule.keypad, rule.keypad_out = task.kind != NO_PASSWORD, task.kind == PASSWORD
    elif task.kind in (MORE_CARDS_ON, MORE_CARDS_OFF):
        rule.more_cards = task.more_cards if task.kind == MORE_CARDS_ON else 0
    else:
        rule.button_off = task.kind == BUTTON_OFF
