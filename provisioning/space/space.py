"""One unit, one person. Space keeps who has which seat or flat in step with what people are entitled to ask for; it calls
nobody, but says of whom something changed that they are to be looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.contract import Json
from provisioning.campus.file import Campus
from provisioning.nouns.told import Actor, Told
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.space.asks import Ask, UnitKind, kind_of, units_of
from provisioning.space.housing import Applicant, offers
from provisioning.space.seating import Seating, placement
from provisioning.store import people, units
from provisioning.store.engine import Tx
from provisioning.story.story import Story

EXPIRED_MAX = 500
OFFERED_MAX = 500
"""Offers that one transaction ends, and makes."""

NOT_ASKED = "not-asked"
UNIT_GONE = "unit-gone"
"""What ends an allotment, beside an operator: nothing entitles to it any more; its unit left the campus file."""

Key = tuple[str, str]


class Space:
    """Who has which seat or flat."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._seating = Seating()

    def settle(
        self, tx: Tx, campus: Campus, persons: Sequence[str], asks: Sequence[Ask], actor: Actor
    ) -> dict[str, tuple[Allotment, ...]]:
        """Make the allotments of these persons answer their asks, all of which are given; those that stand, by person.

        What is not asked any more ends. Who asks anew is given a seat at once where one is vacant, all of them together
        by the nearest assignment; a flat they wait for. What somebody has, they keep.
        """
        wanted = {ask.key: ask for ask in asks}
        rows = units.allotments_of(tx, persons, [ask.stay for ask in asks])
        standing = {(row.stay, row.ask): row for row in rows if row.ended is None}
        homeless = [row for row in standing.values() if _homeless(row, campus)]
        lost = {(row.stay, row.ask) for row in homeless}
        over = [row for key, row in standing.items() if key not in wanted]
        kept = {key: row for key, row in standing.items() if key in wanted and key not in lost}
        stated = {key: _stated(row, wanted[key]) for key, row in kept.items()}
        waived = _waived(rows)
        fresh = [
            _queued(tx, ask, standing.get(key), actor)
            for key, ask in wanted.items()
            if key not in kept and key not in waived
        ]
        gone = [_ended(tx, row, NOT_ASKED) for row in over]
        gone += [_ended(tx, row, UNIT_GONE) for row in homeless if (row.stay, row.ask) in wanted]
        units.change_allotments(tx, gone + [row for key, row in stated.items() if row != kept[key]])
        self._tell(tx, "freed", [row for row in gone if row.unit is not None], actor)
        self._tell(tx, "unqueued", [row for row in gone if row.unit is None], actor)
        placed = self._placed(tx, campus, fresh, gone, wanted, set(persons), actor)
        found: dict[str, list[Allotment]] = {person: [] for person in persons}
        for row in (*stated.values(), *fresh):
            found.setdefault(row.person, []).append(placed.get(row.id, row))
        return {person: tuple(found[person]) for person in persons}

    def serve(self, tx: Tx, campus: Campus, actor: Actor) -> int:
        """End offers whose time is over, and give what is vacant to who waits: seats, and offers of flats. Whom it
        concerns is to be looked at again. Returns how many allotments changed; bounded, so ask again while it is not 0.
        """
        if not units.anybody_waits(tx):
            return 0
        over = [one.allotment for one in units.expired(tx, EXPIRED_MAX)]
        back = [_back(row) for row in over]
        units.change_allotments(tx, back)
        self._tell(tx, "offer-expired", over, actor)
        seated = self._seating.seat(tx, campus, (), {}, actor.name)
        units.change_allotments(tx, seated)
        self._tell(tx, "allotted", seated, actor)
        offered = self._offered(tx, campus, actor)
        people.due_now(tx, [row.person for row in (*back, *seated, *offered)])
        if over or seated or offered:
            tx.wake("persons")
        return len(over) + len(seated) + len(offered)

    def anybody_waits(self, tx: Tx) -> bool:
        """Whether `serve` may have something to do."""
        return units.anybody_waits(tx)

    def _placed(
        self,
        tx: Tx,
        campus: Campus,
        fresh: Sequence[Allotment],
        gone: Sequence[Allotment],
        wanted: Mapping[Key, Ask],
        persons: set[str],
        actor: Actor,
    ) -> dict[str, Allotment]:
        """Put the new rows, seats with their units; those who were given a seat, by id of the row."""
        newcomers = [row for row in fresh if row.kind == UnitKind.SEAT]
        vacated = any(row.kind == UnitKind.SEAT for row in gone)
        seated = self._seating.seat(tx, campus, newcomers, wanted, actor.name) if newcomers or vacated else []
        placed = {row.id: row for row in seated}
        entered = [placed.get(row.id, row) for row in fresh]
        units.add_allotments(tx, entered)
        known = {row.id for row in fresh}
        moved_up = [row for row in seated if row.id not in known]
        units.change_allotments(tx, moved_up)
        others = [row.person for row in moved_up if row.person not in persons]
        if others:
            people.due_now(tx, others)
            tx.wake("persons")
        self._tell(tx, "queued", [row for row in entered if row.unit is None], actor)
        self._tell(tx, "allotted", seated, actor)
        return placed

    def _offered(self, tx: Tx, campus: Campus, actor: Actor) -> list[Allotment]:
        """Offer the vacant flats of each tier to the first of its queue."""
        asks = units.asks_queued(tx, UnitKind.FLAT)
        if not asks:
            return []
        full = set(units.not_vacant(tx, UnitKind.FLAT))
        offered: list[Allotment] = []
        for ask in asks:
            tier = ask.partition(":")[2]
            vacant = [flat for flat, block in campus.flats.items() if block.tier == tier and flat not in full]
            room = min(len(vacant), OFFERED_MAX - len(offered))
            queue = [one.allotment for one in units.queue(tx, UnitKind.FLAT, room, ask)] if room else []
            offered += _offers(queue, vacant, campus, tx, actor) if queue else []
        units.change_allotments(tx, offered)
        self._tell(tx, "offered", offered, actor)
        return offered

    def _tell(self, tx: Tx, what: str, rows: Iterable[Allotment], actor: Actor) -> None:
        self._story.tell(tx, *(told(what, row, actor) for row in rows))


def told(what: str, row: Allotment, actor: Actor) -> Told:
    """What happened to an allotment, for the story: `seat.allotted`, `flat.offered` …"""
    data: dict[str, Json] = {"unit": row.unit, "stay": row.stay, "ask": row.ask, "points": row.points}
    if row.offered_until is not None:
        data["offered_until"] = row.offered_until.isoformat()
    if row.ended_by is not None:
        data["ended_by"] = row.ended_by
    return Told(f"{row.kind}.{what}", actor.name, person=row.person, trace=row.id, data=data)


def _homeless(row: Allotment, campus: Campus) -> bool:
    return row.unit is not None and row.unit not in units_of(campus, UnitKind(row.kind))


def _back(row: Allotment) -> Allotment:
    """The row of one who let an offer pass: behind all who did not, for else those of the most points, should they never
    answer, would keep every flat from all the others for ever."""
    return replace(row, unit=None, state=AllotmentState.QUEUED, offered_until=None, lapses=row.lapses + 1)


def _waived(rows: Sequence[Allotment]) -> set[Key]:
    """What was given up, and not asked anew since."""
    ended = [row for row in rows if row.ended is not None]
    last = {(row.stay, row.ask): row for row in sorted(ended, key=lambda row: (row.ended or row.at, row.id))}
    return {key for key, row in last.items() if row.state is AllotmentState.WAIVED}


def _stated(row: Allotment, ask: Ask) -> Allotment:
    """The row as the ask has it by now: its points, and whose the stay is."""
    return (
        row
        if (row.points, row.person) == (ask.points, ask.person)
        else replace(row, points=ask.points, person=ask.person)
    )


def _queued(tx: Tx, ask: Ask, before: Allotment | None, actor: Actor) -> Allotment:
    """A new row that waits; whoever lost their unit with its office has waited since they first asked."""
    asked, lapses = (tx.now, 0) if before is None else (before.asked, before.lapses)
    state = AllotmentState.QUEUED
    return Allotment(
        tx.ids.new("alt"), kind_of(ask.resource).value, None, ask.person, ask.stay, ask.resource, state, ask.points, asked,
        actor.name, tx.now, lapses=lapses,
    )  # fmt: skip


def _ended(tx: Tx, row: Allotment, by: str) -> Allotment:
    return replace(row, ended=tx.now, ended_by=by)


def _offers(queue: Sequence[Allotment], vacant: Sequence[str], campus: Campus, tx: Tx, actor: Actor) -> list[Allotment]:
    work = _work(tx, campus, queue)
    until = tx.now + timedelta(days=campus.offer_days)
    by_id = {row.id: row for row in queue}
    found = offers([Applicant(row.id, (row.lapses, row.points), work[row.stay]) for row in queue], vacant, campus)
    return [
        replace(by_id[at], unit=flat, state=AllotmentState.OFFERED, offered_until=until, by=actor.name, at=tx.now)
        for at, flat in found
    ]


def _work(tx: Tx, campus: Campus, queue: Sequence[Allotment]) -> dict[str, tuple[str, ...]]:
    """The buildings where each of these stays works: its seat's, else those of its area's offices."""
    seats = units.placed(tx, UnitKind.SEAT, persons=[row.person for row in queue], state=AllotmentState.HELD)
    held = {one.allotment.stay: one.allotment.unit for one in seats}
    areas = placement(tx, campus, {row.stay: row.person for row in queue})
    of_area: dict[str, dict[str, None]] = {}
    for office in campus.offices.values():
        of_area.setdefault(office.area, {})[office.building] = None
    return {
        row.stay: (office.building,)
        if (office := campus.seats.get(held.get(row.stay) or "")) is not None
        else tuple(of_area.get(areas[row.stay].area, ()))
        for row in queue
    }
