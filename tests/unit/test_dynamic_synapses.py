"""Synapses whose weights act with a factor: closed forms, means and variances."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine.machine_code import compiles
from tests.models import DT

#: Connections that means are taken of.
N = 4000 if compiles() else 300

SPIKES = [10.0, 18.0, 30.0, 31.0, 90.0]


@pytest.fixture(autouse=True)
def _end() -> Iterator[None]:
    yield
    sim.end()


def jumps(synapse: Any, n: int = 1, trials: int = 1, times: list[float] = SPIKES) -> np.ndarray:
    """Jumps of the potential (mV) of n cells at each of a source's spikes, per trial."""
    sim.setup(timestep=DT, seed=4)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    cells = sim.Population(n, sim.IF_curr_delta(tau_m=1e9, v_thresh=1e6))
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    cells.record("v")
    found = []
    for _ in range(trials):
        sim.run(100.0)
        (signal,) = cells.get_data("v", clear=True).segments[-1].analogsignals
        steps = np.round((np.array(times) + 1.0) / DT).astype(int)
        found.append(np.diff(signal.magnitude, axis=0)[steps - 1])
        sim.reset()
    return np.array(found)


def test_depression_has_its_closed_form() -> None:
    """Without facilitation and with instantaneous inactivation: R -> 1 - (1 - R (1 - U)) e."""
    use, tau = 0.4, 37.0
    found = jumps(sim.TsodyksMarkramSynapse(U=use, tau_rec=tau, weight=2.0, delay=1.0))[0, :, 0]
    rest = 1.0
    for k, jump in enumerate(found):
        if k:
            decay = math.exp(-(SPIKES[k] - SPIKES[k - 1]) / tau)
            rest = 1.0 - (1.0 - rest * (1.0 - use)) * decay
        assert jump == pytest.approx(2.0 * use * rest, abs=1e-9)


def test_facilitation_has_its_closed_form() -> None:
    """Resources that recover at once: u -> u e + U (1 - u e)."""
    use, tau = 0.1, 50.0
    synapse = sim.TsodyksMarkramSynapse(U=use, tau_rec=1e-3, tau_facil=tau, weight=2.0, delay=1.0)
    found = jumps(synapse)[0, :, 0]
    u = 0.0
    for k, jump in enumerate(found):
        kept = u * math.exp(-(SPIKES[k] - SPIKES[k - 1]) / tau) if k else 0.0
        u = kept + use * (1.0 - kept)
        assert jump == pytest.approx(2.0 * u, abs=1e-9)


def test_an_initial_value_of_u() -> None:
    """It decays from the beginning of the trial, and again after a reset."""
    sim.setup(timestep=DT)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
    cells = sim.Population(2, sim.IF_curr_delta(tau_m=1e9))
    synapse = sim.TsodyksMarkramSynapse(U=0.2, tau_facil=50.0, weight=1.0, delay=1.0)
    projection = sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    projection.initialize(u=0.6)
    cells.record("v")
    for _ in range(2):
        sim.run(20.0)
        (signal,) = cells.get_data("v", clear=True).segments[-1].analogsignals
        kept = 0.6 * math.exp(-10.0 / 50.0)
        expected = -65.0 + kept + 0.2 * (1.0 - kept)
        assert signal.magnitude[-1] == pytest.approx([expected] * 2, abs=1e-6)
        sim.reset()
    with pytest.raises(sim.errors.InvalidParameterValueError, match="'v'"):
        projection.initialize(v=0.1)


def mean_within(values: np.ndarray, expected: float, deviations: float = 4.5) -> bool:
    """Whether a mean lies within some standard errors of what is expected."""
    error = values.std() / math.sqrt(values.size)
    return bool(abs(values.mean() - expected) < deviations * max(error, 1e-12))


def test_each_spike_is_transmitted_with_its_probability() -> None:
    """Many connections, 3 trials: all or nothing, independent over connections and spikes."""
    found = jumps(sim.SimpleStochasticSynapse(p=0.3, weight=2.0, delay=1.0), N, 3) / 2.0
    assert set(np.unique(np.round(found, 9))) == {0.0, 1.0}
    for trial in found:
        for spike in trial:
            assert mean_within(spike, 0.3)
    flat = found.reshape(15, N)
    assert np.abs(np.corrcoef(flat) - np.eye(15)).max() < 4.5 / math.sqrt(N)


@pytest.mark.parametrize("tau_facil", [0.0, 40.0])
def test_stochastic_synapses_have_the_mean_of_the_deterministic_one(tau_facil: float) -> None:
    """Many connections of one site and of seven, against Tsodyks and Markram's recursion."""
    parameters = {"U": 0.4, "tau_rec": 37.0, "tau_facil": tau_facil, "weight": 1.0, "delay": 1.0}
    (mean,) = jumps(sim.TsodyksMarkramSynapse(**parameters))
    (one,) = jumps(sim.StochasticTsodyksMarkramSynapse(**parameters), N)
    (seven,) = jumps(sim.MultiQuantalSynapse(n=7, **parameters), 4000)
    for k in range(len(SPIKES)):
        assert mean_within(one[k], mean[k, 0])
        assert mean_within(seven[k], mean[k, 0])
    assert set(np.unique(np.round(one, 9))) == {0.0, 1.0}
    assert np.abs(seven * 7.0 - np.round(seven * 7.0)).max() < 1e-6
    # Sites are independent: the variance of a mean of seven is a seventh.
    assert seven[0].var() == pytest.approx(0.4 * 0.6 / 7.0, rel=6.0 / math.sqrt(N))


@pytest.mark.parametrize(
    ("synapse", "words"),
    [
        ("sim.SimpleStochasticSynapse(p=1.5)", "p is not allowed.*from 0 to 1.*1.5"),
        ("sim.TsodyksMarkramSynapse(U=-0.1)", "U is not allowed.*from 0 to 1.*-0.1"),
        ("sim.TsodyksMarkramSynapse(tau_rec=0.0)", "tau_rec is not allowed.*greater than 0"),
        ("sim.MultiQuantalSynapse(n=0)", "n is not allowed.*whole number.*0"),
    ],
)
def test_bad_parameters(synapse: str, words: str) -> None:
    sim.setup(timestep=DT)
    cells = sim.Population(2, sim.IF_curr_exp())
    with pytest.raises(sim.errors.InvalidParameterValueError, match=words):
        sim.Projection(cells, cells, sim.AllToAllConnector(), eval(synapse))
