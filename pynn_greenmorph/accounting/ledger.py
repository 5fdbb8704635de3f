"""Exact counts of what happened, per cell, population and projection.

A :class:`Ledger` is a frozen picture of the counts at one moment. It holds
what any placement needs afterwards: spikes per cell, and the connections of
every projection. Counts are integers, equal to a brute-force count, and do not
depend on recording, threads or slices of ``run()``.

What is counted
---------------
neuron_updates
    One neuron advanced by one time step.
source_ticks
    One spike source advanced by one time step.
spikes
    Spikes of neurons and of sources.
synaptic_events
    One spike arrived at one synapse. Spikes in flight are not yet events.
plastic_events
    Synaptic events at plastic synapses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ..engine.arrivals import EventCounter, LogTail
from ..mapping.wiring import Wiring
from ..network import Network, unique_labels

if TYPE_CHECKING:
    from .deliveries import Routes
    from .hops import Mesh

__all__ = ["Counts", "Ledger", "PopulationLedger", "ProjectionLedger", "take_ledger"]


@dataclass(frozen=True)
class PopulationLedger:
    """Counts of one population.

    Attributes
    ----------
    label : str
        Unique label ("exc", "exc#2").
    model : str
        Name of the cell type.
    kind : {"neuron", "source"}
    first, size : int
        Global id of the first cell, number of cells.
    steps : int
        Time steps the population has taken part in, all trials together.
    spikes : (size,) int64
        Spikes of each cell.
    """

    label: str
    model: str
    kind: str
    first: int
    size: int
    steps: int
    spikes: NDArray[np.int64]


@dataclass(frozen=True)
class ProjectionLedger:
    """Counts of one projection.

    Attributes
    ----------
    label : str
        Unique label ("exc->inh", "exc->inh#2").
    pre, post : (n,) int32
        Global ids of source and target of each connection.
    emitted : (n_cells,) int64
        Spikes of every cell of the network since this projection was made.
    events : (n_cells,) int64
        Synaptic events that arrived at each cell of the network through this projection.
    plastic_events : (n_cells,) int64
        Those of them that met a plastic synapse.
    """

    label: str
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    emitted: NDArray[np.int64]
    events: NDArray[np.int64]
    plastic_events: NDArray[np.int64]


@dataclass(frozen=True)
class Ledger:
    """All counts of one session.

    Attributes
    ----------
    dt_ms : float, ms
        Time step.
    steps : int
        Time steps done, all trials together.
    n_cells : int
        Number of cells, neurons and sources.
    populations, projections : tuple
        In order of creation.
    seed : int
        Seed of native random numbers.
    """

    dt_ms: float
    steps: int
    n_cells: int
    populations: tuple[PopulationLedger, ...]
    projections: tuple[ProjectionLedger, ...]
    seed: int

    @property
    def t_bio_s(self) -> float:
        """Simulated biological time, s."""
        return self.steps * self.dt_ms * 1e-3

    @cached_property
    def wiring(self) -> Wiring:
        """The connections of all projections; what is sorted for one board serves all."""
        wires = tuple((row.pre, row.post) for row in self.projections)
        return Wiring(wires, self.n_cells)

    @cached_property
    def routes(self) -> dict[tuple[bytes, Mesh | None], tuple[Routes, ...]]:
        """Deliveries that were counted already, by the core of each cell and the mesh."""
        return {}


class Counts(Protocol):
    """What a ledger is made from: a simulation, or what was kept of one."""

    @property
    def emitted(self) -> NDArray[np.int64]:
        """Spikes of every cell, (n_cells,) int64."""

    @property
    def tail(self) -> LogTail:
        """Spikes that may be in flight."""

    @property
    def step(self) -> int:
        """Last step done in the trial."""

    @property
    def lifetime(self) -> int:
        """Steps of all trials."""

    @property
    def counters(self) -> Sequence[EventCounter]:
        """One for each projection that has taken part in a run."""


def _grown(values: NDArray[np.int64], n_cells: int) -> NDArray[np.int64]:
    """A copy with zeros for cells that were created since."""
    return np.pad(values, (0, n_cells - len(values)))


def _populations(
    network: Network, simulation: Counts, emitted: NDArray[np.int64]
) -> tuple[PopulationLedger, ...]:
    labels = unique_labels(group.label for group in network.cells)
    return tuple(
        PopulationLedger(
            label=label,
            model=group.model.name,
            kind=group.model.kind,
            first=group.first,
            size=group.size,
            steps=simulation.lifetime - group.created,
            spikes=emitted[group.first : group.first + group.size].copy(),
        )
        for label, group in zip(labels, network.cells, strict=True)
    )


def _projections(
    network: Network, simulation: Counts, emitted: NDArray[np.int64]
) -> tuple[ProjectionLedger, ...]:
    labels = unique_labels(group.label for group in network.synapses)
    none, tail = np.zeros(network.n_cells, dtype=np.int64), simulation.tail
    result = []
    for index, (label, group) in enumerate(zip(labels, network.synapses, strict=True)):
        since, events = none, none
        if index < len(simulation.counters):  # else it was made after the last run
            counter = simulation.counters[index]
            since = emitted - _grown(counter.emitted_at_creation, network.n_cells)
            counted = counter.events(simulation.emitted, tail, simulation.step)
            events = _grown(counted, network.n_cells)
        result.append(
            ProjectionLedger(
                label=label,
                pre=group.pre,
                post=group.post,
                emitted=since,
                events=events,
                plastic_events=events if group.model.plastic else none,
            )
        )
    return tuple(result)


def take_ledger(network: Network, simulation: Counts) -> Ledger:
    """Freeze the counts of a simulation as they are now.

    Parameters
    ----------
    network : Network
    simulation : Counts
        The simulation of that network.

    Returns
    -------
    Ledger
    """
    emitted = _grown(simulation.emitted, network.n_cells)
    return Ledger(
        dt_ms=network.dt_ms,
        steps=simulation.lifetime,
        n_cells=network.n_cells,
        populations=_populations(network, simulation, emitted),
        projections=_projections(network, simulation, emitted),
        seed=network.seed,
    )
