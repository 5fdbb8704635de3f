"""Spikes of table sources, and values that change in time, laid out for the run loop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import LARGEST_STEP, Network

__all__ = ["Changes", "build_table_spikes", "no_changes", "spike_steps"]

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
