"""What is in flight, and how many events arrived: the bookkeeping around the log.

Spikes emitted at or before an *epoch* are not looked up in the rows. Whenever
rows change (a new projection, a new weight or delay), the epoch moves to the
present and everything in flight becomes pending input with its old values, so
that a spike acts with the weight and delay its synapse had when it was emitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..network import SynapseGroup
from .loop import Pending
from .rows import Rows

__all__ = ["EventCounter", "LogTail", "expand", "pending_input"]

Int64Array = NDArray[np.int64]


@dataclass(frozen=True)
class LogTail:
    """Entries of the log that may still be in flight.

    Attributes
    ----------
    step, cell, count : (k,) int64
        Step of emission, global cell id, number of spikes; ascending by step, then cell.
    """

    step: Int64Array
    cell: Int64Array
    count: Int64Array

    def after(self, epoch: int) -> LogTail:
        """The entries emitted after ``epoch``."""
        keep = self.step > epoch
        return LogTail(self.step[keep], self.cell[keep], self.count[keep])


def expand(first: Int64Array, last: Int64Array) -> tuple[Int64Array, Int64Array]:
    """List all indices of the ranges ``first[i]:last[i]``.

    Parameters
    ----------
    first, last : (k,) int64

    Returns
    -------
    index : (n,) int64
        The indices, range by range.
    owner : (n,) int64
        The range that each index belongs to.
    """
    lengths = last - first
    owner = np.repeat(np.arange(len(first), dtype=np.int64), lengths)
    begins = np.cumsum(lengths) - lengths
    index = np.arange(len(owner), dtype=np.int64) - begins[owner] + first[owner]
    return index, owner


def pending_input(rows: Rows, tail: LogTail, now: int, previous: Pending) -> Pending:
    """Turn everything in flight into pending input.

    Parameters
    ----------
    rows : Rows
        The rows as they were when the spikes were emitted.
    tail : LogTail
        Spikes emitted after the epoch of ``rows``.
    now : int
        Last step done.
    previous : Pending
        Earlier pending input that has not arrived; it stays in front.

    Returns
    -------
    Pending
        Ascending by arrival; within one arrival by delay, source, row.
    """
    steps, slots, values = [previous.step], [previous.slot], [previous.value]
    for k, delay in enumerate(rows.delays):
        flying = tail.step + delay > now
        cells, counts = tail.cell[flying], tail.count[flying]
        index, owner = expand(rows.start[k, cells], rows.start[k, cells + 1])
        steps.append(tail.step[flying][owner] + delay)
        slots.append(rows.slot[index])
        values.append(rows.weight[index] * counts[owner])
    step = np.concatenate(steps)
    order = np.argsort(step, kind="stable")
    return Pending(step[order], np.concatenate(slots)[order], np.concatenate(values)[order])


@dataclass
class EventCounter:
    """Counts the events of one projection without touching the run loop.

    Events are spikes of each source since the epoch times its synapses, less
    what is still in flight, plus what was settled at earlier epochs.

    Attributes
    ----------
    group : SynapseGroup
        The projection.
    emitted_at_creation : (n_cells,) int64
        Spikes of every cell when the projection was made.
    emitted_at_epoch : (n_cells,) int64
        Spikes of every cell when the present connection values began to hold.
    settled : (n_cells,) int64
        Events at each target cell up to the epoch.
    pending : list of (arrival step, target, count) arrays
        Events that were in flight at an epoch.
    """

    group: SynapseGroup
    emitted_at_creation: Int64Array
    emitted_at_epoch: Int64Array
    settled: Int64Array
    epoch: int
    pre: NDArray[np.int32] = field(init=False)
    post: NDArray[np.int32] = field(init=False)
    delay_steps: NDArray[np.int32] = field(init=False)
    pending: list[tuple[Int64Array, Int64Array, Int64Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the projection's present arrays; they are replaced, never changed in place."""
        self._take_arrays()

    def _take_arrays(self) -> None:
        self.pre = self.group.pre
        self.post = self.group.post
        self.delay_steps = self.group.delay_steps
        self._order: Int64Array | None = None

    def grow(self, n_cells: int) -> None:
        """Make room for cells that were created since."""
        more = n_cells - len(self.settled)
        if more:
            self.emitted_at_creation = np.pad(self.emitted_at_creation, (0, more))
            self.emitted_at_epoch = np.pad(self.emitted_at_epoch, (0, more))
            self.settled = np.pad(self.settled, (0, more))

    def _in_flight(self, tail: LogTail, now: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Arrival step, target and count of each event in flight."""
        tail = tail.after(self.epoch)
        if self._order is None:
            self._order = np.argsort(self.pre, kind="stable")
            self._sorted_pre = self.pre[self._order]
        first = np.searchsorted(self._sorted_pre, tail.cell, side="left")
        last = np.searchsorted(self._sorted_pre, tail.cell, side="right")
        index, owner = expand(first, last)
        synapse = self._order[index]
        arrival = tail.step[owner] + self.delay_steps[synapse]
        flying = arrival > now
        target = self.post[synapse][flying].astype(np.int64)
        return arrival[flying], target, tail.count[owner][flying]

    def events(self, emitted: Int64Array, tail: LogTail, now: int) -> Int64Array:
        """Events that have arrived at each target cell.

        Parameters
        ----------
        emitted : (n_cells,) int64
            Spikes of every cell so far.
        tail : LogTail
        now : int
            Last step done.

        Returns
        -------
        (n_cells,) int64
        """
        result = self.settled.copy()
        fresh = emitted - self.emitted_at_epoch
        np.add.at(result, self.post, fresh[self.pre])
        _, target, count = self._in_flight(tail, now)
        np.subtract.at(result, target, count)
        for arrival, late_target, late_count in self.pending:
            arrived = arrival <= now
            np.add.at(result, late_target[arrived], late_count[arrived])
        return result

    def settle(self, emitted: Int64Array, tail: LogTail, now: int, *, drop: bool = False) -> None:
        """Begin a new epoch at ``now``, with the projection's present arrays.

        ``drop`` forgets what is in flight: at ``reset()`` it never arrives.
        """
        settled = self.events(emitted, tail, now)
        if drop:
            self.pending = []
        else:
            flying = self._in_flight(tail, now)
            waiting = [
                (step[step > now], target[step > now], count[step > now])
                for step, target, count in (*self.pending, flying)
            ]
            self.pending = [entry for entry in waiting if len(entry[0])]
        self.settled = settled
        self.emitted_at_epoch = emitted.copy()
        self.epoch = now
        self._take_arrays()
