"""A gateway by itself, joined: its files, its line to the hub, and the same loops that the hub's own gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any
from zoneinfo import ZoneInfo

from connectors import kept_work, registry
from connectors.contract import Connector, EdgeError, Json
from connectors.doorkeeper import OpenBus
from connectors.ears import Ears
from connectors.edge import Edge
from connectors.edge import Line as SerialLine
from connectors.gateway import AT_WORK, Gateway
from connectors.kept import Kept
from connectors.kept_file import ReservedFile
from connectors.osdp_doors import OsdpDoors
from connectors.partings import Partings
from connectors.remote import RemoteDesk
from connectors.remote_asks import HubAsks
from connectors.remote_line import Line
from connectors.remote_passages import RemotePassageDesk
from connectors.remote_sync import Pace, Stand, Sync
from devices.clock import Clock
from devices.osdp.bus import Bus


class NoSite(EdgeError):
    """The hub has told nothing of this site yet, so no device can be spoken to."""


class Site:
    """One gateway's process, on a folder that it holds."""

    def __init__(
        self,
        folder: Path,
        line: Line,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        stand: Stand,
        hop: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        pace: Pace | None = None,
        bus: OpenBus = Bus,
    ) -> None:
        """Raises `WorkUnusable`, `KeptUnusable`."""
        self._line, self._clock = line, clock
        self._file = ReservedFile(folder / "work.sqlite3", kept_work.SCHEMA, clock, hop)
        self._kept = Kept(folder / "gateway.sqlite3", clock, hop)
        self.desk = RemoteDesk(self._file, HubAsks(line), clock)
        passages = RemotePassageDesk(line, clock, random_bytes, lambda: bool(self._zones()), pace)
        self._sync = Sync(line, self.desk, self._file, clock, random_bytes, stand, passages.look, self._over, pace)
        self._edge = Edge(folder, clock, random_bytes, hop, bus)
        self._gateway = Gateway(self.desk, self._build, self._kept, clock, slots=AT_WORK)
        self._ears = Ears(passages, self._build, clock, bell=self._edge.bell)
        self._partings = Partings(self._edge, self._ears.handed_in, clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; what came of it by then is still handed in, if the hub takes it soon. A part that breaks
        stops all."""
        ended = asyncio.Event()
        await self._look_at_lists()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._sync.run(ended))
            edge = self._edge.run(stop, self._lines, self._gateway.back, self._gateway.away)
            working = [parts.create_task(loop) for loop in (self._gateway.run(stop), self._ears.run(stop), edge)]
            await asyncio.wait(working)
            ended.set()

    async def close(self) -> None:
        """Let go of the line and the files."""
        await self._line.close()
        self._edge.close()
        self._kept.close()
        self._file.close()

    def _build(self, kind: str, settings: Mapping[str, Json]) -> Connector:
        zones = self._zones()
        if not zones:
            raise NoSite
        # All targets of one hub stand on one campus.
        return registry.build(kind, settings, ZoneInfo(min(zones)), self._edge)

    async def _look_at_lists(self) -> None:
        """Have the lists of serial lines read at the start: what was lost with a file is told anew at once, and not only
        after the next reading that the hub asks for."""
        now = self.desk.wall()

        def look(tx: Connection) -> None:
            for target, *_ in kept_work.of_kind(tx, OsdpDoors.kind):
                kept_work.read_next(tx, target, now)

        await self._file.write(look)

    async def _lines(self) -> list[SerialLine] | None:
        if not self._file.read(kept_work.newest):
            # The hub has told nothing yet, so nobody can say of a list that lies here that it is nobody's any more.
            return None
        found = self._file.read(lambda tx: kept_work.of_kind(tx, OsdpDoors.kind))
        pin_key = self._file.read(kept_work.pin_key)
        # Terms go by a clock that is never put back, doors by the machine's own.
        ahead_s = self.desk.wall() - self._clock.now().timestamp()
        return [
            SerialLine(at, settings, ZoneInfo(zone), _until(term - ahead_s), pin_key, self._partings.rests(at))
            for at, settings, zone, term in found
        ]

    async def _over(self, target: str) -> bool:
        """Whether nothing is done any more at a target that is to be let go; beside its workers."""
        own = self._file.read(lambda tx: kept_work.own(tx, target))
        if own is None or own.kind != OsdpDoors.kind:
            return True
        return await self._partings.over(target, str(own.settings["line"]))

    def _zones(self) -> set[str]:
        return self._file.read(kept_work.zones)


def _until(term: float) -> datetime:
    return datetime.fromtimestamp(term, UTC)
