"""A network in which plastic inhibition acts, for tests that run on several simulators.

Vogels TP, Sprekeler H, Zenke F, Clopath C, Gerstner W (2011), doi:10.1126/science.1211095, with
a tenth of the cells and all that is drawn given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.models import DT, steps_of, table


@dataclass
class Balanced:
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


def balance(sim: Any, cell: str, make: Any, unit: float = 1.0, t_stop: float = 400.0) -> Balanced:
    """800 excitatory and 200 inhibitory cells coupled at random, silent at the end.

    ``make(sim, w_max)`` gives the plastic synapse type of the inhibition of excitatory cells;
    ``unit`` is what its weights are multiplied with, where the simulator scales only those
    it returns.
    """
    sim.setup(timestep=DT, min_delay=DT, max_delay=10.0, spike_precision="on_grid")
    conductances = cell == "IF_cond_exp"
    parameters = {
        "v_rest": -60.0, "v_reset": -60.0, "v_thresh": -50.0, "tau_m": 20.0, "cm": 0.2,
        "tau_refrac": 5.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "i_offset": 0.2,
    }  # fmt: skip
    if conductances:
        parameters.update(e_rev_E=0.0, e_rev_I=-80.0)
    w_exc, w_inh, w_max = (6e-4, 6e-3, 0.03) if conductances else (0.015, -0.09, -0.3)
    draw = np.random.RandomState(2)
    cell_type = getattr(sim, cell)(**parameters)
    exc = sim.Population(800, cell_type, label="exc")
    inh = sim.Population(200, cell_type, label="inh")
    for population in (exc, inh):
        population.initialize(v=draw.uniform(-60.0, -50.0, size=population.size))
        population.record("spikes")
    # Takes the offset away: the last spikes have arrived when the weights are read.
    sim.DCSource(amplitude=-0.2, start=t_stop - 40.0).inject_into(exc + inh)
    static, delays = sim.StaticSynapse(), [0.5, 1.0, 1.5]
    for pre, post, weight, receptor in (
        (exc, exc, w_exc, "excitatory"),
        (exc, inh, w_exc, "excitatory"),
        (inh, inh, w_inh, "inhibitory"),
    ):
        rows = sim.FromListConnector(drawn(pre, post, draw, weight, delays))
        sim.Projection(pre, post, rows, static, receptor_type=receptor)
    rows = sim.FromListConnector(
        drawn(inh, exc, draw, unit * 0.02 * w_max, [0.1, 0.7, 1.5, 3.3, 6.0, 9.9, 10.0])
    )
    plastic = sim.Projection(inh, exc, rows, make(sim, w_max), receptor_type="inhibitory")
    before = table(plastic)[:, 2]
    sim.run(t_stop)
    return Balanced(steps_of(exc) + steps_of(inh), before / w_max, table(plastic)[:, 2] / w_max)
