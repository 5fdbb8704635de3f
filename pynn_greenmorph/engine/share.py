"""What one part of the run loop works on: named tuples of arrays.

Compiled code gets them as one list of addresses and shapes. Numba would
otherwise take every array apart on each call and count references to it within
the loop, which costs more than a short row of synapses.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .direct import Direct
from .inputs import Changes
from .plastic import Plastic
from .rows import Rows
from .tables import Blocks
from .uniform import Uniform

__all__ = [
    "WORDS_PER_ARRAY",
    "Log",
    "Memory",
    "Pending",
    "Probes",
    "Scratch",
    "Setting",
    "Share",
    "Stretch",
    "TableSpikes",
    "Visits",
]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: Words of an array in a memory map: address, length, length of a second axis.
WORDS_PER_ARRAY = 3


class Log(NamedTuple):
    """The spike log, one row per part.

    Attributes
    ----------
    end : (parts, steps + 1) int64
        Entries up to and including step ``base + i``, at ``i``.
    cell : (parts, capacity) int32
        Global cell id.
    number : (parts, capacity) int32
        Number of spikes of that cell in that step.
    """

    end: Int64Array
    cell: NDArray[np.int32]
    number: NDArray[np.int32]


class Pending(NamedTuple):
    """Input that was in flight when tables changed, ascending by arrival.

    Attributes
    ----------
    step, slot : (k,) int64
        Arrival step, index into the input of one step.
    value : (k,) float64
        Weight times count, as it was at emission.
    """

    step: Int64Array
    slot: Int64Array
    value: FloatArray

    def take(self, chosen: NDArray[np.bool_]) -> Pending:
        """Return the chosen entries (k,)."""
        return Pending(self.step[chosen], self.slot[chosen], self.value[chosen])


class TableSpikes(NamedTuple):
    """Spikes of table sources, ascending by step, then cell.

    Attributes
    ----------
    step, cell, number : (k,) int64
        Step of emission, global cell id, number of spikes.
    """

    step: Int64Array
    cell: Int64Array
    number: Int64Array


class Probes(NamedTuple):
    """What one part samples; ``slot[first[p, b]:first[p, b + 1]]`` is block ``b``'s of probe ``p``.

    Attributes
    ----------
    start, interval : (p,) int64, steps
    first : (p, b + 1) int64
    slot : (n,) int64
        Indices into the states of the probe's precision.
    single : (p,) int64
        1 where these are float32.
    buffer_at : (p,) int64
        Where the part's first sample of the probe goes in the sample buffer.
    width : (p,) int64
        Cells of the probe, those of other parts too.
    """

    start: Int64Array
    interval: Int64Array
    first: Int64Array
    slot: Int64Array
    single: Int64Array
    buffer_at: Int64Array
    width: Int64Array


class Visits(NamedTuple):
    """Rows that are due, waiting for their memory.

    Attributes
    ----------
    step, table, first, last, spikes : (n,) int64
        Step of delivery, table, the row's places in the list of targets, spikes.
    """

    step: Int64Array
    table: Int64Array
    first: Int64Array
    last: Int64Array
    spikes: Int64Array


class Setting(NamedTuple):
    """Numbers that hold for one call of the loop.

    Attributes
    ----------
    part : int
    last_step : int
        Step to run to.
    window : int, steps
        Steps between two barriers.
    room : int
        Entries that the part's log must have left before a window.
    epoch : int
        Last step whose spikes are not delivered from the log.
    log_base : int
        Step of ``log.end[:, 0]``.
    trial, key : int
        What random numbers are drawn with.
    mask : int
        Steps of the ring of inputs, less 1.
    stride : int
        Input slots of one step.
    flush : int
        Whether denormal numbers count as 0.
    first_step : int
        Last step before the call.
    stretch : int, steps
        How many steps a block may make at once, at least 1.
    """

    part: int
    last_step: int
    window: int
    room: int
    epoch: int
    log_base: int
    trial: int
    key: np.int64
    mask: int
    stride: int
    flush: int
    first_step: int
    stretch: int


class Memory(NamedTuple):
    """What all parts compute on, each at its own places.

    Attributes
    ----------
    state : flat float64
    state32 : flat float32
        See ``tables``.
    param : flat float64
    inputs, injected : flat float64, or float32 in fast precision
        ``inputs`` is a ring of steps.
    samples : flat float64
        Sample buffers of all probes.
    words : (64,) int64
        The words of the barrier.
    """

    state: FloatArray
    state32: NDArray[np.float32]
    param: FloatArray
    inputs: NDArray[np.float64] | NDArray[np.float32]
    injected: NDArray[np.float64] | NDArray[np.float32]
    samples: FloatArray
    words: Int64Array


class Scratch(NamedTuple):
    """What one part counts with.

    Attributes
    ----------
    positions : (6,) int64
        Where pending input, table spikes, injections and schedule go on; the last step
        whose counts of direct sources were added up; the lane that has failed.
    failed : (n,) float64
        Inputs of the cell that has failed, by receptor.
    visits : Visits
    cursor : (parts,) int64
        Entries of the log that are done, by owner.
    counted : (1024,) int32
        Spikes of the cells of a block in a step, and in the next.
    clocks : (4,) int64
        Cycles of delivery, update, recording, barrier in every eighth window.
    """

    positions: Int64Array
    failed: FloatArray
    visits: Visits
    cursor: Int64Array
    counted: NDArray[np.int32]
    clocks: Int64Array


class Stretch(NamedTuple):
    """Spikes of a few steps until all blocks of a part have made them.

    Attributes
    ----------
    length : (steps,) int64
        Entries of each step.
    position : (steps,) int64
        Where each step goes on in the table of spikes.
    cell, number : (steps, n) int32
        As in :class:`Log`.
    """

    length: Int64Array
    position: Int64Array
    cell: NDArray[np.int32]
    number: NDArray[np.int32]


class Share(NamedTuple):
    """All that one part works on.

    Attributes
    ----------
    plastic : Plastic
        First: kernels of synapses find it at the beginning of the memory map.
    blocks : Blocks
    rows : Rows
    uniform : Uniform
    direct : Direct
    pending : Pending
    table : TableSpikes
    injections, schedule : Changes
        Of injected currents (pA); of states that follow a histogram.
    probes : Probes
    log : Log
    memory : Memory
    scratch : Scratch
    stretch : Stretch
    """

    plastic: Plastic
    blocks: Blocks
    rows: Rows
    uniform: Uniform
    direct: Direct
    pending: Pending
    table: TableSpikes
    injections: Changes
    schedule: Changes
    probes: Probes
    log: Log
    memory: Memory
    scratch: Scratch
    stretch: Stretch
