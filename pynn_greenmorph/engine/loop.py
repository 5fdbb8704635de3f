"""The model-independent run loop: one text, compiled once per installation.

Blocks are called through a table of addresses, so the loop is the same machine
code for every model. Each thread runs the loop over its own part of the cells;
parts meet after each *window*, which is no longer than the shortest delay, so
that every spike is logged before anybody looks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from . import (
    barrier,
    block_steps,
    delivery,
    direct_delivery,
    mask_delivery,
    plastic_delivery,
    uniform_delivery,
)
from .accessors import (
    accessors,
    blocks_of,
    injections_of,
    log_of,
    memory_of,
    pending_of,
    plastic_of,
    schedule_of,
    scratch_of,
    tuple_fields,
)
from .block_steps import changes_within, cycles, run_stretch
from .compiled import Compiled, source_digest
from .delivery import (
    all_finite,
    deliver,
    deliver_pending,
    deliver_visits,
    inject,
)
from .direct_delivery import tally_window
from .generate import BLOCK, ROW
from .instructions import never_inlined
from .machine_code import compiles
from .memory_map import MemoryMap
from .plastic_delivery import deliver_plastic, note_spikes
from .rows import CONSTANT, DIRECT, DOUBLE, MASKED, ONE_EACH, ROWS, SINGLE, UNIFORM
from .share import Setting, Share
from .uniform import LARGEST_COUNT
from .uniform_delivery import LINE, begin_counting

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


def clock_cycles():  # type: ignore[no-untyped-def]
    """What reading the clock takes by itself: the least of a few differences."""
    least = 1 << 30
    for _ in range(8):
        began = cycles()
        least = min(least, cycles() - began)
    return least


def arrive(first, last, setting, share):  # type: ignore[no-untyped-def]
    """Add up, or count, all that arrives in each of a few steps.

    Rows of all steps are asked for before the first is added, where they are few.
    """
    never_inlined()
    positions, inputs = scratch_of(share).positions, memory_of(share).inputs
    pending = pending_of(share)
    n_visits = 0
    for step in range(first, last + 1):
        ring_row = (step & setting.mask) * setting.stride
        before = positions[0]
        positions[0] = deliver_pending(step, before, pending, ring_row, inputs)
        begin_counting(step, positions[0] != before, setting, share)
        n_visits = deliver(step, n_visits, setting, share)
    if n_visits > 0:
        deliver_visits(n_visits, setting, share)


def run_steps(first, last, n_log, timed, clock, setting, share):  # type: ignore[no-untyped-def]
    """Several steps at once, or one: all that arrives, then block by block; see ``block_steps``.

    What changes from step to step, and synapses that learn, are for one step only. A timed
    step adds up cycles, less the ``clock`` that each reading takes. Returns the length of the
    part's log, the block that failed, or -1, and in which step.
    """
    memory, scratch = memory_of(share), scratch_of(share)
    positions, clocks = scratch.positions, scratch.clocks
    began = cycles() if timed else 0
    arrive(first, last, setting, share)
    if first == last:
        deliver_plastic(first, setting, share)
        positions[2] = inject(first, positions[2], injections_of(share), memory.injected)
        positions[3] = inject(first, positions[3], schedule_of(share), memory.state)
    delivered, sampling, n_before = cycles() if timed else 0, clocks[2], n_log
    reading = clock if timed else -1
    n_log, failed, failed_at = run_stretch(first, last, n_log, reading, setting, share)
    if first == last:
        note_spikes(first, n_before, n_log, setting, share)
    if timed:
        clocks[0] += max(delivered - began - clock, 0)
        clocks[1] += max(cycles() - delivered - clock - (clocks[2] - sampling), 0)
    return n_log, failed, failed_at


def run_window(first, last, n_log, timed, clock, setting, share):  # type: ignore[no-untyped-def]
    """All steps of a window, up to ``last``.

    Returns the length of the part's log, the block that failed, or -1, and in which step.
    """
    step, failed, failed_at = first - 1, -1, -1
    while step < last and failed < 0:
        until = min(step + setting.stretch, last)
        if until > step + 1 and changes_within(until, share):
            until = step + 1
        n_log, failed, failed_at = run_steps(step + 1, until, n_log, timed, clock, setting, share)
        step = until
    return n_log, failed, failed_at


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
        n_log, where, failed_at = run_window(step + 1, until, n_log, timed, clock, setting, share)
        step = until
        if where >= 0:
            status = FAILED_STEP
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


def flush_denormals() -> int:
    """Do nothing: NumPy computes as ever."""
    return 0


def restore_denormals(before: int) -> None:
    """Do nothing; see :func:`flush_denormals`."""


_LOOP_HEADER = """
from pynn_greenmorph.engine.calls import (
    call_block, call_row, call_trace, place_of, setting_of, words_of,
)
from pynn_greenmorph.engine.denormals import flush_denormals, restore_denormals
from pynn_greenmorph.engine.direct import Direct
from pynn_greenmorph.engine.inputs import Changes
from pynn_greenmorph.engine.intrinsics import (
    add_bits, add_bits_of_four, atomic_add, atomic_load, atomic_store, cycles, give_way, lowest_bit,
    never_inlined, nonzero_lanes, pause, peek, peek_apart, poke, poke_apart, prefetch, rest,
    widest_vectors,
)
from pynn_greenmorph.engine.plastic import Plastic
from pynn_greenmorph.engine.rows import Rows
from pynn_greenmorph.engine.share import (
    Log, Memory, Pending, Probes, Scratch, Stretch, TableSpikes, Visits,
)
from pynn_greenmorph.engine.tables import Blocks
from pynn_greenmorph.engine.uniform import Uniform

# {digest}
{constants}

{accessors}
"""

_LOOP_CONSTANTS = (
    "DONE",
    "ABORTED",
    "FAILED_STEP",
    "NOT_FINITE",
    "FAILED_ROW",
    "CHECK_STEPS",
)
_PLACES = ("IN_RING", "IN_SPREAD", "AS_COUNTS")
_BARRIER_CONSTANTS = ("ARRIVED", "GENERATION", "STOP", "LEAVE", "SPINS", "YIELDS")

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
        end: End = run_part(step, n_log, memory.numbers, np.array(setting, dtype=np.int64))
        return end

    return run


def _plain_part(step: int, n_log: int, setting: Setting, memory: MemoryMap) -> End:
    # Machine code does not warn of overflow either: the states are looked at.
    with np.errstate(all="ignore"):
        end: End = run_part(step, n_log, memory.share, setting)
    return end


def words_of(share):  # type: ignore[no-untyped-def]
    """The share as it is; in compiled code the address of its memory map."""
    return share


def setting_of(setting):  # type: ignore[no-untyped-def]
    """The setting as it is; in compiled code the one at an address."""
    return setting


def run_part(step, n_log, share, setting):  # type: ignore[no-untyped-def]
    """Run one part; what numbers that are too small count for is up to the setting."""
    share, setting = words_of(share), setting_of(setting)
    if setting.flush == 0:
        return advance(step, n_log, setting, share)
    before = flush_denormals()
    end = advance(step, n_log, setting, share)
    restore_denormals(before)
    return end


@cache
def _compiled(accessors_text: str) -> Compiled:
    # What is inlined from these modules, and where a named tuple has its
    # fields, is part of the hash too.
    inlined = source_digest("calls", "denormals", "intrinsics") + tuple_fields()
    constants = {name: globals()[name] for name in _LOOP_CONSTANTS}
    constants |= {"ROWS": ROWS, "ONE_EACH": ONE_EACH, "DIRECT": DIRECT}
    constants |= {"CONSTANT": CONSTANT, "SINGLE": SINGLE, "DOUBLE": DOUBLE}
    constants |= {"UNIFORM": UNIFORM, "MASKED": MASKED}
    constants |= {"LARGEST_COUNT": LARGEST_COUNT, "BLOCK": BLOCK, "ROW": ROW, "LINE": LINE}
    constants |= {name: getattr(uniform_delivery, name) for name in _PLACES}
    constants |= {name: getattr(barrier, name) for name in _BARRIER_CONSTANTS}
    header = _LOOP_HEADER.format(
        digest=hashlib.sha256(inlined.encode()).hexdigest(),
        constants="\n".join(f"{name} = {value}" for name, value in constants.items()),
        accessors=accessors_text,
    )
    helpers = [getattr(uniform_delivery, name) for name in uniform_delivery.HELPERS]
    helpers += [getattr(mask_delivery, name) for name in mask_delivery.HELPERS]
    helpers += [getattr(delivery, name) for name in delivery.__all__]
    helpers += [getattr(direct_delivery, name) for name in direct_delivery.HELPERS]
    helpers += [getattr(plastic_delivery, name) for name in plastic_delivery.HELPERS]
    helpers += [getattr(block_steps, name) for name in block_steps.HELPERS]
    helpers += [barrier.meet, barrier.leave_together]
    helpers += [clock_cycles, arrive, run_steps, run_window, advance]
    hot = [getattr(delivery, name) for name in delivery.INLINED]
    hot += [getattr(uniform_delivery, name) for name in uniform_delivery.INLINED]
    return Compiled(run_part, helpers, len(get_args(End)), "the run loop", header, hot)
