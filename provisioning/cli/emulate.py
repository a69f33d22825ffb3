"""`foyer emulate`: the devices of a campus file by themselves, for a hub elsewhere or for other tools."""

from __future__ import annotations

import asyncio
import random  # noqa: TID251 - this process is the panels alone: their chance enters here
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provisioning.cli.errand import OK, CommandFailed, Errand
from provisioning.cli.grammar import Parser
from provisioning.cli.looping import run

if TYPE_CHECKING:
    from devices.wires import Wire

DATABASE = "hub.sqlite3"


class CannotEmulate(CommandFailed):
    """{why}"""


class NothingToEmulate(CommandFailed):
    """{path} asks for no emulated target. Give at least one of its targets a line such as: emulate: {example}"""


def arguments(parser: Parser) -> None:
    """The words of `foyer emulate`."""
    parser.word("CAMPUS", help="a campus file, or the name of one that ships: small, xiongan")
    parser.flag("--memory", metavar="DIR", help="where panels keep their memory; without it they forget at the end")
    parser.flag("--lines", metavar="DIR", help="below which folder serial lines stand (the hub's data folder)")
    parser.set_defaults(carry_out=emulate)


def emulate(errand: Errand) -> int:
    """Serve panels, registers and serial lines until Ctrl-C."""
    from devices.campus import CampusError, read, wires

    name, text = campus_text(errand, errand.args.campus)
    try:
        document = read(text, name)
        found: Sequence[Wire] = [wire for wire in wires(document) if wire.emulated]
    except CampusError as error:
        raise CannotEmulate(why=str(error)) from error
    if not found:
        raise NothingToEmulate(path=name, example="{control: 127.60.0.1:60100}")
    memory = None if errand.args.memory is None else Path(errand.args.memory)
    if memory is not None:
        memory.mkdir(parents=True, exist_ok=True)
    return run(_serve(errand, found, memory, _lines(errand, document.value.get("campus"))))


def campus_text(errand: Errand, word: str) -> tuple[str, str]:
    """Name and text of a campus file, or of one that ships."""
    path = Path(word)
    if not path.exists():
        from provisioning.campus.campuses import shipped  # a second of a slow machine: only for whoever names one

        path = shipped(word) if shipped(word).exists() else path
    return path.name, errand.read(path).decode("utf-8-sig", "replace")


def _lines(errand: Errand, campus: object) -> Path:
    """Below which folder lines stand: where a hub of this campus, started in the same place, looks for them."""
    if errand.args.lines is not None:
        return Path(errand.args.lines)
    if (errand.data / DATABASE).exists() or not isinstance(campus, str):
        return errand.data
    return errand.data / Path(campus).name


async def _serve(errand: Errand, panels: Sequence[Wire], memory: Path | None, lines: Path) -> int:
    from devices.clock import SystemClock
    from devices.emulate import emulated
    from devices.wire import WireError

    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    chance = random.Random()  # noqa: S311 - faults, no secrets
    try:
        async with emulated(panels, memory, SystemClock(), chance, lines_dir=lines) as served:
            rows = [[wire.id, wire.name, wire.address or lines / wire.name, wire.control] for wire in panels]
            errand.screen.table(("target", "serial", "address", "control port"), rows)
            errand.screen.say("{count} devices are emulated. Ctrl-C stops them.", count=len(served))
            await stop.wait()
    except (WireError, OSError) as error:
        raise CannotEmulate(why=str(error)) from error
    return OK
