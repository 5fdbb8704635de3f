"""Spikes of table sources, and values that change in time, laid out for the run loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import LARGEST_STEP, CellGroup, Network
from .tables import CellLayout

__all__ = ["Changes", "build_schedules", "build_table_spikes", "no_changes", "spike_steps"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Changes(NamedTuple):
    """New values for slots of a flat array, ascending by step.

    Slots that always change together are one target, so that one current into
    a whole population is one entry for each change.

    Attributes
    ----------
    step : (k,) int64
        First step in which the value acts.
    target : (k,) int64
        Target ``t`` stands for ``slot[first[t]:first[t + 1]]``.
    value : (k,) float64
        The value from then on.
    first : (t + 1,) int64
    slot : (n,) int64
        Indices into the flat array.
    """

    step: Int64Array
    target: Int64Array
    value: FloatArray
    first: Int64Array
    slot: Int64Array


def no_changes() -> Changes:
    """Return changes without entries."""
    none = np.zeros(0, dtype=np.int64)
    return Changes(none, none, np.zeros(0), np.zeros(1, dtype=np.int64), none)


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


def _histogram_changes(
    group: CellGroup, column: str, dt_ms: float
) -> list[tuple[Int64Array, FloatArray, Int64Array]]:
    """Steps, values and cells of the group, for each distinct histogram of a parameter."""
    times_column = group.model.histogram[0].column
    cells: dict[tuple[bytes, bytes], list[int]] = {}
    pairs = zip(group.histograms[times_column], group.histograms[column], strict=True)
    for cell, (times, values) in enumerate(pairs):
        cells.setdefault((times.tobytes(), values.tobytes()), []).append(cell)
    changes = []
    for same in cells.values():
        times, values = group.histograms[times_column][same[0]], group.histograms[column][same[0]]
        # A value acts in the steps that begin at its time or later; 0 before the first one.
        steps = np.floor(np.minimum(times / dt_ms, LARGEST_STEP) + 0.5).astype(np.int64) + 1
        changes.append(
            (np.append(0, steps), np.append(0.0, values), np.array(same, dtype=np.int64))
        )
    return changes


def build_schedules(
    network: Network, layouts: Sequence[CellLayout], part_of_cell: Int64Array, n_parts: int
) -> list[Changes]:
    """Lay out all changes of states that follow a histogram.

    Parameters
    ----------
    network : Network
    layouts : sequence of CellLayout
    part_of_cell : (n_cells,) int64
    n_parts : int

    Returns
    -------
    list of Changes
        By part.
    """
    steps, values, slots, owners = [], [], [], []
    for lay in layouts:
        group = lay.group
        for parameter in group.model.histogram[1:]:
            row = lay.model.states.index(parameter.column)
            for when, what, cells in _histogram_changes(group, parameter.column, network.dt_ms):
                steps.append(when)
                values.append(what)
                slots.append(lay.state_slots(row, cells))
                owners.append(part_of_cell[group.first + cells])
    if not steps:
        return [no_changes() for _ in range(n_parts)]
    step = np.concatenate(steps)
    order = np.argsort(step, kind="stable")
    target = np.repeat(np.arange(len(steps), dtype=np.int64), [len(one) for one in steps])
    columns = step[order], target[order], np.concatenate(values)[order]
    schedules = []
    for part in range(n_parts):
        mine = [slot[owner == part] for slot, owner in zip(slots, owners, strict=True)]
        first = np.cumsum([0, *map(len, mine)], dtype=np.int64)
        schedules.append(Changes(*columns, first, np.concatenate(mine)))
    return schedules
