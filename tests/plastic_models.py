"""Networks with plastic synapses that tests run on several simulators.

The plastic weights are a millionth of what makes a target spike, so that the
trains are those of the drivers, whatever is learned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.models import DT, on_grid

W_MAX = 1e-5
N_PRE, N_POST = 12, 5


def trains(draw: np.random.RandomState, n: int, rate_hz: float, t_stop: float) -> list[list[float]]:
    """Bernoulli trains of distinct steps, in ms, nothing in the first ms and the last 30."""
    steps = np.arange(15, round((t_stop - 30.0) / DT))
    p = rate_hz * DT * 1e-3
    return [on_grid(steps[draw.rand(len(steps)) < p]) for _ in range(n)]


def build_driven(sim: Any, rate_hz: float, t_stop: float, seed: int) -> tuple[Any, Any]:
    """Sources, and targets that spike once for each spike of a driver of their own."""
    draw = np.random.RandomState(seed)
    source = sim.SpikeSourceArray(spike_times=trains(draw, N_PRE, rate_hz, t_stop))
    pre = sim.Population(N_PRE, source, label="pre")
    driver = sim.SpikeSourceArray(spike_times=trains(draw, N_POST, rate_hz, t_stop))
    drivers = sim.Population(N_POST, driver, label="drivers")
    parameters = {"tau_m": 0.5, "tau_syn_E": 0.1, "tau_refrac": 0.1, "cm": 0.1}
    post = sim.Population(N_POST, sim.IF_curr_exp(**parameters), label="post")
    post.record("spikes")
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(drivers, post, sim.OneToOneConnector(), kick)
    return pre, post


def delay_table(delays: Any, seed: int) -> np.ndarray:
    """Delays of all pairs, ms: drawn from those given."""
    return np.random.RandomState(seed).choice(np.asarray(delays), size=(N_PRE, N_POST))


def learn(
    sim: Any, timing: Any, dependence: Any, rate_hz: float, delays: Any, t_stop: float = 1500.0
) -> tuple[np.ndarray, int]:
    """Weights after a run, as fractions of ``W_MAX``, and the number of spikes of the targets."""
    sim.setup(timestep=DT, min_delay=DT, max_delay=10.0, spike_precision="on_grid")
    pre, post = build_driven(sim, rate_hz, t_stop, seed=round(rate_hz))
    weight = W_MAX * np.random.RandomState(3).uniform(0.2, 0.8, size=(N_PRE, N_POST))
    rows = [(i, j, weight[i, j], d) for (i, j), d in np.ndenumerate(delay_table(delays, seed=8))]
    rule, parameters = timing
    kind, bounds = dependence
    mechanism = sim.STDPMechanism(
        timing_dependence=getattr(sim, rule)(**parameters),
        weight_dependence=getattr(sim, kind)(w_max=W_MAX, **bounds),
    )
    projection = sim.Projection(pre, post, sim.FromListConnector(rows), mechanism)
    sim.run(t_stop)
    n_spikes = sum(map(len, post.get_data("spikes").segments[0].spiketrains))
    found = np.array(projection.get("weight", format="list"))
    result = np.zeros((N_PRE, N_POST))
    result[found[:, 0].astype(int), found[:, 1].astype(int)] = found[:, 2] / W_MAX
    return result, n_spikes
