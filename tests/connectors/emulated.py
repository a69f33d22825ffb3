"""Emulated targets on real sockets, one per kind: they can fail, fill up, choke, mangle, and be tampered with."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Json, Record, canonical
from devices.clock import SystemClock
from devices.register import faults as register_faults
from devices.register.emulator import RegisterEmulator
from devices.register.served import ServedRegister, serve_register
from devices.register.state import Content
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.faults import Faults
from devices.wg.memory import Card
from devices.wg.served import ServedPanel, serve
from tests.connectors.osdp_line import osdp_target

ZONE = ZoneInfo("Asia/Shanghai")
PUT, GET_SLOT = 0x50, 0x5C


class CountingPanel(WgEmulator):
    """A panel that keeps the requests that reached it."""

    def __init__(self, *told: Any, **named: Any) -> None:
        super().__init__(*told, **named)
        self.heard: list[bytes] = []
        self.on_heard: Callable[[int], None] | None = None
        self.mangling = False
        self.choked = 0
        self._choking: tuple[int, bytes] | None = None

    def answer(self, frame: bytes) -> bytes | None:
        self.heard.append(frame)
        if self.on_heard is not None:
            self.on_heard(frame[1])
        if self._choking is not None and frame[1] == self._choking[0] and frame[8:].startswith(self._choking[1]):
            self.choked += 1
            return None
        if self.mangling and frame[1] == PUT:
            frame = frame[:20] + bytes((1, 1, 1, 1)) + frame[24:]
        return super().answer(frame)

    def choke_on(self, number: int) -> None:
        """Keep silent whenever this card is put."""
        self._choking = (PUT, number.to_bytes(4, "little"))

    def choke_on_slots(self) -> None:
        """Keep silent whenever a slot of the list is asked for."""
        self._choking = (GET_SLOT, b"")


class WgTarget:
    """An emulated panel as the contract suite needs any target: it can fail, fill up, and be tampered with."""

    kind = "wg"
    room = 3
    ground: tuple[Record, ...] = ()

    def __init__(self, served: ServedPanel, panel: CountingPanel, transport: str = "udp") -> None:
        self.served = served
        self.panel = panel
        self.transport = transport

    def settings(self) -> dict[str, Json]:
        host, port = self.served.address
        doors: list[Json] = [
            {"number": n, "id": f"d{n}", "name": {"zh": f"门{n}", "en": f"Door {n}"}, "zones": [f"z{n}"]}
            for n in range(1, 5)
        ]
        return {
            "serial": self.panel.identity.serial,
            "address": f"{host}:{port}",
            "model": "wg-2054",
            "cards_max": self.room,
            "transport": self.transport,
            "doors": doors,
        }

    def record(self, n: int, *, wide: bool = True) -> Record:
        body = canonical({
            "number": 7000 + n, "opens": "2027-03-01", "closes": "2027-03-20",
            "doors": [1, 1, 0, 0] if wide else [1, 0, 0, 0], "pin": 0,
        })  # fmt: skip
        return Record(f"card:{7000 + n}", body, 1, ("g1",))

    def garbage(self, share: float) -> None:
        self.served.suffer(Faults(garbage=share))

    def off(self, *, off: bool) -> None:
        self.served.suffer(Faults(off=off))

    def trouble(self, **shares: float) -> None:
        self.served.suffer(Faults(**shares))  # type: ignore[arg-type]  # the test names only shares

    def tamper(self) -> str:
        self.panel.put(Card(99, date(2027, 1, 1), date(2027, 12, 31), (1, 1, 1, 1)))
        return "card:99"

    def lose(self, n: int) -> None:
        self.panel.remove(7000 + n)

    def forget(self) -> None:
        self.panel.power_cycle(keep_memory=False)

    def restart(self) -> None:
        self.panel.power_cycle(keep_memory=True)

    def heard(self, code: int) -> int:
        return Counter(frame[1] for frame in self.panel.heard)[code]


class RegisterTarget:
    """An emulated register, as the contract suite needs any target. A unit can be taken, but a register is never full."""

    unit_kind = ""
    room: int | None = None
    ground: tuple[Record, ...] = ()

    def __init__(self, kind: str, served: ServedRegister) -> None:
        self.kind = kind
        self.served = served
        self.unit_kind = kind.removesuffix("s")

    @property
    def emulator(self) -> RegisterEmulator:
        return self.served.emulator

    def settings(self) -> dict[str, Json]:
        host, port = self.served.address
        return {"register": "r-1", "address": f"{host}:{port}", "units": ["u-*"]}

    def record(self, n: int, *, wide: bool = True) -> Record:
        return self.occupancy(f"u-{n:02}", f"per_{n}", wide=wide)

    def rival(self, n: int) -> Record:
        """A record for what `record(n)` takes, for somebody else."""
        return self.occupancy(f"u-{n:02}", "per_rival")

    def occupancy(self, unit: str, ref: str, *, wide: bool = True) -> Record:
        body = canonical({"from": "2027-03-01", "to": None if wide else "2027-03-20", "unit": unit})
        return Record(f"{self.unit_kind}:{unit}/{ref}", body, 1, ("g1",))

    def garbage(self, share: float) -> None:
        self.served.suffer(register_faults.Faults(garbage=share))

    def off(self, *, off: bool) -> None:
        self.served.suffer(register_faults.Faults(off=off))

    def trouble(self, **shares: float) -> None:
        self.served.suffer(register_faults.Faults(**shares))  # type: ignore[arg-type]  # the test names only shares

    def tamper(self) -> str:
        self.emulator.put("u-15", Content({"ref": "stranger", "from": "2027-01-01", "to": None}))
        return f"{self.unit_kind}:u-15/stranger"

    def lose(self, n: int) -> None:
        self.emulator.put(f"u-{n:02}", Content())

    def forget(self) -> None:
        self.served.restart(keep_memory=False)

    def restart(self) -> None:
        self.served.restart(keep_memory=True)

    def heard(self, verb: str) -> int:
        return self.served.heard[verb]


class LockTarget(RegisterTarget):
    """A register of flats of which the tests use one lock: its cards, and the occupant whom they are for."""

    room: int | None = 3

    def __init__(self, kind: str, served: ServedRegister) -> None:
        super().__init__(kind, served)
        self.ground = (self.occupancy("u-00", "per_1"),)
        self._occupy()

    def record(self, n: int, *, wide: bool = True) -> Record:
        body = canonical({"from": "2027-03-01", "ref": "per_1", "to": "2027-03-30" if wide else "2027-03-20"})
        return Record(f"lock:u-00/{7000 + n}", body, 2, ("g1",))

    def tamper(self) -> str:
        held = self.emulator.content("u-00")
        foreign = {"number": 99, "ref": "per_1", "from": "2027-01-01", "to": "2027-12-31"}
        self.emulator.put("u-00", Content(held.occupant, (foreign, *held.cards)))
        return "lock:u-00/99"

    def lose(self, n: int) -> None:
        held = self.emulator.content("u-00")
        self.emulator.put(
            "u-00", Content(held.occupant, tuple(card for card in held.cards if card["number"] != 7000 + n))
        )

    def forget(self) -> None:
        super().forget()
        self._occupy()

    def _occupy(self) -> None:
        self.emulator.put("u-00", Content({"ref": "per_1", "from": "2027-03-01", "to": None}))


@asynccontextmanager
async def wg_target(number: int = 1, transport: str = "udp") -> AsyncGenerator[WgTarget]:
    identity = Identity(405419896 + number)
    made: list[CountingPanel] = []

    def make() -> WgEmulator:
        made.append(CountingPanel(identity, SystemClock(), ZONE, cards_max=WgTarget.room))
        return made[0]

    served = await serve(f"p{number}", make, (f"127.62.0.{number}", 0), random.Random(number))
    try:
        yield WgTarget(served, made[0], transport)
    finally:
        await served.close()


@asynccontextmanager
async def register_target(
    kind: str, make: Callable[[str, ServedRegister], RegisterTarget] = RegisterTarget, number: int = 1, units: int = 20
) -> AsyncGenerator[RegisterTarget]:
    chance = random.Random(number)

    def emulator() -> RegisterEmulator:
        ids = [f"u-{n:02}" for n in range(units)]
        return RegisterEmulator(
            "r-1", kind.removesuffix("s"), ids, SystemClock(), lambda: chance.randbytes(4).hex(), lock_cards_max=3
        )

    served = await serve_register("r-1", emulator, (f"127.75.0.{number}", 0), chance)
    try:
        yield make(kind, served)
    finally:
        await served.close()


EMULATED: dict[str, Callable[[], AbstractAsyncContextManager[Any]]] = {
    "wg": wg_target,
    "wg-tcp": lambda: wg_target(transport="tcp"),
    "seats": lambda: register_target("seats"),
    "flats": lambda: register_target("flats"),
    "flats-locks": lambda: register_target("flats", LockTarget),
    "osdp": osdp_target,
}
"""Emulated targets, at least one of each registered kind."""
FILLING = ("wg", "wg-tcp", "flats-locks", "osdp")
"""Those that can be full."""
SHARED = ("seats", "flats")
"""Those where two people can want one thing."""
