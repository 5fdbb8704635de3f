"""Injected currents: what each source gives when, and their sums onto cells.

Values are made for one call of the run loop at a time, so that a sine or noise
needs no memory for the whole run; each is a function of its step alone, so no
bit depends on where calls begin and end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..draws import PURPOSE_CURRENT, normal_of, uniform
from ..network import CurrentGroup, NoiseWave, SineWave, StepWave, Wave
from .inputs import Changes
from .tables import CellLayout

__all__ = ["CurrentFeed", "changes_of", "values_na"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def changes_of(wave: Wave, first: int, last: int) -> Int64Array:
    """Steps in which a current may take another value.

    Parameters
    ----------
    wave : Wave
    first, last : int
        The steps asked for begin after ``first`` and before ``last``.

    Returns
    -------
    (k,) int64
        Ascending.
    """
    if isinstance(wave, StepWave):
        return wave.steps[(wave.steps > first) & (wave.steps < last)]
    begin = max(first + 1, wave.start)
    interval = wave.interval if isinstance(wave, NoiseWave) else 1
    begin += -(begin - wave.start) % interval
    steps = np.arange(begin, min(last, wave.stop), interval, dtype=np.int64)
    if first < wave.stop < last:
        steps = np.append(steps, wave.stop)
    return steps


def values_na(wave: Wave, steps: Int64Array, dt_ms: float, key: np.int64, trial: int) -> FloatArray:
    """Currents that act in the steps that begin at given ones.

    Parameters
    ----------
    wave : Wave
    steps : (k,) int64
    dt_ms : float, ms
        Time step.
    key : int64
        The seed.
    trial : int

    Returns
    -------
    (k,) float64, nA
    """
    if isinstance(wave, StepWave):
        at = np.searchsorted(wave.steps, steps, side="right") - 1
        return np.append(wave.amplitudes_na, 0.0)[at]  # -1: before the first step
    values = np.zeros(len(steps))
    active = (steps >= wave.start) & (steps < wave.stop)
    since = steps[active] - wave.start
    if isinstance(wave, SineWave):
        values[active] = _sine_na(wave, since, dt_ms)
    else:
        values[active] = _noise_na(wave, since, key, trial)
    return values


def _sine_na(wave: SineWave, since: Int64Array, dt_ms: float) -> FloatArray:
    """The C library's sine: the last bit of NumPy's depends on the processor."""
    angle = 2.0 * math.pi * wave.frequency_hz * (since * dt_ms * 1e-3) + wave.phase_rad
    sine = np.fromiter(map(math.sin, angle.tolist()), dtype=np.float64, count=len(angle))
    return wave.offset_na + wave.amplitude_na * sine


def _noise_na(wave: NoiseWave, since: Int64Array, key: np.int64, trial: int) -> FloatArray:
    interval, where = np.unique(since // wave.interval, return_inverse=True)
    begin = wave.start + interval * wave.interval
    # The number of the source stands where other draws have the cell.
    # A draw for an array of one step is a scalar.
    one, other = (
        np.atleast_1d(uniform(key, trial, PURPOSE_CURRENT, wave.number, begin, draw)).tolist()
        for draw in range(2)
    )
    normal = [normal_of(u, v) for u, v in zip(one, other, strict=True)]
    values: FloatArray = (wave.mean_na + wave.stdev_na * np.array(normal, dtype=np.float64))[where]
    return values


def _mixtures(
    currents: Sequence[CurrentGroup], n_cells: int
) -> tuple[Int64Array, list[Int64Array]]:
    """Tell apart which sources cells receive.

    Returns
    -------
    mixture : (n_cells,) int64
        Number of the cell's mixture; -1 without any source.
    sources : list of (k,) int64
        Sources of each mixture in order of creation, as often as they are received.
    """
    label = np.zeros(n_cells, dtype=np.int64)
    sources: list[list[int]] = [[]]
    for index, current in enumerate(currents):
        cells, count = np.unique(current.cells, return_counts=True)
        pairs, where = np.unique(np.stack([label[cells], count]), axis=1, return_inverse=True)
        label[cells] = len(sources) + where.ravel()
        sources += [sources[old] + [index] * number for old, number in pairs.T.tolist()]
    used = np.unique(label[label > 0])
    mixture = np.where(label > 0, np.searchsorted(used, label), -1)
    return mixture, [np.array(sources[one], dtype=np.int64) for one in used]


class CurrentFeed:
    """Total currents of the cells, call by call of the run loop.

    Parameters
    ----------
    currents : sequence of CurrentGroup
    layouts : sequence of CellLayout
    part_of_cell : (n_cells,) int64
    n_parts : int
    dt_ms : float, ms
    key : int64
        The seed.
    trial : int
    """

    def __init__(
        self,
        currents: Sequence[CurrentGroup],
        layouts: Sequence[CellLayout],
        part_of_cell: Int64Array,
        n_parts: int,
        dt_ms: float,
        key: np.int64,
        trial: int,
    ) -> None:
        self._waves = [current.wave for current in currents]
        self._draw = dt_ms, key, trial
        mixture, self._sources = _mixtures(currents, len(part_of_cell))
        slots = np.full(len(part_of_cell), -1, dtype=np.int64)
        for lay in layouts:
            cells = np.arange(lay.group.size, dtype=np.int64)
            slots[lay.group.first : lay.group.first + lay.group.size] = lay.injected_slots(cells)
        self._slots = []
        for part in range(n_parts):
            mine = np.flatnonzero((part_of_cell == part) & (mixture >= 0))
            mine = mine[np.argsort(mixture[mine], kind="stable")]
            first = np.searchsorted(mixture[mine], np.arange(len(self._sources) + 1))
            self._slots.append((first.astype(np.int64), slots[mine]))
        self._until = -1
        self._held = np.zeros(len(self._sources))

    @property
    def width(self) -> int:
        """Values of one step at most, but for piecewise constant currents."""
        return sum(
            any(not isinstance(self._waves[one], StepWave) for one in sources)
            for sources in self._sources
        )

    def feed(self, first: int, last: int) -> list[Changes] | None:
        """Make the changes of one call.

        Parameters
        ----------
        first, last : int
            Step that is done, and the last step of the call.

        Returns
        -------
        list of Changes or None
            By part, in pA; None when nothing changes.
        """
        # A call may have ended early: then all values are given once more.
        fresh = self._until != first
        self._until = last
        points = [changes_of(wave, first - 1, last) for wave in self._waves]
        known: dict[int, FloatArray] = {}
        steps, targets, values = [], [], []
        for target, sources in enumerate(self._sources):
            own = [points[one] for one in sources]
            if not fresh and not any(map(len, own)):
                continue
            at = np.unique(np.concatenate([[first], *own]).astype(np.int64))
            total = self._total_pa(sources, at, points, known)
            new = np.diff(total, prepend=self._held[target]) != 0.0
            new[0] |= fresh
            self._held[target] = total[-1]
            steps.append(at[new] + 1)
            targets.append(np.full(int(new.sum()), target, dtype=np.int64))
            values.append(total[new])
        if not steps:
            return None
        step = np.concatenate(steps)
        order = np.argsort(step, kind="stable")
        columns = step[order], np.concatenate(targets)[order], np.concatenate(values)[order]
        return [Changes(*columns, *slots) for slots in self._slots]

    def _total_pa(
        self,
        sources: Int64Array,
        at: Int64Array,
        points: Sequence[Int64Array],
        known: dict[int, FloatArray],
    ) -> FloatArray:
        """Sum of sources in order; what a source gives at its own points is kept in ``known``."""
        total = np.zeros(len(at))
        for one in sources.tolist():
            if len(at) != len(points[one]):
                total += values_na(self._waves[one], at, *self._draw) * 1000.0
                continue
            if one not in known:
                known[one] = values_na(self._waves[one], at, *self._draw) * 1000.0
            total += known[one]
        return total
