"""The same balanced networks, built by PyNN backends and by native NEST.

80 % excitatory and 20 % inhibitory cells, each pair connected with one
probability; see :mod:`models`. Where a model has no noise nothing is random
once it is built, so simulators can be compared spike for spike, else by their
rates. Initial values are arrays, the same for all.

PyNN backends build the network themselves, through ``FixedProbabilityConnector``
and ``NumpyRNG``. Native simulators get the connection table that this backend
made, from a file (:func:`save_connections`): the network is the same, row by row.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from models import BRUNEL, BRUNEL_STDP, COBA, CUBA, Model, Stdp, nest_parameters
from numpy.typing import NDArray

__all__ = [
    "DT_MS", "PEERS", "WORKLOADS", "Connections", "Workload", "build_nest", "build_pynn",
    "digest", "initial_v", "load_connections", "nest_spikes", "pynn_spikes",
    "save_connections",
]  # fmt: skip

DT_MS = 0.1
#: First run of every measurement (ms): what a simulator does once belongs to it, not to run().
FIRST_MS = 1.0
PEERS = ("greenmorph", "pynn_nest", "nest", "brian2")


@dataclass(frozen=True)
class Workload:
    """One network and how long it runs.

    Attributes
    ----------
    name : str
    cells : int
    degree : int
        Mean number of connections of a cell.
    t_stop_ms : float, ms
        Biological time of the whole measurement.
    model : Model
    drawn : bool
        Weights and delays (0.1 to 15 ms) from distributions; else one weight
        for each kind of cell, and the model's delay.
    peers : tuple of str
        Simulators that are measured unless others are asked for.
    weight_factor : float
        Factor on all weights.
    max_delay_ms : float, ms
        Upper end of the drawn delays.
    precision : {"exact", "fast"}
        Of this backend.
    v_rest_mv : float, mV
        Resting potential with currents; the higher above threshold (-50 mV), the
        higher the rate.
    """

    name: str
    cells: int
    degree: int
    t_stop_ms: float
    model: Model = CUBA
    drawn: bool = False
    peers: tuple[str, ...] = PEERS
    weight_factor: float = 1.0
    max_delay_ms: float = 15.0
    precision: str = "exact"
    v_rest_mv: float = -49.0

    @property
    def title(self) -> str:
        """What the tables call it, beside its size."""
        return ", ".join(filter(None, (self.model.title, self.precision.replace("exact", ""))))

    @property
    def n_exc(self) -> int:
        """Number of excitatory cells; they come first."""
        return round(0.8 * self.cells)

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters of all cells, in PyNN's names and units."""
        return {"v_rest": self.v_rest_mv, **self.model.parameters}

    @property
    def weights(self) -> tuple[float, float]:
        """Mean excitatory and inhibitory weight; the sum of a cell's inputs is kept."""
        scale = self.weight_factor * self.model.degree / self.degree
        return self.model.weights[0] * scale, self.model.weights[1] * scale

    @property
    def noise_hz(self) -> float:
        """Rate of the noise onto each cell, Hz; its mean input is kept."""
        return self.model.noise_hz * self.degree / self.model.degree

    @property
    def rates_only(self) -> bool:
        """Whether rates, not single spikes, are the same as the others'."""
        return self.noise_hz > 0.0 or self.precision != "exact"

    @property
    def w_max(self) -> float:
        """Largest weight of plastic synapses."""
        return self.weights[0] * self.model.stdp.w_max if self.model.stdp else 0.0

    @property
    def delays(self) -> tuple[float, float]:
        """Smallest and largest delay, ms."""
        return (DT_MS, self.max_delay_ms) if self.drawn else (self.model.delay_ms,) * 2


_COBA = Workload("coba", 4000, 80, 2000.0, COBA)
_NATIVE = ("greenmorph", "nest", "brian2")
#: With 1000 inputs at a quarter of the weight, rates are as with 80 inputs, about 5 Hz.
_LARGE = Workload("va20k_k1000", 20_000, 1000, 1000.0, peers=_NATIVE, weight_factor=0.25)

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("va4k", 4000, 80, 5000.0),
        _COBA,
        replace(_COBA, name="coba_fast", precision="fast"),
        Workload("va4k_drawn", 4000, 80, 2000.0, drawn=True),
        Workload("va20k_k80", 20_000, 80, 1000.0),
        # pyNN.nest needs minutes to build the next ones, and then runs as native NEST does.
        _LARGE,
        replace(_LARGE, name="va20k_k1000_fast", precision="fast"),
        replace(_LARGE, name="va20k_k1000_drawn", t_stop_ms=100.0, drawn=True),
        Workload("cells1e5", 100_000, 80, 500.0, peers=_NATIVE),
        Workload("brunel", 12_500, 1250, 500.0, BRUNEL, peers=_NATIVE[:2]),
        Workload("brunel_stdp", 12_500, 1250, 300.0, BRUNEL_STDP, peers=_NATIVE[:2]),
        # 50 ms: enough spikes to see that both built the same network.
        replace(_LARGE, name="build", t_stop_ms=50.0, peers=("greenmorph", "pynn_nest")),
    )
}


def initial_v(workload: Workload) -> NDArray[np.float64]:
    """Return the initial membrane potentials, (cells,) float64, mV."""
    return np.random.RandomState(42).uniform(*workload.model.first_mv, workload.cells)


def digest(step: NDArray[Any], cell: NDArray[Any]) -> str:
    """Return a hash of spikes that does not depend on their order.

    Parameters
    ----------
    step : (n,) int, steps
        When each spike was emitted.
    cell : (n,) int
        Index of its cell in the whole network.
    """
    order = np.lexsort((cell, step))
    pairs = np.stack([step[order], cell[order]]).astype("<i8")
    return hashlib.sha256(pairs.tobytes()).hexdigest()[:16]


# -- PyNN --------------------------------------------------------------------------------


def _synapse(sim: Any, workload: Workload, weight: float, seed: int) -> Any:
    if not workload.drawn:
        return sim.StaticSynapse(weight=weight, delay=workload.delays[0])
    from pyNN.random import NumpyRNG, RandomDistribution

    low, high = sorted((0.1 * weight, 3.0 * weight))
    spread = (weight, 0.3 * abs(weight), low, high)
    return sim.StaticSynapse(
        weight=RandomDistribution("normal_clipped", spread, rng=NumpyRNG(seed)),
        delay=RandomDistribution("uniform", workload.delays, rng=NumpyRNG(seed + 1)),
    )


def _plastic(sim: Any, workload: Workload, stdp: Stdp) -> Any:
    return sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(
            tau_plus=stdp.tau_ms, tau_minus=stdp.tau_ms, A_plus=stdp.a_plus, A_minus=stdp.a_minus
        ),
        weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=workload.w_max),
        weight=workload.weights[0],
        delay=workload.delays[0],
    )


def build_pynn(sim: Any, workload: Workload, threads: int) -> tuple[list[Any], list[Any]]:
    """Build the network on a PyNN backend, ready for ``sim.run()``.

    Parameters
    ----------
    sim : module
        ``pyNN.greenmorph`` or ``pyNN.nest``.
    workload : Workload
    threads : int

    Returns
    -------
    populations : list
        Excitatory and inhibitory cells; their spikes are recorded.
    projections : list
        From excitatory to both, then from inhibitory to both.
    """
    from pyNN.random import NumpyRNG

    low, high = workload.delays
    low = DT_MS if workload.noise_hz else low  # of the noise
    ours = {"precision": workload.precision} if "greenmorph" in sim.__name__ else {}
    sim.setup(
        timestep=DT_MS, min_delay=low, max_delay=high, spike_precision="on_grid", threads=threads,
        **ours,
    )  # fmt: skip
    v, n_exc, model = initial_v(workload), workload.n_exc, workload.model
    populations = [
        sim.Population(
            len(part),
            getattr(sim, model.cell)(**workload.parameters),
            initial_values={"v": part},
            label=label,
        )
        for part, label in ((v[:n_exc], "exc"), (v[n_exc:], "inh"))
    ]
    projections = []
    for kind, receptor in enumerate(("excitatory", "inhibitory")):
        for target in range(2):
            seed = 1000 + 100 * (2 * kind + target)
            connector = sim.FixedProbabilityConnector(
                workload.degree / workload.cells, rng=NumpyRNG(seed)
            )
            synapse = _synapse(sim, workload, workload.weights[kind], seed + 1)
            if model.stdp and kind == target == 0:
                synapse = _plastic(sim, workload, model.stdp)
            projections.append(
                sim.Projection(
                    populations[kind], populations[target], connector, synapse,
                    receptor_type=receptor,
                )
            )  # fmt: skip
    for population in populations:
        if workload.noise_hz:
            noise = sim.Population(population.size, sim.SpikeSourcePoisson(rate=workload.noise_hz))
            jump = sim.StaticSynapse(weight=workload.weights[0], delay=DT_MS)
            sim.Projection(
                noise, population, sim.OneToOneConnector(), jump, receptor_type="excitatory"
            )
        population.record("spikes")
    return populations, projections


def pynn_spikes(populations: list[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return step and cell index of all recorded spikes."""
    steps, cells, first = [], [], 0
    for population in populations:
        trains = population.get_data("spikes").segments[0].spiketrains
        channels, times = trains.multiplexed
        ids = np.asarray(population.all_cells, dtype=np.int64)
        steps.append(np.rint(np.asarray(times) / DT_MS).astype(np.int64))
        cells.append(np.searchsorted(ids, np.asarray(channels, dtype=np.int64)) + first)
        first += population.size
    return np.concatenate(steps), np.concatenate(cells)


# -- the connection table ----------------------------------------------------------------


@dataclass(frozen=True)
class Connections:
    """All connections of a network, excitatory sources first.

    Attributes
    ----------
    pre, post : (n,) int32
        Index of the cell in the whole network.
    n_exc : int
        How many of the rows come from excitatory cells.
    weight : (n,) float64, nA, or None
    delay : (n,) float64, ms on the grid, or None
        None where the workload has one value for all.
    """

    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    n_exc: int
    weight: NDArray[np.float64] | None = None
    delay: NDArray[np.float64] | None = None

    def parts(self) -> Iterator[tuple[int, slice]]:
        """Yield 0 and the excitatory rows, 1 and the inhibitory ones."""
        yield 0, slice(0, self.n_exc)
        yield 1, slice(self.n_exc, None)


def save_connections(projections: list[Any], workload: Workload, path: Path) -> None:
    """Write the table of a network that this backend built to an ``.npz`` file."""
    columns: dict[str, list[NDArray[Any]]] = {"pre": [], "post": [], "weight": [], "delay": []}
    firsts = (0, workload.n_exc)
    for number, projection in enumerate(projections):
        kind, target = divmod(number, 2)
        pre, post = (projection.column(f"{side}synaptic_index") for side in ("pre", "post"))
        columns["pre"].append((pre + firsts[kind]).astype(np.int32))
        columns["post"].append((post + firsts[target]).astype(np.int32))
        if workload.drawn:
            columns["weight"].append(projection.column("weight"))
            columns["delay"].append(projection.column("delay"))
    arrays = {name: np.concatenate(parts) for name, parts in columns.items() if parts}
    np.savez(path, n_exc=sum(len(p) for p in projections[:2]), **arrays)


def load_connections(path: Path) -> Connections:
    """Read what :func:`save_connections` wrote."""
    with np.load(path) as file:
        columns = {name: file[name] for name in file.files if name != "n_exc"}
        return Connections(n_exc=int(file["n_exc"]), **columns)


# -- native NEST -------------------------------------------------------------------------


def _nest_groups(workload: Workload, table: Connections) -> Iterator[tuple[str, Any]]:
    """Yield the synapse model and the rows of each kind of connection."""
    for kind, rows in table.parts():
        if kind == 0 and workload.model.stdp:
            onto_exc = table.post[rows] < workload.n_exc
            yield "plastic", np.flatnonzero(onto_exc)
            yield "exc", np.flatnonzero(~onto_exc)
        else:
            yield ("exc", "inh")[kind], rows


def build_nest(nest: Any, workload: Workload, table: Connections, threads: int) -> Any:
    """Build the network with ``nest.Connect`` and arrays; return its spike recorder.

    One weight for all is kept once for all connections (``static_synapse_hom_w``),
    as one who knows NEST would do it; drawn ones stand in each ``static_synapse``.
    One generator of noise has a train of its own for each target.
    """
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.set(resolution=DT_MS, local_num_threads=threads)
    model, unit = workload.model, workload.model.per_unit
    exc, inh = (abs(weight) * unit for weight in workload.weights)
    cells = nest.Create(model.nest_cell, workload.cells, nest_parameters(workload.parameters))
    cells.set(V_m=initial_v(workload))
    shared = {"delay": workload.delays[0]}
    nest.CopyModel("static_synapse_hom_w", "exc", {**shared, "weight": exc})
    nest.CopyModel("static_synapse_hom_w", "inh", {**shared, "weight": -inh})
    if model.stdp:
        learning = {
            "lambda": model.stdp.a_plus, "alpha": model.stdp.a_minus / model.stdp.a_plus,
            "Wmax": workload.w_max * unit, "tau_plus": model.stdp.tau_ms, "mu_plus": 0.0,
            "mu_minus": 0.0,
        }  # fmt: skip
        cells.set(tau_minus=model.stdp.tau_ms)
        nest.CopyModel("stdp_synapse", "plastic", {**shared, **learning, "weight": exc})
    ids = np.asarray(cells.tolist(), dtype=np.int64)
    for name, rows in _nest_groups(workload, table):
        synapse: dict[str, Any] = {"synapse_model": name}
        if table.weight is not None and table.delay is not None:
            synapse = {
                "synapse_model": "static_synapse",
                "weight": table.weight[rows] * unit,
                "delay": table.delay[rows],
            }
        nest.Connect(ids[table.pre[rows]], ids[table.post[rows]], "one_to_one", synapse)
    if workload.noise_hz:
        noise = nest.Create("poisson_generator", params={"rate": workload.noise_hz})
        nest.Connect(noise, cells, syn_spec={"weight": exc, "delay": DT_MS})
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder, "all_to_all", {"delay": workload.delays[0]})
    return recorder


def nest_spikes(recorder: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return step and cell index of all recorded spikes; cells have the first node numbers."""
    events = recorder.get("events")
    step = np.rint(np.asarray(events["times"]) / DT_MS).astype(np.int64)
    return step, np.asarray(events["senders"], dtype=np.int64) - 1


def timed(action: Any, *arguments: Any) -> tuple[float, Any]:
    """Return how long a call took (s), and its result."""
    began = time.perf_counter()
    result = action(*arguments)
    return time.perf_counter() - began, result
