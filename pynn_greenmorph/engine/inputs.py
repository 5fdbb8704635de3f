"""Spikes of table sources and injected currents, laid out for the run loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import LARGEST_STEP, CurrentGroup, Network
from .tables import CellLayout

__all__ = ["Injections", "build_injections", "build_table_spikes", "spike_steps"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Injections(NamedTuple):
    """Changes of injected current, ascending by step.

    Attributes
    ----------
    step : (k,) int64
        First step in which the value acts.
    slot : (k,) int64
        Index into the flat array of injected currents.
    value_pa : (k,) float64, pA
        The cell's total injected current from then on.
    """

    step: Int64Array
    slot: Int64Array
    value_pa: FloatArray


def build_table_spikes(
    network: Network, after_step: int
) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Collect the spikes of table sources later than a step.

    Parameters
    ----------
    network : Network
    after_step : int
        Only spikes of later steps are returned; -1 for all.

    Returns
    -------
    step, cell, count : (k,) int64
        Sorted by step, then by cell; equal times of one cell are one entry.
    """
    steps, cells = [], []
    for group in network.cells:
        for index, times in enumerate(group.spike_times_ms):
            stamps = spike_steps(times, network.dt_ms)
            stamps = stamps[stamps > after_step]
            steps.append(stamps)
            cells.append(np.full(len(stamps), group.first + index, dtype=np.int64))
    if not steps:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    pairs = np.stack([np.concatenate(steps), np.concatenate(cells)])
    unique, count = np.unique(pairs, axis=1, return_counts=True)
    return unique[0].copy(), unique[1].copy(), count.astype(np.int64)


def spike_steps(times_ms: FloatArray, dt_ms: float) -> Int64Array:
    """Step in which a spike at a given time is emitted: the next grid point.

    Parameters
    ----------
    times_ms : (k,) float64, ms
    dt_ms : float, ms

    Returns
    -------
    (k,) int64, steps
        Times within 1e-6 steps of a grid point count as that point.
    """
    return np.ceil(np.round(np.minimum(times_ms / dt_ms, LARGEST_STEP), 6)).astype(np.int64)


def build_injections(
    currents: Sequence[CurrentGroup], layouts: Sequence[CellLayout], n_cells: int
) -> Injections:
    """Turn injected currents into changes of each cell's total.

    Parameters
    ----------
    currents : sequence of CurrentGroup
    layouts : sequence of CellLayout
    n_cells : int

    Returns
    -------
    Injections
        Totals are sums over sources in order of creation.
    """
    slots = np.full(n_cells, -1, dtype=np.int64)
    for lay in layouts:
        cells = np.arange(lay.group.size, dtype=np.int64)
        slots[lay.group.first : lay.group.first + lay.group.size] = lay.injected_slots(cells)
    changes = np.unique(np.concatenate([[0], *[group.steps for group in currents]])).astype(
        np.int64
    )
    amplitude = np.zeros(n_cells)
    steps, targets, values = [], [], []
    touched = np.unique(np.concatenate([np.zeros(0, np.int64), *[g.cells for g in currents]]))
    for change in changes:
        total = np.zeros(n_cells)
        for current in currents:
            at = int(np.searchsorted(current.steps, change, side="right")) - 1
            if at >= 0:
                np.add.at(total, current.cells, current.amplitudes_na[at] * 1000.0)
        moved = touched[total[touched] != amplitude[touched]]
        amplitude = total
        steps.append(np.full(len(moved), change + 1, dtype=np.int64))
        targets.append(slots[moved])
        values.append(total[moved])
    return Injections(np.concatenate(steps), np.concatenate(targets), np.concatenate(values))
