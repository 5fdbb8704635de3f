"""Plastic networks: the same bits for any threads, slices, reads, histories and recording."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine import histories, plasticity
from pynn_greenmorph.engine.machine_code import compiles
from pynn_greenmorph.errors import FidelityWarning
from tests.models import DT

#: Blocks hold 512 cells: each of three threads owns some of each population.
SIZES = (1100, 600) if compiles() else (60, 40)
DEGREE = 12


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    sim.end()


def pairs(draw: np.random.RandomState, pre: Any, post: Any, low: float, high: float) -> Any:
    """Drawn pairs with drawn weights and delays of 0.3 to 6 ms."""
    n = DEGREE * post.size
    columns = [
        draw.randint(pre.size, size=n),
        draw.randint(post.size, size=n),
        draw.uniform(low, high, n),
        draw.choice([0.3, 0.9, 1.4, 2.2, 6.0], n),
    ]
    return sim.FromListConnector(np.column_stack(columns))


def stdp(rule: Any, dependence: Any, fraction: float) -> Any:
    return sim.STDPMechanism(
        timing_dependence=rule, weight_dependence=dependence, dendritic_delay_fraction=fraction
    )


def drawn(low: float, high: float) -> Any:
    return sim.RandomDistribution("uniform", (low, high), rng=sim.NumpyRNG(seed=31))


def build(threads: int, record: bool, precision: str) -> tuple[list[Any], list[Any]]:
    """Noise onto two populations that excite each other, everything plastic."""
    sim.setup(timestep=DT, seed=5, threads=threads, precision=precision)
    draw = np.random.RandomState(8)
    noise = sim.Population(SIZES[1], sim.SpikeSourcePoisson(rate=60.0), label="noise")
    offset = draw.uniform(0.5, 0.95, SIZES[0])
    one = sim.Population(SIZES[0], sim.IF_curr_exp(i_offset=offset), label="one")
    two = sim.Population(SIZES[1], sim.IF_curr_exp(i_offset=0.8), label="two")
    for cells in (one, two):
        cells.initialize(v=draw.uniform(-65.0, -50.0, cells.size))
    pair = sim.SpikePairRule(tau_plus=15.0, A_plus=0.05, A_minus=0.04)
    wide = sim.SpikePairRule(A_plus=drawn(0.01, 0.05), A_minus=0.02)
    vogels = sim.Vogels2011Rule(eta=0.01, rho=20.0)
    sign = sim.SignTimingRule(a_plus=0.1, a_minus=0.07)
    additive = sim.AdditiveWeightDependence(w_max=0.4)
    types = [
        (noise, one, stdp(pair, additive, 1.0)),
        (one, two, stdp(wide, sim.GutigWeightDependence(w_max=0.4, mu_plus=0.3), 0.5)),
        (two, one, stdp(vogels, sim.MultiplicativeWeightDependence(w_max=0.4), 0.0)),
        (one, one, stdp(sign, sim.LogisticWeightDependence(w_max=0.4), 0.3)),
        (two, sim.Assembly(one, two), stdp(pair, additive, 1.0)),
        (noise, two, sim.TsodyksMarkramSynapse(U=0.3, tau_rec=60.0, tau_facil=20.0)),
        (one, two, sim.TsodyksMarkramSynapse(U=drawn(0.1, 0.9), tau_rec=60.0)),
        (noise, one, sim.SimpleStochasticSynapse(p=0.4)),
        (two, two, sim.MultiQuantalSynapse(n=5, tau_rec=90.0)),
        (one, one, sim.StochasticTsodyksMarkramSynapse(tau_rec=90.0, tau_facil=30.0)),
        (noise, two, sim.StaticSynapse()),
    ]
    projections = [
        sim.Projection(pre, post, pairs(draw, pre, post, 0.05, 0.35), synapse)
        for pre, post, synapse in types
    ]
    if record:
        one.record(["spikes", "v"])
        two.record("spikes")
    return [noise, one, two], projections


def digest(projections: list[Any]) -> str:
    """sha256 of spikes per cell, states, weights and counts."""
    engine = sim.state.session.simulation
    hasher = hashlib.sha256(engine.emitted.tobytes() + engine.cells.state.tobytes())
    hasher.update(engine.cells.state32.tobytes())
    for projection in projections:
        hasher.update(np.array(projection.get("weight", format="list")).tobytes())
    for ledger in sim.state.session.ledger().projections:
        hasher.update(ledger.events.tobytes() + ledger.plastic_events.tobytes())
    return hasher.hexdigest()


def run_to(time: float, step: float, projections: list[Any], read: bool) -> None:
    while sim.get_current_time() < time - 1e-9:
        sim.run_until(min(round(sim.get_current_time() + step, 9), time))
        if read:
            projections[1].get("weight", format="list")


def play(
    threads: int, step: float, record: bool = True, read: bool = False, precision: str = "exact"
) -> tuple[str, ...]:
    """Changes with spikes in flight, new cells and a second trial; a hash of each trial."""
    populations, projections = build(threads, record, precision)
    one = populations[1]
    run_to(23.0, step, projections, read)
    projections[0].set(delay=1.1)
    projections[1].set(weight=0.17)
    projections[5].set(U=0.6)
    run_to(31.4, step, projections, read)
    projections[2].set(eta=0.02)
    projections[4][7].weight = 0.11
    draw = np.random.RandomState(2)
    late = sim.Population(600 if compiles() else 20, sim.IF_curr_exp(i_offset=0.9), label="late")
    mechanism = stdp(sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=0.5), 1.0)
    more = [
        sim.Projection(one, late, pairs(draw, one, late, 0.1, 0.3), mechanism),
        sim.Projection(late, one, pairs(draw, late, one, 0.1, 0.3), sim.StaticSynapse()),
    ]
    projections = projections + more
    run_to(60.0, step, projections, read)
    first = digest(projections)
    before = np.array(projections[0].get("weight", format="list"))
    assert (before[:, 2] != projections[0]._group.weight).mean() > 0.3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FidelityWarning)  # learned weights go
        sim.reset()
    run_to(20.0, step, projections, read)
    assert sim.profile().threads == (threads if compiles() else 1)
    return first, digest(projections)


def test_threads_slices_reads_and_recording() -> None:
    """One hash of each trial for all of them."""
    found = {play(1, 100.0)}
    for threads, step, record, read in (
        (2, 100.0, False, False),
        (3, 7.3, True, False),
        (1, 0.7, False, True),
        (2, 3.1, True, True),
        (3, 100.0, False, False),
    )[: None if compiles() else 3]:
        found.add(play(threads if compiles() else 1, step, record, read))
    assert len(found) == 1


def test_threads_and_slices_in_fast_precision() -> None:
    """Inputs in single precision: one hash of each trial as well."""
    n = 3 if compiles() else 1
    found = {play(1, 100.0, precision="fast"), play(n, 7.3, precision="fast")}
    assert len(found) == 1
    assert found != {play(1, 100.0)}


def test_histories_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """When histories are cut, and whether, changes nothing."""
    found = {play(1, 100.0)}
    monkeypatch.setattr(histories, "SMALLEST", 2000)
    found.add(play(1, 100.0))
    monkeypatch.setattr(histories, "SMALLEST", 0)
    found.add(play(2 if compiles() else 1, 100.0))
    # Every chunk begins with cut histories.
    monkeypatch.setattr(histories, "RECENT_STEPS", 20)
    monkeypatch.setattr(plasticity, "nearly_full", lambda plastic, window: len(plastic.end) > 0)
    found.add(play(1, 3.1))
    assert len(found) == 1
