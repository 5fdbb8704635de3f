"""Deliver to synapses that are more than a weight, as plain Python that is also compiled.

Part of the run loop, and the same for all rules: rows and traces are handled by
kernels that are called through a table of addresses; see :mod:`.plastic`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .accessors import log_of, memory_of, plastic_of
from .instructions import prefetch

__all__ = ["HELPERS", "PLAIN_KERNELS", "deliver_plastic", "note_spikes"]

#: Functions that are compiled into the run loop, each after those that it calls.
HELPERS = ("ask_for_plastic_row", "visit_plastic_row", "deliver_plastic", "note_spikes")


def ask_for_plastic_row(table, cell, plastic):  # type: ignore[no-untyped-def]
    """Begin to load the row of a source cell; further lines are left to the processor."""
    row = plastic.row_at[table] + cell - plastic.first_cell[table]
    first, last = np.int64(plastic.start[row]), np.int64(plastic.start[row + 1])
    if last > first:
        prefetch(plastic.previous, np.int64(plastic.rank[row]))
        prefetch(plastic.target, first)
        ahead: Any = min(last - first, 32)
        for i in range(0, ahead, 8):
            prefetch(plastic.weight, first + i)


def visit_plastic_row(table, cell, number, emitted, ring_row, setting, share):  # type: ignore[no-untyped-def]
    """Handle the row of a source cell; returns whether a function of the rule raised."""
    plastic, inputs = plastic_of(share), memory_of(share).inputs
    row = plastic.row_at[table] + cell - plastic.first_cell[table]
    failed = 0
    if plastic.start[row + 1] > plastic.start[row]:
        failed = call_row(
            plastic.address[table], share, inputs, ring_row, table, row, number, emitted,
            setting.trial, setting.key,
        )  # fmt: skip
    return failed


def deliver_plastic(step, setting, share):  # type: ignore[no-untyped-def]
    """Add what arrives in this step: by projection, delay, source population, source cell.

    Owners of a population hold ascending slices of it, so no sorting is needed.
    """
    plastic, log = plastic_of(share), log_of(share)
    ring_row = (step & setting.mask) * setting.stride
    for table in range(len(plastic.delay)):
        emitted = step - plastic.delay[table]
        if emitted <= plastic.epoch[table]:
            continue
        at = emitted - setting.log_base
        lowest, highest = plastic.first_cell[table], plastic.last_cell[table]
        for owner in range(log.end.shape[0]):
            for entry in range(log.end[owner, at - 1], log.end[owner, at]):
                cell = np.int64(log.cell[owner, entry])
                if entry + 1 < log.end[owner, at]:
                    following = np.int64(log.cell[owner, entry + 1])
                    if lowest <= following <= highest:
                        ask_for_plastic_row(table, following, plastic)
                if lowest <= cell <= highest:
                    number = np.int64(log.number[owner, entry])
                    failed = visit_plastic_row(
                        table, cell, number, emitted, ring_row, setting, share
                    )
                    if failed != 0:
                        plastic.flags[1] = table + 1


def note_spikes(step, begin, end, setting, share):  # type: ignore[no-untyped-def]
    """Put the part's spikes of this step, entries of its log, into the targets' histories."""
    plastic, log = plastic_of(share), log_of(share)
    for channel in range(len(plastic.channel_first)):
        lowest, highest = plastic.channel_first[channel], plastic.channel_last[channel]
        for entry in range(begin, end):
            cell = np.int64(log.cell[setting.part, entry])
            if lowest <= cell <= highest:
                history = plastic.channel_history[channel] + cell - lowest
                at = plastic.end[history]
                plastic.step[at] = step
                plastic.number[at] = log.number[setting.part, entry]
                plastic.end[history] = at + 1
                call_trace(plastic.channel_address[channel], share, channel, history, at)
                # The next window must find room before anybody looks again.
                if at + 1 + setting.window >= plastic.limit[history]:
                    plastic.flags[0] = 1


def call_row(address, share, inputs, ring_row, table, row, number, emitted, trial, key):  # type: ignore[no-untyped-def]
    """Call a row kernel as plain Python: ``address`` is an index into ``PLAIN_KERNELS``."""
    run = PLAIN_KERNELS[address]
    run(share.plastic, inputs[ring_row:], table, row, number, emitted, trial, key)
    return 0


def call_trace(address, share, channel, history, at):  # type: ignore[no-untyped-def]
    """Call a trace kernel as plain Python; see :func:`call_row`."""
    PLAIN_KERNELS[address](share.plastic, channel, history, at)


#: Plain-Python kernels, filled only when compilation is disabled.
PLAIN_KERNELS: list[Callable[..., Any]] = []
