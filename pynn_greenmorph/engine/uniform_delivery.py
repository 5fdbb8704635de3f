"""Count events of equal weight, and turn counts into sums, as plain Python that is also compiled.

Part of the run loop; see :mod:`.uniform`.
"""

from __future__ import annotations

import numpy as np

from .accessors import blocks_of, memory_of, uniform_of
from .generate import ROW
from .instructions import (
    never_inlined,
    peek,
    peek_apart,
    poke,
    poke_apart,
    prefetch,
    widest_vectors,
)
from .uniform import LARGEST_COUNT

__all__ = [
    "AS_COUNTS",
    "HELPERS",
    "INLINED",
    "IN_RING",
    "IN_SPREAD",
    "LINE",
    "ask_ahead",
    "begin_counting",
    "count_events",
    "may_count",
    "spread_block",
    "takes_counts",
]

#: Targets in a cache line of 64 bytes.
LINE = 32

#: Where the inputs of a block are: in the ring of inputs, in memory that the blocks of
#: a part share, or in the ring of counts, for a kernel that takes these.
IN_RING, IN_SPREAD, AS_COUNTS = 0, 1, 2

#: Functions that are compiled into the run loop, each after those that it calls.
HELPERS = (
    "ask_ahead", "begin_counting", "count_events", "largest_of", "put_products", "put_sums",
    "clear_counts", "spread_row", "widen", "may_count", "are_products", "takes_counts",
    "spread_block",
)  # fmt: skip

#: What happens for every row of synapses.
INLINED = ("ask_ahead", "count_events", "may_count")


def ask_ahead(target, ahead, end):  # type: ignore[no-untyped-def]
    """Begin to load the next cache line of a list of targets, if there is one."""
    if ahead < end:
        prefetch(target, ahead)
    return ahead + LINE


def begin_counting(step, some_arrived, setting, share):  # type: ignore[no-untyped-def]
    """Begin a step; where some input has arrived already, there is nothing to count from 0."""
    uniform, row = uniform_of(share), step & setting.mask
    uniform.added[row] = 0
    uniform.wide[row] = 1 if some_arrived else 0


def count_events(first, last, at, target, counts, ahead, end):  # type: ignore[no-untyped-def]
    """Count one event at each target of a row; indices are unsigned, see ``add_constant``.

    Meanwhile the targets of the next row, from ``ahead`` to ``end``, are asked for, a cache
    line for each one that is done. Asked for at once they would wait for each other, and
    this row for them: an event of rows of 1 000 took 0.71 instead of 0.59 ns (Emerald Rapids).
    """
    at, line = np.uint64(at), np.uint64(LINE)
    while first + line <= last:
        ahead = ask_ahead(target, ahead, end)
        for i in range(line):
            counts[at + np.uint64(target[first + i])] += np.uint8(1)
        first += line
    while ahead < end:
        ahead = ask_ahead(target, ahead, end)
    for i in range(first, last):
        counts[at + np.uint64(target[i])] += np.uint8(1)


def largest_of(counts, first, n_cells):  # type: ignore[no-untyped-def]
    """Return the largest of a row of counts."""
    largest = np.uint8(0)
    first = np.uint64(first)
    for i in range(np.uint64(n_cells)):
        one = counts[first + i]
        # Not max(): Numba would make 64 bits of it, and vectors eight times as long.
        largest = np.uint8(one if one > largest else largest)  # noqa: FURB136
    return np.int64(largest)


def put_products(counts, first, n_cells, weight, inputs, at):  # type: ignore[no-untyped-def]
    """Write to a row of inputs the counts times the weight.

    Adding 0 makes a negative zero positive, as it is in a sum that begins with 0.
    """
    widest_vectors()
    zero = inputs.dtype.type(0.0)
    for i in range(n_cells):
        count = inputs.dtype.type(np.int32(peek_apart(counts, first + i)))
        poke_apart(inputs, at + i, count * weight + zero)


def put_sums(counts, first, n_cells, sums, sums_at, inputs, at):  # type: ignore[no-untyped-def]
    """Write to a row of inputs the sums that stand for the counts."""
    widest_vectors()
    for i in range(n_cells):
        count = np.int64(peek_apart(counts, first + i))
        poke_apart(inputs, at + i, peek_apart(sums, sums_at + count))


def clear_counts(counts, first, n_cells):  # type: ignore[no-untyped-def]
    """Set a row of counts to 0."""
    first = np.uint64(first)
    for i in range(np.uint64(n_cells)):
        counts[first + i] = np.uint8(0)


def spread_row(k, first, n_cells, inputs, at, share):  # type: ignore[no-untyped-def]
    """Turn a row of counts into a row of inputs, which is 0 before."""
    uniform = uniform_of(share)
    largest = largest_of(uniform.counts, first, n_cells)
    if largest == 0:
        return
    sums_at = uniform.sums_at[k]
    if largest <= uniform.holds[k]:
        put_products(uniform.counts, first, n_cells, uniform.sums[sums_at + 1], inputs, at)
    else:
        put_sums(uniform.counts, first, n_cells, uniform.sums, sums_at, inputs, at)
    clear_counts(uniform.counts, first, n_cells)


def widen(step, setting, share):  # type: ignore[no-untyped-def]
    """Turn all counts of a step into inputs; what arrives yet is added to them."""
    never_inlined()
    uniform, blocks, inputs = uniform_of(share), blocks_of(share), memory_of(share).inputs
    row = step & setting.mask
    uniform.wide[row] = 1
    for b in range(len(blocks.kind)):
        for k in range(uniform.first[b], uniform.first[b + 1]):
            at = row * setting.stride + blocks.input_at[b] + uniform.receptor[k] * ROW
            spread_row(k, at, blocks.n_cells[b], inputs, at, share)


def may_count(step, number, most, setting, share):  # type: ignore[no-untyped-def]
    """Whether the events of a row are counted, each target having ``most`` of them.

    They are added once a count might not fit into its byte, or several spikes of one
    cell arrive at once: these are one addition.
    """
    uniform, row = uniform_of(share), step & setting.mask
    if peek(uniform.wide, row) != 0:
        return False
    added = peek(uniform.added, row) + most
    poke(uniform.added, row, added)
    if number != 1 or added > LARGEST_COUNT:
        widen(step, setting, share)
        return False
    return True


def are_products(b, at, added, share):  # type: ignore[no-untyped-def]
    """Whether all sums of a block have the bits of products of count and weight.

    No count is larger than what was ``added`` to any slot; else they are looked at, those
    of all receptors in one go: what lies between their rows is 0.
    """
    uniform, blocks = uniform_of(share), blocks_of(share)
    if added <= peek(uniform.least, b):
        return True
    last_row = (peek(uniform.first, b + 1) - peek(uniform.first, b) - 1) * ROW
    n = last_row + peek(blocks.n_cells, b)
    return largest_of(uniform.counts, at, n) <= peek(uniform.least, b)


def takes_counts(b, step, at, setting, share):  # type: ignore[no-untyped-def]
    """Whether a block's kernel can take the counts of a step; its rows begin ``at``."""
    uniform, row = uniform_of(share), step & setting.mask
    if peek(uniform.address, b) < 0 or peek(uniform.wide, row) != 0:
        return False
    return are_products(b, at, peek(uniform.added, row), share)


def spread_block(b, step, at, setting, share):  # type: ignore[no-untyped-def]
    """Turn the counts of a block into inputs where need be; its rows begin ``at``.

    Returns where the inputs are: ``IN_RING``, ``IN_SPREAD`` or ``AS_COUNTS``.
    """
    uniform, blocks, inputs = uniform_of(share), blocks_of(share), memory_of(share).inputs
    if takes_counts(b, step, at, setting, share):
        return AS_COUNTS
    first, behind = peek(uniform.first, b), peek(uniform.first, b + 1)
    if first == behind or peek(uniform.wide, step & setting.mask) != 0:
        return IN_RING
    n_cells, whole = peek(blocks.n_cells, b), peek(uniform.whole, b) != 0
    for k in range(first, behind):
        place = uniform.receptor[k] * ROW
        if whole:
            spread_row(k, at + place, n_cells, uniform.spread, place, share)
        else:
            spread_row(k, at + place, n_cells, inputs, at + place, share)
    return IN_SPREAD if whole else IN_RING
