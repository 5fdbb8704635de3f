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
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[4.0, 15.0]), label="source")
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
        "IF_cond_exp",
        "IF_curr_exp",
        "SpikeSourceArray",
        "SpikeSourcePoisson",
    ]
    for thing in (cells, cells[0:1], cells + source):
        assert thing.label in thing.describe()
