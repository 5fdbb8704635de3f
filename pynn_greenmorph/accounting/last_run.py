"""Counts of the last ``run()`` alone: those of now, less those when it began."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..engine.arrivals import EventCounter, LogTail
from ..engine.simulation import Simulation
from ..network import Network
from .ledger import Ledger, PopulationLedger, ProjectionLedger, take_ledger

__all__ = ["Mark", "ledger_since", "mark"]

Int64Array = NDArray[np.int64]


@dataclass(frozen=True)
class Mark:
    """What the counts at one moment can be worked out from, later.

    To count the events takes a look at every synapse, so that is left to the
    report. What is kept here is not changed by the simulation afterwards.

    Attributes
    ----------
    emitted : (n_cells,) int64
        Spikes of every cell.
    tail : LogTail
        Spikes that may be in flight.
    step, lifetime : int
        Last step done in the trial, and steps of all trials.
    counters : list of EventCounter
    """

    emitted: Int64Array
    tail: LogTail
    step: int
    lifetime: int
    counters: list[EventCounter]


def mark(simulation: Simulation) -> Mark:
    """Return the present state of a simulation's counts; the cost grows with its cells only."""
    return Mark(
        simulation.emitted.copy(),
        simulation.tail,
        simulation.step,
        simulation.lifetime,
        [copy.copy(counter) for counter in simulation.counters],
    )


def ledger_since(before: Mark, network: Network, simulation: Simulation) -> Ledger:
    """Return the counts since a mark.

    Parameters
    ----------
    before : Mark
    network, simulation
        As for :func:`.ledger.take_ledger`.

    Returns
    -------
    Ledger
        Of populations and projections made since, all counts.
    """
    now, old = take_ledger(network, simulation), take_ledger(network, before)
    return replace(
        now,
        steps=now.steps - old.steps,
        populations=tuple(map(_population, now.populations, old.populations)),
        projections=tuple(map(_projection, now.projections, old.projections)),
    )


def _population(now: PopulationLedger, old: PopulationLedger) -> PopulationLedger:
    # Before a population was made, its steps come out negative: it had none.
    steps = now.steps - max(old.steps, 0)
    return replace(now, steps=steps, spikes=now.spikes - old.spikes)


def _projection(now: ProjectionLedger, old: ProjectionLedger) -> ProjectionLedger:
    return replace(
        now,
        emitted=now.emitted - old.emitted,
        events=now.events - old.events,
        plastic_events=now.plastic_events - old.plastic_events,
    )
