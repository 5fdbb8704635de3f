"""Compute blocks of cells, sample them and log their spikes, as plain Python that is also compiled.

Part of the run loop. Each block makes a few steps while its state is in the innermost
cache: a *stretch*, no longer than the shortest delay, or a single step. Spikes of a stretch
wait in a log for each of its steps until all blocks are done. No bit of a result depends on
its length.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .accessors import (
    blocks_of,
    direct_of,
    injections_of,
    log_of,
    memory_of,
    probes_of,
    schedule_of,
    scratch_of,
    stretch_of,
    table_of,
    uniform_of,
)
from .delivery import emit_block, emit_table
from .generate import BLOCK, ROW
from .instructions import never_inlined, peek
from .uniform_delivery import AS_COUNTS, IN_RING, IN_SPREAD, spread_block, takes_counts

__all__ = [
    "HELPERS",
    "PLAIN_BLOCKS",
    "changes_within",
    "cycles",
    "run_stretch",
]

#: Functions that are compiled into the run loop, each after those that it calls.
HELPERS = (
    "copy_counts", "keep_failed", "is_probed", "sample", "changes_within", "begin_stretch",
    "log_spikes", "table_steps", "places_of", "one_step", "two_steps", "block_steps",
    "close_stretch", "run_stretch",
)  # fmt: skip

#: Plain-Python kernels with their shapes, filled only when compilation is disabled.
PLAIN_BLOCKS: list[tuple[Callable[..., int], int, tuple[int, ...], int]] = []


def cycles() -> int:
    """A clock for plain Python; in compiled code the cycle counter."""
    return time.perf_counter_ns()


def place_of(array, index):  # type: ignore[no-untyped-def]
    """An array from an index on; in compiled code the address."""
    return array[index:]


def call_block(
    address, state, param, inputs, injected, count, n_cells, first, step, trial, key, weights, later
):  # type: ignore[no-untyped-def]
    """Call a block kernel as plain Python: ``address`` is an index into ``PLAIN_BLOCKS``."""
    run, n_states, param_shape, n_inputs = PLAIN_BLOCKS[address]
    n_param = int(np.prod(param_shape))
    spiked: int = run(
        state[: n_states * ROW].reshape(n_states, ROW),
        param[:n_param].reshape(param_shape),
        inputs[: n_inputs * ROW].reshape(n_inputs, ROW),
        injected[:BLOCK],
        count[: len(count) // BLOCK * BLOCK].reshape(-1, BLOCK),
        n_cells,
        first,
        step,
        trial,
        key,
        weights[:n_inputs],
        later[: n_inputs * ROW].reshape(n_inputs, ROW),
    )
    return spiked


def copy_counts(b, step, share):  # type: ignore[no-untyped-def]
    """Copy the counts of direct sources from the ring, to be logged or looked at."""
    blocks, direct, counted = blocks_of(share), direct_of(share), scratch_of(share).counted
    counts, column = direct.ring[step & (len(direct.ring) - 1)], direct.column[b]
    for i in range(blocks.n_cells[b]):
        counted[i] = counts[column + i]


def keep_failed(b, where, at, row, share):  # type: ignore[no-untyped-def]
    """Keep which lane of a block has failed, and its inputs: other blocks go on.

    The kernel marks a cell before its step, and counts its spikes after it; the counts of
    the step begin at ``row``. Inputs are there where the step has raised; where its number
    of spikes is no count, they are 0 by now.
    """
    never_inlined()
    blocks, memory, uniform = blocks_of(share), memory_of(share), uniform_of(share)
    scratch = scratch_of(share)
    lane = 0
    while lane < blocks.n_cells[b] - 1 and scratch.counted[row + lane] != -1:
        lane += 1
    scratch.positions[5] = lane
    for receptor in range(len(scratch.failed)):
        slot = receptor * ROW + lane
        if where == IN_SPREAD and slot < len(uniform.spread):
            scratch.failed[receptor] = uniform.spread[slot]
        elif where == IN_RING and at + slot < len(memory.inputs):
            scratch.failed[receptor] = memory.inputs[at + slot]
        elif where == AS_COUNTS and uniform.weights_at[b] + receptor < len(uniform.weights):
            weight = uniform.weights[uniform.weights_at[b] + receptor]
            scratch.failed[receptor] = np.float64(uniform.counts[at + slot]) * weight


def is_probed(b, share):  # type: ignore[no-untyped-def]
    """Whether some probe samples cells of a block."""
    probes = probes_of(share)
    n_values = 0
    for p in range(len(probes.start)):
        n_values += probes.first[p, b + 1] - probes.first[p, b]
    return n_values > 0


def sample(b, step, clock, setting, share):  # type: ignore[no-untyped-def]
    """Copy the probed state of a block, after a step, into the sample buffers."""
    never_inlined()
    began = cycles() if clock >= 0 else 0
    probes, memory = probes_of(share), memory_of(share)
    for p in range(len(probes.start)):
        passed = step - probes.start[p]
        if passed >= 0 and passed % probes.interval[p] == 0:
            before = max(setting.first_step - probes.start[p], 0) // probes.interval[p]
            at = probes.buffer_at[p] + (passed // probes.interval[p] - before - 1) * probes.width[p]
            at -= probes.first[p, 0]
            for i in range(probes.first[p, b], probes.first[p, b + 1]):
                slot = probes.slot[i]
                value = memory.state32[slot] if probes.single[p] != 0 else memory.state[slot]
                memory.samples[at + i] = value
    if clock >= 0:
        scratch_of(share).clocks[2] += max(cycles() - began - clock, 0)


def changes_within(last, share):  # type: ignore[no-untyped-def]
    """Whether an injected current or a state of a schedule changes up to a step."""
    positions = scratch_of(share).positions
    injections, schedule = injections_of(share), schedule_of(share)
    injected, scheduled = positions[2], positions[3]
    return (injected < len(injections.step) and injections.step[injected] <= last) or (
        scheduled < len(schedule.step) and schedule.step[scheduled] <= last
    )


def begin_stretch(first, last, share):  # type: ignore[no-untyped-def]
    """Empty the logs of a stretch, and find where each step begins in the table of spikes."""
    stretch, table, positions = stretch_of(share), table_of(share), scratch_of(share).positions
    entry = positions[1]
    for i in range(last - first + 1):
        while entry < len(table.step) and table.step[entry] < first + i:
            entry += 1
        stretch.position[i] = entry
        stretch.length[i] = 0
    while entry < len(table.step) and table.step[entry] <= last:
        entry += 1
    positions[1] = entry


def log_spikes(row, n_cells, first_cell, i, share):  # type: ignore[no-untyped-def]
    """Log the spikes of a block in a step of a stretch; its counts begin at ``row``."""
    never_inlined()
    stretch = stretch_of(share)
    stretch.length[i] = emit_block(
        scratch_of(share).counted, row, n_cells, first_cell, stretch.cell[i], stretch.number[i],
        stretch.length[i],
    )  # fmt: skip


def table_steps(b, first, last, share):  # type: ignore[no-untyped-def]
    """Log the spikes of a block of table sources in all steps of a stretch."""
    blocks, table, stretch = blocks_of(share), table_of(share), stretch_of(share)
    last_cell = blocks.first_cell[b] + blocks.n_cells[b] - 1
    for i in range(last - first + 1):
        stretch.position[i], stretch.length[i] = emit_table(
            first + i, last_cell, stretch.position[i], table, stretch.cell[i],
            stretch.number[i], stretch.length[i],
        )  # fmt: skip


def places_of(b, share):  # type: ignore[no-untyped-def]
    """Where state, parameters, injected currents and weights of counts of a block begin."""
    blocks, memory, uniform = blocks_of(share), memory_of(share), uniform_of(share)
    state = place_of(memory.state, peek(blocks.state_at, b))
    if peek(blocks.kind, b) == 2:
        state = place_of(memory.state32, peek(blocks.state_at, b))
    param = place_of(memory.param, peek(blocks.param_at, b))
    injected = place_of(memory.injected, peek(blocks.injected_at, b))
    return state, param, injected, place_of(uniform.weights, peek(uniform.weights_at, b))


def one_step(b, step, i, logged, setting, share):  # type: ignore[no-untyped-def]
    """Advance a block by one step, the ``i``-th of a stretch; returns whether it failed."""
    blocks, direct, uniform = blocks_of(share), direct_of(share), uniform_of(share)
    n_cells, first_cell = peek(blocks.n_cells, b), peek(blocks.first_cell, b)
    address, column = peek(blocks.address, b), peek(direct.column, b)
    at = (step & setting.mask) * setting.stride + peek(blocks.input_at, b)
    inputs, count = place_of(memory_of(share).inputs, at), place_of(scratch_of(share).counted, 0)
    where = spread_block(b, step, at, setting, share)
    if where == AS_COUNTS:
        address, inputs = peek(uniform.address, b), place_of(uniform.counts, at)
    elif where == IN_SPREAD:
        inputs = place_of(uniform.spread, 0)
    if column >= 0:
        count = place_of(direct.ring[step & (len(direct.ring) - 1)], column)
    state, param, injected, weights = places_of(b, share)
    spiked = call_block(
        address, state, param, inputs, injected, count, n_cells, first_cell, step, setting.trial,
        setting.key, weights, inputs,
    )  # fmt: skip
    if spiked != 0 and column >= 0 and (spiked < 0 or logged):
        copy_counts(b, step, share)
    if spiked < 0:
        keep_failed(b, where, at, 0, share)
    elif spiked > 0 and logged:
        log_spikes(0, n_cells, first_cell, i, share)
    return spiked < 0


def two_steps(b, step, i, setting, share):  # type: ignore[no-untyped-def]
    """Advance a block by two steps of counts; returns how many were made, or -1 or -2.

    These tell which step failed; 0 that the inputs of one of them are not for the kernel.
    """
    blocks, uniform = blocks_of(share), uniform_of(share)
    n_cells, first_cell = peek(blocks.n_cells, b), peek(blocks.first_cell, b)
    at = (step & setting.mask) * setting.stride + peek(blocks.input_at, b)
    later = ((step + 1) & setting.mask) * setting.stride + peek(blocks.input_at, b)
    if not takes_counts(b, step, at, setting, share):
        return 0
    if not takes_counts(b, step + 1, later, setting, share):
        return 0
    state, param, injected, weights = places_of(b, share)
    spiked = call_block(
        peek(uniform.two_steps, b), state, param, place_of(uniform.counts, at), injected,
        place_of(scratch_of(share).counted, 0), n_cells, first_cell, step, setting.trial,
        setting.key, weights, place_of(uniform.counts, later),
    )  # fmt: skip
    if spiked == -1:
        keep_failed(b, AS_COUNTS, at, 0, share)
        return -1
    if spiked == -2 or spiked & 1 != 0:
        log_spikes(0, n_cells, first_cell, i, share)
    if spiked == -2:
        keep_failed(b, AS_COUNTS, later, BLOCK, share)
        return -2
    if spiked & 2 != 0:
        log_spikes(BLOCK, n_cells, first_cell, i + 1, share)
    return 2


def block_steps(b, first, last, clock, setting, share):  # type: ignore[no-untyped-def]
    """Advance a block by the steps of a stretch; returns the one that failed, or -1."""
    direct = direct_of(share)
    is_direct, probed = peek(direct.column, b) >= 0, is_probed(b, share)
    logged = not is_direct or peek(direct.logged, b) != 0
    in_twos = peek(uniform_of(share).two_steps, b) >= 0 and not is_direct and not probed
    step = first
    while step <= last:
        done = 0
        if in_twos and step < last:
            done = two_steps(b, step, step - first, setting, share)
        if done < 0:
            return step - done - 1
        if done == 0:
            done = 1
            if one_step(b, step, step - first, logged, setting, share):
                return step
            if probed:
                sample(b, step, clock, setting, share)
        step += done
    return -1


def close_stretch(first, last, n_log, setting, share):  # type: ignore[no-untyped-def]
    """Move the spikes of a stretch to the log, step by step; returns its length."""
    stretch, log = stretch_of(share), log_of(share)
    cells, numbers = log.cell[setting.part], log.number[setting.part]
    for i in range(last - first + 1):
        for entry in range(stretch.length[i]):
            cells[n_log] = stretch.cell[i, entry]
            numbers[n_log] = stretch.number[i, entry]
            n_log += 1
        log.end[setting.part, first + i - setting.log_base] = n_log
    return n_log


def run_stretch(first, last, n_log, clock, setting, share):  # type: ignore[no-untyped-def]
    """Advance all cells of a part by the steps of a stretch, block by block.

    ``clock`` is how long reading the cycles takes, or -1 where nothing is timed.
    Returns the length of the part's log, the first block that failed, or -1, and in
    which step: the other blocks are computed up to the step before.
    """
    blocks = blocks_of(share)
    begin_stretch(first, last, share)
    failed, failed_at, until = -1, -1, last
    for b in range(len(blocks.kind)):
        if peek(blocks.kind, b) == 0:
            table_steps(b, first, last, share)
            continue
        stopped = block_steps(b, first, until, clock, setting, share)
        if stopped >= 0:
            failed, failed_at, until = b, stopped, stopped - 1
    return close_stretch(first, last, n_log, setting, share), failed, failed_at
