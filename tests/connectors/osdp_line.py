"""An emulated serial line on a pty with the gateway's own part that drives it: readers that are paired, a list on a disk,
hands that swipe, type and push, and time that a test may set."""

from __future__ import annotations

import asyncio
import random
import secrets
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors import registry
from connectors.contract import Conditions, Connector, Heard, Json, Mark, PassageKind, Record, Reported, canonical
from connectors.edge import LIST, Edge, Line
from devices.clock import Clock, SystemClock
from devices.osdp.acts import perform
from devices.osdp.faults import NONE, Faults
from devices.osdp.line import LineWire, ReaderSeat
from devices.osdp.served import ServedLine, serve_line
from policies.calendar import Calendar, Schedule

ZONE = ZoneInfo("Asia/Shanghai")
EDGES: dict[str, Edge] = {}
"""Who drives a line, by its path: what a process knows of itself."""
ALWAYS = Schedule("always", 2, (((0, 1440),),) * 7)
NEVER = Schedule("never", 3, ((),) * 7)
SCHEDULES = (ALWAYS, NEVER)
PIN_KEY = bytes(range(32))
FRESH_S = 1.1
"""For so long after its return nothing that a reader reads opens."""
LOOKS_MAX = 750
_NUMBERS = iter(range(1, 1_000_000))


def build(kind: str, settings: Any) -> Connector:
    """A connector as the process builds it that drives its line, if any does."""
    return registry.build(kind, settings, ZONE, EDGES.get(str(settings.get("line"))))


class OsdpTarget:
    """A line as the contract suite needs any target. What fails is the list: readers keep nothing that could."""

    kind = "osdp"
    room = 3
    ground: tuple[Record, ...] = ()

    def __init__(self, served: ServedLine, edge: Edge, folder: Path, doors: Sequence[dict[str, Any]]) -> None:
        self.served, self.edge, self.folder = served, edge, folder
        self.doors: list[dict[str, Any]] = [
            {"number": n, "id": f"d{n}", "name": {"zh": "门", "en": "Door"}, "zones": [f"z{n}"], "reader": n - 1} | door
            for n, door in enumerate(doors, 1)
        ]
        self.cards_max = self.room
        self.zone = ZONE
        self.term_until: datetime | None = None

    @property
    def line(self) -> str:
        return self.served.wire.path

    def settings(self) -> dict[str, Json]:
        doors: list[Json] = [*self.doors]
        return {"line": self.line, "cards_max": self.cards_max, "doors": doors}

    def record(self, n: int, *, wide: bool = True) -> Record:
        closes = "2027-03-20T00:00:00Z" if wide else "2027-03-10T00:00:00Z"
        body = canonical({"doors": {"1": [["2027-03-01T00:00:00Z", closes, None]]}, "number": 7000 + n, "pin": None})
        return Record(f"card:{7000 + n}", body, 1, ("g1",))

    def garbage(self, share: float) -> None:
        self.off(off=share > 0)

    def off(self, *, off: bool) -> None:
        # As where the disk was mounted anew for reading only, after an error of its own.
        self.edge.lists._file._writer.execute(f"PRAGMA query_only={int(off)}")

    def tamper(self) -> str:
        body = canonical({"doors": {"1": [["2026-01-01T00:00:00Z", None, None]]}, "number": 99, "pin": None})
        self._by_hand("INSERT INTO record VALUES (?, 'card:99', ?)", self.line, body)
        return "card:99"

    def lose(self, n: int) -> None:
        self._by_hand("DELETE FROM record WHERE line = ? AND key = ?", self.line, f"card:{7000 + n}")

    def forget(self) -> None:
        self.edge.close()
        for path in self.folder.glob(f"{LIST}*"):
            path.unlink()

    def restart(self) -> None:
        self.edge.close()

    def _by_hand(self, statement: str, *told: Any) -> None:
        with sqlite3.connect(self.folder / LIST) as connection:
            connection.execute(statement, told)
        connection.close()

    # With doors that are kept

    async def lines(self) -> list[Line]:
        return [Line("t", self.settings(), self.zone, self.term_until, PIN_KEY)]

    async def drive(self) -> None:
        await self.edge.drive(await self.lines())

    def connector(self) -> Connector:
        return build(self.kind, self.settings())

    async def tell(self, **under: Any) -> None:
        """Have the gateway told how its doors are to stand."""
        now = datetime.now(UTC)
        its: dict[str, Any] = {"locked": frozenset(), "freed": frozenset(), "listener": None} | under
        conditions = Conditions(Calendar(), SCHEDULES, now=now, horizon=now + timedelta(days=30), zone=ZONE, **its)
        connector = self.connector()
        for record in sorted(connector.fixtures(conditions).records.values(), key=lambda one: one.rank):
            await connector.write(record)

    async def give(self, number: int, *doors: int, pin: str | None = None, **told: Any) -> None:
        """Put a card on the list that opens these doors now."""
        now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        window: list[Json] = [
            f"{(now - timedelta(days=1)).isoformat()}Z",
            f"{(now + timedelta(days=1)).isoformat()}Z",
            None,
        ]
        its: dict[str, Json] = {str(door): [window] for door in doors}
        body = canonical({"doors": its, "number": number, "pin": pin, **told})
        await self.connector().write(Record(f"card:{number}", body, 1, ()))

    async def hand(self, act: str, **told: Any) -> Any:
        return await perform(self.served, {"act": act, **told})

    async def swipe(self, card: int, door: int = 1, **told: Any) -> bool:
        """Whether the strike let them in."""
        return (await self.hand("swipe", card=card, door=door, **told))["open"]

    async def passages(self, after: int = 0) -> list[Heard]:
        """What doors reported, without what became of readers and lines."""
        told: list[Reported] = [one async for one in self.connector().passages(Mark(after), 10_000)]
        return [one for one in told if isinstance(one, Heard)]

    async def said(self, *kinds: PassageKind) -> list[str]:
        return [one.reason for one in await self.passages() if not kinds or one.kind in kinds]

    async def online(self) -> None:
        """Until every reader is there, and what it reads is believed."""
        keeper = self.edge.keeper(self.line)
        assert keeper is not None
        await until(lambda: all(keeper.why_not(seat.address) is None for seat in self.served.wire.readers))
        await asyncio.sleep(FRESH_S)

    async def tells(self, reason: str, times: int = 1) -> None:
        """Wait until this was reported so many times."""
        for _ in range(LOOKS_MAX):
            if (await self.said()).count(reason) >= times:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{reason!r} was not told {times} times: {await self.said()}")

    def suffer(self, **told: Any) -> None:
        self.served.suffer(Faults(**told) if told else NONE)


async def until(holds: Callable[[], object], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for is told by a strike, a disk, a light: by no event of ours
            await asyncio.sleep(0.01)


@asynccontextmanager
async def osdp_target(
    *doors: dict[str, Any], clock: Clock | None = None, paired: bool = True, folder: Path | None = None
) -> AsyncGenerator[OsdpTarget]:
    """A line of these doors, each with a reader and an exit's where it names one, whose readers are paired."""
    number = next(_NUMBERS)
    its_doors = doors or ({}, {})
    clock = clock or SystemClock()
    seats = [ReaderSeat(n, n + 1) for n in range(len(its_doors))]
    seats += [ReaderSeat(door["exit"], n, exit=True) for n, door in enumerate(its_doors, 1) if "exit" in door]
    wire = LineWire(f"c-{number}", f"lines/c-{number}", 115200, tuple(seats))
    keys = {seat.address: secrets.token_bytes(16) for seat in seats} if paired else {}
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        edge = EDGES[wire.path] = Edge(place, clock, secrets.token_bytes)
        for address, key in keys.items():
            await edge._own.keys.put(wire.path, address, key)
        try:
            async with serve_line(wire, None, place, clock, random.Random(number), keys=keys) as served:
                target = OsdpTarget(served, edge, place, its_doors)
                await target.drive()
                try:
                    yield target
                finally:
                    await edge.drive(())
        finally:
            del EDGES[wire.path]
            edge.close()


def at_doors(
    act: Callable[[OsdpTarget], Awaitable[None]], *doors: dict[str, Any], told: bool = True, **how: Any
) -> None:
    async def run() -> None:
        async with osdp_target(*doors, **how) as target:
            if told:
                await target.tell()
            await target.online()
            await act(target)

    asyncio.run(run())


async def settled(target: OsdpTarget, door: int = 1) -> None:
    """Until a strike that was released has fallen back, and the door is shut."""
    its = target.served.doors[door]
    await until(lambda: not its.released and not its.is_open)


async def leave(target: OsdpTarget) -> None:
    """Press the button inside, which always opens."""
    before = target.served.doors[1].releases
    await target.hand("button", door=1)
    await until(lambda: target.served.doors[1].releases > before)
