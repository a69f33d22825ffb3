"""`python -m tests.simulation --seeds N --first K`: so many campuses under storm, one line each."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.world import Options, run


def main() -> int:
    """0 where every seed went well; the others are told whole."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--minutes", type=float, default=Options(0).minutes, help="of storm, each")
    parser.add_argument("--mode", choices=("both", "safety", "liveness"), default="both", help="both: odd seeds settle")
    told = parser.parse_args()
    failed: list[int] = []
    cpu_s = virtual_s = 0.0
    for seed in range(told.first, told.first + told.seeds):
        liveness = told.mode == "liveness" or (told.mode == "both" and seed % 2 == 1)
        outcome = run(Options(seed, minutes=told.minutes, liveness=liveness))
        cpu_s, virtual_s = cpu_s + outcome.cpu_s, virtual_s + outcome.virtual_s
        print(outcome.line() if outcome.breach is None else outcome.report(), flush=True)
        if outcome.breach is not None:
            failed.append(seed)
    print(
        f"{told.seeds} seeds, {len(failed)} failed {failed or ''}; {cpu_s:.0f} CPU-s, {virtual_s / 86_400:.1f} virtual days"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
