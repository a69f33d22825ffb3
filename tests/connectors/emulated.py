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
from devices.wg.body import Identity
from devices.wg.emulator import WgEmulator
from devices.wg.faults import Faults
from devices.wg.memory import Card
from devices.wg.served import ServedPanel, serve

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

    def __init__(self, served: ServedPanel, panel: CountingPanel) -> None:
        self.served = served
        self.panel = panel

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

    def heard(self, code: int) -> int:
        return Counter(frame[1] for frame in self.panel.heard)[code]


@asynccontextmanager
async def wg_target(number: int = 1) -> AsyncGenerator[WgTarget]:
    identity = Identity(405419896 + number)
    made: list[CountingPanel] = []

    def make() -> WgEmulator:
        made.append(CountingPanel(identity, SystemClock(), ZONE, cards_max=WgTarget.room))
        return made[0]

    served = await serve(f"p{number}", make, (f"127.62.0.{number}", 0), random.Random(number))
    try:
        yield WgTarget(served, made[0])
    finally:
        await served.close()


EMULATED: dict[str, Callable[[], AbstractAsyncContextManager[WgTarget]]] = {"wg": wg_target}
"""One emulated target per kind; a registered kind that is missing here fails the contract suite."""
