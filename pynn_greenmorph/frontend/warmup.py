"""A small network that needs every function that is compiled when it is first called."""

from __future__ import annotations

import warnings
from typing import Any

from . import namespace

__all__ = ["run_small_network"]


def run_small_network(precision: str) -> None:
    """Everything else is compiled when it is first called, so each is called once.

    Parameters
    ----------
    precision : {"exact", "fast"}
    """
    sim: Any = namespace
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sim.setup(seed=1, precision=precision)
        # Enough candidates for the compiled ways of wiring: small networks go without.
        cells = sim.Population(300, sim.IF_curr_exp(i_offset=30.0))
        cells.record("spikes")  # within 1 ms each cell has one: their log is read, too
        some = sim.FixedProbabilityConnector(0.1, rng=sim.NumpyRNG(seed=1))
        for name, limits in (
            ("uniform", {"low": 0.1, "high": 0.2}),
            ("normal_clipped", {"mu": 0.1, "sigma": 0.1, "low": 0.0, "high": 0.5}),
        ):
            weight = sim.RandomDistribution(name, rng=sim.NumpyRNG(seed=2), **limits)
            sim.Projection(cells, cells, some, sim.StaticSynapse(weight=weight, delay=1.0))
        for connector in (
            sim.FixedNumberPreConnector(9, rng=sim.NumpyRNG(seed=1)),
            sim.FixedNumberPostConnector(9, rng=sim.NumpyRNG(seed=1)),
            sim.FixedTotalNumberConnector(3000, rng=sim.NumpyRNG(seed=1)),
        ):
            sim.Projection(cells, cells, connector, sim.StaticSynapse(weight=0.1, delay=1.0))
        rules = sim.SpikePairRule(), sim.AdditiveWeightDependence()
        plastic = sim.STDPMechanism(*rules, weight=0.1, delay=1.0)
        sim.Projection(cells, cells, some, plastic)  # sorted by code of its own
        sim.run(1.0)
        sim.profile()
        sim.end()
