"""Connections, weights and delays equal pyNN.mock's one by one, in order, for every connector.

pyNN.mock runs PyNN's own wiring code and stores what it is given, so it is the
reference for the network that a script means. It keeps delays unrounded; they
are compared after rounding half up to the step.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pyNN.greenmorph
import pyNN.mock
import pytest
from pyNN.core import IndexBasedExpression
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Grid2D

from pynn_greenmorph.errors import FidelityWarning

DT = 0.1


class Ring(IndexBasedExpression):
    """A probability that depends on indices."""

    def __call__(self, i: Any, j: Any) -> Any:
        return 0.9 * (np.abs(i - j) < 3)


def rd(name: str, *parameters: float, seed: int = 7) -> RandomDistribution:
    return RandomDistribution(name, parameters, rng=NumpyRNG(seed))


ROWS = [(0, 3, 0.1, 1.0), (5, 1, 0.2, 2.5), (5, 1, 0.3, 0.4), (2, 8, 0.4, 1.1), (0, 1, 0.5, 3.0)]
MASK = np.random.RandomState(2).rand(12, 9) < 0.4

CONNECTORS: dict[str, Callable[[Any], Any]] = {
    "AllToAll": lambda s: s.AllToAllConnector(),
    "AllToAll no self": lambda s: s.AllToAllConnector(allow_self_connections=False),
    "OneToOne": lambda s: s.OneToOneConnector(),
    "FixedProbability": lambda s: s.FixedProbabilityConnector(0.4, rng=NumpyRNG(1)),
    "FixedProbability no self": lambda s: s.FixedProbabilityConnector(0.4, False, rng=NumpyRNG(1)),
    "FixedProbability default rng": lambda s: s.FixedProbabilityConnector(0.4),
    "FixedProbability none": lambda s: s.FixedProbabilityConnector(0.0, rng=NumpyRNG(1)),
    "DistanceDependent": lambda s: s.DistanceDependentProbabilityConnector(
        "exp(-d/3)", rng=NumpyRNG(1)
    ),
    "IndexBased": lambda s: s.IndexBasedProbabilityConnector(Ring(), rng=NumpyRNG(1)),
    "DisplacementDependent": lambda s: s.DisplacementDependentProbabilityConnector(
        lambda d: 0.8 * (np.abs(d[0]) < 3), rng=NumpyRNG(1)
    ),
    "FixedNumberPre": lambda s: s.FixedNumberPreConnector(5, rng=NumpyRNG(1)),
    "FixedNumberPre replacement": lambda s: s.FixedNumberPreConnector(
        5, with_replacement=True, rng=NumpyRNG(1)
    ),
    "FixedNumberPre many": lambda s: s.FixedNumberPreConnector(15, rng=NumpyRNG(1)),
    "FixedNumberPre random n": lambda s: s.FixedNumberPreConnector(
        rd("uniform_int", 2, 6), rng=NumpyRNG(1)
    ),
    "FixedNumberPost": lambda s: s.FixedNumberPostConnector(5, rng=NumpyRNG(1)),
    "FixedNumberPost replacement": lambda s: s.FixedNumberPostConnector(
        5, with_replacement=True, rng=NumpyRNG(1)
    ),
    "FixedTotalNumber": lambda s: s.FixedTotalNumberConnector(40, rng=NumpyRNG(1)),
    "FromList": lambda s: s.FromListConnector(ROWS),
    "FromList columns": lambda s: s.FromListConnector(
        [row[:3] for row in ROWS], column_names=("weight",)
    ),
    "FromList indices": lambda s: s.FromListConnector([row[:2] for row in ROWS], column_names=()),
    "Array": lambda s: s.ArrayConnector(MASK),
}

SYNAPSES: dict[str, Callable[[], dict[str, Any]]] = {
    "numbers": lambda: {"weight": 0.25, "delay": 1.5},
    "uniform": lambda: {"weight": rd("uniform", 0.0, 1.0), "delay": rd("uniform", 0.1, 9.0)},
    "normal": lambda: {"weight": 0.2, "delay": rd("normal", 5.0, 0.5, seed=8)},
    "clipped": lambda: {"weight": rd("normal_clipped", 0.1, 0.1, 0.0, 0.3), "delay": 1.0},
    "gamma": lambda: {"weight": rd("gamma", 2.0, 0.1), "delay": rd("lognormal", 1.0, 0.3, seed=9)},
    "distance": lambda: {"weight": "0.1 + 0.01*d", "delay": lambda d: 0.5 + 0.2 * d},
}

PLACES: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "populations": lambda a, b: (a, b),
    "one population": lambda a, b: (b, b),
    "views": lambda a, b: (a[2:11], b[1:8]),
    "views of views": lambda a, b: (a[1:11][::2], b[np.array([8, 1, 3, 5])][1:]),
    "assemblies": lambda a, b: (a + b, b[0:4] + a[5:7]),
}


def wire(sim: Any, make: Any, synapse: dict[str, Any], place: Any) -> np.ndarray:
    """(pre, post, weight, delay in steps), in order of insertion."""
    sim.setup(timestep=DT, min_delay=DT)
    a = sim.Population(12, sim.IF_cond_exp(), structure=Grid2D(3.0), label="a")
    b = sim.Population(9, sim.IF_cond_exp(), structure=Grid2D(1.0), label="b")
    pre, post = place(a, b)
    projection = sim.Projection(
        pre, post, make(sim), sim.StaticSynapse(**synapse), receptor_type="excitatory"
    )
    rows = np.array(projection.get(["weight", "delay"], format="list"), dtype=float).reshape(-1, 4)
    rows[:, 3] = np.floor(rows[:, 3] * 10 + 0.5)
    return rows


def fits(connector: str, place: str, synapse: str) -> bool:
    """Whether PyNN's own code can make this case.

    Connectors with fixed indices fit one pair of groups; distances to an
    assembly fail in PyNN 0.13 (they have a test of their own below).
    """
    if connector.startswith(("FromList", "Array")):
        return place == "populations"
    distance = synapse == "distance" or connector == "DistanceDependent"
    return not (distance and place == "assemblies")


CASES = [
    (connector, place, synapse)
    for connector in CONNECTORS
    for place in PLACES
    for synapse in SYNAPSES
    if fits(connector, place, synapse)
]


@pytest.mark.parametrize(("connector", "place", "synapse"), CASES)
def test_equal_to_mock(connector: str, place: str, synapse: str) -> None:
    """Every connector with every kind of value between every kind of group."""
    make, values, groups = CONNECTORS[connector], SYNAPSES[synapse], PLACES[place]
    expected = wire(pyNN.mock, make, values(), groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FidelityWarning)
        ours = wire(pyNN.greenmorph, make, values(), groups)
    assert ours.shape == expected.shape
    assert (ours == expected).all()


def test_distances_to_an_assembly() -> None:
    """An assembly of one population is wired as the population is."""
    make, values = CONNECTORS["DistanceDependent"], SYNAPSES["distance"]
    with pytest.warns(FidelityWarning, match="rounded"):
        plain = wire(pyNN.greenmorph, make, values(), PLACES["populations"])
    with pytest.warns(FidelityWarning, match="rounded"):
        assembled = wire(
            pyNN.greenmorph,
            make,
            values(),
            lambda a, b: (pyNN.greenmorph.Assembly(a), pyNN.greenmorph.Assembly(b)),
        )
    assert len(plain) > 20
    assert (plain == assembled).all()


def test_one_cell_each(sim: Any) -> None:
    """PyNN's own maps fail for one cell with NumPy 2.1 and later; ours must not."""
    sim.setup(timestep=DT)
    one, other = sim.Population(1, sim.IF_cond_exp()), sim.Population(1, sim.IF_cond_exp())
    for connector in (
        sim.OneToOneConnector(),
        sim.AllToAllConnector(),
        sim.FixedProbabilityConnector(1.0),
        sim.DistanceDependentProbabilityConnector("d >= 0"),
        sim.ArrayConnector(np.ones((1, 1), dtype=bool)),
    ):
        synapse = sim.StaticSynapse(weight=0.1, delay=1.0)
        assert sim.Projection(one, other, connector, synapse).get(
            ["weight", "delay"], format="list"
        ) == [(0, 0, 0.1, 1.0)]


@pytest.mark.parametrize(
    ("connector", "advances"),
    [("FixedProbability", False), ("DistanceDependent", False), ("FixedNumberPre", True)],
)
def test_the_generator_is_left_where_pynn_leaves_it(
    sim: Any, connector: str, advances: bool
) -> None:
    """Maps draw from a copy, so that two projections agree; fixed numbers advance the original."""
    sim.setup(timestep=DT)
    cells = sim.Population(12, sim.IF_cond_exp())
    rng = NumpyRNG(3)
    makers = {
        "FixedProbability": lambda: sim.FixedProbabilityConnector(0.4, rng=rng),
        "DistanceDependent": lambda: sim.DistanceDependentProbabilityConnector("exp(-d)", rng=rng),
        "FixedNumberPre": lambda: sim.FixedNumberPreConnector(4, rng=rng),
    }
    synapse = sim.StaticSynapse(weight=0.1, delay=1.0)
    first, second = (
        sim.Projection(cells, cells, makers[connector](), synapse).get("weight", format="list")
        for _ in range(2)
    )
    assert (first != second) == advances
    assert (rng.rng.randint(1 << 30) != NumpyRNG(3).rng.randint(1 << 30)) == advances


def test_clone_and_file(sim: Any, tmp_path: Any) -> None:
    """A clone has the reference's pairs; a saved projection is read back as it was."""
    sim.setup(timestep=DT)
    a, b = sim.Population(12, sim.IF_cond_exp()), sim.Population(9, sim.IF_cond_exp())
    weight = rd("uniform", 0.0, 1.0)
    connector = sim.FixedProbabilityConnector(0.4, rng=NumpyRNG(1))
    first = sim.Projection(a, b, connector, sim.StaticSynapse(weight=weight, delay=1.0))
    clone = sim.Projection(a, b, sim.CloneConnector(first), sim.StaticSynapse(weight=1, delay=2.0))
    pairs = [row[:2] for row in first.get("weight", format="list")]
    assert [row[:2] for row in clone.get("weight", format="list")] == pairs
    path = str(tmp_path / "connections.txt")
    first.save(["weight", "delay"], path)
    again = sim.Projection(a, b, sim.FromFileConnector(path), sim.StaticSynapse())
    assert sorted(again.get(["weight", "delay"], format="list")) == sorted(
        first.get(["weight", "delay"], format="list")
    )
