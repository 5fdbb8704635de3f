"""The rules of the engine, each against a value worked out by hand or in closed form."""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine.rows import column_and_stride
from pynn_greenmorph.engine.simulation import Simulation
from pynn_greenmorph.errors import FidelityWarning, SimulationError
from pynn_greenmorph.network import CellGroup, CurrentGroup, Network, Probe, StepWave, SynapseGroup
from pynn_greenmorph.registry import cell_model, synapse_model

DT = 0.1


@pytest.fixture(autouse=True)
def session() -> Iterator[None]:
    """A new network with a step of 0.1 ms."""
    sim.setup(timestep=DT)
    yield
    sim.end()


def v_of(population: Any) -> np.ndarray:
    return np.asarray(population.get_data("v").segments[-1].analogsignals[0].magnitude)


def steps_of(population: Any) -> list[list[int]]:
    trains = population.get_data("spikes").segments[-1].spiketrains
    return [np.round(train.magnitude / DT).astype(int).tolist() for train in trains]


def follower(**parameters: Any) -> Any:
    """A cell whose synaptic current shows what arrives: no decay within rounding."""
    cell = sim.Population(1, sim.IF_curr_exp(tau_syn_E=1e9, tau_syn_I=1e9, **parameters))
    cell.record(["isyn_exc", "isyn_inh"])
    return cell


def arrivals(cell: Any, variable: str = "isyn_exc") -> dict[int, float]:
    """Step and size (nA, to 1e-6) of each jump of the synaptic current."""
    (signal,) = cell.get_data(variable).segments[-1].analogsignals
    jumps = np.diff(np.asarray(signal.magnitude)[:, 0])
    at = np.flatnonzero(np.abs(jumps) > 1e-6)
    return {int(step) + 1: round(float(jumps[step]), 6) for step in at}


def test_potential_is_the_closed_form() -> None:
    """A constant current: V = E + R I (1 - exp(-t/tau)), within 1e-12 mV.

    Tolerance: 2 000 steps, each rounds V (at most 20 mV above rest) by half a
    unit in the last place (1.8e-15 mV), and the errors decay with tau.
    """
    tau, cm, current = 13.7, 0.8, 0.9
    cell = sim.Population(1, sim.IF_curr_exp(tau_m=tau, cm=cm, i_offset=current, v_thresh=0.0))
    cell.record("v")
    sim.run(200.0)
    t = np.arange(2001) * DT
    exact = -65.0 + tau / cm * current * (1 - np.exp(-t / tau))
    assert np.abs(v_of(cell)[:, 0] - exact).max() < 1e-12


@pytest.mark.parametrize("tau_syn", [0.5, 5.0, 20.0, 20.0 + 1e-9])
def test_synaptic_potential_is_the_closed_form(tau_syn: float) -> None:
    """One spike onto a cell at rest, also where both time constants (nearly) agree.

    Tolerance: see the constant current; the difference of the time constants is
    exact in floating point, so expm1 loses nothing.
    """
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    cell = sim.Population(1, sim.IF_curr_exp(tau_syn_E=tau_syn, v_thresh=0.0))
    cell.record("v")
    sim.Projection(source, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.5, delay=2.0))
    sim.run(60.0)
    s = np.maximum(np.arange(601) * DT - 3.0, 0.0)
    rise = 1.5 * s * np.exp(-s / 20.0)
    if tau_syn != 20.0:
        beta = tau_syn * 20.0 / (20.0 - tau_syn)
        rise = 1.5 * beta * np.exp(-s / tau_syn) * np.expm1(s / beta)
    v = v_of(cell)[:, 0]
    assert np.abs(v + 65.0 - rise).max() < 1e-12
    assert rise.max() > 0.5
    # It arrives in step 30 and moves the potential first in step 31.
    assert (v[:31] == -65.0).all()
    assert v[31] > -65.0


def test_a_sample_is_taken_after_the_reset() -> None:
    """The sample at a spike's stamp shows v_reset; no sample shows v_thresh or more.

    At rest at -65, R I = 30 mV, the threshold of -50 is met after
    ceil(20 ln 2 / 0.1) = 139 steps, and from v_reset after ceil(20 ln(35/15) / 0.1) = 170
    steps more, behind 20 refractory ones.
    """
    cell = sim.Population(1, sim.IF_curr_exp(i_offset=1.5, v_reset=-70.0, tau_refrac=2.0))
    cell.record(["spikes", "v"])
    sim.run(60.0)
    assert steps_of(cell) == [[139, 139 + 190, 139 + 380]]
    v = v_of(cell)[:, 0]
    assert v[[139, 329, 519]].tolist() == [-70.0] * 3
    assert v.max() < -50.0
    assert v[138] > -50.1


def test_the_threshold_itself_is_a_spike() -> None:
    """v == v_thresh at the start: a spike in the first step, one below it: none."""
    parameters = {"v_rest": -50.0, "v_thresh": -50.0, "v_reset": -70.0, "tau_refrac": 5.0}
    cells = sim.Population(2, sim.IF_curr_exp(**parameters))
    cells.initialize(v=[-50.0, np.nextafter(-50.0, -51.0)])
    cells[1:2].set(v_rest=-51.0)
    cells.record("spikes")
    sim.run(1.0)
    assert steps_of(cells) == [[1], []]


@pytest.mark.parametrize(
    ("tau_refrac", "steps"),
    [(0.0, 0), (0.04, 1), (0.1, 1), (0.1004, 1), (0.1006, 2), (0.12, 2), (0.25, 3), (2.0, 20)],
)
def test_refractory_steps(tau_refrac: float, steps: int) -> None:
    """Whole microseconds, then rounded up to steps; V is at reset for so many samples more."""
    on_grid = abs(tau_refrac / DT - round(tau_refrac / DT)) < 1e-3
    with nullcontext() if on_grid else pytest.warns(FidelityWarning, match="whole steps"):
        cell = sim.Population(
            1, sim.IF_curr_exp(tau_refrac=tau_refrac, i_offset=3.0, v_reset=-70.0)
        )
    cell.record(["spikes", "v"])
    sim.run(30.0)
    first = steps_of(cell)[0][0]
    at_reset = (v_of(cell)[first:, 0] == -70.0).argmin()
    assert at_reset == steps + 1


@pytest.mark.parametrize(
    ("delay", "steps"), [(0.1, 1), (0.15, 2), (0.25, 3), (1.25, 13), (1.234, 12), (15.0, 150)]
)
def test_delays_are_rounded_half_up(delay: float, steps: int) -> None:
    """Stamped at step 30, a spike is in the current of step 30 + delay."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]))
    cell = follower()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        synapse = sim.StaticSynapse(weight=0.5, delay=delay)
        projection = sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
    assert bool(caught) == (abs(steps * DT - delay) > 1e-9)
    sim.run(25.0)
    assert arrivals(cell) == {30 + steps: 0.5}
    assert projection.get("delay", format="list", with_address=False) == [round(steps * DT, 9)]


def test_spike_times_move_up_to_the_grid() -> None:
    """Float noise costs no step; equal times are two spikes; time 0 is a time."""
    noisy = [k * 0.1 for k in range(1, 400)]
    exact = sim.Population(1, sim.SpikeSourceArray(spike_times=noisy))
    exact.record("spikes")
    with pytest.warns(FidelityWarning, match="moved up"):
        moved = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0, 10.01, 20.0, 20.0]))
    moved.record("spikes")
    cell = follower()
    sim.Projection(moved, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.5, delay=1.0))
    sim.run(45.0)
    assert steps_of(exact) == [list(range(1, 400))]
    assert steps_of(moved) == [[0, 101, 200, 200]]
    assert arrivals(cell) == {10: 0.5, 111: 0.5, 210: 1.0}


def test_spike_times_set_between_runs_act_after_the_present_time() -> None:
    """A spike at the present time is over: it is neither emitted again nor in the way."""
    sources = sim.Population(2, sim.SpikeSourceArray(spike_times=[5.0, 10.0, 12.0]))
    sources.record("spikes")
    sim.run(10.0)
    sources[0:1].set(spike_times=sim.Sequence([5.0, 10.0, 10.1, 11.0]))
    sim.run(5.0)
    assert steps_of(sources) == [[50, 100, 101, 110], [50, 100, 120]]
    with pytest.warns(FidelityWarning, match="1 spike times at or before the present time"):
        sources[1:2].set(spike_times=sim.Sequence([7.0, 16.0]))
    sim.run(5.0)
    assert steps_of(sources) == [[50, 100, 101, 110], [50, 100, 120, 160]]
    sim.reset()
    sim.run(20.0)
    assert steps_of(sources) == [[50, 100, 101, 110], [70, 160]]


def in_flight(*actions: tuple[float, Any]) -> dict[int, float]:
    """A spike at 10 ms with weight 0.5 and delay 5 ms; actions at their times; arrivals."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
    cell = follower()
    synapse = sim.StaticSynapse(weight=0.5, delay=5.0)
    projection = sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
    for at, action in actions:
        sim.run_until(at)
        action(source, cell, projection)
    sim.run_until(40.0)
    return arrivals(cell)


@pytest.mark.parametrize(
    "actions",
    [
        [(12.0, {"weight": 1.0})],
        [(12.0, {"delay": 1.0})],
        [(12.0, {"delay": 9.0})],
        [(16.0, {"delay": 9.0})],
        [(12.0, {"delay": 9.0}), (13.0, {"delay": 1.0, "weight": 2.0})],
    ],
)
def test_a_spike_in_flight_keeps_weight_and_delay(actions: list[Any]) -> None:
    """Whatever is set while it flies, it arrives once, at 15 ms, with the old weight."""
    calls = [
        (at, lambda _source, _cell, projection, values=values: projection.set(**values))
        for at, values in actions
    ]
    assert in_flight(*calls) == {150: 0.5}
    assert sim.energy_report().counters["synaptic_events"] == 1


def test_a_new_projection_delivers_no_old_spike() -> None:
    """Made at 12 ms, it does not deliver the spike of 10 ms; the old one still does."""

    def connect(source: Any, cell: Any, _projection: Any) -> None:
        synapse = sim.StaticSynapse(weight=3.0, delay=5.0)
        sim.Projection(source, cell, sim.OneToOneConnector(), synapse)

    assert in_flight((12.0, connect)) == {150: 0.5}


def train(
    times: list[float], *actions: tuple[float, dict[str, float]], stop: float = 60.0
) -> dict[int, float]:
    """Spikes with weight 0.5 and delay 5 ms at first, values set at given times; arrivals."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    cell = follower()
    synapse = sim.StaticSynapse(weight=0.5, delay=5.0)
    projection = sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
    for at, values in actions:
        sim.run_until(at)
        projection.set(**values)
    sim.run_until(stop)
    return arrivals(cell)


def test_each_of_many_spikes_in_flight_keeps_its_values() -> None:
    """Emitted at or before the change: old values; after it: new ones; meeting ones add up."""
    found = train(
        [9.0, 10.0, 11.0, 12.0, 12.1, 13.0, 14.0, 14.1, 15.0],
        (12.0, {"delay": 2.0, "weight": 0.25}),  # 12.1 -> 14.1, 13 -> 15, 14 -> 16
        (14.0, {"delay": 8.0, "weight": 2.0}),  # 14.1 -> 22.1, 15 -> 23
    )
    assert found == {
        140: 0.5,
        141: 0.25,
        150: 0.75,
        160: 0.75,
        170: 0.5,
        221: 2.0,
        230: 2.0,
    }
    assert sim.energy_report().counters["synaptic_events"] == 9


@pytest.mark.parametrize("at", [10.0, 10.1, 14.9, 15.0, 15.1, 18.9, 19.0, 19.1])
def test_a_change_at_the_time_of_an_arrival(at: float) -> None:
    """One spike arrives at 15 and at 19 ms, each time once, whenever something changes."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
    cell = follower()
    both = sim.FromListConnector([(0, 0, 0.5, 5.0), (0, 0, 0.25, 9.0)])
    projection = sim.Projection(source, cell, both, sim.StaticSynapse())
    sim.run(at)
    projection.set(weight=2.0)
    sim.run_until(30.0)
    assert arrivals(cell) == {150: 0.5, 190: 0.25}
    assert sim.energy_report().counters["synaptic_events"] == 2


def test_a_new_weight_acts_on_spikes_stamped_later() -> None:
    """Whatever the delay: the spike at the time of the change has the old weight."""
    assert train([9.9, 10.0, 10.1], (10.0, {"weight": 1.0})) == {149: 0.5, 150: 0.5, 151: 1.0}


def test_a_spike_that_arrived_does_not_arrive_again() -> None:
    """Delays that grow and shrink again and again after the arrival at 15 ms."""
    changes = [(15.0 + k, {"delay": delay}) for k, delay in enumerate([9.0, 0.1, 30.0, 6.0])]
    assert train([10.0], *changes) == {150: 0.5}
    assert sim.energy_report().counters["synaptic_events"] == 1


def test_reset_forgets_what_is_in_flight() -> None:
    """Reset at 12 ms: the second trial is as if there had been no first."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
    cell = follower(v_thresh=0.0)
    cell.record("v")
    projection = sim.Projection(
        source, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.5, delay=5.0)
    )
    sim.run(11.0)
    projection.set(delay=6.0)  # in flight as pending input
    sim.run(1.0)
    sim.reset()
    sim.run(9.0)
    assert arrivals(cell) == {}
    sim.run(11.0)
    assert arrivals(cell) == {160: 0.5}
    assert (v_of(cell)[:161] == -65.0).all()
    assert sim.energy_report().counters["synaptic_events"] == 1
    assert sim.energy_report().counters["spikes"] == 2


def test_reset_restores_state_currents_and_spike_times() -> None:
    """Two trials of one network without noise have the same bits."""
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[0.0, 1.0, 1.0, 7.7]))
    cells = sim.Population(4, sim.IF_curr_exp(i_offset=[0.1, 0.5, 0.9, 1.3], tau_refrac=0.7))
    cells.initialize(v=[-65.0, -60.0, -55.0, -51.0])
    cells.record(["spikes", "v"])
    synapse = sim.StaticSynapse(weight=0.3, delay=1.7)
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    pulse = sim.StepCurrentSource(times=[0.0, 3.0, 6.0], amplitudes=[0.4, 0.0, 1.1])
    pulse.inject_into(cells)
    sim.run(9.3)
    sim.reset()
    sim.run(9.3)
    first, second = cells.get_data().segments
    for one, other in zip(first.spiketrains, second.spiketrains, strict=True):
        assert one.magnitude.tolist() == other.magnitude.tolist()
    one, other = (segment.analogsignals[0].magnitude.tobytes() for segment in (first, second))
    assert one == other
    assert sum(len(spikes) for spikes in steps_of(cells)) > 3


def test_changes_act_exactly_at_the_present_time() -> None:
    """Offset current, initial value and a current source, changed at 10 ms."""
    cells = sim.Population(3, sim.IF_curr_exp(v_thresh=0.0))
    source = sim.DCSource(amplitude=0.0, start=0.0)
    source.inject_into(cells[1:2])
    cells.record("v")
    sim.run(10.0)
    cells[0:1].set(i_offset=1.0)
    source.amplitude = 1.0
    cells[2:3].initialize(v=-60.0)
    sim.run(10.0)
    v = v_of(cells)
    assert np.abs(v[:101] + 65.0).max() < 1e-12
    t = np.arange(1, 101) * DT
    rise = 20.0 * (1 - np.exp(-t / 20.0))
    # Tolerance: 100 steps of rounding at 65 mV, 7e-15 mV each.
    assert np.abs(v[101:, 0] + 65.0 - rise).max() < 1e-12
    assert np.abs(v[101:, 1] + 65.0 - rise).max() < 1e-12
    assert np.abs(v[101:, 2] + 65.0 - 5.0 * np.exp(-t / 20.0)).max() < 1e-12


def test_a_new_resting_potential_leaves_the_potential_where_it_is() -> None:
    """V is held relative to rest inside; outside it relaxes from where it was."""
    cell = sim.Population(1, sim.IF_curr_exp(v_thresh=0.0))
    cell.record("v")
    sim.run(1.0)
    cell.set(v_rest=-75.0)
    sim.run(5.0)
    t = np.arange(51) * DT
    assert np.abs(v_of(cell)[10:, 0] - (-75.0 + 10.0 * np.exp(-t / 20.0))).max() < 1e-12


def test_currents_act_from_their_start_to_their_stop() -> None:
    """Asked for in [2, 5) ms: the first sample that moves is at 2.1 ms, the last rise at 5."""
    cell = sim.Population(1, sim.IF_curr_exp(v_thresh=0.0, tau_m=1e9, cm=1.0))
    pulse = sim.DCSource(amplitude=0.5, start=2.0, stop=5.0)
    pulse.inject_into(cell)
    pulse.record()
    cell.record("v")
    sim.run(8.0)
    moved = np.flatnonzero(np.diff(v_of(cell)[:, 0]) > 1e-6) + 1
    assert moved.tolist() == list(range(21, 51))
    recorded = np.asarray(pulse.get_data().magnitude).ravel()
    assert np.flatnonzero(recorded == 0.5).tolist() == list(range(20, 50))


def test_step_currents_act_from_each_of_their_times() -> None:
    """Three values, changed between runs; the sum of two sources; exact in recorded and V."""
    cells = sim.Population(2, sim.IF_curr_exp(v_thresh=1e6, tau_m=1e9, cm=1.0))
    cells.record("v")
    steps = sim.StepCurrentSource(times=[1.0, 2.0, 4.0], amplitudes=[0.5, -0.25, 1.0])
    steps.inject_into(cells)
    other = sim.DCSource(amplitude=0.125, start=0.0, stop=3.0)
    other.inject_into(cells[1:2])
    steps.record()
    sim.run(5.0)
    steps.set_parameters(times=[1.0, 5.5], amplitudes=[2.0, 0.0])
    sim.run(1.0)
    current = np.repeat([0.0, 0.5, -0.25, 1.0, 2.0, 0.0], [10, 10, 20, 10, 5, 5])
    recorded = np.asarray(steps.get_data().magnitude).ravel()
    assert recorded[:60].tolist() == current.tolist()
    # Without leak within rounding, a step adds 0.1 ms * I / 1 nF; tolerance: R = 1e9 MOhm
    # leaks 60 mV/1e9 ms over 6 ms.
    rise = np.concatenate([[0.0], np.cumsum(0.1 * current)])
    assert np.abs(v_of(cells)[:, 0] + 65.0 - rise).max() < 1e-6
    rise += 0.1 * 0.125 * np.minimum(np.arange(61), 30)
    assert np.abs(v_of(cells)[:, 1] + 65.0 - rise).max() < 1e-6


def test_cells_made_between_runs_join_at_the_present_time() -> None:
    """New population, source, projection and current at 10 ms; the old ones do not notice."""

    def old_cell(extend: bool) -> np.ndarray:
        sim.setup(timestep=DT)
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[9.0, 12.0]))
        cell = sim.Population(1, sim.IF_curr_exp(i_offset=0.3))
        cell.record("v")
        synapse = sim.StaticSynapse(weight=0.5, delay=3.0)
        sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
        sim.run(10.0)
        if extend:
            late = sim.Population(2, sim.IF_curr_exp(v_thresh=0.0, i_offset=[0.0, 1.0]))
            late.record("v")
            more = sim.Population(1, sim.SpikeSourceArray(spike_times=[11.0]))
            sim.Projection(more, late[0:1], sim.AllToAllConnector(), synapse)
        sim.run(10.0)
        if extend:
            v = v_of(late)
            t = np.arange(101) * DT
            assert v.shape == (101, 2)
            assert np.abs(v[:, 1] + 65.0 - 20.0 * (1 - np.exp(-t / 20.0))).max() < 1e-12
            assert np.flatnonzero(np.diff(v[:, 0]))[0] + 1 == 41
        return v_of(cell)

    assert old_cell(extend=True).tobytes() == old_cell(extend=False).tobytes()


def test_a_population_made_late_reports_spike_times_that_are_over() -> None:
    """Nothing is dropped silently: 5 ms is over when the source is made at 10 ms."""
    sim.Population(1, sim.IF_curr_exp())
    sim.run(10.0)
    with pytest.warns(FidelityWarning, match="present time"):
        late = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 12.0]))
    late.record("spikes")
    sim.run(10.0)
    assert steps_of(late) == [[120]]


def test_a_time_beyond_all_steps_is_harmless() -> None:
    """It is no spike, and no overflow."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 1e300]))
    source.record("spikes")
    sim.run(5.0)
    assert steps_of(source) == [[10]]


def test_cells_of_all_blocks_are_alike() -> None:
    """1 100 cells are three blocks: equal cells have equal bits, the edges of blocks too."""
    cells = sim.Population(1100, sim.IF_curr_exp(tau_refrac=1.0))
    varied = sim.Population(1100, sim.IF_curr_exp(tau_refrac=1.0, i_offset=0.0))
    varied[1099:1100].set(cm=0.5)  # arrays instead of scalars
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=np.arange(1.0, 20.0)))
    for population in (cells, varied):
        population.record(["spikes", "v"])
        synapse = sim.StaticSynapse(weight=2.3, delay=1.1)
        sim.Projection(source, population, sim.AllToAllConnector(), synapse)
    sim.run(20.0)
    v = v_of(cells)
    assert (v == v[:, :1]).all()
    assert (v_of(varied)[:, :1099] == v[:, :1]).all()
    assert (v_of(varied)[:, 1099] != v[:, 0]).any()
    trains = steps_of(cells)
    assert len(trains[0]) > 3
    assert trains == [trains[0]] * 1100


def test_the_engine_runs_without_the_front_end() -> None:
    """Tables filled by hand give the bits that PyNN's words give."""
    network = Network(dt_ms=DT, seed=3)
    for name, first, size in (("SpikeSourcePoisson", 0, 4), ("IF_curr_exp", 4, 3)):
        model = cell_model(name)
        columns = {p.column: np.full(size, p.default) for p in model.parameters}
        initial = {v.name: np.full(size, v.initial) for v in model.variables}
        network.cells.append(CellGroup(name, model, first, size, 0, columns, initial))
    network.cells[0].columns["rate_hz"][:] = 200.0
    pre, post = (np.repeat([0, 1, 2, 3], 3), np.tile([4, 5, 6], 4))
    weight = np.linspace(0.3, 0.9, 12)
    network.synapses.append(
        SynapseGroup(
            "p", synapse_model("StaticSynapse"), "excitatory", 0,
            pre.astype(np.int32), post.astype(np.int32), weight, np.full(12, 7, dtype=np.int32),
        )
    )  # fmt: skip
    wave = StepWave(np.array([20, 90]), np.array([0.4, 0.1]))
    network.currents.append(CurrentGroup(np.array([4]), wave))
    probe = Probe(network.cells[1], "v", np.arange(3), 2, 0)
    network.probes.append(probe)
    engine = Simulation(network)
    for stop in (1, 130, 500):
        engine.run(stop)
    assert (engine.step, engine.trial, engine.lifetime) == (500, 0, 500)

    sim.setup(timestep=DT, seed=3)
    noise = sim.Population(4, sim.SpikeSourcePoisson(rate=200.0))
    cells = sim.Population(3, sim.IF_curr_exp())
    cells.record("v", sampling_interval=2 * DT)
    rows = [(i, j - 4, w, 7 * DT) for i, j, w in zip(pre, post, weight, strict=True)]
    sim.Projection(noise, cells, sim.FromListConnector(rows), sim.StaticSynapse())
    sim.StepCurrentSource(times=[2.0, 9.0], amplitudes=[0.4, 0.1]).inject_into(cells[0:1])
    sim.run(50.0)
    assert v_of(cells).tobytes() == engine.recordings.samples(probe).tobytes()
    assert int(engine.emitted.sum()) == sim.energy_report().counters["spikes"] > 30


def test_poisson_sources_keep_their_window_and_their_seed() -> None:
    """Spikes lie in (start, start + duration]; one seed gives one train; a reset another."""

    def trains(seed: int) -> tuple[list[list[int]], list[list[int]]]:
        sim.setup(timestep=DT, seed=seed)
        cells = sim.Population(20, sim.SpikeSourcePoisson(rate=500.0, start=20.0, duration=30.0))
        cells.record("spikes")
        sim.run(100.0)
        first = steps_of(cells)
        sim.reset()
        sim.run(100.0)
        return first, steps_of(cells)

    first, second = trains(5)
    flat = [step for train in first for step in train]
    assert min(flat) > 200
    assert max(flat) <= 500
    # 20 cells, 30 ms, 500 Hz: 300 expected; four standard deviations.
    assert abs(len(flat) - 300) < 4 * math.sqrt(300)
    assert first != second
    assert trains(5) == (first, second)
    assert trains(6) != (first, second)


def test_a_state_that_is_no_number_ends_the_run() -> None:
    """The message names population, cell and time."""
    cells = sim.Population(3, sim.IF_curr_exp(v_thresh=1e308), label="hot")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 1.1, 1.2]))
    only = sim.FromListConnector([(0, 1, 1e304, 1.0)] * 9)
    sim.Projection(source, cells, only, sim.StaticSynapse())
    with pytest.raises(SimulationError, match=r"'hot'.*cell 1 became"):
        sim.run(50.0)


@pytest.mark.parametrize("weight", [1e20, 1e150, 1e304])
def test_a_conductance_that_no_step_resolves_ends_the_run(weight: float) -> None:
    """The controller's step would shrink for ever: an error instead of a run without end."""
    cells = sim.Population(2, sim.IF_cond_exp(), label="stiff")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    only = sim.FromListConnector([(0, 1, weight, 1.0)])
    sim.Projection(source, cells, only, sim.StaticSynapse())
    with pytest.raises(SimulationError, match=r"'stiff' \(IF_cond_exp\).*of cell 1 became nan"):
        sim.run(20.0)


def test_a_large_conductance_is_resolved() -> None:
    """Far beyond physiology (1 mS on a cell of 50 nS) the run goes on: V is held at e_rev_E."""
    cell = sim.Population(1, sim.IF_cond_exp(v_thresh=1.0))
    cell.record(["v", "gsyn_exc"])
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    synapse = sim.StaticSynapse(weight=1000.0, delay=1.0)
    sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
    sim.run(5.0)
    v, g = (
        np.asarray(cell.get_data(name).segments[0].analogsignals[0].magnitude)[:, 0]
        for name in ("v", "gsyn_exc")
    )
    t = np.arange(31) * DT
    # Tolerances: the controller's 1e-3 (mV, nS) per sub-step; the leak pulls V to
    # -65 mV * 50 nS / g, 0.01 mV at most.
    assert np.abs(g[20:] - 1000.0 * np.exp(-t / 5.0)).max() < 1e-3
    assert np.abs(v[21:]).max() < 0.05


def test_what_is_sampled_is_what_was_asked_for_last() -> None:
    """The record of another variable after a reset, as often as a memory address may repeat."""
    for _ in range(30):
        sim.setup(timestep=DT)
        cells = sim.Population(5, sim.IF_curr_exp(i_offset=0.3))
        cells.record("v")
        sim.run(1.0)
        sim.reset()
        cells.record(None)
        cells.record("isyn_exc")
        sim.run(1.0)
        (signal,) = cells.get_data().segments[-1].analogsignals
        assert signal.name == "isyn_exc"
        assert not np.asarray(signal.magnitude).any()


def test_the_loop_is_compiled_anew_when_fields_move(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code knows fields of named tuples by their place."""
    from pynn_greenmorph.engine import loop, share
    from pynn_greenmorph.engine.accessors import accessors

    sim.Population(1, sim.IF_curr_exp())
    sim.run(0.1)
    (part,) = sim.state.session.simulation._parts
    functions = accessors(part.memory_map.share)
    text = loop._compiled(functions).text(())
    assert loop._compiled.__wrapped__(functions).text(()) == text
    monkeypatch.setattr(share.Scratch, "_fields", share.Scratch._fields[::-1])
    assert loop._compiled.__wrapped__(functions).text(()) != text


def test_an_id_is_pickled_as_its_number() -> None:
    """It means nothing without its population, which may hold a whole network."""
    cells = sim.Population(3, sim.IF_curr_exp())
    assert pickle.loads(pickle.dumps(cells[1])) == int(cells[1])


def test_columns_are_of_one_kind_for_compiled_code() -> None:
    """One number for all, a read-only view and a plain array: values and stride."""
    plain = np.arange(5.0)
    view = np.broadcast_to(plain, (5,))
    for given, stride in ((np.broadcast_to(2.5, (5,)), 0), (view, 1), (plain, 1)):
        column, found = column_and_stride(given)
        assert column.flags.c_contiguous
        assert found == stride
        assert [column[i * stride] for i in range(5)] == given.tolist()
