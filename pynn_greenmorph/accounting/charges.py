"""Charges: the counts of a ledger, core by core, with who pays for them.

The cap on a core's power needs counts per core; the report needs them per
population and projection. A charge therefore names component, owner and core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mapping.place import Placement
from .components import COMPONENTS, COUNTERS, no_counts
from .deliveries import count_deliveries
from .ledger import Ledger, PopulationLedger

__all__ = ["Charges", "charge"]

_Row = tuple[int, int, NDArray[np.int64]]  # component, owner, count per core


@dataclass(frozen=True)
class Charges:
    """All charges of a ledger.

    Attributes
    ----------
    component : (n,) int64
        Index in :data:`.components.COMPONENTS`.
    owner : (n,) int64
        Index of the population, or number of populations + index of the projection.
    core : (n,) int64
    count : (n,) int64
        How many events are paid for; positive.
    per_core : (cores, 6) int64
        The same counts by core and component.
    counters : tuple of dict
        The six counters of every owner. Spikes of sources are in the counters,
        but not in the charges.
    """

    component: NDArray[np.int64]
    owner: NDArray[np.int64]
    core: NDArray[np.int64]
    count: NDArray[np.int64]
    per_core: NDArray[np.int64]
    counters: tuple[dict[str, int], ...]


def charge(ledger: Ledger, placement: Placement) -> Charges:
    """Charge every count of a ledger to an owner and a core.

    Parameters
    ----------
    ledger : Ledger
    placement : Placement
        Placement of the ledger's populations.

    Returns
    -------
    Charges
        All counts are exact.
    """
    counters = [_population_counters(row) for row in ledger.populations]
    counters += [no_counts() for _ in ledger.projections]
    per_core = np.zeros((placement.cores, len(COMPONENTS)), np.int64)
    rows = [*_population_rows(ledger, placement), *_projection_rows(ledger, placement)]
    columns: list[list[NDArray[np.int64]]] = [[], [], [], []]
    for component, owner, count in rows:
        per_core[:, component] += count
        if owner >= len(ledger.populations):
            counters[owner][COUNTERS[component]] = int(count.sum())
        core = np.flatnonzero(count)
        fields = (np.full(len(core), component), np.full(len(core), owner), core, count[core])
        for column, values in zip(columns, fields, strict=True):
            column.append(values)
    joined = [np.concatenate(c) if c else np.zeros(0, np.int64) for c in columns]
    return Charges(joined[0], joined[1], joined[2], joined[3], per_core, tuple(counters))


def _population_counters(row: PopulationLedger) -> dict[str, int]:
    counters = no_counts()
    name = "neuron_updates" if row.kind == "neuron" else "source_ticks"
    counters[name] = int(row.steps) * int(row.size)
    counters["spikes"] = int(row.spikes.sum())
    return counters


def _population_rows(ledger: Ledger, placement: Placement) -> Iterator[_Row]:
    for owner, row in enumerate(ledger.populations):
        cells = slice(row.first, row.first + row.size)
        held = np.bincount(placement.core[cells], minlength=placement.cores)
        if row.kind == "neuron":
            yield COUNTERS.index("neuron_updates"), owner, held * row.steps
            spikes = np.zeros(placement.cores, np.int64)
            np.add.at(spikes, placement.core[cells], row.spikes)
            yield COUNTERS.index("spikes"), owner, spikes
        else:
            yield COUNTERS.index("source_ticks"), owner, held * row.steps


def _projection_rows(ledger: Ledger, placement: Placement) -> Iterator[_Row]:
    arrived = count_deliveries(ledger.projections, placement.core, placement.cores)
    for number, (row, count) in enumerate(zip(ledger.projections, arrived, strict=True)):
        owner = len(ledger.populations) + number
        yield COUNTERS.index("deliveries"), owner, count
        for name, cells in (
            ("synaptic_events", row.events),
            ("plastic_events", row.plastic_events),
        ):
            events = np.zeros(placement.cores, np.int64)
            # Integers, not bincount's float64 weights: counts stay exact beyond 2**53.
            np.add.at(events, placement.core, cells)
            yield COUNTERS.index(name), owner, events
