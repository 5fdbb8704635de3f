"""Models that tests run on several simulators, and what they return.

Spike-source times lie 1e-7 ms before the grid point: pyNN.nest adds and
subtracts a delay and moves some exact grid times one step late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

DT = 0.1


@dataclass
class Result:
    """What one simulator gave."""

    spikes: list[list[int]] = field(default_factory=list)
    v: np.ndarray | None = None
    connections: list[np.ndarray] = field(default_factory=list)


def on_grid(steps: Any) -> list[float]:
    return list(np.asarray(steps) * DT - 1e-7)


def summable(weights: Any) -> Any:
    """Round to whole multiples of 2**-20, whose sum is the same in any order.

    So it is with jumps of the potential (mV) from both receptors, which NEST adds as they come.
    """
    return np.round(np.asarray(weights) * 2**20) / 2**20


def steps_of(population: Any) -> list[list[int]]:
    trains = population.get_data("spikes").segments[0].spiketrains
    return [np.round(train.magnitude / DT).astype(int).tolist() for train in trains]


def potentials(population: Any) -> np.ndarray:
    (signal,) = population.get_data("v").segments[0].analogsignals
    return np.asarray(signal.magnitude)


def table(projection: Any) -> np.ndarray:
    rows = np.array(projection.get(["weight", "delay"], format="list"), dtype=float)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def step_currents(sim: Any) -> Result:
    sim.setup(timestep=DT, min_delay=DT, spike_precision="on_grid")
    cells = sim.Population(
        6,
        sim.IF_curr_exp(
            tau_m=[20.0, 10.0, 5.0, 20.0, 31.7, 5.0],
            tau_syn_E=[5.0, 0.5, 5.0, 2.0, 3.3, 5.0],
            tau_refrac=[0.04, 0.1, 0.1006, 0.25, 2.0, 5.0],
            cm=[1.0, 0.5, 0.25, 1.0, 0.7, 0.2],
            v_reset=-70.0,
        ),
        initial_values={"v": [-65.0, -60.0, -70.0, -51.0, -65.5, -64.0]},
    )
    source = sim.StepCurrentSource(times=[20.0, 120.0, 200.0], amplitudes=[1.0, 0.3, 1.4])
    source.inject_into(cells)
    sim.DCSource(amplitude=0.35, start=50.0, stop=150.0).inject_into(cells[0:3])
    cells.record(["spikes", "v"])
    sim.run(300.0)
    return Result(steps_of(cells), potentials(cells))


def sine_currents(sim: Any, min_delay: float = DT) -> Result:
    """Sines of several phases and pulses, alone, summed and with a direct current."""
    sim.setup(timestep=DT, min_delay=min_delay, spike_precision="on_grid")
    cells = sim.Population(
        5,
        sim.IF_curr_exp(tau_m=[20.0, 10.0, 7.3, 20.0, 31.7], cm=[0.5, 0.3, 0.4, 0.5, 0.6]),
        initial_values={"v": [-65.0, -60.0, -70.0, -51.0, -65.5]},
    )
    slow = sim.ACSource(start=20.0, stop=170.0, amplitude=0.7, offset=0.9, frequency=11.0)
    fast = sim.ACSource(start=33.3, amplitude=1.1, offset=-0.1, frequency=137.0, phase=45.0)
    slow.inject_into(cells[0:3])
    fast.inject_into(cells[1:4])
    sim.ACSource(stop=111.1, amplitude=0.9, frequency=25.0, phase=-90.0, start=5.0).inject_into(
        cells[3:5]
    )
    sim.DCSource(amplitude=0.6, start=50.0, stop=200.0).inject_into(cells[2:5])
    cells.record(["spikes", "v"])
    sim.run(200.0)
    return Result(steps_of(cells), potentials(cells))


def delay_chain(sim: Any) -> Result:
    sim.setup(timestep=DT, min_delay=DT, max_delay=20.0, spike_precision="on_grid")
    source = sim.Population(
        3,
        sim.SpikeSourceArray(
            spike_times=[on_grid([50, 51, 400]), on_grid([123, 700]), on_grid([8, 9, 10, 900])]
        ),
    )
    cells = sim.Population(12, sim.IF_curr_exp(tau_refrac=1.0, v_thresh=-60.0))
    pairs = [(i % 3, i, 9.0 + 0.1 * i, d) for i, d in enumerate([0.1, 0.15, 0.25, 1.25, 1.234, 15])]
    first = sim.Projection(source, cells, sim.FromListConnector(pairs), sim.StaticSynapse())
    chain = [(i, i + 6, 8.0, 0.1 + 1.7 * i) for i in range(6)]
    chain += [(i, i + 1, 7.0, 0.3 + 2.9 * i) for i in range(5)]
    second = sim.Projection(cells, cells, sim.FromListConnector(chain), sim.StaticSynapse())
    cells.record(["spikes", "v"])
    sim.run(120.0)
    return Result(steps_of(cells), potentials(cells), [table(first), table(second)])


def synapses(sim: Any, weight: float, seed: int) -> Any:
    low, high = sorted((0.1 * weight, 3.0 * weight))
    spread = RandomDistribution(
        "normal_clipped", (weight, 0.3 * abs(weight), low, high), rng=NumpyRNG(seed)
    )
    delay = RandomDistribution("uniform", (0.1, 15.0), rng=NumpyRNG(seed + 1))
    return sim.StaticSynapse(weight=spread, delay=delay)


def build_vogels_abbott(
    sim: Any, cell: str, n: int, t_stop: float, threads: int = 1
) -> tuple[list[Any], list[Any]]:
    """Excitatory and inhibitory cells, and all projections."""
    sim.setup(timestep=DT, min_delay=DT, max_delay=15.0, spike_precision="on_grid", threads=threads)
    conductances = cell == "IF_cond_exp"
    parameters = {
        "tau_m": 20.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "v_reset": -60.0, "v_thresh": -50.0,
        "cm": 0.2, "tau_refrac": 5.0, "v_rest": -60.0 if conductances else -49.0,
    }  # fmt: skip
    if conductances:
        parameters.update(e_rev_E=0.0, e_rev_I=-80.0)
    cell_type = getattr(sim, cell)
    exc = sim.Population(int(0.8 * n), cell_type(**parameters), label="exc")
    inh = sim.Population(n - exc.size, cell_type(**parameters), label="inh")
    rng = NumpyRNG(seed=42)
    for population in (exc, inh):
        population.initialize(v=RandomDistribution("uniform", (-60.0, -50.0), rng=rng))
    w_exc, w_inh = (0.004, 0.051) if conductances else (0.0162, -0.09)
    pairs = [
        (exc, exc, w_exc, "excitatory"),
        (exc, inh, w_exc, "excitatory"),
        (inh, exc, w_inh, "inhibitory"),
        (inh, inh, w_inh, "inhibitory"),
    ]
    projections = [
        sim.Projection(
            pre,
            post,
            sim.FixedProbabilityConnector(80.0 / n, rng=NumpyRNG(100 + k)),
            synapses(sim, weight, 10 * k + 1),
            receptor_type=receptor,
        )
        for k, (pre, post, weight, receptor) in enumerate(pairs)
    ]
    draw = np.random.RandomState(3)
    times = [on_grid(np.unique(draw.randint(5, int(t_stop), size=5))) for _ in range(50)]
    kick = sim.Population(50, sim.SpikeSourceArray(spike_times=times), label="kick")
    projections.append(
        sim.Projection(
            kick,
            exc,
            sim.FixedProbabilityConnector(0.05, rng=NumpyRNG(7)),
            synapses(sim, 2 * w_exc, 77),
            receptor_type="excitatory",
        )
    )
    return [exc, inh], projections


def vogels_abbott(sim: Any, cell: str, n: int, t_stop: float, threads: int = 1) -> Result:
    (exc, inh), projections = build_vogels_abbott(sim, cell, n, t_stop, threads)
    exc.record("spikes")
    inh.record("spikes")
    exc[0:5].record("v")
    sim.run(t_stop)
    spikes = steps_of(exc) + steps_of(inh)
    return Result(spikes, potentials(exc), [table(projection) for projection in projections])
