"""Random networks of several cell types, spike for spike against real NEST on the grid.

These tests need ``nest-simulator`` and run with ``pytest --peers``.

No tolerance: all spikes of all cells are compared. Here a network runs on one to three threads
and in slices of time that are drawn, on NEST on one thread in one go. Learned weights act on
later spikes; they are compared themselves in ``test_plasticity_against_nest``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.cell_types import DRIVES, repaired
from tests.models import DT, on_grid, steps_of, summable

pytestmark = pytest.mark.peer

STEPS = 500
MAX_DELAY = 150
#: Usual weights, excitatory and inhibitory, and current (nA) of each cell type.
STRENGTHS = {name: drive.network for name, drive in DRIVES.items()}
STRENGTHS["IF_curr_exp"] = STRENGTHS["IF_curr_alpha"]
#: Their weights are in mV; pyNN.nest 0.13.0 makes their ``w_max`` 1000 times larger than asked for.
IN_MV = ("IF_curr_delta", "Izhikevich")
#: Cells of the first population, part of a block of 512 cells or more than one; and of others.
SIZES, OTHER_SIZES = [100, 130, 520], [1, 7, 130]


@dataclass(frozen=True)
class Wiring:
    """One projection; the number after the last population of cells stands for the sources."""

    pre: int
    post: int
    receptor: str
    inputs: int
    one_weight: bool
    one_delay: bool
    plastic: bool
    seed: int


@dataclass(frozen=True)
class Network:
    """What is built on both simulators; the last of the ``sizes`` is the number of sources."""

    kinds: list[str]
    sizes: list[int]
    min_delay: int
    wirings: list[Wiring]
    seed: int


def network_of(kind: str, number: int, random: np.random.Generator) -> Network:
    """Cells of a kind that act on each other and are driven by sources, with up to two others.

    Within the first population are, by number: one weight and one delay; synapses that
    learn; inhibition.
    """
    kinds = [kind, *random.choice(sorted(STRENGTHS), size=random.integers(3)).tolist()]
    sizes = [random.choice(SIZES), *random.choice(OTHER_SIZES, size=len(kinds) - 1)]

    def wiring(pre: int, post: int, receptor: str, plain: bool, plastic: bool) -> Wiring:
        one_weight, one_delay = (True, True) if plain else random.random(2) < 0.3
        inputs, seed = random.choice([3, 10, 40]), random.integers(2**32)
        return Wiring(pre, post, receptor, inputs, one_weight, one_delay, plastic, seed)

    receptor = "inhibitory" if number == 2 else "excitatory"
    wirings = [
        wiring(len(kinds), 0, "excitatory", False, False),
        wiring(0, 0, receptor, number == 0, number == 1),
    ]
    for _ in range(random.integers(1, 5)):
        ends = random.integers(len(kinds) + 1), random.integers(len(kinds))
        receptor = random.choice(["excitatory", "excitatory", "inhibitory"])
        wirings.append(wiring(*ends, receptor, *(random.random(2) < 0.3)))
    min_delay = int(random.choice([1, 2, 3, 7]))
    return Network(kinds, [*sizes, 40], min_delay, wirings, random.integers(2**32))


def weights_of(wiring: Wiring, kind: str, random: np.random.Generator, n: int) -> NDArray[Any]:
    """Weights about a cell type's usual one, less where a cell has more than 20 inputs."""
    usual = STRENGTHS[kind][0 if wiring.receptor == "excitatory" else 1]
    drawn = random.uniform(0.5, 1.5, 1 if wiring.one_weight else n)
    weights = np.broadcast_to(usual * drawn / max(1.0, wiring.inputs / 20.0), n)
    return summable(weights) if kind == "IF_curr_delta" else weights


def synapse_of(sim: Any, wiring: Wiring, kind: str, weights: NDArray[Any]) -> Any:
    """Static synapses, or ones that learn quickly."""
    if not wiring.plastic:
        return sim.StaticSynapse()
    largest = 2.0 * float(weights[np.abs(weights).argmax()])
    if sim.__name__ == "pyNN.nest" and kind in IN_MV:
        largest /= 1000.0
    return sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(A_plus=0.05, A_minus=0.04),
        weight_dependence=sim.AdditiveWeightDependence(w_max=largest),
        weight=float(weights[0]),  # NEST wants the default, too, to have the sign of w_max
    )


def connect(sim: Any, network: Network, wiring: Wiring, populations: list[Any]) -> None:
    """Random pairs, of which some occur several times."""
    random = np.random.default_rng(wiring.seed)
    kind = network.kinds[wiring.post]
    n_pre, n_post = network.sizes[wiring.pre], network.sizes[wiring.post]
    n = wiring.inputs * n_post
    pairs = random.integers(n_pre, size=n), random.integers(n_post, size=n)
    weights = weights_of(wiring, kind, random, n)
    steps = random.integers(network.min_delay, MAX_DELAY + 1, size=n)
    delays = np.round(DT * (steps[:1].repeat(n) if wiring.one_delay else steps), 1)
    rows = zip(*(column.tolist() for column in (*pairs, weights, delays)), strict=True)
    sim.Projection(
        populations[wiring.pre],
        populations[wiring.post],
        sim.FromListConnector(list(rows), column_names=["weight", "delay"]),
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
    for kind, size in zip(network.kinds, network.sizes[:-1], strict=True):
        current = STRENGTHS[kind][2] * random.uniform(0.5, 1.5, size)
        cells = sim.Population(size, getattr(sim, kind)(i_offset=current))
        cells.initialize(v=random.uniform(-65.0, -52.0, size))
        cells.record("spikes")
        populations.append(cells)
    times = [on_grid(np.unique(random.integers(20, STEPS, 20))) for _ in range(network.sizes[-1])]
    populations.append(sim.Population(len(times), sim.SpikeSourceArray(spike_times=times)))
    for wiring in network.wirings:
        connect(sim, network, wiring, populations)
    for steps in slices:
        sim.run(round(steps * DT, 1))
    spikes = [train for cells in populations[:-1] for train in steps_of(cells)]
    sim.end()
    return spikes


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("kind", sorted(STRENGTHS))
def test_every_spike(kind: str, number: int) -> None:
    """It is equal, and what is compared depends on the synapses."""
    import pyNN.greenmorph as greenmorph
    import pyNN.nest as nest

    random = np.random.default_rng([sorted(STRENGTHS).index(kind), number])
    network = network_of(kind, number, random)
    first = random.integers(1, 60, size=random.integers(8)).tolist()
    theirs = spikes_of(repaired(nest), network, [STEPS])
    ours = spikes_of(greenmorph, network, [*first, STEPS - sum(first)], 1 + number % 3)
    assert sum(map(len, theirs)) > 100
    assert ours == theirs
    # The sources matter, synapses within the first population too, and that they learn.
    for left_out in network.wirings[:2]:
        rest = [one for one in network.wirings if one is not left_out]
        assert spikes_of(greenmorph, replace(network, wirings=rest), [STEPS]) != ours
    if number == 1:
        static = [replace(one, plastic=False) for one in network.wirings]
        assert spikes_of(greenmorph, replace(network, wirings=static), [STEPS]) != ours
