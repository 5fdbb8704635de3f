"""What other backends get wrong, and this one must not: a test each, which names the bug.

"Asked for" is PyNN's documentation. Bugs that other files test as a part of more:

- a map of one cell onto one (all backends with NumPy 2.1): test_wiring_like_mock,
  test_one_cell_each
- v(0) drawn anew at each read (NEST): test_lifecycle, test_initial_values_are_drawn_once
- Poisson trains that begin 1 ms, the minimum delay and two steps late (NEST): test_sources,
  test_trains_begin_and_end_exactly
- currents that do not act before the minimum delay, or a start off the grid that is refused (NEST),
  a current changed between runs that acts late: test_currents
- noise that is another one for each target, and a third one in the record (NEST): test_currents,
  test_recorded_noise_is_what_all_targets_receive
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.models import DT, potentials, steps_of


def pair(sim: Any, mechanism: Any, lag_steps: int) -> float:
    """The weight after one spike of the target, ``lag_steps`` after one of the source."""
    sim.setup(timestep=DT)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0, 5000.0]))
    times = sim.SpikeSourceArray(spike_times=[10.0 + lag_steps * DT])
    driver = sim.Population(1, times)
    target = sim.Population(1, sim.IF_curr_delta(tau_refrac=DT))
    one = sim.OneToOneConnector()
    kick = sim.StaticSynapse(weight=1000.0, delay=DT)
    sim.Projection(driver, target, one, kick)
    learning = sim.Projection(source, target, one, mechanism, receptor_type="inhibitory")
    sim.run(5001.0)
    (weight,) = learning.get("weight", format="list", with_address=False)
    return float(weight)


def mechanism(sim: Any, dependence: Any, weight: float) -> Any:
    rule = sim.SpikePairRule(tau_plus=20.0, tau_minus=20.0, A_plus=0.01, A_minus=0.0)
    return sim.STDPMechanism(rule, dependence, weight=weight, delay=DT)


# Plasticity


@pytest.mark.parametrize("mu", [0.0, 0.3, 1.0])
def test_exponents_of_gutig_act(sim: Any, mu: float) -> None:
    """pyNN.nest ignores mu_plus and mu_minus: they are always 0.5."""
    dependence = sim.GutigWeightDependence(w_max=-1.0, w_min=0.0, mu_plus=mu, mu_minus=mu)
    w = pair(sim, mechanism(sim, dependence, -0.4), 50)
    assert w == pytest.approx(-0.4 - 0.01 * 0.6**mu * math.exp(-5.2 / 20.0), abs=1e-13)


def test_w_max_has_the_unit_of_the_weight(sim: Any) -> None:
    """pyNN.nest multiplies it by 1000 even for weights in mV (IF_curr_delta, Izhikevich)."""
    dependence = sim.AdditiveWeightDependence(w_max=-1.0, w_min=0.0)
    w = pair(sim, mechanism(sim, dependence, -0.4), 50)
    assert w == pytest.approx(-0.4 - 0.01 * math.exp(-5.2 / 20.0), abs=1e-13)


@pytest.mark.parametrize(
    "name", ["GutigWeightDependence", "AdditivePotentiationMultiplicativeDepression"]
)
def test_changes_are_fractions_of_the_largest_weight(sim: Any, name: str) -> None:
    """In NEURON one pair takes a weight with w_max = 0.001 to 19.8 w_max."""
    changes = []
    for w_max in (0.001, 1.0):
        dependence = getattr(sim, name)(w_max=-w_max, w_min=0.0)
        changes.append(pair(sim, mechanism(sim, dependence, -0.5 * w_max), 50) / w_max)
    assert changes[0] == pytest.approx(changes[1], rel=1e-12)
    assert -0.51 < changes[0] < -0.5


def test_mechanisms_keep_their_own_translations(sim: Any) -> None:
    """PyNN changes a dict of the class with each instance: parameters leak into others."""
    sim.setup(timestep=DT)
    pairs = mechanism(sim, sim.AdditiveWeightDependence(), 0.0)
    rule = sim.Vogels2011Rule(tau=20.0, eta=0.1, rho=3.0)
    vogels = sim.STDPMechanism(rule, sim.AdditiveWeightDependence())
    assert "tau_plus" in pairs.translations
    assert "tau_plus" not in vogels.translations
    assert "eta" not in pairs.translations
    assert not {"tau_plus", "eta"} & set(sim.STDPMechanism.base_translations)


def test_stochastic_synapses_are_there(sim: Any) -> None:
    """pyNN.nest lacks them where NEST is a wheel, with which PyNN's extensions cannot be built."""
    sim.setup(timestep=DT, seed=1)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=np.arange(1.0, 100.0)))
    cells = sim.Population(2, sim.IF_curr_delta(v_thresh=1e3, tau_m=1e6))
    cells.record("v")
    for cell, synapse in enumerate(
        (
            sim.SimpleStochasticSynapse(weight=1.0, p=0.5),
            sim.StochasticTsodyksMarkramSynapse(weight=1.0, U=0.5),
        )
    ):
        sim.Projection(source, cells[cell : cell + 1], sim.OneToOneConnector(), synapse)
    sim.run(101.0)
    released = (np.diff(potentials(cells), axis=0) > 0.5).sum(axis=0)
    assert (released > 0).all()
    assert (released < 90).all()


# Cells


def test_the_cell_with_two_adaptations_can_be_made(sim: Any) -> None:
    """In pyNN.nest IF_cond_exp_gsfa_grr raises KeyError: 'g_r'."""
    sim.setup(timestep=DT)
    cell = sim.Population(1, sim.IF_cond_exp_gsfa_grr(i_offset=1.5))
    cell.record(["g_r", "g_s", "spikes"])
    sim.run(100.0)
    segment = cell.get_data().segments[0]
    assert len(segment.spiketrains[0]) > 0
    assert {s.name for s in segment.analogsignals} == {"g_r", "g_s"}
    assert all(float(s.max()) > 0 for s in segment.analogsignals)


def test_the_potential_of_delta_cells_is_recorded(sim: Any) -> None:
    """pyNN.nest cannot record v of IF_curr_delta, and ignores its initial value."""
    sim.setup(timestep=DT)
    cell = sim.Population(1, sim.IF_curr_delta(tau_m=20.0), initial_values={"v": -60.0})
    cell.record("v")
    sim.run(20.0)
    v = potentials(cell)[:, 0]
    assert v[0] == -60.0
    assert v[200] == pytest.approx(-65.0 + 5.0 * math.exp(-1.0), abs=1e-12)


def test_given_spikes_are_counted(sim: Any) -> None:
    """On NEURON get_spike_counts() of a SpikeSourceArray raises TypeError."""
    sim.setup(timestep=DT)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0, 2.0]))
    source.record("spikes")
    sim.run(3.0)
    assert list(source.get_spike_counts().values()) == [2, 2]
    assert source.mean_spike_count() == 2.0


# Given times


def test_given_times_are_not_shifted_by_the_minimum_delay(sim: Any) -> None:
    """pyNN.nest (PyNN issue 536): [3, 10] asked for, [4.8, 11.8] recorded."""
    sim.setup(timestep=0.2)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0, 10.0]))
    cells = sim.Population(1, sim.IF_curr_exp(tau_refrac=0.2))
    source.record("spikes")
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1, delay=2.0))
    sim.run(20.0)
    assert source.get_data("spikes").segments[0].spiketrains[0].magnitude.tolist() == [3.0, 10.0]


def test_given_times_up_to_the_minimum_delay_are_kept(sim: Any) -> None:
    """pyNN.nest loses a spike at 0 and refuses one at 0.1; at 1 ms, the delay, it loses it too."""
    sim.setup(timestep=DT, min_delay=1.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0, DT, 1.0]))
    source.record("spikes")
    sim.run(2.0)
    assert steps_of(source) == [[0, 1, 10]]


def test_given_times_on_the_grid_stay_there(sim: Any) -> None:
    """pyNN.nest emits 26 of these 3 999 times one step late, by float noise."""
    sim.setup(timestep=DT, min_delay=DT)
    rounded = [round(0.1 * k, 1) for k in range(2, 4001)]
    noisy = [0.1 * k for k in range(2, 4001)]
    source = sim.Population(
        2, sim.SpikeSourceArray(spike_times=[sim.Sequence(rounded), sim.Sequence(noisy)])
    )
    source.record("spikes")
    sim.run(400.0)
    assert steps_of(source) == [list(range(2, 4001))] * 2


def test_equal_given_times_are_two_spikes(sim: Any) -> None:
    """Brian2 raises."""
    sim.setup(timestep=DT)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 1.0]))
    source.record("spikes")
    sim.run(2.0)
    assert steps_of(source) == [[10, 10]]


def test_given_times_off_the_grid_are_said_to_be_rounded(sim: Any) -> None:
    """NEST moves them up and Brian2 down without a word; NEURON records times that do not act."""
    sim.setup(timestep=DT)
    with pytest.warns(UserWarning, match="off the grid and were moved up"):
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.01, 20.06]))
    cells = sim.Population(1, sim.IF_curr_delta())
    source.record("spikes")
    cells.record("v")
    synapse = sim.StaticSynapse(weight=1.0, delay=1.0)
    sim.Projection(source, cells, sim.OneToOneConnector(), synapse)
    sim.run(30.0)
    jumps = np.flatnonzero(np.diff(potentials(cells)[:, 0]) > 0.5) + 1
    assert [[step - 10 for step in jumps]] == steps_of(source)


# Random sources and changes


def test_all_targets_see_the_train_that_is_recorded(sim: Any) -> None:
    """A generator of NEST gives each of its targets another train."""
    sim.setup(timestep=DT, seed=2)
    source = sim.Population(1, sim.SpikeSourcePoisson(rate=3000.0, start=5.0))
    cells = sim.Population(2, sim.IF_curr_delta(v_thresh=1e3, tau_m=1e9))
    source.record("spikes")
    cells.record("v")
    synapse = sim.StaticSynapse(weight=1.0, delay=DT)
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    sim.run(100.0)
    (steps,) = steps_of(source)
    assert len(steps) > len(set(steps))  # several in one step
    expected = np.bincount(np.array(steps) + 1, minlength=1001)[:1001].cumsum()
    for v in potentials(cells).T:
        assert np.abs(v + 65.0 - expected).max() < 1e-4


def test_changes_do_not_wait_for_the_minimum_delay(sim: Any) -> None:
    """On NEST i_offset acts min_delay late, v too, and a current two min_delays and a step."""
    sim.setup(timestep=DT, min_delay=1.0)
    offset, injected, initialized = (sim.Population(1, sim.IF_curr_exp()) for _ in range(3))
    current = sim.DCSource(amplitude=0.0)
    current.inject_into(injected)
    for cells in (offset, injected, initialized):
        cells.record("v")
    sim.run(10.0)
    offset.set(i_offset=0.5)
    current.amplitude = 0.5
    initialized.initialize(v=-60.0)
    sim.run(1.0)
    rise = 0.5 * 20.0 * -math.expm1(-DT / 20.0)
    for cells in (offset, injected):
        v = potentials(cells)[:, 0]
        assert (v[:101] == -65.0).all()
        assert v[101] == pytest.approx(-65.0 + rise, abs=1e-12)
    v = potentials(initialized)[:, 0]
    assert (v[:101] == -65.0).all()
    assert v[101] == pytest.approx(-65.0 + 5.0 * math.exp(-DT / 20.0), abs=1e-12)
