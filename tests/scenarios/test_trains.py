"""Spike trains are taken apart as Neo does it, and files of them need only Neo."""

from __future__ import annotations

import pickle
from typing import Any

import neo
import numpy as np
from neo.core.spiketrainlist import SpikeTrainList

from pynn_greenmorph.frontend.trains import Trains


def recorded(sim: Any) -> Any:
    """Trains of a view, some empty, and a cell that is not in order of ids."""
    sim.setup(timestep=0.1)
    sim.Population(3, sim.IF_curr_exp())
    times = [sim.Sequence(np.arange(1, 2 + 3 * (i % 3)) * 1.5) for i in range(9)]
    times[4] = sim.Sequence([])
    cells = sim.Population(9, sim.SpikeSourceArray(spike_times=times), label="sources")
    cells[1:8].record("spikes")
    sim.run(20.0)
    return cells.get_data("spikes").segments[0].spiketrains


def described(trains: Any) -> list[Any]:
    return [
        (train.magnitude.tolist(), train.units, train.t_start, train.t_stop, train.annotations)
        for train in trains
    ]


def test_trains_are_neos(sim: Any) -> None:
    """Times, limits and annotations, train by train."""
    ours = recorded(sim)
    assert isinstance(ours, Trains)
    neos = SpikeTrainList()
    neos.__dict__.update(ours.__dict__)
    assert described(ours) == described(neos)
    assert len(ours) == 7
    assert [len(train) for train in ours].count(0) == 1
    assert all(train.segment is ours.segment for train in ours)
    assert list(Trains()) == []


def test_pickled_trains_are_neos(sim: Any) -> None:
    """Before and after they were taken apart."""
    ours = recorded(sim)
    for _ in range(2):
        again = pickle.loads(pickle.dumps(ours.segment)).spiketrains
        assert type(again) is SpikeTrainList
        assert again.segment.spiketrains is again
        assert isinstance(again.segment, neo.Segment)
        assert described(again) == described(ours)
