"""The model-independent run loop: one text, compiled once per installation.

Blocks are called through a table of addresses, so the loop is the same machine
code for every model. Each thread runs the loop over its own part of the cells;
parts meet after each *window*, which is no longer than the shortest delay, so
that every spike is logged before anybody looks for it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from . import barrier, delivery, direct_delivery, plastic_delivery
from .compiled import Compiled, source_digest
from .delivery import (
    all_finite,
    deliver,
    deliver_pending,
    emit_block,
    emit_table,
    inject,
    sample,
)
from .direct_delivery import tally_window
from .generate import BLOCK, ROW
from .machine_code import compiles
from .memory_map import MemoryMap
from .plastic_delivery import deliver_plastic, note_spikes
from .rows import DIRECT, ONE_EACH
from .share import (
    Setting,
    Share,
    accessors,
    blocks_of,
    direct_of,
    injections_of,
    log_of,
    memory_of,
    pending_of,
    plastic_of,
    probes_of,
    schedule_of,
    scratch_of,
    table_of,
    tuple_fields,
)

__all__ = [
    "ABORTED",
    "DONE",
    "FAILED_ROW",
    "FAILED_STEP",
    "NOT_FINITE",
    "Advance",
    "End",
    "advance",
    "load_advance",
]

Int64Array = NDArray[np.int64]

#: How a call of the loop ended: all steps done or no more room in the log or a
#: history; told to stop; a step function raised; a state is no finite number; a
#: function of a synapse type raised.
DONE, ABORTED, FAILED_STEP, NOT_FINITE, FAILED_ROW = 0, 1, 2, 3, 4


#: Steps between two looks for states that are no finite numbers.
CHECK_STEPS = 64


def run_block(b, state, first, ring_row, step, setting, share):  # type: ignore[no-untyped-def]
    """Advance the cells of a block by one step; returns their spikes, -1 when a step raised."""
    blocks, memory, direct = blocks_of(share), memory_of(share), direct_of(share)
    counted, column = scratch_of(share).counted, direct.column[b]
    if column >= 0:
        counted = direct.ring[step & (len(direct.ring) - 1)]
    return call_block(
        blocks.address[b], state, blocks.state_at[b], memory.param, blocks.param_at[b],
        memory.inputs, ring_row + blocks.input_at[b], memory.injected, blocks.injected_at[b],
        counted, max(column, 0), blocks.n_cells[b], first, step, setting.trial, setting.key,
    )  # fmt: skip


def is_logged(b, n_spikes, step, share):  # type: ignore[no-untyped-def]
    """Whether the spikes of a block go to the log; counts in the ring are copied for that.

    They are when a step has raised, too: who looks for the cell finds it there.
    """
    blocks, direct, counted = blocks_of(share), direct_of(share), scratch_of(share).counted
    column = direct.column[b]
    if column < 0:
        return True
    if n_spikes >= 0 and direct.logged[b] == 0:
        return False
    counts = direct.ring[step & (len(direct.ring) - 1)]
    for i in range(blocks.n_cells[b]):
        counted[i] = counts[column + i]
    return True


def run_blocks(step, n_log, setting, share):  # type: ignore[no-untyped-def]
    """Advance all cells of a part by one step and log their spikes.

    Returns the length of the part's log and the first block that failed, or -1.
    """
    blocks, memory, scratch = blocks_of(share), memory_of(share), scratch_of(share)
    log, table = log_of(share), table_of(share)
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
        if blocks.kind[b] == 2:
            n_spikes = run_block(b, memory.state32, first, ring_row, step, setting, share)
        else:
            n_spikes = run_block(b, memory.state, first, ring_row, step, setting, share)
        if n_spikes == 0 or not is_logged(b, n_spikes, step, share):
            continue
        if n_spikes > 0:
            n_log = emit_block(
                n_spikes, scratch.counted, scratch.counted_pairs, blocks.n_cells[b], first,
                cells, numbers, n_log,
            )  # fmt: skip
        else:
            # The next block would count over the mark of the cell that failed.
            failed = b
            break
    log.end[setting.part, step - setting.log_base] = n_log
    return n_log, failed


def clock_cycles():  # type: ignore[no-untyped-def]
    """What reading the clock takes by itself: the least of a few differences."""
    least = 1 << 30
    for _ in range(8):
        began = cycles()
        least = min(least, cycles() - began)
    return least


def run_step(step, n_log, timed, clock, setting, share):  # type: ignore[no-untyped-def]
    """One step: what arrives is added to the inputs, blocks consume them, probes sample.

    A timed step adds up cycles, less the ``clock`` that each reading takes.
    """
    began = cycles() if timed else 0
    memory, scratch = memory_of(share), scratch_of(share)
    ring_row = (step & setting.mask) * setting.stride
    positions = scratch.positions
    positions[0] = deliver_pending(step, positions[0], pending_of(share), ring_row, memory.inputs)
    deliver(step, setting, share)
    deliver_plastic(step, setting, share)
    positions[2] = inject(step, positions[2], injections_of(share), memory.injected)
    positions[3] = inject(step, positions[3], schedule_of(share), memory.state)
    delivered = cycles() if timed else 0
    n_before = n_log
    n_log, failed = run_blocks(step, n_log, setting, share)
    note_spikes(step, n_before, n_log, setting, share)
    updated = cycles() if timed else 0
    sample(step, probes_of(share), memory.state, memory.state32, memory.samples, scratch.filled)
    if timed:
        scratch.clocks[0] += max(delivered - began - clock, 0)
        scratch.clocks[1] += max(updated - delivered - clock, 0)
        scratch.clocks[2] += max(cycles() - updated - clock, 0)
    return n_log, failed


def advance(step, n_log, setting, share):  # type: ignore[no-untyped-def]
    """Run one part from ``step + 1`` to ``setting.last_step``.

    All parts leave together, early when the log of one is nearly full or
    something went wrong. Returns the last step done, the length of the part's
    log, how it ended, the block that failed and in which step; a part that
    failed stands still until all leave, at the end of the window.
    """
    status, where, failed_at, n_window, checked = DONE, -1, -1, 0, step
    memory, scratch, flags = memory_of(share), scratch_of(share), plastic_of(share).flags
    scratch.positions[4] = step
    n_parts, capacity = log_of(share).cell.shape
    clock = clock_cycles()
    while step < setting.last_step:
        n_window += 1
        timed = n_window % 8 == 1
        until = min(step + setting.window, setting.last_step)
        while step < until:
            step += 1
            n_log, failed = run_step(step, n_log, timed, clock, setting, share)
            if failed >= 0:
                status, where, failed_at = FAILED_STEP, failed, step
                step = until
        if step - checked >= CHECK_STEPS or step == setting.last_step:
            checked = step
            if not all_finite(blocks_of(share), memory.state, memory.state32):
                status = max(status, NOT_FINITE)
        began = cycles() if timed else 0
        if flags[1] != 0:
            status = FAILED_ROW
        leave = status != DONE or n_log + setting.room > capacity or flags[0] != 0
        verdict = leave_together(memory.words, n_parts, leave, n_window)
        if timed:
            scratch.clocks[3] += max(cycles() - began - clock, 0)
        if verdict < 0:
            status = max(status, ABORTED)
        if verdict != 0:
            # A part may have failed within the window: what counts is not known here.
            break
        tally_window(scratch.positions[4] + 1, step, share)
        scratch.positions[4] = step
    return step, n_log, status, where, failed_at


def leave_together(words, n_parts, leave, n_window):  # type: ignore[no-untyped-def]
    """Answer for a part that is alone; in compiled code the one of ``barrier``."""
    return 1 if leave else 0


def call_block(
    address, state, state_at, param, param_at, inputs, input_at, injected, injected_at, count,
    count_at, n_cells, first, step, trial, key,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Call a block kernel as plain Python: ``address`` is an index into ``PLAIN_BLOCKS``."""
    run, n_states, param_shape, n_inputs = PLAIN_BLOCKS[address]
    n_param = int(np.prod(param_shape))
    total: int = run(
        state[state_at : state_at + n_states * ROW].reshape(n_states, ROW),
        param[param_at : param_at + n_param].reshape(param_shape),
        inputs[input_at : input_at + n_inputs * ROW].reshape(n_inputs, ROW),
        injected[injected_at : injected_at + BLOCK],
        count[count_at : count_at + BLOCK],
        n_cells,
        first,
        step,
        trial,
        key,
    )
    return total


def flush_denormals() -> int:
    """Do nothing: NumPy computes as ever."""
    return 0


def restore_denormals(before: int) -> None:
    """Do nothing; see :func:`flush_denormals`."""


def cycles() -> int:
    """A clock for the plain-Python loop; in compiled code the cycle counter."""
    return time.perf_counter_ns()


#: Plain-Python kernels with their shapes, filled only when compilation is disabled.
PLAIN_BLOCKS: list[tuple[Callable[..., int], int, tuple[int, ...], int]] = []

_LOOP_HEADER = """
from pynn_greenmorph.engine.calls import call_block, call_row, call_trace
from pynn_greenmorph.engine.direct import Direct
from pynn_greenmorph.engine.inputs import Changes
from pynn_greenmorph.engine.intrinsics import (
    atomic_add, atomic_load, atomic_store, cycles, flush_denormals, give_way, pause, peek, poke,
    prefetch, restore_denormals,
)
from pynn_greenmorph.engine.plastic import Plastic
from pynn_greenmorph.engine.rows import Rows
from pynn_greenmorph.engine.share import (
    Log, Memory, Pending, Probes, Scratch, Setting, TableSpikes, Visits,
)
from pynn_greenmorph.engine.tables import Blocks

# {digest}
{constants}

{accessors}

@njit(_nrt=False)
def setting_of({fields}):
    return Setting({fields})
"""

_LOOP_CONSTANTS = (
    "DONE",
    "ABORTED",
    "FAILED_STEP",
    "NOT_FINITE",
    "FAILED_ROW",
    "CHECK_STEPS",
)
_BARRIER_CONSTANTS = ("ARRIVED", "GENERATION", "STOP", "LEAVE", "SPINS")

#: End of a call of the loop: last step, length of the log, status, block that
#: failed and in which step (-1 where none did).
End = tuple[int, int, int, int, int]

#: Takes the step, the length of the log, the setting and a memory map.
Advance = Callable[[int, int, Setting, MemoryMap], End]


def load_advance(share: Share) -> Advance:
    """Return :func:`advance`, compiled unless compilation is disabled.

    Parameters
    ----------
    share : Share
        Any one: its types are those of all.

    Returns
    -------
    callable
    """
    if not compiles():
        return _plain_part
    run_part = _compiled(accessors(share))

    def run(step: int, n_log: int, setting: Setting, memory: MemoryMap) -> End:
        end: End = run_part(step, n_log, memory.numbers, *setting)
        return end

    return run


def _plain_part(step: int, n_log: int, setting: Setting, memory: MemoryMap) -> End:
    # Machine code does not warn of overflow either: the states are looked at.
    with np.errstate(all="ignore"):
        end: End = advance(step, n_log, setting, memory.share)
    return end


def setting_of(*fields):  # type: ignore[no-untyped-def]
    """The setting with these fields; in compiled code they are written out."""
    return Setting(*fields)


def run_part(step, n_log, share, *setting):  # type: ignore[no-untyped-def]
    """Run one part, with the fields of its setting one by one."""
    whole = setting_of(*setting)
    if whole.flush == 0:
        return advance(step, n_log, whole, share)
    before = flush_denormals()
    end = advance(step, n_log, whole, share)
    restore_denormals(before)
    return end


@cache
def _compiled(accessors_text: str) -> Compiled:
    # What is inlined from these modules, and where a named tuple has its
    # fields, is part of the hash too.
    inlined = source_digest("calls", "intrinsics") + tuple_fields()
    constants = {name: globals()[name] for name in _LOOP_CONSTANTS}
    constants |= {"DIRECT": DIRECT, "ONE_EACH": ONE_EACH}
    constants |= {name: getattr(barrier, name) for name in _BARRIER_CONSTANTS}
    header = _LOOP_HEADER.format(
        digest=hashlib.sha256(inlined.encode()).hexdigest(),
        constants="\n".join(f"{name} = {value}" for name, value in constants.items()),
        accessors=accessors_text,
        fields=", ".join(Setting._fields),
    )
    helpers = [getattr(delivery, name) for name in delivery.__all__]
    helpers += [getattr(direct_delivery, name) for name in direct_delivery.HELPERS]
    helpers += [getattr(plastic_delivery, name) for name in plastic_delivery.HELPERS]
    helpers += [
        barrier.meet,
        barrier.leave_together,
        run_block,
        is_logged,
        run_blocks,
        clock_cycles,
        run_step,
        advance,
    ]
    hot = [getattr(delivery, name) for name in delivery.INLINED]
    return Compiled(run_part, helpers, len(get_args(End)), "the run loop", header, hot)
