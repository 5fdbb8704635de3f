"""The model-independent run loop: one text, compiled once per installation.

Blocks are called through a table of addresses, so the loop is the same machine
code for every model. Each thread runs the loop over its own part of the cells;
parts meet after each *window*, which is no longer than the shortest delay, so
that every spike is logged before anybody looks for it.
"""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import delivery
from .delivery import (
    all_finite,
    deliver,
    deliver_pending,
    emit_block,
    emit_table,
    inject,
    sample,
)
from .generate import compile_module

__all__ = [
    "ABORTED",
    "DONE",
    "FAILED_STEP",
    "NOT_FINITE",
    "Log",
    "Memory",
    "Pending",
    "Probes",
    "Scratch",
    "Setting",
    "TableSpikes",
    "Visits",
    "advance",
    "load_advance",
]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]

#: How a call of the loop ended: all steps done or no more room in the log;
#: told to stop; a step function raised; a state is no finite number.
DONE, ABORTED, FAILED_STEP, NOT_FINITE = 0, 1, 2, 3


#: Steps between two looks for states that are no finite numbers.
CHECK_STEPS = 64


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
    """What one part samples; probe ``p`` samples ``slot[first[p]:first[p + 1]]``.

    Attributes
    ----------
    start, interval : (p,) int64, steps
    first : (p + 1,) int64
    slot : (n,) int64
        Indices into the flat state array.
    buffer_at : (p,) int64
        Where the part's first sample of the probe goes in the sample buffer.
    width : (p,) int64
        Cells of the probe, those of other parts too.
    """

    start: Int64Array
    interval: Int64Array
    first: Int64Array
    slot: Int64Array
    buffer_at: Int64Array
    width: Int64Array


class Visits(NamedTuple):
    """Rows that are due, waiting for their memory.

    Attributes
    ----------
    table, at, first, last, weight, spikes : (n,) int64
        Table, index into ``Rows.start``, synapses of the row, its first weight, spikes.
    """

    table: Int64Array
    at: Int64Array
    first: Int64Array
    last: Int64Array
    weight: Int64Array
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


class Memory(NamedTuple):
    """What all parts compute on, each at its own places.

    Attributes
    ----------
    state, param, inputs, injected : flat float64
        See ``tables``; ``inputs`` is a ring of steps.
    samples : flat float64
        Sample buffers of all probes.
    words : (64,) int64
        The words of the barrier.
    """

    state: FloatArray
    param: FloatArray
    inputs: FloatArray
    injected: FloatArray
    samples: FloatArray
    words: Int64Array


class Scratch(NamedTuple):
    """What one part counts with.

    Attributes
    ----------
    positions : (3,) int64
        Where pending input, table spikes and injections go on.
    filled : (p,) int64
        Times that each probe was sampled.
    visits : Visits
    cursor : (parts,) int64
        Entries of the log that are done, by owner.
    counted : (512,) int32
        Spikes of the cells of a block.
    clocks : (4,) int64
        Cycles of delivery, update, recording, barrier in every eighth window.
    """

    positions: Int64Array
    filled: Int64Array
    visits: Visits
    cursor: Int64Array
    counted: NDArray[np.int32]
    clocks: Int64Array


def run_blocks(step, n_log, setting, blocks, table, log, memory, scratch):  # type: ignore[no-untyped-def]
    """Advance all cells of a part by one step and log their spikes.

    Returns the length of the part's log and the first block that failed, or -1.
    """
    cells, numbers = log.cell[setting.part], log.number[setting.part]
    ring_row = (step & setting.mask) * setting.stride
    failed = -1
    for b in range(len(blocks.kind)):
        first = blocks.first_cell[b]
        if blocks.kind[b] == 0:
            scratch.positions[1], n_log = emit_table(
                step, first + blocks.n_cells[b] - 1, scratch.positions[1], table,
                cells, numbers, n_log,
            )  # fmt: skip
            continue
        n_spikes = call_block(
            blocks.address[b], memory.state, blocks.state_at[b], memory.param, blocks.param_at[b],
            memory.inputs, ring_row + blocks.input_at[b], memory.injected, blocks.injected_at[b],
            scratch.counted, blocks.n_cells[b], first, step, setting.trial, setting.key,
        )  # fmt: skip
        if n_spikes > 0:
            n_log = emit_block(n_spikes, scratch.counted, first, cells, numbers, n_log)
        elif n_spikes < 0 and failed < 0:
            failed = b
    log.end[setting.part, step - setting.log_base] = n_log
    return n_log, failed


def run_step(
    step, n_log, timed, setting, blocks, rows, pending, table, injections, probes, log, memory,
    scratch,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """One step: what arrives is added to the inputs, blocks consume them, probes sample."""
    began = cycles() if timed else 0
    ring_row = (step & setting.mask) * setting.stride
    positions = scratch.positions
    positions[0] = deliver_pending(step, positions[0], pending, ring_row, memory.inputs)
    deliver(step, setting, log, rows, scratch.visits, scratch.cursor, memory.inputs)
    positions[2] = inject(step, positions[2], injections, memory.injected)
    delivered = cycles() if timed else 0
    n_log, failed = run_blocks(step, n_log, setting, blocks, table, log, memory, scratch)
    updated = cycles() if timed else 0
    sample(step, probes, memory.state, memory.samples, scratch.filled)
    if timed:
        scratch.clocks[0] += delivered - began
        scratch.clocks[1] += updated - delivered
        scratch.clocks[2] += cycles() - updated
    return n_log, failed


def advance(
    step, n_log, setting, blocks, rows, pending, table, injections, probes, log, memory, scratch
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Run one part from ``step + 1`` to ``setting.last_step``.

    All parts leave together, early when the log of one is nearly full or
    something went wrong. Returns the last step done, the length of the part's
    log, how it ended, and the block that failed.
    """
    status, where, n_window, checked = DONE, -1, 0, step
    while step < setting.last_step:
        n_window += 1
        timed = n_window % 8 == 1
        until = min(step + setting.window, setting.last_step)
        while step < until:
            step += 1
            n_log, failed = run_step(
                step, n_log, timed, setting, blocks, rows, pending, table, injections, probes,
                log, memory, scratch,
            )  # fmt: skip
            if failed >= 0:
                status, where = FAILED_STEP, failed
        if step - checked >= CHECK_STEPS or step == setting.last_step:
            checked = step
            if not all_finite(blocks, memory.state):
                status = max(status, NOT_FINITE)
        began = cycles() if timed else 0
        full = n_log + setting.room > log.cell.shape[1]
        verdict = leave_together(
            memory.words, log.end.shape[0], full or status != DONE, n_window
        )  # fmt: skip
        if timed:
            scratch.clocks[3] += cycles() - began
        if verdict < 0:
            status = max(status, ABORTED)
        if verdict != 0:
            break
    return step, n_log, status, where


def leave_together(words, n_parts, leave, n_window):  # type: ignore[no-untyped-def]
    """Answer for a part that is alone; in compiled code the one of ``barrier``."""
    return 1 if leave else 0


def call_block(
    address, state, state_at, param, param_at, inputs, input_at, injected, injected_at, count,
    n_cells, first, step, trial, key,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Call a block kernel as plain Python: ``address`` is an index into ``PLAIN_BLOCKS``."""
    run, n_states, param_shape, n_inputs = PLAIN_BLOCKS[address]
    n_param = int(np.prod(param_shape))
    total: int = run(
        state[state_at : state_at + n_states * 512].reshape(n_states, 512),
        param[param_at : param_at + n_param].reshape(param_shape),
        inputs[input_at : input_at + n_inputs * 512].reshape(n_inputs, 512),
        injected[injected_at : injected_at + 512],
        count,
        n_cells,
        first,
        step,
        trial,
        key,
    )
    return total


def cycles() -> int:
    """A clock for the plain-Python loop; in compiled code the cycle counter."""
    return time.perf_counter_ns()


#: Plain-Python kernels with their shapes, filled only when compilation is disabled.
PLAIN_BLOCKS: list[tuple[Callable[..., int], int, tuple[int, ...], int]] = []

_LOOP_HEADER = '''"""Generated by pynn_greenmorph; edit engine/loop, delivery or barrier instead."""
import numpy as np
from numba import njit

from pynn_greenmorph.engine.calls import call_block
from pynn_greenmorph.engine.intrinsics import (
    atomic_add, atomic_load, atomic_store, cycles, give_way, pause, prefetch,
)

# {digest}
{constants}
'''


@cache
def load_advance() -> Callable[..., tuple[int, int, int, int]]:
    """Return :func:`advance`, compiled unless compilation is disabled.

    Returns
    -------
    callable
    """
    import numba

    if numba.config.DISABLE_JIT:
        return advance
    from . import barrier, calls, intrinsics

    # The text that is inlined from these modules is part of the hash too.
    inlined = inspect.getsource(calls) + inspect.getsource(intrinsics)
    constants = {name: globals()[name] for name in _LOOP_CONSTANTS}
    constants |= {name: getattr(barrier, name) for name in _BARRIER_CONSTANTS}
    parts = [
        _LOOP_HEADER.format(
            digest=hashlib.sha256(inlined.encode()).hexdigest(),
            constants="\n".join(f"{name} = {value}" for name, value in constants.items()),
        )
    ]
    helpers = [getattr(delivery, name) for name in delivery.__all__]
    helpers += [barrier.meet, barrier.leave_together, run_blocks, run_step]
    for helper in helpers:
        # A call passes every array of a named tuple by value, a hundred words:
        # only what is called once per step may be a function of its own.
        inline = "" if helper in (delivery.deliver_visits, delivery.sample) else "(forceinline=True)"
        parts.append(f"@njit{inline}\n{inspect.getsource(helper)}")
    parts.append(f"@njit(cache=True, nogil=True)\n{inspect.getsource(advance)}")
    module = compile_module("loop", "\n\n".join(parts))
    compiled: Callable[..., tuple[int, int, int, int]] = module.advance
    return compiled


_LOOP_CONSTANTS = ("DONE", "ABORTED", "FAILED_STEP", "NOT_FINITE", "CHECK_STEPS")
_BARRIER_CONSTANTS = ("ARRIVED", "GENERATION", "STOP", "LEAVE", "SPINS")
