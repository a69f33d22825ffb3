"""Which campus a run is played on."""

from __future__ import annotations

from tests.simulation.frontier import Frontier
from tests.simulation.world import Options, Outcome, Rehearsal, run


def play(options: Options) -> Outcome:
    """One whole run, of the campus that its options name."""
    return run(options, Frontier if options.far else Rehearsal)
