"""The memory of the spike log: the tail goes in, what a chunk logged comes out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrivals import NO_SPIKES, LogTail
from .compiled import compile_function
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
        room: list[int],
    ) -> tuple[Log, int, list[int]]:
        """A log that begins with the tail.

        Parameters
        ----------
        tail : LogTail
        step, last_step : int
            Last step done, last step to be logged.
        reach : int, steps
            How far back the log must reach.
        part_of_cell : (n_cells,) int64
        room : list of int
            Entries that each part may add between two barriers.

        Returns
        -------
        log : Log
        base : int
            Step of ``log.end[:, 0]``.
        n_log : list of int
            Entries of the tail in each part's log.
        """
        base = step - reach - 1
        n_parts = len(room)
        n_log = [0] * n_parts
        if len(tail.cell):
            owner = part_of_cell[tail.cell]
            n_log = np.bincount(owner, minlength=n_parts).tolist()
        # Several times the tail, or moving it would take longer than all else; and as much again
        # as must stay free, or a call of the loop ends after a few spikes: 32 000 cells on two
        # threads (room for 32 000, capacity 32 768) took 95 calls for half a second instead of 2.
        while self.capacity < max(8 * n + 2 * more for n, more in zip(n_log, room, strict=True)):
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
    def close(
        log: Log,
        base: int,
        step: int,
        n_tail: list[int],
        recorded: NDArray[np.bool_],
        emitted: Int64Array,
    ) -> LogTail:
        """Count what was logged up to ``step`` beside the tail.

        Parameters
        ----------
        log : Log
        base : int
            Step of ``log.end[:, 0]``.
        step : int
            Last step done.
        n_tail : list of int
            Entries of the tail in each part's log.
        recorded : (n_cells,) bool
        emitted : (n_cells,) int64
            Spikes of each cell, added to.

        Returns
        -------
        LogTail
            Spikes of recorded cells, ascending by step, then cell.
        """
        last = step - base
        if log.end[:, last].tolist() == n_tail:
            return NO_SPIKES
        count = _compiled(count_spikes, n_results=1)
        cursor = np.array(n_tail)
        n = int(count(log.end, log.cell, log.number, cursor, last, recorded, emitted))
        return _picked(log, base, cursor, last, recorded, n)

    @staticmethod
    def tail(log: Log, base: int, step: int, epoch: int, n_cells: int) -> LogTail:
        """What was logged after step ``epoch``, up to ``step``, ascending by step, then cell."""
        begin, last = log.end[:, epoch - base].tolist(), step - base
        n = sum(log.end[:, last].tolist()) - sum(begin)
        if n == 0:
            return NO_SPIKES
        everyone = np.ones(n_cells, dtype=np.bool_)
        return _picked(log, base, np.array(begin), last, everyone, n)


def _picked(
    log: Log, base: int, cursor: Int64Array, last: int, chosen: NDArray[np.bool_], n: int
) -> LogTail:
    """The ``n`` entries of chosen cells from ``cursor`` (parts,) to the ``last`` step."""
    columns = np.empty((3, n), dtype=np.int64)
    if n:
        pick = _compiled(pick_spikes, next_part, n_results=0)
        pick(log.end, log.cell, log.number, cursor, base, last, chosen, *columns)
    return LogTail(*columns)


def count_spikes(end, cell, number, n_tail, last, recorded, emitted):  # type: ignore[no-untyped-def]
    """Add to ``emitted`` the spikes of each cell; returns the entries of recorded cells."""
    found = 0
    for part in range(len(n_tail)):
        for entry in range(n_tail[part], end[part, last]):
            one = cell[part, entry]
            emitted[one] += number[part, entry]
            found += recorded[one]
    return found


def next_part(end, cell, cursor, at, n_cells):  # type: ignore[no-untyped-def]
    """The part whose next cell is the lowest in a step; the next cell of the others, or n_cells."""
    part, lowest, others = 0, n_cells, n_cells
    for one in range(len(cursor)):
        if cursor[one] < end[one, at]:
            following = cell[one, cursor[one]]
            if following < lowest:
                part, lowest, others = one, following, lowest
            elif following < others:
                others = following
    return part, others


def pick_spikes(end, cell, number, cursor, base, last, chosen, steps, cells, counts):  # type: ignore[no-untyped-def]
    """List the entries of chosen cells from ``cursor`` (parts,) on, by step, then cell.

    The entries of each part ascend, so parts take turns within a step.
    """
    found, n_cells = 0, len(chosen)
    for at in range(1, last + 1):
        others = 0
        while others < n_cells:
            part, others = 0, n_cells
            if len(cursor) > 1:
                part, others = next_part(end, cell, cursor, at, n_cells)
            first = cursor[part]
            stop = max(first, end[part, at])
            if others < n_cells:
                stop = first
                while stop < end[part, at] and cell[part, stop] < others:
                    stop += 1
            cursor[part] = stop
            for entry in range(first, stop):
                one = cell[part, entry]
                if chosen[one]:
                    steps[found] = base + at
                    cells[found] = one
                    counts[found] = number[part, entry]
                    found += 1


@cache
def _compiled(
    function: Callable[..., Any], *helpers: Callable[..., Any], n_results: int
) -> Callable[..., Any]:
    what = "the reading of the spike log"
    return compile_function(function, *helpers, n_results=n_results, what=what) or function
