"""Synapses, table spikes and injected currents, laid out for the run loop.

Synapses of all projections are merged into rows by (delay, source), in the
canonical order of sums: delay, source, storage class, projection, insertion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import LARGEST_STEP, CurrentGroup, Network, storage_class
from .tables import CellLayout

__all__ = [
    "Injections",
    "Rows",
    "build_injections",
    "build_rows",
    "build_table_spikes",
    "spike_steps",
]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Rows(NamedTuple):
    """Synapses by delay and source.

    Attributes
    ----------
    delays : (d,) int64, steps
        Distinct delays, ascending.
    start : (d, n_cells + 1) int64
        Row of delay ``k`` and source ``c`` is ``start[k, c]:start[k, c + 1]``.
    slot : (n,) int64
        Index into the flat input array.
    weight : (n,) float64
        Weight in the unit of the target's step.
    """

    delays: Int64Array
    start: Int64Array
    slot: Int64Array
    weight: FloatArray


class Injections(NamedTuple):
    """Changes of injected current, ascending by step.

    Attributes
    ----------
    step : (k,) int64
        First step in which the value acts.
    slot : (k,) int64
        Index into the flat input array.
    value_pa : (k,) float64, pA
        The cell's total injected current from then on.
    """

    step: Int64Array
    slot: Int64Array
    value_pa: FloatArray


def _input_slots(layouts: Sequence[CellLayout], n_cells: int) -> dict[str, Int64Array]:
    """Return, for each receptor name, the input slot of every cell.

    Parameters
    ----------
    layouts : sequence of CellLayout
    n_cells : int

    Returns
    -------
    dict of str to (n_cells,) int64
        -1 where a cell has no such receptor.
    """
    names = {receptor.name for lay in layouts for receptor in lay.group.model.receptors}
    slots = {name: np.full(n_cells, -1, dtype=np.int64) for name in names}
    for lay in layouts:
        group = lay.group
        cells = np.arange(group.size, dtype=np.int64)
        for row, receptor in enumerate(group.model.receptors):
            slots[receptor.name][group.first : group.first + group.size] = lay.input_slots(
                row, cells
            )
    return slots


def _receptor_scale(layouts: Sequence[CellLayout], receptor: str, n_cells: int) -> FloatArray:
    scale = np.ones(n_cells)
    for lay in layouts:
        group = lay.group
        for candidate in group.model.receptors:
            if candidate.name == receptor:
                scale[group.first : group.first + group.size] = candidate.scale
    return scale


def build_rows(network: Network, layouts: Sequence[CellLayout]) -> Rows:
    """Merge all projections into rows in canonical order.

    Parameters
    ----------
    network : Network
    layouts : sequence of CellLayout

    Returns
    -------
    Rows
    """
    n_cells = network.n_cells
    inputs = _input_slots(layouts, n_cells)
    groups = [group for group in network.synapses if group.size]
    if not groups:
        empty = np.zeros(0, dtype=np.int64)
        return Rows(empty, np.zeros((0, n_cells + 1), np.int64), empty, np.zeros(0))
    delay = np.concatenate([group.delay_steps for group in groups])
    pre = np.concatenate([group.pre for group in groups])
    kind = np.concatenate(
        [np.full(group.size, storage_class(group.weight), dtype=np.int8) for group in groups]
    )
    slot = np.concatenate([inputs[group.receptor][group.post] for group in groups])
    weight = np.concatenate(
        [
            group.weight * _receptor_scale(layouts, group.receptor, n_cells)[group.post]
            for group in groups
        ]
    )
    # lexsort is stable: projection and insertion order remain as concatenated.
    order = np.lexsort((kind, pre, delay))
    delays, row_of_delay = np.unique(delay, return_inverse=True)
    start = np.zeros((len(delays), n_cells + 1), dtype=np.int64)
    counts = np.bincount(row_of_delay * n_cells + pre, minlength=len(delays) * n_cells)
    ends = np.cumsum(counts).reshape(len(delays), n_cells)
    start[:, 1:] = ends
    start[1:, 0] = ends[:-1, -1]
    return Rows(delays.astype(np.int64), start, slot[order], weight[order])


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
        group = lay.group
        cells = np.arange(group.size, dtype=np.int64)
        slots[group.first : group.first + group.size] = lay.input_slots(
            len(group.model.receptors), cells
        )
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
