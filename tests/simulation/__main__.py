"""`python -m tests.simulation --seeds N --first K`: so many campuses under storm, one line each. What fails is kept in
`found/`, and played with the other tests from then on."""

from __future__ import annotations

import argparse
import sys
from itertools import product

from tests.simulation.kept import keep
from tests.simulation.play import play
from tests.simulation.world import Options, Outcome


def main() -> int:
    """0 where every seed went well; the others are told whole, and kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--minutes", type=float, default=Options(0).minutes, help="of storm, each")
    parser.add_argument(
        "--pause", type=float, default=Options(0).pause_s, help="seconds between two faults, on average"
    )
    parser.add_argument("--mode", choices=("both", "safety", "liveness"), default="both", help="both: odd seeds settle")
    parser.add_argument(
        "--campus", choices=("both", "near", "far"), default="both", help="far: with a gateway of its own"
    )
    parser.add_argument("--no-keep", action="store_true", help="do not keep what fails")
    told = parser.parse_args()
    outcomes: list[Outcome] = []
    sides = [far for far in (False, True) if told.campus in ("both", "far" if far else "near")]
    for seed, far in product(range(told.first, told.first + told.seeds), sides):
        liveness = told.mode == "liveness" or (told.mode == "both" and seed % 2 == 1)
        outcomes.append(play(Options(seed, minutes=told.minutes, pause_s=told.pause, liveness=liveness, far=far)))
        print(outcomes[-1].line() if outcomes[-1].breach is None else outcomes[-1].report(), flush=True)
        if outcomes[-1].breach is not None and not told.no_keep:
            print(f"kept: {keep(outcomes[-1])}", flush=True)
    failed = [each.options.seed for each in outcomes if each.breach is not None]
    print(_summary(outcomes, failed))
    return 1 if failed else 0


def _summary(outcomes: list[Outcome], failed: list[int]) -> str:
    cpu_s = sum(each.cpu_s for each in outcomes)
    served_h = sum(each.served_s for each in outcomes) / 3_600
    return (
        f"{len(outcomes)} seeds, {len(failed)} failed {failed or ''}; {cpu_s:.0f} CPU-s for {served_h:.1f} hours with a hub "
        f"({60 * served_h / cpu_s:.1f} h per CPU minute), {sum(each.virtual_s for each in outcomes) / 86_400:.1f} days"
    )


if __name__ == "__main__":
    sys.exit(main())
