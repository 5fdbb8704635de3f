"""What a kernel does with a row of synapses, whatever the rule.

Plain Python that is compiled together with the functions of one rule and a few
lines between them, see :mod:`.generate_synapse`; those lines define
``parameters_of``, ``scale_of``, ``states_of``, ``keep_states`` and, by kind of
synapse, ``transmitted``, or ``traced``, ``asked_at_post``, ``asked_at_pre``,
``changed`` and ``largest_weight``. ``OWN`` says whether every synapse has its
own parameters and states; else those of a row are used for all its synapses;
``SPECULATE`` whether a change is cheap enough to be computed in vain.
"""

# Generated lines define the names that are not here.
# ruff: noqa: F821
# mypy: disable-error-code="name-defined"
from __future__ import annotations

import numpy as np

__all__ = ["DYNAMIC", "LEARNING", "TRACE"]


def elapsed_since(previous, emitted, dt_ms):  # type: ignore[no-untyped-def]
    """Time since the last spike of the source, or since the row was made, ms."""
    return np.float64(emitted - (previous if previous >= 0 else -1 - previous)) * dt_ms


def past_of(plastic):  # type: ignore[no-untyped-def]
    """The histories of all targets."""
    return Past(
        plastic.oldest, plastic.end, plastic.step, plastic.number, plastic.trace_at, plastic.trace
    )


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


def asked_by_target(x, steps_since, states, parameters, timing, memo):  # type: ignore[no-untyped-def]
    """Return the weight after a target spike, ``steps_since`` after the source's last one."""
    since_ms = steps_since * timing.dt_ms
    up, down = asked_at_post(states, since_ms, steps_since, memo, parameters)
    return changed(x, up, down, parameters)


def asked_by_source(x, steps_since, traces, states, parameters, timing, memo):  # type: ignore[no-untyped-def]
    """Return the weight after the source's spike, ``steps_since`` after the last target spike."""
    since_ms = steps_since * timing.dt_ms
    up, down = asked_at_pre(traces, states, since_ms, steps_since, memo, parameters)
    return changed(x, up, down, parameters)


def learn_far(x, history, previous, emitted, states, parameters, past, timing, memo):  # type: ignore[no-untyped-def]
    """Return the weight after a spike of the source, and after target spikes before it.

    The target's spikes that reach the synapse after the source's last spike,
    and before this one, change the weight oldest first; then this one does.
    """
    oldest = past.oldest[history]
    end = first_after(past.step, oldest, past.end[history], emitted + timing.upper)
    if previous >= 0:
        entry = first_after(past.step, oldest, end, previous + timing.upper)
        while entry < end:
            steps_since = np.float64(past.step[entry] - previous) - timing.shift
            if steps_since * timing.dt_ms > timing.horizon:
                break
            for _ in range(past.number[entry]):
                x = asked_by_target(x, steps_since, states, parameters, timing, memo)
            entry += 1
    if end > oldest and past.step[end - 1] - emitted == timing.tie:
        end -= 1
    steps_since, traces = np.inf, initial_traces()
    if end > oldest:
        steps_since = np.float64(emitted - past.step[end - 1]) + timing.shift
        traces = traces_of(past, history, end - 1)
    return asked_by_source(x, steps_since, traces, states, parameters, timing, memo)


def learn_near(x, at, previous, emitted, states, parameters, near, timing, memo):  # type: ignore[no-untyped-def]
    """As :func:`learn_far`, where all spikes that count are among the target's newest.

    Which of them count is hard to guess, so cheap rules compute the change by
    each, and drop those that do not.
    """
    low, high = np.float64(previous + timing.upper), np.float64(emitted + timing.upper)
    for k in range(NEAR):
        step = near[at + np.uint64(NEAR - 1 - k)]
        steps_since = (step - np.float64(previous)) - timing.shift
        counts = (
            (previous >= 0)
            & (step > low)
            & (step <= high)
            & (steps_since * timing.dt_ms <= timing.horizon)
        )
        if SPECULATE or counts:
            steps_since = steps_since if counts else 0.0
            after = asked_by_target(x, steps_since, states, parameters, timing, memo)
            x = after if counts else x
    if np.float64(emitted + timing.tie) == high:
        high -= 1.0
    last = np.uint64(NEAR - 1)
    for k in range(NEAR - 1):
        newer = np.uint64(NEAR - 2 - k)
        last = newer if near[at + newer] <= high else last
    steps_since = (np.float64(emitted) - near[at + last]) + timing.shift
    traces = near_traces(near, at, last)
    return asked_by_source(x, steps_since, traces, states, parameters, timing, memo)


def run_learning_row(plastic, inputs, table, row, number, emitted, trial, key):  # type: ignore[no-untyped-def]
    """Handle a row of plastic synapses: learn, add the new weights, move the source's traces on."""
    first, last = np.uint64(plastic.start[row]), np.uint64(plastic.start[row + 1])
    rank, at, stride = (
        np.int64(plastic.rank[row]),
        plastic.param_at[table],
        plastic.param_stride[table],
    )
    timing = Timing(
        plastic.dt_ms[0],
        plastic.shift[table],
        plastic.horizon[table],
        plastic.upper[table],
        plastic.tie[table],
    )
    memo = Memo(plastic.memo, plastic.memo_at[table], plastic.memo_steps[table])
    past, near, near_at = past_of(plastic), plastic.near, plastic.near_at[table]
    param, state, state_at = plastic.param, plastic.state, plastic.state_at[table]
    weights, targets, slots = plastic.weight, plastic.target, plastic.slot
    previous = plastic.previous[rank]
    for _ in range(number):
        elapsed_ms = elapsed_since(previous, emitted, timing.dt_ms)
        parameters = parameters_of(param, at + np.int64(first) if OWN else at, stride)
        states = states_of(state, state_at, np.int64(first) if OWN else rank)
        # Spikes from here on, and one before them, must be among the newest.
        reach = min(previous, emitted - 1) if previous >= 0 else emitted - 1
        known = np.float64(reach + timing.upper)
        for synapse in range(first, last):
            if OWN:
                parameters = parameters_of(param, at + np.int64(synapse), stride)
                states = states_of(state, state_at, np.int64(synapse))
            history = np.uint64(targets[synapse])
            weight, w_max = weights[synapse], largest_weight(parameters)
            place = np.uint64(near_at + np.int64(history) * NEAR_WORDS)
            before = weight / w_max
            if near[place + np.uint64(NEAR - 1)] <= known:
                x = learn_near(
                    before, place, previous, emitted, states, parameters, near, timing, memo
                )
            else:
                x = learn_far(
                    before, history, previous, emitted, states, parameters, past, timing, memo
                )
            # Dividing and multiplying may change the last bit of a weight that stays.
            weight = x * w_max if x != before else weight
            weights[synapse] = weight
            inputs[np.uint64(slots[history])] += weight * scale_of(parameters)
            if OWN:
                moved = traced(states, elapsed_ms, parameters)
                keep_states(state, state_at, np.int64(synapse), moved)
        if not OWN:
            keep_states(state, state_at, rank, traced(states, elapsed_ms, parameters))
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
    parameters, past = parameters_of(plastic.param, at, 1), past_of(plastic)
    traces, elapsed_ms = initial_traces(), np.inf
    if entry > past.oldest[history]:
        traces = traces_of(past, history, entry - 1)
        elapsed_ms = np.float64(past.step[entry] - past.step[entry - 1]) * plastic.dt_ms[0]
    for _ in range(past.number[entry]):
        traces = target_traced(traces, elapsed_ms, parameters)
        elapsed_ms = 0.0
    keep_traces(past, history, entry, traces)
    place = plastic.channel_near[channel] + history * NEAR_WORDS
    for _ in range(min(past.number[entry], NEAR)):
        keep_near(plastic.near, place, np.float64(past.step[entry]), traces)


#: Functions of each kind of kernel, each after those that it calls.
LEARNING = (
    elapsed_since, past_of, first_after, asked_by_target, asked_by_source, learn_far, learn_near,
    run_learning_row,
)  # fmt: skip
DYNAMIC = (elapsed_since, run_dynamic_row)
TRACE = (past_of, run_trace)
