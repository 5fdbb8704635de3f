"""Reading, setting and saving the connections of a projection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyNN import errors
from pyNN.random import NumpyRNG, RandomDistribution

ROWS = [(0, 0, 0.1, 1.0), (2, 0, 0.2, 2.0), (2, 0, 0.4, 3.0), (1, 1, 0.8, 4.0)]


@pytest.fixture
def projection(sim: Any) -> Any:
    """Four connections of three pairs, in order of insertion."""
    sim.setup(timestep=0.1)
    a = sim.Population(3, sim.IF_curr_exp(), label="a")
    b = sim.Population(2, sim.IF_curr_exp(), label="b")
    return sim.Projection(a, b, sim.FromListConnector(ROWS), sim.StaticSynapse())


def weights(projection: Any) -> list[float]:
    return projection.get("weight", format="list", with_address=False)


def test_every_form_of_get(projection: Any) -> None:
    """Lists in order of insertion, with and without indices; matrices with NaN elsewhere."""
    assert projection.get(["weight", "delay"], format="list") == ROWS
    assert projection.get("delay", format="list") == [(i, j, d) for i, j, _, d in ROWS]
    assert weights(projection) == [0.1, 0.2, 0.4, 0.8]
    pairs = projection.get(["delay", "weight"], format="list", with_address=False)
    assert pairs == [(d, w) for _, _, w, d in ROWS]
    weight, delay = projection.get(["weight", "delay"], format="array", multiple_synapses="last")
    nan = np.nan
    np.testing.assert_array_equal(weight, [[0.1, nan], [nan, 0.8], [0.4, nan]])
    np.testing.assert_array_equal(delay, [[1.0, nan], [nan, 4.0], [3.0, nan]])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # One value for each connected pair, source by source; both synapses of (2, 0) get it.
        ([1.0, 2.0, 3.0], [1.0, 3.0, 3.0, 2.0]),
        (np.array([1.0, 2.0, 3.0]), [1.0, 3.0, 3.0, 2.0]),
        (np.arange(6.0).reshape(3, 2), [0.0, 4.0, 4.0, 3.0]),
        (lambda d: 0.25 + d, [0.25, 2.25, 2.25, 0.25]),
        ("0.25 + d", [0.25, 2.25, 2.25, 0.25]),
        (2, [2.0] * 4),
        (np.float32(0.5), [0.5] * 4),
    ],
)
def test_every_form_of_set(projection: Any, value: Any, expected: list[float]) -> None:
    """Numbers, lists, matrices, functions and expressions of distance."""
    projection.set(weight=value)
    assert weights(projection) == expected
    assert [row[3] for row in projection.get(["weight", "delay"], "list")] == [1.0, 2.0, 3.0, 4.0]


def test_random_values_are_drawn_for_all_pairs(projection: Any) -> None:
    """As pyNN.nest does: a matrix of draws, of which the connected pairs take theirs."""
    projection.set(weight=RandomDistribution("uniform", (0.0, 1.0), rng=NumpyRNG(4)))
    drawn = np.random.RandomState(4).uniform(0.0, 1.0, 6).reshape(3, 2)
    assert weights(projection) == [drawn[i, j] for i, j, *_ in ROWS]
    matrix = projection.get("weight", format="array", multiple_synapses="first")
    projection.set(weight=matrix + 1.0)
    assert weights(projection) == [1.0 + drawn[i, j] for i, j, *_ in ROWS]


def test_delays_are_read_as_they_act(projection: Any) -> None:
    """set() rounds half up to the step, as at creation."""
    with pytest.warns(match="rounded"):
        projection.set(delay=[0.25, 0.349, 1.0])
    assert projection.get("delay", format="list", with_address=False) == [0.3, 1.0, 1.0, 0.3]


def test_single_connections(projection: Any) -> None:
    """Handles read and write one connection; slices, negative indices and loops find them."""
    one = projection[1]
    one.weight, one.delay = 0.7, 5.0
    projection.connections[-1].weight = 0.9
    assert projection.get(["weight", "delay"], format="list") == [
        (0, 0, 0.1, 1.0), (2, 0, 0.7, 5.0), (2, 0, 0.4, 3.0), (1, 1, 0.9, 4.0),
    ]  # fmt: skip
    assert one.as_tuple("presynaptic_index", "postsynaptic_index", "delay") == (2, 0, 5.0)
    assert [c.weight for c in projection[1:3]] == [0.7, 0.4]
    assert [c.postsynaptic_index for c in projection] == [0, 0, 0, 1]
    assert [c.presynaptic_index for c in projection.connections] == [0, 2, 2, 1]
    assert len(projection) == len(projection.connections) == projection.size() == 4


@pytest.mark.parametrize("names", ["all", "connections", ["weight", "delay"], ["delay", "weight"]])
def test_saved_and_read_again(sim: Any, projection: Any, tmp_path: Path, names: Any) -> None:
    """What save() writes, FromFileConnector reads, to the last bit."""
    projection.set(weight=[0.1 + 0.2, 1 / 3, 2 / 3])
    path = str(tmp_path / "connections.txt")
    projection.save(names, path)
    again = sim.Projection(
        projection.pre, projection.post, sim.FromFileConnector(path), sim.StaticSynapse()
    )
    before = projection.get(["weight", "delay"], format="list")
    assert again.get(["weight", "delay"], format="list") == before
    assert before[0][2] == 0.1 + 0.2


def test_one_attribute_saved_and_read_again(sim: Any, projection: Any, tmp_path: Path) -> None:
    """PyNN writes its name as a list of letters, and FromFileConnector cannot read the file."""
    path = str(tmp_path / "weights.txt")
    projection.save("weight", path)
    again = sim.Projection(
        projection.pre, projection.post, sim.FromFileConnector(path), sim.StaticSynapse(delay=2.0)
    )
    assert again.get(["weight", "delay"], "list") == [(i, j, w, 2.0) for i, j, w, _ in ROWS]
    projection.save(["weight"], path, format="array")
    assert np.loadtxt(path).tolist() == np.nan_to_num(projection.get("weight", "array")).tolist()
    with pytest.raises(ValueError, match="one matrix"):
        projection.save("all", path, format="array")


@pytest.mark.parametrize("plastic", [False, True])
@pytest.mark.parametrize("cells", ["IF_curr_exp", "IF_cond_exp"])
@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory"])
def test_a_new_weight_has_the_sign_of_the_receptor(
    sim: Any, receptor: str, cells: str, plastic: bool
) -> None:
    """As for new connections; pyNN.nest lets the sign choose the receptor instead."""
    sim.setup(timestep=0.1)
    a, b = sim.Population(3, sim.IF_curr_exp()), sim.Population(2, getattr(sim, cells)())
    sign = -1.0 if (receptor, cells) == ("inhibitory", "IF_curr_exp") else 1.0
    rule, bounds = sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=sign)
    synapse = sim.StaticSynapse(weight=0.5 * sign)
    if plastic:
        synapse = sim.STDPMechanism(rule, bounds, weight=0.5 * sign, delay=1.0)
    prj = sim.Projection(a, b, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    for weight in (-0.1 * sign, np.full((3, 2), -0.1 * sign), [0.1, -0.1, 0.1, 0.1, 0.1, 0.1]):
        with pytest.raises(errors.ConnectionError, match="other receptor type"):
            prj.set(weight=weight)
    with pytest.raises(errors.ConnectionError, match=f"{receptor}.*{-0.1 * sign:g}"):
        prj[1].weight = -0.1 * sign
    assert weights(prj) == [0.5 * sign] * 6
    prj.set(weight=0.0)
    prj[1].weight = np.array(0.2 * sign)
    assert weights(prj) == [0.0, 0.2 * sign, 0.0, 0.0, 0.0, 0.0]


def test_no_connections(sim: Any, projection: Any) -> None:
    """An empty projection can be read, set, run and counted."""
    empty = sim.Projection(
        projection.pre, projection.post, sim.FromListConnector([]), sim.StaticSynapse(), label="0"
    )
    empty.set(weight=1.0, delay=2.0)
    empty.set(weight=[])
    assert (len(empty), empty.get(["weight", "delay"], "list")) == (0, [])
    assert np.isnan(empty.get("weight", "array")).all()
    sim.run(1.0)
    assert sim.energy_report().projections["0"].counters["synaptic_events"] == 0


def test_labels_and_descriptions(sim: Any, projection: Any) -> None:
    """PyNN's label, a plain one in the report, and what describe() says."""
    assert projection.label == "a→b"
    named = sim.Projection(
        projection.pre, projection.post, sim.AllToAllConnector(), sim.StaticSynapse(), label="all"
    )
    assert named.label == "all"
    for word in ("all", "AllToAllConnector", "StaticSynapse", "connections : 6"):
        assert word in named.describe()
    sim.run(1.0)
    assert list(sim.energy_report().projections) == ["a->b", "all"]


def test_older_names(projection: Any) -> None:
    """PyNN's deprecated methods still work."""
    with pytest.warns(DeprecationWarning, match="setWeights"):
        projection.setWeights(0.3)
    assert weights(projection) == [0.3] * 4
    with pytest.warns(DeprecationWarning, match="setDelays"):
        projection.setDelays(2.0)
    assert projection.get("delay", format="list", with_address=False) == [2.0] * 4
    with pytest.warns(DeprecationWarning, match="randomizeWeights"):
        projection.randomizeWeights(RandomDistribution("uniform", (1.0, 2.0), rng=NumpyRNG(1)))
    assert all(1.0 <= weight < 2.0 for weight in weights(projection))


def test_a_change_acts_on_later_spikes(sim: Any) -> None:
    """What is in flight arrives as it was sent; spikes after the change take the new values."""
    sim.setup(timestep=0.1)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[4.0, 6.0]))
    target = sim.Population(1, sim.IF_cond_exp(tau_syn_E=5.0))
    synapse = sim.StaticSynapse(weight=0.25, delay=3.0)
    projection = sim.Projection(source, target, sim.OneToOneConnector(), synapse)
    target.record("gsyn_exc")
    sim.run(5.0)
    projection.set(weight=0.5, delay=0.5)
    sim.run(5.0)
    (g,) = target.get_data().segments[0].analogsignals
    times = np.arange(101) * 0.1
    # The first spike arrives at 7 with 0.25 uS, the second at 6.5 with 0.5 uS.
    expected = np.zeros(101)
    for arrival, weight in ((70, 0.25), (65, 0.5)):
        expected[arrival:] += weight * np.exp(-(times[arrival:] - times[arrival]) / 5.0)
    assert np.abs(np.asarray(g)[:, 0] - expected).max() < 1e-9
