"""Serves the devices of a campus as emulators, each by its kind, on the addresses that the campus file gives them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from devices.clock import Clock
from devices.osdp.served import ServedLine, serve_line
from devices.register.emulator import RegisterEmulator
from devices.register.served import ServedRegister, serve_register
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.faults import Chance
from devices.wg.memory import Journal
from devices.wg.served import BIND_PATIENCE_S, ServedPanel, serve
from devices.wire import WireError
from devices.wires import Wire

Served = ServedPanel | ServedRegister | ServedLine
"""What is served: one type for each kind of device."""
MARK_BYTES = 4
"""What tells the ETags of one register's memory from those of another."""


class LineNowhere(WireError):
    """The emulated line {name} has no folder in which its adapter could stand. Name one: --lines DIR"""

    def __init__(self, name: str) -> None:
        super().__init__(str(type(self).__doc__).format(name=name))


@asynccontextmanager
async def emulated(
    wires: Iterable[Wire],
    memory_dir: Path | None,
    clock: Clock,
    chance: Chance,
    *,
    lines_dir: Path | None = None,
    patience_s: float = BIND_PATIENCE_S,
) -> AsyncGenerator[dict[str, Served]]:
    """Serve all wires that ask to be emulated, by target id, until the block ends.

    Each remembers in a file of its own below `memory_dir`; None: only while it runs. An address that is taken is waited
    for. The adapters of serial lines stand below `lines_dir`. Raises `AddressTaken`, `LineTaken`, `LineNowhere`,
    `MemoryDamaged` and OSError, and then nothing is served.
    """
    async with AsyncExitStack() as stack:
        served: dict[str, Served] = {}
        for wire in wires:
            if wire.emulated and wire.line is not None:
                if lines_dir is None:
                    raise LineNowhere(wire.id)
                line = serve_line(wire.line, memory_dir, lines_dir, clock, chance, patience_s=patience_s)
                served[wire.id] = await stack.enter_async_context(line)
            elif wire.emulated:
                answering = await _SERVERS[wire.kind](wire, memory_dir, clock, chance, patience_s)
                stack.push_async_callback(answering.close)
                served[wire.id] = answering
        yield served


async def _serve_wg(wire: Wire, memory_dir: Path | None, clock: Clock, chance: Chance, patience_s: float) -> Served:
    host, port = _address(wire.address)

    def emulator() -> WgEmulator:
        # By serial, which is a number: a target's id could be no name for a file.
        journal = None if memory_dir is None else Journal(memory_dir / f"wg-{wire.serial}.jsonl")
        made = wire.emulation
        identity = Identity(wire.serial, address=IPv4Address(host), mac=b"\x00\x66" + wire.serial.to_bytes(4, "big"))
        if made.version is not None:
            identity = replace(identity, version=made.version)
        told = {"events_max": made.events_max, "events_chunk": made.events_chunk, "held_open_s": made.held_open_s}
        options: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        return WgEmulator(identity, clock, wire.zone, cards_max=wire.cards_max, journal=journal, **options)

    control = None if wire.control is None else _address(wire.control)
    return await serve(wire.id, emulator, (host, port), chance, control=control, patience_s=patience_s)


async def _serve_register(
    wire: Wire, memory_dir: Path | None, clock: Clock, chance: Chance, patience_s: float
) -> Served:
    def emulator() -> RegisterEmulator:
        journal = None if memory_dir is None else Journal(memory_dir / f"register-{wire.register}.jsonl")
        kind = wire.kind.removesuffix("s")
        return RegisterEmulator(
            wire.register, kind, wire.units, clock, lambda: chance.randbytes(MARK_BYTES).hex(), journal=journal
        )

    control = None if wire.control is None else _address(wire.control)
    return await serve_register(
        wire.id, emulator, _address(wire.address), chance, control=control, patience_s=patience_s
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


_SERVERS: dict[str, Callable[[Wire, Path | None, Clock, Chance, float], Awaitable[Served]]] = {
    "flats": _serve_register,
    "seats": _serve_register,
    "wg": _serve_wg,
}
