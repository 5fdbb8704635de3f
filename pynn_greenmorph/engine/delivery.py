"""The parts of the run loop, as plain Python that is also compiled.

Nothing here depends on a cell type. Arrays are those of ``rows``, ``tables``
and ``loop``. The spike log has one row per part: entries ascend by step, then
by cell, and ``log.end[part, i]`` is the number of entries of a part up to and
including step ``log_base + i``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .accessors import log_of, memory_of, rows_of, scratch_of, uniform_of
from .direct_delivery import deliver_direct
from .instructions import lowest_bit, nonzero_lanes, peek, poke, prefetch
from .mask_delivery import deliver_masks
from .rows import CONSTANT, DIRECT, DOUBLE, MASKED, ONE_EACH, ROWS, SINGLE, UNIFORM
from .uniform_delivery import LINE, ask_ahead, count_events, may_count

__all__ = [
    "add_constant",
    "add_single",
    "add_weights",
    "all_finite",
    "ask_for_row",
    "deliver",
    "deliver_group",
    "deliver_pending",
    "deliver_visits",
    "emit_block",
    "emit_table",
    "inject",
    "not_finite",
    "visit_singles",
    "visit_spikes",
]

#: What happens for every spike: a call takes as long as a short row.
INLINED = (
    "add_constant",
    "ask_for_row",
    "visit_spikes",
    "deliver_group",
    "deliver",
)


def deliver_pending(step, position, pending, ring_row, inputs):  # type: ignore[no-untyped-def]
    """Add what was in flight when tables changed and arrives in this step.

    Returns the position of the first entry that arrives later.
    """
    while position < len(pending.step) and pending.step[position] <= step:
        inputs[ring_row + pending.slot[position]] += pending.value[position]
        position += 1
    return position


def add_constant(first, last, value, step, at, mask, stride, target, offset, inputs, ahead, end):  # type: ignore[no-untyped-def]
    """Add one value to each target of a row, and ask for the next; see ``count_events``.

    Without offsets all of a row arrives in the step. Indices are unsigned: a signed
    one may be negative, and Numba then computes the wrapped one too, which doubles the
    time of the loop.
    """
    step, at, mask, stride = np.uint64(step), np.uint64(at), np.uint64(mask), np.uint64(stride)
    if len(offset) == 0:
        at += (step & mask) * stride
        line = np.uint64(LINE)
        while first + line <= last:
            ahead = ask_ahead(target, ahead, end)
            for i in range(line):
                inputs[at + np.uint64(target[first + i])] += value
            first += line
    while ahead < end:
        ahead = ask_ahead(target, ahead, end)
    if len(offset) == 0:
        for i in range(first, last):
            inputs[at + np.uint64(target[i])] += value
    else:
        for i in range(first, last):
            row = (step + np.uint64(offset[i])) & mask
            inputs[row * stride + at + np.uint64(target[i])] += value


def add_weights(
    first, last, weight, weights, count, step, at, mask, stride, target, offset, inputs
):  # type: ignore[no-untyped-def]
    """Add the weights of a row, from ``weights[weight]`` on, in the precision of the inputs."""
    step, at, mask, stride = np.uint64(step), np.uint64(at), np.uint64(mask), np.uint64(stride)
    if len(offset) == 0:
        at += (step & mask) * stride
        for i in range(first, last):
            inputs[at + np.uint64(target[i])] += inputs.dtype.type(weights[weight]) * count
            weight += np.uint64(1)
    else:
        for i in range(first, last):
            row = (step + np.uint64(offset[i])) & mask
            slot = row * stride + at + np.uint64(target[i])
            inputs[slot] += inputs.dtype.type(weights[weight]) * count
            weight += np.uint64(1)


def ask_for_row(table, cell, number, step, v, rows, visits):  # type: ignore[no-untyped-def]
    """Put the row of a source cell on the list of visits, and begin to load it.

    A cache line holds 32 targets, 16 or 8 weights; further lines of long rows
    are left to the processor.
    """
    at, begin = peek(rows.table_start, table) + cell, peek(rows.table_synapse, table)
    first, last = np.int64(peek(rows.start, at)), np.int64(peek(rows.start, at + 1))
    synapse = begin + first
    poke(visits.step, v, step)
    poke(visits.table, v, table)
    poke(visits.spikes, v, np.int64(number))
    poke(visits.first, v, synapse)
    poke(visits.last, v, begin + last)
    prefetch(rows.target, synapse)
    prefetch(rows.target, synapse + 32)
    prefetch(rows.target, synapse + 64)
    if len(rows.offset) > 0:
        prefetch(rows.offset, synapse)
    kind = peek(rows.table_kind, table)
    if kind in (SINGLE, DOUBLE):
        weight = peek(rows.table_weight, table) + first
        ahead: Any = min(last - first, 96)
        if kind == DOUBLE:
            for i in range(0, ahead, 8):
                prefetch(rows.weight64, weight + i)
        else:
            for i in range(0, ahead, 16):
                prefetch(rows.weight32, weight + i)


def deliver_visits(n_visits, setting, share):  # type: ignore[no-untyped-def]
    """Add the rows of a list of visits, in order; all are asked for before the first is added."""
    mask, stride = setting.mask, setting.stride
    rows, visits, inputs = rows_of(share), scratch_of(share).visits, memory_of(share).inputs
    target, offset = rows.target, rows.offset
    following = 0
    while following < n_visits:
        v = following
        step, table = peek(visits.step, v), peek(visits.table, v)
        kind, at = peek(rows.table_kind, table), peek(rows.table_page, table)
        following = v + 1
        if kind == MASKED:
            following = v + deliver_masks(v, n_visits, setting, share)
            continue
        ahead, end = np.int64(0), np.int64(0)
        if v + 1 < n_visits:
            ahead, end = peek(visits.first, v + 1) + 3 * LINE, peek(visits.last, v + 1)
        first, last = np.uint64(peek(visits.first, v)), np.uint64(peek(visits.last, v))
        number = peek(visits.spikes, v)
        if kind == UNIFORM and may_count(
            step, number, peek(rows.table_most, table), setting, share
        ):
            place = (step & mask) * stride + at
            counts = uniform_of(share).counts
            count_events(first, last, place, target, counts, ahead, end)
            continue
        count = inputs.dtype.type(number)
        if kind in (CONSTANT, UNIFORM):
            value = inputs.dtype.type(peek(rows.table_constant, table)) * count
            add_constant(
                first, last, value, step, at, mask, stride, target, offset, inputs, ahead, end
            )
            continue
        while ahead < end:
            ahead = ask_ahead(target, ahead, end)
        behind = np.int64(first) - peek(rows.table_synapse, table)
        weight = np.uint64(peek(rows.table_weight, table) + behind)
        if kind == SINGLE:
            add_weights(
                first, last, weight, rows.weight32, count, step, at, mask, stride, target, offset,
                inputs,
            )  # fmt: skip
        else:
            add_weights(
                first, last, weight, rows.weight64, count, step, at, mask, stride, target, offset,
                inputs,
            )  # fmt: skip


def add_single(table, first, end, first_cell, last_cell, owner, ring_row, share):  # type: ignore[no-untyped-def]
    """Add an owner's spikes from one population where each row is one synapse, or none.

    So it is with noise for each cell, of which there is more than of all other
    spikes. Returns the first entry of the log that is not of this population.
    """
    rows, log, inputs = rows_of(share), log_of(share), memory_of(share).inputs
    cells, numbers, start, target = log.cell[owner], log.number[owner], rows.start, rows.target
    at, synapse = peek(rows.table_start, table), peek(rows.table_synapse, table)
    weight, slot = peek(rows.table_weight, table), ring_row + peek(rows.table_page, table)
    entry = first
    while entry < end:
        cell = np.int64(peek(cells, entry))
        if cell > last_cell:
            break
        if cell >= first_cell:
            row = at + cell - first_cell
            one = np.int64(peek(start, row))
            if np.int64(peek(start, row + 1)) > one:
                place = slot + np.int64(peek(target, synapse + one))
                value = peek(rows.weight64, weight + one) * np.float64(peek(numbers, entry))
                poke(inputs, place, peek(inputs, place) + value)
        entry += 1
    return entry


def visit_spikes(bucket, until, owner, end, n_visits, step, setting, share):  # type: ignore[no-untyped-def]
    """List the rows of an owner's spikes of the buckets from ``bucket`` to before ``until``.

    A full list is delivered. The owner's cursor moves on to the first entry of the log that
    is not of these populations. Returns the number of visits that wait.
    """
    rows, log, scratch = rows_of(share), log_of(share), scratch_of(share)
    visits, cells, numbers = scratch.visits, log.cell[owner], log.number[owner]
    entry = peek(scratch.cursor, owner)
    while entry < end:
        cell = np.int64(peek(cells, entry))
        while bucket < until and cell > peek(rows.bucket_last, bucket):
            bucket += 1
        if bucket == until:
            break
        row = cell - peek(rows.bucket_first, bucket)
        if row >= 0:
            number = peek(numbers, entry)
            table, behind = peek(rows.bucket_table, bucket), peek(rows.bucket_table, bucket + 1)
            while table < behind:
                if n_visits == len(visits.table):
                    deliver_visits(n_visits, setting, share)
                    n_visits = 0
                ask_for_row(table, row, number, step, n_visits, rows, visits)
                n_visits += 1
                table += 1
        entry += 1
    poke(scratch.cursor, owner, entry)
    return n_visits


def visit_singles(bucket, at, n_visits, step, setting, share):  # type: ignore[no-untyped-def]
    """Add the rows of a bucket that are one synapse each, after those that wait."""
    rows, log, cursor = rows_of(share), log_of(share), scratch_of(share).cursor
    if n_visits > 0:
        deliver_visits(n_visits, setting, share)
    ring_row = (step & setting.mask) * setting.stride
    first_cell, last_cell = peek(rows.bucket_first, bucket), peek(rows.bucket_last, bucket)
    for owner in range(log.end.shape[0]):
        entry = add_single(
            peek(rows.bucket_table, bucket), peek(cursor, owner), log.end[owner, at], first_cell,
            last_cell, owner, ring_row, share,
        )  # fmt: skip
        poke(cursor, owner, entry)


def deliver_group(group, at, n_visits, step, setting, share):  # type: ignore[no-untyped-def]
    """List the rows of a delay group, by population, then owner; ``at`` counts the log's steps.

    A single owner's spikes are in the order of populations: buckets of rows that follow each
    other are listed in one go. Of several owners, all come first with one population.
    """
    rows, log, cursor = rows_of(share), log_of(share), scratch_of(share).cursor
    n_owners = log.end.shape[0]
    n_spikes = 0
    for owner in range(n_owners):
        begin = log.end[owner, at - 1]
        poke(cursor, owner, begin)
        n_spikes += log.end[owner, at] - begin
    bucket, behind = peek(rows.group_bucket, group), peek(rows.group_bucket, group + 1)
    while bucket < behind:
        kind, until = peek(rows.bucket_kind, bucket), bucket + 1
        if kind == DIRECT:
            if n_visits > 0:
                deliver_visits(n_visits, setting, share)
                n_visits = 0
            deliver_direct(bucket, step, at + setting.log_base, setting, share)
        elif n_spikes > 0 and kind == ONE_EACH and len(rows.offset) == 0:
            visit_singles(bucket, at, n_visits, step, setting, share)
            n_visits = 0
        elif n_spikes > 0:
            while n_owners == 1 and until < behind and peek(rows.bucket_kind, until) == ROWS:
                until += 1
            for owner in range(n_owners):
                end = log.end[owner, at]
                n_visits = visit_spikes(bucket, until, owner, end, n_visits, step, setting, share)
        bucket = until
    return n_visits


def deliver(step, n_visits, setting, share):  # type: ignore[no-untyped-def]
    """List the rows of all spikes whose delay group is due in this step, behind those that wait.

    Order: delay group, source population, source cell, storage class; owners
    of a population hold ascending slices of it, so no sorting is needed. Returns
    the number of visits that wait for :func:`deliver_visits`.
    """
    rows = rows_of(share)
    for group in range(len(rows.group_base)):
        emitted = step - rows.group_base[group]
        if emitted <= setting.epoch:
            break
        n_visits = deliver_group(group, emitted - setting.log_base, n_visits, step, setting, share)
    return n_visits


def inject(step, position, changes, flat):  # type: ignore[no-untyped-def]
    """Write the values that act from this step on, such as new injected currents."""
    while position < len(changes.step) and changes.step[position] <= step:
        target = changes.target[position]
        for i in range(changes.first[target], changes.first[target + 1]):
            flat[changes.slot[i]] = changes.value[position]
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


def emit_block(count, row, n_cells, first_cell, cells, numbers, n_log):  # type: ignore[no-untyped-def]
    """Log the spikes of a step that a block kernel has counted; returns the new length.

    Most cells have none: 64 are looked at at once.
    """
    for lane in range(0, n_cells, 64):
        lanes = nonzero_lanes(count, row + lane)
        left = int(n_cells - lane)
        if left < 64:
            lanes &= (1 << left) - 1  # behind them are counts of another block
        while lanes != 0:
            one = lane + lowest_bit(lanes)
            lanes &= lanes - 1
            poke(cells, n_log, np.int32(first_cell + one))
            poke(numbers, n_log, peek(count, row + one))
            n_log += 1
    return n_log


def not_finite(values, first, last):  # type: ignore[no-untyped-def]
    """Count the values from ``first`` to before ``last`` that are no finite numbers."""
    bad = np.int64(0)
    # Unsigned, or the loop is not vectorised.
    for i in range(np.uint64(first), np.uint64(last)):
        # Not-a-number is different from itself, and infinity less itself is none.
        difference = values[i] - values[i]
        bad += np.int64(difference != 0.0)
    return bad


def all_finite(blocks, state, state32):  # type: ignore[no-untyped-def]
    """Whether every state of the blocks is a finite number."""
    bad = np.int64(0)
    for b in range(len(blocks.kind)):
        first, last = blocks.state_at[b], blocks.state_end[b]
        if blocks.kind[b] == 2:
            bad += not_finite(state32, first, last)
        else:
            bad += not_finite(state, first, last)
    return bad == 0
