"""The same bits for any slices and any recording, and the canonical order of sums.

The network has weights that differ and are no dyadic numbers, two populations
on one receptor, delays from 0.1 to 15 ms and native noise: with one weight any
order of sums would give the same bits.
"""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.engine import simulation
from pynn_greenmorph.network import storage_class

DT = 0.1
T_STOP = 60.0


def build(record_v: bool = True, record_others: bool = True) -> tuple[Any, list[Any]]:
    sim.setup(timestep=DT, seed=11)
    draw = np.random.RandomState(4)
    cells = sim.Population(70, sim.IF_curr_exp(tau_refrac=1.0, i_offset=0.4), label="cells")
    noise = sim.Population(40, sim.SpikeSourcePoisson(rate=300.0), label="noise")
    times = [np.sort(draw.randint(1, 500, size=6)) * DT for _ in range(30)]
    given = sim.Population(30, sim.SpikeSourceArray(spike_times=times), label="given")
    projections = []
    for pre in (noise, given, cells, noise):
        pairs = draw.rand(pre.size, cells.size) < 0.3
        rows = [
            (i, j, draw.uniform(0.01, 0.6), round(draw.randint(1, 151) * DT, 9))
            for i, j in zip(*np.nonzero(pairs), strict=True)
        ]
        connector = sim.FromListConnector(rows)
        projections.append(sim.Projection(pre, cells, connector, sim.StaticSynapse()))
    cells.record("spikes")
    if record_v:
        cells.record("v")
    if record_others:
        noise.record("spikes")
        cells.record("isyn_exc", sampling_interval=DT)
    return cells, projections


def digest(cells: Any, projections: Sequence[Any], with_v: bool) -> str:
    """sha256 of spikes, potentials, weights and counts."""
    hasher = hashlib.sha256()
    segment = cells.get_data(["spikes", "v"] if with_v else "spikes").segments[0]
    for train in segment.spiketrains:
        hasher.update(np.asarray(train.magnitude).tobytes() + b"|")
    if with_v:
        hasher.update(np.ascontiguousarray(segment.analogsignals[0].magnitude).tobytes())
    for projection in projections:
        hasher.update(np.array(projection.get("weight", format="list")).tobytes())
    hasher.update(repr(sim.energy_report().counters).encode())
    return hasher.hexdigest()


def run_in(slices: Sequence[float]) -> None:
    for stop in slices:
        sim.run_until(stop)


SLICES = {
    "one": [T_STOP],
    "0.7 ms": [*np.arange(0.7, T_STOP, 0.7), T_STOP],
    "20": list(np.linspace(0, T_STOP, 21)[1:]),
}


def test_slices_recording_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash of everything over slices, recording choices and sizes of chunks."""
    with_v, without = set(), set()
    for slices in SLICES.values():
        for record_v in (True, False):
            for others in (True, False):
                cells, projections = build(record_v, others)
                run_in(slices)
                if record_v:
                    with_v.add(digest(cells, projections, with_v=True))
                without.add(digest(cells, projections, with_v=False))
    monkeypatch.setattr(simulation, "CHUNK_S", 0.0)  # one step at a time
    cells, projections = build()
    run_in(SLICES["one"])
    with_v.add(digest(cells, projections, with_v=True))
    monkeypatch.undo()
    cells, projections = build()
    cells._session.simulation._log_capacity = 1  # stops early again and again
    run_in(SLICES["one"])
    with_v.add(digest(cells, projections, with_v=True))
    assert cells.mean_spike_count() > 3
    assert len(with_v) == 1
    assert len(without) == 1
    sim.end()


def brute_force_inputs(cells: Any, projections: Sequence[Any], n_steps: int) -> np.ndarray:
    """Input of every cell in every step, summed in the canonical order, by plain loops."""
    arriving: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    for number, projection in enumerate(projections):
        group = projection._group
        trains = projection.pre.get_data("spikes").segments[0].spiketrains
        emitted = [np.round(train.magnitude / DT).astype(int) for train in trains]
        kind = storage_class(group.weight)
        for insertion in range(len(projection)):
            source = int(projection.column("presynaptic_index")[insertion])
            target = int(projection.column("postsynaptic_index")[insertion])
            steps, counts = np.unique(emitted[source], return_counts=True)
            delay = int(group.delay_steps[insertion])
            for step, count in zip(steps, counts, strict=True):
                key = (delay, int(group.pre[insertion]), kind, number, insertion)
                value = float(group.weight[insertion]) * 1000.0 * int(count)
                arriving.setdefault((target, int(step) + delay), []).append((key, value))
    sums = np.zeros((n_steps + 1, cells.size))
    for (target, step), entries in arriving.items():
        if step <= n_steps:
            total = 0.0
            for _, value in sorted(entries):
                total += value
            sums[step, target] = total
    return sums


def test_sums_are_in_the_canonical_order() -> None:
    """The synaptic current has the bits of a brute-force simulator that sorts every sum."""
    cells, projections = build()
    for projection in projections:
        projection.pre.record("spikes")
    sim.run(T_STOP)
    n_steps = round(T_STOP / DT)
    sums = brute_force_inputs(cells, projections, n_steps)
    (signal,) = cells.get_data("isyn_exc").segments[0].analogsignals
    decay = float(np.exp(-DT / 5.0))
    current = np.zeros(cells.size)
    for step in range(1, n_steps + 1):
        current = current * decay + sums[step]
        assert (current * 1e-3 == np.asarray(signal.magnitude)[step]).all(), step
    shuffled = sums.sum(axis=0)
    assert (shuffled > 0).all()
    sim.end()


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a chunk comes through when the chunk is whole."""
    cells, projections = build()
    sim.run(T_STOP)
    expected = digest(cells, projections, with_v=True)
    cells, projections = build()
    simulated = cells._session.simulation
    original = simulated._take_spikes

    def interrupted(spikes: Any) -> None:
        if simulated.step > 50:
            monkeypatch.undo()
            signal.raise_signal(signal.SIGINT)
        original(spikes)

    monkeypatch.setattr(simulated, "_take_spikes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sim.run(T_STOP)
    assert 5.0 < sim.get_current_time() < T_STOP
    sim.run_until(T_STOP)
    assert digest(cells, projections, with_v=True) == expected
    sim.end()
