"""The desk of a gateway by itself on a folder, with a hub that is away; and what a hub may tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors import kept_outbox, kept_work
from connectors.desk import Claim, Report
from connectors.kept_file import PAGES_MAX, ReservedFile
from connectors.kept_outbox import Owed
from connectors.messages import BYTES_MAX, Listed, TargetTold, TaskTold, Upto
from connectors.remote import RemoteDesk
from connectors.remote_line import NoHub
from devices.clock import SetClock

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
AWAY = NoHub(url="https://hub", why="it lies dead")


async def inline(work: Callable[..., Any], *told: Any) -> Any:
    return work(*told)


class Nobody:
    """A hub that is away."""

    away = True

    async def missing(self, target: str, epoch: int, found: Any, started: datetime) -> Any:
        raise AWAY

    async def act_begun(self, target: str, epoch: int, act: str) -> bool:
        if self.away:
            raise AWAY
        return True


class Kept:
    """A gateway's work on a folder, that a test opens and closes."""

    def __init__(self, folder: Path, *, pages_max: int = PAGES_MAX) -> None:
        self.path = folder / "work.sqlite3"
        self.clock = SetClock(NOW)
        self.open(pages_max=pages_max)

    def open(self, *, pages_max: int = PAGES_MAX) -> None:
        self.file = ReservedFile(self.path, kept_work.SCHEMA, self.clock, inline, pages_max=pages_max)
        self.hub = Nobody()
        self.desk = RemoteDesk(self.file, self.hub, self.clock)

    def pass_by(self, seconds: float) -> None:
        self.clock.put(self.clock.now() + timedelta(seconds=seconds))

    async def claim(self) -> Claim:
        (claim,) = await self.desk.claim(1, urgent_only=False, tasks_max=100)
        return claim

    def owed(self) -> list[str]:
        """What waits for the hub, in order, each by its kind."""
        found: list[str] = []
        while rows := self.next_owed():
            found += [f"{row.kind}:{row.target}" for row in rows]
            asyncio.run(self.file.write(lambda tx, rows=rows: kept_outbox.paid(tx, [row.nth for row in rows])))
        return found

    def next_owed(self) -> list[Owed]:
        """What may be told next: outcomes, then messages of other kinds."""
        outcomes, others = self.file.read(lambda tx: kept_outbox.owed(tx, 1_000, 6, BYTES_MAX))
        return [*outcomes, *others]


def task(nth: int, revision: int = 1, body: str | None = "wide", **more: Any) -> TaskTold:
    told: dict[str, Any] = {
        "target": "t", "key": f"card:{nth}", "revision": revision, "body": body, "rank": 1, "grants": ("g",),
        "urgent": False, "first": revision == 1, "due": NOW, "dirty": True, "waits": body is not None,
    }  # fmt: skip
    return TaskTold(**(told | more))


def listed(*tasks: TaskTold, seq: int = 1, era: int = 1, **more: Any) -> Listed:
    target: dict[str, Any] = {
        "id": "t", "kind": "wg", "settings": {"serial": 1}, "upto": Upto(seq=seq, key="", fresh=False), "epoch": 1,
        "term_until": NOW + timedelta(days=3), "fingerprint": None, "read_due": False, "leaving": False,
        "zone": "Asia/Shanghai",
    }  # fmt: skip
    told = {name: more.pop(name) for name in tuple(more) if name in target}
    answer: dict[str, Any] = {
        "hub": "hub", "era": era, "now": NOW, "unsettled": False, "targets": (TargetTold(**(target | told)),),
        "tasks": tasks, "gone": (), "more": False,
    }  # fmt: skip
    return Listed(**(answer | more))


def report(nth: int, outcome: Any, revision: int = 1) -> Report:
    return Report(f"card:{nth}", revision, outcome, seen=False, held=None, at=NOW)
