"""Runs in pieces, resets, segments, recordings and changes, as PyNN's documentation says."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import neo
import numpy as np
import pytest
from pyNN.parameters import Sequence
from pyNN.random import NumpyRNG, RandomDistribution


def v_of(block: neo.Block, segment: int = -1) -> np.ndarray:
    return np.asarray(block.segments[segment].analogsignals[0].magnitude)


@pytest.fixture
def cells(sim: Any) -> Any:
    sim.setup(timestep=0.1)
    cells = sim.Population(4, sim.IF_curr_exp(i_offset=[0.0, 0.8, 1.0, 1.6]), label="cells")
    cells.record(["spikes", "v"])
    return cells


def test_segments_and_neo(sim: Any, cells: Any) -> None:
    """A reset begins a segment; each holds one trial, equal where nothing is random."""
    sim.run(50.0)
    sim.reset(annotations={"try": 1})
    sim.run(50.0)
    block = cells.get_data()
    assert [segment.name for segment in block.segments] == ["segment000", "segment001"]
    assert block.segments[0].annotations["try"] == 1
    assert (v_of(block, 0) == v_of(block, 1)).all()
    (signal,) = block.segments[1].analogsignals
    assert (signal.name, signal.units.dimensionality.string) == ("v", "mV")
    assert (float(signal.t_start), float(signal.sampling_period)) == (0.0, 0.1)
    assert signal.shape == (501, 4)
    assert signal.array_annotations["channel_index"].tolist() == [0, 1, 2, 3]
    trains = block.segments[1].spiketrains
    # By hand, 20 ms * log(20 I / (20 I - 15)): never, 55, 28 and 13 ms apart.
    assert [len(train) for train in trains] == [0, 0, 1, 3]
    assert trains[3].annotations["source_index"] == 3
    assert (float(trains[3].t_start), float(trains[3].t_stop)) == (0.0, 50.0)
    assert block.annotations["simulator"] == "greenmorph"


def test_pieces_and_clear(sim: Any, cells: Any) -> None:
    """Cleared data come once; a piece begins with the sample of its start; nothing is lost."""
    for _ in range(4):
        sim.run(10.0)
    whole = cells.get_data()
    sim.reset()
    pieces, spikes = [], 0
    for number in range(4):
        sim.run(10.0)
        block = cells.get_data(clear=True)
        (signal,) = block.segments[-1].analogsignals
        assert float(signal.t_start) == pytest.approx(10.0 * number)
        pieces.append(np.asarray(signal.magnitude))
        spikes += sum(len(train) for train in block.segments[-1].spiketrains)
    joined = np.concatenate([pieces[0], *[piece[1:] for piece in pieces[1:]]])
    assert (joined == v_of(whole)).all()
    assert all((a[-1] == b[0]).all() for a, b in pairwise(pieces))
    assert spikes == sum(len(train) for train in whole.segments[0].spiketrains)


def test_data_after_clear_survive_a_reset(sim: Any, cells: Any) -> None:
    """What was recorded between get_data(clear=True) and reset() is in its segment."""
    sim.run(10.0)
    cells.get_data(clear=True)
    sim.run(10.0)
    sim.reset()
    sim.run(5.0)
    block = cells.get_data()
    assert [v_of(block, n).shape[0] for n in range(2)] == [101, 51]


def test_late_recording_begins_when_it_was_asked_for(sim: Any) -> None:
    """record() after a run: the signal starts there, with the right values."""
    sim.setup(timestep=0.1)
    early = sim.Population(2, sim.IF_curr_exp(i_offset=0.5))
    early[0:1].record("v")
    sim.run(10.0)
    early[1:2].record("v")
    sim.run(10.0)
    first, late = early.get_data("v").segments[0].analogsignals
    assert (float(first.t_start), first.shape) == (0.0, (201, 1))
    assert (float(late.t_start), late.shape) == (10.0, (101, 1))
    assert (np.asarray(late.magnitude) == np.asarray(first.magnitude)[100:]).all()
    early.record(None)
    early[1:2].record("v")
    sim.run(1.0)
    (only,) = early.get_data("v").segments[0].analogsignals
    assert only.array_annotations["channel_index"].tolist() == [1]


def test_sampling_interval(sim: Any) -> None:
    """Samples at 0, s, 2s ... are those of the full signal."""
    sim.setup(timestep=0.1)
    fine, coarse = (sim.Population(1, sim.IF_curr_exp(i_offset=0.5)) for _ in range(2))
    fine.record("v")
    coarse.record("v", sampling_interval=0.5)
    for stop in (1.3, 7.0, 20.0):
        sim.run_until(stop)
    assert (v_of(coarse.get_data()) == v_of(fine.get_data())[::5]).all()


def test_callbacks_are_called_when_they_asked(sim: Any, cells: Any) -> None:
    """At the start, then at each time returned; the run reaches its end."""
    calls: list[float] = []

    def callback(t: float) -> float:
        calls.append(t)
        return t + 2.5

    assert sim.run(10.0, callbacks=[callback]) == 10.0
    assert calls == [0.0, 2.5, 5.0, 7.5, 10.0]
    assert sim.get_current_time() == 10.0
    assert cells.size == 4


def test_callbacks_in_step_and_out_of_step(sim: Any, cells: Any) -> None:
    """Several callbacks keep their own times; infinity means never again; changes act at once."""
    every_ms: list[float] = []
    seldom: list[float] = []
    never: list[float] = []

    def change(t: float) -> float:
        every_ms.append(t)
        cells.set(i_offset=0.1 * t)
        return t + 1.0

    def rare(t: float) -> float:
        seldom.append(t)
        return t + 0.7

    def once(t: float) -> float:
        never.append(t)
        return float("inf")

    assert sim.run_until(3.0, callbacks=[change, rare, once]) == 3.0
    assert every_ms == [0.0, 1.0, 2.0, 3.0]
    assert seldom == [0.0, 0.7, 1.4, 2.1, 2.8]
    assert never == [0.0]
    # tau_m dv/dt = -v + R I with R = tau_m / cm = 20 MOhm, I = 0, 0.1, 0.2 nA for 1 ms each.
    decay = np.exp(-1.0 / 20.0)
    v = 20.0 * (1.0 - decay) * (0.1 * decay + 0.2)
    assert np.abs(v_of(cells.get_data())[30] - (-65.0 + v)).max() < 1e-11


def test_changes_act_at_the_present_time(sim: Any) -> None:
    """set() and initialize() at T: sample T shows the new v, the next one the new parameters."""
    sim.setup(timestep=0.1)
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=0.1))
    cells[0:1].record("v")
    sim.run(5.0)
    cells.set(i_offset=0.5, v_rest=-64.0, tau_m=10.0, v_reset=-66.0)
    cells[0:1].initialize(v=-60.0)
    cells[1:2].record("v")
    sim.run(5.0)
    first, second = cells.get_data("v").segments[0].analogsignals
    rest, decay = -64.0 + 0.5 * 10.0, np.exp(-0.1 / 10.0)
    assert np.asarray(first)[51, 0] == pytest.approx(rest + (-60.0 - rest) * decay, abs=1e-11)
    # The other cell goes on from where it was: 20 ms and 2 mV until 5 ms.
    before = -65.0 + 2.0 * (1.0 - np.exp(-5.0 / 20.0))
    assert np.asarray(second)[0, 0] == pytest.approx(before, abs=1e-11)
    assert np.asarray(second)[1, 0] == pytest.approx(rest + (before - rest) * decay, abs=1e-11)


def test_slices_equal_one_run(sim: Any) -> None:
    """Signals and spikes do not depend on how a run is cut, noise included."""
    found = []
    for stops in ([60.0], [0.1, 0.2, 7.3, 7.3, 20.0, 59.9, 60.0], np.arange(1, 61) * 1.0):
        sim.setup(timestep=0.1, seed=3)
        source = sim.Population(8, sim.SpikeSourcePoisson(rate=500.0), label="source")
        target = sim.Population(4, sim.IF_cond_exp(), label="target")
        delay = RandomDistribution("uniform", (0.1, 5.0), rng=NumpyRNG(1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            synapse = sim.StaticSynapse(weight=0.01, delay=delay)
            sim.Projection(source, target, sim.AllToAllConnector(), synapse)
        target.record(["v", "gsyn_exc", "spikes"])
        source.record("spikes")
        for stop in stops:
            sim.run_until(stop)
        segments = [population.get_data().segments[0] for population in (target, source)]
        found.append(
            (
                [np.asarray(signal).tolist() for signal in segments[0].analogsignals],
                [np.asarray(t).tolist() for s in segments for t in s.spiketrains],
                sim.energy_report().counters,
            )
        )
    assert found[0] == found[1] == found[2]
    assert found[0][2]["spikes"] > 200


def test_seeds(sim: Any) -> None:
    """One seed, however it is spelt, gives one noise; reset() gives another; the report has it."""

    def spikes(**arguments: Any) -> tuple[list[float], int]:
        sim.setup(timestep=0.1, **arguments)
        source = sim.Population(5, sim.SpikeSourcePoisson(rate=100.0))
        source.record("spikes")
        sim.run(200.0)
        trains = source.get_data().segments[0].spiketrains
        every = np.concatenate([np.asarray(train) for train in trains])
        return every.tolist(), sim.energy_report().to_dict()["seed"]

    first = spikes(seed=7)
    assert first == spikes(rng_seed=7) == spikes(grng_seed=7) == spikes(seed=7, rng_seed=7)
    assert (first[1], len(first[0]) > 50) == (7, True)
    default = spikes()
    assert default == spikes()
    assert default == spikes(seed=default[1])
    assert len({tuple(run[0]) for run in (first, default, spikes(seed=8))}) == 3


def test_a_new_trial_has_new_noise_and_the_same_network(sim: Any) -> None:
    """After reset(): other Poisson spikes, the same parameters, weights and initial values."""
    sim.setup(timestep=0.1, seed=7)
    source = sim.Population(5, sim.SpikeSourcePoisson(rate=300.0))
    cells = sim.Population(5, sim.IF_curr_exp(), initial_values={"v": [-60.0, -61, -62, -63, -64]})
    projection = sim.Projection(source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=1))
    for population in (source, cells):
        population.record("spikes")
    cells.record("v")
    sim.run(50.0)
    cells.set(tau_m=10.0)
    projection.set(weight=2.0, delay=3.0)
    sim.reset()
    assert sim.get_current_time() == 0.0
    sim.run(50.0)
    one, two = ([t.tolist() for t in s.spiketrains] for s in source.get_data().segments)
    assert one != two
    assert cells.get("tau_m") == 10.0
    assert projection.get(["weight", "delay"], "list")[0] == (0, 0, 2.0, 3.0)
    for segment in range(2):
        assert v_of(cells.get_data(), segment)[0].tolist() == [-60.0, -61.0, -62.0, -63.0, -64.0]


def test_a_second_setup_begins_anew(sim: Any, cells: Any) -> None:
    """Time, segments, ids, delays and deviations of the old network are gone."""
    sim.run(5.0)
    sim.reset()
    sim.run(5.0)
    with pytest.warns(Warning, match="rounded"):
        sim.Projection(
            cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1, delay=2.04)
        )
    assert (sim.get_min_delay(), sim.get_max_delay()) == (2.0, 2.0)
    assert sim.setup(timestep=0.5, min_delay=1.0, max_delay=7.0) == sim.rank() == 0
    assert (sim.get_current_time(), sim.get_time_step()) == (0.0, 0.5)
    assert (sim.get_min_delay(), sim.get_max_delay(), sim.num_processes()) == (1.0, 7.0, 1)
    fresh = sim.Population(1, sim.IF_curr_exp(tau_refrac=0.5))
    assert [int(cell) for cell in fresh] == [1]
    fresh.record("v")
    assert sim.run(2.0) == sim.get_current_time() == 2.0
    (segment,) = fresh.get_data().segments
    assert (segment.name, segment.analogsignals[0].shape) == ("segment000", (5, 1))
    report = sim.energy_report()
    assert report.counters["neuron_updates"] == 4
    assert report.to_dict()["fidelity"] == []


def test_data_can_be_read_after_end(sim: Any, cells: Any) -> None:
    """end() twice is harmless; data, parameters and the report stay."""
    sim.run(30.0)
    before = v_of(cells.get_data())
    sim.end()
    sim.end()
    assert (v_of(cells.get_data()) == before).all()
    assert cells.get("tau_m") == 20.0
    assert sim.energy_report().counters["neuron_updates"] == 4 * 300


def test_cells_by_id(sim: Any, cells: Any) -> None:
    """An id reads and writes parameters, initial values and its position, and takes a current."""
    one = cells[2]
    one.tau_m = 7.5
    one.set_parameters(cm=0.25, v_rest=-70.0)
    one.set_initial_value("v", -68.0)
    one.position = (1.0, 2.0, 3.0)
    one.inject(sim.DCSource(amplitude=0.1, start=0.5, stop=0.6))
    assert cells.get("tau_m").tolist() == [20.0, 20.0, 7.5, 20.0]
    parameters = one.get_parameters()
    assert (parameters["tau_m"], parameters["cm"], parameters["v_rest"]) == (7.5, 0.25, -70.0)
    assert (one.cm, one.get_initial_value("v")) == (0.25, -68.0)
    assert cells.positions[:, 2].tolist() == [1.0, 2.0, 3.0]
    assert (one.local, one.is_standard_cell, cells.id_to_index(one)) == (True, True, 2)
    assert one.as_view().all_cells.tolist() == [one]
    cells.set(i_offset=0.0)
    sim.run(1.0)
    v = v_of(cells.get_data())[:, 2]
    # From -68 to -70 with 7.5 ms, and 0.1 nA * 30 MOhm for one step.
    decay = np.exp(-0.1 / 7.5)
    free = -70.0 + 2.0 * decay ** np.arange(11)
    free[6:] += 3.0 * (1.0 - decay) * decay ** np.arange(5)
    assert np.abs(v - free).max() < 1e-11


def test_views_of_views(sim: Any, cells: Any) -> None:
    """Slices, lists, masks and samples select the cells that NumPy would select."""
    many = sim.Population(10, sim.IF_curr_exp(tau_m=lambda i: 10.0 + i), label="many")
    mask = np.zeros(10, dtype=bool)
    mask[[1, 4, 7]] = True
    for view, indices in (
        (many[2:8][1:5][::2], [3, 5]),
        (many[mask], [1, 4, 7]),
        (many[mask][[0, 2]], [1, 7]),
        (many[-3:], [7, 8, 9]),
        (many[[4, 1]], [1, 4]),
    ):
        assert many.id_to_index(view.all_cells).tolist() == indices
        assert view.get("tau_m", simplify=False).tolist() == [10.0 + i for i in indices]
        assert view.grandparent is many
    sample = many.sample(3, rng=NumpyRNG(1))
    assert sample.size == len(set(sample.all_cells)) == 3
    both = many[0:2] + cells[1:2]
    assert [cell.tau_m for cell in both] == [10.0, 11.0, 20.0]
    both.initialize(v=-50.5)
    assert many.initial_values["v"].evaluate().tolist() == [-50.5] * 2 + [-65.0] * 8
    assert cells.initial_values["v"].evaluate().tolist() == [-65.0, -50.5, -65.0, -65.0]


def test_a_network_of_components(sim: Any, cells: Any) -> None:
    """PyNN's Network finds the name space of its components, records and counts."""
    other = sim.Population(2, sim.IF_cond_exp(), label="other")
    projection = sim.Projection(cells, other, sim.AllToAllConnector(), sim.StaticSynapse())
    network = sim.Network(cells, other, projection)
    assert network.sim is sim
    assert (network.count_neurons(), network.count_connections()) == (6, 8)
    assert network.get_component("other") is other
    assembly = network.filter(cell_types=[sim.IF_cond_exp])
    assert list(assembly) == list(other)
    network.record("spikes")
    sim.run(1.0)
    assert len(other.get_data().segments[0].spiketrains) == 2


def test_spike_times_in_every_form(sim: Any) -> None:
    """Lists, arrays, Sequences, one for each cell, and functions of the index."""
    sim.setup(timestep=0.1)
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[Sequence([1]), [2, 3], []]))
    source.record("spikes")

    def times() -> list[list[float]]:
        return [sequence.value.tolist() for sequence in source.get("spike_times", simplify=False)]

    assert times() == [[1.0], [2.0, 3.0], []]
    source[1:2].set(spike_times=[])
    source[0].spike_times = np.array([4.0, 4.0])
    assert times() == [[4.0, 4.0], [], []]
    source.set(spike_times=lambda i: [Sequence([2.0 + k, 3.0 + k]) for k in i])
    assert times() == [[2.0, 3.0], [3.0, 4.0], [4.0, 5.0]]
    source[1:3].set(spike_times=[Sequence([0.0]), Sequence([1.0, 1.0, 6.0])])
    sim.run(5.0)
    sim.run(5.0)
    trains = [np.asarray(t).tolist() for t in source.get_data().segments[0].spiketrains]
    assert trains == [[2.0, 3.0], [0.0], [1.0, 1.0, 6.0]]


def test_parameters_round_trip(sim: Any, cells: Any) -> None:
    """get returns to the last bit what was set, on populations, views, assemblies and ids."""
    cells.set(tau_m=0.1 + 0.2, cm=[0.57, 0.1, 0.3, 1 / 3])
    assert cells.get("tau_m") == 0.1 + 0.2
    assert cells.get("cm").tolist() == [0.57, 0.1, 0.3, 1 / 3]
    cells[1:4][[0, 2]].set(v_thresh=lambda i: -45.0 - i)
    assert cells.get("v_thresh").tolist() == [-50.0, -45.0, -50.0, -46.0]
    cells[2].tau_syn_E = 3.3
    assert cells[2].tau_syn_E == 3.3
    other = sim.Population(2, sim.IF_curr_exp())
    (cells[0:2] + other).set(i_offset=0.25)
    assert (cells[0:2] + other).get("i_offset", simplify=False).tolist() == [0.25] * 4
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0, 2.0]))
    source[1:2].set(spike_times=[3.0])
    assert source.get("spike_times").tolist() == [Sequence([1.0, 2.0]), Sequence([3.0])]
    draws = RandomDistribution("uniform", (10.0, 20.0), rng=NumpyRNG(4))
    cells.set(tau_m=draws)
    assert cells.get("tau_m").tolist() == NumpyRNG(4).rng.uniform(10.0, 20.0, 4).tolist()


@pytest.mark.parametrize(
    "times",
    [[[2.0, 3.0]], [Sequence([2.0, 3.0])], lambda i: [Sequence([2.0, 3.0]) for _ in i]],
    ids=["list", "sequence", "function"],
)
def test_one_train_for_one_cell(sim: Any, times: Any) -> None:
    """A list of one train each is right for a single cell, as for several."""
    sim.setup()
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    assert source.get("spike_times") == Sequence([2.0, 3.0])
    many = sim.Population(3, sim.SpikeSourceArray(spike_times=[9.0]))
    many[1:2].set(spike_times=times)
    assert many.get("spike_times").tolist() == [Sequence(t) for t in ([9.0], [2.0, 3.0], [9.0])]
    bins = {"a": [[2.0, 3.0]], "b": [[1.0, 1.0]], "tbins": [[0.0, 5.0]]}
    assert sim.Population(1, sim.SpikeSourceInhGamma(**bins)).get("a") == Sequence([2.0, 3.0])
    source.record("spikes")
    sim.run(5.0)
    (train,) = source.get_data().segments[0].spiketrains
    assert train.magnitude.tolist() == [2.0, 3.0]


def test_initial_values_are_drawn_once(sim: Any, cells: Any) -> None:
    """The recorded v(0) is the value that was drawn, and stays so; reset restores it."""
    draws = RandomDistribution("uniform", (-65.0, -55.0), rng=NumpyRNG(4))
    cells.initialize(v=draws)
    cells[1:3].initialize(v=-58.0)
    expected = NumpyRNG(4).rng.uniform(-65.0, -55.0, 4)
    expected[1:3] = -58.0
    for _ in range(2):
        sim.run(1.0)
        # v is held relative to rest: one rounding at 65 mV, 1.4e-14 mV.
        assert np.abs(v_of(cells.get_data())[0] - expected).max() < 2e-14
        sim.reset()
    assert cells[1:3].initial_values["v"].evaluate(simplify=True) == -58.0


def test_projection_values(sim: Any) -> None:
    """get, set and handles of connections, multapses included."""
    sim.setup(timestep=0.1)
    a, b = sim.Population(3, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp())
    rows = [(0, 0, 0.1, 1.0), (2, 0, 0.2, 2.0), (2, 0, 0.4, 3.0), (1, 1, 0.8, 4.0)]
    prj = sim.Projection(a, b, sim.FromListConnector(rows), sim.StaticSynapse())
    assert prj.get(["weight", "delay"], format="list") == rows
    for mode, value in {
        "sum": 0.2 + 0.4,
        "first": 0.2,
        "last": 0.4,
        "min": 0.2,
        "max": 0.4,
    }.items():
        matrix = prj.get("weight", format="array", multiple_synapses=mode)
        assert matrix[2, 0] == value
        assert np.isnan(matrix[0, 1])
    prj.set(weight=0.5)
    assert prj.get("weight", format="list", with_address=False) == [0.5] * 4
    prj.set(delay=RandomDistribution("uniform_int", (1, 9), rng=NumpyRNG(3)))
    drawn = NumpyRNG(3).rng.randint(1, 9, 6).reshape(3, 2)
    assert prj.get("delay", format="list") == [(i, j, float(drawn[i, j])) for i, j, *_ in rows]
    connection = prj[1]
    connection.weight = 0.7
    assert [round(c.weight, 9) for c in prj.connections] == [0.5, 0.7, 0.5, 0.5]
    assert (connection.presynaptic_index, connection.postsynaptic_index) == (2, 0)
    assert len(prj) == prj.size() == 4


def test_network_grows_between_runs(sim: Any, cells: Any) -> None:
    """Populations and projections made at 10 ms act from then on, and are counted from then on."""
    sim.run(10.0)
    late = sim.Population(5, sim.IF_curr_exp(), label="late")
    times = sim.SpikeSourceArray(spike_times=[4.0, 15.0])
    with pytest.warns(match="no effect"):  # 4 ms is over
        source = sim.Population(1, times, label="source")
    late.record("isyn_exc")
    synapse = sim.StaticSynapse(weight=0.5, delay=1.0)
    sim.Projection(source, late, sim.AllToAllConnector(), synapse)
    sim.run(10.0)
    (signal,) = late.get_data().segments[0].analogsignals
    assert float(signal.t_start) == 10.0
    assert np.asarray(signal.magnitude)[60, 0] == 0.5
    report = sim.energy_report()
    assert report.populations["late"].counters["neuron_updates"] == 5 * 100
    assert report.populations["cells"].counters["neuron_updates"] == 4 * 200
    assert report.projections["source->late"].counters["synaptic_events"] == 5


def test_files(sim: Any, cells: Any, tmp_path: Any) -> None:
    """write_data and record(to_file=) write what get_data returns."""
    cells.record("v", to_file=str(tmp_path / "end.pkl"))
    sim.run(5.0)
    cells.write_data(str(tmp_path / "now.pkl"))
    expected = v_of(cells.get_data())
    sim.end()
    for name in ("now.pkl", "end.pkl"):
        block = neo.io.PickleIO(str(tmp_path / name)).read_block()
        assert (v_of(block) == expected).all()


def test_procedural_interface_and_names(sim: Any) -> None:
    """PyNN's older functions work and warn; import * gives the names of PyNN's backends."""
    sim.setup(timestep=0.1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is deprecated", DeprecationWarning)
        cells = sim.create(sim.IF_curr_exp(), n=3)
        source = sim.create(sim.SpikeSourceArray(spike_times=[1.0]))
        sim.connect(source, cells, weight=0.3, delay=1.0)
        sim.set(cells, tau_m=10.0)
        sim.initialize(cells, v=-60.0)
    cells.record("v")
    sim.run(3.0)
    assert v_of(cells.get_data())[0].tolist() == [-60.0] * 3
    names: dict[str, Any] = {}
    exec("from pyNN.greenmorph import *", names)
    for name in ("setup", "run", "Population", "Projection", "NumpyRNG", "Space", "set", "errors"):
        assert name in names
    assert sim.list_standard_models() == [
        "EIF_cond_alpha_isfa_ista",
        "EIF_cond_exp_isfa_ista",
        "HH_cond_exp",
        "IF_cond_alpha",
        "IF_cond_exp",
        "IF_cond_exp_gsfa_grr",
        "IF_curr_alpha",
        "IF_curr_delta",
        "IF_curr_exp",
        "Izhikevich",
        "SpikeSourceArray",
        "SpikeSourceGamma",
        "SpikeSourceInhGamma",
        "SpikeSourcePoisson",
        "SpikeSourcePoissonRefractory",
    ]
    for thing in (cells, cells[0:1], cells + source):
        assert thing.label in thing.describe()
