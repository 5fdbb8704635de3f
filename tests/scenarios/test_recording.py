"""What is recorded, from when to when, in pieces, and in files."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import neo
import numpy as np
import pytest
import quantities as pq

BLOCKS = {
    ".pkl": (None, lambda path: neo.io.PickleIO(path).read_block()),
    ".mat": ("scipy", lambda path: neo.io.NeoMatlabIO(path).read_block()),
    ".nix": ("nixio", lambda path: neo.io.NixIO(path, mode="ro").read_block()),
    ".h5": ("nixio", lambda path: neo.io.NixIO(path, mode="ro").read_block()),
    ".nwb": ("pynwb", lambda path: neo.io.NWBIO(path, mode="r").read_all_blocks()[0]),
}


def signal(cells: Any, name: str, segment: int = -1) -> neo.AnalogSignal:
    (found,) = [s for s in cells.get_data(name).segments[segment].analogsignals if s.name == name]
    return found


def column(cells: Any, name: str = "v", segment: int = -1) -> np.ndarray:
    return np.asarray(signal(cells, name, segment).magnitude)


@pytest.fixture
def cells(sim: Any) -> Any:
    sim.setup(timestep=0.1)
    sim.Population(7, sim.IF_curr_exp(), label="before")
    return sim.Population(3, sim.IF_cond_exp(i_offset=[0.0, 1.0, 1.6]), label="cells")


def test_content_of_a_block(sim: Any, cells: Any) -> None:
    """Names, units, ids, indices, times and annotations, for a view of a population."""
    cells[1:3].record(["spikes", "v", "gsyn_exc", "gsyn_inh"])
    cells.annotate(layer=4)
    sim.run(40.0)
    block = cells.get_data()
    (segment,) = block.segments
    assert block.name == "cells"
    assert block.annotations["simulator"] == "greenmorph"
    assert (block.annotations["size"], block.annotations["layer"]) == (3, 4)
    assert (block.annotations["first_id"], block.annotations["last_id"]) == (8, 10)
    assert block.annotations["dt"] == 0.1
    assert {s.name: s.units for s in segment.analogsignals} == {
        "v": pq.mV,
        "gsyn_exc": pq.uS,
        "gsyn_inh": pq.uS,
    }
    for analog in segment.analogsignals:
        assert analog.shape == (401, 2)
        assert (analog.t_start, analog.sampling_period) == (0.0 * pq.ms, 0.1 * pq.ms)
        assert analog.array_annotations["channel_index"].tolist() == [1, 2]
        assert list(analog.annotations["channel_ids"]) == [9, 10]
        assert analog.annotations["source_population"] == "cells"
        assert analog.segment is segment
    trains = segment.spiketrains
    assert [train.annotations["source_index"] for train in trains] == [1, 2]
    assert [train.annotations["channel_id"] for train in trains] == [9, 10]
    for train in trains:
        assert (train.t_start, train.t_stop, train.units) == (0.0 * pq.ms, 40.0 * pq.ms, pq.ms)
    # V rises to 20 mV * I above rest and must cross 15 mV: 20 ms * log(20 I / (20 I - 15)),
    # on the next step.
    for train, current in zip(trains, (1.0, 1.6), strict=True):
        crossing = 20.0 * np.log(20.0 * current / (20.0 * current - 15.0))
        assert 0.0 <= float(train[0]) - crossing < 0.1


@pytest.mark.parametrize("interval", [0.1, 0.5, 0.7])
def test_pieces_stay_on_the_grid_of_the_whole(sim: Any, cells: Any, interval: float) -> None:
    """Cleared pieces, cut anywhere, hold the samples of an uncut recording at the same times."""
    twin = sim.Population(3, sim.IF_cond_exp(i_offset=[0.0, 1.0, 1.6]))
    for population in (cells, twin):
        population.record("v", sampling_interval=interval)
    times, values = [], []
    for stop in (1.3, 2.6, 2.7, 2.8, 7.0, 20.0):
        sim.run_until(stop)
        piece = cells.get_data("v", clear=True).segments[0].analogsignals[0]
        assert -1e-9 < stop - float(piece.times[-1]) < interval - 1e-9
        times.append(np.asarray(piece.times.rescale("ms").magnitude))
        values.append(np.asarray(piece.magnitude))
    whole = signal(twin, "v")
    expected = {
        round(float(t), 6): v.tolist()
        for t, v in zip(whole.times, np.asarray(whole.magnitude), strict=True)
    }
    found: dict[float, list[float]] = {}
    for t, v in zip(np.concatenate(times), np.concatenate(values), strict=True):
        assert found.setdefault(round(float(t), 6), v.tolist()) == v.tolist()
    assert found == expected


def test_pieces_of_spikes(sim: Any, cells: Any) -> None:
    """Each spike is in one piece, which begins where the last one ended; counts too begin anew."""
    cells.record("spikes")
    sim.run(100.0)
    whole = [np.asarray(t) for t in cells.get_data().segments[0].spiketrains]
    sim.reset()
    cells.get_data(clear=True)
    parts: list[list[np.ndarray]] = [[], [], []]
    counts = np.zeros(3, dtype=int)
    for stop in (12.7, 12.8, 50.0, 100.0):
        begin = sim.get_current_time()
        sim.run_until(stop)
        counts += list(cells.get_spike_counts().values())
        for part, train in zip(
            parts, cells.get_data(clear=True).segments[0].spiketrains, strict=True
        ):
            assert (float(train.t_start), float(train.t_stop)) == (begin, stop)
            part.append(np.asarray(train))
        assert set(cells.get_spike_counts().values()) == {0}
    assert [np.concatenate(part).tolist() for part in parts] == [t.tolist() for t in whole]
    assert counts.tolist() == [len(t) for t in whole]
    assert counts.sum() > 5


def test_clearing_drops_earlier_segments_only(sim: Any, cells: Any) -> None:
    """A cleared block keeps its data; the next one begins with what ran since."""
    cells.record("v")
    sim.run(1.0)
    sim.reset()
    sim.run(2.0)
    block = cells.get_data(clear=True)
    sim.run(3.0)
    assert [s.analogsignals[0].shape[0] for s in block.segments] == [11, 21]
    assert [s.name for s in block.segments] == ["segment000", "segment001"]
    (left,) = cells.get_data().segments
    assert (left.name, left.analogsignals[0].shape[0]) == ("segment001", 31)
    assert left.analogsignals[0].t_start == 2.0 * pq.ms


def test_two_resets_in_a_row_and_runs_of_nothing(sim: Any, cells: Any) -> None:
    """An empty trial leaves no segment; a run of 0 ms gives the sample of time 0 once."""
    cells.record("v")
    assert len(cells.get_data().segments) == 0
    assert sim.run(0.0) == 0.0
    assert column(cells).tolist() == [[-65.0] * 3]
    sim.run(1.0)
    sim.run(0.0)
    assert column(cells).shape == (11, 3)
    sim.reset()
    sim.reset()
    sim.run(2.0)
    assert [s.analogsignals[0].shape[0] for s in cells.get_data().segments] == [11, 21]


def test_record_none_forgets(sim: Any, cells: Any) -> None:
    """record(None) stops recording and drops the data of this trial, for the whole population."""
    cells.record(["v", "spikes"])
    sim.run(20.0)
    cells[0:1].record(None)
    sim.run(1.0)
    (segment,) = cells.get_data().segments
    assert (len(segment.analogsignals), len(segment.spiketrains)) == (0, 0)
    cells.record(["v", "spikes"])
    sim.run(30.0)
    assert signal(cells, "v").t_start == 21.0 * pq.ms
    train = cells.get_data("spikes").segments[0].spiketrains[2]
    assert train.t_start == 21.0 * pq.ms
    assert float(train[0]) > 21.0


def test_variables_that_were_asked_for(sim: Any, cells: Any) -> None:
    """get_data of some variables, of some cells, and recording a variable twice."""
    cells.record(["v", "v", "gsyn_exc"])
    cells[0:2].record("v")
    sim.run(1.0)
    assert [s.name for s in cells.get_data("gsyn_exc").segments[0].analogsignals] == ["gsyn_exc"]
    assert column(cells).shape == (11, 3)
    assert column(cells[1:2]).shape == (11, 1)
    both = cells.get_data(["gsyn_exc", "v"]).segments[0].analogsignals
    assert sorted(s.name for s in both) == ["gsyn_exc", "v"]


def test_recording_changes_nothing(sim: Any) -> None:
    """Spikes are the same with and without recorded signals."""
    found = []
    for variables in (["spikes"], ["spikes", "v", "isyn_exc"]):
        sim.setup(timestep=0.1, seed=5)
        source = sim.Population(10, sim.SpikeSourcePoisson(rate=400.0))
        target = sim.Population(5, sim.IF_curr_exp())
        synapse = sim.StaticSynapse(weight=0.4, delay=0.7)
        sim.Projection(source, target, sim.AllToAllConnector(), synapse)
        target.record(variables, sampling_interval=0.3)
        sim.run(100.0)
        found.append([t.tolist() for t in target.get_data("spikes").segments[0].spiketrains])
    assert found[0] == found[1]
    assert sum(map(len, found[0])) > 10


@pytest.mark.filterwarnings("ignore:validate:FutureWarning")
@pytest.mark.filterwarnings("ignore:NWBHDF5IO was not closed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("extension", BLOCKS)
def test_file_formats(sim: Any, cells: Any, tmp_path: Path, extension: str) -> None:
    """Each format of PyNN holds both trials, to the last bit."""
    package, read = BLOCKS[extension]
    if package is not None:
        import_module(package)  # the test extra installs it: fail, do not skip, without it
    cells.record(["v", "spikes"])
    sim.run(20.0)
    sim.reset()
    sim.run(30.0)
    path = str(tmp_path / f"data{extension}")
    cells.write_data(path)
    written = read(path)
    for ours, theirs in zip(cells.get_data().segments, written.segments, strict=True):
        (v,) = ours.analogsignals
        stored = np.hstack([np.asarray(s.magnitude) for s in theirs.analogsignals])
        assert (stored == np.asarray(v.magnitude)).all()
        for train, kept in zip(theirs.spiketrains, ours.spiketrains, strict=True):
            # NWB counts in seconds.
            times = train.rescale("ms").magnitude
            assert times.tolist() == pytest.approx(np.asarray(kept).tolist(), rel=1e-12)
    assert [len(segment.spiketrains[2]) for segment in written.segments] == [1, 2]


@pytest.mark.parametrize("extension", [e for e, (package, _) in BLOCKS.items() if package])
def test_a_format_without_its_package(
    sim: Any, cells: Any, tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before the run, not when the data are there, and names the extra."""
    package, _ = BLOCKS[extension]
    monkeypatch.setitem(sys.modules, str(package), None)
    path = str(tmp_path / f"data{extension}")
    with pytest.raises(ImportError, match=rf"data{extension}.*pip install 'pynn_greenmorph\["):
        cells.record("v", to_file=path)
    cells.record("v")
    sim.run(1.0)
    for some in (cells, cells[0:2], cells + cells[0:1]):
        with pytest.raises(sim.errors.MissingPackageError, match=f"package '{package}'"):
            some.write_data(path)


def test_one_file_holds_all_that_was_asked_for(sim: Any, cells: Any, tmp_path: Path) -> None:
    """Two variables of a population, and all cells of an assembly, are not overwritten."""
    other = sim.Population(2, sim.IF_cond_exp())
    one, both = str(tmp_path / "new folder" / "one.pkl"), str(tmp_path / "both.pkl")
    cells.record("v", to_file=one)
    cells.record(["spikes", "v"], to_file=one)
    (cells + other).record("gsyn_exc", to_file=neo.io.PickleIO(both))
    sim.run(20.0)
    sim.end()
    (segment,) = neo.io.PickleIO(one).read_block().segments
    assert [s.name for s in segment.analogsignals] == ["v"]
    assert [len(t) for t in segment.spiketrains] == [0, 0, 1]
    (segment,) = neo.io.PickleIO(both).read_block().segments
    assert [(s.name, s.shape) for s in segment.analogsignals] == [("gsyn_exc", (201, 5))]


def test_setup_writes_what_was_asked_for(sim: Any, cells: Any, tmp_path: Path) -> None:
    """A script that calls setup() in a loop and end() once loses no file."""
    path = tmp_path / "first.pkl"
    cells.record("v", to_file=str(path))
    sim.run(1.0)
    sim.setup()
    assert column_of(path).shape == (11, 3)
    path.unlink()
    sim.end()
    assert not path.exists()


def column_of(path: Path) -> np.ndarray:
    block = neo.io.PickleIO(str(path)).read_block()
    return np.asarray(block.segments[0].analogsignals[0].magnitude)


def test_one_file_that_fails_costs_no_other(sim: Any, cells: Any, tmp_path: Path) -> None:
    """end() writes the others, closes, says which one failed, and can be called again."""
    good, bad = tmp_path / "good.pkl", tmp_path / "folder" / "bad.pkl"
    cells.record("v", to_file=str(bad))
    cells.record("gsyn_exc", to_file=str(good))
    bad.mkdir()
    sim.run(1.0)
    with pytest.raises(IsADirectoryError) as caught:
        sim.end()
    assert any("bad.pkl" in note for note in caught.value.__notes__)
    assert column_of(good).shape == (11, 3)
    assert column(cells).shape == (11, 3)
    sim.end()
