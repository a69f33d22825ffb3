"""A gateway's process as far as a test kills it: it drives one line in a folder, and hands in what its doors tell to a desk
that is a file. `python -m tests.connectors.osdp_gateway FOLDER SETTINGS`; it says "online" once its readers are."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from connectors import registry
from connectors.contract import Connector, Heard, Json, Mark
from connectors.desk import Passed, Watch, Watched
from connectors.ears import Ears
from connectors.edge import Edge, Line
from connectors.osdp_settings import OsdpSettings
from devices.clock import SystemClock
from tests.connectors.osdp_line import FRESH_S, ZONE, until

HUB = "hub.sqlite"


class FileDesk:
    """A hub that keeps passages in a file, each under its index, which no two may have."""

    def __init__(self, path: Path, settings: Mapping[str, Json]) -> None:
        self._hub = sqlite3.connect(path, isolation_level=None)
        self._hub.execute("PRAGMA synchronous=FULL")
        self._hub.execute(
            "CREATE TABLE IF NOT EXISTS told (number INTEGER PRIMARY KEY, at TEXT, kind TEXT, card INTEGER)"
        )
        self._settings = settings

    async def watch(self, since: str | None) -> Watch | None:
        if since is not None:
            return None
        return Watch("1", ZONE, (Watched("t", "osdp", self._settings, self._mark()),))

    async def passed(self, told: Sequence[Passed]) -> Sequence[Mark]:
        for one in told:
            if one.after != self._mark():
                continue
            self._hub.execute("BEGIN IMMEDIATE")
            for each in one.told:
                assert isinstance(each, Heard), each
                row = (each.index, each.at.isoformat() if each.at else "", str(each.kind), each.card)
                self._hub.execute("INSERT INTO told VALUES (?, ?, ?, ?)", row)
            self._hub.execute("COMMIT")
        return [self._mark()]

    async def overheard(self, address: str, serial: int) -> None:
        raise AssertionError((address, serial))

    async def deaf(self, listen: str, why: str | None) -> None:
        raise AssertionError((listen, why))

    def _mark(self) -> Mark:
        row = self._hub.execute("SELECT number, at FROM told ORDER BY number DESC LIMIT 1").fetchone()
        return Mark() if row is None else Mark(row[0], datetime.fromisoformat(row[1]))


async def serve(folder: Path, settings: Mapping[str, Json]) -> None:
    edge = Edge(folder, SystemClock(), secrets.token_bytes)
    its = OsdpSettings.model_validate(dict(settings))

    def build(kind: str, told: Mapping[str, Json]) -> Connector:
        return registry.build(kind, told, ZONE, edge)

    async def lines() -> Sequence[Line]:
        return [Line("t", settings, ZONE)]

    async def back(target: str) -> None:
        """Nothing waits here."""

    async def away(target: str, keys: Sequence[str]) -> None:
        """Nor was anything proved here."""

    stop = asyncio.Event()
    parts = asyncio.gather(
        edge.run(stop, lines, back, away),
        Ears(FileDesk(folder / HUB, settings), build, SystemClock(), bell=edge.bell).run(stop),
    )
    await until(
        lambda: (keeper := edge.keeper(its.line)) and all(keeper.why_not(each) is None for each, _, _ in its.readers())
    )
    await asyncio.sleep(FRESH_S)
    sys.stdout.write("online\n")
    sys.stdout.flush()
    await parts


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), json.loads(sys.argv[2])))
