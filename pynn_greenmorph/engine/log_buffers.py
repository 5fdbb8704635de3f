"""The memory of the spike log: the tail goes in, what a chunk logged comes out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrivals import LogTail
from .share import Log

__all__ = ["LogBuffers"]

Int64Array = NDArray[np.int64]


class LogBuffers:
    """One spike log for each part, used again for every chunk.

    Attributes
    ----------
    capacity : int
        Entries of each part's log.
    """

    def __init__(self) -> None:
        self.capacity = 1 << 14
        self._log = self._new(0, 0)

    def _new(self, n_parts: int, n_steps: int) -> Log:
        shape = n_parts, self.capacity
        return Log(
            end=np.zeros((n_parts, n_steps), dtype=np.int64),
            cell=np.empty(shape, dtype=np.int32),
            number=np.empty(shape, dtype=np.int32),
        )

    def open(
        self,
        tail: LogTail,
        step: int,
        last_step: int,
        reach: int,
        part_of_cell: Int64Array,
        room: Int64Array,
    ) -> tuple[Log, int, Int64Array]:
        """A log that begins with the tail.

        Parameters
        ----------
        tail : LogTail
        step, last_step : int
            Last step done, last step to be logged.
        reach : int, steps
            How far back the log must reach.
        part_of_cell : (n_cells,) int64
        room : (parts,) int64
            Entries that each part may add between two barriers.

        Returns
        -------
        log : Log
        base : int
            Step of ``log.end[:, 0]``.
        n_log : (parts,) int64
            Entries of the tail in each part's log.
        """
        base = step - reach - 1
        n_parts = len(room)
        owner = part_of_cell[tail.cell]
        n_log = np.bincount(owner, minlength=n_parts).astype(np.int64)
        while self.capacity < int((n_log + room).max()):
            self.capacity *= 2
        log = self._log
        n_steps = last_step - base + 1
        fits = log.cell.shape == (n_parts, self.capacity) and log.end.shape[1] >= n_steps
        if not fits:
            log = self._log = self._new(n_parts, n_steps)
        if not len(tail.step):
            log.end[:, : reach + 2] = 0
            return log, base, n_log
        past = np.arange(base, step + 1)
        for part in range(n_parts):
            mine = owner == part
            log.cell[part, : n_log[part]] = tail.cell[mine]
            log.number[part, : n_log[part]] = tail.count[mine]
            log.end[part, : len(past)] = np.searchsorted(tail.step[mine], past, side="right")
        return log, base, n_log

    @staticmethod
    def close(log: Log, base: int, step: int, n_tail: Int64Array) -> LogTail:
        """What was logged up to ``step`` beside the tail, ascending by step, then cell."""
        steps, cells, numbers = [], [], []
        for part, first in enumerate(n_tail):
            end = log.end[part, : step - base + 1]
            last = end[-1]
            steps.append(np.repeat(np.arange(base + 1, step + 1), np.diff(end))[first:])
            cells.append(log.cell[part, first:last].astype(np.int64))
            numbers.append(log.number[part, first:last].astype(np.int64))
        if len(steps) == 1:
            return LogTail(steps[0], cells[0], numbers[0])
        all_steps, all_cells = np.concatenate(steps), np.concatenate(cells)
        order = np.lexsort((all_cells, all_steps))
        return LogTail(all_steps[order], all_cells[order], np.concatenate(numbers)[order])
