"""Numbers for the schedules of the campus. A panel keeps each part of one as a time profile of some number, and a card
names it: so new content is laid down under new numbers, and never over old ones, which cards may still name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from connectors.contract import SCHEDULE_NUMBERS, Json, schedule_key
from policies.calendar import Schedule, Spans, odd_days
from provisioning.campus.file import Campus
from provisioning.nouns.refusals import Refusal
from provisioning.store import schedules as rows
from provisioning.store.engine import Tx
from provisioning.store.schedules import ScheduleRow

REST = timedelta(days=1)
"""For so long numbers that went out of use are not given out again: a card may still be on its way that names them."""


class SchedulesFull(Refusal):
    """There are no {count} numbers left together for the schedule {schedule}: panels have {all}, and those of old content
    are taken until no panel names them any more. Give it fewer hours or holidays, or try again once all panels were
    reached."""

    status = 409


def lay_down(tx: Tx, campus: Campus) -> bool:
    """Have each schedule of a campus stand under numbers of its own; what has not changed keeps those that it has. Whether
    anything changed. Raises `SchedulesFull`."""
    today = tx.now.astimezone(campus.zone).date()
    standing = {row.id: row for row in rows.in_force(tx)}
    wanted = {id_: _laid_down(campus, id_, today) for id_ in campus.schedules}
    kept = {id_ for id_, made in wanted.items() if id_ in standing and _alike(standing[id_], made, today)}
    rows.end_contents(tx, [row.row for id_, row in standing.items() if id_ not in kept])
    for id_ in sorted(wanted.keys() - kept):
        made = wanted[id_]
        parts = max(1, len(made.parts()))
        rows.add_content(tx, id_, _free(tx, id_, parts), parts, _content(made))
    return standing.keys() != kept or wanted.keys() != kept


def schedules(tx: Tx, campus: Campus) -> tuple[Schedule, ...]:
    """The schedules of a campus as they are laid down."""
    if not campus.schedules:
        return ()
    return tuple(_of(row) for row in rows.in_force(tx) if row.id in campus.schedules)


def numbers(tx: Tx, campus: Campus) -> Mapping[str, int]:
    """The first number of each schedule, by id."""
    return {row.id: row.first for row in rows.in_force(tx)} if campus.schedules else {}


def _laid_down(campus: Campus, id_: str, since: date) -> Schedule:
    told = campus.schedules[id_]
    days = odd_days(campus.calendar, told.holiday, told.workday, since)
    return Schedule(id_, 0, told.week, days, since, told.name)


def _alike(row: ScheduleRow, made: Schedule, today: date) -> bool:
    """Whether what stands is the same from today on: what was before makes no difference to any door."""
    old = _of(row)
    return Schedule(made.id, 0, old.week, old.days, today).parts() == made.parts()


def _free(tx: Tx, id_: str, parts: int) -> int:
    """The first of so many numbers together that nobody has, or may still name."""
    keys = {schedule_key(number): number for number in SCHEDULE_NUMBERS}
    # Also what a restored backup knows nothing of: a panel may hold it, and cards name it.
    taken = {keys[key] for key in rows.keys_in_use(tx, list(keys))}
    for row in rows.all_contents(tx):
        if row.ended is None or row.ended > tx.now - REST:
            taken.update(range(row.first, row.first + row.parts))
    for first in SCHEDULE_NUMBERS:
        block = range(first, first + parts)
        if block.stop <= SCHEDULE_NUMBERS.stop and taken.isdisjoint(block):
            return first
    raise SchedulesFull(count=parts, schedule=id_, all=len(SCHEDULE_NUMBERS))


def _content(made: Schedule) -> dict[str, Json]:
    return {
        "since": made.since.isoformat(),
        "week": [_told(spans) for spans in made.week],
        "days": {day.isoformat(): _told(spans) for day, spans in made.days.items()},
    }


def _of(row: ScheduleRow) -> Schedule:
    told: Mapping[str, Any] = row.content
    days = {date.fromisoformat(day): _spans(spans) for day, spans in told["days"].items()}
    week = tuple(_spans(spans) for spans in told["week"])
    return Schedule(row.id, row.first, week, days, date.fromisoformat(told["since"]))


def _told(spans: Spans) -> list[Json]:
    return [[begins, ends] for begins, ends in spans]


def _spans(told: Any) -> Spans:
    return tuple((begins, ends) for begins, ends in told)
