"""Recorded spikes and samples of the present trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import LARGEST_STEP, Probe
from .arrivals import LogTail
from .cell_state import CellState
from .parts import Part
from .share import Probes

__all__ = ["Recordings"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Recordings:
    """What was recorded, and the buffers that the run loop fills."""

    def __init__(self) -> None:
        self._recorded = np.zeros(0, dtype=bool)
        self._spikes: list[LogTail] = []
        self._samples: dict[int, list[FloatArray]] = {}
        self._objects: list[Any] = []
        self._numbers: list[int] = []
        self._tables: list[Probes] = []
        self._buffer = np.zeros(0)

    def grow(self, n_cells: int) -> None:
        """Make room for cells that were created since."""
        self._recorded = np.pad(self._recorded, (0, n_cells - len(self._recorded)))

    def clear(self) -> None:
        """Forget all data; what is recorded stays chosen."""
        self._spikes, self._samples = [], {}

    # -- spikes ------------------------------------------------------------------

    def choose(self, cells: Int64Array, recorded: bool) -> None:
        """Choose whether spikes of cells (global ids) are kept from now on."""
        self._recorded[cells] = recorded

    @property
    def recorded(self) -> NDArray[np.bool_]:
        """Whose spikes are kept, (n_cells,)."""
        return self._recorded

    def keep_spikes(self, spikes: LogTail) -> None:
        """Keep log entries of recorded cells."""
        if len(spikes.step):
            self._spikes.append(spikes)

    def spikes(self, first: int, size: int) -> tuple[Int64Array, Int64Array]:
        """Recorded spikes of consecutive global ids.

        Returns
        -------
        step, cell : (k,) int64
            One entry per spike, ascending by step, then cell.
        """
        steps, cells = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for chunk in self._spikes:
            mine = (chunk.cell >= first) & (chunk.cell < first + size)
            if mine.any():
                found = chunk.take(mine)
                steps.append(np.repeat(found.step, found.count))
                cells.append(np.repeat(found.cell, found.count))
        return np.concatenate(steps), np.concatenate(cells)

    def forget_spikes(self, first: int, size: int) -> None:
        """Drop the recorded spikes of consecutive global ids."""
        kept = [
            chunk.take((chunk.cell < first) | (chunk.cell >= first + size))
            for chunk in self._spikes
        ]
        self._spikes = [chunk for chunk in kept if len(chunk.step)]

    # -- samples -----------------------------------------------------------------

    def samples(self, probe: Probe) -> FloatArray:
        """Samples of a probe so far, (n_samples, n_cells) in PyNN's unit."""
        kept = self._samples.get(id(probe), [])
        return np.concatenate([np.zeros((0, len(probe.cells))), *kept])

    def forget_samples(self, probe: Probe, *, but_last: bool = False) -> None:
        """Drop the samples of a probe; set its ``start`` to go on from there.

        Parameters
        ----------
        probe : Probe
        but_last : bool
            Whether to keep the last sample, as that of the new ``start``.
        """
        kept = self._samples.pop(id(probe), [])
        if but_last and kept:
            self._samples[id(probe)] = [kept[-1][-1:]]

    def sample_now(self, probe: Probe, cells: CellState) -> None:
        """Take the first sample of a probe that starts at the present step."""
        if not self._samples.get(id(probe)):
            values = cells.value(probe.group, probe.variable, probe.cells)
            self._samples[id(probe)] = [values[np.newaxis, :]]

    def open(
        self,
        probes: Sequence[Probe],
        cells: CellState,
        step: int,
        last_step: int,
        part_of_cell: Int64Array,
        parts: Sequence[Part],
    ) -> tuple[list[Probes], FloatArray]:
        """Tables of the probes for each part, and the buffer for steps up to ``last_step``.

        Both are used again when they fit: a short run() should cost little.
        """
        counts = [_due(probe, step, last_step) * len(probe.cells) for probe in probes]
        # The objects themselves are kept: the address of one that is gone may be used again.
        objects: list[Any] = [part_of_cell, *probes]
        numbers = [len(parts), *[probe.start for probe in probes], *counts]
        same = len(objects) == len(self._objects) and numbers == self._numbers
        if not (same and all(a is b for a, b in zip(objects, self._objects, strict=True))):
            at = np.cumsum([0, *counts], dtype=np.int64)
            self._tables = _probe_tables(probes, cells, at[:-1], part_of_cell, parts)
            self._objects, self._numbers = objects, numbers
            if len(self._buffer) < at[-1]:
                self._buffer = np.empty(at[-1])
        return self._tables, self._buffer

    def close(
        self, probes: Sequence[Probe], cells: CellState, samples: FloatArray, at: Int64Array,
        step: int, to_step: int,
    ) -> None:  # fmt: skip
        """Keep what the run loop has written.

        Parameters
        ----------
        probes : sequence of Probe
        cells : CellState
        samples : flat float64
            The buffer of :meth:`open`.
        at : (p,) int64
            Where each probe's samples begin in the buffer.
        step, to_step : int
            The last step before, and the last one that was done.
        """
        for first, probe in zip(at.tolist(), probes, strict=True):
            times, width = _due(probe, step, to_step), len(probe.cells)
            if times:
                values = samples[first : first + times * width].reshape(times, width)
                shown = cells.shown(probe.group, probe.variable, probe.cells, values)
                self._samples.setdefault(id(probe), []).append(shown)


def _due(probe: Probe, step: int, last_step: int) -> int:
    """How many samples a probe takes after ``step``, up to ``last_step``."""
    done = max(step, probe.start) - probe.start
    return max(last_step - probe.start, 0) // probe.interval - done // probe.interval


def _probe_tables(
    probes: Sequence[Probe],
    cells: CellState,
    buffer_at: Int64Array,
    part_of_cell: Int64Array,
    parts: Sequence[Part],
) -> list[Probes]:
    """The probes of each part; a part owns one slice of every population, so of every probe."""
    slots = [cells.slots(one.group, one.variable, one.cells) for one in probes]
    owners = [part_of_cell[one.group.first + one.cells] for one in probes]
    tables = []
    for index, part in enumerate(parts):
        edges = [np.searchsorted(owner, [index, index + 1]) for owner in owners]
        mine = [slot[low:high] for slot, (low, high) in zip(slots, edges, strict=True)]
        begins = np.append(part.blocks.first_cell, LARGEST_STEP)
        first, at = np.zeros((len(probes), len(begins)), dtype=np.int64), 0
        for row, one, (low, high) in zip(first, probes, edges, strict=True):
            row[:] = at + np.searchsorted(one.group.first + one.cells[low:high], begins)
            at += high - low
        tables.append(
            Probes(
                start=np.array([probe.start for probe in probes], dtype=np.int64),
                interval=np.array([probe.interval for probe in probes], dtype=np.int64),
                first=first,
                slot=np.concatenate([np.zeros(0, dtype=np.int64), *mine]),
                single=np.array([cells.layout(one.group).single for one in probes], dtype=np.int64),
                buffer_at=buffer_at + np.array([low for low, _ in edges], dtype=np.int64),
                width=np.array([len(probe.cells) for probe in probes], dtype=np.int64),
            )
        )
    return tables
