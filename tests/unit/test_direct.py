"""Noise that is read without the log does, to the bit, what it does with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

DT = 0.1
N = 700  # two blocks
STOP = 40.0


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    sim.end()


def direct_sources() -> list[str]:
    return [group.label for group in sim.state.session.simulation._direct.groups]


def build(through_log: bool, threads: int, precision: str, turned: bool) -> dict[str, Any]:
    """Cells with three kinds of noise on one receptor, and each other; weights differ.

    ``through_log``: the noise has cells of another kind as further targets, which
    makes its rows longer than one synapse. ``turned``: one of it meets its cells in
    another order, in runs.
    """
    sim.setup(timestep=DT, seed=5, threads=threads, precision=precision)
    draw = np.random.RandomState(3)
    noise = [
        sim.Population(N, sim.SpikeSourcePoisson(rate=rate, **window), label=f"noise {k}")
        for k, (rate, window) in enumerate(
            [
                (draw.uniform(0.0, 3000.0, N), {"start": 2.0, "duration": 31.0}),
                (900.0, {}),
                (60.0, {"start": draw.randint(0, 200, N) * DT}),
            ]
        )
    ]
    cells = sim.Population(N, sim.IF_curr_exp(tau_refrac=1.0), label="cells")
    others = sim.Population(64, sim.IF_curr_exp(), label="others")
    weights = draw.uniform(0.001, 0.06, (3, N))
    post = (np.arange(N) + 300) % N if turned else np.arange(N)
    lists = [
        [(i, int(j), weights[k, i], delay) for i, j in enumerate(post if k == 1 else range(N))]
        for k, delay in enumerate((0.1, 0.4, 0.1))
    ]
    projections = [
        sim.Projection(one, cells, sim.FromListConnector(rows), sim.StaticSynapse())
        for one, rows in zip(noise, lists, strict=True)
    ]
    pairs = np.argwhere(draw.rand(N, N) < 0.05)
    rows = [(i, j, draw.uniform(0.001, 0.02), 0.8) for i, j in pairs.tolist()]
    projections.append(
        sim.Projection(cells, cells, sim.FromListConnector(rows), sim.StaticSynapse())
    )
    if through_log:
        for one, delay in zip(noise, (0.1, 0.4, 0.1), strict=True):
            every = sim.StaticSynapse(weight=0.001, delay=delay)
            sim.Projection(one, others, sim.AllToAllConnector(), every)
    cells.record(["spikes", "v"])
    return {"noise": noise, "cells": cells, "projections": projections, "weights": weights}


def change(model: dict[str, Any], step: float, record: str) -> None:
    """Run in pieces, with changes between them; then a second trial."""

    def run_to(time: float) -> None:
        while sim.get_current_time() < time - 1e-9:
            sim.run_until(min(time, sim.get_current_time() + step))

    noise, projections = model["noise"], model["projections"]
    run_to(7.3)
    if record == "later":
        noise[1].record("spikes")
    run_to(11.0)
    noise[0].set(rate=1500.0)
    run_to(15.2)
    projections[1].set(weight=list(model["weights"][2]))
    run_to(21.0)
    if record == "later":
        noise[1].record(None)
        noise[0][:5].record("spikes")
    run_to(STOP)
    sim.reset()
    run_to(3.0)


def result(model: dict[str, Any]) -> str:
    hasher = hashlib.sha256()
    for segment in model["cells"].get_data().segments:
        for train in segment.spiketrains:
            hasher.update(np.asarray(train.magnitude).tobytes() + b"|")
        hasher.update(np.ascontiguousarray(segment.analogsignals[0].magnitude).tobytes())
    ledger = sim.state.session.ledger()
    for population in ledger.populations[:4]:
        hasher.update(population.spikes.tobytes())
    for projection in ledger.projections[:4]:
        hasher.update(projection.events.tobytes())
    return hasher.hexdigest()


def play(
    through_log: bool = False, threads: int = 1, step: float = STOP, record: str = "",
    precision: str = "exact", turned: bool = False,
) -> str:  # fmt: skip
    model = build(through_log, threads, precision, turned)
    if record == "all":
        for one in model["noise"]:
            one.record("spikes")
    change(model, step, record)
    assert direct_sources() == ([] if through_log else ["noise 0", "noise 1", "noise 2"])
    return result(model)


@pytest.mark.parametrize("precision", ["exact", "fast"])
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
def test_the_log_and_the_short_way_give_the_same_bits(precision: str, turned: bool) -> None:
    """Spikes, potentials, and counts of spikes and events, over threads, slices and recording."""
    common: dict[str, Any] = {"precision": precision, "turned": turned}
    expected = play(through_log=True, **common)
    assert play(**common) == expected
    assert play(**common, threads=2, step=0.7, record="later") == expected
    assert play(**common, threads=3, record="all") == expected
    assert play(**common, threads=2, record="later") == expected


def test_recorded_noise_is_what_acts() -> None:
    """Every recorded spike is one event, and the sum of weights at a perfect integrator."""
    sim.setup(timestep=DT, seed=2)
    noise = sim.Population(20, sim.SpikeSourcePoisson(rate=12_000.0))
    cells = sim.Population(
        20, sim.IF_curr_delta(tau_m=1e12, v_rest=0.0, v_thresh=1e9), initial_values={"v": 0.0}
    )
    sim.Projection(noise, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.25, delay=0.5))
    noise.record("spikes")
    cells.record("v")
    sim.run(50.0)
    assert len(direct_sources()) == 1
    trains = noise.get_data().segments[0].spiketrains
    acted = [int((np.round(np.asarray(one) / DT) <= 495).sum()) for one in trains]
    v = cells.get_data().segments[0].analogsignals[0].magnitude[-1]
    np.testing.assert_allclose(v, 0.25 * np.array(acted), rtol=1e-9)
    events = sim.state.session.ledger().projections[0].events
    assert events.sum() == sum(acted)
