"""What a kernel does with a row of synapses, whatever the rule.

Plain Python that is compiled together with the functions of one rule and a few
lines between them, see :mod:`.generate_synapse`; those lines define
``parameters_of``, ``scale_of``, ``states_of``, ``keep_states`` and, by kind of
synapse, ``transmitted``, or ``traced``, ``asked_at_post``, ``asked_at_pre``,
``changed`` and ``largest_weight``. ``OWN`` says whether every synapse has its
own parameters and states; else those of a row are used for all its synapses.
"""

# ruff: noqa: F821 - generated lines define the names that are not here.
from __future__ import annotations

import numpy as np

__all__ = ["DYNAMIC", "LEARNING", "run_trace"]


def elapsed_since(previous, emitted, dt_ms):  # type: ignore[no-untyped-def]
    """Time since the last spike of the source, or since the row was made, ms."""
    return np.float64(emitted - (previous if previous >= 0 else -1 - previous)) * dt_ms


def first_after(steps, low, high, step):  # type: ignore[no-untyped-def]
    """First entry from ``low`` on, below ``high``, whose step is after ``step``; else ``high``.

    Most often it is one of the last entries, so these are looked at first.
    """
    size = 1
    while high - size >= low and steps[high - size] > step:
        size *= 2
    bottom, top = max(high - size, low - 1), high - size // 2
    # Entry ``top`` and those behind it are after the step; ``bottom`` is not, or there is none.
    while top - bottom > 1:
        middle = (top + bottom) // 2
        if steps[middle] > step:
            top = middle
        else:
            bottom = middle
    return top


def learn(plastic, table, synapse, previous, emitted, states, parameters):  # type: ignore[no-untyped-def]
    """Return the weight after a spike of the source, and after target spikes before it.

    The target's spikes that reach the synapse after the source's last spike,
    and before this one, change the weight oldest first; then this one does.
    """
    dt_ms, shift = plastic.dt_ms[0], plastic.shift[table]
    history = plastic.history[synapse]
    oldest, upper = plastic.oldest[history], plastic.upper[table]
    end = first_after(plastic.step, oldest, plastic.end[history], emitted + upper)
    weight, w_max = plastic.weight[synapse], largest_weight(parameters)
    before = weight / w_max
    x = before
    if previous >= 0:
        entry = first_after(plastic.step, oldest, end, previous + upper)
        horizon = plastic.horizon[table]
        while entry < end:
            since_ms = (np.float64(plastic.step[entry] - previous) - shift) * dt_ms
            if since_ms > horizon:
                break
            up, down = asked_at_post(states, since_ms, parameters)
            for _ in range(plastic.number[entry]):
                x = changed(x, up, down, parameters)
            entry += 1
    if end > oldest and plastic.step[end - 1] - emitted == plastic.tie[table]:
        end -= 1
    since_ms = np.inf
    if end > oldest:
        since_ms = (np.float64(emitted - plastic.step[end - 1]) + shift) * dt_ms
    up, down = asked_at_pre(plastic, history, end - 1, since_ms, states, parameters)
    x = changed(x, up, down, parameters)
    # Dividing and multiplying may change the last bit of a weight that stays.
    return x * w_max if x != before else weight


def run_learning_row(plastic, inputs, table, row, number, emitted, trial, key):  # type: ignore[no-untyped-def]
    """Handle a row of plastic synapses: learn, add the new weights, move the source's traces on."""
    first, last = np.int64(plastic.start[row]), np.int64(plastic.start[row + 1])
    rank = np.int64(plastic.rank[row])
    at, stride, state_at = (
        plastic.param_at[table],
        plastic.param_stride[table],
        plastic.state_at[table],
    )
    previous = plastic.previous[rank]
    for _ in range(number):
        elapsed_ms = elapsed_since(previous, emitted, plastic.dt_ms[0])
        mine = first if OWN else rank
        parameters = parameters_of(plastic.param, at + first if OWN else at, stride)
        states = states_of(plastic.state, state_at, mine)
        for synapse in range(first, last):
            if OWN:
                mine = synapse
                parameters = parameters_of(plastic.param, at + synapse, stride)
                states = states_of(plastic.state, state_at, mine)
            weight = learn(plastic, table, synapse, previous, emitted, states, parameters)
            plastic.weight[synapse] = weight
            inputs[plastic.target[synapse]] += weight * scale_of(parameters)
            if OWN:
                new_states = traced(states, elapsed_ms, parameters)
                keep_states(plastic.state, state_at, mine, new_states)
        if not OWN:
            keep_states(plastic.state, state_at, mine, traced(states, elapsed_ms, parameters))
        previous = emitted
    plastic.previous[rank] = emitted


def run_dynamic_row(plastic, inputs, table, row, number, emitted, trial, key):  # type: ignore[no-untyped-def]
    """Handle a row of synapses whose weights act with a factor that spikes change."""
    first, last = np.int64(plastic.start[row]), np.int64(plastic.start[row + 1])
    rank = np.int64(plastic.rank[row])
    at, stride, state_at = (
        plastic.param_at[table],
        plastic.param_stride[table],
        plastic.state_at[table],
    )
    previous, draw = plastic.previous[rank], plastic.draw[table]
    for spike in range(number):
        elapsed_ms = elapsed_since(previous, emitted, plastic.dt_ms[0])
        parameters = parameters_of(plastic.param, at + first if OWN else at, stride)
        states = states_of(plastic.state, state_at, first if OWN else rank)
        connection, one = np.int64(plastic.connection[first]), draw + spike * DRAWS_OF_A_SPIKE
        states, factor = transmitted(
            states, elapsed_ms, parameters, key, trial, connection, emitted, one
        )
        keep_states(plastic.state, state_at, first if OWN else rank, states)
        for synapse in range(first, last):
            if OWN and synapse > first:
                parameters = parameters_of(plastic.param, at + synapse, stride)
                states = states_of(plastic.state, state_at, synapse)
                connection = np.int64(plastic.connection[synapse])
                states, factor = transmitted(
                    states, elapsed_ms, parameters, key, trial, connection, emitted, one
                )
                keep_states(plastic.state, state_at, synapse, states)
            inputs[plastic.target[synapse]] += (
                plastic.weight[synapse] * scale_of(parameters) * factor
            )
        previous = emitted
    plastic.previous[rank] = emitted


def run_trace(plastic, channel, history, entry):  # type: ignore[no-untyped-def]
    """Compute the traces of a target right after the newest entry of its history."""
    at = plastic.channel_param[channel]
    parameters = parameters_of(plastic.param, at, 1)
    traces, elapsed_ms = initial_traces(), np.inf
    if entry > plastic.oldest[history]:
        traces = traces_of(plastic, history, entry - 1)
        elapsed_ms = np.float64(plastic.step[entry] - plastic.step[entry - 1]) * plastic.dt_ms[0]
    for _ in range(plastic.number[entry]):
        traces = target_traced(traces, elapsed_ms, parameters)
        elapsed_ms = 0.0
    keep_traces(plastic, history, entry, traces)


#: Functions of each kind of kernel, each after those that it calls.
LEARNING = (elapsed_since, first_after, learn, run_learning_row)
DYNAMIC = (elapsed_since, run_dynamic_row)
