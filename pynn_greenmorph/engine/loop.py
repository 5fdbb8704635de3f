"""The model-independent run loop: one text, compiled once per installation.

Blocks are called through a table of addresses, so the loop is the same machine
code for every model. It stops early when the spike log might overflow; the
caller makes room and calls again, which changes no bit.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import delivery
from .delivery import deliver, deliver_pending, emit_block, emit_table, inject, sample
from .generate import compile_module

__all__ = ["Log", "Pending", "Probes", "TableSpikes", "advance", "load_advance"]

Int64Array = NDArray[np.int64]
FloatArray = NDArray[np.float64]


class Log(NamedTuple):
    """The spike log.

    Attributes
    ----------
    end : (steps + 1,) int64
        Entries up to and including step ``base + i``, at ``i``.
    cell : (capacity,) int32
        Global cell id.
    number : (capacity,) int32
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
        Arrival step, index into the flat input array.
    value : (k,) float64
        Weight times count, as it was at emission.
    """

    step: Int64Array
    slot: Int64Array
    value: FloatArray


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
    """What is sampled; probe ``p`` samples ``slot[first[p]:first[p + 1]]``.

    Attributes
    ----------
    start, interval : (p,) int64, steps
    first : (p + 1,) int64
    slot : (n,) int64
        Indices into the flat state array.
    buffer_at : (p,) int64
        Where the probe's samples begin in the sample buffer.
    """

    start: Int64Array
    interval: Int64Array
    first: Int64Array
    slot: Int64Array
    buffer_at: Int64Array


def advance(  # type: ignore[no-untyped-def]
    step, last_step, epoch, log_base, n_log, positions, trial, key, n_cells,
    blocks, state, param, inputs, rows, pending, table, injections, log, probes, samples, filled,
):  # fmt: skip
    """Run steps ``step + 1`` to ``last_step``; returns the last step done and the log's length.

    A step: what was in flight and the log deliver into the inputs, blocks
    consume them in order of cell ids and log their spikes, probes sample.
    ``positions`` (3,) int64 holds where pending input, table spikes and
    injections go on.
    """
    count = np.zeros(512, dtype=np.int64)
    while step < last_step:
        if n_log + n_cells > len(log.cell):
            break
        step += 1
        positions[0] = deliver_pending(
            step, positions[0], pending.step, pending.slot, pending.value, inputs
        )
        deliver(step, epoch, log_base, log.end, log.cell, log.number, rows, inputs)
        positions[2] = inject(step, positions[2], injections, inputs)
        for b in range(len(blocks.kind)):
            first = blocks.first_cell[b]
            if blocks.kind[b] == 0:
                positions[1], n_log = emit_table(
                    step, first + blocks.n_cells[b] - 1, positions[1],
                    table.step, table.cell, table.number, log.cell, log.number, n_log,
                )  # fmt: skip
            else:
                call_block(
                    blocks.address[b], state, blocks.state_at[b], param, blocks.param_at[b],
                    inputs, blocks.input_at[b], count, first, step, trial, key,
                )  # fmt: skip
                n_log = emit_block(count, blocks.n_cells[b], first, log.cell, log.number, n_log)
        log.end[step - log_base] = n_log
        sample(step, probes, state, samples, filled)
    return step, n_log


def call_block(
    address, state, state_at, param, param_at, inputs, input_at, count, first, step, trial, key
):  # type: ignore[no-untyped-def]
    """Call a block kernel as plain Python: ``address`` is an index into ``PLAIN_BLOCKS``."""
    run, n_states, param_shape, n_inputs = PLAIN_BLOCKS[address]
    n_param = int(np.prod(param_shape))
    run(
        state[state_at : state_at + n_states * 512].reshape(n_states, 512),
        param[param_at : param_at + n_param].reshape(param_shape),
        inputs[input_at : input_at + n_inputs * 512].reshape(n_inputs, 512),
        count,
        first,
        step,
        trial,
        key,
    )


#: Plain-Python kernels with their shapes, filled only when compilation is disabled.
PLAIN_BLOCKS: list[tuple[Callable[..., None], int, tuple[int, ...], int]] = []

_LOOP_HEADER = '''"""Generated by pynn_greenmorph; edit engine/loop.py or delivery.py instead."""
import numpy as np
from numba import njit

from pynn_greenmorph.engine.calls import call_block

# {calls_digest}
'''


@cache
def load_advance() -> Callable[..., tuple[int, int]]:
    """Return :func:`advance`, compiled unless compilation is disabled.

    Returns
    -------
    callable
    """
    import numba

    if numba.config.DISABLE_JIT:
        return advance
    from . import calls

    # The text that is inlined from ``calls`` is part of the hash too.
    digest = hashlib.sha256(inspect.getsource(calls).encode()).hexdigest()
    parts = [_LOOP_HEADER.format(calls_digest=digest)]
    parts += [f"@njit\n{inspect.getsource(getattr(delivery, name))}" for name in delivery.__all__]
    parts.append(f"@njit(cache=True, nogil=True)\n{inspect.getsource(advance)}")
    module = compile_module("loop", "\n\n".join(parts))
    compiled: Callable[..., tuple[int, int]] = module.advance
    return compiled
