"""Every cell type through PyNN's interface: closed forms, recording, counts, and errors avoided.

Some tests name a fault of PyNN 0.13's other backends that must not appear here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyNN.standardmodels import cells as pynn_cells

from pynn_greenmorph.errors import SimulationError
from pynn_greenmorph.registry import cell_model, cell_models
from tests.cell_types import DRIVES, signals_of

DT = 0.1
NEURONS = sorted(name for name, model in cell_models().items() if model.kind == "neuron")
CONDUCTANCES = [name for name in NEURONS if cell_model(name).conductance_based]
ALPHA = {"IF_curr_alpha", "IF_cond_alpha", "EIF_cond_alpha_isfa_ista"}
JUMPS = {"IF_curr_delta", "Izhikevich"}


def one_input(sim: Any, cell: Any, weight: float, receptor: str = "excitatory", n: int = 1) -> Any:
    """Cells with one input at 5 ms, delay 1 ms, all their states recorded."""
    sim.setup(timestep=DT)
    cells = sim.Population(n, cell)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]))
    synapse = sim.StaticSynapse(weight=weight, delay=1.0)
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    cells.record([name for name in cells.celltype.recordable if name != "spikes"])
    return cells


def after_arrival(n: int) -> np.ndarray:
    """Times since the arrival at 6 ms, of the n samples from it on."""
    return DT * np.arange(n)


@pytest.mark.parametrize("name", ["IF_curr_exp", "IF_curr_alpha", *CONDUCTANCES])
@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory"])
def test_one_input_has_its_closed_form(sim: Any, name: str, receptor: str) -> None:
    """An exponential begins at the weight; an alpha function has the weight as its peak."""
    tau, gsyn = 2.0, name in CONDUCTANCES
    weight = 0.001 if gsyn else (0.1 if receptor == "excitatory" else -0.1)
    cell = getattr(sim, name)(tau_syn_E=tau, tau_syn_I=tau)
    cells = one_input(sim, cell, weight, receptor)
    sim.run(30.0)
    signal = ("gsyn_" if gsyn else "isyn_") + receptor[:3]
    found = signals_of(cells)[signal][:, 0]
    assert not found[:60].any()
    t = after_arrival(len(found) - 60)
    shape = t / tau * np.exp(1.0 - t / tau) if name in ALPHA else np.exp(-t / tau)
    # Currents are exact; conductances carry the error of the Runge-Kutta steps.
    np.testing.assert_allclose(found[60:], weight * shape, rtol=1e-7, atol=1e-10 * abs(weight))
    if name in ALPHA:
        assert np.argmax(np.abs(found[60:])) == round(tau / DT)


def test_potential_after_an_alpha_shaped_current(sim: Any) -> None:
    """The potential is the convolution of the current with the membrane, exactly."""
    tau_s, tau_m, weight = 2.0, 20.0, 0.5
    cells = one_input(sim, sim.IF_curr_alpha(tau_syn_E=tau_s, tau_m=tau_m), weight)
    sim.run(60.0)
    found = signals_of(cells)["v"][60:, 0] + 65.0
    t, rate = after_arrival(len(found)), 1.0 / tau_s - 1.0 / tau_m
    rise = (1.0 - np.exp(-rate * t) * (1.0 + rate * t)) / rate**2
    expected = weight * np.e / tau_s * np.exp(-t / tau_m) * rise
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", sorted(JUMPS))
@pytest.mark.parametrize("weight", [3.0, -2.0])
def test_inputs_are_jumps_in_mv(sim: Any, name: str, weight: float) -> None:
    """The potential jumps by the weight in the sample of the arrival."""
    receptor = "excitatory" if weight > 0 else "inhibitory"
    cells = one_input(sim, getattr(sim, name)(), weight, receptor)
    sim.run(10.0)
    v = signals_of(cells)["v"][:, 0]
    assert v[59] == pytest.approx(v[0], abs=1e-12)
    assert v[60] - v[59] == pytest.approx(weight, abs=1e-12)


def test_a_refractory_delta_cell_loses_inputs(sim: Any) -> None:
    """As in NEST: what arrives while the cell is refractory has no effect, then or later."""
    sim.setup(timestep=DT)
    cells = sim.Population(2, sim.IF_curr_delta(tau_refrac=5.0))
    times = [[2.0, 4.0, 6.0], [2.0]]
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=times))
    synapse = sim.StaticSynapse(weight=20.0, delay=DT)
    sim.Projection(source, cells, sim.OneToOneConnector(), synapse)
    cells.record(["spikes", "v"])
    sim.run(20.0)
    trains = [train.magnitude.tolist() for train in cells.get_data().segments[0].spiketrains]
    assert trains == [pytest.approx([2.1]), pytest.approx([2.1])]
    v = signals_of(cells)["v"]
    np.testing.assert_array_equal(v[:, 0], v[:, 1])


def test_rest_is_where_nothing_moves(sim: Any) -> None:
    """PyNN's initial values of Izhikevich's cell are a fixed point; a leaky cell stays at rest.

    An exponential cell settles where the leak balances the exponential current
    and w, above rest by less than delta_T exp((v_rest - v_thresh)/delta_T) = 8.2e-5 mV.
    """
    sim.setup(timestep=DT)
    populations = {name: sim.Population(1, getattr(sim, name)()) for name in NEURONS}
    for name, cells in populations.items():
        cells.record([state for state in getattr(pynn_cells, name).recordable if state != "spikes"])
    sim.run(50.0)
    for name, cells in populations.items():
        tolerance = {"H": 0.1, "E": 8.3e-5}.get(name[0], 1e-12)
        v = signals_of(cells)["v"]
        if name == "HH_cond_exp":  # begins with closed gates
            v = v[-100:]
        assert np.ptp(v) < tolerance, name


def test_adaptation_grows_with_each_spike(sim: Any) -> None:
    """w rises by b, g_s by q_sfa and g_r by q_rr in the sample of a spike; spikes get rarer."""
    sim.setup(timestep=DT)
    exponential = sim.Population(1, sim.EIF_cond_exp_isfa_ista(i_offset=1.0, a=0.0))
    relative = sim.Population(1, sim.IF_cond_exp_gsfa_grr(i_offset=2.0))
    for cells in (exponential, relative):
        cells.record(list(cells.celltype.recordable))
    sim.run(400.0)
    for cells, jumps in (
        (exponential, {"w": (0.0805, 144.0)}),
        (relative, {"g_s": (15.0, 100.0), "g_r": (3000.0, 2.0)}),
    ):
        (train,) = cells.get_data("spikes").segments[0].spiketrains
        steps = np.round(train.magnitude / DT).astype(int)
        assert len(steps) > 4
        assert (np.diff(steps)[1:] >= np.diff(steps)[:-1]).all()
        for name, (jump, tau) in jumps.items():
            signal = signals_of(cells)[name][:, 0]
            before = signal[steps - 1] * np.exp(-DT / tau)
            np.testing.assert_allclose(signal[steps] - before, jump, rtol=2e-3)


def test_spikes_of_hodgkin_and_huxley_are_stamped_after_their_peak(sim: Any) -> None:
    """The stamp is the first sample below its predecessor; there is no reset."""
    sim.setup(timestep=DT)
    cells = sim.Population(1, sim.HH_cond_exp(i_offset=0.5))
    cells.record(["spikes", "v", "m", "h", "n"])
    sim.run(100.0)
    (train,) = cells.get_data("spikes").segments[0].spiketrains
    steps = np.round(train.magnitude / DT).astype(int)
    signals = signals_of(cells)
    v = signals["v"][:, 0]
    assert len(steps) > 5
    assert (v[steps] < v[steps - 1]).all()
    assert (v[steps - 1] >= v[steps - 2]).all()
    assert (v[steps] >= -63.0 + 30.0).all()
    for gate in "mhn":
        assert 0.0 <= signals[gate].min() < signals[gate].max() <= 1.0


@pytest.mark.parametrize("name", NEURONS)
def test_sampling_intervals(sim: Any, name: str) -> None:
    """Every recordable state at 0.7 ms is every seventh sample, with PyNN's unit.

    On pyNN.nest, IF_cond_exp_gsfa_grr fails with a KeyError for g_r, and the v
    of IF_curr_delta cannot be recorded.
    """
    drive = DRIVES.get(name)
    sim.setup(timestep=DT)
    cell = getattr(sim, name)(i_offset=drive.amplitude if drive else 1.0)
    cells, twin = sim.Population(3, cell), sim.Population(3, cell)
    states = [state for state in cells.celltype.recordable if state != "spikes"]
    assert set(getattr(pynn_cells, name).recordable) <= {*states, "spikes"}
    cells.record(states)
    twin.record(states, sampling_interval=0.7)
    sim.run(35.0)
    (segment,) = twin.get_data().segments
    for signal in segment.analogsignals:
        whole = signals_of(cells)[signal.name]
        np.testing.assert_array_equal(np.asarray(signal.magnitude), whole[::7])
        unit = getattr(pynn_cells, name).units[signal.name]
        assert signal.units.dimensionality.string == (unit or "dimensionless")


@pytest.mark.parametrize("name", NEURONS)
def test_the_first_sample_is_the_initial_value(sim: Any, name: str) -> None:
    """Also one that was drawn; pyNN.nest neither sets nor shows the v of IF_curr_delta."""
    sim.setup(timestep=DT)
    cells = sim.Population(5, getattr(sim, name)())
    drawn = sim.RandomDistribution("uniform", (-80.0, -60.0), rng=sim.NumpyRNG(3))
    cells.initialize(v=drawn)
    cells.record("v")
    expected = list(cells.initial_values["v"].evaluate())
    sim.run(1.0)
    for _ in range(2):
        assert signals_of(cells)["v"][0].tolist() == expected
    assert len(set(expected)) == 5


@pytest.mark.parametrize("name", NEURONS)
def test_every_parameter_is_got_as_it_was_set(sim: Any, name: str) -> None:
    """To the last bit, one by one and together, and without touching those of another type.

    pyNN.nest gives tau_m through a conductance, and some parameters not at all;
    translations of its mechanisms leak from one into the next.
    """
    sim.setup(timestep=DT)
    others = {other: sim.Population(1, getattr(sim, other)()) for other in NEURONS}
    draw = np.random.RandomState(1)
    cells = sim.Population(2, getattr(sim, name)())
    wanted = {}
    for parameter in cell_model(name).parameters:
        values = parameter.default * draw.uniform(0.97, 1.03, 2)
        if parameter.name == "tau_refrac":
            values = np.array([0.3, 2.0])
        wanted[parameter.name] = values.tolist()
    cells.set(**wanted)
    for parameter, values in wanted.items():
        assert list(np.broadcast_to(cells.get(parameter), 2)) == values
    assert set(cells.celltype.get_parameter_names()) == set(wanted)
    for other, population in others.items():
        for parameter in cell_model(other).parameters:
            assert population.get(parameter.name) == parameter.default


@pytest.mark.parametrize("name", NEURONS)
def test_pieces_are_the_whole_and_updates_are_counted(sim: Any, name: str) -> None:
    """600 cells, two blocks: cut runs give the same bits; one neuron update per cell and step."""
    drive = DRIVES.get(name)
    amplitude = drive.amplitude if drive else 1.0
    found = []
    for stops in ([20.0], [0.1, 7.3, 20.0]):
        sim.setup(timestep=DT)
        currents = amplitude * np.linspace(0.5, 2.0, 600)
        cells = sim.Population(600, getattr(sim, name)(i_offset=currents), label="cells")
        cells.record("v")
        for stop in stops:
            sim.run_until(stop)
        found.append(signals_of(cells)["v"])
        counters = sim.energy_report().populations["cells"].counters
        assert counters["neuron_updates"] == 600 * 200
        sim.end()
    np.testing.assert_array_equal(*found)


def test_an_exponential_that_overflows_ends_the_run(sim: Any) -> None:
    """A slope factor so small that the current at the peak is infinite; the cell is named."""
    sim.setup(timestep=DT)
    cells = sim.Population(2, sim.EIF_cond_exp_isfa_ista(delta_T=[2.0, 0.01], i_offset=2.0))
    with pytest.raises(SimulationError, match="of cell 1 became"):
        sim.run(50.0)
    assert cells.size == 2
