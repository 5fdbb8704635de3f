"""Charges: the counts of a ledger, core by core, with who pays for them.

The cap on a core's power needs counts per core; the report needs them per
population and projection. A charge therefore names component, owner and core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .components import Component, no_counts
from .counting import Counting

__all__ = ["Charges", "charge"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Charges:
    """All charges of a ledger.

    Attributes
    ----------
    component : (n,) int64
        Index in the board's components.
    owner : (n,) int64
        Index of the population, or number of populations + index of the projection.
    core : (n,) int64
    count : (n,) int64
        How many events are paid for; positive.
    share : (n,) float64
        Share of the count that this owner pays; 1 unless several owners share it.
    per_core : (cores, components) int64
        The same counts by core and component, each once.
    counters : tuple of dict
        The six counters of every owner. Spikes of sources are in the counters,
        but not in the charges.
    """

    component: NDArray[np.int64]
    owner: NDArray[np.int64]
    core: NDArray[np.int64]
    count: NDArray[np.int64]
    share: FloatArray
    per_core: NDArray[np.int64]
    counters: tuple[dict[str, int], ...]


def charge(counting: Counting, components: Sequence[Component]) -> Charges:
    """Charge every count to an owner and a core.

    Parameters
    ----------
    counting : Counting
    components : sequence of Component
        What the board prices.

    Returns
    -------
    Charges
        All counts are exact.
    """
    per_core = np.zeros((counting.placement.cores, len(components)), np.int64)
    columns: list[list[NDArray[np.int64]]] = [[], [], [], []]
    shares: list[FloatArray] = []
    for index, component in enumerate(components):
        total = counting.shared(component.name)
        if total is None:
            for owner, first, counts in counting.rows(component.name):
                per_core[first : first + len(counts), index] += counts
                some = np.flatnonzero(counts)
                _append(columns, index, np.full(len(some), owner), first + some, counts[some])
                shares.append(np.ones(len(some)))
            continue
        owners, share = _by_cells(counting)
        if len(owners):  # an empty board does not step
            per_core[0, index] = total
            _append(columns, index, owners, np.zeros_like(owners), np.full(len(owners), total))
            shares.append(share)
    joined = [np.concatenate(c) if c else np.zeros(0, np.int64) for c in columns]
    share = np.concatenate(shares) if shares else np.zeros(0)
    return Charges(joined[0], joined[1], joined[2], joined[3], share, per_core, _counters(counting))


def _append(
    columns: list[list[NDArray[np.int64]]],
    index: int,
    owner: NDArray[np.int64],
    core: NDArray[np.int64],
    count: NDArray[np.int64],
) -> None:
    fields = (np.full(len(core), index), owner, core, count)
    for column, values in zip(columns, fields, strict=True):
        column.append(values)


def _by_cells(counting: Counting) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the populations on cores and their shares of all cells there."""
    core, rows = counting.placement.core, counting.ledger.populations
    owners = np.array(
        [i for i, row in enumerate(rows) if row.size and core[row.first] >= 0], np.int64
    )
    sizes = np.array([rows[owner].size for owner in owners], np.float64)
    return owners, sizes / sizes.sum() if len(sizes) else sizes


def _counters(counting: Counting) -> tuple[dict[str, int], ...]:
    """Return the six counters of every owner, whatever the board prices."""
    ledger = counting.ledger
    result = [no_counts() for _ in (*ledger.populations, *ledger.projections)]
    for counters, population in zip(result, ledger.populations, strict=False):
        name = "neuron_updates" if population.kind == "neuron" else "source_ticks"
        counters[name] = int(population.steps) * int(population.size)
        counters["spikes"] = int(population.spikes.sum())
    for number, (row, (low, high)) in enumerate(
        zip(ledger.projections, ledger.wiring.spans, strict=True)
    ):
        counters = result[counting.owner(number)]
        counters["deliveries"] = int(counting.routes[number].count.sum())
        counters["synaptic_events"] = int(row.events[low : high + 1].sum())
        counters["plastic_events"] = int(row.plastic_events[low : high + 1].sum())
    return tuple(result)
