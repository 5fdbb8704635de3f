"""Assemblies and views: what is set, recorded, injected and read through them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import neo
import numpy as np
import pytest
from pyNN import errors
from pyNN.random import NumpyRNG, RandomDistribution


@pytest.fixture
def cells(sim: Any) -> Any:
    """Four cells that spike each 3.3 ms."""
    sim.setup(timestep=0.1)
    return sim.Population(4, sim.IF_cond_exp(i_offset=5.0, tau_refrac=0.1), label="P")


@pytest.fixture
def others(sim: Any, cells: Any) -> Any:
    """Three cells of another type that spike as often, or less."""
    return sim.Population(3, sim.IF_curr_exp(i_offset=[5.0, 1.0, 0.0]), label="Q")


def signals(block: neo.Block) -> list[list[tuple[str, float, tuple[int, ...], list[int]]]]:
    """Name, start, shape and channel_index of all signals of each segment."""
    return [
        [
            (s.name, float(s.t_start), s.shape, s.array_annotations["channel_index"].tolist())
            for s in segment.analogsignals
        ]
        for segment in block.segments
    ]


def test_reading_changes_nothing(sim: Any, cells: Any, others: Any) -> None:
    """PyNN adds one member's earlier trials to another's, for good, whenever they are read."""
    both = cells + others
    both.record("v")
    sim.run(1.0)
    sim.reset()
    sim.run(2.0)
    expected = [[("v", 0.0, (11, 7), [*range(7)])], [("v", 0.0, (21, 7), [*range(7)])]]
    for _ in range(3):
        block = both.get_data()
        assert signals(block) == expected
        block.segments[0].analogsignals.clear()
        assert signals(cells.get_data())[0] == [("v", 0.0, (11, 4), [0, 1, 2, 3])]
    first = cells.get_data().segments[0].analogsignals[0]
    joined = both.get_data().segments[0].analogsignals[0]
    assert (joined.magnitude[:, :4] == first.magnitude).all()
    assert joined.annotations["channel_ids"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert joined.annotations["source_population"] == "P;Q"


def test_cells_are_in_an_assembly_once(sim: Any, cells: Any, others: Any) -> None:
    """PyNN leaves a view out that shares cells, and doubles those of a population added after."""
    for one, two in ((cells[0:3], cells[2:4]), (cells[0:2], cells)):
        with pytest.raises(ValueError, match=r"[12] cells of .* are in the assembly already"):
            _ = one + two
    apart = cells[0:2] + cells[2:4] + others
    assert apart.size == 7
    # Nothing is lost of members that add no cells.
    for same in (cells, cells[0:2], cells[0:2][0:1]):
        assert (cells + same).size == 4


def test_trains_of_an_assembly(sim: Any, cells: Any, others: Any) -> None:
    """All of them, as objects and as arrays: in PyNN the arrays, which are plotted, lack some."""
    assembly = cells[1:3] + others
    assembly.record("spikes")
    sim.run(20.0)
    (segment,) = assembly.get_data().segments
    trains = segment.spiketrains
    assert [train.annotations["source_population"] for train in trains] == [*"PPQQQ"]
    assert [train.annotations["source_index"] for train in trains] == [1, 2, 0, 1, 2]
    assert [train.annotations["channel_id"] for train in trains] == [2, 3, 5, 6, 7]
    own = list(cells[1:3].get_data().segments[0].spiketrains)
    own.extend(others.get_data().segments[0].spiketrains)
    assert [t.tolist() for t in trains] == [t.tolist() for t in own]
    assert [len(t) for t in trains] == list(assembly.get_spike_counts().values())
    ids, times = segment.spiketrains.multiplexed
    for train in trains:
        assert times[ids == train.annotations["channel_id"]].tolist() == train.tolist()
    assert trains[0].segment is segment
    assert segment.block.segments[0] is segment
    restored = pickle.loads(pickle.dumps(segment.block)).segments[0].spiketrains
    assert [t.tolist() for t in restored] == [t.tolist() for t in own]


def test_members_that_record_other_things(sim: Any, cells: Any, others: Any) -> None:
    """What at least one member records may be asked for; what none does is an error."""
    sources = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0]), label="S")
    every = sources + cells + others
    every.record("spikes")
    cells.record("gsyn_exc")
    others[1:].record("v")
    sim.run(2.0)
    assert signals(every.get_data("gsyn_exc")) == [[("gsyn_exc", 0.0, (21, 4), [2, 3, 4, 5])]]
    block = every.get_data(["v", "spikes"])
    assert signals(block) == [[("v", 0.0, (21, 2), [7, 8])]]
    assert len(block.segments[0].spiketrains) == 9
    with pytest.raises(errors.RecordingError, match=r"'w' was not recorded.*gsyn_exc, spikes, v"):
        every.get_data("w")


def test_members_with_different_times(sim: Any, cells: Any, others: Any) -> None:
    """Signals that do not fit into one stay apart; a member made later has no earlier trials."""
    cells.record("v", sampling_interval=0.2)
    others[:2].record("v")
    sim.run(1.0)
    others[2:].record("v")
    sim.run(1.0)
    every = others + cells
    assert signals(every.get_data()) == [
        [("v", 0.0, (21, 2), [0, 1]), ("v", 1.0, (11, 1), [2]), ("v", 0.0, (11, 4), [3, 4, 5, 6])]
    ]
    sim.reset()
    late = sim.Population(2, sim.IF_curr_exp(), label="late")
    late.record(["v", "spikes"])
    sim.run(1.0)
    block = (late + others).get_data("v")
    assert [segment.name for segment in block.segments] == ["segment000", "segment001"]
    assert signals(block)[0] == [("v", 0.0, (21, 2), [2, 3]), ("v", 1.0, (11, 1), [4])]
    assert signals(block)[1] == [("v", 0.0, (11, 5), [0, 1, 2, 3, 4])]


def test_trains_that_begin_at_different_times(sim: Any, cells: Any, others: Any) -> None:
    (cells + others).record("spikes")
    sim.run(10.0)
    cells.get_data(clear=True)
    sim.run(10.0)
    trains = (cells + others).get_data().segments[0].spiketrains
    assert [float(train.t_start) for train in trains] == [10.0] * 4 + [0.0] * 3
    assert [len(train) for train in trains] == [3, 3, 3, 3, 5, 0, 0]


def test_members_are_cleared_after_all_were_read(sim: Any, cells: Any) -> None:
    """In PyNN two views of one population lose what the second one would have read."""
    halves = cells[:2] + cells[2:]
    halves.record(["v", "spikes"])
    sim.run(10.0)
    block = halves.get_data(clear=True)
    assert signals(block) == [[("v", 0.0, (101, 4), [0, 1, 2, 3])]]
    assert [len(train) for train in block.segments[0].spiketrains] == [2] * 4
    sim.run(1.0)
    assert signals(halves.get_data()) == [[("v", 10.0, (11, 4), [0, 1, 2, 3])]]


def test_annotations_of_a_block(sim: Any, cells: Any, others: Any) -> None:
    """They describe the assembly, where PyNN says MERGE CONFLICT."""
    cells.annotate(layer=4, area="V1")
    others.annotate(layer=5)
    both = cells + others
    both.annotations["kind"] = "mixed"
    assert len(both.get_data().segments) == 0
    both.record("spikes")
    sim.run(1.0)
    sim.reset(annotations={"trial": "first"})
    sim.run(1.0)
    block = both.get_data(annotations={"who": "me"})
    assert block.name == both.label
    assert block.annotations == {
        "label": both.label, "size": 7, "first_index": 0, "last_index": 7, "first_id": 1,
        "last_id": 7, "simulator": "greenmorph", "dt": 0.1, "mpi_processes": 1,
        "precision": "exact", "area": "V1", "kind": "mixed", "who": "me",
    }  # fmt: skip
    assert block.segments[0].annotations == {"trial": "first"}
    assert block.rec_datetime is not None


@pytest.mark.filterwarnings("ignore:validate:FutureWarning")
@pytest.mark.filterwarnings("ignore:NWBHDF5IO was not closed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("extension", [".pkl", ".nix", ".mat", ".nwb"])
def test_files_of_assemblies_and_views(
    sim: Any, cells: Any, others: Any, tmp_path: Path, extension: str
) -> None:
    """write_data of an assembly, and record(to_file=) of a view, in each format."""
    now, end = str(tmp_path / f"now{extension}"), str(tmp_path / f"end{extension}")
    others.record(["v", "spikes"])
    cells[1:3].record(["v", "spikes"], to_file=end)
    sim.run(20.0)
    (cells + others).write_data(now)
    sim.end()
    for path, shape, counts in ((now, (201, 5), [5, 5, 5, 0, 0]), (end, (201, 2), [5, 5])):
        io: Any = {".pkl": neo.io.PickleIO, ".nix": neo.io.NixIO, ".mat": neo.io.NeoMatlabIO}.get(
            extension, neo.io.NWBIO
        )
        reader = io(path, mode="r") if extension == ".nwb" else io(path)
        block = reader.read_all_blocks()[0] if extension == ".nwb" else reader.read_block()
        (segment,) = block.segments
        (signal,) = segment.analogsignals
        assert signal.shape == shape
        assert [len(train) for train in segment.spiketrains] == counts


def test_views_see_their_cells_in_all_trials(sim: Any, cells: Any) -> None:
    """PyNN gives all cells of earlier trials to a view, and none if a variable is named."""
    cells.record(["v", "spikes"])
    sim.run(10.0)
    sim.reset()
    sim.run(5.0)
    view = cells[1:4][1:]
    for variables in ("all", ["v", "spikes"]):
        block = view.get_data(variables)
        assert signals(block) == [[("v", 0.0, (101, 2), [2, 3])], [("v", 0.0, (51, 2), [2, 3])]]
        for segment, count in zip(block.segments, (2, 1), strict=True):
            assert [t.annotations["source_index"] for t in segment.spiketrains] == [2, 3]
            assert [len(t) for t in segment.spiketrains] == [count] * 2
    for population in (view, cells):
        only = population.get_data("v")
        assert [len(s.analogsignals) for s in only.segments] == [1, 1]
        assert [len(s.spiketrains) for s in only.segments] == [0, 0]
        only = population.get_data("spikes")
        assert [len(s.analogsignals) for s in only.segments] == [0, 0]
        assert [len(s.spiketrains) for s in only.segments] == [len(population)] * 2


def test_parameters_of_an_assembly(sim: Any, cells: Any, others: Any) -> None:
    """Set, initialised, drawn and read for all members, in order; parts are assemblies."""
    both = cells[2:] + others
    both.set(tau_m=lambda i: 1.0 + i)  # the index in each member, as in PyNN
    assert both.get("tau_m").tolist() == [1.0, 2.0, 1.0, 2.0, 3.0]
    assert cells.get("tau_m").tolist() == [20.0, 20.0, 1.0, 2.0]
    assert both[1:4].get("tau_m").tolist() == [2.0, 1.0, 2.0]
    assert [int(cell) for cell in both[[0, 4]]] == [3, 7]
    assert both.id_to_index(both[3]) == 3
    both.initialize(v=RandomDistribution("uniform", (-70.0, -60.0), rng=NumpyRNG(3)))
    drawn = NumpyRNG(3).rng.uniform(-70.0, -60.0, 5)
    assert cells.initial_values["v"].evaluate().tolist() == [-65.0, -65.0, *drawn[:2]]
    assert others.initial_values["v"].evaluate().tolist() == drawn[2:].tolist()
    with pytest.raises(errors.NonExistentParameterError, match="e_rev_E"):
        both.get("e_rev_E")
    assert both.get_population("Q") is others
    assert (both.size, both.label in both.describe()) == (5, True)


def test_a_current_into_an_assembly(sim: Any, cells: Any, others: Any) -> None:
    """Injected between runs, it acts from then on, in its cells only."""
    cells.set(i_offset=0.0)
    others.set(i_offset=0.0)
    every = cells + others
    every.record("v")
    sim.run(1.0)
    (cells[1:2] + others[2:]).inject(sim.DCSource(amplitude=1.0))
    sim.run(1.0)
    v = every.get_data().segments[0].analogsignals[0].magnitude
    assert np.flatnonzero(v[20] > -65.0).tolist() == [1, 6]
    assert (v[:11] == -65.0).all()
