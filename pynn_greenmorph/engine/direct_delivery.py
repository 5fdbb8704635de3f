"""Deliver from sources without the log, as plain Python that is also compiled.

Part of the run loop; see :mod:`.direct`.
"""

from __future__ import annotations

import numpy as np

from .accessors import blocks_of, direct_of, memory_of

__all__ = ["HELPERS", "deliver_direct", "tally_window"]

#: Functions that are compiled into the run loop, each after those that it calls.
HELPERS = ("add_run", "deliver_direct", "add_counts", "tally_window")


def add_run(slot, at, source, length, weight, counts, inputs):  # type: ignore[no-untyped-def]
    """Add a count times a weight to each of the slots of a run.

    Indices are unsigned, or the loop is not vectorised.
    """
    slot, at, source = np.uint64(slot), np.uint64(at), np.uint64(source)
    for i in range(np.uint64(length)):
        inputs[slot + i] += weight[at + i] * inputs.dtype.type(counts[source + i])


def deliver_direct(bucket, step, emitted, setting, share):  # type: ignore[no-untyped-def]
    """Add what the sources of a bucket have emitted in a step, when it is due."""
    direct, inputs = direct_of(share), memory_of(share).inputs
    counts = direct.ring[emitted & (len(direct.ring) - 1)]
    for run in range(direct.bucket_run[bucket], direct.bucket_run[bucket + 1]):
        ring_row = ((step + direct.offset[run]) & setting.mask) * setting.stride
        add_run(
            ring_row + direct.slot[run], direct.at[run], direct.source[run], direct.length[run],
            direct.weight, counts, inputs,
        )  # fmt: skip


def add_counts(first, last, counts, tally):  # type: ignore[no-untyped-def]
    """Add a row of counts to the tally."""
    for i in range(np.uint64(first), np.uint64(last)):
        tally[i] += counts[i]


def tally_window(first, last, share):  # type: ignore[no-untyped-def]
    """Count the part's spikes from step ``first`` to ``last`` that are not logged."""
    direct, blocks = direct_of(share), blocks_of(share)
    for b in range(len(direct.column)):
        column = direct.column[b]
        if column >= 0 and direct.logged[b] == 0:
            for step in range(first, last + 1):
                counts = direct.ring[step & (len(direct.ring) - 1)]
                add_counts(column, column + blocks.n_cells[b], counts, direct.tally)
