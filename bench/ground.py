"""What every measurement stands on: a campus of emulated panels in a process of its own, a house on a new folder, and
sheets of made-up people. By the rules that ship, each has a card on all eight panels."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from openpyxl import Workbook

from devices.campus import Wire, read, wires
from devices.wg.panel import Panel
from devices.wire import WireError
from provisioning.api.looking import look
from provisioning.campus.campuses import shipped
from provisioning.compose import House, opened
from provisioning.intake.rows import Header
from provisioning.intake.sheet import read_sheet
from provisioning.nouns.told import Actor
from provisioning.settings import Settings

BENCH = Actor("bench", frozenset({"hr", "security", "system"}))
SECOND = Actor("second", frozenset({"hr", "security"}))
START_S_MAX = 20.0
WAIT_S_MAX = 120.0
WARM = 999_000
POLL_S = 0.03


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured line: what, how much, its bound if it has one, and against what."""

    what: str
    value: float
    unit: str
    bound: float | None
    yardstick: str

    @property
    def kept(self) -> bool:
        """Whether it stays within its bound."""
        return self.bound is None or self.value <= self.bound


def campus_text() -> str:
    """The small campus at addresses of its own, so that a demonstration that runs beside is not measured with it; without
    its serial line, whose readers nobody pairs here, and with nobody who hears passages: what is measured are cards."""
    panels, _, _ = shipped("small").read_text("utf-8").partition("  # A serial line")
    kept = [
        line for line in panels.splitlines(keepends=True) if not line.strip().startswith(("passages:", "listener:"))
    ]
    return "".join(kept).replace("127.60.", "127.63.")


@contextmanager
def panels() -> Generator[tuple[Wire, ...]]:
    """The panels of the small campus, with empty memories, served by `foyer emulate` as a process of its own."""
    text = campus_text()
    ours = tuple(wire for wire in wires(read(text, "bench.yaml")) if wire.kind == "wg")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as heard:
        path = Path(folder) / "bench.yaml"
        path.write_text(text, "utf-8")
        command = [sys.executable, "-m", "provisioning.cli.main", "emulate", str(path)]
        process = subprocess.Popen(command, stdout=heard, stderr=heard, env=os.environ | {"NO_COLOR": "1"})
        try:
            asyncio.run(_answering(ours))
            yield ours
        finally:
            process.terminate()
            process.wait(timeout=START_S_MAX)


@asynccontextmanager
async def house() -> AsyncGenerator[House]:
    """A house on a new folder, its gateway running, with the rules that ship."""
    text = campus_text()
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data=Path(folder))) as built:
        with built.store.writing() as tx:
            built.campuses.apply(tx, text, "bench.yaml", BENCH)
        stop = asyncio.Event()
        running = asyncio.create_task(built.run(stop))
        await until(lambda: _read_once(built))
        # A hub that serves has done its first of everything; the bare client has nothing to do first.
        await asyncio.to_thread(take, built, sheet(1, first=WARM))
        await until(lambda: all_proved(built, 0))
        yield built
        stop.set()
        await running


def sheet(count: int, first: int = 0) -> bytes:
    """An HR workbook of people who arrive today, each with a card."""
    workbook = Workbook()
    page = workbook.worksheets[0]
    page.append([header.value for header in Header])
    today = date.fromtimestamp(time.time())
    for number in range(first, first + count):
        told = {
            "姓名": "测试", "工号": f"B{number:06d}", "部门": "财政局", "职务": "科员", "人员类别": "公务员",
            "到岗日期": today, "离岗日期": today + timedelta(days=400), "门禁卡号": str(30_000_000 + number),
            "办公区": "北办公区",
        }  # fmt: skip
        page.append([told.get(header.value) for header in Header])
    held = io.BytesIO()
    workbook.save(held)
    return held.getvalue()


def take(built: House, data: bytes) -> list[str]:
    """What `POST /hr/batches` does with a sheet, and where it is held, what its approval by a second operator does; returns
    the ids of its people."""
    told = read_sheet(data, "bench.xlsx")
    with built.store.writing() as tx:
        report = built.intake.take(tx, told, BENCH)
    look(built, report.people, BENCH)
    people = list(report.people)
    with built.store.reading() as tx:
        waiting = [each for each in built.holds.open(tx) if each.batch == report.batch]
    for hold in waiting:
        with built.store.writing() as tx:
            let_go = built.proposals.approve(tx, hold, SECOND).people
        look(built, let_go, SECOND)
        people += let_go
    return people


def all_proved(built: House, people: int) -> bool:
    """Whether so many people, and the one that warmed the hub, are proved on every panel, and nothing is owed anywhere."""
    with built.store.reading() as tx:
        if built.readiness.outstanding(tx):
            return False
        panels = [target for target in built.delivery.targets(tx) if target.kind == "wg"]
    return all(panel.records == people + 1 for panel in panels)


async def until(reached: Callable[[], bool], most_s: float = WAIT_S_MAX) -> float:
    """Wait until something holds; returns the seconds it took. Raises TimeoutError."""
    began = time.perf_counter()
    async with asyncio.timeout(most_s):
        while not reached():  # noqa: ASYNC110 - nothing but the database can tell, and it rings no bell
            await asyncio.sleep(POLL_S)
    return time.perf_counter() - began


def _read_once(built: House) -> bool:
    with built.store.reading() as tx:
        return all(target.read is not None for target in built.delivery.targets(tx))


async def _answering(ours: tuple[Wire, ...]) -> None:
    deadline = time.perf_counter() + START_S_MAX
    for wire in ours:
        with closing(Panel(wire.serial, wire.address, timeout_s=0.2, tries_max=1)) as panel:
            while True:
                try:
                    await panel.status()
                    break
                except WireError:
                    if time.perf_counter() > deadline:
                        raise
                    await asyncio.sleep(0.05)
