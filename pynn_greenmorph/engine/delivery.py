"""The parts of the run loop, as plain Python that is also compiled.

Nothing here depends on a cell type. Arrays are those of ``rows``, ``tables``
and ``loop``. The spike log has one row per part: entries ascend by step, then
by cell, and ``log.end[part, i]`` is the number of entries of a part up to and
including step ``log_base + i``.
"""

from __future__ import annotations

import numpy as np

from .share import log_of, memory_of, rows_of, scratch_of

__all__ = [
    "add_constant",
    "add_weights",
    "all_finite",
    "ask_for_rows",
    "deliver",
    "deliver_pending",
    "deliver_visits",
    "emit_block",
    "emit_table",
    "inject",
    "sample",
    "visit_population",
]


def prefetch(array, index):  # type: ignore[no-untyped-def]
    """Do nothing: in compiled code a machine instruction has this name."""


def deliver_pending(step, position, pending, ring_row, inputs):  # type: ignore[no-untyped-def]
    """Add what was in flight when tables changed and arrives in this step.

    Returns the position of the first entry that arrives later.
    """
    while position < len(pending.step) and pending.step[position] <= step:
        inputs[ring_row + pending.slot[position]] += pending.value[position]
        position += 1
    return position


def add_constant(first, last, value, step, at, mask, stride, target, offset, inputs):  # type: ignore[no-untyped-def]
    """Add one value to each target of a row.

    Indices are unsigned: a signed one may be negative, and Numba then computes
    the wrapped one too, which doubles the time of the loop.
    """
    step, at, mask, stride = np.uint64(step), np.uint64(at), np.uint64(mask), np.uint64(stride)
    if mask == 0:
        for i in range(first, last):
            inputs[at + np.uint64(target[i])] += value
    else:
        for i in range(first, last):
            row = (step + np.uint64(offset[i])) & mask
            inputs[row * stride + at + np.uint64(target[i])] += value


def add_weights(
    first, last, weight, weights, count, step, at, mask, stride, target, offset, inputs
):  # type: ignore[no-untyped-def]
    """Add the weights of a row, from ``weights[weight]`` on; sums are in double precision."""
    step, at, mask, stride = np.uint64(step), np.uint64(at), np.uint64(mask), np.uint64(stride)
    if mask == 0:
        for i in range(first, last):
            inputs[at + np.uint64(target[i])] += np.float64(weights[weight]) * count
            weight += np.uint64(1)
    else:
        for i in range(first, last):
            row = (step + np.uint64(offset[i])) & mask
            slot = row * stride + at + np.uint64(target[i])
            inputs[slot] += np.float64(weights[weight]) * count
            weight += np.uint64(1)


def ask_for_rows(n_visits, mask, share):  # type: ignore[no-untyped-def]
    """Look up the rows of a list of visits, and begin to load them.

    A cache line holds 32 targets, 16 or 8 weights; further lines of long rows
    are left to the processor.
    """
    rows, visits = rows_of(share), scratch_of(share).visits
    for v in range(n_visits):
        table = visits.table[v]
        first, last = rows.start[visits.at[v]], rows.start[visits.at[v] + 1]
        synapse, weight = rows.table_synapse[table], rows.table_weight[table]
        visits.first[v], visits.last[v] = synapse + first, synapse + last
        visits.weight[v] = weight + first
        ahead = min(last - first, 96)
        for i in range(0, ahead, 32):
            prefetch(rows.target, synapse + first + i)
        if mask != 0:
            prefetch(rows.offset, synapse + first)
        if rows.table_kind[table] == 2:
            for i in range(0, ahead, 8):
                prefetch(rows.weight64, weight + first + i)
        elif rows.table_kind[table] == 1:
            for i in range(0, ahead, 16):
                prefetch(rows.weight32, weight + first + i)


def deliver_visits(n_visits, step, setting, share):  # type: ignore[no-untyped-def]
    """Add the rows of a list of visits, in order; all are asked for before the first is added."""
    mask, stride = setting.mask, setting.stride
    ask_for_rows(n_visits, mask, share)
    rows, visits, inputs = rows_of(share), scratch_of(share).visits, memory_of(share).inputs
    target, offset = rows.target, rows.offset
    for v in range(n_visits):
        table = visits.table[v]
        kind, at = rows.table_kind[table], rows.table_page[table]
        count = np.float64(visits.spikes[v])
        first, last = np.uint64(visits.first[v]), np.uint64(visits.last[v])
        weight = np.uint64(visits.weight[v])
        if kind == 0:
            value = rows.table_constant[table] * count
            add_constant(first, last, value, step, at, mask, stride, target, offset, inputs)
        elif kind == 1:
            add_weights(
                first, last, weight, rows.weight32, count, step, at, mask, stride, target, offset,
                inputs,
            )  # fmt: skip
        else:
            add_weights(
                first, last, weight, rows.weight64, count, step, at, mask, stride, target, offset,
                inputs,
            )  # fmt: skip


def visit_population(bucket, n_entries, n_visits, step, setting, share):  # type: ignore[no-untyped-def]
    """List the rows of the spikes of one population; ``n_entries`` are the log's ends by owner.

    Returns the number of visits that wait; a full list is delivered.
    """
    rows, log, scratch = rows_of(share), log_of(share), scratch_of(share)
    visits, cursor = scratch.visits, scratch.cursor
    first_cell, last_cell = rows.bucket_first[bucket], rows.bucket_last[bucket]
    for owner in range(log.end.shape[0]):
        entry, end = cursor[owner], log.end[owner, n_entries]
        while entry < end and log.cell[owner, entry] < first_cell:
            entry += 1
        while entry < end and log.cell[owner, entry] <= last_cell:
            cell = log.cell[owner, entry] - first_cell
            for table in range(rows.bucket_table[bucket], rows.bucket_table[bucket + 1]):
                if n_visits == len(visits.table):
                    deliver_visits(n_visits, step, setting, share)
                    n_visits = 0
                at = rows.table_start[table] + cell
                prefetch(rows.start, at)
                visits.table[n_visits], visits.at[n_visits] = table, at
                visits.spikes[n_visits] = log.number[owner, entry]
                n_visits += 1
            entry += 1
        cursor[owner] = entry
    return n_visits


def deliver(step, setting, share):  # type: ignore[no-untyped-def]
    """Add the weights of all spikes whose delay group is due in this step.

    Order: delay group, source population, source cell, storage class; owners
    of a population hold ascending slices of it, so no sorting is needed.
    """
    rows, log, scratch = rows_of(share), log_of(share), scratch_of(share)
    n_visits = 0
    for group in range(len(rows.group_base)):
        emitted = step - rows.group_base[group]
        if emitted <= setting.epoch:
            break
        at = emitted - setting.log_base
        n_spikes = 0
        for owner in range(log.end.shape[0]):
            scratch.cursor[owner] = log.end[owner, at - 1]
            n_spikes += log.end[owner, at] - log.end[owner, at - 1]
        if n_spikes > 0:
            for bucket in range(rows.group_bucket[group], rows.group_bucket[group + 1]):
                n_visits = visit_population(bucket, at, n_visits, step, setting, share)
    if n_visits > 0:
        deliver_visits(n_visits, step, setting, share)


def inject(step, position, injections, injected):  # type: ignore[no-untyped-def]
    """Apply the changes of injected current that act from this step on."""
    while position < len(injections.step) and injections.step[position] <= step:
        injected[injections.slot[position]] = injections.value_pa[position]
        position += 1
    return position


def emit_table(step, last_cell, position, table, cells, numbers, n_log):  # type: ignore[no-untyped-def]
    """Log this step's table spikes of cells up to and including ``last_cell``.

    Returns the new position in the table and the new length of the log.
    """
    while (
        position < len(table.step)
        and table.step[position] == step
        and table.cell[position] <= last_cell
    ):
        cells[n_log] = table.cell[position]
        numbers[n_log] = table.number[position]
        n_log += 1
        position += 1
    return position, n_log


def emit_block(n_spikes, count, first_cell, cells, numbers, n_log):  # type: ignore[no-untyped-def]
    """Log the ``n_spikes`` spikes that a block kernel has counted; returns the new length.

    Most stretches of 32 cells have none; a sum over one is cheap.
    """
    first = 0
    while n_spikes > 0:
        found = 0
        for i in range(32):
            found |= count[first + i]
        if found != 0:
            for i in range(first, first + 32):
                if count[i] > 0 and n_spikes > 0:
                    cells[n_log] = first_cell + i
                    numbers[n_log] = count[i]
                    n_log += 1
                    n_spikes -= count[i]
        first += 32
    return n_log


def sample(step, probes, state, samples, filled):  # type: ignore[no-untyped-def]
    """Copy the probed state of this step into the sample buffers.

    ``filled[p]`` counts the times that probe ``p`` was sampled.
    """
    for p in range(len(probes.start)):
        if step >= probes.start[p] and (step - probes.start[p]) % probes.interval[p] == 0:
            to = probes.buffer_at[p] + filled[p] * probes.width[p]
            for i in range(probes.first[p], probes.first[p + 1]):
                samples[to] = state[probes.slot[i]]
                to += 1
            filled[p] += 1


def all_finite(blocks, state):  # type: ignore[no-untyped-def]
    """Whether every state of the blocks is a finite number."""
    bad = np.int64(0)
    for b in range(len(blocks.kind)):
        # Unsigned, or the loop is not vectorised.
        for i in range(np.uint64(blocks.state_at[b]), np.uint64(blocks.state_end[b])):
            # Not-a-number is different from itself, and infinity less itself is none.
            difference = state[i] - state[i]
            bad += np.int64(difference != 0.0)
    return bad == 0
