"""The parts of the run loop, as plain Python that is also compiled.

Nothing here depends on a cell type. Arrays are those of ``tables``; the spike
log is three arrays: ``log_cell`` and ``log_count`` with one entry per cell and
step that spiked, ascending by cell within a step, and ``log_end`` with the
number of entries up to and including each step.
"""

from __future__ import annotations

__all__ = ["deliver", "deliver_pending", "emit_block", "emit_table", "inject", "sample"]


def deliver_pending(step, position, pending_step, pending_slot, pending_value, inputs):  # type: ignore[no-untyped-def]
    """Add what was in flight when tables changed and arrives in this step.

    Returns the position of the first entry that arrives later.
    """
    while position < len(pending_step) and pending_step[position] <= step:
        inputs[pending_slot[position]] += pending_value[position]
        position += 1
    return position


def deliver(step, epoch, log_base, log_end, log_cell, log_count, rows, inputs):  # type: ignore[no-untyped-def]
    """Add the weights of all spikes that arrive in this step.

    ``epoch`` is the last step whose spikes are not delivered from the log;
    ``log_base`` is the step of ``log_end[1]`` less one, so that the entries of
    step ``e`` are ``log_end[e - log_base - 1]:log_end[e - log_base]``.
    """
    for k in range(len(rows.delays)):
        emitted = step - rows.delays[k]
        if emitted <= epoch:
            break
        at = emitted - log_base
        for entry in range(log_end[at - 1], log_end[at]):
            cell = log_cell[entry]
            count = log_count[entry]
            first = rows.start[k, cell]
            last = rows.start[k, cell + 1]
            if count == 1:
                for i in range(first, last):
                    inputs[rows.slot[i]] += rows.weight[i]
            else:
                for i in range(first, last):
                    inputs[rows.slot[i]] += rows.weight[i] * count


def inject(step, position, injections, inputs):  # type: ignore[no-untyped-def]
    """Apply the changes of injected current that act from this step on."""
    while position < len(injections.step) and injections.step[position] <= step:
        inputs[injections.slot[position]] = injections.value_pa[position]
        position += 1
    return position


def emit_table(
    step, last_cell, position, table_step, table_cell, table_count, log_cell, log_count, n_log
):  # type: ignore[no-untyped-def]
    """Log this step's table spikes of cells up to and including ``last_cell``.

    Returns the new position in the table and the new length of the log.
    """
    while (
        position < len(table_step)
        and table_step[position] == step
        and table_cell[position] <= last_cell
    ):
        log_cell[n_log] = table_cell[position]
        log_count[n_log] = table_count[position]
        n_log += 1
        position += 1
    return position, n_log


def emit_block(count, n_cells, first_cell, log_cell, log_count, n_log):  # type: ignore[no-untyped-def]
    """Log the spikes that a block kernel has counted; returns the new length."""
    for i in range(n_cells):
        if count[i] > 0:
            log_cell[n_log] = first_cell + i
            log_count[n_log] = count[i]
            n_log += 1
    return n_log


def sample(step, probes, state, samples, filled):  # type: ignore[no-untyped-def]
    """Copy the probed state of this step into the sample buffers.

    ``filled[p]`` counts the values that probe ``p`` has written so far.
    """
    for p in range(len(probes.start)):
        if step >= probes.start[p] and (step - probes.start[p]) % probes.interval[p] == 0:
            to = probes.buffer_at[p] + filled[p]
            for i in range(probes.first[p], probes.first[p + 1]):
                samples[to] = state[probes.slot[i]]
                to += 1
            filled[p] += probes.first[p + 1] - probes.first[p]
