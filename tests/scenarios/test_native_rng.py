"""``NativeRNG``: this backend's own generator wherever PyNN takes one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from pyNN import random

from pynn_greenmorph.errors import InvalidValueError, LifecycleError


def draw(rng: Any, name: str, *parameters: float) -> list[float]:
    return random.RandomDistribution(name, parameters, rng=rng).next(5).tolist()


def test_every_distribution_at_its_place(sim: Any) -> None:
    """It has NumpyRNG's distributions with numbers of its own; a copy goes on where it is."""
    sim.setup(seed=3)
    rng = sim.NativeRNG(seed=1)
    assert isinstance(rng, random.NativeRNG)
    for name, parameters in random.available_distributions.items():
        values = {"n": 5, "p": 0.5, "low": 1, "high": 9, "k": 2.0, "mu": 3.0}
        arguments = [values.get(parameter, 1.0) for parameter in parameters]
        copied = deepcopy(rng)
        assert type(copied) is sim.NativeRNG
        drawn = draw(rng, name, *arguments)
        assert draw(copied, name, *arguments) == drawn
        assert draw(sim.NumpyRNG(seed=1), name, *arguments) != drawn


def test_seeds_of_generators_without_one(sim: Any) -> None:
    """They follow from the seed of setup() and the number of the generator."""

    def numbers(seed: int) -> list[list[float]]:
        sim.setup(seed=seed)
        made = [sim.NativeRNG() for _ in range(2)]
        again = sim.NativeRNG(seed=made[0].seed)
        assert again.next(5).tolist() == deepcopy(made[0]).next(5).tolist()
        return [rng.next(5).tolist() for rng in made]

    first = numbers(7)
    assert first == numbers(7)
    assert first[0] != first[1]
    assert numbers(8)[0] not in first
    sim.end()
    with pytest.raises(LifecycleError, match="NativeRNG"):
        sim.NativeRNG()


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_bad_seeds(sim: Any, seed: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"NativeRNG.*0 or more"):
        sim.NativeRNG(seed=seed)


def test_where_pynn_takes_a_generator(sim: Any) -> None:
    """Connectors (large ones too, which have kernels for NumpyRNG), cells, samples, weights."""

    def build(rng: Any) -> list[Any]:
        sim.setup(timestep=0.1)
        tau_m = random.RandomDistribution("normal_clipped", (15.0, 2.0, 9.0, 21.0), rng=rng)
        cells = sim.Population(300, sim.IF_cond_exp(tau_m=tau_m))
        weight = random.RandomDistribution("normal_clipped", (0.5, 0.1, 0.4, 0.9), rng=rng)
        synapse = sim.StaticSynapse(weight=weight, delay=0.5)
        found: list[Any] = [cells.get("tau_m").tolist(), list(map(int, cells.sample(3, rng=rng)))]
        for connector in (
            sim.FixedProbabilityConnector(0.7, rng=rng),
            sim.FixedNumberPreConnector(200, rng=rng),
            sim.FixedNumberPostConnector(200, rng=rng, with_replacement=True),
            sim.FixedTotalNumberConnector(500, rng=rng),
        ):
            projection = sim.Projection(cells, cells, connector, synapse)
            found.append(projection.get("weight", format="list"))
        return found

    native = build(sim.NativeRNG(seed=1))
    assert native == build(sim.NativeRNG(seed=1))
    for ours, other in zip(native, build(sim.NumpyRNG(seed=1)), strict=True):
        assert ours != other
    assert np.mean([w for *_, w in native[2]]) == pytest.approx(0.53, abs=0.01)
    assert len(native[2]) == pytest.approx(0.7 * 90_000, rel=0.02)
    assert [len(rows) for rows in native[3:]] == [60_000, 60_000, 500]
