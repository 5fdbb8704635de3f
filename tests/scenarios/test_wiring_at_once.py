"""What is made, read and changed with arrays equals what PyNN's own loops give."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyNN.greenmorph
import pyNN.mock
import pytest
from pyNN import common
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.recording.files import StandardTextFile

from pynn_greenmorph.errors import FidelityWarning
from pynn_greenmorph.frontend import bulk, pairs
from tests.scenarios.test_wiring_like_mock import CONNECTORS, PLACES, SYNAPSES, fits, rd, wire

DT = 0.1


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels also for the smallest networks."""
    monkeypatch.setattr(bulk, "_MANY_PAIRS", 0)
    monkeypatch.setattr(bulk, "_MANY_COLUMNS", 0)


RANDOM = [name for name in CONNECTORS if name.startswith("Fixed")]


class Flipped(NumpyRNG):
    """A generator of somebody else's: 1 less what PyNN's draws."""

    def _next(self, *args: Any, **kwargs: Any) -> Any:
        return 1.0 - np.asarray(super()._next(*args, **kwargs))


@pytest.mark.parametrize("kind", ["AllToAll", "FixedProbability"])
def test_a_subclass_of_a_generator_is_asked(sim: Any, kind: str) -> None:
    """Its numbers are used, not those of the class that compiled code knows."""
    found = []
    for module in (sim, pyNN.mock):
        module.setup(timestep=0.1)
        one = module.Population(300, module.IF_curr_exp())
        connector = (
            module.AllToAllConnector()
            if kind == "AllToAll"
            else module.FixedProbabilityConnector(0.3, rng=Flipped(seed=3))
        )
        drawn = RandomDistribution("uniform", (0.0, 1.0), rng=Flipped(seed=5))
        synapse = module.StaticSynapse(weight=drawn, delay=1.0)
        projection = module.Projection(one, one, connector, synapse)
        found.append(np.array(projection.get("weight", format="list")))
    np.testing.assert_array_equal(*found)
    assert len(found[0]) > 20_000


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("synapse", ["numbers", "uniform", "clipped", "gamma", "distance"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("connector", RANDOM)
def test_kernels_equal_mock(connector: str, place: str, synapse: str) -> None:
    """Every connector that a kernel may wire, between every kind of group."""
    if not fits(connector, place, synapse):
        return
    expected = wire(pyNN.mock, CONNECTORS[connector], SYNAPSES[synapse](), PLACES[place])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FidelityWarning)
        ours = wire(pyNN.greenmorph, CONNECTORS[connector], SYNAPSES[synapse](), PLACES[place])
    assert ours.shape == expected.shape
    assert (ours == expected).all()


@pytest.mark.filterwarnings(
    "ignore:.*larger than the number:pynn_greenmorph.errors.FidelityWarning"
)
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("connector", RANDOM)
def test_one_generator_for_everything(connector: str) -> None:
    """Wiring, weights and delays share one generator; it is left where PyNN leaves it."""
    found, states = [], []
    for s in (pyNN.mock, pyNN.greenmorph):
        s.setup(timestep=DT, min_delay=DT)
        rng = NumpyRNG(11)
        cells = s.Population(12, s.IF_cond_exp())
        synapse = s.StaticSynapse(
            weight=RandomDistribution("normal_clipped", (0.5, 0.5, 0, 1), rng=rng),
            delay=RandomDistribution("uniform_int", (1, 9), rng=rng),
        )
        for _ in range(2):
            made = CONNECTORS[connector](s)
            made.rng = rng
            projection = s.Projection(cells, cells, made, synapse)
            rows = projection.get(["weight", "delay"], "list")
            found.append([tuple(map(float, row)) for row in rows])
        states.append(rng.rng.get_state())
    assert found[:2] == found[2:]
    assert (states[0][1] == states[1][1]).all()
    assert states[0][2:] == states[1][2:]


@pytest.mark.parametrize("n", [256, 300])
def test_a_larger_network(n: int) -> None:
    """With kernels as they are used, many blocks long."""
    for connector in (
        lambda s: s.FixedProbabilityConnector(0.07, rng=NumpyRNG(5)),
        lambda s: s.FixedProbabilityConnector(0.07, allow_self_connections=False, rng=NumpyRNG(6)),
        lambda s: s.FixedTotalNumberConnector(70000, rng=NumpyRNG(7)),
    ):
        found = []
        for s in (pyNN.mock, pyNN.greenmorph):
            s.setup(timestep=DT, min_delay=DT)
            first = s.Population(7, s.IF_cond_exp())
            cells = s.Population(n, s.IF_cond_exp())
            synapse = s.StaticSynapse(weight=rd("normal_clipped", 0.1, 0.1, 0.0, 0.3), delay=0.5)
            projection = s.Projection(cells, cells, connector(s), synapse)
            assert first.size == 7
            found.append(np.array(projection.get(["weight", "delay"], "list"), dtype=float))
        assert (found[0] == found[1]).all()
        assert len(found[0]) > 3000


@pytest.fixture
def doubled(sim: Any) -> Any:
    """A projection of views with several synapses for some pairs, weights -4 to 4."""
    sim.setup(timestep=DT)
    a, b = sim.Population(9, sim.IF_curr_exp()), sim.Population(7, sim.IF_curr_exp())
    draw = np.random.RandomState(3)
    rows = [(*draw.randint(0, 4, 2), float(draw.randint(-4, 5)), 1.0) for _ in range(30)]
    return sim.Projection(
        a[::2], b[1:6], sim.FromListConnector(rows), sim.StaticSynapse(), receptor_type="excitatory"
    )


@pytest.fixture
def single(sim: Any) -> Any:
    """A projection with one synapse for some pairs."""
    sim.setup(timestep=DT)
    first, cells = sim.Population(2, sim.IF_curr_exp()), sim.Population(9, sim.IF_curr_exp())
    connector = sim.FixedProbabilityConnector(0.4, rng=NumpyRNG(2))
    assert first.size == 2
    return sim.Projection(cells, cells, connector, sim.StaticSynapse(weight=0.5, delay=1.0))


@pytest.mark.parametrize("how", common.Projection.MULTI_SYNAPSE_OPERATIONS)
def test_matrices_are_pynns(doubled: Any, how: str) -> None:
    """Values of several synapses are put together as by PyNN's loop over connections."""
    names = ("weight", "delay")
    ours = doubled.get(names, "array", multiple_synapses=how)
    theirs = common.Projection._get_attributes_as_arrays(doubled, names, how)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(ours, theirs, strict=True))


def test_lists_are_pynns(single: Any) -> None:
    """Tuples of Python numbers, in order of insertion."""
    names = ["presynaptic_index", "postsynaptic_index", "weight", "delay"]
    rows = single.get(["weight", "delay"], "list")
    assert rows == common.Projection._get_attributes_as_list(single, names)
    assert all(type(row) is tuple for row in rows)
    assert {type(value) for row in rows for value in row} == {int, float}


def test_saved_text_is_pynns(single: Any, tmp_path: Any) -> None:
    """The text of numpy.savetxt, below PyNN's line of names."""
    both = ["weight", "delay"]
    for number, (names, keywords) in enumerate(
        [(both, {}), (both, {"with_address": False}), ("weight", {"format": "array"})]
    ):
        ours, theirs = tmp_path / f"{number}.txt", tmp_path / f"{number}_pynn.txt"
        single.save(names, str(ours), **keywords)
        single.save(names, StandardTextFile(str(theirs), mode="w"), **keywords)
        assert ours.read_text() == theirs.read_text() != ""


VALUES = {
    "number": lambda shape, n: 0.3,
    "list": lambda shape, n: [0.01 * k for k in range(n)],
    "array": lambda shape, n: np.random.RandomState(1).rand(n),
    "integers": lambda shape, n: np.arange(n),
    "matrix": lambda shape, n: np.random.RandomState(1).rand(*shape),
    "matrix of integers": lambda shape, n: np.arange(shape[0] * shape[1]).reshape(shape),
    "uniform": lambda shape, n: rd("uniform", 0.0, 1.0),
    "clipped": lambda shape, n: rd("normal_clipped", 0.2, 0.3, 0.0, 0.4),
    "distance": lambda shape, n: "0.1 + d",
}


@pytest.mark.parametrize("which", ["single", "doubled"])
@pytest.mark.parametrize("value", VALUES)
def test_set_is_pynns(
    value: str, which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values found with arrays are those of PyNN's lazy arrays."""
    monkeypatch.setattr(pairs, "_CHUNK", 7)
    projection = request.getfixturevalue(which)
    connected = ~np.isnan(projection.get("weight", "array"))
    make = lambda: VALUES[value](projection.shape, int(connected.sum()))  # noqa: E731
    before = projection.get("weight", "list")
    projection.set(weight=make())
    ours = projection.get("weight", "list")
    common.Projection.set(projection, weight=make())
    assert ours == projection.get("weight", "list") != before


def test_one_number_is_kept_as_one(single: Any) -> None:
    """No column for a constant; a connection that is changed makes one."""
    group = single._group
    assert (group.weight.strides, group.delay_steps.strides) == ((0,), (0,))
    assert (group.pre.dtype, group.post.dtype) == (np.int32, np.int32)
    assert not group.weight.flags.writeable
    single[3].weight = 0.75
    assert single.get("weight", "list", with_address=False)[2:5] == [0.5, 0.75, 0.5]
    single.set(weight=0.25)
    assert group.weight.strides == (0,)
    assert single.get("delay", "list", with_address=False) == [1.0] * len(single)
    single.set(delay=0.7)
    assert group.delay_steps.strides == (0,)
    assert [single[0].delay, single[-1].delay] == [0.7, 0.7]


def test_indices_of_groups(sim: Any) -> None:
    """Indices count the cells of the projection's group, ids those of the network."""
    sim.setup(timestep=DT)
    a, b = sim.Population(5, sim.IF_curr_exp()), sim.Population(6, sim.IF_curr_exp())
    for pre, post in ((a, b), (b[2:5], a), (b[::-1], a + b), (a[[3, 1]] + b[4:], b[1:3])):
        synapse = sim.StaticSynapse(weight=1.0, delay=1.0)
        projection = sim.Projection(
            pre, post, sim.AllToAllConnector(), synapse, receptor_type="excitatory"
        )
        pairs = [(c.presynaptic_index, c.postsynaptic_index) for c in projection.connections]
        assert pairs == [row[:2] for row in projection.get("weight", "list")]
        assert pairs == [(i, j) for j in range(post.size) for i in range(pre.size)]
        group = projection._group
        assert (group.pre + 1).tolist() == [int(pre[i]) for i, _ in pairs]
        assert (group.post + 1).tolist() == [int(post[j]) for _, j in pairs]
