"""`foyer run`: the whole house with an emulated campus in one process, and a first walk through it as a client of its own
API. A second start goes on where the first stopped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from provisioning.cli.emulate import CannotEmulate
from provisioning.cli.errand import Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.play import Stage
from provisioning.cli.serve import Place, keep, ports, taken
from provisioning.cli.walk import Walk

if TYPE_CHECKING:
    from provisioning.compose import House


def arguments(parser: Parser) -> None:
    """The words of `foyer run`."""
    parser.flag("--campus", default="small", metavar="FILE", help="a campus file, or one that ships: small, xiongan")
    parser.flag(
        "--people",
        type=int,
        metavar="N",
        help="how many people an empty house begins with (200 newcomers; 2000 in place on a large campus)",
    )
    parser.flag(
        "--batches",
        type=int,
        metavar="N",
        help="how many batches of arrivals to play at this start, of 400 (10 on a large campus, else 0)",
    )
    ports(parser)
    parser.set_defaults(carry_out=run)


def run(errand: Errand) -> int:
    """Serve hub, gateway and emulated campus until Ctrl-C."""
    from devices.clock import SystemClock

    began = SystemClock().now()
    with taken(errand, errand.args.campus) as place:
        houses: list[House] = []

        @asynccontextmanager
        async def beside(house: House) -> AsyncGenerator[None]:
            houses.append(house)
            async with _panels(errand, house):
                yield

        def guide(place: Place, stopped: Callable[[], bool]) -> None:
            Walk(errand, place, _stage(houses[0], stopped), began).go()

        return keep(errand, place, beside, guide)


def _stage(house: House, stopped: Callable[[], bool]) -> Stage:
    from provisioning.compose import dice

    with house.store.reading() as tx:
        campus = house.campuses.current(tx)
        return Stage(campus, tx.now.astimezone(campus.zone).date(), dice, stopped)


@asynccontextmanager
async def _panels(errand: Errand, house: House) -> AsyncGenerator[None]:
    """The emulated panels and lines of the campus in force, each with its memory in the hub's folder."""
    from devices.campus import CampusError, read, wires
    from devices.emulate import emulated
    from devices.wire import WireError
    from provisioning.compose import dice

    with house.store.reading() as tx:
        text = house.campuses.text(tx) or ""
    house.settings.panels.mkdir(parents=True, exist_ok=True)
    try:
        found = [wire for wire in wires(read(text, "campus")) if wire.emulated]
        folder = house.settings.data
        async with emulated(found, house.settings.panels, house.clock, dice(), lines_dir=folder):
            panels = [wire for wire in found if wire.doors and wire.line is None]
            lines = [wire for wire in found if wire.line is not None]
            errand.screen.say(
                "{count} emulated panels with {doors} doors answer.",
                count=len(panels),
                doors=sum(len(wire.doors) for wire in panels),
            )
            if lines:
                errand.screen.say(
                    "Emulated serial lines below {folder}: {count}, with {doors} doors.",
                    count=len(lines),
                    doors=sum(len(wire.doors) for wire in lines),
                    folder=folder,
                )
            yield
    except (CampusError, WireError, OSError) as error:
        raise CannotEmulate(why=str(error)) from error
