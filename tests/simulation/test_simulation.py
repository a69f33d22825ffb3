"""Hub, gateway and panels under storm: what must hold does, all becomes as wanted after it, and a seed is a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.faults import REQUIRED
from tests.simulation.world import Options, run

ROOT = Path(__file__).parents[2]
CHECKS = ("landed", "receipts", "wanted", "swipes", "opened", "grounds", "passages")


@pytest.mark.parametrize(("seed", "liveness"), [(4, False), (7, True)])
def test_what_must_hold_does_under_storm_and_all_is_as_wanted_after_it(seed: int, liveness: bool):
    outcome = run(Options(seed, minutes=2.0, pause_s=1.0, liveness=liveness))
    assert outcome.breach is None, outcome.report()
    assert min(outcome.fired[name] for name in REQUIRED) > 0
    assert min(outcome.checks[name] for name in CHECKS) > 0
    assert (outcome.settled_s is not None) == liveness


def test_a_seed_is_one_run_in_any_process():
    options = Options(2, minutes=1.0, pause_s=1.0, encores_max=0, liveness=False)
    far = Options(2, minutes=0.4, evenings=1, people=10, pause_s=0.5, encores_max=0, liveness=False, far=True)
    told = (
        "from tests.simulation.play import play; from tests.simulation.world import Options; "
        f"print(play({options}).digest + play({far}).digest)"
    )
    digests = [
        subprocess.run(
            [sys.executable, "-c", told],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert len(digests[0].strip()) == 128
    assert digests[0] == digests[1]
