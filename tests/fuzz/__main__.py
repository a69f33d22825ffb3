"""`python -m tests.fuzz --rounds N --seed K`: so many hostile frames, at the panel, at the hub's client and at its ear."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import tests.conftest  # noqa: F401 - its guard: what a panel was told to send must not leave this machine
from tests.fuzz.bouts import ORDER, ROUNDS, fight, keep
from tests.fuzz.breach import Breach

PROGRESS_S = 5.0


def main() -> int:
    """0 where nothing was found; what was found is printed, and kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--rounds", type=int, default=1_000_000, help="how many frames, about")
    parser.add_argument("--seed", default="1", help="from which chance comes")
    told = parser.parse_args()
    began = shown = time.monotonic()
    counts: Counter[str] = Counter()
    lost = done = bout = 0
    while done < told.rounds:
        kind, seed, rounds = ORDER[bout % len(ORDER)], f"{told.seed}/{bout}", min(ROUNDS, told.rounds - done)
        try:
            counts += fight(kind, seed, rounds)
        except Breach as breach:
            lost += 1
            path = keep(kind, seed, rounds, breach)
            last = breach.frames[-1].hex() if breach.frames else "none"
            print(
                f"BREACH: {kind} bout, seed {seed}: {breach}\n  last frame: {last}\n  kept as {path.name}", flush=True
            )
        done, bout = done + rounds, bout + 1
        if time.monotonic() - shown > PROGRESS_S or done >= told.rounds:
            shown = time.monotonic()
            print(
                f"{done} of {told.rounds} rounds, {done / (shown - began):.0f} a second, {lost} bouts lost", flush=True
            )
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
