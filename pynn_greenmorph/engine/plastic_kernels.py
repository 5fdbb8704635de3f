"""What a kernel does with a row of synapses, whatever the rule.

Plain Python that is compiled together with the functions of one rule and a few
lines between them, see :mod:`.generate_synapse`; those lines define
``parameters_of``, ``scale_of``, ``states_of``, ``keep_states`` and, by kind of
synapse, ``transmitted``, or ``traced``, ``asked_at_post``, ``asked_at_pre``,
``changed`` and ``largest_weight``. ``OWN`` says whether every synapse has its
own parameters and states; else those of a row are used for all its synapses;
``REMEMBERS`` whether the rule has expressions that are looked up;
``ASKS_DOWN`` whether a target spike may ask for two changes.
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


def ask_for_row(previous, emitted, states, parameters, timing, memo, ups, downs):  # type: ignore[no-untyped-def]
    """Tabulate what a target spike asks for, by steps since the first that would not count.

    Returns how many steps there are; after 0 steps nothing is asked for.
    """
    span = np.int64(0)
    if previous >= 0:
        span = min(
            emitted - previous,
            np.int64(timing.horizon / timing.dt_ms + timing.shift) - timing.upper + 2,
        )
    if span >= len(ups):
        return np.int64(-1)
    ups[0], downs[0] = 0.0, 0.0
    for steps in range(1, span + 1):
        steps_since = np.float64(steps + timing.upper) - timing.shift
        since_ms = steps_since * timing.dt_ms
        up, down = asked_at_post(states, since_ms, steps_since, memo, parameters)
        counts = since_ms <= timing.horizon
        ups[np.uint64(steps)] = up if counts else 0.0
        if ASKS_DOWN:
            downs[np.uint64(steps)] = down if counts else 0.0
    return span


def learn_near(x, at, base, span, emitted, states, parameters, plastic, timing, memo):  # type: ignore[no-untyped-def]
    """As :func:`learn_far`, from the newest spikes of the target alone.

    Which of them count is hard to guess: those that do not ask for nothing.
    Returns the weight and whether it is right: all spikes that count are there,
    and what the rule remembers reaches so far.
    """
    steps, before = plastic.near_step, emitted + timing.upper
    for k in range(NEAR):
        since = peek_apart(steps, at + np.uint64(NEAR - 1 - k)) - base
        place = np.uint64(since if np.uint64(since - 1) < np.uint64(span) else 0)
        down = peek_apart(plastic.down, place) if ASKS_DOWN else 0.0
        x = changed(x, peek_apart(plastic.up, place), down, parameters)
    oldest = peek_apart(steps, at + np.uint64(NEAR - 1))
    right = oldest < (base + 1 if span > 0 else before)
    before -= np.int64(emitted + timing.tie == before)
    last = np.uint64(0)
    for k in range(NEAR - 1):
        last += np.uint64(peek_apart(steps, at + np.uint64(k)) > before)
    step = peek_apart(steps, at + last)
    steps_since = np.float64(emitted - step) + timing.shift
    since_ms = steps_since * timing.dt_ms if step > NO_SPIKE else np.inf
    if REMEMBERS:
        right &= (steps_since < np.float64(memo.steps)) | (step == NO_SPIKE)
        steps_since = min(steps_since, np.float64(memo.steps))
    traces = near_traces(plastic.near, at, last)
    up, down = quickly_asked_at_pre(traces, states, since_ms, steps_since, memo, parameters)
    return changed(x, up, down, parameters), right


def ask_for_targets(begin, end, near_at, plastic):  # type: ignore[no-untyped-def]
    """Begin to load the newest spikes of the targets of some synapses."""
    for synapse in range(begin, end):
        prefetch(plastic.near, near_at + np.int64(plastic.target[synapse]) * NEAR_WORDS)


def learn_stretch(
    begin, end, first, near_at, base, span, emitted, w_max, states, parameters, plastic, timing,
    memo,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Change the weights of some synapses of a row from the newest spikes of their targets.

    Marks in ``aside`` those for which that is not right, and returns whether there are any.
    The compiler does this with eight synapses at once: nothing is called, no place is
    guessed, and what is read from a computed place is known not to be written to.
    """
    targets, weights, aside = plastic.target, plastic.weight, plastic.aside
    wrong = np.uint32(0)
    for synapse in range(begin, end):
        place = np.uint64(near_at + np.int64(peek_apart(targets, synapse)) * NEAR_WORDS)
        weight = peek_changed(weights, synapse)
        before = weight / w_max
        x, right = learn_near(
            before, place, base, span, emitted, states, parameters, plastic, timing, memo
        )
        # Dividing and multiplying may change the last bit of a weight that stays.
        poke_apart(weights, synapse, x * w_max if right and x != before else weight)
        poke_apart(aside, synapse - first, np.uint32(not right))
        wrong |= np.uint32(not right)
    return wrong != 0


def learn_in_stretches(
    first, last, near_at, base, span, emitted, states, parameters, plastic, timing, memo
):  # type: ignore[no-untyped-def]
    """Change the weights of a row; returns how many synapses wait in ``aside`` for more."""
    w_max, aside, n_aside = largest_weight(parameters), plastic.aside, np.uint64(0)
    begin, end = first, min(first + np.uint64(STRETCH), last)
    ask_for_targets(begin, end, near_at, plastic)
    while begin < last:
        ahead = min(end + np.uint64(STRETCH), last)
        ask_for_targets(end, ahead, near_at, plastic)
        if learn_stretch(
            begin, end, first, near_at, base, span, emitted, w_max, states, parameters, plastic,
            timing, memo,
        ):  # fmt: skip
            for synapse in range(begin, end):
                wrong = aside[synapse - first]
                aside[n_aside] = synapse
                n_aside += np.uint64(wrong)
        begin, end = end, ahead
    return n_aside


def learn_row(plastic, table, first, last, rank, previous, emitted):  # type: ignore[no-untyped-def]
    """Change the weights of a row by one spike of its source.

    Few synapses need to look far back: those are put aside, so that nothing is
    called within the loop over the others.
    """
    timing = Timing(
        plastic.dt_ms[0],
        plastic.shift[table],
        plastic.horizon[table],
        plastic.upper[table],
        plastic.tie[table],
    )
    memo = Memo(plastic.memo, plastic.memo_at[table], plastic.memo_steps[table])
    param_at, stride, state_at = (
        plastic.param_at[table],
        plastic.param_stride[table],
        plastic.state_at[table],
    )
    weights, aside = plastic.weight, plastic.aside
    at = param_at + np.int64(first) if OWN else param_at
    parameters = parameters_of(plastic.param, at, stride)
    states = states_of(plastic.state, state_at, np.int64(first) if OWN else rank)
    span, n_aside = np.int64(-1), np.uint64(0)
    short = previous < 0 or emitted - previous < LONG * np.int64(last - first)
    if short and not OWN and (memo.steps > 0 or not REMEMBERS):
        span = ask_for_row(
            previous, emitted, states, parameters, timing, memo, plastic.up, plastic.down
        )
    if span >= 0:
        n_aside = learn_in_stretches(
            first, last, plastic.near_at[table], previous + timing.upper, span, emitted, states,
            parameters, plastic, timing, memo,
        )  # fmt: skip
    else:
        for synapse in range(first, last):
            aside[n_aside] = synapse
            n_aside += np.uint64(1)
    past = past_of(plastic)
    for i in range(n_aside):
        waiting = np.int64(aside[i])
        if OWN:
            parameters = parameters_of(plastic.param, param_at + waiting, stride)
            states = states_of(plastic.state, state_at, waiting)
        weight, w_max = weights[waiting], largest_weight(parameters)
        before, history = weight / w_max, plastic.target[waiting]
        x = learn_far(before, history, previous, emitted, states, parameters, past, timing, memo)
        weights[waiting] = x * w_max if x != before else weight


def run_learning_row(plastic, inputs, table, row, number, emitted, trial, key):  # type: ignore[no-untyped-def]
    """Handle a row of plastic synapses: learn, add the new weights, move the source's traces on."""
    widest_vectors()
    heard = emitted > plastic.silent[table]
    first, last = np.uint64(plastic.start[row]), np.uint64(plastic.start[row + 1])
    rank, at, stride = (
        np.int64(plastic.rank[row]),
        plastic.param_at[table],
        plastic.param_stride[table],
    )
    state, state_at = plastic.state, plastic.state_at[table]
    previous = plastic.previous[rank]
    for _ in range(number):
        learn_row(plastic, table, first, last, rank, previous, emitted)
        elapsed_ms = elapsed_since(previous, emitted, plastic.dt_ms[0])
        parameters = parameters_of(plastic.param, at + np.int64(first) if OWN else at, stride)
        for synapse in range(first, last):
            if OWN:
                parameters = parameters_of(plastic.param, at + np.int64(synapse), stride)
                states = states_of(state, state_at, np.int64(synapse))
                moved = traced(states, elapsed_ms, parameters)
                keep_states(state, state_at, np.int64(synapse), moved)
            if heard:
                slot = np.uint64(plastic.slot[np.uint64(plastic.target[synapse])])
                inputs[slot] += plastic.weight[synapse] * scale_of(parameters)
        if not OWN:
            states = states_of(state, state_at, rank)
            keep_states(state, state_at, rank, traced(states, elapsed_ms, parameters))
        previous = emitted
    plastic.previous[rank] = emitted


def run_dynamic_row(plastic, inputs, table, row, number, emitted, trial, key):  # type: ignore[no-untyped-def]
    """Handle a row of synapses whose weights act with a factor that spikes change."""
    heard = emitted > plastic.silent[table]
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
            if heard:
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
        keep_near(plastic.near_step, plastic.near, place, past.step[entry], traces)


#: Functions of each kind of kernel, each after those that it calls.
LEARNING = (
    elapsed_since, past_of, first_after, asked_by_target, asked_by_source, learn_far, ask_for_row,
    learn_near, ask_for_targets, learn_stretch, learn_in_stretches, learn_row, run_learning_row,
)  # fmt: skip
DYNAMIC = (elapsed_since, run_dynamic_row)
TRACE = (past_of, run_trace)
