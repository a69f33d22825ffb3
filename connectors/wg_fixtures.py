"""What a panel is set to beside its cards: schedules as linked time profiles, door modes, tasks and the rest.

What is wanted as a panel leaves the factory has no record, and reads as absent: to erase a setting is to put it back so. A
lockdown, and a release by fire, is the mode of a door, which can be read back; what works against it (tasks, first cards,
passcodes) is withdrawn for as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from connectors.contract import Compiled, Conditions, Json, Record, canonical
from connectors.wg_settings import DELAY_S, MODES, WEEKDAYS, Door, WgSettings
from devices.wg.panel import TaskKind
from devices.wg.verbs.doors import CONTROLLED, NORMALLY_CLOSED, NORMALLY_OPEN
from devices.wg.verbs.tasks import Task
from policies.calendar import DAY_MINUTES, Part, Schedule, Week

RANK_TASKS, RANK_DOOR, RANK_OTHER, RANK_PROFILE = -900, -800, -700, 0
"""Written ascending: what would work against a lockdown goes first. A profile stands so far below `RANK_PROFILE` as it is
down its chain: what is linked is written before what links to it, and all of it before cards."""
LAST_DAY = date(2099, 12, 31)
"""What has no end ends so on a panel. It bounds nothing: each card's own dates do."""
RETIRED_DAY = date(2000, 1, 1)
NO_DAY: Week = (False, False, False, False, False, False, False)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A door under the conditions in force."""

    door: Door
    locked: bool
    freed: bool

    @property
    def forced(self) -> int | None:
        """The mode that a condition orders; None: none does."""
        if self.freed:
            return NORMALLY_OPEN
        return NORMALLY_CLOSED if self.locked else None


def fixtures(settings: WgSettings, conditions: Conditions) -> Compiled:
    """Every setting that differs from how a panel leaves the factory, and when a door's mode next changes by the clock."""
    schedules = {one.id: one for one in conditions.schedules}
    standing = [_standing(door, conditions) for door in settings.doors]
    records = [*_profiles(settings, schedules), *_whole(settings, conditions)]
    again: list[datetime] = []
    for each in standing:
        unlocked = schedules.get(each.door.unlocked or "")
        records += _door(each, unlocked, conditions)
        if unlocked is not None and each.forced is None:
            again += _changes(unlocked, conditions)
    tasks: list[Json] = list(_tasks(standing, schedules, conditions))
    if any(door.unlocked for door in settings.doors):
        # Also where none is left: an empty list is what must be put in force then.
        records.append(Record("tasks", canonical({"tasks": tasks}), RANK_TASKS, ()))
    return Compiled({record.key: record for record in records}, min(again, default=None))


def task_of(told: dict[str, Json]) -> Task:
    """A task of a record's body."""
    return Task(
        TaskKind(_int(told["kind"])), _int(told["door"]), date.fromisoformat(str(told["from"])),
        date.fromisoformat(str(told["to"])), week_of(told["days"]), time.fromisoformat(str(told["at"])),
    )  # fmt: skip


def week_of(told: Json) -> Week:
    """Weekdays of a record's body, seven digits from Monday on."""
    a, b, c, d, e, f, g = (digit == "1" for digit in str(told))
    return a, b, c, d, e, f, g


def week_told(week: Week) -> str:
    """Weekdays as a record's body has them."""
    return "".join("01"[day] for day in week)


def _int(told: Json) -> int:
    if not isinstance(told, int):
        raise TypeError(f"{told!r} is no number")
    return told


def _standing(door: Door, conditions: Conditions) -> _Standing:
    zones = frozenset(door.zones)
    return _Standing(door, bool(zones & conditions.locked), bool(zones & conditions.freed))


def _whole(settings: WgSettings, conditions: Conditions) -> Iterator[Record]:
    """What concerns the panel as a whole."""
    if conditions.listener is not None:
        yield _other("listener", {"address": conditions.listener, "interval": 0})
    if settings.anti_passback:
        yield _other("antipassback", {"mode": settings.anti_passback})
    if settings.interlock is not None:
        yield _other("interlock", {"mode": settings.interlock})
    special = conditions.listener is not None if settings.special_events is None else settings.special_events
    if special or settings.special_events is not None:
        yield _other("special", {"on": special})
    if settings.pc_control is not None:
        yield _other("pc-control", {"on": settings.pc_control})
    if any(door.keypad is not None for door in settings.doors):
        typed = {door.number for door in settings.doors if door.keypad}
        yield _other("keypads", {"readers": [number in typed for number in range(1, 5)]})


def _other(key: str, told: dict[str, Json]) -> Record:
    return Record(key, canonical(told), RANK_OTHER, ())


def _door(each: _Standing, unlocked: Schedule | None, conditions: Conditions) -> Iterator[Record]:
    door, forced = each.door, each.forced
    mode = MODES[door.mode]
    if unlocked is not None:
        mode = NORMALLY_OPEN if _is_open(unlocked, conditions) else CONTROLLED
    if forced is not None:
        mode = forced
    if (mode, door.delay_s) != (CONTROLLED, DELAY_S):
        yield Record(f"door:{door.number}", canonical({"delay": door.delay_s, "mode": mode}), RANK_DOOR, ())
    if door.passcodes and not each.locked:
        # How many, not which: codes are no matter for the story. Who changes them changes the target's settings, after
        # which all is sent again.
        yield _other(f"passcodes:{door.number}", {"count": len(door.passcodes)})
    if (first := door.first_card) is not None:
        active, inactive = first.modes if forced is None else (forced, forced)
        days = "".join("01"[day in first.days] for day in WEEKDAYS)
        told: dict[str, Json] = {
            "active": active, "begins": first.begins, "days": days, "ends": first.ends, "inactive": inactive,
        }  # fmt: skip
        yield _other(f"first-card:{door.number}", told)


def _profiles(settings: WgSettings, schedules: dict[str, Schedule]) -> Iterator[Record]:
    """Each schedule that a door's cards go by, as a chain of profiles."""
    for id_ in sorted({door.schedule for door in settings.doors if door.schedule is not None}):
        if (schedule := schedules.get(id_)) is not None:
            yield from _chain(schedule)


def _chain(schedule: Schedule) -> Iterator[Record]:
    # One that opens on no day has a profile all the same: cards that name a missing one are let in.
    parts = schedule.parts() or (Part(schedule.since, None, NO_DAY, ()),)
    for nth, part in enumerate(parts):
        number = schedule.number + nth
        told: dict[str, Json] = {
            "days": week_told(part.weekdays),
            "from": part.opens.isoformat(),
            "linked": number + 1 if nth + 1 < len(parts) else 0,
            "spans": [[_clock(begins), _clock(ends - 1)] for begins, ends in part.spans],
            "to": (part.closes or LAST_DAY).isoformat(),
        }
        yield Record(f"profile:{number}", canonical(told), RANK_PROFILE - nth, ())


def _tasks(
    standing: list[_Standing], schedules: dict[str, Schedule], conditions: Conditions
) -> Iterator[dict[str, Json]]:
    """When doors open to all and are controlled again, until the horizon: a panel without its hub shuts for good then."""
    today = conditions.now.astimezone(conditions.zone).date()
    last = conditions.horizon.astimezone(conditions.zone).date() - _DAY
    for each in standing:
        unlocked = schedules.get(each.door.unlocked or "")
        if unlocked is None or each.forced is not None:
            continue
        for part in unlocked.parts():
            opens, closes = max(part.opens, today), min(part.closes or last, last)
            if opens > closes:
                continue
            for begins, ends in part.spans:
                for kind, minute in ((TaskKind.DOOR_OPEN, begins), (TaskKind.DOOR_CONTROLLED, ends)):
                    # A day's last minute is as late as a task can run.
                    at = _clock(min(minute, DAY_MINUTES - 1))
                    yield {
                        "at": at, "days": week_told(part.weekdays), "door": each.door.number, "from": part.opens.isoformat(),
                        "kind": int(kind), "to": closes.isoformat(),
                    }  # fmt: skip


def _is_open(schedule: Schedule, conditions: Conditions) -> bool:
    local = conditions.now.astimezone(conditions.zone)
    minute = local.hour * 60 + local.minute
    return any(begins <= minute < ends for begins, ends in schedule.spans(local.date()))


def _changes(schedule: Schedule, conditions: Conditions) -> list[datetime]:
    """When it next opens or shuts, and when the day is over."""
    day = conditions.now.astimezone(conditions.zone).date()
    edges = {DAY_MINUTES} | {edge for span in schedule.spans(day) for edge in span}
    found = [_instant(day, edge, conditions) for edge in edges]
    return [at for at in found if at > conditions.now]


def _instant(day: date, minute: int, conditions: Conditions) -> datetime:
    days, left = divmod(minute, DAY_MINUTES)
    at = datetime.combine(day + days * _DAY, time(left // 60, left % 60), conditions.zone)
    return at.astimezone(UTC)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
