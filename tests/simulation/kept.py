"""Runs that failed once, kept with their options, so that they are run again with the other tests."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.simulation.world import Options, Outcome

FOUND = Path(__file__).with_name("found")
BREACH_CHARS_MAX = 400


def keep(outcome: Outcome, folder: Path = FOUND) -> Path:
    """Write down how a run failed; where."""
    told = outcome.options
    mode = f"{'far-' * told.far}{'liveness' if told.liveness else 'safety'}"
    path = folder / f"{mode}-{told.seed}-{told.minutes:g}-{told.pause_s:g}.json"
    folder.mkdir(exist_ok=True)
    text = json.dumps({"breach": (outcome.breach or "")[:BREACH_CHARS_MAX], "options": asdict(told)}, indent=2)
    path.write_text(text + "\n", "utf-8")
    return path


def kept(folder: Path = FOUND) -> list[Options]:
    """The options of all runs that are kept, by name."""
    told = [json.loads(path.read_text("utf-8"))["options"] for path in sorted(folder.glob("*.json"))]
    return [Options(**one | {"only": tuple(one["only"])}) for one in told]
