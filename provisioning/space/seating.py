"""Gives seats to whoever waits for one: to all of them together, so that the whole is nearest. Nobody who has a seat is
ever moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioning.campus.file import Campus
from provisioning.nouns.people import Move
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.space.asks import Ask, UnitKind
from provisioning.space.nearness import BATCH_MAX, Home, Nearness
from provisioning.store import people, units
from provisioning.store.engine import Tx


class Seating:
    """Seats of the campus in force."""

    def __init__(self) -> None:
        self._nearness: tuple[Campus, Nearness] | None = None

    def seat(
        self, tx: Tx, campus: Campus, newcomers: Sequence[Allotment], asks: Mapping[tuple[str, str], Ask], by: str
    ) -> list[Allotment]:
        """Those of the queue and of these newcomers, who are not in the database yet, who can be given a seat now, each
        with it; at most `BATCH_MAX`. Whoever asked first comes first where there are too few."""
        nearness = self._of(campus)
        vacant = nearness.vacant(units.not_vacant(tx, UnitKind.SEAT))
        room = min(len(vacant), BATCH_MAX)
        if not room:
            return []
        waiting = [one.allotment for one in units.queue(tx, UnitKind.SEAT, room)]
        chosen = (waiting + _in_turn(tx, newcomers, room - len(waiting)))[:room]
        if not chosen:
            return []
        homes = _homes(tx, chosen, asks, campus)
        seats = nearness.choose(homes, vacant, nearness.where(_seated(tx, campus, homes)))
        return [_given(tx, one, seat, by) for one, seat in zip(chosen, seats, strict=True)]

    def nearest_to(self, tx: Tx, campus: Campus, home: Home, own: str) -> str | None:
        """The vacant seat that is nearest to a home; `own` where none is nearer, and None where there is none. Whoever
        sits in a closed seat is given any other."""
        nearness = self._of(campus)
        vacant = nearness.vacant(units.not_vacant(tx, UnitKind.SEAT))
        stays = own in campus.seats and own not in units.closures(tx, UnitKind.SEAT, own)
        seated = {
            department: [seat for seat in seats if seat != own]
            for department, seats in _seated(tx, campus, [home]).items()
        }
        return nearness.nearest_to(home, own if stays else None, vacant, nearness.where(seated))

    def _of(self, campus: Campus) -> Nearness:
        if self._nearness is None or self._nearness[0] is not campus:
            self._nearness = (campus, Nearness(campus))
        return self._nearness[1]


def placement(tx: Tx, campus: Campus, stays: Mapping[str, str]) -> dict[str, Move]:
    """Where each of these stays works today; `stays` leads from a stay to its person."""
    today = tx.now.astimezone(campus.zone).date()
    found = people.stays_of(tx, stays.values())
    return {stay.id: stay.on(today) for some in found.values() for stay in some if stay.id in stays}


def _seated(tx: Tx, campus: Campus, homes: Sequence[Home]) -> dict[str, list[str]]:
    """Where the people of these homes' departments sit today, by department."""
    departments = {department for department, _ in homes}
    return units.occupants(tx, UnitKind.SEAT, departments, tx.now.astimezone(campus.zone).date())


def _given(tx: Tx, row: Allotment, seat: str, by: str) -> Allotment:
    return Allotment(
        row.id, row.kind, seat, row.person, row.stay, row.ask, AllotmentState.HELD, row.points, row.asked, by, tx.now,
        held=tx.now,
    )  # fmt: skip


def _in_turn(tx: Tx, newcomers: Sequence[Allotment], room: int) -> list[Allotment]:
    """The newcomers, and where there is not room for all, those who will be first in the queue."""
    if len(newcomers) <= room:
        return list(newcomers)
    numbers = units.numbers(tx, [one.person for one in newcomers])
    return sorted(newcomers, key=lambda one: (-one.points, one.asked, numbers[one.person]))[: max(room, 0)]


def _homes(tx: Tx, chosen: Sequence[Allotment], asks: Mapping[tuple[str, str], Ask], campus: Campus) -> list[Home]:
    told = {key: (ask.department, ask.area) for key, ask in asks.items()}
    others = {one.stay: one.person for one in chosen if (one.stay, one.ask) not in told}
    found = placement(tx, campus, others) if others else {}
    return [told.get((one.stay, one.ask)) or (found[one.stay].department, found[one.stay].area) for one in chosen]
