"""How fast time goes by in the campus simulation: hours of a hub under storm, and with the nights between, for a minute of
the processor."""

from __future__ import annotations

from bench.ground import Figure
from tests.simulation.world import Options, run

SEEDS = (1, 2)
MINUTES = 12.0


def measure() -> list[Figure]:
    """Some seeds, one after another; each must go well."""
    outcomes = [run(Options(seed, minutes=MINUTES, liveness=seed % 2 == 1)) for seed in SEEDS]
    for outcome in outcomes:
        if outcome.breach is not None:
            raise AssertionError(outcome.report())
    cpu_minutes = sum(outcome.cpu_s for outcome in outcomes) / 60
    hub_hours = sum(outcome.options.minutes * 60 + (outcome.settled_s or 0.0) for outcome in outcomes) / 3_600
    hours = sum(outcome.virtual_s for outcome in outcomes) / 3_600
    datagrams = sum(outcome.datagrams for outcome in outcomes)
    under = f"{len(SEEDS)} seeds, {60 * cpu_minutes:.0f} CPU-s, {datagrams} datagrams, every invariant after each"
    return [
        Figure("simulation: hours in which the hub runs, for a CPU minute", hub_hours / cpu_minutes, "h", None, under),
        Figure(
            "simulation: hours of the panels, for a CPU minute", hours / cpu_minutes, "h", None, "with nights between"
        ),
    ]
