"""Gives seats to whoever waits for one: to all of them together, so that the whole is nearest. Nobody who has a seat is
ever moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisioning.campus.file import Campus
from provisioning.nouns.people import Move
from provisioning.nouns.units import Allotment, AllotmentState
from provisioning.space.asks import Ask, UnitKind
from provisioning.space.nearness import BATCH_MAX, Home, Nearness, nearest
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
        seated, vacant = _taken_and_vacant(tx, campus)
        room = min(len(vacant), BATCH_MAX)
        if not room:
            return []
        waiting = [one.allotment for one in units.queue(tx, UnitKind.SEAT, room)]
        chosen = (waiting + _in_turn(tx, newcomers, room - len(waiting)))[:room]
        homes = _homes(tx, chosen, asks, campus)
        costs = self._of(campus).costs(homes, vacant, seated)
        columns = _lowest_first(nearest(costs), vacant, campus)
        return [
            replace(one, unit=vacant[column], state=AllotmentState.HELD, held=tx.now, by=by, at=tx.now)
            for one, column in zip(chosen, columns, strict=True)
        ]

    def nearest_to(self, tx: Tx, campus: Campus, home: Home, own: str) -> str | None:
        """The vacant seat that is nearest to a home; `own` where none is nearer, and None where there is none. Whoever
        sits in a closed seat is given any other."""
        seated, vacant = _taken_and_vacant(tx, campus)
        stays = own in campus.seats and own not in units.closed_units(tx, UnitKind.SEAT)
        choice = [own, *vacant] if stays else vacant
        if not choice:
            return None
        (costs,) = self._of(campus).costs([home], choice, [each for each in seated if each[0] != own])
        return choice[int(costs.argmin())]

    def _of(self, campus: Campus) -> Nearness:
        if self._nearness is None or self._nearness[0] is not campus:
            self._nearness = (campus, Nearness(campus))
        return self._nearness[1]


def placement(tx: Tx, campus: Campus, stays: Mapping[str, str]) -> dict[str, Move]:
    """Where each of these stays works today; `stays` leads from a stay to its person."""
    today = tx.now.astimezone(campus.zone).date()
    found = people.stays_of(tx, stays.values())
    return {stay.id: stay.on(today) for some in found.values() for stay in some if stay.id in stays}


def _taken_and_vacant(tx: Tx, campus: Campus) -> tuple[list[tuple[str, str]], list[str]]:
    """The seats that are taken, each with the department of who has it, and those that may be given."""
    seated = units.occupants(tx, UnitKind.SEAT, tx.now.astimezone(campus.zone).date())
    full = {seat for seat, _ in seated} | units.closed_units(tx, UnitKind.SEAT)
    return seated, [seat for seat in campus.seats if seat not in full]


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


def _lowest_first(columns: Sequence[int], vacant: Sequence[str], campus: Campus) -> list[int]:
    """Within an office every seat is as near: its lowest numbers are given first, in the order of asking."""
    free: dict[str, list[int]] = defaultdict(list)
    wanted = {campus.seats[vacant[column]].id for column in columns}
    for column, seat in enumerate(vacant):
        if campus.seats[seat].id in wanted:
            free[campus.seats[seat].id].append(column)
    return [free[campus.seats[vacant[column]].id].pop(0) for column in columns]
