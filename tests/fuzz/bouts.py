"""Bouts of a bounded length, each from a seed of its own, so that any of them can be fought again alone."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.fuzz.breach import Breach
from tests.fuzz.ear_bout import ear_bout
from tests.fuzz.hub_bout import hub_bout
from tests.fuzz.panel_bout import panel_bout

FOUND = Path(__file__).parent / "found"
ROUNDS = 1_000
ORDER = ("panel", "ear", "panel", "remembered", "panel", "hub", "panel", "ear", "panel", "panel")
"""Most rounds go to the panel, which bears everybody; the hub speaks only to whom it knows."""


def fight(kind: str, seed: str, rounds: int) -> Counter[str]:
    """One bout; what was counted. Raises `Breach`, for whatever goes wrong."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> Counter[str]:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
        return await _BOUTS[kind](seed, rounds)

    try:
        counts = asyncio.run(watched())
    except Breach:
        raise
    except Exception as error:
        what = f"{error!r}; the loop was told of {complaints}"
        raise Breach(what, []) from error
    if complaints:
        raise Breach(f"the loop was told of {complaints}", [])
    return counts


def keep(kind: str, seed: str, rounds: int, breach: Breach) -> Path:
    """Write down a bout that was lost, so that the suite fights it again."""
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{kind}-{seed.replace('/', '-')}.json"
    told = {
        "kind": kind,
        "seed": seed,
        "rounds": rounds,
        "what": str(breach),
        "frames": [f.hex() for f in breach.frames],
    }
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return path


async def _remembered(seed: str, rounds: int) -> Counter[str]:
    with tempfile.TemporaryDirectory() as folder:
        return await panel_bout(seed, rounds, Path(folder) / "memory.jsonl")


_BOUTS: dict[str, Callable[[str, int], Awaitable[Counter[str]]]] = {
    "panel": panel_bout,
    "remembered": _remembered,
    "hub": hub_bout,
    "ear": ear_bout,
}
