"""Networks with plastic synapses that tests run on several simulators.

The plastic weights are a millionth of what makes a target spike, so that the
trains are those of the drivers, whatever is learned.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    pre.record("spikes")
    post.record("spikes")
    kick = sim.StaticSynapse(weight=100.0, delay=0.1)
    sim.Projection(drivers, post, sim.OneToOneConnector(), kick)
    return pre, post


def steps_of(cells: Any) -> list[np.ndarray]:
    """Steps of the spikes of each cell."""
    found = cells.get_data("spikes").segments[0].spiketrains
    return [np.round(np.asarray(train.magnitude) / DT).astype(int) for train in found]


@dataclass
class Learned:
    """What a run gave.

    Weights before and after it, as fractions of ``W_MAX``, and delays in steps,
    (N_PRE, N_POST) each; steps of the spikes of sources and targets.
    """

    before: np.ndarray
    after: np.ndarray
    delay: np.ndarray
    pre: list[np.ndarray]
    post: list[np.ndarray]


def build_learning(
    sim: Any,
    mechanism: Any,
    rate_hz: float,
    delays: Any,
    t_stop: float,
    seed: int = 8,
    unit: float = 1.0,
) -> tuple[Any, Any, Any, np.ndarray]:
    """Sources, targets, the plastic projection and its delays in steps, those given mixed."""
    pre, post = build_driven(sim, rate_hz, t_stop, seed=round(rate_hz) + seed)
    draw = np.random.RandomState(seed)
    delay = draw.choice(np.asarray(delays), size=(N_PRE, N_POST))
    weight = unit * W_MAX * draw.uniform(0.2, 0.8, size=(N_PRE, N_POST))
    rows = [(i, j, weight[i, j], d) for (i, j), d in np.ndenumerate(delay)]
    projection = sim.Projection(pre, post, sim.FromListConnector(rows), mechanism)
    return pre, post, projection, np.round(delay / DT).astype(int)


def matrix(projection: Any) -> np.ndarray:
    """Weights of all pairs, as fractions of ``W_MAX``."""
    return np.asarray(projection.get("weight", format="array")) / W_MAX


def learn(
    sim: Any,
    make: Any,
    rate_hz: float,
    delays: Any,
    t_stop: float = 1500.0,
    seed: int = 8,
    unit: float = 1.0,
) -> Learned:
    """Run a network of drivers; ``make(sim)`` gives the plastic synapse type.

    ``unit``: what given weights are multiplied with, where the simulator scales only those it
    returns.
    """
    sim.setup(timestep=DT, min_delay=DT, max_delay=10.0, spike_precision="on_grid")
    pre, post, projection, delay = build_learning(
        sim, make(sim), rate_hz, delays, t_stop, seed, unit
    )
    before = matrix(projection)
    sim.run(t_stop)
    return Learned(before, matrix(projection), delay, steps_of(pre), steps_of(post))
