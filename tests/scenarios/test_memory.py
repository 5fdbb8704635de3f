"""What does not fit is refused before it is built, with the numbers."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.errors import NotEnoughMemoryError
from pynn_greenmorph.frontend import memory


@pytest.fixture(autouse=True)
def session() -> Any:
    sim.setup(timestep=0.1)
    yield
    sim.end()


def test_connections_that_do_not_fit() -> None:
    """10^11 pairs: no computer has the terabytes; nothing is drawn, the network stays."""
    cells = sim.Population(1_000_000, sim.IF_curr_exp(), label="many")
    rng = sim.NumpyRNG(seed=1)
    connector = sim.FixedProbabilityConnector(0.1, rng=rng)
    synapse = sim.StaticSynapse(weight=sim.RandomDistribution("uniform", (0, 1), rng), delay=1.0)
    with pytest.raises(
        NotEnoughMemoryError,
        match=r"many.*100,000,000,000 connections .* need about \d+\.\d GiB.*that are free",
    ):
        sim.Projection(cells, cells, connector, synapse)
    sim.run(0.1)
    assert not sim.state.session.network.synapses


def test_cells_that_do_not_fit() -> None:
    """10^12 cells are refused at once."""
    with pytest.raises(MemoryError, match=r"1,000,000,000,000 cells of type IF_curr_exp"):
        sim.Population((1000, 1000, 1_000_000), sim.IF_curr_exp(), label="universe")


def test_samples_that_do_not_fit() -> None:
    """A year of one variable; nothing is run, and a short run goes on."""
    cells = sim.Population(100, sim.IF_curr_exp())
    cells.record("v")
    with pytest.raises(MemoryError, match=r"samples of recorded variables need about .*interval"):
        sim.run(3.15e10)
    assert sim.get_current_time() == 0.0
    sim.run(1.0)


@pytest.mark.parametrize("drawn", [True, False], ids=["drawn", "one value"])
def test_the_estimate_is_no_less_than_the_arrays(
    drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is checked covers what is held afterwards, and is not three times as much."""
    checked: list[float] = []
    monkeypatch.setattr(memory, "_check", lambda needed, *_: checked.append(needed))
    rng = sim.NumpyRNG(seed=1)
    weight = sim.RandomDistribution("uniform", (0.0, 1.0), rng) if drawn else 0.5
    delay = sim.RandomDistribution("uniform_int", (1, 9), rng) if drawn else 1.0
    cells = sim.Population(500, sim.IF_curr_exp())
    synapse = sim.StaticSynapse(weight=weight, delay=delay)
    sim.Projection(cells, cells, sim.AllToAllConnector(), synapse)
    sim.run(0.1)
    (group,) = sim.state.session.network.synapses
    profile = sim.profile()
    held = profile.bytes_per_synapse * profile.n_synapses
    for column in (group.pre, group.post, group.weight, group.delay_steps):
        held += column.nbytes if column.strides[0] else 0
    assert held * 0.95 < max(checked) < 3 * held


def uniform(low: float, high: float) -> Any:
    return sim.RandomDistribution("uniform", (low, high), rng=sim.NumpyRNG(seed=1))


def stdp(rule: dict[str, Any], **connection: Any) -> Any:
    dependence = sim.AdditiveWeightDependence(w_max=1.0)
    return sim.STDPMechanism(sim.SpikePairRule(**rule), dependence, **connection)


def steps() -> Any:
    return sim.RandomDistribution("uniform_int", (1, 9), rng=sim.NumpyRNG(seed=1))


DYNAMIC = {
    "pairs": lambda: stdp({}, weight=0.5, delay=1.0),
    "pairs, drawn": lambda: stdp(
        {"A_plus": uniform(0.01, 0.02), "A_minus": uniform(0.01, 0.02), "tau_plus": uniform(9, 20)},
        weight=uniform(0.0, 1.0), delay=steps(),
    ),
    "short term": lambda: sim.TsodyksMarkramSynapse(weight=0.5, delay=1.0),
    "short term, drawn": lambda: sim.TsodyksMarkramSynapse(
        U=uniform(0.1, 0.9), tau_rec=uniform(50, 90), tau_facil=uniform(9, 50),
        weight=uniform(0.0, 1.0), delay=steps(),
    ),
    "random": lambda: sim.MultiQuantalSynapse(weight=0.5, delay=1.0),
}  # fmt: skip


@pytest.mark.parametrize("make", DYNAMIC.values(), ids=DYNAMIC)
def test_the_estimate_for_synapses_that_are_more_than_a_weight(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No less than the peak of what is allocated until weights were read, and no twice as much."""
    checked: list[float] = []
    monkeypatch.setattr(memory, "_check", lambda needed, *_: checked.append(needed))

    def run(n: int) -> None:
        sim.setup(timestep=0.1)
        source = sim.Population(n, sim.SpikeSourceArray(spike_times=[1.0]))
        target = sim.Population(n, sim.IF_curr_exp())
        projection = sim.Projection(source, target, sim.AllToAllConnector(), make())
        sim.run(3.0)
        projection.column("weight")

    run(10)  # what is compiled and loaded once
    tracemalloc.start()
    run(1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 1.0 <= max(checked) / peak <= 2.0


@pytest.mark.parametrize(
    ("connector", "expected"),
    [
        (sim.AllToAllConnector(), 600),
        (sim.OneToOneConnector(), 20),
        (sim.FixedProbabilityConnector(0.5), 300),
        (sim.FixedNumberPreConnector(4), 120),
        (sim.FixedNumberPostConnector(4), 80),
        (sim.FixedTotalNumberConnector(77), 77),
        (sim.FromListConnector([(0, 0)]), None),
    ],
    ids=lambda value: type(value).__name__ if value and not np.isscalar(value) else "",
)
def test_expected_connections(connector: Any, expected: float | None) -> None:
    """20 sources, 30 targets."""
    assert memory.expected_connections(connector, 20, 30) == expected


def test_a_container_may_have_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of a container counts, files in memory do not, "max" means no limit."""
    limit, usage = tmp_path / "memory.max", tmp_path / "memory.current"
    names = (str(tmp_path), limit.name, usage.name)
    monkeypatch.setattr(memory, "_CONTAINERS", (names,))
    usage.write_text("4900")
    (tmp_path / "memory.stat").write_text("anon 1000\ninactive_file 3000\nactive_file 900\n")
    limit.write_text("max")
    assert memory.free_bytes() > 1e6
    limit.write_text("5000")
    assert memory.free_bytes() == 4000
    (tmp_path / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 30\n")
    assert memory.free_bytes() == 130
    # A small network is never refused, whatever the system says.
    sim.Population(1000, sim.IF_curr_exp())
