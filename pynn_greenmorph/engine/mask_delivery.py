"""Count events with rows of bits, as plain Python that is also compiled.

Part of the run loop; see :mod:`.masks`.
"""

from __future__ import annotations

import numpy as np

from .accessors import memory_of, rows_of, scratch_of, uniform_of
from .instructions import (
    add_bits,
    add_bits_of_four,
    lowest_bit,
    peek,
    peek_apart,
    prefetch,
    widest_vectors,
)
from .uniform_delivery import LINE, ask_ahead, may_count

__all__ = ["HELPERS", "add_masks", "count_four_masks", "count_masks", "deliver_masks"]

#: Functions that are compiled into the run loop, each after those that it calls.
HELPERS = ("count_masks", "count_four_masks", "add_masks", "deliver_masks")


def count_masks(first, last, at, most, masks, line, line_at, counts, ahead, end):  # type: ignore[no-untyped-def]
    """Count ``most`` events at each target of a row of masks; the next is asked for meanwhile."""
    widest_vectors()
    for begin in range(first, last, LINE):
        ahead = ask_ahead(masks, ahead, end)
        for place in range(begin, begin + LINE, 4):
            add_bits(counts, at + np.int64(peek_apart(line, line_at)), most, masks, place)
            line_at += 1
    while ahead < end:
        ahead = ask_ahead(masks, ahead, end)


def count_four_masks(  # type: ignore[no-untyped-def]
    a, b, c, d, n_words, at, most, masks, line, line_at, counts, ahead, rows
):
    """Count the events of four rows of masks in one go, which begin at ``a`` to ``d``.

    Meanwhile those that begin at ``rows[ahead]`` to ``rows[ahead + 3]`` are asked for.
    """
    widest_vectors()
    e, f, g, h = rows[ahead], rows[ahead + 1], rows[ahead + 2], rows[ahead + 3]
    for begin in range(0, n_words, LINE):
        prefetch(masks, e + begin)
        prefetch(masks, f + begin)
        prefetch(masks, g + begin)
        prefetch(masks, h + begin)
        for i in range(begin, begin + LINE, 4):
            place = at + np.int64(peek_apart(line, line_at))
            add_bits_of_four(counts, place, most, masks, a + i, b + i, c + i, d + i)
            line_at += 1


def add_masks(first, last, value, at, masks, line, line_at, inputs):  # type: ignore[no-untyped-def]
    """Add one value to each target of a row of masks, which has none twice."""
    for i in range(np.int64(last) - np.int64(first)):
        bits = np.int64(masks[np.int64(first) + i])
        begin = at + np.int64(line[line_at + i // 4]) + i % 4 * 16
        while bits != 0:
            inputs[begin + lowest_bit(bits)] += value
            bits &= bits - 1


def deliver_masks(v, n_visits, setting, share):  # type: ignore[no-untyped-def]
    """Add a row of masks, or up to four at once where they differ in their source cell only.

    Returns how many visits that were. Counts that are read and written once for four rows
    take half the time: 150 instead of 290 ns for a row of 1 000 targets of 20 000, and 420 ns
    for a list of them (loops in C, Emerald Rapids), so two rows are added with two of zeros.
    """
    rows, visits, uniform = rows_of(share), scratch_of(share).visits, uniform_of(share)
    step, table, number = peek(visits.step, v), peek(visits.table, v), peek(visits.spikes, v)
    place = (step & setting.mask) * setting.stride + peek(rows.table_page, table)
    first, last = peek(visits.first, v), peek(visits.last, v)
    line, target, most = peek(rows.table_line, table), rows.target, peek(rows.table_most, table)
    alike = 0
    while alike < min(4, n_visits - v) and (
        peek(visits.step, v + alike) == step
        and peek(visits.table, v + alike) == table
        and peek(visits.spikes, v + alike) == 1
    ):
        alike += 1
    if alike > 1 and may_count(step, number, alike * most, setting, share):
        zeros = len(target) - (last - first)
        c = peek(visits.first, v + 2) if alike > 2 else zeros
        d = peek(visits.first, v + 3) if alike > 3 else zeros
        # Of the last ones some are asked for again, which costs nothing.
        ahead = max(0, min(v + alike, n_visits - 4))
        count_four_masks(
            first, peek(visits.first, v + 1), c, d, last - first, place, most, target, rows.line,
            line, uniform.counts, ahead, visits.first,
        )  # fmt: skip
        return alike
    if may_count(step, number, most, setting, share):
        ahead, end = first, first
        if v + 1 < n_visits:
            ahead, end = peek(visits.first, v + 1) + 3 * LINE, peek(visits.last, v + 1)
        count_masks(first, last, place, most, target, rows.line, line, uniform.counts, ahead, end)
    else:
        inputs = memory_of(share).inputs
        value = inputs.dtype.type(peek(rows.table_constant, table)) * inputs.dtype.type(number)
        add_masks(first, last, value, place, target, rows.line, line, inputs)
    return 1
