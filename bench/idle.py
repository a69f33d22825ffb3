"""A hub that watches a thousand panels on which nothing happens: seconds of the processor that a minute of that takes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from bench.ground import Figure
from bench.town import NAME, devices, town

PANELS = 1_000
FIRST_SERIAL = 425_500_001
SETTLE_S = 2.0
WATCHED_S = 60.0
"""Each panel is looked at once in so long, so a shorter time could see none of it, or all."""


def measure() -> list[Figure]:
    """After all was read once, and all that was owed is there."""
    text = campus_text(PANELS)
    with devices(text):
        others = set(_children())
        began = time.perf_counter()
        with town(text) as ours:
            (hub,) = set(_children()) - others
            ours.settled()
            ready_s = time.perf_counter() - began
            time.sleep(SETTLE_S)
            spent_s, began = _cpu_s(hub), time.perf_counter()
            time.sleep(WATCHED_S)
            spent_s, seconds = _cpu_s(hub) - spent_s, time.perf_counter() - began
    what = f"{PANELS} idle panels watched: CPU seconds of the hub a minute"
    under = f"over {seconds:.0f} s, begun {SETTLE_S:.0f} s after all was read and as wanted, {ready_s:.0f} s after the start"
    return [Figure(what, 60 * spent_s / seconds, "s", None, under)]


def campus_text(panels: int) -> str:
    """A campus of so many panels with a door each, whose passages are heard."""
    return "\n".join([*_ground(), *(line for nth in range(panels) for line in _panel(nth))]) + "\n"


def _ground() -> Iterator[str]:
    yield f"campus: {NAME}"
    yield "name: {zh: 静园, en: Idle campus}"
    yield "time_zone: Asia/Shanghai"
    yield "passages: {listen: '127.80.0.1:60001'}"
    yield "sites:"
    yield "  - {id: s, name: {zh: 区, en: Site}, buildings: [{id: b, name: {zh: 楼, en: Building}}]}"
    yield "departments: [{id: finance, name: {zh: 财政局, en: Finance bureau}, parent: null}]"
    yield "areas: [{id: north, name: {zh: 北办公区, en: North offices}}]"
    yield "zones: [{id: z, name: {zh: 公共区, en: Public zone}}]"
    yield "targets:"


def _panel(nth: int) -> Iterator[str]:
    host = f"127.80.{10 + nth // 200}.{1 + nth % 200}"
    name = f"{{zh: {nth} 号, en: No. {nth}}}"
    yield f"  - id: p-{nth}"
    yield f"    kind: wg\n    name: {name}\n    building: b"
    yield f"    settings: {{serial: {FIRST_SERIAL + nth}, address: '{host}:60000', model: wg-2054, cards_max: 20000,"
    yield f"      doors: [{{number: 1, id: d-{nth}, name: {name}, zones: [z]}}]}}"
    yield f"    emulate: {{control: '{host}:60100'}}"


def _children() -> list[int]:
    """The processes that this one started and that still run."""
    here = Path(f"/proc/{os.getpid()}/task")
    return [int(child) for task in here.iterdir() for child in (task / "children").read_text().split()]


def _cpu_s(process: int) -> float:
    """Seconds of the processor that a process has had, by itself and for itself."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
