"""`make bench`: every measurement, its bounds, and `bench/RESULTS.md`. Exits with 1 where a bound is passed. Some of them
by name, without the page: `python -m bench day seats`."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    change,
    day,
    decisions,
    emulator,
    gateways,
    idle,
    osdp,
    passages,
    preview,
    reading,
    revoke,
    seats,
    serial_revoke,
    simulated,
    walk,
)
from bench.ground import Figure

RESULTS = Path(__file__).parent / "RESULTS.md"
MEASUREMENTS = (
    walk,
    revoke,
    change,
    preview,
    seats,
    day,
    reading,
    passages,
    decisions,
    gateways,
    emulator,
    idle,
    simulated,
    osdp,
    serial_revoke,
)


def main() -> int:
    """Measure, print, keep; 1 where a bound was passed."""
    figures: list[Figure] = []
    named = set(sys.argv[1:])
    for measurement in MEASUREMENTS:
        if named and measurement.__name__.removeprefix("bench.") not in named:
            continue
        for figure in measurement.measure():
            print(_line(figure), flush=True)
            figures.append(figure)
    if not named:
        RESULTS.write_text(_page(figures), "utf-8")
    return 0 if all(figure.kept for figure in figures) else 1


def _line(figure: Figure) -> str:
    bound = "" if figure.bound is None else f" (at most {figure.bound:g}{' EXCEEDED' if not figure.kept else ''})"
    return f"{figure.what}: {figure.value:.2f} {figure.unit}{bound} [{figure.yardstick}]"


def _page(figures: list[Figure]) -> str:
    rows = [
        f"| {figure.what} | {figure.value:.2f} {figure.unit} | "
        f"{'' if figure.bound is None else f'≤ {figure.bound:g} {figure.unit}'} | {figure.yardstick} |"
        for figure in figures
    ]
    return "\n".join(
        [
            "# The last run of `make bench`",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {_hardware()}. Devices are emulated, in a process of their own.",
            "Ours runs on the loop that the hub and a gateway run on (uvloop), bare clients on asyncio's own;",
            "on the first day a gateway in a process of its own works the devices.",
            "",
            "| what | measured | bound | yardstick |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _hardware() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
