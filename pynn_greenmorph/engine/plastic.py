"""Synapses that are more than a weight: what the run loop works on.

They are stored apart from the rows of static synapses, by projection, delay,
dendritic fraction of it, source population, source cell and order of insertion,
and delivered in this order after all static input of a step, ``delay`` steps
after the emission. A part has those onto its own cells, and the history of
spikes of these cells: no part reads or writes what another one changes.

A *table* holds the synapses of one projection with one delay and fraction from
one source population, a *row* those of one source cell in it. What a synapse remembers of
its source is kept once for each row, or, where parameters differ between
connections, once for each synapse. A *channel* holds the *histories* of the
targets of one projection in one population.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FAILED", "FULL", "LONG", "NEAR", "NO_SPIKE", "NO_TIE", "STRETCH", "Memo", "Past", "Plastic",
    "Timing", "near_words", "no_plastic",
]  # fmt: skip

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Positions in ``Plastic.flags``: a history is nearly full; 1 more than the table
#: whose functions raised.
FULL, FAILED = 0, 1

#: Newest spikes of each target that lie apart, with one trace in one cache line:
#: looking them up in a history would wait for memory three times.
NEAR = 4

#: Synapses of a row that learn together, while their targets' newest spikes are asked for
#: one stretch ahead.
STRETCH = 64

#: Where a target has had fewer spikes, the step of the others.
NO_SPIKE = -(1 << 62)

#: Steps between two spikes of a source, by synapses of its row, up to which what
#: target spikes ask for is tabulated for the whole row.
LONG = 8

#: ``Plastic.tie`` where no spike of the target is apart from the others.
NO_TIE = -(1 << 62)


class Plastic(NamedTuple):
    """The synapses onto the cells of one part, other than static ones.

    Attributes
    ----------
    address : (t,) int64
        Kernel that handles a row of the table.
    delay, epoch : (t,) int64, steps
        Delay; last step whose spikes are not delivered by the table.
    silent : (t,) int64, steps
        Last step whose spikes the synapses only learn from: what they do to the target is
        pending input.
    first_cell, last_cell : (t,) int64
        Global ids of the source population's first and last cell.
    row_at : (t,) int64
        Row of ``first_cell``.
    param_at, param_stride : (t,) int64
        Parameter ``k`` is ``param[param_at + k * param_stride]``, plus the synapse
        where synapses have their own.
    state_at : (t,) int64
        States of row ``r`` begin at ``state_at + r * n_states``, r counting rows
        with synapses; of synapse ``i`` where synapses have their own.
    upper, tie : (t,) int64, steps
        Relative to the emission: last step whose target spikes come before the
        source's spike; the step whose target spikes come at the same time,
        if it is not among those that count in the target's traces.
    shift : (t,) float64, steps
        Target spikes of step ``emission + shift`` reach the synapse with the source's.
    horizon : (t,) float64, ms
        From then on after a spike of the source, target spikes change nothing.
    near_at, memo_at : (t,) int64
        Where the newest spikes of history 0 would lie in ``near``; where what the
        rule remembers begins in ``memo``.
    memo_steps : (t,) int64
        For how many differences of steps it is remembered.
    draw : (t,) int64
        Number of the first random draw of the projection.
    start : (s,) uint32
        First synapse of each row, and the end of the table's last.
    rank : (s,) uint32
        Number of rows with synapses before each row.
    previous : (r,) int64
        Step of the last spike of each row with synapses; ``-1 - b`` before the
        first, with the step b when the row was made.
    target : (n,) int32
        History of the target; input slot of one step where there are no histories.
    connection : (n,) uint32
        Position in the projection, in order of insertion.
    weight : (n,) float64, nA, uS or mV
    param, state : flat float64
    memo : flat float64
        Values of expressions of the rule by difference of steps, see ``Memo``.
    aside : (longest row,) uint32
        Synapses of a row that wait.
    up, down : (steps,) float64
        What a spike of a target asks for, by when it came; for one row at a time.
    channel_address : (c,) int64
        Kernel that computes the traces of a spike.
    channel_first, channel_last : (c,) int64
        Global ids of the first and last cell of the channel.
    channel_history, channel_param, channel_near : (c,) int64
        History of the first cell; where the channel's parameters begin; ``near_at``.
    oldest, end, limit : (h,) int64
        Entries of each history: first, one behind the last, and behind the last
        there is room for.
    slot : (h,) int32
        Input slot of the target.
    near : flat float64
        For each history the steps of its ``NEAR`` newest spikes, newest first, each as
        often as there are spikes in it, then the traces right after each of them.
        Where there were fewer: ``NO_SPIKE``, and initial traces. The steps are integers.
    near_step : flat int64
        The same memory.
    step : (e,) int64
        Step of a target spike.
    number : (e,) int32
        Number of spikes in that step.
    trace_at : (h,) int64
        Where the traces of the history's first entry begin.
    trace : flat float64
        Traces right after each target spike.
    dt_ms : (1,) float64, ms
    flags : (2,) int64
        See ``FULL`` and ``FAILED``.
    """

    address: Int64Array
    delay: Int64Array
    epoch: Int64Array
    silent: Int64Array
    first_cell: Int64Array
    last_cell: Int64Array
    row_at: Int64Array
    param_at: Int64Array
    param_stride: Int64Array
    state_at: Int64Array
    upper: Int64Array
    tie: Int64Array
    shift: FloatArray
    horizon: FloatArray
    near_at: Int64Array
    memo_at: Int64Array
    memo_steps: Int64Array
    draw: Int64Array
    start: NDArray[np.uint32]
    rank: NDArray[np.uint32]
    previous: Int64Array
    target: NDArray[np.int32]
    connection: NDArray[np.uint32]
    weight: FloatArray
    param: FloatArray
    state: FloatArray
    memo: FloatArray
    aside: NDArray[np.uint32]
    up: FloatArray
    down: FloatArray
    channel_address: Int64Array
    channel_first: Int64Array
    channel_last: Int64Array
    channel_history: Int64Array
    channel_param: Int64Array
    channel_near: Int64Array
    oldest: Int64Array
    end: Int64Array
    limit: Int64Array
    trace_at: Int64Array
    slot: NDArray[np.int32]
    near: FloatArray
    near_step: Int64Array
    step: Int64Array
    number: NDArray[np.int32]
    trace: FloatArray
    dt_ms: FloatArray
    flags: Int64Array


class Past(NamedTuple):
    """The histories of a ``Plastic``: what a synapse looks up of its target."""

    oldest: Int64Array
    end: Int64Array
    step: Int64Array
    number: NDArray[np.int32]
    trace_at: Int64Array
    trace: FloatArray


class Memo(NamedTuple):
    """What a rule remembers.

    Expression ``k`` after ``n`` steps is at ``at + k * (steps + 1) + n``, and behind
    those of all steps is its value after an infinite time.
    """

    values: FloatArray
    at: int
    steps: int


class Timing(NamedTuple):
    """When a table of a ``Plastic`` sees target spikes, see there."""

    dt_ms: float
    shift: float
    horizon: float
    upper: int
    tie: int


#: Types of the arrays that do not hold 64-bit integers.
_TYPES = {
    "shift": np.float64, "horizon": np.float64, "start": np.uint32, "rank": np.uint32,
    "target": np.int32, "slot": np.int32, "connection": np.uint32, "weight": np.float64,
    "param": np.float64, "state": np.float64, "memo": np.float64, "aside": np.uint32,
    "up": np.float64, "down": np.float64, "near": np.float64, "number": np.int32,
    "trace": np.float64, "dt_ms": np.float64,
}  # fmt: skip


def near_words(n_traces: int) -> int:
    """Numbers in ``Plastic.near`` for each history."""
    return NEAR * (1 + n_traces)


def no_plastic() -> Plastic:
    """Return what a part without such synapses has."""
    empty = {name: np.zeros(0, _TYPES.get(name, np.int64)) for name in Plastic._fields}
    return Plastic(**empty)._replace(flags=np.zeros(2, dtype=np.int64))
