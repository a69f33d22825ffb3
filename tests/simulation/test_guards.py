"""The simulation finds bugs: each guard that is taken away from the product is missed, by a harm that is its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation import guards
from tests.simulation.guards import Guard
from tests.simulation.world import Options, run

SEEDS_TRIED_MAX = 8
"""The product changes, and with it what a seed plays: then the next ones are tried, in this order."""


def _only(*faults: str, minutes: float = 2.0, pause_s: float = 0.7) -> dict[str, Any]:
    """One evening of the faults that this guard is there for."""
    return {"minutes": minutes, "evenings": 1, "pause_s": pause_s, "encores_max": 0, "only": faults, "liveness": False}


EVERYTHING = {"minutes": 4.0, "pause_s": 1.0, "encores_max": 0, "liveness": False}
AFTER = _only("skewed", minutes=0.3) | {"liveness": True, "settle_s_max": 240.0}
"""What becomes of all after a short storm, while one card chokes a panel; with the guard it takes some ten seconds."""
GONE_AND_BACK = r"undid what receipt \d+ proved of card \d+ on \S+: None became"
WIDER = r"undid what receipt \d+ proved .*: \{.* which opens (more doors|longer)"
NOT_THERE = r"names the hours \[\d+\], which the panel does not have"
UNDONE = r"undid what receipt \d+ proved"
LIED = r"receipt \d+ says .* which holds"
BY_TWO = rf"{LIED}|{UNDONE}|generator is already running"
"""Two workers on one panel also fall over each other's reading."""
BY_BACKUP = r"proved gone from \S+ before a backup was put back, and is there again by it"


# Each with the seed that caught it, and the harm that was seen.
@pytest.mark.parametrize(
    ("guard", "seed", "options", "harm"),
    [
        (guards.late_datagrams, 8, EVERYTHING, GONE_AND_BACK),
        (guards.narrowing, 4, EVERYTHING, WIDER),
        (guards.forgotten_sendings, 3, _only("kept_lost", "kept_torn", minutes=4.0, pause_s=5.0), UNDONE),
        (guards.serials, 7, _only("crossed", minutes=4.0, pause_s=8.0), LIED),
        (guards.revisions, 4, EVERYTHING, LIED),
        (guards.leases, 2, _only("stalled", pause_s=0.5), BY_TWO),
        (guards.ranks, 1, EVERYTHING, NOT_THERE),
        (guards.grounds, 3, EVERYTHING, NOT_THERE),
        (guards.starvation, 1, AFTER, r"not as wanted 240 s after the storm: card"),
        (guards.eras, 2, _only("restored", "restored_untailed"), BY_BACKUP),
        (guards.last_days, 1, EVERYTHING, r"opens door \d on \S+ without a grant"),
    ],
    ids=lambda told: getattr(told, "__name__", ""),
)
def test_a_guard_taken_away_is_missed(
    guard: Guard, seed: int, options: dict[str, Any], harm: str, monkeypatch: pytest.MonkeyPatch
):
    guards.must_show(harm, guard, monkeypatch, range(seed, seed + SEEDS_TRIED_MAX), options)


def test_a_panel_that_chokes_on_one_card_costs_nobody_else_anything():
    """What the starvation guard is judged by: with it, all are there long before the bound."""
    outcome = run(Options(1, **AFTER))
    assert outcome.breach is None, outcome.report()
    assert outcome.fired["choked"] > 0
    assert outcome.settled_s is not None and outcome.settled_s < 60
