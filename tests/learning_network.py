"""A network in which plastic synapses act, for tests that run on several simulators.

After Vogels TP, Sprekeler H, Zenke F, Clopath C, Gerstner W (2011), doi:10.1126/science.1211095,
with a tenth of the cells and all that is drawn given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.models import DT, steps_of, table

#: Weights by kind of synapse and source: uS, nA.
WEIGHTS = {
    "IF_cond_exp": {"exc": 6e-4, "inh": 6e-3},
    "IF_curr_exp": {"exc": 0.015, "inh": -0.09},
}

#: The largest weight of a plastic projection, as a multiple of its source's weight.
LARGEST = {"exc": 2.0, "inh": 4.0}


@dataclass
class Learned:
    """Steps of the spikes of all cells, and weights before and after as fractions of ``w_max``."""

    spikes: list[list[int]]
    before: np.ndarray
    after: np.ndarray


def drawn(
    pre: Any, post: Any, draw: np.random.RandomState, weight: float, delays: Any
) -> list[tuple[int, int, float, float]]:
    """Rows of a tenth of all pairs, weights within a half of ``weight``."""
    i, j = np.nonzero(draw.rand(pre.size, post.size) < 0.1)
    weights = weight * draw.uniform(0.5, 1.5, size=len(i))
    return list(zip(i, j, weights, draw.choice(delays, size=len(i)), strict=True))


def build_cells(sim: Any, cell: str, draw: np.random.RandomState, t_stop: float) -> dict[str, Any]:
    """800 excitatory and 200 inhibitory cells that a current drives until 60 ms before the end."""
    parameters = {
        "v_rest": -60.0, "v_reset": -60.0, "v_thresh": -50.0, "tau_m": 20.0, "cm": 0.2,
        "tau_refrac": 5.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "i_offset": 0.2,
    }  # fmt: skip
    if cell == "IF_cond_exp":
        parameters.update(e_rev_E=0.0, e_rev_I=-80.0)
    cells = {
        name: sim.Population(n, getattr(sim, cell)(**parameters), label=name)
        for name, n in (("exc", 800), ("inh", 200))
    }
    # Whatever excites the cells then, they are silent when the weights are read.
    silence = sim.DCSource(amplitude=-50.0, start=t_stop - 60.0)
    for population in cells.values():
        population.initialize(v=draw.uniform(-60.0, -50.0, size=population.size))
        population.record("spikes")
        silence.inject_into(population)
    return cells


def learn(
    sim: Any, cell: str, plastic: str, make: Any, others: Any, start: float, unit: float = 1.0
) -> Learned:
    """Run 400 ms of a network whose synapses from one population to the excitatory cells learn.

    ``plastic`` names this population, ``make(sim, w_max)`` gives the type of the synapses,
    ``others(sim)`` that of all others; ``start`` is the mean of the first weights as a fraction
    of ``w_max``, and ``unit`` what they are multiplied with, where the simulator scales only
    those it returns.
    """
    sim.setup(timestep=DT, min_delay=DT, max_delay=10.0, spike_precision="on_grid")
    draw, t_stop = np.random.RandomState(2), 400.0
    cells = build_cells(sim, cell, draw, t_stop)
    w_max = LARGEST[plastic] * WEIGHTS[cell][plastic]
    for pre, post in (("exc", "exc"), ("exc", "inh"), ("inh", "inh"), ("inh", "exc")):
        learns = (pre, post) == (plastic, "exc")
        weight = unit * start * w_max if learns else WEIGHTS[cell][pre]
        delays = [0.1, 0.7, 1.5, 3.3, 6.0, 9.9, 10.0] if learns else [0.5, 1.0, 1.5]
        projection = sim.Projection(
            cells[pre],
            cells[post],
            sim.FromListConnector(drawn(cells[pre], cells[post], draw, weight, delays)),
            make(sim, w_max) if learns else others(sim),
            receptor_type={"exc": "excitatory", "inh": "inhibitory"}[pre],
        )
        if learns:
            learning, before = projection, table(projection)[:, 2] / w_max
    sim.run(t_stop)
    spikes = [train for population in cells.values() for train in steps_of(population)]
    return Learned(spikes, before, table(learning)[:, 2] / w_max)
