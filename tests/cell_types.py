"""One model per cell type: cells under irregular input and a current pulse, and a network.

Both run on any PyNN simulator. What pyNN.nest 0.13.0 has wrong is put right by
:func:`repaired`, so that NEST itself is what a comparison sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

from tests.models import DT, on_grid, steps_of, summable


@dataclass(frozen=True)
class Drive:
    """Parameters (one value per cell where it is a list) and strength of what drives the cells.

    ``w_exc`` and ``w_inh`` are in PyNN's units for the cell type, ``amplitude`` in nA;
    ``network`` is ``(weight, -weight or weight, i_offset)`` of the network model.
    """

    parameters: dict[str, Any]
    w_exc: float
    w_inh: float
    amplitude: float
    network: tuple[float, float, float]
    initial: dict[str, Any] = field(default_factory=dict)


@dataclass
class Traces:
    """Steps of all spikes by cell, and all recorded signals by name, (samples, cells)."""

    spikes: list[list[int]]
    signals: dict[str, np.ndarray]


_MEMBRANE = {
    "tau_m": [20.0, 10.0, 5.0, 31.7],
    "cm": [1.0, 0.5, 0.25, 0.7],
    "tau_refrac": [0.1, 0.25, 2.0, 5.0],
    "v_reset": [-65.0, -70.0, -60.0, -66.6],
}
_TAUS = {"tau_syn_E": [0.3, 5.0, 2.0, 1.0], "tau_syn_I": [5.0, 0.5, 10.0, 3.3]}
_ADEX = {
    **_TAUS,
    "tau_m": [9.3667, 20.0, 5.0, 12.0],
    "tau_refrac": [0.1, 0.25, 2.0, 5.0],
    "delta_T": [2.0, 0.8, 0.0, 3.0],
    "v_spike": [-40.0, -30.0, -45.0, 0.0],
    "v_reset": [-70.6, -60.0, -65.0, -58.0],
    "a": [4.0, 0.0, -0.8, 20.0],
    "b": [0.0805, 0.02, 0.0, 0.2],
}
_INITIAL = {"v": [-65.0, -60.0, -70.0, -51.0]}

DRIVES = {
    "IF_curr_alpha": Drive(
        # The second cell's time constants are equal, the third's are nearly so.
        {**_MEMBRANE, "tau_syn_E": [0.5, 10.0, 5.00000001, 2.0], "tau_syn_I": [5.0, 0.5, 1.0, 3.3]},
        w_exc=0.9, w_inh=-0.15, amplitude=1.3, network=(0.2, -0.4, 0.8), initial=_INITIAL,
    ),
    "IF_curr_delta": Drive(
        _MEMBRANE, w_exc=2.3, w_inh=-1.7, amplitude=1.3, network=(0.4, -0.4, 0.8), initial=_INITIAL
    ),
    "IF_cond_exp": Drive(
        {**_MEMBRANE, **_TAUS}, w_exc=0.012, w_inh=0.006, amplitude=1.5,
        network=(0.002, 0.01, 0.8), initial=_INITIAL,
    ),
    "IF_cond_alpha": Drive(
        {**_MEMBRANE, **_TAUS}, w_exc=0.02, w_inh=0.006, amplitude=1.5,
        network=(0.01, 0.03, 0.8), initial=_INITIAL,
    ),
    "IF_cond_exp_gsfa_grr": Drive(
        {**_MEMBRANE, **_TAUS, "q_sfa": [15.0, 5.0, 0.0, 40.0], "tau_rr": [2.0, 0.3, 5.0, 1.0]},
        w_exc=0.008, w_inh=0.006, amplitude=2.0, network=(0.005, 0.01, 1.2), initial=_INITIAL,
    ),
    "EIF_cond_exp_isfa_ista": Drive(
        _ADEX, w_exc=0.015, w_inh=0.003, amplitude=1.5, network=(0.0005, 0.003, 0.9)
    ),
    "EIF_cond_alpha_isfa_ista": Drive(
        _ADEX, w_exc=0.015, w_inh=0.003, amplitude=1.5, network=(0.0003, 0.002, 0.9)
    ),
    "HH_cond_exp": Drive(
        {
            "gbar_Na": [20.0, 25.0, 20.0, 60.0], "gbar_K": [6.0, 5.0, 6.0, 20.0],
            "g_leak": [0.01, 0.02, 0.01, 0.03], "cm": [0.2, 0.3, 0.2, 1.0],
            "v_offset": [-63.0, -60.0, -63.0, -58.0], "tau_syn_E": [0.2, 2.0, 5.0, 1.0],
        },
        w_exc=0.06, w_inh=0.02, amplitude=1.2, network=(0.01, 0.03, 0.3),
        initial={"v": [-65.0, -60.0, -70.0, -50.0]},
    ),
    "Izhikevich": Drive(
        {
            "a": [0.02, 0.1, 0.02, 0.02], "b": [0.2, 0.2, 0.25, 0.2],
            "c": [-65.0, -65.0, -55.0, -50.0], "d": [8.0, 2.0, 4.0, 2.0],
        },
        w_exc=4.0, w_inh=-3.0, amplitude=0.01, network=(0.5, -1.0, 0.005),
        initial={"v": [-70.0, -65.0, -60.0, -55.0], "u": [-14.0, -13.0, -12.0, -11.0]},
    ),
}  # fmt: skip


def repaired(sim: Any) -> Any:
    """Return the simulator, with the names of states that pyNN.nest 0.13.0 lacks or has wrong.

    ``IF_curr_delta`` has no map of states at all; ``IF_cond_exp_gsfa_grr`` maps
    names that are not PyNN's ``g_r`` and ``g_s``, and would show nS as uS.
    """
    if sim.__name__ == "pyNN.nest":
        sim.IF_curr_delta.variable_map = {"v": "V_m"}
        sim.IF_curr_delta.scale_factors = {"v": 1}
        names = {"v": "V_m", "gsyn_exc": "g_ex", "gsyn_inh": "g_in", "g_r": "g_rr", "g_s": "g_sfa"}
        sim.IF_cond_exp_gsfa_grr.variable_map = names
        sim.IF_cond_exp_gsfa_grr.scale_factors = {
            name: 1e-3 if name.startswith("gsyn") else 1 for name in names
        }
    return sim


def signals_of(population: Any) -> dict[str, np.ndarray]:
    (segment,) = population.get_data().segments
    return {signal.name: np.asarray(signal.magnitude) for signal in segment.analogsignals}


def driven(sim: Any, name: str, t_stop: float = 300.0, names: Any = None) -> Traces:
    """Four different cells under irregular excitatory and inhibitory trains and a current pulse."""
    drive = DRIVES[name]
    sim.setup(timestep=DT, min_delay=DT, max_delay=5.0, spike_precision="on_grid")
    cells = sim.Population(4, getattr(sim, name)(**drive.parameters), label=name)
    cells.initialize(**drive.initial)
    draw = np.random.RandomState(11)
    for weight, receptor in ((drive.w_exc, "excitatory"), (drive.w_inh, "inhibitory")):
        trains = [on_grid(np.unique(draw.randint(3, 3000, size=150))) for _ in range(8)]
        source = sim.Population(8, sim.SpikeSourceArray(spike_times=trains))
        rows = [
            (i, j, float(summable(weight * draw.uniform(0.5, 1.5))), DT * draw.randint(1, 40))
            for i in range(8)
            for j in range(4)
            if (i + j) % 2
        ]
        connector = sim.FromListConnector(rows)
        sim.Projection(source, cells, connector, sim.StaticSynapse(), receptor_type=receptor)
    pulse = sim.DCSource(amplitude=drive.amplitude, start=50.0, stop=180.0)
    pulse.inject_into(cells)
    cells.record(names or ["spikes", *recordables(name)])
    sim.run(t_stop)
    return Traces(steps_of(cells), signals_of(cells))


def recordables(name: str) -> list[str]:
    """PyNN's recordable states of a cell type."""
    from pyNN.standardmodels import cells

    return [variable for variable in getattr(cells, name).recordable if variable != "spikes"]


def network(sim: Any, name: str, threads: int = 1) -> list[list[int]]:
    """300 cells, weights and delays drawn from distributions; the spikes of all cells."""
    w_exc, w_inh, i_offset = DRIVES[name].network
    sim.setup(timestep=DT, min_delay=DT, max_delay=3.0, spike_precision="on_grid", threads=threads)
    currents = RandomDistribution("uniform", (0.8 * i_offset, 1.2 * i_offset), rng=NumpyRNG(5))
    cell_type = getattr(sim, name)(i_offset=currents)
    exc, inh = sim.Population(240, cell_type), sim.Population(60, cell_type)
    for k, (pre, post) in enumerate(((exc, exc), (exc, inh), (inh, exc), (inh, inh))):
        weight, receptor = (w_exc, "excitatory") if pre is exc else (w_inh, "inhibitory")
        low, high = sorted((0.1 * weight, 3.0 * weight))
        weights = RandomDistribution(
            "normal_clipped", (weight, 0.3 * abs(weight), low, high), rng=NumpyRNG(10 + k)
        )
        delays = RandomDistribution("uniform", (DT, 3.0), rng=NumpyRNG(20 + k))
        connector = sim.FixedProbabilityConnector(0.1, rng=NumpyRNG(30 + k))
        synapse = sim.StaticSynapse(weight=weights, delay=delays)
        sim.Projection(pre, post, connector, synapse, receptor_type=receptor)
    for population in (exc, inh):
        population.record("spikes")
    sim.run(200.0)
    return steps_of(exc) + steps_of(inh)
