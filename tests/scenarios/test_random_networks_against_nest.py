"""Random networks of several cell types, spike for spike against real NEST on the grid.

These tests need ``nest-simulator`` and run with ``pytest --peers``.

No tolerance: all spikes of all cells are compared. Here a network has the number of threads
and the slices of time that Hypothesis gives it; NEST runs it on one thread in one go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.cell_types import DRIVES, Drive, repaired
from tests.models import DT, on_grid, steps_of

pytestmark = pytest.mark.peer

STEPS = 500
MAX_DELAY = 150
AS_ALPHA = DRIVES["IF_curr_alpha"]
STRENGTHS = {
    **DRIVES,
    "IF_curr_exp": Drive({}, AS_ALPHA.w_exc, AS_ALPHA.w_inh, 0.0, network=AS_ALPHA.network),
}
#: Whose weights are in mV: pyNN.nest 0.13.0 makes their ``w_max`` 1000 times larger than asked for.
IN_MV = ("IF_curr_delta", "Izhikevich")
#: Cells by population: one, less than a vector, part of a block of 512, one more than it, two.
SIZES = [1, 7, 130, 513, 700]


@dataclass(frozen=True)
class Wiring:
    """One projection; populations are numbered, sources behind the cells."""

    pre: int
    post: int
    receptor: str
    density: float
    one_weight: bool
    one_delay: bool
    plastic: bool
    seed: int


@dataclass(frozen=True)
class Network:
    """What is built on both simulators; ``kinds`` and ``sizes`` are those of the populations."""

    kinds: list[str]
    sizes: list[int]
    min_delay: int
    wirings: list[Wiring]
    seed: int


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to three populations of cells, one of sources, up to six projections."""
    kinds = draw(st.lists(st.sampled_from(sorted(STRENGTHS)), min_size=1, max_size=3))
    sizes = [draw(st.sampled_from(SIZES)) for _ in kinds] + [draw(st.sampled_from([1, 40]))]
    seeds = st.integers(0, 2**32 - 1)
    wirings = draw(
        st.lists(
            st.builds(
                Wiring,
                pre=st.integers(0, len(kinds)),
                post=st.integers(0, len(kinds) - 1),
                receptor=st.sampled_from(["excitatory", "excitatory", "inhibitory"]),
                density=st.sampled_from([0.02, 0.1, 0.3]),
                one_weight=st.booleans(),
                one_delay=st.booleans(),
                plastic=st.sampled_from([False, False, True]),
                seed=seeds,
            ),
            min_size=1,
            max_size=6,
        )
    )
    min_delay = draw(st.sampled_from([1, 2, 3, 7]))
    return Network([*kinds, "SpikeSourceArray"], sizes, min_delay, wirings, draw(seeds))


def weights_of(
    wiring: Wiring, kind: str, count: int, inputs: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Weights about a cell type's usual one, less where a cell has more than 50 inputs."""
    usual = STRENGTHS[kind].network[0 if wiring.receptor == "excitatory" else 1]
    drawn = random.uniform(0.5, 1.5, 1 if wiring.one_weight else count)
    weights = np.broadcast_to(usual * drawn / max(1.0, inputs / 50.0), count)
    # NEST adds jumps of the potential from both receptors as they come: sums of whole
    # multiples are the same in any order.
    return np.round(weights * 2**20) / 2**20 if kind == "IF_curr_delta" else weights


def synapse_of(sim: Any, wiring: Wiring, kind: str, weights: NDArray[np.float64]) -> Any:
    """Static synapses, or such that learn quickly; weights below 0, of currents, never do."""
    if not wiring.plastic or weights[0] < 0.0:
        return sim.StaticSynapse()
    largest = 2.0 * float(weights.max())
    if sim.__name__ == "pyNN.nest" and kind in IN_MV:
        largest /= 1000.0
    return sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(A_plus=0.05, A_minus=0.04),
        weight_dependence=sim.AdditiveWeightDependence(w_max=largest),
    )


def connect(sim: Any, network: Network, wiring: Wiring, populations: list[Any]) -> None:
    """Random pairs, of which some occur several times."""
    random = np.random.default_rng(wiring.seed)
    n_pre, n_post = network.sizes[wiring.pre], network.sizes[wiring.post]
    count = min(max(1, int(wiring.density * n_pre * n_post)), 20_000)
    pairs = random.integers(n_pre, size=count), random.integers(n_post, size=count)
    kind = network.kinds[wiring.post]
    weights = weights_of(wiring, kind, count, count / n_post, random)
    steps = random.integers(network.min_delay, MAX_DELAY + 1, size=count)
    delays = np.round(DT * (steps[:1].repeat(count) if wiring.one_delay else steps), 1)
    rows = zip(*(column.tolist() for column in (*pairs, weights, delays)), strict=True)
    connector = sim.FromListConnector(list(rows), column_names=["weight", "delay"])
    sim.Projection(
        populations[wiring.pre],
        populations[wiring.post],
        connector,
        synapse_of(sim, wiring, kind, weights),
        receptor_type=wiring.receptor,
    )


def spikes_of(sim: Any, network: Network, slices: list[int], threads: int = 1) -> list[list[int]]:
    """Steps of all spikes by cell."""
    random = np.random.default_rng(network.seed)
    sim.setup(
        timestep=DT, min_delay=round(network.min_delay * DT, 1), max_delay=MAX_DELAY * DT,
        spike_precision="on_grid", threads=threads,
    )  # fmt: skip
    populations = []
    for kind, size in zip(network.kinds[:-1], network.sizes[:-1], strict=True):
        offset = STRENGTHS[kind].network[2] * random.uniform(0.5, 1.5, size)
        cells = sim.Population(size, getattr(sim, kind)(i_offset=offset))
        cells.initialize(v=random.uniform(-65.0, -52.0, size))
        cells.record("spikes")
        populations.append(cells)
    trains = [
        on_grid(np.unique(random.integers(20, STEPS, size=20))) for _ in range(network.sizes[-1])
    ]
    populations.append(sim.Population(len(trains), sim.SpikeSourceArray(spike_times=trains)))
    for wiring in network.wirings:
        connect(sim, network, wiring, populations)
    for steps in slices:
        sim.run(round(steps * DT, 1))
    spikes = [train for cells in populations[:-1] for train in steps_of(cells)]
    sim.end()
    return spikes


@settings(max_examples=30, deadline=None, derandomize=True)
@given(networks(), st.integers(1, 3), st.lists(st.integers(1, 60), max_size=8))
def test_every_spike(network: Network, threads: int, first: list[int]) -> None:
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    theirs = spikes_of(repaired(nest), network, [STEPS])
    assume(any(theirs))
    ours = spikes_of(greenmorph, network, [*first, STEPS - sum(first)], threads)
    assert ours == theirs
