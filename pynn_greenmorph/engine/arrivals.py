"""What is in flight, and how many events arrived: the bookkeeping around the log.

Spikes emitted at or before an *epoch* are not looked up in the rows. Whenever
rows change (a new projection, a new weight or delay), the epoch moves to the
present and everything in flight becomes pending input with its old values, so
that a spike acts with the weight and delay its synapse had when it was emitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network import SynapseGroup
from .masks import targets_of_masks
from .rows import CONSTANT, MASKED, SINGLE, UNIFORM, Rows, column_and_stride
from .share import Pending
from .sorting import load_sorting, stable_order

__all__ = ["NO_SPIKES", "EventCounter", "LogTail", "expand", "pending_input", "ring_input"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_NO_INT = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class LogTail:
    """Entries of the log, such as those that may still be in flight.

    Attributes
    ----------
    step, cell, count : (k,) int64
        Step of emission, global cell id, number of spikes; ascending by step, then cell.
    """

    step: Int64Array
    cell: Int64Array
    count: Int64Array

    def take(self, chosen: NDArray[np.bool_ | np.integer[Any]]) -> LogTail:
        """The chosen entries: a mask (k,), or indices."""
        return LogTail(self.step[chosen], self.cell[chosen], self.count[chosen])

    def after(self, epoch: int) -> LogTail:
        """The entries emitted after ``epoch``."""
        keep = int(np.searchsorted(self.step, epoch, side="right"))
        return LogTail(self.step[keep:], self.cell[keep:], self.count[keep:]) if keep else self

    def in_order(self) -> LogTail:
        """The same entries, ascending by step, then cell."""
        if not len(self.step):
            return self
        since = self.step - self.step.min()
        # Keys of the type that synapses are sorted by: no other machine code is needed.
        keys = self.cell.astype(np.int32), since.astype(np.int32)
        return self.take(stable_order(keys, len(self.step)))


NO_SPIKES = LogTail(_NO_INT, _NO_INT, _NO_INT)


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


def ring_input(ring: FloatArray, ring_steps: int, now: int) -> Pending:
    """Take out of the ring what was delivered ahead of its arrival.

    Parameters
    ----------
    ring : (ring_steps * n_slots,) float64
        Sums by arrival step; set to 0.
    ring_steps : int
    now : int
        Last step done.

    Returns
    -------
    Pending
    """
    rows = ring.reshape(ring_steps, -1)
    steps, slots, values = [_NO_INT], [_NO_INT], [np.zeros(0)]
    for step in range(now + 1, now + ring_steps):
        row = rows[step % ring_steps]
        waiting = np.flatnonzero(row)
        steps.append(np.full(len(waiting), step, dtype=np.int64))
        slots.append(waiting)
        values.append(row[waiting])
    ring[:] = 0.0
    return Pending(np.concatenate(steps), np.concatenate(slots), np.concatenate(values))


def pending_input(
    parts: Sequence[Rows], tail: LogTail, now: int, previous: Sequence[Pending]
) -> Pending:
    """Turn everything in flight into pending input.

    Parameters
    ----------
    parts : sequence of Rows
        The rows as they were when the spikes were emitted.
    tail : LogTail
        Spikes emitted after the epoch of the rows.
    now : int
        Last step done.
    previous : sequence of Pending
        Earlier pending input that has not arrived; it stays in front.

    Returns
    -------
    Pending
        Ascending by arrival; within one arrival in the order of delivery.
    """
    columns: list[list[NDArray[Any]]] = [[] for _ in range(6)]
    for rows in parts:
        for number, base in enumerate(rows.group_base):
            for bucket in range(rows.group_bucket[number], rows.group_bucket[number + 1]):
                low, high = rows.bucket_first[bucket], rows.bucket_last[bucket]
                mine = (tail.step + base > now) & (tail.cell >= low) & (tail.cell <= high)
                flying = LogTail(tail.step[mine] + base, tail.cell[mine], tail.count[mine])
                for table in range(rows.bucket_table[bucket], rows.bucket_table[bucket + 1]):
                    found = _rows_in_flight(rows, table, flying, int(low))
                    key = np.full(len(found[0]), number, dtype=np.int64)
                    for column, values in zip(columns, (*found, key), strict=True):
                        column.append(values)
    delivered, source, offset, slot, value, group = (
        np.concatenate([_NO_INT, *column]) for column in columns
    )
    # lexsort is stable: storage class and row remain in the order of the tables.
    order = np.lexsort((source, group, delivered))
    fresh = Pending((delivered + offset)[order], slot[order], value[order])
    step, slot, value = (np.concatenate(column) for column in zip(*previous, fresh, strict=True))
    order = np.argsort(step, kind="stable")
    return Pending(step[order], slot[order], value[order])


def _rows_in_flight(
    rows: Rows, table: int, flying: LogTail, first_cell: int
) -> tuple[NDArray[Any], ...]:
    """Step of delivery, source, offset, slot and value of each synapse of a table in flight."""
    at = rows.table_start[table] + flying.cell - first_cell
    if rows.table_kind[table] == MASKED:
        return _masks_in_flight(rows, table, flying, at)
    index, owner = expand(rows.start[at].astype(np.int64), rows.start[at + 1].astype(np.int64))
    synapse = rows.table_synapse[table] + index
    kind = rows.table_kind[table]
    if kind in (CONSTANT, UNIFORM):
        weight = np.full(len(index), rows.table_constant[table])
    else:
        weights = rows.weight32 if kind == SINGLE else rows.weight64
        weight = weights[rows.table_weight[table] + index].astype(np.float64)
    offset = rows.offset[synapse].astype(np.int64) if len(rows.offset) else np.zeros_like(index)
    slot = rows.table_page[table] + rows.target[synapse].astype(np.int64)
    return flying.step[owner], flying.cell[owner], offset, slot, weight * flying.count[owner]


def _masks_in_flight(
    rows: Rows, table: int, flying: LogTail, at: Int64Array
) -> tuple[NDArray[Any], ...]:
    """The same for a table of masks, whose rows are ``at``."""
    begin, end = (
        rows.table_synapse[table] + rows.start[at + one].astype(np.int64) for one in (0, 1)
    )
    lines = rows.line[rows.table_line[table] :]
    targets = [
        targets_of_masks(rows.target[first:last], lines)
        for first, last in zip(begin.tolist(), end.tolist(), strict=True)
    ]
    owner = np.repeat(np.arange(len(targets)), [len(one) for one in targets])
    slot = rows.table_page[table] + np.concatenate([_NO_INT, *targets])
    value = rows.table_constant[table] * flying.count[owner]
    return flying.step[owner], flying.cell[owner], np.zeros_like(slot), slot, value


@dataclass
class EventCounter:
    """Counts the events of one projection without touching the run loop.

    Events are spikes of each source since the epoch times its synapses, less
    what is still in flight, plus what was settled at earlier epochs.

    Attributes
    ----------
    group : SynapseGroup
        The projection.
    emitted_at_creation : (n,) int64
        Spikes of the cells that there were when the projection was made;
        counters made together share the array.
    emitted_at_epoch : (n,) int64
        Spikes of the cells when the present connection values began to hold.
    epoch : int
        The last step then done.
    settled : (n,) int64 or None
        Events at each target cell up to the epoch; None for none.
    pending : list of (arrival step, target, count) arrays
        Events that were in flight at an epoch.
    """

    group: SynapseGroup
    emitted_at_creation: Int64Array
    emitted_at_epoch: Int64Array
    epoch: int
    settled: Int64Array | None = None
    pending: list[tuple[Int64Array, Int64Array, Int64Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the projection's present arrays; they are replaced, never changed in place."""
        self._take_arrays()

    def _take_arrays(self) -> None:
        self._pre, self._post = self.group.pre, self.group.post
        self._delay = self.group.delay_steps

    def _in_flight(self, tail: LogTail, now: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Arrival step, target and count of each event in flight."""
        tail = tail.after(self.epoch)
        if not len(tail.step) or not len(self._pre):
            return _NO_INT, _NO_INT, _NO_INT
        first, order = _by_cell(tail, len(self.emitted_at_epoch))
        synapse = np.flatnonzero(np.diff(first)[self._pre])
        cell = self._pre[synapse]
        index, owner = expand(first[cell], first[cell + 1])
        entry, synapse = order[index], synapse[owner]
        arrival = tail.step[entry] + self._delay[synapse]
        flying = arrival > now
        target = self._post[synapse][flying].astype(np.int64)
        return arrival[flying], target, tail.count[entry][flying]

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
        result = np.zeros(len(emitted), dtype=np.int64)
        if self.settled is not None:
            result[: len(self.settled)] = self.settled
        if len(self._pre):
            fresh = emitted.copy()
            fresh[: len(self.emitted_at_epoch)] -= self.emitted_at_epoch
            tail = tail.after(self.epoch)
            first, order = _by_cell(tail, len(emitted))
            delay, stride = column_and_stride(self._delay)
            load_sorting().count_events(
                self._pre, self._post, delay, stride, fresh, first, tail.step[order],
                tail.count[order], now, result,
            )  # fmt: skip
        for arrival, late_target, late_count in self.pending:
            arrived = arrival <= now
            np.add.at(result, late_target[arrived], late_count[arrived])
        return result

    def settle(
        self, emitted: Int64Array, now_emitted: Int64Array, tail: LogTail, now: int,
        *, drop: bool = False,
    ) -> None:  # fmt: skip
        """Begin a new epoch at ``now``, with the projection's present arrays.

        ``now_emitted`` is a copy of ``emitted`` that the counters share.
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
        self.settled = settled if settled.any() else None
        self.emitted_at_epoch = now_emitted
        self.epoch = now
        self._take_arrays()


def _by_cell(tail: LogTail, n_cells: int) -> tuple[Int64Array, Int64Array]:
    """Entries of a tail by cell: first entry of each cell, and the order."""
    order = np.argsort(tail.cell, kind="stable")
    counts = np.bincount(tail.cell, minlength=n_cells)
    return np.concatenate([[0], np.cumsum(counts)]), order
