"""The task list of a panel: what it does with its doors at a time of day, by itself.

It is one record: it cannot be read back, nor altered in part. A yes means that the panel acknowledged it, and no more; so
whoever wants it to hold sends it again from time to time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import IntEnum

from devices.wg.verbs.asking import Asking, MayHaveActed, Week, check_days, check_minute, check_week, checked_door
from devices.wire import DeviceError, Unreachable

MORE_CARDS_MAX = 255


class TaskKind(IntEnum):
    """What a panel can do by itself (uhppoted, `add_task`)."""

    DOOR_CONTROLLED = 0
    DOOR_OPEN = 1
    DOOR_CLOSED = 2
    PROFILES_OFF = 3
    PROFILES_ON = 4
    CARD_ALONE = 5
    CARD_AND_PIN_IN = 6
    CARD_AND_PIN = 7
    MORE_CARDS_ON = 8
    MORE_CARDS_OFF = 9
    OPEN_ONCE = 10
    BUTTON_OFF = 11
    BUTTON_ON = 12


@dataclass(frozen=True, slots=True)
class Task:
    """At `at`, local time, on `weekdays` (Monday first) from day `opens` to day `closes`, both inclusive, the panel does
    this with a door. `more_cards` is how many are asked for, where it is `MORE_CARDS_ON`."""

    kind: TaskKind
    door: int
    opens: date
    closes: date
    weekdays: Week
    at: time
    more_cards: int = 0


class TaskVerbs(Asking):
    """What a panel can be told about its tasks."""

    async def set_tasks(self, tasks: Sequence[Task]) -> None:
        """Have these tasks and no others. Acknowledged only.

        The list is emptied, filled and put in force (uhppoted/uhppote-simulator `tasklist.go`: what is added counts from
        the refresh on, what is cleared is gone at once). To add twice would do a thing twice, so after silence the list
        is begun anew, up to `tries_max` times. Raises `Unreachable`, `ProtocolError`, and `DeviceError` where the panel
        says no; it may then have no tasks, or some, and those that were added are not in force.
        """
        for task in tasks:
            _check(task)
        for _ in range(self._tries_max):
            await self._acknowledged("clear its tasks", self._client.clear_tasklist)
            try:
                for task in tasks:
                    await self._add(task)
            except (MayHaveActed, Unreachable):
                continue
            await self._acknowledged("refresh its tasks", self._client.refresh_tasklist)
            return
        raise Unreachable(f"{self} did not take {len(tasks)} tasks without a pause, {self._tries_max} times")

    async def _add(self, task: Task) -> None:
        await self._act(
            f"add a task for door {task.door}",
            self._client.add_task,
            task.opens,
            task.closes,
            *task.weekdays,
            task.at,
            task.door,
            int(task.kind),
            task.more_cards,
        )


def _check(task: Task) -> None:
    """What a panel refuses, or stores as something else, never leaves (uhppoted/uhppote-core `add_task.go`)."""
    if task.kind not in set(TaskKind):
        raise DeviceError(f"a panel has no task {task.kind}")
    checked_door(task.door)
    check_days(task.opens, task.closes)
    check_week(task.weekdays)
    check_minute(task.at)
    if not 0 <= task.more_cards <= MORE_CARDS_MAX:
        raise DeviceError(f"a panel can ask for up to {MORE_CARDS_MAX} cards, not {task.more_cards}")
